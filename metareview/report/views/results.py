"""The view of every recorded number, so that nothing is out of reach of a reader of the report."""

from __future__ import annotations

from metareview.report.views.base import Bound, Cell, Column, View
from metareview.report.views.common import Names, Results, Row, Tables, arrange, filled, records, ref_of, stated, text
from metareview.report.views.format import given_decimals
from metareview.report.views.wording import LEVELS
from metareview.schema.review import ReviewSpec

__all__ = ["results_all"]


def results_all(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return every result with its experiment, convention, level, unit, spread and place."""
    names = Names.of(tables, spec)
    owners = {row["experiment_id"]: row for row in records(tables, "experiments")}
    columns = (
        Column("study", "Study"),
        Column("method", "Method"),
        Column("setting", "Setting"),
        Column("dataset", "Data set"),
        Column("target", "Target"),
        Column("metric", "Metric"),
        Column("level", "Level", help="what the value is over, or which end of a range"),
        Column("unit", "Unit", help="unit of replication; empty for an aggregate"),
        Column("value", "Value", "number", help="with its interval where the source states one"),
        Column("sd", "SD", "number"),
        Column("se", "SE", "number"),
        Column("n", "n", "count"),
        Column("n_of", "n counts"),
        Column("origin", "Origin"),
        Column("printed", "As printed"),
        Column("place", "Place"),
        Column("note", "Note"),
        Column("experiment_id", "Experiment"),
    )
    every = records(tables, "results")
    ends = {_end(row, row["level"]) for row in every}
    body = [_line(row, owners.get(row["experiment_id"], {}), names, _open(row, ends)) for row in every]
    units = sum(line[7].value is not None for line in body)
    notes = [f"{len(body):,} results, {units:,} of them of one unit of replication (an image, a run, a region): these "
             "are repeated measurements, not further experiments."] if units else []  # fmt: skip
    return arrange(
        "results", "All results", "Every recorded number with its place.", columns, body, notes=notes, group="study",
        nothing="no results are recorded (results.csv)", machine=("note", "experiment_id"),
    )  # fmt: skip


def _end(row: Row, level: str) -> tuple[str, ...]:
    return (*(text(row.get(key)) for key in ("experiment_id", "metric", "convention", "source_id")), level)


def _open(row: Row, ends: set[tuple[str, ...]]) -> Bound:
    """Return the sign of a range of which only one end is printed: the figure is a bound."""
    if row["level"] == "range_low" and _end(row, "range_high") not in ends:
        return ">="
    return "<=" if row["level"] == "range_high" and _end(row, "range_low") not in ends else ""


def _line(row: Row, owner: Row, names: Names, bound: Bound) -> list[Cell]:
    sets = (text(owner["dataset_id"]),) if owner.get("dataset_id") else tuple(owner.get("datasets") or ())
    spread = {key: _number(row.get(key)) for key in ("sd", "se", "ci_low", "ci_high")}
    return [
        Cell(names.study(owner.get("study_id"))),
        filled(owner.get("method")),
        filled(owner.get("setting")),
        Cell(names.dataset_list(sets)),
        filled(stated(owner.get("target"))),
        Cell(names.metric(row["metric"], row.get("convention"))),
        Cell(LEVELS.get(text(row.get("level")), text(row.get("level"))) or None),
        filled(row.get("unit")),
        _value(row, spread["ci_low"], spread["ci_high"], bound),
        Cell(spread["sd"], (ref_of(row),) if spread["sd"] is not None else ()),
        Cell(spread["se"], (ref_of(row),) if spread["se"] is not None else ()),
        Cell(None if row.get("n") is None else int(row["n"])),
        filled(row.get("n_of")),
        filled(owner.get("origin")),
        filled(row.get("printed")),
        Cell(names.place(row, whole=True)),
        filled(row.get("note")),
        Cell(text(row["experiment_id"])),
    ]


def _value(row: Row, low: float | None, high: float | None, bound: Bound) -> Cell:
    if row.get("value") is None:
        return Cell(None, (ref_of(row),), note=text(row.get("note")))
    digits = given_decimals(float(row["value"]), text(row.get("printed")), most=6)
    note = text(row.get("note"))
    return Cell(float(row["value"]), (ref_of(row),), low, high, note=note, decimals=digits, bound=bound)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
