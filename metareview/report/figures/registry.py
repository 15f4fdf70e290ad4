"""The figures there are: from which views each is drawn, and by what.

A figure is made by `draw(views)`, which returns a matplotlib figure; where hovering helps it has an interactive twin,
`interactive(views)`, which returns a plotly figure. Both are named as ``module:function`` and imported on use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from metareview.errors import InputError, UnknownName
from metareview.report.registry import DIAGNOSTICS, diagnostics_of
from metareview.report.views.base import View
from metareview.schema.review import ReviewSpec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FIGURES",
    "KINDS",
    "FigureSpec",
    "draw",
    "figure_bytes",
    "figure_spec",
    "figure_texts",
    "figures_for",
    "interactive",
    "interactive_html",
    "plotly_script",
]

_HOME = "metareview.report.figures"


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """One figure.

    Attributes
    ----------
    name : identifier; the stem of its files.
    title : heading in the report.
    section : section of the page it stands in.
    views : names of the views it is drawn from; the first one carries caption, notes and alternative text.
    draw, interactive : ``module:function``; a figure without a twin has no `interactive`.
    data : those of the views that only hold the numbers of this figure; the page folds their tables.
    """

    name: str
    title: str
    section: str
    views: tuple[str, ...]
    draw: str
    interactive: str | None = None
    data: tuple[str, ...] = ()


_SPECS = (
    FigureSpec(
        "prisma", "Flow of records into the review", "selection", ("prisma", "exclusions"), f"{_HOME}.prisma:draw"
    ),
    FigureSpec(
        "sankey", "Characteristics of the studies", "studies", ("sankey-nodes", "sankey-links"),
        f"{_HOME}.sankey:draw", f"{_HOME}.twins:sankey", ("sankey-nodes", "sankey-links"),
    ),
    FigureSpec(
        "modalities", "How the data were acquired", "datasets", ("modalities",), f"{_HOME}.modalities:draw",
        data=("modalities",),
    ),
    FigureSpec(
        "traffic-light", "Traffic-light plot", "appraisal", ("appraisal-lights",), f"{_HOME}.appraisal:draw",
        data=("appraisal-lights",),
    ),
    FigureSpec(
        "appraisal-summary", "Judgements per item", "appraisal", ("appraisal-summary",),
        f"{_HOME}.appraisal:draw_summary", data=("appraisal-summary",),
    ),
    FigureSpec(
        "composite", "Composite score, printed and recomputed", "benchmark", ("benchmark",),
        f"{_HOME}.composite:draw",
    ),
    FigureSpec(
        "metrics-by-category", "Metrics by category of method", "benchmark", ("metrics-by-category",),
        f"{_HOME}.categories:draw", f"{_HOME}.twins:categories", ("metrics-by-category",),
    ),
    FigureSpec(
        "multiverse", "Ranks under every choice", "benchmark", ("multiverse-specifications",),
        f"{_HOME}.multiverse:draw", data=("multiverse-specifications",),
    ),
    FigureSpec(
        "decisions", "What moves the ranks", "benchmark", ("multiverse-decisions",),
        f"{_HOME}.multiverse:draw_decisions",
    ),
    FigureSpec(
        "orders", "Which method is ahead of which", "benchmark", ("multiverse-pairs",),
        f"{_HOME}.multiverse:draw_orders", data=("multiverse-pairs",),
    ),
    FigureSpec(
        "correlations", "Correlations between metrics", "statistics", ("correlations",),
        f"{_HOME}.correlations:draw", f"{_HOME}.twins:correlations",
    ),
    FigureSpec(
        "dataset-performance", "Performance by data set", "leaderboards", ("dataset-performance",),
        f"{_HOME}.performance:draw", f"{_HOME}.twins:performance", ("dataset-performance",),
    ),
    FigureSpec(
        "heatmap", "Methods by data sets", "leaderboards", ("heatmap",),
        f"{_HOME}.heatmap:draw", f"{_HOME}.twins:heatmap", ("heatmap",),
    ),
    FigureSpec(
        "replication", "Reported against re-run", "replication", ("replication",), f"{_HOME}.replication:draw"
    ),
    FigureSpec(
        "audit", "Verdicts of the audit", "audit", ("audit-summary",), f"{_HOME}.audit:draw", data=("audit-summary",)
    ),
    FigureSpec(
        "reconstruction", "What must stand behind the test", "audit", ("reconstruction",),
        f"{_HOME}.audit:draw_reconstruction",
    ),
)  # fmt: skip

#: Kinds of files a figure is written as.
KINDS = ("svg", "png")
#: Every figure by name, in the order of the report.
FIGURES: dict[str, FigureSpec] = {spec.name: spec for spec in _SPECS}


def _forest(key: str) -> FigureSpec:
    return FigureSpec(
        f"forest-{key}", "Forest plot", "synthesis", (f"effects-{key}", f"fit-{key}"), f"{_HOME}.forest:draw"
    )


def _funnel(key: str) -> FigureSpec:
    return FigureSpec(f"funnel-{key}", "Funnel plot", "synthesis", (f"funnel-{key}",), f"{_HOME}.funnel:draw",
                      data=(f"funnel-{key}",))  # fmt: skip


def _refits(kind: str) -> Callable[[str], FigureSpec]:
    def make(key: str) -> FigureSpec:
        return FigureSpec(f"{kind}-{key}", DIAGNOSTICS[kind][0], "diagnostics", (f"{kind}-{key}",),
                          f"{_HOME}.refits:draw")  # fmt: skip

    return make


def _check(kind: str) -> Callable[[str], FigureSpec]:
    def make(key: str) -> FigureSpec:
        title, table = DIAGNOSTICS[kind]
        view = f"{kind}-{key}"
        return FigureSpec(view, title, "diagnostics", (view,), f"{_HOME}.diagnostics:draw_{kind}",
                          data=() if table else (view,))  # fmt: skip

    return make


def _multiverse(key: str) -> FigureSpec:
    name = f"multiverse-specifications-{key}"
    return FigureSpec(f"multiverse-{key}", "Ranks under every choice", "leaderboards", (name,),
                      f"{_HOME}.multiverse:draw", data=(name,))  # fmt: skip


def _ranked(name: str, title: str, views: tuple[str, ...], draw: str, data: tuple[str, ...] = ()) -> _Make:
    def make(key: str) -> FigureSpec:
        return FigureSpec(f"{name}-{key}", title, "leaderboards", tuple(f"{view}-{key}" for view in views),
                          f"{_HOME}.{draw}", data=tuple(f"{view}-{key}" for view in data))  # fmt: skip

    return make


_Make = Callable[[str], FigureSpec]
#: Figures that a review has one of for each synthesis it declares, by the beginning of their names.
_FAMILIES: dict[str, _Make] = {
    "forest": _forest, "funnel": _funnel,
    **{kind: (_refits if kind in ("leave-one-out", "cumulative") else _check)(kind) for kind in DIAGNOSTICS},
}  # fmt: skip
#: The same for each leaderboard.
_BOARDS: dict[str, _Make] = {"multiverse": _multiverse}
#: The same for each ranking.
_RANKINGS: dict[str, _Make] = {
    "ranks": _ranked("ranks", "Rank bounds and intervals", ("ranking",), "ranks:draw"),
    "blobs": _ranked("blobs", "Ranks of the replicates", ("shares", "ranking"), "blobs:draw", ("shares",)),
    "podium": _ranked("podium", "Podium", ("places",), "podium:draw"),
    "difference": _ranked("difference", "Critical difference", ("tests",), "difference:draw"),
    "superiority": _ranked("superiority", "Significance map", ("pairs",), "superiority:draw"),
    "coverage": _ranked("coverage", "Coverage", ("places",), "coverage:draw", ("places",)),
}
#: Those of a ranking of printed numbers: pairs and tests would compare methods on different data.
_PRINTED = ("ranks", "coverage")


def figures_for(spec: ReviewSpec) -> dict[str, FigureSpec]:
    """Return the figures of a review by name, those of its syntheses, boards and rankings included."""
    own = {}
    for declared in spec.syntheses:
        for kind in ("forest", "funnel", *diagnostics_of(declared)):
            figure = _FAMILIES[kind](declared.id)
            own[figure.name] = replace(figure, title=f"{figure.title}: {declared.title}")
    for board in spec.leaderboards:
        for make in _BOARDS.values():
            figure = make(board.id)
            own[figure.name] = replace(figure, title=f"{figure.title}: {board.title}")
    for ranking in spec.rankings:
        section = "benchmark" if ranking.as_printed else "leaderboards"
        for family, make in _RANKINGS.items():
            if (ranking.as_printed and family not in _PRINTED) or (family == "blobs" and ranking.bootstrap == "none"):
                continue
            figure = make(ranking.id)
            own[figure.name] = replace(figure, title=f"{figure.title}: {ranking.title}", section=section)
    return {**FIGURES, **own}


def figure_spec(name: str) -> FigureSpec:
    """Return the figure of that name.

    Raises
    ------
    UnknownName
        If there is none.
    """
    if name in FIGURES:
        return FIGURES[name]
    for family, make in {**_FAMILIES, **_BOARDS, **_RANKINGS}.items():
        if name.startswith(f"{family}-") and name != f"{family}-":
            return make(name.removeprefix(f"{family}-"))
    raise UnknownName("figure", name, FIGURES)


def draw(name: str, views: Mapping[str, View]) -> Figure:
    """Return a figure drawn from its views; where they are empty, a small panel that says why.

    Raises
    ------
    UnknownName
        If there is no figure of that name.
    InputError
        If a view it needs is not among `views`.
    """
    from metareview.report.figures.style import empty_figure, style

    spec = _spec_with_views(name, views)
    with style():
        if not views[spec.views[0]].rows:
            return empty_figure(_title(spec, views), _reasons(views[spec.views[0]]))
        figure: Figure = _load(spec.draw)({name: views[name] for name in spec.views})
        return figure


def interactive(name: str, views: Mapping[str, View]) -> Any:
    """Return the plotly figure of the interactive twin; None where it has none, or there is nothing to draw.

    Raises
    ------
    UnknownName, InputError
        As `draw`.
    """
    spec = _spec_with_views(name, views)
    if spec.interactive is None or not views[spec.views[0]].rows:
        return None
    return _load(spec.interactive)(views)


def figure_bytes(name: str, views: Mapping[str, View], kind: str, *, drawn: Figure | None = None) -> bytes:
    """Return a figure as a file: ``svg`` or ``png``, the same bytes for the same views.

    Parameters
    ----------
    drawn : the figure where it has been drawn before; that takes longer than to save it.

    Raises
    ------
    UnknownName
        If there is no such figure or no such kind of file.
    """
    from metareview.report.figures.svg import png_bytes, svg_text

    if kind not in KINDS:
        raise UnknownName("figure format", kind, KINDS)
    figure = drawn or draw(name, views)
    return svg_text(figure, name, *figure_texts(name, views)).encode() if kind == "svg" else png_bytes(figure)


def interactive_html(name: str, views: Mapping[str, View]) -> str:
    """Return the interactive twin as a page that takes plotly's program from ``plotly.min.js`` beside it."""
    from metareview.report.figures.twin_page import render_twin

    return render_twin(interactive(name, views), name, *figure_texts(name, views))


def plotly_script() -> str:
    """Return plotly's program, which all interactive figures of a folder share."""
    from metareview.report.figures.twin_page import program

    return program()


def figure_texts(name: str, views: Mapping[str, View]) -> tuple[str, str]:
    """Return title and text alternative of a figure."""
    spec = figure_spec(name)
    view, title = views[spec.views[0]], _title(spec, views)
    if not view.rows:
        return title, " ".join(["Nothing to draw.", *_reasons(view)])
    return title, view.alt or view.caption or view.title


def _title(spec: FigureSpec, views: Mapping[str, View]) -> str:
    """Return the heading; that of a synthesis names what is synthesised, which the view knows."""
    about = views[spec.views[0]].meta.get("about", "")
    return f"{spec.title}: {about}" if about else spec.title


def _reasons(view: View) -> tuple[str, ...]:
    """Return why a view is empty: its first note; the others tell of methods and counts."""
    return (view.notes or view.warnings or (view.caption,))[:1]


def _spec_with_views(name: str, views: Mapping[str, View]) -> FigureSpec:
    spec = figure_spec(name)
    missing = [view for view in spec.views if view not in views]
    if missing:
        raise InputError(
            f"figure {name} is drawn from the views {', '.join(spec.views)}; "
            f"{', '.join(missing)} is not there: build it and pass it in"
        )
    return spec


def _load(address: str) -> Callable[[Mapping[str, View]], Any]:
    module, function = address.split(":")
    loaded: Callable[[Mapping[str, View]], Any] = getattr(import_module(module), function)
    return loaded
