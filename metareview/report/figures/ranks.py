"""The rank plot: where each method stands, where it could stand, and where it stands when the data are drawn again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from metareview.report.figures.panels import Labels, row_axis
from metareview.report.figures.reading import number
from metareview.report.figures.style import (
    GRID,
    INK,
    MUTED,
    PANEL,
    PAPER,
    SMALL,
    WIDTH,
    canvas,
    colour_of,
    draw_notes,
    inset,
    put,
)
from metareview.report.figures.text import line_height, measure, tidy, wrap
from metareview.report.views.base import Cell, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_ranks", "rank_axis"]

_MARGIN, _LABEL, _ROW, _KEY = 8.0, 200.0, 19.0, 24.0
_KEYS = ("method", "bounds", "interval", "joint", "place")


def draw(views: Mapping[str, View]) -> Figure:
    """Return the plot of the view `ranking-…`."""
    (view,) = views.values()
    rows = _rows(view)
    labels = Labels.of([tidy(row[0].value) for row in rows], _LABEL, SMALL, least=_ROW)
    notes = [line for text in _notes(view, rows) for line in wrap(text, WIDTH - 2 * _MARGIN, SMALL)]
    left, top = _MARGIN + labels.width + 10, _MARGIN + _KEY
    figure, sheet = canvas(WIDTH, top + labels.height + 44 + (line_height(SMALL) + 3) * len(notes))
    _draw_key(sheet, left, _MARGIN, view, rows)
    draw_ranks(view, labels, inset(figure, left, top, WIDTH - left - 16, labels.height))
    draw_notes(sheet, _MARGIN, top + labels.height + 38, notes, WIDTH - 2 * _MARGIN)
    return figure


def _rows(view: View) -> list[tuple[Cell, ...]]:
    """The cells of every method; empty ones for intervals that the ranking has not."""
    there = {column.key for column in view.columns}
    none = (Cell(),) * len(view.rows)
    return list(zip(*(view.cells(key) if key in there else none for key in _KEYS), strict=True))


def draw_ranks(view: View, labels: Labels, ax: Axes) -> Axes:
    """Draw possible ranks as boxes, intervals as lines and the rank as a point onto axes.

    Parameters
    ----------
    view : columns method, place, and bounds, and where there are any interval and joint, with their limits.
    labels : the methods and their places.
    """
    from matplotlib.patches import Rectangle

    rows = _rows(view)
    row_axis(ax, labels)
    rank_axis(ax, len(rows))
    for (_, bounds, interval, joint, place), y in zip(rows, labels.centres, strict=True):
        if bounds.low is not None and bounds.high is not None:
            box = (bounds.low - 0.35, y - 6), bounds.high - bounds.low + 0.7, 12
            ax.add_patch(Rectangle(*box, fc=PANEL, ec=MUTED, lw=0.7, zorder=2))
        _draw_line(ax, joint, y, MUTED, 1.0)
        _draw_line(ax, interval, y, colour_of(0), 3.4)
        at = number(place.value)
        if at is not None:
            ax.plot([at], [y], "o", ms=6, mfc=INK, mec=PAPER, mew=0.8, zorder=5)
    return ax


def rank_axis(ax: Axes, ranks: int) -> Axes:
    """Give axes an x axis of ranks, best on the left."""
    ax.set_xlim(0.4, ranks + 0.6)
    step = max(1, -(-ranks // 20))
    ax.set_xticks([1, *range(step if step > 1 else 2, ranks + 1, step)])
    ax.set_xlabel("rank (1 is best)")
    ax.grid(axis="x", color=GRID)
    return ax


def _draw_line(ax: Axes, cell: Cell, y: float, colour: str, width: float) -> None:
    if cell.low is None or cell.high is None:
        return
    ends = (cell.low - 0.12, cell.high + 0.12) if cell.low == cell.high else (cell.low, cell.high)
    ax.plot(ends, [y, y], color=colour, lw=width, solid_capstyle="butt", zorder=4 if width > 2 else 3)


def _draw_key(ax: Axes, x: float, y: float, view: View, rows: list[tuple[Cell, ...]]) -> None:
    """Write what point, lines and boxes mean; only those that are there."""
    from matplotlib.patches import Rectangle

    middle = y + 7
    level = view.meta.get("level", "95%")
    ax.plot([x + 6], [middle], "o", ms=6, mfc=INK, mec=PAPER, mew=0.8)
    x = _key_text(ax, x + 16, middle, "rank")
    if any(row[1].low is not None for row in rows):
        ax.add_patch(Rectangle((x, middle - 5), 18, 10, fc=PANEL, ec=MUTED, lw=0.7))
        x = _key_text(ax, x + 23, middle, "possible with the missing cells" if view.meta.get("gaps") else "possible")
    for at, colour, width, text in ((2, colour_of(0), 3.4, f"{level} of replicates"), (3, MUTED, 1.0, "all at once")):
        if any(row[at].low is not None for row in rows):
            ax.plot([x, x + 18], [middle, middle], color=colour, lw=width, solid_capstyle="butt")
            x = _key_text(ax, x + 23, middle, text)


def _key_text(ax: Axes, x: float, y: float, text: str) -> float:
    put(ax, x, y - line_height(SMALL) / 2, text, size=SMALL)
    return x + measure(text, SMALL) + 14


def _notes(view: View, rows: list[tuple[Cell, ...]]) -> list[str]:
    notes = [f"Order by {view.meta.get('rule', 'the rule')}."]
    if any(row[1].low is not None for row in rows):
        notes.append(
            "Boxes: best and worst rank over all values that missing cells could have."
            if view.meta.get("gaps")
            else "No cell is missing, so the rank of this table is the only possible one."
        )
    if any(row[2].low is not None for row in rows):
        some = ", of the replicates that rank every method" if view.meta.get("some") else ""
        notes.append(
            f"Blue: ranks when the {view.meta.get('unit', 'data')} are drawn again{some}; they may leave the box."
        )
    else:
        notes.append("No intervals: the notes of the table say why.")
    return [" ".join(notes)]
