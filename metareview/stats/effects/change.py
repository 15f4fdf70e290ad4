"""Measures of the same units under two conditions: `m1i`, `m2i`, `sd1i`, `sd2i`, size `ni`, correlation `ri`.

The direction is metafor's: condition 1 minus condition 2.
"""

from __future__ import annotations

import numpy as np

from metareview.stats.effects.registry import Array, Effect, measure
from metareview.stats.effects.small_sample import hedges_j, unbiased_r

__all__ = ["change_sd", "log_ratio_of_paired_means", "mean_change", "smc_change", "smc_raw"]

_INPUTS = "m1i m2i sd1i sd2i ni ri"


def change_sd(sd1i: Array, sd2i: Array, ri: Array) -> Array:
    """Return the SD of the differences, sqrt(sd1^2 + sd2^2 - 2 r sd1 sd2).

    >>> change_sd(np.array([3.0]), np.array([4.0]), np.array([0.0])).tolist()
    [5.0]
    """
    return np.sqrt(sd1i**2 + sd2i**2 - 2 * ri * sd1i * sd2i)


@measure("MC", "mean change", "change", _INPUTS, source="variance of a mean of differences")
def mean_change(m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, ni: Array, ri: Array) -> Effect:
    """Return m1 - m2 and the squared SD of the differences over n."""
    return Effect(m1i - m2i, change_sd(sd1i, sd2i, ri) ** 2 / ni)


@measure(
    "SMCC", "standardised mean change by the SD of the change", "change", _INPUTS, vtypes="LS LS2 UB", corrects=True,
    source="Gibbons, Hedeker & Davis 1993, J Educ Stat 18:271, equation 21 with n for n - 1; Viechtbauer 2007",
)  # fmt: skip
def smc_change(
    m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, ni: Array, ri: Array, *, vtype: str = "LS", correct: bool = True
) -> Effect:
    """Return J(n - 1) (m1 - m2)/SD of the differences; `LS` variance 1/n + d^2/(2 n)."""
    d = (m1i - m2i) / change_sd(sd1i, sd2i, ri)
    j = hedges_j(ni - 1) if correct else np.ones_like(d)
    yi, df = j * d, ni - 1
    if vtype == "UB":
        return Effect(yi, 1 / ni + (1 - (df - 2) / (df * j**2)) * yi**2)
    if vtype == "LS2":
        return Effect(yi, j**2 * (1 / ni + d**2 / (2 * ni)))
    return Effect(yi, 1 / ni + yi**2 / (2 * ni))


@measure(
    "SMCR", "standardised mean change by the SD of condition 1", "change", "m1i m2i sd1i ni ri", vtypes="LS LS2 UB",
    corrects=True, source="Becker 1988, Br J Math Stat Psychol 41:257, equation 13; Viechtbauer 2007, equation 37",
)  # fmt: skip
def smc_raw(
    m1i: Array, m2i: Array, sd1i: Array, ni: Array, ri: Array, *, vtype: str = "LS", correct: bool = True
) -> Effect:
    """Return J(n - 1) (m1 - m2)/sd1; `LS` variance 2(1 - r)/n + d^2/(2 n)."""
    d = (m1i - m2i) / sd1i
    j = hedges_j(ni - 1) if correct else np.ones_like(d)
    yi, df = j * d, ni - 1
    if vtype == "UB":
        return Effect(yi, 2 * (1 - unbiased_r(ri, ni)) / ni + (1 - (df - 2) / (df * j**2)) * yi**2)
    if vtype == "LS2":
        return Effect(yi, j**2 * (2 * (1 - ri) / ni + d**2 / (2 * ni)))
    return Effect(yi, 2 * (1 - ri) / ni + yi**2 / (2 * ni))


@measure(
    "ROMC", "log ratio of paired means", "change", _INPUTS, vtypes="LS LS2", corrects=True, back="exp",
    source="Lajeunesse 2011, Ecology 92:2049, equation 6; Senior et al. 2020, equations 7, 18 and 19",
)  # fmt: skip
def log_ratio_of_paired_means(
    m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, ni: Array, ri: Array, *, vtype: str = "LS", correct: bool = True
) -> Effect:
    """Return log(m1/m2), bias corrected, and (cv1^2 + cv2^2 - 2 r cv1 cv2)/n with cv = sd/m."""
    cv1, cv2 = sd1i / m1i, sd2i / m2i
    yi = np.log(m1i / m2i) + ((cv1**2 - cv2**2) / (2 * ni) if correct else 0.0)
    vi = (cv1**2 + cv2**2 - 2 * ri * cv1 * cv2) / ni
    if vtype == "LS2":
        second = cv1**4 + cv2**4 + ri**2 * sd1i**2 * sd2i**2 * (m1i**4 + m2i**4) / (m1i**4 * m2i**4)
        vi = vi + second / (2 * ni**2)
    return Effect(yi, vi)
