"""The flow of studies through their characteristics, as an alluvial diagram.

A ribbon joins two values only where studies state both attributes; the rest flows to `not stated`. The published
total stands beside the number of studies we have a record for, because the two need not agree. A study with several
values (targets) counts once under each, so a later column may be taller than an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metareview.report.figures.reading import count, value_rows
from metareview.report.figures.style import (
    INK,
    MUTED,
    PAPER,
    SMALL,
    TEXT,
    UNKNOWN,
    canvas,
    colour_of,
    draw_notes,
    is_blank,
    page,
    put,
)
from metareview.report.figures.text import line_height, measure, tidy, widest, wrap
from metareview.report.views.base import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_sankey", "groups_of", "nodes_of"]

_MARGIN, _BAR, _GAP, _LABEL, _TALLEST = 8.0, 9.0, 9.0, 104.0, 330.0
_NOTE = (
    "Bars and ribbons are studies with a record here; “printed” is the total that the review states. A ribbon joins "
    "two values only where studies state both; what states only one flows to or from “not stated”."
)
_NOTE_HERE = (
    "Bars and ribbons are studies with a record here; no total is printed. A ribbon joins two values only where "
    "studies state both; what states only one flows to or from “not stated”."
)
_GROUPS = (
    "Groups in print: totals of labels that the review states. They are not the targets recorded here, and no document "
    "says which target belongs to which group."
)
_STEP = line_height(SMALL) + 4
Key = tuple[str, str]


@dataclass(slots=True)
class Node:
    attribute: str
    value: str
    published: int | None
    recorded: int | None
    level: int
    colour: str = UNKNOWN
    size: float = 0.0
    x: float = 0.0
    top: float = 0.0
    slot: float = 0.0
    lines: list[str] = field(default_factory=list)
    left_used: float = 0.0
    right_used: float = 0.0

    @property
    def counts(self) -> str:
        parts = ((self.published, "printed"), (self.recorded, "here"))
        return " · ".join(f"{n} {word}" for n, word in parts if n is not None) or "none here"

    @property
    def bar_top(self) -> float:
        return self.top + (self.slot - self.size) / 2


def draw(views: Mapping[str, View]) -> Figure:
    """Return the diagram of the views `sankey-nodes` and `sankey-links`."""
    nodes, links = views["sankey-nodes"], views["sankey-links"]
    width, height, *_ = _lay_out(nodes, links)
    figure, ax = canvas(width, height)
    draw_sankey(nodes, links, ax)
    return figure


def draw_sankey(nodes: View, links: View, ax: Axes) -> Axes:
    """Draw the diagram onto axes, which become a sheet measured in points.

    Parameters
    ----------
    nodes : columns level, attribute, value, published and recorded.
    links : columns source_attribute, source_value, target_attribute, target_value and n.
    """
    width, height, table, flows, scale, below = _lay_out(nodes, links)
    page(ax, width, height)
    for (source, target), n in flows:
        _draw_ribbon(table[source], table[target], n * scale, ax)
    for node in table.values():
        _draw_node(node, ax)
    for level in sorted({node.level for node in table.values()}):
        first = next(node for node in table.values() if node.level == level)
        put(ax, first.x, _MARGIN, tidy(first.attribute.replace("_", " ")).capitalize(), weight="bold")
    _draw_groups(groups_of(nodes), width - _MARGIN - _groups_width(groups_of(nodes)), ax)
    draw_notes(ax, _MARGIN, below, _notes(nodes), width - 2 * _MARGIN)
    return ax


def _lay_out(
    nodes: View, links: View
) -> tuple[float, float, dict[Key, Node], list[tuple[tuple[Key, Key], int]], float, float]:
    table = nodes_of(nodes)
    flows = _flows(links, table)
    weights = _weights(table, flows)
    levels = sorted({node.level for node in table.values()})
    totals = {level: sum(weights[key] for key, node in table.items() if node.level == level) for level in levels}
    scale = min(4.5, _TALLEST / max(1, *totals.values())) if totals else 1.0
    columns = [[node for node in table.values() if node.level == level] for level in levels]
    for key, node in table.items():
        node.size = max(weights[key] * scale, 1.2)
        node.lines = wrap(node.value, _LABEL - 8, SMALL, "bold", lines=2)
        node.slot = max(node.size, line_height(SMALL) * (len(node.lines) + 1))
    tallest = max(sum(node.slot + _GAP for node in column) for column in columns)
    left = _MARGIN
    top = _MARGIN + line_height(TEXT) + 8
    for column in columns:
        spare = (tallest - sum(node.slot for node in column)) / max(1, len(column))
        y = top
        for node in column:
            node.x, node.top = left, y + spare / 2
            y += node.slot + spare
        text = max(widest(node.lines, SMALL, "bold") for node in column)
        text = max(text, widest((node.counts for node in column), SMALL))
        left += _BAR + text + 50
    groups = groups_of(nodes)
    width = left - 50 + _MARGIN + 6 + (_groups_width(groups) + 24 if groups else 0)
    below = max(top + tallest, top + _STEP * (len(groups) + 1)) + 6
    lines = sum(len(wrap(note, width - 2 * _MARGIN, SMALL)) for note in _notes(nodes))
    height = below + line_height(SMALL) * lines + 3 * len(_notes(nodes)) + 6
    return width, height, table, _ordered(flows, table), scale, below


def groups_of(view: View) -> list[tuple[str, int]]:
    """Return printed groups of the attribute of the last level, with their totals: names that no ribbon reaches."""
    rows = value_rows(view, "attribute", "value", "published")
    return [(tidy(value), count(n) or 0) for attribute, value, n in rows if _is_group(str(attribute))]


def _is_group(attribute: str) -> bool:
    return attribute.endswith(" group")


def _notes(view: View) -> list[str]:
    printed = any(n is not None for n in view.values("published"))
    return [_NOTE if printed else _NOTE_HERE, *([_GROUPS] if groups_of(view) else [])]


def _groups_width(groups: list[tuple[str, int]]) -> float:
    return max((measure(_group_line(*group), SMALL) for group in groups), default=0.0)


def _group_line(name: str, n: int) -> str:
    return f"{name}: {n} printed"


def _draw_groups(groups: list[tuple[str, int]], x: float, ax: Axes) -> None:
    """Write the printed groups beside the last column: text only, because no record stands behind them."""
    if not groups:
        return
    y = put(ax, x, _MARGIN, "Groups in print", weight="bold") + 8
    for name, n in groups:
        put(ax, x, y, _group_line(name, n), size=SMALL, color=MUTED)
        y += _STEP


def nodes_of(view: View) -> dict[Key, Node]:
    """Return the nodes by attribute and value; within a level `not stated` stands last."""
    rows = value_rows(view, "level", "attribute", "value", "published", "recorded")
    made = [
        Node(str(attribute), tidy(value), count(published), count(recorded), count(level) or 0)
        for level, attribute, value, published, recorded in rows
        if not _is_group(str(attribute))
    ]
    made.sort(key=lambda node: (node.level, is_blank(node.value)))
    place: dict[int, int] = {}
    for node in made:
        if not is_blank(node.value):
            node.colour = colour_of(place.setdefault(node.level, 0))
            place[node.level] += 1
    return {(node.attribute, node.value): node for node in made}


def _flows(view: View, table: Mapping[Key, Node]) -> dict[tuple[Key, Key], int]:
    flows: dict[tuple[Key, Key], int] = {}
    keys = ("source_attribute", "source_value", "target_attribute", "target_value", "n")
    for a, b, c, d, n in value_rows(view, *keys):
        source, target = (str(a), tidy(b)), (str(c), tidy(d))
        if source in table and target in table and count(n):
            flows[source, target] = flows.get((source, target), 0) + (count(n) or 0)
    return flows


def _weights(table: Mapping[Key, Node], flows: Mapping[tuple[Key, Key], int]) -> dict[Key, float]:
    """Return how thick each bar is: what flows in or out of it or is recorded, whichever is most."""
    return {
        key: float(
            max(
                node.recorded or 0,
                sum(n for (source, _), n in flows.items() if source == key),
                sum(n for (_, target), n in flows.items() if target == key),
            )
        )
        for key, node in table.items()
    }


def _ordered(flows: Mapping[tuple[Key, Key], int], table: Mapping[Key, Node]) -> list[tuple[tuple[Key, Key], int]]:
    """Return the ribbons so that those leaving a bar do not cross each other."""
    return sorted(flows.items(), key=lambda item: (table[item[0][0]].top, table[item[0][1]].top))


def _draw_ribbon(source: Node, target: Node, thick: float, ax: Axes) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    x0, x1 = source.x + _BAR, target.x
    y0, y1 = source.bar_top + source.right_used, target.bar_top + target.left_used
    source.right_used += thick
    target.left_used += thick
    middle = (x0 + x1) / 2
    points = [
        (x0, y0), (middle, y0), (middle, y1), (x1, y1),
        (x1, y1 + thick), (middle, y1 + thick), (middle, y0 + thick), (x0, y0 + thick), (x0, y0),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 3
    path = Path(points, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])
    blank = is_blank(source.value) or is_blank(target.value)
    colour = UNKNOWN if blank else source.colour
    ax.add_patch(PathPatch(path, fc=colour, ec="none", alpha=0.22 if blank else 0.42, zorder=1))
    ax.add_patch(PathPatch(path, fc="none", ec=PAPER, lw=0.5, zorder=1.1))


def _draw_node(node: Node, ax: Axes) -> None:
    """Draw a bar and its label; the label has a plate of its own, so that ribbons do not run through the text."""
    from matplotlib.patches import Rectangle

    hatch = {"hatch": "//////", "fc": PAPER, "ec": UNKNOWN} if is_blank(node.value) else {"fc": node.colour, "ec": INK}
    ax.add_patch(Rectangle((node.x, node.bar_top), _BAR, node.size, lw=0.5, zorder=3, **hatch))  # type: ignore[arg-type]
    height = line_height(SMALL) * (len(node.lines) + 1)
    y = node.top + (node.slot - height) / 2
    width = max(widest(node.lines, SMALL, "bold"), measure(node.counts, SMALL))
    plate = Rectangle((node.x + _BAR + 2, y), width + 5, height, fc=PAPER, ec="none", alpha=0.82, zorder=3)
    ax.add_patch(plate)
    y = put(ax, node.x + _BAR + 4, y, node.lines, size=SMALL, weight="bold", zorder=4)
    put(ax, node.x + _BAR + 4, y, node.counts, size=SMALL, color=MUTED, zorder=4)
