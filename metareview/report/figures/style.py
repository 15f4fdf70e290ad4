"""How figures look: one palette, one font, markers and hatches that tell groups apart without colour.

Colours are the set of Okabe and Ito (https://jfly.uni-koeln.de/color/), which readers with any common form of colour
blindness tell apart; each group also has a marker and a hatch of its own, so figures survive a grey printer. The
colours named here are the only ones with a dark variant: the page replaces them by CSS variables (`pages.inline`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metareview.report.figures.text import line_height, measure, tidy, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "DARK",
    "GRID",
    "INK",
    "MUTED",
    "PANEL",
    "PAPER",
    "SMALL",
    "TEXT",
    "UNKNOWN",
    "WARN",
    "WIDTH",
    "Look",
    "canvas",
    "colour_of",
    "draw_legend",
    "draw_notes",
    "empty_figure",
    "inset",
    "is_blank",
    "log_axis",
    "looks",
    "page",
    "put",
    "style",
]

INK, MUTED, GRID, PAPER, PANEL, WARN = "#1b1f24", "#57606a", "#d0d7de", "#ffffff", "#f3f5f8", "#b3350b"
UNKNOWN = "#8a929b"
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#a08a00", "#444c56")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
_HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "----", "++++", "oooo")
#: Values that say nothing; they are drawn in grey and stand last.
_BLANKS = frozenset({"", "not stated", "not reported", "not applicable", "unclear", "unknown", "other"})

#: Dark variant of every named colour.
DARK: Mapping[str, str] = {
    INK: "#e6edf3",
    MUTED: "#a5afba",
    GRID: "#3d444d",
    PAPER: "#151b23",
    PANEL: "#212830",
    WARN: "#ff9a6b",
    UNKNOWN: "#8f98a3",
    "#0072b2": "#4ea8e0",
    "#e69f00": "#f0b429",
    "#009e73": "#2cc295",
    "#d55e00": "#ff7b39",
    "#cc79a7": "#dd93bd",
    "#56b4e9": "#8fd0f5",
    "#a08a00": "#cdb82e",
    "#444c56": "#c3ccd6",
}
#: Font sizes and default width in points.
TEXT, SMALL, WIDTH = 9.0, 7.6, 660.0

_RC: Mapping[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": TEXT,
    "text.parse_math": False,  # a dollar sign in a method's name is a dollar sign
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": TEXT,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": SMALL,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "figure.dpi": 72,
    "svg.fonttype": "none",  # text stays text: it can be searched, selected and read aloud
    "svg.hashsalt": "metareview",
    "path.simplify": False,
}


@dataclass(frozen=True, slots=True)
class Look:
    """Colour, marker and hatch of a group; `open` markers are drawn as outlines."""

    colour: str
    marker: str
    hatch: str
    open: bool = False


@contextmanager
def style() -> Iterator[None]:
    """Draw and save inside this: the settings of the user's own matplotlibrc do not reach our figures."""
    from matplotlib.style import context

    with context(dict(_RC), after_reset=True):
        yield


def looks(groups: Iterable[object]) -> dict[str, Look]:
    """Return the look of each group, in alphabetical order, so that a group looks the same in every figure.

    Values that say nothing (`not stated`, `other`) come last, in grey.
    """
    names = sorted({tidy(group) for group in groups}, key=lambda name: (name.casefold() in _BLANKS, name.casefold()))
    known = [name for name in names if name.casefold() not in _BLANKS]
    table = {
        name: Look(_COLOURS[n % len(_COLOURS)], _MARKERS[n % len(_MARKERS)], _HATCHES[n % len(_HATCHES)])
        for n, name in enumerate(known)
    }
    return table | {name: Look(UNKNOWN, "h", "//") for name in names if name not in table}


def is_blank(value: object) -> bool:
    """Return whether a value says nothing about a study, such as `not stated`."""
    return tidy(value).casefold() in _BLANKS - {"other"}


def colour_of(position: int) -> str:
    """Return the colour of the group at a position."""
    return _COLOURS[position % len(_COLOURS)]


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of so many points, with axes over all of it whose unit is the point and whose y points down."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72))
    return figure, page(figure.add_axes((0, 0, 1, 1)), width, height)


def page(ax: Axes, width: float, height: float) -> Axes:
    """Turn axes into a sheet measured in points from its upper left corner."""
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    return ax


def inset(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes at a place given in points from the upper left corner of the figure."""
    total_width, total_height = figure.get_size_inches() * 72
    bottom = total_height - top - height
    return figure.add_axes((left / total_width, bottom / total_height, width / total_width, height / total_height))


def log_axis(ax: Axes, which: str) -> None:
    """Make the `x` or `y` axis logarithmic with plain numbers at 1, 2 and 5 of each decade.

    matplotlib's own labels are written in its mathematics, which is off here: a dollar sign in a name is one.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axis = ax.xaxis if which == "x" else ax.yaxis
    (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def put(ax: Axes, x: float, y: float, lines: str | Sequence[str], *, size: float = TEXT, **options: Any) -> float:
    """Write lines of text on a sheet and return the y below them; `y` is the upper edge of the first line."""
    for line in [lines] if isinstance(lines, str) else lines:
        ax.text(x, y + line_height(size) / 2, line, fontsize=size, va="center_baseline", **options)
        y += line_height(size)
    return y


def draw_legend(ax: Axes, x: float, y: float, entries: Mapping[str, Look], width: float) -> float:
    """Write a legend of markers in as many lines as it needs, and return the y below it."""
    left = x
    for name, look in entries.items():
        need = 14 + measure(name, SMALL) + 16
        if left > x and left + need > x + width:
            left, y = x, y + line_height(SMALL) + 3
        ink = (
            {"mfc": PAPER, "mec": look.colour, "mew": 1.3}
            if look.open
            else {"mfc": look.colour, "mec": PAPER, "mew": 0.4}
        )
        ax.plot([left + 5], [y + 6], marker=look.marker, ms=6, ls="", **ink)  # type: ignore[arg-type]
        put(ax, left + 14, y + 6 - line_height(SMALL) / 2, name, size=SMALL)
        left += need
    return y + line_height(SMALL) + 6


def draw_notes(ax: Axes, x: float, y: float, notes: Sequence[str], width: float) -> float:
    """Write footnotes in small type and return the y below them."""
    for note in notes:
        y = put(ax, x, y, wrap(note, width, SMALL), size=SMALL, color=MUTED) + 3
    return y


def empty_figure(title: str, reasons: Iterable[str]) -> Figure:
    """Return a small panel that says why there is nothing to draw."""
    texts = [tidy(reason, 400) for reason in reasons if reason] or ["the review has no rows for it"]
    lines = [line for text in texts for line in wrap(text, 400, TEXT)]
    heading = wrap(tidy(f"{title}: nothing to draw"), 400, TEXT, "bold")
    height = 28 + line_height(TEXT) * (len(lines) + len(heading)) + 6
    figure, ax = canvas(440, height)
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle((6, 6), 428, height - 12, fc=PANEL, ec=GRID, lw=0.8, ls=(0, (4, 3))))
    y = put(ax, 20, 14, heading, weight="bold")
    put(ax, 20, y + 6, lines, color=MUTED)
    return figure
