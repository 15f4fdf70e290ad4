"""Sensitivity to single studies: leave-one-out, cumulative, influence, Baujat, subsets. All in one batched call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtr, ndtri, stdtrit

from metareview.errors import InputError, NotEstimable
from metareview.stats.synthesis.batch import fit_counts
from metareview.stats.synthesis.core import Array, prepare, wls
from metareview.stats.synthesis.heterogeneity import heterogeneity, i2_from_tau2
from metareview.stats.synthesis.univariate import UnivariateFit

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["baujat", "cumulative", "gosh", "influence", "leave_one_out"]


def _subset_frame(model: UnivariateFit, counts: Array, labels: list[str]) -> pd.DataFrame:
    """Estimates with intervals, heterogeneity and Q of each subset (B rows) of a model without moderators."""
    import pandas as pd

    found = fit_counts(model.yi, model.vi, counts, x=model.x, method=model.method)
    se = found.standard_errors(model.test)
    df = counts.sum(axis=1) - 1
    quantile = (1 + model.level) / 2
    z = np.full(len(df), ndtri(quantile))
    crit = z if model.test == "z" else np.where(df > 0, stdtrit(np.maximum(df, 1), quantile), z)
    se = np.where((df == 0), found.se, se)
    problem, scale = prepare(model.yi[None], model.vi[None], model.x, counts)
    spread = heterogeneity(problem)
    typical = spread.typical * scale.s**2
    return pd.DataFrame(
        {
            "label": labels,
            "k": counts.sum(axis=1).astype(int),
            "estimate": found.estimate,
            "se": se,
            "ci_low": found.estimate - crit * se,
            "ci_high": found.estimate + crit * se,
            "tau2": found.tau2,
            "i2": i2_from_tau2(found.tau2, typical),
            "q": spread.q,
            "q_pvalue": spread.pvalue,
        }
    )


def _no_moderators(model: UnivariateFit, what: str) -> None:
    if model.p > 1 or not model.has_intercept:
        raise InputError(f"{what} is for models without moderators; use influence() with them")


def leave_one_out(model: UnivariateFit, cluster: Any = None) -> pd.DataFrame:
    """Refit without each study in turn, or without each cluster of effects.

    Parameters
    ----------
    model : a fit without moderators.
    cluster : ids (k,) of the effects used; by default each effect is its own.

    Raises
    ------
    InputError
        For a model with moderators, or ids of another length.
    NotEstimable
        When there is nothing left after leaving one out.
    """
    _no_moderators(model, "leave-one-out")
    ids = np.arange(model.k) if cluster is None else np.asarray(cluster, dtype=object)
    if len(ids) != model.k:
        raise InputError(f"{len(ids)} cluster ids for {model.k} effects")
    levels = list(dict.fromkeys(ids.tolist()))
    if len(levels) < 2:
        raise NotEstimable("leaving the only study or cluster out leaves nothing")
    counts = np.array([[float(value != level) for value in ids.tolist()] for level in levels])
    names = list(model.labels) if cluster is None else [str(level) for level in levels]
    return _subset_frame(model, counts, names)


def cumulative(model: UnivariateFit, order: Any = None) -> pd.DataFrame:
    """Refit as studies are added one by one, in the order given (values to sort by, ties by row), or as they stand.

    Raises
    ------
    InputError
        For a model with moderators, or an order of another length.
    """
    _no_moderators(model, "cumulative meta-analysis")
    keys = np.arange(model.k) if order is None else np.asarray(order)
    if len(keys) != model.k:
        raise InputError(f"order has {len(keys)} values for {model.k} effects")
    sequence = np.argsort(keys, kind="stable")
    counts = np.zeros((model.k, model.k))
    for step, row in enumerate(sequence):
        counts[step:, row] = 1.0
    return _subset_frame(model, counts, [model.labels[i] for i in sequence])


def gosh(
    model: UnivariateFit, *, rng: np.random.Generator | None = None, subsets: int = 10_000, minimum: int = 2
) -> pd.DataFrame:
    """Fit subsets of the studies: all of at least `minimum` where there are no more than `subsets`, else a sample.

    Olkin, Dahabreh & Trikalinos 2012, Res Synth Methods 3:214. The membership of study j is bit j of column `subset`.

    Raises
    ------
    InputError
        For a model with moderators, or when a sample is needed and no `rng` is given.
    """
    _no_moderators(model, "GOSH")
    k = model.k
    if k < 62 and 2**k - 1 <= max(subsets, 1 << 13):
        codes = np.arange(1, 2**k, dtype=np.int64)
        members = ((codes[:, None] >> np.arange(k)) & 1).astype(float)
    else:
        if rng is None:
            raise InputError(f"2^{k} subsets are too many; pass rng= to draw {subsets} of them")
        members = _random_subsets(rng, k, subsets, minimum)
    members = members[members.sum(axis=1) >= minimum]
    frame = _subset_frame(model, members, [""] * len(members)).drop(columns="label")
    frame.insert(0, "subset", [int("".join(str(int(b)) for b in row[::-1]), 2) for row in members])
    return frame


def _random_subsets(rng: np.random.Generator, k: int, subsets: int, minimum: int) -> Array:
    """Sizes evenly from `minimum` to k, members evenly given the size."""
    sizes = rng.integers(minimum, k + 1, subsets)
    ranks = np.argsort(np.argsort(rng.random((subsets, k)), axis=1), axis=1)
    return (ranks < sizes[:, None]).astype(float)


def influence(model: UnivariateFit) -> pd.DataFrame:
    """Return case-deletion diagnostics of each study: what changes when it is left out.

    Columns: `rstudent`, `dffits`, `cook_d`, `cov_r`, `tau2_del`, `qe_del`, `hat`, `weight`, ``dfbs_<name>`` for each
    coefficient, and `influential` by the rules of Viechtbauer & Cheung 2010, Res Synth Methods 1:112.

    Raises
    ------
    NotEstimable
        When k - p < 2, so that nothing is left to estimate from.
    """
    if model.k - model.p < 2:
        raise NotEstimable(f"deletion diagnostics need k - p of at least 2; k = {model.k}, p = {model.p}")
    import pandas as pd

    k, p, x, tau2 = model.k, model.p, np.asarray(model.x), model.tau2 or 0.0
    counts = 1 - np.eye(k)
    without = fit_counts(model.yi, model.vi, counts, x=x, method=model.method)
    b = without.estimate.reshape(k, p)
    s2 = _factors(without.q / without.df, model.test)
    t = without.tau2
    cov_del = _covariances(x, model.vi, t, counts) * s2[:, None, None]
    full = np.linalg.inv((x / (model.vi + tau2)[:, None]).T @ x)
    hat = np.einsum("kp,pq,kq->k", x, full, x) / (model.vi + tau2)
    predicted = np.einsum("kp,kp->k", x, b)
    gap = model.yi - predicted
    spread = (model.vi + t) * s2 + np.einsum("kp,kpq,kq->k", x, cov_del, x)
    change = model.beta - b
    all_at_t = _covariances(x, model.vi, t, np.ones((k, k)))
    problem, _ = prepare(model.yi[None], model.vi[None], x, counts)
    out = {
        "label": list(model.labels),
        "rstudent": gap / np.sqrt(spread),
        "dffits": (x @ model.beta - predicted) / np.sqrt(s2 * hat * (t + model.vi)),
        "cook_d": np.einsum("kp,pq,kq->k", change, np.linalg.inv(model.cov), change),
        "cov_r": np.linalg.det(cov_del) / np.linalg.det(model.cov),
        "tau2_del": t,
        "qe_del": wls(problem, np.zeros(1)).q,
        "hat": hat,
        "weight": model.weights,
    }
    dfbs = change / np.sqrt(s2[:, None] * np.einsum("kpp->kp", all_at_t))
    out |= {f"dfbs_{name}": dfbs[:, j] for j, name in enumerate(model.names)}
    frame = pd.DataFrame(out)
    frame["influential"] = _influential(frame, dfbs, k, p)
    return frame


def _factors(raw: Array, test: str) -> Array:
    if test not in ("knha", "adhoc"):
        return np.ones_like(raw)
    return np.maximum(raw, 1.0) if test == "adhoc" else raw


def _covariances(x: Array, vi: Array, t: Array, counts: Array) -> Array:
    """(X'WX)^-1 for each subset (B, p, p)."""
    w = counts / (vi + t[:, None])
    return np.asarray(np.linalg.inv(np.einsum("bk,kp,kq->bpq", w, x, x)))


def _influential(frame: pd.DataFrame, dfbs: Array, k: int, p: int) -> NDArray[np.bool_]:
    cook = chdtr(p, np.maximum(frame["cook_d"].to_numpy(), 0.0)) > 0.5
    dffits = np.abs(frame["dffits"].to_numpy()) > 3 * np.sqrt(p / (k - p))
    return np.asarray(cook | dffits | (frame["hat"].to_numpy() > 3 * p / k) | (np.abs(dfbs) > 1).any(axis=1))


def baujat(model: UnivariateFit) -> pd.DataFrame:
    """Return each study's share in heterogeneity (`x`) and its influence on the pooled effect (`y`).

    Baujat et al. 2002, Stat Med 21:2641: x is the squared Pearson residual, y the squared standardised change of the
    study's fitted value without it.
    """
    import pandas as pd

    k, p, x = model.k, model.p, np.asarray(model.x)
    if k - p < 1:
        raise NotEstimable("leaving a study out leaves too few effects")
    counts = 1 - np.eye(k)
    without = fit_counts(model.yi, model.vi, counts, x=x, method=model.method)
    cov = _covariances(x, model.vi, without.tau2, counts)
    change = x @ model.beta - np.einsum("kp,kp->k", x, without.estimate.reshape(k, p))
    residual = (model.yi - x @ model.beta) ** 2 / (model.vi + (model.tau2 or 0.0))
    spread = np.einsum("kp,kpq,kq->k", x, cov, x)
    return pd.DataFrame({"label": model.labels, "x": residual, "y": change**2 / spread})
