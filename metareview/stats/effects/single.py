"""Measures of one group's mean and spread: `mi`, `sdi`, `ni`, all of shape (k,)."""

from __future__ import annotations

import numpy as np

from metareview.stats.effects.registry import Array, Effect, measure, weighted_mean

__all__ = ["log_cv", "log_mean", "log_sd", "mean"]

_NAKAGAWA = "Nakagawa et al. 2015, Methods Ecol Evol 6:143, equations 7 and 8"


@measure("MN", "mean", "group", "mi sdi ni", vtypes="LS HO", null=None, source="sd^2/n")
def mean(mi: Array, sdi: Array, ni: Array, *, vtype: str = "LS") -> Effect:
    """Return m and sd^2/n; `HO` pools the standard deviations over studies by n - 1."""
    square = np.full_like(sdi, weighted_mean(sdi**2, ni - 1)) if vtype == "HO" else sdi**2
    return Effect(mi.copy(), square / ni)


@measure("MNLN", "log mean", "group", "mi sdi ni", null=None, back="exp", source="delta method; Hedges et al. 1999")
def log_mean(mi: Array, sdi: Array, ni: Array) -> Effect:
    """Return log(m) and sd^2/(n m^2)."""
    return Effect(np.log(mi), sdi**2 / (ni * mi**2))


@measure("SDLN", "log standard deviation", "group", "sdi ni", null=None, corrects=True, back="exp", source=_NAKAGAWA)
def log_sd(sdi: Array, ni: Array, *, correct: bool = True) -> Effect:
    """Return log(sd), corrected by 1/(2(n - 1)), and 1/(2(n - 1))."""
    return Effect(np.log(sdi) + (1 / (2 * (ni - 1)) if correct else 0.0), 1 / (2 * (ni - 1)))


@measure(
    "CVLN", "log coefficient of variation", "group", "mi sdi ni", null=None, corrects=True, back="exp", source=_NAKAGAWA
)
def log_cv(mi: Array, sdi: Array, ni: Array, *, correct: bool = True) -> Effect:
    """Return log(sd/m), corrected by 1/(2(n - 1)), and 1/(2(n - 1)) + sd^2/(n m^2)."""
    yi = np.log(sdi / mi) + (1 / (2 * (ni - 1)) if correct else 0.0)
    return Effect(yi, 1 / (2 * (ni - 1)) + sdi**2 / (ni * mi**2))
