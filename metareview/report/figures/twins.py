"""Interactive twins of figures, in plotly: the same views, and every value explains itself on hovering."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from metareview.report.figures.heatmap import grid_of, palette
from metareview.report.figures.reading import cell_rows, count, distinct, number, shown, value_rows
from metareview.report.figures.sankey import Node, groups_of, nodes_of
from metareview.report.figures.style import GRID, INK, PANEL, PAPER, looks
from metareview.report.figures.text import tidy
from metareview.report.figures.twin_page import hover
from metareview.report.views.base import View

__all__ = ["categories", "correlations", "heatmap", "performance", "sankey"]

#: plotly's names of matplotlib's markers.
_SYMBOLS = {"o": "circle", "s": "square", "^": "triangle-up", "D": "diamond", "v": "triangle-down", "P": "cross",
            "X": "x", "p": "pentagon", "h": "hexagon"}  # fmt: skip
_ROW = 26
#: Characters in a line of a row's label.
_WRAP = 22


def sankey(views: Mapping[str, View]) -> Any:
    """Return the flow of studies through their characteristics, in the order and with the counts of the drawing."""
    import plotly.graph_objects as go

    view = views["sankey-nodes"]
    table = nodes_of(view)
    place = {key: position for position, key in enumerate(table)}
    nodes = list(table.values())
    keys = ("source_attribute", "source_value", "target_attribute", "target_value", "n")
    links = [
        (place[str(a), tidy(b)], place[str(c), tidy(d)], count(n) or 0)
        for a, b, c, d, n in value_rows(views["sankey-links"], *keys)
        if (str(a), tidy(b)) in place and (str(c), tidy(d)) in place and count(n)
    ]
    told = [
        hover(("", node.value), ("attribute", node.attribute), ("printed", _or_none(node.published)),
              ("recorded here", _or_none(node.recorded)))
        for node in nodes
    ]  # fmt: skip
    across, down = _node_places(nodes, links)
    figure = go.Figure(
        go.Sankey(
            arrangement="fixed",
            node={"label": [escape(f"{node.value} · {node.counts}") for node in nodes], "x": across, "y": down,
                  "color": [node.colour for node in nodes], "customdata": told, "pad": 18, "thickness": 14,
                  "hovertemplate": "%{customdata}<extra></extra>"},
            link={"source": [a for a, _, _ in links], "target": [b for _, b, _ in links],
                  "value": [n for _, _, n in links], "color": [_faint(nodes[a].colour) for a, _, _ in links],
                  "customdata": [hover(("", f"{nodes[a].value} → {nodes[b].value}"), ("studies", n))
                                 for a, b, n in links],
                  "hovertemplate": "%{customdata}<extra></extra>"},
        )
    )  # fmt: skip
    figure.update_layout(**_layout(680))
    return _with_groups(figure, groups_of(view))


def _node_places(nodes: list[Node], links: list[tuple[int, int, int]]) -> tuple[list[float], list[float]]:
    """Return the middle of every node from the left and from above, level by level in the given order."""
    levels = sorted({node.level for node in nodes})
    across, down = [0.0] * len(nodes), [0.0] * len(nodes)
    for column, level in enumerate(levels):
        here = [n for n, node in enumerate(nodes) if node.level == level]
        weights = [
            max(sum(n for a, _, n in links if a == at), sum(n for _, b, n in links if b == at)) + 3.0 for at in here
        ]
        done = 0.0
        for at, weight in zip(here, weights, strict=True):
            # plotly takes 0 and 1 for "not given"
            across[at] = 0.001 + 0.998 * column / max(1, len(levels) - 1)
            down[at] = min(0.999, max(0.001, (done + weight / 2) / sum(weights)))
            done += weight
    return across, down


def _with_groups(figure: Any, groups: list[tuple[str, int]]) -> Any:
    """Write the printed groups under the last column: they are not the targets, so no ribbon reaches them."""
    if groups:
        told = "; ".join(f"{name} {n}" for name, n in groups)
        lines = wrapped(f"Target groups in print, which are not the targets recorded here: {told}", 60)
        figure.add_annotation(
            text=lines, x=0, y=-0.02, xref="paper", yref="paper", xanchor="left", yanchor="top", showarrow=False,
            align="left",
        )  # fmt: skip
        figure.update_layout(margin={"b": 40 + 18 * (lines.count("<br>") + 1)})
    return figure


def wrapped(text: str, width: int) -> str:
    """Return text for a label of plotly in lines of about `width` characters; plotly reads its labels as HTML."""
    return "<br>".join(escape(line) for line in textwrap.wrap(tidy(text), width)) or escape(tidy(text))


def categories(views: Mapping[str, View]) -> Any:
    """Return every value by category, one row per category, one panel per metric."""
    view = views["metrics-by-category"]
    keys = ("metric", "category", "method", "study", "dataset", "value", "group_mean", "group_k")
    rows = [row for row in value_rows(view, *keys) if number(row[5]) is not None]
    points = [
        (tidy(metric), tidy(category), tidy(category), value, hover(
            ("", method), ("study", study), ("data set", dataset), (str(metric), shown(value, view, "value")),
            ("mean of the group", f"{shown(mean, view, 'group_mean')}, k = {_or_none(k)}"),
        ))
        for metric, category, method, study, dataset, value, mean, k in rows
    ]  # fmt: skip
    return _panels(points)


def performance(views: Mapping[str, View]) -> Any:
    """Return every value by data set, one row per data set, one panel per metric."""
    view = views["dataset-performance"]
    rows = value_rows(view, "dataset", "metric", "method", "category", "value")
    points = [
        (tidy(metric), tidy(dataset), tidy(category), value, hover(
            ("", method), ("category", category), ("data set", dataset), (str(metric), shown(value, view, "value"))
        ))
        for dataset, metric, method, category, value in rows if number(value) is not None
    ]  # fmt: skip
    return _panels(points)


def correlations(views: Mapping[str, View]) -> Any:
    """Return the matrix of correlations."""
    import plotly.graph_objects as go

    view = views["correlations"]
    rows = [(tidy(a.value), tidy(b.value), r, n) for a, b, r, n in cell_rows(view, "metric_a", "metric_b", "r", "n")
            if n.value is not None]  # fmt: skip
    names = distinct(name for a, b, *_ in rows for name in (a, b))
    scores: list[list[float | None]] = [[None] * len(names) for _ in names]
    texts = [[""] * len(names) for _ in names]
    for a, b, r, n in rows:
        low = "" if r.low is None or r.high is None else f" [{shown(r.low, view, 'r')}, {shown(r.high, view, 'r')}]"
        told = hover(("", f"{a} and {b}"), ("r", f"{shown(r.value, view, 'r')}{low}"), ("n", shown(n.value, view, "n")))
        for i, j in ((names.index(a), names.index(b)), (names.index(b), names.index(a))):
            scores[i][j], texts[i][j] = number(r.value), told
    figure = go.Figure(
        go.Heatmap(
            z=scores, x=_safe(names), y=_safe(names), text=texts, zmin=-1, zmax=1, xgap=2, ygap=2, hoverongaps=True,
            colorscale=[[0, "#b35806"], [0.25, "#f1a340"], [0.5, "#f7f7f7"], [0.75, "#6baed6"], [1, "#08519c"]],
            hovertemplate="%{text}<extra></extra>", colorbar={"title": {"text": "r"}},
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed")
    return figure.update_layout(**_layout(140 + 44 * len(names)))


def heatmap(views: Mapping[str, View]) -> Any:
    """Return methods by data sets, one panel per metric."""
    import plotly.graph_objects as go

    view = views["heatmap"]
    grids = {m: grid_of(view, m) for m in distinct(tidy(metric) for metric in view.values("metric"))}
    grids = {metric: grid for metric, grid in grids.items() if grid.values}
    figure = _subplots(grids, [_tall(grid.rows) for grid in grids.values()], 150)
    for position, (metric, grid) in enumerate(grids.items(), 1):
        scores: list[list[float | None]] = [[None] * len(grid.columns) for _ in grid.rows]
        texts = [
            [hover(("", method), ("data set", dataset), (metric, "no value recorded")) for dataset in grid.columns]
            for method in grid.rows
        ]
        for (i, j), value in grid.values.items():
            scores[i][j] = value
            texts[i][j] = hover(("", grid.rows[i]), ("data set", grid.columns[j]), (metric, grid.texts[i, j][0]))
        trace = go.Heatmap(
            z=scores, x=_safe(grid.columns), y=_lines(grid.rows), text=texts, xgap=1, ygap=1, showscale=False,
            colorscale=_scale(), hoverongaps=True, hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
        figure.add_trace(trace, row=position, col=1)
        figure.update_yaxes(autorange="reversed", row=position, col=1)
    return figure.update_layout(plot_bgcolor=PANEL)


def _scale() -> list[list[Any]]:
    """Return the colours of the drawn matrix for plotly."""
    from matplotlib.colors import to_hex

    colours = palette()
    return [[step / 16, to_hex(colours(step / 16))] for step in range(17)]


def _panels(points: list[tuple[str, str, str, Any, str]]) -> Any:
    """Return points in rows by name, one panel per metric; a point is metric, row, group, value, hover text."""
    import plotly.graph_objects as go

    table = looks(group for _, _, group, _, _ in points)
    metrics = {
        metric: distinct(row for m, row, *_ in points if m == metric) for metric in distinct(p[0] for p in points)
    }
    figure = _subplots(metrics, [_tall(rows) for rows in metrics.values()], 70)
    told: set[str] = set()
    for position, metric in enumerate(metrics, 1):
        for group, look in table.items():
            chosen = [point for point in points if point[0] == metric and point[2] == group]
            if not chosen:
                continue
            trace = go.Scatter(
                x=[value for *_, value, _ in chosen], y=_lines(row for _, row, *_ in chosen), mode="markers",
                text=[text for *_, text in chosen], hovertemplate="%{text}<extra></extra>", name=escape(group),
                legendgroup=escape(group), showlegend=group not in told,
                marker={"color": look.colour, "symbol": _SYMBOLS[look.marker], "size": 9,
                        "line": {"color": PAPER, "width": 0.6}},
            )  # fmt: skip
            told.add(group)
            figure.add_trace(trace, row=position, col=1)
        order = {"categoryorder": "array", "categoryarray": _lines(metrics[metric])}
        figure.update_yaxes(autorange="reversed", type="category", row=position, col=1, **order)
    return figure


def _lines(names: Iterable[str]) -> list[str]:
    """Return labels of rows, broken so that a narrow screen shows them whole."""
    return [wrapped(name, _WRAP) for name in names]


def _tall(names: Iterable[str]) -> float:
    """Return the height of rows in units of one: a label of several lines needs more room."""
    labels = _lines(names)
    most = max((label.count("<br>") + 1 for label in labels), default=1)
    return len(labels) * max(1.0, most * 15 / _ROW)


def _subplots(titles: Iterable[str], rows: list[float], extra: int) -> Any:
    """Return panels below each other, each as tall as its rows need."""
    from plotly.subplots import make_subplots

    heights = [max(n, 1) * _ROW + 20 for n in rows]
    total = sum(heights) + extra * len(rows)
    gap = min(extra / total, 0.9 / max(1, len(rows) - 1))
    figure = make_subplots(
        rows=len(rows), cols=1, subplot_titles=_safe(titles), row_heights=heights, vertical_spacing=gap
    )
    figure.update_yaxes(automargin=True)  # of every panel: the layout names the first axis only
    figure.update_xaxes(automargin=True)
    return figure.update_layout(**_layout(round(total) + 60))


def _layout(height: int) -> dict[str, Any]:
    font = {"family": "DejaVu Sans, Verdana, sans-serif", "size": 12, "color": INK}
    return {
        "template": "none", "height": height, "font": font, "paper_bgcolor": PAPER, "plot_bgcolor": PAPER,
        "margin": {"l": 20, "r": 20, "t": 50, "b": 40}, "hoverlabel": {"align": "left", "bgcolor": PAPER},
        "xaxis": {"automargin": True, "gridcolor": GRID}, "yaxis": {"automargin": True, "gridcolor": GRID},
    }  # fmt: skip


def _safe(names: Iterable[str]) -> list[str]:
    """Return labels that plotly shows as they are: it reads its labels as HTML."""
    return [escape(tidy(name)) for name in names]


def _or_none(value: object) -> str:
    return "–" if value is None else str(value)


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.4)"
