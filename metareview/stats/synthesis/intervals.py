"""Intervals for the heterogeneity variance: Q-profile, profile likelihood, Wald."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, ndtri

from metareview.errors import UnknownName
from metareview.stats.synthesis.core import Problem, log_likelihood
from metareview.stats.synthesis.solvers import solve_q

__all__ = ["TAU2_INTERVALS", "Interval", "profile_likelihood", "q_profile", "wald_interval"]

#: kinds of interval for tau2
TAU2_INTERVALS = {
    "QP": "Q-profile (Viechtbauer 2007, Stat Med 26:37)",
    "PL": "profile likelihood (Hardy & Thompson 1996, Stat Med 15:619)",
    "Wald": "estimate and standard error (Biggerstaff & Tweedie 1997)",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval by a named method; bounds are None, with a note, where they do not exist."""

    method: str
    low: float | None
    high: float | None
    note: str = ""


def check_interval(method: str) -> None:
    """Refuse a kind of interval that does not exist."""
    if method not in TAU2_INTERVALS:
        raise UnknownName("interval for tau2", method, TAU2_INTERVALS)


def q_profile(problem: Problem, level: float) -> Interval:
    """Return the values of t that a test by the generalised Q statistic does not reject; problem with B = 1.

    The bounds are exact roots at any scale. When even t = 0 gives a Q below the lower quantile, the set is empty: the
    effects lie closer together than their variances allow, and there is no interval to report.
    """
    df = float(problem.k[0] - problem.p)
    tail = (1 - level) / 2
    found = solve_q(problem, np.array([chdtri(df, tail), chdtri(df, 1 - tail)]))
    if found.boundary[1]:
        return Interval("QP", None, None, "empty set: the effects agree better than their variances allow")
    return Interval("QP", float(found.t[0]), float(found.t[1]))


def profile_likelihood(problem: Problem, t: float, level: float, *, restricted: bool) -> Interval:
    """Return the values of t whose (restricted) log-likelihood is within the quantile of the maximum, at `t`.

    Where the likelihood has several modes this is the hull of the set, and the note says so.
    """
    floor = float(problem.v.min()) / 64
    drop = float(chdtri(1.0, 1 - level)) / 2

    def above(x: np.ndarray) -> np.ndarray:
        return np.asarray(log_likelihood(problem, x, restricted=restricted) - top + drop)

    top = float(log_likelihood(problem, np.array([t]), restricted=restricted)[0])
    high = max(t, floor)
    while above(np.array([high]))[0] > 0:
        high *= 8
    count = int(np.ceil(np.log(high / floor) / np.log(1.3))) + 2
    grid = np.unique(np.concatenate([[0.0, t], floor * 1.3 ** np.arange(count)]))
    inside = above(grid) > 0
    first, last = int(np.argmax(inside)), len(inside) - 1 - int(np.argmax(inside[::-1]))
    low = 0.0 if first == 0 else _crossing(above, grid[first - 1], grid[first])
    note = "" if inside[first : last + 1].all() else "the likelihood has several modes; hull of the set"
    return Interval("PL", low, _crossing(above, grid[last + 1], grid[last]), note)


def _crossing(above: object, outside: float, inside: float) -> float:
    """Where a function changes sign, by grids within grids: eight rounds of 65 points reach machine precision."""
    for _ in range(9):
        points = outside + (inside - outside) * np.linspace(0, 1, 65)
        hit = int(np.argmax(above(points[1:]) > 0)) + 1  # type: ignore[operator]
        outside, inside = points[hit - 1], points[hit]
    return float((outside + inside) / 2)


def wald_interval(tau2: float, se: float, level: float) -> Interval:
    """Return estimate plus and minus the normal quantile times its standard error, cut at 0."""
    half = float(ndtri((1 + level) / 2)) * se
    note = "lower bound cut at 0" if tau2 < half else ""
    return Interval("Wald", max(tau2 - half, 0.0), tau2 + half, note)
