"""HTML: a semantic table whose numbers lead back to their documents.

The page decides how it looks; here stands what it is: caption, scopes, groups, footnotes, ``data-value`` to sort by,
and ``data-refs`` with the positions of a cell's sources in the page's `RefIndex`. Without an index (a notebook) the
sources stand in ``title``.
"""

from __future__ import annotations

from html import escape

from metareview.report.tables.layout import NUMERIC, Layout, lay_out
from metareview.report.tables.sources import RefIndex
from metareview.report.views.base import Cell, Column, View
from metareview.report.views.format import clean, machine
from metareview.results import Dropped

__all__ = ["escape_html", "render_html"]

#: Texts longer than this are folded behind their beginning.
FOLDED = 300
#: Texts up to this length are better not broken into lines.
SHORT = 24
#: Sources written into a title before the rest is counted.
TITLED = 8

_ARROWS = {"↑": "higher is better", "↓": "lower is better"}


def escape_html(text: str) -> str:
    """Return text for an element or a quoted attribute.

    >>> escape_html('<script>"')
    '&lt;script&gt;&quot;'
    """
    return escape(clean(text), quote=True)


def render_html(view: View, refs: RefIndex | None = None) -> str:
    """Return a view as an HTML ``figure`` with its table and everything that stands under it.

    Parameters
    ----------
    view : the view.
    refs : the index that the page shares over its tables; None writes the sources into ``title`` attributes.
    """
    layout = lay_out(view)
    name = escape_html(view.name)
    caption = f'<span class="mr-title">{escape_html(view.title)}</span> {escape_html(view.caption)}'
    if view.rows:
        table = [
            f'<div class="mr-scroll" tabindex="0" role="region" aria-label="{escape_html(view.title)}">',
            f'<table class="mr" data-view="{name}">',
            f"<caption>{caption}</caption>",
            *_head(layout),
            *_bodies(layout, refs),
            "</table>",
            "</div>",
        ]
    else:
        table = [f'<p class="mr-caption">{caption}</p>', '<p class="mr-empty">Nothing to show.</p>']
    return "\n".join([f'<figure class="mr-table" id="table-{name}">', *table, *_footer(layout), "</figure>"]) + "\n"


def _head(layout: Layout) -> list[str]:
    if not layout.spanners:
        return ["<thead>", "<tr>", *(_column_head(layout, p) for p in layout.columns), "</tr>", "</thead>"]
    upper, lower = [], []
    for spanner in layout.spanners:
        under = layout.columns[spanner.start : spanner.start + spanner.width]
        if spanner.label:
            upper.append(f'<th scope="colgroup" colspan="{spanner.width}">{escape_html(spanner.label)}</th>')
            lower += [_column_head(layout, p) for p in under]
        else:
            upper += [_column_head(layout, p, ' rowspan="2"') for p in under]
    return ["<thead>", "<tr>", *upper, "</tr>", "<tr>", *lower, "</tr>", "</thead>"]


def _column_head(layout: Layout, position: int, extra: str = "") -> str:
    column = layout.view.columns[position]
    label = f'<span dir="auto">{escape_html(column.label)}</span>'
    if column.arrow:
        meaning = _ARROWS.get(column.arrow, "")
        label += f' <span class="mr-arrow" title="{meaning}" aria-label="{meaning}">{escape_html(column.arrow)}</span>'
    sort = "number" if column.kind in NUMERIC else "text"
    help_ = f' title="{escape_html(column.help)}"' if column.help else ""
    css = ' class="num"' if column.kind in NUMERIC else ' class="mr-stub"' if position == layout.stub else ""
    key = escape_html(column.key)
    return f'<th scope="col"{extra}{css} data-key="{key}" data-sort="{sort}"{help_}>{label}</th>'


def _bodies(layout: Layout, refs: RefIndex | None) -> list[str]:
    lines = []
    for label, rows in layout.groups:
        lines.append("<tbody>")
        if label is not None:
            head = f'<th scope="rowgroup" colspan="{len(layout.columns)}"><bdi>{_multiline(label)}</bdi></th>'
            lines.append(f'<tr class="mr-group">{head}</tr>')
        for row in rows:
            cells = (_cell(layout, row, position, column, cell, refs) for position, column, cell in layout.cells(row))
            lines.append(f"<tr>{''.join(cells)}</tr>")
        lines.append("</tbody>")
    return lines


def _cell(layout: Layout, row: int, position: int, column: Column, cell: Cell, refs: RefIndex | None) -> str:
    body = _body(layout.text(cell, column), cell)
    suffix = layout.suffix(row, position)
    if suffix:
        body += f"<sup>{escape_html(suffix)}</sup>"
    attributes = _attributes(column, cell, refs)
    return f'<th scope="row"{attributes}>{body}</th>' if position == layout.stub else f"<td{attributes}>{body}</td>"


def _body(text: str, cell: Cell) -> str:
    if len(text) > FOLDED:
        start = escape_html(text[:80].replace("\n", " "))
        body = f"<details><summary><bdi>{start}…</bdi></summary><bdi>{_multiline(text)}</bdi></details>"
    else:
        # bdi keeps right-to-left text from reordering what stands beside it.
        body = f"<bdi>{_multiline(text)}</bdi>" if isinstance(cell.value, str) else escape_html(text)
    return {"best": f"<strong>{body}</strong>", "second": f"<u>{body}</u>"}.get(cell.mark.split(" ")[0], body)


def _multiline(text: str) -> str:
    return escape_html(text).replace("\n", "<br>")


def _attributes(column: Column, cell: Cell, refs: RefIndex | None) -> str:
    classes = ["num"] if column.kind in NUMERIC else []
    classes += ["mr-short"] if isinstance(cell.value, str) and len(cell.value) <= SHORT else []
    classes += [f"mr-{mark}" for mark in cell.mark.split()]
    classes += ["mr-missing"] if cell.value is None else []
    classes += ["mr-uncertain"] if any(ref.uncertain for ref in cell.refs) else []
    parts = [f' class="{" ".join(classes)}"'] if classes else []
    if cell.value is None or not isinstance(cell.value, str):
        parts.append(f' data-value="{machine(cell.value)}"')
    if refs is None:
        title = "\n".join([*([cell.note] if cell.note else []), *_titles(cell)])
        parts += [f' title="{escape_html(title)}"'] if title else []
    else:
        parts += [f' data-refs="{refs.add(cell.refs)}"'] if cell.refs else []
        parts += [f' data-note="{escape_html(cell.note)}"'] if cell.note else []
    return "".join(parts)


def _titles(cell: Cell) -> list[str]:
    lines = []
    for ref in dict.fromkeys(cell.refs):
        doubt = " (reading uncertain" + (f": {ref.note})" if ref.note else ")") if ref.uncertain else ""
        lines.append(f"{ref}{doubt}")
    rest = len(lines) - TITLED
    return [*lines[:TITLED], f"and {rest} more"] if rest > 0 else lines


def _footer(layout: Layout) -> list[str]:
    view = layout.view
    items = [f'<li class="mr-footnote"><sup>{n.marker}</sup> {_multiline(n.text)}</li>' for n in layout.footnotes]
    items += [f"<li>{_multiline(text)}</li>" for text in (*layout.legend, *view.notes)]
    items += [f'<li class="mr-warning">Warning: {_multiline(text)}</li>' for text in view.warnings]
    items += _dropped(view.dropped)
    return ['<footer class="mr-notes">', "<ul>", *items, "</ul>", "</footer>"] if items else []


def _dropped(dropped: tuple[Dropped, ...]) -> list[str]:
    """Every row left out stands on the page, folded by reason."""
    reasons: dict[str, list[str]] = {}
    for row in dropped:
        reasons.setdefault(row.reason, []).append(row.what + (f" [{row.ref}]" if row.ref else ""))
    items = []
    for reason, names in reasons.items():
        rows = "".join(f"<li>{escape_html(name)}</li>" for name in names)
        summary = f"<summary>Left out, {escape_html(reason)}: {len(names)}</summary>"
        items.append(f'<li class="mr-dropped"><details>{summary}<ul>{rows}</ul></details></li>')
    return items
