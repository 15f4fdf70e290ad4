"""Syntheses that ``review.yaml`` declares: how effects and their variances come from the results, and the model."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from metareview.schema.base import MetricKey, Model, Slug, Text

__all__ = ["FACTORS", "ContrastSpec", "QualitySpec", "SelectSpec", "SynthesisSpec"]

#: Columns that label, group and cluster effects, and that random effects and moderators may name.
FACTORS = ("study_id", "experiment_id", "method", "category", "setting", "dataset_id", "target", "split", "unit",
           "source_id")  # fmt: skip
Factor = Literal["study_id", "experiment_id", "method", "category", "setting", "dataset_id", "target", "split", "unit",
                 "source_id"]  # fmt: skip
Variance = Literal["reported-se", "per-image", "per-seed", "reported-ci", "borrowed-cv", "n-only"]
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]


class _Spec(Model):
    @field_validator("*", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class SelectSpec(_Spec):
    """Which results enter; what is left empty selects nothing away."""

    studies: tuple[Slug, ...] = ()
    """Ids of studies."""
    methods: tuple[Text, ...] = ()
    """Methods, as the experiments name them."""
    datasets: tuple[Slug, ...] = ()
    """Ids of data sets."""
    targets: tuple[Text, ...] = ()
    """What is segmented or predicted."""
    sources: tuple[Slug, ...] = ()
    """Ids of the documents that print the results."""


class ContrastSpec(_Spec):
    """Two methods (or categories, settings …) compared in each place where both were scored."""

    between: Factor = "method"
    """The column whose two values are compared."""
    first: Text
    """The value that is compared."""
    second: Text
    """The value it is compared with; effects above 0 (ratios above 1) say that the first scores higher."""
    match: Annotated[tuple[Factor, ...], Field(min_length=1)] = ("dataset_id",)
    """Columns in which the two results of a pair agree."""

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.first == self.second:
            raise ValueError(f"first and second are both {self.first!r}; a contrast needs two values")
        if self.between in self.match:
            raise ValueError(f"match names {self.between}, the column that differs within a pair; leave it out")
        return self


class QualitySpec(_Spec):
    """What the appraisal of the studies does in a synthesis.

    Weights by quality are not offered: a quality score adds up unlike things, its weights are arbitrary, and a pooled
    effect weighted by it is biased in a way that no interval shows (Jüni et al. 1999, JAMA 282:1054; Greenland &
    O'Rourke 2001, Biostatistics 2:463).
    """

    tool: Slug
    """The appraisal tool."""
    item: Slug | None = None
    """The item whose judgement counts; empty for the overall judgement of the tool."""
    use: Literal["sensitivity", "exclude", "subgroup", "moderator"] = "sensitivity"
    """sensitivity: only the row low risk of bias; exclude: only studies of `levels` enter; subgroup: the groups of the
    forest plot; moderator: a categorical moderator."""
    levels: tuple[Text, ...] = ()
    """Judgements that enter (exclude), and that count as low risk of bias; empty for the best one."""


class SynthesisSpec(_Spec):
    """One synthesis: effects from results of level ``cell``, a model for them, and what is said with it."""

    id: Slug
    """Name of the analysis ``synthesis-<id>``, its tables and its figures."""
    title: Text
    """Heading."""
    metric: MetricKey
    """The metric."""
    convention: Slug = "unstated"
    """Its convention; results under another one are left out."""
    select: SelectSpec = SelectSpec()
    """Which results enter."""
    contrast: ContrastSpec | None = None
    """Two arms compared; empty pools the scores themselves."""
    scale: Literal["raw", "log", "logit", "log-error"] = "raw"
    """Scale on which effects are pooled: the score, its logarithm, its logit, the logarithm of 1 - score."""
    values: Literal["printed", "units"] = "printed"
    """printed: aggregates as printed; units: every value of a unit of replication is an effect of its own."""
    unit: Kind | None = None
    """With ``values: units``, the kind of unit, such as ``image`` (the part before the colon)."""
    variance: tuple[Variance, ...] = ("reported-se", "per-image", "per-seed", "reported-ci")
    """Sources of a sampling variance that may be used for printed values, the best first."""
    interval: Literal["normal", "t"] = "normal"
    """Quantile that printed confidence intervals are taken to use; t has n - 1 degrees of freedom."""
    method: Literal["EE", "FE", "DL", "HE", "HS", "HSk", "SJ", "EB", "PM", "PMM", "ML", "REML"] = "REML"
    """Estimator of the heterogeneity."""
    test: Literal["z", "t", "knha", "adhoc", "contain"] | None = None
    """Test of coefficients; contain: t with the degrees of freedom of the random effect with fewest levels."""
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of confidence."""
    mods: Text | None = None
    """Moderators as a formula over the columns, such as ``~ C(category)``."""
    random: tuple[Text, ...] = ()
    """Random effects: columns, nested ones joined by ``/``; several are crossed."""
    cluster: Factor | None = None
    """Clusters of effects that are not independent: robust tests (CR2), and rows of the sensitivity table."""
    label: tuple[Factor, ...] = ("method", "dataset_id")
    """Columns that name an effect in print."""
    group: Factor | None = None
    """Column of the subgroups of the forest plot."""
    order: Literal["year"] | None = None
    """What effects are added by in a cumulative synthesis; without it there is none."""
    quality: QualitySpec | None = None
    """What the appraisal of the studies does; empty: a row of the sensitivity table, where there is an appraisal."""
    notes: tuple[Text, ...] = ()
    """What a reader must know of these data, printed with the results."""

    @property
    def formula(self) -> str | None:
        """The moderators, those of the appraisal included."""
        if self.quality is None or self.quality.use != "moderator":
            return self.mods
        return f"{self.mods} + C(quality)" if self.mods else "~ C(quality)"

    @property
    def by_quality(self) -> bool:
        """Whether the judgements of the appraisal are the subgroups of the forest plot."""
        return self.quality is not None and self.quality.use == "subgroup"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for term in self.random:
            unknown = [part for part in term.split("/") if part.strip() not in FACTORS]
            if unknown:
                raise ValueError(f"random {term!r}: {unknown[0]!r} is not one of {', '.join(FACTORS)}")
        if (self.values == "units") != (self.unit is not None):
            raise ValueError("values: units and unit go together; name the kind of unit, such as unit: image")
        if self.values == "units" and self.contrast is not None:
            raise ValueError("a contrast is between printed values; leave out values: units")
        if self.random and (self.method not in ("REML", "ML") or self.test in ("knha", "adhoc")):
            raise ValueError("with random effects method is REML or ML and test is z, t or contain")
        if self.order and self.random:
            raise ValueError("a cumulative synthesis (order) is of independent effects; leave out random")
        if self.random and self.cluster:
            raise ValueError("give random effects or robust clusters; both together are not offered here")
        if self.by_quality and self.group:
            raise ValueError("quality: use: subgroup makes the subgroups of the forest plot; leave out group")
        if self.test == "contain" and (not self.random or self.formula):
            raise ValueError("test: contain needs random effects and no moderators")
        return self
