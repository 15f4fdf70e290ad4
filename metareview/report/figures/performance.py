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

_MARGIN, _LABEL, _ROW, _GAP = 8.0, 190.0, 21.0, 34.0


def draw(views: Mapping[str, View]) -> Figure:
    """Return the panels of the view `dataset-performance`, one per metric, one row per data set."""
    view = views["dataset-performance"]
    panels = {metric: _labels(view, metric) for metric in distinct(tidy(metric) for metric in view.values("metric"))}
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
    points = _points(view, metric)
    values = [value for _, _, value in points]
    spread = (max(values) - min(values)) or abs(values[0]) or 1.0
    ax.set_xlim(min(values) - 0.04 * spread, max(values) + 0.04 * spread)
    for y, dataset in zip(labels.centres, distinct(dataset for dataset, _, _ in points), strict=True):
        ax.axhline(y, color=GRID, lw=0.5, zorder=0.5)
        here = [(category, value) for name, category, value in points if name == dataset]
        offsets = swarm([value for _, value in here], 0.012 * spread, 3.2, _ROW / 2 - 3)
        for (category, value), offset in zip(here, offsets, strict=True):
            look = table[category]
            ax.plot([value], [y + offset], look.marker, color=look.colour, ms=5.2, mec=PAPER, mew=0.5, zorder=3)
    ax.grid(axis="x")
    return ax


def _points(view: View, metric: str) -> list[tuple[str, str, float]]:
    """Return data set, category and value of every row of one metric that has a value."""
    found = []
    for dataset, name, category, value in value_rows(view, "dataset", "metric", "category", "value"):
        score = number(value)
        if tidy(name) == metric and score is not None:
            found.append((tidy(dataset), tidy(category), score))
    return found


def _labels(view: View, metric: str) -> Labels:
    return Labels.of(distinct(dataset for dataset, _, _ in _points(view, metric)), _LABEL, SMALL, least=_ROW)
