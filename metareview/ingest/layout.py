"""What a workbook made by ``metareview template`` has beside its tables, so that the door can tell the two apart.

A sheet of a table may have rows of help: their first cell begins with ``# how`` or ``# example``, and they are never
data. Sheets with the names below are the workbook's own. Both are for workbooks only: a CSV file has neither.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "CHANGES_SHEET",
    "EXAMPLE",
    "GLOSSARY_SHEET",
    "HELP_SHEET",
    "HOW",
    "LISTS_SHEET",
    "ORIGIN_SHEET",
    "OWN_SHEETS",
    "PROBLEMS_SHEET",
    "SPEC_SHEET",
    "TYPED_SHEET",
    "is_remark",
    "is_workbook",
]

HELP_SHEET = "instructions"
GLOSSARY_SHEET = "glossary"
CHANGES_SHEET = "changes"
PROBLEMS_SHEET = "problems"
#: Hidden: the values of the drop-downs, ``review.yaml`` line by line, the header of each CSV file it was made from, and
#: the figures with trailing zeros that it was made with.
LISTS_SHEET = "lists"
SPEC_SHEET = "review.yaml"
ORIGIN_SHEET = "csv columns"
TYPED_SHEET = "csv figures"
#: Sheets that are no tables and need no warning.
OWN_SHEETS = frozenset(
    {HELP_SHEET, GLOSSARY_SHEET, CHANGES_SHEET, PROBLEMS_SHEET, LISTS_SHEET, SPEC_SHEET, ORIGIN_SHEET, TYPED_SHEET}
)

HOW = "# how"
EXAMPLE = "# example"


def is_remark(cells: Sequence[str]) -> bool:
    """Return whether a row of a sheet is help and no data; a column that was moved takes its mark along.

    >>> is_remark(["# how: id of the study", "text"]), is_remark(["#1", "text"]), is_remark(["", "# example: x"])
    (True, False, True)
    """
    return any(cell[:2] == "# " and cell.startswith((HOW, EXAMPLE)) for cell in cells)


def is_workbook(file: str) -> bool:
    """Return whether a file is read as a workbook, by its name.

    >>> is_workbook("extraction.XLSX"), is_workbook("macros.xlsm"), is_workbook("results.csv")
    (True, True, False)
    """
    return file.lower().endswith((".xlsx", ".xlsm"))
