"""Everything a reader looks at to judge one fit, as plain numbers: what the diagnostic figures are drawn from.

The functions behind it are `deletion`, `trim_fill` and the profiles of the fits; this module asks them all, keeps why
one of them has no answer (`reasons`), and leaves a result that redraws without fitting again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtri

from metareview.errors import MetareviewError, NotEstimable
from metareview.stats.synthesis.deletion import baujat, cumulative, gosh, influence, leave_one_out
from metareview.stats.synthesis.diagnostics_result import (
    Band,
    Bin,
    Bubble,
    Case,
    Filled,
    FitDiagnostics,
    Profile,
    Refit,
    Spot,
)  # fmt: skip
from metareview.stats.synthesis.fit import fit
from metareview.stats.synthesis.inference import critical
from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.result import ModelFit
from metareview.stats.synthesis.trim_fill import trim_and_fill
from metareview.stats.synthesis.univariate import UnivariateFit
from metareview.stats.synthesis.weights import weights

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FitDiagnostics", "diagnose", "no_diagnostics"]

#: Points of a profile, and cells of the picture of all subsets (estimates, I2).
_POINTS, _CELLS = 41, (48, 30)
#: Subsets that are fitted at most; below 2^13 all of them are.
_SUBSETS = 4096
_ROBUST = (
    "Influence, Baujat plot, subsets and trim and fill are of the model without clusters: same estimates, other "
    "standard errors."
)
_NOT_HERE = "defined for independent effects only; leave-one-out answers for dependent ones"


def diagnose(
    model: ModelFit,
    *,
    labels: Sequence[str] | None = None,
    cluster: Sequence[str] | None = None,
    left_out: str = "cluster",
    order: Sequence[float] | None = None,
    order_name: str = "",
    seed: int = 0,
) -> FitDiagnostics:
    """Ask every diagnostic of a fit; what has no answer leaves its reason.

    Parameters
    ----------
    model : a fit of independent or of dependent effects.
    labels : names of the effects (k,); those of the fit by default.
    cluster : ids (k,) of what is left out in turn, `left_out` its name; by default each effect.
    order : what the effects are sorted by (k,), `order_name` its name; without it there is no cumulative analysis.
    seed : of the subsets, where there are too many to fit them all.
    """
    names = list(labels or model.labels)
    reasons: dict[str, str] = {}

    def ask(part: str, call: Callable[[], Any], nothing: Any) -> Any:
        try:
            return call()
        except MetareviewError as error:
            reasons[part] = str(error)
            return nothing

    fill = ask("trim_fill", lambda: trim_and_fill(_independent(model)), None)
    bins, drawn, every = ask("gosh", lambda: _gosh(_independent(model), seed), ((), 0, True))
    return FitDiagnostics(
        methods=_METHODS, k_in=model.k, k_used=model.k, estimate=model.estimate, low=model.ci_low, high=model.ci_high,
        i2=getattr(model, "i2", None), reasons=reasons, seed=seed,
        warnings=() if model.vcov == "model" else (_ROBUST,),
        leave_one_out=ask("leave_one_out", lambda: _leave_one_out(model, names, cluster), ()),
        left_out="effect" if cluster is None else left_out,
        cumulative=ask("cumulative", lambda: _cumulative(model, names, order), ()), order=order_name,
        influence=ask("influence", lambda: _cases(_independent(model), names), ()),
        baujat=ask("baujat", lambda: _baujat(_independent(model), names), ()),
        gosh=bins, subsets=drawn, all_subsets=every,
        profiles=ask("profiles", lambda: _profiles(model), ()),
        moderator=model.names[-1], bubbles=ask("bubble", lambda: _bubbles(model, names), ()), line=_line(model),
        filled=_filled(fill, model.k), side=fill.side if fill else "",
        filled_estimate=None if fill is None else _refit("with filled effects", fill.fitted),
    )  # fmt: skip


_METHODS = (
    "case deletion (Viechtbauer & Cheung 2010)", "Baujat plot (Baujat et al. 2002)",
    "subsets (GOSH; Olkin, Dahabreh & Trikalinos 2012)", "trim and fill, L0 (Duval & Tweedie 2000)",
    "profile likelihood (Hardy & Thompson 1996)",
)  # fmt: skip


def no_diagnostics(reason: str) -> FitDiagnostics:
    """Return diagnostics without any answer, for one reason."""
    return FitDiagnostics(reasons=dict.fromkeys(_PARTS, reason))


_PARTS = ("leave_one_out", "cumulative", "influence", "baujat", "gosh", "profiles", "trim_fill", "bubble")


def _independent(model: ModelFit) -> UnivariateFit:
    """The fit itself; of a cluster-robust one the model under it, whose estimates are the same."""
    if not isinstance(model, UnivariateFit):
        raise NotEstimable(_NOT_HERE)
    if model.vcov == "model":
        return model
    plain = fit(model.yi, model.vi, mods=model.x[:, 1:] if model.p > 1 else None, method=model.method,
                level=model.level, labels=list(model.labels))  # fmt: skip
    if not isinstance(plain, UnivariateFit):
        raise TypeError("fit returned another kind of model")
    return plain


def _pooled_only(model: ModelFit) -> None:
    if model.p > 1 or not model.has_intercept:
        raise NotEstimable("with moderators there is no one pooled effect")


def _refit(label: str, model: ModelFit) -> Refit:
    tau2 = model.tau2 if isinstance(model, UnivariateFit) else float(sum(getattr(model, "sigma2", ())))
    low, high = model.ci_low, model.ci_high
    if low is None or high is None:
        raise NotEstimable(f"{label}: too few effects for an interval")
    return Refit(label, model.k, model.estimate, float(model.se[0]), low, high, tau2, getattr(model, "i2", None))


def _of_frame(frame: pd.DataFrame, names: Sequence[str]) -> tuple[Refit, ...]:
    columns = ("k", "estimate", "se", "ci_low", "ci_high", "tau2", "i2")
    return tuple(
        Refit(name, int(k), *(float(v) for v in rest[:4]), *(float(v) if np.isfinite(v) else None for v in rest[4:]))
        for name, (k, *rest) in zip(names, frame[list(columns)].to_numpy(dtype=float), strict=True)
    )


def _leave_one_out(model: ModelFit, names: Sequence[str], cluster: Sequence[str] | None) -> tuple[Refit, ...]:
    _pooled_only(model)
    if isinstance(model, UnivariateFit) and model.vcov == "model":
        found = leave_one_out(model, cluster)
        return _of_frame(found, names if cluster is None else [str(name) for name in found["label"]])
    ids = np.array(names if cluster is None else [str(value) for value in cluster], dtype=object)
    levels = list(dict.fromkeys(ids.tolist()))
    if len(levels) < 2:
        raise NotEstimable("leaving the only cluster out leaves nothing")
    return tuple(_refit(f"{level}", _without(model, ids != level, ids)) for level in levels)


def _without(model: ModelFit, keep: Any, ids: Any) -> ModelFit:
    """The same model of some of its effects; random effects by their codes."""
    import pandas as pd

    rows = np.flatnonzero(keep)
    if isinstance(model, UnivariateFit):
        return fit(model.yi[rows], model.vi[rows], method=model.method, cluster=ids[rows], vcov=model.vcov,
                   level=model.level)  # fmt: skip
    if not isinstance(model, MultilevelFit):
        raise NotEstimable(_NOT_HERE)
    v = np.diag(model.v[rows]) if model.v.ndim == 1 else model.v[np.ix_(rows, rows)]
    table = pd.DataFrame({"yi": model.yi[rows]} | {f"c{i}": code[rows].astype(int).astype(str)
                                                    for i, code in enumerate(model.codes)})  # fmt: skip
    terms = [f"~ 1 | c{i}" for i in range(len(model.codes))]
    return fit("yi", V=v, data=table, random=terms, method=model.method, test=model.test, level=model.level)


def _cumulative(model: ModelFit, names: Sequence[str], order: Sequence[float] | None) -> tuple[Refit, ...]:
    if order is None:
        raise NotEstimable("nothing says in which order the effects came (a year, for example)")
    univariate = _independent(model)
    sequence = np.argsort(np.asarray(order), kind="stable")
    found = cumulative(univariate, order)
    return _of_frame(found, [f"+ {names[i]}" if n else names[i] for n, i in enumerate(sequence)])


def _cases(model: UnivariateFit, names: Sequence[str]) -> tuple[Case, ...]:
    found = influence(model)
    keys = ("rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "qe_del", "hat", "weight")
    rows = found[list(keys)].to_numpy(dtype=float)
    if not np.isfinite(rows).all():
        raise NotEstimable("without one of the effects nothing is left to estimate from")
    flags = [bool(flag) for flag in found["influential"]]
    return tuple(
        Case(name, **dict(zip(keys, map(float, row), strict=True)), influential=flag)
        for name, row, flag in zip(names, rows, flags, strict=True)
    )


def _baujat(model: UnivariateFit, names: Sequence[str]) -> tuple[Spot, ...]:
    found = baujat(model)
    if not np.isfinite(found[["x", "y"]].to_numpy(dtype=float)).all():
        raise NotEstimable(f"without one of {model.k} effects nothing is left to estimate from")
    return tuple(Spot(name, float(x), float(y)) for name, x, y in zip(names, found["x"], found["y"], strict=True))


def _gosh(model: UnivariateFit, seed: int) -> tuple[tuple[Bin, ...], int, bool]:
    """Counts of subsets by estimate and I2; empty cells are left out."""
    if model.k < 3:
        raise NotEstimable(f"{model.k} effects have no subsets worth looking at")
    frame = gosh(model, rng=np.random.default_rng(seed), subsets=_SUBSETS)
    every = model.k < 62 and len(frame) == 2**model.k - 1 - model.k
    x, y = frame["estimate"].to_numpy(float), frame["i2"].to_numpy(float)
    there = np.isfinite(x) & np.isfinite(y)
    if not there.any():
        raise NotEstimable(f"{model.method} has no I2, so the subsets cannot be laid out")
    counts, xs, ys = np.histogram2d(x[there], y[there], bins=_CELLS, range=[_range(x[there]), (0.0, 1.0)])
    bins = tuple(
        Bin(float(xs[i]), float(xs[i + 1]), float(ys[j]), float(ys[j + 1]), int(counts[i, j]))
        for i, j in zip(*np.nonzero(counts), strict=True)
    )
    return bins, len(frame), every


def _range(x: Any) -> tuple[float, float]:
    low, high = float(x.min()), float(x.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _profiles(model: ModelFit) -> tuple[Profile, ...]:
    cut = float(chdtri(1.0, 1 - model.level)) / 2
    if isinstance(model, MultilevelFit):
        if not model.components:
            raise NotEstimable("the model has no variance components")
        return tuple(_component(model, name, cut) for name in model.components)
    univariate = _independent(model)
    if univariate.method not in ("ML", "REML"):
        raise NotEstimable(f"{univariate.method} is no likelihood estimator; a profile needs ML or REML")
    if univariate.tau2 is None or univariate.log_likelihood is None:
        raise NotEstimable(f"k = {univariate.k} and {univariate.p} coefficients leave no heterogeneity to profile")
    interval = univariate.tau2_interval("PL")
    top = interval.high or univariate.tau2 or float(np.median(univariate.vi))
    values = _grid(univariate.tau2, top)
    found = univariate.profile(values)["log_likelihood"].to_numpy(float)
    drops = tuple(float(v) for v in found - univariate.log_likelihood)
    return (Profile("tau2", values, drops, univariate.tau2, interval.low, interval.high, -cut),)


def _component(model: MultilevelFit, name: str, cut: float) -> Profile:
    at = model.sigma2[model.components.index(name)]
    interval = model.interval(name)
    values = _grid(at, interval.high or 4 * at or float(np.median(model.vi)))
    found = model.profile(name, values)["log_likelihood"].to_numpy(float)
    drops = tuple(float(v) for v in found - model.log_likelihood)
    return Profile(name, values, drops, at, interval.low, interval.high, -cut)


def _grid(at: float, top: float) -> tuple[float, ...]:
    """Values from 0 to a little beyond the upper bound, closer together near 0, the estimate among them."""
    spread = 1.25 * top * np.linspace(0, 1, _POINTS) ** 2
    return tuple(float(v) for v in np.unique(np.append(spread, at)))


def _has_line(model: ModelFit) -> bool:
    return model.p == 2 and model.has_intercept and len(set(model.x[:, 1].tolist())) > 2


def _bubbles(model: ModelFit, names: Sequence[str]) -> tuple[Bubble, ...]:
    if not _has_line(model):
        if model.p == 2 and model.has_intercept:
            raise NotEstimable(f"k = {model.k}: {model.names[1]} has 2 different values; a bubble plot needs 3 or more")
        raise NotEstimable("a bubble plot needs an intercept and one numeric moderator")
    rows = zip(names, model.x[:, 1], model.yi, weights(model), strict=True)
    return tuple(Bubble(name, float(x), float(y), float(w)) for name, x, y, w in rows)


def _line(model: ModelFit) -> tuple[Band, ...]:
    if not _has_line(model):
        return ()
    grid = np.linspace(model.x[:, 1].min(), model.x[:, 1].max(), _POINTS)
    rows = np.column_stack([np.ones(_POINTS), grid])
    mean = rows @ model.beta
    half = critical(model.level, model.df[0]) * np.sqrt(np.einsum("mp,pq,mq->m", rows, model.cov, rows))
    return tuple(Band(float(x), float(y), float(y - h), float(y + h)) for x, y, h in zip(grid, mean, half, strict=True))


def _filled(fill: Any, k: int) -> tuple[Filled, ...]:
    if fill is None:
        return ()
    model = fill.fitted
    return tuple(Filled(model.labels[i], float(model.yi[i]), float(np.sqrt(model.vi[i]))) for i in range(k, model.k))
