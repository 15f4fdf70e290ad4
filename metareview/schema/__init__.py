"""What a review *is*: frozen, strict pydantic models, without numpy or pandas.

Map of the room:

- `base`: field types and the model base; `source`: documents and `SourceRef`, the way back from a number
- `study`, `publication`, `dataset`, `experiment` (with results and statements), `derivation`: the tables of facts
- `flow`: PRISMA counts and the identities among them, exclusions, published distributions
- `appraisal`, `claim`: judgements, and published statements to be checked
- `metric`: the vocabulary of scores (``metrics.csv``); `review`: ``review.yaml``
- `rules`: rules across the cells of a row; `tables`: the registry that drives reading, checking and export
"""

from metareview.schema.appraisal import Appraisal
from metareview.schema.base import Missing, Model
from metareview.schema.claim import Claim
from metareview.schema.dataset import Dataset, DatasetFact
from metareview.schema.derivation import Derivation
from metareview.schema.experiment import Experiment, Result, Statement
from metareview.schema.flow import Distribution, Exclusion, FlowRow
from metareview.schema.metric import Metric, Vocabulary, default_vocabulary
from metareview.schema.publication import Publication
from metareview.schema.review import ReviewSpec
from metareview.schema.source import Source, SourceRef
from metareview.schema.study import Study, StudyFact
from metareview.schema.tables import TABLES, TableSpec

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
