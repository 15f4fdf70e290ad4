"""Changed facts and moved cells as tables for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from metareview.curation.diff import FactChange
from metareview.report.changes.moves import Move
from metareview.report.views.base import Cell, Column, View

__all__ = ["change_views"]

T = TypeVar("T")
#: Rows of moved cells that a page shows; all are in the JSON.
SHOWN = 500
_MOVED = (
    Column("table", "Table"), Column("row", "Row"), Column("column", "Column"), Column("old", "Before"),
    Column("new", "Now"), Column("by", "Difference", "number"),
)  # fmt: skip
_KINDS = {"added": "new row", "removed": "row gone", "changed": "changed", "column added": "new column",
          "column removed": "column gone"}  # fmt: skip


def change_views(
    facts: Sequence[FactChange], settings: Sequence[tuple[str, str, str]], moves: Sequence[Move],
    notes: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, View]:  # fmt: skip
    """Return the tables of a change report by name, in order.

    Parameters
    ----------
    facts : changed rows and cells of the spreadsheets.
    settings : changed keys of ``review.yaml``, with old and new value.
    moves : what moved in the tables of the report.
    notes : warnings by name of the table of this report they belong under.
    """
    said = notes or {}
    views = [
        _summary(facts, moves),
        _facts("changes-decisions", "Decisions", "Inclusion, appraisal and claims that are other than before.",
               [fact for fact in facts if fact.what == "decision"]),
        _facts("changes-values", "Values", "Rows and cells of the spreadsheets that are other than before.",
               [fact for fact in facts if fact.what == "value"]),
        _facts("changes-remarks", "Remarks", "Notes and names of extractors.",
               [fact for fact in facts if fact.what == "remark"]),
        _settings(settings),
        _moved("changes-ranks", "Ranks", "Places in rankings and leaderboards that moved.", moves, ("rank",)),
        _moved("changes-estimates", "Estimates", "Numbers of the declared syntheses that moved.", moves, ("estimate",)),
        _moved("changes-cells", "Other cells", "Further cells and rows of the report's tables that moved.", moves,
               ("number", "text", "row")),
    ]  # fmt: skip
    return {view.name: _noted(view, said.get(view.name, ())) for view in views}


def _noted(view: View, warnings: Iterable[str]) -> View:
    return replace(view, warnings=(*view.warnings, *warnings))


def _summary(facts: Sequence[FactChange], moves: Sequence[Move]) -> View:
    """Return how much moved, table by table: sheets first, then tables of the report."""
    columns = (
        Column("where", "Where"), Column("table", "Table"), Column("added", "Rows added", "count"),
        Column("removed", "Rows removed", "count"), Column("cells", "Cells changed", "count"),
        Column("ranks", "Of these, ranks", "count"),
    )  # fmt: skip
    rows = []
    for table, found in _grouped(facts, lambda fact: fact.table).items():
        kinds = Counter(fact.kind for fact in found)
        rows.append(_cells("spreadsheets", table, kinds["added"], kinds["removed"], kinds["changed"], None))
    for title, group in _grouped(moves, lambda move: move.title).items():
        turns = Counter(move.kind for move in group)
        ranks = sum(move.sort == "rank" for move in group)
        rows.append(_cells("report", title, turns["added"], turns["removed"], turns["changed"], ranks))
    caption = "How much is other than before; tables without a change are left out."
    return View("changes-summary", "What moved", caption, columns, tuple(rows), group="where",
                notes=() if rows else ("Nothing changed.",))  # fmt: skip


def _grouped(items: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def _cells(*values: str | int | float | None) -> tuple[Cell, ...]:
    return tuple(Cell(value) for value in values)


def _facts(name: str, title: str, caption: str, facts: Sequence[FactChange]) -> View:
    columns = (
        Column("table", "Sheet"), Column("study", "Study"), Column("row", "Row"), Column("kind", "Change"),
        Column("field", "Column"), Column("old", "Before"), Column("new", "Now"), Column("place", "Place"),
        Column("hint", "Remark"),
    )  # fmt: skip
    rows = tuple(
        _cells(fact.table, fact.study or None, _key(fact), _KINDS[fact.kind], fact.field or None, fact.old or None,
               fact.new or None, _place(fact), fact.hint or None)
        for fact in facts[:SHOWN]
    )  # fmt: skip
    notes = _cut(len(facts), "Nothing of this kind changed.")
    return View(name, title, caption, columns, rows, group="table", notes=notes)


def _key(fact: FactChange) -> str:
    parts = [part for part in fact.key.split("\x1f") if part]
    return " · ".join(part for part in parts if part != fact.study) or fact.study


def _place(fact: FactChange) -> str:
    lines = [f"line {old}" if new == old else f"line {old} → {new}" for old, new in ((fact.old_line, fact.new_line),)]
    if not fact.old_line or not fact.new_line:
        lines = [f"line {fact.old_line or fact.new_line}"]
    return "; ".join(filter(None, (*lines, fact.locator)))


def _cut(number: int, nothing: str) -> tuple[str, ...]:
    if not number:
        return (nothing,)
    return (f"The first {SHOWN} of {number:,}; metareview diff --json has all.",) if number > SHOWN else ()


def _settings(settings: Sequence[tuple[str, str, str]]) -> View:
    columns = (Column("key", "Key"), Column("old", "Before"), Column("new", "Now"))
    rows = tuple(_cells(key, old or None, new or None) for key, old, new in settings)
    return View("changes-settings", "Settings", "Keys of review.yaml that are other than before.", columns, rows,
                notes=() if rows else ("review.yaml says the same.",))  # fmt: skip


def _moved(name: str, title: str, caption: str, moves: Sequence[Move], sorts: tuple[str, ...]) -> View:
    found = [move for move in moves if move.sort in sorts]
    rows = tuple(
        _cells(move.title, move.row or None, _what(move), move.old if move.kind == "changed" else None,
               move.new if move.kind == "changed" else None, move.by)
        for move in found[:SHOWN]
    )  # fmt: skip
    return View(
        name, title, caption, _MOVED, rows, group="table", notes=_cut(len(found), "Nothing of this kind moved.")
    )


def _what(move: Move) -> str:
    """Return the column that moved, or what became of the row or column."""
    return move.column if move.kind == "changed" else ": ".join(filter(None, (_KINDS[move.kind], move.column)))
