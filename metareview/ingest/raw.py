"""Raw tables: what a file holds before any cell has a type, with the place of every cell.

A column is kept as its distinct texts and one small integer per row, so that memory follows the file, and so that
each distinct text is parsed and validated once however many rows repeat it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt

from metareview.errors import did_you_mean
from metareview.ingest.cells import clean
from metareview.ingest.layout import is_workbook
from metareview.ingest.problems import Problem, Problems, Severity, column_letters, shorten
from metareview.schema.tables import TableSpec

__all__ = ["RawColumn", "RawTable", "TableBuilder", "match_header"]

#: Rows that are turned into columns at a time.
CHUNK = 8192
#: Unknown column names that are reported one by one.
_MOST_STRANGE = 50


@dataclass(frozen=True, slots=True, eq=False)
class RawColumn:
    """One column: ``texts[codes[i]]`` is the cell of row i.

    Attributes
    ----------
    name : the column.
    position : its place in the spreadsheet, from 0.
    codes : int32, shape (rows,).
    texts : the distinct texts, as in the file.
    """

    name: str
    position: int
    codes: npt.NDArray[np.int32]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """One table as text.

    Attributes
    ----------
    name : the table.
    file : the file, relative to the review folder.
    sheet : the sheet that a spreadsheet program shows it in.
    columns : the known columns that the file has.
    lines : per row, the line of the file (first line is 1) or row of the sheet.
    rows : per row, the row that a spreadsheet program shows.
    ragged : per row, whether its cells do not fit under the header, so that none can be trusted.
    complete : whether every row of the file is here (one whose quotes are broken is not).
    """

    name: str
    file: str
    sheet: str
    columns: dict[str, RawColumn]
    lines: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    ragged: npt.NDArray[np.bool_]
    complete: bool = True

    def __len__(self) -> int:
        return len(self.lines)

    def text(self, row: int, column: str) -> str:
        """Return the text of a cell; empty where the file has no such column."""
        cells = self.columns.get(column)
        return "" if cells is None else cells.texts[cells.codes[row]]

    def problem(
        self, row: int, column: str | None, rule: str, remedy: str, *, found: str | None = None,
        severity: Severity = "error",
    ) -> Problem:  # fmt: skip
        """Return the problem of one cell, or of a whole row where `column` is None."""
        line = int(self.lines[row])
        if column is None:
            return Problem.of_file(
                self.file, found or "this row", rule, remedy, row=line, sheet=self.sheet, severity=severity
            )
        address = None
        if column in self.columns:
            address = f"{self.sheet}!{column_letters(self.columns[column].position)}{self.rows[row]}"
        found = shorten(clean(self.text(row, column)) if found is None else found)
        return Problem(self.file, line, column, address, found, rule, remedy, severity)

    def report(
        self, problems: Problems, rows: Sequence[int] | npt.NDArray[np.int64], column: str | None, rule: str,
        remedy: str | Callable[[int], str], *, found: str | Callable[[int], str] | None = None,
        severity: Severity = "error",
    ) -> None:  # fmt: skip
        """Report one rule that many rows break; `remedy` and `found` may depend on the row."""

        def make(index: int) -> Problem:
            row = int(rows[index])
            said = remedy if isinstance(remedy, str) else remedy(row)
            what = found if found is None or isinstance(found, str) else found(row)
            return self.problem(row, column, rule, said, found=what, severity=severity)

        problems.add_many(len(rows), make)


class _Texts(dict[str, int]):
    """Numbers each distinct text in order of appearance."""

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number


@dataclass(slots=True)
class TableBuilder:
    """Collects rows, chunk by chunk, into a `RawTable`.

    Attributes
    ----------
    positions : the known columns and their places in the spreadsheet.
    header : the cells of the header.
    """

    name: str
    file: str
    sheet: str
    positions: dict[str, int]
    header: list[str]
    width: int = 0
    _nameless: dict[int, int | None] = field(default_factory=dict)
    _texts: list[_Texts] = field(default_factory=list)
    _codes: list[list[npt.NDArray[np.int32]]] = field(default_factory=list)
    _lines: list[int] = field(default_factory=list)
    _rows: list[int] = field(default_factory=list)
    _ragged: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._texts = [_Texts() for _ in self.positions]
        self._codes = [[] for _ in self.positions]
        names = [clean(name) for name in self.header]
        self.width = max(index for index, name in enumerate(names) if name) + 1
        self._nameless = {index: None for index in range(self.width) if not names[index]}

    def extend(self, records: Iterable[tuple[int, int, list[str]]], problems: Problems) -> None:
        """Add all rows: line, spreadsheet row and cells of each. Blank rows are passed over."""
        stream = iter(records)
        while chunk := list(islice(stream, CHUNK)):
            rows: list[list[str]] = []
            for line, row, cells in chunk:
                if len(cells) == self.width and cells[0]:
                    rows.append(cells)
                elif not any(map(clean, cells)):
                    continue
                else:
                    rows.append(self._fit(line, cells, problems))
                self._lines.append(line)
                self._rows.append(row)
            self._encode(rows)

    def _fit(self, line: int, cells: list[str], problems: Problems) -> list[str]:
        """Return a row as wide as the header; report it where that takes more than blank cells at its end."""
        if len(cells) == self.width:
            return cells
        beyond = any(map(clean, cells[self.width :]))
        sheet = is_workbook(self.file)
        if sheet:
            found, rule = "a cell stands beyond the last named column", "every cell stands under a column name"
            remedy = "name the column, or delete the cell"
        else:
            found, rule = f"{len(cells)} cells under a header of {self.width}", "every row is as wide as the header"
            remedy = "put a cell that contains the delimiter in double quotes, or add the missing delimiters"
        if beyond or len(cells) < self.width:
            if not sheet:
                self._ragged.append(len(self._lines))
            problems.add(Problem.of_file(self.file, found, rule, remedy, row=line, sheet=self.sheet))
        return (cells + [""] * self.width)[: self.width]

    def _encode(self, rows: list[list[str]]) -> None:
        columns = list(zip(*rows, strict=True))
        if not columns:
            return
        for index, position in enumerate(self.positions.values()):
            number = self._texts[index].__getitem__
            self._codes[index].append(np.fromiter(map(number, columns[position]), dtype=np.int32, count=len(rows)))
        for position, line in self._nameless.items():
            if line is None and any(map(clean, columns[position])):
                first = next(index for index, cell in enumerate(columns[position]) if clean(cell))
                self._nameless[position] = self._lines[len(self._lines) - len(rows) + first]

    def build(self, problems: Problems, *, complete: bool = True) -> RawTable:
        """Return the table, and report columns that have cells but no name."""
        for position, line in self._nameless.items():
            if line is not None:
                found = f"column {column_letters(position)} has a cell and no name"
                rule, remedy = "every cell stands under a column name", "name the column, or delete its cells"
                problems.add(Problem.of_file(self.file, found, rule, remedy, row=line, sheet=self.sheet))
        columns = {
            name: RawColumn(name, position, _joined(codes), tuple(texts))
            for (name, position), texts, codes in zip(self.positions.items(), self._texts, self._codes, strict=True)
        }
        ragged = np.zeros(len(self._lines), dtype=np.bool_)
        ragged[self._ragged] = True
        lines, rows = (np.array(numbers, dtype=np.int64) for numbers in (self._lines, self._rows))
        return RawTable(self.name, self.file, self.sheet, columns, lines, rows, ragged, complete)


def _joined(parts: list[npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)


def match_header(
    header: Sequence[str],
    spec: TableSpec,
    file: str,
    line: int,
    row: int,
    problems: Problems,
    *,
    sheet: str | None = None,
) -> dict[str, int] | None:
    """Return the known columns and their places; report the unknown, the repeated and the missing ones.

    Returns
    -------
    mapping from column to 0-based place, or None where the row is no header of this table at all.
    """
    names = [clean(name) for name in header]

    def report(found: str, rule: str, remedy: str) -> None:
        problems.add(Problem.of_file(file, found, rule, remedy, row=line, sheet=sheet))

    if not set(names) & set(spec.columns):
        found = ", ".join(name[:30] for name in names if name)[:120]
        rule = f"the first row of {spec.name} names its columns"
        report(f"the first row holds {found!r}", rule, f"name them: {', '.join(spec.columns)}")
        return None
    positions: dict[str, int] = {}
    strange: list[int] = []
    for position, name in enumerate(names):
        if name in spec.columns and name not in positions:
            positions[name] = position
        elif name:
            strange.append(position)
    for position in strange[:_MOST_STRANGE]:
        rule, remedy = _strange_column(names[position], names, spec)
        name, address = shorten(names[position]), f"{sheet or spec.name}!{column_letters(position)}{row}"
        problems.add(Problem(file, line, name[:60], address, name, rule, remedy))
    if len(strange) > _MOST_STRANGE:
        more = len(strange) - _MOST_STRANGE
        report(f"{more:,} further columns", f"{spec.name} has no such columns", "check what kind of file this is")
    for name, info in spec.model.model_fields.items():
        if info.is_required() and name not in positions:
            rule = f"{spec.name} has a column {name}"
            report(f"there is no column {name}", rule, "add it; every row needs a value there")
    return positions


def _strange_column(name: str, names: Sequence[str], spec: TableSpec) -> tuple[str, str]:
    """Return rule and remedy for a column name that is repeated or unknown."""
    if name in spec.columns:
        return "a column name stands once in the header", "rename or delete one of the two columns"
    hint = did_you_mean(name[:100], [column for column in spec.columns if column not in names])
    return f"{spec.name} has no such column", hint or f"it has: {', '.join(spec.columns)}"
