"""One function for every model: `fit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from metareview.errors import InputError
from metareview.stats.synthesis.core import prepare, wls
from metareview.stats.synthesis.estimators import Tau2, find_estimator
from metareview.stats.synthesis.inference import TESTS, check_level, check_test, knapp_hartung
from metareview.stats.synthesis.inputs import Inputs, read_column, read_inputs
from metareview.stats.synthesis.intervals import check_interval
from metareview.stats.synthesis.result import ModelFit, frozen_array
from metareview.stats.synthesis.univariate import UnivariateFit

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fit"]


def fit(
    yi: Any,
    vi: Any = None,
    *,
    method: str = "REML",
    mods: Any = None,
    data: pd.DataFrame | None = None,
    test: str | None = None,
    level: float = 0.95,
    cluster: Any = None,
    vcov: str | None = None,
    V: Any = None,
    random: Any = None,
    sei: Any = None,
    labels: Any = None,
    tau2_ci: str = "QP",
) -> ModelFit:
    """Fit a meta-analytic model.

    Parameters
    ----------
    yi : effects (k,), a column of `data`, or the effects table itself (columns `yi`, `vi`).
    vi : sampling variances (k,) or a column; `sei` takes standard errors instead, `V` a covariance matrix (k, k).
    method : estimator of the heterogeneity, a key of `ESTIMATORS`; ML or REML with `random`.
    mods : moderators: a formula over `data`, a matrix (k, q), a DataFrame, or None.
    test : `z`, `t`, `knha` or `adhoc`. By default `adhoc` for random-effects models: with few studies normal quantiles
        cover far less than they say, and Knapp-Hartung without the floor can be narrower than them (coverage table in
        `benchmarks/README.md`); `z` for equal effects, `t` with `random` or `V`. `contain`, with `random` only, takes
        the levels of the random effect that has fewest, less one. With `random` or `V`, where Knapp-Hartung is not
        defined, `t` stands in for `knha` and `adhoc`; with `cluster` robust tests stand in for all; `warnings` says so.
    level : level of confidence.
    cluster : ids (k,) or a column; gives cluster-robust covariances of the kind `vcov`.
    vcov : CR0, CR1, CR2 (default, with Satterthwaite degrees of freedom) or CR3.
    random : random effects, ``"~ 1 | study/esid"`` or a list of such terms for crossed factors.
    labels : names of the rows for messages and tables.
    tau2_ci : interval reported for tau2: QP, PL or Wald.

    Returns
    -------
    UnivariateFit, or MultilevelFit with `random` or `V`. Rows that lack an effect, a variance or a moderator are in
    `dropped` with the reason.

    Raises
    ------
    UnknownName
        For a method, test or column that does not exist.
    InputError
        For data no model can use; the message says where and what to do.

    Examples
    --------
    >>> found = fit([0.1, 0.3, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01])
    >>> round(found.estimate, 4), round(found.tau2, 4)
    (0.3772, 0.0429)
    """
    check_level(level)
    if random is not None or V is not None:
        from metareview.stats.synthesis.multilevel_fit import fit_multilevel

        return fit_multilevel(
            yi, vi, method=method, mods=mods, data=data, test=test, level=level, cluster=cluster, vcov=vcov, V=V,
            random=random, sei=sei, labels=labels,
        )  # fmt: skip
    estimator = find_estimator(method)
    kind = test or ("adhoc" if estimator.random else "z")
    check_test(kind)
    check_interval(tau2_ci)
    given = read_inputs(yi, vi, sei=sei, mods=mods, data=data, labels=labels)
    model = _univariate(given, method, kind, level, tau2_ci)
    if cluster is None:
        if vcov not in (None, "model"):
            raise InputError(f"vcov={vcov} needs the ids of the clusters; pass cluster=")
        return model
    from metareview.stats.synthesis.robust import robust

    ids = read_column("cluster", cluster, given.data, text=True)
    if len(ids) != given.k_in:
        raise InputError(f"{len(ids)} cluster ids for {given.k_in} rows")
    return robust(model, ids[given.rows], vcov or "CR2")


def _univariate(given: Inputs, method: str, test: str, level: float, ci: str) -> UnivariateFit:
    problem, scale = prepare(given.yi[None], given.vi[None], given.design.x)
    estimator, df = find_estimator(method), int(problem.k[0]) - problem.p
    warnings = list(given.design.warnings)
    found = estimator.run(problem, 1.5) if df > 0 or not estimator.random else None
    t = 0.0 if found is None else float(found.tau2[0])
    if found is None:
        warnings.append(f"k = {len(given.yi)} and {problem.p} coefficients: the heterogeneity cannot be estimated")
    fitted = wls(problem, np.array([t]))
    factor, used, extra = _factor(float(fitted.q[0]), df, test)
    warnings += extra
    back = np.linalg.inv(scale.r)
    unit = float(scale.s[0])
    beta = back @ (fitted.b[0] * unit + scale.start[0])
    cov = back @ (fitted.inverse[0] * unit**2) @ back.T * factor
    if found is not None and int(found.modes[0]) > 1:
        warnings.append(f"the likelihood has {int(found.modes[0])} modes; the highest is reported, look at its profile")
    ddf = None if used == "z" else float(df)
    return UnivariateFit(
        methods=(f"{estimator.code}: {estimator.title} ({estimator.source})", f"{used}: {TESTS[used]}"),
        k_in=given.k_in, k_used=len(given.yi), dropped=given.dropped, warnings=tuple(warnings),
        method=method, test=used, level=level, names=given.design.names, beta=frozen_array(beta),
        cov=frozen_array(cov), df=(ddf,) * problem.p, labels=given.labels, yi=frozen_array(given.yi),
        x=frozen_array(given.design.x), diagnostics=_diagnostics(found, t), vi=frozen_array(given.vi),
        tau2=None if found is None else t * unit**2, s2=factor, ci_method=ci,
    )  # fmt: skip


def _factor(q: float, df: int, test: str) -> tuple[float, str, list[str]]:
    """Knapp-Hartung's factor, the test that is used, and what has to be said about it."""
    if test == "z":
        return 1.0, test, []
    if df == 0:
        return 1.0, "z", [f"no degrees of freedom for test={test}: normal quantiles are used"]
    if test == "t":
        return 1.0, test, []
    raw = float(knapp_hartung(q, df, adhoc=False))
    if raw == 0.0 and test == "knha":
        return (
            0.0,
            test,
            ["the effects are equal: Knapp-Hartung's se is 0; test='adhoc' keeps the usual one"],
        )
    if raw < 1 and test == "knha":
        return raw, test, [f"Knapp-Hartung's factor is {raw:.3g} < 1: narrower than without it; consider test='adhoc'"]
    return (max(raw, 1.0) if test == "adhoc" else raw), test, []


def _diagnostics(found: Tau2 | None, t: float) -> dict[str, float | int | bool | str]:
    if found is None:
        return {"status": "not estimable"}
    return {
        "iterations": int(found.iterations[0]),
        "modes": int(found.modes[0]),
        "gradient": float(found.gradient[0]),
        "at_boundary": bool(found.boundary[0]),
    }
