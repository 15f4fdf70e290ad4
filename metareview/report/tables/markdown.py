"""Markdown (GitHub's tables): the view for a README or a diff."""

from __future__ import annotations

import re

from metareview.report.tables.layout import NUMERIC, Layout, lay_out
from metareview.report.views.base import View
from metareview.report.views.format import clean

__all__ = ["escape_md", "render_md"]

#: Longest text of a cell; the whole text stands in the CSV.
LONGEST = 400

_ACTIVE = re.compile(r"([\\`*\[\]~$|])")
# At the start of a line these open a heading, a list or a rule.
_OPENING = re.compile(r"^([#+=-]|\d+(?=[.)](\s|$)))")
_EDGE = re.compile(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_WRAP = {"best": "**{}**", "second": "<u>{}</u>"}


def escape_md(text: str) -> str:
    r"""Return text that Markdown shows as it is: no HTML, no emphasis, no links, no new cell, no new line.

    >>> escape_md("a|b <script>")
    'a\\|b &lt;script&gt;'
    """
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _EDGE.sub(r"\\_", _ACTIVE.sub(r"\\\1", text))
    text = _OPENING.sub(_escape_opening, text)
    return "<br>".join(part.strip() for part in text.replace("\t", " ").split("\n"))


def _escape_opening(match: re.Match[str]) -> str:
    return f"{match[1]}\\" if match[1].isdigit() else f"\\{match[1]}"


def render_md(view: View) -> str:
    """Return a view as Markdown: title, caption, table, footnotes and everything that must be seen under it."""
    layout = lay_out(view)
    parts = [f"### {escape_md(view.title)}", escape_md(view.caption)]
    parts.append("\n".join(_table(layout)) if view.rows else "*Nothing to show.*")
    footer = [f"<sup>{note.marker}</sup> {escape_md(note.text)}" for note in layout.footnotes]
    footer += [escape_md(line) for line in layout.footer()]
    if any(len(text) > LONGEST for text in _texts(layout)):
        footer.append(f"Texts longer than {LONGEST} characters are cut; the CSV has them whole.")
    parts.append("\n".join(f"- {line}" for line in footer))
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(layout: Layout) -> list[str]:
    view = layout.view
    # Markdown has neither spanners nor row groups: both become words.
    order = ([view.index(view.group)] if view.group else []) + list(layout.columns)
    heads = []
    for position in order:
        column = view.columns[position]
        heads.append(": ".join(part for part in (column.group, layout.heading(column)) if part))
    lines = [_line([escape_md(head) for head in heads])]
    lines.append(_line(["---:" if view.columns[p].kind in NUMERIC else "---" for p in order]))
    lines += [_line([_cell(layout, row, position) for position in order]) for row in range(layout.shown)]
    return lines


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(layout: Layout, row: int, position: int) -> str:
    cell = layout.view.rows[row][position]
    text = layout.text(cell, layout.view.columns[position])
    text = escape_md(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
    suffix = layout.suffix(row, position)
    return _WRAP.get(cell.mark.split(" ")[0], "{}").replace("{}", text) + (
        f"<sup>{escape_md(suffix)}</sup>" if suffix else ""
    )


def _texts(layout: Layout) -> list[str]:
    return [cell.value for row in layout.view.rows[: layout.shown] for cell in row if isinstance(cell.value, str)]
