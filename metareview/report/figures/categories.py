"""Every value by metric and category of method, with the group's mean and how many values stand behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metareview.report.figures.panels import Labels, row_axis, swarm
from metareview.report.figures.reading import count, distinct, number, shown, value_rows
from metareview.report.figures.style import (
    INK,
    MUTED,
    PAPER,
    SMALL,
    TEXT,
    WIDTH,
    Look,
    canvas,
    draw_notes,
    inset,
    looks,
    put,
)
from metareview.report.figures.text import line_height, tidy, widest, wrap
from metareview.report.views.base import Value, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_metric"]

#: Below this many values a mean says little; the group is drawn open.
FEW = 3
_MARGIN, _LABEL, _ACROSS, _GAP, _ROW = 8.0, 96.0, 2, 22.0, 27.0
_NOTE = (
    f"One point per value; the bar is the group's mean, k the number of values. Open points and a dashed bar: fewer "
    f"than {FEW} values, no basis for a comparison."
)


@dataclass(slots=True)
class _Group:
    name: str
    values: list[float] = field(default_factory=list)
    mean: Value = None
    k: int | None = None

    @property
    def few(self) -> bool:
        return (len(self.values) if self.k is None else self.k) < FEW


def draw(views: Mapping[str, View]) -> Figure:
    """Return the panels of the view `metrics-by-category`, one per metric."""
    view = views["metrics-by-category"]
    metrics = distinct(tidy(metric) for metric in view.values("metric"))
    rows = [metrics[n : n + _ACROSS] for n in range(0, len(metrics), _ACROSS)]
    label = Labels.of([tidy(name) for name in distinct(view.values("category"))], _LABEL, SMALL).width
    right = widest((_mean(group, view) for metric in metrics for group in _groups(view, metric)), SMALL)
    heights = [max(len(_groups(view, metric)) for metric in row) * _ROW for row in rows]
    note = wrap(_NOTE, WIDTH - 2 * _MARGIN, SMALL)
    extra = line_height(TEXT) + 42
    figure, sheet = canvas(WIDTH, _MARGIN + sum(heights) + extra * len(rows) + line_height(SMALL) * len(note) + 8)
    y, wide = _MARGIN, (WIDTH - 2 * _MARGIN - _GAP * (_ACROSS - 1)) / _ACROSS
    for row, height in zip(rows, heights, strict=True):
        for position, metric in enumerate(row):
            left = _MARGIN + position * (wide + _GAP)
            put(sheet, left, y, wrap(metric, wide, TEXT, "bold", lines=1), weight="bold")
            own = len(_groups(view, metric)) * _ROW
            ax = inset(figure, left + label + 8, y + line_height(TEXT) + 4, wide - label - right - 16, own)
            draw_metric(view, metric, ax)
        y += height + extra
    draw_notes(sheet, _MARGIN, y, note, WIDTH)
    return figure


def draw_metric(view: View, metric: str, ax: Axes) -> Axes:
    """Draw the values of one metric onto axes, one row per category.

    Parameters
    ----------
    view : columns metric, category, value, group_mean and group_k.
    """
    groups = _groups(view, metric)
    table = looks(view.values("category"))
    labels = Labels.of([group.name for group in groups], _LABEL, SMALL, least=_ROW)
    row_axis(ax, labels)
    everything = [value for group in groups for value in group.values]
    low, high = min(everything), max(everything)
    spread = (high - low) or abs(high) or 1.0
    ax.set_xlim(low - 0.07 * spread, high + 0.07 * spread)
    for y, group in zip(labels.centres, groups, strict=True):
        _draw_group(group, table[group.name], y, spread * 0.03, ax)
        ax.annotate(
            _mean(group, view), (1, y), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points",
            fontsize=SMALL, color=MUTED if group.few else INK, va="center_baseline",
        )  # fmt: skip
    ax.grid(axis="x")
    ax.locator_params(axis="x", nbins=4)
    return ax


def _mean(group: _Group, view: View) -> str:
    k = len(group.values) if group.k is None else group.k
    return f"{shown(group.mean, view, 'group_mean')} (k = {k})"


def _draw_group(group: _Group, look: Look, y: float, near: float, ax: Axes) -> None:
    offsets = swarm(group.values, near, 3.4, _ROW / 2 - 4)
    fill = PAPER if group.few else look.colour
    edge, width = (look.colour, 1.2) if group.few else (PAPER, 0.5)
    heights = [y + offset for offset in offsets]
    ax.plot(group.values, heights, look.marker, mfc=fill, mec=edge, mew=width, ms=5.2, zorder=3, alpha=0.9)
    mean = number(group.mean)
    if mean is not None:
        ends = [y - _ROW / 2 + 3, y + _ROW / 2 - 3]
        ax.plot([mean, mean], ends, color=INK, lw=1.8, ls=(0, (2, 1.5)) if group.few else "-", zorder=4)


def _groups(view: View, metric: str) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for name, category, value, mean, k in value_rows(view, "metric", "category", "value", "group_mean", "group_k"):
        found = number(value)
        if tidy(name) != metric or found is None:
            continue
        group = groups.setdefault(tidy(category), _Group(tidy(category)))
        group.values.append(found)
        group.mean, group.k = mean, count(k)
    order = list(looks(groups))
    return sorted(groups.values(), key=lambda group: order.index(group.name))
