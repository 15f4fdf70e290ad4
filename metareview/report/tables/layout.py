"""What every renderer needs to know of a view before it writes: groups, spanners, markers, footnotes.

Intent is recorded here once; CSV, Markdown, HTML, LaTeX and XLSX each only spell it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.format import clean, display, display_cell
from metareview.results import Dropped

__all__ = ["NUMERIC", "SYMBOLS", "Footnote", "Layout", "Spanner", "lay_out"]

NUMERIC = frozenset({"score", "number", "percent", "count", "p", "interval"})
#: Signs that stand behind a marked value, so that a mark is not told by colour or weight alone.
SYMBOLS = {"derived": "*", "contradicted": "‡", "warning": "†"}
_LEGEND = {
    "derived": "* computed here, not printed in a source",
    "contradicted": "‡ contradicted by another number",
    "warning": "† to be read with caution",
}
#: Names of dropped rows printed per reason before the rest is counted.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Footnote:
    """A note of one or more cells, with the letter that stands behind them."""

    marker: str
    text: str


@dataclass(frozen=True, slots=True)
class Spanner:
    """A heading over `width` neighbouring columns; without label where they have none."""

    label: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A view, resolved.

    Attributes
    ----------
    view : the view.
    columns : positions of the columns that are printed; the group column stands in headings instead.
    groups : heading (None without groups) and the numbers of the rows under it.
    spanners : headings over columns, left to right over all printed columns; empty where no column has one.
    stub : position of the column that names a row, or -1 where none does.
    markers : letter of the footnote per (row, column).
    footnotes, legend : texts under the table.
    shown : rows that are printed; where a view has more, a note says so and the CSV and the workbook have them.
    """

    view: View
    columns: tuple[int, ...]
    groups: tuple[tuple[str | None, tuple[int, ...]], ...]
    spanners: tuple[Spanner, ...]
    stub: int
    markers: dict[tuple[int, int], str]
    footnotes: tuple[Footnote, ...]
    legend: tuple[str, ...]
    shown: int

    def cells(self, row: int) -> Iterator[tuple[int, Column, Cell]]:
        """Yield position, column and cell of the printed columns of one row."""
        for position in self.columns:
            yield position, self.view.columns[position], self.view.rows[row][position]

    def text(self, cell: Cell, column: Column) -> str:
        """Return a cell as people read it."""
        return display_cell(cell, column)

    def suffix(self, row: int, position: int) -> str:
        """Return what stands raised behind a cell: the sign of its mark and the letter of its footnote."""
        symbol = "".join(SYMBOLS.get(mark, "") for mark in self.view.rows[row][position].mark.split())
        return symbol + self.markers.get((row, position), "")

    def heading(self, column: Column) -> str:
        """Return the heading of a column, with its arrow."""
        return clean(f"{column.label} {column.arrow}".strip())

    def footer(self) -> list[str]:
        """Return every line under the table but the footnotes: legend, notes, warnings, rows left out."""
        view = self.view
        lines = [*self.legend, *view.notes]
        lines += [f"Warning: {text}" for text in view.warnings]
        return [clean(line) for line in [*lines, *left_out(view.dropped)]]


def lay_out(view: View, *, whole: bool = False) -> Layout:
    """Resolve a view for the renderers; `whole` overrides the number of rows a view asks to be shown."""
    shown = len(view.rows) if whole else min(len(view.rows), int(view.meta.get("shown", len(view.rows))))
    grouped = view.index(view.group) if view.group else -1
    printed = (p for p, column in enumerate(view.columns) if whole or column.key not in view.machine)
    columns = tuple(position for position in printed if position != grouped)
    texts = [p for p in columns if view.columns[p].kind == "text"]
    markers, footnotes = _footnotes(view, columns, shown)
    marks = {mark for row in view.rows[:shown] for position in columns for mark in row[position].mark.split()}
    legend = [text for mark, text in _LEGEND.items() if mark in marks]
    if marks & {"best", "second"}:
        legend.insert(0, "Bold: best; underlined: second best; ties share the mark")
    if shown < len(view.rows):
        legend.insert(0, f"{shown:,} of {len(view.rows):,} rows are shown; the CSV and the workbook have all of them")
    return Layout(
        view, columns, _groups(view, grouped, shown), _spanners(view, columns), texts[0] if texts else -1,
        markers, footnotes, tuple(legend), shown,
    )  # fmt: skip


def left_out(dropped: tuple[Dropped, ...], named: int = NAMED) -> list[str]:
    """Return one line per reason: how many rows it took, and the first of them by name."""
    reasons: dict[str, list[str]] = {}
    for row in dropped:
        reasons.setdefault(row.reason, []).append(row.what)
    lines = []
    for reason, names in reasons.items():
        rest = f"; and {len(names) - named} more" if len(names) > named else ""
        lines.append(f"Left out, {reason}: {len(names)} ({'; '.join(names[:named])}{rest})")
    return lines


def _groups(view: View, grouped: int, shown: int) -> tuple[tuple[str | None, tuple[int, ...]], ...]:
    numbers = range(shown)
    if grouped < 0:
        return ((None, tuple(numbers)),) if view.rows else ()
    column = view.columns[grouped]
    labelled = groupby(numbers, key=lambda number: display(view.rows[number][grouped].value, column))
    return tuple((label, tuple(rows)) for label, rows in labelled)


def _spanners(view: View, columns: tuple[int, ...]) -> tuple[Spanner, ...]:
    if not any(view.columns[position].group for position in columns):
        return ()
    spanners, start = [], 0
    for label, run in groupby(columns, key=lambda position: view.columns[position].group):
        width = len(list(run))
        spanners.append(Spanner(clean(label), start, width))
        start += width
    return tuple(spanners)


def _footnotes(
    view: View, columns: tuple[int, ...], shown: int
) -> tuple[dict[tuple[int, int], str], tuple[Footnote, ...]]:
    """Give every missing or doubtful cell with a note its letter; equal notes share one."""
    letters: dict[str, str] = {}
    markers = {}
    for number, row in enumerate(view.rows[:shown]):
        for position in columns:
            cell = row[position]
            if cell.note and (cell.value is None or cell.mark in ("contradicted", "warning")):
                markers[number, position] = letters.setdefault(cell.note, _letter(len(letters)))
    return markers, tuple(Footnote(letter, clean(text)) for text, letter in letters.items())


def _letter(number: int) -> str:
    """Return a, b, …, z, aa, ab, …."""
    text = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(ord("a") + digit) + text
    return text
