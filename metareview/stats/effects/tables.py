"""Measures of 2x2 tables: two groups (rows), event yes or no (columns).

Cells are ``ai, bi`` (group 1: events, others) and ``ci, di`` (group 2), all of shape (k,). Zero cells make log ratios
infinite; `counts.adjust_cells` adds the continuity correction before these formulas see the cells.
"""

from __future__ import annotations

import numpy as np

from metareview.stats.effects.registry import Array, Effect, measure, weighted_mean

__all__ = [
    "arcsine_risk_difference",
    "log_odds_ratio",
    "log_risk_ratio",
    "matched_log_odds_ratio",
    "matched_log_risk_ratio",
    "matched_risk_difference",
    "peto_log_odds_ratio",
    "risk_difference",
]

_FLEISS = "Fleiss & Berlin 2009, in Cooper et al. (eds.), The Handbook of Research Synthesis, 2nd ed., ch. 13"


def _risks(ai: Array, bi: Array, ci: Array, di: Array, vtype: str) -> tuple[Array, Array, Array, Array]:
    """Risks that enter the variance (own, weighted averages over studies, or pooled under H0), and group sizes."""
    n1, n2 = ai + bi, ci + di
    p1, p2 = ai / n1, ci / n2
    if vtype == "AV":
        p1, p2 = np.full_like(p1, weighted_mean(p1, n1)), np.full_like(p2, weighted_mean(p2, n2))
    elif vtype == "H0":
        p1 = p2 = (ai + ci) / (n1 + n2)
    return p1, p2, n1, n2


@measure("RR", "log risk ratio", "tables", "ai bi ci di", vtypes="LS AV H0", back="exp", source=_FLEISS)
def log_risk_ratio(ai: Array, bi: Array, ci: Array, di: Array, *, vtype: str = "LS") -> Effect:
    """Return log(p1 / p2) and (1 - p1)/(p1 n1) + (1 - p2)/(p2 n2)."""
    p1, p2, n1, n2 = _risks(ai, bi, ci, di, vtype)
    vi = (1 - p1) / (p1 * n1) + (1 - p2) / (p2 * n2)
    return Effect(np.log(ai / n1) - np.log(ci / n2), vi)


@measure("OR", "log odds ratio", "tables", "ai bi ci di", vtypes="LS AV H0", back="exp", source=_FLEISS)
def log_odds_ratio(ai: Array, bi: Array, ci: Array, di: Array, *, vtype: str = "LS") -> Effect:
    """Return log(a d / (b c)) and 1/a + 1/b + 1/c + 1/d (Woolf)."""
    p1, p2, n1, n2 = _risks(ai, bi, ci, di, vtype)
    vi = 1 / (p1 * (1 - p1) * n1) + 1 / (p2 * (1 - p2) * n2)
    return Effect(np.log(ai / bi) - np.log(ci / di), vi)


@measure("RD", "risk difference", "tables", "ai bi ci di", vtypes="LS UB AV H0", source=_FLEISS)
def risk_difference(ai: Array, bi: Array, ci: Array, di: Array, *, vtype: str = "LS") -> Effect:
    """Return p1 - p2 and p1(1 - p1)/n1 + p2(1 - p2)/n2; `UB` divides by n - 1."""
    p1, p2, n1, n2 = _risks(ai, bi, ci, di, vtype)
    less = 1.0 if vtype == "UB" else 0.0
    vi = p1 * (1 - p1) / (n1 - less) + p2 * (1 - p2) / (n2 - less)
    return Effect(ai / n1 - ci / n2, vi)


@measure("PETO", "log odds ratio (Peto)", "tables", "ai bi ci di", back="exp", source="Yusuf et al. 1985, p. 351")
def peto_log_odds_ratio(ai: Array, bi: Array, ci: Array, di: Array) -> Effect:
    """Return (O - E)/V and 1/V with the hypergeometric expectation E and variance V of `ai`."""
    n1, n2 = ai + bi, ci + di
    n = n1 + n2
    expected = (ai + ci) * n1 / n
    variance = (ai + ci) * (bi + di) * (n1 / n) * (n2 / n) / (n - 1)
    return Effect((ai - expected) / variance, 1 / variance)


@measure("AS", "arcsine risk difference", "tables", "ai bi ci di", source="Rücker et al. 2009, Stat Med 28:721")
def arcsine_risk_difference(ai: Array, bi: Array, ci: Array, di: Array) -> Effect:
    """Return asin(sqrt(p1)) - asin(sqrt(p2)) and 1/(4 n1) + 1/(4 n2)."""
    n1, n2 = ai + bi, ci + di
    return Effect(np.arcsin(np.sqrt(ai / n1)) - np.arcsin(np.sqrt(ci / n2)), 1 / (4 * n1) + 1 / (4 * n2))


# Matched tables: the same n pairs under two conditions. ai: yes-yes, bi: yes-no, ci: no-yes, di: no-no.


@measure("MPRD", "matched-pairs risk difference", "pairs", "ai bi ci di", source="May & Johnson 1997, Stat Med 16:2127")
def matched_risk_difference(ai: Array, bi: Array, ci: Array, di: Array) -> Effect:
    """Return (b - c)/n and (p12 + p21 - (p12 - p21)^2)/n, the variance of paired proportions (McNemar's cells)."""
    n = ai + bi + ci + di
    p12, p21 = bi / n, ci / n
    return Effect((ai + bi) / n - (ai + ci) / n, (p12 + p21 - (p12 - p21) ** 2) / n)


@measure(
    "MPRR", "matched-pairs log risk ratio", "pairs", "ai bi ci di", back="exp", source="Zou 2007, Stat Med 26:2958"
)
def matched_log_risk_ratio(ai: Array, bi: Array, ci: Array, di: Array) -> Effect:
    """Return log((a + b)/(a + c)) and (b + c)/((a + b)(a + c))."""
    return Effect(np.log((ai + bi) / (ai + ci)), (bi + ci) / ((ai + bi) * (ai + ci)))


@measure(
    "MPOR", "matched-pairs marginal log odds ratio", "pairs", "ai bi ci di", back="exp",
    source="Curtin et al. 2002, Stat Med 21:2131; Zou 2007",
)  # fmt: skip
def matched_log_odds_ratio(ai: Array, bi: Array, ci: Array, di: Array) -> Effect:
    """Return the marginal log odds ratio of paired proportions, its variance by the delta method."""
    n = ai + bi + ci + di
    p12, p21 = bi / n, ci / n
    p1, p2 = (ai + bi) / n, (ai + ci) / n
    spread = p12 * (1 - p12) + p21 * (1 - p21) + 2 * p12 * p21
    yi = np.log(p1 / (1 - p1)) - np.log(p2 / (1 - p2))
    return Effect(yi, spread / (n * p1 * (1 - p1) * p2 * (1 - p2)))
