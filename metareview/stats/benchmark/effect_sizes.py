"""Effect sizes of two groups, and of all groups, with their intervals.

``x`` and ``y`` are 1-d arrays of shapes ``(n1,)`` and ``(n2,)``; a positive value means that x lies higher.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma, sqrt

import numpy as np
from numpy.typing import NDArray

from metareview.errors import NotEstimable
from metareview.stats.benchmark.omnibus import Groups, anova, sums_of_squares

__all__ = [
    "Estimate", "cliff_delta", "cohen_d", "eta_squared", "hedges_correction", "hedges_g", "noncentral_f_interval",
    "noncentral_t_interval", "omega_squared",
]  # fmt: skip

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, the limits of its interval, and how they were obtained."""

    value: float
    ci_low: float
    ci_high: float
    interval: str


def cohen_d(x: Array, y: Array, level: float = 0.95) -> Estimate:
    """Standardised mean difference ``d = (m1 - m2) / s_p``, ``s_p² = ((n1-1)s1² + (n2-1)s2²) / (n1+n2-2)``.

    The interval inverts the noncentral t distribution: ``t = d / sqrt(1/n1 + 1/n2)``.

    Sources: Cohen, Statistical Power Analysis (1988), p. 66-67; Steiger & Fouladi (1997) in Harlow et al. (eds), What
    If There Were No Significance Tests?, p. 221-257.

    Raises
    ------
    NotEstimable
        If there is no pooled standard deviation: fewer than three values in all, or no variation within the groups.
    """
    squares = sums_of_squares([x, y])
    if squares.df_within < 1:
        raise NotEstimable("two single values have no pooled standard deviation")
    if not squares.within > 0:
        raise NotEstimable("the values do not vary within the two groups, so there is nothing to standardise by")
    scale = sqrt(1 / x.size + 1 / y.size)
    d = float(x.mean() - y.mean()) / sqrt(squares.within / squares.df_within)
    low, high = noncentral_t_interval(d / scale, squares.df_within, level)
    return Estimate(d, low * scale, high * scale, "noncentral t")


def hedges_correction(df: int) -> float:
    """Return the exact factor that makes d unbiased: ``J = Γ(m/2) / (sqrt(m/2) Γ((m-1)/2))`` with m = df.

    Source: Hedges, J Educ Stat 1981;6:107-128, equation 6e; Hedges & Olkin, Statistical Methods for Meta-Analysis
    (1985), p. 81 and Table 2.

    Raises
    ------
    NotEstimable
        If df < 2: the expectation of d does not exist.

    >>> round(hedges_correction(10), 4)
    0.9227
    """
    if df < 2:
        raise NotEstimable(f"the small-sample correction needs 2 degrees of freedom; there is {df}")
    return exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)


def hedges_g(x: Array, y: Array, level: float = 0.95) -> Estimate:
    """Return the unbiased standardised mean difference ``g = J d``; its limits are J times those of d.

    Source: Hedges & Olkin (1985), p. 81, with the exact J.

    Raises
    ------
    NotEstimable
        As `cohen_d` and `hedges_correction`.
    """
    d = cohen_d(x, y, level)
    j = hedges_correction(x.size + y.size - 2)
    return Estimate(j * d.value, j * d.ci_low, j * d.ci_high, "noncentral t, times J")


def cliff_delta(x: Array, y: Array, level: float = 0.95) -> Estimate:
    """Dominance ``delta = P(X > Y) - P(X < Y)`` with its asymmetric interval.

    ``(d - d³ ± t s sqrt((1-d²)² + t² s²)) / (1 - d² + t² s²)`` with t of n1 + n2 - 2 degrees of freedom and the
    unbiased ``s² = (n2² R + n1² C - S) / (n1 n2 (n1-1) (n2-1))``, at least ``(1-d²) / (n1 n2 - 1)``, where R, C and S
    are the sums of squared deviations from d of the row means, column means and cells of the dominance matrix. Where
    one group lies wholly above the other, s = 0 says nothing, and the open end uses the largest variance that delta
    allows, (1-delta²)/n_b with n_b the smaller group: it solves ``(1-delta)² = t² (1-delta²) / n_b``.

    Sources: Cliff, Psychol Bull 1993;114:494-509; Feng & Cliff, J Mod Appl Stat Methods 2004;3:322-332 (the interval;
    equation 6 for the largest variance).

    Raises
    ------
    NotEstimable
        If a group has fewer than two values: the variance needs two.
    """
    from scipy.special import stdtrit

    if min(x.size, y.size) < 2:
        raise NotEstimable("the interval of Cliff's delta needs two values in each group")
    n1, n2 = x.size, y.size
    t = float(stdtrit(n1 + n2 - 2, 0.5 + level / 2))
    dominance = np.sign(x[:, None] - y[None, :])
    d = float(dominance.mean())
    if abs(d) == 1:
        bound = (min(n1, n2) - t * t) / (min(n1, n2) + t * t)
        ends = (bound, 1.0) if d > 0 else (-1.0, -bound)
        return Estimate(d, *ends, "Feng and Cliff, groups do not overlap")
    rows = n2**2 * float(((dominance.mean(axis=1) - d) ** 2).sum())
    columns = n1**2 * float(((dominance.mean(axis=0) - d) ** 2).sum())
    cells = float(((dominance - d) ** 2).sum())
    variance = (rows + columns - cells) / (n1 * n2 * (n1 - 1) * (n2 - 1))
    variance = max(variance, (1 - d * d) / (n1 * n2 - 1))
    spread = t * sqrt(variance) * sqrt((1 - d * d) ** 2 + t * t * variance)
    scale = 1 - d * d + t * t * variance
    low, high = (d - d**3 - spread) / scale, (d - d**3 + spread) / scale
    return Estimate(d, max(low, -1.0), min(high, 1.0), "Feng and Cliff, unbiased variance")


def eta_squared(groups: Groups, level: float = 0.95) -> Estimate:
    """Share of the variation that lies between groups, ``SSB / (SSB + SSW)``; interval from the noncentral F.

    Its limits are ``λ / (λ + N)`` with the noncentralities λ of `noncentral_f_interval`.

    Source: Steiger, Psychol Methods 2004;9:164-182, equations 44-48.

    Raises
    ------
    NotEstimable
        As `anova`.
    """
    squares, low, high = _explained(groups, level)
    return Estimate(squares[0] / (squares[0] + squares[1]), low, high, "noncentral F")


def omega_squared(groups: Groups, level: float = 0.95) -> Estimate:
    """Less biased share between groups, ``(SSB - (k-1) MSW) / (SST + MSW)``; it may be negative.

    It estimates the same population share as `eta_squared`, whose exact interval it is given with.

    Sources: Hays, Statistics (1963), p. 382; Steiger (2004), p. 171.

    Raises
    ------
    NotEstimable
        As `anova`.
    """
    (between, within, df_between, df_within), low, high = _explained(groups, level)
    mean_within = within / df_within
    value = (between - df_between * mean_within) / (between + within + mean_within)
    return Estimate(value, low, high, "noncentral F")


def _explained(groups: Groups, level: float) -> tuple[tuple[float, float, int, int], float, float]:
    outcome = anova(groups)
    squares = sums_of_squares(groups)
    n = sum(group.size for group in groups)
    low, high = noncentral_f_interval(outcome.statistic, squares.df_between, squares.df_within, level)
    parts = (squares.between, squares.within, squares.df_between, squares.df_within)
    return parts, low / (low + n), high / (high + n)


def noncentral_t_interval(t: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """Return the noncentralities under which an observed t lies at the upper and at the lower tail.

    Source: Steiger & Fouladi (1997), p. 240-241.

    >>> [round(limit, 3) for limit in noncentral_t_interval(1.5, 98)]
    [-0.475, 3.467]
    """
    from scipy.special import chdtri
    from scipy.stats import nct, norm

    if t < 0:
        low, high = noncentral_t_interval(-t, df, level)
        return -high, -low
    tail = (1 - level) / 2
    z = float(norm.isf(tail))
    if t < 1e-9:  # P(T <= 0) is the normal probability of -delta, and the library fails next to 0
        return -z, z
    if t > 1e4:  # the normal part of T = (Z + delta) / sqrt(chi²/df) is nothing beside delta
        return t * sqrt(float(chdtri(df, 1 - tail)) / df), t * sqrt(float(chdtri(df, tail)) / df)

    def upper_tail(delta: float) -> float:
        # The mirror image of the distribution: the library is exact for noncentralities that are not negative.
        return float(nct.sf(t, df, delta)) if delta >= 0 else float(nct.cdf(-t, df, -delta))

    start = 0.0 if upper_tail(0.0) < tail else -z
    reach = z * sqrt(1 + t * t / (2 * df)) + 1
    return (
        _solve(lambda delta: upper_tail(delta) - tail, start, t),
        _solve(lambda delta: upper_tail(delta) - (1 - tail), t, t + reach),
    )


def noncentral_f_interval(f: float, df1: float, df2: float, level: float = 0.95) -> tuple[float, float]:
    """Return the noncentralities λ under which an observed F lies at the upper and at the lower tail; 0 at least.

    Source: Steiger (2004), p. 172-173.

    >>> [round(limit, 2) for limit in noncentral_f_interval(3.5, 4, 75)]
    [0.78, 29.73]
    """
    from scipy.special import fdtrc
    from scipy.stats import ncf

    tail = (1 - level) / 2

    def upper_tail(lam: float) -> float:
        return float(ncf.sf(f, df1, df2, lam)) if lam > 0 else float(fdtrc(df1, df2, f))

    def limit(probability: float) -> float:
        if upper_tail(0.0) >= probability:
            return 0.0
        return _solve(lambda lam: upper_tail(lam) - probability, 0.0, df1 * f + 10)

    return limit(tail), limit(1 - tail)


def _solve(gap: Callable[[float], float], low: float, high: float) -> float:
    """Return the root of an increasing function that lies above `low`, moving `high` up until it lies below."""
    from scipy.optimize import brentq

    for _ in range(60):
        if gap(high) >= 0:
            return float(brentq(gap, low, high, xtol=1e-12, rtol=1e-12))
        high += 2 * (high - low)
    raise NotEstimable("the limits of the noncentral distribution could not be bracketed for these numbers")
