"""The forest plot: effects with intervals and weights, subgroups, the pooled effect and its prediction interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.report.figures.panels import Labels, row_axis
from metareview.report.figures.reading import cell_rows, column, number, value_rows
from metareview.report.figures.style import (
    GRID,
    INK,
    MUTED,
    PAPER,
    SMALL,
    WIDTH,
    canvas,
    colour_of,
    draw_notes,
    inset,
    log_axis,
    put,
)
from metareview.report.figures.text import line_height, tidy, widest, wrap
from metareview.report.views.base import Cell, Column, View
from metareview.report.views.format import display

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Row", "draw", "draw_rows"]

_MARGIN, _LABEL, _ROW, _GAP = 8.0, 180.0, 17.0, 10.0
_SHARE, _SHARES = Column("share", "Share", "percent"), ("i2", "i2_q")
_POOLED, _GROUP = colour_of(3), colour_of(0)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the plot: a heading, an effect, or a diamond; `share` is the weight, `open` a borrowed variance."""

    kind: str
    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    share: float | None = None
    open: bool = False


def draw(views: Mapping[str, View]) -> Figure:
    """Return the forest plot of the views `effects-…` and `fit-…`, in this order."""
    view, model = views.values()
    rows = _rows(view, model)
    labels = Labels.of([row.label for row in rows], _LABEL, SMALL, least=_ROW)
    texts = [_text(row, view) for row in rows]
    shares = [display(row.share, column(view, "weight")) if row.share is not None else "" for row in rows]
    heads = (f"Value [{view.meta.get('level', '95%')} interval]", "Weight")
    wide, thin = widest([*texts, heads[0]], SMALL), widest([*shares, heads[1]], SMALL)
    left = _MARGIN + labels.width + _GAP
    room = WIDTH - left - wide - thin - 3 * _GAP - _MARGIN
    notes = [line for text in _notes(rows, model) for line in wrap(text, WIDTH - 2 * _MARGIN, SMALL)]
    top = _MARGIN + line_height(SMALL) + 4
    figure, sheet = canvas(WIDTH, top + labels.height + 44 + (line_height(SMALL) + 3) * len(notes) + _MARGIN)
    put(sheet, left + room + wide + _GAP, _MARGIN, heads[0], size=SMALL, weight="bold", ha="right")
    put(sheet, WIDTH - _MARGIN, _MARGIN, heads[1], size=SMALL, weight="bold", ha="right")
    for row, middle, text, share in zip(rows, labels.centres, texts, shares, strict=True):
        bold = "bold" if row.kind in ("pooled", "group") else "normal"
        y = top + middle - line_height(SMALL) / 2
        put(sheet, left + room + wide + _GAP, y, text, size=SMALL, weight=bold, ha="right")
        put(sheet, WIDTH - _MARGIN, y, share, size=SMALL, color=MUTED, ha="right")
    ax = inset(figure, left, top, room, labels.height)
    draw_rows(rows, labels, ax, log=view.meta.get("axis") == "log", reference=_float(view.meta.get("reference")))
    ax.set_xlabel("\n".join(wrap(tidy(view.meta.get("measure", "")), room + 60, SMALL, lines=2)), fontsize=SMALL)
    draw_notes(sheet, _MARGIN, top + labels.height + 40, notes, WIDTH - 2 * _MARGIN)
    return figure


def _float(text: str | None) -> float | None:
    return None if text is None else float(text)


def _rows(view: View, model: View) -> list[Row]:
    """The lines from top to bottom: subgroups with their own diamonds, then the pooled effect and the prediction."""
    grouped = any(c.key == "group" for c in view.columns) and bool(view.group)
    keys = ("label", "estimate", "weight", "source", "group") if grouped else ("label", "estimate", "weight", "source")
    lines: dict[str, list[Row]] = {}
    for label, estimate, weight, source, *group in cell_rows(view, *keys):
        name = tidy(group[0].value) if group else ""
        row = Row("effect", tidy(label.value), number(estimate.value), estimate.low, estimate.high,
                   number(weight.value), source.mark == "warning")  # fmt: skip
        lines.setdefault(name, []).append(row)
    ends = [(str(kind.value), tidy(name.value), value) for kind, name, value in
            cell_rows(model, "key", "quantity", "value")] if model.rows else []  # fmt: skip
    out: list[Row] = []
    pooled_groups = [end for end in ends if end[0] == "group"]
    for position, (name, own) in enumerate(lines.items()):
        out += [Row("head", name or "not stated")] if grouped else []
        out += own
        if grouped and position < len(pooled_groups) and pooled_groups[position][2].value is not None:
            out.append(_diamond("group", f"pooled, {pooled_groups[position][1]}", pooled_groups[position][2]))
    out += [_diamond(kind, name, cell) for kind, name, cell in ends if kind in ("pooled", "prediction")]
    return out


def _diamond(kind: str, label: str, cell: Cell) -> Row:
    return Row(kind, label, number(cell.value), cell.low, cell.high)


def _text(row: Row, view: View) -> str:
    if row.kind == "head":
        return ""
    if row.low is None or row.high is None:
        return "not estimable" if row.value is None else tidy(display(row.value, column(view, "estimate")))
    value, low, high = (tidy(display(v, column(view, "estimate"))) for v in (row.value, row.low, row.high))
    return f"[{low}, {high}]" if row.kind == "prediction" else f"{value} [{low}, {high}]"


def draw_rows(rows: list[Row], labels: Labels, ax: Axes, *, log: bool, reference: float | None) -> Axes:
    """Draw the lines onto axes; the x axis is that of the values, logarithmic for ratios.

    Parameters
    ----------
    rows, labels : lines of the plot and their places.
    log : whether the axis is logarithmic.
    reference : the value of no difference, drawn as a line.
    """
    row_axis(ax, labels)
    if log:
        log_axis(ax, "x")
    low, high = _limits(rows, log, reference)
    ax.set_xlim(low, high)
    if reference is not None:
        ax.axvline(reference, color=MUTED, lw=0.9, zorder=1)
    top = max((row.share or 0.0 for row in rows), default=0.0) or 1.0
    for row, y in zip(rows, labels.centres, strict=True):
        if row.kind == "effect":
            _draw_effect(row, y, top, ax)
        elif row.kind == "prediction":
            _line(row, y, ax, INK, 2.6)
        elif row.kind in ("group", "pooled"):
            _draw_diamond(row, y, ax)
    for text, row in zip(ax.get_yticklabels(), rows, strict=True):
        text.set_fontweight("bold" if row.kind in ("head", "group", "pooled") else "normal")
    pooled = next((row.value for row in rows if row.kind == "pooled"), None)
    if pooled is not None:
        ax.axvline(pooled, color=_POOLED, lw=0.8, ls=(0, (3, 3)), zorder=1)
    ax.grid(axis="x", color=GRID)
    if not log:
        ax.locator_params(axis="x", nbins=5)
    return ax


def _limits(rows: list[Row], log: bool, reference: float | None) -> tuple[float, float]:
    """The axis holds every effect and the pooled interval; a wider interval may widen it, but not without end."""
    own = [v for row in rows if row.kind in ("effect", "pooled") for v in (row.low, row.value, row.high)]
    ends = [v for v in own if v is not None and (v > 0 or not log)]
    ends += [reference] if reference is not None and ends else []
    if not ends:
        return (0.5, 2.0) if log else (0.0, 1.0)
    low, high = min(ends), max(ends)
    wider = [v for row in rows for v in (row.low, row.high) if v is not None and (v > 0 or not log)]
    if log:
        span = max(high / low, 1.1)
        return max(min([low, *wider]), low / span) / span**0.04, min(max([high, *wider]), high * span) * span**0.04
    span = (high - low) or abs(high) or 1.0
    return max(min([low, *wider]), low - span) - 0.04 * span, min(max([high, *wider]), high + span) + 0.04 * span


def _line(row: Row, y: float, ax: Axes, colour: str, width: float) -> None:
    """Draw an interval; an end beyond the axis is an arrow at its edge."""
    if row.low is None or row.high is None:
        return
    left, right = ax.get_xlim()
    ends = max(row.low, left), min(row.high, right)
    ax.plot(ends, [y, y], color=colour, lw=width, zorder=2)
    for beyond, end, marker in ((row.low < left, ends[0], "<"), (row.high > right, ends[1], ">")):
        if beyond:
            ax.plot([end], [y], marker=marker, color=colour, ms=4.5, zorder=3, clip_on=False)


def _draw_effect(row: Row, y: float, top: float, ax: Axes) -> None:
    _line(row, y, ax, INK, 1.0)
    if row.value is None:
        return
    size = 3.0 + 4.5 * ((row.share or 0.0) / top) ** 0.5
    fill = PAPER if row.open else _GROUP
    ax.plot([row.value], [y], "s", ms=size, mfc=fill, mec=_GROUP, mew=1.0, zorder=4)


def _draw_diamond(row: Row, y: float, ax: Axes) -> None:
    if row.value is None or row.low is None or row.high is None:
        return
    left, right = ax.get_xlim()
    colour, half = (_POOLED, 6.0) if row.kind == "pooled" else (_GROUP, 4.5)
    low, high = max(row.low, left), min(row.high, right)
    ax.fill([low, row.value, high, row.value], [y, y - half, y, y + half], fc=colour, ec=colour, lw=0.6, zorder=4)
    for beyond, end, marker in ((row.low < left, low, "<"), (row.high > right, high, ">")):
        if beyond:
            ax.plot([end], [y], marker=marker, color=colour, ms=4.5, zorder=3, clip_on=False)


def _notes(rows: list[Row], model: View) -> list[str]:
    """Heterogeneity in one line, and what the marks mean."""
    lines = value_rows(model, "key", "quantity", "value") if model.rows else []
    shown = [
        f"{tidy(name)}: {tidy(display(value, _SHARE if key in _SHARES else column(model, 'value')))}"
        for key, name, value in lines
        if key in ("component", *_SHARES, "q")
    ]
    notes = ["; ".join(shown) + "."] if shown else []
    notes.append("Squares: effects, larger with more weight; diamonds: pooled with interval.")
    if any(row.open for row in rows):
        notes[-1] += " Open squares: the variance is not the effect's own."
    if any(row.kind == "prediction" for row in rows):
        notes[-1] += " Bar: where a new true effect is expected."
    return notes
