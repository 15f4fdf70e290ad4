"""The significance map: which method (row) is better than which (column), and how often it was.

After challengeR's significance maps: one-sided Wilcoxon signed-rank tests, adjusted by Holm over all ordered pairs.
The number in a cell is the probability of improvement, so that the map says something where no test can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from metareview.report.figures.reading import distinct, number, value_rows
from metareview.report.figures.style import (
    GRID,
    INK,
    MUTED,
    PANEL,
    PAPER,
    SMALL,
    canvas,
    colour_of,
    draw_notes,
    put,
)
from metareview.report.figures.text import ink_on, line_height, measure, tidy, widest, wrap
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_map"]

_MARGIN, _LABEL, _CELL, _HIGH, _KEY = 8.0, 190.0, 34.0, 20.0, 24.0
_ALPHA = 0.05
_BETTER, _WORSE = colour_of(0), colour_of(1)


def draw(views: Mapping[str, View]) -> Figure:
    """Return the map of the view `pairs-…`."""
    view = next(iter(views.values()))
    names = distinct(tidy(name) for row in value_rows(view, "first", "second") for name in row)
    label = min(_LABEL, widest(names, SMALL)) + 8
    top = min(widest(names, SMALL), 120.0) + 8
    width = max(2 * _MARGIN + label + _CELL * len(names), 480.0)
    tested = any(value is not None for value in view.values("p_better"))
    text = (
        "Rows against columns, best first. Numbers: share of what both have (columns or units) in which the row is "
        "better, in per cent. "
        f"{'Filled: one-sided p below 0.05 after Holm.' if tested else 'No cell is filled: there are no tests.'}"
    )
    texts = [text, *(view.notes[1:2] if not tested else ())]
    notes = [line for note in texts for line in wrap(tidy(note), width - 2 * _MARGIN, SMALL)]
    height = _MARGIN + _KEY + top + _HIGH * len(names) + 8
    figure, ax = canvas(width, height + (line_height(SMALL) + 3) * len(notes) + _MARGIN)
    _draw_key(ax)
    draw_map(view, names, (label, top), ax)
    draw_notes(ax, _MARGIN, height, notes, width - 2 * _MARGIN)
    return figure


def draw_map(view: View, names: list[str], margins: tuple[float, float], ax: Axes) -> Axes:
    """Draw the map onto a sheet measured in points.

    Parameters
    ----------
    view : columns first, second, improvement, p_better and p_worse.
    names : the methods, in order.
    margins : width of the row headings and height of the column headings.
    """
    left, top = _MARGIN + margins[0], _MARGIN + _KEY + margins[1]
    for at, name in enumerate(names):
        heading = wrap(name, _LABEL, SMALL, lines=1)[0]
        ax.text(
            left - 6, top + _HIGH * (at + 0.5), heading, fontsize=SMALL, ha="right", va="center_baseline", color=INK
        )
        heading = wrap(name, 120.0, SMALL, lines=1)[0]
        ax.text(left + _CELL * (at + 0.5) + SMALL * 0.36, top - 4, heading, fontsize=SMALL, rotation=90,
                rotation_mode="anchor", ha="left", va="baseline", color=INK)  # fmt: skip
        _box(ax, left + _CELL * at, top + _HIGH * at, GRID, "")
    keys = ("first", "second", "improvement", "p_better", "p_worse")
    for first, second, share, better, worse in value_rows(view, *keys):
        i, j = names.index(tidy(first)), names.index(tidy(second))
        for row, column, won, p, against in ((i, j, number(share), better, worse),
                                             (j, i, _other(number(share)), worse, better)):  # fmt: skip
            fill = _BETTER if _small(p) else _WORSE if _small(against) else PANEL
            text = "" if won is None else f"{100 * won:.0f}"
            _box(ax, left + _CELL * column, top + _HIGH * row, fill, text)
    return ax


def _other(share: float | None) -> float | None:
    return None if share is None else 1 - share


def _small(p: object) -> bool:
    return isinstance(p, float | int) and p < _ALPHA


def _box(ax: Axes, x: float, y: float, fill: str, text: str) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle((x, y), _CELL, _HIGH, fc=fill, ec=PAPER, lw=1.2))
    ink = INK if fill == PANEL else ink_on(*to_rgb(fill))
    ax.text(x + _CELL / 2, y + _HIGH / 2, text, fontsize=SMALL, ha="center", va="center_baseline", color=ink)


def _draw_key(ax: Axes) -> None:
    from matplotlib.patches import Rectangle

    x = _MARGIN
    for fill, text in ((_BETTER, "row better"), (_WORSE, "row worse"), (PANEL, "not decided")):
        ax.add_patch(Rectangle((x, _MARGIN), 16, 11, fc=fill, ec=MUTED if fill == PANEL else "none", lw=0.6))
        put(ax, x + 21, _MARGIN + 5.5 - line_height(SMALL) / 2, text, size=SMALL)
        x += 21 + measure(text, SMALL) + 16
