"""A finding: one sentence whose numbers are cells of tables, each with the table it stands in.

A finding is made from views and not from results: a view is what the page, the workflow and notebooks have, its cells
hold the numbers of the results, and a table of the same page shows them. So a sentence cannot say another number than
the table it leads to. Nothing is computed here but how many rows of a table are of a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from metareview.report.views.base import Cell, Column, Mark, Value, View
from metareview.report.views.format import clean, display, display_cell
from metareview.schema.review import ReviewSpec

__all__ = ["Finding", "Line", "Make", "Part", "Views", "among", "counted", "finding", "joined", "lines", "titled"]

Views = Mapping[str, View]
Make = Callable[[Views, ReviewSpec], "tuple[Finding, ...]"]

_COUNT = Column("n", "n", "count")
#: Longest name or statement that stands in a sentence as a whole.
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence.

    Attributes
    ----------
    text : as it is read.
    kind : words of the template, a number, or a name (of a method, a data set, a statement) from the spreadsheets.
    table, column, row : the cell that a number or name is; `column` is empty where rows of the table were counted.
    value : the number itself; None for words and for intervals.
    link : the table that a name is the title of; it is a link there, and the sentence needs no other one.
    """

    text: str
    kind: Literal["words", "number", "name"] = "words"
    table: str = ""
    column: str = ""
    row: int = -1
    value: Value = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of the overview.

    Attributes
    ----------
    name : which finding it is, as the registry calls it.
    topic : what it is about, in one or two words.
    parts : the sentence.
    tables : names of the tables that its numbers stand in, the one it leads to first.
    mark : ``contradicted`` or ``warning`` where a reader must be careful, as in the tables; else empty.
    """

    name: str
    topic: str
    parts: tuple[Part, ...]
    tables: tuple[str, ...]
    mark: Mark = ""

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The tables that no name in the sentence leads to."""
        linked = {part.link for part in self.parts}
        return tuple(table for table in self.tables if table not in linked)

    @property
    def sentence(self) -> str:
        """The sentence as plain text."""
        return "".join(part.text for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the finding for programs: the sentence, and every number in it with its cell."""
        numbers = [
            {"text": part.text, "value": part.value, "table": part.table, "column": part.column or None,
             "row": part.row if part.column else None}
            for part in self.parts
            if part.kind == "number"
        ]  # fmt: skip
        return {"name": self.name, "topic": self.topic, "sentence": self.sentence, "mark": self.mark or None,
                "tables": list(self.tables), "numbers": numbers}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a view; asked for its cells by column, a column that the view left out is empty."""

    view: View
    at: int

    def cell(self, key: str) -> Cell:
        """Return a cell."""
        keys = [column.key for column in self.view.columns]
        return self.view.rows[self.at][keys.index(key)] if key in keys else Cell()

    def text(self, key: str) -> str:
        """Return a text, empty where there is none."""
        value = self.cell(key).value
        return "" if value is None else str(value)

    def size(self, key: str) -> float | None:
        """Return a number to compare with; None where there is none."""
        value = self.cell(key).value
        return None if value is None or isinstance(value, str) else float(value)

    def has(self, key: str) -> bool:
        """Return whether there is a value or an interval."""
        cell = self.cell(key)
        return cell.value is not None or (cell.low is not None and cell.high is not None)

    def part(self, key: str) -> Part:
        """Return a number of the table, in the words of the table."""
        cell = self.cell(key)
        shown = display_cell(cell, self.view.columns[self.view.index(key)])
        return Part(shown, "number", self.view.name, key, self.at, cell.value)

    def name(self, key: str, end: str = "") -> Part:
        """Return a name or statement that stands in the table, without the sign it ends with; a long one is cut."""
        return Part(_cut(self.text(key).removesuffix(end)), "name", self.view.name, key, self.at)

    def count(self, key: str, one: str, many: str) -> list[Part | str]:
        """Return a number with the noun that goes with it."""
        return [self.part(key), f" {one if self.size(key) == 1 else many}"]


def lines(views: Views, name: str) -> Iterator[Line]:
    """Return the rows of a view; none where the page has no such view."""
    view = views.get(name)
    return iter(()) if view is None else (Line(view, at) for at in range(len(view.rows)))


def among(view: View, chosen: Iterable[Any]) -> Part:
    """Return how many rows of a table were chosen."""
    n = sum(1 for _ in chosen)
    return Part(display(n, _COUNT), "number", view.name, value=n)


def titled(view: View, text: str = "") -> Part:
    """Return the title of a table, or another name of what it is about, as a link to it."""
    return Part(_cut(text or view.title), "name", link=view.name)


def counted(found: list[Line]) -> Part:
    """Return how many these rows are; there is at least one."""
    return among(found[0].view, found)


def joined(parts: Iterable[Part | str | list[Part | str]], last: str = " and ") -> list[Part | str]:
    """Return parts as a list in words.

    >>> [part if isinstance(part, str) else part.text for part in joined(["a", "b", "c"])]
    ['a', ', ', 'b', ' and ', 'c']
    """
    items = list(parts)
    found: list[Part | str] = []
    for at, item in enumerate(items):
        found += [] if not at else [last if at == len(items) - 1 else ", "]
        found += item if isinstance(item, list) else [item]
    return found


def finding(
    key: str, topic: str, *pieces: Part | str | list[Part | str], tables: Iterable[str] = (), mark: Mark = ""
) -> Finding:
    """Return a finding from the pieces of its sentence.

    Parameters
    ----------
    key, topic : identifier and topic.
    pieces : words, and parts from tables; lists of them are laid out flat.
    tables : tables it leads to besides those its parts are from; they come first.
    """
    flat = [piece for item in pieces for piece in (item if isinstance(item, list) else [item])]
    parts = tuple(Part(piece) if isinstance(piece, str) else piece for piece in flat if piece != "")
    named = dict.fromkeys([*tables, *(part.table for part in parts if part.table)])
    return Finding(key, topic, parts, tuple(named), mark)


def _cut(text: str) -> str:
    text = " ".join(clean(text).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
