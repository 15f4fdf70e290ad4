"""The workbook to fill in: one sheet per table, made from the schema and from what the review already holds.

What is there stays as it is: cells as text, columns of the reviewer's own, further sheets. Columns that a newer
schema has are added at the right end, and the change log says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from metareview.curation.book import Book, Sheet, read_book, refuse_formulas
from metareview.curation.columns import guides_of
from metareview.curation.helpsheets import write_changes, write_glossary, write_hidden, write_instructions
from metareview.curation.lists import drop_downs
from metareview.curation.paint import COLOURS, SPARE, Painter, Plan, help_rows, new_book
from metareview.ingest.config import parse_spec
from metareview.ingest.problems import Problems, column_letters, raise_if_errors
from metareview.schema.review import ReviewSpec
from metareview.schema.tables import CURATED, TABLES

__all__ = ["FIRST_ROW", "build_template", "define_ids", "make_template", "spec_of"]

#: Place of the header and of the first row of data, from 0: two rows of help stand above.
HEADER = 2
FIRST_ROW = HEADER + 1


def make_template(place: Path | str, name: str = "extraction") -> bytes:
    """Return the workbook of a review folder, or of a workbook that is to be made anew.

    Parameters
    ----------
    place : the review folder, or a workbook.
    name : the name that the workbook's file will have, without its ending.

    Raises
    ------
    InputError
        If there is no such review.
    ProblemsFound
        If a file cannot be read, or ``review.yaml`` has errors.
    """
    return build_template(read_book(place), name)


def spec_of(book: Book) -> ReviewSpec | None:
    """Return ``review.yaml`` of a review, None where it has none.

    Raises
    ------
    ProblemsFound
        With everything that is wrong in it.
    """
    if book.spec is None:
        return None
    problems = Problems()
    spec = parse_spec(book.spec, problems)
    raise_if_errors("review.yaml", problems.sorted())
    return spec


def build_template(book: Book, name: str = "extraction") -> bytes:
    """Return the workbook of a review that is read already; parameters and errors as for `make_template`."""
    refuse_formulas(book)
    spec = spec_of(book)
    target, stream = new_book(spec.title if spec else name)
    drops = drop_downs(spec)
    painter = Painter(target, drops)
    write_instructions(target, painter, f"Extraction workbook: {spec.title if spec else name}", spec, name)
    plans = {table: _plan(table, book.sheets.get(table)) for table in CURATED}
    for table, plan in plans.items():
        sheet = painter.table(plan)
        sheet.set_tab_color(COLOURS["required" if TABLES[table].required else "optional"])
    define_ids(target, {table: (plan.rows, plan.header) for table, plan in plans.items()})
    write_glossary(target, painter, spec)
    write_changes(target, painter, _log(book, plans))
    for sheet_name, other in book.sheets.items():
        if sheet_name not in TABLES:
            write_plain(target, painter, other)
    drops.write(target)
    write_hidden(target, book.spec, book.origins, painter.typed)
    target.close()
    return stream.getvalue()


def _plan(table: str, sheet: Sheet | None) -> Plan:
    """Return the rows of a table with help above, and the columns that the sheet lacks at its end."""
    schema = TABLES[table].columns
    if sheet is None:
        columns = list(schema)
        records: list[list[str]] = []
    else:
        records = sheet.records()
        columns = list(sheet.columns)
        columns += [""] * (max(map(len, records), default=0) - len(columns))
        added = [name for name in schema if name not in columns]
        records = [row + [""] * (len(columns) - len(row)) for row in records] if added else records
        columns += added
    return Plan(table, [*help_rows(columns, guides_of(table)), columns, *records], HEADER)


def _log(book: Book, plans: Mapping[str, Plan]) -> list[Sequence[str]]:
    """Return the lines of the change log: those there are, and what this program adds now."""
    lines = [list(row) for row in book.changes]
    source = "an earlier workbook" if book.single else f"the review {book.name}"
    made = ["", "metareview", "", f"made from {source} by metareview template"]
    lines += [made] if made not in lines else []
    for table, sheet in book.sheets.items():
        if table in plans and book.single:
            added = [name for name in plans[table].rows[HEADER] if name not in sheet.columns]
            if added:
                lines.append(["", "metareview", table, f"new columns: {', '.join(added)}"])
    return lines  # type: ignore[return-value]


def define_ids(target: Any, sheets: Mapping[str, tuple[Sequence[Sequence[str]], int]]) -> None:
    """Name the ids of every table that others refer to: the list grows with the sheet."""
    wanted = {(ref.table, ref.target) for spec in TABLES.values() for ref in spec.references}
    for table, column in sorted(wanted):
        rows, header = sheets.get(table, ((), 0))
        names = list(rows[header]) if rows else []
        if column not in names:
            target.define_name(f"ids_{table}", "=#REF!" if not rows else f"={table}!$A${header + 2}")
            continue
        letters, first, last = column_letters(names.index(column)), header + 2, max(len(rows), header + 1) + SPARE
        cells = f"{table}!${letters}${first}:${letters}${last}"
        start = f"{table}!${letters}${first}"
        target.define_name(f"ids_{table}", f"={start}:INDEX({cells},MAX(1,COUNTA({cells})))")


def write_plain(target: Any, painter: Painter, sheet: Sheet) -> None:
    """Write a sheet that is no table: its cells as text."""
    page = target.add_worksheet(sheet.name)
    style = painter.style(num_format="@")
    for row, cells in enumerate(sheet.rows):
        for place, cell in enumerate(cells):
            if cell:
                page.write_string(row, place, cell[:32_767], style)
