"""Two states of one table: which cells moved.

Rows are matched by what they are about: the fewest of their text columns, in order, that tell them apart in both
states. A number has moved when it differs by more than one part in 10^9: sums over rows in another order differ by
less, and no reader sees it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import isclose
from re import compile as pattern
from typing import Literal

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.format import display_cell

__all__ = ["Move", "moves_between"]

Kind = Literal["changed", "added", "removed", "column added", "column removed"]
Sort = Literal["rank", "estimate", "number", "text", "row"]
_NEAR = 1e-9
#: A number in a label, such as how many results a row rests on.
_NUMBER = pattern(r"\d[\d,.]*")
Label = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A cell, row or column of a table that is another now.

    Attributes
    ----------
    view, title, section : the table.
    kind : changed, added, removed (a row), column added, column removed.
    sort : rank; estimate (a number of a synthesis); number; text; row.
    row : what the row is about; column : heading of the cell, blank for a row.
    old, new : as the table shows them.
    by : new minus old, where both are numbers.
    """

    view: str
    title: str
    section: str
    kind: Kind
    sort: Sort
    row: str
    column: str = ""
    old: str = ""
    new: str = ""
    by: float | None = None


def moves_between(old: View, new: View, section: str = "") -> tuple[Move, ...]:
    """Return what moved between two states of a table, in the order of the new one; removed rows come last."""
    body = {"view": new.name, "title": new.title, "section": section}
    shared = [column for column in new.columns if column.key in {c.key for c in old.columns}]
    moves = [Move(**body, kind="column added", sort="row", row="", column=_head(column))  # type: ignore[arg-type]
             for column in new.columns if column not in shared]  # fmt: skip
    keys = {column.key for column in shared}
    moves += [Move(**body, kind="column removed", sort="row", row="", column=_head(column))  # type: ignore[arg-type]
              for column in old.columns if column.key not in keys]  # fmt: skip
    names = _identity(old, new, shared)
    before, after = _labelled(old, names), _labelled(new, names)
    partner = _partners(before, after)
    for label, row in after.items():
        if label not in partner:
            moves.append(Move(**body, kind="added", sort="row", row=_said(label)))  # type: ignore[arg-type]
            continue
        for column in shared:
            cells = before[partner[label]][old.index(column.key)], row[new.index(column.key)]
            if not _same(*cells):
                moves.append(_move(body, _said(label), column, *cells))
    gone = before.keys() - partner.values()
    moves += [Move(**body, kind="removed", sort="row", row=_said(label))  # type: ignore[arg-type]
              for label in before if label in gone]  # fmt: skip
    return tuple(moves)


def _partners(before: Collection[Label], after: Collection[Label]) -> dict[Label, Label]:
    """Return the old label of each new one: the same, or else the only one that differs in nothing but numbers."""
    partner = {label: label for label in after if label in before}
    left = [[label for label in side if label not in partner] for side in (before, after)]
    blurred = [Counter(_without_numbers(label) for label in side) for side in left]
    place = {_without_numbers(label): label for label in left[0]}
    for label in left[1]:
        about = _without_numbers(label)
        if blurred[0][about] == blurred[1][about] == 1:
            partner[label] = place[about]
    return partner


def _without_numbers(label: Label) -> Label:
    return tuple(_NUMBER.sub("#", part) for part in label)


def _move(body: dict[str, str], row: str, column: Column, old: Cell, new: Cell) -> Move:
    sort: Sort = "text"
    by = None
    if _number(old.value) or _number(new.value):
        sort = "estimate" if body["section"] == "synthesis" else "number"
        sort = "rank" if column.key in ("rank", "standing") else sort
    if _number(old.value) and _number(new.value):
        by = float(new.value) - float(old.value)  # type: ignore[arg-type]
    shown = display_cell(old, column), display_cell(new, column)
    if shown[0] == shown[1]:  # below the digits that are shown
        shown = _long(old), _long(new)
    return Move(
        **body, kind="changed", sort=sort, row=row, column=_head(column), old=shown[0], new=shown[1], by=by
    )  # fmt: skip


def _long(cell: Cell) -> str:
    parts = [cell.value, cell.low, cell.high] if cell.low is not None or cell.high is not None else [cell.value]
    return " ".join(f"{part:.10g}" if isinstance(part, float) else str(part) for part in parts)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _head(column: Column) -> str:
    return ": ".join(part for part in (column.group, column.label) if part)


def _same(old: Cell, new: Cell) -> bool:
    return all(_equal(getattr(old, part), getattr(new, part)) for part in ("value", "low", "high", "bound"))


def _equal(old: object, new: object) -> bool:
    if _number(old) and _number(new):
        return isclose(old, new, rel_tol=_NEAR, abs_tol=1e-12)  # type: ignore[arg-type]
    return old == new


def _identity(old: View, new: View, shared: Sequence[Column]) -> tuple[str, ...]:
    """Return the fewest text columns, those for programs first, that tell the rows of both states apart."""
    texts = [column.key for column in shared if column.kind == "text"]
    first = [key for key in texts if key in new.machine]
    order = [*first, *(key for key in texts if key not in first)]
    for stop in range(1, len(order) + 1):
        if all(max(Counter(_labels(view, order[:stop])).values(), default=1) == 1 for view in (old, new)):
            return tuple(order[:stop])
    return tuple(order)


def _labels(view: View, names: Sequence[str]) -> Iterator[Label]:
    places = [view.index(name) for name in names]
    for row in view.rows:
        yield tuple("" if row[place].value is None else str(row[place].value) for place in places)


def _labelled(view: View, names: Sequence[str]) -> dict[Label, tuple[Cell, ...]]:
    """Return the rows by label; rows that share one are numbered in their order."""
    seen: Counter[Label] = Counter()
    found = {}
    for label, row in zip(_labels(view, names), view.rows, strict=True):
        seen[label] += 1
        found[label if seen[label] == 1 else (*label, f"({seen[label]})")] = row
    return found


def _said(label: Label) -> str:
    parts = list(dict.fromkeys(part for part in label if part))
    whole = [part for part in parts if not any(part != other and part in other for other in parts)]
    return " · ".join(whole) or "the row"
