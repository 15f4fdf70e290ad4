"""Columns of plain numbers as S columns of siunitx: what they hold decides their format."""

from __future__ import annotations

import re
from dataclasses import dataclass

from metareview.report.tables.layout import NUMERIC, Layout
from metareview.report.tables.tex_escape import escape_tex
from metareview.report.views.format import MISSING

__all__ = ["SETUP", "NumberColumn", "number_columns"]

#: Once per table: bold numbers stay bold, thousands have commas, a sign behind a number does not move its point. The
#: names of the keys are those that versions 2 and 3 of siunitx both know.
SETUP = (
    r"\sisetup{detect-weight=true,mode=text,table-align-text-after=false,group-digits=integer,group-separator={,},"
    r"group-minimum-digits=4}"
)
_PLAIN = re.compile(r"^[-−]?\d{1,3}(,?\d{3})*(\.\d+)?$")


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """An S column.

    Attributes
    ----------
    digits, decimals : most digits before and after the point.
    signed : whether a number is negative.
    suffix : the widest text that stands raised behind a number, as LaTeX.
    """

    digits: int
    decimals: int
    signed: bool
    suffix: str

    @property
    def column(self) -> str:
        """The column for the preamble."""
        after = f",table-space-text-post={{{self.suffix}}}" if self.suffix else ""
        return f"S[table-format={'-' if self.signed else ''}{self.digits}.{self.decimals}{after}]"

    def cell(self, layout: Layout, row: int, position: int) -> str:
        """Return a cell of it; siunitx has no underline, so the second best is set as text in the room of a number."""
        cell = layout.view.rows[row][position]
        text = layout.text(cell, layout.view.columns[position])
        after = _raised(layout.suffix(row, position))
        if text == MISSING:
            return "{--}" + after
        number, mark = _machine(text), cell.mark.split(" ")[0]
        if mark == "second":
            whole = number.lstrip("-").partition(".")[0]
            room = r"\phantom{0}" * (self.digits - len(whole)) + (r"\phantom{$-$}" if self.signed else "")
            rest = "" if after or not self.suffix else rf"\hphantom{{{self.suffix}}}"
            shown = escape_tex(text).replace("$-$", "{$-$}")
            return f"{{{room}\\underline{{{shown}}}{after}{rest}}}"
        return (r"\bfseries " if mark == "best" else "") + number + after


def number_columns(layout: Layout) -> dict[int, NumberColumn]:
    """Return the columns of plain numbers by position; a column without any number is none."""
    found = {}
    for position in layout.columns:
        column = layout.view.columns[position]
        if column.kind not in NUMERIC:
            continue
        texts = [layout.text(row[position], column) for row in layout.view.rows[: layout.shown]]
        numbers = [_machine(text) for text in texts if text != MISSING]
        if not numbers or not all(_PLAIN.match(text) for text in texts if text != MISSING):
            continue
        parts = [number.lstrip("-").partition(".") for number in numbers]
        suffixes = (layout.suffix(row, position) for row in range(layout.shown))
        found[position] = NumberColumn(
            max(len(whole) for whole, _, _ in parts), max(len(rest) for _, _, rest in parts),
            any(number.startswith("-") for number in numbers), _raised(max(suffixes, key=len, default="")),
        )  # fmt: skip
    return found


def _machine(text: str) -> str:
    return text.replace("−", "-").replace(",", "")


def _raised(suffix: str) -> str:
    return rf"\textsuperscript{{{escape_tex(suffix)}}}" if suffix else ""
