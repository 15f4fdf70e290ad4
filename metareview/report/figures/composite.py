"""Composite scores: the printed one and the one recomputed from the records, method by method in order of rank."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from metareview.report.figures.panels import Labels, row_axis
from metareview.report.figures.reading import cell_rows, number, shown
from metareview.report.figures.style import (
    INK,
    MUTED,
    PAPER,
    SMALL,
    TEXT,
    WIDTH,
    Look,
    canvas,
    colour_of,
    draw_legend,
    draw_notes,
    inset,
)
from metareview.report.figures.text import line_height, tidy, widest, wrap
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_composite"]

_MARGIN, _LABEL = 8.0, 210.0
_PRINTED, _AGAIN = Look(colour_of(0), "o", ""), Look(colour_of(3), "D", "", open=True)
_NOTE = (
    "k: values that entered the recomputed score. A grey line joins two scores that differ; thin lines are intervals."
)


def draw(views: Mapping[str, View]) -> Figure:
    """Return the dot plot of the view `benchmark`."""
    view = views["benchmark"]
    labels = _labels(view)
    note = wrap(_NOTE, WIDTH - 2 * _MARGIN, SMALL)
    height = 30 + labels.height + 40 + line_height(SMALL) * len(note) + 8
    figure, sheet = canvas(WIDTH, height)
    top = draw_legend(sheet, _MARGIN, _MARGIN, {"printed": _PRINTED, "recomputed here": _AGAIN}, WIDTH)
    left, right = _MARGIN + labels.width + 8, widest(_counts(view), SMALL) + 8
    ax = inset(figure, left, top + 6, WIDTH - left - right - _MARGIN, labels.height)
    draw_composite(view, ax)
    draw_notes(sheet, _MARGIN, top + 6 + labels.height + 38, note, WIDTH - 2 * _MARGIN)
    return figure


def draw_composite(view: View, ax: Axes) -> Axes:
    """Draw printed and recomputed composites onto axes, one row per method.

    Parameters
    ----------
    view : columns rank, method, composite, composite_recomputed and k.
    """
    labels = _labels(view)
    row_axis(ax, labels)
    rows = cell_rows(view, "composite", "composite_recomputed")
    for y, (printed, again), text in zip(labels.centres, rows, _counts(view), strict=True):
        first, second = number(printed.value), number(again.value)
        if again.low is not None and again.high is not None:
            ax.plot([again.low, again.high], [y, y], color=_AGAIN.colour, lw=1.1, alpha=0.7, zorder=2)
        if first is not None and second is not None and first != second:
            ax.plot([first, second], [y, y], color=MUTED, lw=2.4, alpha=0.6, zorder=1.5)
        if first is not None:
            ax.plot([first], [y], _PRINTED.marker, color=_PRINTED.colour, ms=7, zorder=3)
        if second is not None:
            ax.plot([second], [y], _AGAIN.marker, mfc=PAPER, mec=_AGAIN.colour, mew=1.3, ms=5, zorder=4)
        ax.annotate(
            text, (1, y), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points",
            fontsize=SMALL, color=INK if second is not None else MUTED, va="center_baseline",
        )  # fmt: skip
    ax.set_xlabel("composite score")
    ax.grid(axis="x")
    ax.margins(x=0.06)
    return ax


def _counts(view: View) -> list[str]:
    """Return what stands at the right of each row: how many values entered, or that none did."""
    return [
        "not recomputed" if number(again.value) is None else f"k = {shown(k.value, view, 'k')}"
        for again, k in cell_rows(view, "composite_recomputed", "k")
    ]


def _labels(view: View) -> Labels:
    names = [
        f"{shown(rank.value, view, 'rank')}.\N{NO-BREAK SPACE}{tidy(method.value)}"
        for rank, method in cell_rows(view, "rank", "method")
    ]
    return Labels.of(names, _LABEL, TEXT)
