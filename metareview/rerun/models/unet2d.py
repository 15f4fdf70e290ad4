"""The U-Net.

Paper: Ronneberger, Fischer & Brox 2015, MICCAI, LNCS 9351:234-241, doi:10.1007/978-3-319-24574-4_28,
arXiv:1505.04597. Five levels of two 3 x 3 convolutions without padding, each with a ReLU; 2 x 2 max pooling doubles
the channels from 64 to 1024; a 2 x 2 up-convolution halves them, and the cropped features of the same level are
concatenated. Weights after He et al.; drop-out at the end of the contracting path.

What differs from the paper: one logit per target channel instead of a softmax over two classes (the same decision;
``out_channels=2`` gives the paper's layer). The rate and place of drop-out are not in the paper: 0.5 after the second
convolution of the last two contracting levels, before the skip is taken, as in the authors' release (the
Caffe definition ``phseg_v5`` of October 2015, read through public ports of it). What differs from that release: it
has a ReLU after each up-convolution too, its last up-convolution keeps 128 features where Figure 1 has 64, and weights
after Glorot where the paper says He; here the paper is followed.

Parameters: 31,030,593 with one input and one output channel, 31,030,658 with the paper's two. The paper gives no
number; this is a count. The release has 31,100,354.

Input: 572 x 572 gives 388 x 388 (the paper's Figure 1). Valid: 92 pixels are lost on each side, sizes are 188 + 16 k.
Same padding (``unet2d-same``): multiples of 16.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from metareview.rerun.models.blocks import crop_to, he_normal, scaled

__all__ = ["UNet2D"]


def double_conv(inside: int, outside: int, padding: int) -> nn.Sequential:
    """Two 3 x 3 convolutions, each with a ReLU."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, padding=padding),
        nn.ReLU(inplace=True),
        nn.Conv2d(outside, outside, 3, padding=padding),
        nn.ReLU(inplace=True),
    )


class UNet2D(nn.Module):
    """U-Net of Ronneberger et al. 2015: (n, in, y, x) -> logits (n, out, y - 184, x - 184), or same size."""

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        *,
        width: float = 1.0,
        padding: Literal["valid", "same"] = "valid",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        channels = scaled((64, 128, 256, 512, 1024), width)
        pad = 1 if padding == "same" else 0
        self.down = nn.ModuleList(double_conv(a, b, pad) for a, b in pairwise((in_channels, *channels)))
        self.raise_ = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairwise(channels))
        self.up = nn.ModuleList(double_conv(2 * a, a, pad) for a in channels[:-1])
        self.head = nn.Conv2d(channels[0], out_channels, 1)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(dropout)
        he_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        skips: list[Tensor] = []
        last = len(self.down) - 1
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else self.pool(x))
            if level >= last - 1:
                x = self.drop(x)
            skips.append(x)
        for level in range(last - 1, -1, -1):
            x = self.raise_[level](x)
            x = self.up[level](torch.cat([crop_to(skips[level], x), x], dim=1))
        logits: Tensor = self.head(x)
        return logits
