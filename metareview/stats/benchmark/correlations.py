"""Correlation between metrics over the experiments that report both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import atanh, sqrt, tanh
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from metareview.errors import NotEstimable
from metareview.results import Dropped, Result
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.descriptives import in_metric_order
from metareview.stats.benchmark.rows import Tables, frame_of, result_corpus
from metareview.stats.benchmark.scores import ExperimentValue, experiment_values, label, score_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CorrelationRow", "CorrelationsResult", "compute_correlations", "correlate", "fisher_interval"]

_Column = dict[str, ExperimentValue]
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationRow:
    """Correlation of one pair of metrics.

    Attributes
    ----------
    metric_a, convention_a, metric_b, convention_b : the pair, in the order of the metrics in use.
    coefficient : pearson or spearman.
    n, n_studies : experiments that report both, and the studies they come from.
    r, ci_low, ci_high, p : None where they do not exist, and `reason` says why.
    """

    metric_a: str
    convention_a: str
    metric_b: str
    convention_b: str
    coefficient: Literal["pearson", "spearman"]
    n: int
    n_studies: int
    r: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    reason: str = ""
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CorrelationsResult(Result):
    """Metric by metric correlations; every pair of metrics is a row, also those that no experiment reports together.

    Attributes
    ----------
    rows : one per pair (each once, a before b) and coefficient.
    metrics : the metrics (``metric`` or ``metric:convention``) in order, for the axes of a matrix.
    corpus : only results printed in this document; empty for all.
    """

    rows: tuple[CorrelationRow, ...] = ()
    metrics: tuple[str, ...] = ()
    corpus: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair of metrics and coefficient."""
        return frame_of(self.rows, CorrelationRow)


def fisher_interval(
    r: float, n: int, coefficient: Literal["pearson", "spearman"] = "pearson", level: float = 0.95
) -> tuple[float, float]:
    """Return ``tanh(artanh r ± z s)`` with ``s² = 1/(n-3)`` (Pearson) or ``(1 + r²/2)/(n-3)`` (Spearman).

    Sources: Fisher, Metron 1921;1(4):3-32; Bonett & Wright, Psychometrika 2000;65:23-28.

    Raises
    ------
    NotEstimable
        With n < 4, or |r| = 1, where artanh is infinite.

    >>> [round(limit, 3) for limit in fisher_interval(0.5, 28)]
    [0.156, 0.736]
    """
    if n < 4:
        raise NotEstimable(f"the interval of a correlation needs 4 pairs; there are {n}")
    if abs(r) >= 1:
        raise NotEstimable("the points lie on a line, and the interval of a correlation of 1 does not exist")
    variance = (1 if coefficient == "pearson" else 1 + r * r / 2) / (n - 3)
    half = NormalDist().inv_cdf(0.5 + level / 2) * sqrt(variance)
    return tanh(atanh(r) - half), tanh(atanh(r) + half)


def correlate(
    x: NDArray[np.float64], y: NDArray[np.float64], coefficient: Literal["pearson", "spearman"]
) -> tuple[float, float]:
    """Return the correlation of two arrays of shape (n,) and the p value of no correlation.

    Sources: Pearson 1896 (t with n - 2 degrees of freedom); Spearman, Am J Psychol 1904;15:72-101 (the same t on
    ranks, approximate for small n).

    Raises
    ------
    NotEstimable
        With n < 4 (a line through so few points is no evidence), or where one of the two does not vary.
    """
    import warnings

    from scipy.stats import NearConstantInputWarning, pearsonr, spearmanr

    if x.size < 4:
        raise NotEstimable(f"{x.size} experiments report both; a correlation needs 4")
    if float(np.ptp(x)) == 0 or float(np.ptp(y)) == 0:
        raise NotEstimable("one of the two metrics has the same value throughout")
    with warnings.catch_warnings():
        warnings.simplefilter("error", NearConstantInputWarning)
        try:
            result: Any = pearsonr(x, y) if coefficient == "pearson" else spearmanr(x, y)
        except NearConstantInputWarning:
            raise NotEstimable("one of the two metrics varies by no more than the rounding of its numbers") from None
    return float(np.clip(result.statistic, -1, 1)), float(result.pvalue)


def compute_correlations(tables: Tables, spec: ReviewSpec) -> CorrelationsResult:
    """Correlate every pair of metrics over the experiments of the primary corpus that report both.

    Each pair has its own n; where it is below 4 the row says so instead of giving a number.
    """
    corpus = result_corpus(tables, spec)
    table = score_table(
        tables,
        spec.vocabulary(),
        levels=("cell", "study_mean"),
        corpus=corpus,
        metrics=spec.metrics_in_use or None,
        nested=spec.nested_units,
    )
    columns: dict[_Key, _Column] = {
        key: {value.score.experiment_id: value for value in values}
        for key, values in in_metric_order(experiment_values(table.rows), spec)
    }
    rows = [row for one, other in combinations(columns, 2) for row in _pair(one, other, columns)]
    paired = {ref for row in rows for ref in row.refs}
    single = [score for score in table.rows if score.ref not in paired]
    dropped = [
        Dropped(
            f"{score.experiment_id}, {label(score.metric, score.convention)}",
            "its experiment reports no second metric",
            score.ref,
        )
        for score in single
    ]
    return CorrelationsResult(
        rows=tuple(rows),
        metrics=tuple(label(*key) for key in columns),
        corpus=corpus or "",
        methods=(
            *table.methods,
            "Fisher's z interval (Fisher 1921); for ranks with Bonett and Wright's variance (2000)",
        ),
        k_in=table.k_in,
        k_used=table.k_used - len(dropped),
        dropped=(*table.dropped, *dropped),
        warnings=(*table.warnings, *_warnings(rows)),
    )


def _pair(one: _Key, other: _Key, columns: dict[_Key, _Column]) -> list[CorrelationRow]:
    shared = [name for name in columns[one] if name in columns[other]]
    pairs = [(columns[one][name], columns[other][name]) for name in shared]
    return [_correlation(one, other, pairs, coefficient) for coefficient in _COEFFICIENTS]


_COEFFICIENTS: tuple[Literal["pearson", "spearman"], ...] = ("pearson", "spearman")


def _correlation(
    one: _Key,
    other: _Key,
    pairs: Sequence[tuple[ExperimentValue, ExperimentValue]],
    coefficient: Literal["pearson", "spearman"],
) -> CorrelationRow:
    x = np.array([first.value for first, _ in pairs])
    y = np.array([second.value for _, second in pairs])
    r = p = low = high = None
    reason = ""
    try:
        r, p = correlate(x, y, coefficient)
        low, high = fisher_interval(r, x.size, coefficient)
    except NotEstimable as error:
        reason = str(error)
    return CorrelationRow(
        metric_a=one[0],
        convention_a=one[1],
        metric_b=other[0],
        convention_b=other[1],
        coefficient=coefficient,
        n=len(pairs),
        n_studies=len({first.score.study_id for first, _ in pairs}),
        r=r,
        ci_low=low,
        ci_high=high,
        p=p,
        reason=reason,
        refs=tuple(ref for pair in pairs for value in pair for ref in value.refs),
    )


def _warnings(rows: Sequence[CorrelationRow]) -> tuple[str, ...]:
    pearson = [row for row in rows if row.coefficient == "pearson"]
    known = [row for row in pearson if row.r is not None]
    warnings = []
    if pearson:
        warnings.append(
            f"{len(known)} of {len(pearson)} pairs of metrics are reported together by 4 experiments or more"
        )
    repeated = [row for row in known if row.n_studies < row.n]
    if repeated:
        names = ", ".join(
            f"{label(row.metric_a, row.convention_a)} and {label(row.metric_b, row.convention_b)}" for row in repeated
        )
        warnings.append(f"experiments of one study are not independent ({names}): intervals are too narrow")
    return tuple(warnings)
