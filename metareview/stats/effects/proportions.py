"""Measures of one proportion: `xi` events and `mi` others, ``ni = xi + mi``, all of shape (k,)."""

from __future__ import annotations

import numpy as np

from metareview.stats.effects.registry import Array, Effect, measure, weighted_mean

__all__ = ["arcsine_proportion", "freeman_tukey", "log_proportion", "logit_proportion", "proportion"]

_AGRESTI = "Agresti 2013, Categorical Data Analysis, 3rd ed., ch. 1 and 16.1 (delta method)"


def _share(xi: Array, mi: Array, vtype: str) -> tuple[Array, Array]:
    ni = xi + mi
    p = xi / ni
    return (np.full_like(p, weighted_mean(p, ni)) if vtype == "AV" else p), ni


@measure("PR", "proportion", "proportion", "xi mi", vtypes="LS UB AV", null=None, source=_AGRESTI)
def proportion(xi: Array, mi: Array, *, vtype: str = "LS") -> Effect:
    """Return p and p(1 - p)/n; `UB` divides by n - 1, `AV` takes the mean proportion over studies."""
    p, ni = _share(xi, mi, vtype)
    return Effect(xi / ni, p * (1 - p) / (ni - (1.0 if vtype == "UB" else 0.0)))


@measure("PLN", "log proportion", "proportion", "xi mi", vtypes="LS AV", null=None, back="exp", source=_AGRESTI)
def log_proportion(xi: Array, mi: Array, *, vtype: str = "LS") -> Effect:
    """Return log(p) and (1 - p)/(p n)."""
    p, ni = _share(xi, mi, vtype)
    return Effect(np.log(xi / ni), 1 / (p * ni) - 1 / ni)


@measure(
    "PLO", "logit of a proportion", "proportion", "xi mi", vtypes="LS AV", null=None, back="expit", source=_AGRESTI
)
def logit_proportion(xi: Array, mi: Array, *, vtype: str = "LS") -> Effect:
    """Return log(x/m) and 1/x + 1/m."""
    p, ni = _share(xi, mi, vtype)
    return Effect(np.log(xi / mi), 1 / (p * ni) + 1 / ((1 - p) * ni))


@measure(
    "PAS", "arcsine square root of a proportion", "proportion", "xi mi", null=None, back="sin2",
    source="Anscombe 1948, Biometrika 35:246",
)  # fmt: skip
def arcsine_proportion(xi: Array, mi: Array) -> Effect:
    """Return asin(sqrt(p)) and 1/(4 n)."""
    ni = xi + mi
    return Effect(np.arcsin(np.sqrt(xi / ni)), 1 / (4 * ni))


@measure(
    "PFT", "Freeman-Tukey double arcsine of a proportion", "proportion", "xi mi", null=None, back="ipft",
    source="Freeman & Tukey 1950, Ann Math Stat 21:607; half of their sum, as Miller 1978 and metafor take it",
)  # fmt: skip
def freeman_tukey(xi: Array, mi: Array) -> Effect:
    """Return [asin(sqrt(x/(n+1))) + asin(sqrt((x+1)/(n+1)))]/2 and 1/(4 n + 2)."""
    ni = xi + mi
    yi = (np.arcsin(np.sqrt(xi / (ni + 1))) + np.arcsin(np.sqrt((xi + 1) / (ni + 1)))) / 2
    return Effect(yi, 1 / (4 * ni + 2))
