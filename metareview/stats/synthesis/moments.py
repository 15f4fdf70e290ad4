"""Moment estimators of the heterogeneity variance in closed form, and the variance of a quadratic form."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from metareview.stats.synthesis.core import Array, Problem, wls
from metareview.stats.synthesis.core import _inverse as inverse

__all__ = ["Moment", "by_weights", "dersimonian_laird", "hedges_olkin", "hunter_schmidt", "quadratic_variance"]


class Moment(NamedTuple):
    """An estimate before truncation at 0, (B,), and its standard error as a function of the truncated one."""

    raw: Array
    se: Callable[[Array], Array]


def _form(problem: Problem, a: Array) -> tuple[Array, Array, Array, Array]:
    """For fixed weights `a` (B, k): y'Py, tr P, tr PV, and (X'AX)^-1, with P = A - AX(X'AX)^-1X'A."""
    p = problem.p
    w = a if problem.n is None else problem.n * a
    m = inverse((w @ problem.xx).reshape(-1, p, p))
    b = np.einsum("bpq,bq->bp", m, (w * problem.y) @ problem.x)
    r = problem.y - b @ problem.x.T
    flat = m.reshape(-1, p * p)
    trace = w.sum(axis=1) - np.einsum("bp,bp->b", (w * a) @ problem.xx, flat)
    wav = w * a * problem.v
    trace_v = (w * problem.v).sum(axis=1) - np.einsum("bp,bp->b", wav @ problem.xx, flat)
    return np.einsum("bk,bk->b", w * r, r), trace, trace_v, m


def quadratic_variance(problem: Problem, a: Array, t: Array) -> Array:
    """Return 2 tr(P S P S), S = V + tI: the variance of y'Py for normal y, in O(k p^2)."""
    p = problem.p
    w = a if problem.n is None else problem.n * a
    m = inverse((w @ problem.xx).reshape(-1, p, p))
    s = problem.v + t[:, None]
    mid = m @ ((w * a * s) @ problem.xx).reshape(-1, p, p)
    outer = np.einsum("bp,bp->b", (w * a * a * s * s) @ problem.xx, m.reshape(-1, p * p))
    total = (w * a * s * s).sum(axis=1) - 2 * outer + np.einsum("bpq,bqp->b", mid, mid)
    return np.asarray(2 * total)


def by_weights(problem: Problem, a: Array) -> Moment:
    """Return the generalised method of moments for weights `a` (B, k) or (1, k).

    ``t = (y'Py - tr PV) / tr P``. DerSimonian & Kacker 2007, Contemp Clin Trials 28:105, equation 6; with moderators
    Jackson, Turner, Rhodes & Viechtbauer 2014, BMC Med Res Methodol 14:103, equation 2.
    """
    q, trace, trace_v, _ = _form(problem, a)
    return Moment((q - trace_v) / trace, lambda t: np.sqrt(quadratic_variance(problem, a, t)) / trace)


def dersimonian_laird(problem: Problem) -> Moment:
    """Return DerSimonian & Laird's estimate: weights 1/v. DerSimonian & Laird 1986, Control Clin Trials 7:177."""
    return by_weights(problem, 1 / problem.v)


def hedges_olkin(problem: Problem) -> Moment:
    """Return Hedges' estimate: equal weights. Hedges 1983; Hedges & Olkin 1985, ch. 9, equation 9."""
    return by_weights(problem, np.ones_like(problem.v))


def hunter_schmidt(problem: Problem, *, corrected: bool = False) -> Moment:
    """Return Hunter & Schmidt's estimate, (Q - k)/sum w; `corrected` multiplies Q by k/(k - p).

    Viechtbauer 2005, J Educ Behav Stat 30:261, equation 11; Brannick et al. 2019 for the correction (HSk).
    """
    a = 1 / problem.v
    w = a if problem.n is None else problem.n * a
    total, k = w.sum(axis=1), problem.k
    factor = k / (k - problem.p) if corrected else np.ones_like(k)
    q = wls(problem, np.zeros(1)).q
    return Moment((factor * q - k) / total, lambda t: factor * np.sqrt(quadratic_variance(problem, a, t)) / total)


def sidik_jonkman(problem: Problem) -> Moment:
    """Return Sidik & Jonkman's two-step estimate, started at the variance of the effects (with divisor k).

    The start is that of the effects, not of their residuals, also where there are moderators, as in metafor.

    It is never negative and never 0. Sidik & Jonkman 2005, Comput Stat Data Anal 50:3681, and Appl Stat 54:367.
    """
    n = np.ones_like(problem.v) if problem.n is None else problem.n
    y = problem.y if problem.shift is None else problem.y + problem.shift
    mean = (n * y).sum(axis=1) / problem.k
    start = (n * (y - mean[:, None]) ** 2).sum(axis=1) / problem.k
    q = wls(problem, start).q
    df = problem.k - problem.p
    a = 1 / (problem.v + start[:, None])
    return Moment(start * q / df, lambda t: start * np.sqrt(quadratic_variance(problem, a, t)) / df)
