"""Axes whose rows are names: labels wrapped to a width, rows as tall as their labels, panels below each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from metareview.report.figures.style import SMALL
from metareview.report.figures.text import line_height, widest, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Labels", "row_axis", "swarm"]


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of rows, broken into lines, and the place each row takes.

    Attributes
    ----------
    lines : the lines of each name.
    tops, heights : upper edge and height of each row in points, the first row at 0.
    size : font size in points.
    """

    lines: tuple[tuple[str, ...], ...]
    tops: tuple[float, ...]
    heights: tuple[float, ...]
    size: float

    @classmethod
    def of(cls, names: Sequence[str], width: float, size: float = SMALL, least: float | Sequence[float] = 18.0) -> Self:
        """Break names into lines no wider than `width` points; no row is lower than `least` (one for all, or each)."""
        lines = tuple(tuple(wrap(name, width, size, lines=3)) for name in names)
        floors = [least] * len(names) if isinstance(least, int | float) else least
        pairs = zip(lines, floors, strict=True)
        heights = tuple(max(floor, line_height(size) * len(part) + 6) for part, floor in pairs)
        tops = tuple(sum(heights[:n]) for n in range(len(heights)))
        return cls(lines, tops, heights, size)

    @property
    def height(self) -> float:
        """Height of all rows."""
        return sum(self.heights)

    @property
    def width(self) -> float:
        """Width of the widest line."""
        return widest((line for part in self.lines for line in part), self.size)

    @property
    def centres(self) -> tuple[float, ...]:
        """Middle of each row."""
        return tuple(top + height / 2 for top, height in zip(self.tops, self.heights, strict=True))


def row_axis(ax: Axes, labels: Labels) -> Axes:
    """Give axes one row per name: y is in points, downwards, and ticks carry the names."""
    ax.set_ylim(labels.height or 1, 0)  # without names there is one empty row
    ax.set_yticks(labels.centres, ["\n".join(part) for part in labels.lines], fontsize=labels.size)
    ax.tick_params(axis="y", length=0, pad=6)
    for name in ("left", "top", "right"):
        ax.spines[name].set_visible(False)
    return ax


def swarm(values: Sequence[float], near: float, step: float, room: float) -> list[float]:
    """Return an offset for each value, so that points closer than `near` stand beside each other, not on each other.

    Parameters
    ----------
    values : positions along the axis.
    near : distance below which two points overlap.
    step, room : distance between neighbours across the axis, and the largest offset.

    >>> swarm([1.0, 1.0, 5.0, 1.0], near=0.5, step=2, room=4)
    [0.0, 2.0, 0.0, -2.0]
    """
    offsets = [0.0] * len(values)
    placed: list[tuple[float, float]] = []
    candidates = [0.0]
    while candidates[-1] > -room and step > 0:
        candidates += [candidates[-1] * -1 + step, -(candidates[-1] * -1 + step)]
    candidates = [offset for offset in candidates if abs(offset) <= room]
    for index in sorted(range(len(values)), key=lambda i: (values[i], i)):
        value = values[index]
        taken = [offset for other, offset in placed if abs(other - value) < near]
        free = [offset for offset in candidates if offset not in taken]
        offsets[index] = free[0] if free else candidates[len(taken) % len(candidates)]
        placed.append((value, offsets[index]))
    return offsets
