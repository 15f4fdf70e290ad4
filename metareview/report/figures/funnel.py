"""The funnel plot: effects against standard errors, with contours of significance for contrasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from metareview.report.figures.reading import cell_rows, number
from metareview.report.figures.style import (
    GRID,
    INK,
    MUTED,
    PANEL,
    PAPER,
    SMALL,
    canvas,
    colour_of,
    draw_notes,
    inset,
)
from metareview.report.figures.text import line_height, tidy, wrap
from metareview.report.views.base import Cell, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_funnel"]

_WIDTH, _HEIGHT, _MARGIN, _LEFT = 520.0, 250.0, 10.0, 60.0
#: Shades of the regions between contours, from the outermost (p below 0.01 lies outside of all) to the innermost.
_SHADES = (PANEL, GRID, PAPER)


def draw(views: Mapping[str, View]) -> Figure:
    """Return the plot of the view `funnel-…`."""
    (view,) = views.values()
    texts = [*([_legend(view)] if _contours(view) else []), *view.notes]
    notes = [line for text in texts for line in wrap(tidy(text), _WIDTH - 2 * _MARGIN, SMALL)]
    figure, sheet = canvas(_WIDTH, _HEIGHT + 52 + (line_height(SMALL) + 3) * len(notes))
    draw_funnel(view, inset(figure, _LEFT, _MARGIN, _WIDTH - _LEFT - 20, _HEIGHT - _MARGIN))
    draw_notes(sheet, _MARGIN, _HEIGHT + 44, notes, _WIDTH - 2 * _MARGIN)
    return figure


def _contours(view: View) -> list[tuple[Cell, ...]]:
    """The contours, widest first."""
    found = [row for row in cell_rows(view, "kind", "x", "se", "p") if row[0].value == "contour"]
    return sorted(found, key=lambda row: number(row[3].value) or 0.0)


def _legend(view: View) -> str:
    levels = [f"{number(row[3].value) or 0:g}" for row in _contours(view)]
    return f"Lines, from the inner ones out: p is {', '.join(reversed(levels))} for no difference."


def draw_funnel(view: View, ax: Axes) -> Axes:
    """Draw effects, contours and the pooled effect onto axes; precise effects stand on top.

    Parameters
    ----------
    view : columns kind (point, filled, contour, pooled, pooled filled), x, se and p; a contour has the limits of x
        at its se.
    """
    for shade, (_, x, se, _) in zip(_SHADES, _contours(view), strict=False):
        if x.low is None or x.high is None or se.value is None:
            continue
        bottom = 1.05 * (number(se.value) or 0.0)
        middle, half = (x.low + x.high) / 2, 1.05 * (x.high - x.low) / 2
        low, high = middle - half, middle + half
        ax.fill([middle, high, low], [0, bottom, bottom], fc=shade, ec=MUTED, lw=0.7, zorder=1)
    points = [row for row in cell_rows(view, "kind", "x", "se") if row[0].value == "point"]
    errors = [number(se.value) or 0.0 for _, _, se in points]
    values = [number(x.value) or 0.0 for _, x, _ in points]
    filled = [
        (number(x.value) or 0.0, number(se.value) or 0.0)
        for kind, x, se in cell_rows(view, "kind", "x", "se")
        if kind.value == "filled"
    ]
    ax.plot(
        [x for x, _ in filled], [se for _, se in filled], "o", mfc=PAPER, mec=colour_of(0), mew=1.2, ms=6.5, zorder=3
    )
    ax.plot(values, errors, "o", mfc=colour_of(0), mec=PAPER, mew=0.6, ms=6.5, zorder=4)
    for kind, x in cell_rows(view, "kind", "x"):
        value = number(x.value)
        if kind.value in ("pooled", "pooled filled") and value is not None:
            dashes = (4, 3) if kind.value == "pooled" else (1, 2)
            ax.axvline(value, color=colour_of(3), lw=1.1, ls=(0, dashes), zorder=3)
    for _, x, _, _ in _contours(view)[:1]:
        ax.axvline(((x.low or 0.0) + (x.high or 0.0)) / 2, color=INK, lw=0.8, zorder=2)
    ax.set_ylim(1.05 * max(errors), 0)
    ax.set_ylabel("standard error")
    ax.set_xlabel("effect on the scale of the model")
    ax.locator_params(axis="both", nbins=6)
    return ax
