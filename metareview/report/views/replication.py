"""The view of re-runs: what is reported, what came out here, and whether the two may be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from metareview.report.views.base import Cell, Column, Mark, View
from metareview.report.views.common import Names, Results, Tables, arrange, computed, result_of
from metareview.report.views.format import display
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.replication import ReplicationResult, ReplicationRow

__all__ = ["APART", "replication", "run_decimals", "scored_by"]

_COLUMNS = (
    Column("dataset", "Data set"),
    Column("method", "Re-run"),
    Column("metric", "Metric", help="with the scoring rule of the re-run"),
    Column("n", "Runs", "count"),
    Column("rerun", "Re-run value", "score", help="mean over runs, with its t interval"),
    Column("sd", "SD", "score", help="over runs (n − 1)"),
    Column("expected", "Another run", "interval", 3, help="prediction interval of one further run"),
    Column("reported", "Reported", "score"),
    Column("by", "By", help="method and document of the reported value"),
    Column("difference", "Difference", "score", help="re-run minus reported, with interval"),
    Column("verdict", "Verdict"),
    Column("why", "Why"),
    Column("runs", "Values", help="of the single runs"),
    Column("experiment_id", "Id"),
    Column("relation", "Relation"),
)
_NOTHING = (
    "no reference model has been run again for this review; metareview rerun runs specs under reruns/specs and writes "
    "their scores here"
)
#: What separates re-runs from printed numbers, under each of their tables.
APART = "Re-runs stand in tables of their own: no other table or figure of this report reads them."
#: Metrics of two classes, in which ``fg`` names the class that is scored.
_OVERLAPS = ("dice", "jaccard")
#: Background rule -> what it makes of them (`metareview.evaluation`).
_UNSEGMENTED = {
    "gt0": "under gt0 they are one segment together",
    "snemi": "under snemi each is a segment of its own",
    "fg": "under fg they do not count",
}
_LEGEND = "Reported values are as printed; all others are computed here from run records (reruns/runs)."


def replication(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return one row per re-run score and published counterpart, by data set."""
    names = Names.of(tables, spec)
    found: ReplicationResult | None = result_of(results, "replication", ReplicationResult)
    rows = found.rows if found else ()
    counts = Counter(row.verdict for row in rows)
    said = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
    level = f"{(found.level if found else 0.95):.0%}"
    body = [_row(row, names) for row in rows]
    body.sort(key=lambda cells: str(cells[0].value))  # stable: within a data set the order of the tables
    return arrange(
        "replication", "Reported against re-run",
        f"Reference models trained and scored here, and published segmentations scored here, beside what is published; "
        f"intervals at {level}.", _COLUMNS, body,
        results=[found], group="dataset", nothing=_NOTHING,
        notes=[f"Verdicts: {said}.{_scored_only(rows)}", *_departures(rows),
               *scored_by((row.metric, row.convention) for row in rows), APART, _LEGEND,
               *names.legend(row.metric for row in rows)] if rows else [],
        keep=("method", "metric", "n", "rerun", "expected", "reported", "verdict"),
        machine=("runs", "experiment_id", "relation"),
        alt=_alt(rows, names),
    )  # fmt: skip


def _row(row: ReplicationRow, names: Names) -> list[Cell]:
    mark: Mark = "warning" if row.verdict in ("lower", "higher") else ""
    digits = run_decimals(row.sd)
    reported = Cell(row.reported, row.reported_refs, decimals=digits, note=_printed(row))
    return [
        Cell(names.dataset(row.dataset_id) or "no data set"),
        Cell(_label(row)),
        Cell(names.metric(row.metric, row.convention)),
        Cell(row.n, row.refs, note=row.n_of),
        computed(Cell(row.mean, row.refs, row.mean_low, row.mean_high, decimals=digits)),
        computed(Cell(row.sd, row.refs, decimals=digits)) if row.sd is not None else Cell(),
        computed(Cell(None, row.refs, row.pi_low, row.pi_high, decimals=digits)),
        reported if row.reported is not None else Cell(),
        Cell(_by(row, names)),
        computed(Cell(row.difference, (*row.refs, *row.reported_refs), row.low, row.high, decimals=digits)),
        Cell(row.verdict, mark=mark),
        Cell(row.words.partition(": ")[2] or row.words),
        Cell("; ".join(repr(value) for value in row.values), row.refs),
        Cell(row.experiment_id),
        Cell(row.relation),
    ]


def _label(row: ReplicationRow) -> str:
    return f"{row.method} ({row.setting})" if row.setting else row.method


def _scored_only(rows: Sequence[ReplicationRow]) -> str:
    """Return how many scores are of segmentations that were published: nothing was run for them."""
    count = sum(row.n_of == "segmentation" for row in rows)
    return f" {count} of all are of published segmentations that were scored here." if count else ""


def _departures(rows: Sequence[ReplicationRow]) -> list[str]:
    """Return what must be known of each re-run: where it departs from what it stands for."""
    return list(dict.fromkeys(f"{_label(row)}: {row.note}." for row in rows if row.note))


def scored_by(scores: Iterable[tuple[str, str]]) -> list[str]:
    """Return what the scoring rules in use make of voxels that a prediction leaves without a segment.

    Parameters
    ----------
    scores : metrics and conventions; of an overlap ``fg`` means another thing, so those are passed over.
    """
    used = {convention.rpartition(".")[2] for metric, convention in scores if metric not in _OVERLAPS}
    told = [text for convention, text in _UNSEGMENTED.items() if convention in used]
    if not told:
        return []
    return [
        f"Voxels that a prediction leaves without a segment: {'; '.join(told)}. Where two methods leave other "
        "shares of them, such scores differ for that alone."
    ]


def run_decimals(*deviations: float | None) -> int:
    """Return enough digits to tell runs apart: two of the smallest deviation that is not 0, at least 3 and at most 5.

    >>> run_decimals(0.0134, 0.002), run_decimals(None, 0.0), run_decimals(1e-7)
    (4, 3, 5)
    """
    from math import floor, log10

    return max([3, *(min(5, 1 - floor(log10(sd))) for sd in deviations if sd)])


def _printed(row: ReplicationRow) -> str:
    parts = [f"printed as {row.printed}" if row.printed else "", f"rule: {row.reported_convention}"]
    return "; ".join(part for part in parts if part) if row.reported is not None else ""


def _by(row: ReplicationRow, names: Names) -> str | None:
    if row.reported is None:
        return None
    study = row.reported_by if row.relation == "target" else names.study(row.reported_by)
    return ", ".join(part for part in (row.reported_method, study) if part)


def _alt(rows: tuple[ReplicationRow, ...], names: Names) -> str:
    shown = [
        f"{row.method}, {names.metric(row.metric, row.convention)} {display(row.mean, _COLUMNS[4])}"
        + (
            f" against {display(row.reported, _COLUMNS[7])} reported ({row.verdict})"
            if row.reported is not None
            else ""
        )
        for row in rows
    ]
    return f"Re-run values with the interval of another run, and reported values: {'; '.join(shown[:8]) or 'none'}."
