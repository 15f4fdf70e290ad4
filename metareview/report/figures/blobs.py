"""Blobs: how often each method takes each rank when the data are drawn again.

After the plots of challengeR (Wiesenfarth et al. 2021, Scientific Reports 11:2369): the area of a blob is the share of
replicates, a cross marks the median and a line the interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from metareview.report.figures.panels import Labels, row_axis
from metareview.report.figures.ranks import rank_axis
from metareview.report.figures.reading import number, value_rows
from metareview.report.figures.style import INK, PAPER, SMALL, WIDTH, canvas, colour_of, draw_notes, inset
from metareview.report.figures.text import line_height, tidy, wrap
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_blobs"]

_MARGIN, _LABEL, _ROW = 8.0, 200.0, 24.0
#: Diameter in points of a blob that is in every replicate.
_WHOLE = 20.0


def draw(views: Mapping[str, View]) -> Figure:
    """Return the plot of the views `shares-…` and `ranking-…`, in this order."""
    view, ranking = views.values()
    names = [tidy(name) for name in ranking.values("method")]
    labels = Labels.of(names, _LABEL, SMALL, least=_ROW)
    text = (
        f"Areas are shares of {int(ranking.meta.get('n_boot', '0')):,} replicates over {ranking.meta.get('unit', '')}; "
        f"cross: median; line: {ranking.meta.get('level', '95%')} interval."
    )
    notes = wrap(text, WIDTH - 2 * _MARGIN, SMALL)
    left = _MARGIN + labels.width + 10
    figure, sheet = canvas(WIDTH, _MARGIN + labels.height + 44 + (line_height(SMALL) + 3) * len(notes))
    draw_blobs(view, ranking, labels, inset(figure, left, _MARGIN, WIDTH - left - 16, labels.height))
    draw_notes(sheet, _MARGIN, _MARGIN + labels.height + 38, notes, WIDTH - 2 * _MARGIN)
    return figure


def draw_blobs(view: View, ranking: View, labels: Labels, ax: Axes) -> Axes:
    """Draw the blobs onto axes, one row per method.

    Parameters
    ----------
    view : columns method, rank and share.
    ranking : columns method and interval; there is one where there are replicates.
    labels : the methods and their places.
    """
    names = [tidy(name) for name in ranking.values("method")]
    row_axis(ax, labels)
    rank_axis(ax, len(names))
    centre = dict(zip(names, labels.centres, strict=True))
    found: dict[str, list[tuple[float, float]]] = {}
    for method, rank, share in value_rows(view, "method", "rank", "share"):
        found.setdefault(tidy(method), []).append((number(rank) or 0.0, number(share) or 0.0))
    for name, interval in zip(names, ranking.cells("interval"), strict=True):
        if interval.low is not None and interval.high is not None:
            y = centre[name]
            ax.plot([interval.low, interval.high], [y, y], color=INK, lw=1.0, zorder=2)
    for name, blobs in found.items():
        y = centre[name]
        for rank, share in blobs:
            ax.plot([rank], [y], "o", ms=_WHOLE * share**0.5, mfc=colour_of(0), mec=PAPER, mew=0.5, zorder=3)
        ax.plot([_median(blobs)], [y], "x", ms=6, mec=INK, mew=1.5, zorder=4)
    return ax


def _median(blobs: list[tuple[float, float]]) -> float:
    """Return the smallest rank that half of the replicates do not exceed."""
    total = 0.0
    for rank, share in sorted(blobs):
        total += share
        if total >= 0.5 - 1e-9:
            return rank
    return max(rank for rank, _ in blobs)
