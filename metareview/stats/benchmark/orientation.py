"""Metrics turned so that higher is better, and values made comparable, before any mean.

A mean over metrics that point in different directions means nothing, so a lower-is-better metric without a declared
transform is refused, as is one without a direction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import exp
from statistics import mean, stdev
from typing import Literal

from metareview.errors import InputError
from metareview.schema.metric import Metric, Vocabulary
from metareview.schema.review import CompositeSpec
from metareview.stats.benchmark.rounding import exact_mean
from metareview.stats.benchmark.scores import ExperimentValue

__all__ = ["Definition", "combine", "comparable", "normalised_ranks", "orient", "z_scores"]

Definition = Literal["mean_of_experiments", "mean_of_values", "rank", "zscore"]

_TRANSFORMS: dict[str, Callable[[Fraction], Fraction]] = {
    "identity": lambda x: x,
    "1-x": lambda x: 1 - x,
    "1/(1+x)": lambda x: 1 / (1 + x),
    "exp(-x)": lambda x: Fraction(Decimal(repr(exp(-x)))),
}


def orient(value: Fraction, metric: Metric, spec: CompositeSpec) -> Fraction:
    """Return a value with higher meaning better, by the transform that ``review.yaml`` declares for its metric.

    Raises
    ------
    InputError
        If the metric has no direction, or points down and has no transform (``identity`` is none).
    """
    fault = spec.misfit(metric)
    if fault is not None:
        raise InputError(f"review.yaml, composite.{fault.key}: {fault.rule}; {fault.remedy}")
    transform = spec.orientation.get(metric.key, "identity")
    return _TRANSFORMS[transform](value)


def comparable(
    values: Sequence[ExperimentValue], spec: CompositeSpec, vocabulary: Vocabulary, definition: Definition
) -> list[Fraction | None]:
    """Return what each value contributes to a composite: itself, turned, or its place among its comparators.

    For ``rank`` and ``zscore`` the comparators are the values of the same data set, target, split, metric and
    convention; a value without any (or with equals only) contributes nothing and is None.
    """
    turned = [orient(value.exact, vocabulary[value.score.metric], spec) for value in values]
    if definition in ("mean_of_experiments", "mean_of_values"):
        return list(turned)
    scale = normalised_ranks if definition == "rank" else z_scores
    contributions: list[Fraction | None] = [None] * len(values)
    cells: dict[Hashable, list[int]] = {}
    for at, value in enumerate(values):
        score = value.score
        if score.dataset_id:
            key = (score.dataset_id, score.target, score.split, score.metric, score.convention)
            cells.setdefault(key, []).append(at)
    for members in cells.values():
        for at, scaled in zip(members, scale([turned[at] for at in members]), strict=True):
            contributions[at] = scaled
    return contributions


def normalised_ranks(values: Sequence[Fraction]) -> list[Fraction | None]:
    """Return 1 for the best, 0 for the worst, ``1 - (rank - 1) / (m - 1)`` between; ties share their mean rank.

    None for a single value. Higher values are better.

    >>> [str(rank) for rank in normalised_ranks([Fraction(3), Fraction(5), Fraction(5), Fraction(9)])]
    ['0', '1/2', '1/2', '1']
    """
    m = len(values)
    if m < 2:
        return [None] * m
    places: dict[Fraction, Fraction] = {}
    above = 0
    for value, ties in sorted(Counter(values).items(), reverse=True):
        rank = above + Fraction(ties + 1, 2)
        places[value] = 1 - (rank - 1) / (m - 1)
        above += ties
    return [places[value] for value in values]


def z_scores(values: Sequence[Fraction]) -> list[Fraction | None]:
    """Return ``(x - mean) / s`` with the sample standard deviation s (n - 1); None where it does not exist.

    >>> [float(z) for z in z_scores([Fraction(1), Fraction(2), Fraction(3)]) if z is not None]
    [-1.0, 0.0, 1.0]
    """
    if len(set(values)) < 2:
        return [None] * len(values)
    numbers = [float(value) for value in values]
    centre, spread = mean(numbers), stdev(numbers)
    return [Fraction((number - centre) / spread) for number in numbers]


def combine(parts: Iterable[tuple[str, Fraction]], definition: Definition) -> Fraction:
    """Combine the contributions of one method, given as (experiment, contribution); there is at least one.

    ``mean_of_values`` weighs every value alike; all other definitions take the mean within each experiment first.
    """
    items = list(parts)
    if definition == "mean_of_values":
        return exact_mean(value for _, value in items)
    experiments: dict[str, list[Fraction]] = {}
    for experiment, value in items:
        experiments.setdefault(experiment, []).append(value)
    return exact_mean(exact_mean(members) for members in experiments.values())
