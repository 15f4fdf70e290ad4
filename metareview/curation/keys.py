"""Which rows of two versions of a table are one row: those with one key.

The key is that of `schema.tables`. Where rows of one file share it, the place in the document tells them apart. Tables
in which the key holds what was extracted (the value of a fact) are joined a second time without it: two extractors who
read different values at one place have one row with a conflict, not two rows. No key is ever guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metareview.errors import ProblemsFound
from metareview.ingest.problems import Problem
from metareview.ingest.tables import ParsedTable
from metareview.schema.tables import TABLES

__all__ = ["Join", "join_columns", "join_rows", "key_texts", "shown_key"]

Rows = npt.NDArray[np.int64]
#: Joins the parts of a key; no cell holds it.
SEPARATOR = "\x1f"
#: Tables whose rows have no key of their own.
_KEYLESS = {"flow": ("data", "node", "box", "boxtext", "source_id")}
#: What the parts of a key that identify a row are, where its key also holds what was extracted.
_IDENTITY = {
    "study_facts": ("study_id", "attribute", "source_id"),
    "dataset_facts": ("dataset_id", "attribute", "source_id"),
    "exclusions": ("stage", "reason", "source_id"),
    "distributions": ("attribute", "value", "corpus", "source_id"),
}
_PLACE = ("locator",)


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    """The rows of two versions of a table.

    Attributes
    ----------
    columns : the key columns.
    rows_a, rows_b : positions of the shared rows, pair by pair, in the order of A.
    keys : their keys, the same length.
    loose : per pair, whether it was joined by `_IDENTITY` alone, so that the rest of its key is compared.
    only_a, only_b : positions of the others.
    keys_a, keys_b : the keys of all rows.
    """

    columns: tuple[str, ...]
    rows_a: Rows
    rows_b: Rows
    keys: tuple[str, ...]
    loose: npt.NDArray[np.bool_]
    only_a: Rows
    only_b: Rows
    keys_a: tuple[str, ...]
    keys_b: tuple[str, ...]


def join_columns(table: str) -> tuple[str, ...]:
    """Return the columns that tell the rows of a table apart."""
    return TABLES[table].key or _KEYLESS[table]


def key_texts(table: ParsedTable, columns: Sequence[str]) -> list[str]:
    """Return the key of each row as one text: defaults filled in, metrics by their key, spaces at the ends gone."""
    parts = [table.frame[name].fillna("").astype(str).tolist() for name in columns]
    return [SEPARATOR.join(cells) for cells in zip(*parts, strict=True)]


def shown_key(key: str) -> str:
    """Return a key as people read it.

    >>> shown_key("e1" + chr(31) + "dice" + chr(31) + "")
    'e1 | dice'
    """
    return " | ".join(part for part in key.split(SEPARATOR) if part)


def join_rows(a: ParsedTable, b: ParsedTable) -> Join:
    """Join two versions of a table.

    Raises
    ------
    ProblemsFound
        If rows of one version share a key and a place, so that it is open which is which.
    """
    table = a.raw.name
    columns = join_columns(table)
    keys_a, keys_b = key_texts(a, columns), key_texts(b, columns)
    shared = _repeated(keys_a) | _repeated(keys_b)
    if shared and "locator" in TABLES[table].columns and "locator" not in columns:
        keys_a, keys_b = _with_place(a, keys_a, shared), _with_place(b, keys_b, shared)
    _refuse_repeated(a, keys_a)
    _refuse_repeated(b, keys_b)
    place = {key: row for row, key in enumerate(keys_b)}
    pairs = [(row, place[key], key, False) for row, key in enumerate(keys_a) if key in place]
    pairs += _by_identity(a, b, {pair[0] for pair in pairs}, {pair[1] for pair in pairs})
    pairs.sort()
    rows_a, rows_b = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    return Join(
        columns, rows_a, rows_b, tuple(pair[2] for pair in pairs),
        np.array([pair[3] for pair in pairs], dtype=np.bool_),
        _others(len(keys_a), rows_a), _others(len(keys_b), rows_b), tuple(keys_a), tuple(keys_b),
    )  # fmt: skip


def _repeated(keys: Sequence[str]) -> set[str]:
    if len(set(keys)) == len(keys):
        return set()
    return {key for key, count in Counter(keys).items() if count > 1}


def _with_place(table: ParsedTable, keys: list[str], shared: set[str]) -> list[str]:
    places = key_texts(table, _PLACE)
    return [key + SEPARATOR + at if key in shared else key for key, at in zip(keys, places, strict=True)]


def _refuse_repeated(table: ParsedTable, keys: Sequence[str]) -> None:
    repeated = _repeated(keys)
    if not repeated:
        return
    lines: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        if key in repeated:
            lines.setdefault(key, []).append(int(table.raw.lines[row]))
    rule = "rows of two versions are joined by their key, so a key stands once in each"
    problems = [
        Problem.of_file(
            table.raw.file, f"the key {shown_key(key)} stands in lines {', '.join(map(str, found))}", rule,
            "correct what tells the rows apart, or remove all but one", row=found[0],
        )
        for key, found in lines.items()
    ]  # fmt: skip
    raise ProblemsFound(f"{table.raw.file}: {len(problems)} keys stand more than once", problems[:20])


def _by_identity(
    a: ParsedTable, b: ParsedTable, done_a: set[int], done_b: set[int]
) -> list[tuple[int, int, str, bool]]:
    """Join what is left by the columns that identify a row, where these stand once on each side."""
    columns = _IDENTITY.get(a.raw.name)
    if columns is None:
        return []
    left, right = (
        [(key, row) for row, key in enumerate(key_texts(table, columns)) if row not in done]
        for table, done in ((a, done_a), (b, done_b))
    )
    often = _repeated([key for key, _ in left]) | _repeated([key for key, _ in right])
    place = {key: row for key, row in right if key not in often}
    return [(row, place[key], key, True) for key, row in left if key in place and key not in often]


def _others(n: int, taken: Rows) -> Rows:
    free = np.ones(n, dtype=np.bool_)
    free[taken] = False
    return np.flatnonzero(free)
