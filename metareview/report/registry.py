"""The views there are for a review: what each is built from, and in which section of the report it stands.

A view is built by ``build(tables, results, spec)``, which always returns a `View`: with no rows and a note that says
why where there is nothing to show. The functions are named as ``module:function`` and imported on use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from metareview.errors import UnknownName
from metareview.report.views.base import View
from metareview.results import Result
from metareview.schema.review import LeaderboardSpec, ReviewSpec
from metareview.schema.synthesis import SynthesisSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DIAGNOSTICS", "SECTIONS", "ViewSpec", "build_view", "diagnostics_of", "views_for"]

_HOME = "metareview.report.views"

#: Sections of the report in order, with their headings.
SECTIONS: dict[str, str] = {
    "selection": "Selection of studies",
    "studies": "Studies",
    "datasets": "Data sets",
    "appraisal": "Appraisal",
    "benchmark": "Benchmark",
    "statistics": "Statistics",
    "leaderboards": "Leaderboards",
    "synthesis": "Synthesis",
    "diagnostics": "Synthesis checks",
    "replication": "Replication",
    "audit": "Audit of printed numbers",
    "evidence": "Evidence",
}


#: Headings of the views that each declared synthesis has.
_KINDS = {"effects": "Effects", "fit": "Model", "sensitivity": "Sensitivity", "funnel": "Funnel plot"}


#: What a synthesis is judged by, with headings and whether each is a table: those of any, of independent effects only.
DIAGNOSTICS = {
    "leave-one-out": ("Leave-one-out", True), "cumulative": ("Cumulative synthesis", True),
    "influence": ("Influence", True), "baujat": ("Baujat plot", False), "gosh": ("Subsets of the effects", False),
    "profile": ("Profile likelihood", False), "bubble": ("Bubble plot", False),
}  # fmt: skip
_INDEPENDENT = ("influence", "baujat", "gosh")


def diagnostics_of(declared: SynthesisSpec) -> list[str]:
    """Return the diagnostics that a declared synthesis can have, by what it declares."""
    plain = declared.formula is None
    kinds = ["leave-one-out"] if plain else []
    kinds += ["cumulative"] if declared.order and plain else []
    kinds += [kind for kind in _INDEPENDENT if not declared.random and (kind != "gosh" or plain)]
    likelihood = bool(declared.random) or declared.method in ("ML", "REML")
    return [*kinds, *(["profile"] if likelihood else []), *([] if plain else ["bubble"])]


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """One view.

    Attributes
    ----------
    name, title : identifier (the stem of its files), and heading in the report.
    section : key of `SECTIONS`.
    build : ``module:function``, called with (tables, results, spec) and, where it is not empty, `argument`.
    tables, results : names of the tables and analyses it reads; nothing else may reach it.
    formats : whether it is a table of the report (CSV, Markdown, LaTeX, XLSX); others only feed a figure.
    argument : id of the leaderboard or synthesis, for the views that ``review.yaml`` defines.
    """

    name: str
    title: str
    section: str
    build: str
    tables: tuple[str, ...]
    results: tuple[str, ...] = ()
    formats: bool = True
    argument: str = ""

    def builder(self) -> Callable[..., View]:
        """Return the function behind `build`."""
        module, function = self.build.split(":")
        found: Callable[..., View] = getattr(import_module(module), function)
        return found


def _spec(
    name: str,
    title: str,
    section: str,
    build: str,
    tables: tuple[str, ...],
    results: tuple[str, ...] = (),
    *,
    formats: bool = True,
    argument: str = "",
) -> ViewSpec:
    return ViewSpec(name, title, section, f"{_HOME}.{build}", tables, results, formats, argument)


#: What every view reads: the names of things in print.
_NAMES = ("studies", "datasets", "sources", "experiments")
_SCORES = ("studies", "experiments", "results", "datasets", "sources")
_COUNTS = (*_NAMES, "study_facts", "distributions")

_SPECS = (
    _spec("prisma", "PRISMA flow", "selection", "selection:prisma", (*_NAMES, "flow"), ("flow",)),
    _spec("exclusions", "Reasons for exclusion", "selection", "selection:exclusions",
          (*_NAMES, "exclusions"), ("flow",)),
    _spec("studies", "Study characteristics", "studies", "studies:studies", (*_SCORES, "study_facts")),
    _spec("distributions", "Attributes of the studies", "studies", "characteristics:distributions", _COUNTS,
             ("characteristics",)),
    _spec("sankey-nodes", "Study characteristics by level", "studies", "characteristics:sankey_nodes", _COUNTS,
             ("characteristics",)),
    _spec("sankey-links", "Attributes that go together", "studies", "characteristics:sankey_links", _COUNTS,
             ("characteristics",)),
    _spec("availability", "Code availability", "studies", "characteristics:availability",
          (*_COUNTS, "statements"), ("availability",)),
    _spec("availability-other", "Further availability", "studies", "characteristics:availability_other", _COUNTS,
             ("availability",)),
    _spec("datasets", "Data sets", "datasets", "datasets:datasets", (*_NAMES, "dataset_facts")),
    _spec("shares", "Use of data sets", "datasets", "datasets:shares", _COUNTS, ("shares",)),
    _spec("modalities", "Acquisition", "datasets", "characteristics:modalities", _COUNTS, ("characteristics",)),
    _spec("appraisal-coverage", "What could be judged", "appraisal", "appraisal:coverage", _NAMES,
          ("appraisal_coverage",)),
    _spec("appraisal-lights", "Traffic lights", "appraisal", "appraisal:lights", _NAMES, ("appraisal",), formats=False),
    _spec("appraisal", "Appraisal of the studies", "appraisal", "appraisal:appraisal", _NAMES, ("appraisal",)),
    _spec("appraisal-summary", "Shares of judgements", "appraisal", "appraisal:summary", _NAMES,
          ("appraisal_summary",)),
    _spec("appraisal-agreement", "Agreement of raters", "appraisal", "appraisal:agreement", _NAMES,
          ("appraisal_agreement",)),
    _spec("appraisal-differences", "Where raters differ", "appraisal", "appraisal:differences", _NAMES,
          ("appraisal_agreement",)),
    _spec("benchmark", "Unified benchmark", "benchmark", "benchmark:benchmark",
             (*_SCORES, "statements", "study_facts"), ("composite", "composite_evidence")),
    _spec("composite-verdicts", "What gives the printed composites", "benchmark", "benchmark:composite_verdicts",
          _NAMES, ("composite_evidence",)),
    _spec("composite-evidence", "Which definition gives the printed composites", "benchmark",
             "benchmark:composite_evidence", _NAMES, ("composite_evidence",)),
    _spec("summary", "Summary statistics per metric", "benchmark", "summary:summary", (*_NAMES, "statements"),
             ("descriptives",)),
    _spec("multiverse", "The ranking under every choice", "benchmark", "multiverse:multiverse", _NAMES,
          ("multiverse",)),
    _spec("multiverse-specifications", "Every specification", "benchmark", "multiverse:multiverse_specifications",
          _NAMES, ("multiverse",)),
    _spec("multiverse-decisions", "What moves the ranks", "benchmark", "multiverse:multiverse_decisions", _NAMES,
          ("multiverse",)),
    _spec("multiverse-pairs", "Which method is ahead of which", "benchmark", "multiverse:multiverse_pairs", _NAMES,
          ("multiverse",)),
    _spec("reporting-penalty", "What reporting a metric costs", "benchmark", "multiverse:reporting_penalty", _NAMES,
          ("reporting_penalty",)),
    _spec("groups", "Comparison of method categories", "statistics", "groups:groups",
          (*_NAMES, "statements"), ("groups",)),
    _spec("group-summaries", "Groups of methods", "statistics", "groups:group_summaries", _NAMES, ("groups",)),
    _spec("metrics-by-category", "Metrics by category of method", "statistics", "groups:metrics_by_category", _SCORES,
             ("groups",)),
    _spec("category-evidence", "Evidence behind the categories", "statistics", "category_models:category_evidence",
          _NAMES, ("category_models",)),
    _spec("category-models", "Categories compared as published and as the data allow", "statistics",
          "category_models:category_models", (*_NAMES, "statements"), ("category_models",)),
    _spec("category-differences", "Why the comparisons of categories differ", "statistics",
          "category_models:category_differences", (*_NAMES, "statements"), ("category_models",)),
    _spec("generalisation-shares", "Evaluation on more than one data set", "statistics",
             "variability:generalisation_shares", (*_NAMES, "statements"), ("generalisation",)),
    _spec("generalisation", "Methods on more than one data set", "statistics", "variability:generalisation", _NAMES,
             ("generalisation",)),
    _spec("variability", "Variability over data sets", "statistics", "variability:variability",
             (*_NAMES, "statements"), ("variability",)),
    _spec("correlations", "Correlation between metrics", "statistics", "variability:correlations",
          (*_NAMES, "statements"), ("correlations",)),
    _spec("leaderboards", "Leaderboards", "leaderboards", "leaderboards:leaderboards", _SCORES),
    _spec("dataset-performance", "Performance by data set", "leaderboards",
          "leaderboards:dataset_performance", _SCORES),
    _spec("heatmap", "Methods by data sets", "leaderboards", "leaderboards:heatmap", _SCORES, formats=False),
    _spec("syntheses", "Pooled effects", "synthesis", "synthesis:overview", _NAMES),
    _spec("replication", "Reported against re-run", "replication", "replication:replication", _NAMES,
          ("replication",)),
    _spec("rerun-contrasts", "Re-runs against each other", "replication", "contrasts:rerun_contrasts", _NAMES,
          ("rerun_contrasts",)),
    _spec("audit", "What does not hold as printed", "audit", "audit:findings", (*_NAMES, "claims"), ("audit",)),
    _spec("audit-summary", "Verdicts by kind of statement", "audit", "audit:verdicts", (*_NAMES, "claims"), ("audit",)),
    _spec("reconstruction", "What must stand behind the test", "audit", "audit:reconstruction",
          (*_NAMES, "claims"), ("reconstruction",)),
    _spec("reconstruction-effects", "What the effect size is worth", "audit", "audit:effects", (*_NAMES, "claims"),
          ("reconstruction",)),
    _spec("audit-open", "What cannot be checked, and why", "audit", "audit:undecided", (*_NAMES, "claims"),
          ("audit",)),
    _spec("audit-claims", "Every statement that was read", "audit", "audit:claims", (*_NAMES, "claims"),
          ("audit",)),
    _spec("statements", "Printed statements", "evidence", "summary:statements", (*_NAMES, "statements")),
    _spec("results", "All results", "evidence", "results:results_all", _SCORES),
)  # fmt: skip


def views_for(spec: ReviewSpec) -> dict[str, ViewSpec]:
    """Return the views of a review by name, in the order of the report; its own leaderboards included."""
    views: dict[str, ViewSpec] = {}
    for view in _SPECS:
        if view.name == "syntheses":
            views |= _syntheses(view, spec)
            continue
        views[view.name] = view
        if view.name in _RANKED_AFTER:
            views |= _rankings(spec, as_printed=view.name == "benchmark")
        if view.name == "leaderboards":
            for board in spec.leaderboards:
                own = _spec(f"leaderboard-{board.id}", board.title, "leaderboards", "leaderboards:leaderboard", _SCORES,
                               argument=board.id)  # fmt: skip
                views[own.name] = own
                views |= _multiverse(board)
    return views


def _multiverse(board: LeaderboardSpec) -> dict[str, ViewSpec]:
    """The multiverse of a leaderboard: ranks, decisions, and the specifications that its figure draws."""
    own = {}
    for stem, title, build, formats in (
        ("multiverse", "The ranking under every choice", "multiverse", True),
        ("multiverse-specifications", "Every specification", "multiverse_specifications", False),
        ("multiverse-decisions", "What moves the ranks", "multiverse_decisions", True),
    ):
        view = _spec(f"{stem}-{board.id}", f"{title}: {board.title}", "leaderboards", f"multiverse:{build}", _NAMES,
                     (f"multiverse-{board.id}",), formats=formats, argument=board.id)  # fmt: skip
        own[view.name] = view
    return own


#: Views after which rankings stand: those of printed tables beside the benchmark, others among the leaderboards.
_RANKED_AFTER = ("benchmark", "leaderboards")


def _rankings(spec: ReviewSpec, *, as_printed: bool) -> dict[str, ViewSpec]:
    """The views of each declared ranking: the order, its pairs and tests, and what only feeds figures."""
    views = {}
    for declared in spec.rankings:
        if declared.as_printed != as_printed:
            continue
        section = "benchmark" if as_printed else "leaderboards"
        for kind, title, formats in (("ranking", "", True), ("pairs", "Head to head: ", True),
                                     ("tests", "Tests: ", True), ("places", "Places by column: ", False),
                                     ("shares", "Ranks of the replicates: ", False)):  # fmt: skip
            if as_printed and kind not in ("ranking", "places"):
                continue  # pairs and tests would compare methods on different data
            own = _spec(f"{kind}-{declared.id}", f"{title}{declared.title}", section, f"ranking:{kind}", _NAMES,
                        (f"ranking-{declared.id}",), formats=formats, argument=declared.id)  # fmt: skip
            views[own.name] = own
    return views


def _syntheses(overview: ViewSpec, spec: ReviewSpec) -> dict[str, ViewSpec]:
    """The overview of all declared syntheses, and for each its fit, effects, sensitivity table and funnel plot."""
    names = tuple(f"synthesis-{declared.id}" for declared in spec.syntheses)
    views = {overview.name: replace(overview, results=names)}
    for declared, name in zip(spec.syntheses, names, strict=True):
        checks = f"diagnostics-{declared.id}"
        for kind, formats in (("effects", True), ("fit", True), ("sensitivity", True), ("funnel", False)):
            reads = (name, checks) if kind == "funnel" else (name,)
            own = _spec(f"{kind}-{declared.id}", f"{_KINDS[kind]}: {declared.title}", "synthesis",
                        f"synthesis:{kind}", _NAMES, reads, formats=formats, argument=declared.id)  # fmt: skip
            views[own.name] = own
        for kind in diagnostics_of(declared):
            title, formats = DIAGNOSTICS[kind]
            own = _spec(f"{kind}-{declared.id}", f"{title}: {declared.title}", "diagnostics", "synthesis:diagnostic",
                        _NAMES, (checks,), formats=formats, argument=f"{kind}:{declared.id}")  # fmt: skip
            views[own.name] = own
    return views


def build_view(name: str, tables: Mapping[str, pd.DataFrame], results: Mapping[str, Result], spec: ReviewSpec) -> View:
    """Build a view by name.

    Parameters
    ----------
    tables, results : at least those that the view's `ViewSpec` names; it is given no others, so that what it depends
        on is what it says.

    Raises
    ------
    UnknownName
        If the review has no such view.
    """
    views = views_for(spec)
    if name not in views:
        raise UnknownName("view", name, views)
    view = views[name]
    given: list[Any] = [
        {key: tables[key] for key in view.tables if key in tables},
        {key: results[key] for key in view.results if key in results},
        spec,
    ]
    from metareview.report.views.wording import readable

    return readable(view.builder()(*given, *([view.argument] if view.argument else [])), given[0], spec)
