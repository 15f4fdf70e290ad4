"""Correlation between metrics over the experiments that report both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["CorrelationRow", "CorrelationsResult"]


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
