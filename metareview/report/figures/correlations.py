"""Correlations between metrics: coefficient, interval and number of pairs in each cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metareview.report.figures.matrix import Grid, draw_grid, draw_missing_key
from metareview.report.figures.reading import cell_rows, distinct, number, shown
from metareview.report.figures.style import SMALL, WIDTH, canvas, draw_notes, page
from metareview.report.figures.text import line_height, tidy, widest, wrap
from metareview.report.views.base import Cell, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_correlations", "palette"]

_MARGIN, _LEAST, _GAP, _PAD = 8.0, 330.0, 26.0, 5.0
_NOTE = (
    "In each cell: the coefficient r, its interval, and n, the pairs it rests on. Blue is positive, orange negative."
)
_APART = "Metrics of different blocks have no coefficient with each other, because too few pairs share both."
#: More metrics than this are drawn in blocks of those that have coefficients with each other.
_MANY = 8
Pair = tuple[str, str, Cell, Cell]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Blocks with their places, the footnotes, and the size of the sheet."""

    blocks: tuple[tuple[float, float, Grid], ...]
    notes: tuple[str, ...]
    width: float
    below: float
    height: float


def draw(views: Mapping[str, View]) -> Figure:
    """Return the matrix of the view `correlations`."""
    view = views["correlations"]
    layout = _lay_out(view)
    figure, ax = canvas(layout.width, layout.height)
    draw_correlations(view, ax)
    return figure


def draw_correlations(view: View, ax: Axes) -> Axes:
    """Draw the matrix onto axes, which become a sheet measured in points.

    Parameters
    ----------
    view : columns metric_a, metric_b, r (with its interval) and n, one row per pair.
    """
    layout = _lay_out(view)
    page(ax, layout.width, layout.height)
    for x, y, grid in layout.blocks:
        draw_grid(ax, x, y, grid, palette(), (-1.0, 1.0))
    draw_missing_key(ax, _MARGIN, layout.below, "no coefficient: too few pairs, or no spread")
    draw_notes(ax, _MARGIN, layout.below + 18, layout.notes, layout.width - 2 * _MARGIN)
    return ax


def _lay_out(view: View) -> _Layout:
    """Place the blocks from left to right, in as many lines as they need."""
    pairs = _pairs(view)
    names = distinct(name for a, b, *_ in pairs for name in (a, b))
    blocks = _blocks(names, pairs) if len(names) > _MANY else [names]
    grids = [_grid(view, block, pairs) for block in blocks if len(block) > 1]
    alone = [block[0] for block in blocks if len(block) == 1]
    notes = [_NOTE, *([_APART] if len(grids) > 1 else [])]
    notes += [f"Without any coefficient: {', '.join(alone)}."] if alone else []
    widest_line = max(WIDTH, *(grid.size[0] + 2 * _MARGIN for grid in grids)) if len(grids) > 1 else 0.0
    placed: list[tuple[float, float, Grid]] = []
    x, y, tall, right = _MARGIN, _MARGIN, 0.0, _LEAST
    for grid in grids:
        if placed and x + grid.size[0] > widest_line - _MARGIN:
            x, y, tall = _MARGIN, y + tall + _GAP, 0.0
        placed.append((x, y, grid))
        x += grid.size[0] + _GAP
        tall, right = max(tall, grid.size[1]), max(right, x - _GAP)
    width, below = right + _MARGIN, y + tall + 12
    lines = sum(len(wrap(note, width - 2 * _MARGIN, SMALL)) for note in notes)
    return _Layout(tuple(placed), tuple(notes), width, below, below + 24 + line_height(SMALL) * lines + 3 * len(notes))


def _pairs(view: View) -> list[Pair]:
    rows = cell_rows(view, "metric_a", "metric_b", "r", "n")
    return [
        (tidy(a.value), tidy(b.value), r, n) for a, b, r, n in rows
        if tidy(a.value) != tidy(b.value) and n.value is not None  # printed of families of metrics: no pair on record
    ]  # fmt: skip


def _blocks(names: list[str], pairs: list[Pair]) -> list[list[str]]:
    """Return the metrics that coefficients connect, block by block, in order of appearance."""
    home = {name: name for name in names}
    for a, b, r, _ in pairs:
        if number(r.value) is not None:
            old, new = home[b], home[a]
            home = {name: new if place == old else place for name, place in home.items()}
    blocks: dict[str, list[str]] = {}
    for name in names:
        blocks.setdefault(home[name], []).append(name)
    return list(blocks.values())


def palette() -> Any:
    """Return the colours from -1 to 1: orange, white, blue, told apart by every form of colour blindness."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(
        "orange-white-blue", ["#b35806", "#f1a340", "#f7f7f7", "#6baed6", "#08519c"]
    )


def _grid(view: View, names: list[str], pairs: list[Pair]) -> Grid:
    """Arrange pairs as the lower triangle: one row and one column less than there are metrics."""
    place = {name: position for position, name in enumerate(names)}
    values: dict[tuple[int, int], float] = {}
    texts: dict[tuple[int, int], list[str]] = {}
    for a, b, r, n in pairs:
        if a not in place or b not in place:
            continue
        low, high = sorted((place[a], place[b]))
        found = number(r.value)
        if found is not None:
            values[high - 1, low] = found
        texts[high - 1, low] = _lines(view, r, n)
    side = range(len(names) - 1)
    blank = frozenset((i, j) for i in side for j in side if j > i)
    width = 2 * _PAD + max((widest(lines, SMALL) for lines in texts.values()), default=0.0)
    return Grid(names[1:], names[:-1], values, texts, (max(64.0, width), 46.0), label=120.0, blank=blank)


def _lines(view: View, r: Cell, n: Cell) -> list[str]:
    pairs = f"n = {shown(n.value, view, 'n')}"
    if number(r.value) is None:
        return [pairs]
    interval = [] if r.low is None or r.high is None else [f"[{shown(r.low, view, 'r')}, {shown(r.high, view, 'r')}]"]
    return [shown(r.value, view, "r"), *interval, pairs]
