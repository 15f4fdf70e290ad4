"""XLSX: the view for spreadsheet programs, with its notes and its sources on sheets of their own.

Text is typed as text, so no cell is ever a formula. The file is the same byte for byte from the same view: entries
are stored uncompressed (compressors differ between machines) with fixed times.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from metareview.report.tables.layout import NUMERIC, Layout, lay_out
from metareview.report.tables.sources import cite
from metareview.report.views.base import Cell, Column, View
from metareview.report.views.format import DEFAULT_DECIMALS, clean
from metareview.schema.source import SourceRef

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["render_xlsx"]

#: What a cell of the format holds at most (ECMA-376, and Excel's own limits).
LONGEST = 32_767
#: Sources of one number listed line by line; of more, one line cites all.
SOURCES = 40
_CUT = " … [cut: a cell of this format holds 32,767 characters; the CSV has the whole text]"
_EPOCH = datetime(2000, 1, 1)
_STAMP = (1980, 1, 1, 0, 0, 0)
# "_x0041_" in a cell is an escape of the format for "A"; the underscore itself is written so.
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def render_xlsx(view: View) -> bytes:
    """Return a view as the bytes of a workbook with the sheets ``table``, ``notes`` and ``sources``."""
    from openpyxl import Workbook

    layout = lay_out(view, whole=True)
    book = Workbook()
    table = book.active
    table.title = "table"
    _fill_table(table, layout)
    _fill_notes(book.create_sheet("notes"), layout)
    _fill_sources(book.create_sheet("sources"), view)
    book.properties.creator = "metareview"
    book.properties.title = _text(view.title)
    book.properties.created = book.properties.modified = _EPOCH
    stream = io.BytesIO()
    book.save(stream)
    return _stable(stream.getvalue())


def _fill_table(sheet: Worksheet, layout: Layout) -> None:
    view = layout.view
    heads = [_head(layout, column) for column in view.columns]
    names, fields = [], []
    for position, column in enumerate(view.columns):
        spread = any(row[position].low is not None or row[position].high is not None for row in view.rows)
        parts = [("value", ""), *([("low", " (low)"), ("high", " (high)")] if spread else [])]
        parts += [("bound", " (bound)")] if any(row[position].bound for row in view.rows) else []
        for part, label in parts:
            names.append(heads[position] + label)
            fields.append((position, part, column))
    _header(sheet, names)
    for number, row in enumerate(view.rows, 2):
        for place, (position, part, column) in enumerate(fields, 1):
            _write(sheet, number, place, getattr(row[position], part), column, row[position])
    _widths(sheet)


def _head(layout: Layout, column: Column) -> str:
    return ": ".join(part for part in (column.group, layout.heading(column)) if part)


def _fill_notes(sheet: Worksheet, layout: Layout) -> None:
    view = layout.view
    _header(sheet, ["kind", "text"])
    lines = [("title", view.title), ("caption", view.caption)]
    lines += [(f"footnote {note.marker}", note.text) for note in layout.footnotes]
    lines += [("legend", text) for text in layout.legend]
    lines += [("note", text) for text in view.notes]
    lines += [("warning", text) for text in view.warnings]
    lines += [("left out", str(row)) for row in view.dropped]
    for number, line in enumerate(lines, 2):
        for place, text in enumerate(line, 1):
            _write(sheet, number, place, text)
    _widths(sheet)


def _fill_sources(sheet: Worksheet, view: View) -> None:
    """List the sources of every row; cells that rest on the same sources share their lines."""
    _header(sheet, ["row", "column", "document", "locator", "printed", "file", "line", "uncertain", "note"])
    lines: list[tuple[object, ...]] = []
    for place, row in enumerate(view.rows, 2):
        shared: dict[tuple[SourceRef, ...], list[str]] = {}
        for column, cell in zip(view.columns, row, strict=True):
            if cell.refs:
                shared.setdefault(cell.refs, []).append(column.key)
            if cell.note:
                lines.append((place, column.key, "", "", "", "", None, "", cell.note))
        for refs, keys in shared.items():
            lines += [(place, "; ".join(keys), *facts) for facts in _sources(tuple(dict.fromkeys(refs)))]
    for number, line in enumerate(lines, 2):
        for position, fact in enumerate(line, 1):
            _write(sheet, number, position, fact)
    _widths(sheet)


def _sources(refs: tuple[SourceRef, ...]) -> Iterator[tuple[object, ...]]:
    """Yield one line per source, or one that cites them all where a number rests on very many."""
    if len(refs) > SOURCES:
        yield cite(refs, limit=10**6), f"{len(refs)} sources", "", "", None, "", ""
        return
    for ref in refs:
        doubt = "yes" if ref.uncertain else ""
        yield ref.source_id, ref.locator, ref.printed, ref.file, ref.line, doubt, ref.note


def _header(sheet: Worksheet, names: list[str]) -> None:
    from openpyxl.styles import Font

    for place, name in enumerate(names, 1):
        _write(sheet, 1, place, name)
        sheet.cell(1, place).font = Font(bold=True)
    sheet.freeze_panes = "A2"


def _write(
    sheet: Worksheet, row: int, place: int, value: Any, column: Column | None = None, source: Cell | None = None
) -> None:
    """Write one cell; text is text whatever it begins with."""
    from openpyxl.styles import Alignment, Font

    if value is None or value == "":
        return
    cell = sheet.cell(row, place)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, str):
        text = _text(value)
        cell.value = text
        # Setting the value types "=1+1" as a formula and "#N/A" as an error; both are text here.
        cell.data_type = "s"
        cell.quotePrefix = text[:1] in "=+-@"
        cell.alignment = Alignment(vertical="top", wrap_text=len(text) > 60 or "\n" in text)
    else:
        cell.value = value
        if column is not None and source is not None and source.decimals is not None:
            column = replace(column, decimals=source.decimals)
        cell.number_format = _number_format(column)
        cell.alignment = Alignment(vertical="top")
    emphasis = source.mark.split(" ")[0] if source is not None else ""
    if emphasis in ("best", "second"):
        cell.font = Font(bold=emphasis == "best", underline="single" if emphasis == "second" else None)


def _text(text: str) -> str:
    text = _ESCAPE.sub("_x005F_", clean(text))
    return text if len(text) <= LONGEST else text[: LONGEST - len(_CUT)] + _CUT


def _number_format(column: Column | None) -> str:
    if column is None or column.kind not in NUMERIC or (column.kind == "number" and column.decimals is None):
        return "General"
    decimals = DEFAULT_DECIMALS.get(column.kind, 0) if column.decimals is None else column.decimals
    point = f".{'0' * decimals}" if decimals else ""
    return {"percent": f"0{point}%", "count": f"#,##0{point}"}.get(column.kind, f"0{point}")


def _widths(sheet: Worksheet) -> None:
    from openpyxl.utils import get_column_letter

    for place, cells in enumerate(sheet.iter_cols(), 1):
        longest = max((len(line) for cell in cells for line in str(cell.value or "").split("\n")), default=0)
        sheet.column_dimensions[get_column_letter(place)].width = min(max(longest + 2, 8), 60)


def _stable(data: bytes) -> bytes:
    """Return the same workbook without the time of writing."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as new:
        for name in sorted(old.namelist(), key=lambda entry: (entry != "[Content_Types].xml", entry)):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _TIMES.sub(rb"\g<1>2000-01-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            new.writestr(entry, content)
    return stream.getvalue()
