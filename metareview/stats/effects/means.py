"""Measures of two independent groups: means `m1i`, `m2i`, SDs `sd1i`, `sd2i`, sizes `n1i`, `n2i`, all of shape (k,)."""

from __future__ import annotations

import numpy as np

from metareview.stats.effects.registry import Array, Effect, measure, weighted_mean
from metareview.stats.effects.small_sample import hedges_j

__all__ = [
    "log_cv_ratio",
    "log_ratio_of_means",
    "log_variability_ratio",
    "mean_difference",
    "pooled_sd",
    "smd",
    "smd_by_control",
    "smd_from_d",
    "smd_heteroscedastic",
]

_SIX = "m1i m2i sd1i sd2i n1i n2i"


def pooled_sd(sd1i: Array, sd2i: Array, n1i: Array, n2i: Array) -> Array:
    """Return the pooled standard deviation with n1 + n2 - 2 degrees of freedom.

    >>> pooled_sd(np.array([2.0]), np.array([2.0]), np.array([5.0]), np.array([9.0])).tolist()
    [2.0]
    """
    return np.sqrt(((n1i - 1) * sd1i**2 + (n2i - 1) * sd2i**2) / (n1i + n2i - 2))


@measure(
    "MD", "mean difference", "means", _SIX, vtypes="LS UB HO",
    source="Borenstein 2009, Handbook of Research Synthesis, 2nd ed., equations 12.3-12.5",
)  # fmt: skip
def mean_difference(
    m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, n1i: Array, n2i: Array, *, vtype: str = "LS"
) -> Effect:
    """Return m1 - m2 and sd1^2/n1 + sd2^2/n2 (`UB` is the same); `HO` pools the standard deviations."""
    if vtype == "HO":
        sd1i = sd2i = pooled_sd(sd1i, sd2i, n1i, n2i)
    return Effect(m1i - m2i, sd1i**2 / n1i + sd2i**2 / n2i)


def smd_from_d(d: Array, n1i: Array, n2i: Array, df: Array, size: Array, vtype: str, correct: bool) -> Effect:
    """Return the corrected standardised difference and its variance from the uncorrected `d`.

    Parameters
    ----------
    d : (m1 - m2)/sd, shape (k,).
    n1i, n2i : group sizes.
    df : degrees of freedom of the standardiser.
    size : what the term d^2/(2 size) divides by: n1 + n2, or n2 where only group 2's SD is used.
    vtype : `LS` Hedges 1982, Psychol Bull 92:490, equation 8; `LS2` Borenstein 2009, equation 12.17; `UB` Hedges 1983,
        Psychol Bull 93:388, equation 9; `AV` the size-weighted mean effect in place of each own; `H0` under no effect.
    correct : whether to apply Hedges' J.
    """
    j = hedges_j(df) if correct else np.ones_like(d)
    yi, base = j * d, 1 / n1i + 1 / n2i
    if vtype == "UB":
        return Effect(yi, base + (1 - (df - 2) / (df * j**2)) * yi**2)
    if vtype == "LS2":
        return Effect(yi, j**2 * (base + d**2 / (2 * size)))
    if vtype == "H0":
        return Effect(yi, np.where(df > 2, j**2 * base * df / np.where(df > 2, df - 2, 1.0), np.nan))
    square = weighted_mean(yi, n1i + n2i) ** 2 if vtype == "AV" else yi**2
    return Effect(yi, base + square / (2 * size))


@measure(
    "SMD", "standardised mean difference (Hedges' g)", "means", _SIX, vtypes="LS LS2 UB AV H0", corrects=True,
    source="Hedges 1981, J Educ Stat 6:107; Hedges & Olkin 1985, ch. 5, equation 15",
)  # fmt: skip
def smd(
    m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, n1i: Array, n2i: Array, *, vtype: str = "LS", correct: bool = True
) -> Effect:
    """Return J (m1 - m2)/pooled SD; `LS` variance 1/n1 + 1/n2 + g^2/(2(n1 + n2))."""
    d = (m1i - m2i) / pooled_sd(sd1i, sd2i, n1i, n2i)
    return smd_from_d(d, n1i, n2i, n1i + n2i - 2, n1i + n2i, vtype, correct)


@measure(
    "SMD1", "standardised mean difference by the SD of group 2 (Glass)", "means", "m1i m2i sd2i n1i n2i",
    vtypes="LS LS2 UB AV H0", corrects=True, source="Glass 1976, Educ Res 5:3; Hedges 1981, equation 6",
)  # fmt: skip
def smd_by_control(
    m1i: Array, m2i: Array, sd2i: Array, n1i: Array, n2i: Array, *, vtype: str = "LS", correct: bool = True
) -> Effect:
    """Return J(n2 - 1) (m1 - m2)/sd2; `LS` variance 1/n1 + 1/n2 + g^2/(2 n2)."""
    return smd_from_d((m1i - m2i) / sd2i, n1i, n2i, n2i - 1, n2i, vtype, correct)


@measure(
    "SMDH", "standardised mean difference, unequal variances", "means", _SIX, vtypes="LS LS2", corrects=True,
    source="Bonett 2008, Psychol Methods 13:99, equation 8; 2009, equation 5; the corrected effect in the variance",
)  # fmt: skip
def smd_heteroscedastic(
    m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, n1i: Array, n2i: Array, *, vtype: str = "LS", correct: bool = True
) -> Effect:
    """Return J (m1 - m2)/sqrt((sd1^2 + sd2^2)/2) with Bonett's variance; `LS2` divides by n in place of n - 1."""
    v1, v2 = sd1i**2, sd2i**2
    mean_variance = (v1 + v2) / 2
    yi = (m1i - m2i) / np.sqrt(mean_variance) * (hedges_j(n1i + n2i - 2) if correct else 1.0)
    f1, f2 = (n1i, n2i) if vtype == "LS2" else (n1i - 1, n2i - 1)
    vi = yi**2 * (v1**2 / f1 + v2**2 / f2) / (8 * mean_variance**2) + (v1 / f1 + v2 / f2) / mean_variance
    return Effect(yi, vi)


def _average_cvs(cv1: Array, cv2: Array, n1i: Array, n2i: Array, vtype: str) -> tuple[Array, Array]:
    """Coefficients of variation averaged over studies, per group (`AV`) or over both (`AVHO`)."""
    use = np.isfinite(cv1) & np.isfinite(cv2) & np.isfinite(n1i) & np.isfinite(n2i)
    both = (np.sum((n1i * cv1)[use]) + np.sum((n2i * cv2)[use])) / np.sum((n1i + n2i)[use])
    means = (both, both) if vtype == "AVHO" else (weighted_mean(cv1, n1i), weighted_mean(cv2, n2i))
    return np.full_like(cv1, means[0]), np.full_like(cv2, means[1])


@measure(
    "ROM", "log ratio of means (response ratio)", "means", _SIX, vtypes="LS LS2 HO AV AVHO", corrects=True, back="exp",
    source="Hedges, Gurevitch & Curtis 1999, Ecology 80:1150, equation 1; Lajeunesse 2015, equations 8 and 9",
)  # fmt: skip
def log_ratio_of_means(
    m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, n1i: Array, n2i: Array, *, vtype: str = "LS", correct: bool = True
) -> Effect:
    """Return log(m1/m2), bias corrected by (cv1^2/n1 - cv2^2/n2)/2, and cv1^2/n1 + cv2^2/n2 with cv = sd/m."""
    yi = np.log(m1i / m2i)
    if correct:
        yi = yi + ((sd1i / m1i) ** 2 / n1i - (sd2i / m2i) ** 2 / n2i) / 2
    if vtype == "HO":
        sd1i = sd2i = pooled_sd(sd1i, sd2i, n1i, n2i)
    cv1, cv2 = sd1i / m1i, sd2i / m2i
    if vtype in ("AV", "AVHO"):
        cv1, cv2 = _average_cvs(cv1, cv2, n1i, n2i, vtype)
    vi = cv1**2 / n1i + cv2**2 / n2i
    if vtype == "LS2":
        vi = vi + cv1**4 / (2 * n1i**2) + cv2**4 / (2 * n2i**2)
    return Effect(yi, vi)


def _log_sd_variance(n: Array, vtype: str) -> Array:
    """Sampling variance of a log standard deviation: 1/(2(n - 1)), or n/(2(n - 1)^2) for `LS2`."""
    return n / (2 * (n - 1) ** 2) if vtype == "LS2" else 1 / (2 * (n - 1))


@measure(
    "VR", "log variability ratio", "means", "sd1i sd2i n1i n2i", vtypes="LS LS2", corrects=True, back="exp",
    source="Nakagawa et al. 2015, Methods Ecol Evol 6:143, equations 9 and 10; Senior et al. 2020, equation 15",
)  # fmt: skip
def log_variability_ratio(
    sd1i: Array, sd2i: Array, n1i: Array, n2i: Array, *, vtype: str = "LS", correct: bool = True
) -> Effect:
    """Return log(sd1/sd2), corrected by 1/(2(n1 - 1)) - 1/(2(n2 - 1)), and 1/(2(n1 - 1)) + 1/(2(n2 - 1))."""
    yi = np.log(sd1i / sd2i)
    if correct:
        yi = yi + 1 / (2 * (n1i - 1)) - 1 / (2 * (n2i - 1))
    return Effect(yi, _log_sd_variance(n1i, vtype) + _log_sd_variance(n2i, vtype))


@measure(
    "CVR", "log coefficient of variation ratio", "means", _SIX, vtypes="LS LS2", corrects=True, back="exp",
    source="Nakagawa et al. 2015, equations 11 and 12 without the mean-variance correlation; Senior et al. 2020, 6, 16",
)  # fmt: skip
def log_cv_ratio(
    m1i: Array, m2i: Array, sd1i: Array, sd2i: Array, n1i: Array, n2i: Array, *, vtype: str = "LS", correct: bool = True
) -> Effect:
    """Return log(cv1/cv2), bias corrected, and the sum of the variances of log SD and log mean in both groups."""
    cv1, cv2 = sd1i / m1i, sd2i / m2i
    yi = np.log(cv1) - np.log(cv2)
    if correct:
        yi = yi + 1 / (2 * (n1i - 1)) - 1 / (2 * (n2i - 1)) + (cv2**2 / n2i - cv1**2 / n1i) / 2
    vi = _log_sd_variance(n1i, vtype) + _log_sd_variance(n2i, vtype) + cv1**2 / n1i + cv2**2 / n2i
    if vtype == "LS2":
        vi = vi + cv1**4 / (2 * n1i**2) + cv2**4 / (2 * n2i**2)
    return Effect(yi, vi)
