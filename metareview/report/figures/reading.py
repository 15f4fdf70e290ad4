"""Columns of a view as plain Python values, for drawing."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

from metareview.report.figures.text import tidy
from metareview.report.views.base import Cell, Column, Value, View
from metareview.report.views.format import display

__all__ = ["cell_rows", "column", "count", "distinct", "number", "shown", "value_rows"]

T = TypeVar("T", bound=Hashable)


def cell_rows(view: View, *keys: str) -> list[tuple[Cell, ...]]:
    """Return the cells of some columns, row by row.

    Raises
    ------
    UnknownName
        If the view lacks one of the columns.
    """
    return list(zip(*(view.cells(key) for key in keys), strict=True))


def value_rows(view: View, *keys: str) -> list[tuple[Value, ...]]:
    """Return the values of some columns, row by row."""
    return [tuple(cell.value for cell in row) for row in cell_rows(view, *keys)]


def column(view: View, key: str) -> Column:
    """Return a column's description."""
    return view.columns[view.index(key)]


def number(value: Value) -> float | None:
    """Return a number as float; None for text, flags and missing values."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def count(value: Value) -> int | None:
    """Return a count as integer; None where there is none."""
    found = number(value)
    return None if found is None else int(found)


def shown(value: Value, view: View, key: str) -> str:
    """Return a value as the tables print it."""
    return tidy(display(value, column(view, key)))


def distinct(values: Iterable[T]) -> list[T]:
    """Return values without repetition, in order of appearance.

    >>> distinct("banana")
    ['b', 'a', 'n']
    """
    return list(dict.fromkeys(values))
