"""The 3D U-Net.

Paper: Cicek, Abdulkadir, Lienkamp, Brox & Ronneberger 2016, MICCAI, LNCS 9901:424-432,
doi:10.1007/978-3-319-46723-8_49, arXiv:1606.06650. Four levels of two 3 x 3 x 3 convolutions without padding, each
with batch normalisation and a ReLU; channels double before the pooling, to avoid bottlenecks; 2 x 2 x 2
up-convolutions keep their channels and the features of the same level are concatenated in front.

What differs from the paper: one logit per target channel instead of a softmax over three classes.

Parameters: the paper says 19,069,955. With its three input channels and three classes ours has exactly that number
besides the scale and shift of batch normalisation (4,672 more), with up-convolutions without bias. At one input and
one output channel: 19,072,769 with them.

Input: 132 x 132 x 116 gives 44 x 44 x 28 (the paper's Figure 2). Valid: 44 voxels are lost on each side, sizes are
92 + 8 k.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from metareview.rerun.models.blocks import crop_to, he_normal, max_pool3d, scaled

__all__ = ["UNet3D"]


def double_conv(inside: int, middle: int, outside: int) -> nn.Sequential:
    """Two 3 x 3 x 3 convolutions, each with batch normalisation and a ReLU."""
    return nn.Sequential(
        nn.Conv3d(inside, middle, 3),
        nn.BatchNorm3d(middle),
        nn.ReLU(inplace=True),
        nn.Conv3d(middle, outside, 3),
        nn.BatchNorm3d(outside),
        nn.ReLU(inplace=True),
    )


class UNet3D(nn.Module):
    """3D U-Net of Cicek et al. 2016: (n, in, z, y, x) -> logits (n, out, z - 88, y - 88, x - 88)."""

    def __init__(self, in_channels: int = 1, out_channels: int = 1, *, width: float = 1.0) -> None:
        super().__init__()
        first, *wide = scaled((32, 64, 128, 256, 512), width)
        narrow = (first, *wide[:-1])
        self.down = nn.ModuleList(
            double_conv(a, b, c) for a, b, c in zip((in_channels, *wide[:-1]), narrow, wide, strict=True)
        )
        self.raise_ = nn.ModuleList(nn.ConvTranspose3d(c, c, 2, stride=2, bias=False) for c in wide[1:])
        self.up = nn.ModuleList(double_conv(a + b, a, a) for a, b in pairwise(wide))
        self.head = nn.Conv3d(wide[0], out_channels, 1)
        he_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else max_pool3d(x, (2, 2, 2)))
            skips.append(x)
        for level in range(len(self.up) - 1, -1, -1):
            x = self.raise_[level](x)
            x = self.up[level](torch.cat([crop_to(skips[level], x), x], dim=1))
        logits: Tensor = self.head(x)
        return logits
