"""The modified U-Net for mitochondria of Casser et al.

Paper: Casser, Kang, Pfister & Haehn 2020, Fast mitochondria detection for connectomics, MIDL 2020, arXiv:1812.06024. A
U-Net of a quarter of the features (16 to 256) with same padding, so that a 512 x 512 tile gives a 512 x 512 mask, and
upsampling followed by a 2 x 2 convolution in place of a transposed one; used section by section.

What differs from the paper: nothing on purpose. The figure names no numbers of layers and features; they are those of
the authors' public code (mpsych/mitochondria), as are drop-out of 0.2 on the last two contracting levels, He
initialisation, 64 features in the third 2 x 2 convolution where symmetry would have 32, and a 3 x 3 convolution to two
features per output before the last.

Parameters: 1,958,533, counted here; the 31 million of the U-Net come down to 1/16.

Input: y and x are multiples of 16.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metareview.rerun.models.blocks import he_normal, scaled

__all__ = ["CasserUNet"]


def convolutions(*channels: int) -> nn.Sequential:
    """3 x 3 convolutions of the same size through these channels, each with a ReLU."""
    layers: list[nn.Module] = []
    for inside, outside in pairwise(channels):
        layers += [nn.Conv2d(inside, outside, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class CasserUNet(nn.Module):
    """Modified U-Net of Casser et al.: (n, in, y, x) -> logits (n, out, y, x)."""

    def __init__(
        self, in_channels: int = 1, out_channels: int = 1, *, width: float = 1.0, dropout: float = 0.2
    ) -> None:
        super().__init__()
        a, b, c, d, e = channels = scaled((16, 32, 64, 128, 256), width)
        inputs = (in_channels, *channels[:-1])
        self.down = nn.ModuleList(convolutions(i, o, o) for i, o in zip(inputs, channels, strict=True))
        raised = (a, c, c, d)  # the second is c, not b: see above
        self.raise_ = nn.ModuleList(nn.Conv2d(i, o, 2) for i, o in zip((b, c, d, e), raised, strict=True))
        self.up = nn.ModuleList(convolutions(s + r, s, s) for s, r in zip((a, b, c, d), raised, strict=True))
        self.squeeze = convolutions(a, 2 * out_channels)
        self.head = nn.Conv2d(2 * out_channels, out_channels, 1)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(dropout)
        he_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else self.pool(x))
            if level >= 3:
                x = self.drop(x)
            skips.append(x)
        for level in (3, 2, 1, 0):
            # a 2 x 2 kernel keeps the size with one row and column of zeros at the far end
            x = F.pad(F.interpolate(x, scale_factor=2, mode="nearest"), (0, 1, 0, 1))
            x = F.relu(self.raise_[level](x), inplace=True)
            x = self.up[level](torch.cat([skips[level], x], dim=1))
        logits: Tensor = self.head(self.squeeze(x))
        return logits
