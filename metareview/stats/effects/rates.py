"""Measures of events over time or exposure: counts `x1i`, `x2i` over `t1i`, `t2i`, or one group's `xi` over `ti`."""

from __future__ import annotations

import numpy as np

from metareview.stats.effects.registry import Array, Effect, measure

__all__ = ["log_rate", "log_rate_ratio", "rate", "rate_difference", "sqrt_rate"]

_ROTHMAN = "Rothman, Greenland & Lash 2008, Modern Epidemiology, 3rd ed., ch. 14"


@measure("IRR", "log incidence rate ratio", "rates", "x1i x2i t1i t2i", back="exp", source=_ROTHMAN)
def log_rate_ratio(x1i: Array, x2i: Array, t1i: Array, t2i: Array) -> Effect:
    """Return log((x1/t1)/(x2/t2)) and 1/x1 + 1/x2."""
    return Effect(np.log(x1i / t1i) - np.log(x2i / t2i), 1 / x1i + 1 / x2i)


@measure("IRD", "incidence rate difference", "rates", "x1i x2i t1i t2i", source=_ROTHMAN)
def rate_difference(x1i: Array, x2i: Array, t1i: Array, t2i: Array) -> Effect:
    """Return x1/t1 - x2/t2 and x1/t1^2 + x2/t2^2."""
    return Effect(x1i / t1i - x2i / t2i, x1i / t1i**2 + x2i / t2i**2)


@measure("IR", "incidence rate", "rate", "xi ti", null=None, source=_ROTHMAN)
def rate(xi: Array, ti: Array) -> Effect:
    """Return x/t and x/t^2."""
    return Effect(xi / ti, xi / ti**2)


@measure("IRLN", "log incidence rate", "rate", "xi ti", null=None, back="exp", source=_ROTHMAN)
def log_rate(xi: Array, ti: Array) -> Effect:
    """Return log(x/t) and 1/x."""
    return Effect(np.log(xi / ti), 1 / xi)


@measure("IRS", "square root of the incidence rate", "rate", "xi ti", null=None, back="square", source=_ROTHMAN)
def sqrt_rate(xi: Array, ti: Array) -> Effect:
    """Return sqrt(x/t) and 1/(4 t)."""
    return Effect(np.sqrt(xi / ti), 1 / (4 * ti))
