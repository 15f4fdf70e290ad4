"""A workbook as CSV files: the canonical form, in which the same table is always the same bytes.

Canonical is UTF-8 without a byte order mark, commas, line feeds, and quotes only where a cell needs them. Rows keep
their order, cells their text; a table that the workbook was made from keeps its columns, and gains those that hold
something now. So CSV, XLSX, CSV gives identical bytes for canonical files.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from metareview.curation.book import Book, Sheet, read_book, refuse_formulas
from metareview.errors import InputError, did_you_mean
from metareview.ingest.cells import clean
from metareview.ingest.config import SPEC_FILE
from metareview.ingest.layout import is_remark
from metareview.schema.tables import CURATED, TABLES

__all__ = ["canonical_csv", "csv_files", "write_csv"]


def csv_files(place: Path | str) -> dict[str, bytes]:
    """Return the CSV files of a workbook (or of a review folder, made canonical) by name.

    Parameters
    ----------
    place : the workbook, or a review folder.

    Raises
    ------
    InputError
        If it is not there.
    ProblemsFound
        If a file cannot be read, or a cell holds a formula: those are never evaluated and never written.
    """
    return _files(read_book(place))


def _files(book: Book) -> dict[str, bytes]:
    refuse_formulas(book)
    files: dict[str, bytes] = {}
    for table, sheet in book.sheets.items():
        if table in TABLES and (sheet.records() or table in book.origins or not book.single):
            files[f"{table}.csv"] = canonical_csv(*_content(sheet, book.origins.get(table), made=bool(book.origins)))
    if book.spec is not None:
        files[SPEC_FILE] = book.spec.encode("utf-8")
    return files


def _content(sheet: Sheet, origin: Sequence[str] | None, *, made: bool) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a table.

    Parameters
    ----------
    sheet : the table.
    origin : the header of the CSV file it was made from, where it was.
    made : whether `metareview template` made the workbook; then a column that nobody has used is no column.
    """
    columns, records = list(sheet.columns), sheet.records()
    width = max([len(columns), *map(len, records)])
    columns += [""] * (width - len(columns))
    records = [row + [""] * (width - len(row)) for row in records]
    used = [any(row[place] for row in records) for place in range(width)]
    if origin is None:
        keep = [place for place in range(width) if columns[place] or used[place]]
    else:
        keep = [place for place in range(width) if columns[place] in origin or used[place]]
    if made and origin is not None:
        order = {name: rank for rank, name in enumerate(origin)}
        keep.sort(key=lambda place: (order.get(columns[place], len(order)), place))
    return [columns[place] for place in keep], [[row[place] for place in keep] for row in records]


def canonical_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    r"""Return a table as the bytes of a canonical CSV file.

    >>> canonical_csv(["id", "note"], [["a", "one, two"], ["b", ""]])
    b'id,note\na,"one, two"\nb,\n'
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


def _left_behind(book: Book) -> Iterator[str]:
    """Yield what a person may have typed that no file will hold: tables whose sheet is gone, sheets like tables.

    A sheet is like a table when it has rows of help, or when its first row has the columns that every row of a table
    needs. Other sheets are a person's own.
    """
    gone = [name for name in book.origins if name in TABLES and name not in book.sheets]
    if book.single and gone:
        yield f"no sheet is named {', '.join(gone)}, which the workbook was made with"
    for name, sheet in book.sheets.items():
        rows = [list(map(clean, row)) for row in sheet.rows if any(map(clean, row))]
        head = set(next((row for row in rows if not is_remark(row)), ())) - {""}
        like = [table for table in CURATED if _like(head, table)]
        if name not in TABLES and (like or any(map(is_remark, rows))):
            columns = f"it has the columns of {' or '.join(like)}" if like else "it has rows of help"
            yield f"sheet {sheet.shown} is not read ({did_you_mean(sheet.shown, TABLES) or columns})"


def _like(head: set[str], table: str) -> bool:
    """Return whether a first row could be the header of a table; one that needs no column is told by three."""
    needed = {name for name, info in TABLES[table].model.model_fields.items() if info.is_required()}
    return needed <= head and len(head & set(TABLES[table].columns)) >= (2 if needed else 3)


def write_csv(
    place: Path | str, folder: Path, *, force: bool = False, say: Callable[[str], None] | None = None
) -> dict[str, bool]:
    """Write the CSV files of a workbook into a folder.

    Parameters
    ----------
    place : the workbook.
    folder : where to; made where it is not there.
    force : replace files that differ, and leave sheets behind that look like tables and are not read.
    say : told what is left behind.

    Returns
    -------
    by file name, whether it was written (a file that says the same already is left alone).

    Raises
    ------
    InputError
        If a file is there with other content, or a sheet that looks like a table would be left behind, and `force` is
        not set; then nothing is written.
    """
    from metareview.results.atomic import write_atomic

    book = read_book(place)
    files, left = _files(book), list(_left_behind(book))
    if left and not force:
        raise InputError(f"{'; '.join(left)}: name the sheet after its table; --force leaves behind what is not read")
    if say is not None:
        for text in left:
            say(text)
    there = {name: folder / name for name in files if (folder / name).exists()}
    differ = [name for name, path in there.items() if path.read_bytes() != files[name]]
    if differ and not force:
        raise InputError(
            f"{folder} has {', '.join(differ[:5])} with other content; name a new folder, or replace with --force"
        )
    if folder.is_dir():
        books = [path.name for path in folder.iterdir() if path.suffix.lower() == ".xlsx" and path.name[0] not in ".~"]
        if books:
            raise InputError(f"{folder} holds {books[0]}: with CSV files beside it each table would be there twice")
    written = {name: name not in there or name in differ for name in files}
    for name, changed in written.items():
        if changed:
            write_atomic(folder / name, files[name])
    return written
