"""What people decided about conflicts, as data: one row per decision, in the merged review as ``resolutions.csv``.

A decision names the cell or row by its id and repeats what the two versions said when it was made, so that a decision
about other values than those of today is found out.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from metareview.errors import InputError, ProblemsFound
from metareview.ingest.cells import CellFault, check_text, clean
from metareview.ingest.problems import Problem, Problems, raise_if_errors

__all__ = [
    "CELL_CHOICES",
    "RESOLUTIONS_FILE",
    "ROW_CHOICES",
    "UNRESOLVED",
    "Resolution",
    "read_resolutions",
    "refuse",
    "resolutions_csv",
    "stale",
]

RESOLUTIONS_FILE = "resolutions.csv"
#: What may be chosen for a cell, and for a row that only one version has.
CELL_CHOICES: tuple[str, ...] = ("A", "B", "other")
ROW_CHOICES: tuple[str, ...] = ("keep", "leave out")
#: Written by merging where nothing was chosen and that was allowed.
UNRESOLVED = "unresolved"
#: What a spreadsheet program may take for a formula; ``'`` itself, so that a text that begins so comes back as it was.
_PROGRAM = re.compile(r"[=@\t\r'|＝＠＋－]|[+-](?![0-9.]+(?:[eE][+-]?[0-9]+)?$)")
_KNOWN = {choice.lower(): choice for choice in (*CELL_CHOICES, *ROW_CHOICES, UNRESOLVED)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """One decision.

    Attributes
    ----------
    id : the conflict's or the row's.
    table, key, field : which cell, for people; `field` is empty for a row.
    a, b : what the two versions said when it was made; for a row, which of them has it.
    choice : A, B or other; keep or leave out; unresolved; empty where nothing was decided yet.
    value : the text where the choice is other.
    reason, who : why, and who decided.
    """

    id: str
    table: str
    key: str
    field: str
    a: str
    b: str
    choice: str = ""
    value: str = ""
    reason: str = ""
    who: str = ""


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Resolution))


def read_resolutions(path: Path | str) -> tuple[Resolution, ...]:
    """Read the decisions of a conflicts workbook, or of a ``resolutions.csv``.

    Raises
    ------
    InputError
        If the file is not there or is neither.
    ProblemsFound
        With every row that cannot be used.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is not there; metareview compare A B -o conflicts.xlsx writes it")
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise InputError(f"{path} is neither a conflicts workbook (.xlsx) nor a resolutions.csv")
    found = _csv_records(path) if kind == ".csv" else _book_records(path)
    problems = Problems()
    resolutions = [_resolution(record, path.name, sheet, row, problems) for sheet, row, record in found]
    seen: dict[str, int] = {}
    for resolution, (sheet, row, _) in zip(resolutions, found, strict=True):
        if resolution.id in seen:
            said, rule = f"the id {resolution.id} stands twice", "a cell or row has one decision"
            problems.add(Problem.of_file(path.name, said, rule, "remove one of the two rows", row=row, sheet=sheet))
        seen[resolution.id] = row
    raise_if_errors(path.name, problems.sorted())
    return tuple(resolutions)


def resolutions_csv(resolutions: Iterable[Resolution]) -> str:
    """Return decisions as the text of a ``resolutions.csv``, in the order of table, key and field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = sorted(resolutions, key=lambda row: (row.table, row.key, row.field, row.id))
    writer.writerows([_safe(getattr(row, name)) for name in COLUMNS] for row in rows)
    return out.getvalue()


def _safe(text: str) -> str:
    """Return a text that no spreadsheet program takes for a formula: with an apostrophe before it; numbers stay.

    >>> _safe("=1+1"), _safe("-0.2"), _safe("-x"), _plain(_safe("=1+1"))
    ("'=1+1", '-0.2', "'-x", '=1+1')
    """
    return f"'{text}" if _PROGRAM.match(text) else text


def _plain(text: str) -> str:
    return text[1:] if text[:1] == "'" and _PROGRAM.match(text[1:]) else text


def _csv_records(path: Path) -> list[tuple[str, int, Mapping[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start + 1} is not UTF-8; save it as CSV UTF-8") from error
    reader = csv.reader(io.StringIO(text))
    rows = [(reader.line_num, row) for row in reader]
    return _records("", rows, path)


def _book_records(path: Path) -> list[tuple[str, int, Mapping[str, str]]]:
    """Read the sheets with decisions; the workbook is inspected as any other before it is read."""
    from metareview.ingest.workbooks import open_workbook

    problems = Problems()
    book = open_workbook(path, problems)
    found: list[tuple[str, int, Mapping[str, str]]] = []
    for sheet in ("conflicts", "rows"):
        grid = book.grid(sheet, problems) if book is not None and sheet in book.sheets else None
        if grid is not None:  # a formula is its text there, which no column takes
            found += _records(sheet, list(enumerate(grid[0], 1)), path)
    raise_if_errors(path.name, problems.sorted())
    if not found and (book is None or "conflicts" not in book.sheets):
        raise InputError(f"{path} has no sheet conflicts; metareview compare A B -o conflicts.xlsx writes one")
    return found


def _records(
    sheet: str, rows: Sequence[tuple[int, Sequence[str]]], path: Path
) -> list[tuple[str, int, Mapping[str, str]]]:
    """Return the rows below the header, which is the first row with ``id`` and ``choice``; columns may be moved."""
    head = next((at for at, (_, cells) in enumerate(rows) if {"id", "choice"} <= {clean(cell) for cell in cells}), None)
    if head is None:
        raise InputError(f"{path}: no row names the columns id and choice; keep the header as it was written")
    names = [clean(cell) for cell in rows[head][1]]
    return [
        (sheet, number, {name: clean(cell) for name, cell in zip(names, cells, strict=False)})
        for number, cells in rows[head + 1 :]
        if any(clean(cell) for cell in cells)
    ]


def _resolution(record: Mapping[str, str], file: str, sheet: str, row: int, problems: Problems) -> Resolution:
    """Return the decision in a row, and report what cannot be one."""
    values = {name: _plain(record.get(name, "")) for name in COLUMNS}

    def report(column: str, rule: str, remedy: str) -> None:
        problems.add(Problem(file, row, column, None, values[column], rule, remedy))

    if not values["id"]:
        report("id", "a row carries the id of its conflict", "compare again; the ids are not to be edited")
    choice = values["choice"].lower()
    allowed = CELL_CHOICES if values["field"] else ROW_CHOICES
    if choice and _KNOWN.get(choice) not in (*allowed, UNRESOLVED):
        report("choice", f"one of: {', '.join(allowed)}", "choose from the list")
    values["choice"] = _KNOWN.get(choice, "")
    if values["value"] and values["choice"] != "other":
        report("value", "a value of your own goes with the choice other", "choose other, or clear the value")
    if values["choice"] == "other" and not values["value"]:
        report("value", "the choice other comes with a value", "write the value, or one of the missing-value codes")
    if values["choice"] == "other" and not values["reason"]:
        report("reason", "a value that neither version has needs a reason", "say where it comes from")
    for name in ("value", "reason", "who"):
        try:
            check_text(values[name])
        except CellFault as fault:
            report(name, fault.rule, fault.remedy)
    return Resolution(**values)


def stale(resolution: Resolution, a: str, b: str) -> str:
    """Return why a decision is not about what the versions say now, or nothing.

    >>> r = Resolution(id="x", table="t", key="k", field="f", a="1", b="2", choice="A")
    >>> stale(r, "1", "2"), stale(r, "2", "1")
    ('', 'A and B have changed places')
    """
    then, now = (tuple(" ".join(text.split()) for text in pair) for pair in ((resolution.a, resolution.b), (a, b)))
    if then == now:
        return ""
    if then == now[::-1]:
        return "A and B have changed places"
    return f"it was made for A {resolution.a!r} and B {resolution.b!r}; now A says {a!r} and B {b!r}"


def refuse(what: str, problems: Sequence[Any]) -> None:
    """Raise with all problems where there is one.

    Raises
    ------
    ProblemsFound
        With the problems, at most 50 of them printed.
    """
    if problems:
        more = [f"… and {len(problems) - 50:,} more"] if len(problems) > 50 else []
        raise ProblemsFound(f"{what}: {len(problems):,}", [*problems[:50], *more])
