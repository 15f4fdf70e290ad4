"""The residual symmetric U-Net with long-range affinities.

Paper: Lee, Zung, Li, Jain & Seung 2017, Superhuman accuracy on the SNEMI3D connectomics challenge, arXiv:1706.00120.
A 3D U-Net for stacks of thick sections: pooling and upsampling within the section only (1 x 2 x 2); 28, 36, 48, 64
and 80 features; each level is a module of three convolutions, 1 x 3 x 3 first, with a residual connection around the
last two; features of the same level are added, not concatenated; exponential linear units; 1 x 5 x 5 convolutions
embed input and output. The top level, where voxels are most anisotropic, is 2D. Twelve channels: affinities to the
nearest neighbours, and as an auxiliary task to voxels further away (`metareview.rerun.targets.LEE_OFFSETS`).

What differs from the paper: batch normalisation before each unit, the one after the sum in a module, in-plane linear
upsampling followed by a 1 x 1 x 1 convolution and the units around the two embeddings are those of the first author's
public code (torms3/Superhuman, 2018), with its default momentum of 0.1. Weights after He et al., as there. What
differs from that code: the paper's features (there 24, 32, 48, 72, 104) and its kernels within the section (there
every one 3 x 3 x 3).

What differs from its successors: pytorch-emvision, which seung-lab/DeepEM trains, normalises and rectifies in front of
each convolution, has a fourth one per module, features of 16 doubled at each level, and fixed linear kernels for
upsampling; PyTorch Connectomics version 2 (``rsunet``) follows emvision.

Parameters: 1,421,472, counted here. Superhuman's at four reductions and twelve outputs are 2,216,052; the
configuration for SNEMI3D of PyTorch Connectomics says about 1.5 million, and has 2.09 million.

Input: any number of sections; y and x are multiples of 16.

``isotropic``, ours, is the same network for cubic voxels (FIB-SEM): reductions halve all three axes, and the top level
is 3D like the others. Parameters: 1,477,920 (``rsunet-isotropic``); all three axes are multiples of 16.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from metareview.rerun.models.blocks import enlarge3d, he_normal, max_pool3d, scaled

__all__ = ["RSUNet"]

PLANE, CUBE = (1, 3, 3), (3, 3, 3)
Triple = tuple[int, int, int]


def conv(inside: int, outside: int, kernel: Triple, *, bias: bool = False) -> nn.Conv3d:
    """A convolution that keeps the size."""
    z, y, x = kernel
    return nn.Conv3d(inside, outside, kernel, padding=(z // 2, y // 2, x // 2), bias=bias)


class Module(nn.Module):
    """Three convolutions; the input of the second is added to the output of the third."""

    def __init__(self, inside: int, outside: int, *, flat: bool) -> None:
        super().__init__()
        kernel = PLANE if flat else CUBE
        self.first = nn.Sequential(conv(inside, outside, PLANE), nn.BatchNorm3d(outside), nn.ELU(inplace=True))
        self.second = nn.Sequential(conv(outside, outside, kernel), nn.BatchNorm3d(outside), nn.ELU(inplace=True))
        self.third = conv(outside, outside, kernel)
        self.norm = nn.BatchNorm3d(outside)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same size."""
        x = self.first(x)
        return F.elu(self.norm(x + self.third(self.second(x))), inplace=True)


class Raise(nn.Module):
    """Upsample, reduce the channels, add the features of the level."""

    def __init__(self, inside: int, outside: int, scale: Triple) -> None:
        super().__init__()
        self.scale = scale
        self.reduce = conv(inside, outside, (1, 1, 1), bias=True)
        self.norm = nn.BatchNorm3d(outside)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Return features of the size of `skip`."""
        # reduced first: a 1 x 1 x 1 convolution and interpolation commute, and the smaller one is cheaper
        return F.elu(self.norm(enlarge3d(self.reduce(x), self.scale) + skip), inplace=True)


class RSUNet(nn.Module):
    """Residual symmetric U-Net of Lee et al. 2017: (n, in, z, y, x) -> logits (n, out, z, y, x)."""

    def __init__(
        self, in_channels: int = 1, out_channels: int = 12, *, width: float = 1.0, isotropic: bool = False
    ) -> None:
        super().__init__()
        self.reduction = (2, 2, 2) if isotropic else (1, 2, 2)
        channels = scaled((28, 36, 48, 64, 80), width)
        top = channels[0]
        self.embed = nn.Sequential(conv(in_channels, top, (1, 5, 5), bias=True), nn.ELU(inplace=True))
        inputs = (top, *channels[:-1])
        flats = (not isotropic, *([False] * (len(channels) - 1)))
        self.down = nn.ModuleList(Module(a, b, flat=flat) for flat, a, b in zip(flats, inputs, channels, strict=True))
        self.raise_ = nn.ModuleList(Raise(b, a, self.reduction) for a, b in pairwise(channels))
        self.up = nn.ModuleList(Module(a, a, flat=flat) for flat, a in zip(flats, channels[:-1], strict=False))
        self.unembed = nn.Sequential(conv(top, top, (1, 5, 5), bias=True), nn.ELU(inplace=True))
        self.head = nn.Conv3d(top, out_channels, 1)
        he_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        x = self.embed(x)
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else max_pool3d(x, self.reduction))
            skips.append(x)
        for level in range(len(self.up) - 1, -1, -1):
            x = self.up[level](self.raise_[level](x, skips[level]))
        logits: Tensor = self.head(self.unembed(x))
        return logits
