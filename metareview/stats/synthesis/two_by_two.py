"""Pooling 2x2 tables and rates without study-level variances: Mantel-Haenszel and Peto.

Cells are ``ai, bi`` (group 1: events, others) and ``ci, di`` (group 2), shape (k,); rates are ``x1i`` over ``t1i``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.results import Dropped
from metareview.stats.effects.rates import log_rate_ratio, rate_difference
from metareview.stats.effects.registry import Array
from metareview.stats.effects.tables import log_odds_ratio, log_risk_ratio, peto_log_odds_ratio, risk_difference
from metareview.stats.synthesis.inference import check_level
from metareview.stats.synthesis.result import FloatArray, ModelFit, frozen_array, undefined

__all__ = ["MH_MEASURES", "TableFit", "cochran_mantel_haenszel", "mantel_haenszel", "peto"]


class _Pooled(NamedTuple):
    estimate: float
    se: float


def _odds_ratio(a: Array, b: Array, c: Array, d: Array) -> _Pooled:
    """Mantel & Haenszel 1959; variance of Robins, Breslow & Greenland 1986, Biometrics 42:311."""
    n = a + b + c + d
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    rr, ss = r.sum(), s.sum()
    if rr == 0 or ss == 0:
        raise NotEstimable("the Mantel-Haenszel odds ratio is 0 or infinite: a group has no events or only events")
    variance = (p * r).sum() / rr**2 + (p * s + q * r).sum() / (rr * ss) + (q * s).sum() / ss**2
    return _Pooled(float(np.log(rr / ss)), float(np.sqrt(variance / 2)))


def _risk_ratio(a: Array, b: Array, c: Array, d: Array) -> _Pooled:
    """Greenland & Robins 1985, Biometrics 41:55, equations 4 and 13."""
    n1, n2 = a + b, c + d
    n = n1 + n2
    r, s = (a * n2 / n).sum(), (c * n1 / n).sum()
    if r == 0 or s == 0:
        raise NotEstimable("the Mantel-Haenszel risk ratio is 0 or infinite: a group has no events in any study")
    spread = (n1 * n2 * (a + c) / n**2 - a * c / n).sum()
    return _Pooled(float(np.log(r / s)), float(np.sqrt(spread / (r * s))))


def _risk_difference(a: Array, b: Array, c: Array, d: Array) -> _Pooled:
    """Greenland & Robins 1985; variance of Sato, Greenland & Robins 1989, Biometrics 45:1323."""
    n1, n2 = a + b, c + d
    n = n1 + n2
    weight = (n1 * n2 / n).sum()
    rd = float(((a * n2 - c * n1) / n).sum() / weight)
    first = (n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / n**2
    second = (a * (n2 - c) + c * (n1 - a)) / (2 * n)
    return _Pooled(rd, float(np.sqrt((rd * first.sum() + second.sum()) / weight**2)))


def _rate_ratio(x1: Array, x2: Array, t1: Array, t2: Array) -> _Pooled:
    """Rothman, Greenland & Lash 2008, equations 15-20 and 15-25."""
    t = t1 + t2
    r, s = (x1 * t2 / t).sum(), (x2 * t1 / t).sum()
    if r == 0 or s == 0:
        raise NotEstimable("the Mantel-Haenszel rate ratio is 0 or infinite: a group has no events in any study")
    return _Pooled(float(np.log(r / s)), float(np.sqrt((t1 * t2 * (x1 + x2) / t**2).sum() / (r * s))))


def _rate_difference(x1: Array, x2: Array, t1: Array, t2: Array) -> _Pooled:
    """Rothman, Greenland & Lash 2008, equations 15-14 and 15-15."""
    t = t1 + t2
    weight = (t1 * t2 / t).sum()
    variance = ((t1 * t2 / t) ** 2 * (x1 / t1**2 + x2 / t2**2)).sum() / weight**2
    return _Pooled(float(((x1 * t2 - x2 * t1) / t).sum() / weight), float(np.sqrt(variance)))


#: measure -> pooled estimate, and the effect of single studies for Q
MH_MEASURES: dict[str, tuple[Callable[..., _Pooled], Callable[..., tuple[Array, Array]]]] = {
    "OR": (_odds_ratio, log_odds_ratio),
    "RR": (_risk_ratio, log_risk_ratio),
    "RD": (_risk_difference, risk_difference),
    "IRR": (_rate_ratio, log_rate_ratio),
    "IRD": (_rate_difference, rate_difference),
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TableFit(ModelFit):
    """A Mantel-Haenszel or Peto fit: equal effects, one coefficient.

    Attributes
    ----------
    measure : OR, RR, RD, IRR, IRD (Mantel-Haenszel), or PETO.
    vi : sampling variances of the studies that have an effect of their own (they enter Q).
    q, q_df, q_pvalue : test of homogeneity of those studies.
    """

    measure: str
    vi: FloatArray
    q: float
    q_df: int
    q_pvalue: float

    def contract(self) -> dict[str, Any]:
        """Return the keys every model reports; what needs a heterogeneity variance is null, and says so."""
        body = ModelFit.contract(self) | {
            "measure": self.measure,
            "variance_components": [],
            "q": self.q,
            "q_df": self.q_df,
            "q_pvalue": self.q_pvalue,
        }
        return undefined(body, {"tau2": "equal-effects models have no heterogeneity variance"})


def mantel_haenszel(
    measure: str, first: ArrayLike, second: ArrayLike, third: ArrayLike, fourth: ArrayLike, *, level: float = 0.95
) -> TableFit:
    """Pool tables by Mantel and Haenszel's method; nothing is added to zero cells.

    Parameters
    ----------
    measure : OR, RR, RD on ``ai, bi, ci, di``; IRR, IRD on ``x1i, x2i, t1i, t2i``.

    Raises
    ------
    UnknownName
        For another measure.
    InputError
        For counts no study can have.
    NotEstimable
        When the pooled ratio is 0 or infinite.

    Examples
    --------
    >>> found = mantel_haenszel("OR", [4, 6], [119, 300], [11, 29], [128, 274])
    >>> round(found.estimate, 4)
    -1.4215
    """
    if measure not in MH_MEASURES:
        raise UnknownName("Mantel-Haenszel measure", measure, MH_MEASURES)
    pool, effects = MH_MEASURES[measure]
    cells, dropped = _cells(first, second, third, fourth)
    found = pool(*cells)
    return _table_fit("MH", measure, found, effects(*_corrected(cells, measure)), dropped, len(cells[0]), level)


def peto(ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike, *, level: float = 0.95) -> TableFit:
    """Pool 2x2 tables by Peto's method: the sum of observed minus expected over the sum of their variances.

    Raises
    ------
    InputError
        For counts no study can have.
    NotEstimable
        When no study has events.
    """
    cells, dropped = _cells(ai, bi, ci, di)
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = peto_log_odds_ratio(*cells)
    use = np.isfinite(yi) & np.isfinite(vi)
    if not use.any():
        raise NotEstimable("Peto's method needs a study with both events and non-events")
    total = float((1 / vi[use]).sum())
    found = _Pooled(float((yi[use] / vi[use]).sum() / total), float(1 / np.sqrt(total)))
    return _table_fit("Peto", "PETO", found, (yi, vi), dropped, len(cells[0]), level)


def _cells(*given: ArrayLike) -> tuple[tuple[Array, ...], tuple[Dropped, ...]]:
    arrays = tuple(np.atleast_1d(np.asarray(values, dtype=float)) for values in given)
    if len({a.shape for a in arrays}) > 1 or arrays[0].ndim != 1:
        raise InputError(f"cells differ in shape: {[a.shape for a in arrays]}; give one value per study in each")
    stacked = np.stack(arrays)
    if np.any(stacked < 0) or np.any(np.isinf(stacked)):
        rows = np.flatnonzero((stacked < 0).any(axis=0) | np.isinf(stacked).any(axis=0))
        raise InputError(f"row {rows[0] + 1}: counts and times are finite and at least 0")
    missing = np.isnan(stacked).any(axis=0)
    empty = ~missing & ((stacked[:2].sum(axis=0) == 0) & (stacked[2:].sum(axis=0) == 0))
    dropped = tuple(
        Dropped(f"row {i + 1}", "missing cell" if missing[i] else "no observations")
        for i in np.flatnonzero(missing | empty)
    )
    keep = ~(missing | empty)
    if not keep.any():
        raise InputError("no study has all four numbers")
    return tuple(a[keep] for a in arrays), dropped


def _corrected(cells: tuple[Array, ...], measure: str) -> tuple[Array, ...]:
    """Half an event added in studies with a zero cell, for the single studies' effects that enter Q only."""
    count = 2 if measure in ("IRR", "IRD") else 4
    zero = (np.stack(cells[:count]) == 0).any(axis=0)
    return tuple(np.where(zero, cell + 0.5, cell) if j < count else cell for j, cell in enumerate(cells))


def _table_fit(
    method: str,
    measure: str,
    found: _Pooled,
    effects: tuple[Array, Array],
    dropped: tuple[Dropped, ...],
    k: int,
    level: float,
) -> TableFit:
    check_level(level)
    yi, vi = effects
    use = np.isfinite(yi) & np.isfinite(vi) & (vi > 0)
    q = float(((yi[use] - found.estimate) ** 2 / vi[use]).sum())
    df = int(use.sum()) - 1
    names = {"MH": "Mantel-Haenszel", "Peto": "Peto (Yusuf et al. 1985)"}
    return TableFit(
        methods=(f"{method}: {names[method]}", "z: normal quantiles"), k_in=k + len(dropped), k_used=k,
        dropped=dropped, method=method, test="z", level=level, names=("intercept",),
        beta=frozen_array([found.estimate]), cov=frozen_array([[found.se**2]]), df=(None,),
        labels=tuple(f"row {i + 1}" for i in range(k)), yi=frozen_array(yi), vi=frozen_array(vi),
        x=frozen_array(np.ones((k, 1))), diagnostics={}, measure=measure, q=q, q_df=df,
        q_pvalue=float(chdtrc(df, q)) if df > 0 else 1.0,
    )  # fmt: skip


def cochran_mantel_haenszel(ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike) -> tuple[float, float]:
    """Return the Cochran-Mantel-Haenszel chi-squared (continuity corrected, 1 df) and its p-value."""
    (a, b, c, d), _ = _cells(ai, bi, ci, di)
    n = a + b + c + d
    expected = (a + b) * (a + c) / n
    variance = (a + b) * (a + c) * (b + d) * (c + d) / (n**2 * (n - 1))
    statistic = (abs((a - expected).sum()) - 0.5) ** 2 / variance.sum()
    return float(statistic), float(2 * ndtr(-np.sqrt(statistic)))
