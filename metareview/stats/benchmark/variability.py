"""Coefficient of variation of a method's scores over data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metareview.errors import NotEstimable
from metareview.results import Dropped, Result
from metareview.schema.metric import Vocabulary
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.descriptives import in_metric_order
from metareview.stats.benchmark.effect_sizes import noncentral_t_interval
from metareview.stats.benchmark.rounding import exact_mean
from metareview.stats.benchmark.rows import Tables, frame_of
from metareview.stats.benchmark.scores import ExperimentValue, experiment_values, label, score_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MeanCv", "VariabilityResult", "VariabilityRow", "coefficient_of_variation", "compute_variability",
    "corrected_cv", "cv_interval",
]  # fmt: skip


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
    """Mean of the coefficients of variation of the methods, for one metric; the interval is t over methods.

    `n_methods` counts methods and settings, each set of values once; `n_studies` the studies they come from.
    """

    metric: str
    convention: str
    n_methods: int
    n_studies: int
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

    def to_frame(self) -> pd.DataFrame:
        """Return one row per method, setting, metric, convention and target."""
        return frame_of(self.rows, VariabilityRow)


def coefficient_of_variation(values: NDArray[np.float64]) -> float:
    """Return ``s / m`` of values of shape (k,), with the sample standard deviation (k - 1).

    Source: Pearson, Phil Trans R Soc A 1896;187:253-318, section 12.

    Raises
    ------
    NotEstimable
        With fewer than two values, or where a value is negative or the mean is 0: the coefficient needs a ratio scale.
    """
    if values.size < 2:
        raise NotEstimable("a coefficient of variation needs two values")
    if float(values.min()) < 0 or float(values.mean()) == 0:
        raise NotEstimable("a coefficient of variation needs values that are not negative, and not all 0")
    return float(values.std(ddof=1) / values.mean())


def corrected_cv(cv: float, k: int) -> float:
    """Return ``(1 + 1/(4k)) cv``, almost unbiased for normal values.

    Source: Haldane, Biometrika 1955;42:484-487; Sokal & Rohlf, Biometry (1995), p. 58, equation 4.10.
    """
    return (1 + 1 / (4 * k)) * cv


def cv_interval(cv: float, k: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a normal population's coefficient of variation γ.

    ``sqrt(k) / cv`` follows the noncentral t distribution with k - 1 degrees of freedom and noncentrality
    ``sqrt(k) / γ``; the limits invert it. Approximations (McKay, Vangel) fail for few values: at k = 2 and cv = 0.053
    their upper limit is 1.7 where the exact one is 2.1.

    Sources: Johnson & Welch, Biometrika 1940;31:362-389; Kelley, Behav Res Methods 2007;39:755-766.

    Raises
    ------
    NotEstimable
        If the upper limit does not exist, as happens for few values that vary much: the noncentrality may then be 0.

    >>> [round(limit, 4) for limit in cv_interval(0.2, 10)]
    [0.1362, 0.3782]
    """
    if cv == 0:
        return 0.0, 0.0
    small, large = noncentral_t_interval(sqrt(k) / cv, k - 1, level)
    if small <= 0:
        raise NotEstimable(
            f"{k} values that vary by {cv:.2g} of their mean do not bound the coefficient from above; the lower "
            f"limit is {sqrt(k) / large:.2g}"
        )
    return sqrt(k) / large, sqrt(k) / small


def compute_variability(tables: Tables, spec: ReviewSpec) -> VariabilityResult:
    """Measure how much each method's scores vary over data sets, for each metric, convention and target.

    Only values of single data sets enter; several values on one data set are averaged first. Each metric stands for
    itself, because a score near its ceiling varies little whatever the method.
    """
    vocabulary = spec.vocabulary()
    table = score_table(
        tables, vocabulary, levels=("cell",), metrics=spec.metrics_in_use or None, nested=spec.nested_units
    )
    rows: list[VariabilityRow] = []
    used = 0
    dropped: list[Dropped] = []
    for _, values in in_metric_order(experiment_values(table.rows), spec):
        found: list[VariabilityRow] = []
        for members in _by_method(values):
            reason = _refusal(members, vocabulary)
            if reason:
                dropped += _dropped(members, reason)
            else:
                found.append(_row(members))
                used += sum(len(value.scores) for value in members)
        rows += sorted(found, key=lambda row: float("inf") if row.cv is None else row.cv)
    means = _means(rows)
    return VariabilityResult(
        rows=tuple(rows),
        means=means,
        methods=(
            *table.methods,
            "coefficient of variation with k - 1; correction 1 + 1/(4k) (Haldane 1955)",
            "exact interval of a normal population by the noncentral t distribution (Johnson and Welch 1940)",
        ),
        k_in=table.k_in,
        k_used=used,
        dropped=(*table.dropped, *dropped),
        warnings=(*table.warnings, *_warnings(rows, means)),
    )


def _by_method(values: Sequence[ExperimentValue]) -> list[list[ExperimentValue]]:
    groups: dict[tuple[str, ...], list[ExperimentValue]] = {}
    for value in values:
        score = value.score
        key = (score.study_id, score.method, score.setting, score.target, score.source_id)
        groups.setdefault(key, []).append(value)
    return list(groups.values())


def _refusal(members: Sequence[ExperimentValue], vocabulary: Vocabulary) -> str:
    metric = vocabulary[members[0].score.metric]
    if metric.direction == "none":
        return f"{metric.key} has no better direction"
    if any(not value.score.dataset_id for value in members):
        return "no single data set is named"
    if len({value.score.dataset_id for value in members}) < 2:
        return "one data set only"
    return ""


def _dropped(members: Sequence[ExperimentValue], reason: str) -> list[Dropped]:
    return [
        Dropped(f"{score.experiment_id}, {label(score.metric, score.convention)}", reason, score.ref)
        for value in members
        for score in value.scores
    ]


def _row(members: Sequence[ExperimentValue]) -> VariabilityRow:
    by_dataset: dict[str, list[ExperimentValue]] = {}
    for value in members:
        by_dataset.setdefault(value.score.dataset_id, []).append(value)
    values = np.array([float(exact_mean(value.exact for value in group)) for group in by_dataset.values()])
    k = values.size
    cv = low = high = None
    reason = ""
    try:
        cv = coefficient_of_variation(values)
        low, high = cv_interval(cv, k)
    except NotEstimable as error:
        reason = str(error)
    score = members[0].score
    return VariabilityRow(
        study_id=score.study_id,
        authors=score.authors,
        method=score.method,
        setting=score.setting,
        category=score.category,
        metric=score.metric,
        convention=score.convention,
        target=score.target,
        k=k,
        datasets=tuple(by_dataset),
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)),
        cv=cv,
        cv_corrected=None if cv is None else corrected_cv(cv, k),
        ci_low=low,
        ci_high=high,
        reason=reason,
        refs=tuple(ref for value in members for ref in value.refs),
    )


def _means(rows: Sequence[VariabilityRow]) -> tuple[MeanCv, ...]:
    groups: dict[tuple[str, str], list[VariabilityRow]] = {}
    for row in rows:
        groups.setdefault((row.metric, row.convention), []).append(row)
    return tuple(_mean(metric, convention, _distinct(group)) for (metric, convention), group in groups.items())


def _distinct(rows: Sequence[VariabilityRow]) -> list[VariabilityRow]:
    """Drop rows that repeat another of the same method: ablation tables print the full model again and again."""
    seen = {(row.study_id, row.method, row.target, row.datasets, row.mean, row.sd): row for row in reversed(rows)}
    return [row for row in reversed(seen.values()) if row.cv is not None]


def _mean(metric: str, convention: str, rows: Sequence[VariabilityRow]) -> MeanCv:
    from scipy.special import stdtrit

    cvs = np.array([row.cv for row in rows if row.cv is not None])
    n = cvs.size
    centre = float(cvs.mean()) if n else None
    low = high = None
    reason = f"no interval from {n} method{'' if n == 1 else 's'}" if n else "no method has a coefficient of variation"
    if centre is not None and n > 2:
        half = float(stdtrit(n - 1, 0.975)) * float(cvs.std(ddof=1)) / sqrt(n)
        low, high, reason = max(0.0, centre - half), centre + half, ""
    return MeanCv(
        metric=metric,
        convention=convention,
        n_methods=n,
        n_studies=len({row.study_id for row in rows}),
        mean_cv=centre,
        ci_low=low,
        ci_high=high,
        reason=reason,
    )


def _warnings(rows: Sequence[VariabilityRow], means: Sequence[MeanCv]) -> tuple[str, ...]:
    if not rows:
        return ("no method has values of one metric on two data sets",)
    two = sum(row.k == 2 for row in rows)
    large = sum(row.cv is not None and row.cv > 1 / 3 for row in rows)
    warnings = ["data sets differ in difficulty, so a small coefficient over easy data sets is no robustness"]
    if two:
        warnings.append(f"{two} of {len(rows)} coefficients rest on two data sets")
    open_ = sum(row.cv is not None and row.ci_high is None for row in rows)
    if open_:
        warnings.append(f"{open_} of {len(rows)} coefficients have no interval: their values set no upper limit")
    if large:
        warnings.append(f"{large} coefficients exceed 1/3, where the interval for normal values is rough")
    warnings += [
        f"{label(mean.metric, mean.convention)}: {mean.n_methods} methods and settings come from {mean.n_studies} "
        f"stud{'y' if mean.n_studies == 1 else 'ies'}, so the interval of their mean is too narrow"
        for mean in means
        if mean.ci_low is not None and mean.n_studies < mean.n_methods
    ]
    return tuple(warnings)
