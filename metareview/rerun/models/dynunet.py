"""nnU-Net's plan for an isotropic volume, through MONAI's DynUNet: a thin adapter.

Paper: Isensee, Jaeger, Kohl, Petersen & Maier-Hein 2021, nnU-Net, Nat Methods 18:203-211,
doi:10.1038/s41592-020-01008-z. The default plan for large isotropic volumes (128 x 128 x 128 patches): six levels of
32 to 320 features, two 3 x 3 x 3 convolutions each with instance normalisation and leaky ReLU, strided convolutions
down and transposed ones up. MONAI initialises after He et al. for the leaky slope of 0.01.

What differs from the paper: no deep supervision (the loop takes one output), no cascade, and none of nnU-Net's
planning: strides and kernels are arguments, not derived from the spacing.

Parameters: 31,189,377 with one output channel, counted; the two public implementations (MONAI's and
dynamic-network-architectures) agree on 31.19 million.

Input: each axis is a multiple of 32; y and x are 64 or more, since instance normalisation needs several voxels at the
lowest level.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from metareview.errors import InputError
from metareview.rerun.models.blocks import scaled
from metareview.rerun.needs import require

__all__ = ["dynunet"]


def dynunet(
    in_channels: int = 1, out_channels: int = 1, *, width: float = 1.0, strides: Sequence[int | tuple[int, ...]] = (),
    kernels: Sequence[int | tuple[int, ...]] = (),
) -> nn.Module:  # fmt: skip
    """Return MONAI's DynUNet with nnU-Net's default plan: (n, in, z, y, x) -> logits (n, out, z, y, x).

    Parameters
    ----------
    strides : of the five reductions; 2 on every axis when left out. ``(1, 2, 2)`` first suits thick sections.
    kernels : of the levels, one more than strides; 3 on every axis when left out. nnU-Net gives thick sections
        ``(1, 3, 3)`` until the voxels are about cubes.

    Raises
    ------
    InputError
        If there is not one kernel more than strides.
    """
    steps = list(strides) or [2] * 5
    sizes = list(kernels) or [3] * (len(steps) + 1)
    if len(sizes) != len(steps) + 1:
        raise InputError(f"model dynunet: {len(sizes)} kernels, {len(steps)} strides; a kernel per level, one more")
    model: nn.Module = require("monai.networks.nets").DynUNet(
        spatial_dims=3,
        in_channels=in_channels,
        out_channels=out_channels,
        kernel_size=sizes,
        strides=[1, *steps],
        upsample_kernel_size=steps,
        filters=scaled((32, 64, 128, 256, 320, 320), width)[: len(steps) + 1],
        norm_name=("instance", {"affine": True}),
    )
    return model
