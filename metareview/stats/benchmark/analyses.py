"""The analyses of a benchmark review by name: what each reads and what it returns.

The workflow, the command line and the report all go through `ANALYSES`, so an analysis exists in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.results import Result
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.availability import AvailabilityResult
from metareview.stats.benchmark.characteristics import CharacteristicsResult
from metareview.stats.benchmark.composite import CompositeResult
from metareview.stats.benchmark.correlations import CorrelationsResult
from metareview.stats.benchmark.descriptives import DescriptivesResult
from metareview.stats.benchmark.evidence import CompositeEvidenceResult
from metareview.stats.benchmark.flow import FlowResult
from metareview.stats.benchmark.generalisation import GeneralisationResult
from metareview.stats.benchmark.groups import GroupsResult
from metareview.stats.benchmark.shares import SharesResult
from metareview.stats.benchmark.variability import VariabilityResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ANALYSES", "AnalysisSpec", "Tables"]

Tables = Mapping[str, "pd.DataFrame"]


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


def _pending(tables: Tables, spec: ReviewSpec) -> Result:
    raise NotImplementedError


_SCORES = ("studies", "experiments", "results")
_SPECS = (
    AnalysisSpec("descriptives", "Summary statistics per metric", _SCORES, DescriptivesResult, _pending),
    AnalysisSpec("composite", "Composite score", _SCORES, CompositeResult, _pending),
    AnalysisSpec(
        "composite_evidence", "Which definition gives the printed composite", (*_SCORES, "statements"),
        CompositeEvidenceResult, _pending,
    ),
    AnalysisSpec("groups", "Comparison of method categories", _SCORES, GroupsResult, _pending),
    AnalysisSpec("variability", "Coefficient of variation over data sets", (*_SCORES, "datasets"), VariabilityResult, _pending),
    AnalysisSpec("generalisation", "Evaluation on more than one data set", ("studies", "experiments"), GeneralisationResult, _pending),
    AnalysisSpec("correlations", "Correlation between metrics", _SCORES, CorrelationsResult, _pending),
    AnalysisSpec("availability", "Code availability by category", ("studies", "study_facts"), AvailabilityResult, _pending),
    AnalysisSpec(
        "shares", "Share of studies per data set", ("studies", "study_facts", "datasets", "experiments"),
        SharesResult, _pending,
    ),
    AnalysisSpec("flow", "PRISMA counts", ("flow", "exclusions"), FlowResult, _pending),
    AnalysisSpec(
        "characteristics", "Study characteristics", ("studies", "study_facts", "distributions"),
        CharacteristicsResult, _pending,
    ),
)  # fmt: skip

#: Every analysis by name, in the order of the report.
ANALYSES: dict[str, AnalysisSpec] = {spec.name: spec for spec in _SPECS}
