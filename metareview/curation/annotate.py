"""A copy of a review as a workbook in which every problem stands at its cell: coloured, with a comment, and listed.

The copy has the cells at the addresses where they stand in the original (for CSV files: where a spreadsheet program
shows them), so that a reviewer can correct either. The original is only read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from metareview.curation.book import Book, Sheet, read_book
from metareview.curation.helpsheets import write_changes, write_glossary, write_hidden
from metareview.curation.lists import drop_downs
from metareview.curation.paint import COLOURS, LONGEST, Painter, Plan, new_book
from metareview.curation.template import define_ids, write_plain
from metareview.ingest.config import parse_spec
from metareview.ingest.layout import PROBLEMS_SHEET
from metareview.ingest.problems import Problem, Problems, column_letters, summary_line
from metareview.ingest.review import CheckReport
from metareview.ingest.sheets import place_of
from metareview.schema.tables import TABLES

__all__ = ["annotate", "is_annotated"]

#: Comments of one sheet; a program that opens tens of thousands of them is slow. All problems are listed and coloured.
MOST_NOTES = 5000
#: Links of one sheet; Excel allows 65,530.
MOST_LINKS = 60_000


@dataclass(frozen=True, slots=True)
class _Found:
    """One problem and its cell in the copy: sheet, row and column from 0; None where it has none."""

    problem: Problem
    sheet: str | None
    row: int | None
    column: int | None

    @property
    def address(self) -> str:
        if self.row is None:
            return ""
        return f"{column_letters(self.column or 0)}{self.row + 1}"


@dataclass(slots=True)
class _Marks:
    """What one sheet shows of its problems."""

    colours: dict[tuple[int, int], str] = field(default_factory=dict)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)

    def add(self, row: int, column: int, problem: Problem) -> None:
        cell = row, column
        if self.colours.get(cell) != "error":
            self.colours[cell] = problem.severity
        if cell in self.notes:
            self.notes[cell] += f"\n\n{_said(problem)}"
        elif len(self.notes) < MOST_NOTES:
            self.notes[cell] = _said(problem)


def _said(problem: Problem) -> str:
    parts = (f"{problem.severity.upper()}: {problem.what}", f"Rule: {problem.rule}", f"Remedy: {problem.remedy}")
    return "\n".join(part for part in parts if not part.endswith(": "))


def annotate(place: Path | str, report: CheckReport) -> bytes:
    """Return the annotated copy of a review.

    Parameters
    ----------
    place : the review folder or the workbook that was checked.
    report : what the check found.

    Raises
    ------
    InputError
        If the review is not there, or a cell is too long for a workbook.
    """
    book = read_book(place, strict=False)
    spec = parse_spec(book.spec, Problems()) if book.spec is not None else None
    target, stream = new_book(f"{report.review}, checked")
    drops = drop_downs(spec)
    painter = Painter(target, drops)
    found = _locate(book, report.problems)
    marks: dict[str, _Marks] = {}
    for entry in found:
        if entry.sheet is not None and entry.row is not None:
            marks.setdefault(entry.sheet, _Marks()).add(entry.row, entry.column or 0, entry.problem)
    _write_problems(target, painter, report, found)
    shown: dict[str, tuple[Sequence[Sequence[str]], int]] = {}
    for name, sheet in book.sheets.items():
        if name not in TABLES or sheet.header is None:
            write_plain(target, painter, sheet)
            continue
        mark = marks.get(name, _Marks())
        page = painter.table(Plan(name, sheet.rows, sheet.header, mark.colours, mark.notes, protect=False))
        page.set_tab_color(COLOURS["error" if "error" in mark.colours.values() else _tab(mark)])
        shown[name] = sheet.rows, sheet.header
    define_ids(target, shown)
    write_glossary(target, painter, spec)
    write_changes(target, painter, book.changes)
    drops.write(target)
    write_hidden(target, book.spec, book.origins, painter.typed)
    target.close()
    return stream.getvalue()


def is_annotated(path: Path) -> bool:
    """Return whether a file is a copy that `annotate` wrote, which a later copy may replace."""
    try:
        with zipfile.ZipFile(path) as archive:
            made = b"<dc:creator>metareview</dc:creator>" in archive.read("docProps/core.xml")
            return made and f'name="{PROBLEMS_SHEET}"'.encode() in archive.read("xl/workbook.xml")
    except (OSError, KeyError, zipfile.BadZipFile):
        return False


def _tab(mark: _Marks) -> str:
    return "warning" if mark.colours else "optional"


def _locate(book: Book, problems: Sequence[Problem]) -> list[_Found]:
    """Return the cell of each problem in the copy."""
    tables = {(sheet.file, sheet.shown): name for name, sheet in book.sheets.items()}
    lines: dict[str, dict[int, int]] = {}
    found = []
    for problem in problems:
        shown, _, cell = (problem.address or "").rpartition("!")
        name = tables.get((problem.file, shown)) if shown else _only(tables, problem.file)
        row = column = None
        if name is not None and cell and ":" not in cell:
            row, column = place_of(cell)
            row -= 1
        elif name is not None and cell:
            row = int(cell.partition(":")[0]) - 1
        elif name is not None and problem.row is not None:
            if name not in lines:
                lines[name] = _rows_by_line(book.sheets[name])
            row = lines[name].get(problem.row)
        found.append(_Found(problem, name, row, column))
    return found


def _only(tables: Mapping[tuple[str, str], str], file: str) -> str | None:
    """Return the table of a file that holds one."""
    names = [name for (owner, _), name in tables.items() if owner == file]
    return names[0] if len(names) == 1 else None


def _rows_by_line(sheet: Sheet) -> dict[int, int]:
    """Return the row of a CSV file (from 0) by the line that it begins on: a cell with line breaks takes several."""
    heights = [1 + sum(cell.count("\n") for cell in row) for row in sheet.rows]
    return {line + 1: row for row, line in enumerate(accumulate(heights[:-1], initial=0))}


def _write_problems(target: Any, painter: Painter, report: CheckReport, found: Sequence[_Found]) -> None:
    """Write the first sheet: every problem, with a link to its cell."""
    sheet = target.add_worksheet(PROBLEMS_SHEET)
    sheet.activate()
    title = painter.style(bold=True, font_size=14, font_color=COLOURS["required"])
    sheet.write_string(0, 0, summary_line(report.review, report.problems)[:LONGEST], title)
    sheet.set_row(0, 24)
    counts = ", ".join(f"{name} {count:,}" for name, count in report.counts.items())
    sheet.write_string(1, 0, f"rows: {counts or 'none'}", painter.style())
    head = ("kind", "sheet", "cell", "column", "found", "rule", "remedy")
    style = painter.style(bold=True, bg_color=COLOURS["required"], font_color="#FFFFFF", border=1)
    for place, (name, width) in enumerate(zip(head, (9, 16, 9, 16, 34, 46, 62), strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(3, place, name, style)
    for row, entry in enumerate(found, 4):
        _write_problem(sheet, painter, row, entry, linked=row < MOST_LINKS)
    sheet.freeze_panes(4, 0)
    sheet.autofilter(3, 0, max(3 + len(found), 4), len(head) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(3)


def _write_problem(sheet: Any, painter: Painter, row: int, entry: _Found, *, linked: bool) -> None:
    problem = entry.problem
    base = {"text_wrap": True, "border": 1, "border_color": "#D9D9D9"}
    shown = (problem.found or "(blank)") if problem.column is not None else problem.found
    more = f" (and {problem.more:,} more like this)" if problem.more else ""
    cells = (
        problem.severity, entry.sheet or problem.file, entry.address, problem.column or "", shown + more,
        problem.rule, problem.remedy,
    )  # fmt: skip
    for place, text in enumerate(cells):
        style = painter.style(**base, bg_color=COLOURS[problem.severity]) if place == 0 else painter.style(**base)
        sheet.write_string(row, place, text[:LONGEST], style)
    if entry.address and linked:
        link = painter.style(**base, font_color="#0563C1", underline=1)
        sheet.write_url(row, 2, f"internal:'{entry.sheet}'!{entry.address}", link, entry.address)
    lines = max(1 + len(text) // width for text, width in zip(cells[4:], (36, 50, 68), strict=True))
    sheet.set_row(row, 13.5 * lines + 3)
