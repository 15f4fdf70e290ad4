"""The tables of a review folder: which model a row of each follows, its key, and where its ids must exist.

Everything that reads, checks, exports or documents the spreadsheets is driven by this registry.
"""

from __future__ import annotations

from dataclasses import dataclass

from metareview.schema.appraisal import Appraisal
from metareview.schema.base import Model
from metareview.schema.claim import Claim
from metareview.schema.dataset import Dataset, DatasetFact
from metareview.schema.derivation import Derivation
from metareview.schema.experiment import Experiment, Result, Statement
from metareview.schema.flow import Distribution, Exclusion, FlowRow
from metareview.schema.publication import Publication
from metareview.schema.rerun import RerunExperiment, RerunResult, RerunTarget
from metareview.schema.rules import RESULT_RULES, RowRule
from metareview.schema.source import Source
from metareview.schema.study import Study, StudyFact

__all__ = ["CURATED", "TABLES", "Reference", "TableSpec"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A column whose ids must exist in the key column of another table."""

    column: str
    table: str
    target: str


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table of a review.

    Attributes
    ----------
    name : file stem and sheet name.
    path : where its CSV file stands in the review folder, without the ending, where that is not its name.
    model : the row model.
    key : columns that together are unique; empty where rows have no identity.
    required : whether a review without it is incomplete.
    references : columns with ids of other tables.
    rules : rules across the columns of a row.
    """

    name: str
    model: type[Model]
    key: tuple[str, ...]
    required: bool = False
    references: tuple[Reference, ...] = ()
    rules: tuple[RowRule, ...] = ()
    path: str = ""

    @property
    def file(self) -> str:
        """CSV file of the table, relative to the review folder."""
        return f"{self.path or self.name}.csv"

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns in the order of the spreadsheet."""
        return tuple(self.model.model_fields)


_SOURCE = Reference("source_id", "sources", "source_id")
_STUDY = Reference("study_id", "studies", "study_id")
_DATASET = Reference("dataset_id", "datasets", "dataset_id")
_RERUN = Reference("experiment_id", "rerun_experiments", "experiment_id")

_SPECS = (
    TableSpec("sources", Source, ("source_id",), required=True),
    TableSpec("studies", Study, ("study_id",), required=True),
    TableSpec(
        "study_facts", StudyFact, ("study_id", "attribute", "value", "source_id", "locator"),
        references=(_STUDY, _SOURCE),
    ),
    TableSpec("publications", Publication, ("publication_id",), references=(_STUDY, _SOURCE)),
    TableSpec(
        "datasets", Dataset, ("dataset_id",),
        references=(Reference("part_of", "datasets", "dataset_id"), _SOURCE),
    ),
    TableSpec(
        "dataset_facts", DatasetFact, ("dataset_id", "attribute", "value", "source_id", "locator"),
        references=(_DATASET, _SOURCE),
    ),
    TableSpec(
        "experiments", Experiment, ("experiment_id",), required=True,
        references=(
            _STUDY, _DATASET, Reference("datasets", "datasets", "dataset_id"),
            Reference("repeats", "experiments", "experiment_id"), _SOURCE,
        ),
    ),
    TableSpec(
        "results", Result, ("experiment_id", "metric", "convention", "level", "unit", "source_id"), required=True,
        references=(Reference("experiment_id", "experiments", "experiment_id"), _SOURCE), rules=RESULT_RULES,
    ),
    TableSpec(
        "derivations", Derivation, ("derivation_id",),
        references=(Reference("experiment_id", "experiments", "experiment_id"), _SOURCE),
    ),
    TableSpec("statements", Statement, ("statement_id",), references=(_STUDY, _SOURCE)),
    TableSpec("flow", FlowRow, (), references=(_SOURCE,)),
    TableSpec("exclusions", Exclusion, ("stage", "reason", "source_id", "locator"), references=(_SOURCE,)),
    TableSpec(
        "distributions", Distribution, ("attribute", "value", "corpus", "source_id", "locator"),
        references=(_SOURCE,),
    ),
    TableSpec("appraisal", Appraisal, ("study_id", "tool", "item", "rater"), references=(_STUDY, _SOURCE)),
    TableSpec("claims", Claim, ("claim_id",), references=(_SOURCE,)),
    TableSpec(
        "rerun_experiments", RerunExperiment, ("experiment_id",), path="reruns/experiments",
        references=(
            _STUDY, _DATASET, Reference("datasets", "datasets", "dataset_id"),
            Reference("replicates", "experiments", "experiment_id"),
        ),
    ),
    TableSpec(
        "rerun_results", RerunResult, ("experiment_id", "metric", "convention", "level", "unit"),
        path="reruns/results", references=(_RERUN,), rules=RESULT_RULES,
    ),
    TableSpec(
        "rerun_targets", RerunTarget, ("experiment_id", "metric", "convention", "document"), path="reruns/targets",
        references=(_RERUN,),
    ),
)  # fmt: skip

#: Every table of a review folder by name, in reading order.
TABLES: dict[str, TableSpec] = {spec.name: spec for spec in _SPECS}
#: Those that people fill in; the others are written by `metareview rerun` and stay in files of their own.
CURATED: dict[str, TableSpec] = {name: spec for name, spec in TABLES.items() if not spec.path}
