"""Re-runs against each other: which of two methods came out better on the same data, by the same scoring rule.

A published value and a re-run seldom answer each other: other test sections, another rule. Re-runs of two methods do,
where data, target, split, metric and rule are the same: their difference is a relative claim that was put to the test.
What it is tested against is the spread of training, because runs of one spec differ in their seeds only.

Where both sides used the same seeds and folds, nothing is paired by that. A seed is no randomness that two models
share: it draws other weights and other crops in each of them. So the runs of two methods are independent samples, and
their means are compared by Welch's t. Two ways to segment the predictions of the same networks do share them
(``training`` of the rows is the same): those are compared seed by seed, by the paired t. A segmentation that was
published and scored here once has no runs; it is a fixed number, and the row says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np

from metareview.errors import NotEstimable
from metareview.results import Dropped, Result
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.ranking.significance import holm
from metareview.stats.benchmark.replication import LEAST_RUNS, Sample, difference_interval, difference_test, sample_of
from metareview.stats.benchmark.reruns import RerunScore, over_runs, rerun_scores
from metareview.stats.benchmark.rows import Row, Tables, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Contrast", "ContrastRow", "ContrastVerdict", "ContrastsResult", "Side", "compute_contrasts", "contrast"]

ContrastVerdict = Literal["first is better", "second is better", "no difference shown", "too few runs", "no verdict"]
_Pair = tuple[RerunScore, RerunScore]
_Key = tuple[str, str]

_METHODS = (
    "difference of means over runs with Welch's t interval (Welch 1947); a published segmentation that was scored once "
    "is a fixed number; of two segmentations of the same networks the mean of the differences run by run, with "
    "Student's t interval (Student 1908)",
    "p values of the same t, adjusted by Holm over the pairs of one data set, metric and rule (Holm 1979)",
)
_CAVEAT = (
    "runs of one spec differ in their seeds only, and both sides are scored on the same test sections: intervals and p "
    "values speak of the noise of training, not of new data, annotation or implementation"
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two re-runs of a contrast.

    Attributes
    ----------
    experiment_id, method, setting, note : the re-run, and where it departs from what it stands for.
    values, mean, sd, n, n_of : the runs; sd is None where there is no spread.
    fixed : whether it is a published segmentation scored once: a number without runs.
    refs : rows behind it.
    units : names of the runs, as far as each has one; training : what was trained (`RerunExperiment.training`).
    """

    experiment_id: str
    method: str
    setting: str
    note: str
    values: tuple[float, ...]
    mean: float
    sd: float | None
    n: int
    n_of: str
    fixed: bool
    refs: tuple[SourceRef, ...] = ()
    units: tuple[str, ...] = ()
    training: str = ""

    @property
    def label(self) -> str:
        """Method and setting in print."""
        return f"{self.method} ({self.setting})" if self.setting else self.method

    @property
    def sample(self) -> Sample:
        """The runs as the two-sample formulas take them."""
        return Sample(self.mean, self.sd, self.n)

    @property
    def spread(self) -> bool:
        """Whether it is known how its runs differ."""
        return self.sd is not None and self.n > 1


@dataclass(frozen=True, slots=True)
class Contrast:
    """First minus second: difference, its interval, and the p value of the same t; None where there is none.

    ``paired``: taken run by run, because both are segmentations of the same networks.
    """

    difference: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    paired: bool = False


def contrast(first: Side, second: Side, level: float = 0.95) -> Contrast:
    """Return the difference of two re-runs, with interval and p value where their runs give any.

    With runs on both sides both are Welch's, of two segmentations of the same networks those of the mean difference run
    by run; against a fixed number they are those of one mean. A method with a single
    run is no fixed number: another run would give another one, and how far off is not known, so there is no interval.
    Where no run differs from another of its side the interval is the difference itself, and there is no t.
    """
    difference = first.mean - second.mean
    if not (first.spread or second.spread) or not all(side.spread or side.fixed for side in (first, second)):
        return Contrast(difference)
    paired = _paired(first, second)
    one, other = (paired, Sample(0.0, None, 1)) if paired else (first.sample, second.sample)
    low, high = difference_interval(one, other, level)
    try:
        return Contrast(difference, low, high, difference_test(one, other), paired is not None)
    except NotEstimable:
        return Contrast(difference, low, high, None, paired is not None)


def _paired(first: Side, second: Side) -> Sample | None:
    """Return the differences run by run, where both sides are segmentations of the same networks."""
    if not first.units or not _related(first, second) or sorted(first.units) != sorted(second.units):
        return None
    theirs = dict(zip(second.units, second.values, strict=True))
    found = sample_of([value - theirs[unit] for unit, value in zip(first.units, first.values, strict=True)])
    exact = found.sd is not None and found.sd > 1e-12 * max(map(abs, (*first.values, *second.values)))
    return found if exact else Sample(found.mean, None if found.sd is None else 0.0, found.n)  # the last bits of floats


def _related(first: Side, second: Side) -> bool:
    return bool(first.training) and first.training == second.training


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastRow:
    """Two re-runs under one metric and rule.

    Attributes
    ----------
    dataset_id, target, split, metric, convention : what both were scored on, and by what.
    first, second : the two re-runs; paired : whether both are segmentations of the same networks, compared run by run.
    difference, low, high, p : as `Contrast`; p_holm : adjusted over the `family` pairs that have a p value.
    verdict, words : which is better, by the adjusted p value, and the sentence that says it.
    """

    dataset_id: str
    target: str
    split: str
    metric: str
    convention: str
    first: Side
    second: Side
    difference: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    family: int = 0
    verdict: ContrastVerdict
    words: str
    paired: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ContrastsResult(Result):
    """Every pair of re-runs that can be compared; `k_in` and `k_used` count pairs, whatever they are scored by.

    Attributes
    ----------
    rows : by data set, metric and rule, then pair.
    level : of all intervals; p values are held against 1 - level.
    """

    rows: tuple[ContrastRow, ...] = ()
    level: float = 0.95

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair, metric and rule."""
        import pandas as pd

        where = ("dataset_id", "target", "split", "metric", "convention")
        sides = ("experiment_id", "method", "setting", "mean", "sd", "n", "n_of", "fixed")
        answers = ("difference", "low", "high", "p", "p_holm", "family", "verdict", "words", "paired")
        columns = [*where, *(f"{at}_{name}" for at in ("first", "second") for name in sides), *answers]
        body = [
            [*(getattr(row, name) for name in where),
             *(getattr(side, name) for side in (row.first, row.second) for name in sides),
             *(getattr(row, name) for name in answers)]
            for row in self.rows
        ]  # fmt: skip
        return pd.DataFrame(body, columns=columns)


def compute_contrasts(tables: Tables, spec: ReviewSpec, level: float = 0.95) -> ContrastsResult:
    """Compare the re-runs of a review with each other, pair by pair.

    A pair is compared where both have the same data set, target and split (by the text of the row) and a score under
    one metric and rule; other pairs on one data set are dropped with the reason. Two unstated rules may be two rules,
    and values over images are no independent runs: such scores are compared with nothing.

    Parameters
    ----------
    tables : rerun_experiments and rerun_results.
    spec : gives the vocabulary, which says which way a metric points.
    level : of all intervals; p values are held against 1 - level.
    """
    by_run, dropped = _scores(tables)
    families: dict[tuple[str, str, str], list[_Pair]] = {}
    used = 0
    for one, other in combinations(by_run.values(), 2):
        a, b = (next(iter(side.values())).experiment for side in (one, other))
        if text(a.get("dataset_id")) != text(b.get("dataset_id")):
            continue
        reason = _apart(a, b) or ("" if set(one) & set(other) else "they have no score under one metric and rule")
        if reason:
            where = text(a.get("dataset_id")) or "no data set"
            dropped.append(Dropped(f"{_label(a)} and {_label(b)} on {where}", reason))
            continue
        used += 1
        for key in one:
            if key in other:
                families.setdefault((text(a["dataset_id"]), *key), []).append((one[key], other[key]))
    return ContrastsResult(
        rows=_rows(families, spec, level), level=level, methods=_METHODS, k_in=used + len(dropped), k_used=used,
        dropped=tuple(dropped), warnings=(_CAVEAT,) if families else (),
    )  # fmt: skip


def _scores(tables: Tables) -> tuple[dict[str, dict[_Key, RerunScore]], list[Dropped]]:
    """Return the scores of each re-run by metric and rule, and those that can be held against nothing."""
    scores, dropped = rerun_scores(tables)
    by_run: dict[str, dict[_Key, RerunScore]] = {}
    for score in scores:
        reason = "its scoring rule is not stated" if score.convention == "unstated" else ""
        if score.sample.n > 1 and not over_runs(score.n_of):
            reason = f"its spread is over {score.n_of or 'what is not stated'}, not over runs"
        if reason:
            dropped.append(Dropped(f"{score.metric} of {_label(score.experiment)}", reason, score.refs[0]))
        else:
            by_run.setdefault(score.experiment["experiment_id"], {})[score.metric, score.convention] = score
    return by_run, dropped


def _label(experiment: Row) -> str:
    setting = text(experiment.get("setting"))
    return f"{text(experiment['method'])} ({setting})" if setting else text(experiment["method"])


def _apart(a: Row, b: Row) -> str:
    """Return why two re-runs of one data set are not scored on the same thing; empty where they are."""
    if not text(a.get("dataset_id")):
        return "no data set is named, so whether the data are the same is not known"
    for name in ("target", "split"):
        one, other = text(a.get(name)), text(b.get(name))
        if one != other:
            return f"other {name}: {one or 'not stated'} against {other or 'not stated'}"
    if not text(a.get("split")):
        return "no split is stated, so whether the test sections are the same is not known"
    return ""


def _rows(
    families: Mapping[tuple[str, str, str], Sequence[_Pair]], spec: ReviewSpec, level: float
) -> tuple[ContrastRow, ...]:
    """Return the rows of all families, data sets in order of appearance."""
    vocabulary = spec.vocabulary()
    datasets = list(dict.fromkeys(key[0] for key in families))
    rows: list[ContrastRow] = []
    for key in sorted(families, key=lambda key: datasets.index(key[0])):
        metric = vocabulary.find(key[1])
        direction = {"higher": 1, "lower": -1}.get(metric.direction if metric else "", 0)
        rows += _family(families[key], direction, level)
    return tuple(rows)


def _family(pairs: Sequence[_Pair], direction: int, level: float) -> list[ContrastRow]:
    """Return the rows of one data set, metric and rule; p values are adjusted over those pairs that have one."""
    sides = [(_side(one), _side(other)) for one, other in pairs]
    found = [contrast(first, second, level) for first, second in sides]
    tested = [at for at, one in enumerate(found) if one.p is not None]
    raised = dict(zip(tested, holm(np.array([found[at].p for at in tested], dtype=float)).tolist(), strict=True))
    rows = []
    for at, ((score, _), (first, second), one) in enumerate(zip(pairs, sides, found, strict=True)):
        verdict, words = _verdict(first, second, one, raised.get(at), len(tested), direction, level)
        where = {name: text(score.experiment.get(name)) for name in ("dataset_id", "target", "split")}
        rows.append(ContrastRow(
            **where, metric=score.metric, convention=score.convention, first=first, second=second,
            difference=one.difference, low=one.low, high=one.high, p=one.p, p_holm=raised.get(at),
            family=len(tested), verdict=verdict, words=words, paired=one.paired,
        ))  # fmt: skip
    return rows


def _side(score: RerunScore) -> Side:
    own, sample = score.experiment, score.sample
    named = {name: text(own.get(name)) for name in ("experiment_id", "method", "setting", "note")}
    fixed = own.get("origin") == "recomputed" and sample.sd is None
    return Side(
        **named, values=score.values, mean=sample.mean, sd=sample.sd, n=sample.n, n_of=score.n_of, fixed=fixed,
        refs=score.refs, units=score.units, training=text(own.get("training")),
    )  # fmt: skip


def _verdict(
    first: Side, second: Side, found: Contrast, p_holm: float | None, family: int, direction: int, level: float
) -> tuple[ContrastVerdict, str]:
    """Return which side is better, by the adjusted p value; where no run differs at all, by the difference itself."""
    fixed = "".join(f"; {at} is a fixed number" for at, side in (("first", first), ("second", second)) if side.fixed)
    if not direction:
        return "no verdict", f"no verdict: neither direction of this metric is better{fixed}"
    lacking = _lacking(first, second)
    if lacking:
        return "too few runs", f"too few runs: {lacking}{fixed}"
    equal = "; the runs of each side are equal" if found.p is None else ""
    if found.paired:
        equal = "; the difference is the same in every run" if found.p is None else ""
        equal += "; both from the same networks, compared run by run"
    elif _related(first, second):
        equal += "; both from the same networks, but not of the same seeds: compared as if apart"
    alpha = 1 - level
    if found.difference == 0 or (p_holm is not None and p_holm >= alpha):
        if found.p is not None and found.p < alpha:
            why = f"the interval leaves 0 out, but not after Holm's adjustment over {family} pairs"
        else:
            why = "runs differ by as much"
        return "no difference shown", f"no difference shown: {why}{fixed}{equal}"
    better: ContrastVerdict = "first is better" if found.difference * direction > 0 else "second is better"
    way = "higher" if direction > 0 else "lower"
    return better, f"{better}: {way} by more than runs differ{fixed}{equal}"


def _lacking(first: Side, second: Side) -> str:
    """Return what is missing for a verdict: runs on a side, or a spread; empty where nothing is."""
    if first.fixed and second.fixed:
        return "neither side has any, and nothing says how runs would differ"
    few = [
        f"{at} has {side.n} run{'s' * (side.n > 1)}"
        for at, side in (("first", first), ("second", second))
        if not side.fixed and side.n < LEAST_RUNS
    ]
    if few:
        return f"{' and '.join(few)}; {LEAST_RUNS} are needed"
    bare = [side for side in (first, second) if not side.fixed and side.sd is None]
    return "how runs differ is not stated" if bare else ""
