"""The composite score: metrics turned to one direction, mean within an experiment, mean over a method's experiments."""

from __future__ import annotations

from dataclasses import dataclass

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["CompositeAlternative", "CompositeResult", "CompositeRow", "ExperimentScore"]


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
    study_id, authors, method, category : whose score it is.
    value, rounded : before and after rounding half up (decimal arithmetic).
    k : experiments that entered; k_values : values that entered.
    n_datasets, datasets : the data sets they ran on, as far as they are known.
    metrics : keys of the metrics that entered.
    sd, ci_low, ci_high : spread of the experiment means and t interval of their mean; None for k < 2.
    reason : why there is no interval.
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
