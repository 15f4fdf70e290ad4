"""Risk of bias and quality in pictures: traffic lights per study and item, and bars of shares per item.

A light is a disc with a sign in it, and a bar has a hatch and the same sign in the legend, so that no judgement is
told by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.report.figures.panels import Labels, row_axis
from metareview.report.figures.reading import distinct, number, value_rows
from metareview.report.figures.style import (
    GRID,
    INK,
    MUTED,
    PANEL,
    PAPER,
    SMALL,
    TEXT,
    UNKNOWN,
    WIDTH,
    canvas,
    colour_of,
    inset,
    put,
)
from metareview.report.figures.text import line_height, measure, tidy, wrap
from metareview.report.views.base import Value, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Panel", "draw", "draw_lights", "draw_shares", "draw_summary"]

_MARGIN, _LABEL, _STEP, _ROW, _HEAD = 8.0, 190.0, 26.0, 17.0, 110.0
#: Studies in one column; more stand in two, where they fit.
_TALL = 30
#: Height of a bar with the space around it.
_BAR = 22.0


@dataclass(frozen=True, slots=True)
class _Sign:
    colour: str
    sign: str
    hatch: str
    name: str


#: Colour, sign and hatch of what a judgement means, from best to worst; colours of Okabe and Ito.
_SIGNS: dict[str, _Sign] = {
    "good": _Sign(colour_of(2), "+", "", "good"),
    "some": _Sign(colour_of(1), "!", "////", "some concern"),
    "bad": _Sign(colour_of(3), "−", "xxxx", "bad"),
    "unknown": _Sign(UNKNOWN, "?", "....", "unclear"),
    "none": _Sign(GRID, "·", "", "does not apply"),
    "": _Sign(PAPER, "", "", "not judged"),
}


def draw(views: Mapping[str, View]) -> Figure:
    """Return the traffic-light plot of the view `appraisal-lights`, one panel per tool."""
    view = views["appraisal-lights"]
    rows = [Panel.of(view, tidy(tool)).blocks(view) for tool in distinct(v for (v,) in value_rows(view, "tool"))]
    legend = _legend(view, "judgement")
    width = max([WIDTH, *(sum(panel.width for panel in row) + 2 * _MARGIN for row in rows)])
    height = 2 * _MARGIN + _legend_lines(legend, width) + sum(max(panel.height for panel in row) for row in rows)
    figure, sheet = canvas(width, height)
    top = _draw_legend(sheet, legend, width)
    for row in rows:
        top = put(sheet, _MARGIN, top, row[0].title, size=TEXT, weight="bold", color=INK) + row[0].head
        left = _MARGIN
        for panel in row:
            place = left + panel.labels.width + 10
            draw_lights(view, inset(figure, place, top, _STEP * len(panel.items), panel.labels.height), panel)
            left += panel.width
        top += max(panel.labels.height for panel in row) + 14
    return figure


@dataclass(frozen=True, slots=True)
class Panel:
    """One tool: its studies (id and name) and items, and the room they take."""

    tool: str
    studies: tuple[tuple[str, str], ...]
    items: tuple[str, ...]
    labels: Labels
    heads: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, view: View, tool: str, studies: tuple[tuple[str, str], ...] = ()) -> Panel:
        """Lay out the lights of one tool, of all its studies or of some."""
        own = [row[1:] for row in value_rows(view, "tool", "study_id", "study", "item") if tidy(row[0]) == tool]
        studies = studies or tuple(distinct((str(key), tidy(study)) for key, study, _ in own))
        items = tuple(distinct(tidy(item) for _, _, item in own))
        labels = Labels.of([name for _, name in studies], _LABEL, SMALL, least=_ROW)
        heads = tuple(tuple(wrap(item, _HEAD, SMALL, lines=2)) for item in items)
        return cls(tool, studies, items, labels, heads)

    @property
    def title(self) -> list[str]:
        """Lines of the name of the tool."""
        return wrap(self.tool, WIDTH - 2 * _MARGIN, TEXT, "bold", lines=2)

    @property
    def head(self) -> float:
        """Height of the headings, which stand upright, in points."""
        return max(measure(line, SMALL) for lines in self.heads for line in lines) + 14

    @property
    def height(self) -> float:
        """Height with the heading, in points."""
        return line_height(TEXT) * len(self.title) + self.head + self.labels.height + 14

    @property
    def width(self) -> float:
        """Width with the names of the studies, in points."""
        return self.labels.width + 10 + _STEP * len(self.items) + 24

    def blocks(self, view: View) -> list[Panel]:
        """Break a long panel into two beside each other, where they fit into the width of a page."""
        if len(self.studies) <= _TALL or 2 * self.width > WIDTH:
            return [self]
        half = (len(self.studies) + 1) // 2
        return [Panel.of(view, self.tool, part) for part in (self.studies[:half], self.studies[half:])]


def draw_lights(view: View, ax: Axes, panel: Panel) -> Axes:
    """Draw the lights of one tool onto axes: a row per study, a column per item; overall judgements stand on a ground.

    Parameters
    ----------
    view : columns tool, study_id, study, item, kind, judgement, role, sign.
    panel : the tool, its studies and items.
    """
    row_axis(ax, panel.labels)
    ax.set_xlim(0, _STEP * len(panel.items))
    ax.spines["bottom"].set_visible(False)
    where = dict(zip((key for key, _ in panel.studies), panel.labels.centres, strict=True))
    for edge in (*panel.labels.tops, panel.labels.height):
        ax.axhline(edge, color=GRID, lw=0.5, zorder=0)
    centres = [_STEP * (at + 0.5) for at in range(len(panel.items))]
    ax.set_xticks([])
    for x, lines in zip(centres, panel.heads, strict=True):
        for at, line in enumerate(lines):
            shift = (at - (len(lines) - 1) / 2) * line_height(SMALL) + SMALL * 0.36
            ax.annotate(
                line, (x + shift, 0), xytext=(0, 6), textcoords="offset points", rotation=90, rotation_mode="anchor",
                fontsize=SMALL, ha="left", va="baseline", color=INK, annotation_clip=False,
            )  # fmt: skip
    for name, study, item, kind, role in value_rows(view, "tool", "study_id", "item", "kind", "role"):
        if tidy(name) != panel.tool or str(study) not in where:
            continue
        x, y = centres[panel.items.index(tidy(item))], where[str(study)]
        if kind == "overall":
            ax.axvspan(x - _STEP / 2, x + _STEP / 2, color=PANEL, zorder=-1, lw=0)
        if _role(role):
            _light(ax, x, y, _SIGNS[_role(role)])
    return ax


def _role(value: Value) -> str:
    """Return what a judgement means; a word that is none means nothing."""
    return str(value) if value in _SIGNS else ""


def _light(ax: Axes, x: float, y: float, look: _Sign) -> None:
    ax.plot([x], [y], "o", ms=12, mfc=look.colour, mec=INK if look.sign in "!−" else MUTED, mew=0.6, zorder=2)
    ax.text(
        x, y, look.sign, fontsize=9.5, weight="bold", ha="center", va="center_baseline",
        color="#010101" if look.sign != "·" else MUTED, zorder=3,
    )  # fmt: skip


def _legend(view: View, word: str) -> dict[str, str]:
    """Return the roles that occur, with the words of the tools for each."""
    words: dict[str, list[str]] = {}
    for role, label in value_rows(view, "role", word):
        words.setdefault(_role(role), []).append(tidy(label))
    known = [role for role in _SIGNS if role in words]
    said = {role: " / ".join(distinct(w for w in words[role] if w)) or _SIGNS[role].name for role in known}
    return {role: wrap(text, WIDTH - 2 * _MARGIN - 40, SMALL, lines=1)[0] for role, text in said.items()}


def _legend_lines(legend: Mapping[str, str], width: float) -> float:
    return sum(1 for _ in _placed(legend, width)[1]) * (line_height(SMALL) + 5) + 8


def _placed(legend: Mapping[str, str], width: float) -> tuple[list[tuple[str, float, int]], list[float]]:
    """Return the place of each entry (role, x, line), and the lines."""
    left, line, out, lines = _MARGIN, 0, [], [0.0]
    for role, words in legend.items():
        need = 22 + measure(words, SMALL) + 16
        if left > _MARGIN and left + need > width - _MARGIN:
            left, line = _MARGIN, line + 1
            lines.append(0.0)
        out.append((role, left, line))
        left += need
    return out, lines


def _draw_legend(sheet: Axes, legend: Mapping[str, str], width: float) -> float:
    """Write the legend of signs and return the y below it."""
    places, lines = _placed(legend, width)
    for role, x, line in places:
        y = _MARGIN + 7 + line * (line_height(SMALL) + 5)
        look = _SIGNS[role]
        if role:
            _light(sheet, x + 7, y, look)
        else:
            sheet.plot([x + 7], [y], "o", ms=11, mfc=PAPER, mec=GRID, mew=0.8)
        put(sheet, x + 20, y - line_height(SMALL) / 2, legend[role], size=SMALL)
    return _MARGIN + len(lines) * (line_height(SMALL) + 5) + 8


def draw_summary(views: Mapping[str, View]) -> Figure:
    """Return the bars of the view `appraisal-summary`, one panel per tool and weighting."""
    view = views["appraisal-summary"]
    panels = distinct(tidy(v) for (v,) in value_rows(view, "panel"))
    legend = _legend(view, "judgement")
    labels = {panel: Labels.of(_items(view, panel), _LABEL, SMALL, least=_BAR) for panel in panels}
    heads = {panel: wrap(panel, WIDTH - 2 * _MARGIN, TEXT, "bold", lines=2) for panel in panels}
    head = sum(line_height(TEXT) * len(lines) + 6 for lines in heads.values())
    height = 2 * _MARGIN + _legend_lines(legend, WIDTH) + head + sum(one.height + 40 for one in labels.values())
    figure, sheet = canvas(WIDTH, height)
    top = _draw_legend(sheet, legend, WIDTH)
    for panel in panels:
        top = put(sheet, _MARGIN, top, heads[panel], size=TEXT, weight="bold", color=INK) + 6
        left = _MARGIN + labels[panel].width + 12
        draw_shares(view, inset(figure, left, top, WIDTH - left - 24, labels[panel].height), panel)
        top += labels[panel].height + 40
    return figure


def _items(view: View, panel: str) -> list[str]:
    return distinct(tidy(item) for name, item in value_rows(view, "panel", "item") if tidy(name) == panel)


def draw_shares(view: View, ax: Axes, panel: str) -> Axes:
    """Draw one bar per item onto axes, divided by judgement, from best to worst.

    Parameters
    ----------
    view : columns panel, item, judgement, role, n, share.
    panel : tool and weighting, as the view names them.
    """
    from matplotlib.ticker import PercentFormatter

    items = _items(view, panel)
    labels = Labels.of(items, _LABEL, SMALL, least=_BAR)
    row_axis(ax, labels)
    where = dict(zip(items, labels.centres, strict=True))
    rows = [row for row in value_rows(view, "panel", "item", "role", "n", "share") if tidy(row[0]) == panel]
    roles: Sequence[str] = list(_SIGNS)
    start = dict.fromkeys(items, 0.0)
    room = ax.get_position().width * ax.get_figure().get_size_inches()[0] * 72  # type: ignore[union-attr]
    for _, item, role, n, share in sorted(rows, key=lambda row: roles.index(_role(row[2]))):
        name, look, width = tidy(item), _SIGNS[_role(role)], number(share) or 0.0
        ax.barh(
            where[name], width, left=start[name], height=12, color=look.colour, hatch=look.hatch,
            ec=PAPER if _role(role) else GRID, lw=0.6,
        )  # fmt: skip
        text = tidy(f"{look.sign} {n}")
        if measure(text, SMALL) + 4 < width * room:  # what does not fit is in the table
            _number(ax, start[name] + width / 2, where[name], text)
        start[name] += width
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_xlabel("share (numbers: studies)")
    return ax


def _number(ax: Axes, x: float, y: float, text: str) -> None:
    ax.text(
        x, y, text, fontsize=SMALL - 0.6, color=INK, ha="center", va="center_baseline", zorder=4,
        bbox={"boxstyle": "round,pad=0.15", "fc": PAPER, "ec": "none"},
    )  # fmt: skip
