"""The view of re-runs against each other: pairs of methods on the same data, by the same scoring rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import Names, Results, Tables, arrange, computed, result_of
from metareview.report.views.replication import APART, run_decimals, scored_by
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.contrasts import ContrastRow, ContrastsResult, Side

__all__ = ["rerun_contrasts"]


def _side_columns(at: str) -> tuple[Column, ...]:
    group = at.capitalize()
    return (
        Column(at, "Method", group=group),
        Column(f"{at}_value", "Mean", "score", group=group, help="over runs"),
        Column(f"{at}_sd", "SD", "score", group=group, help="over runs (n − 1)"),
        Column(f"{at}_n", "Runs", "count", group=group),
    )


_COLUMNS = (
    Column("dataset", "Data set"),
    Column("metric", "Metric", help="with the scoring rule"),
    Column("verdict", "Verdict"),
    *_side_columns("first"),
    *_side_columns("second"),
    Column("difference", "Difference", "score", help="first minus second, with interval over runs"),
    Column(
        "p_holm",
        "p (Holm)",
        "p",
        help="Welch's t (paired for the same networks), adjusted over the pairs of one data set, metric and rule",
    ),
    Column("why", "Why"),
    Column("p", "p", "p", help="before the adjustment"),
    Column("family", "Pairs", "count", help="pairs that p is adjusted over"),
    Column("target", "Target"),
    Column("split", "Split"),
    Column("first_runs", "Values of first"),
    Column("second_runs", "Values of second"),
    Column("first_id", "Id of first"),
    Column("second_id", "Id of second"),
)
_MACHINE = ("p", "family", "target", "split", "first_runs", "second_runs", "first_id", "second_id")
_NOTHING = (
    "no two re-runs of this review have a score in common: on the same data set, target and split, by the same metric "
    "and scoring rule"
)
_READ = (
    "The order of first and second is that of the tables. Intervals are those of single pairs; verdicts go by the "
    "adjusted p value. Metrics of one pair depend on each other and are not adjusted for. k counts pairs of re-runs."
)


def rerun_contrasts(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return one row per pair of re-runs, metric and rule, by data set."""
    names = Names.of(tables, spec)
    found: ContrastsResult | None = result_of(results, "rerun_contrasts", ContrastsResult)
    rows = sorted(found.rows if found else (), key=lambda row: _dataset(row, names))  # stable: else as in the result
    said = ", ".join(f"{n} {verdict}" for verdict, n in sorted(Counter(row.verdict for row in rows).items()))
    level = f"{(found.level if found else 0.95):.0%}"
    notes = [f"Verdicts: {said}.", _READ, *_where(rows, names), *_departures(rows),
             *scored_by((row.metric, row.convention) for row in rows), *_one_number_twice(rows), APART,
             *names.legend(row.metric for row in rows)] if rows else []  # fmt: skip
    return arrange(
        "rerun-contrasts", "Re-runs against each other",
        f"Methods trained and scored here on the same data, pair by pair; intervals at {level}.",
        _COLUMNS, [_row(row, names) for row in rows], results=[found], group="dataset", nothing=_NOTHING, notes=notes,
        keep=("first", "first_value", "second", "second_value", "difference", "p_holm", "verdict"), machine=_MACHINE,
    )  # fmt: skip


def _dataset(row: ContrastRow, names: Names) -> str:
    return names.dataset(row.dataset_id) or "no data set"


def _row(row: ContrastRow, names: Names) -> list[Cell]:
    digits = run_decimals(row.first.sd, row.second.sd)
    both = (*row.first.refs, *row.second.refs)
    return [
        Cell(_dataset(row, names)),
        Cell(names.metric(row.metric, row.convention)),
        Cell(row.verdict),
        *_side(row.first, digits, best=row.verdict == "first is better"),
        *_side(row.second, digits, best=row.verdict == "second is better"),
        computed(Cell(row.difference, both, row.low, row.high, decimals=digits)),
        computed(Cell(row.p_holm, both)) if row.p_holm is not None else Cell(),
        Cell(row.words.partition(": ")[2]),
        computed(Cell(row.p, both)) if row.p is not None else Cell(),
        Cell(row.family),
        Cell(row.target or None),
        Cell(row.split),
        *(Cell("; ".join(repr(value) for value in side.values), side.refs) for side in (row.first, row.second)),
        *(Cell(side.experiment_id) for side in (row.first, row.second)),
    ]


def _side(side: Side, digits: int, *, best: bool) -> list[Cell]:
    told = "a published segmentation, scored once: a fixed number" if side.fixed else side.n_of
    return [
        Cell(side.label),
        Cell(side.mean, side.refs, mark="best derived" if best else "derived", decimals=digits),
        computed(Cell(side.sd, side.refs, decimals=digits)) if side.sd is not None else Cell(),
        Cell(side.n, side.refs, note=told),
    ]


def _where(rows: Sequence[ContrastRow], names: Names) -> list[str]:
    """Return what the pairs of each data set are scored on."""
    told = dict.fromkeys(
        f"{_dataset(row, names)}: {', '.join(part for part in (row.target, row.split) if part)}" for row in rows
    )
    return [f"Scored on, by the split and what it tests: {'; '.join(told)}."]


def _one_number_twice(rows: Sequence[ContrastRow]) -> list[str]:
    """Return that two metrics are one: ARAND is 1 minus the F-score V_Rand wherever both have the same rule."""
    rules = [{row.convention for row in rows if row.metric == metric} for metric in ("arand", "vrand")]
    both = sorted(set.intersection(*rules))
    return [f"ARAND and VRAND under {', '.join(both)} are one number, and its distance from 1."] if both else []


def _departures(rows: Sequence[ContrastRow]) -> list[str]:
    """Return what must be known of each re-run: where it departs from what it stands for."""
    sides = [side for row in rows for side in (row.first, row.second) if side.note]
    return list(dict.fromkeys(f"{side.label}: {side.note}." for side in sides))
