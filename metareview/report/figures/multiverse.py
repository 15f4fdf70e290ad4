"""Rankings under every choice: the specification curve, the order of pairs, and what moves the ranks.

The specification curve has one column per specification. Above, every method is a strip whose colour is its rank;
below, a mark shows which option of each decision the specification takes. Columns stand in the order of the decisions
that move the ranks most, so a strip that changes colour together with a row of marks shows what does it. At the right
each method's ranks are sorted on their own, best first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metareview.report.figures.matrix import Grid, draw_grid
from metareview.report.figures.panels import Labels, row_axis
from metareview.report.figures.reading import cell_rows, number, shown
from metareview.report.figures.style import (
    GRID,
    INK,
    MUTED,
    PANEL,
    SMALL,
    TEXT,
    UNKNOWN,
    WIDTH,
    canvas,
    colour_of,
    draw_notes,
    inset,
    put,
)
from metareview.report.figures.text import line_height, measure, tidy, widest, wrap
from metareview.report.views.base import Value, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_decisions", "draw_orders", "draw_shares"]

_MARGIN, _GAP, _STRIP, _MARK = 8.0, 14.0, 17.0, 11.0
_LABEL, _CURVE = 190.0, 92.0
#: Most methods that have a strip, and most that stand in the matrix of pairs.
METHODS, PAIRS = 30, 24
_NOTE = (
    "One column per specification that ranks every method; marks below show the option that each takes. Columns stand "
    "in the order of the decisions that move the ranks most. At the right the ranks of each method are sorted, best "
    "first; the dot is its rank by default."
)


@dataclass(frozen=True)
class _Sheet:
    """The parts of a specification curve: methods with their ranks by column, decisions with their options."""

    methods: list[str]
    ranks: list[list[float | None]]
    decisions: list[tuple[str, list[str], list[int]]]
    worst: float

    @classmethod
    def of(cls, view: View) -> _Sheet:
        keys = [column.key for column in view.columns]
        at = [place for place, key in enumerate(keys) if key.startswith("rank.")][:METHODS]
        ranks = [[number(row[place].value) for row in view.rows] for place in at]
        decisions = []
        for place, key in enumerate(keys):
            if key.startswith("option."):
                values = [tidy(row[place].value) for row in view.rows]
                options = list(dict.fromkeys(values))
                if len(options) > 1:
                    decisions.append((view.columns[place].label, options, [options.index(v) for v in values]))
        worst = max((rank for row in ranks for rank in row if rank is not None), default=1.0)
        return cls([tidy(view.columns[place].label) for place in at], ranks, decisions, worst)

    @property
    def lines(self) -> int:
        """Rows of marks, one per option."""
        return sum(len(options) for _, options, _ in self.decisions)


def draw(views: Mapping[str, View]) -> Figure:
    """Return the specification curve of a view `multiverse-specifications`."""
    view = next(iter(views.values()))
    sheet = _Sheet.of(view)
    options = [option for _, options, _ in sheet.decisions for option in options]
    label = min(_LABEL, max(widest(sheet.methods, SMALL), widest(options, SMALL))) + 8
    strips = _STRIP * len(sheet.methods)
    marks = sum(line_height(SMALL) + 5 + _MARK * len(options) for _, options, _ in sheet.decisions)
    note = wrap(_NOTE, WIDTH - 2 * _MARGIN, SMALL)
    top = _MARGIN + 22
    figure, page = canvas(WIDTH, top + strips + _GAP + marks + _GAP + line_height(SMALL) * len(note) + _MARGIN)
    wide = WIDTH - 2 * _MARGIN - label - _CURVE - _GAP
    left = _MARGIN + label
    _draw_key(page, left, _MARGIN, sheet.worst)
    put(page, left + wide + _GAP, _MARGIN, "ranks, sorted", size=SMALL, color=MUTED)
    _draw_strips(page, sheet, left, top, wide)
    _draw_curves(page, sheet, left + wide + _GAP, top, _default(view, sheet))
    _draw_marks(page, sheet, left, top + strips + _GAP, wide)
    draw_notes(page, _MARGIN, top + strips + _GAP + marks + _GAP, [_NOTE], WIDTH - 2 * _MARGIN)
    return figure


def _colours() -> Any:
    from seaborn import color_palette

    return color_palette("crest_r", as_cmap=True)


def _shade(rank: float, worst: float) -> tuple[float, float, float]:
    red, green, blue, _ = _colours()(0.0 if worst <= 1 else (rank - 1) / (worst - 1))
    return red, green, blue


def _default(view: View, sheet: _Sheet) -> list[float | None]:
    """Ranks of the default specification, which is number 0, where it is in the view."""
    numbers = [number(row[0].value) for row in view.rows]
    return [ranks[numbers.index(0.0)] if 0.0 in numbers else None for ranks in sheet.ranks]


def _draw_key(page: Axes, x: float, y: float, worst: float) -> None:
    from matplotlib.patches import Rectangle

    put(page, x, y, "rank 1", size=SMALL)
    x += measure("rank 1", SMALL) + 5
    for step in range(24):
        shade = _shade(1 + step / 23 * (worst - 1), worst)
        page.add_patch(Rectangle((x + step * 4, y + 1), 4.2, 8, fc=shade, ec="none"))
    put(page, x + 24 * 4 + 5, y, f"{worst:g}", size=SMALL)


def _draw_strips(page: Axes, sheet: _Sheet, left: float, top: float, wide: float) -> None:
    from matplotlib.patches import Rectangle

    for row, (method, ranks) in enumerate(zip(sheet.methods, sheet.ranks, strict=True)):
        y, step = top + row * _STRIP, wide / max(len(ranks), 1)
        name = wrap(method, left - _MARGIN - 8, SMALL, lines=1)[0]
        page.text(left - 6, y + _STRIP / 2, name, fontsize=SMALL, ha="right", va="center_baseline", color=INK)
        page.add_patch(Rectangle((left, y + 1), wide, _STRIP - 2, fc=PANEL, ec="none"))
        for rank in sorted({rank for rank in ranks if rank is not None}):
            runs = _runs([other == rank for other in ranks])
            _boxes(page, [(left + a * step, y + 1, (b - a) * step, _STRIP - 2) for a, b in runs],
                   _shade(rank, sheet.worst))  # fmt: skip


def _draw_marks(page: Axes, sheet: _Sheet, left: float, y: float, wide: float) -> None:
    for place, (title, options, chosen) in enumerate(sheet.decisions):
        put(page, _MARGIN, y, title, size=SMALL, weight="bold")
        y += line_height(SMALL) + 2
        step = wide / max(len(chosen), 1)
        for at, option in enumerate(options):
            name = wrap(option, left - _MARGIN - 8, SMALL, lines=1)[0]
            page.text(left - 6, y + _MARK / 2, name, fontsize=SMALL, ha="right", va="center_baseline", color=MUTED)
            page.plot([left, left + wide], [y + _MARK / 2] * 2, color=GRID, lw=0.5, zorder=1)
            runs = _runs([other == at for other in chosen])
            _boxes(page, [(left + a * step, y + 2, (b - a) * step, _MARK - 4) for a, b in runs],
                   colour_of(0) if place % 2 == 0 else UNKNOWN)  # fmt: skip
            y += _MARK
        y += 3


def _draw_curves(page: Axes, sheet: _Sheet, left: float, top: float, default: Sequence[float | None]) -> None:
    """Each method's ranks sorted, as a falling step line: at the left its best rank, at the right its worst."""
    for row, ranks in enumerate(sheet.ranks):
        known = sorted(rank for rank in ranks if rank is not None)
        y0 = top + row * _STRIP + 2
        page.plot([left, left + _CURVE - _MARGIN], [y0 + _STRIP - 3] * 2, color=GRID, lw=0.5)
        if not known:
            continue
        scale = (_STRIP - 5) / max(sheet.worst - 1, 1)
        step = (_CURVE - _MARGIN - 34) / len(known)
        xs = [left + part for at in range(len(known)) for part in (at * step, (at + 1) * step)]
        ys = [y0 + (rank - 1) * scale for rank in known for _ in range(2)]
        page.plot(xs, ys, color=INK, lw=1.0, solid_joinstyle="miter")
        own = default[row]
        if own is not None:
            at = sum(rank < own for rank in known)
            page.plot([left + (at + 0.5) * step], [y0 + (own - 1) * scale], "o", ms=3.4, color=colour_of(3), zorder=4)
        ends = f"{known[0]:g}–{known[-1]:g}" if known[0] != known[-1] else f"{known[0]:g}"
        put(page, left + _CURVE - _MARGIN - 29, y0 + _STRIP / 2 - 2 - line_height(SMALL) / 2, ends, size=SMALL)


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Return beginning and end of every run of true values.

    >>> _runs([True, True, False, True])
    [(0, 2), (3, 4)]
    """
    runs: list[tuple[int, int]] = []
    for at, flag in enumerate(flags):
        if not flag:
            continue
        if runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def _boxes(page: Axes, boxes: Sequence[tuple[float, float, float, float]], colour: Any) -> None:
    """Draw rectangles of one colour as one path: a curve has thousands of them."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners = [[(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)] for x, y, w, h in boxes]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(boxes)
    page.add_patch(PathPatch(Path([point for box in corners for point in box], codes), fc=colour, ec="none", zorder=2))


_PAIRS = (
    "Per cent of the specifications that rank both; ties count half. ° The two have no value of one metric on the same "
    "data: nothing ever compared them."
)


def draw_orders(views: Mapping[str, View]) -> Figure:
    """Return the matrix of the view `multiverse-pairs`: in how many specifications the row is ahead of the column."""
    from seaborn import color_palette

    view = next(iter(views.values()))
    rows = cell_rows(view, "above", "below", "share", "columns")
    names = list(dict.fromkeys(tidy(cell.value) for pair in zip(*[r[:2] for r in rows], strict=True) for cell in pair))
    names = _by_wins(names, rows)[:PAIRS]
    values: dict[tuple[int, int], float] = {}
    texts: dict[tuple[int, int], list[str]] = {}
    for above, below, share, columns in rows:
        pair = tidy(above.value), tidy(below.value)
        found = number(share.value)
        if found is None or not set(pair) <= set(names):
            continue
        i, j = names.index(pair[0]), names.index(pair[1])
        mark = "" if number(columns.value) else "°"
        for a, b, value in ((i, j, found), (j, i, 1 - found)):
            values[a, b], texts[a, b] = value, [f"{value * 100:.0f}{mark}"]
    blank = frozenset((i, i) for i in range(len(names)))
    grid = Grid(names, names, values, texts, (34.0, 17.0), label=_LABEL, blank=blank)
    width = max(grid.size[0] + 2 * _MARGIN, 420.0)
    lines = wrap(_PAIRS, width - 2 * _MARGIN, SMALL)
    head = line_height(TEXT) + 6
    figure, page = canvas(width, _MARGIN + head + grid.size[1] + _GAP + line_height(SMALL) * len(lines) + _MARGIN)
    put(page, _MARGIN, _MARGIN, "row ahead of column", weight="bold")
    draw_grid(page, _MARGIN, _MARGIN + head, grid, color_palette("vlag_r", as_cmap=True), (0.0, 1.0))
    draw_notes(page, _MARGIN, _MARGIN + head + grid.size[1] + _GAP, [_PAIRS], width - 2 * _MARGIN)
    return figure


def _by_wins(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Order names by how many others they are mostly ahead of, then by the mean share."""
    won: dict[str, list[float]] = {name: [] for name in names}
    for above, below, share, _ in rows:
        found = number(share.value)
        if found is not None:
            won[tidy(above.value)].append(found)
            won[tidy(below.value)].append(1 - found)
    ahead = {name: sum((value > 0.5) - (value < 0.5) for value in shares) for name, shares in won.items()}
    return sorted(names, key=lambda name: (-ahead[name], -sum(won[name]) / max(len(won[name]), 1), name))


def draw_decisions(views: Mapping[str, View]) -> Figure:
    """Return the bars of the view `multiverse-decisions`: shares of the variance of ranks."""
    view = next(iter(views.values()))
    labels = Labels.of([name for name, *_ in _bars(view)], _LABEL, TEXT)
    note = wrap(_BARS, WIDTH - 2 * _MARGIN, SMALL)
    figure, page = canvas(WIDTH, _MARGIN + labels.height + 44 + line_height(SMALL) * len(note) + _MARGIN)
    left = _MARGIN + labels.width + 8
    ax = inset(figure, left, _MARGIN, WIDTH - left - 70, labels.height)
    draw_shares(view, ax)
    draw_notes(page, _MARGIN, _MARGIN + labels.height + 40, [_BARS], WIDTH - 2 * _MARGIN)
    return figure


_BARS = (
    "Share of the variance of ranks that a decision explains, averaged over the orders in which decisions can enter "
    "(Shapley value); open diamond: what it explains by itself. Grey: interaction of decisions."
)


def draw_shares(view: View, ax: Axes) -> Axes:
    """Draw the shares of the decisions onto axes, one bar each.

    Parameters
    ----------
    view : columns decision, share and alone.
    """
    bars = _bars(view)
    labels = Labels.of([name for name, *_ in bars], _LABEL, TEXT)
    row_axis(ax, labels)
    for y, (name, share, alone, text) in zip(labels.centres, bars, strict=True):
        rest = name.startswith("Interaction")
        ax.barh(y, share * 100, height=10, color=UNKNOWN if rest else colour_of(0), hatch="////" if rest else "",
                edgecolor="#ffffff" if rest else "none", lw=0)  # fmt: skip
        if alone is not None:
            ax.plot([alone * 100], [y], "D", ms=4.5, mfc="none", mec=INK, mew=1.0)
        ax.annotate(text, (max(share, alone or 0) * 100, y), xytext=(7, 0), textcoords="offset points",
                    fontsize=SMALL, va="center_baseline", color=INK)  # fmt: skip
    ax.set_xlabel("per cent of the variance of ranks")
    ax.set_xlim(left=0)
    ax.margins(x=0.1)
    ax.grid(axis="x")
    return ax


def _bars(view: View) -> list[tuple[str, float, float | None, str]]:
    rows = cell_rows(view, "decision", "share", "alone")
    return [
        (tidy(decision.value), share_value, number(alone.value), _told(view, share.value, alone.value))
        for decision, share, alone in rows
        if (share_value := number(share.value)) is not None
    ]


def _told(view: View, share: Value, alone: Value) -> str:
    own = "" if alone is None else f" (by itself {shown(alone, view, 'alone')})"
    return f"{shown(share, view, 'share')}{own}"
