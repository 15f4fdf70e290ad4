"""Descriptive statistics per metric, in the layout of a summary table (n, mean, SD, min, max, quartiles)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metareview.results import Result
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.rows import Tables, frame_of, result_corpus
from metareview.stats.benchmark.scores import ExperimentValue, experiment_values, score_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DescriptiveRow", "DescriptivesResult", "compute_descriptives", "in_metric_order", "quartiles", "unstated_warning",
]  # fmt: skip

#: Hyndman & Fan's seventh definition: what numpy, R and spreadsheets do by default.
QUARTILES = "linear interpolation at 1 + (n - 1) p (Hyndman and Fan 1996, definition 7)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DescriptiveRow:
    """Summary of one metric under one convention.

    Attributes
    ----------
    metric, convention : what is summarised; conventions are never pooled.
    n, n_studies, n_experiments : values, and the studies and experiments they come from.
    mean, min, max, q1, median, q3 : of the values (quartiles by the definition named in the result).
    sd : sample standard deviation (n - 1); None for one value, and `reason` says so.
    refs : every value that entered.
    """

    metric: str
    convention: str
    n: int
    n_studies: int
    n_experiments: int
    mean: float
    sd: float | None
    min: float
    max: float
    q1: float
    median: float
    q3: float
    reason: str = ""
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DescriptivesResult(Result):
    """Descriptive statistics per metric and convention.

    Attributes
    ----------
    rows : one per metric and convention, in the order of the metrics in use.
    quartile_definition : the rule of the quartiles.
    corpus : only results printed in this document; empty for all.
    """

    rows: tuple[DescriptiveRow, ...] = ()
    quartile_definition: str = ""
    corpus: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per metric and convention."""
        return frame_of(self.rows, DescriptiveRow)


def quartiles(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return lower quartile, median and upper quartile of values of shape (n,), n >= 1.

    The p-quantile interpolates linearly at position ``1 + (n - 1) p`` of the ordered values.

    Source: Hyndman & Fan, Am Stat 1996;50:361-365, definition 7.

    >>> quartiles(np.array([1.0, 2.0, 3.0, 4.0]))
    (1.75, 2.5, 3.25)
    """
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], method="linear")
    return float(low), float(middle), float(high)


def in_metric_order(
    values: Sequence[ExperimentValue], spec: ReviewSpec
) -> list[tuple[tuple[str, str], list[ExperimentValue]]]:
    """Return values by (metric, convention): metrics in use first and in their order, then as they appear."""
    groups: dict[tuple[str, str], list[ExperimentValue]] = {}
    for value in values:
        groups.setdefault((value.score.metric, value.score.convention), []).append(value)
    order = {key: at for at, key in enumerate(spec.metrics_in_use)}
    return sorted(groups.items(), key=lambda item: order.get(item[0][0], len(order)))


def unstated_warning(conventions: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return a warning that names the metrics whose scoring rule no source states; empty where there is none."""
    names = list(dict.fromkeys(metric for metric, convention in conventions if convention == "unstated"))
    if not names:
        return ()
    return (f"the scoring rule is unstated for {', '.join(names)}: these values may follow different rules",)


def compute_descriptives(tables: Tables, spec: ReviewSpec) -> DescriptivesResult:
    """Summarise each metric over the experiments of the primary corpus (of the whole folder where there is none).

    One value per experiment enters, study means included: this is the layout of a published summary table.
    """
    corpus = result_corpus(tables, spec)
    metrics = spec.metrics_in_use or None
    table = score_table(
        tables,
        spec.vocabulary(),
        levels=("cell", "study_mean"),
        corpus=corpus,
        metrics=metrics,
        nested=spec.nested_units,
    )
    groups = in_metric_order(experiment_values(table.rows), spec)
    return DescriptivesResult(
        rows=tuple(_describe(key, values) for key, values in groups),
        quartile_definition=QUARTILES,
        corpus=corpus or "",
        methods=(*table.methods, "SD with n - 1", f"quartiles: {QUARTILES}"),
        k_in=table.k_in,
        k_used=table.k_used,
        dropped=table.dropped,
        warnings=(*table.warnings, *unstated_warning([key for key, _ in groups])),
    )


def _describe(key: tuple[str, str], values: Sequence[ExperimentValue]) -> DescriptiveRow:
    array = np.array([value.value for value in values])
    q1, median, q3 = quartiles(array)
    return DescriptiveRow(
        metric=key[0],
        convention=key[1],
        n=array.size,
        n_studies=len({value.score.study_id for value in values}),
        n_experiments=len({value.score.experiment_id for value in values}),
        mean=float(array.mean()),
        sd=float(array.std(ddof=1)) if array.size > 1 else None,
        min=float(array.min()),
        max=float(array.max()),
        q1=q1,
        median=median,
        q3=q3,
        reason="" if array.size > 1 else "one value has no standard deviation",
        refs=tuple(ref for value in values for ref in value.refs),
    )
