"""The podium: who takes which place how often, and with what values; a line joins the values of one block.

After the podium plots of Eugster, Hothorn & Leisch 2008 (Exploratory and inferential analysis of benchmark
experiments) and challengeR. Blocks are units of replication where there are any, else columns; places are those of
the best methods, the first few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.report.figures.reading import distinct, number, value_rows
from metareview.report.figures.style import (
    GRID,
    INK,
    MUTED,
    PAPER,
    SMALL,
    WIDTH,
    Look,
    canvas,
    draw_legend,
    draw_notes,
    inset,
    looks,
)
from metareview.report.figures.text import line_height, tidy, wrap
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_podium"]

_MARGIN, _LEFT, _HIGH, _BARS = 8.0, 52.0, 210.0, 70.0
#: Places and methods that are shown.
_PLACES, _METHODS = 5, 8


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Values by block, with places; `left` says what is not shown."""

    methods: list[str]
    metric: str
    blocks: list[list[tuple[str, float, int]]]
    left: list[str]
    looks: dict[str, Look]


def draw(views: Mapping[str, View]) -> Figure:
    """Return the podium of the view `places-…`."""
    (view,) = views.values()
    found = _read(view)
    notes = [line for text in found.left for line in wrap(text, WIDTH - 2 * _MARGIN, SMALL)]
    scratch, sheet = canvas(WIDTH, 10)
    key = draw_legend(sheet, 0, 0, found.looks, WIDTH - 2 * _MARGIN)
    scratch.clear()
    top = _MARGIN + key
    figure, sheet = canvas(WIDTH, top + _HIGH + _BARS + 50 + (line_height(SMALL) + 3) * len(notes))
    draw_legend(sheet, _MARGIN, _MARGIN, found.looks, WIDTH - 2 * _MARGIN)
    width = WIDTH - _LEFT - _MARGIN
    draw_podium(found, inset(figure, _LEFT, top, width, _HIGH), inset(figure, _LEFT, top + _HIGH + 12, width, _BARS))
    draw_notes(sheet, _MARGIN, top + _HIGH + _BARS + 44, notes, WIDTH - 2 * _MARGIN)
    return figure


def draw_podium(found: _Blocks, ax: Axes, bars: Axes) -> Axes:
    """Draw values by place onto `ax`, and below how often each method takes each place onto `bars`.

    Within a place every method has a position of its own, so that points of one method stand above each other.
    """
    m = len(found.methods)
    number_of = min(_PLACES, m)

    def x(method: str, place: int) -> float:
        return (place - 1) * (m + 1) + found.methods.index(method)

    for block in found.blocks:
        shown = [(x(method, place), value) for method, value, place in block if place <= number_of]
        ax.plot([at for at, _ in shown], [value for _, value in shown], color=GRID, lw=0.9, zorder=1)
        for method, value, place in block:
            if place <= number_of:
                look = found.looks[method]
                ax.plot([x(method, place)], [value], look.marker, ms=6, mfc=look.colour, mec=PAPER, mew=0.5, zorder=3)
    counts: dict[tuple[str, int], int] = {}
    for block in found.blocks:
        for method, _, place in block:
            counts[method, place] = counts.get((method, place), 0) + 1
    for (method, place), count in sorted(counts.items()):
        if place <= number_of:
            look = found.looks[method]
            bars.bar([x(method, place)], [count], width=0.8, fc=look.colour, ec=PAPER, lw=0.5, hatch=look.hatch)
    centres = [(place - 1) * (m + 1) + (m - 1) / 2 for place in range(1, number_of + 1)]
    for panel in (ax, bars):
        panel.set_xlim(-1, number_of * (m + 1) - 1)
        for place in range(1, number_of):
            panel.axvline(place * (m + 1) - 1, color=GRID, lw=0.7, zorder=0)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.set_ylabel(found.metric)
    bars.set_xticks(centres, [f"{place}." for place in range(1, number_of + 1)])
    bars.tick_params(axis="x", length=0)
    bars.set_xlabel("place")
    bars.set_ylabel("blocks", color=INK)
    bars.locator_params(axis="y", nbins=3, integer=True)
    bars.spines["left"].set_color(MUTED)
    return ax


def _read(view: View) -> _Blocks:
    """The blocks of the metric that has most of them; methods by the order of the ranking."""
    rows = [
        (tidy(kind), tidy(at), tidy(metric), tidy(method), number(value), number(place))
        for kind, at, metric, method, value, place in value_rows(view, "kind", "column", "metric", "method", "value",
                                                                 "place")
    ]  # fmt: skip
    kind = "unit" if any(row[0] == "unit" for row in rows) else "column"
    own = [row for row in rows if row[0] == kind]
    metrics = distinct(row[2] for row in own)
    metric = max(metrics, key=lambda name: (len({row[1] for row in own if row[2] == name}), -metrics.index(name)))
    methods = distinct(row[3] for row in own)[:_METHODS]
    blocks = []
    for at in distinct(row[1] for row in own if row[2] == metric):
        there = [(row[3], row[4], row[5]) for row in own if row[1] == at and row[2] == metric]
        block = [(m, v, int(p)) for m, v, p in there if v is not None and p is not None and m in methods]
        blocks.append(sorted(block, key=lambda entry: (entry[2], methods.index(entry[0]))))
    left = [f"Each block is one {'unit of replication' if kind == 'unit' else 'column'}; a line joins its values."]
    if len(metrics) > 1:
        others = ", ".join(name for name in metrics if name != metric)
        left.append(f"Blocks of {metric}; {others} have scales of their own and are not shown.")
    hidden = len(distinct(row[3] for row in own)) - len(methods)
    if hidden or len(methods) > _PLACES:
        rest = f"; {hidden} others are left out." if hidden else "."
        left.append(
            f"The first {min(_PLACES, len(methods))} places and the first {len(methods)} methods are shown{rest}"
        )
    return _Blocks(methods, metric, blocks, left, looks(methods))
