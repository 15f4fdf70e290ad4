"""Step-function selection models: the chance of an effect to be reported depends on its one-sided p-value.

Hedges 1992, Stat Sci 7:246; Vevea & Hedges 1995, Psychometrika 60:419. With one step this is the three-parameter model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.stats.effects.registry import Array
from metareview.stats.synthesis.core import log_likelihood, prepare
from metareview.stats.synthesis.estimators import find_estimator
from metareview.stats.synthesis.inference import critical
from metareview.stats.synthesis.univariate import UnivariateFit

__all__ = ["SelectionFit", "selection_model"]


@dataclass(frozen=True, slots=True)
class SelectionFit:
    """A step-function selection model, by maximum likelihood.

    Attributes
    ----------
    steps : upper ends of the intervals of p-values, the last 1.
    counts : effects in each interval.
    delta, delta_se : relative chances of being reported, the first fixed at 1 (standard error None).
    names, beta, se, ci_low, ci_high : the adjusted model.
    tau2 : its heterogeneity variance.
    log_likelihood : at the maximum; `lrt`, `lrt_df`, `lrt_pvalue` against the same model without selection.
    warnings : empty intervals, boundaries.
    """

    alternative: str
    steps: tuple[float, ...]
    counts: tuple[int, ...]
    delta: tuple[float, ...]
    delta_se: tuple[float | None, ...]
    names: tuple[str, ...]
    beta: tuple[float, ...]
    se: tuple[float | None, ...]
    ci_low: tuple[float | None, ...]
    ci_high: tuple[float | None, ...]
    tau2: float
    log_likelihood: float
    lrt: float
    lrt_df: int
    lrt_pvalue: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Setting:
    """Data on the internal scale and the cut points of each effect (k, steps - 1)."""

    y: Array
    v: Array
    x: Array
    cuts: Array
    cell: Array


def selection_model(
    model: UnivariateFit, *, steps: tuple[float, ...] = (0.025,), alternative: str = "greater"
) -> SelectionFit:
    """Fit a step-function selection model to the data of `model`.

    Parameters
    ----------
    model : the fit without selection; its moderators are kept.
    steps : cut points of the one-sided p-value inside (0, 1).
    alternative : direction that is favoured, ``greater`` or ``less``.

    Raises
    ------
    UnknownName
        For another alternative.
    InputError
        For steps outside (0, 1).
    NotEstimable
        When an interval holds no effect, so that its weight cannot be estimated, or the search does not end.
    """
    if alternative not in ("greater", "less"):
        raise UnknownName("alternative", alternative, ("greater", "less"))
    cuts = tuple(sorted({float(s) for s in steps} - {1.0}))
    if not cuts or not all(0 < s < 1 for s in cuts):
        raise InputError(f"steps are {steps}; they are p-values between 0 and 1")
    sign = 1.0 if alternative == "greater" else -1.0
    setting, unit = _setting(model, cuts, sign)
    counts = np.bincount(setting.cell.astype(int), minlength=len(cuts) + 1)
    if (counts == 0).any():
        empty = [f"{low:g}-{high:g}" for low, high, n in zip((0.0, *cuts), (*cuts, 1.0), counts, strict=True) if n == 0]
        raise NotEstimable(f"no p-value lies in {', '.join(empty)}; choose steps with effects between all of them")
    best, value = _maximise(setting, len(cuts))
    return _report(model, setting, best, value, (*cuts, 1.0), counts, alternative, sign, unit)


def _setting(model: UnivariateFit, cuts: tuple[float, ...], sign: float) -> tuple[_Setting, float]:
    unit = float(np.sqrt(np.median(model.vi)))
    y, v = sign * model.yi / unit, model.vi / unit**2
    p = ndtr(-y / np.sqrt(v))
    cell = np.searchsorted(np.array(cuts), p, side="left").astype(float)
    bounds = np.sqrt(v)[:, None] * -ndtri(np.array(cuts))
    return _Setting(y, v, np.asarray(model.x), bounds, cell), unit


def _objective(s: _Setting, steps: int) -> Callable[[Array], float]:
    """Minus the log-likelihood of (beta, tau, log delta); tau enters by its square, so zero is inside the space."""
    p = s.x.shape[1]

    def minus(theta: Array) -> float:
        mean, d = s.x @ theta[:p], s.v + theta[p] ** 2
        root = np.sqrt(d)
        delta = np.concatenate([[1.0], np.exp(theta[p + 1 :])])
        above = ndtr((mean[:, None] - s.cuts) / root[:, None])
        mass = np.diff(np.column_stack([np.zeros(len(mean)), above, np.ones(len(mean))]), axis=1) @ delta
        normal = -0.5 * (np.log(2 * np.pi * d) + (s.y - mean) ** 2 / d)
        return float(-np.sum(np.log(delta)[s.cell.astype(int)] + normal - np.log(mass)))

    return minus


def _maximise(s: _Setting, steps: int) -> tuple[Array, float]:
    from scipy.optimize import minimize

    minus, p = _objective(s, steps), s.x.shape[1]
    problem, scale = prepare(s.y[None], s.v[None], s.x)
    found = find_estimator("ML").run(problem, 1.5)
    t = float(found.tau2[0] * scale.s[0] ** 2)
    w = 1 / (s.v + t)
    beta = np.linalg.solve((s.x * w[:, None]).T @ s.x, s.x.T @ (w * s.y))
    results = []
    for tau in (np.sqrt(t), 0.5, 0.05):
        start = np.concatenate([beta, [max(tau, 1e-3)], np.zeros(steps)])
        rough = minimize(minus, start, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-6, "fatol": 1e-10})
        results.append(minimize(minus, rough.x, method="BFGS", options={"gtol": 1e-9, "maxiter": 1000}))
    best = min(results, key=lambda r: float(r.fun))
    theta = _newton(minus, np.asarray(best.x, dtype=float))
    if not np.isfinite(minus(theta)) or np.abs(theta[p + 1 :]).max() > 30:
        raise NotEstimable("the likelihood of the selection model has no maximum: a weight runs to 0 or infinity")
    return theta, -minus(theta)


def _newton(minus: Callable[[Array], float], theta: Array) -> Array:
    """A few Newton steps on numerical derivatives, taken only downhill."""
    for _ in range(4):
        g, h = _gradient(minus, theta), _hessian(minus, theta)
        values, vectors = np.linalg.eigh(h)
        if values[0] <= 0:
            return theta
        new = theta - vectors @ ((vectors.T @ g) / values)
        if not minus(new) <= minus(theta):
            return theta
        theta = new
    return theta


def _gradient(f: Callable[[Array], float], x: Array, h: float = 1e-4) -> Array:
    """Fourth-order central differences."""
    out = np.empty(len(x))
    for j in range(len(x)):
        e = np.zeros(len(x))
        e[j] = h * max(1.0, abs(x[j]))
        out[j] = (8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12 * e[j])
    return out


def _hessian(f: Callable[[Array], float], x: Array, h: float = 1e-3) -> Array:
    columns = []
    for j in range(len(x)):
        e = np.zeros(len(x))
        e[j] = h * max(1.0, abs(x[j]))
        steps = 8 * (_gradient(f, x + e) - _gradient(f, x - e)) - (_gradient(f, x + 2 * e) - _gradient(f, x - 2 * e))
        columns.append(steps / (12 * e[j]))
    h_ = np.array(columns)
    return np.asarray((h_ + h_.T) / 2)


def _report(
    model: UnivariateFit,
    s: _Setting,
    theta: Array,
    value: float,
    steps: tuple[float, ...],
    counts: NDArray[np.intp],
    alternative: str,
    sign: float,
    unit: float,
) -> SelectionFit:
    p = s.x.shape[1]
    delta = np.concatenate([[1.0], np.exp(theta[p + 1 :])])
    beta = sign * theta[:p] * unit
    errors, warnings = _errors(s, theta, len(steps) - 1)
    se = tuple(None if e is None else e * unit for e in errors[:p])
    half = critical(model.level, None)
    low = tuple(None if e is None else b - half * e for b, e in zip(beta.tolist(), se, strict=True))
    high = tuple(None if e is None else b + half * e for b, e in zip(beta.tolist(), se, strict=True))
    delta_se = (None, *(None if e is None else d * e for d, e in zip(delta[1:].tolist(), errors[p:], strict=True)))
    plain = _plain_likelihood(s)
    lrt = max(0.0, 2 * (value - plain))
    return SelectionFit(
        alternative, steps, tuple(int(c) for c in counts), tuple(delta.tolist()), delta_se, model.names,
        tuple(beta.tolist()), se, low, high, float(theta[p] ** 2 * unit**2), value - len(s.y) * float(np.log(unit)),
        lrt, len(steps) - 1, float(chdtrc(len(steps) - 1, lrt)), warnings,
    )  # fmt: skip


def _errors(s: _Setting, theta: Array, steps: int) -> tuple[list[float | None], tuple[str, ...]]:
    """Standard errors of beta and log delta from the observed information (tau2 held at 0 where it is there)."""
    p = s.x.shape[1]
    minus = _objective(s, steps)
    zero = abs(theta[p]) < 1e-3
    free = [j for j in range(len(theta)) if not (zero and j == p)]

    def inner(part: Array) -> float:
        full = theta.copy()
        full[p] = 0.0 if zero else full[p]
        full[free] = part
        return minus(full)

    h = _hessian(inner, theta[free])
    warnings = ("the heterogeneity is at its boundary, 0",) if zero else ()
    if np.linalg.eigvalsh(h)[0] <= 0:
        return [None] * (p + steps), (*warnings, "the information is not positive definite: no standard errors")
    all_se = dict(zip(free, np.sqrt(np.diag(np.linalg.inv(h))).tolist(), strict=True))
    return [all_se[j] for j in range(len(theta)) if j != p], warnings


def _plain_likelihood(s: _Setting) -> float:
    problem, scale = prepare(s.y[None], s.v[None], s.x)
    t = find_estimator("ML").run(problem, 1.5).tau2
    inner = float(log_likelihood(problem, t, restricted=False)[0])
    return inner - len(s.y) / 2 * float(np.log(2 * np.pi)) - len(s.y) * float(np.log(scale.s[0]))
