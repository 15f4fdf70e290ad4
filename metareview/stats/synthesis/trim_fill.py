"""Trim and fill: how many effects are missing on one side of the funnel, and the estimate with them put in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metareview.errors import InputError, UnknownName
from metareview.stats.effects.registry import Array
from metareview.stats.synthesis.batch import fit_counts
from metareview.stats.synthesis.fit import fit
from metareview.stats.synthesis.univariate import UnivariateFit

__all__ = ["TrimFill", "trim_and_fill"]


@dataclass(frozen=True, slots=True, eq=False)
class TrimFill:
    """The number of missing effects with its standard error, the side, and the refitted model.

    `fitted` has the observed effects first and the filled ones after them, labelled so.
    """

    estimator: str
    side: str
    k0: int
    k0_se: float
    fitted: UnivariateFit


def trim_and_fill(model: UnivariateFit, *, estimator: str = "L0", side: str | None = None) -> TrimFill:
    """Estimate and fill missing effects.

    Parameters
    ----------
    model : a fit without moderators; its estimator and test are used throughout.
    estimator : `L0` or `R0`.
    side : ``left`` or ``right``, where effects are missing; by default the side that the regression on the standard
        error points to.

    Raises
    ------
    InputError
        For a model with moderators.
    UnknownName
        For another estimator or side.

    Notes
    -----
    Duval & Tweedie 2000, Biometrics 56:455 and J Am Stat Assoc 95:89. A sensitivity analysis: it assumes that
    asymmetry is suppression, and corrects too little or too much where it is not.
    """
    if model.p > 1 or not model.has_intercept:
        raise InputError("trim and fill is for models without moderators")
    if estimator not in ("L0", "R0"):
        raise UnknownName("trim-and-fill estimator", estimator, ("L0", "R0"))
    side = side or _side(model)
    if side not in ("left", "right"):
        raise UnknownName("side", side, ("left", "right"))
    sign = 1.0 if side == "left" else -1.0
    order = np.argsort(sign * model.yi, kind="stable")
    y, v = sign * model.yi[order], model.vi[order]
    k0, se, centred, centre = _iterate(y, v, model.method, estimator)
    filled = slice(len(y) - k0, len(y))
    new_y = sign * (centre - centred[filled])
    labels = [*model.labels, *(f"filled: {model.labels[i]}" for i in order[filled])]
    fitted = fit(
        np.concatenate([model.yi, new_y]), np.concatenate([model.vi, v[filled]]), method=model.method, test=model.test,
        level=model.level, labels=labels,
    )  # fmt: skip
    if not isinstance(fitted, UnivariateFit):
        raise TypeError("fit returned another kind of model")
    return TrimFill(estimator, side, k0, se, fitted)


def _side(model: UnivariateFit) -> str:
    x = np.sqrt(model.vi)
    if model.k < 3 or np.ptp(x) <= 1e-12 * x.max():
        raise InputError("which side is thinner cannot be told from these precisions; pass side='left' or 'right'")
    slope = fit(model.yi, model.vi, mods=x, method=model.method, test="z").beta[1]
    return "left" if slope > 0 else "right"


def _iterate(y: Array, v: Array, method: str, estimator: str) -> tuple[int, float, Array, float]:
    """Missing number, its standard error, centred effects and the centre, for sorted effects missing on the left."""
    k, seen = len(y), []
    k0, se = 0, 0.0
    while True:
        keep = (np.arange(k) < k - k0).astype(float)
        found = fit_counts(y, v, keep[None], method=method)
        centre = float(found.estimate[0])
        centred = y - centre
        new, se = _count(centred, k0, estimator)
        if new == k0 or new in seen:
            return new, se, centred, centre
        seen.append(k0)
        k0 = min(new, k - 1)


def _count(centred: Array, k0: int, estimator: str) -> tuple[int, float]:
    """The estimators of Duval & Tweedie 2000 from signed ranks, rounded, and their standard errors."""
    k = len(centred)
    ranks = np.empty(k)
    ranks[np.argsort(np.abs(centred), kind="stable")] = np.arange(1, k + 1)
    signed = np.sign(centred) * ranks
    if estimator == "R0":
        negative = -signed[signed < 0]
        raw = k - (negative.max() if len(negative) else 0) - 1
        return max(0, round(float(raw))), float(np.sqrt(2 * max(0.0, raw) + 2))
    raw = (4 * signed[signed > 0].sum() - k * (k + 1)) / (2 * k - 1)
    n = max(raw, 0.0)
    variance = (
        k * (k + 1) * (2 * k + 1) + 10 * n**3 + 27 * n**2 + 17 * n - 18 * k * n**2 - 18 * k * n + 6 * k**2 * n
    ) / 24
    return max(0, round(float(raw))), float(4 * np.sqrt(max(variance, 0.0)) / (2 * k - 1))
