"""FusionNet.

Paper: Quan, Hildebrand & Jeong 2021, Front Comput Sci 3:613981, doi:10.3389/fcomp.2021.613981 (arXiv:1612.05360, 2016).
A fully residual U-Net: each level is a convolution, a residual block of three convolutions, and a convolution; features
of the same level are added, which lets the network be deeper than the U-Net. Features double from 64 to 1024 and are
halved by transposed convolutions.

What differs from the paper: one logit per channel, to which losses add the sigmoid. Chosen here, and not checked
against the authors' code: batch normalisation between convolution and ReLU, 3 x 3 transposed convolutions with
stride 2, He initialisation.

Parameters: 78,515,457, counted here.

Input: y and x are multiples of 16.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from metareview.rerun.models.blocks import he_normal, scaled

__all__ = ["FusionNet"]


def conv(inside: int, outside: int) -> nn.Sequential:
    """A 3 x 3 convolution that keeps the size, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


def raise_(inside: int, outside: int) -> nn.Sequential:
    """A transposed convolution to twice the size, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.ConvTranspose2d(inside, outside, 3, stride=2, padding=1, output_padding=1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


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

    def __init__(self, in_channels: int = 1, out_channels: int = 1, *, width: float = 1.0) -> None:
        super().__init__()
        channels = scaled((64, 128, 256, 512, 1024), width)
        self.down = nn.ModuleList(Block(a, b) for a, b in pairwise((in_channels, *channels)))
        self.raise_ = nn.ModuleList(raise_(b, a) for a, b in pairwise(channels))
        self.up = nn.ModuleList(Block(a, a) for a in channels[:-1])
        self.head = nn.Conv2d(channels[0], out_channels, 1)
        self.pool = nn.MaxPool2d(2)
        he_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else self.pool(x))
            skips.append(x)
        for level in range(len(self.up) - 1, -1, -1):
            x = self.up[level](self.raise_[level](x) + skips[level])
        logits: Tensor = self.head(x)
        return logits
