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
#: Size of a point, and how far points may stand off their line to make room for each other.
_POINT, _SPREAD = 5.2, 34.0
_NOTE = (
    f"One point per value; the bar is the group's mean, k the number of values that entered it. Open points and a "
    f"dashed bar: fewer than {FEW} values, no basis for a comparison."
)
_AVERAGED = " Where there are more points than k, several values of one experiment entered as their mean."


@dataclass(slots=True)
class _Group:
    name: str
    values: list[float] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)
    mean: Value = None
    k: int | None = None

    @property
    def few(self) -> bool:
        return (len(self.values) if self.k is None else self.k) < FEW

    @property
    def height(self) -> float:
        return max(_ROW, 2 * max(map(abs, self.offsets)) + _POINT + 8)


def draw(views: Mapping[str, View]) -> Figure:
    """Return the panels of the view `metrics-by-category`, one per metric."""
    view = views["metrics-by-category"]
    panels = {metric: _groups(view, metric) for metric in distinct(tidy(metric) for metric in view.values("metric"))}
    panels = {metric: groups for metric, groups in panels.items() if groups}
    rows = [list(panels)[n : n + _ACROSS] for n in range(0, len(panels), _ACROSS)]
    label = Labels.of([tidy(name) for name in distinct(view.values("category"))], _LABEL, SMALL).width
    right = widest((_mean(group, view) for groups in panels.values() for group in groups), SMALL)
    heights = [max(_labels(panels[metric]).height for metric in row) for row in rows]
    averaged = any(
        group.k is not None and group.k < len(group.values) for groups in panels.values() for group in groups
    )
    note = wrap(_NOTE + _AVERAGED * averaged, WIDTH - 2 * _MARGIN, SMALL)
    extra = line_height(TEXT) + 42
    figure, sheet = canvas(WIDTH, _MARGIN + sum(heights) + extra * len(rows) + line_height(SMALL) * len(note) + 8)
    y, wide = _MARGIN, (WIDTH - 2 * _MARGIN - _GAP * (_ACROSS - 1)) / _ACROSS
    for row, height in zip(rows, heights, strict=True):
        for position, metric in enumerate(row):
            left = _MARGIN + position * (wide + _GAP)
            put(sheet, left, y, wrap(metric, wide, TEXT, "bold", lines=1), weight="bold")
            own = _labels(panels[metric]).height
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
    labels = _labels(groups)
    row_axis(ax, labels)
    low, high, spread = _range(groups)
    ax.set_xlim(low - 0.07 * spread, high + 0.07 * spread)
    for y, height, group in zip(labels.centres, labels.heights, groups, strict=True):
        _draw_group(group, table[group.name], y, height, ax)
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


def _draw_group(group: _Group, look: Look, y: float, height: float, ax: Axes) -> None:
    fill = PAPER if group.few else look.colour
    edge, width = (look.colour, 1.2) if group.few else (PAPER, 0.5)
    heights = [y + offset for offset in group.offsets]
    ax.plot(group.values, heights, look.marker, mfc=fill, mec=edge, mew=width, ms=_POINT, zorder=3, alpha=0.9)
    mean = number(group.mean)
    if mean is not None:
        ends = [y - height / 2 + 3, y + height / 2 - 3]
        ax.plot([mean, mean], ends, color=INK, lw=1.8, ls=(0, (2, 1.5)) if group.few else "-", zorder=4)


def _labels(groups: list[_Group]) -> Labels:
    return Labels.of([group.name for group in groups], _LABEL, SMALL, least=[group.height for group in groups])


def _range(groups: list[_Group]) -> tuple[float, float, float]:
    """Return lowest and highest value, and the distance between them (1 where there is none)."""
    values = [value for group in groups for value in group.values]
    low, high = min(values), max(values)
    return low, high, (high - low) or abs(high) or 1.0


def _groups(view: View, metric: str) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for name, category, value, mean, k in value_rows(view, "metric", "category", "value", "group_mean", "group_k"):
        found = number(value)
        if tidy(name) != metric or found is None:
            continue
        group = groups.setdefault(tidy(category), _Group(tidy(category)))
        group.values.append(found)
        group.mean, group.k = mean, count(k)
    for group in groups.values():
        group.offsets = swarm(group.values, 0.035 * _range(list(groups.values()))[2], _POINT - 1, _SPREAD)
    order = list(looks(groups))
    return sorted(groups.values(), key=lambda group: order.index(group.name))
