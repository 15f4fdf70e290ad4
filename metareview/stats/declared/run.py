"""A declared synthesis: select, compute effects, fit, and keep every number a report prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from metareview.errors import MetareviewError, NotEstimable
from metareview.results import Dropped
from metareview.schema.review import ReviewSpec, find_declared
from metareview.schema.synthesis import FACTORS, SynthesisSpec
from metareview.stats.benchmark.rows import Tables, records
from metareview.stats.declared.effects import Effects, effects
from metareview.stats.declared.numbers import components, contours, estimates, groups, prediction, sensitivity
from metareview.stats.declared.quality import Quality, grouped, quality_of, selected
from metareview.stats.declared.result import Estimate, SynthesisResult
from metareview.stats.declared.select import candidates, factor
from metareview.stats.synthesis.describe import methods_paragraph
from metareview.stats.synthesis.diagnostics import FitDiagnostics, diagnose, no_diagnostics
from metareview.stats.synthesis.fit import fit
from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.python_script import python_script
from metareview.stats.synthesis.result import ModelFit
from metareview.stats.synthesis.script import r_script
from metareview.stats.synthesis.weights import weights

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compute_synthesis", "compute_synthesis_diagnostics"]

#: Fewest levels of a random effect, and fewest effects, below which the result says that little can be known.
_FEW_LEVELS, _FEW = 5, 5


def compute_synthesis(tables: Tables, spec: ReviewSpec, name: str) -> SynthesisResult:
    """Compute a synthesis that ``review.yaml`` declares.

    Counts are of results: a contrast uses two for one effect. A model that cannot be fitted leaves a result without
    coefficients whose warnings say why.

    Parameters
    ----------
    tables : results, experiments and studies of the review.
    spec : its configuration.
    name : id of the synthesis.

    Raises
    ------
    UnknownName
        If there is no synthesis of that id.
    """
    declared = find_declared("synthesis", name, spec.syntheses)
    quality = quality_of(tables, spec, declared)
    found = selected(candidates(tables, spec, declared), quality, declared)
    made = grouped(effects(found, declared), quality, declared)
    base = SynthesisResult(
        id=declared.id, title=declared.title, metric=declared.metric, convention=declared.convention,
        scale=declared.scale, method=declared.method, level=declared.level, notes=declared.notes,
        contrast=(declared.contrast.first, declared.contrast.second) if declared.contrast else (),
        methods=made.methods, k_in=found.asked, k_used=found.asked - len(made.dropped), dropped=made.dropped,
        warnings=made.warnings, rows=made.rows, shares={}, studies=len({row.study_id for row in made.rows}),
    )  # fmt: skip
    if not made.rows:
        return replace(base, warnings=(*made.warnings, "no result gives an effect with a variance; nothing is fitted"))
    table = _table(made, quality)
    try:
        model = _model(table, declared)
    except MetareviewError as error:
        return replace(base, warnings=(*made.warnings, f"no model could be fitted: {error}"))
    return _answered(base, made, table, model, declared)


def compute_synthesis_diagnostics(tables: Tables, spec: ReviewSpec, name: str) -> FitDiagnostics:
    """Ask every diagnostic of the model of a declared synthesis; without a model each has that for its reason.

    One cluster is left out at a time where the model has clusters or random effects; effects are added by year where
    the synthesis declares it.

    Raises
    ------
    UnknownName
        If there is no synthesis of that id.
    """
    declared = find_declared("synthesis", name, spec.syntheses)
    quality = quality_of(tables, spec, declared)
    made = effects(selected(candidates(tables, spec, declared), quality, declared), declared)
    table = _table(made, quality)
    try:
        model = _model(table, declared)
    except MetareviewError as error:
        return no_diagnostics(f"no model could be fitted: {error}")
    used = [int(label) for label in model.labels]
    ids = declared.cluster or (declared.random[0].split("/")[0].strip() if declared.random else None)
    years = {row["study_id"]: row.get("year") for row in records(tables, "studies")}
    order = [years.get(made.rows[at].study_id) for at in used] if declared.order else []
    known = bool(order) and all(year is not None for year in order)
    return diagnose(
        model,
        labels=[made.rows[at].label for at in used],
        cluster=None if ids is None else [str(table[ids].iloc[at]) for at in used],
        left_out=ids or "",
        order=[float(year or 0) for year in order] if known else None,
        order_name=declared.order or "",
        seed=spec.seeds.bootstrap,
    )


def _table(made: Effects, quality: Quality | None) -> pd.DataFrame:
    """The effects as `fit` takes them; columns without a value are missing, so that moderators drop the row.

    With judgements of the studies there are two more columns, `quality` and `low_risk`.
    """
    import pandas as pd

    columns: dict[str, Any] = {
        name: [factor(arms[0], name) or None for arms in made.arms] for name in FACTORS
    }  # fmt: skip
    numbers = {"yi": [row.effect.value for row in made.rows], "vi": [row.vi for row in made.rows]}
    if quality is not None:
        columns["quality"] = [quality.judgement(arms) for arms in made.arms]
        low = [quality.is_low(arms) for arms in made.arms]
        if any(columns["quality"]):
            columns["low_risk"] = low
    return pd.DataFrame({**numbers, **columns, "label": [str(i) for i in range(len(made.rows))]})


def _model(table: pd.DataFrame, declared: SynthesisSpec) -> ModelFit:
    return fit(
        table, method=declared.method, mods=declared.formula, test=declared.test, level=declared.level,
        random=[f"~ 1 | {term}" for term in declared.random] or None, cluster=declared.cluster,
        labels="label",
    )  # fmt: skip


def _answered(
    base: SynthesisResult, made: Effects, table: pd.DataFrame, model: ModelFit, declared: SynthesisSpec
) -> SynthesisResult:
    rows, lost = _weighted(made, model)
    total = sum(row.weight or 0.0 for row in rows) or 1.0
    shares: dict[str, float] = {}
    for row in rows:
        shares[row.vi_source] = shares.get(row.vi_source, 0.0) + (row.weight or 0.0) / total
    imputed = sum((row.weight or 0.0) for row in rows if row.imputed) / total
    omnibus = model.omnibus if model.p > 1 else None
    body = model.contract()
    return replace(
        base, rows=rows, k_used=base.k_in - len(base.dropped) - len(lost), dropped=(*base.dropped, *lost),
        methods=(*base.methods, *model.methods), test=model.test, coefficients=estimates(model, declared),
        warnings=(*base.warnings, *model.warnings, *_doubts(model, declared)), prediction=prediction(model, declared),
        components=components(model), i2=body["i2"], i2_q=body["i2_q"], q=body["q"], q_df=body["q_df"],
        q_pvalue=body["q_pvalue"], omnibus=None if omnibus is None else Estimate(
            "all moderators", omnibus.statistic, df=omnibus.df, pvalue=omnibus.pvalue
        ),
        groups=groups(rows, declared), sensitivity=sensitivity(table, model, declared),
        contours=contours(rows, declared), shares=shares, imputed=imputed,
        paragraph=methods_paragraph(replace(model, dropped=(), k_in=model.k_used)),
        r_script=_script(r_script, model),
        python_script=_script(python_script, model),
    )  # fmt: skip


def _weighted(made: Effects, model: ModelFit) -> tuple[tuple[Any, ...], list[Dropped]]:
    """The rows with their weights, and the results of rows that the model dropped."""
    used = {int(label): i for i, label in enumerate(model.labels)}
    share = weights(model)
    rows = tuple(
        replace(row, weight=float(share[used[at]]) if at in used else None) for at, row in enumerate(made.rows)
    )
    reasons = {int(row.what): row.reason for row in model.dropped}
    lost = [
        Dropped(f"{score.experiment_id}, {score.metric}", reasons.get(at, "missing moderator"), score.ref)
        for at in range(len(made.rows))
        if at not in used
        for score in made.arms[at]
    ]
    return rows, lost


def _doubts(model: ModelFit, declared: SynthesisSpec) -> Sequence[str]:
    said = []
    if isinstance(model, MultilevelFit):
        few = [(n, m) for n, m in zip(model.components, model.levels, strict=True) if m < _FEW_LEVELS]
        said += [f"random effect {name} has {m} levels: its variance is hardly known" for name, m in few]
        if few and model.test != "contain":
            said.append("with so few levels the intervals are too narrow; test: contain widens them")
    elif model.k < _FEW:
        said.append(f"k = {model.k}: the heterogeneity is hardly known")
    if model.clusters is not None and model.clusters < _FEW_LEVELS:
        said.append(f"{model.clusters} clusters are few for robust inference")
    return said


def _script(write: Callable[[ModelFit], str], model: ModelFit) -> str:
    """The script of a fit, or why there is none."""
    try:
        return write(model)
    except NotEstimable as error:
        return f"# {error}\n"
