"""The PRISMA 2020 flow diagram, drawn as printed; counts that contradict each other carry a badge and a footnote.

Boxes and arrows follow the templates of PRISMA 2020 (Page et al., BMJ 2021;372:n71): databases and registers in the
first arm, other methods in the second, previous studies in a third where a review is an update. Only boxes that have
a count are drawn. The numbers are those of the view; nothing is added up here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from metareview.report.figures.reading import cell_rows, shown, value_rows
from metareview.report.figures.style import GRID, INK, MUTED, PANEL, PAPER, SMALL, TEXT, WARN, canvas, page, put
from metareview.report.figures.text import line_height, measure, tidy, wrap
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_prisma"]

#: Box of the template for each count: (step from top to bottom, lane from left to right).
_BOXES: Mapping[str, tuple[int, str]] = {
    "previous_studies": (0, "previous"),
    "previous_reports": (0, "previous"),
    "database_results": (0, "main"),
    "database_specific_results": (0, "main"),
    "register_results": (0, "main"),
    "register_specific_results": (0, "main"),
    "duplicates": (0, "side"),
    "excluded_automatic": (0, "side"),
    "excluded_other": (0, "side"),
    "records_screened": (1, "main"),
    "records_excluded": (1, "side"),
    "records_excluded_reasons": (1, "side"),
    "dbr_sought_reports": (2, "main"),
    "dbr_notretrieved_reports": (2, "side"),
    "dbr_assessed": (3, "main"),
    "dbr_excluded": (3, "side"),
    "website_results": (0, "other"),
    "organisation_results": (0, "other"),
    "citations_results": (0, "other"),
    "other_sought_reports": (2, "other"),
    "other_notretrieved_reports": (2, "other side"),
    "other_assessed": (3, "other"),
    "other_excluded": (3, "other side"),
    "new_studies": (4, "main"),
    "new_reports": (4, "main"),
    "total_studies": (5, "main"),
    "total_reports": (5, "main"),
    "total_studies_ma": (5, "main"),
    "total_reports_ma": (5, "main"),
}
#: Counts that are one item of a list; they stand indented under the total.
_ITEMS = ("database_specific_results", "register_specific_results", "records_excluded_reasons", "dbr_excluded")
_STAGES = {0: "Identification", 1: "Screening", 2: "Screening", 3: "Screening", 4: "Included", 5: "Included"}
_LANES = ("previous", "main", "side", "other", "other side")
_WIDTHS = {"previous": 136.0, "main": 196.0, "side": 226.0, "other": 150.0, "other side": 150.0}
_GAP, _STEP, _PAD, _STAGE, _MARGIN, _BADGE = 30.0, 26.0, 8.0, 22.0, 6.0, 6.4


@dataclass(slots=True)
class _Line:
    text: list[str]
    item: bool
    badge: int = 0
    reason: bool = False


@dataclass(slots=True)
class _Box:
    step: int
    lane: str
    lines: list[_Line] = field(default_factory=list)
    left: float = 0.0
    top: float = 0.0
    width: float = 0.0
    height: float = 0.0

    @property
    def middle(self) -> float:
        return self.left + self.width / 2

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def centre(self) -> float:
        return self.top + self.height / 2


@dataclass(slots=True)
class _Layout:
    boxes: dict[tuple[int, str], _Box]
    notes: list[list[str]]
    width: float
    height: float
    below: float


def draw(views: Mapping[str, View]) -> Figure:
    """Return the flow diagram of the view `prisma`, with the reasons of the view `exclusions` in its boxes."""
    layout = _lay_out(views["prisma"], views["exclusions"])
    figure, ax = canvas(layout.width, layout.height)
    _draw(layout, ax)
    return figure


def draw_prisma(view: View, reasons: View, ax: Axes) -> Axes:
    """Draw the flow diagram onto axes, which become a sheet measured in points.

    Parameters
    ----------
    view : rows in flow order with the columns data, stage, side, label, n and check.
    reasons : reasons for exclusion with the columns stage, reason and n; they fill a box whose count has no list.
    """
    layout = _lay_out(view, reasons)
    return _draw(layout, page(ax, layout.width, layout.height))


def _draw(layout: _Layout, ax: Axes) -> Axes:
    _draw_stages(layout, ax)
    _draw_arrows(layout, ax)
    for box in layout.boxes.values():
        _draw_box(box, ax)
    y = layout.below
    for number, lines in enumerate(layout.notes, 1):
        _draw_badge(ax, _MARGIN + _STAGE + 12, y + line_height(SMALL) / 2, number)
        y = put(ax, _MARGIN + _STAGE + 24, y, lines, size=SMALL, color=WARN) + 4
    return ax


def _lay_out(view: View, reasons: View) -> _Layout:
    """Sort the rows into boxes and give every box its place."""
    boxes, checks = _boxes(view)
    _add_reasons(boxes, reasons)
    lanes = [lane for lane in _LANES if any(box.lane == lane for box in boxes.values())]
    left = _MARGIN + _STAGE + 12
    places = {}
    for lane in lanes:
        places[lane] = left
        left += _WIDTHS[lane] + _GAP
    width = left - _GAP + _MARGIN
    top = _MARGIN
    steps = sorted({box.step for box in boxes.values()})
    for step in steps:
        row = [box for box in boxes.values() if box.step == step]
        tallest = max(_height(box) for box in row)
        if sum(_STAGES[other] == _STAGES[step] for other in steps) == 1:  # the stage's label has this row alone
            tallest = max(tallest, measure(_STAGES[step], SMALL, "bold") + 12)
        for box in row:
            box.left, box.width, box.height = places[box.lane], _WIDTHS[box.lane], _height(box)
            box.top = top + (tallest - box.height) / 2
        top += tallest + _STEP
    notes = [wrap(text, width - _MARGIN * 2 - _STAGE - 30, SMALL) for text in checks]
    below = top - _STEP + 12
    height = below + sum(line_height(SMALL) * len(lines) + 4 for lines in notes) + (2 if notes else -4)
    return _Layout(boxes, notes, width, height, below)


def _boxes(view: View) -> tuple[dict[tuple[int, str], _Box], list[str]]:
    boxes: dict[tuple[int, str], _Box] = {}
    checks: list[str] = []
    for data, stage, side, label, n, check in value_rows(view, "data", "stage", "side", "label", "n", "check"):
        place = _BOXES.get(str(data)) or _place(str(stage or ""), str(side or ""))
        box = boxes.setdefault(place, _Box(*place))
        texts = [tidy(text, 400) for text in str(check or "").split("\n") if text.strip()]
        checks += [text for text in texts if text not in checks]
        text = tidy(label) + ("" if n is None else f" (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{shown(n, view, 'n')})")
        item = str(data) in _ITEMS and len(box.lines) > 0
        width = _WIDTHS[box.lane] - 2 * _PAD - (10 if item else 0) - (2 * _BADGE + 4 if texts else 0)
        lines = wrap(text, width, SMALL if item else TEXT)
        box.lines.append(_Line(lines, item, checks.index(texts[0]) + 1 if texts else 0))
    return boxes, checks


def _add_reasons(boxes: dict[tuple[int, str], _Box], view: View) -> None:
    """Fill boxes of excluded records and reports with the reasons, where the flow itself lists none.

    A document may print a reason twice in different words. The diagram shows the words of the diagram: where any
    reason has a locator in a figure, only those do.
    """
    rows = cell_rows(view, "stage", "reason", "n") if view.rows else []
    drawn = [row for row in rows if any("Fig" in ref.locator for ref in row[2].refs)]
    for stage, reason, n in drawn or rows:
        full_text = "full" in tidy(stage.value).casefold()
        box = boxes.get((3 if full_text else 1, "side"))
        if box is None or any(line.item and not line.reason for line in box.lines):
            continue
        text = f"{tidy(reason.value)} (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{shown(n.value, view, 'n')})"
        lines = wrap(text, _WIDTHS[box.lane] - 2 * _PAD - 10, SMALL)
        box.lines.append(_Line(lines, item=True, reason=True))


def _place(stage: str, side: str) -> tuple[int, str]:
    """Return the box of a count that the template does not know, by its stage and side."""
    step = {"i": 0, "s": 1, "e": 3}.get(stage.casefold()[:1], 4)
    if stage.casefold().startswith("inc"):
        step = 4
    return step, {"removed": "side", "other": "other"}.get(side.casefold(), "main")


def _height(box: _Box) -> float:
    lines = sum(len(line.text) * line_height(SMALL if line.item else TEXT) for line in box.lines)
    return lines + 2 * _PAD + 2 * (len(box.lines) - 1)


def _draw_box(box: _Box, ax: Axes) -> None:
    from matplotlib.patches import Rectangle

    badges = any(line.badge for line in box.lines)
    edge, width = (WARN, 1.3) if badges else (MUTED, 0.8)
    ax.add_patch(Rectangle((box.left, box.top), box.width, box.height, fc=PAPER, ec=edge, lw=width))
    y = box.top + _PAD
    for line in box.lines:
        size = SMALL if line.item else TEXT
        left = box.left + _PAD + (10 if line.item else 0)
        if line.badge:
            _draw_badge(ax, box.left + box.width - _PAD - _BADGE / 2, y + line_height(size) / 2, line.badge)
        y = put(ax, left, y, line.text, size=size, color=MUTED if line.item else INK) + 2


def _draw_badge(ax: Axes, x: float, y: float, number: int) -> None:
    """Mark a contradiction: a filled disc with the number of its footnote."""
    from matplotlib.patches import Circle

    ax.add_patch(Circle((x, y), _BADGE, fc=WARN, ec="none"))
    ax.text(x, y, str(number), fontsize=SMALL, weight="bold", color=PAPER, ha="center", va="center_baseline")


def _draw_stages(layout: _Layout, ax: Axes) -> None:
    """Draw the three labels at the left, each as tall as its boxes."""
    from matplotlib.patches import Rectangle

    for stage in dict.fromkeys(_STAGES.values()):
        boxes = [box for box in layout.boxes.values() if _STAGES[box.step] == stage]
        if not boxes:
            continue
        top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
        need = measure(stage, SMALL, "bold") + 12
        if bottom - top < need:
            centre = (top + bottom) / 2
            top, bottom = centre - need / 2, centre + need / 2
        ax.add_patch(Rectangle((_MARGIN, top), _STAGE, bottom - top, fc=PANEL, ec=GRID, lw=0.8))
        ax.text(
            _MARGIN + _STAGE / 2, (top + bottom) / 2, stage, rotation=90, rotation_mode="anchor", fontsize=SMALL,
            weight="bold", ha="center", va="center_baseline",
        )  # fmt: skip


def _draw_arrows(layout: _Layout, ax: Axes) -> None:
    boxes = layout.boxes
    for lane, end in (("main", 5), ("other", 3)):
        column = sorted((box for box in boxes.values() if box.lane == lane and box.step <= end), key=lambda b: b.step)
        for upper, lower in pairwise(column):
            _arrow(ax, [(upper.middle, upper.bottom), (lower.middle, lower.top)])
    for lane, side in (("main", "side"), ("other", "other side")):
        for box in boxes.values():
            aside = boxes.get((box.step, side))
            if box.lane == lane and aside is not None:
                _arrow(ax, [(box.left + box.width, box.centre), (aside.left, box.centre)])
    _draw_joins(boxes, ax)


def _draw_joins(boxes: Mapping[tuple[int, str], _Box], ax: Axes) -> None:
    """Lead the arms of other methods and of previous studies into the last box."""
    last = [box for box in boxes.values() if box.lane == "main" and box.step >= 4]
    others = [box for box in boxes.values() if box.lane == "other"]
    if last and others:
        target, lowest = min(last, key=lambda b: b.step), max(others, key=lambda b: b.step)
        corner = (lowest.middle, target.centre)
        _arrow(ax, [(lowest.middle, lowest.bottom), corner, (target.left + target.width, target.centre)])
    previous = boxes.get((0, "previous"))
    if last and previous:
        target = max(last, key=lambda b: b.step)
        corner = (previous.middle, target.centre)
        _arrow(ax, [(previous.middle, previous.bottom), corner, (target.left, target.centre)])


def _arrow(ax: Axes, points: Sequence[tuple[float, float]]) -> None:
    xs, ys = zip(*points, strict=True)
    ax.plot(xs[:-1] + xs[-1:], ys[:-1] + ys[-1:], color=MUTED, lw=0.9, solid_joinstyle="miter", zorder=0.5)
    ax.annotate(
        "", xy=points[-1], xytext=points[-2], zorder=0.6,
        arrowprops={"arrowstyle": "-|>", "color": MUTED, "lw": 0.9, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 9},
    )  # fmt: skip
