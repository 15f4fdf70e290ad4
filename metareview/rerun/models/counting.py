"""How large a model is and what one pass costs: parameters, and floating point operations."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from metareview.rerun.needs import require

if TYPE_CHECKING:
    from torch import nn

__all__ = ["count_parameters", "flops"]


def count_parameters(model: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def flops(model: nn.Module, input_shape: Sequence[int]) -> int:
    """Return the floating point operations of one forward pass, a multiplication and an addition being two.

    Parameters
    ----------
    input_shape : (batch, channels, *space). Nothing is computed and no memory of that size is used: the shapes run
        through a copy of the model on torch's meta device. Convolutions and matrix products are counted
        (`torch.utils.flop_counter`); normalisation, activation, pooling and resampling are not, as in published
        counts. A training step costs about three times as much: the backward pass forms the gradient of the input
        and of the weights.
    """
    torch = require("torch")
    from torch.utils.flop_counter import FlopCounterMode

    copy = deepcopy(model).to("meta").eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        copy(torch.empty(tuple(input_shape), device="meta"))
    return int(counter.get_total_flops())
