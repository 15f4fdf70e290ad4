"""U3D-BC: a 3D residual U-Net that predicts the body and the contour of instances.

Paper: Wei et al. 2020, MitoEM dataset, MICCAI, LNCS 12265:66-76, doi:10.1007/978-3-030-59722-1_7; with a third,
distance channel (U3D-BCD): Lin et al. 2021, NucMM dataset, MICCAI, LNCS 12901:164-174, arXiv:2107.05840. The layers
follow the authors' code, PyTorch Connectomics (read, not copied), not the papers' text, which was not at hand: built
here is what its configuration for MitoEM named when the first paper came out (``unet_residual_3d``, October 2020), a
lighter form of Lee et al. 2017.

Five levels of 28 to 80 features, reduced within the section only (1 x 2 x 2 maximum). A level is a 1 x 3 x 3
convolution and a residual block of two convolutions, 1 x 3 x 3 at the top and 3 x 3 x 3 below; at the bottom its input
is projected before it is added. On the way up a 1 x 1 x 1 convolution, linear upsampling, the sum with the features of
the level, then a level as on the way down. Batch normalisation and an exponential linear unit after every convolution,
normalisation after the 1 x 5 x 5 one that gives the logits too; edges are repeated, not filled with zeros; orthogonal
weights (Saxe et al. 2014, arXiv:1312.6120). Instances come from `metareview.rerun.segment`'s marker-controlled
watershed.

What differs from that code: no biases in front of a normalisation, which takes them away (1,582), and none of its
projections that are made and never used (18,016 parameters); normalisation over one device. For U3D-BCD
(``out_channels=3``, target ``bcd``) the distance is trained as a logit of (1 + d) / 2, there through a hyperbolic
tangent.

What differs from its later versions: version 1 (``unet_3d``, 2021) reduces by strides, 1 x 2 x 2 twice and 2 x 2 x 2
twice, keeps every residual block at 1 x 3 x 3, upsamples with aligned corners and does not normalise the logits. The
configurations for NucMM, whose paper introduces U3D-BCD, take it with squeeze and excitation, group normalisation and
32 to 160 features, the later ones for MitoEM ``unet_plus_3d`` on top of that: other networks, not offered here.

Parameters: 1,409,312, counted here. The public code of 2020 has 1,428,910; version 1 923,902
at its defaults, 3,543,650 as configured for NucMM and 3,647,410 as configured later for MitoEM, all with two outputs.

Input: any number of sections; y and x are multiples of 16.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from metareview.rerun.models.blocks import enlarge3d, max_pool3d, scaled

__all__ = ["U3DBC"]

POINT, PLANE, CUBE, HALF = (1, 1, 1), (1, 3, 3), (3, 3, 3), (1, 2, 2)


def normed(inside: int, outside: int, kernel: tuple[int, int, int], *, unit: bool = True) -> nn.Sequential:
    """A convolution that keeps the size by repeating the edge, batch normalisation, and the unit."""
    z, y, x = kernel
    padding = (z // 2, y // 2, x // 2)
    layers: list[nn.Module] = [
        nn.Conv3d(inside, outside, kernel, padding=padding, padding_mode="replicate", bias=False),
        nn.BatchNorm3d(outside),
    ]
    return nn.Sequential(*layers, nn.ELU(inplace=True)) if unit else nn.Sequential(*layers)


class Level(nn.Module):
    """A convolution within the section, then two whose input is added before the last unit."""

    def __init__(self, inside: int, outside: int, kernel: tuple[int, int, int], *, project: bool = False) -> None:
        super().__init__()
        self.enter = normed(inside, outside, PLANE)
        self.residual = nn.Sequential(
            normed(outside, outside, kernel), normed(outside, outside, kernel, unit=False)
        )  # fmt: skip
        self.project = normed(outside, outside, POINT, unit=False) if project else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same size."""
        x = self.enter(x)
        return F.elu(self.residual(x) + self.project(x), inplace=True)


def orthogonal(model: nn.Module) -> None:
    """Draw the kernels of convolutions as rows of orthogonal matrices (Saxe et al. 2014)."""
    for module in model.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.orthogonal_(module.weight)


class U3DBC(nn.Module):
    """U3D-BC of Wei et al. 2020: (n, in, z, y, x) -> logits (n, out, z, y, x), channels body and contour."""

    def __init__(self, in_channels: int = 1, out_channels: int = 2, *, width: float = 1.0) -> None:
        super().__init__()
        channels = scaled((28, 36, 48, 64, 80), width)
        last = len(channels) - 1
        self.embed = normed(in_channels, channels[0], (1, 5, 5))
        self.down = nn.ModuleList(
            Level(a, b, CUBE if level else PLANE, project=level == last)
            for level, (a, b) in enumerate(pairwise((channels[0], *channels)))
        )
        self.reduce = nn.ModuleList(normed(b, a, POINT) for a, b in pairwise(channels))
        self.up = nn.ModuleList(Level(a, a, CUBE if level else PLANE) for level, a in enumerate(channels[:-1]))
        self.head = normed(channels[0], out_channels, (1, 5, 5), unit=False)
        orthogonal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        x = self.embed(x)
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else max_pool3d(x, HALF))
            skips.append(x)
        for level in range(len(self.up) - 1, -1, -1):
            x = self.up[level](skips[level] + enlarge3d(self.reduce[level](x), HALF))
        logits: Tensor = self.head(x)
        return logits
