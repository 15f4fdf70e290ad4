"""Matrices of numbers: a cell per pair, its colour and its number; what is missing is hatched, never blank or zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metareview.report.figures.style import GRID, INK, MUTED, PANEL, PAPER, SMALL, TEXT
from metareview.report.figures.text import ink_on, line_height, measure, widest, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Grid", "draw_grid", "draw_missing_key"]

#: Narrowest column whose heading is written across; below it headings stand upright.
_UPRIGHT = 44.0


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix to draw.

    Attributes
    ----------
    rows, columns : headings.
    values : the number of a cell by its row and column; a pair that is not there is missing.
    texts : lines written into a cell, the first one in full size.
    blank : cells that are left empty because the matrix has no such pair (the other half of a symmetric one).
    cell : width and height of a cell in points.
    label : most points a row's heading may take.
    headed : whether rows have headings; a matrix beside one with the same rows has none.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    values: Mapping[tuple[int, int], float]
    texts: Mapping[tuple[int, int], Sequence[str]]
    cell: tuple[float, float]
    label: float = 190.0
    headed: bool = True
    blank: frozenset[tuple[int, int]] = frozenset()

    @property
    def left(self) -> float:
        """Width of the row headings."""
        return (
            0.0
            if not self.headed
            else widest((line for row in self.rows for line in wrap(row, self.label, SMALL, lines=2)), SMALL) + 8
        )

    @property
    def upright(self) -> bool:
        """Whether column headings stand upright."""
        room = max(self.cell[0] - 6, 8)
        return any(measure(word, SMALL) > room for column in self.columns for word in column.split()) or (
            self.cell[0] < _UPRIGHT
        )

    @property
    def top(self) -> float:
        """Height of the column headings."""
        if self.upright:
            return min(widest(self.columns, SMALL), 150.0) + 8
        lines = max((len(wrap(column, self.cell[0] - 6, SMALL, lines=3)) for column in self.columns), default=1)
        return line_height(SMALL) * lines + 6

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the whole matrix with its headings."""
        return self.left + self.cell[0] * len(self.columns), self.top + self.cell[1] * len(self.rows)


def draw_grid(ax: Axes, x: float, y: float, grid: Grid, colours: Any, limits: tuple[float, float]) -> None:
    """Draw a matrix onto a sheet with its upper left corner at (x, y).

    Parameters
    ----------
    colours : a matplotlib colour map.
    limits : the values at its two ends.
    """
    from matplotlib.patches import Rectangle

    wide, high = grid.cell
    _draw_headings(ax, x, y, grid)
    low, high_limit = limits
    for row in range(len(grid.rows)):
        for column in range(len(grid.columns)):
            if (row, column) in grid.blank:
                continue
            left, top = x + grid.left + column * wide, y + grid.top + row * high
            value = grid.values.get((row, column))
            if value is None:
                draw_missing(ax, left, top, wide, high)
                ink, plate = MUTED, PANEL
            else:
                share = 0.5 if high_limit == low else (value - low) / (high_limit - low)
                red, green, blue, _ = colours(share)
                ax.add_patch(Rectangle((left, top), wide, high, fc=(red, green, blue), ec=PAPER, lw=1.0))
                ink, plate = ink_on(red, green, blue), ""
            _write(ax, left + wide / 2, top + high / 2, grid.texts.get((row, column), ()), ink, plate)


def draw_missing(ax: Axes, x: float, y: float, width: float, height: float) -> None:
    """Draw a cell that has no value: hatched on a light ground."""
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle((x, y), width, height, fc=PANEL, ec=GRID, lw=0, hatch="////"))
    ax.add_patch(Rectangle((x, y), width, height, fc="none", ec=PAPER, lw=1.0))


def draw_missing_key(ax: Axes, x: float, y: float, text: str) -> float:
    """Write what the hatching means, and return the x at its end."""
    draw_missing(ax, x, y, 18, 11)
    ax.text(x + 24, y + 5.5, text, fontsize=SMALL, color=INK, va="center_baseline")
    return x + 24 + measure(text, SMALL)


def _draw_headings(ax: Axes, x: float, y: float, grid: Grid) -> None:
    wide, high = grid.cell
    for row, name in enumerate(grid.rows if grid.headed else ()):
        lines = wrap(name, grid.label, SMALL, lines=2)
        first = y + grid.top + row * high + (high - line_height(SMALL) * (len(lines) - 1)) / 2
        for number, line in enumerate(lines):
            at = first + number * line_height(SMALL)
            ax.text(x + grid.left - 6, at, line, fontsize=SMALL, ha="right", va="center_baseline")
    for column, name in enumerate(grid.columns):
        middle = x + grid.left + (column + 0.5) * wide
        if grid.upright:
            line = wrap(name, 150.0, SMALL, lines=1)[0]
            ax.text(
                middle + SMALL * 0.36, y + grid.top - 4, line, fontsize=SMALL, rotation=90, rotation_mode="anchor",
                ha="left", va="baseline",
            )  # fmt: skip
            continue
        lines = wrap(name, wide - 6, SMALL, lines=3)
        for number, line in enumerate(lines):
            at = y + grid.top - 4 - line_height(SMALL) * (len(lines) - number - 0.5)
            ax.text(middle, at, line, fontsize=SMALL, ha="center", va="center_baseline")


def _write(ax: Axes, x: float, y: float, lines: Sequence[str], ink: str, plate: str) -> None:
    sizes = [TEXT if n == 0 and len(lines) > 1 else SMALL - (1.0 if n else 0.0) for n in range(len(lines))]
    y -= sum(line_height(size) for size in sizes) / 2
    for line, size in zip(lines, sizes, strict=True):
        y += line_height(size) / 2
        box = {"fc": plate, "ec": "none", "pad": 1.2} if plate else None
        ax.text(x, y, line, fontsize=size, color=ink, ha="center", va="center_baseline", bbox=box)
        y += line_height(size) / 2
