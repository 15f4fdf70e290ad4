"""What comparing two extractions gives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from metareview.curation.keys import SEPARATOR, shown_key
from metareview.results import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "Conflict", "FieldAgreement", "LoneRow", "Side", "conflict_id"]


def conflict_id(table: str, key: str, field: str = "") -> str:
    """Return the id of a cell, or of a row where `field` is empty: the same whatever the order of rows and columns."""
    return hashlib.sha256(SEPARATOR.join((table, key, field)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Side:
    """A cell in one version, and where it comes from.

    Attributes
    ----------
    text : the cell.
    line : line of the file, or row of the sheet.
    locator : the place in the document that the row names.
    quote : the quotation of the row, or the figure as printed.
    """

    text: str
    line: int
    locator: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A cell that the two versions give differently.

    Attributes
    ----------
    id : stable over runs, orders of rows and orders of columns.
    table, key, field : which cell; parts of the key joined by U+001F.
    a, b : what each version says.
    hint : what the difference looks like, where that has a name.
    rounded : whether they agree as far as the one with fewer digits goes.
    """

    id: str
    table: str
    key: str
    field: str
    a: Side
    b: Side
    hint: str = ""
    rounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneRow:
    """A row that only one version has.

    Attributes
    ----------
    id, table, key : which row; only_in : ``A`` or ``B``.
    line : where it stands; locator : the place in the document.
    summary : what it says, shortened.
    near : a key that only the other version has and that may be this one mistyped, with its line; never joined.
    """

    id: str
    table: str
    key: str
    only_in: Literal["A", "B"]
    line: int
    locator: str = ""
    summary: str = ""
    near: str = ""
    near_line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAgreement:
    """How far two extractors agree on one field.

    Attributes
    ----------
    table, field : the column.
    raters : the two extractors.
    n : shared rows in which at least one has something there.
    agreed : of these, how many say the same; rounded : how many of those only as far as the digits go.
    share, ci_low, ci_high : agreed / n with its Wilson interval.
    coefficient : the chance-corrected coefficient that fits the column, blank where none does.
    value, value_low, value_high : the coefficient with its interval; None where it does not exist.
    reason : why not.
    """

    table: str
    field: str
    raters: str
    n: int
    agreed: int
    rounded: int
    share: float
    ci_low: float
    ci_high: float
    coefficient: str = ""
    value: float | None = None
    value_low: float | None = None
    value_high: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison(Result):
    """Two extractions of one review, beside each other.

    ``k_in`` counts the rows of both versions, one for each pair of shared rows; ``k_used`` those that are shared, and
    `dropped` names the others.

    Attributes
    ----------
    a, b : names of the versions.
    shared : shared rows per table.
    conflicts : cells that differ; rounded : cells that agree as far as the digits go.
    lone : rows that only one version has.
    agreement : per field, and per pair of extractors where the rows name them.
    """

    a: str = "A"
    b: str = "B"
    shared: dict[str, int]
    conflicts: tuple[Conflict, ...] = ()
    rounded: tuple[Conflict, ...] = ()
    lone: tuple[LoneRow, ...] = ()
    agreement: tuple[FieldAgreement, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per conflict."""
        import pandas as pd

        columns = ["id", "table", "key", "field", "a", "b", "hint", "a_line", "b_line", "a_locator", "b_locator"]
        rows = [
            (c.id, c.table, shown_key(c.key), c.field, c.a.text, c.b.text, c.hint, c.a.line, c.b.line, c.a.locator,
             c.b.locator)
            for c in self.conflicts
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def agreement_frame(self) -> pd.DataFrame:
        """Return one row per field and pair of extractors."""
        import pandas as pd

        names = list(FieldAgreement.__slots__)
        return pd.DataFrame([[getattr(row, name) for name in names] for row in self.agreement], columns=names)

    def lone_frame(self) -> pd.DataFrame:
        """Return one row per row that only one version has."""
        import pandas as pd

        rows = [
            (row.id, row.table, shown_key(row.key), row.only_in, row.line, row.summary, shown_key(row.near))
            for row in self.lone
        ]
        return pd.DataFrame(rows, columns=["id", "table", "key", "only_in", "line", "summary", "near"])
