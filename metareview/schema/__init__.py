"""What a review *is*: frozen, strict pydantic models, without numpy or pandas.

Map of the room:

- `base`: field types and the model base; `source`: documents and `SourceRef`, the way back from a number
- `study`, `publication`, `dataset`, `experiment` (with results and statements), `derivation`: the tables of facts
- `flow`: PRISMA counts and the identities among them, exclusions, published distributions
- `appraisal`, `claim`: judgements, and published statements to be checked
- `metric`: the vocabulary of scores (``metrics.csv``); `review`: ``review.yaml``
- `rules`: rules across the cells of a row; `tables`: the registry that drives reading, checking and export

The names below are resolved on first use (PEP 562): a result that needs `SourceRef` does not build every model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metareview.schema.appraisal import Appraisal as Appraisal
    from metareview.schema.base import Missing as Missing
    from metareview.schema.base import Model as Model
    from metareview.schema.claim import Claim as Claim
    from metareview.schema.dataset import Dataset as Dataset
    from metareview.schema.dataset import DatasetFact as DatasetFact
    from metareview.schema.derivation import Derivation as Derivation
    from metareview.schema.experiment import Experiment as Experiment
    from metareview.schema.experiment import Result as Result
    from metareview.schema.experiment import Statement as Statement
    from metareview.schema.flow import Distribution as Distribution
    from metareview.schema.flow import Exclusion as Exclusion
    from metareview.schema.flow import FlowRow as FlowRow
    from metareview.schema.metric import Metric as Metric
    from metareview.schema.metric import Vocabulary as Vocabulary
    from metareview.schema.metric import default_vocabulary as default_vocabulary
    from metareview.schema.publication import Publication as Publication
    from metareview.schema.rerun import RerunExperiment as RerunExperiment
    from metareview.schema.rerun import RerunResult as RerunResult
    from metareview.schema.rerun import RerunTarget as RerunTarget
    from metareview.schema.review import ReviewSpec as ReviewSpec
    from metareview.schema.source import Source as Source
    from metareview.schema.source import SourceRef as SourceRef
    from metareview.schema.study import Study as Study
    from metareview.schema.study import StudyFact as StudyFact
    from metareview.schema.tables import TABLES as TABLES
    from metareview.schema.tables import TableSpec as TableSpec

__all__ = [
    "TABLES",
    "Appraisal",
    "Claim",
    "Dataset",
    "DatasetFact",
    "Derivation",
    "Distribution",
    "Exclusion",
    "Experiment",
    "FlowRow",
    "Metric",
    "Missing",
    "Model",
    "Publication",
    "RerunExperiment",
    "RerunResult",
    "RerunTarget",
    "Result",
    "ReviewSpec",
    "Source",
    "SourceRef",
    "Statement",
    "Study",
    "StudyFact",
    "TableSpec",
    "Vocabulary",
    "default_vocabulary",
]

_HOMES = {
    "Appraisal": "appraisal",
    "Claim": "claim",
    "Dataset": "dataset",
    "Derivation": "derivation",
    "DatasetFact": "dataset",
    "Distribution": "flow",
    "Exclusion": "flow",
    "Experiment": "experiment",
    "FlowRow": "flow",
    "Metric": "metric",
    "Missing": "base",
    "Model": "base",
    "Publication": "publication",
    "RerunExperiment": "rerun",
    "RerunResult": "rerun",
    "RerunTarget": "rerun",
    "Result": "experiment",
    "ReviewSpec": "review",
    "Source": "source",
    "SourceRef": "source",
    "Statement": "experiment",
    "Study": "study",
    "StudyFact": "study",
    "TABLES": "tables",
    "TableSpec": "tables",
    "Vocabulary": "metric",
    "default_vocabulary": "metric",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"metareview.schema.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'metareview.schema' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
