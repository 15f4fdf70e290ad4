"""Figures to judge a fit by: influence panel, Baujat plot, subsets (GOSH), profile likelihood, bubble plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from metareview.report.figures.panels import Labels
from metareview.report.figures.reading import cell_rows, column, distinct, number, value_rows
from metareview.report.figures.style import (
    GRID,
    INK,
    MUTED,
    PAPER,
    SMALL,
    TEXT,
    WARN,
    WIDTH,
    canvas,
    colour_of,
    draw_notes,
    inset,
    log_axis,
    put,
)  # fmt: skip
from metareview.report.figures.text import line_height, measure, tidy, wrap
from metareview.report.views.base import Cell, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_baujat", "draw_bubble", "draw_gosh", "draw_influence", "draw_profile"]

_MARGIN = 10.0
#: Columns of the influence panel, with the value that nothing would change at.
_PANEL = (("rstudent", 0.0), ("dffits", 0.0), ("cook_d", 0.0), ("cov_r", 1.0), ("tau2_del", None), ("qe_del", None),
          ("hat", None), ("weight", None))  # fmt: skip


def draw_influence(views: Mapping[str, View]) -> Figure:
    """Return the influence panel of a view `influence-…`: one small plot per diagnostic, effects in rows."""
    (view,) = views.values()
    names = [tidy(value) for value in view.values("label")]
    marked = [cell.value is True for cell in view.cells("influential")]
    labels = Labels.of(names, 150.0, SMALL, least=15.0)
    left, top = _MARGIN + labels.width + 8, _MARGIN + 2 * line_height(SMALL) + 6
    each = (WIDTH - left - _MARGIN) / len(_PANEL)
    notes = [line for text in (*view.notes, *view.warnings) for line in wrap(tidy(text), WIDTH - 2 * _MARGIN, SMALL)]
    figure, sheet = canvas(WIDTH, top + labels.height + 34 + (line_height(SMALL) + 3) * len(notes))
    for lines, middle, flag in zip(labels.lines, labels.centres, marked, strict=True):
        y = top + middle - line_height(SMALL) * len(lines) / 2
        for line in lines:
            y = put(sheet, left - 8, y, line, size=SMALL, ha="right", color=WARN if flag else INK,
                    weight="bold" if flag else "normal")  # fmt: skip
    for at, (key, neutral) in enumerate(_PANEL):
        x = left + at * each
        heading = wrap(column(view, key).label, each - 6, SMALL, "bold", lines=2)
        put(
            sheet,
            x + (each - 10) / 2,
            _MARGIN + line_height(SMALL) * (2 - len(heading)),
            heading,
            size=SMALL,
            weight="bold",
            ha="center",
        )
        values = [number(value) for value in view.values(key)]
        _strip(inset(figure, x, top, each - 14, labels.height), values, labels.centres, marked, neutral, labels.height)
    draw_notes(sheet, _MARGIN, top + labels.height + 30, notes, WIDTH - 2 * _MARGIN)
    return figure


def _strip(
    ax: Axes,
    values: list[float | None],
    centres: tuple[float, ...],
    marked: list[bool],
    neutral: float | None,
    height: float,
) -> None:
    """Draw one diagnostic down the rows; influential effects are larger and of another shape."""
    there = [(v, y, flag) for v, y, flag in zip(values, centres, marked, strict=True) if v is not None]
    ax.set_ylim(height, 0)
    ax.set_yticks([])
    for name in ("left", "right", "top"):
        ax.spines[name].set_visible(False)
    for _, y, _ in there:
        ax.axhline(y, color=GRID, lw=0.5, zorder=0)
    if neutral is not None:
        ax.axvline(neutral, color=MUTED, lw=0.8, ls=(0, (3, 3)), zorder=1)
    ax.plot([v for v, _, _ in there], [y for _, y, _ in there], color=colour_of(0), lw=0.8, alpha=0.6, zorder=2)
    for flag, marker, size, colour in ((False, "o", 4.2, colour_of(0)), (True, "D", 5.6, WARN)):
        own = [(v, y) for v, y, f in there if f is flag]
        ax.plot([v for v, _ in own], [y for _, y in own], marker, ms=size, mfc=colour, mec=PAPER, mew=0.5, zorder=3)
    ax.margins(x=0.15)
    ax.locator_params(axis="x", nbins=2, prune="upper")
    ax.tick_params(axis="x", labelsize=SMALL - 1.2)


def draw_baujat(views: Mapping[str, View]) -> Figure:
    """Return the Baujat plot of a view `baujat-…`; the effects that stand out have their names."""
    (view,) = views.values()
    rows = [(tidy(name), float(x or 0), float(y or 0)) for name, x, y in value_rows(view, "label", "x", "y")]
    width, height = 520.0, 300.0
    notes = [line for text in view.warnings for line in wrap(tidy(text), width - 2 * _MARGIN, SMALL)]
    figure, sheet = canvas(width, height + 50 + (line_height(SMALL) + 3) * len(notes))
    ax = inset(figure, 62, _MARGIN, width - 62 - 20, height - _MARGIN)
    ax.plot(
        [x for _, x, _ in rows], [y for _, _, y in rows], "o", mfc=colour_of(0), mec=PAPER, mew=0.6, ms=6.5, zorder=3
    )
    ax.margins(0.12)
    ax.set_xlim(left=min(0.0, *(x for _, x, _ in rows)))
    ax.set_ylim(bottom=min(0.0, *(y for _, _, y in rows)))
    _name_points(ax, rows, (width - 82, height - _MARGIN))
    ax.set_xlabel(column(view, "x").label)
    ax.set_ylabel(column(view, "y").label)
    ax.grid(color=GRID)
    draw_notes(sheet, _MARGIN, height + 44, notes, width - 2 * _MARGIN)
    return figure


def _name_points(ax: Axes, rows: list[tuple[str, float, float]], size: tuple[float, float]) -> None:
    """Write the names of points beside them, the farthest out first; one that would cover another is left out."""
    right, top = ax.get_xlim()[1], ax.get_ylim()[1]
    taken: list[tuple[float, float, float]] = []
    for name, x, y in sorted(rows, key=lambda row: (-row[1] * row[2], row[0])):
        far = x > 0.6 * right
        text = wrap(name, 150, SMALL, lines=1)[0]
        wide = measure(text, SMALL)
        start = x / right * size[0] + (-6 - wide if far else 6)
        level = y / top * size[1]
        line = line_height(SMALL)
        if any(start < end and begin < start + wide and abs(level - other) < line for begin, end, other in taken):
            continue
        taken.append((start, start + wide, level))
        ax.annotate(text, (x, y), xytext=(-6 if far else 6, 5), textcoords="offset points", fontsize=SMALL,
                    ha="right" if far else "left", color=INK)  # fmt: skip


def draw_gosh(views: Mapping[str, View]) -> Figure:
    """Return the picture of the subsets of a view `gosh-…`: how many at each pooled effect and I2, with margins."""
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    (view,) = views.values()
    width, height, side = 520.0, 300.0, 60.0
    notes = [line for text in (view.caption, *view.warnings) for line in wrap(tidy(text), width - 2 * _MARGIN, SMALL)]
    figure, sheet = canvas(width, height + 56 + (line_height(SMALL) + 3) * len(notes))
    ax = inset(figure, 56, _MARGIN + side, width - 56 - side - 20, height - _MARGIN - side)
    cells = [(x, y, number(count.value) or 0.0) for x, y, count in cell_rows(view, "x", "y", "count")]
    top = max(count for _, _, count in cells)
    boxes, shades = [], []
    for x, y, count in cells:
        if x.low is None or x.high is None or y.low is None or y.high is None:
            continue
        boxes.append(Rectangle((x.low, y.low), x.high - x.low, y.high - y.low))
        shades.append((*to_rgb(colour_of(0)), 0.15 + 0.85 * (count / top) ** 0.5))
    ax.add_collection(PatchCollection(boxes, facecolors=shades, edgecolors="none", zorder=2))
    ax.set_xlim(min(b.get_x() for b in boxes), max(b.get_x() + b.get_width() for b in boxes))
    ax.set_ylim(-0.02, 1.02)
    ax.margins(0.03)
    ax.set_xlabel("pooled effect of a subset, on the scale of the model")
    ax.set_ylabel("I²")
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    ax.grid(color=GRID)
    _margin(inset(figure, 56, _MARGIN, width - 56 - side - 20, side - 6), cells, 0, ax.get_xlim())
    _margin(
        inset(figure, width - side - 14, _MARGIN + side, side - 6, height - _MARGIN - side), cells, 1, ax.get_ylim()
    )
    draw_notes(sheet, _MARGIN, height + 46, notes, width - 2 * _MARGIN)
    return figure


def _margin(ax: Axes, cells: Sequence[tuple[Cell, Cell, float]], which: int, limits: tuple[float, float]) -> None:
    """Draw the counts along one of the two axes."""
    totals: dict[tuple[float, float], float] = {}
    for cell in cells:
        span = cell[1] if which else cell[0]
        ends = (span.low or 0.0, span.high or 0.0)
        totals[ends] = totals.get(ends, 0.0) + cell[2]
    ax.set_axis_off()
    for (low, high), count in totals.items():
        if which == 0:
            ax.bar(low, count, high - low, align="edge", color=colour_of(0), lw=0)
        else:
            ax.barh(low, count, high - low, align="edge", color=colour_of(0), lw=0)
    ax.set(xlim=limits) if which == 0 else ax.set(ylim=limits)


def draw_profile(views: Mapping[str, View]) -> Figure:
    """Return the profile of each variance component of a view `profile-…`, side by side."""
    (view,) = views.values()
    names = distinct(str(name) for name in view.values("component"))
    each, height = 300.0 if len(names) > 1 else 420.0, 210.0
    width = each * min(len(names), 2)
    lines = -(-len(names) // 2)
    notes = [line for text in view.notes for line in wrap(tidy(text), width - 2 * _MARGIN, SMALL)]
    tall = height + 66
    figure, sheet = canvas(width, tall * lines + (line_height(SMALL) + 3) * len(notes) + 4)
    for at, name in enumerate(names):
        x, y = each * (at % 2), tall * (at // 2)
        put(
            sheet,
            x + 54,
            y + 6,
            wrap(f"Variance of {name}" if name != "τ²" else name, each - 70, TEXT, "bold", lines=1),
            weight="bold",
        )
        ax = inset(figure, x + 54, y + 24, each - 70, height)
        _curve(ax, [row for row in cell_rows(view, "kind", "value", "drop", "component") if row[3].value == name])
    draw_notes(sheet, _MARGIN, tall * lines, notes, width - 2 * _MARGIN)
    return figure


def _curve(ax: Axes, rows: Sequence[tuple[Cell, ...]]) -> None:
    cells = [(kind.value, value, drop) for kind, value, drop, _ in rows]
    points = [(number(v.value) or 0.0, number(d.value) or 0.0) for kind, v, d in cells if kind == "curve"]
    ax.plot([x for x, _ in points], [y for _, y in points], color=colour_of(0), lw=1.6, zorder=3)
    for kind, value, drop in cells:
        if kind != "estimate":
            continue
        cut = number(drop.value) or 0.0
        ax.axhline(cut, color=MUTED, lw=0.9, ls=(0, (4, 3)), zorder=2)
        ax.plot(
            [number(value.value) or 0.0],
            [0.0],
            "o",
            ms=6.5,
            mfc=colour_of(3),
            mec=PAPER,
            mew=0.6,
            zorder=5,
            clip_on=False,
        )
        for end in (value.low, value.high):
            if end is not None and end > 0:
                ax.plot([end, end], [cut, 2.2 * cut], color=MUTED, lw=0.9, ls=(0, (4, 3)), zorder=2)
        ax.set_ylim(min(2.2 * cut, -1e-9), -0.08 * cut)
    ax.set_xlim(left=0)
    ax.set_xlabel("variance")
    ax.set_ylabel("log-likelihood below its maximum")
    ax.locator_params(axis="both", nbins=5)
    ax.grid(color=GRID)


def draw_bubble(views: Mapping[str, View]) -> Figure:
    """Return effects against the moderator of a view `bubble-…`, the fitted line with its band."""
    (view,) = views.values()
    width, height = 520.0, 300.0
    figure, sheet = canvas(width, height + 50 + line_height(SMALL))
    ax = inset(figure, 66, _MARGIN, width - 66 - 20, height - _MARGIN)
    cells = cell_rows(view, "kind", "x", "y", "weight")
    points = [row for row in cells if row[0].value == "point"]
    line = [row for row in cells if row[0].value == "line"]
    top = max((number(w.value) or 0.0) for _, _, _, w in points) or 1.0
    xs = [number(x.value) or 0.0 for _, x, _, _ in line]
    ax.fill_between(xs, [y.low or 0.0 for _, _, y, _ in line], [y.high or 0.0 for _, _, y, _ in line], color=GRID, lw=0,
                    zorder=1)  # fmt: skip
    ax.plot(xs, [number(y.value) or 0.0 for _, _, y, _ in line], color=colour_of(3), lw=1.4, zorder=2)
    for _, x, y, weight in points:
        size = 4 + 14 * ((number(weight.value) or 0.0) / top) ** 0.5
        ax.plot([number(x.value) or 0.0], [number(y.value) or 0.0], "o", ms=size, mfc=colour_of(0), mec=PAPER, mew=0.8,
                alpha=0.85, zorder=3)  # fmt: skip
    if view.meta.get("axis") == "log":
        log_axis(ax, "y")
    if "reference" in view.meta:
        ax.axhline(float(view.meta["reference"]), color=MUTED, lw=0.8, zorder=1)
    ax.margins(0.06)
    ax.set_xlabel(tidy(view.meta.get("moderator", "")))
    ax.set_ylabel(tidy(view.meta.get("measure", ""), 60))
    ax.grid(color=GRID)
    note = f"Circles: effects, larger with more weight; line: the model with its {view.meta.get('level', '95%')} band."
    draw_notes(sheet, _MARGIN, height + 44, [note], width - 2 * _MARGIN)
    return figure
