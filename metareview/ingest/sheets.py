"""One sheet of a workbook -> a raw table: what its XML says beyond the values, then the values as text.

The XML is scanned for what the reader of values does not tell: formulas, error values, numbers shown as percentages.
The values are read by calamine and turned back into the text that was typed.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from html import unescape
from itertools import zip_longest
from pathlib import Path
from typing import Any

from metareview.ingest.layout import is_remark
from metareview.ingest.problems import Problem, Problems, column_letters
from metareview.ingest.raw import RawTable, TableBuilder, match_header
from metareview.schema.tables import TABLES

__all__ = ["SheetScan", "cell_text", "place_of", "read_grid", "read_sheet", "read_values", "scan_sheet"]

#: Cells of the rectangle that a sheet spans, per cell that holds something, before it is too sparse to be a table.
_SPARSE = 50
_BLOCK = 4 * 1024**2
_CELL = rb"<(?:\w+:)?c\b(?=[^<>]*\sr=[\"']([A-Z]{1,3}[0-9]{1,7})[\"'])"
_FORMULA = re.compile(_CELL + rb"[^<>]*>\s*<(?:\w+:)?f\b[^<>]*?(?:/>|>([^<]{0,200}))")
_ERROR = re.compile(_CELL + rb"(?=[^<>]*\st=[\"']e[\"'])[^<>]*>\s*<(?:\w+:)?v>([^<]{0,40})")
_COLUMN = re.compile(rb"<(?:\w+:)?c\b[^<>]*?\sr=[\"']([A-Z]{1,3})[0-9]")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^<>]*?\sr=[\"']([0-9]{1,7})[\"']")
_TAG = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ROW_TAG = re.compile(rb"<(?:\w+:)?row[\s/>]")
_HIDDEN = rb"(?=[^<>]*\shidden=[\"'](?:1|true)[\"'])"
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\b" + _HIDDEN + rb"[^<>]*?\sr=[\"']([0-9]{1,7})[\"']")
_HIDDEN_COLUMN = re.compile(
    rb"<(?:\w+:)?col\b" + _HIDDEN + rb"(?=[^<>]*\smin=[\"']([0-9]{1,5})[\"'])(?=[^<>]*\smax=[\"']([0-9]{1,5})[\"'])"
)
#: A cell whose attributes do not stand in the usual order (address, style, type), so that the short pattern misses it.
_UNUSUAL = re.compile(rb"<\w+:c\b|<c (?!r=\"[A-Z]{1,3}[0-9]{1,7}\"(?: s=\"[0-9]+\")?(?: t=\"\w+\")?/?>)")
_ADDRESS = re.compile(r"([A-Z]+)([0-9]+)")


@dataclass(slots=True)
class SheetScan:
    """What the XML of a sheet says beyond its values.

    Attributes
    ----------
    instead : formulas and error values by address; they stand as text where the reader would give a value or nothing.
    percents : addresses of numbers that are shown as percentages.
    decimals : by address, the decimals of numbers that are shown with a fixed number of them.
    made : addresses of those whose format was made for one figure.
    typed : the figures that such a format was made for; None where the workbook has no list of them.
    columns : letters of the columns with cells.
    cells, rows, width : numbers of cells, of rows, and of cells without address in one row.
    hidden_rows, hidden_columns : rows (from 1) and columns (first and last, from 1) that are not shown.
    """

    instead: dict[str, str] = field(default_factory=dict)
    percents: set[str] = field(default_factory=set)
    decimals: dict[str, int] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    typed: frozenset[str] | None = None
    columns: set[str] = field(default_factory=set)
    cells: int = 0
    rows: int = 0
    width: int = 0
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)

    @property
    def span(self) -> int:
        """How many columns the sheet spans."""
        return max(self.width, *(_column_number(letters) for letters in self.columns), 0)

    @property
    def sparse(self) -> bool:
        """Whether the sheet spans far more cells than it has."""
        return self.span * self.rows > _SPARSE * self.cells + 1_000_000


def scan_sheet(
    stream: Any, percent_styles: frozenset[str], decimal_styles: Mapping[str, int], made_styles: frozenset[str]
) -> SheetScan:
    """Scan the XML of a sheet; reading it to its end also verifies its checksum."""
    scan = SheetScan()
    names = b"|".join(style.encode() for style in sorted({*percent_styles, *decimal_styles}))
    usual = re.compile(rb"<c r=\"([A-Z]{1,3}[0-9]{1,7})\" s=\"(" + names + rb")\"")
    styled = re.compile(_CELL + rb"(?=[^<>]*\ss=[\"'](" + names + rb")[\"'])")
    for block in _blocks(stream):
        _scan_block(block, scan)
        pattern = usual if not _UNUSUAL.search(block) else styled
        for address, style in pattern.findall(block) if names else ():
            if style.decode() in percent_styles:
                scan.percents.add(address.decode())
            else:
                scan.decimals[address.decode()] = decimal_styles[style.decode()]
                if style.decode() in made_styles:
                    scan.made.add(address.decode())
    return scan


def _blocks(stream: Any) -> Iterator[bytes]:
    """Yield the XML in blocks that end before a cell begins, so that no cell is cut."""
    rest = b""
    while data := stream.read(_BLOCK):
        block = rest + data
        cut = max(block.rfind(b"<c "), block.rfind(b":c "), block.rfind(b"<row "), block.rfind(b":row "))
        cut = block.rfind(b"<", 0, cut + 1)
        if cut > 0:
            yield block[:cut]
            rest = block[cut:]
        elif len(block) > 64 * _BLOCK:
            raise zipfile.BadZipFile("a cell of more than 256 MiB")
        else:
            rest = block
    yield rest


def _scan_block(block: bytes, scan: SheetScan) -> None:
    if b"<f" in block or b":f" in block:
        scan.instead.update(
            (address.decode(), f"={_unescaped(body).lstrip()}") for address, body in _FORMULA.findall(block)
        )
    if b't="e"' in block or b"t='e'" in block:
        scan.instead.update((address.decode(), _unescaped(body)) for address, body in _ERROR.findall(block))
    if b"hidden=" in block:
        scan.hidden_rows.extend(int(row) for row in _HIDDEN_ROW.findall(block))
        scan.hidden_columns.extend((int(first), int(last)) for first, last in _HIDDEN_COLUMN.findall(block))
    columns = _COLUMN.findall(block)
    scan.columns.update(letters.decode() for letters in set(columns))
    tags = len(_TAG.findall(block))
    scan.cells += tags
    if tags > len(columns):
        scan.width = max(scan.width, *(len(_TAG.findall(part)) for part in _ROW_TAG.split(block)))
    rows = [int(row) for row in _ROW.findall(block)]
    scan.rows = max(scan.rows + len(_ROW_TAG.findall(block)) - len(rows), *rows[-1:], 0)


def _unescaped(body: bytes) -> str:
    return unescape(body.decode("utf-8", errors="replace")) or "…"


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def cell_text(value: Any, *, percent: bool = False, decimals: int | None = None) -> str:
    """Return the text that was typed for a value of a spreadsheet program.

    A number that is shown with a fixed number of decimals has them, unless it has more than are shown.

    >>> cell_text(12.0), cell_text(0.1 + 0.2), cell_text(True), cell_text(0.854, percent=True)
    ('12', '0.30000000000000004', 'true', '85.4%')
    >>> cell_text(0.95, decimals=3), cell_text(0.9512, decimals=3)
    ('0.950', '0.9512')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if percent:
            return f"{(Decimal(repr(value)) * 100).normalize():f}%"
        if decimals is not None and float(f"{value:.{decimals}f}") == value:
            return f"{value:.{decimals}f}"
        return str(int(value)) if value == value // 1 and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return f"{value.isoformat()} 00:00:00"
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    return value.isoformat(timespec="seconds") if isinstance(value, dt.time) else str(value)


@contextmanager
def _opened(path: Path, sheet: str) -> Iterator[Any]:
    """Open one sheet for reading its values."""
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(str(path)) as workbook:
        yield workbook.get_sheet_by_name(sheet)


def _rows(sheet: Any) -> Iterator[list[Any]]:
    """Yield the values of a sheet from A1 on; calamine leaves out the columns before the first cell."""
    left = sheet.start[1] if sheet.start else 0
    if not left:
        yield from sheet.iter_rows()
        return
    for values in sheet.iter_rows():
        yield [*([""] * left), *values]


def _texts(rows: Iterable[list[Any]], scan: SheetScan) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the rows of a sheet as text, formulas and error values included, also those below the last value."""
    instead: dict[int, list[tuple[int, str]]] = {}
    for address, text in scan.instead.items():
        row, column = place_of(address)
        instead.setdefault(row, []).append((column, text))
    percents: dict[int, set[int]] = {}
    for address in scan.percents:
        row, column = place_of(address)
        percents.setdefault(row, set()).add(column)
    fixed: dict[int, dict[int, int]] = {}
    for address, decimals in scan.decimals.items():
        row, column = place_of(address)
        fixed.setdefault(row, {})[column] = decimals
    nothing: dict[int, int] = {}
    made: dict[int, list[int]] = {}
    for address in scan.made if scan.typed is not None else ():
        row, column = place_of(address)
        made.setdefault(row, []).append(column)
    last = max(instead, default=0)
    blank: list[Any] = []
    for number, given in enumerate(zip_longest(rows, range(last)), 1):
        values = given[0] if given[0] is not None else blank
        shares, places = percents.get(number, ()), fixed.get(number, nothing)
        cells = [
            value if type(value) is str else cell_text(value, percent=index in shares, decimals=places.get(index))
            for index, value in enumerate(values)
        ]
        for column in made.get(number, ()):
            if column < len(cells) and cells[column] not in (scan.typed or ()):
                cells[column] = cell_text(values[column])  # typed over the figure that the format was made for
        for column, text in instead.get(number, ()):
            cells.extend([""] * (column + 1 - len(cells)))
            cells[column] = text
        yield number, number, cells


def place_of(address: str) -> tuple[int, int]:
    """Return the 1-based row and the 0-based column of an address such as ``D3``."""
    match = _ADDRESS.fullmatch(address)
    return (int(match[2]), _column_number(match[1]) - 1) if match else (0, 0)


def read_sheet(path: Path, sheet: str, scan: SheetScan, table: str, file: str, problems: Problems) -> RawTable | None:
    """Read the values of a sheet as text, or None with a problem; errors of calamine pass through."""
    with _opened(path, sheet) as found:
        return _read_table(found, scan, table, file, problems)


def read_values(path: Path, sheet: str) -> list[list[Any]]:
    """Return the values of a sheet from A1 on; errors of calamine pass through."""
    with _opened(path, sheet) as found:
        return list(_rows(found))


def read_grid(path: Path, sheet: str, scan: SheetScan) -> list[list[str]]:
    """Return the texts of a sheet from A1 on, row by row; a formula is its text, a share a percentage.

    The list has one entry per row of the sheet; errors of calamine pass through.
    """
    with _opened(path, sheet) as found:
        return [cells for _, _, cells in _texts(_rows(found), scan)]


def _read_table(found: Any, scan: SheetScan, table: str, file: str, problems: Problems) -> RawTable | None:
    records = (record for record in _texts(_rows(found), scan) if not is_remark(record[2]))
    head = next((record for record in records if any(map(str.strip, record[2]))), None)
    if head is None:
        problems.add(
            Problem.of_file(
                file,
                f"sheet {found.name} is empty",
                "a table is a sheet with a header row",
                "write the header row and the rows, or delete the sheet",
            )
        )
        return None
    line, row, header = head
    positions = match_header(header, TABLES[table], file, line, row, problems, sheet=found.name)
    if positions is None:
        return None
    builder = TableBuilder(table, file, found.name, positions, header)
    builder.extend(records, problems)
    _report_merged(found.merged_cell_ranges or [], positions, file, found.name, problems)
    _report_hidden(scan, positions, row, file, found.name, problems)
    return builder.build(problems)


def _report_merged(ranges: list[Any], positions: Mapping[str, int], file: str, sheet: str, problems: Problems) -> None:
    names = {position: name for name, position in positions.items()}
    for (top, left), (bottom, right) in ranges:
        name = next((names[column] for column in range(left, right + 1) if column in names), None)
        if name is None:
            continue
        first, last = f"{column_letters(left)}{top + 1}", f"{column_letters(right)}{bottom + 1}"
        problems.add(
            Problem(
                file,
                top + 1,
                name,
                f"{sheet}!{first}",
                f"{first}:{last}",
                "merged cells hold one value, in their first cell",
                "unmerge them and fill every cell",
            )
        )


def _report_hidden(
    scan: SheetScan, positions: Mapping[str, int], header: int, file: str, sheet: str, problems: Problems
) -> None:
    """Say that rows and columns that are not shown (hidden, or left out by a filter) are read like any other."""
    names = [
        name
        for name, position in positions.items()
        if any(first <= position + 1 <= last for first, last in scan.hidden_columns)
    ]
    rows = [row for row in scan.hidden_rows if row > header]
    shown = ", ".join(map(str, rows[:5])) + (f" and {len(rows) - 5:,} more" if len(rows) > 5 else "")
    for what in ((f"rows {shown}" if rows else ""), (f"columns {', '.join(names)}" if names else "")):
        if what:
            found, rule = (
                f"sheet {sheet} does not show its {what}",
                "what is hidden or filtered out is read all the same",
            )
            remedy = "show it and look at it; delete what does not belong to the table"
            problems.add(Problem.of_file(file, found, rule, remedy, severity="warning"))
