"""Fail-safe N: how many unpublished null results would undo a finding. Reviewers ask for it; its logic is weak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from metareview.errors import InputError, UnknownName
from metareview.stats.effects.registry import Array
from metareview.stats.synthesis.batch import fit_counts
from metareview.stats.synthesis.inputs import read_inputs

__all__ = ["FAIL_SAFE", "FailSafe", "fail_safe_n"]

FAIL_SAFE = {
    "Rosenthal": "Stouffer's combined p-value above alpha; Rosenthal 1979, Psychol Bull 86:638",
    "Orwin": "mean effect down to a target; Orwin 1983, J Educ Stat 8:157",
    "Rosenberg": "equal-effects p-value above alpha; Rosenberg 2005, Evolution 59:464",
    "General": "p-value of the random-effects model above alpha, or its estimate down to a target, refitted",
}


@dataclass(frozen=True, slots=True)
class FailSafe:
    """The number of null results, rounded up; 0 where the finding is not there to begin with."""

    kind: str
    n: int
    k: int
    alpha: float | None
    target: float | None


def fail_safe_n(
    yi: Any,
    vi: Any = None,
    *,
    data: Any = None,
    kind: str = "Rosenthal",
    alpha: float = 0.05,
    target: float | None = None,
    method: str = "REML",
    weighted: bool = True,
) -> FailSafe:
    """Return the fail-safe N of one of four kinds.

    Parameters
    ----------
    yi, vi, data : as in `fit`.
    kind : key of `FAIL_SAFE`.
    alpha : significance level (one-sided for Rosenthal, as published; two-sided for the others).
    target : the smaller effect, for Orwin (half the mean by default) and General.
    method : estimator of heterogeneity for General.
    weighted : whether Orwin's mean is weighted by 1/vi.

    Raises
    ------
    UnknownName
        For another kind.
    InputError
        For a target of 0, which no finite number of null results reaches.
    """
    if kind not in FAIL_SAFE:
        raise UnknownName("kind of fail-safe N", kind, FAIL_SAFE)
    need = not (kind == "Orwin" and not weighted)
    given = read_inputs(yi, vi, data=data, need_variance=need)
    y, v, k = given.yi, given.vi, len(given.yi)
    if target == 0:
        raise InputError("a mean of exactly 0 needs infinitely many null results; give a target above 0")
    if kind == "Rosenthal":
        raw = (np.sum(y / np.sqrt(v)) / ndtri(1 - alpha)) ** 2 - k
        combined = abs(float(np.sum(y / np.sqrt(v)))) / np.sqrt(k)
        return FailSafe(kind, _up(raw) if ndtr(-combined) < alpha else 0, k, alpha, None)
    if kind == "Rosenberg":
        w = 1 / v
        raw = ((np.sum(w * y) / ndtri(1 - alpha / 2)) ** 2 - np.sum(w)) / np.mean(w)
        return FailSafe(kind, _up(raw), k, alpha, None)
    if kind == "Orwin":
        mean = float(np.sum(y / v) / np.sum(1 / v)) if weighted else float(y.mean())
        goal = abs(target) if target is not None else abs(mean) / 2
        return FailSafe(kind, _up(k * (abs(mean) - goal) / goal) if goal else 0, k, None, goal)
    return _general(y, v, alpha, target, method)


def _up(raw: float) -> int:
    """Round up, forgiving rounding error."""
    return max(0, int(np.ceil(raw - 1e-9 * max(1.0, abs(raw)))))


def _general(y: Array, v: Array, alpha: float, target: float | None, method: str) -> FailSafe:
    """Add N effects with mean 0, the harmonic mean variance and the model's spread, refit; the smallest N that undoes.

    Only the sum of squares of effects with one variance matters, so N / 2 of them at each of two points do.
    """
    k, new = len(y), 1 / np.mean(1 / v)
    tau2 = float(fit_counts(y, v, np.ones((1, k)), method=method).tau2[0])

    def undone(numbers: Array) -> NDArray[np.bool_]:
        half = np.sqrt((new + tau2) * np.maximum(numbers - 1, 0) / np.maximum(numbers, 1))
        rows = np.column_stack([np.tile(y, (len(numbers), 1)), half, -half])
        counts = np.column_stack([np.ones((len(numbers), k)), numbers / 2, numbers / 2])
        found = fit_counts(rows, np.append(v, [new, new]), counts, method=method)
        if target is not None:
            return np.asarray(np.abs(found.estimate) <= abs(target))
        return np.asarray(2 * ndtr(-np.abs(found.estimate) / found.se) > alpha)

    ladder = np.concatenate([[0.0], 2.0 ** np.arange(25)])
    first = undone(ladder)
    if not first.any():
        raise InputError(f"more than {ladder[-1]:.0f} null results would be needed; the finding does not hinge on them")
    at = int(np.argmax(first))
    low, high = int(ladder[max(at - 1, 0)]), int(ladder[at])
    while high - low > 1:
        points = np.unique(np.linspace(low, high, min(64, high - low + 1)).astype(int))[1:]
        hit = int(np.argmax(undone(points.astype(float))))
        low, high = (int(points[hit - 1]) if hit else low), int(points[hit])
    return FailSafe("General", high, k, None if target else alpha, target)
