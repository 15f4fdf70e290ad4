"""XLSX workbooks: what kind of file it is, how large it would become, which sheets it has.

A workbook is a zip of XML. Before anything is unpacked, the sizes in its directory are compared with what a table can
need, and every part is read through once, so that a directory that lies is found out.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree

from metareview.ingest.layout import SPEC_SHEET, TYPED_SHEET
from metareview.ingest.problems import Problem, Problems
from metareview.ingest.raw import RawTable
from metareview.ingest.sheets import SheetScan, read_grid, read_sheet, read_values, scan_sheet
from metareview.ingest.spreadsheets import read_bytes, sniff_type

__all__ = ["Workbook", "open_workbook"]

T = TypeVar("T")

#: Most bytes that a workbook may unpack to, and how many times its own size where that is a lot.
MAX_UNPACKED = 1024**3
MAX_RATIO = 200
_SMALL = 64 * 1024**2
_BLOCK = 4 * 1024**2
_CALAMINE = ("python_calamine", "python_calamine._python_calamine", "pyo3_runtime")
#: What a damaged zip or its XML raises.
_DAMAGE = (
    OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
_RULE = "a workbook is an XLSX file"
#: The format of a fixed number of decimals; with a second part (LibreOffice escapes its sign) it is one of ours, for
#: one figure.
_FIXED = re.compile(r"0\.(0{1,15})(;\\?-0\.\1)?")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

_NS = {
    "m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "p": "http://schemas.openxmlformats.org/package/2006/relationships",
}


@dataclass(frozen=True, slots=True)
class Workbook:
    """An XLSX file whose sizes are known to be harmless.

    Attributes
    ----------
    path, file : where it is, and the name shown in problems.
    sheets : names of its sheets, with the members of the zip that hold them.
    percent_styles : numbers of the cell styles that show a percentage.
    decimal_styles : decimals of the cell styles that show a fixed number of them.
    made_styles : those of them that `metareview template` made for one figure each.
    hidden : names of the sheets that are not shown; of these only our own are ever read.
    """

    path: Path
    file: str
    sheets: Mapping[str, str]
    percent_styles: frozenset[str]
    decimal_styles: Mapping[str, int]
    made_styles: frozenset[str]
    hidden: frozenset[str] = frozenset()

    def hidden_lines(self, sheet: str) -> list[list[str]] | None:
        """Return the cells of one of our own hidden sheets row by row, or None where there is no such sheet."""
        if sheet not in self.hidden and sheet not in self.sheets:
            return None
        return [[str(cell) for cell in row] for row in read_values(self.path, sheet)]

    def spec_text(self) -> str | None:
        """Return the ``review.yaml`` that the workbook carries, or None."""
        lines = self.hidden_lines(SPEC_SHEET)
        return None if lines is None else "".join(f"{row[0] if row else ''}\n" for row in lines)

    def read(self, table: str, problems: Problems, sheet: str | None = None) -> RawTable | None:
        """Return the table on a sheet (the one of its name, or the only one), or None with a problem."""
        sheet = sheet or (table if table in self.sheets else next(iter(self.sheets)))
        scan = self.scan(sheet, problems)
        if scan is None:
            return None
        return self._guarded(problems, lambda: read_sheet(self.path, sheet, scan, table, self.file, problems))

    def grid(self, sheet: str, problems: Problems) -> tuple[list[list[str]], SheetScan] | None:
        """Return the texts of a sheet from A1 on, and what its XML says beyond them; None with a problem."""
        scan = self.scan(sheet, problems)
        if scan is None:
            return None
        rows = self._guarded(problems, lambda: read_grid(self.path, sheet, scan))
        return None if rows is None else (rows, scan)

    def scan(self, sheet: str, problems: Problems) -> SheetScan | None:
        """Return what the XML of a sheet says beyond its values, or None with a problem."""
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.sheets[sheet]) as stream:
                scan = scan_sheet(stream, self.percent_styles, self.decimal_styles, self.made_styles)
            typed = self.hidden_lines(TYPED_SHEET) if scan.made else None
            scan.typed = None if typed is None else frozenset(row[0] for row in typed if row)
        except _DAMAGE as error:
            problems.add(_damaged(self.file, str(error)))
            return None
        if not scan.sparse:
            return scan
        found = f"sheet {sheet} spans {scan.rows:,} rows and {scan.span:,} columns for {scan.cells:,} cells"
        remedy = "delete the cells far right or far below the table"
        problems.add(Problem.of_file(self.file, found, "a sheet holds one table", remedy))
        return None

    def _guarded(self, problems: Problems, call: Callable[[], T]) -> T | None:
        """Return what a call of calamine returns, or None with a problem where the file is damaged."""
        try:
            return call()
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:
            # calamine's own errors, and a panic inside it, which is no Exception
            if not isinstance(error, OSError) and type(error).__module__ not in _CALAMINE:
                raise
            problems.add(_damaged(self.file, str(error)))
            return None


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
    except _DAMAGE as error:
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
        found = _other_kind(archive, members)
        problems.add(Problem.of_file(file, found, _RULE, "save the table as XLSX or CSV UTF-8"))
        return None
    if "xl/vbaProject.bin" in members:
        found, rule = "the workbook holds macros", "macros are never run and never copied"
        problems.add(Problem.of_file(file, found, rule, "save it as XLSX", severity="warning"))
    sheets, hidden = _sheets(archive, members)
    if not sheets:
        problems.add(
            Problem.of_file(file, "the workbook has no sheet", "a workbook holds the tables", "add the sheets")
        )
        return None
    for name, info in members.items():
        if name.endswith(".xml") and name not in sheets.values():
            _read_through(archive, info)
    return Workbook(path, file, sheets, *_number_styles(archive, members), hidden)


def _other_kind(archive: zipfile.ZipFile, members: Mapping[str, Any]) -> str:
    """Say what a zip file without an XLSX workbook is."""
    if "xl/workbook.bin" in members:
        return "this is a binary workbook (XLSB)"
    if "mimetype" in members and members["mimetype"].file_size < 200:
        kind = archive.read("mimetype")
        if b"opendocument.spreadsheet" in kind:
            return "this is an OpenDocument spreadsheet (ODS)"
    return "this is a zip file without a workbook in it"


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


def _sheets(archive: zipfile.ZipFile, members: Mapping[str, Any]) -> tuple[dict[str, str], frozenset[str]]:
    """Return the sheets that are shown, by name, with the member that holds each; and the names of the others."""
    relations = "xl/_rels/workbook.xml.rels"
    if relations not in members:
        raise zipfile.BadZipFile(f"{relations} is missing")
    nodes = _xml(archive, relations).iter(f"{{{_NS['p']}}}Relationship")
    targets = {node.get("Id", ""): node.get("Target", "") for node in nodes}
    sheets: dict[str, str] = {}
    hidden: set[str] = set()
    for node in _xml(archive, "xl/workbook.xml").iter():
        if node.tag.rpartition("}")[2] != "sheet":
            continue
        if "hidden" in node.get("state", "").lower():
            hidden.add(node.get("name", ""))
            continue
        identifier = next((value for key, value in node.attrib.items() if key.rpartition("}")[2] == "id"), "")
        target = targets.get(identifier, "")
        member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if member in members and "chartsheet" not in member:
            sheets[node.get("name", "")] = member
    return sheets, frozenset(hidden)


def _number_styles(
    archive: zipfile.ZipFile, members: Mapping[str, Any]
) -> tuple[frozenset[str], dict[str, int], frozenset[str]]:
    """Return the cell styles that show a percentage, the decimals of those that show a fixed number, ours of them."""
    if "xl/styles.xml" not in members:
        return frozenset(), {}, frozenset()
    styles = _xml(archive, "xl/styles.xml")
    percents, decimals, made = {"9", "10"}, {"2": 2}, set()
    for node in styles.iter(f"{{{_NS['m']}}}numFmt"):
        code, number = node.get("formatCode", ""), node.get("numFmtId", "")
        if "%" in re.sub(r'"[^"]*"|\\.', "", code):
            percents.add(number)
        elif match := _FIXED.fullmatch(code):
            decimals[number] = len(match[1])
            made |= {number} if match[2] else set()
    cell_styles = styles.find("m:cellXfs", _NS)
    ids = [] if cell_styles is None else [node.get("numFmtId", "") for node in cell_styles]
    return (
        frozenset(str(index) for index, number in enumerate(ids) if number in percents),
        {str(index): decimals[number] for index, number in enumerate(ids) if number in decimals},
        frozenset(str(index) for index, number in enumerate(ids) if number in made),
    )
