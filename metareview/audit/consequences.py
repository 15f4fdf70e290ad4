"""What a standardised difference is worth: small-sample version, exact interval, and clustering by study.

Small-sample factor and g: Hedges, J Educ Stat 1981;6:107-128. Interval of d by the noncentral t distribution:
Steiger and Fouladi, in Harlow et al., What if there were no significance tests, 1997. Values nested in studies:
Hedges, J Educ Behav Stat 2007;32:341-370, and the degrees of freedom of What Works Clearinghouse, Procedures 5.0
(2022), equation E.21, with the mean cluster size and an assumed intraclass correlation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Any

from metareview.audit.effects import d_to_t, hedges_factor
from metareview.errors import NotEstimable

__all__ = ["CORRELATIONS", "Effect", "clustered_effect", "d_interval", "effect_versions"]

#: Nodes of the quadrature.
QUADRATURE = 400
#: Intraclass correlations of values from one study that are tried.
CORRELATIONS: tuple[float, ...] = (0.2, 0.5, 0.8)


@dataclass(frozen=True, slots=True)
class Effect:
    """One version of a standardised difference.

    Attributes
    ----------
    name : which version.
    estimate, low, high : estimate and 95 % interval.
    n1, n2 : values in the two groups.
    df : degrees of freedom behind it.
    """

    name: str
    estimate: float
    low: float
    high: float
    n1: int
    n2: int
    df: float


def noncentral_t(t: float, df: int, noncentrality: float) -> float:
    """Return P(T <= t) of the noncentral t distribution: the mean of Φ(t v / sqrt(df) - δ) over v, chi with df.

    By Gauss-Legendre quadrature, which also holds far out, where the series in common libraries give no number.

    >>> round(noncentral_t(2.0, 10, 0.0), 4), round(noncentral_t(2.0, 10, 1.5), 4)
    (0.9633, 0.6592)
    """
    import numpy as np
    from scipy.special import gammaln, ndtr

    reach = sqrt(df) + 12
    nodes, weights = _quadrature()
    v = (nodes + 1) * reach / 2
    log_density = (1 - df / 2) * np.log(2) + (df - 1) * np.log(v) - v * v / 2 - gammaln(df / 2)
    return float((weights * reach / 2 * np.exp(log_density) * ndtr(t * v / sqrt(df) - noncentrality)).sum())


@cache
def _quadrature() -> tuple[Any, Any]:
    """Return nodes and weights on [-1, 1]."""
    from scipy.special import roots_legendre

    return roots_legendre(QUADRATURE)


def d_interval(d: float, n1: int, n2: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of the population d, by the noncentral t distribution.

    Parameters
    ----------
    d : observed difference in pooled SDs of the two groups.
    n1, n2 : group sizes.

    Raises
    ------
    NotEstimable
        If the groups leave no degree of freedom.
    """
    from scipy.optimize import brentq

    df = n1 + n2 - 2
    if df < 1:
        raise NotEstimable("two values leave no degree of freedom for the interval of d")
    t, tail = d_to_t(abs(d), n1, n2), (1 - level) / 2
    reach = 10.0 + 4.0 * t

    def root(probability: float) -> float:
        return float(brentq(lambda ncp: noncentral_t(t, df, ncp) - probability, -10.0, reach, xtol=1e-10))

    scale = sqrt(1 / n1 + 1 / n2)
    low, high = root(1 - tail) * scale, root(tail) * scale
    return (low, high) if d >= 0 else (-high, -low)


def clustered_effect(d: float, n1: int, n2: int, correlation: float, clusters: int = 2) -> Effect:
    """Return g when the values come from `clusters` studies, with an intraclass correlation.

    g = J(h) d sqrt(1 - 2(n-1)ρ/(N-2)) with n = N / clusters;
    h = ((N-2) - 2(n-1)ρ)² / ((N-2)(1-ρ)² + n(N-2n)ρ² + 2(N-2n)ρ(1-ρ));
    variance = (1/n1 + 1/n2)(1 + (n-1)ρ) + g²/(2h).

    Raises
    ------
    NotEstimable
        If the correlation leaves no degree of freedom.
    """
    total = n1 + n2
    n = total / clusters
    shrink = 1 - 2 * (n - 1) * correlation / (total - 2)
    spare = total - 2 * n
    below = (total - 2) * (1 - correlation) ** 2 + n * spare * correlation**2
    below += 2 * spare * correlation * (1 - correlation)
    if shrink <= 0 or below <= 0:
        raise NotEstimable("the clusters leave no degree of freedom")
    df = (total - 2 - 2 * (n - 1) * correlation) ** 2 / below
    # J at fractional degrees of freedom by Hedges' approximation 1 - 3/(4h - 1)
    g = (1 - 3 / (4 * df - 1)) * d * sqrt(shrink)
    variance = (1 / n1 + 1 / n2) * (1 + (n - 1) * correlation) + g * g / (2 * df)
    from scipy.special import stdtrit

    reach = float(stdtrit(df, 0.975)) * sqrt(variance)
    name = f"g, {clusters} studies, correlation {correlation:g} within a study (assumed)"
    return Effect(name, g, g - reach, g + reach, n1, n2, df)


def effect_versions(d: float, n1: int, n2: int, clusters: int = 2) -> tuple[Effect, ...]:
    """Return d as printed, g with its exact interval, and g clustered by study."""
    if n1 + n2 < 4:
        return ()
    low, high = d_interval(d, n1, n2)
    factor, df = hedges_factor(n1 + n2 - 2), n1 + n2 - 2
    versions = [
        Effect("d as printed, interval by noncentral t", d, low, high, n1, n2, df),
        Effect("g, small-sample version", d * factor, low * factor, high * factor, n1, n2, df),
    ]
    return (*versions, *(clustered_effect(d, n1, n2, rho, clusters) for rho in CORRELATIONS))
