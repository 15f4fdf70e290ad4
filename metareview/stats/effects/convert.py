"""From what a paper prints (t, F, p, an interval, an odds ratio) to an effect with its variance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from metareview.errors import InputError
from metareview.stats.effects.registry import Array

__all__ = [
    "Interval",
    "d_from_f",
    "d_from_log_odds",
    "d_from_r",
    "d_from_t",
    "log_odds_from_d",
    "r_from_d",
    "r_from_t",
    "se_from_ci",
    "se_from_p",
    "se_to_sd",
    "t_from_p",
]


class Interval(NamedTuple):
    """An effect and its sampling variance, got from a printed interval."""

    yi: Array
    vi: Array


def d_from_t(t: Array, n1: Array, n2: Array) -> Array:
    """Return the uncorrected d of two independent groups, t sqrt(1/n1 + 1/n2).

    >>> d_from_t(np.array([2.0]), np.array([8.0]), np.array([8.0])).tolist()
    [1.0]
    """
    return t * np.sqrt(1 / n1 + 1 / n2)


def d_from_f(f: Array, n1: Array, n2: Array, sign: ArrayLike = 1.0) -> Array:
    """Return d from a one-way F with one numerator degree of freedom; F has no sign, so `sign` gives it."""
    return np.asarray(sign, dtype=float) * d_from_t(np.sqrt(f), n1, n2)


def t_from_p(p: Array, df: Array) -> Array:
    """Return t from a two-sided p-value; a negative p stands for a negative effect, as in metafor.

    >>> t_from_p(np.array([-0.05]), np.array([10.0])).round(4).tolist()
    [-2.2281]
    """
    return np.asarray(np.sign(p) * -stdtrit(df, np.abs(p) / 2), dtype=float)


def r_from_t(t: Array, df: Array) -> Array:
    """Return the (partial) correlation of a t statistic, t / sqrt(t^2 + df)."""
    return t / np.sqrt(t**2 + df)


def r_from_d(d: Array, n1: Array, n2: Array) -> Array:
    """Return the point-biserial correlation, d / sqrt(d^2 + h), h = m/n1 + m/n2 with m = n1 + n2 - 2.

    Source: Jacobs & Viechtbauer 2017, Res Synth Methods 8:161, equation 4.
    """
    m = n1 + n2 - 2
    return d / np.sqrt(d**2 + m / n1 + m / n2)


def d_from_r(r: Array, n1: Array, n2: Array) -> Array:
    """Return d of a point-biserial correlation; the inverse of `r_from_d`."""
    m = n1 + n2 - 2
    return r * np.sqrt((m / n1 + m / n2) / (1 - r**2))


def d_from_log_odds(log_or: Array, vi: Array) -> tuple[Array, Array]:
    """Return d and its variance from a log odds ratio, by the logistic distribution: factor sqrt(3)/pi.

    Source: Hasselblad & Hedges 1995, Psychol Bull 117:167; Chinn 2000, Stat Med 19:3127.
    """
    factor = np.sqrt(3) / np.pi
    return log_or * factor, vi * factor**2


def log_odds_from_d(d: Array, vi: Array) -> tuple[Array, Array]:
    """Return the log odds ratio and its variance from d; the inverse of `d_from_log_odds`."""
    factor = np.pi / np.sqrt(3)
    return d * factor, vi * factor**2


def se_from_ci(low: Array, high: Array, *, level: float = 0.95, df: ArrayLike | None = None) -> Array:
    """Return the standard error behind a symmetric interval.

    Parameters
    ----------
    low, high : the bounds, on the scale on which the interval is symmetric (logs for ratios).
    level : its coverage.
    df : degrees of freedom where the interval is a t interval; normal by default.

    Raises
    ------
    InputError
        If a lower bound lies above its upper bound.

    Examples
    --------
    >>> se_from_ci(np.array([-0.96]), np.array([2.96])).round(4).tolist()
    [1.0]
    """
    if np.any(low > high):
        rows = ", ".join(str(i + 1) for i in np.flatnonzero(low > high)[:5])
        raise InputError(f"interval with low above high in row {rows}; swap the columns")
    tail = (1 + level) / 2
    crit = ndtri(tail) if df is None else stdtrit(np.asarray(df, dtype=float), tail)
    return (high - low) / (2 * crit)


def se_from_p(estimate: Array, p: Array, *, df: ArrayLike | None = None) -> Array:
    """Return the standard error from an estimate and its two-sided p-value (z test, or t with `df`)."""
    crit = -ndtri(p / 2) if df is None else -stdtrit(np.asarray(df, dtype=float), p / 2)
    return np.abs(estimate) / crit


def se_to_sd(se: Array, n: Array) -> Array:
    """Return the standard deviation behind the standard error of a mean."""
    return se * np.sqrt(n)
