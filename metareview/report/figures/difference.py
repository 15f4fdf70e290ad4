"""The critical-difference diagram: mean ranks on a line, joined where their difference is below Nemenyi's.

After Demšar 2006, JMLR 7:1-30, figure 1. Bars join neighbours only, as the critical difference is one number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from metareview.report.figures.reading import number, value_rows
from metareview.report.figures.style import (
    INK,
    MUTED,
    SMALL,
    WIDTH,
    canvas,
    colour_of,
    draw_notes,
    put,
)
from metareview.report.figures.text import line_height, tidy, widest, wrap
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["cliques", "draw", "draw_difference"]

_MARGIN, _LABEL, _STEP, _AXIS = 8.0, 150.0, 16.0, 62.0


def draw(views: Mapping[str, View]) -> Figure:
    """Return the diagram of the view `tests-…`."""
    view = next(iter(views.values()))
    rows = [(tidy(name), number(value) or 0.0) for key, name, value in value_rows(view, "key", "quantity", "value")
            if key == "mean-rank"]  # fmt: skip
    gap = next((number(value) or 0.0 for key, value in value_rows(view, "key", "value") if key == "difference"), 0.0)
    joined = cliques([rank for _, rank in rows], gap)
    half = (len(rows) + 1) // 2
    height = _AXIS + 10 + 7 * len(joined) + _STEP * half + 10
    text = f"Mean ranks over blocks, 1 is best. Bars join methods whose mean ranks differ by less than CD = {gap:.3g}."
    if not rows:
        text = "There are no tests."
    notes = [line for note in (text, *view.notes[:2]) for line in wrap(tidy(note), WIDTH - 2 * _MARGIN, SMALL)]
    figure, sheet = canvas(WIDTH, height + (line_height(SMALL) + 3) * len(notes) + _MARGIN)
    draw_difference(rows, gap, joined, sheet)
    draw_notes(sheet, _MARGIN, height, notes, WIDTH - 2 * _MARGIN)
    return figure


def cliques(ranks: Sequence[float], gap: float) -> list[tuple[float, float]]:
    """Return the widest runs of sorted mean ranks that span less than `gap`, two methods at least.

    >>> cliques([1.0, 1.5, 3.0, 3.2], 1.0)
    [(1.0, 1.5), (3.0, 3.2)]
    """
    ordered = sorted(ranks)
    found: list[tuple[float, float]] = []
    for at, low in enumerate(ordered):
        last = max(i for i, rank in enumerate(ordered) if rank - low < gap or i == at)
        if last > at and (not found or ordered[last] > found[-1][1]):
            found.append((low, ordered[last]))
    return found


def draw_difference(
    rows: Sequence[tuple[str, float]], gap: float, joined: Sequence[tuple[float, float]], ax: Axes
) -> Axes:
    """Draw axis, names and bars onto a sheet measured in points; better methods stand on the left."""
    k = len(rows)
    side = min(_LABEL, widest((name for name, _ in rows), SMALL) + 42)
    left, right = _MARGIN + side, WIDTH - _MARGIN - side

    def x(rank: float) -> float:
        return left + (rank - 1) / max(k - 1, 1) * (right - left)

    ax.plot([x(1), x(k)], [_AXIS, _AXIS], color=INK, lw=1.0)
    for tick in range(1, k + 1):
        ax.plot([x(tick)] * 2, [_AXIS - 4, _AXIS], color=INK, lw=0.8)
        ax.text(x(tick), _AXIS - 11, str(tick), fontsize=SMALL, ha="center", va="center_baseline", color=INK)
    end = min(1 + gap, float(k))
    ax.plot([x(1), x(end)], [26, 26], color=colour_of(3), lw=1.6)
    for at in (1.0, end):
        ax.plot([x(at)] * 2, [22, 30], color=colour_of(3), lw=1.2)
    label = f"CD = {gap:.3g}" + ("" if end == 1 + gap else ", longer than the axis")
    put(ax, x(1), _MARGIN, label, size=SMALL)
    for at, (low, high) in enumerate(joined):
        y = _AXIS + 8 + 7 * at
        ax.plot([x(low) - 3, x(high) + 3], [y, y], color=colour_of(0), lw=3.0, solid_capstyle="butt", zorder=3)
    first = _AXIS + 14 + 7 * len(joined)
    half = (k + 1) // 2
    for at, (name, rank) in enumerate(rows):
        low_side = at < half
        y = first + _STEP * (at if low_side else k - 1 - at)
        edge = left - 6 if low_side else right + 6
        ax.plot([x(rank), x(rank), edge], [_AXIS, y, y], color=MUTED, lw=0.8, zorder=1)
        shown = wrap(name, side - 36, SMALL, lines=1)[0]
        text = f"{shown}  {rank:.2f}" if low_side else f"{rank:.2f}  {shown}"
        ax.text(edge + (-4 if low_side else 4), y, text, fontsize=SMALL, ha="right" if low_side else "left",
                va="center_baseline", color=INK)  # fmt: skip
    return ax
