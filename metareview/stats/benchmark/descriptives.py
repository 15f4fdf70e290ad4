"""Descriptive statistics per metric, in the layout of a summary table (n, mean, SD, min, max, quartiles)."""

from __future__ import annotations

from dataclasses import dataclass

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["DescriptiveRow", "DescriptivesResult"]


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
