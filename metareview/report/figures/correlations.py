"""Correlations between metrics: coefficient, interval and number of pairs in each cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from metareview.report.figures.matrix import Grid, draw_grid, draw_missing_key
from metareview.report.figures.reading import cell_rows, distinct, number, shown
from metareview.report.figures.style import SMALL, canvas, draw_notes, page
from metareview.report.figures.text import line_height, tidy, wrap
from metareview.report.views.base import Cell, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_correlations", "palette"]

_MARGIN, _LEAST = 8.0, 330.0
_NOTE = (
    "In each cell: the coefficient r, its interval, and n, the pairs it rests on. Blue is positive, orange negative."
)
#: More metrics than this, and the cells have no room for the interval; the table has it.
_MANY = 14


def draw(views: Mapping[str, View]) -> Figure:
    """Return the matrix of the view `correlations`."""
    view = views["correlations"]
    figure, ax = canvas(*_size(_grid(view)))
    draw_correlations(view, ax)
    return figure


def draw_correlations(view: View, ax: Axes) -> Axes:
    """Draw the matrix onto axes, which become a sheet measured in points.

    Parameters
    ----------
    view : columns metric_a, metric_b, r (with its interval) and n, one row per pair.
    """
    grid = _grid(view)
    width, height = _size(grid)
    page(ax, width, height)
    draw_grid(ax, _MARGIN, _MARGIN, grid, palette(), (-1.0, 1.0))
    y = _MARGIN + grid.size[1] + 10
    draw_missing_key(ax, _MARGIN, y, "no coefficient: too few pairs, or no spread")
    draw_notes(ax, _MARGIN, y + 18, [_NOTE], width - 2 * _MARGIN)
    return ax


def palette() -> Any:
    """Return the colours from -1 to 1: orange, white, blue, told apart by every form of colour blindness."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(
        "orange-white-blue", ["#b35806", "#f1a340", "#f7f7f7", "#6baed6", "#08519c"]
    )


def _size(grid: Grid) -> tuple[float, float]:
    width, height = grid.size
    width = max(width, _LEAST) + 2 * _MARGIN
    note = wrap(_NOTE, width - 2 * _MARGIN, SMALL)
    return width, height + 2 * _MARGIN + 28 + line_height(SMALL) * len(note)


def _grid(view: View) -> Grid:
    """Arrange pairs as the lower triangle: one row and one column less than there are metrics."""
    rows = [(tidy(a.value), tidy(b.value), r, n) for a, b, r, n in cell_rows(view, "metric_a", "metric_b", "r", "n")]
    names = distinct(name for a, b, *_ in rows for name in (a, b))
    place = {name: position for position, name in enumerate(names)}
    values: dict[tuple[int, int], float] = {}
    texts: dict[tuple[int, int], list[str]] = {}
    for a, b, r, n in rows:
        if a == b:
            continue
        low, high = sorted((place[a], place[b]))
        found = number(r.value)
        if found is not None:
            values[high - 1, low] = found
        texts[high - 1, low] = _lines(view, r, n, len(names) > _MANY)
    blank = frozenset((i, j) for i in range(len(names) - 1) for j in range(len(names) - 1) if j > i)
    cell = (46.0, 32.0) if len(names) > _MANY else (76.0, 46.0)
    return Grid(names[1:], names[:-1], values, texts, cell, blank=blank)


def _lines(view: View, r: Cell, n: Cell, short: bool) -> list[str]:
    pairs = f"n = {shown(n.value, view, 'n')}"
    if number(r.value) is None:
        return [pairs]
    interval = [] if short or r.low is None or r.high is None else [
        f"[{shown(r.low, view, 'r')}, {shown(r.high, view, 'r')}]"
    ]  # fmt: skip
    return [shown(r.value, view, "r"), *interval, pairs]
