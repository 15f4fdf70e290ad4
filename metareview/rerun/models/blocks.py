"""Pieces that several models share: channel scaling, cropping, pooling, upsampling, initialisation.

On CUDA torch has no deterministic backward pass for 3D max pooling and trilinear interpolation. `max_pool3d` and
`enlarge3d` therefore do the same with slices and sums where ``torch.use_deterministic_algorithms`` is on, so that every
model here trains deterministically; elsewhere they are torch's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["crop_to", "enlarge3d", "he_normal", "max_pool3d", "scaled"]

Triple = tuple[int, int, int]


def scaled(channels: Sequence[int], width: float) -> tuple[int, ...]:
    """Return the channels times `width`, rounded, at least 1.

    >>> scaled((64, 128), 0.125)
    (8, 16)
    """
    return tuple(max(1, round(count * width)) for count in channels)


def crop_to(larger: Tensor, like: Tensor) -> Tensor:
    """Return the centre of `larger` (batch, channels, *space) with the spatial shape of `like`: a view, no copy."""
    for axis in range(2, larger.dim()):
        size = like.shape[axis]
        larger = larger.narrow(axis, (larger.shape[axis] - size) // 2, size)
    return larger


def max_pool3d(x: Tensor, size: Triple, *, exact: bool | None = None) -> Tensor:
    """Return the maximum over boxes of `size`, 1 or 2 per axis; sizes of `x` are multiples of it.

    With `exact` (by default: on CUDA where deterministic algorithms are asked for) a tie shares its gradient evenly
    instead of giving it to the first voxel.
    """
    if not (x.is_cuda and torch.are_deterministic_algorithms_enabled() if exact is None else exact):
        return F.max_pool3d(x, size)
    for axis, step in enumerate(size, start=2):
        if step == 2:
            pairs = x.reshape(*x.shape[:axis], -1, 2, *x.shape[axis + 1 :])
            x = torch.maximum(pairs.select(axis + 1, 0), pairs.select(axis + 1, 1))
    return x


def enlarge3d(x: Tensor, scale: Triple, *, exact: bool | None = None) -> Tensor:
    """Return `x` enlarged by `scale`, 1 or 2 per axis, with linear interpolation between voxel centres."""
    if not (x.is_cuda and torch.are_deterministic_algorithms_enabled() if exact is None else exact):
        factors = tuple(float(factor) for factor in scale)
        return F.interpolate(x, scale_factor=factors, mode="trilinear", align_corners=False)
    for axis, factor in enumerate(scale, start=2):
        if factor == 2:
            size = x.shape[axis]
            before = torch.cat([x.narrow(axis, 0, 1), x.narrow(axis, 0, size - 1)], axis)
            after = torch.cat([x.narrow(axis, 1, size - 1), x.narrow(axis, size - 1, 1)], axis)
            x = torch.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis + 1).flatten(axis, axis + 1)
    return x


def he_normal(model: nn.Module) -> None:
    """Draw weights from N(0, 2 / N), N the incoming values of one output value, and set biases to 0.

    N is kernel size times input channels; of a transposed convolution whose stride equals its kernel each output
    value has one incoming value per input channel.

    Source: He et al. 2015, ICCV, eq. 10 (arXiv:1502.01852).
    """
    for module in model.modules():
        if isinstance(module, nn.ConvTranspose2d | nn.ConvTranspose3d):
            incoming = module.in_channels
            for kernel, stride in zip(module.kernel_size, module.stride, strict=True):
                incoming *= max(1, kernel // stride)
        elif isinstance(module, nn.Conv2d | nn.Conv3d):
            incoming = module.weight[0].numel()
        else:
            continue
        nn.init.normal_(module.weight, std=sqrt(2.0 / incoming))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
