"""Reported against re-run: does a published score come out again?

The re-runs of a spec differ in their seeds; their mean and standard deviation say what another run would give. Two
questions are kept apart. *How far off is it?* is answered by the difference with its interval. *Is that more than
runs differ anyway?* is answered by the prediction-interval criterion: whether the published value lies where another
run of the same kind is expected. Neither answer counts where the two numbers are not of one kind: another scoring rule,
another test set, another method. The verdict then says so, and the difference is shown for orientation only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Literal

from metareview.errors import NotEstimable
from metareview.results import Result
from metareview.schema.source import SourceRef

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LEAST_RUNS", "Judgement", "Relation", "ReplicationResult", "ReplicationRow", "Sample", "Verdict",
    "difference_interval", "difference_test", "judge", "mean_interval", "prediction_interval", "sample_of",
]  # fmt: skip

Verdict = Literal["replicates", "lower", "higher", "inconclusive", "not comparable", "nothing published"]
Relation = Literal["replicates", "target", "same data", "none"]
Limits = tuple[float, float]

#: Runs below which a spread says too little: with two, the t quantile is 12.7 and every value is "expected".
LEAST_RUNS = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """Mean, standard deviation (n - 1; None where unknown) and number of runs."""

    mean: float
    sd: float | None
    n: int


def sample_of(values: Sequence[float]) -> Sample:
    """Return mean and standard deviation (n - 1) of runs; one run has no spread.

    >>> sample_of([0.25, 0.5, 0.75])
    Sample(mean=0.5, sd=0.25, n=3)

    Raises
    ------
    NotEstimable
        If there are no runs.
    """
    if not values:
        raise NotEstimable("there are no runs")
    from statistics import fmean, stdev  # exact sums: the order of runs does not change the last digit

    return Sample(fmean(values), stdev(values) if len(values) > 1 else None, len(values))


def _quantile(df: float, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + level) / 2))


def _spread(sample: Sample) -> float:
    if sample.sd is None or sample.n < 2:
        raise NotEstimable("a spread needs two runs")
    return sample.sd


def mean_interval(sample: Sample, level: float = 0.95) -> Limits:
    """Return the t interval of a mean: mean ± t(n-1) sd / sqrt(n).

    Source: Student 1908; Spence & Stanley 2016, PLoS ONE 11:e0162874, who set it beside the prediction interval.

    Raises
    ------
    NotEstimable
        With fewer than two runs.
    """
    half = _quantile(sample.n - 1, level) * _spread(sample) / sqrt(sample.n)
    return sample.mean - half, sample.mean + half


def prediction_interval(sample: Sample, runs: int = 1, level: float = 0.95) -> Limits:
    """Return where the mean of `runs` further runs is expected: mean ± t(n-1) sd sqrt(1/n + 1/runs).

    Source: Hahn & Meeker 1991, Statistical Intervals, 4.7; Spence & Stanley 2016, PLoS ONE 11:e0162874; used as a
    criterion of replication by Patil, Peng & Leek 2016, Perspect Psychol Sci 11:539. There the original gives the
    interval and the replication is looked for in it; here the re-runs give it, because the published value is one run
    as a rule and has no spread. Runs are taken as normal and independent.

    Raises
    ------
    NotEstimable
        With fewer than two runs.
    """
    half = _quantile(sample.n - 1, level) * _spread(sample) * sqrt(1 / sample.n + 1 / runs)
    return sample.mean - half, sample.mean + half


def difference_interval(rerun: Sample, reported: Sample, level: float = 0.95) -> Limits:
    """Return the interval of re-run minus reported.

    With a spread on both sides it is Welch's (Welch 1947, Biometrika 34:28: t with Satterthwaite's degrees of
    freedom). A side without spread, such as a value reported once, is taken as a fixed number: the interval is that
    of the other mean.

    Raises
    ------
    NotEstimable
        If neither side has two runs.
    """
    difference = rerun.mean - reported.mean
    error, df = _difference_error(rerun, reported)
    half = _quantile(df, level) * error if error else 0.0
    return difference - half, difference + half


def difference_test(first: Sample, second: Sample) -> float:
    """Return the two-sided p value of the t behind `difference_interval`: below 1 - level where that leaves 0 out.

    Raises
    ------
    NotEstimable
        If neither side has two runs, or no run differs from another of its side: there is no t.
    """
    from scipy.special import stdtr

    error, df = _difference_error(first, second)
    if not error:
        raise NotEstimable("the runs of each side are equal: there is no spread to test against")
    return 2 * float(stdtr(df, -abs(first.mean - second.mean) / error))


def _difference_error(first: Sample, second: Sample) -> tuple[float, float]:
    """Return standard error and degrees of freedom of a difference of means; a side without spread is a number."""
    if second.sd is None or second.n < 2:
        return sqrt(_spread(first) ** 2 / first.n), first.n - 1
    if first.sd is None or first.n < 2:
        return sqrt(_spread(second) ** 2 / second.n), second.n - 1
    a, b = first.sd**2 / first.n, second.sd**2 / second.n
    if a + b == 0:
        return 0.0, first.n + second.n - 2
    return sqrt(a + b), (a + b) ** 2 / (a**2 / (first.n - 1) + b**2 / (second.n - 1))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a comparison says.

    Attributes
    ----------
    verdict, words : the verdict, and the sentence that says it.
    difference : re-run minus reported; low, high : its interval.
    pi_low, pi_high : where another run is expected, or the mean of as many as are reported; None with one run.
    inside : whether the reported value, as it is rounded, can lie there.
    """

    verdict: Verdict
    words: str
    difference: float
    low: float | None = None
    high: float | None = None
    pi_low: float | None = None
    pi_high: float | None = None
    inside: bool | None = None


def judge(
    rerun: Sample, reported: Sample, *, reasons: Sequence[str] = (), half_unit: float = 0.0, direction: int = 1,
    best: float | None = None, level: float = 0.95,
) -> Judgement:  # fmt: skip
    """Judge a reported value by re-runs.

    Parameters
    ----------
    rerun, reported : the two sides; a reported value without a number of runs counts as one run.
    reasons : why the two cannot be compared; any makes the verdict "not comparable".
    half_unit : half a unit of the last printed digit: the reported value may lie as far off by rounding.
    direction : 1 where higher is better, -1 where lower is, 0 where neither is.
    best : the best possible score, where there is one. Where runs differ so much that another one may be off by more
        than the whole reported error (its distance to the best), finding the reported value among them says nothing.
    level : of all intervals.
    """
    difference = rerun.mean - reported.mean
    if rerun.n < 2 or rerun.sd is None:
        low = high = pi_low = pi_high = inside = None
    else:
        low, high = difference_interval(rerun, reported, level)
        pi_low, pi_high = prediction_interval(rerun, max(reported.n, 1), level)
        # the last bits of a decimal and of a mean differ; 1e-12 is far below any printed digit
        slack = half_unit + 1e-12
        inside = pi_low - slack <= reported.mean <= pi_high + slack
    vague = (
        pi_low is not None
        and pi_high is not None
        and best is not None
        and ((pi_high - pi_low) / 2 > abs(best - reported.mean) + half_unit)
    )
    verdict, words = _words(rerun, reported.n, inside, difference, reasons, direction, vague)
    return Judgement(verdict, words, difference, low, high, pi_low, pi_high, inside)


def _words(
    rerun: Sample, n: int, inside: bool | None, difference: float, reasons: Sequence[str], direction: int, vague: bool
) -> tuple[Verdict, str]:
    if reasons:
        return "not comparable", f"not comparable: {'; '.join(reasons)}"
    if inside is None or rerun.n < LEAST_RUNS:
        runs = "1 run says" if rerun.n == 1 else f"{rerun.n} runs say"
        return "inconclusive", f"inconclusive: {runs} too little of how runs differ; {LEAST_RUNS} are needed"
    expected = f"the reported value lies where {f'the mean of {n} runs' if n > 1 else 'another run'} is expected"
    if inside and vague:
        return "inconclusive", f"inconclusive: {expected}, but runs differ by more than the reported error"
    if inside:
        return "replicates", f"replicates: {expected}"
    better = {0: "", 1: ", so worse", -1: ", so better"}[direction if difference < 0 else -direction]
    if difference < 0:
        return "lower", f"lower: the re-run stays below what is reported{better}"
    return "higher", f"higher: the re-run comes out above what is reported{better}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationRow:
    """One re-run score beside one published score (or none).

    Attributes
    ----------
    experiment_id, method, setting, dataset_id, target, split : the re-run.
    metric, convention : what is scored, and the rule of the re-run.
    note : where the re-run departs from what it stands for.
    values, mean, sd, n, n_of : the runs; mean_low, mean_high : interval of their mean.
    relation : replicates (an experiment of the review that the spec answers), target (a figure of a document outside
        the review), same data (printed for another method on these data; for orientation), none.
    reported, reported_sd, reported_n, reported_convention : the published score.
    reported_method, reported_by, printed : whose it is, where it stands, the figure as printed.
    pi_low, pi_high : where one further run is expected, whatever is reported.
    difference, low, high, inside, verdict, words : as `Judgement`.
    refs, reported_refs : rows and places behind the two sides.
    """

    experiment_id: str
    method: str
    setting: str
    dataset_id: str
    target: str
    split: str
    metric: str
    convention: str
    values: tuple[float, ...]
    mean: float
    sd: float | None
    n: int
    n_of: str
    note: str = ""
    mean_low: float | None = None
    mean_high: float | None = None
    relation: Relation
    verdict: Verdict
    words: str
    reported: float | None = None
    reported_sd: float | None = None
    reported_n: int | None = None
    reported_convention: str = ""
    reported_method: str = ""
    reported_by: str = ""
    reported_experiment: str = ""
    printed: str = ""
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    pi_low: float | None = None
    pi_high: float | None = None
    inside: bool | None = None
    refs: tuple[SourceRef, ...] = ()
    reported_refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReplicationResult(Result):
    """Every re-run score with its published counterpart.

    Attributes
    ----------
    rows : by re-run and metric, those that answer a published value first.
    level : of all intervals.
    """

    rows: tuple[ReplicationRow, ...] = ()
    level: float = 0.95

    def to_frame(self) -> pd.DataFrame:
        """Return one row per comparison."""
        from metareview.stats.benchmark.rows import frame_of

        return frame_of(self.rows, ReplicationRow).drop(columns=["values"], errors="ignore")
