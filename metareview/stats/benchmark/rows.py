"""Rows of the tables of a review as plain dictionaries, and results as data frames.

The tables come from `metareview.ingest` as DataFrames; a statistic works on one row at a time or on arrays of values,
so this is the only place of the room that touches pandas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from metareview.results import Dropped
from metareview.schema.base import Missing
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ALL", "Row", "Tables", "corpora", "frame_of", "in_corpus", "natural", "records", "ref_of", "result_corpus",
    "speaks_for", "stated", "text",
]  # fmt: skip

Row = dict[str, Any]
Tables = Mapping[str, "pd.DataFrame"]

#: Stands for the whole folder where ``review.yaml`` declares no corpora.
ALL = "all"

_CODES = frozenset(Missing)
_DIGITS = re.compile(r"(\d+)")


def records(tables: Tables, name: str) -> list[Row]:
    """Return the rows of a table in order, missing cells as None; an absent table has none.

    A table read by `metareview.ingest` has the columns ``file`` and ``line``; one built by hand may lack them, and its
    rows are then counted from line 2, as in the spreadsheet.
    """
    frame = tables.get(name)
    if frame is None or frame.empty:
        return []
    missing = frame.isna().to_numpy()
    names = list(frame.columns)
    columns = zip(*(frame[name].tolist() for name in names), strict=True)  # tolist: Python's numbers, not numpy's
    rows = [
        {name: None if gone else value for name, value, gone in zip(names, values, gaps, strict=True)}
        for values, gaps in zip(columns, missing, strict=True)
    ]
    for number, row in enumerate(rows, 2):
        row.setdefault("file", f"{name}.csv")
        row.setdefault("line", number)
    return rows


def text(value: object) -> str:
    """Return a cell as text, empty where it is missing."""
    return "" if value is None else str(value)


def stated(value: object) -> str:
    """Return a cell as text, empty where it is missing or holds a missing-value code.

    >>> stated("not reported"), stated("CNN")
    ('', 'CNN')
    """
    cell = text(value)
    return "" if cell in _CODES else cell


def ref_of(row: Mapping[str, Any], locator: str = "") -> SourceRef:
    """Return the way back of a row; `locator` replaces the row's own where given."""
    return SourceRef(
        file=text(row.get("file")),
        line=int(row.get("line") or 0),
        source_id=text(row.get("source_id")),
        locator=locator or text(row.get("locator")),
        printed=text(row.get("printed")),
        uncertain=bool(row.get("uncertain") or False),
        note=text(row.get("note")),
    )


def corpora(spec: ReviewSpec) -> tuple[str, ...]:
    """Return the ids of the declared corpora, or `ALL` where none is declared."""
    return tuple(corpus.id for corpus in spec.corpora) or (ALL,)


def in_corpus(studies: Iterable[Row], corpus: str) -> tuple[list[Row], list[Dropped]]:
    """Return the included studies of a corpus, and the others that name it, with the reason."""
    kept: list[Row] = []
    dropped: list[Dropped] = []
    for row in studies:
        if corpus != ALL and corpus not in (row.get("corpus") or ()):
            continue
        if row.get("status") == "included":
            kept.append(row)
        else:
            what = f"study {row['study_id']} of corpus {corpus}"
            dropped.append(Dropped(what, f"its status is {row.get('status')}, not included", ref_of(row)))
    return kept, dropped


def speaks_for(row: Row, corpus: str, names: tuple[str, ...]) -> bool:
    """Whether a row is evidence for a corpus: printed in its document, or in one that is no corpus of its own.

    A study may stand in several corpora; what the document of one of them prints never counts for another.
    """
    source = text(row.get("source_id"))
    return corpus == ALL or source == corpus or source not in names


def result_corpus(tables: Tables, spec: ReviewSpec) -> str | None:
    """Return the document whose results are described when nothing else is said: the primary corpus, if it has any."""
    primary = spec.primary_corpus
    frame = tables.get("results")
    if primary is None or frame is None or frame.empty:
        return None
    return primary if bool((frame["source_id"] == primary).any()) else None


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key that puts ``ref-r9`` before ``ref-r10``."""
    parts = (part for part in _DIGITS.split(name) if part)
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


def frame_of(rows: Sequence[Any], kind: type[Any], **extra: Sequence[object]) -> pd.DataFrame:
    """Return dataclass rows as a DataFrame: one column per plain field; references and nested parts are left out.

    Parameters
    ----------
    rows, kind : the rows, and their class (which gives the columns where there are no rows).
    extra : columns put in front.
    """
    import pandas as pd

    nested = {name for row in rows for name in _names(kind) if _is_nested(getattr(row, name))}
    skip = nested | {name for name in _names(kind) if name == "refs" or name.endswith("_refs")}
    columns: dict[str, list[object]] = {name: list(values) for name, values in extra.items()}
    for name in _names(kind):
        if name not in skip and name not in columns:
            columns[name] = [_plain(getattr(row, name)) for row in rows]
    return pd.DataFrame(columns)


def _names(kind: type[Any]) -> list[str]:
    return [field.name for field in fields(kind)]


def _is_nested(value: object) -> bool:
    return isinstance(value, tuple) and any(is_dataclass(item) for item in value)


def _plain(value: object) -> object:
    return "; ".join(str(item) for item in value) if isinstance(value, tuple) else value
