"""Which file of a review folder holds which table.

A table is ``<table>.csv`` or ``<table>.xlsx``, or a sheet of the one XLSX workbook that is not named after a table;
those of re-runs stand in ``reruns/``. A file that looks like a table and is not read is reported, so that nothing is
left out in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from metareview.errors import InputError, did_you_mean
from metareview.ingest.layout import OWN_SHEETS
from metareview.ingest.problems import Problem, Problems, raise_if_errors
from metareview.ingest.raw import RawTable
from metareview.ingest.spreadsheets import read_csv
from metareview.ingest.workbooks import Workbook, open_workbook
from metareview.schema.tables import TABLES

__all__ = ["TableFile", "find_tables", "read_raw", "table_files", "workbook_tables"]

#: Spreadsheets and delimited text that are not read; other files in the folder are nobody's business here.
_OTHER_KINDS = frozenset({".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".tsv", ".tab", ".txt", ".parquet", ".json"})

#: Files of a review that are no tables: the decisions that merging two extractions leaves.
_COMPANIONS = frozenset({"resolutions.csv"})


@dataclass(frozen=True, slots=True)
class TableFile:
    """The file, and for a workbook the sheet, that holds a table; `folder` is where it stands in the review's."""

    path: Path
    workbook: Workbook | None = None
    sheet: str | None = None
    folder: str = ""

    @property
    def file(self) -> str:
        """The file, relative to the review folder."""
        return f"{self.folder}/{self.path.name}" if self.folder else self.path.name


def table_files(folder: Path | str) -> dict[str, Path]:
    """Return the file of each table that a review folder has.

    Raises
    ------
    InputError
        If the folder is not there.
    ProblemsFound
        If it is not clear which file is meant.
    """
    problems = Problems()
    found, _ = find_tables(_folder(folder), problems)
    raise_if_errors(Path(folder).name, problems.sorted())
    return {name: place.path for name, place in found.items()}


def _folder(folder: Path | str) -> Path:
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; give the folder of a review")
    return folder


def find_tables(folder: Path, problems: Problems) -> tuple[dict[str, TableFile], set[str]]:
    """Return the file of each table, in the order of `TABLES`, and the tables whose file cannot be used."""
    found: dict[str, list[TableFile]] = {name: [] for name in TABLES}
    unreadable: set[str] = set()
    books: list[Path] = []
    for path in sorted(folder.iterdir()):
        kind, name = path.suffix.lower(), path.stem
        if path.name.startswith((".", "~$")):
            continue
        if name in TABLES and kind == ".csv":
            found[name].append(TableFile(path))
        elif name in TABLES and kind == ".xlsx":
            _add_single(path, name, found, unreadable, problems)
        elif kind == ".xlsx":
            books.append(path)
        elif path.name in _COMPANIONS:
            continue
        elif kind == ".csv" or (kind in _OTHER_KINDS and name.lower() in TABLES):
            _report_stray(path, problems)
    _add_workbook(books, found, problems)
    _add_deeper(folder, found, problems)
    chosen: dict[str, TableFile] = {}
    for name, places in found.items():
        if len(places) > 1:
            unreadable.add(name)
            names = " and ".join(place.file for place in places)
            said = f"the table {name} is in {names}"
            rule, remedy = "a table is in one file", "remove all but one"
            problems.add(Problem.of_file(places[0].file, said, rule, remedy))
        elif places:
            chosen[name] = places[0]
    return chosen, unreadable


def _add_deeper(folder: Path, found: Mapping[str, list[TableFile]], problems: Problems) -> None:
    """Add the tables that stand in a folder of their own, such as ``reruns/results.csv``."""
    known = {spec.file: name for name, spec in TABLES.items() if spec.path}
    for inner in sorted({file.rpartition("/")[0] for file in known}):
        for path in sorted((folder / inner).glob("*.csv")):
            file = f"{inner}/{path.name}"
            if file in known:
                found[known[file]].append(TableFile(path, folder=inner))
            else:
                rule = "a file that is read is named after a table"
                remedy = did_you_mean(file, known) or f"tables there: {', '.join(known)}"
                problems.add(Problem.of_file(file, "the file is not read", rule, remedy, severity="warning"))


def _add_single(
    path: Path, name: str, found: Mapping[str, list[TableFile]], unreadable: set[str], problems: Problems
) -> None:
    """Add a workbook that is named after a table: the sheet of that name, or its only sheet."""
    book = open_workbook(path, problems)
    if book is None:
        unreadable.add(name)
    elif name in book.sheets or len(book.sheets) == 1:
        found[name].append(TableFile(path, book, name if name in book.sheets else next(iter(book.sheets))))
    else:
        unreadable.add(name)
        said = f"the workbook has the sheets {', '.join(book.sheets)}"
        rule = "the workbook of a table has one sheet, or a sheet of its name"
        problems.add(Problem.of_file(path.name, said, rule, f"name the sheet {name}"))


def _add_workbook(paths: list[Path], found: Mapping[str, list[TableFile]], problems: Problems) -> None:
    """Add the sheets of the review workbook."""
    if len(paths) > 1:
        said = f"there are several workbooks: {', '.join(path.name for path in paths)}"
        rule = "a review has one workbook that is not named after a table"
        problems.add(Problem.of_file(paths[0].name, said, rule, "keep one here, move the others away"))
        return
    for path in paths:
        book = open_workbook(path, problems)
        for name, place in _sheets_of(book, problems).items():
            found[name].append(place)


def _sheets_of(book: Workbook | None, problems: Problems) -> dict[str, TableFile]:
    """Return the sheets of a workbook that are tables; report the others that are not ours."""
    if book is None:
        return {}
    found = {sheet: TableFile(book.path, book, sheet) for sheet in book.sheets if sheet in TABLES}
    for sheet in book.sheets:
        table = sheet.strip().lower()
        if table in TABLES and table not in found:
            found[table] = TableFile(book.path, book, sheet)
        elif sheet not in OWN_SHEETS and sheet != _shown(found, table):
            said = f"sheet {sheet} is not read"
            rule = "a sheet that is read is named after a table"
            hint = did_you_mean(sheet, TABLES) or f"tables: {', '.join(TABLES)}"
            problems.add(Problem.of_file(book.file, said, rule, hint, severity="warning"))
    return found


def _shown(found: Mapping[str, TableFile], table: str) -> str | None:
    """Return the name of the sheet that a table is read from."""
    return found[table].sheet if table in found else None


def workbook_tables(path: Path, problems: Problems) -> tuple[dict[str, TableFile], Workbook | None]:
    """Return the tables on the sheets of one workbook, in the order of `TABLES`, and the workbook itself."""
    book = open_workbook(path, problems)
    found = _sheets_of(book, problems)
    return {name: found[name] for name in TABLES if name in found}, book


def _report_stray(path: Path, problems: Problems) -> None:
    """Report a file that looks like a table: an error where its name is one, a warning otherwise."""
    name = path.stem.lower()
    if name in TABLES and path.suffix.lower() == ".csv":
        remedy = f"rename it to {name}.csv"
    elif name in TABLES:
        remedy = f"save it as {name}.csv or {name}.xlsx"
    else:
        remedy = did_you_mean(name, TABLES) or f"tables: {', '.join(TABLES)}"
    rule = "a file that is read is named after a table and ends in .csv or .xlsx"
    severity = "error" if name in TABLES else "warning"
    problems.add(Problem.of_file(path.name, "the file is not read", rule, remedy, severity=severity))  # type: ignore[arg-type]


def read_raw(name: str, place: TableFile, problems: Problems) -> RawTable | None:
    """Read one table as text, or None with problems."""
    if place.workbook is not None:
        return place.workbook.read(name, problems, place.sheet)
    return read_csv(place.path, name, problems, file=place.file)
