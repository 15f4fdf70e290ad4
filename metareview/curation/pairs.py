"""The cells and rows in which two versions of a table differ, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from metareview.curation.comparison import Conflict, LoneRow, Side, conflict_id
from metareview.curation.near import suggest
from metareview.ingest.cells import clean
from metareview.ingest.fields import SCALED
from metareview.ingest.raw import RawTable
from metareview.schema.tables import TABLES

if TYPE_CHECKING:
    from metareview.curation.compare import Compared

__all__ = ["conflicts_of", "lone_of", "nothing_like"]

EQUAL, ROUNDED, DIFFER = 1, 2, 3


def nothing_like(raw: RawTable) -> RawTable:
    """Return a table of the same name without columns or rows."""
    nothing = np.empty(0, dtype=np.int64)
    return RawTable(raw.name, raw.file, raw.sheet, {}, nothing, nothing, np.empty(0, dtype=np.bool_))


def conflicts_of(table: Compared) -> Iterator[Conflict]:
    """Yield the cells that are not equal, row by row in the order of A, fields in the order of the model."""
    join, name = table.join, table.a.raw.name
    fields = list(table.verdicts)
    if not fields or not len(join.rows_a):
        return
    matrix = np.stack([table.verdicts[field] for field in fields], axis=1)
    for row, column in np.argwhere(matrix >= ROUNDED):
        field, key = fields[column], join.keys[row]
        rows = int(join.rows_a[row]), int(join.rows_b[row])
        a, b = (_side(part.raw, at, field) for part, at in zip((table.a, table.b), rows, strict=True))
        yield Conflict(
            id=conflict_id(name, key, field), table=name, key=key, field=field, a=a, b=b,
            hint=_hint(table, field, int(row)), rounded=bool(matrix[row, column] == ROUNDED),
        )  # fmt: skip


def _hint(table: Compared, field: str, row: int) -> str:
    scaled = SCALED.get(table.a.raw.name, ())
    if field == "scale" and table.verdicts["value"][row] == EQUAL:
        return "the value is the same, the scale is not"
    said = table.hints[field].get(row, "")
    if field in scaled and not said and table.verdicts["scale"][row] == DIFFER:
        return "the scales differ, too"
    return said


def _side(raw: RawTable, row: int, field: str) -> Side:
    quote = clean(raw.text(row, "quote")) or clean(raw.text(row, "printed"))
    return Side(clean(raw.text(row, field)), int(raw.lines[row]), clean(raw.text(row, "locator")), quote)


def lone_of(table: Compared, *, near: bool = True) -> Iterator[LoneRow]:
    """Yield the rows that only one version has, each with a key of the other that may be the same mistyped."""
    join, name = table.join, table.a.raw.name
    left, right = [join.keys_a[row] for row in join.only_a], [join.keys_b[row] for row in join.only_b]
    there = suggest(left, right) if near else {}
    back = {other: position for position, other in there.items()}
    sides = (("A", table.a, join.only_a, left, right, join.only_b, table.b, there),
             ("B", table.b, join.only_b, right, left, join.only_a, table.a, back))  # fmt: skip
    for side, part, rows, keys, others, other_rows, other_part, found in sides:
        for position, row in enumerate(rows):
            other = found.get(position)
            yield LoneRow(
                id=conflict_id(name, keys[position]), table=name, key=keys[position],
                only_in="A" if side == "A" else "B", line=int(part.raw.lines[row]),
                locator=clean(part.raw.text(int(row), "locator")), summary=_summary(part.raw, int(row), join.columns),
                near="" if other is None else others[other],
                near_line=0 if other is None else int(other_part.raw.lines[other_rows[other]]),
            )  # fmt: skip


def _summary(raw: RawTable, row: int, without: Sequence[str]) -> str:
    """Return what a row says beside its key, in at most 120 characters."""
    names = [name for name in TABLES[raw.name].columns if name not in without]
    parts = [f"{name} {text}" for name in names if (text := clean(raw.text(row, name)))]
    said = "; ".join(parts)
    return said if len(said) <= 120 else f"{said[:119]}…"
