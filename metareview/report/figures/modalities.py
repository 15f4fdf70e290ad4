"""How often each way of acquisition occurs: the published count beside the number of studies recorded here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.report.figures.reading import distinct, number, shown, value_rows
from metareview.report.figures.style import INK, MUTED, PAPER, SMALL, TEXT, WIDTH, canvas, colour_of, page, put
from metareview.report.figures.text import line_height, measure, tidy, wrap
from metareview.report.views.base import Value, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_modalities"]

_MARGIN, _LABEL, _BAR = 8.0, 170.0, 9.0
_MISSING = ("not printed", "not counted")
_KEYS = (("published", "published in the review"), ("recorded", "studies recorded here"))


@dataclass(frozen=True, slots=True)
class _Row:
    dimension: str
    label: list[str]
    counts: tuple[Value, Value]

    @property
    def height(self) -> float:
        return max(2 * _BAR + 8, line_height(TEXT) * len(self.label) + 6)


def draw(views: Mapping[str, View]) -> Figure:
    """Return the bars of the view `modalities`."""
    view = views["modalities"]
    figure, ax = canvas(WIDTH, _height(_rows(view)))
    draw_modalities(view, ax)
    return figure


def draw_modalities(view: View, ax: Axes) -> Axes:
    """Draw the bars onto axes, which become a sheet measured in points.

    Parameters
    ----------
    view : columns dimension, value, published and recorded; a missing count is written as missing, not as 0.
    """
    rows = _rows(view)
    page(ax, WIDTH, _height(rows))
    y = _draw_key(ax)
    left = _MARGIN + _LABEL + 10
    most = max((number(n) or 0 for row in rows for n in row.counts), default=0) or 1
    scale = (WIDTH - left - _MARGIN - measure(max(_MISSING, key=len), SMALL) - 8) / most
    for dimension in distinct(row.dimension for row in rows):
        if any(row.dimension for row in rows):  # one heading over everything says nothing
            y = put(ax, _MARGIN, y + 4, dimension or "not stated", weight="bold") + 2
        for row in rows:
            if row.dimension == dimension:
                _draw_row(row, view, ax, left, y, scale)
                y += row.height
    return ax


def _rows(view: View) -> list[_Row]:
    return [
        _Row(tidy(dimension), wrap(tidy(value), _LABEL, TEXT), (published, recorded))
        for dimension, value, published, recorded in value_rows(view, "dimension", "value", "published", "recorded")
    ]


def _height(rows: list[_Row]) -> float:
    heads = len({row.dimension for row in rows}) * (line_height(TEXT) + 6) if any(row.dimension for row in rows) else 0
    return _MARGIN + 20 + heads + sum(row.height for row in rows) + 6


def _look(position: int) -> dict[str, object]:
    """Full for what is published, hatched for what is recorded: told apart without colour."""
    if position == 0:
        return {"fc": colour_of(0), "ec": colour_of(0)}
    return {"fc": PAPER, "ec": colour_of(3), "hatch": "//////"}


def _draw_key(ax: Axes) -> float:
    from matplotlib.patches import Rectangle

    x = _MARGIN
    for position, (_, label) in enumerate(_KEYS):
        ax.add_patch(Rectangle((x, _MARGIN + 1), 18, _BAR, lw=0.8, **_look(position)))  # type: ignore[arg-type]
        put(ax, x + 24, _MARGIN, label, size=SMALL)
        x += 24 + measure(label, SMALL) + 22
    return _MARGIN + 18


def _draw_row(row: _Row, view: View, ax: Axes, left: float, top: float, scale: float) -> None:
    from matplotlib.patches import Rectangle

    text = line_height(TEXT) * len(row.label)
    put(ax, left - 10, top + (row.height - text) / 2, row.label, ha="right")
    y = top + (row.height - 2 * _BAR - 1) / 2
    for position, n in enumerate(row.counts):
        width = (number(n) or 0) * scale
        if width:
            ax.add_patch(Rectangle((left, y), width, _BAR, lw=0.8, **_look(position)))  # type: ignore[arg-type]
        label = _MISSING[position] if n is None else shown(n, view, _KEYS[position][0])
        middle = y + (_BAR - line_height(SMALL)) / 2
        put(ax, left + width + 5, middle, label, size=SMALL, color=MUTED if n is None else INK)
        y += _BAR + 1
    ax.plot([left, left], [top, top + row.height], color=MUTED, lw=0.7)
