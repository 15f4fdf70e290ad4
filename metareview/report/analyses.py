"""Every analysis by name, of all rooms below the report: what the workflow, the command line and notebooks run."""

from __future__ import annotations

from functools import partial

from metareview.appraisal.analyses import APPRAISALS
from metareview.audit.analyses import AUDITS
from metareview.errors import UnknownName
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.analyses import ANALYSES as BENCHMARK
from metareview.stats.benchmark.analyses import AnalysisSpec, Tables
from metareview.stats.benchmark.multiverse import Multiverse
from metareview.stats.benchmark.multiverse.analysis import compute_multiverse
from metareview.stats.benchmark.ranking.result import Ranking
from metareview.stats.declared.result import SynthesisResult
from metareview.stats.synthesis.diagnostics_result import FitDiagnostics

__all__ = ["ANALYSES", "AnalysisSpec", "analyses_for", "find_analysis"]

#: Every analysis that any review has by name, in the order of the report.
ANALYSES: dict[str, AnalysisSpec] = {**BENCHMARK, **APPRAISALS, **AUDITS}


def analyses_for(spec: ReviewSpec) -> dict[str, AnalysisSpec]:
    """Return the analyses of a review by name: those of every review, and what it declares of its own."""
    own = {}
    for asked in spec.rankings:
        name = f"ranking-{asked.id}"
        tables = ("studies", "experiments", "results", "datasets", *(("appraisal",) if asked.quality else ()))
        own[name] = AnalysisSpec(name, asked.title, tables, Ranking, partial(_ranking, name=asked.id))
    for declared in spec.syntheses:
        name = f"synthesis-{declared.id}"
        run = partial(_synthesis, name=declared.id)
        reads = ("studies", "experiments", "results", "appraisal")
        own[name] = AnalysisSpec(name, declared.title, reads, SynthesisResult, run)
        checks, look = f"diagnostics-{declared.id}", partial(_diagnostics, name=declared.id)
        own[checks] = AnalysisSpec(checks, f"Diagnostics: {declared.title}", reads, FitDiagnostics, look)
    for board in spec.leaderboards:
        name = f"multiverse-{board.id}"
        read = ("studies", "experiments", "results", "datasets")
        own[name] = AnalysisSpec(name, board.title, read, Multiverse, partial(compute_multiverse, board=board.id))
    return {**ANALYSES, **own}


def find_analysis(name: str, spec: ReviewSpec) -> AnalysisSpec:
    """Return an analysis of a review by name.

    Raises
    ------
    UnknownName
        If the review has none of that name.
    """
    found = analyses_for(spec)
    if name not in found:
        raise UnknownName("statistic", name, found)
    return found[name]


def _synthesis(tables: Tables, spec: ReviewSpec, *, name: str) -> SynthesisResult:
    from metareview.stats.declared.run import compute_synthesis  # the engine loads scipy; most commands need neither

    return compute_synthesis(tables, spec, name)


def _diagnostics(tables: Tables, spec: ReviewSpec, *, name: str) -> FitDiagnostics:
    from metareview.stats.declared.run import compute_synthesis_diagnostics

    return compute_synthesis_diagnostics(tables, spec, name)


def _ranking(tables: Tables, spec: ReviewSpec, *, name: str) -> Ranking:
    from metareview.stats.benchmark.ranking.declared import compute_ranking

    return compute_ranking(tables, spec, name)
