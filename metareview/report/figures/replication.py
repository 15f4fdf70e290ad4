"""Reported against re-run: per score the mean of the runs with its intervals, and the published value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from metareview.report.figures.panels import Labels, row_axis
from metareview.report.figures.reading import cell_rows, number
from metareview.report.figures.style import (
    GRID,
    INK,
    MUTED,
    PAPER,
    SMALL,
    TEXT,
    WIDTH,
    canvas,
    colour_of,
    draw_notes,
    inset,
    put,
)
from metareview.report.figures.text import line_height, tidy, wrap
from metareview.report.views.base import Cell, Value, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_scores"]

_MARGIN, _LABEL, _ROW, _GAP = 8.0, 210.0, 20.0, 34.0
#: How far below its line the runs of a score stand.
_BELOW = 7.0
_OURS, _THEIRS = colour_of(0), colour_of(3)
_NOTE = (
    "Squares: mean of our runs; dots below: the runs; thick bar: interval of the mean, thin bar: where another run is "
    "expected. Diamonds: reported values, open where the verdict is that they cannot be compared. An arrow ends a bar "
    "that goes on. Scores that stand beside no other one are in the table only."
)


@dataclass(frozen=True, slots=True)
class _Score:
    """One line: a re-run score with its single runs, where another run is expected, and the reported value."""

    label: str
    mean: Cell
    expected: Cell
    reported: float | None
    comparable: bool
    runs: tuple[float, ...] = ()


def draw(views: Mapping[str, View]) -> Figure:
    """Return the panels of the view `replication`, one per data set and metric."""
    view = views["replication"]
    panels = _panels(view)
    labels = {name: Labels.of([row.label for row in rows], _LABEL, SMALL, least=_ROW) for name, rows in panels.items()}
    head = line_height(TEXT) + 4
    notes = wrap(_NOTE, WIDTH - 2 * _MARGIN, SMALL)
    height = sum(part.height + head + _GAP for part in labels.values())
    figure, sheet = canvas(WIDTH, 2 * _MARGIN + height + (line_height(SMALL) + 3) * len(notes))
    left = _MARGIN + max(part.width for part in labels.values()) + 8
    y = _MARGIN
    for name, rows in panels.items():
        put(sheet, _MARGIN, y, name, weight="bold")
        draw_scores(rows, labels[name], inset(figure, left, y + head, WIDTH - left - 14, labels[name].height))
        y += head + labels[name].height + _GAP
    draw_notes(sheet, _MARGIN, y, notes, WIDTH - 2 * _MARGIN)
    return figure


def _panels(view: View) -> dict[str, list[_Score]]:
    """Return the lines of each data set and metric, in the order of the view; a line beside nothing tells nothing."""
    keys = ("dataset", "metric", "method", "rerun", "expected", "reported", "verdict", "runs")
    found: dict[str, list[_Score]] = {}
    for dataset, metric, method, mean, expected, reported, verdict, runs in cell_rows(view, *keys):
        name = f"{tidy(dataset.value)}: {tidy(metric.value)}"
        comparable = verdict.value != "not comparable"
        found.setdefault(name, []).append(
            _Score(tidy(method.value), mean, expected, number(reported.value), comparable, _runs(runs.value))
        )
    telling = {name: rows for name, rows in found.items() if len(rows) > 1 or rows[0].reported is not None}
    return telling or found


def _runs(listed: Value) -> tuple[float, ...]:
    """Return the single runs, which the view lists as text for programs; a text that is no such list gives none."""
    try:
        values = tuple(float(part) for part in str(listed or "").split("; ") if part)
    except ValueError:
        return ()
    return values if all(map(isfinite, values)) else ()


def draw_scores(rows: list[_Score], labels: Labels, ax: Axes) -> Axes:
    """Draw the scores of one data set and metric onto axes.

    Parameters
    ----------
    rows, labels : the scores and the places of their lines.
    """
    row_axis(ax, labels)
    low, high = _limits(rows)
    ax.set_xlim(low, high)
    for row, y in zip(rows, labels.centres, strict=True):
        _bar(ax, row.expected, y, 1.0)
        _bar(ax, row.mean, y, 3.0)
        mean = number(row.mean.value)
        if mean is not None:
            ax.plot([mean], [y], "s", ms=5.5, mfc=_OURS, mec=PAPER, mew=0.5, zorder=4)
        if len(row.runs) > 1:
            ax.plot(row.runs, [y + _BELOW] * len(row.runs), "o", ms=3, mfc=INK, mec=PAPER, mew=0.4, zorder=4)
        if row.reported is not None:
            fill = _THEIRS if row.comparable else PAPER
            ax.plot([row.reported], [y], "D", ms=5.5, mfc=fill, mec=_THEIRS, mew=1.2, zorder=5, clip_on=False)
    ax.grid(axis="x", color=GRID)
    ax.locator_params(axis="x", nbins=6)
    return ax


def _bar(ax: Axes, cell: Cell, y: float, width: float) -> None:
    """Draw the interval of a cell; an end beyond the axis is an arrow at its edge."""
    if cell.low is None or cell.high is None:
        return
    left, right = ax.get_xlim()
    ends = max(cell.low, left), min(cell.high, right)
    ax.plot(ends, [y, y], color=_OURS if width > 2 else INK, lw=width, alpha=None, solid_capstyle="butt", zorder=2)
    for beyond, end, marker in ((cell.low < left, left, "<"), (cell.high > right, right, ">")):
        if beyond:
            ax.plot([end], [y], marker=marker, color=MUTED, ms=4.5, zorder=3, clip_on=False)


def _limits(rows: list[_Score]) -> tuple[float, float]:
    """The axis holds every mean, run and reported value; intervals may widen it by as much again."""
    own = [v for row in rows for v in (number(row.mean.value), row.reported, *row.runs) if v is not None]
    ends = [v for row in rows for c in (row.mean, row.expected) for v in (c.low, c.high) if v is not None]
    span = (max(own) - min(own)) or 0.05 * abs(own[0]) or 1.0
    low = max(min([*own, *ends]), min(own) - span)
    high = min(max([*own, *ends]), max(own) + span)
    pad = 0.06 * ((high - low) or span)
    return low - pad, high + pad
