"""FusionNet.

Paper: Quan, Hildebrand & Jeong 2021, Front Comput Sci 3:613981, doi:10.3389/fcomp.2021.613981 (arXiv:1612.05360, 2016).
A fully residual U-Net: each level is a convolution, a residual block of three convolutions, and a convolution, each
followed by a ReLU and batch normalisation; features of the same level are added, which lets the network be deeper than
the U-Net. Features double from 64 to 1024 and are halved by transposed convolutions. Output as large as the input.
(The blocks are those of a public summary of the preprint; its own text was not at hand.)

What differs from the paper: one logit per channel, to which losses add the sigmoid. Where the paper is followed, the
code of its first author (tmquan/FusionNet, Keras, 2016) is another network: two convolutions in the residual block,
each with normalisation in front and none elsewhere, and a 3 x 3 convolution that halves the features before each
transposed one. Taken from it: drop-out of a quarter of the values at the end of each level on the way down and on each
sum on the way up (there one convolution earlier at the bottom), and 3 x 3 transposed convolutions with stride 2 and a
ReLU. Chosen here: He initialisation (there that of Glorot). Loss and optimiser are the spec's; there mean absolute
error and Nadam at 0.0001. The port GunhoChoi/FusionNet-Pytorch has the paper's blocks with normalisation before the
ReLU (leaky on the way down), none of the drop-out, and means instead of sums.

Parameters: 78,529,217, counted here. The author's code has 62,804,545, the port with 64 features and one channel in
and out 78,531,649.

Input: y and x are multiples of 16.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from metareview.rerun.models.blocks import he_normal, scaled

__all__ = ["FusionNet"]


def conv(inside: int, outside: int) -> nn.Sequential:
    """A 3 x 3 convolution that keeps the size, ReLU, batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, padding=1), nn.ReLU(inplace=True), nn.BatchNorm2d(outside)
    )  # fmt: skip


def raise_(inside: int, outside: int) -> nn.Sequential:
    """A transposed convolution to twice the size, ReLU."""
    return nn.Sequential(
        nn.ConvTranspose2d(inside, outside, 3, stride=2, padding=1, output_padding=1), nn.ReLU(inplace=True)
    )  # fmt: skip


class Block(nn.Module):
    """A convolution, a residual block of three, and a convolution."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.enter = conv(inside, outside)
        self.residual = nn.Sequential(*(conv(outside, outside) for _ in range(3)))
        self.leave = conv(outside, outside)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same size."""
        x = self.enter(x)
        out: Tensor = self.leave(x + self.residual(x))
        return out


class FusionNet(nn.Module):
    """FusionNet of Quan et al.: (n, in, y, x) -> logits (n, out, y, x)."""

    def __init__(
        self, in_channels: int = 1, out_channels: int = 1, *, width: float = 1.0, dropout: float = 0.25
    ) -> None:
        super().__init__()
        channels = scaled((64, 128, 256, 512, 1024), width)
        self.down = nn.ModuleList(Block(a, b) for a, b in pairwise((in_channels, *channels)))
        self.raise_ = nn.ModuleList(raise_(b, a) for a, b in pairwise(channels))
        self.up = nn.ModuleList(Block(a, a) for a in channels[:-1])
        self.head = nn.Conv2d(channels[0], out_channels, 1)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(dropout)
        he_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = self.drop(block(x if level == 0 else self.pool(x)))
            skips.append(x)
        for level in range(len(self.up) - 1, -1, -1):
            x = self.up[level](self.drop(self.raise_[level](x) + skips[level]))
        logits: Tensor = self.head(x)
        return logits
