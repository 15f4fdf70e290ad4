"""Mean and SD from the quantiles a paper prints: median, quartiles, range.

Three reports are known: S1 (minimum, median, maximum, n), S2 (first quartile, median, third quartile, n) and S3 (all
five, n). The formulas assume normal data; `skewness_test` says when a report contradicts that.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from metareview.errors import InputError
from metareview.stats.effects.registry import Array

__all__ = ["MeanSd", "Skewness", "mean_sd_from_quantiles", "skewness_test"]


class MeanSd(NamedTuple):
    """Estimated means and standard deviations, shape (k,)."""

    mean: Array
    sd: Array


class Skewness(NamedTuple):
    """Statistic of Shi et al. and its 5 % critical value; `skewed` where the report contradicts normal data."""

    statistic: Array
    critical: Array
    skewed: NDArray[np.bool_]


def _range_width(n: Array) -> Array:
    """Twice the expected standardised maximum of n normal values (Blom). Wan et al. 2014, equation 9."""
    return 2 * ndtri((n - 0.375) / (n + 0.25))


def _quartile_width(n: Array) -> Array:
    """Expected standardised interquartile range of n normal values (Blom). Wan et al. 2014, equation 16."""
    return 2 * ndtri((0.75 * n - 0.125) / (n + 0.25))


def mean_sd_from_quantiles(
    n: Array,
    median: Array,
    *,
    low: Array | None = None,
    q1: Array | None = None,
    q3: Array | None = None,
    high: Array | None = None,
) -> MeanSd:
    """Estimate mean (Luo et al.) and standard deviation (Wan et al.; Shi et al. for five numbers).

    Parameters
    ----------
    n : sample sizes, shape (k,).
    median, low, high, q1, q3 : what the paper prints; the range, the quartiles, or both.

    Raises
    ------
    InputError
        If neither the range nor the quartiles are complete, or the numbers are not in order.

    Notes
    -----
    Means: Luo, Wan, Liu & Tong 2018, Stat Methods Med Res 27:1785, equations 7, 11, 15. Standard deviations: Wan et al.
    2014, BMC Med Res Methodol 14:135, equations 9 and 16; Shi et al. 2020, Res Synth Methods 11:641, equation 10.

    Examples
    --------
    >>> found = mean_sd_from_quantiles(np.array([50.0]), np.array([10.0]), q1=np.array([8.0]), q3=np.array([12.0]))
    >>> found.mean.tolist(), found.sd.round(3).tolist()
    ([10.0], [3.053])
    """
    _check_order(n, [x for x in (low, q1, median, q3, high) if x is not None])
    if low is not None and high is not None:
        mid, sd = (low + high) / 2, (high - low) / _range_width(n)
        if q1 is None or q3 is None:
            w = 4 / (4 + n**0.75)
            return MeanSd(w * mid + (1 - w) * median, sd)
        w1, w2 = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
        share = 1 / (1 + 0.07 * n**0.6)
        inner = (q3 - q1) / _quartile_width(n)
        mean = w1 * mid + w2 * (q1 + q3) / 2 + (1 - w1 - w2) * median
        return MeanSd(mean, share * sd + (1 - share) * inner)
    if q1 is None or q3 is None:
        raise InputError("mean and SD need the range (low, high) or the quartiles (q1, q3) beside the median")
    w = 0.7 + 0.39 / n
    return MeanSd(w * (q1 + q3) / 2 + (1 - w) * median, (q3 - q1) / _quartile_width(n))


def skewness_test(
    n: Array,
    median: Array,
    *,
    low: Array | None = None,
    q1: Array | None = None,
    q3: Array | None = None,
    high: Array | None = None,
) -> Skewness:
    """Test whether printed quantiles contradict normal data, at 5 %.

    Source: Shi et al. 2023, Res Synth Methods 14:489 (arXiv 2010.05749), statistics T1, T2, T3 and the approximations
    of their critical values.

    Raises
    ------
    InputError
        If neither the range nor the quartiles are complete, or the numbers are not in order.
    """
    _check_order(n, [x for x in (low, q1, median, q3, high) if x is not None])
    if low is None or high is None:
        if q1 is None or q3 is None:
            raise InputError("the skewness test needs the range (low, high) or the quartiles (q1, q3)")
        statistic, critical = np.abs(q1 + q3 - 2 * median) / (q3 - q1), 2.65 / np.sqrt(n) - 6 / n**2
    else:
        lean = np.abs(low + high - 2 * median) / (high - low)
        statistic, critical = lean, 1 / np.log(n + 9) + 2.5 / (n + 1)
        if q1 is not None and q3 is not None:
            quarter = np.abs(q1 + q3 - 2 * median) / (q3 - q1)
            statistic = np.maximum(2.65 * np.log(0.6 * n) / np.sqrt(n) * lean, quarter)
            critical = 3 / np.sqrt(n) - 40 / n**3
    return Skewness(statistic, critical, statistic > critical)


def _check_order(n: Array, ascending: list[Array]) -> None:
    if np.any(n < 2):
        raise InputError("quantiles need a sample size of at least 2")
    for below, above in pairwise(ascending):
        if np.any(below > above):
            rows = ", ".join(str(i + 1) for i in np.flatnonzero(below > above)[:5])
            raise InputError(f"quantiles are not in order in row {rows}; minimum <= q1 <= median <= q3 <= maximum")
