"""Views of summary numbers: per metric as published beside as recomputed, and every statement that is printed."""

from __future__ import annotations

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import (
    Names,
    Results,
    Row,
    Tables,
    arrange,
    bound_of,
    computed,
    filled,
    printed_cell,
    records,
    ref_of,
    result_of,
    text,
)
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.descriptives import DescriptiveRow, DescriptivesResult

__all__ = ["statements", "summary"]

_STATISTICS = (
    ("mean", "Mean"), ("sd", "SD"), ("min", "Min"), ("max", "Max"), ("median", "Median"), ("q1", "Q1"), ("q3", "Q3"),
)  # fmt: skip
#: Statistics of `statements.csv` in words; the others are words already.
_STATISTIC_NAMES = {
    "n": "number of values", "sd": "SD", "f": "F", "d": "standardised difference d", "r": "correlation r",
    "p": "p value",
    "cv": "coefficient of variation", "mean_cv": "mean coefficient of variation", "gpus": "GPUs", "min": "minimum",
    "max": "maximum", "n_datasets": "number of data sets", "before_after": "before and after",
    "megavoxels_per_second": "megavoxels per second", "cubic_millimetres": "cubic millimetres",
}  # fmt: skip
_ALIASES = {"q50": "median", "q25": "q1", "q75": "q3", "std": "sd"}


def summary(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return descriptive statistics per metric: the printed row first, then the recomputed one."""
    names = Names.of(tables, spec)
    found: DescriptivesResult | None = result_of(results, "descriptives", DescriptivesResult)
    printed = _printed(tables, spec)
    recomputed: dict[str, list[DescriptiveRow]] = {}
    for row in found.rows if found else ():
        recomputed.setdefault(row.metric, []).append(row)
    columns = (
        Column("metric", "Metric"),
        Column("source", "Source"),
        Column("n", "N", "count", help="values"),
        *(Column(key, label, "score") for key, label in _STATISTICS),
        Column("n_experiments", "Experiments", "count"),
        Column("n_studies", "Studies", "count"),
    )
    body = []
    for metric in dict.fromkeys([*(key[0] for key in printed), *recomputed]):
        lines = [_printed_line(key, rows, names) for key, rows in printed.items() if key[0] == metric]
        lines += [_recomputed_line(row, names, found) for row in recomputed.get(metric, ())]
        body += lines
    notes = ["Printed: as the document gives it. Recomputed: from the results recorded here, which are fewer than the "
             "document had wherever it does not print them."] if printed and body else []  # fmt: skip
    notes += [f"Quartiles: {found.quartile_definition}."] if found and found.quartile_definition else []
    notes += [f"Recomputed from results printed in {names.corpus(found.corpus)}."] if found and found.corpus else []
    notes += names.legend(dict.fromkeys([*(key[0] for key in printed), *recomputed]))
    return arrange(
        "summary", "Summary statistics per metric",
        "Number of values, mean, standard deviation (n − 1), extremes and quartiles, as published and as recomputed.",
        columns, body, results=[found], notes=notes, group="metric", nothing="no scores are recorded",
        keep=("source", "n", "mean", "sd", "min", "max", "median"),
    )  # fmt: skip


def _printed(tables: Tables, spec: ReviewSpec) -> dict[tuple[str, str, str], dict[str, list[Row]]]:
    """Return printed statistics by metric, corpus and subject; one statistic may be printed in several places."""
    known = {"n", *(key for key, _ in _STATISTICS)}
    printed: dict[tuple[str, str, str], dict[str, list[Row]]] = {}
    for row in records(tables, "statements"):
        statistic = _ALIASES.get(text(row["statistic"]), text(row["statistic"]))
        if row["topic"] != "summary" or not row.get("metric") or statistic not in known or row.get("value") is None:
            continue
        key = (text(row["metric"]), text(row.get("corpus")), text(row.get("subject")))
        printed.setdefault(key, {}).setdefault(statistic, []).append(row)
    order = list(spec.metrics_in_use)
    return dict(sorted(printed.items(), key=lambda item: _position(item[0][0], order)))


def _body_of(corpus: str, names: Names) -> str:
    """Return what a statement is about; ``meta`` is the studies that the document's own synthesis covers."""
    return "the published synthesis" if corpus == "meta" else names.corpora.get(corpus) or names.citation(corpus)


def _position(metric: str, order: list[str]) -> int:
    return order.index(metric) if metric in order else len(order)


def _printed_line(key: tuple[str, str, str], rows: dict[str, list[Row]], names: Names) -> list[Cell]:
    metric, corpus, subject = key
    about = ", ".join(part for part in (_body_of(corpus, names), subject) if part)
    cells = [printed_cell(rows.get(statistic, [])) for statistic, _ in _STATISTICS]
    n = printed_cell(rows.get("n", []))
    return [
        Cell(names.metric(metric)),
        Cell("printed" + (f" ({about})" if about else "")),
        Cell(None if n.value is None else int(n.value), n.refs, mark=n.mark, note=n.note),
        *cells,
        Cell(),
        Cell(),
    ]


def _recomputed_line(row: DescriptiveRow, names: Names, found: DescriptivesResult | None) -> list[Cell]:
    results = "1 result" if row.n == 1 else f"{row.n:,} results"
    return [
        Cell(names.metric(row.metric)),
        Cell(f"recomputed from {results}" + (f", rule {row.convention}" if row.convention != "unstated" else "")),
        Cell(row.n, row.refs),
        *(
            computed(Cell(value, row.refs, note=row.reason if value is None else ""))
            for value in (getattr(row, statistic) for statistic, _ in _STATISTICS)
        ),
        Cell(row.n_experiments, row.refs),
        Cell(row.n_studies, row.refs),
    ]


def statements(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return every printed figure that belongs to no single experiment, with its place."""
    names = Names.of(tables, spec)
    rows = sorted(records(tables, "statements"), key=lambda row: text(row["topic"]))
    columns = (
        Column("topic", "Topic"),
        Column("corpus", "About"),
        Column("study", "Study"),
        Column("subject", "Subject"),
        Column("metric", "Metric"),
        Column("statistic", "Statistic"),
        Column("value", "Value", "number"),
        Column("value_high", "Upper end", "number"),
        Column("n", "N", "count"),
        Column("printed", "As printed"),
        Column("place", "Place"),
        Column("note", "Note"),
        Column("statement_id", "Id"),
    )
    body = [_statement(row, names) for row in rows]
    return arrange(
        "statements", "Printed statements", "Figures that the documents print about no single experiment.",
        columns, body, group="topic", nothing="no statements are recorded (statements.csv)",
        machine=("note", "statement_id"),
        notes=[f"{len(body)} statements; a percentage stands here as a proportion, beside it as printed."],
    )  # fmt: skip


def _statement(row: Row, names: Names) -> list[Cell]:
    return [
        Cell(text(row["topic"]).replace("_", " ")),
        filled(_body_of(text(row.get("corpus")), names)),
        Cell(names.study(row.get("study_id"))),
        filled(row.get("subject")),
        Cell(names.metric(row.get("metric"))),
        Cell(_STATISTIC_NAMES.get(text(row["statistic"]), text(row["statistic"]).replace("_", " "))),
        Cell(row.get("value"), (ref_of(row),), note=text(row.get("note")), bound=bound_of(row)),
        Cell(row.get("value_high"), (ref_of(row),) if row.get("value_high") is not None else ()),
        Cell(None if row.get("n") is None else int(row["n"])),
        filled(row.get("printed")),
        Cell(names.place(row, whole=True)),
        filled(row.get("note")),
        Cell(text(row["statement_id"])),
    ]
