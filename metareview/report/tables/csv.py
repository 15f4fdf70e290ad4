"""CSV: the view for programs. Numbers stay numbers, and no cell is a formula for a spreadsheet program."""

from __future__ import annotations

import csv
import io

from metareview.report.tables.sources import cite
from metareview.report.views.base import Cell, View
from metareview.report.views.format import machine
from metareview.results.formulas import neutralise

__all__ = ["neutralise", "render_csv"]


def render_csv(view: View) -> str:
    r"""Return a view as CSV: UTF-8, ``\n`` line ends, a header with the keys of the columns.

    Columns ``<key>_low`` and ``<key>_high`` follow a column with intervals, ``<key>_bound`` (``<``, ``>``, ``<=``,
    ``>=``) one with numbers of which only a bound is printed, ``<key>_note`` one with notes; the last column,
    ``sources``, says where the numbers of the row come from.
    """
    parts = [_parts(view, position) for position in range(len(view.columns))]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    named = [(column.key, part) for column, names in zip(view.columns, parts, strict=True) for part in names]
    header = [key if part == "value" else f"{key}_{part}" for key, part in named]
    writer.writerow([neutralise(name) for name in [*header, "sources"]])
    for row in view.rows:
        fields = [_field(cell, part) for cell, names in zip(row, parts, strict=True) for part in names]
        writer.writerow([*fields, neutralise(cite([ref for cell in row for ref in cell.refs]))])
    return stream.getvalue()


def _parts(view: View, position: int) -> list[str]:
    cells = [row[position] for row in view.rows]
    parts = ["value"]
    if any(cell.low is not None or cell.high is not None for cell in cells):
        parts += ["low", "high"]
    if any(cell.bound for cell in cells):
        parts.append("bound")
    if any(cell.note for cell in cells):
        parts.append("note")
    return parts


def _field(cell: Cell, part: str) -> str:
    value = getattr(cell, part)
    text = machine(value)
    return neutralise(text) if isinstance(value, str) else text
