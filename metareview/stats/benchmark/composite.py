"""The composite score: metrics turned to one direction, mean within an experiment, mean over a method's experiments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import sqrt
from statistics import stdev
from typing import TYPE_CHECKING

from metareview.results import Dropped, Result
from metareview.schema.review import CompositeSpec, ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.descriptives import unstated_warning
from metareview.stats.benchmark.orientation import Definition, combine, comparable
from metareview.stats.benchmark.rounding import exact_mean, round_half_up
from metareview.stats.benchmark.rows import Tables, frame_of
from metareview.stats.benchmark.scores import ExperimentValue, experiment_values, label, score_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CompositeAlternative", "CompositeResult", "CompositeRow", "ExperimentScore", "compute_composite",
    "one_convention_each",
]  # fmt: skip

#: Words for the definitions of ``review.yaml``.
LABELS: dict[Definition, str] = {
    "mean_of_experiments": "mean over experiments of the mean of an experiment's metrics",
    "mean_of_values": "mean of all values",
    "rank": "mean over experiments of normalised ranks (1 best, 0 worst) within data set, target and metric",
    "zscore": "mean over experiments of z scores within data set, target and metric",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentScore:
    """Mean of the oriented metrics of one experiment.

    Attributes
    ----------
    experiment_id, dataset_id, datasets : the experiment and its data.
    metrics : keys of the metrics that entered (``metric`` or ``metric:convention`` where it is stated).
    value : their mean after orientation.
    refs : every value that entered.
    """

    experiment_id: str
    dataset_id: str
    datasets: tuple[str, ...]
    metrics: tuple[str, ...]
    value: float
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeAlternative:
    """The composite under another definition; `value` is None where it does not exist, and `reason` says why."""

    definition: str
    value: float | None
    rounded: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeRow:
    """Composite score of one method of one study.

    Attributes
    ----------
    rank : 1 is best; equal rounded scores share the smallest rank.
    study_id, authors, method, setting, category : whose score it is.
    value, rounded : before and after rounding half up (decimal arithmetic).
    k : experiments that entered; k_values : values that entered.
    n_datasets, datasets : the data sets they ran on, as far as they are known.
    metrics : keys of the metrics that entered.
    sd : of the experiment means; None for k < 2.
    ci_low, ci_high : 95 % t interval of their mean; None for k < 3, and `reason` says so.
    experiments, alternatives : the parts, and the score under the other definitions.
    refs : every value that entered.
    """

    rank: int
    study_id: str
    authors: str
    method: str
    category: str
    value: float
    rounded: float
    k: int
    k_values: int
    n_datasets: int
    datasets: tuple[str, ...]
    metrics: tuple[str, ...]
    sd: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    reason: str = ""
    setting: str = ""
    experiments: tuple[ExperimentScore, ...] = ()
    alternatives: tuple[CompositeAlternative, ...] = ()
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CompositeResult(Result):
    """Composite scores by the definition in ``review.yaml``, best first.

    Attributes
    ----------
    rows : one per study and method, in rank order.
    definition : name of the definition (the ``across`` of ``review.yaml``); decimals : of the rounding.
    corpus : only results printed in this document; empty for all.
    """

    rows: tuple[CompositeRow, ...] = ()
    definition: str = ""
    decimals: int = 3
    corpus: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per study and method, best first."""
        return frame_of(self.rows, CompositeRow)


def compute_composite(tables: Tables, spec: ReviewSpec) -> CompositeResult:
    """Score every method of every study by the definition in ``review.yaml``, and by the others beside it.

    Settings of a method are methods of their own. Arithmetic is exact; rounding is half up and comes last.

    Raises
    ------
    InputError
        If a metric that points down has no transform (see `metareview.stats.benchmark.orientation`).
    """
    definition = spec.composite
    if definition is None:
        return CompositeResult(warnings=("review.yaml declares no composite: name its metrics under composite",))
    table = score_table(
        tables,
        spec.vocabulary(),
        levels=definition.levels,
        corpus=definition.corpus,
        metrics=definition.metrics,
        place=definition.place,
        nested=spec.nested_units,
    )
    values, doubled = one_convention_each(experiment_values(table.rows))
    scores = {name: comparable(values, definition, spec.vocabulary(), name) for name in LABELS}
    main: Definition = definition.across
    alone = [value for value, score in zip(values, scores[main], strict=True) if score is None]
    dropped = [
        *_dropped(doubled, "another convention of the same metric is in; a composite counts a metric once"),
        *_dropped(alone, f"nothing to compare it with under {main}"),
    ]
    rows = [_row(members, values, scores, definition) for members in _methods(values, scores[main])]
    return CompositeResult(
        rows=_ranked(rows),
        definition=main,
        decimals=definition.decimals,
        corpus=definition.corpus or "",
        methods=(*table.methods, f"composite: {LABELS[main]}", f"rounded half up to {definition.decimals} decimals"),
        k_in=table.k_in,
        k_used=table.k_used - len(dropped),
        dropped=(*table.dropped, *dropped),
        warnings=(*table.warnings, *_warnings(values)),
    )


def one_convention_each(values: Sequence[ExperimentValue]) -> tuple[list[ExperimentValue], list[ExperimentValue]]:
    """Split values into one per experiment and metric, and the same metric under further conventions.

    The convention most used for a metric over all experiments is kept; of equally used ones the first in the table.
    """
    used: dict[tuple[str, str], int] = {}
    for value in values:
        key = (value.score.metric, value.score.convention)
        used[key] = used.get(key, 0) + 1
    chosen: dict[tuple[str, str], ExperimentValue] = {}
    for value in values:
        slot = (value.score.experiment_id, value.score.metric)
        rival = chosen.get(slot)
        if rival is None or used[slot[1], value.score.convention] > used[slot[1], rival.score.convention]:
            chosen[slot] = value
    kept = [value for value in values if chosen[value.score.experiment_id, value.score.metric] is value]
    return kept, [value for value in values if chosen[value.score.experiment_id, value.score.metric] is not value]


def _dropped(values: Sequence[ExperimentValue], reason: str) -> list[Dropped]:
    return [
        Dropped(f"{score.experiment_id}, {label(score.metric, score.convention)}", reason, score.ref)
        for value in values
        for score in value.scores
    ]


def _methods(values: Sequence[ExperimentValue], scores: Sequence[Fraction | None]) -> list[list[int]]:
    """Positions of the usable values of each study, method and setting."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for at, value in enumerate(values):
        if scores[at] is not None:
            groups.setdefault((value.score.study_id, value.score.method, value.score.setting), []).append(at)
    return list(groups.values())


def _row(
    members: Sequence[int],
    values: Sequence[ExperimentValue],
    scores: dict[Definition, list[Fraction | None]],
    spec: CompositeSpec,
) -> CompositeRow:
    first = values[members[0]].score
    parts = {name: _parts(members, values, scores[name]) for name in LABELS}
    value = combine(parts[spec.across], spec.across)
    experiments = _experiments(members, values, scores[spec.across])
    named = (name for entry in experiments for name in (entry.dataset_id, *entry.datasets) if name)
    datasets = tuple(dict.fromkeys(named))
    means = [entry.value for entry in experiments]
    low, high, reason = _interval(means)
    if spec.across == "mean_of_values":
        low, high, reason = None, None, "no interval: values of one experiment are not independent"
    return CompositeRow(
        rank=0,
        study_id=first.study_id,
        authors=first.authors,
        method=first.method,
        setting=first.setting,
        category=first.category,
        value=float(value),
        rounded=round_half_up(value, spec.decimals),
        k=len(experiments),
        k_values=len(members),
        n_datasets=len(datasets),
        datasets=datasets,
        metrics=tuple(dict.fromkeys(name for entry in experiments for name in entry.metrics)),
        sd=stdev(means) if len(means) > 1 else None,
        ci_low=low,
        ci_high=high,
        reason=reason,
        experiments=experiments,
        alternatives=tuple(_alternative(name, parts[name], spec) for name in LABELS),
        refs=tuple(ref for at in members for ref in values[at].refs),
    )


def _parts(
    members: Sequence[int], values: Sequence[ExperimentValue], scores: Sequence[Fraction | None]
) -> list[tuple[str, Fraction]]:
    found = ((values[at].score.experiment_id, scores[at]) for at in members)
    return [(experiment, score) for experiment, score in found if score is not None]


def _alternative(name: Definition, parts: list[tuple[str, Fraction]], spec: CompositeSpec) -> CompositeAlternative:
    if not parts:
        reason = "none of its values has a comparator on the same data set, target and metric"
        return CompositeAlternative(definition=name, value=None, rounded=None, reason=reason)
    value = combine(parts, name)
    return CompositeAlternative(definition=name, value=float(value), rounded=round_half_up(value, spec.decimals))


def _experiments(
    members: Sequence[int], values: Sequence[ExperimentValue], scores: Sequence[Fraction | None]
) -> tuple[ExperimentScore, ...]:
    groups: dict[str, list[int]] = {}
    for at in members:
        groups.setdefault(values[at].score.experiment_id, []).append(at)
    return tuple(
        ExperimentScore(
            experiment_id=name,
            dataset_id=values[group[0]].score.dataset_id,
            datasets=values[group[0]].score.datasets,
            metrics=tuple(label(values[at].score.metric, values[at].score.convention) for at in group),
            value=float(exact_mean(score for at in group if (score := scores[at]) is not None)),
            refs=tuple(ref for at in group for ref in values[at].refs),
        )
        for name, group in groups.items()
    )


def _interval(means: Sequence[float]) -> tuple[float | None, float | None, str]:
    """Return the t interval of a mean over experiments (Student, Biometrika 1908;6:1-25)."""
    from scipy.special import stdtrit

    k = len(means)
    if k < 3:
        return None, None, f"no interval from {k} experiment{'s' if k > 1 else ''}"
    centre = sum(means) / k
    half = float(stdtrit(k - 1, 0.975)) * stdev(means) / sqrt(k)
    return centre - half, centre + half, ""


def _ranked(rows: Sequence[CompositeRow]) -> tuple[CompositeRow, ...]:
    """Best first; equal rounded scores share the smallest rank and keep the order of the table."""
    ordered = sorted(rows, key=lambda row: -row.rounded)
    first: dict[float, int] = {}
    for place, row in enumerate(ordered, 1):
        first.setdefault(row.rounded, place)
    return tuple(replace(row, rank=first[row.rounded]) for row in ordered)


def _warnings(values: Sequence[ExperimentValue]) -> tuple[str, ...]:
    conventions = sorted({(value.score.metric, value.score.convention) for value in values})
    mixed = [
        metric
        for metric in dict.fromkeys(metric for metric, _ in conventions)
        if len([pair for pair in conventions if pair[0] == metric]) > 1
    ]
    warnings = [*unstated_warning(conventions)]
    means = list(dict.fromkeys(value.score.method for value in values if value.score.level == "study_mean"))
    if means:
        warnings.append(
            f"only a mean over data sets is on record for {', '.join(means)}: it counts as one experiment, so k is too "
            "small and the composite may differ from the mean over experiments"
        )
    if mixed:
        warnings.append(f"methods are scored under different conventions of {', '.join(mixed)}: compare with care")
    reported: dict[tuple[str, str, str], set[str]] = {}
    for value in values:
        key = (value.score.study_id, value.score.method, value.score.setting)
        reported.setdefault(key, set()).add(value.score.metric)
    if len({frozenset(metrics) for metrics in reported.values()}) > 1:
        warnings.append(
            "methods report different metrics; a composite over what each reports favours those that leave out the "
            "metrics on which scores run low"
        )
    return tuple(warnings)
