"""The rows of one merged table, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from metareview.curation.compare import EQUAL, REMARKS, Compared
from metareview.curation.comparison import Conflict, LoneRow, conflict_id
from metareview.curation.judge import digits_unit
from metareview.curation.resolutions import Resolution
from metareview.ingest.cells import CellFault, clean, parse_decimal
from metareview.ingest.fields import SCALED, fields_of
from metareview.ingest.tables import ParsedTable
from metareview.schema.base import MAX_TEXT, Missing
from metareview.schema.metric import Vocabulary
from metareview.schema.tables import TABLES

__all__ = ["MergedTable", "rescaled", "texts_of"]

#: Between remarks of two extractors.
_BESIDE = " | "


def texts_of(table: ParsedTable, column: str) -> list[str]:
    """Return the texts of a column, blank where the file does not have it."""
    cells = table.raw.columns.get(column)
    if cells is None:
        return [""] * len(table.raw)
    cleaned = np.array([clean(text) for text in cells.texts], dtype=object)
    return list(cleaned[cells.codes]) if len(cells.texts) else []


def rescaled(text: str, percent: bool, to_percent: bool) -> str:
    """Return a number on the other scale, digits kept; what is no number stays as it is.

    >>> rescaled("94.80", True, False), rescaled("0.948", False, True), rescaled("not reported", True, False)
    ('0.9480', '94.8', 'not reported')
    """
    if percent == to_percent or not text:
        return text
    try:
        number, _ = parse_decimal(text)
    except CellFault:
        return text
    return f"{number.scaleb(2 if to_percent else -2):f}"


class MergedTable:
    """One table on its way: starts as A with the remarks of both, then takes decisions.

    Attributes
    ----------
    columns : those of A in their order, then those that only B has, then what open decisions need.
    """

    def __init__(self, table: Compared, chosen: Mapping[str, Resolution], vocabulary: Vocabulary) -> None:
        self._table, self._chosen, self._vocabulary = table, chosen, vocabulary
        self._name = table.a.raw.name
        self.columns = (
            *table.a.raw.columns,
            *(name for name in table.b.raw.columns if name not in table.a.raw.columns),
        )
        self._a = {name: texts_of(table.a, name) for name in self.columns}
        self._b = {name: texts_of(table.b, name) for name in self.columns}
        self._cells = {name: list(texts) for name, texts in self._a.items()}
        self._pair = {key: at for at, key in enumerate(table.join.keys)}
        self._rows_a = {key: at for at, key in enumerate(table.join.keys_a)}
        self._rows_b = {key: at for at, key in enumerate(table.join.keys_b)}
        self._left_out: set[int] = set()
        self._added: list[tuple[str, dict[str, str]]] = []
        self._add_remarks()
        self._settle_scales()

    def _add_remarks(self) -> None:
        for name in set(REMARKS) & set(self.columns):
            for x, y in zip(self._table.join.rows_a.tolist(), self._table.join.rows_b.tolist(), strict=True):
                one, other = self._a[name][x], self._b[name][y]
                if other and other != one and other not in one.split(_BESIDE):
                    self._cells[name][x] = f"{one}{_BESIDE}{other}" if one else other

    def _settle_scales(self) -> None:
        """Decide the scale of each row first: numbers of the row follow it."""
        self._percents: dict[int, tuple[bool, bool, bool]] = {}
        if self._name not in SCALED or "scale" not in self._table.verdicts:
            return
        join, verdicts = self._table.join, self._table.verdicts["scale"]
        frames = [part.frame["scale"].to_numpy() for part in (self._table.a, self._table.b)]
        for at in np.flatnonzero(verdicts > EQUAL):
            x, y = int(join.rows_a[at]), int(join.rows_b[at])
            decision = self._chosen.get(conflict_id(self._name, join.keys[at], "scale"))
            marks = bool(frames[0][x] == "percent"), bool(frames[1][y] == "percent")
            final = marks[0]
            if decision is not None:
                final = {"A": marks[0], "B": marks[1]}.get(decision.choice, decision.value == "percent")
            self._percents[int(at)] = (*marks, final)
            for name in SCALED[self._name]:
                if name in self.columns:
                    self._cells[name][x] = rescaled(self._cells[name][x], marks[0], final)

    def decide(self, row: Conflict) -> None:
        """Put what was decided about a cell into it, or what stands for an open decision."""
        at = self._pair[row.key]
        x = int(self._table.join.rows_a[at])
        decision = self._chosen.get(row.id)
        if decision is not None and decision.choice == "other":
            self._cells[row.field][x] = decision.value
            return
        if decision is not None:
            self._take(row, at, decision.choice)
        elif row.rounded:
            self._take(row, at, self._finer(row, at))
        else:
            self._leave_open(row, x)

    def _take(self, row: Conflict, at: int, side: str) -> None:
        x, y = int(self._table.join.rows_a[at]), int(self._table.join.rows_b[at])
        text = self._a[row.field][x] if side == "A" else self._b[row.field][y]
        marks = self._percents.get(at)
        if marks is not None and row.field in SCALED[self._name]:
            text = rescaled(text, marks[0] if side == "A" else marks[1], marks[2])
        self._cells[row.field][x] = text

    def _finer(self, row: Conflict, at: int) -> str:
        """Return the side with more digits; A where both are printed alike."""
        x, y = int(self._table.join.rows_a[at]), int(self._table.join.rows_b[at])
        units = []
        for part, cells, line in ((self._table.a, self._a, x), (self._table.b, self._b, y)):
            percent = self._name in SCALED and part.frame["scale"].iloc[line] == "percent"
            printed = cells["printed"][line] if row.field == "value" and "printed" in cells else ""
            units.append(digits_unit(cells[row.field][line], bool(percent), printed))
        return "B" if units[1] < units[0] else "A"

    def _leave_open(self, row: Conflict, x: int) -> None:
        """Leave a code where the column has one, nothing where a blank says nothing, else A's text marked uncertain."""
        field = fields_of(self._name)[row.field]
        if field.codes:
            self._cells[row.field][x] = Missing.UNCLEAR.value
        elif field.default in (None, ()) and not field.required and field.name not in self._table.join.columns:
            self._cells[row.field][x] = ""
        self._mark(x, f"unresolved {row.field}: A {row.a.text or 'blank'}, B {row.b.text or 'blank'}")

    def _mark(self, x: int, said: str) -> None:
        columns = TABLES[self._name].columns
        for name, text in (("uncertain", "yes"), ("note", said)):
            if name not in columns:
                continue
            if name not in self._cells:
                self.columns = (*self.columns, name)
                self._cells[name] = [""] * len(self._table.a.raw)
                self._a[name], self._b[name] = list(self._cells[name]), [""] * len(self._table.b.raw)
            before = self._cells[name][x]
            self._cells[name][x] = text if name == "uncertain" or not before else f"{before}{_BESIDE}{text}"[:MAX_TEXT]

    def place(self, row: LoneRow) -> None:
        """Keep a row that only one version has, or leave it out."""
        decision = self._chosen.get(row.id)
        keep = decision is None or decision.choice == "keep"
        said = f"unresolved row: only {row.only_in} has it" if decision is None else ""
        keys = self._rows_a if row.only_in == "A" else self._rows_b
        at = keys[row.key]
        if row.only_in == "A":
            if not keep:
                self._left_out.add(at)
            elif said:
                self._mark(at, said)
        elif keep:
            cells = {name: self._b[name][at] for name in self.columns}
            if said and "note" in TABLES[self._name].columns:
                cells["note"] = _BESIDE.join(filter(None, (cells.get("note", ""), said)))
                cells |= {"uncertain": "yes"} if "uncertain" in TABLES[self._name].columns else {}
                self.columns = (*self.columns, *(name for name in cells if name not in self.columns))
            self._added.append((row.key, cells))

    def rows(self) -> Iterator[Sequence[str]]:
        """Yield the rows: those of A in their order, then those that only B has, by key."""
        blank = [""] * len(self._table.a.raw)
        columns = [self._cells.get(name, blank) for name in self.columns]
        for at in range(len(self._table.a.raw)):
            if at not in self._left_out:
                yield [cells[at] for cells in columns]
        for _, cells in sorted(self._added, key=lambda added: added[0]):
            yield [cells.get(name, "") for name in self.columns]
