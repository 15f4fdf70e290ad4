"""Raw tables -> typed frames: every distinct cell text is parsed and validated once, every row rule at once.

The frame of a table has the columns of its model in the model's order, then ``file`` and ``line`` (where the row
stands), then ``codes`` (``column=not reported; column=unclear`` for the cells that hold a missing-value code). Text
is ``str`` with NaN for a blank cell, numbers are float64, counts Int64, flags bool, lists tuples. Percentages are
proportions, metrics are keys of the vocabulary.

What a cell must satisfy is asked of the model's own annotations (`fields.invalid`), so this path and the models
accept the same rows; a test generates rows and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metareview.ingest.cells import CellFault, Score, clean
from metareview.ingest.fields import BLANK, SCALED, Field, fields_of, invalid, parse_cell
from metareview.ingest.problems import Problems
from metareview.ingest.raw import RawColumn, RawTable
from metareview.schema.base import Missing
from metareview.schema.metric import Vocabulary
from metareview.schema.tables import TABLES, TableSpec

__all__ = ["ParsedTable", "empty_frame", "parse_table"]

Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class ParsedTable:
    """A table with types, and the text that it came from.

    Attributes
    ----------
    raw : the texts and their places.
    frame : the typed columns; a cell that could not be read is missing there (an id keeps its text).
    bad : per column, the rows whose cell has a problem.
    """

    raw: RawTable
    frame: pd.DataFrame
    bad: Mapping[str, Mask]

    def good(self, *columns: str) -> Mask:
        """Return the rows whose cells in all these columns are without problems."""
        mask = ~self.raw.ragged
        for column in columns:
            if column in self.bad:
                mask = mask & ~self.bad[column]
        return mask


@dataclass(slots=True)
class _Parsed:
    """The distinct texts of a column with what they mean."""

    values: list[Any]
    faults: dict[int, CellFault] = field(default_factory=dict)


def parse_table(raw: RawTable, vocabulary: Vocabulary, problems: Problems) -> ParsedTable:
    """Parse and validate every cell and every row of a table.

    Parameters
    ----------
    raw : the table as text.
    vocabulary : the metrics of the review.
    problems : where to report.
    """
    spec = TABLES[raw.name]
    columns: dict[str, Any] = {}
    bad: dict[str, Mask] = {}
    coded: list[tuple[str, RawColumn, dict[int, str]]] = []
    parsed: dict[str, _Parsed] = {}
    for name, info in fields_of(raw.name).items():
        cells = raw.columns.get(name)
        if cells is None:
            columns[name] = _column(info, np.zeros(len(raw), dtype=np.int32), _Parsed([BLANK]))
            continue
        parsed[name] = _parse_column(info, cells, vocabulary)
        columns[name] = _column(info, cells.codes, parsed[name])
        bad[name] = _report(raw, info, cells, parsed[name], problems)
        codes = {index: value.value for index, value in enumerate(parsed[name].values) if isinstance(value, Missing)}
        if codes:
            coded.append((name, cells, codes))
    _scale(raw, columns, parsed, bad, problems)
    frame = _frame(raw, columns, coded)
    table = ParsedTable(raw, frame, bad)
    _check_rules(table, spec, problems)
    return table


def _parse_column(info: Field, cells: RawColumn, vocabulary: Vocabulary) -> _Parsed:
    """Parse the distinct texts of a column, then ask the model's annotation about the values."""
    parsed = _Parsed([])
    for index, text in enumerate(cells.texts):
        cell = clean(text)
        try:
            parsed.values.append(parse_cell(info, cell, vocabulary))
        except CellFault as fault:
            parsed.faults[index] = fault
            parsed.values.append(cell if info.kind in ("text", "choice", "metric") else BLANK)
    asked = [
        index
        for index, value in enumerate(parsed.values)
        if value is not BLANK and not isinstance(value, Missing) and index not in parsed.faults
    ]
    values = [parsed.values[index] for index in asked]
    refused = invalid(info, [value.value for value in values] if info.kind == "score" else values)
    parsed.faults.update((asked[position], refusal) for position, refusal in refused.items())
    if info.required:
        for index, value in enumerate(parsed.values):
            if value is BLANK and index not in parsed.faults:
                parsed.faults[index] = _required(info)
    return parsed


def _required(info: Field) -> CellFault:
    if info.choices:
        return CellFault("every row has a value here", f"write one of: {', '.join(map(str, info.choices))}")
    remedy = "fill it in, or remove the row" if info.kind in ("number", "score", "integer") else "fill it in"
    return CellFault("every row has a value here", remedy)


def _column(info: Field, codes: npt.NDArray[np.int32], parsed: _Parsed) -> Any:
    """Return one column of the frame: the typed distinct values, spread over the rows."""
    values = [
        info.default if value is BLANK or (isinstance(value, Missing) and not _keeps_code(info)) else value
        for value in parsed.values
    ]
    for index in parsed.faults:
        if info.kind not in ("text", "choice", "metric"):
            values[index] = info.default
    match info.kind:
        case "number" | "score":
            numbers = [_float(value) for value in values]
            return np.array(numbers, dtype=np.float64)[codes]
        case "integer":
            absent = np.array([value is None for value in values], dtype=np.bool_)
            whole = np.array([0 if value is None else value for value in values], dtype=np.int64)
            return pd.arrays.IntegerArray(whole[codes], absent[codes])
        case "boolean":
            return np.array([value is True for value in values], dtype=np.bool_)[codes]
        case "list":
            return _tuples(values)[codes]
        case _:
            texts = [None if value is None else str(value) for value in values]
            return pd.array(texts, dtype="str").take(codes)


def _keeps_code(info: Field) -> bool:
    return info.kind in ("text", "choice")


def _float(value: Any) -> float:
    if isinstance(value, Score):
        return value.value
    return np.nan if value is None else float(value)


def _tuples(values: list[Any]) -> Array:
    """Return an object array of tuples (numpy would make a matrix of them)."""
    array = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        array[index] = value if isinstance(value, tuple) else ()
    return array


def _report(raw: RawTable, info: Field, cells: RawColumn, parsed: _Parsed, problems: Problems) -> Mask:
    """Report the cells that have a fault, one kind per rule; return the mask of their rows."""
    faulty = np.zeros(len(cells.texts), dtype=np.bool_)
    faulty[list(parsed.faults)] = True
    mask = faulty[cells.codes] & ~raw.ragged
    if not mask.any():
        return mask
    rules: dict[str, list[int]] = {}
    for index, fault in parsed.faults.items():
        rules.setdefault(fault.rule, []).append(index)
    for rule, indices in rules.items():
        rows = np.flatnonzero(np.isin(cells.codes, indices) & ~raw.ragged)
        raw.report(problems, rows, info.name, rule, lambda row: parsed.faults[int(cells.codes[row])].remedy)
    return mask


def _scale(
    raw: RawTable, columns: dict[str, Any], parsed: Mapping[str, _Parsed], bad: dict[str, Mask], problems: Problems
) -> None:
    """Turn percentages into proportions, each from its own decimal notation, and report misplaced percent signs."""
    if raw.name not in SCALED or len(raw) == 0:
        return
    percent = np.asarray(columns["scale"] == "percent", dtype=np.bool_)
    known = ~bad["scale"] if "scale" in bad else np.ones(len(raw), dtype=np.bool_)
    for name in SCALED[raw.name]:
        if name not in parsed:
            continue
        values, codes = parsed[name].values, raw.columns[name].codes
        hundredths = np.array([value.hundredth if isinstance(value, Score) else np.nan for value in values])
        columns[name] = np.where(percent & ~bad[name], hundredths[codes], columns[name])
        signs = np.array([isinstance(value, Score) and value.percent for value in values], dtype=np.bool_)[codes]
        rows = np.flatnonzero(signs & ~percent & known & ~bad[name] & ~raw.ragged)
        rule = "a percent sign goes with scale percent"
        raw.report(problems, rows, name, rule, "write percent in column scale, or the number without the sign")
        columns[name][rows] = np.nan
        bad[name][rows] = True


def _frame(raw: RawTable, columns: dict[str, Any], coded: list[tuple[str, RawColumn, dict[int, str]]]) -> pd.DataFrame:
    zeros = np.zeros(len(raw), dtype=np.int64)
    columns["file"] = pd.array([raw.file], dtype="str").take(zeros)
    columns["line"] = raw.lines
    columns["codes"] = _codes(len(raw), coded)
    return pd.DataFrame(columns, copy=False)


def _codes(length: int, coded: list[tuple[str, RawColumn, dict[int, str]]]) -> Any:
    """Return per row which columns hold which missing-value code, NaN where none does."""
    texts: list[str | None] = [None] * length
    for name, cells, codes in coded:
        for row in np.flatnonzero(np.isin(cells.codes, list(codes))):
            said = f"{name}={codes[int(cells.codes[row])]}"
            before = texts[row]
            texts[row] = said if before is None else f"{before}; {said}"
    return pd.array(texts, dtype="str")


def _check_rules(table: ParsedTable, spec: TableSpec, problems: Problems) -> None:
    """Apply the rules across the cells of a row to all rows at once."""
    raw = table.raw
    for rule in spec.rules:
        present = [name for name in rule.columns if name in raw.columns]
        if len(present) < len(rule.columns):
            continue
        values = (table.frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in rule.columns)
        broken = np.asarray(rule.violated(*values), dtype=np.bool_) & table.good(*rule.columns)
        others = rule.columns[1:]

        def remedy(row: int, text: str = rule.remedy, others: tuple[str, ...] = others) -> str:
            beside = ", ".join(f"{name} is {clean(raw.text(row, name))}" for name in others)
            return f"{text} ({beside})"

        raw.report(problems, np.flatnonzero(broken), rule.columns[0], rule.rule, remedy)


def empty_frame(table: str) -> pd.DataFrame:
    """Return the frame of a table without rows: the right columns with the right types."""
    nothing = np.empty(0, dtype=np.int64)
    raw = RawTable(table, f"{table}.csv", table, {}, nothing, nothing, np.empty(0, dtype=np.bool_))
    columns = {name: _column(info, np.empty(0, dtype=np.int32), _Parsed([])) for name, info in fields_of(table).items()}
    return _frame(raw, columns, [])
