"""XLSX workbooks -> raw tables: sizes first, then what a typed cell hides, then the cells.

A workbook is a zip of XML. Before anything is unpacked, the sizes in its directory are compared with what a table can
need. Then the XML of a sheet is scanned for what the reader of values does not tell: formulas, error values, numbers
shown as percentages. The values are read by calamine and turned back into the text that was typed.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from metareview.ingest.problems import Problem, Problems, column_letters
from metareview.ingest.raw import RawTable, TableBuilder, match_header
from metareview.ingest.spreadsheets import read_bytes, sniff_type
from metareview.schema.tables import TABLES

__all__ = ["Workbook", "cell_text", "open_workbook"]

#: Most bytes that a workbook may unpack to, and how many times its own size where that is a lot.
MAX_UNPACKED = 1024**3
MAX_RATIO = 200
_SMALL = 64 * 1024**2
#: Cells of the rectangle that a sheet spans, per cell that holds something, before it is too sparse to be a table.
_SPARSE = 50
_BLOCK = 4 * 1024**2
_CALAMINE = ("python_calamine", "python_calamine._python_calamine", "pyo3_runtime")
_RULE = "a workbook is an XLSX file"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

_NS = {
    "m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "p": "http://schemas.openxmlformats.org/package/2006/relationships",
}
_CELL = rb"<(?:\w+:)?c\b(?=[^<>]*\sr=[\"']([A-Z]{1,3}[0-9]{1,7})[\"'])"
_FORMULA = re.compile(_CELL + rb"[^<>]*>\s*<(?:\w+:)?f\b[^<>]*?(?:/>|>([^<]{0,200}))")
_ERROR = re.compile(_CELL + rb"(?=[^<>]*\st=[\"']e[\"'])[^<>]*>\s*<(?:\w+:)?v>([^<]{0,40})")
_COLUMN = re.compile(rb"<(?:\w+:)?c\b[^<>]*?\sr=[\"']([A-Z]{1,3})[0-9]")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^<>]*?\sr=[\"']([0-9]{1,7})[\"']")
_TAG = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ROW_TAG = re.compile(rb"<(?:\w+:)?row[\s/>]")
_ADDRESS = re.compile(r"([A-Z]+)([0-9]+)")


@dataclass(slots=True)
class _Scan:
    """What the XML of a sheet says beyond its values.

    Attributes
    ----------
    instead : formulas and error values by address; they stand as text where the reader would give a value or nothing.
    percents : addresses of numbers that are shown as percentages.
    columns : letters of the columns with cells.
    cells, rows, width : numbers of cells, of rows, and of cells without address in one row.
    """

    instead: dict[str, str] = field(default_factory=dict)
    percents: set[str] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)
    cells: int = 0
    rows: int = 0
    width: int = 0


@dataclass(frozen=True, slots=True)
class Workbook:
    """An XLSX file whose sizes are known to be harmless.

    Attributes
    ----------
    path, file : where it is, and the name shown in problems.
    sheets : names of its sheets, with the members of the zip that hold them.
    percent_styles : numbers of the cell styles that show a percentage.
    """

    path: Path
    file: str
    sheets: Mapping[str, str]
    percent_styles: frozenset[str]

    def read(self, table: str, problems: Problems, sheet: str | None = None) -> RawTable | None:
        """Return the table on a sheet (the one of its name, or the only one), or None with a problem."""
        sheet = sheet or (table if table in self.sheets else next(iter(self.sheets)))
        scan = self._scan(sheet, problems)
        if scan is None:
            return None
        try:
            with _opened(self.path, sheet) as found:
                return _table(found, scan, table, self.file, problems)
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:
            # calamine's own errors, and a panic inside it, which is no Exception
            if not isinstance(error, OSError) and type(error).__module__ not in _CALAMINE:
                raise
            problems.add(_damaged(self.file, str(error)))
            return None

    def _scan(self, sheet: str, problems: Problems) -> _Scan | None:
        """Scan the XML of a sheet; None with a problem where it is damaged or spans far more than it holds."""
        scan = _Scan()
        percent = self._percent_pattern()
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.sheets[sheet]) as stream:
                for block in _blocks(stream):
                    _scan_block(block, percent, scan)
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            problems.add(_damaged(self.file, str(error)))
            return None
        widest = max((_column_number(letters) for letters in scan.columns), default=scan.width)
        widest = max(widest, scan.width)
        if widest * scan.rows > _SPARSE * scan.cells + 1_000_000:
            found = f"sheet {sheet} spans {scan.rows:,} rows and {widest:,} columns for {scan.cells:,} cells"
            remedy = "delete the cells far right or far below the table"
            problems.add(Problem.of_file(self.file, found, "a sheet holds one table", remedy))
            return None
        return scan

    def _percent_pattern(self) -> re.Pattern[bytes] | None:
        if not self.percent_styles:
            return None
        styles = b"|".join(style.encode() for style in sorted(self.percent_styles))
        return re.compile(_CELL + rb"(?=[^<>]*\ss=[\"'](?:" + styles + rb")[\"'])")


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


def _scan_block(block: bytes, percent: re.Pattern[bytes] | None, scan: _Scan) -> None:
    if b"<f" in block or b":f" in block:
        scan.instead.update(
            (address.decode(), f"={_unescaped(body).lstrip()}") for address, body in _FORMULA.findall(block)
        )
    if b't="e"' in block or b"t='e'" in block:
        scan.instead.update((address.decode(), _unescaped(body)) for address, body in _ERROR.findall(block))
    if percent:
        scan.percents.update(address.decode() for address in percent.findall(block))
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


def _damaged(file: str, why: str) -> Problem:
    return Problem.of_file(
        file, f"the file is damaged ({why[:120]})", _RULE, "open it in a spreadsheet program and save it again"
    )


def open_workbook(path: Path, problems: Problems, *, file: str | None = None) -> Workbook | None:
    """Check what kind of file this is and how large it would become, and list its sheets.

    Returns
    -------
    the workbook, or None where it cannot be read (the reason is among the problems).
    """
    file = file or path.name
    data = read_bytes(path, file, problems)
    if data is None:
        return None

    def refuse(found: str, remedy: str) -> None:
        problems.add(Problem.of_file(file, found, _RULE, remedy))

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if _ENCRYPTED in data:
            refuse("the workbook is protected by a password", "save it without a password")
        else:
            refuse("this is a workbook of the old XLS kind", "save it as XLSX or CSV UTF-8")
        return None
    if not data.startswith(b"PK"):
        kind = sniff_type(data) or "no workbook"
        refuse(f"this is {kind}", "save the table as XLSX, or give the file its real ending")
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            return _inspect(archive, path, file, len(data), problems)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        problems.add(_damaged(file, str(error)))
    return None


def _inspect(archive: zipfile.ZipFile, path: Path, file: str, packed: int, problems: Problems) -> Workbook | None:
    members = {info.filename: info for info in archive.infolist()}
    if len(members) < len(archive.infolist()):
        raise zipfile.BadZipFile("two members have one name")
    unpacked = sum(info.file_size for info in members.values())
    if unpacked > MAX_UNPACKED or (unpacked > _SMALL and unpacked > MAX_RATIO * packed):
        found = f"its {packed:,} bytes would unpack to {unpacked:,}"
        remedy = "save the table as CSV UTF-8 if it is really that large"
        problems.add(Problem.of_file(file, found, "a workbook unpacks to a reasonable size", remedy))
        return None
    if "xl/workbook.xml" not in members:
        problems.add(
            Problem.of_file(
                file, "this is a zip file without a workbook in it", _RULE, "save the table as XLSX or CSV UTF-8"
            )
        )
        return None
    sheets = _sheets(archive, members)
    if not sheets:
        problems.add(
            Problem.of_file(file, "the workbook has no sheet", "a workbook holds the tables", "add the sheets")
        )
        return None
    for name, info in members.items():
        if name.endswith(".xml") and name not in sheets.values():
            _read_through(archive, info)
    return Workbook(path, file, sheets, _percent_styles(archive, members))


def _read_through(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Unpack a member without keeping it: more bytes than the directory says, or others, raise BadZipFile."""
    with archive.open(info) as stream:
        while stream.read(_BLOCK):
            pass


def _xml(archive: zipfile.ZipFile, member: str) -> ElementTree.Element:
    if archive.getinfo(member).file_size > _SMALL:
        raise zipfile.BadZipFile(f"{member} is larger than {_SMALL:,} bytes")
    try:
        return ElementTree.fromstring(archive.read(member))
    except ElementTree.ParseError as error:
        raise zipfile.BadZipFile(f"{member}: {error}") from None


def _sheets(archive: zipfile.ZipFile, members: Mapping[str, Any]) -> dict[str, str]:
    """Return the sheets that are shown, by name, with the member that holds each."""
    relations = "xl/_rels/workbook.xml.rels"
    if relations not in members:
        raise zipfile.BadZipFile(f"{relations} is missing")
    nodes = _xml(archive, relations).iter(f"{{{_NS['p']}}}Relationship")
    targets = {node.get("Id", ""): node.get("Target", "") for node in nodes}
    sheets: dict[str, str] = {}
    for node in _xml(archive, "xl/workbook.xml").iter():
        if node.tag.rpartition("}")[2] != "sheet" or "hidden" in node.get("state", "").lower():
            continue
        identifier = next((value for key, value in node.attrib.items() if key.rpartition("}")[2] == "id"), "")
        target = targets.get(identifier, "")
        member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if member in members and "chartsheet" not in member:
            sheets[node.get("name", "")] = member
    return sheets


def _percent_styles(archive: zipfile.ZipFile, members: Mapping[str, Any]) -> frozenset[str]:
    """Return the numbers of the cell styles whose number format shows a percentage."""
    if "xl/styles.xml" not in members:
        return frozenset()
    styles = _xml(archive, "xl/styles.xml")
    formats = {"9", "10"}
    for node in styles.iter(f"{{{_NS['m']}}}numFmt"):
        if "%" in re.sub(r'"[^"]*"|\\.', "", node.get("formatCode", "")):
            formats.add(node.get("numFmtId", ""))
    cell_styles = styles.find("m:cellXfs", _NS)
    if cell_styles is None:
        return frozenset()
    return frozenset(str(index) for index, node in enumerate(cell_styles) if node.get("numFmtId") in formats)


def cell_text(value: Any, *, percent: bool = False) -> str:
    """Return the text that was typed for a value of a spreadsheet program.

    >>> cell_text(12.0), cell_text(0.1 + 0.2), cell_text(True), cell_text(0.854, percent=True)
    ('12', '0.30000000000000004', 'true', '85.4%')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if percent:
            return f"{(Decimal(repr(value)) * 100).normalize():f}%"
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


def _texts(rows: Iterable[list[Any]], scan: _Scan) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the rows of a sheet as text, formulas and error values included."""
    instead: dict[int, list[tuple[int, str]]] = {}
    for address, text in scan.instead.items():
        row, column = _place(address)
        instead.setdefault(row, []).append((column, text))
    percents: dict[int, set[int]] = {}
    for address in scan.percents:
        row, column = _place(address)
        percents.setdefault(row, set()).add(column)
    for number, values in enumerate(rows, 1):
        shares = percents.get(number, ())
        cells = [
            value if type(value) is str else cell_text(value, percent=index in shares)
            for index, value in enumerate(values)
        ]
        for column, text in instead.get(number, ()):
            cells.extend([""] * (column + 1 - len(cells)))
            cells[column] = text
        yield number, number, cells


def _place(address: str) -> tuple[int, int]:
    """Return the 1-based row and the 0-based column of an address such as ``D3``."""
    match = _ADDRESS.fullmatch(address)
    return (int(match[2]), _column_number(match[1]) - 1) if match else (0, 0)


def _table(found: Any, scan: _Scan, table: str, file: str, problems: Problems) -> RawTable | None:
    records = _texts(found.iter_rows(), scan)
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
