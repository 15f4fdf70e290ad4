"""Two extractions beside each other: every field of every shared row.

Each distinct pair of texts is judged once, however many rows repeat it. Remarks and the name of the extractor are not
compared: they are expected to differ, and merging keeps both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from metareview.curation.comparison import Comparison, LoneRow
from metareview.curation.extraction import Extraction, same_review
from metareview.curation.judge import Judged, digits_unit, judge, rounded_alike
from metareview.curation.keys import Join, join_rows, shown_key
from metareview.curation.pairs import conflicts_of, lone_of
from metareview.curation.rates import field_agreements
from metareview.ingest.cells import CellFault, clean, parse_decimal
from metareview.ingest.fields import SCALED, Field, fields_of
from metareview.ingest.raw import RawTable
from metareview.ingest.tables import ParsedTable
from metareview.results import Dropped
from metareview.schema.metric import Vocabulary, default_vocabulary
from metareview.schema.source import SourceRef
from metareview.schema.tables import TABLES

__all__ = ["REMARKS", "Compared", "compare", "compare_table"]

#: Columns that two extractors are expected to fill differently; merging keeps both texts.
REMARKS: tuple[str, ...] = ("note", "extractor")
_VERDICTS = ("blank", "equal", "rounded", "differ")
BLANKS, EQUAL, ROUNDED, DIFFER = range(4)
_SAME, _NOTHING = Judged("equal"), Judged("blank")


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One table of both versions.

    Attributes
    ----------
    a, b, join : the two tables, and which rows are shared.
    verdicts : per field that is compared the verdict on each shared row, as the position in ``_VERDICTS``.
    hints : per field the hints by position of the shared row.
    """

    a: ParsedTable
    b: ParsedTable
    join: Join
    verdicts: dict[str, npt.NDArray[np.int8]]
    hints: dict[str, dict[int, str]]


def compare(a: Extraction, b: Extraction, *, exact: bool = False) -> Comparison:
    """Compare two versions of a review.

    Parameters
    ----------
    a, b : the versions.
    exact : whether numbers that agree as far as the digits go are conflicts, too.

    Raises
    ------
    InputError
        If the two are not versions of one review.
    ProblemsFound
        If rows of one version share a key.
    """
    warnings = list(same_review(a, b))
    vocabulary = a.spec.vocabulary() if a.spec else b.spec.vocabulary() if b.spec else default_vocabulary()
    tables = {name: compare_table(a.tables[name], b.tables[name], vocabulary)
              for name in TABLES if name in a.tables and name in b.tables}  # fmt: skip
    for one, other in ((a, b), (b, a)):
        missing = [f"{name} ({len(one.tables[name].raw):,} rows)" for name in one.tables if name not in other.tables]
        if missing:
            warnings.append(f"only {one.name} has {', '.join(missing)}; these are not compared, and merging keeps them")
        if one.faults:
            warnings.append(f"{one.name}: cells that check refuses: {one.faults:,}; they are compared as text")
    found = [conflict for table in tables.values() for conflict in conflicts_of(table)]
    lone = tuple(row for table in tables.values() for row in lone_of(table))
    shared = {name: len(table.join.rows_a) for name, table in tables.items()}
    return Comparison(
        methods=("agreement: share with Wilson's score interval; coefficients as in metareview agreement",),
        k_in=sum(shared.values()) + len(lone), k_used=sum(shared.values()),
        dropped=tuple(_dropped(row, a, b) for row in lone), warnings=tuple(warnings), a=a.name, b=b.name, shared=shared,
        conflicts=tuple(conflict for conflict in found if exact or not conflict.rounded),
        rounded=() if exact else tuple(conflict for conflict in found if conflict.rounded), lone=lone,
        agreement=tuple(row for table in tables.values() for row in field_agreements(table, (a.name, b.name), exact)),
    )  # fmt: skip


def _dropped(row: LoneRow, a: Extraction, b: Extraction) -> Dropped:
    name = a.name if row.only_in == "A" else b.name
    return Dropped(f"{row.table} {shown_key(row.key)}", f"only {name} has the row", SourceRef(f"{row.table}", row.line))


def compare_table(a: ParsedTable, b: ParsedTable, vocabulary: Vocabulary, *, remarks: bool = False) -> Compared:
    """Judge every field of the shared rows of two tables; remarks only where they are asked for."""
    join = join_rows(a, b)
    verdicts: dict[str, npt.NDArray[np.int8]] = {}
    hints: dict[str, dict[int, str]] = {}
    flags = [_percent(table, rows) for table, rows in ((a, join.rows_a), (b, join.rows_b))]
    for name, field in fields_of(a.raw.name).items():
        loose = bool(join.loose.any())
        if (name in REMARKS and not remarks) or (name in join.columns and not loose):
            continue
        verdicts[name], hints[name] = _judge_column(a, b, join, field, vocabulary, flags)
        if name in join.columns:  # part of the key of all rows but the loosely joined ones
            verdicts[name][~join.loose] = BLANKS
    _use_printed(a, b, join, verdicts, hints, flags)
    return Compared(a, b, join, verdicts, hints)


def _percent(table: ParsedTable, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    if table.raw.name not in SCALED:
        return np.zeros(len(rows), dtype=np.bool_)
    return np.asarray(table.frame["scale"].to_numpy()[rows] == "percent", dtype=np.bool_)


def _judge_column(
    a: ParsedTable, b: ParsedTable, join: Join, field: Field, vocabulary: Vocabulary,
    flags: Sequence[npt.NDArray[np.bool_]],
) -> tuple[npt.NDArray[np.int8], dict[int, str]]:  # fmt: skip
    """Judge each distinct pair of texts (and scales, where the column has them) once."""
    left, texts_a = _codes(a.raw, field.name, join.rows_a)
    right, texts_b = _codes(b.raw, field.name, join.rows_b)
    scaled = field.name in SCALED.get(a.raw.name, ())
    scale = flags[0] * 2 + flags[1] if scaled else np.zeros(len(left), dtype=np.int64)
    pairs, inverse = np.unique((left * len(texts_b) + right) * 4 + scale, return_inverse=True)
    judged: list[Judged] = []
    for pair in pairs.tolist():
        pair, mark = divmod(pair, 4)
        one, other = divmod(pair, len(texts_b))
        x, y = texts_a[one], texts_b[other]
        if x == y and mark in (0, 3):  # nearly all pairs: two extractors mostly type the same
            judged.append(_SAME if clean(x) else _NOTHING)
        else:
            judged.append(judge(field, x, y, vocabulary, (bool(mark & 2), bool(mark & 1))))
    codes = np.array([_VERDICTS.index(found.verdict) for found in judged], dtype=np.int8)
    hinted = np.array([bool(found.hint) for found in judged], dtype=np.bool_)
    rows = np.flatnonzero(hinted[inverse]) if len(judged) else np.empty(0, dtype=np.int64)
    return codes[inverse], {int(row): judged[int(inverse[row])].hint for row in rows}


def _codes(raw: RawTable, name: str, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    cells = raw.columns.get(name)
    if cells is None or not cells.texts:
        return np.zeros(len(rows), dtype=np.int64), ("",)
    return cells.codes[rows].astype(np.int64), cells.texts


def _use_printed(
    a: ParsedTable, b: ParsedTable, join: Join, verdicts: dict[str, npt.NDArray[np.int8]],
    hints: dict[str, dict[int, str]], flags: Sequence[npt.NDArray[np.bool_]],
) -> None:  # fmt: skip
    """Judge values that are not equal again with the digits of the figure as printed."""
    if "printed" not in TABLES[a.raw.name].columns or "value" not in SCALED.get(a.raw.name, ()):
        return
    for row in np.flatnonzero(verdicts["value"] >= ROUNDED):
        cells = [(table.raw.text(int(at[row]), "value"), table.raw.text(int(at[row]), "printed"), bool(flag[row]))
                 for table, at, flag in ((a, join.rows_a, flags[0]), (b, join.rows_b, flags[1]))]  # fmt: skip
        try:
            units = [digits_unit(clean(text), percent, printed) for text, printed, percent in cells]
            numbers = [_number(clean(text), percent) for text, _, percent in cells]
        except CellFault:
            continue
        alike = rounded_alike(numbers[0], units[0], numbers[1], units[1])
        verdicts["value"][row] = ROUNDED if alike else DIFFER
        if alike:
            hints["value"].pop(int(row), None)


def _number(text: str, percent: bool) -> Decimal:
    number, sign = parse_decimal(text)
    return number.scaleb(-2 if percent or sign else 0)
