"""Correlations (`ri`, `ni`), partial correlations (`ri`, `mi` predictors, `ni`), areas under the ROC curve, generic."""

from __future__ import annotations

import numpy as np

from metareview.stats.effects.registry import Array, Effect, measure, weighted_mean
from metareview.stats.effects.small_sample import gauss_2f1, unbiased_r

__all__ = [
    "auc",
    "correlation",
    "fisher_z",
    "generic",
    "partial_correlation",
    "partial_fisher_z",
    "unbiased_correlation",
]


def _needs_four(ni: Array, vi: Array) -> Array:
    """Blank variances of correlations from fewer than four units, where Fisher's z has none."""
    return np.where(ni > 3, vi, np.nan)


def _large_sample(yi: Array, ni: Array, vtype: str) -> Array:
    centre = np.full_like(yi, weighted_mean(yi, ni)) if vtype == "AV" else yi
    return _needs_four(ni, (1 - centre**2) ** 2 / (ni - 1))


@measure("COR", "correlation", "correlation", "ri ni", vtypes="LS AV", source="Hedges & Olkin 1985, ch. 11, equation 4")
def correlation(ri: Array, ni: Array, *, vtype: str = "LS") -> Effect:
    """Return r and (1 - r^2)^2/(n - 1)."""
    return Effect(ri.copy(), _large_sample(ri, ni, vtype))


@measure(
    "UCOR", "correlation, bias corrected", "correlation", "ri ni", vtypes="LS UB AV",
    source="Olkin & Pratt 1958, Ann Math Stat 29:201; Hedges 1989, equation 13 (UB)",
)  # fmt: skip
def unbiased_correlation(ri: Array, ni: Array, *, vtype: str = "LS") -> Effect:
    """Return the Olkin-Pratt estimate; `LS` variance (1 - g^2)^2/(n - 1), `UB` the unbiased one."""
    yi = unbiased_r(ri, ni)
    if vtype != "UB":
        return Effect(yi, _large_sample(yi, ni, vtype))
    rest = 1 - ri**2
    square = 1 - (ni - 3) / (ni - 2) * rest * gauss_2f1(1.0, 1.0, ni / 2, rest)
    return Effect(yi, _needs_four(ni, yi**2 - square))


@measure("ZCOR", "Fisher's z of a correlation", "correlation", "ri ni", back="tanh", source="Fisher 1921, Metron 1:3")
def fisher_z(ri: Array, ni: Array) -> Effect:
    """Return atanh(r) and 1/(n - 3)."""
    return Effect(np.arctanh(ri), np.where(ni > 3, 1 / np.where(ni > 3, ni - 3, 1.0), np.nan))


@measure("PCOR", "partial correlation", "partial", "ri mi ni", vtypes="LS AV", source="Aloe 2014, J Gen Psychol 141:47")
def partial_correlation(ri: Array, mi: Array, ni: Array, *, vtype: str = "LS") -> Effect:
    """Return r and (1 - r^2)^2/(n - m), m the number of predictors, the one of interest included."""
    centre = np.full_like(ri, weighted_mean(ri, ni)) if vtype == "AV" else ri
    return Effect(ri.copy(), (1 - centre**2) ** 2 / (ni - mi))


@measure("ZPCOR", "Fisher's z of a partial correlation", "partial", "ri mi ni", back="tanh", source="Fisher 1924")
def partial_fisher_z(ri: Array, mi: Array, ni: Array) -> Effect:
    """Return atanh(r) and 1/(n - m - 2)."""
    return Effect(np.arctanh(ri), 1 / (ni - mi - 2))


@measure(
    "AUC", "area under the ROC curve", "auc", "ai n1i n2i", vtypes="LS LS2 H0 MAX", null=0.5,
    source="Newcombe 2006, Stat Med 25:559, method 4; Hanley & McNeil 1982 (LS2); (n1-1)(n2-1) as in Cho et al. 2019",
)  # fmt: skip
def auc(ai: Array, n1i: Array, n2i: Array, *, vtype: str = "LS") -> Effect:
    """Return the area a and its variance from the area and the two group sizes."""
    spread, pairs = ai * (1 - ai), (n1i - 1) * (n2i - 1)
    if vtype == "H0":
        return Effect(ai.copy(), (n1i + n2i + 1) / (12 * n1i * n2i))
    if vtype == "MAX":
        return Effect(ai.copy(), spread / (np.minimum(n1i, n2i) - 1))
    if vtype == "LS2":
        q1, q2 = ai / (2 - ai), 2 * ai**2 / (1 + ai)
        return Effect(ai.copy(), (spread + (n1i - 1) * (q1 - ai**2) + (n2i - 1) * (q2 - ai**2)) / pairs)
    half = (n1i + n2i) / 2
    return Effect(ai.copy(), spread / pairs * (2 * half - 1 - (3 * half - 3) / ((2 - ai) * (1 + ai))))


@measure("GEN", "effects and variances as given", "generic", "yi vi", source="the study itself")
def generic(yi: Array, vi: Array) -> Effect:
    """Return effects and variances as given."""
    return Effect(yi.copy(), vi.copy())
