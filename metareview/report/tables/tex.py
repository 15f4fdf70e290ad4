"""LaTeX: a booktabs table that compiles wherever booktabs and siunitx (and longtable, for many rows) are installed.

A column of plain numbers is an S column of siunitx with the ``table-format`` of what it holds, so that points align
whatever the decimals of its rows; a column with an interval, a unit or a bound in it, where siunitx stops, stands
right-aligned. Missing is ``{--}`` in both.
"""

from __future__ import annotations

import re

from metareview.report.tables.layout import NUMERIC, Layout, lay_out
from metareview.report.tables.siunitx import SETUP, number_columns
from metareview.report.tables.tex_escape import UNICODE_COMMAND, escape_tex
from metareview.report.views.base import Column, View
from metareview.report.views.format import MISSING

__all__ = ["render_tex"]

#: Rows beyond which a table breaks over pages.
PAGE_ROWS = 40
#: Longest text of a cell; the whole text stands in the CSV.
LONGEST = 400
#: Widest text column, in characters, before its lines break.
BREAKING = 28
#: Characters that fit a line of text in the normal size, in \footnotesize and in \scriptsize, with column gaps.
_SIZES = ((76, ""), (100, r"\footnotesize"), (10**9, r"\scriptsize\setlength{\tabcolsep}{3pt}"))
_UNICODE = re.compile(r"\\mrunicode\{([0-9A-F]+)\}\{.\}")
_WRAP = {"best": r"\textbf{%s}", "second": r"\underline{%s}"}


def render_tex(view: View) -> str:
    """Return a view as LaTeX: a ``table`` (a ``longtable`` beyond 40 rows) with caption, label and footnotes."""
    layout = lay_out(view)
    long = layout.shown > PAGE_ROWS
    body = (_long(layout) if long else _short(layout)) if view.rows else _empty(layout)
    packages = ["booktabs", *(["longtable"] if long else []), *(["siunitx"] if number_columns(layout) else [])]
    head = [f"% {view.name}: needs \\usepackage{{{','.join(packages)}}}"]
    text = "\n".join([*body, ""])
    if r"\mrunicode{" in text:
        head.append(UNICODE_COMMAND)
    return "\n".join([*head, text])


def _short(layout: Layout) -> list[str]:
    widths = _widths(layout)
    return [
        r"\begin{table}[htbp]",
        r"\centering",
        _caption(layout.view),
        *_size(layout, widths),
        rf"\begin{{tabular}}{{{_preamble(layout, widths)}}}",
        r"\toprule",
        *_head(layout),
        r"\midrule",
        *_rows(layout),
        r"\bottomrule",
        r"\end{tabular}",
        *_footer(layout),
        r"\end{table}",
    ]


def _long(layout: Layout) -> list[str]:
    widths = _widths(layout)
    columns = len(layout.columns)
    return [
        r"\begingroup",
        *_size(layout, widths),
        rf"\begin{{longtable}}{{{_preamble(layout, widths)}}}",
        _caption(layout.view) + r"\\",
        r"\toprule",
        *_head(layout),
        r"\midrule",
        r"\endfirsthead",
        r"\toprule",
        *_head(layout),
        r"\midrule",
        r"\endhead",
        r"\midrule",
        rf"\multicolumn{{{columns}}}{{r}}{{continued}}\\",
        r"\endfoot",
        r"\bottomrule",
        r"\endlastfoot",
        *_rows(layout),
        r"\end{longtable}",
        *_footer(layout),
        r"\endgroup",
    ]


def _empty(layout: Layout) -> list[str]:
    opening = [r"\begin{table}[htbp]", r"\centering", _caption(layout.view), "Nothing to show."]
    return [*opening, *_footer(layout), r"\end{table}"]


def _caption(view: View) -> str:
    text = escape_tex(" ".join(part for part in (f"{view.title}.", view.caption) if part))
    # The list of tables comes before any table, where \mrunicode is not defined yet.
    short = _UNICODE.sub(r"{[}U+\1{]}", escape_tex(view.title))
    return rf"\caption[{short}]{{{text}}}\label{{tab:{_label(view.name)}}}"


def _label(name: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "-.") else "-" for char in name)


def _widths(layout: Layout) -> list[int]:
    """Return the characters each printed column asks for; long texts ask for their longest word at least."""
    widths = []
    for position in layout.columns:
        column = layout.view.columns[position]
        texts = [layout.text(row[position], column) for row in layout.view.rows[: layout.shown]]
        widest = max((len(text) for text in texts), default=0)
        if column.kind not in NUMERIC and widest > BREAKING:
            word = max((len(part) for text in texts for part in text.split()), default=0)
            widest = min(max(BREAKING, word), 2 * BREAKING)
        widths.append(max(widest, len(layout.heading(column))))
    return widths


def _size(layout: Layout, widths: list[int]) -> list[str]:
    needed = sum(widths) + 2 * len(widths)
    command = next(command for room, command in _SIZES if needed <= room)
    return [*([command] if command else []), *([SETUP] if number_columns(layout) else [])]


def _preamble(layout: Layout, widths: list[int]) -> str:
    total = max(sum(widths) + 2 * len(widths), _SIZES[0][0])
    numbers, parts = number_columns(layout), []
    for position, width in zip(layout.columns, widths, strict=True):
        column = layout.view.columns[position]
        if position in numbers:
            parts.append(numbers[position].column)
        elif column.kind in NUMERIC:
            parts.append("r")
        else:
            parts.append(f"p{{{width / total:.3f}\\linewidth}}" if _breaks(layout, position) else "l")
    return "@{}" + "".join(parts) + "@{}"


def _breaks(layout: Layout, position: int) -> bool:
    """Return whether the lines of a text column break."""
    column = layout.view.columns[position]
    texts = (layout.text(row[position], column) for row in layout.view.rows[: layout.shown])
    return column.kind not in NUMERIC and any(len(text) > BREAKING for text in texts)


def _head(layout: Layout) -> list[str]:
    lines = []
    if layout.spanners:
        cells, rules = [], []
        for spanner in layout.spanners:
            cells.append(rf"\multicolumn{{{spanner.width}}}{{c}}{{{escape_tex(spanner.label)}}}")
            if spanner.label:
                rules.append(rf"\cmidrule(lr){{{spanner.start + 1}-{spanner.start + spanner.width}}}")
        lines += [_line(cells), " ".join(rules)]
    columns = [layout.view.columns[position] for position in layout.columns]
    return [*lines, _line([_heading(layout, column) for column in columns])]


def _heading(layout: Layout, column: Column) -> str:
    align = "r" if column.kind in NUMERIC else "l"
    return rf"\multicolumn{{1}}{{{align}}}{{{escape_tex(layout.heading(column))}}}"


def _rows(layout: Layout) -> list[str]:
    lines = []
    breaking = {position for position in layout.columns if _breaks(layout, position)}
    numbers = number_columns(layout)
    for number, (label, rows) in enumerate(layout.groups):
        if label is not None:
            lines += [r"\addlinespace"] if number else []
            lines.append(rf"\multicolumn{{{len(layout.columns)}}}{{@{{}}l}}{{\itshape {_cut(label)}}}\\*")
        for row in rows:
            cells = {
                position: numbers[position].cell(layout, row, position)
                if position in numbers
                else _cell(layout, row, position)
                for position in layout.columns
            }
            lines.append(_line([rf"\raggedright {cell}" if p in breaking else cell for p, cell in cells.items()]))
    return lines


def _line(cells: list[str]) -> str:
    # Not \\, which \raggedright redefines in the cell before it.
    return " & ".join(cells) + r" \tabularnewline"


def _cut(text: str) -> str:
    return escape_tex(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def _cell(layout: Layout, row: int, position: int) -> str:
    cell = layout.view.rows[row][position]
    column = layout.view.columns[position]
    text = layout.text(cell, column)
    body = "{--}" if text == MISSING else _cut(text)
    suffix = layout.suffix(row, position)
    body = _WRAP.get(cell.mark.split(" ")[0], "%s").replace("%s", body)
    return body + (rf"\textsuperscript{{{escape_tex(suffix)}}}" if suffix else "")


def _footer(layout: Layout) -> list[str]:
    lines = [rf"\textsuperscript{{{note.marker}}} {escape_tex(note.text)}" for note in layout.footnotes]
    lines += [escape_tex(line) for line in layout.footer()]
    if any(
        isinstance(c.value, str) and len(c.value) > LONGEST for row in layout.view.rows[: layout.shown] for c in row
    ):
        lines.append(f"Texts longer than {LONGEST} characters are cut; the CSV has them whole.")
    if not lines:
        return []
    opening = [r"\par\medskip\noindent", r"\begin{minipage}{\linewidth}\footnotesize\raggedright"]
    return [*opening, *(rf"{line}\par" for line in lines), r"\end{minipage}"]
