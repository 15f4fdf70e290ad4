"""Coverage: which cells are filled, with their places, and which methods these cells compare at all."""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi, sin
from typing import TYPE_CHECKING

from metareview.report.figures.heatmap import palette
from metareview.report.figures.matrix import Grid, draw_grid, draw_missing_key
from metareview.report.figures.reading import distinct, number, value_rows
from metareview.report.figures.style import INK, MUTED, PAPER, SMALL, canvas, colour_of, draw_notes, put
from metareview.report.figures.text import line_height, tidy, widest, wrap
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_graph", "grid_of", "parts_of"]

_MARGIN, _HIGH, _WIDE, _RING, _KEY = 8.0, 17.0, 30.0, 150.0, 26.0
#: Columns of the matrix at most, and methods whose names stand around the graph.
_COLUMNS, _NAMED = 24, 30


def draw(views: Mapping[str, View]) -> Figure:
    """Return the figure of the view `places-…`: the matrix, and below it the graph of comparisons."""
    view = next(iter(views.values()))
    grid, left_out = grid_of(view)
    shared = _shared(view)
    names = list(grid.rows)
    side = min(widest(names, SMALL), 130.0) + 16
    width = max(2 * _MARGIN + grid.size[0], 2 * (_RING / 2 + side) + 2 * _MARGIN + 40, 480.0)
    parts = parts_of(names, shared)
    notes = [line for text in _notes(len(parts), left_out) for line in wrap(text, width - 2 * _MARGIN, SMALL)]
    ring = _MARGIN + _KEY + grid.size[1] + 34
    height = ring + _RING + 36
    figure, ax = canvas(width, height + (line_height(SMALL) + 3) * len(notes) + _MARGIN)
    at = draw_missing_key(ax, _MARGIN, _MARGIN, "no value")
    put(
        ax, at + 18, _MARGIN + 5.5 - line_height(SMALL) / 2, "number: place in the column, darker is better", size=SMALL
    )
    draw_grid(ax, _MARGIN, _MARGIN + _KEY, grid, palette(), (-float(len(names)), -1.0))
    draw_graph(names, shared, parts, (width / 2, ring + _RING / 2 + 6), ax)
    draw_notes(ax, _MARGIN, height, notes, width - 2 * _MARGIN)
    return figure


def grid_of(view: View) -> tuple[Grid, int]:
    """Return the matrix of places, methods by columns, and how many columns are left out for lack of room."""
    rows = [row for row in value_rows(view, "kind", "column", "dataset", "metric", "method", "place", "where")
            if row[0] == "column"]  # fmt: skip
    columns = distinct(tidy(row[1]) for row in rows)
    kept = columns[:_COLUMNS]
    heads = {tidy(row[1]): " ".join(tidy(part) for part in (row[2], row[3]) if part) for row in rows}
    if len(set(heads.values())) < len(heads):  # evaluations, targets or splits tell them apart
        heads = {tidy(row[1]): " ".join(tidy(part) for part in (row[2], row[6], row[3]) if part) for row in rows}
    methods = distinct(tidy(row[4]) for row in rows)
    values: dict[tuple[int, int], float] = {}
    texts: dict[tuple[int, int], list[str]] = {}
    for _, column, _, _, method, place, _ in rows:
        found = number(place)
        if found is not None and tidy(column) in kept:
            at = methods.index(tidy(method)), kept.index(tidy(column))
            values[at] = -found
            texts[at] = [f"{found:g}"]
    return Grid(methods, [heads[name] for name in kept], values, texts, (_WIDE, _HIGH)), len(columns) - len(kept)


def draw_graph(
    names: list[str], shared: Mapping[tuple[str, str], int], parts: list[list[str]], centre: tuple[float, float],
    ax: Axes,
) -> Axes:  # fmt: skip
    """Draw methods on a ring, a line between two that share columns, thicker with more; parts differ in colour."""
    radius, most = _RING / 2, max(shared.values(), default=1)
    angle = {name: 2 * pi * at / len(names) - pi / 2 for at, name in enumerate(names)}
    point = {name: (centre[0] + radius * cos(a), centre[1] + radius * sin(a)) for name, a in angle.items()}
    for (first, second), number_of in sorted(shared.items()):
        (x0, y0), (x1, y1) = point[first], point[second]
        ax.plot([x0, x1], [y0, y1], color=MUTED, lw=0.4 + 1.8 * number_of / most, alpha=0.55, zorder=1)
    for at, part in enumerate(parts):
        for name in part:
            x, y = point[name]
            ax.plot([x], [y], "o", ms=7, mfc=colour_of(at), mec=PAPER, mew=0.8, zorder=3)
            if len(names) > _NAMED:
                continue
            right = cos(angle[name]) > 0.02
            middle = abs(cos(angle[name])) <= 0.02
            dx, dy = 8 * cos(angle[name]), 9 * sin(angle[name])
            ax.text(x + dx, y + dy, wrap(name, 130.0, SMALL, lines=1)[0], fontsize=SMALL, color=INK,
                    ha="center" if middle else "left" if right else "right", va="center_baseline")  # fmt: skip
    return ax


def _shared(view: View) -> dict[tuple[str, str], int]:
    """How many columns each pair of methods shares."""
    there: dict[str, list[str]] = {}
    for kind, column, method, value in value_rows(view, "kind", "column", "method", "value"):
        if kind == "column" and value is not None:
            there.setdefault(tidy(column), []).append(tidy(method))
    shared: dict[tuple[str, str], int] = {}
    for methods in there.values():
        for at, first in enumerate(methods):
            for second in methods[at + 1 :]:
                shared[first, second] = shared.get((first, second), 0) + 1
    return shared


def parts_of(names: list[str], shared: Mapping[tuple[str, str], int]) -> list[list[str]]:
    """Return the methods that lines connect, directly or through others, the largest part first.

    >>> parts_of(["a", "b", "c"], {("b", "c"): 2})
    [['b', 'c'], ['a']]
    """
    part = {name: {name} for name in names}
    for first, second in shared:
        joined = part[first] | part[second]
        for name in joined:
            part[name] = joined
    found = distinct(tuple(name for name in names if name in part[member]) for member in names)
    return [list(members) for members in sorted(found, key=lambda members: (-len(members), names.index(members[0])))]


def _notes(parts: int, left_out: int) -> list[str]:
    graph = "Below: lines join methods that share columns, thicker with more of them."
    apart = " All methods are connected." if parts == 1 else (
        f" The {parts} parts (colours) share nothing, and no order between them rests on a comparison.")  # fmt: skip
    said = [graph + apart]
    return said + ([f"{left_out} further columns are not shown in the matrix."] if left_out else [])
