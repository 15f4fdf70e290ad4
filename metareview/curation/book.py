"""A review as sheets of text, wherever it comes from: a folder of CSV files, or a workbook.

Nothing is interpreted here: a row is the cells that stand in it, so that what a reviewer typed comes out of every
path as it went in. A formula is its text and is never evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from metareview.errors import InputError
from metareview.ingest.cells import clean
from metareview.ingest.config import SPEC_FILE
from metareview.ingest.files import TableFile, find_tables, workbook_tables
from metareview.ingest.layout import CHANGES_SHEET, ORIGIN_SHEET, OWN_SHEETS, is_remark
from metareview.ingest.problems import Problem, Problems, raise_if_errors
from metareview.ingest.sheets import place_of, read_values
from metareview.ingest.spreadsheets import csv_cells
from metareview.ingest.workbooks import Workbook
from metareview.schema.tables import CURATED, TABLES

__all__ = ["Book", "Sheet", "read_book", "refuse_formulas"]

Rows = list[list[str]]


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The cells of one sheet, from A1 on.

    Attributes
    ----------
    name : its name; that of a table where it holds one.
    rows : its rows as text.
    header : place of the header among the rows, from 0; None where the sheet is no table or has none.
    file, shown : the file it comes from, and the name that its sheet has there.
    formulas : addresses of the cells that hold a formula or an error value, with their text.
    """

    name: str
    rows: Rows
    header: int | None
    file: str
    shown: str
    formulas: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in the header."""
        return () if self.header is None else tuple(clean(name) for name in self.rows[self.header])

    def records(self) -> Rows:
        """Return the rows of data: those below the header that are neither blank nor help, as wide as the header."""
        if self.header is None:
            return []
        width = len(self.columns)
        return [
            (row + [""] * width)[: max(width, len(row))]
            for row in self.rows[self.header + 1 :]
            if any(row) and not is_remark(row)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """A review as sheets of text.

    Attributes
    ----------
    name : of the folder or the workbook.
    spec : the text of ``review.yaml``; None where there is none.
    sheets : the tables by name, in the order of `TABLES`, then what else a workbook shows.
    origins : by table, the header of the CSV file that the workbook was made from; empty for other workbooks.
    changes : the rows of the change log.
    single : whether it is one workbook.
    """

    name: str
    spec: str | None
    sheets: Mapping[str, Sheet]
    origins: Mapping[str, tuple[str, ...]]
    changes: Sequence[Sequence[str]]
    single: bool


def read_book(place: Path | str, *, strict: bool = True) -> Book:
    """Read a review folder or a workbook as text.

    Parameters
    ----------
    place : the folder or the workbook.
    strict : whether a file that cannot be read is an error; it is left out otherwise.

    Raises
    ------
    InputError
        If there is no such review.
    ProblemsFound
        If a file cannot be read at all and `strict` is set; what stands in its cells is not judged here.
    """
    place = Path(place)
    if not place.exists():
        raise InputError(f"{place} is not there; give the folder of a review, or a workbook")
    problems = Problems()
    book = _read_workbook(place, problems) if place.is_file() else _read_folder(place, problems)
    if strict:
        raise_if_errors(place.name, problems.sorted())
    return book


def _read_folder(folder: Path, problems: Problems) -> Book:
    places, _ = find_tables(folder, problems)
    spec = folder / SPEC_FILE
    if not places and not spec.is_file():
        raise InputError(f"{folder} is no review: it has neither {SPEC_FILE} nor a table; metareview init makes one")
    sheets = {name: _sheet(name, place, problems) for name, place in places.items() if name in CURATED}
    found = {name: sheet for name, sheet in sheets.items() if sheet is not None}
    origins = {name: sheet.columns for name, sheet in found.items() if places[name].workbook is None}
    return Book(folder.resolve().name, _text(spec), found, origins, (), False)


def _read_workbook(path: Path, problems: Problems) -> Book:
    places, book = workbook_tables(path, problems)
    sheets: dict[str, Sheet] = {}
    taken = {place.sheet for place in places.values()}
    others = [name for name in (book.sheets if book else ()) if name not in taken and name not in OWN_SHEETS]
    for name, place in (*places.items(), *((_free(name), TableFile(path, book, name)) for name in others)):
        sheet = _sheet(name, place, problems)
        if sheet is not None:
            sheets[name] = sheet
    spec = _text(path.parent / SPEC_FILE)
    if book is None:
        return Book(path.stem, spec, {}, {}, (), True)
    origins = {row[0]: tuple(cell for cell in row[1:] if cell) for row in book.hidden_lines(ORIGIN_SHEET) or []}
    return Book(path.stem, spec or book.spec_text(), sheets, origins, _changes(book), True)


def _free(name: str) -> str:
    """Return the name of a sheet that is no table, changed where it would be taken for one of ours."""
    ours = {own.lower() for own in (*OWN_SHEETS, *TABLES)}
    return f"{name[:24]} (kept)" if name.strip().lower() in ours else name


def _changes(book: Workbook) -> Rows:
    if CHANGES_SHEET not in book.sheets:
        return []
    rows = [[str(cell) for cell in row] for row in read_values(book.path, CHANGES_SHEET)]
    return [row for row in rows[1:] if any(row)]


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}); save it as UTF-8") from None


def _sheet(name: str, place: TableFile, problems: Problems) -> Sheet | None:
    """Return the cells of a sheet; a table without a header that names its columns is an error."""
    formulas: Mapping[str, str] = {}
    if place.workbook is None:
        rows = csv_cells(place.path, name, problems)
    else:
        grid = place.workbook.grid(place.sheet or name, problems)
        rows, formulas = (None, {}) if grid is None else (grid[0], grid[1].instead)
    if rows is None:
        return None
    header = None
    if name in TABLES:
        header = next((i for i, row in enumerate(rows) if any(map(clean, row)) and not is_remark(row)), None)
        if header is None or not {clean(cell) for cell in rows[header]} & set(TABLES[name].columns):
            found, rule = f"{name} has no header row", f"the first row of {name} names its columns"
            columns = ", ".join(TABLES[name].columns)
            problems.add(Problem.of_file(place.path.name, found, rule, f"name them: {columns}"))
    return Sheet(name, rows, header, place.path.name, place.sheet or name, formulas)


def refuse_formulas(book: Book) -> None:
    """Report the formulas of tables: they are never evaluated and never written, so their cells would be lost.

    Raises
    ------
    ProblemsFound
        If there is one.
    """
    problems = Problems()
    for name, sheet in book.sheets.items():
        for address, text in sheet.formulas.items() if name in TABLES else ():
            if is_remark(sheet.rows[place_of(address)[0] - 1]):
                continue  # help is never data, and never written
            found, rule = f"{name}!{address} holds {text[:60]}", "a formula is never evaluated and never written"
            rule = rule if text.startswith("=") else "an error value of a spreadsheet program is not data"
            problems.add(Problem.of_file(sheet.file, found, rule, "write the value that it shows"))
    raise_if_errors(book.name, problems.sorted())
