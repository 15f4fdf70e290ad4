"""Numbers of a fitted model as plain values, on the scale of the model and on the one people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scipy.special import ndtri

from metareview.errors import MetareviewError
from metareview.schema.synthesis import SynthesisSpec
from metareview.stats.declared.effects import read
from metareview.stats.declared.result import Analysis, Component, Contour, EffectRow, Estimate, Group
from metareview.stats.synthesis.fit import fit
from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.result import ModelFit
from metareview.stats.synthesis.sensitivity import LOW_RISK, sensitivity_table
from metareview.stats.synthesis.univariate import UnivariateFit

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["components", "contours", "estimates", "groups", "prediction", "sensitivity"]

#: Two-sided p-values of the contours of a funnel plot (Peters et al. 2008, J Clin Epidemiol 61:991).
_CONTOURS = (0.1, 0.05, 0.01)
#: Fewest effects of a subgroup that is pooled: with two, t on one degree of freedom covers everything.
_LEAST = 3


def estimates(model: ModelFit, declared: SynthesisSpec) -> tuple[Estimate, ...]:
    """Return the coefficients; a pooled effect also on the scale people read."""
    out = []
    for row in model.coefficients:
        name = "pooled effect" if model.p == 1 and model.has_intercept else row.name
        found = Estimate(
            name, row.estimate, row.se, row.ci_low, row.ci_high, statistic=row.statistic, df=row.df, pvalue=row.pvalue
        )
        out.append(read(found, declared) if model.p == 1 else found)
    return tuple(out)


def prediction(model: ModelFit, declared: SynthesisSpec) -> Estimate | None:
    """Return the prediction interval of a new true effect; None with moderators or without heterogeneity."""
    low: float | None = None
    high: float | None = None
    if model.p != 1 or not model.has_intercept:
        return None
    if isinstance(model, UnivariateFit):
        low, high = model.pi
    elif isinstance(model, MultilevelFit) and model.components:
        found = model.predict()
        low, high = found.pi_low[0], found.pi_high[0]
    if low is None or high is None:
        return None
    return read(Estimate("prediction interval", model.estimate, None, low, high), declared)


def components(model: ModelFit) -> tuple[Component, ...]:
    """Return the variance components with intervals and their shares of the typical total variance."""
    if isinstance(model, UnivariateFit):
        if not model.random or model.tau2 is None:
            return ()
        found = model.tau2_ci
        return (Component("tau2", model.tau2, found.low, found.high, None, model.i2),)
    if not isinstance(model, MultilevelFit):
        return ()
    shares, out = model.i2_levels, []
    for name, value, n in zip(model.components, model.sigma2, model.levels, strict=True):
        found = model.interval(name)
        out.append(Component(name, value, found.low, found.high, n, shares[name]))
    return tuple(out)


def groups(rows: Sequence[EffectRow], declared: SynthesisSpec) -> tuple[Group, ...]:
    """Return each subgroup pooled on its own, with heterogeneity of its own."""
    if declared.group is None and not declared.by_quality:
        return ()
    out = []
    for name in dict.fromkeys(row.group for row in rows):
        own = [row for row in rows if row.group == name and row.weight is not None]
        if len(own) < _LEAST:
            out.append(Group(name, len(own), None, None, f"fewer than {_LEAST} effects"))
            continue
        yi, vi = [row.effect.value for row in own], [row.vi for row in own]
        try:
            model = fit(yi, vi, method=declared.method, level=declared.level)
        except MetareviewError as error:
            out.append(Group(name, len(own), None, None, str(error)))
            continue
        tau2 = model.tau2 if isinstance(model, UnivariateFit) else None
        out.append(Group(name, len(own), estimates(model, declared)[0], tau2))
    return tuple(out)


def sensitivity(table: pd.DataFrame, model: ModelFit, declared: SynthesisSpec) -> tuple[Analysis, ...]:
    """Return the pooled effect under other analyses, the declared one first; none with moderators."""
    if model.p != 1 or model.k < 2:
        return ()
    own = estimates(model, declared)[0]
    tau2 = model.tau2 if isinstance(model, UnivariateFit) else float(sum(getattr(model, "sigma2", ())))
    out = [Analysis("as declared", model.k, own, tau2)]
    ids = declared.cluster or (declared.random[0].split("/")[0].strip() if declared.random else None)
    cluster = None if ids is None else table[ids]
    if cluster is not None and cluster.nunique() < 2:
        cluster = None
    low = table["low_risk"].tolist() if "low_risk" in table else None
    found = sensitivity_table(table[["yi", "vi"]], cluster=cluster, low_risk=low, level=declared.level,
                              cluster_name=ids)  # fmt: skip
    for row in found.astype(object).where(found.notna(), None).to_dict("records"):
        if row["estimate"] is None:
            out.append(Analysis(row["analysis"], None, None, None, row["note"]))
            continue
        ends = (row["estimate"], row["se"], row["ci_low"], row["ci_high"])
        estimate = read(Estimate("pooled effect", *ends), declared)
        note = "; ".join(filter(None, (row["note"], _unjudged(table) if row["analysis"] == LOW_RISK else "")))
        out.append(Analysis(row["analysis"], int(row["k"]), estimate, row["tau2"], note))
    return tuple(out)


def _unjudged(table: pd.DataFrame) -> str:
    """Say how many effects stay out of the row low risk of bias because nobody judged their studies."""
    n = int(table["quality"].isna().sum())
    return f"{n} of {len(table)} effects are of studies without an agreed judgement and count as not low" if n else ""


def contours(rows: Sequence[EffectRow], declared: SynthesisSpec) -> tuple[Contour, ...]:
    """Return the lines at which an effect has p = 0.1, 0.05 and 0.01, for contrasts: a score of 0 is no hypothesis."""
    if declared.contrast is None or not rows:
        return ()
    top = max(row.effect.se or 0.0 for row in rows)
    lines = [(p, float(ndtri(1 - p / 2)) * top) for p in _CONTOURS]
    return tuple(Contour(p, top, -half, half) for p, half in lines)
