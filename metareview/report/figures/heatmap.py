"""Methods by data sets, one matrix per metric; where nobody has tested a method, the cell is hatched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from metareview.errors import InputError
from metareview.report.figures.matrix import Grid, draw_grid, draw_missing_key
from metareview.report.figures.reading import distinct, number, shown, value_rows
from metareview.report.figures.style import SMALL, TEXT, canvas, put
from metareview.report.figures.text import line_height, measure, tidy, widest, wrap
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_metric", "grid_of", "palette"]

_MARGIN, _KEY, _GAP, _HIGH, _LABEL = 8.0, 24.0, 22.0, 17.0, 290.0
_LEAST, _MOST = 34.0, 76.0
#: Height of a matrix's name and colours, and the widest line of matrices.
_HEADING, _ROOM = line_height(TEXT) + line_height(SMALL) + 9, 900.0


def draw(views: Mapping[str, View]) -> Figure:
    """Return the matrices of the view `heatmap`; those with the same methods stand beside each other."""
    view = views["heatmap"]
    grids = {metric: grid_of(view, metric) for metric in distinct(tidy(metric) for metric in view.values("metric"))}
    lines = _lines({metric: grid for metric, grid in grids.items() if grid.values})
    widths = [sum(_width(metric, grid) + _GAP for metric, grid in line) - _GAP for line in lines]
    width = max(420.0, *widths) + 2 * _MARGIN
    heights = [_HEADING + max(grid.size[1] for _, grid in line) + _GAP for line in lines]
    figure, ax = canvas(width, 2 * _MARGIN + _KEY + sum(heights) - _GAP)
    draw_missing_key(ax, _MARGIN, _MARGIN, "no value recorded")
    y = _MARGIN + _KEY
    for line, height in zip(lines, heights, strict=True):
        x, top = _MARGIN, max(grid.top for _, grid in line)
        for metric, grid in line:
            draw_metric(ax, x, y + top - grid.top, grid, view, metric)
            x += _width(metric, grid) + _GAP
        y += height
    return figure


def draw_metric(ax: Axes, x: float, y: float, grid: Grid, view: View, metric: str) -> None:
    """Draw one matrix onto a sheet, with its name and the range of its colours above it."""
    low, high = min(grid.values.values()), max(grid.values.values())
    put(ax, x, y, metric, weight="bold")
    _draw_scale(ax, x, y + line_height(TEXT) + 3, shown(low, view, "value"), shown(high, view, "value"))
    draw_grid(ax, x, y + _HEADING, grid, palette(), (low, high))


def _lines(grids: Mapping[str, Grid]) -> list[list[tuple[str, Grid]]]:
    """Put matrices with the same methods side by side while there is room; only the first names them."""
    lines: list[list[tuple[str, Grid]]] = []
    for metric, grid in grids.items():
        bare = replace(grid, headed=False)
        line = lines[-1] if lines else []
        used = sum(_width(name, other) + _GAP for name, other in line)
        if line and line[0][1].rows == grid.rows and used + _width(metric, bare) <= _ROOM:
            line.append((metric, bare))
        else:
            lines.append([(metric, grid)])
    return lines


def _width(metric: str, grid: Grid) -> float:
    return max(grid.size[0], measure(metric, TEXT, "bold"), 24 * 3 + 80)


def palette() -> Any:
    """Return the colours of scores: light to dark in every rendering, grey included (seaborn's `crest`)."""
    from seaborn import color_palette

    return color_palette("crest", as_cmap=True)


def grid_of(view: View, metric: str) -> Grid:
    """Return the matrix of one metric: the methods and data sets that have a value for it, in the order of the view.

    Raises
    ------
    InputError
        If the view has two rows for the same method, data set and metric.
    """
    rows = [(tidy(a), tidy(b), number(v), v) for a, b, m, v in value_rows(view, "method", "dataset", "metric", "value")
            if tidy(m) == metric]  # fmt: skip
    filled = [row for row in rows if row[2] is not None]
    methods, datasets = distinct(row[0] for row in filled), distinct(row[1] for row in filled)
    values: dict[tuple[int, int], float] = {}
    texts: dict[tuple[int, int], list[str]] = {}
    for method, dataset, score, value in filled:
        place = methods.index(method), datasets.index(dataset)
        if place in values:
            raise InputError(
                f"view {view.name}: two rows for method {method}, data set {dataset}, metric {metric}; a cell of the "
                "matrix holds one value"
            )
        values[place] = score or 0.0
        texts[place] = [shown(value, view, "value")]
    wide = max(widest((text[0] for text in texts.values()), SMALL) + 10, _LEAST)
    if len(datasets) <= 8:  # few columns have room for headings written across
        wide = max(wide, min(_MOST, widest((word for name in datasets for word in name.split()), SMALL) + 10))
    two = any(len(wrap(name, _LABEL, SMALL, lines=2)) > 1 for name in methods)
    return Grid(methods, datasets, values, texts, (wide, _HIGH + (9.0 if two else 0.0)), label=_LABEL)


def _draw_scale(ax: Axes, x: float, y: float, low: str, high: str) -> None:
    """Draw the colours from the lowest to the highest value."""
    from matplotlib.patches import Rectangle

    colours = palette()
    put(ax, x, y, low, size=SMALL)
    x += measure(low, SMALL) + 5
    for step in range(24):
        ax.add_patch(Rectangle((x + step * 3, y + 1), 3.2, 8, fc=colours(step / 23), ec="none"))
    put(ax, x + 24 * 3 + 5, y, high, size=SMALL)
