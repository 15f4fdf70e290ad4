"""Views of the declared syntheses: effects, model, sensitivity, funnel, and one overview of all.

Numbers stand on the scale people read (a logit as a score, a log ratio as a ratio); what belongs to the model (standard
errors, variance components, yi and vi) stays on its own scale and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from metareview.report.views.base import Cell, Column, Mark, View
from metareview.report.views.common import Names, Results, Tables, arrange, filled, result_of
from metareview.report.views.diagnostics import BUILDERS, Reading
from metareview.report.views.fits import filled_notes, filled_rows
from metareview.report.views.format import display, interval_decimals
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.schema.synthesis import SynthesisSpec
from metareview.stats.declared.result import EffectRow, Estimate, SynthesisResult
from metareview.stats.declared.scales import SCALES
from metareview.stats.declared.variances import SOURCES
from metareview.stats.synthesis.diagnostics_result import FitDiagnostics

__all__ = ["diagnostic", "effects", "fit", "funnel", "overview", "sensitivity"]

_NUMBER = Column("number", "Number", "number")
_FACTORS = {"study_id": "Study", "dataset_id": "Data set", "unit": "Unit", "source_id": "Document",
            "experiment_id": "Experiment"}  # fmt: skip
#: Below so many effects asymmetry of a funnel cannot be told from chance (Sterne et al. 2011, BMJ 343:d4002).
_FEW = 10


def _declared(spec: ReviewSpec, key: str) -> SynthesisSpec:
    return next(declared for declared in spec.syntheses if declared.id == key)


def _found(results: Results, key: str) -> SynthesisResult | None:
    found: SynthesisResult | None = result_of(results, f"synthesis-{key}", SynthesisResult)
    return found


def _measure(declared: SynthesisSpec, names: Names) -> str:
    """Return what the effects are, in words."""
    metric = names.metric(declared.metric, declared.convention) or declared.metric
    scale = SCALES[declared.scale]
    if declared.contrast is None:
        return scale.of.format(metric)
    return f"{scale.difference.format(metric)}, {declared.contrast.first} against {declared.contrast.second}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cell(estimate: Estimate | None, refs: Iterable[SourceRef] = ()) -> Cell:
    """Return an estimate as people read it, with its interval; a coefficient without such a reading as it is."""
    if estimate is None:
        return Cell()
    if estimate.read is None:
        digits = interval_decimals(estimate.low, estimate.high)
        return Cell(estimate.value, low=estimate.low, high=estimate.high, mark="derived", decimals=digits)
    low, high = estimate.read_low, estimate.read_high
    return Cell(estimate.read, tuple(refs), low=low, high=high, mark="derived", decimals=interval_decimals(low, high))


def _with_meta(view: View, declared: SynthesisSpec, names: Names) -> View:
    """Tell the figures what they draw: the title, the axis and the value of no difference."""
    ratio = declared.contrast is not None and declared.scale != "raw"
    about = {"about": declared.title, "measure": _measure(declared, names), "level": f"{declared.level:.0%}"}
    axis = {"axis": "log"} if ratio else {}
    none = {"reference": "1" if ratio else "0"} if declared.contrast is not None else {}
    return replace(view, meta={**view.meta, **about, **axis, **none})


def effects(tables: Tables, results: Results, spec: ReviewSpec, key: str) -> View:
    """Return the effects of a synthesis with scores, variances and weights."""
    declared, found, names = _declared(spec, key), _found(results, key), Names.of(tables, spec)
    rows = found.rows if found else ()
    kind, arms = names.kind(declared.metric), declared.contrast
    metric = names.metric(declared.metric, declared.convention) or declared.metric
    by = "Risk of bias" if declared.by_quality else (declared.group or "Group").capitalize()
    columns = [Column("group", _FACTORS.get(declared.group or "", by)),
               Column("label", "Effect"), Column("study", "Study"), Column("dataset", "Data set")]  # fmt: skip
    columns.append(Column("first", arms.first if arms else metric, kind, group=metric if arms else ""))
    columns.append(Column("second", arms.second if arms else "", kind, group=metric))
    columns += [
        Column("estimate", _heading(declared), kind if declared.scale == "raw" or not arms else "number",
               help=f"with {declared.level:.0%} interval of its own sampling variance"),
        Column("se", "SE", "number", 3, help=f"standard error on the scale of the model ({declared.scale})"),
        Column("source", "Variance from"),
        Column("weight", "Weight", "percent", help="share of the weight in the pooled effect"),
        Column("yi", "yi", "number", help="effect on the scale of the model"), Column("vi", "vi", "number"),
    ]  # fmt: skip
    body = [_effect(row, names) for row in rows]
    if arms is None:
        columns, body = _without(columns, body, "second")
    used = dict.fromkeys(tag for row in rows for tag in row.vi_source.split("; "))
    notes = [*declared.notes, *(f"{tag}: {SOURCES[tag]}." for tag in used if tag in SOURCES)]
    view = arrange(
        f"effects-{key}", f"Effects: {declared.title}",
        f"{_sentence(_measure(declared, names))}: one row per effect, with the figures it is made from.",
        columns, body, notes=notes, dropped=found.dropped if found else (),
        group="group" if declared.group or declared.by_quality else "",
        nothing=_nothing(found), keep=("label", "estimate", "weight"), machine=("yi", "vi"),
        alt=_alt(found, declared, names),
    )  # fmt: skip
    return _with_meta(view, declared, names)


def _heading(declared: SynthesisSpec) -> str:
    if declared.contrast is None:
        return "Value"
    return {"raw": "Difference", "log": "Ratio", "logit": "Odds ratio", "log-error": "Error ratio"}[declared.scale]


def _without(
    columns: Sequence[Column], body: Sequence[Sequence[Cell]], key: str
) -> tuple[list[Column], list[list[Cell]]]:
    at = next(n for n, column in enumerate(columns) if column.key == key)
    return [c for c in columns if c.key != key], [[*row[:at], *row[at + 1 :]] for row in body]


def _effect(row: EffectRow, names: Names) -> list[Cell]:
    parts = row.refs or ()
    second = Cell() if row.second is None else Cell(row.second, parts[1:])
    group = names.datasets.get(row.group, row.group)
    source = Cell(row.vi_source, mark="warning" if row.imputed else "", note=row.note)
    return [
        Cell(group or None), filled(row.label), Cell(names.study(row.study_id)), Cell(names.dataset(row.dataset_id)),
        Cell(row.first, parts[:1]), second, replace(_cell(row.effect, parts), decimals=None),
        Cell(row.effect.se, mark="derived"), source,
        Cell(row.weight, mark="derived"), Cell(row.effect.value, mark="derived"), Cell(row.vi, mark="derived"),
    ]  # fmt: skip


def _nothing(found: SynthesisResult | None) -> str:
    if found is None:
        return "the synthesis was not computed"
    return found.warnings[-1] if found.warnings else "no result is selected"


def _alt(found: SynthesisResult | None, declared: SynthesisSpec, names: Names) -> str:
    """Return what a forest plot shows, in words."""
    if found is None or not found.rows:
        return ""
    parts = [f"Forest plot of {len(found.rows)} effects, {_measure(declared, names)}."]
    if found.pooled is not None:
        parts.append(f"Pooled: {_interval(found.pooled)}.")
    if found.prediction is not None:
        low, high = (display(end, _NUMBER) for end in (found.prediction.read_low, found.prediction.read_high))
        parts.append(f"A new true effect is expected between {low} and {high}.")
    return " ".join(parts)


def _interval(estimate: Estimate) -> str:
    value, low, high = (display(v, _NUMBER) for v in (estimate.read, estimate.read_low, estimate.read_high))
    return f"{value} ({low} to {high})"


def fit(tables: Tables, results: Results, spec: ReviewSpec, key: str) -> View:
    """Return the fitted model: coefficients, heterogeneity, prediction, subgroups; its methods paragraph below."""
    declared, found, names = _declared(spec, key), _found(results, key), Names.of(tables, spec)
    columns = (
        Column("key", "Key"), Column("quantity", "Quantity"),
        Column("value", "Value", "number", help=f"with {declared.level:.0%} interval, on the scale people read"),
        Column("estimate", f"On the scale {declared.scale}", "number", help="on the scale of the model"),
        Column("se", "SE", "number", 3), Column("statistic", "Statistic", "number", 2), Column("df", "df", "number", 1),
        Column("p", "p", "p"),
    )  # fmt: skip
    body = [*_model_rows(found, declared, names), *_spread_rows(found)] if found and found.coefficients else []
    notes = [found.paragraph] if found and found.paragraph else []
    if declared.contrast is None and found and found.pooled is not None:
        notes.append("Pooled scores have no test: a score has no value of no difference.")
    view = arrange(
        f"fit-{key}", f"Model: {declared.title}", f"The model of {_measure(declared, names)}.", columns, body,
        results=[found], notes=notes, nothing=_nothing(found), keep=("key", "quantity", "value"), machine=("key",),
    )  # fmt: skip
    scripts = {"script R": found.r_script, "script Python": found.python_script} if found else {}
    return _with_meta(
        replace(view, meta={**view.meta, **{k: text for k, text in scripts.items() if text}}), declared, names
    )


def _model_rows(found: SynthesisResult, declared: SynthesisSpec, names: Names) -> list[list[Cell]]:
    out, contrast = [], declared.contrast is not None
    for row in found.coefficients:
        kind = "pooled" if found.pooled is not None else "coefficient"
        out.append(_line(kind, _sentence(row.name) if kind == "pooled" else row.name, _cell(row), row,
                         plain=declared.scale == "raw", tested=kind != "pooled" or contrast))  # fmt: skip
    if found.prediction is not None:
        out.append(_line("prediction", "Prediction interval", _cell(found.prediction), None))
    for group in found.groups:
        name = f"{names.datasets.get(group.name, group.name) or 'not stated'} (k = {group.k})"
        cell = replace(_cell(group.estimate), note=group.note)
        name += f": not pooled, {group.note}" if group.note else ""
        out.append(_line("group", name, cell, group.estimate, plain=declared.scale == "raw", tested=contrast))
    if found.omnibus is not None:
        test = found.omnibus
        out.append([Cell("omnibus"), Cell("Test of all moderators"), Cell(), Cell(), Cell(), Cell(test.value),
                    Cell(test.df), Cell(test.pvalue)])  # fmt: skip
    return out


def _line(
    key: str, name: str, value: Cell, row: Estimate | None, *, plain: bool = True, tested: bool = True
) -> list[Cell]:
    if row is None:
        return [Cell(key), Cell(name), value, *(Cell() for _ in range(5))]
    own = Cell() if plain or row.read is None else Cell(row.value, low=row.low, high=row.high, mark="derived")
    statistic, p = (row.statistic, row.pvalue) if tested else (None, None)
    return [Cell(key), Cell(name), value, own, Cell(row.se, mark="derived"), Cell(statistic), Cell(row.df), Cell(p)]


def _spread_rows(found: SynthesisResult) -> list[list[Cell]]:
    """Heterogeneity, sizes and the sources of the variances."""
    out = []
    for part in found.components:
        name = "τ²" if part.name == "tau2" else f"Variance of {part.name} ({part.levels} levels)"
        out.append(_line("component", name, Cell(part.value, low=part.low, high=part.high, mark="derived"), None))
        if part.name != "tau2" and part.share is not None:
            out.append(_line("share", f"Share of {part.name} in all variance", Cell(part.share, mark="derived"), None))
    for key, name, value in (("i2", "I² from τ²", found.i2), ("i2_q", "I² from Q", found.i2_q)):
        out.append(_line(key, name, Cell(value, mark="derived" if value is not None else ""), None))
    out.append([Cell("q"), Cell("Cochran's Q"), Cell(found.q, mark="derived"), Cell(), Cell(), Cell(), Cell(found.q_df),
                Cell(found.q_pvalue)])  # fmt: skip
    for key, name, size in (("k", "Effects (k)", len(found.rows)), ("studies", "Studies", found.studies)):
        out.append(_line(key, name, Cell(size), None))
    for tag, share in found.shares.items():
        out.append(_line("source", f"Share of weight on variances from {tag}", Cell(share, mark="derived"), None))
    mark: Mark = "warning" if found.imputed else "derived"
    out.append(_line("imputed", "Share of weight on imputed variances", Cell(found.imputed, mark=mark), None))
    return [row for row in out if row[2].value is not None]


def sensitivity(tables: Tables, results: Results, spec: ReviewSpec, key: str) -> View:
    """Return the pooled effect under other analyses."""
    declared, found, names = _declared(spec, key), _found(results, key), Names.of(tables, spec)
    columns = (
        Column("analysis", "Analysis"), Column("k", "k", "count"),
        Column("estimate", "Pooled", "number", help=f"with {declared.level:.0%} interval"),
        Column("se", "SE", "number", 3, help="on the scale of the model"),
        Column("tau2", "τ²", "number", help="sum of the variance components"), Column("note", "Note"),
    )  # fmt: skip
    body = [
        [Cell(row.name), Cell(row.k), _cell(row.estimate),
         Cell(row.estimate.se if row.estimate else None, mark="derived"), Cell(row.tau2, mark="derived"),
         filled(row.note)]
        for row in (found.sensitivity if found else ())
    ]  # fmt: skip
    view = arrange(
        f"sensitivity-{key}", f"Sensitivity: {declared.title}",
        "The pooled effect under other estimators, without outliers and influential effects, and under dependence.",
        columns, body, notes=_reading(declared, names).scale_notes if body else (),
        nothing="with moderators or fewer than two effects there is no pooled effect to vary",
        keep=("analysis", "k", "estimate"),
    )  # fmt: skip
    return _with_meta(view, declared, names)


def funnel(tables: Tables, results: Results, spec: ReviewSpec, key: str) -> View:
    """Return points, pooled effect and contours of a funnel plot, on the scale of the model."""
    declared, found, names = _declared(spec, key), _found(results, key), Names.of(tables, spec)
    columns = (Column("kind", "Kind"), Column("label", "Effect"), Column("x", "Effect", "number"),
               Column("se", "SE", "number"), Column("p", "p", "p"))  # fmt: skip
    checks: FitDiagnostics | None = result_of(results, f"diagnostics-{key}", FitDiagnostics)
    rows = found.rows if found else ()
    same = len({row.vi for row in rows}) < 2
    body: list[list[Cell]] = []
    if found and not same:
        for row in rows:
            effect = row.effect
            body.append([Cell("point"), filled(row.label), Cell(effect.value, row.refs), Cell(effect.se), Cell()])
        lines = found.contours
        body += [[Cell("contour"), Cell(), Cell(low=c.low, high=c.high), Cell(c.se), Cell(c.p)] for c in lines]
        if found.pooled is not None:
            body.append([Cell("pooled"), Cell(), Cell(found.pooled.value), Cell(), Cell()])
        body += filled_rows(checks)
    few = f"With {len(rows)} effects asymmetry cannot be told from chance; ten or more are needed."
    text = f"Funnel plot of {len(rows)} effects, {_measure(declared, names)}."
    view = arrange(
        f"funnel-{key}",
        f"Funnel plot: {declared.title}",
        f"Effects against their standard errors, both on the scale {declared.scale}"
        f"{'; lines: where the two-sided p for no difference is 0.1, 0.05 and 0.01' if declared.contrast else ''}.",
        columns,
        body,
        notes=[*filled_notes(checks), *([few] if len(rows) < _FEW else [])] if body else [],
        keep=("kind", "label", "x", "se", "p"),
        nothing="all effects have one and the same variance, so a funnel has no shape" if rows else _nothing(found),
        alt=text if body else "",
    )
    return _with_meta(view, declared, names)


def diagnostic(tables: Tables, results: Results, spec: ReviewSpec, argument: str) -> View:
    """Return one diagnostic of a synthesis; `argument` is its kind and the id, ``gosh:nisb``."""
    kind, _, key = argument.partition(":")
    declared, names = _declared(spec, key), Names.of(tables, spec)
    found: FitDiagnostics | None = result_of(results, f"diagnostics-{key}", FitDiagnostics)
    return BUILDERS[kind](_with_names(found, names), _reading(declared, names))


def _with_names(found: FitDiagnostics | None, names: Names) -> FitDiagnostics | None:
    """Name what is left out as people do, where it is a study or a data set."""
    known = {"study_id": names.study, "dataset_id": names.dataset}.get(found.left_out) if found else None
    if found is None or known is None:
        return found
    return replace(
        found, leave_one_out=tuple(replace(row, label=known(row.label) or row.label) for row in found.leave_one_out)
    )


def _reading(declared: SynthesisSpec, names: Names) -> Reading:
    contrast = declared.contrast is not None
    scale, ratio = SCALES[declared.scale], contrast and declared.scale != "raw"
    return Reading(
        declared.id, declared.title, _measure(declared, names), declared.level,
        scale.contrast if contrast else scale.back, ratio, (1.0 if ratio else 0.0) if contrast else None,
        scale="" if declared.scale == "raw" else declared.scale,
    )  # fmt: skip


def overview(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return one row per declared synthesis; without any, why there is none."""
    names = Names.of(tables, spec)
    columns = (
        Column("synthesis", "Synthesis"), Column("measure", "Pooled"), Column("k", "Effects", "count"),
        Column("studies", "Studies", "count"), Column("estimate", "Estimate", "number", help="with its interval"),
        Column("prediction", "New true effect", "number", help="prediction interval"),
        Column("i2", "I² (from τ²)", "percent"),
        Column("imputed", "On imputed variances", "percent", help="share of weight"),
    )  # fmt: skip
    body = []
    for declared in spec.syntheses:
        found = _found(results, declared.id)
        if found is None:
            continue
        band = _cell(found.prediction)
        body.append([
            Cell(declared.title), Cell(_measure(declared, names)), Cell(len(found.rows)), Cell(found.studies),
            _cell(found.pooled), replace(band, value=None),
            Cell(found.i2, mark="derived"),
            Cell(found.imputed, mark="warning" if found.imputed else "derived"),
        ])  # fmt: skip
    return arrange(
        "syntheses", "Pooled effects", "Every synthesis with sampling variances that the review declares.",
        columns, body, nothing=spec.no_syntheses or "review.yaml declares no synthesis (syntheses)",
        keep=("synthesis", "measure", "k", "estimate"),
    )  # fmt: skip
