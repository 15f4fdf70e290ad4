"""Candidate definitions of a printed composite, for the search for the one that reproduces it.

A candidate sees the values printed in the row of the composite, or everything on record for the study, each already
turned so that higher is better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from statistics import median
from typing import Literal

from metareview.stats.benchmark.orientation import combine
from metareview.stats.benchmark.rounding import exact_mean, round_half_even, round_half_up

__all__ = ["CANDIDATES", "Candidate", "Ingredient"]


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One value of a composite: experiment, metric and its family, and the value turned."""

    experiment: str
    metric: str
    family: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class Candidate:
    """One definition.

    Attributes
    ----------
    key, label : identifier, and what it computes in words.
    scope : ``row`` reads the values printed in the row of the composite, ``method`` all of the method on record in
        the corpus, ``study`` all of the study.
    compute : from the values to the composite.
    rounding : from the composite to what is printed.
    by_experiment : whether it needs to know which values belong to one experiment.
    """

    key: str
    label: str
    scope: Literal["row", "method", "study"]
    compute: Callable[[Sequence[Ingredient]], Fraction]
    rounding: Callable[[Fraction, int], float] = round_half_up
    by_experiment: bool = False


def _experiments(values: Sequence[Ingredient]) -> Fraction:
    return combine([(value.experiment, value.value) for value in values], "mean_of_experiments")


def _values(values: Sequence[Ingredient]) -> Fraction:
    return exact_mean(value.value for value in values)


def _families(values: Sequence[Ingredient]) -> Fraction:
    return combine([(value.family, value.value) for value in values], "mean_of_experiments")


def _dice_or_jaccard(values: Sequence[Ingredient]) -> Fraction:
    """Dice and Jaccard are functions of each other on one item, so Jaccard counts only where Dice is not given."""
    has_dice = any(value.metric == "dice" for value in values)
    return _values([value for value in values if not (has_dice and value.metric == "jaccard")])


def _geometric(values: Sequence[Ingredient]) -> Fraction:
    product = prod(float(value.value) for value in values)
    return Fraction(product ** (1 / len(values)))


def _harmonic(values: Sequence[Ingredient]) -> Fraction:
    if any(value.value == 0 for value in values):
        return Fraction(0)
    return len(values) / sum((1 / value.value for value in values), Fraction(0))


def _largest(values: Sequence[Ingredient]) -> Fraction:
    return max(value.value for value in values)


def _median(values: Sequence[Ingredient]) -> Fraction:
    return Fraction(median(value.value for value in values))


_BY_EXPERIMENT = "mean over experiments of the mean of an experiment's metrics"

#: The candidates, the most structured first.
CANDIDATES: tuple[Candidate, ...] = (
    Candidate("experiments", f"{_BY_EXPERIMENT}; row; half up", "row", _experiments, by_experiment=True),
    Candidate(
        "experiments-half-even", f"{_BY_EXPERIMENT}; row; half to even", "row", _experiments, round_half_even, True
    ),
    Candidate("families", "mean over metric families of the family's mean; row; half up", "row", _families),
    Candidate("values", "mean of the printed values; row; half up", "row", _values),
    Candidate("values-half-even", "mean of the printed values; row; half to even", "row", _values, round_half_even),
    Candidate("dice-or-jaccard", "mean of the printed values, Jaccard only without Dice; row", "row", _dice_or_jaccard),
    Candidate("geometric", "geometric mean of the printed values; row", "row", _geometric),
    Candidate("harmonic", "harmonic mean of the printed values; row", "row", _harmonic),
    Candidate("median", "median of the printed values; row", "row", _median),
    Candidate("largest", "largest of the printed values; row", "row", _largest),
    Candidate(
        "experiments-on-record", f"{_BY_EXPERIMENT}; all of the method on record", "method", _experiments,
        by_experiment=True,
    ),
    Candidate(
        "experiments-of-study", f"{_BY_EXPERIMENT}; all of the study on record, whatever the method", "study",
        _experiments, by_experiment=True,
    ),
)  # fmt: skip
