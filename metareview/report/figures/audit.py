"""The audit in pictures: verdicts by kind of statement, and the values that must stand behind a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from metareview.report.figures.panels import Labels, row_axis
from metareview.report.figures.reading import cell_rows, column, count, distinct, number, value_rows
from metareview.report.figures.style import (
    INK,
    MUTED,
    PAPER,
    SMALL,
    TEXT,
    UNKNOWN,
    WIDTH,
    Look,
    canvas,
    colour_of,
    draw_legend,
    draw_notes,
    inset,
    looks,
)
from metareview.report.figures.text import line_height, measure, tidy, widest, wrap
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_reconstruction", "draw_values", "draw_verdicts"]

_MARGIN, _LABEL = 8.0, 190.0
#: Verdicts as columns of the view `audit-summary`, in the order of the bars; the look differs without colour, too.
_LOOKS: dict[str, Look] = {
    "consistent": Look(colour_of(2), "s", ""),
    "contradicted": Look(colour_of(3), "X", "xxxx"),
    "contradicted_if": Look(colour_of(1), "D", "////"),
    "not_checkable": Look(UNKNOWN, "o", "...."),
    "underpowered": Look(colour_of(5), "v", "----"),
    "not_applicable": Look(colour_of(7), "P", "++++"),
}
_NOTE = "Each point is one set of values that has every printed figure; the line is the interval of all solutions."
#: Solutions drawn; the table has all.
_SHOWN = 6


def draw(views: Mapping[str, View]) -> Figure:
    """Return the bars of the view `audit-summary`."""
    view = views["audit-summary"]
    labels = Labels.of([tidy(kind) for (kind,) in value_rows(view, "type")], _LABEL, TEXT)
    legend = {tidy(column(view, verdict).label, 60): look for verdict, look in _LOOKS.items()}
    height = 2 * _MARGIN + _legend_height(legend) + labels.height + 44
    figure, sheet = canvas(WIDTH, height)
    top = draw_legend(sheet, _MARGIN, _MARGIN, legend, WIDTH - 2 * _MARGIN)
    left = _MARGIN + labels.width + 10
    draw_verdicts(view, inset(figure, left, top + 6, WIDTH - left - 40, labels.height))
    return figure


def _legend_height(names: Iterable[str]) -> float:
    """Return the height that `draw_legend` needs, line by line as it fills them."""
    lines, left, room = 1, 0.0, WIDTH - 2 * _MARGIN
    for name in names:
        need = 30 + measure(name, SMALL)
        if left and left + need > room:
            lines, left = lines + 1, 0.0
        left += need
    return lines * (line_height(SMALL) + 3) + 6


def draw_verdicts(view: View, ax: Axes) -> Axes:
    """Draw one bar per kind of statement onto axes, divided by verdict.

    Parameters
    ----------
    view : columns type, and one count per verdict.
    """
    from matplotlib.ticker import MaxNLocator

    labels = Labels.of([tidy(kind) for (kind,) in value_rows(view, "type")], _LABEL, TEXT)
    row_axis(ax, labels)
    for y, counts in zip(labels.centres, value_rows(view, *_LOOKS), strict=True):
        start = 0
        for look, value in zip(_LOOKS.values(), counts, strict=True):
            n = count(value) or 0
            if n:
                ax.barh(y, n, left=start, height=11, color=look.colour, hatch=look.hatch, ec=PAPER, lw=0.4)
            start += n
        ax.annotate(
            str(start), (start, y), xytext=(4, 0), textcoords="offset points", fontsize=SMALL, color=MUTED,
            va="center_baseline",
        )  # fmt: skip
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("statements")
    ax.grid(axis="x")
    return ax


def draw_reconstruction(views: Mapping[str, View]) -> Figure:
    """Return the dot plot of the view `reconstruction`."""
    view = views["reconstruction"]
    groups = looks(group for (group,) in value_rows(view, "group"))
    names = {tidy(name, 60): look for name, look in groups.items()}
    rows = distinct(solution for (solution,) in value_rows(view, "solution"))
    note = [_NOTE, *([f"{_SHOWN} of {len(rows)} solutions are drawn."] if len(rows) > _SHOWN else [])]
    lines = [line for text in note for line in wrap(text, WIDTH - 2 * _MARGIN, SMALL)]
    span = 34.0 * min(len(rows), _SHOWN)
    notes = (line_height(SMALL) + 3) * len(lines)
    figure, sheet = canvas(WIDTH, 2 * _MARGIN + _legend_height(names) + span + 46 + notes)
    top = draw_legend(sheet, _MARGIN, _MARGIN, names, WIDTH - 2 * _MARGIN)
    left = _MARGIN + widest([f"solution {row}" for row in rows], TEXT) + 10
    draw_values(view, inset(figure, left, top + 6, WIDTH - left - 24, span))
    draw_notes(sheet, _MARGIN, top + 6 + span + 40, lines, WIDTH - 2 * _MARGIN)
    return figure


def draw_values(view: View, ax: Axes) -> Axes:
    """Draw the values of every solution onto axes, one row per solution.

    Parameters
    ----------
    view : columns solution, group, middle, low and high.
    """
    groups = looks(group for (group,) in value_rows(view, "group"))
    rows = distinct(solution for (solution,) in value_rows(view, "solution"))[:_SHOWN]
    row_axis(ax, Labels.of([f"solution {row}" for row in rows], _LABEL, TEXT, 34.0))
    for solution, group, middle, low, high in cell_rows(view, "solution", "group", "middle", "low", "high"):
        if solution.value not in rows:
            continue
        y, look = 17 + 34 * rows.index(solution.value), groups[tidy(group.value)]
        ends = [number(low.value), number(high.value)]
        if None not in ends:
            ax.plot([end for end in ends if end is not None], [y, y], color=look.colour, lw=3.4, alpha=0.45, zorder=2)
        value = number(middle.value)
        if value is not None:
            ax.plot([value], [y], look.marker, color=look.colour, mec=INK, mew=0.4, ms=7, zorder=3)
    ax.set_xlabel("value that must stand behind the printed figures")
    ax.grid(axis="x")
    ax.margins(x=0.05)
    return ax
