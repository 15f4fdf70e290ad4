"""From the scale on which effects are pooled back to the scale people read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, ndtr

from metareview.errors import NotEstimable
from metareview.stats.effects.registry import Array, find_measure

__all__ = ["BACK", "back_transform", "freeman_tukey_inverse", "freeman_tukey_inverse_pooled"]


def _square(x: Array) -> Array:
    return np.maximum(x, 0.0) ** 2


def _sin2(x: Array) -> Array:
    return np.sin(np.clip(x, 0.0, np.pi / 2)) ** 2


#: back-transformations by the name a measure gives
BACK: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "tanh": np.tanh,
    "expit": expit,
    "probit": ndtr,
    "square": _square,
    "sin2": _sin2,
}


def back_transform(measure: str, x: Array) -> Array:
    """Return effects of a measure on the scale people read; unchanged where the measure is on it already.

    Raises
    ------
    NotEstimable
        For pooled Freeman-Tukey values, whose back-transformation depends on a sample size that a pooled value does
        not have.

    Examples
    --------
    >>> back_transform("RR", np.array([0.0])).tolist()
    [1.0]
    """
    name = find_measure(measure).back
    if name == "ipft":
        raise NotEstimable(
            "a pooled Freeman-Tukey value has no back-transformation of its own: it depends on the sample size put in, "
            "and for one and the same pooled value the result can differ by an order of magnitude (Schwarzer et al. "
            "2019, Res Synth Methods 10:476); pool logits (PLO) instead, or call freeman_tukey_inverse_pooled and "
            "report the sizes"
        )
    return BACK[name](x) if name else x


def freeman_tukey_inverse(x: Array, n: Array) -> Array:
    """Return the proportion behind a Freeman-Tukey value of one study of size `n`.

    Values beyond those of 0 and n events give 0 and 1. Source: Miller 1978, Am Stat 32:138, on half the scale.

    >>> freeman_tukey_inverse(np.array([0.7]), np.array([20.0])).round(3).tolist()
    [0.411]
    """
    low = np.arcsin(np.sqrt(1 / (n + 1))) / 2
    high = (np.arcsin(np.sqrt(n / (n + 1))) + np.pi / 2) / 2
    z = 2 * np.clip(x, low, high)
    inner = np.maximum(1 - (np.sin(z) + (np.sin(z) - 1 / np.sin(z)) / n) ** 2, 0.0)
    p = (1 - np.sign(np.cos(z)) * np.sqrt(inner)) / 2
    return np.where(x <= low, 0.0, np.where(x >= high, 1.0, p))


def freeman_tukey_inverse_pooled(x: Array, ni: Array) -> Array:
    """Return Miller's back-transformation of a pooled value at the harmonic mean of the sizes `ni`.

    Its result depends on the mean chosen (see `back_transform`); report it with the sizes.
    """
    return freeman_tukey_inverse(x, np.asarray(len(ni) / np.sum(1 / ni)))
