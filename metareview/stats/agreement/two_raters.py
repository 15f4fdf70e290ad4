"""Two raters: formulas on their table of counts, one function each.

A table has shape (q, q), rows the first rater's categories, columns the second's. In the 2x2 table of one category
against the rest, a is both, b only the first, c only the second, d neither.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from metareview.errors import NotEstimable
from metareview.stats.benchmark.proportions import wilson_interval

__all__ = [
    "bias_index",
    "bias_index_se",
    "cohen_kappa",
    "cohen_kappa_se",
    "negative_agreement",
    "negative_agreement_interval",
    "observed_agreement",
    "pabak",
    "pabak_interval",
    "positive_agreement",
    "positive_agreement_interval",
    "prevalence_index",
    "prevalence_index_se",
]

Table = npt.NDArray[np.float64]
Interval = tuple[float, float]
NO_OVERLAP = "no unit was rated by both"
ONE_CATEGORY = "both raters used one and the same category only, so agreement by chance is certain"


def _shares(table: npt.ArrayLike) -> tuple[Table, float]:
    counts = np.asarray(table, dtype=np.float64)
    n = float(counts.sum())
    if n == 0:
        raise NotEstimable(NO_OVERLAP)
    return counts / n, n


def observed_agreement(table: npt.ArrayLike) -> float:
    r"""Return the share of units that both put into one category, :math:`p_o = \sum_k p_{kk}`.

    >>> observed_agreement([[20, 5], [10, 15]])
    0.7

    Raises
    ------
    NotEstimable
        If no unit was rated by both.
    """
    shares, _ = _shares(table)
    return float(np.trace(shares))


def cohen_kappa(table: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    r"""Return Cohen's kappa, weighted where `weights` are given.

    .. math:: \kappa = \frac{p_o - p_e}{1 - p_e}, \quad p_o = \sum_{kl} w_{kl} p_{kl}, \quad
       p_e = \sum_{kl} w_{kl} p_{k.} p_{.l}

    Source: Cohen 1960, Educ Psychol Meas 20:37, eq. 1; Cohen 1968, Psychol Bull 70:213 (there with
    weights of disagreement).

    >>> round(cohen_kappa([[20, 5], [10, 15]]), 12)
    0.4

    Raises
    ------
    NotEstimable
        If no unit was rated by both, or both used one and the same category only.
    """
    shares, _ = _shares(table)
    w = np.eye(len(shares)) if weights is None else np.asarray(weights, dtype=np.float64)
    observed, expected = float((w * shares).sum()), _by_chance(shares, w)
    return (observed - expected) / (1 - expected)


def _by_chance(shares: Table, w: Table) -> float:
    rows, columns = shares.sum(1), shares.sum(0)
    if np.count_nonzero(rows) == 1 and np.array_equal(rows > 0, columns > 0):
        raise NotEstimable(ONE_CATEGORY)
    return float(rows @ w @ columns)


def cohen_kappa_se(table: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    r"""Return the standard error of Cohen's kappa for intervals (not for a test of no agreement).

    .. math:: \mathrm{var} = \frac{\sum_{kl} p_{kl} [w_{kl} - (\bar w_{k.} + \bar w_{.l})(1 - \kappa)]^2
       - [\kappa - p_e (1 - \kappa)]^2}{n (1 - p_e)^2}

    with :math:`\bar w_{k.} = \sum_l w_{kl} p_{.l}` and :math:`\bar w_{.l} = \sum_k w_{kl} p_{k.}`.

    Source: Fleiss, Cohen & Everitt 1969, Psychol Bull 72:323.

    Raises
    ------
    NotEstimable
        As `cohen_kappa`.
    """
    shares, n = _shares(table)
    w = np.eye(len(shares)) if weights is None else np.asarray(weights, dtype=np.float64)
    kappa, expected = cohen_kappa(table, w), _by_chance(shares, w)
    means = (w @ shares.sum(0))[:, None] + (shares.sum(1) @ w)[None, :]
    spread = float((shares * (w - means * (1 - kappa)) ** 2).sum()) - (kappa - expected * (1 - kappa)) ** 2
    return sqrt(max(spread, 0.0) / n) / (1 - expected)


def pabak(observed: float, q: int) -> float:
    r"""Return the prevalence and bias adjusted kappa, :math:`(q p_o - 1) / (q - 1)`; for q = 2, :math:`2 p_o - 1`.

    With more than two categories it is the S of Bennett, Alpert & Goldstein 1954 (Brennan & Prediger's kappa).

    Source: Byrt, Bishop & Carlin 1993, J Clin Epidemiol 46:423.

    >>> round(pabak(0.7, 2), 12)
    0.4

    Raises
    ------
    NotEstimable
        If there are fewer than two categories.
    """
    if q < 2:
        raise NotEstimable("chance agreement needs two categories; name all that could have been chosen")
    return (q * observed - 1) / (q - 1)


def pabak_interval(agreed: float, n: float, q: int, level: float = 0.95) -> Interval:
    """Return the interval of `pabak`: Wilson's interval of the observed agreement, carried over."""
    low, high = wilson_interval(round(agreed), round(n), level=level)
    return pabak(low, q), pabak(high, q)


def positive_agreement(a: float, b: float, c: float) -> float:
    r"""Return the positive (specific) agreement, :math:`2a / (2a + b + c)`.

    Source: Cicchetti & Feinstein 1990, J Clin Epidemiol 43:551.

    >>> round(positive_agreement(20, 14, 14), 3)
    0.588

    Raises
    ------
    NotEstimable
        If neither rater ever said so.
    """
    if a + b + c == 0:
        raise NotEstimable("neither rater chose the category")
    return 2 * a / (2 * a + b + c)


def positive_agreement_interval(a: float, b: float, c: float, level: float = 0.95) -> Interval:
    r"""Return the interval of `positive_agreement`.

    It is :math:`2\theta / (1 + \theta)` of :math:`\theta = a / (a + b + c)`, which grows with theta; so the limits are
    those of Wilson's interval of theta, carried over: they stay between 0 and 1, as a delta method's do not.
    """
    positive_agreement(a, b, c)
    limits = wilson_interval(round(a), round(a + b + c), level=level)
    low, high = (2 * theta / (1 + theta) for theta in limits)
    return low, high


def negative_agreement(b: float, c: float, d: float) -> float:
    """Return the negative agreement, `positive_agreement` of the other category: 2d / (2d + b + c).

    >>> round(negative_agreement(14, 14, 1952), 3)
    0.993
    """
    return positive_agreement(d, b, c)


def negative_agreement_interval(b: float, c: float, d: float, level: float = 0.95) -> Interval:
    """Return the interval of `negative_agreement`."""
    return positive_agreement_interval(d, b, c, level)


def prevalence_index(a: float, b: float, c: float, d: float) -> float:
    """Return (a - d) / n: how far the two categories differ in how often they are chosen.

    Source: Byrt, Bishop & Carlin 1993, J Clin Epidemiol 46:423.

    >>> prevalence_index(20, 5, 10, 15)
    0.1
    """
    return (a - d) / _total(a, b, c, d)


def prevalence_index_se(a: float, b: float, c: float, d: float) -> float:
    """Return the standard error of `prevalence_index` (multinomial, exact up to the estimated shares)."""
    n = _total(a, b, c, d)
    return sqrt(((a + d) / n - prevalence_index(a, b, c, d) ** 2) / n)


def bias_index(a: float, b: float, c: float, d: float) -> float:
    """Return (b - c) / n: how much more often the first rater chooses the category.

    Source: Byrt, Bishop & Carlin 1993, J Clin Epidemiol 46:423.

    >>> bias_index(20, 5, 10, 15)
    -0.1
    """
    return (b - c) / _total(a, b, c, d)


def bias_index_se(a: float, b: float, c: float, d: float) -> float:
    """Return the standard error of `bias_index` (multinomial, as of a difference of paired proportions)."""
    n = _total(a, b, c, d)
    return sqrt(((b + c) / n - bias_index(a, b, c, d) ** 2) / n)


def _total(*cells: float) -> float:
    n = sum(cells)
    if n == 0:
        raise NotEstimable(NO_OVERLAP)
    return n
