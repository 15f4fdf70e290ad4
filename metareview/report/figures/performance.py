"""Every value by metric and data set, with the category of the method as marker and colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from metareview.report.figures.panels import Labels, row_axis, swarm
from metareview.report.figures.reading import distinct, number, value_rows
from metareview.report.figures.style import GRID, PAPER, SMALL, TEXT, WIDTH, canvas, draw_legend, inset, looks, put
from metareview.report.figures.text import line_height, tidy
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_metric"]

_MARGIN, _LABEL, _ROW, _GAP = 8.0, 190.0, 20.0, 34.0
#: Size of a point, and how far points may stand off their line to make room for each other.
_POINT, _SPREAD = 5.2, 42.0


def draw(views: Mapping[str, View]) -> Figure:
    """Return the panels of the view `dataset-performance`, one per metric, one row per data set."""
    view = views["dataset-performance"]
    rows = value_rows(view, "metric", "value")
    metrics = distinct(tidy(metric) for metric, value in rows if number(value) is not None)
    panels = {metric: _labels(view, metric) for metric in metrics}
    table = looks(view.values("category"))
    height = sum(labels.height + line_height(TEXT) + 4 + _GAP for labels in panels.values())
    scratch, sheet = canvas(WIDTH, 100)  # the legend's height depends on how it breaks
    legend = draw_legend(sheet, 0, 0, table, WIDTH - 2 * _MARGIN)
    scratch.clear()
    figure, sheet = canvas(WIDTH, _MARGIN + legend + 6 + height)
    y = draw_legend(sheet, _MARGIN, _MARGIN, table, WIDTH - 2 * _MARGIN) + 6
    left = _MARGIN + max(labels.width for labels in panels.values()) + 8
    for metric, labels in panels.items():
        put(sheet, _MARGIN, y, metric, weight="bold")
        y += line_height(TEXT) + 4
        draw_metric(view, metric, inset(figure, left, y, WIDTH - left - 14, labels.height))
        y += labels.height + _GAP
    return figure


def draw_metric(view: View, metric: str, ax: Axes) -> Axes:
    """Draw the values of one metric onto axes, one row per data set.

    Parameters
    ----------
    view : columns dataset, metric, category and value.
    """
    table = looks(view.values("category"))
    labels = _labels(view, metric)
    row_axis(ax, labels)
    ax.set_xlim(*_limits(view, metric))
    for y, (points, offsets) in zip(labels.centres, _rows(view, metric).values(), strict=True):
        ax.axhline(y, color=GRID, lw=0.5, zorder=0.5)
        for (category, value), offset in zip(points, offsets, strict=True):
            look = table[category]
            ax.plot([value], [y + offset], look.marker, color=look.colour, ms=_POINT, mec=PAPER, mew=0.5, zorder=3)
    ax.grid(axis="x")
    return ax


def _rows(view: View, metric: str) -> dict[str, tuple[list[tuple[str, float]], list[float]]]:
    """Return category and value of every point by data set, and how far each stands off its line."""
    found: dict[str, list[tuple[str, float]]] = {}
    for dataset, name, category, value in value_rows(view, "dataset", "metric", "category", "value"):
        score = number(value)
        if tidy(name) == metric and score is not None:
            found.setdefault(tidy(dataset), []).append((tidy(category), score))
    low, high = _limits(view, metric)
    near = (high - low) * _POINT / (WIDTH - 2 * _LABEL / 3)
    return {
        dataset: (points, swarm([value for _, value in points], near, _POINT - 1, _SPREAD))
        for dataset, points in found.items()
    }


def _limits(view: View, metric: str) -> tuple[float, float]:
    rows = value_rows(view, "metric", "value")
    values = [score for name, value in rows if tidy(name) == metric and (score := number(value)) is not None]
    spread = (max(values) - min(values)) or abs(values[0]) or 1.0
    return min(values) - 0.04 * spread, max(values) + 0.04 * spread


def _labels(view: View, metric: str) -> Labels:
    rows = _rows(view, metric)
    heights = [max(_ROW, 2 * max(map(abs, offsets)) + _POINT + 6) for _, offsets in rows.values()]
    return Labels.of(list(rows), _LABEL, SMALL, least=heights)
