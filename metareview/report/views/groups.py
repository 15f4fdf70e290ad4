"""Views of the comparison of method categories: groups, tests and effect sizes, and the values behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import (
    Names,
    Results,
    Row,
    Tables,
    arrange,
    computed,
    printed_cell,
    records,
    result_of,
    text,
)
from metareview.report.views.format import display, round_half_up
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.groups import (
    Contrast,
    EffectSize,
    GroupsResult,
    GroupTest,
    MetricComparison,
)
from metareview.stats.benchmark.scores import Score, label, score_table

__all__ = ["group_summaries", "groups", "metrics_by_category", "printed_groups"]

_NOTHING = "no metric has values in two groups of methods, or review.yaml compares none (groups)"
_TESTS = {
    "anova": "one-way ANOVA", "welch": "Welch's ANOVA", "kruskal": "Kruskal–Wallis", "permutation": "permutation",
    "brown-forsythe": "Brown–Forsythe (variances)", "tukey-hsd": "Tukey HSD", "games-howell": "Games–Howell",
    "welch-holm": "Welch t, Holm",
}  # fmt: skip
_EFFECTS = {
    "cohen-d": "Cohen's d", "hedges-g": "Hedges' g", "cliff-delta": "Cliff's δ", "eta2": "η²", "omega2": "ω²",
}  # fmt: skip
_NUMBER = Column("x", "x", "number")


def groups(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return tests, contrasts and effect sizes per metric, printed ones first."""
    names = Names.of(tables, spec)
    found: GroupsResult | None = result_of(results, "groups", GroupsResult)
    columns = (
        Column("metric", "Metric"),
        Column("source", "Source"),
        Column("contrast", "Groups"),
        Column("test", "Test or effect"),
        Column("statistic", "Statistic", "number", 2, help="F, H or W by the test"),
        Column("df", "df"),
        Column("p", "p", "p", help="of contrasts: adjusted for all pairs"),
        Column("effect", "Effect", "number", 2, help="difference of means or effect size, with 95% interval"),
        Column("k", "k", "count", help="values that enter"),
    )
    printed = [_printed(rows, names) for rows in printed_groups(tables)]
    body = list(printed)
    for comparison in found.comparisons if found else ():
        body += _comparison(comparison, names)
    order = list(dict.fromkeys(text(line[0].value) for line in body if line[1].value != "printed"))
    order += [text(line[0].value) for line in printed]
    body.sort(key=lambda line: order.index(text(line[0].value)))
    return arrange(
        "groups", "Comparison of method categories",
        "Tests over all groups, contrasts of pairs and effect sizes, as printed and as recomputed.",
        columns, body, results=[found], notes=_notes(found, names), warnings=_own(found, names),
        relevant=_general(found), group="metric", nothing=_NOTHING,
        keep=("contrast", "test", "statistic", "p", "effect", "k"),
    )  # fmt: skip


def _own(found: GroupsResult | None, names: Names) -> list[str]:
    """Return what weakens the comparison of single metrics, with their names as printed."""
    return [f"{names.metric(c.metric, c.convention)}: {warning}"
            for c in (found.comparisons if found else ()) for warning in c.warnings]  # fmt: skip


def _general(found: GroupsResult | None) -> Callable[[str], bool]:
    """Return what tells warnings of the whole comparison from those of single metrics, which `_own` gives."""
    single = {f"{label(c.metric, c.convention)}: {warning}"
              for c in (found.comparisons if found else ()) for warning in c.warnings}  # fmt: skip
    return lambda warning: warning not in single


def _notes(found: GroupsResult | None, names: Names) -> list[str]:
    if found is None or not found.comparisons:
        return []
    level = display(1 - found.alpha, Column("x", "x", "percent", 0))
    omega = any(e.name == "omega2" and e.value is not None for c in found.comparisons for e in c.effects)
    borrowed = ["ω² stands with the interval of η², which estimates the same share; corrected for bias, it may be "
                "below 0 and outside that interval."] * omega  # fmt: skip
    where = names.corpus(found.corpus) if found.corpus else "any document"
    return [f"Groups by {found.by}; reference {found.reference or 'none'}; results printed in {where}; {level} "
            "intervals.", *borrowed]  # fmt: skip


def printed_groups(tables: Tables) -> list[list[Row]]:
    """Return printed tests and effect sizes; one that is printed in several places is one group."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in records(tables, "statements"):
        if row["topic"] in ("test", "effect_size") and row.get("value") is not None:
            key = (text(row.get("metric")), text(row.get("subject")), text(row["statistic"]))
            groups.setdefault(key, []).append(row)
    return list(groups.values())


def _printed(rows: list[Row], names: Names) -> list[Cell]:
    """Return a printed test or effect size; p values stand in their own column."""
    row, statistic = rows[0], text(rows[0]["statistic"])
    cell = printed_cell(rows)
    is_p, is_effect = statistic == "p", row["topic"] == "effect_size"
    label = _EFFECTS.get({"d": "cohen-d", "g": "hedges-g"}.get(statistic, statistic), statistic)
    return [
        Cell(names.metric(row.get("metric")) or "no metric stated"),
        Cell("printed"),
        Cell(text(row.get("subject")) or None),
        Cell(label),
        Cell() if is_p or is_effect else cell,
        Cell(),
        cell if is_p and 0 <= float(row["value"]) <= 1 else Cell(),
        cell if is_effect else Cell(),
        Cell(None if row.get("n") is None else int(row["n"])),
    ]


def _comparison(comparison: MetricComparison, names: Names) -> list[list[Cell]]:
    metric = str(names.metric(comparison.metric, comparison.convention))
    refs = {group.group: group.refs for group in comparison.groups}
    n = {group.group: group.n for group in comparison.groups}
    everything = tuple(ref for group in comparison.groups for ref in group.refs)
    lines = [_test(metric, test, everything) for test in comparison.tests]
    lines += [_contrast(metric, contrast, refs, n) for contrast in comparison.contrasts]
    return lines + [_effect(metric, effect, refs, everything, sum(n.values())) for effect in comparison.effects]


def _test(metric: str, test: GroupTest, refs: tuple[SourceRef, ...]) -> list[Cell]:
    return [
        Cell(metric),
        Cell("recomputed"),
        Cell("the only group" if test.n_groups == 1 else f"all {test.n_groups} groups"),
        Cell(f"{_TESTS.get(test.test, test.test)} ({test.symbol})"),
        computed(Cell(test.statistic, refs, note=test.reason if test.statistic is None else "")),
        _df(test.df1, test.df2),
        computed(Cell(test.p, refs, note=test.reason if test.p is None else test.note)),
        Cell(),
        Cell(test.n),
    ]


def _df(*values: float | None) -> Cell:
    there = (value for value in values if value is not None)
    return computed(Cell(", ".join(display(float(round_half_up(value, 2)), _NUMBER) for value in there) or None))


Refs = dict[str, tuple[SourceRef, ...]]


def _contrast(metric: str, contrast: Contrast, refs: Refs, n: dict[str, int]) -> list[Cell]:
    pair = (contrast.group_a, contrast.group_b)
    both = tuple(ref for group in pair for ref in refs.get(group, ()))
    missing = contrast.reason if contrast.difference is None else ""
    return [
        Cell(metric),
        Cell("recomputed"),
        Cell(" − ".join(pair)),
        Cell(f"difference of means, {_TESTS.get(contrast.procedure, contrast.procedure)}"),
        computed(Cell(contrast.statistic, both)),
        _df(contrast.df),
        computed(Cell(contrast.p, both, note=contrast.reason if contrast.p is None else "")),
        computed(Cell(contrast.difference, both, contrast.ci_low, contrast.ci_high, note=missing)),
        Cell(sum(n.get(group, 0) for group in pair)),
    ]


def _effect(metric: str, effect: EffectSize, refs: Refs, everything: tuple[SourceRef, ...], n: int) -> list[Cell]:
    pair = [group for group in (effect.group_a, effect.group_b) if group]
    used = tuple(ref for group in pair for ref in refs.get(group, ())) if pair else everything
    told = effect.reason or (f"interval: {effect.interval}" if effect.interval else "")
    return [
        Cell(metric),
        Cell("recomputed"),
        Cell(" − ".join(pair) or "all groups"),
        Cell(_EFFECTS.get(effect.name, effect.name)),
        Cell(),
        Cell(),
        Cell(),
        computed(Cell(effect.value, used, effect.ci_low, effect.ci_high, note=told)),
        Cell(effect.n_a + effect.n_b or n),
    ]


def group_summaries(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return number, mean and spread of every group, metric by metric."""
    names = Names.of(tables, spec)
    found: GroupsResult | None = result_of(results, "groups", GroupsResult)
    columns = (
        Column("metric", "Metric"),
        Column("category", "Group"),
        Column("n", "Values", "count"),
        Column("n_studies", "Studies", "count"),
        Column("mean", "Mean", "score"),
        Column("sd", "SD", "score"),
        Column("median", "Median", "score"),
        Column("min", "Min", "score"),
        Column("max", "Max", "score"),
    )
    body = [
        [
            Cell(names.metric(comparison.metric, comparison.convention)),
            Cell(group.group or "not stated"),
            Cell(group.n, group.refs),
            Cell(group.n_studies),
            computed(Cell(group.mean, group.refs)),
            computed(Cell(group.sd, group.refs, note="one value has no spread" if group.sd is None else "")),
            computed(Cell(group.median, group.refs)),
            *(Cell(value, group.refs) for value in (group.min, group.max)),  # values of sources, as they are
        ]
        for comparison in (found.comparisons if found else ())
        for group in comparison.groups
    ]
    return arrange(
        "group-summaries", "Groups of methods", "Number of values, mean, SD (n − 1) and range of each group.",
        columns, body, results=[found], notes=_notes(found, names), warnings=_own(found, names),
        relevant=_general(found), group="metric", nothing=_NOTHING,
    )  # fmt: skip


def metrics_by_category(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return every value that entered the comparison of groups, one row each, with its group's mean."""
    names = Names.of(tables, spec)
    found: GroupsResult | None = result_of(results, "groups", GroupsResult)
    by_place = _scores(tables, spec)
    columns = (
        Column("metric", "Metric"),
        Column("category", "Group"),
        Column("method", "Method"),
        Column("study", "Study"),
        Column("dataset", "Data set"),
        Column("value", "Value", "number"),
        Column("group_mean", "Mean of the group", "number"),
        Column("group_k", "k", "count"),
    )
    body = []
    for comparison in found.comparisons if found else ():
        metric = names.metric(comparison.metric, comparison.convention)
        for group in comparison.groups:
            mean, k = computed(Cell(group.mean)), Cell(group.n)  # their sources are the values of the group, row by row
            for score in _in_order(group.refs, by_place):
                sets = (score.dataset_id,) if score.dataset_id else score.datasets
                body.append([
                    Cell(metric), Cell(group.group or "not stated"), Cell(score.method),
                    Cell(names.study(score.study_id)),
                    Cell(names.dataset_list(sets)), Cell(score.value, (score.ref,), note=score.note), mean, k,
                ])  # fmt: skip
    metrics = list(dict.fromkeys(text(line[0].value) for line in body))
    return arrange(
        "metrics-by-category", "Metrics by category of method", "Every value, beside the mean of its group.",
        columns, body, results=[found], notes=_notes(found, names), warnings=_own(found, names),
        relevant=_general(found), group="metric", nothing=_NOTHING,
        keep=("category", "method", "study", "dataset", "value", "group_mean", "group_k"),
        alt=f"Dots of the values of {', '.join(metrics)} for each category of method, with group means. "
            + _means(found, names),
    )  # fmt: skip


def _scores(tables: Tables, spec: ReviewSpec) -> dict[tuple[str, int], Score]:
    """Return every score by its line in the spreadsheet: the groups say by their sources which of them entered."""
    levels: tuple[str, ...] = spec.groups.levels if spec.groups else ("cell", "study_mean")
    table = score_table(tables, spec.vocabulary(), levels=levels, nested=spec.nested_units)  # type: ignore[arg-type]
    return {(score.file, score.line): score for score in table.rows}


def _in_order(refs: Iterable[SourceRef], by_place: dict[tuple[str, int], Score]) -> list[Score]:
    return [by_place[ref.file, ref.line] for ref in refs if (ref.file, ref.line) in by_place]


def _means(found: GroupsResult | None, names: Names) -> str:
    parts = []
    for comparison in found.comparisons if found else ():
        groups_ = (f"{g.group or 'not stated'} {display(g.mean, _NUMBER)} (k = {g.n})" for g in comparison.groups)
        parts.append(f"{names.metric(comparison.metric, comparison.convention)}: {', '.join(groups_)}")
    return "; ".join(parts)
