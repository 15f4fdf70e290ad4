"""Losses on logits, each with a weight or mask: (logits, target, weight) -> a scalar.

`logits` and `target` have the shape (n, channels, *space); targets are in [0, 1], hard or soft. `weight` is any shape
that broadcasts to it: 0 leaves a voxel out, border weights (`metareview.rerun.targets.border_weights`) count it more.
Every mean is sum(w l) / sum(w), so a mask changes which voxels count and not the size of the loss; where everything is
masked the loss is 0 with a gradient of 0. All is computed in float32, also under autocast.

With p = sigmoid(logit) and t the target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional as F

from metareview.errors import InputError

__all__ = ["LOSSES", "Loss", "bce", "bce_dice", "dice", "focal", "weighted_bce"]

Loss = Callable[[Tensor, Tensor, Tensor | None], Tensor]

#: keeps 0/0 out of Dice and of means over nothing; far below one voxel
SMALL = 1e-5


def _spread(logits: Tensor, target: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Return logits, target and weight in float32 and of one shape."""
    logits, target = logits.float(), target.float()
    if logits.shape != target.shape:
        raise InputError(
            f"logits have the shape {tuple(logits.shape)}, the target {tuple(target.shape)}; they must agree"
        )
    weight = torch.ones_like(target) if weight is None else weight.float().expand_as(target)
    return logits, target, weight


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp_min(SMALL)


def bce(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Binary cross-entropy: the mean of -t log p - (1 - t) log(1 - p).

    Source: Ronneberger et al. 2015 (arXiv:1505.04597), eq. 1 with two classes, where the weights enter a sum.
    """
    logits, target, weight = _spread(logits, target, weight)
    return _mean(F.binary_cross_entropy_with_logits(logits, target, reduction="none"), weight)


def weighted_bce(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Class-balanced cross-entropy: half the mean over the positive voxels plus half that over the negative ones.

    Per channel and over the whole batch. The voxel weights are t N / (2 N+) + (1 - t) N / (2 N-), which is the beta
    and 1 - beta of the source up to a common factor; a class that is absent leaves the mean of the other.

    Source: Xie & Tu 2015, Holistically-nested edge detection, ICCV, eq. 2 (arXiv:1504.06375).
    """
    logits, target, weight = _spread(logits, target, weight)
    positive = _per_channel(weight * target)
    negative = _per_channel(weight * (1.0 - target))
    total = positive + negative
    balance = target * total / (2.0 * positive).clamp_min(SMALL)
    balance = balance + (1.0 - target) * total / (2.0 * negative).clamp_min(SMALL)
    one_class = (positive < SMALL) | (negative < SMALL)
    balance = torch.where(one_class, torch.ones_like(balance), balance)
    return _mean(F.binary_cross_entropy_with_logits(logits, target, reduction="none"), weight * balance)


def dice(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Soft Dice loss: the mean over channels of 1 - 2 sum(w p t) / (sum(w p) + sum(w t)).

    Sums run over the batch, so that an empty section does not count as a channel of its own; 1e-5 in numerator and
    denominator makes nothing predicted where nothing is 0.

    Source: Milletari et al. 2016, V-Net (arXiv:1606.04797), eq. 2, with p and t for their squares in the denominator,
    as in Drozdzal et al. 2016 (arXiv:1608.04117) and nnU-Net.
    """
    logits, target, weight = _spread(logits, target, weight)
    probability = torch.sigmoid(logits)
    both = _per_channel(weight * probability * target)
    either = _per_channel(weight * (probability + target))
    return (1.0 - (2.0 * both + SMALL) / (either + SMALL)).mean()


def bce_dice(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """The sum of `bce` and `dice`.

    Source: Isensee et al. 2021, nnU-Net, Nat Methods 18:203-211 (cross-entropy and Dice, equally weighted).
    """
    return bce(logits, target, weight) + dice(logits, target, weight)


def focal(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, *, gamma: float = 2.0, alpha: float = 0.25
) -> Tensor:
    """Focal loss: the mean of -alpha t (1 - p)^gamma log p - (1 - alpha) (1 - t) p^gamma log(1 - p).

    Powers are taken in log space, so that gradients stay finite at any logit and gamma.

    Source: Lin et al. 2017, ICCV, eq. 5 (arXiv:1708.02002), with its gamma and alpha.
    """
    logits, target, weight = _spread(logits, target, weight)
    log_p, log_q = F.logsigmoid(logits), F.logsigmoid(-logits)
    positive = alpha * target * torch.exp(gamma * log_q) * log_p
    negative = (1.0 - alpha) * (1.0 - target) * torch.exp(gamma * log_p) * log_q
    return _mean(-positive - negative, weight)


def _per_channel(values: Tensor) -> Tensor:
    """Sum over batch and space, of shape (1, channels, 1, …)."""
    return values.sum(dim=[axis for axis in range(values.dim()) if axis != 1], keepdim=True)


LOSSES: Mapping[str, Loss] = MappingProxyType(
    {"bce": bce, "weighted-bce": weighted_bce, "dice": dice, "bce-dice": bce_dice, "focal": focal}
)
