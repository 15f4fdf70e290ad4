"""Coefficient of variation of a method's scores over data sets."""

from __future__ import annotations

from dataclasses import dataclass

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["MeanCv", "VariabilityResult", "VariabilityRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariabilityRow:
    """Spread of one method over data sets, for one metric and convention.

    Attributes
    ----------
    study_id, authors, method, setting, category : whose scores they are.
    metric, convention, target : what is scored.
    k, datasets : data sets with a value (several values on one data set are averaged first); k >= 2.
    mean, sd : of the data set values (sd with k - 1).
    cv : sd / mean; cv_corrected : with the small-sample correction (1 + 1/(4k)).
    ci_low, ci_high : interval of the population coefficient of variation; None where it does not exist (`reason`).
    """

    study_id: str
    authors: str
    method: str
    setting: str
    category: str
    metric: str
    convention: str
    target: str
    k: int
    datasets: tuple[str, ...]
    mean: float
    sd: float
    cv: float | None
    cv_corrected: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    reason: str = ""
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanCv:
    """Mean of the coefficients of variation of the methods, for one metric; the interval is t over methods."""

    metric: str
    convention: str
    n_methods: int
    mean_cv: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VariabilityResult(Result):
    """Coefficients of variation over data sets.

    Attributes
    ----------
    rows : one per method, setting, metric, convention and target with at least two data sets, smallest CV first
        within a metric.
    means : one per metric and convention.
    corpus : only results printed in this document; empty for all.
    """

    rows: tuple[VariabilityRow, ...] = ()
    means: tuple[MeanCv, ...] = ()
    corpus: str = ""
