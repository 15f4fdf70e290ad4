"""The sheets of a workbook that are no tables: instructions, glossary, change log, and what it carries unseen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from metareview.curation.columns import CODES, table_purpose
from metareview.curation.derivations import FORMULAS, FormulaSpec
from metareview.curation.paint import COLOURS, LONGEST, Painter
from metareview.ingest.layout import CHANGES_SHEET, GLOSSARY_SHEET, HELP_SHEET, ORIGIN_SHEET, SPEC_SHEET, TYPED_SHEET
from metareview.schema.metric import Metric, default_vocabulary
from metareview.schema.review import ReviewSpec
from metareview.schema.tables import CURATED

__all__ = ["write_changes", "write_glossary", "write_hidden", "write_instructions"]

_TITLE = {"bold": True, "font_size": 16, "font_color": COLOURS["required"]}
_HEAD = {"bold": True, "bg_color": COLOURS["required"], "font_color": "#FFFFFF", "border": 1}
_WRAP = {"text_wrap": True, "border": 1, "border_color": "#D9D9D9"}

_STEPS = (
    "Fill in the sheets from left to right: sources, studies, data sets, experiments, results. One fact per row.",
    "The grey rows above each header say what a column is and show an example; they are never read as data. "
    "Point at a header for the rule.",
    "Give every number its document (source_id), its place (locator) and the figure as printed (printed).",
    "A blank cell means: not extracted yet. Write a code when that is the finding.",
    "Columns may be moved, and rows sorted. Columns of your own are kept, but not read.",
    "When you stop, save the file and let it be checked; the copy has the problems coloured, with what to do.",
)
_LOCATORS = (
    ("p. 7; Table 2; row U-Net", "page, table, row: parts are separated by a semicolon"),
    ("p. 8; Figure 3", "a figure; say in derivations how a value was read from it"),
    ("L1715 or L10-12", "lines of a text file"),
    ("p. 3; Section 2.1", "a section"),
    ("cell B3, sheet S1", "a cell of a supplement"),
)
_COMMANDS = (
    ("metareview check {name}.xlsx --annotate checked.xlsx", "check; the copy shows the problems at their cells"),
    ("metareview csv {name}.xlsx -o {name}", "write the sheets as CSV files, for version control and the report"),
    ("metareview compare A.xlsx B.xlsx", "compare with the workbook of a second extractor; then metareview merge"),
)


def write_instructions(book: Any, painter: Painter, title: str, spec: ReviewSpec | None, name: str) -> None:
    """Write the first sheet: how to fill in the workbook, and what is on which sheet."""
    sheet = book.add_worksheet(HELP_SHEET)
    sheet.hide_gridlines(2)
    for place, width in enumerate((44, 62, 34)):
        sheet.set_column(place, place, width)
    row = _heading(sheet, painter, 0, title)
    if spec is not None:
        sheet.merge_range(row, 0, row, 2, spec.question, painter.style(text_wrap=True, italic=True))
        sheet.set_row(row, 15 * (1 + len(spec.question) // 130))
        row += 1
    row = _heading(sheet, painter, row + 1, "How to fill it in", size=12)
    for number, step in enumerate(_STEPS, 1):
        sheet.merge_range(row, 0, row, 2, f"{number}. {step}", painter.style(text_wrap=True))
        sheet.set_row(row, 15 * (1 + len(step) // 140))
        row += 1
    row = _rows(sheet, painter, row + 1, ("sheet", "one row is", "needed"), [
        (table, table_purpose(table), "always" if spec_.required else "where you have such facts")
        for table, spec_ in CURATED.items()
    ], links=True)  # fmt: skip
    row = _colours(sheet, painter, row + 1)
    meanings = ("it was looked for and is not there", "it cannot exist here", "it is there and cannot be understood")
    row = _rows(sheet, painter, row + 1, ("code", "says"), list(zip(CODES, meanings, strict=True)))
    row = _rows(sheet, painter, row + 1, ("place (locator)", "is"), list(_LOCATORS))
    formulas = [(key, spec_.about, _inputs(spec_)) for key, spec_ in FORMULAS.items()]
    row = _rows(sheet, painter, row + 1, ("formula (sheet derivations)", "computes", "inputs"), formulas)
    commands = [(text.format(name=name), said) for text, said in _COMMANDS]
    row = _rows(sheet, painter, row + 1, ("command", "does"), commands)
    sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, row, 2)


def _inputs(formula: FormulaSpec) -> str:
    optional = f" ({', '.join(formula.optional)})" if formula.optional else ""
    return "; ".join(formula.inputs) + optional


def _heading(sheet: Any, painter: Painter, row: int, text: str, size: int = 16) -> int:
    sheet.write_string(row, 0, text[:LONGEST], painter.style(**{**_TITLE, "font_size": size}))
    sheet.set_row(row, size * 1.6)
    return row + 1


def _rows(
    sheet: Any, painter: Painter, row: int, head: Sequence[str], rows: Sequence[Sequence[str]], *, links: bool = False
) -> int:
    """Write a small table and return the row below it."""
    for place, text in enumerate(head):
        sheet.write_string(row, place, text, painter.style(**_HEAD))
    for cells in rows:
        row += 1
        lines = max(1 + len(text) // width for text, width in zip(cells, (54, 80, 42), strict=False))
        sheet.set_row(row, 14 * lines + 2)
        for place, text in enumerate(cells):
            if links and place == 0:
                link = painter.style(**_WRAP, font_color="#0563C1", underline=1)
                sheet.write_url(row, place, f"internal:'{text}'!A1", link, text)
            else:
                sheet.write_string(row, place, text, painter.style(**_WRAP))
    return row + 1


def _colours(sheet: Any, painter: Painter, row: int) -> int:
    said = (
        ("required", "header of a column that every row needs"),
        ("optional", "header of another column"),
        ("own", "header of a column of your own"),
        ("missing", "a required cell that is still empty"),
        ("wrong", "a cell that cannot be right: out of range, not in the list, no number"),
    )
    row = _rows(sheet, painter, row, ("colour", "means"), [("", text) for _, text in said])
    for place, (colour, _) in enumerate(said):
        sheet.write_blank(row - len(said) + place, 0, None, painter.style(**_WRAP, bg_color=COLOURS[colour]))
    return row


def write_glossary(book: Any, painter: Painter, spec: ReviewSpec | None) -> None:
    """Write the metric vocabulary: key, names, direction, range, definition, source."""
    sheet = book.add_worksheet(GLOSSARY_SHEET)
    used = set(spec.metrics_in_use) if spec else set()
    metrics = sorted(spec.vocabulary() if spec else default_vocabulary(), key=lambda m: (m.key not in used, m.key))
    head = ("metric", "name", "other names", "better", "range", "unit", "definition", "source", "remark", "in use")
    for place, (name, width) in enumerate(zip(head, (16, 20, 28, 9, 11, 12, 52, 34, 40, 7), strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, painter.style(**_HEAD))
    for row, metric in enumerate(metrics, 1):
        cells = _glossary_row(metric, "yes" if metric.key in used else "")
        for place, text in enumerate(cells):
            sheet.write_string(row, place, text[:LONGEST], painter.style(**_WRAP))
        lines = max(1 + len(cells[2]) // 28, 1 + len(cells[6]) // 52, 1 + len(cells[7]) // 34, 1 + len(cells[8]) // 40)
        sheet.set_row(row, 13.5 * lines + 3)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(metrics), len(head) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _glossary_row(metric: Metric, used: str) -> tuple[str, ...]:
    low, high = ("" if bound is None else f"{bound:g}" for bound in (metric.low, metric.high))
    span = f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}" if high else ""
    return (
        metric.key, metric.name, "; ".join(metric.aliases), {"none": ""}.get(metric.direction, metric.direction), span,
        metric.unit or "", metric.definition, metric.source, metric.note or "", used,
    )  # fmt: skip


def write_changes(book: Any, painter: Painter, rows: Sequence[Sequence[str]]) -> None:
    """Write the change log: what was done before, and room for the reviewer's own lines."""
    sheet = book.add_worksheet(CHANGES_SHEET)
    for place, (name, width) in enumerate((("date", 12), ("who", 16), ("sheet", 18), ("what changed and why", 90))):
        sheet.set_column(place, place, width, painter.style(num_format="@", text_wrap=True))
        sheet.write_string(0, place, name, painter.style(**_HEAD))
    for row, cells in enumerate(rows, 1):
        for place, text in enumerate(cells[:4]):
            sheet.write_string(row, place, text[:LONGEST], painter.style(num_format="@", text_wrap=True))
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def write_hidden(book: Any, spec: str | None, origins: Mapping[str, Sequence[str]], typed: Collection[str]) -> None:
    """Write what the workbook carries unseen: ``review.yaml``, headers of CSV files, figures with trailing zeros."""
    if spec is not None:
        sheet = book.add_worksheet(SPEC_SHEET)
        for row, line in enumerate(spec.splitlines()):
            sheet.write_string(row, 0, line)
        sheet.hide()
    sheet = book.add_worksheet(ORIGIN_SHEET)
    for row, (table, columns) in enumerate(origins.items()):
        for place, text in enumerate((table, *columns)):
            sheet.write_string(row, place, text)
    sheet.hide()
    sheet = book.add_worksheet(TYPED_SHEET)
    for row, text in enumerate(sorted(typed)):
        sheet.write_string(row, 0, text)
    sheet.hide()
