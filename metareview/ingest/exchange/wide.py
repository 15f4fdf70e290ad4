"""A plain wide table: one row per method, one column per data set and metric.

The headings ``method`` (needed), ``study``, ``category``, ``year``, ``code`` and ``target`` are about the row; every
other heading is ``data set | metric`` or ``data set | metric:convention``. A heading without a bar is a metric on the
data set that `read_wide` is given.
"""

from __future__ import annotations

import csv
import io
import re

from metareview.errors import InputError
from metareview.ingest.exchange.results import ForeignResult, split_rule

__all__ = ["ABOUT", "read_wide"]

#: Headings that are about the row.
ABOUT = ("method", "study", "category", "year", "code", "target")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_MISSING = {"", "-", "–", "—", "n/a", "na", "nan"}


def read_wide(text: str, name: str, dataset: str = "") -> list[ForeignResult]:
    """Return the scores of a table as CSV; empty cells, dashes and ``n/a`` are missing.

    Columns are separated by commas, semicolons or tabs, whichever the heading has most of; where they are not commas,
    numbers may have decimal commas.

    Parameters
    ----------
    text : the file.
    name : of the file, for messages.
    dataset : the data set of headings that name none.

    Raises
    ------
    InputError
        If there is no ``method`` column, a row without a method, or a heading that names no data set.
    """
    rows = _rows(text)
    if not rows:
        raise InputError(f"{name} is empty; a wide table has a heading and one row per method")
    head = [cell.strip() for cell in rows[0]]
    lower = [cell.lower() for cell in head]
    if "method" not in lower:
        raise InputError(f"{name}: no column is called method; found {', '.join(head)}")
    scores = [(at, *_heading(cell, dataset)) for at, cell in enumerate(head) if lower[at] not in ABOUT and cell]
    nameless = [f"column {metric!r}" for _, data, metric, _ in scores if not data]
    if nameless:
        raise InputError(
            f"{name}: {', '.join(nameless)} names no data set; write 'data set | metric' in the heading, or give one "
            "data set for all of them"
        )
    found: list[ForeignResult] = []
    for line, row in enumerate(rows[1:], 2):
        about = {lower[at]: row[at].strip() for at in range(min(len(row), len(head))) if lower[at] in ABOUT}
        if not any(cell.strip() for cell in row):
            continue
        if not about.get("method"):
            raise InputError(f"{name} line {line}: the row names no method")
        for at, data, metric, convention in scores:
            printed = row[at].strip() if at < len(row) else ""
            if printed.lower() not in _MISSING:
                found.append(
                    ForeignResult(
                        method=about["method"],
                        dataset=data,
                        metric=metric,
                        printed=printed,
                        convention=convention,
                        place=f"line {line}; column {head[at]}",
                        target=about.get("target", ""),
                        study=about.get("study", ""),
                        year=about.get("year", ""),
                        code=about.get("code", ""),
                        category=about.get("category", ""),
                    )
                )
    return found


def _rows(text: str) -> list[list[str]]:
    """Return the cells of a table, numbers with decimal points."""
    separator = max(",;\t", key=text.partition("\n")[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    if separator == ",":
        return rows
    return [
        [cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell.strip()) else cell for cell in row] for row in rows
    ]


def _heading(text: str, dataset: str) -> tuple[str, str, str]:
    """Data set, metric and convention of a heading."""
    left, bar, right = text.rpartition("|")
    return (left.strip() if bar else dataset), *split_rule(right if bar else text)
