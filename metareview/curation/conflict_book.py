"""The conflicts workbook: what two extractors see differently, with a drop-down per row for the one who decides.

Everything is locked but the four columns that are filled in. Text is written as text, so no cell is ever a formula,
and the same comparison gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from metareview.curation.comparison import Comparison, Conflict, LoneRow
from metareview.curation.keys import shown_key
from metareview.curation.paint import COLOURS, LONGEST, new_book
from metareview.curation.resolutions import CELL_CHOICES, ROW_CHOICES
from metareview.errors import InputError
from metareview.ingest.problems import column_letters

__all__ = ["conflict_book"]

#: Rows that a sheet holds below its header.
_MOST = 1_000_000
_TEXT = {"font_name": "Calibri", "font_size": 10, "valign": "top", "text_wrap": True, "num_format": "@"}
_LINE = {"border": 1, "border_color": "#D9D9D9"}
#: Column -> width; those of the one who decides stand apart.
_CONFLICTS: dict[str, int] = {
    "table": 12, "key": 38, "field": 13, "a": 22, "b": 22, "what is seen": 24, "choice": 10, "value": 16, "reason": 34,
    "who": 12, "place A": 22, "place B": 22, "quote A": 22, "quote B": 22, "line A": 7, "line B": 7, "id": 18,
}  # fmt: skip
_ROWS: dict[str, int] = {
    "table": 12, "key": 38, "field": 4, "a": 6, "b": 6, "what is seen": 52, "choice": 12, "value": 4, "reason": 34,
    "who": 12, "line": 7, "place": 22, "may be": 38, "line there": 9, "id": 18,
}  # fmt: skip
_FILLED = ("choice", "value", "reason", "who")
_HIDDEN = {"rows": ("field", "value")}
_RATES: dict[str, int] = {
    "table": 14, "field": 16, "extractors": 24, "rows": 8, "agreed": 8, "rounded": 9, "share": 9, "low": 9, "high": 9,
    "coefficient": 14, "value": 9, "value low": 9, "value high": 9, "reason": 60,
}  # fmt: skip
#: What stands on the first sheet: heading or text, and how it looks.
_HELP = (
    ("title", "Two extractions of one review, beside each other"),
    ("", "A is {a}, B is {b}. {conflicts} cells differ, {rounded} agree as far as their digits go, {lone} rows stand "
         "in one version only."),
    ("head", "What to do"),
    ("", "1. On the sheet conflicts, look the cell up in the document: place and quote of both versions stand in the "
         "row."),
    ("", "2. Choose A, B or other. With other, type the value, on the scale that the row has then, and the reason."),
    ("", "3. On the sheet rows, choose keep or leave out for every row that only one version has. Where a similar key "
         "stands under may be, the key is probably mistyped: correct it in that version and compare again."),
    ("", "4. Save, and run: metareview merge A B --resolutions <this file> -o MERGED"),
    ("head", "Rules"),
    ("", "Numbers are equal when they are one number: 0.95 and 0.950, 94.8 percent and 0.948. A number with fewer "
         "digits agrees with one that rounds to it: 0.95 covers 0.945 to 0.955. Such cells stand on the sheet rounded, "
         "and merging takes the one with more digits."),
    ("", "A choice about the column scale converts the numbers of the row."),
    ("", "Yellow: nothing chosen yet. Red: other without a value or a reason. The grey columns are not to be edited: "
         "the id and both values tell merge what was decided, and values that have changed since are refused."),
)  # fmt: skip


def conflict_book(found: Comparison) -> bytes:
    """Return the workbook of a comparison.

    Raises
    ------
    InputError
        If there are more conflicts than a sheet has rows.
    """
    if max(len(found.conflicts), len(found.lone), len(found.rounded)) > _MOST:
        raise InputError(f"{len(found.conflicts):,} conflicts do not fit on a sheet; are these versions of one review?")
    book, stream = new_book(f"Conflicts between {found.a} and {found.b}")
    _help(book, found)
    _decisions(book, "conflicts", _CONFLICTS, [_conflict(row) for row in found.conflicts], CELL_CHOICES)
    _decisions(book, "rows", _ROWS, [_lone(row) for row in found.lone], ROW_CHOICES)
    _plain(book, "agreement", _RATES, [_rates(row) for row in found.agreement])
    names = ("table", "key", "field", "a", "b", "place A", "place B", "line A", "line B", "id")
    rounded = [{name: _conflict(row)[name] for name in names} for row in found.rounded]
    _plain(book, "rounded", {name: _CONFLICTS[name] for name in names}, rounded)
    book.close()
    return stream.getvalue()


def _conflict(row: Conflict) -> dict[str, Any]:
    return {
        "table": row.table, "key": shown_key(row.key), "field": row.field, "a": row.a.text, "b": row.b.text,
        "what is seen": row.hint, "choice": "", "value": "", "reason": "", "who": "", "place A": row.a.locator,
        "place B": row.b.locator, "quote A": row.a.quote, "quote B": row.b.quote, "line A": row.a.line,
        "line B": row.b.line, "id": row.id,
    }  # fmt: skip


def _lone(row: LoneRow) -> dict[str, Any]:
    marks = ("yes", "") if row.only_in == "A" else ("", "yes")
    return {
        "table": row.table, "key": shown_key(row.key), "field": "", "a": marks[0], "b": marks[1],
        "what is seen": row.summary, "choice": "", "value": "", "reason": "", "who": "", "line": row.line,
        "place": row.locator, "may be": shown_key(row.near), "line there": row.near_line or "", "id": row.id,
    }  # fmt: skip


def _rates(row: Any) -> dict[str, Any]:
    values = (
        row.table, row.field, row.raters, row.n, row.agreed, row.rounded, row.share, row.ci_low, row.ci_high,
        row.coefficient, row.value, row.value_low, row.value_high, row.reason,
    )  # fmt: skip
    return {name: "" if value is None else value for name, value in zip(_RATES, values, strict=True)}


def _help(book: Any, found: Comparison) -> None:
    sheet = book.add_worksheet("read me")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 100)
    sheet.set_landscape()
    counts = {"a": found.a, "b": found.b, "conflicts": f"{len(found.conflicts):,}",
              "rounded": f"{len(found.rounded):,}", "lone": f"{len(found.lone):,}"}  # fmt: skip
    looks = {"title": {"bold": True, "font_size": 16, "font_color": COLOURS["required"]},
             "head": {"bold": True, "font_size": 12, "font_color": COLOURS["required"], "top": 1}}  # fmt: skip
    said = [(kind, text.format(**counts)) for kind, text in _HELP]
    for row, (kind, text) in enumerate([*said, *(("", f"Note: {warning}") for warning in found.warnings)]):
        look = {"font_name": "Calibri", "font_size": 11, "text_wrap": True, "valign": "top", **looks.get(kind, {})}
        sheet.set_row(row, {"title": 28, "head": 26}.get(kind, 6 + 15 * (1 + len(text) // 100)))
        sheet.write_string(row, 0, text[:LONGEST], book.add_format(look))
    sheet.fit_to_pages(1, 0)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def _decisions(
    book: Any, name: str, widths: dict[str, int], rows: Sequence[dict[str, Any]], choices: Sequence[str]
) -> None:
    """Write a sheet on which someone decides."""
    sheet = _plain(book, name, widths, rows, filled=_FILLED)
    columns = list(widths)
    last = max(len(rows), 1)
    choice, value, reason = (columns.index(column) for column in ("choice", "value", "reason"))
    sheet.data_validation(1, choice, last, choice, {
        "validate": "list", "source": list(choices), "error_title": "choice",
        "error_message": f"Choose one of: {', '.join(choices)}.", "input_title": "choice",
        "input_message": f"{', '.join(choices)}. Blank: not decided yet.",
    })  # fmt: skip
    for column in _HIDDEN.get(name, ()):
        sheet.set_column(columns.index(column), columns.index(column), 4, None, {"hidden": True})
    letters = {place: column_letters(place) for place in (choice, value, reason)}
    at = {place: f"${letters[place]}2" for place in letters}
    for place, criteria, colour in (
        (choice, f'={at[choice]}=""', "missing"),
        (value, f'=AND({at[choice]}="other",{at[value]}="")', "wrong"),
        (value, f'=AND({at[choice]}<>"other",{at[value]}<>"")', "wrong"),
        (reason, f'=AND({at[choice]}="other",{at[reason]}="")', "wrong"),
    ):
        look = book.add_format({"bg_color": COLOURS[colour]})
        if rows:
            sheet.conditional_format(1, place, last, place, {"type": "formula", "criteria": criteria, "format": look})


def _plain(
    book: Any, name: str, widths: dict[str, int], rows: Sequence[dict[str, Any]], filled: Sequence[str] = ()
) -> Any:
    """Write a sheet; its columns are locked but for those that are filled in."""
    sheet = book.add_worksheet(name)
    locked = book.add_format({**_TEXT, **_LINE, "bg_color": "#FAFAFA", "font_color": "#303030"})
    number = book.add_format({**_TEXT, **_LINE, "bg_color": "#FAFAFA", "num_format": "General"})
    share = book.add_format({**_TEXT, **_LINE, "bg_color": "#FAFAFA", "num_format": "0.000"})
    free = book.add_format({**_TEXT, **_LINE, "locked": False, "bg_color": "#FFFFFF"})
    strong = book.add_format({**_TEXT, **_LINE, "bg_color": "#FAFAFA", "font_color": "#000000", "bold": True})
    for place, (column, width) in enumerate(widths.items()):
        sheet.set_column(place, place, width)
        kind = "required" if column in filled else "own"
        look = {
            "bold": True,
            "font_color": "#FFFFFF",
            "bg_color": COLOURS[kind],
            "border": 1,
            "border_color": "#FFFFFF",
        }
        sheet.write_string(0, place, column, book.add_format({**_TEXT, **look, "valign": "vcenter"}))
    sheet.set_row(0, 20)
    for line, row in enumerate(rows, 1):
        lines = max(1 + len(str(row[column])) // max(int(width * 1.05), 1) for column, width in widths.items())
        sheet.set_row(line, 2 + 13 * min(lines, 12))
        for place, column in enumerate(widths):
            cell = row[column]
            if isinstance(cell, str):
                sheet.write_string(
                    line, place, _fitting(cell), free if column in filled else strong if column in "ab" else locked
                )
            else:
                sheet.write_number(line, place, cell, share if isinstance(cell, float) else number)
    sheet.freeze_panes(1, 3 if filled else 2)
    sheet.autofilter(0, 0, max(len(rows), 1), len(widths) - 1)
    sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    return sheet


def _fitting(text: str) -> str:
    """Return a text that a cell of the format holds; longer ones are read in the files."""
    return text if len(text) <= LONGEST else text[: LONGEST - 30] + " … [cut; see the file]"
