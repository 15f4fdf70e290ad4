"""Views of the category comparison in five ways: evidence, numbers side by side, and the difference in words."""

from __future__ import annotations

import re

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import (
    Names,
    Results,
    Row,
    Tables,
    arrange,
    computed,
    printed_cell,
    result_of,
    text,
)
from metareview.report.views.format import display
from metareview.report.views.groups import printed_groups
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.category_effects import Approach
from metareview.stats.benchmark.category_models import CategoryModelsResult, MetricModels

__all__ = ["category_differences", "category_evidence", "category_models"]

_STATISTIC = Column("x", "x", "number", 2)
_NOTHING = "no metric has values in two categories of methods, or review.yaml compares none (groups)"


def _found(results: Results) -> CategoryModelsResult | None:
    found: CategoryModelsResult | None = result_of(results, "category_models", CategoryModelsResult)
    return found


def category_evidence(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return what stands behind each category of each metric: values, methods, studies, data sets."""
    names, found = Names.of(tables, spec), _found(results)
    columns = (
        Column("metric", "Metric"),
        Column("category", "Category"),
        Column("values", "Values", "count"),
        Column("methods", "Methods", "count"),
        Column("studies", "Studies", "count"),
        Column("effective", "Effective studies", "number", 1,
               help="number of studies of equal size with the same precision: (sum n)² / sum n²; Kish 1965"),
        Column("largest", "Largest study", "percent", 0, help="share of the values that are of one study"),
        Column("datasets", "Data sets", "count"),
        Column("named", "Which"),
    )  # fmt: skip
    body = [
        [Cell(names.metric(part.metric, part.convention)), Cell(e.category), Cell(e.values, e.refs), Cell(e.methods),
         Cell(e.studies, e.refs), Cell(e.effective), Cell(e.largest), Cell(e.datasets),
         Cell("; ".join(" + ".join(str(names.dataset(name)) for name in ids.split("+")) for ids in e.dataset_ids))]
        for part in (found.metrics if found else ()) for e in part.evidence
    ]  # fmt: skip
    return arrange(
        "category-evidence", "Evidence behind the categories",
        "Values count as evidence by the studies they come from: values of one study go together.", columns, body,
        results=[found], group="metric", nothing=_NOTHING,
    )  # fmt: skip


def category_models(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the comparisons as published beside those that respect studies and data sets, one row per contrast."""
    names, found = Names.of(tables, spec), _found(results)
    columns = (
        Column("metric", "Metric"),
        Column("source", "Source"),
        Column("contrast", "Categories"),
        Column("d", "d", "number", 2, group="Values as independent", help="Cohen's d with 95% interval"),
        Column("p_values", "p", "p", group="Values as independent"),
        Column("g", "g", "number", 2, group="Study means", help="Hedges' g of study means with 95% interval"),
        Column("p_studies", "p", "p", group="Study means"),
        Column("p_multilevel", "p", "p", group="Multilevel", help="study and data set crossed, REML"),
        Column("p_cr2", "p", "p", group="Cluster-robust", help="CR2, Satterthwaite"),
        Column("df_cr2", "df", "number", 1, group="Cluster-robust"),
        Column("p_permutation", "p", "p", group="Permutation", help="categories permuted between studies"),
        Column("floor", "Least p", "p", group="Permutation", help="smallest p that any relabelling gives"),
        Column("studies", "Studies", "count"),
    )
    body: list[list[Cell]] = []
    for part in found.metrics if found else ():
        body += _lines(part, names)
    printed = [_printed(rows, names) for rows in printed_groups(tables)] if found else []
    order = list(dict.fromkeys(text(line[0].value) for line in body))
    body = [*[line for line in printed if text(line[0].value) in order], *body]
    body.sort(key=lambda line: order.index(text(line[0].value)))
    scales = sorted({part.scale for part in (found.metrics if found else ())})
    notes = [f"Multilevel and cluster-robust models on the {' and '.join(scales)} scale; d and g on the scale of the "
             "metric."] if scales else []  # fmt: skip
    return arrange(
        "category-models", "Categories compared as published and as the data allow",
        "The same values, counted as independent and by studies; a dash says why a test does not exist.",
        columns, body, results=[found], notes=notes, group="metric", nothing=_NOTHING,
        keep=("d", "p_values", "g", "p_studies", "p_multilevel", "p_cr2", "p_permutation", "floor"),
    )  # fmt: skip


def _printed(rows: list[Row], names: Names) -> list[Cell]:
    """Return a printed test or effect size in the columns of values counted as independent."""
    row, cell = rows[0], printed_cell(rows)
    statistic = text(row["statistic"])
    is_p = statistic == "p" and cell.value is not None
    is_d = statistic in ("d", "g")
    other = "" if is_p or is_d or cell.value is None else f", {statistic.upper()} = {display(cell.value, _STATISTIC)}"
    return [
        Cell(names.metric(row.get("metric")) or "no metric stated"), Cell("printed"),
        Cell(f"{text(row.get('subject'))}{other}", cell.refs if other else ()),
        cell if is_d else Cell(), cell if is_p else Cell(), *[Cell()] * 8,
    ]  # fmt: skip


def _lines(part: MetricModels, names: Names) -> list[list[Cell]]:
    metric = names.metric(part.metric, part.convention)
    refs = {e.category: e.refs for e in part.evidence}
    everything = tuple(ref for e in part.evidence for ref in e.refs)
    overall = {approach.name: approach for approach in part.overall}
    blank = Approach(name="")
    lines = [[Cell(metric), Cell("recomputed"), Cell("all categories"), Cell(), _p(overall["values"], everything),
              Cell(), Cell(), *_models(overall, everything), Cell(overall["permutation"].n)]]  # fmt: skip
    for contrast in part.contrasts:
        by = {approach.name: approach for approach in contrast.approaches}
        both = (*refs[contrast.category_a], *refs[contrast.category_b])
        lines.append([
            Cell(metric), Cell("recomputed"), Cell(f"{contrast.category_a} − {contrast.category_b}"),
            _effect(by.get("values", blank), both), _p(by.get("values", blank), both),
            _effect(by["study-means"], both), _p(by["study-means"], both), *_models(by, both),
            Cell(by["permutation"].n),
        ])  # fmt: skip
    return lines


def _models(by: dict[str, Approach], refs: tuple[SourceRef, ...]) -> list[Cell]:
    robust, permuted = by["cr2"], by["permutation"]
    df = robust.df2 if robust.estimate is None else robust.df
    return [
        _p(by["multilevel"], refs), _p(robust, refs), computed(Cell(df)), _p(permuted, refs),
        computed(Cell(permuted.floor)),
    ]  # fmt: skip


def _p(found: Approach, refs: tuple[SourceRef, ...]) -> Cell:
    return computed(Cell(found.p, refs, note=found.reason if found.p is None else found.note))


def _effect(found: Approach, refs: tuple[SourceRef, ...]) -> Cell:
    note = (found.reason or found.note) if found.effect is None else ""
    return computed(Cell(found.effect, refs, found.effect_low, found.effect_high, note=note))


def category_differences(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return in words what the comparisons of two categories say together, and why they differ."""
    names, found = Names.of(tables, spec), _found(results)
    columns = (Column("metric", "Metric"), Column("contrast", "Categories"), Column("words", "What the data allow"))
    body = []
    for part in found.metrics if found else ():
        metric = names.metric(part.metric, part.convention)
        body.append([Cell(metric), Cell("all categories"), Cell(part.words)])
        body += _without_evidence(tables, part, names)
        body += [[Cell(metric), Cell(f"{c.category_a} − {c.category_b}"), Cell(c.words)] for c in part.contrasts]
    return arrange(
        "category-differences", "Why the comparisons of categories differ",
        "Sentences made from the numbers of the table before.", columns, body, group="metric", nothing=_NOTHING,
    )  # fmt: skip


def _without_evidence(tables: Tables, part: MetricModels, names: Names) -> list[list[Cell]]:
    """Return printed contrasts of this metric between categories of which one has no value among those compared."""
    metric = names.metric(part.metric, part.convention)
    there = {evidence.category for evidence in part.evidence}
    lines = []
    for rows in printed_groups(tables):
        row, cell = rows[0], printed_cell(rows)
        pair = re.split(r"\s+(?:vs\.?|versus|against|[-−–])\s+", text(row.get("subject")))
        gone = [name for name in pair if name not in there]
        if row.get("metric") != part.metric or len(pair) != 2 or not gone or cell.value is None:
            continue
        printed = f"{text(row['statistic'])} = {display(cell.value, _STATISTIC)} is printed"
        words = (
            f"{printed}, but no {metric} of {' or '.join(gone)} is among the values compared: they allow no contrast."
        )
        lines.append([Cell(metric), Cell(f"{pair[0]} − {pair[1]}", cell.refs), Cell(words, cell.refs)])
    return lines
