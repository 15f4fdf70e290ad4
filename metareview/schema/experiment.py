"""Experiments, and the results they report."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from metareview.schema.base import Locator, MetricKey, Missing, Model, Printed, Slug, Text, Unit
from metareview.schema.rules import RESULT_RULES, violations

__all__ = ["Bound", "Experiment", "Level", "Origin", "Result", "Scale", "Statement"]

Origin = Literal["reported", "re-reported", "recomputed", "rerun"]
Level = Literal["cell", "study_mean", "range_low", "range_high"]
Scale = Literal["proportion", "percent", "native"]
Bound = Literal["<", ">", "<=", ">="]
Count = Annotated[int, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]


class Experiment(Model):
    """One method on one data set and target in a study (one row of ``experiments.csv``)."""

    experiment_id: Slug
    """Id of the experiment."""
    study_id: Slug
    """The study it belongs to."""
    method: Text
    """The method, as the study names it."""
    category: Text | Missing | None = None
    """Method category where it differs from the study's."""
    setting: Text | None = None
    """What distinguishes it from the study's other experiments with this method."""
    dataset_id: Slug | None = None
    """The data set; empty where the source gives only a mean over several."""
    datasets: tuple[Slug, ...] = ()
    """The data sets of such a mean, as far as they are known."""
    target: Text | Missing | None = None
    """What is segmented, classified or predicted."""
    split: Text | Missing | None = None
    """Split or setting of the evaluation."""
    n_test: Count | Missing | None = None
    """Size of the test set."""
    n_runs: Count | Missing | None = None
    """Number of training runs."""
    origin: Origin = "reported"
    """reported by the study, re-reported by another document, recomputed from printed counts, or rerun by us."""
    ablation: bool = False
    """Whether it varies a part of a method to measure what the part does; it takes no place on a leaderboard."""
    repeats: Slug | None = None
    """The experiment whose results it prints again, where the document prints one run in several tables."""
    source_id: Slug
    """The document."""
    locator: Locator
    """The place in it."""
    uncertain: bool = False
    """Whether the assignment is inferred."""
    note: Text | None = None
    """Remark of the curator."""


class Result(Model):
    """One score of one experiment (one row of ``results.csv``), on the scale of the vocabulary.

    A percentage is divided by 100 at the door; `scale` keeps how it was printed, `printed` the figure itself.
    """

    experiment_id: Slug
    """The experiment."""
    metric: MetricKey
    """Key of the metric; aliases are resolved at the door."""
    convention: Slug = "unstated"
    """The scoring rule where one metric name covers several numbers; results are not pooled across rules."""
    level: Level = "cell"
    """cell: one method on one data set; study_mean: a mean over several; range_low, range_high: ends of a range."""
    unit: Unit | None = None
    """The unit of replication; empty for an aggregate."""
    value: float
    """The score."""
    sd: NonNegative | Missing | None = None
    """Standard deviation over what `n_of` counts."""
    sd_ddof: Literal[0, 1] | None = None
    """1 where the standard deviation is the sample's, 0 where it is the population's."""
    se: NonNegative | Missing | None = None
    """Standard error."""
    ci_low: float | Missing | None = None
    """Lower limit of the 95 % confidence interval."""
    ci_high: float | Missing | None = None
    """Upper limit of the 95 % confidence interval."""
    n: Count | Missing | None = None
    """How many units the value is over."""
    n_of: Text | None = None
    """What n counts."""
    scale: Scale = "proportion"
    """The scale as printed."""
    source_id: Slug
    """The document."""
    locator: Locator
    """The place in it."""
    printed: Printed | None = None
    """The figure exactly as printed there."""
    quote: Text | None = None
    """A quotation, for owners who may keep one."""
    extractor: Text | None = None
    """Who extracted it."""
    uncertain: bool = False
    """Whether the reading is inferred."""
    note: Text | None = None
    """Remark of the curator."""

    @model_validator(mode="after")
    def _row_rules(self) -> Self:
        broken = violations(RESULT_RULES, self.__dict__)
        if broken:
            raise ValueError("; ".join(rule.rule for rule in broken))
        return self


class Statement(Model):
    """A printed figure that belongs to no single experiment (one row of ``statements.csv``)."""

    statement_id: Slug
    """Id of the statement."""
    topic: Slug
    """summary, test, effect_size, range, share, count, correlation, variability, improvement, capacity, other."""
    corpus: Slug | None = None
    """The body of studies it is about."""
    study_id: Slug | None = None
    """The study, where it is about one."""
    subject: Text | None = None
    """What it is about: a contrast, a method, a group."""
    metric: MetricKey | None = None
    """The metric, where it is about one."""
    statistic: Slug
    """n, mean, sd, min, max, median, f, p, d, cv, r, share, count, composite …"""
    value: float | None = None
    """The figure, on the scale of the vocabulary."""
    value_high: float | None = None
    """The upper end where it is a range."""
    bound: Bound | None = None
    """Where only a bound is printed (p > 0.4, at least 50%): how the true figure lies to `value`."""
    scale: Literal["proportion", "percent", "native", "count"] = "native"
    """The scale as printed."""
    n: Count | None = None
    """The number it is over, where stated with it."""
    source_id: Slug
    """The document."""
    locator: Locator
    """The place in it."""
    printed: Printed | None = None
    """The figure exactly as printed there."""
    uncertain: bool = False
    """Whether the reading is inferred."""
    note: Text | None = None
    """Remark of the curator."""
