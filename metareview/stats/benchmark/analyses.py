"""The analyses of a benchmark review by name: what each reads and what it returns.

The workflow, the command line and the report all go through `ANALYSES`, so an analysis exists in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from metareview.results import Result
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.availability import AvailabilityResult, compute_availability
from metareview.stats.benchmark.category_models import CategoryModelsResult, compute_category_models
from metareview.stats.benchmark.characteristics import CharacteristicsResult, compute_characteristics
from metareview.stats.benchmark.composite import CompositeResult, compute_composite
from metareview.stats.benchmark.contrasts import ContrastsResult, compute_contrasts
from metareview.stats.benchmark.correlations import CorrelationsResult, compute_correlations
from metareview.stats.benchmark.descriptives import DescriptivesResult, compute_descriptives
from metareview.stats.benchmark.evidence import CompositeEvidenceResult, compute_composite_evidence
from metareview.stats.benchmark.flow import FlowResult, compute_flow
from metareview.stats.benchmark.generalisation import GeneralisationResult, compute_generalisation
from metareview.stats.benchmark.groups import GroupsResult, compute_groups
from metareview.stats.benchmark.multiverse import Multiverse
from metareview.stats.benchmark.multiverse.analysis import compute_multiverse
from metareview.stats.benchmark.multiverse.penalty import ReportingPenalty, compute_reporting_penalty
from metareview.stats.benchmark.replication import ReplicationResult
from metareview.stats.benchmark.reruns import compute_replication
from metareview.stats.benchmark.rows import Tables
from metareview.stats.benchmark.shares import SharesResult, compute_shares
from metareview.stats.benchmark.variability import VariabilityResult, compute_variability

__all__ = ["ANALYSES", "AnalysisSpec", "Tables"]


@dataclass(frozen=True, slots=True)
class AnalysisSpec:
    """One analysis.

    Attributes
    ----------
    name, title : identifier, and what it is in print.
    tables : names of the tables it reads.
    result : the class it returns.
    run : ``run(tables, spec)`` with the tables of the review folder and its ``review.yaml``.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    result: type[Result]
    run: Callable[[Tables, ReviewSpec], Result]


_SCORES = ("studies", "experiments", "results", "datasets")
_SPECS = (
    AnalysisSpec("descriptives", "Summary statistics per metric", _SCORES, DescriptivesResult, compute_descriptives),
    AnalysisSpec("composite", "Composite score", _SCORES, CompositeResult, compute_composite),
    AnalysisSpec(
        "composite_evidence",
        "Which definition gives the printed composite",
        (*_SCORES, "statements"),
        CompositeEvidenceResult,
        compute_composite_evidence,
    ),
    AnalysisSpec("groups", "Comparison of groups of methods", _SCORES, GroupsResult, compute_groups),
    AnalysisSpec(
        "category_models",
        "Comparison of categories as the data allow",
        _SCORES,
        CategoryModelsResult,
        compute_category_models,
    ),
    AnalysisSpec("multiverse", "The ranking under every choice", _SCORES, Multiverse, compute_multiverse),
    AnalysisSpec(
        "reporting_penalty", "What reporting a metric costs", _SCORES, ReportingPenalty, compute_reporting_penalty
    ),
    AnalysisSpec(
        "variability", "Coefficient of variation over data sets", _SCORES, VariabilityResult, compute_variability
    ),
    AnalysisSpec(
        "generalisation",
        "Evaluation on more than one data set",
        ("studies", "experiments"),
        GeneralisationResult,
        compute_generalisation,
    ),
    AnalysisSpec("correlations", "Correlation between metrics", _SCORES, CorrelationsResult, compute_correlations),
    AnalysisSpec(
        "availability",
        "Code availability by category",
        ("studies", "study_facts"),
        AvailabilityResult,
        compute_availability,
    ),
    AnalysisSpec(
        "shares",
        "Share of studies per data set",
        ("studies", "study_facts", "datasets", "experiments"),
        SharesResult,
        compute_shares,
    ),
    AnalysisSpec("flow", "PRISMA counts", ("flow", "exclusions"), FlowResult, compute_flow),
    AnalysisSpec(
        "characteristics",
        "Study characteristics",
        ("studies", "study_facts", "distributions"),
        CharacteristicsResult,
        compute_characteristics,
    ),
    AnalysisSpec(
        "replication",
        "Reported against re-run",
        ("rerun_experiments", "rerun_results", "rerun_targets", "experiments", "results"),
        ReplicationResult,
        compute_replication,
    ),
    AnalysisSpec(
        "rerun_contrasts",
        "Re-runs against each other",
        ("rerun_experiments", "rerun_results"),
        ContrastsResult,
        compute_contrasts,
    ),
)

#: Every analysis by name, in the order of the report.
ANALYSES: dict[str, AnalysisSpec] = {spec.name: spec for spec in _SPECS}
