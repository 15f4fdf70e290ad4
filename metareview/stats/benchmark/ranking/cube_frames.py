"""The cube of a plain table: long (method, dataset, metric, value) or wide (one row per method).

The direction of a metric comes from the vocabulary, by any of its aliases, or from the caller; a metric whose
direction nobody states is an error, because guessing it turns the table upside down.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from metareview.errors import InputError
from metareview.results import Dropped
from metareview.schema.metric import Vocabulary, default_vocabulary
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.ranking.cube import Column, Cube, Entry, make_cube
from metareview.stats.benchmark.rounding import exact, exact_mean
from metareview.stats.benchmark.rows import Row, records, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cube_from_long", "cube_from_wide"]

Directions = Mapping[str, str | int]
Ranges = Mapping[str, tuple[float | None, float | None]]

_NEEDED = ("method", "metric", "value")
_PARTS = ("target", "convention", "split", "evaluation")
#: What stands for no value where a number is expected, in lower case; anywhere else these are names like others.
_MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "<na>", "null", "none", "-", "–", "—"})
#: Columns of a wide table that are no scores.
_ABOUT = ("category", "study")


def cube_from_long(
    frame: pd.DataFrame,
    directions: Directions | None = None,
    *,
    ranges: Ranges | None = None,
    vocabulary: Vocabulary | None = None,
    source: str = "table.csv",
    decimal: str = ".",
) -> Cube:
    """Return the cube of a long table: one value per row.

    Rows without a value are missing cells. Several rows of one method in one column are averaged where a column
    `study` or `unit` tells them apart, and refused where nothing does.

    Parameters
    ----------
    frame : columns method, metric and value; where there: dataset, se, n, study, category, unit, target, convention,
        split and evaluation.
    directions : metric -> ``higher`` or ``lower`` (or +1, -1), for metrics that the vocabulary does not have or where
        it is to be overruled.
    ranges : metric -> lowest and highest possible value (None where unbounded); of the vocabulary by default.
    vocabulary : metrics and their aliases; the built-in ones by default.
    source : name of the file, for messages and references.
    decimal : decimal mark of numbers that stand as text.

    Raises
    ------
    InputError
        If there are no rows, a column is missing, a value is no number or outside its range, a metric has no known
        direction, or two rows cannot be told apart.
    """
    lacking = [name for name in _NEEDED if name not in frame.columns]
    if lacking:
        there = ", ".join(map(str, frame.columns))
        raise InputError(f"{source}: no column {lacking[0]}; a long table has method, dataset, metric, value (columns "
                         f"there: {there}); a table with one row per method is read with --wide")  # fmt: skip
    _with_rows(frame, source)
    rows = [_clean(row, source, decimal) for row in records({"rows": frame}, "rows")]
    reader = _Reader(source, directions or {}, ranges or {}, vocabulary or default_vocabulary())
    return _cube([(reader.column(row), row) for row in rows], source)


def cube_from_wide(
    frame: pd.DataFrame,
    directions: Directions | None = None,
    *,
    metric: str | None = None,
    method: str | None = None,
    ranges: Ranges | None = None,
    vocabulary: Vocabulary | None = None,
    source: str = "table.csv",
    decimal: str = ".",
) -> Cube:
    """Return the cube of a wide table: one row per method, one column per data set and metric.

    A heading is ``dataset|metric`` or ``dataset.metric``, a metric alone, or with `metric` a data set alone.

    Parameters
    ----------
    frame : the table; columns `category` and `study` say so of the methods.
    directions, ranges, vocabulary, source, decimal : as in `cube_from_long`.
    metric : the metric of all columns whose headings are data sets.
    method : heading of the column with the methods; ``method`` by default, or the first column.

    Raises
    ------
    InputError
        As `cube_from_long`; also if a heading names no metric.
    """
    if frame.shape[1] < 2:
        raise InputError(f"{source}: a wide table has a column of methods and at least one of values")
    _with_rows(frame, source)
    reader = _Reader(source, directions or {}, ranges or {}, vocabulary or default_vocabulary())
    who = method or ("method" if "method" in frame.columns else str(frame.columns[0]))
    if who not in frame.columns:
        raise InputError(f"{source}: no column {who} for the methods; there are {', '.join(map(str, frame.columns))}")
    heads = [str(name) for name in frame.columns if str(name) not in (who, *_ABOUT)]
    parts = {head: reader.heading(head, metric) for head in heads}
    found = []
    for row in records({"rows": frame}, "rows"):
        about = {name: row.get(name) for name in _ABOUT}
        for head in heads:
            dataset, name = parts[head]
            long = {**about, "method": row.get(who), "dataset": dataset, "metric": name, "value": row.get(head),
                    "line": row["line"], "file": source}  # fmt: skip
            clean = _clean(long, source, decimal)
            found.append((reader.column(clean), clean))
    return _cube(found, source)


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is known of metrics, and the columns made so far."""

    source: str
    directions: Directions
    ranges: Ranges
    vocabulary: Vocabulary
    made: dict[Hashable, Column] = field(default_factory=dict)

    def column(self, row: Row) -> Column:
        """Return the column of a row; its metric by the key of the vocabulary, so that aliases meet."""
        parts = tuple(text(row.get(name)) or None for name in _PARTS)
        key = (text(row.get("dataset")), text(row.get("metric")), *parts)
        if key not in self.made:
            name = self.name(key[1] or "")
            low, high = self.range(key[1] or "", name)
            target, convention, split, evaluation = parts
            self.made[key] = Column(
                key[0] or "", target, name, None if convention == "unstated" else convention, split, evaluation,
                self.direction(key[1] or "", name), low, high,
            )  # fmt: skip
        column = self.made[key]
        _inside(row, column, self.source)
        return column

    def name(self, metric: str) -> str:
        """Return the key of the vocabulary for a metric, or its own name."""
        found = self.vocabulary.find(metric)
        return metric if found is None else found.key

    def direction(self, metric: str, key: str) -> int:
        """Return +1 or -1."""
        said = self.directions.get(metric, self.directions.get(key))
        if said is None:
            found = self.vocabulary.find(metric)
            said = found.direction if found else None
        points = {"higher": 1, "lower": -1, 1: 1, -1: -1, "1": 1, "-1": -1}
        if said not in points:
            why = "has no better direction in the vocabulary" if said == "none" else "is not in the vocabulary"
            raise InputError(
                f"{self.source}: metric {metric!r} {why}, so nobody knows which way is better; say "
                f"--higher-is-better {metric!r} or --lower-is-better {metric!r}"
            )
        return points[said]

    def range(self, metric: str, key: str) -> tuple[float | None, float | None]:
        """Return the lowest and the highest possible value."""
        for name in (metric, key):
            if name in self.ranges:
                return self.ranges[name]
        found = self.vocabulary.find(metric)
        return (found.low, found.high) if found else (None, None)

    def heading(self, head: str, metric: str | None) -> tuple[str, str]:
        """Return data set and metric of a heading of a wide table."""
        if metric is not None:
            return head, metric
        for mark in ("|", "."):
            dataset, _, name = head.rpartition(mark)
            if dataset and (mark == "|" or self._known(name)):
                return dataset, name
        if self._known(head):
            return "", head
        raise InputError(
            f"{self.source}: the heading {head!r} names no metric that is known; write it as dataset|metric, say "
            f"--metric NAME where all headings are data sets, or --higher-is-better or --lower-is-better {head!r}"
        )

    def _known(self, name: str) -> bool:
        return self.vocabulary.find(name) is not None or name in self.directions


def _with_rows(frame: pd.DataFrame, source: str) -> None:
    if frame.empty:
        raise InputError(f"{source}: no rows; there are headings and no values under them")


def _clean(row: Row, source: str, decimal: str) -> Row:
    """Return a row with its numbers as numbers; an empty or missing value as None."""
    out = dict(row) | {"file": source}
    for name in ("method", "metric"):
        if not text(out.get(name)).strip():
            raise InputError(f"{source} line {out['line']}: no {name}; every row names its method and metric")
        out[name] = text(out[name]).strip()
    for name in ("value", "se", "n"):
        out[name] = _number(out.get(name), name, out["line"], source, decimal)
    return out


def _number(cell: object, name: str, line: int, source: str, decimal: str) -> float | None:
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in _MISSING):
        return None
    try:
        number = float(cell.replace(decimal, ".") if isinstance(cell, str) else cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        point = "write numbers with a decimal point, and " if "," in str(cell) else ""
        raise InputError(
            f"{source} line {line}, column {name}: {cell!r} is no number; {point}leave a missing value empty"
        ) from None
    if not isfinite(number):
        raise InputError(f"{source} line {line}, column {name}: {cell!r} is not finite; leave a missing value empty")
    return number


def _inside(row: Row, column: Column, source: str) -> None:
    value = row["value"]
    if value is None:
        return
    if (column.low is not None and value < column.low) or (column.high is not None and value > column.high):
        ends = (
            f"{'' if column.low is None else f'{column.low:g}'} to {'' if column.high is None else f'{column.high:g}'}"
        )
        raise InputError(
            f"{source} line {row['line']}: {value:g} is outside the range of {column.metric} ({ends.strip()}); write "
            f"percentages as proportions, or give the range of this table (--range {column.metric}=LOW:HIGH)"
        )


def _cube(rows: Sequence[tuple[Column, Row]], source: str) -> Cube:
    groups: dict[tuple[str, Column], list[Row]] = {}
    empty: list[Dropped] = []
    for column, row in rows:
        if row["value"] is None:
            empty.append(Dropped(f"{row['method']} on {column.key}", "it has no value", _ref(row, source)))
        else:
            groups.setdefault((row["method"], column), []).append(row)
    cells = [
        (name, _category(group), column, _entry(group, name, column, source))
        for (name, column), group in groups.items()
    ]
    several = sum(len(group) > 1 for group in groups.values())
    said = (f"{several} of {len(groups)} cells are means over several rows",) if several else ()
    base = Cube(methods=said, k_in=len(rows), k_used=len(rows) - len(empty), dropped=tuple(empty))
    return make_cube(
        cells, methods=[row["method"] for _, row in rows], columns=[column for column, _ in rows], base=base
    )


def _category(rows: Sequence[Row]) -> str | None:
    there = {text(row.get("category")) for row in rows} - {""}
    return next(iter(there)) if len(there) == 1 else None


def _ref(row: Row, source: str) -> SourceRef:
    return SourceRef(source, int(row["line"]), printed=text(row["value"]))


def _entry(rows: Sequence[Row], name: str, column: Column, source: str) -> Entry:
    marks = [(text(row.get("study")), text(row.get("unit"))) for row in rows]
    if len(set(marks)) < len(rows):
        lines = " and ".join(str(row["line"]) for row in rows)
        raise InputError(
            f"{source} lines {lines}: two values of {name} on {column.key}; keep one, or tell them apart in a column "
            "study or unit, and their mean enters"
        )
    only = rows[0] if len(rows) == 1 else None
    return Entry(
        0, 0, float(exact_mean(exact(row["value"]) for row in rows)),
        se=only["se"] if only else None, n=int(only["n"]) if only and only["n"] is not None else None,
        studies=tuple(dict.fromkeys(study for study, _ in marks if study)),
        refs=tuple(_ref(row, source) for row in rows),
        k=len(rows),
        units=tuple((unit, row["value"]) for (_, unit), row in zip(marks, rows, strict=True) if unit)
        if len({study for study, _ in marks}) == 1 else (),
    )  # fmt: skip
