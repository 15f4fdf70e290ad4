"""Forest plots of refits: without one effect at a time, and with effects added one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from metareview.report.figures.forest import Row, draw_rows
from metareview.report.figures.panels import Labels
from metareview.report.figures.reading import cell_rows, column, number
from metareview.report.figures.style import SMALL, WIDTH, canvas, draw_notes, inset, put
from metareview.report.figures.text import line_height, tidy, widest, wrap
from metareview.report.views.base import View
from metareview.report.views.format import display_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw"]

_MARGIN, _LABEL, _GAP, _ROW = 8.0, 200.0, 10.0, 16.0


def draw(views: Mapping[str, View]) -> Figure:
    """Return the plot of a view `leave-one-out-…` or `cumulative-…`."""
    (view,) = views.values()
    cells = cell_rows(view, "label", "k", "estimate")
    whole = view.name.startswith("leave-one-out")
    rows = [
        Row("pooled" if whole and i == len(cells) - 1 else "effect", tidy(label.value), number(value.value), value.low,
            value.high)
        for i, (label, _, value) in enumerate(cells)
    ]  # fmt: skip
    texts = [tidy(display_cell(value, column(view, "estimate"))) for _, _, value in cells]
    sizes = [str(k.value) for _, k, _ in cells]
    heads = (f"Pooled [{view.meta.get('level', '95%')} interval]", "k")
    labels = Labels.of([row.label for row in rows], _LABEL, SMALL, least=_ROW)
    wide, thin = widest([*texts, heads[0]], SMALL), widest([*sizes, "000"], SMALL)
    left = _MARGIN + labels.width + _GAP
    room = WIDTH - left - wide - thin - 3 * _GAP - _MARGIN
    notes = [line for text in view.warnings for line in wrap(tidy(text), WIDTH - 2 * _MARGIN, SMALL)]
    top = _MARGIN + line_height(SMALL) + 4
    figure, sheet = canvas(WIDTH, top + labels.height + 46 + (line_height(SMALL) + 3) * len(notes))
    right = left + room + wide + _GAP
    put(sheet, right, _MARGIN, heads[0], size=SMALL, weight="bold", ha="right")
    put(sheet, WIDTH - _MARGIN, _MARGIN, heads[1], size=SMALL, weight="bold", ha="right")
    for row, middle, text, size in zip(rows, labels.centres, texts, sizes, strict=True):
        weight, y = "bold" if row.kind == "pooled" else "normal", top + middle - line_height(SMALL) / 2
        put(sheet, right, y, text, size=SMALL, weight=weight, ha="right")
        put(sheet, WIDTH - _MARGIN, y, size, size=SMALL, ha="right")
    ax = inset(figure, left, top, room, labels.height)
    reference = view.meta.get("reference")
    draw_rows(
        rows, labels, ax, log=view.meta.get("axis") == "log", reference=None if reference is None else float(reference)
    )
    ax.set_xlabel("\n".join(wrap(tidy(view.meta.get("measure", "")), room + 60, SMALL, lines=2)), fontsize=SMALL)
    draw_notes(sheet, _MARGIN, top + labels.height + 42, notes, WIDTH - 2 * _MARGIN)
    return figure
