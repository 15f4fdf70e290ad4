"""``review.yaml``: the only configuration of a review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeVar

from pydantic import Field, StringConstraints, field_validator, model_validator

from metareview.errors import UnknownName
from metareview.schema.base import MetricKey, Model, Slug, Text
from metareview.schema.metric import Metric, Vocabulary, default_vocabulary
from metareview.schema.ranking import RankingSpec
from metareview.schema.synthesis import SynthesisSpec
from metareview.schema.tool import ToolSpec

__all__ = [
    "AppraisalSpec",
    "CompositeSpec",
    "Corpus",
    "Eligibility",
    "GroupSpec",
    "LeaderboardSpec",
    "Misfit",
    "NestedUnits",
    "ReviewSpec",
    "Seeds",
    "find_declared",
]

Transform = Literal["identity", "1-x", "1/(1+x)", "exp(-x)"]


def _tuples(value: Any) -> Any:
    """YAML has lists where the models have tuples."""
    return tuple(value) if isinstance(value, list) else value


class _Spec(Model):
    @field_validator("*", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        return _tuples(value)


class Corpus(_Spec):
    """A body of studies that counts are over; bodies never mix."""

    id: Slug
    """The source_id whose studies it holds."""
    label: Text
    """Its name in print."""


class Eligibility(_Spec):
    """Eligibility criteria."""

    include: tuple[Text, ...] = ()
    """A study must meet all of these."""
    exclude: tuple[Text, ...] = ()
    """A study must meet none of these."""


class Misfit(NamedTuple):
    """Why a metric cannot enter a composite score: the key that says so, the rule, and the remedy."""

    key: str
    rule: str
    remedy: str


class CompositeSpec(_Spec):
    """Definition of the composite score.

    Metrics that point down are turned by `orientation` before any mean; a metric that points down and has no
    transform here is an error, because a mean over both directions means nothing.
    """

    metrics: Annotated[tuple[MetricKey, ...], Field(min_length=1)]
    """The metrics that enter."""
    orientation: dict[MetricKey, Transform] = {}
    """Transform per lower-is-better metric."""
    within: Literal["mean"] = "mean"
    """How the metrics of one experiment are combined."""
    across: Literal["mean_of_experiments", "mean_of_values", "rank", "zscore"] = "mean_of_experiments"
    """How the experiments of a method are combined."""
    corpus: Slug | None = None
    """Only results printed in this document enter; empty for all."""
    place: Text | None = None
    """Only results whose locator has this part (such as ``Table 3``) enter; empty for all."""
    levels: tuple[Literal["cell", "study_mean"], ...] = ("cell", "study_mean")
    """Levels of results that enter."""
    decimals: Annotated[int, Field(ge=0, le=10)] = 3
    """Decimals of the rounding, half up, at the end only."""

    def misfit(self, metric: Metric) -> Misfit | None:
        """Return why a metric cannot enter as it is declared, or None."""
        transform = self.orientation.get(metric.key, "identity")
        if metric.direction == "none":
            rule = f"{metric.key} has no better direction, so it cannot enter a composite"
            return Misfit("metrics", rule, "take it out")
        if metric.direction == "lower" and transform == "identity":
            return Misfit("orientation", f"{metric.key} is better when lower and has no transform",
                          "declare 1-x (for scores in [0, 1]), 1/(1+x) or exp(-x) for it")  # fmt: skip
        if metric.direction == "higher" and transform != "identity":
            return Misfit("orientation", f"{metric.key} is better when higher already", "remove its transform")
        return None


class GroupSpec(_Spec):
    """Comparison of groups of methods."""

    by: Slug = "category"
    """The attribute that makes the groups."""
    reference: Text | None = None
    """The group that others are compared with."""
    metrics: tuple[MetricKey, ...] = ()
    """The metrics compared."""
    corpus: Slug | None = None
    """Only results printed in this document enter; empty for all."""
    place: Text | None = None
    """Only results whose locator has this part (such as ``Table 3``) enter; empty for all."""
    levels: tuple[Literal["cell", "study_mean"], ...] = ("cell", "study_mean")
    """Levels of results that enter."""


class LeaderboardSpec(_Spec):
    """A table of methods by data sets and metrics, such as the VI/ARE tables of neuron segmentation."""

    id: Slug
    """Name of the table: ``leaderboard-<id>``."""
    title: Text
    """Caption."""
    datasets: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Data sets, as columns."""
    metrics: Annotated[tuple[MetricKey, ...], Field(min_length=1)]
    """Metrics under each data set."""
    source_id: Slug | None = None
    """Only results printed in this document enter; empty for all."""
    studies: tuple[Slug, ...] = ()
    """Only these studies; empty for all."""


class NestedUnits(_Spec):
    """A kind of unit whose members contain each other, such as growing regions around one point."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
    """The kind, as units name it before the colon (``roi`` of ``roi:11``)."""
    whole: Text
    """The member that contains all others, as units name it after the colon."""


class AppraisalSpec(_Spec):
    """Appraisal of the studies: what the report says that is not in ``appraisal.csv``."""

    tools: tuple[Slug, ...] = ()
    """Tools in use: their items are shown, also where no study could be judged on one. Empty: those that occur."""
    corpus: Slug | None = None
    """The body of studies that coverage is counted over; the primary corpus where nothing is said."""
    notes: tuple[Text, ...] = ()
    """What could and what could not be judged, and from what."""


class Seeds(_Spec):
    """Seeds of everything random."""

    bootstrap: Annotated[int, Field(ge=0)] = 20250101
    """Seed of bootstrap intervals."""
    permutation: Annotated[int, Field(ge=0)] = 20250102
    """Seed of permutation tests."""


class ReviewSpec(_Spec):
    """The whole of ``review.yaml``."""

    id: Slug
    """Id of the review, and the name of its report."""
    title: Text
    """Title."""
    question: Text
    """The question it answers."""
    protocol: Text | None = None
    """Where the protocol is registered."""
    authors: Text | None = None
    """Who keeps the review."""
    eligibility: Eligibility = Eligibility()
    """Eligibility criteria."""
    corpora: tuple[Corpus, ...] = ()
    """Bodies of studies that counts are over."""
    primary_corpus: Slug | None = None
    """The body of studies that shares and flow counts are over when nothing else is said."""
    attributes: dict[Slug, tuple[Text, ...]] = {}
    """Allowed values per study attribute (category, dimension, task …)."""
    metrics: tuple[Metric, ...] = ()
    """Metrics of the review's own."""
    metrics_in_use: tuple[MetricKey, ...] = ()
    """Metrics that tables and figures show, in this order; empty for all that occur."""
    composite: CompositeSpec | None = None
    """Definition of the composite score."""
    groups: GroupSpec | None = None
    """Comparison of method categories."""
    leaderboards: tuple[LeaderboardSpec, ...] = ()
    """Tables of methods by data sets."""
    rankings: tuple[RankingSpec, ...] = ()
    """Rankings with rank bounds and intervals."""
    nested_units: tuple[NestedUnits, ...] = ()
    """Kinds of unit whose members contain each other; of these only the whole enters a statistic."""
    evaluations: tuple[Text, ...] = ()
    """Different evaluations that share data set and metric (2D, 3D): what the first part of an experiment's setting
    says where it is one of these. Leaderboards rank each by itself."""
    syntheses: tuple[SynthesisSpec, ...] = ()
    """Syntheses with sampling variances."""
    no_syntheses: Text | None = None
    """Why there are none, printed in their place."""
    syntheses_elsewhere: tuple[Slug, ...] = ()
    """Reviews built beside this one that have syntheses of the same kind of data; the page links to their reports."""
    appraisal: AppraisalSpec = AppraisalSpec()
    """Appraisal of the studies."""
    tools: tuple[ToolSpec, ...] = ()
    """Appraisal tools of the review's own; files ``tools/*.yaml`` of the folder add to them."""
    seeds: Seeds = Seeds()
    """Seeds of everything random."""

    @field_validator("attributes", mode="before")
    @classmethod
    def _attribute_lists(cls, value: Any) -> Any:
        return {key: _tuples(item) for key, item in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.primary_corpus is not None and self.primary_corpus not in {c.id for c in self.corpora}:
            raise ValueError(f"primary_corpus {self.primary_corpus!r} is not among the ids of corpora")
        kinds = [nested.kind for nested in self.nested_units]
        if len(set(kinds)) < len(kinds):
            raise ValueError("nested_units names a kind twice; a kind of unit has one whole")
        nested = sorted(s.id for s in self.syntheses if s.unit in kinds)
        if nested:
            raise ValueError(f"synthesis {', '.join(nested)}: its units are nested (nested_units), so not independent")
        ids = [synthesis.id for synthesis in self.syntheses]
        twice = sorted({key for key in ids if ids.count(key) > 1})
        if twice:
            raise ValueError(f"two syntheses share the id {', '.join(twice)}; ids name files and are unique")
        names = [ranking.id for ranking in self.rankings]
        if len(set(names)) < len(names):
            raise ValueError("two rankings share an id; ids name files and are unique")
        if self.syntheses and self.no_syntheses:
            raise ValueError("no_syntheses says why there are none, but syntheses are declared; leave one of them out")
        self._appraised()
        vocabulary = self.vocabulary()
        named = set(self.metrics_in_use)
        for part in (self.composite, self.groups, *self.leaderboards):
            named |= set(part.metrics) if part else set()
        named |= {synthesis.metric for synthesis in self.syntheses}
        named |= {metric for ranking in self.rankings for metric in ranking.metrics}
        unknown = sorted(key for key in named if key not in vocabulary)
        if unknown:
            raise ValueError(f"not in the metric vocabulary: {', '.join(unknown)}; define them under metrics")
        return self

    def _appraised(self) -> None:
        own = [tool.id for tool in self.tools]
        twice = sorted({name for name in own if own.count(name) > 1})
        if twice:
            raise ValueError(f"two tools share the id {', '.join(twice)}")
        corpus = self.appraisal.corpus
        if corpus is not None and corpus not in {c.id for c in self.corpora}:
            raise ValueError(f"appraisal: corpus {corpus!r} is not among the ids of corpora")

    def vocabulary(self) -> Vocabulary:
        """Return the built-in vocabulary with the metrics of this review added."""
        return default_vocabulary().extended(self.metrics)


Declared = TypeVar("Declared", RankingSpec, SynthesisSpec, LeaderboardSpec)


def find_declared(kind: str, name: str, declared: Sequence[Declared]) -> Declared:
    """Return what ``review.yaml`` declares under an id.

    Parameters
    ----------
    kind : what it is, for the message.
    name : its id.
    declared : all of its kind.

    Raises
    ------
    UnknownName
        If none has that id.
    """
    for entry in declared:
        if entry.id == name:
            return entry
    raise UnknownName(kind, name, (entry.id for entry in declared))
