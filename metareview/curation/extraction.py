"""One extractor's version of a review: a folder or a workbook, read leniently.

Comparing is for sheets that are not finished. A cell that the door would refuse is compared as the text that it is;
a table that cannot be read at all stops the comparison, because its rows would count as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from metareview.errors import InputError
from metareview.ingest.config import SPEC_FILE, load_spec, parse_spec
from metareview.ingest.files import TableFile, find_tables, read_raw, workbook_tables
from metareview.ingest.problems import Problem, Problems, raise_if_errors
from metareview.ingest.tables import ParsedTable, parse_table
from metareview.schema.metric import default_vocabulary
from metareview.schema.review import ReviewSpec
from metareview.schema.tables import CURATED, TABLES

__all__ = ["Extraction", "read_extraction", "same_review"]


@dataclass(frozen=True, slots=True, eq=False)
class Extraction:
    """One version of a review.

    Attributes
    ----------
    name : what it is called in what people read.
    path : the folder or workbook.
    spec : its ``review.yaml``; None where it has none.
    spec_text : the text of it.
    tables : the tables it has, in the order of `TABLES`.
    faults : how many problems its cells have; they are compared as text.
    """

    name: str
    path: Path
    spec: ReviewSpec | None
    spec_text: str
    tables: Mapping[str, ParsedTable]
    faults: int


def read_extraction(path: Path | str, name: str = "") -> Extraction:
    """Read a folder or workbook.

    Raises
    ------
    InputError
        If it is not there, or has no table.
    ProblemsFound
        If a table or ``review.yaml`` cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} is not there; give the folder of a review, or an XLSX workbook with its tables")
    problems = Problems()
    places, text = _places(path, problems)
    spec = parse_spec(text, problems) if text else None
    raise_if_errors(str(path), problems.sorted())
    if not places:
        raise InputError(f"{path} has no table of a review; tables: {', '.join(TABLES)}")
    vocabulary = spec.vocabulary() if spec else default_vocabulary()
    tables: dict[str, ParsedTable] = {}
    cells = Problems()
    for table, place in places.items():
        raw = read_raw(table, place, problems)
        # a sheet of a workbook that has no rows yet is a table that is not there
        if raw is not None and raw.complete and not raw.ragged.any() and (len(raw) or path.is_dir()):
            tables[table] = parse_table(raw, vocabulary, cells)
    raise_if_errors(str(path), [problem for problem in problems.sorted() if _blocks(problem)])
    return Extraction(name or path.stem, path, spec, text, tables, cells.errors)


def _blocks(problem: Problem) -> bool:
    """Return whether a problem of reading hides cells: all but a column more or less."""
    return problem.severity == "error" and problem.column is None


def _places(path: Path, problems: Problems) -> tuple[Mapping[str, TableFile], str]:
    """Return the tables, and the text of ``review.yaml`` where there is one."""
    beside = (path if path.is_dir() else path.parent) / SPEC_FILE
    text = ""
    if beside.is_file() and load_spec(beside.parent, problems) is not None:
        text = beside.read_text(encoding="utf-8-sig")
    if path.is_dir():
        places = find_tables(path, problems)[0]
        return {name: place for name, place in places.items() if name in CURATED}, text
    if path.suffix.lower() not in {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}:
        raise InputError(f"{path} is a file; give the folder of a review, or an XLSX workbook with its tables")
    places, book = workbook_tables(path, problems)
    return places, text or (book.spec_text() if book else None) or ""


def same_review(a: Extraction, b: Extraction) -> tuple[str, ...]:
    """Return what is to be said about two ``review.yaml``.

    Raises
    ------
    InputError
        If the two are not versions of one review, or have no table in common.
    """
    if a.path.resolve() == b.path.resolve():
        raise InputError(f"{a.path} is given twice; a comparison needs two versions of a review")
    if a.spec and b.spec and a.spec.id != b.spec.id:
        raise InputError(
            f"these are two reviews: {a.path} is {a.spec.id!r}, {b.path} is {b.spec.id!r}; "
            "give two versions of one review, or correct id in review.yaml"
        )
    if not set(a.tables) & set(b.tables):
        raise InputError(
            f"{a.path} has {', '.join(a.tables)}; {b.path} has {', '.join(b.tables)}: there is no common table"
        )
    if a.spec and b.spec and a.spec != b.spec:
        return (f"review.yaml differs; that of {a.name} is used",)
    return ()
