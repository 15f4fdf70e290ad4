"""One table for the reviewers: the pooled effect under other estimators, without outliers, under dependence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from metareview.errors import MetareviewError
from metareview.stats.effects.registry import Array
from metareview.stats.synthesis.covariance import aggregate, block_covariance
from metareview.stats.synthesis.deletion import influence
from metareview.stats.synthesis.fit import fit
from metareview.stats.synthesis.inference import critical
from metareview.stats.synthesis.inputs import read_column, read_inputs
from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.result import ModelFit
from metareview.stats.synthesis.univariate import UnivariateFit

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LOW_RISK", "sensitivity_table"]

#: Name of the analysis of studies at low risk of bias only.
LOW_RISK = "low risk of bias"
_ESTIMATORS = ("EE", "DL", "PM", "ML", "SJ")


def sensitivity_table(
    yi: Any,
    vi: Any = None,
    *,
    sei: Any = None,
    data: pd.DataFrame | None = None,
    cluster: Any = None,
    low_risk: Any = None,
    rho: tuple[float, ...] = (0.2, 0.5, 0.8),
    level: float = 0.95,
    cluster_name: str | None = None,
) -> pd.DataFrame:
    """Return the pooled effect of one data set under a list of reasonable analyses.

    Rows: REML (the main analysis), other estimators, without outliers (interval of the study outside that of the pooled
    effect), without influential studies (Viechtbauer & Cheung 2010), low risk of bias only; with `cluster`: three
    levels, robust, correlated-and-hierarchical at each `rho`, and effects combined within clusters.

    Parameters
    ----------
    yi, vi, sei, data : as in `fit`.
    cluster : ids (k,) or a column, the study each effect comes from.
    low_risk : booleans (k,) or a column, True where the risk of bias is low.
    rho : correlations of sampling errors within a cluster to try.
    level : level of confidence.
    cluster_name : what a cluster is, for notes; the column of `cluster` by default.

    Returns
    -------
    DataFrame with `analysis`, `k`, `estimate`, `se`, `ci_low`, `ci_high`, `tau2` (the sum of the components) and
    `note`: why an analysis could not be made, in place of its numbers.
    """
    import pandas as pd

    given = read_inputs(yi, vi, sei=sei, data=data)
    y, v = given.yi, given.vi
    ids = None if cluster is None else read_column("cluster", cluster, given.data, text=True)[given.rows]
    low = None if low_risk is None else read_column("low_risk", low_risk, given.data, text=True)[given.rows]
    jobs: list[tuple[str, Callable[[], ModelFit]]] = [("REML", lambda: fit(y, v, level=level))]
    jobs += [(code, lambda code=code: fit(y, v, method=code, level=level)) for code in _ESTIMATORS]  # type: ignore[misc]
    jobs.append(("outliers out", lambda: _subset(y, v, ~_outliers(y, v, level), level)))
    jobs.append(("influential out", lambda: _subset(y, v, ~_influential(y, v), level)))
    if low is not None:
        jobs.append((LOW_RISK, lambda: _subset(y, v, low.astype(bool), level)))
    if ids is not None:
        jobs += _dependent(y, v, [str(c) for c in ids], rho, level, cluster_name or cluster)
    return pd.DataFrame([_row(name, job) for name, job in jobs])


def _dependent(
    y: Array, v: Array, ids: list[str], rho: tuple[float, ...], level: float, name: object
) -> list[tuple[str, Callable[[], ModelFit]]]:
    import pandas as pd

    usable = isinstance(name, str) and name.isidentifier() and name not in ("yi", "vi", "effect")
    own = str(name) if usable else "cluster"
    table = pd.DataFrame({"yi": y, "vi": v, own: ids, "effect": range(len(y))})
    three = f"~ 1 | {own}/effect"

    def hierarchical(r: float) -> ModelFit:
        return fit(table, V=block_covariance(v, ids, r), random=three, cluster=own, level=level)

    def combined() -> ModelFit:
        one, variance, _ = aggregate(y, block_covariance(v, ids, rho[len(rho) // 2]), ids)
        return fit(one, variance, level=level)

    jobs: list[tuple[str, Callable[[], ModelFit]]] = [
        ("three levels", lambda: fit(table, random=three, level=level)),
        ("robust (CR2)", lambda: fit(table, cluster=own, level=level)),
    ]
    jobs += [
        (f"correlated and hierarchical, rho = {r:g}", lambda r=r: hierarchical(r))  # type: ignore[misc]
        for r in rho
    ]
    return [*jobs, (f"combined within clusters, rho = {rho[len(rho) // 2]:g}", combined)]


def _row(name: str, job: Callable[[], ModelFit]) -> dict[str, object]:
    try:
        model = job()
    except MetareviewError as error:
        return {"analysis": name, "note": str(error)}
    tau2 = model.tau2 if isinstance(model, UnivariateFit) else None
    if isinstance(model, MultilevelFit):
        tau2 = float(sum(model.sigma2))
    return {
        "analysis": name, "k": model.k, "estimate": model.estimate, "se": float(model.se[0]), "ci_low": model.ci_low,
        "ci_high": model.ci_high, "tau2": tau2, "note": "; ".join(model.warnings),
    }  # fmt: skip


def _subset(y: Array, v: Array, keep: NDArray[np.bool_], level: float) -> ModelFit:
    return fit(y[keep], v[keep], level=level)


def _outliers(y: Array, v: Array, level: float) -> NDArray[np.bool_]:
    """Studies whose own interval lies wholly outside that of the pooled effect."""
    whole, width = fit(y, v, level=level), critical(level, None) * np.sqrt(v)
    half = critical(level, whole.df[0]) * float(whole.se[0])
    low, high = whole.estimate - half, whole.estimate + half
    return np.asarray((y + width < low) | (y - width > high))


def _influential(y: Array, v: Array) -> NDArray[np.bool_]:
    whole = fit(y, v, test="z")
    if not isinstance(whole, UnivariateFit):
        raise TypeError("fit returned another kind of model")
    return np.asarray(influence(whole)["influential"], dtype=bool)
