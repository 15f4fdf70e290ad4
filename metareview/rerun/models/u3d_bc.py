"""U3D-BC: a 3D residual U-Net that predicts the body and the contour of instances.

Paper: Wei et al. 2020, MitoEM dataset, MICCAI, LNCS 12265:66-76, doi:10.1007/978-3-030-59722-1_7; with a third,
distance channel (U3D-BCD): Lin et al. 2021, NucMM dataset, MICCAI, LNCS 12901:164-174, arXiv:2107.05840. Five levels
of 28 to 80 features after Lee et al. 2017, for anisotropic stacks: the first two reductions are 1 x 2 x 2, the last two
2 x 2 x 2, and convolutions stay in the section (1 x 3 x 3) until the voxels are about isotropic. Each level is a
convolution and a residual block of two; features of a level are added; batch normalisation and exponential linear
units; 1 x 5 x 5 convolutions in and out. Instances come from `metareview.rerun.segment`'s marker-controlled watershed.

What differs from the papers: max pooling in place of strided convolutions, which keeps even sizes. ``out_channels=3``
with the target ``bcd`` makes U3D-BCD; its distance is trained as a logit of (1 + d) / 2.

Parameters: 1,449,214, counted here (the papers give none).

Input: z is a multiple of 4, y and x of 16.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from metareview.rerun.models.blocks import enlarge3d, he_normal, max_pool3d, scaled

__all__ = ["U3DBC"]

PLANE, CUBE = (1, 3, 3), (3, 3, 3)
#: whether a level is isotropic, top level first
ISOTROPIC = (False, False, False, True, True)
#: the reductions between levels
STEPS = ((1, 2, 2), (1, 2, 2), (2, 2, 2), (2, 2, 2))


def conv(inside: int, outside: int, kernel: tuple[int, int, int]) -> nn.Sequential:
    """A convolution that keeps the size, batch normalisation, exponential linear unit."""
    z, y, x = kernel
    padding = (z // 2, y // 2, x // 2)
    return nn.Sequential(
        nn.Conv3d(inside, outside, kernel, padding=padding, bias=False),
        nn.BatchNorm3d(outside),
        nn.ELU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions whose input is added before the last unit."""

    def __init__(self, channels: int, kernel: tuple[int, int, int]) -> None:
        super().__init__()
        self.first = conv(channels, channels, kernel)
        padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
        self.second = nn.Conv3d(channels, channels, kernel, padding=padding, bias=False)
        self.norm = nn.BatchNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same size."""
        return F.elu(x + self.norm(self.second(self.first(x))), inplace=True)


class U3DBC(nn.Module):
    """U3D-BC of Wei et al. 2020: (n, in, z, y, x) -> logits (n, out, z, y, x), channels body and contour."""

    def __init__(self, in_channels: int = 1, out_channels: int = 2, *, width: float = 1.0) -> None:
        super().__init__()
        channels = scaled((28, 36, 48, 64, 80), width)
        kernels = [CUBE if isotropic else PLANE for isotropic in ISOTROPIC]
        self.embed = conv(in_channels, channels[0], (1, 5, 5))
        levels = zip((channels[0], *channels[:-1]), channels, kernels, strict=True)
        self.down = nn.ModuleList(nn.Sequential(conv(a, b, kernel), Residual(b, kernel)) for a, b, kernel in levels)
        self.reduce = nn.ModuleList(
            conv(b, a, kernel) for (a, b), kernel in zip(pairwise(channels), kernels[1:], strict=True)
        )
        self.up = nn.ModuleList(Residual(a, kernel) for a, kernel in zip(channels[:-1], kernels[:-1], strict=True))
        self.head = nn.Conv3d(channels[0], out_channels, (1, 5, 5), padding=(0, 2, 2))
        he_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        x = self.embed(x)
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else max_pool3d(x, STEPS[level - 1]))
            skips.append(x)
        for level in range(len(self.up) - 1, -1, -1):
            x = self.up[level](enlarge3d(self.reduce[level](x), STEPS[level]) + skips[level])
        logits: Tensor = self.head(x)
        return logits
