"""The registry of estimators of the heterogeneity variance: one function each, under metafor's code.

An estimator takes a `Problem` (see `core`) and returns a `Tau2` on the internal scale; adding one is one function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from metareview.errors import UnknownName
from metareview.stats.synthesis import moments
from metareview.stats.synthesis.core import Array, Problem, scores
from metareview.stats.synthesis.solvers import Solution, maximise, solve_q

__all__ = ["ESTIMATORS", "Estimator", "Tau2", "find_estimator"]


class Tau2(NamedTuple):
    """Heterogeneity variances on the internal scale, each (B,), how they were found, and their standard errors."""

    tau2: Array
    iterations: NDArray[np.intp]
    modes: NDArray[np.intp]
    gradient: Array
    boundary: NDArray[np.bool_]
    se: Callable[[], Array]


@dataclass(frozen=True, slots=True)
class Estimator:
    """One estimator.

    Attributes
    ----------
    code : metafor's code.
    title, source : its name and where it is defined.
    run : ``(problem, ratio) -> Tau2``; `ratio` is the spacing of the grid of likelihood estimators.
    random : False for models without heterogeneity.
    restricted : whether its likelihood is the restricted one.
    """

    code: str
    title: str
    source: str
    run: Callable[[Problem, float], Tau2]
    random: bool = True
    restricted: bool = False


def _fixed(problem: Problem, ratio: float) -> Tau2:
    zero = np.zeros(problem.size)
    none = np.zeros(problem.size, dtype=np.intp)
    return Tau2(zero, none, none, zero, np.zeros(problem.size, dtype=bool), lambda: np.full_like(zero, np.nan))


def _moment(rule: Callable[[Problem], moments.Moment]) -> Callable[[Problem, float], Tau2]:
    def run(problem: Problem, ratio: float) -> Tau2:
        found = rule(problem)
        tau2 = np.maximum(found.raw, 0.0)
        one = np.ones(len(tau2), dtype=np.intp)
        return Tau2(tau2, one, one, np.zeros_like(tau2), ~(found.raw > 0), lambda: found.se(tau2))

    return run


def _from_solution(found: Solution, se: Callable[[], Array]) -> Tau2:
    return Tau2(found.t, found.iterations, found.modes, found.gradient, found.boundary, se)


def _root(problem: Problem, target: Array, df: Array) -> Tau2:
    """The root of Q(t) = target, with the standard error sqrt(2 k^2/(k - p))/sum w."""
    found = solve_q(problem, target)
    return _from_solution(found, lambda: np.sqrt(2 * problem.k**2 / df) / _weight_sum(problem, found.t))


def _weight_sum(problem: Problem, t: Array) -> Array:
    w = 1 / (problem.v + t[:, None])
    return np.asarray((w if problem.n is None else problem.n * w).sum(axis=1))


def _degrees(problem: Problem) -> Array:
    return np.asarray(np.broadcast_to(problem.k - problem.p, (problem.size,)), dtype=float)


def _paule_mandel(problem: Problem, ratio: float) -> Tau2:
    df = _degrees(problem)
    return _root(problem, df, df)


def _median_unbiased(problem: Problem, ratio: float) -> Tau2:
    df = _degrees(problem)
    return _root(problem, np.asarray(chdtri(df, 0.5), dtype=float), df)


def _likelihood(restricted: bool) -> Callable[[Problem, float], Tau2]:
    def run(problem: Problem, ratio: float) -> Tau2:
        found = maximise(problem, restricted=restricted, ratio=ratio)
        return _from_solution(found, lambda: np.sqrt(2 / scores(problem, found.t, restricted=restricted).trace2))

    return run


def _hs(problem: Problem) -> moments.Moment:
    return moments.hunter_schmidt(problem)


def _hsk(problem: Problem) -> moments.Moment:
    return moments.hunter_schmidt(problem, corrected=True)


_EQUAL = "Hedges & Vevea 1998, Psychol Methods 3:486; Laird & Mosteller 1990"

#: every estimator by its code
ESTIMATORS: dict[str, Estimator] = {
    entry.code: entry
    for entry in (
        Estimator("EE", "equal effects", _EQUAL, _fixed, random=False),
        Estimator("FE", "fixed effects (weighted mean of the studies at hand)", _EQUAL, _fixed, random=False),
        Estimator("DL", "DerSimonian-Laird", "DerSimonian & Laird 1986", _moment(moments.dersimonian_laird)),
        Estimator("HE", "Hedges", "Hedges & Olkin 1985, ch. 9", _moment(moments.hedges_olkin)),
        Estimator("HS", "Hunter-Schmidt", "Viechtbauer 2005, equation 11", _moment(_hs)),
        Estimator("HSk", "Hunter-Schmidt, corrected", "Brannick et al. 2019", _moment(_hsk)),
        Estimator("SJ", "Sidik-Jonkman", "Sidik & Jonkman 2005", _moment(moments.sidik_jonkman)),
        Estimator("EB", "empirical Bayes", "Morris 1983; Berkey et al. 1995: the same root as PM", _paule_mandel),
        Estimator("PM", "Paule-Mandel", "Paule & Mandel 1982; Viechtbauer et al. 2015", _paule_mandel),
        Estimator("PMM", "Paule-Mandel, median-unbiased", "Viechtbauer 2021", _median_unbiased),
        Estimator("ML", "maximum likelihood", "Hardy & Thompson 1996", _likelihood(False)),
        Estimator("REML", "restricted maximum likelihood", "Viechtbauer 2005", _likelihood(True), restricted=True),
    )
}


def find_estimator(code: str) -> Estimator:
    """Return an estimator by code.

    Raises
    ------
    UnknownName
        If there is no estimator of that code.
    """
    if code not in ESTIMATORS:
        raise UnknownName("method", code, ESTIMATORS)
    return ESTIMATORS[code]
