"""Pieces that several models share: channel scaling, cropping, initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from torch import Tensor, nn

__all__ = ["crop_to", "he_normal", "scaled"]


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
