"""What a sheet colours while a person types: required and empty, out of range, unknown code, no number.

Each rule of a sheet is a formula about its first row of data; the program shifts it to the others. They repeat rules
that `metareview check` applies in full, so that a slip shows at once; a test compares the two on the row rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from metareview.curation.columns import Guide, guides_of
from metareview.curation.lists import DropDowns
from metareview.ingest.problems import column_letters
from metareview.schema.tables import TABLES

__all__ = ["MISSING", "WRONG", "Condition", "conditions_of"]

#: How a condition colours: a required cell that is empty, and a cell that cannot be right.
MISSING, WRONG = "missing", "wrong"
#: The rules across cells as comparisons of their two columns.
ROW_RULES: Mapping[str, str] = {
    "ci-order": ">", "ci-covers-value-low": ">", "ci-covers-value-high": "<", "se-below-sd": ">",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """A formula that colours a column where it is true."""

    column: str
    formula: str
    colour: str


def conditions_of(table: str, columns: Sequence[str], row: int, drops: DropDowns) -> list[Condition]:
    """Return the conditions of a sheet.

    Parameters
    ----------
    table : the table.
    columns : its header.
    row : the first row of data, as a spreadsheet program counts.
    drops : the lists of the workbook.
    """
    cells = {name: f"${column_letters(place)}{row}" for place, name in reversed(list(enumerate(columns))) if name}
    last = column_letters(max(len(columns) - 1, 0))
    found: list[Condition] = []
    for name, guide in guides_of(table).items():
        if name in cells:
            found.extend(_of_column(guide, cells[name], f"$A{row}:${last}{row}", drops))
    found.extend(_of_rules(table, cells))
    if table == "results":
        found.extend(_of_range(cells))
    return found


def _of_column(guide: Guide, cell: str, whole: str, drops: DropDowns) -> Iterator[Condition]:
    drop = drops.columns.get((guide.table, guide.name))
    if guide.field.required:
        yield Condition(guide.name, f"AND(ISBLANK({cell}),COUNTA({whole})>0)", MISSING)
    if guide.numeric and not guide.field.choices:
        known = f",ISNA(MATCH({cell},list_codes,0))" if guide.field.codes else ""
        text = f'ISERROR(VALUE(SUBSTITUTE({cell},"%","")))'
        yield Condition(guide.name, f"AND(NOT(ISBLANK({cell})),NOT(ISNUMBER({cell})),{text}{known})", WRONG)
        for sign, bound in filter(None, (guide.low, guide.high)):
            opposite = {">=": "<", ">": "<=", "<=": ">", "<": ">="}[sign]
            yield Condition(guide.name, f"AND(ISNUMBER({cell}),{cell}{opposite}{bound:g})", WRONG)
    elif drop is not None and drop.refusal == "stop":
        yield Condition(guide.name, f"AND(NOT(ISBLANK({cell})),ISNA(MATCH({cell},{drop.name},0)))", WRONG)
    elif guide.pattern and guide.pattern.startswith("^[a-z0-9]+(") and guide.field.kind == "text":
        odd = f'OR(NOT(EXACT({cell},LOWER({cell}))),ISNUMBER(FIND(" ",{cell})))'
        yield Condition(guide.name, f"AND(NOT(ISBLANK({cell})),{odd})", WRONG)


def _of_rules(table: str, cells: Mapping[str, str]) -> Iterator[Condition]:
    for rule in TABLES[table].rules:
        first, second = (cells.get(name) for name in rule.columns)
        if first and second and rule.name in ROW_RULES:
            numbers = f"ISNUMBER({first}),ISNUMBER({second})"
            yield Condition(rule.columns[0], f"AND({numbers},{first}{ROW_RULES[rule.name]}{second})", WRONG)


def _of_range(cells: Mapping[str, str]) -> Iterator[Condition]:
    """A score outside the range of its metric, on the scale of its row."""
    if not {"metric", "value", "scale"} <= set(cells):
        return
    value, place = cells["value"], f"MATCH({cells['metric']},list_metrics,0)"
    factor = f'IF({cells["scale"]}="percent",100,1)'
    low, high = (
        f"{value}{sign}INDEX(list_metric_{end},{place})*{factor}" for sign, end in (("<", "low"), (">", "high"))
    )
    yield Condition("value", f"AND(ISNUMBER({value}),IFERROR(OR({low},{high}),FALSE))", WRONG)
