"""Whether per-data-set values exist that would give a printed composite whose ingredients are printed only as means.

A table may print, for a method evaluated on K data sets, the mean of each metric over the data sets that have it, and
a composite that is the mean over the K experiments of each experiment's own mean. Which data set has which metric is
then unknown, and the composite is not a function of the printed means. The question that can be answered is whether
any admissible values exist: for every pattern of reporting (how many experiments have which metrics), the composites
that values within the metrics' ranges and within the rounding of the printed means can give form an interval, whose
ends are two linear programs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from metareview.schema.metric import Vocabulary
from metareview.schema.review import CompositeSpec
from metareview.stats.benchmark.printed import PrintedComposite
from metareview.stats.benchmark.rounding import exact, rounding_interval
from metareview.stats.benchmark.scores import ExperimentValue

__all__ = ["Bounds", "Pattern", "Verdict", "attainable", "judge", "patterns"]

#: More data sets than this are not searched: patterns of reporting grow with their number and that of the metrics.
MAX_DATASETS = 12
#: How far inside the open ends of the rounding intervals a composite must lie; linear programs are solved to 1e-9.
_MARGIN = 1e-7

#: Metric -> smallest and largest value.
Bounds = Mapping[str, tuple[float, float]]

#: How many experiments report which set of metrics.
Pattern = tuple[tuple[frozenset[str], int], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether values exist that would give one printed composite.

    Attributes
    ----------
    name : ``feasibility``, or ``feasibility-with:<experiment_id>`` where a value printed elsewhere must be among them.
    exists : whether they do; None where the question cannot be put, and `reason` says why.
    k : number of data sets.
    low, high : composites that can be given, over all patterns of reporting.
    known : the values printed elsewhere.
    """

    name: str
    exists: bool | None
    k: int
    low: float | None
    high: float | None
    reason: str
    known: tuple[ExperimentValue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kind:
    """Experiments that report the same metrics; `fixed` narrows the range of a metric known for one of them."""

    metrics: tuple[str, ...]
    count: int
    fixed: Bounds


def patterns(metrics: Sequence[str], k: int) -> Iterator[Pattern]:
    """Yield every way in which k experiments can report non-empty sets of metrics, each metric at least once.

    >>> [len(list(patterns(["dice", "ap"], k))) for k in (1, 2, 5)]
    [1, 4, 19]
    """
    subsets = [
        frozenset(chosen) for size in range(1, len(metrics) + 1) for chosen in combinations(sorted(metrics), size)
    ]
    for counts in _compositions(k, len(subsets)):
        pattern = tuple((subset, count) for subset, count in zip(subsets, counts, strict=True) if count)
        if set().union(*(subset for subset, _ in pattern)) == set(metrics):
            yield pattern


def attainable(
    pattern: Pattern, means: Bounds, ranges: Bounds, known: Bounds | None = None
) -> tuple[float, float] | None:
    """Return the smallest and largest composite that a pattern of reporting allows, or None where none is possible.

    Parameters
    ----------
    pattern : how many experiments report which metrics.
    means : for each metric the interval in which its mean over the experiments that report it lies (what rounds to
        the printed mean).
    ranges : smallest and largest value that each metric can take.
    known : values printed for one of the experiments; it is tried in every place of the pattern that has its metrics.
    """
    found = [
        ends for kinds in _placements(pattern, known or {}) if (ends := _extremes(kinds, means, ranges)) is not None
    ]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield (total,)
        return
    for first in range(total, -1, -1):
        for rest in _compositions(total - first, parts - 1):
            yield (first, *rest)


def _placements(pattern: Pattern, known: Bounds) -> Iterator[list[_Kind]]:
    plain = [_Kind(tuple(sorted(metrics)), count, {}) for metrics, count in pattern]
    if not known:
        yield plain
        return
    for at, (metrics, count) in enumerate(pattern):
        if set(known) <= metrics:
            rest = [_Kind(plain[at].metrics, count - 1, {})] if count > 1 else []
            yield [*plain[:at], *rest, *plain[at + 1 :], _Kind(plain[at].metrics, 1, known)]


def _extremes(kinds: Sequence[_Kind], means: Bounds, ranges: Bounds) -> tuple[float, float] | None:
    """Solve for the ends; one variable per kind and metric is enough, because experiments of a kind are alike."""
    from scipy.optimize import linprog

    cells = [(kind, metric) for kind in kinds for metric in kind.metrics]
    k = sum(kind.count for kind in kinds)
    objective = np.array([kind.count / len(kind.metrics) / k for kind, _ in cells])
    rows, limits = [], []
    for metric, (low, high) in means.items():
        n = sum(kind.count for kind in kinds if metric in kind.metrics)
        weights = np.array([kind.count / n if name == metric else 0.0 for kind, name in cells])
        rows += [weights, -weights]
        limits += [high, -low]
    bounds = [kind.fixed.get(metric, ranges[metric]) for kind, metric in cells]
    ends = []
    for sign in (1.0, -1.0):
        solution = linprog(sign * objective, A_ub=np.array(rows), b_ub=np.array(limits), bounds=bounds)
        if not solution.success:
            return None
        ends.append(sign * float(solution.fun or 0.0))
    return ends[0], ends[1]


def judge(composite: PrintedComposite, spec: CompositeSpec, vocabulary: Vocabulary) -> list[Verdict]:
    """Ask whether values exist for a printed row of means over data sets; no verdict for any other row.

    A second verdict is given per data set of the study whose values are printed elsewhere: whether values exist with
    these among them.
    """
    row = composite.row
    if len({value.score.metric for value in row}) < 2 or any(value.score.level != "study_mean" for value in row):
        return []
    k = composite.n_datasets or max(len(value.score.datasets) for value in row)
    metrics = [vocabulary[value.score.metric] for value in row]
    if any(metric.direction != "higher" or metric.low is None or metric.high is None for metric in metrics):
        return [Verdict("feasibility", None, k, None, None, "a metric of the row is unbounded or better when lower")]
    if not 2 <= k <= MAX_DATASETS:
        return [Verdict("feasibility", None, k, None, None, f"{k} data sets: from 2 to {MAX_DATASETS} are searched")]
    ranges = {metric.key: (metric.low or 0.0, metric.high or 0.0) for metric in metrics}
    means = {value.score.metric: _box(value, spec) for value in row}
    verdicts = [_verdict("feasibility", composite.printed, k, means, ranges, (), spec)]
    for known in _printed_elsewhere(composite):
        name = f"feasibility-with:{known[0].score.experiment_id}"
        verdicts.append(_verdict(name, composite.printed, k, means, ranges, known, spec))
    return verdicts


def _box(value: ExperimentValue, spec: CompositeSpec) -> tuple[float, float]:
    """What rounds to a printed value, by the decimals of the print, or of the table where the print lost its point."""
    printed = value.score.printed.strip().rstrip("%")
    whole, point, digits = printed.partition(".")
    readable = bool(point) and digits.isdigit() and (whole + digits).isdigit() and float(printed) == value.value
    low, high = rounding_interval(value.exact, len(digits) if readable else spec.decimals)
    return float(low), float(high)


def _printed_elsewhere(composite: PrintedComposite) -> list[tuple[ExperimentValue, ...]]:
    """Values of single data sets of the study that are not printed in the row, per experiment."""
    metrics = {value.score.metric for value in composite.row}
    listed = {name for value in composite.row for name in value.score.datasets}
    own = {value.score.experiment_id for value in composite.row}
    groups: dict[str, list[ExperimentValue]] = {}
    for value in composite.study:
        score = value.score
        inside = not listed or score.dataset_id in listed
        if score.level == "cell" and score.metric in metrics and score.experiment_id not in own and inside:
            groups.setdefault(score.experiment_id, []).append(value)
    return [tuple(group) for group in groups.values()]


def _verdict(
    name: str,
    printed: float,
    k: int,
    means: Bounds,
    ranges: Bounds,
    known: tuple[ExperimentValue, ...],
    spec: CompositeSpec,
) -> Verdict:
    fixed = {value.score.metric: _box(value, spec) for value in known}
    wanted = tuple(float(end) for end in rounding_interval(exact(printed), spec.decimals))
    ends = {pattern: attainable(pattern, means, ranges, fixed) for pattern in patterns(list(means), k)}
    possible = {pattern: pair for pattern, pair in ends.items() if pair is not None}
    giving = [
        pattern for pattern, (low, high) in possible.items() if low < wanted[1] - _MARGIN and high > wanted[0] + _MARGIN
    ]
    return Verdict(
        name,
        bool(giving),
        k,
        min((low for low, _ in possible.values()), default=None),
        max((high for _, high in possible.values()), default=None),
        _in_words(giving, len(ends), k, means, known),
        known,
    )


def _complete(pattern: Pattern, means: Bounds) -> int:
    return sum(count for metrics, count in pattern if len(metrics) == len(means))


def _in_words(giving: Sequence[Pattern], n: int, k: int, means: Bounds, known: Sequence[ExperimentValue]) -> str:
    ways = f"ways in which {k} data sets can report {' and '.join(means)}"
    if known:
        value = " and ".join(f"{entry.score.metric} {entry.value:g}" for entry in known)
        ways += f", {value} ({known[0].score.method}, {known[0].score.dataset_id}) among them"
    if not giving:
        return f"no values exist under any of the {n} {ways}"
    best = max(giving, key=lambda pattern: _complete(pattern, means))
    example = ", ".join(f"{count} with {' and '.join(sorted(metrics))}" for metrics, count in best)
    everyone = "" if _complete(best, means) == k else "; none if every data set reports all"
    return f"values exist under {len(giving)} of the {n} {ways}; for example {example}{everyone}"
