"""A view: ordered, labelled rows whose numbers are still numbers, each with its way back to a document.

One view feeds the table, the figure and the page, so they cannot disagree. Formatting happens in
`metareview.report.views.format` only; renderers (CSV, Markdown, HTML, LaTeX, XLSX) take a view and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from metareview.errors import InputError, UnknownName
from metareview.results import Dropped
from metareview.schema.source import SourceRef

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bound", "Cell", "Column", "Kind", "Mark", "Value", "View"]

Value = str | int | float | bool | None
Kind = Literal["text", "score", "number", "percent", "count", "p", "interval", "flag"]
Bound = Literal["", "<", ">", "<=", ">="]
Mark = Literal["", "best", "second", "derived", "best derived", "second derived", "contradicted", "warning"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view.

    Attributes
    ----------
    key : identifier, unique in the view.
    label : heading.
    kind : how `format` turns its values into text (score: proportion with fixed decimals; number: significant
        digits; percent: a proportion shown as a percentage; count: integer; p: p value; flag: yes or no).
    decimals : digits after the point where the kind has any; None for the kind's default.
    group : heading over neighbouring columns (a spanner), empty for none.
    help : what the column is, for a tooltip.
    arrow : ``↑`` or ``↓`` where a direction is better.
    """

    key: str
    label: str
    kind: Kind = "text"
    decimals: int | None = None
    group: str = ""
    help: str = ""
    arrow: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value with its provenance.

    Attributes
    ----------
    value : the number or text; None is missing, and `note` says why.
    refs : where it comes from; for a computed number every value that entered.
    low, high : limits of its interval, where it has one.
    mark : best, second, derived (computed by us; also together with best or second), contradicted, warning.
    note : what a reader sees on hover beside the sources.
    decimals : digits after the point where this value has others than its column (a column of several metrics).
    bound : how the true number lies to `value` where the source prints only a bound (``>`` for p > 0.4).
    """

    value: Value = None
    refs: tuple[SourceRef, ...] = ()
    low: float | None = None
    high: float | None = None
    mark: Mark = ""
    note: str = ""
    decimals: int | None = None
    bound: Bound = ""


@dataclass(frozen=True, slots=True)
class View:
    """Ordered, labelled rows.

    Attributes
    ----------
    name : identifier; the stem of the files rendered from it.
    title, caption : what it shows; the caption is one or two sentences.
    columns, rows : `rows` are tuples of cells in the order of `columns`.
    group : key of the column that makes row groups (rows of one group stand together), empty for none.
    notes : footnotes; warnings : what must be seen; dropped : rows left out, with reasons.
    alt : the text alternative of a figure drawn from it.
    machine : keys of columns for programs (ids, and what a heading says already): only CSV and XLSX print them.
    """

    name: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    group: str = ""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    alt: str = ""
    machine: tuple[str, ...] = ()
    meta: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = [column.key for column in self.columns]
        if len(set(keys)) != len(keys):
            raise InputError(f"view {self.name}: two columns share a key among {', '.join(keys)}")
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(keys):
                raise InputError(f"view {self.name}: row {number} has {len(row)} cells for {len(keys)} columns")

    def index(self, key: str) -> int:
        """Return the position of a column.

        Raises
        ------
        UnknownName
            If the view has no such column.
        """
        for position, column in enumerate(self.columns):
            if column.key == key:
                return position
        raise UnknownName(f"column of view {self.name}", key, (column.key for column in self.columns))

    def cells(self, key: str) -> tuple[Cell, ...]:
        """Return the cells of one column."""
        position = self.index(key)
        return tuple(row[position] for row in self.rows)

    def values(self, key: str) -> tuple[Value, ...]:
        """Return the values of one column."""
        return tuple(cell.value for cell in self.cells(key))

    def to_frame(self) -> pd.DataFrame:
        """Return the values as a DataFrame with the column keys as names."""
        import pandas as pd

        return pd.DataFrame({column.key: list(self.values(column.key)) for column in self.columns})

    def to_json(self) -> str:
        """Return the view as JSON; `from_json` gives an equal view back."""
        import json

        from pydantic import TypeAdapter

        body = TypeAdapter[Any](View).dump_python(self, mode="json", exclude_defaults=True)
        return json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    def _repr_html_(self) -> str:
        from metareview.report.tables.html import render_html

        return render_html(self)

    @staticmethod
    def from_json(text: str) -> View:
        """Read what `to_json` wrote."""
        from pydantic import TypeAdapter

        view: View = TypeAdapter(View).validate_json(text)
        return view
