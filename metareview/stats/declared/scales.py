"""Scales on which scores are pooled, with the delta method for their variances, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.special import expit, logit

__all__ = ["SCALES", "Scale"]


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale.

    Attributes
    ----------
    name : its id in ``review.yaml``.
    to, slope : the transformation of a score and its derivative; a variance is multiplied by the slope squared.
    low, high : open bounds of the scores it takes.
    back, contrast : a pooled value, and a pooled difference of two scores, on the scale people read.
    of, difference : what a value, and a difference, are called, with ``{}`` for the metric.
    """

    name: str
    to: Callable[[float], float]
    slope: Callable[[float], float]
    low: float
    high: float
    back: Callable[[float], float]
    contrast: Callable[[float], float]
    of: str
    difference: str

    def takes(self, score: float) -> bool:
        """Return whether a score has a value on this scale."""
        return self.low < score < self.high

    def read(self, value: float | None, *, contrast: bool) -> float | None:
        """Return a value of this scale on the one people read; None stays None."""
        return None if value is None else float((self.contrast if contrast else self.back)(value))


def _same(value: float) -> float:
    return value


#: Every scale by name. The delta method: var(g(x)) = g'(x)^2 var(x) (Oehlert 1992, Am Stat 46:27).
SCALES: dict[str, Scale] = {
    scale.name: scale
    for scale in (
        Scale("raw", _same, lambda x: 1.0, -math.inf, math.inf, _same, _same, "{}", "difference of {}"),
        Scale("log", math.log, lambda x: 1 / x, 0.0, math.inf, math.exp, math.exp, "{}", "ratio of {}"),
        Scale("logit", lambda x: float(logit(x)), lambda x: 1 / (x * (1 - x)), 0.0, 1.0, lambda y: float(expit(y)),
              math.exp, "{}", "odds ratio of {}"),
        Scale("log-error", lambda x: math.log1p(-x), lambda x: -1 / (1 - x), -math.inf, 1.0, lambda y: -math.expm1(y),
              math.exp, "{}", "ratio of errors (1 - {})"),
    )
}  # fmt: skip
