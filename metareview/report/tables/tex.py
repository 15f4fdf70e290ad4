"""LaTeX: a booktabs table that compiles wherever booktabs and siunitx (and longtable, for many rows) are installed.

A column of plain numbers is an S column of siunitx with the ``table-format`` of what it holds, so that points align
whatever the decimals of its rows; a column with an interval, a unit or a bound in it, where siunitx stops, stands
right-aligned. Missing is ``{--}`` in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
#: Widest text column, in characters, before its lines break; of a table wider than a page, down to the shortest.
BREAKING, SHORTEST = 28, 8
#: Characters of \scriptsize that fit a line of A4 in landscape, with column gaps.
PAGE = 195
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
    rooms = _rooms(layout)
    return [
        r"\begin{table}[htbp]",
        r"\centering",
        _caption(layout.view),
        *_size(layout, rooms),
        rf"\begin{{tabular}}{{{_preamble(layout, rooms)}}}",
        r"\toprule",
        *_head(layout, rooms),
        r"\midrule",
        *_rows(layout, rooms),
        r"\bottomrule",
        r"\end{tabular}",
        *_footer(layout),
        r"\end{table}",
    ]


def _long(layout: Layout) -> list[str]:
    rooms = _rooms(layout)
    columns = len(layout.columns)
    return [
        r"\begingroup",
        *_size(layout, rooms),
        rf"\begin{{longtable}}{{{_preamble(layout, rooms)}}}",
        _caption(layout.view) + r"\\",
        r"\toprule",
        *_head(layout, rooms),
        r"\midrule",
        r"\endfirsthead",
        r"\toprule",
        *_head(layout, rooms),
        r"\midrule",
        r"\endhead",
        r"\midrule",
        rf"\multicolumn{{{columns}}}{{r}}{{continued}}\\",
        r"\endfoot",
        r"\bottomrule",
        r"\endlastfoot",
        *_rows(layout, rooms),
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


@dataclass(frozen=True, slots=True)
class _Room:
    """The room of a printed column: in characters, and whether its lines (those of its heading too) break."""

    characters: int
    breaks: bool = False
    heading: bool = False


_Rooms = dict[int, _Room]


def _rooms(layout: Layout) -> _Rooms:
    """Return the room of each printed column; a table wider than a page breaks more lines, as few as it can."""
    rooms: _Rooms = {}
    for longest in range(BREAKING, SHORTEST - 1, -1):
        rooms = {position: _room(layout, position, longest) for position in layout.columns}
        if _needed(rooms) <= PAGE:
            break
    return rooms


def _room(layout: Layout, position: int, longest: int) -> _Room:
    """Return the room of a column whose text breaks beyond `longest`; its longest word stays whole.

    In a table that is wider than a page headings break as well, and signs behind a text take room.
    """
    column, squeezed = layout.view.columns[position], longest < BREAKING
    heading = layout.heading(column)
    rows = range(layout.shown)
    texts = [
        layout.text(layout.view.rows[row][position], column) + (layout.suffix(row, position) if squeezed else "")
        for row in rows
    ]
    text = column.kind not in NUMERIC
    texts += [heading] if squeezed and text else []
    widest = max(map(len, texts), default=0)
    if not text or widest <= longest:
        return _Room(max(widest, len(heading)))
    word = max(len(part) for entry in texts for part in entry.split()) + squeezed  # some are of wide letters
    width = min(max(longest, word), 2 * BREAKING)
    return _Room(width if squeezed else max(width, len(heading)), breaks=True, heading=squeezed)


def _needed(rooms: _Rooms) -> int:
    return sum(room.characters + 2 for room in rooms.values())


def _size(layout: Layout, rooms: _Rooms) -> list[str]:
    command = next(command for room, command in _SIZES if _needed(rooms) <= room)
    return [*([command] if command else []), *([SETUP] if number_columns(layout) else [])]


def _preamble(layout: Layout, rooms: _Rooms) -> str:
    total = max(_needed(rooms), _SIZES[0][0])
    numbers, parts = number_columns(layout), []
    for position, room in rooms.items():
        if position in numbers:
            parts.append(numbers[position].column)
        elif layout.view.columns[position].kind in NUMERIC:
            parts.append("r")
        else:
            parts.append(f"p{{{room.characters / total:.3f}\\linewidth}}" if room.breaks else "l")
    return "@{}" + "".join(parts) + "@{}"


def _head(layout: Layout, rooms: _Rooms) -> list[str]:
    lines = []
    if layout.spanners:
        cells, rules = [], []
        for spanner in layout.spanners:
            cells.append(rf"\multicolumn{{{spanner.width}}}{{c}}{{{escape_tex(spanner.label)}}}")
            if spanner.label:
                rules.append(rf"\cmidrule(lr){{{spanner.start + 1}-{spanner.start + spanner.width}}}")
        lines += [_line(cells), " ".join(rules)]
    columns = layout.view.columns
    return [*lines, _line([_heading(layout, columns[position], rooms[position]) for position in layout.columns])]


def _heading(layout: Layout, column: Column, room: _Room) -> str:
    if room.heading:
        return rf"\raggedright {escape_tex(layout.heading(column))}"
    align = "r" if column.kind in NUMERIC else "l"
    return rf"\multicolumn{{1}}{{{align}}}{{{escape_tex(layout.heading(column))}}}"


def _rows(layout: Layout, rooms: _Rooms) -> list[str]:
    lines = []
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
            lines.append(_line([rf"\raggedright {cell}" if rooms[p].breaks else cell for p, cell in cells.items()]))
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
