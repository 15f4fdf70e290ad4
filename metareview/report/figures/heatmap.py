"""Methods by data sets, one matrix per metric; where nobody has tested a method, the cell is hatched."""

from __future__ import annotations

from collections.abc import Mapping
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

_MARGIN, _KEY, _GAP, _HIGH = 8.0, 24.0, 22.0, 17.0
_LEAST, _MOST = 34.0, 76.0


def draw(views: Mapping[str, View]) -> Figure:
    """Return the matrices of the view `heatmap`, one below the other."""
    view = views["heatmap"]
    grids = {metric: grid_of(view, metric) for metric in distinct(tidy(metric) for metric in view.values("metric"))}
    grids = {metric: grid for metric, grid in grids.items() if grid.values}
    heading = line_height(TEXT) + 4
    width = max(420.0, *(grid.size[0] for grid in grids.values())) + 2 * _MARGIN
    height = 2 * _MARGIN + _KEY + sum(grid.size[1] + heading + _GAP for grid in grids.values()) - _GAP
    figure, ax = canvas(width, height)
    draw_missing_key(ax, _MARGIN, _MARGIN, "no value recorded")
    y = _MARGIN + _KEY
    for metric, grid in grids.items():
        put(ax, _MARGIN, y, wrap(metric, width * 0.5, TEXT, "bold", lines=1), weight="bold")
        draw_metric(ax, _MARGIN, y, grid, view, metric)
        y += heading + grid.size[1] + _GAP
    return figure


def draw_metric(ax: Axes, x: float, y: float, grid: Grid, view: View, metric: str) -> None:
    """Draw one matrix onto a sheet, with the range of its colours beside its name."""
    low, high = min(grid.values.values()), max(grid.values.values())
    start = x + measure(metric, TEXT, "bold") + 18
    _draw_scale(ax, start, y + 1, shown(low, view, "value"), shown(high, view, "value"))
    draw_grid(ax, x, y + line_height(TEXT) + 4, grid, palette(), (low, high))


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
    return Grid(methods, datasets, values, texts, (wide, _HIGH))


def _draw_scale(ax: Axes, x: float, y: float, low: str, high: str) -> None:
    """Draw the colours from the lowest to the highest value."""
    from matplotlib.patches import Rectangle

    colours = palette()
    x = put_left(ax, x, y, low) + 5
    for step in range(24):
        ax.add_patch(Rectangle((x + step * 3, y + 1), 3.2, 8, fc=colours(step / 23), ec="none"))
    put_left(ax, x + 24 * 3 + 5, y, high)


def put_left(ax: Axes, x: float, y: float, text: str) -> float:
    """Write small text and return the x at its end."""
    put(ax, x, y, text, size=SMALL)
    return x + measure(text, SMALL)
