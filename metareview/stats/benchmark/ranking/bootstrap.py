"""Bootstrap of rankings: data sets, studies or units of replication are drawn again, and everything is ranked anew.

Data sets are clusters of columns, studies of cells, units (images, seeds) of the values that a cell is a mean of;
what belongs together is drawn together, the same for all methods. A replicate in which a method has no cell left
gives it no score; one in which the table falls apart gives none to anybody where the rule needs it connected.
`stability` counts both, and says what the others tell of ranks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from metareview.errors import NotEstimable, UnknownName
from metareview.stats.benchmark.ranking.coverage import connected, labels_of
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.places import tidy
from metareview.stats.benchmark.ranking.rules import Rule

__all__ = ["Draws", "Unit", "draw", "intervals", "p_above", "p_best", "rank_shares", "simultaneous", "still_pairs"]

Array = NDArray[np.float64]
Groups = NDArray[np.int64]
Unit = Literal["dataset", "study", "unit", "none"]
#: Numbers of a batch of replicates at most.
_BATCH = 20_000_000
_PAIRS = 5_000_000
#: Standard error of a difference up to which it does not vary.
_STILL = 1e-9
#: Fewest clusters below which a bootstrap says little.
_FEW = 10


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Scores of every replicate.

    Attributes
    ----------
    scores : (B, m); NaN where a replicate gives a method none.
    unit, clusters : what was drawn, and from how many.
    apart : replicates without any ranking, because the table fell apart.
    methods, warnings : how, and what to know.
    """

    scores: Array
    unit: str
    clusters: int
    apart: int = 0
    methods: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def draw(
    cube: Cube, values: Array, groups: Groups, rule: Rule, unit: str, n_boot: int, seed: int,
    rescale: Callable[[Array], Array],
) -> Draws:  # fmt: skip
    """Return the scores of `n_boot` replicates.

    Parameters
    ----------
    cube : what is ranked; its entries know studies and units.
    values : (m, c) oriented, after the missing policy, not yet rescaled.
    groups : (c,) data set of each column.
    unit : dataset, study or unit.
    rescale : from oriented values (..., m, c) to the scale that the rule works on.

    Raises
    ------
    UnknownName
        If there is no such unit.
    NotEstimable
        If there is one cluster only, or the cells know no studies or units.
    """
    if unit not in get_args(Unit):
        raise UnknownName("bootstrap unit", unit, get_args(Unit))
    rng = np.random.default_rng(seed)
    if unit == "dataset":
        scores, apart, clusters, said = _over_datasets(rescale(values), groups, rule, n_boot, rng)
    elif unit == "study":
        scores, apart, clusters, said = _over_studies(cube, rescale(values), groups, rule, n_boot, rng)
    else:
        scores, apart, clusters, said = _over_units(cube, values, groups, rule, n_boot, rng, rescale)
    warned = []
    if clusters < _FEW:
        warned.append(f"{clusters} {_WORDS[unit]} were drawn from: so few say little about others, and the intervals "
                      "are rather too narrow")  # fmt: skip
    if apart:
        warned.append(f"in {apart} of {n_boot} replicates the table fell apart; they rank nobody")
    return Draws(scores, unit, clusters, apart, said, tuple(warned))


_WORDS = {"dataset": "data sets", "study": "studies", "unit": "units"}


def _counts(clusters: int, n_boot: int, rng: np.random.Generator, what: str) -> Array:
    """Return how often each cluster is drawn (B, clusters)."""
    if clusters < 2:
        raise NotEstimable(f"a bootstrap over {_WORDS[what]} needs at least two of them; there is {clusters or 'none'}")
    return np.asarray(rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=n_boot), dtype=float)


def _over_datasets(
    values: Array, groups: Groups, rule: Rule, n_boot: int, rng: np.random.Generator
) -> tuple[Array, int, int, tuple[str, ...]]:
    clusters = int(groups.max()) + 1
    weights = _counts(clusters, n_boot, rng, "dataset")[:, groups]
    m = len(values)
    size = max(1, _BATCH // (m * m))
    scores = np.concatenate(
        [np.atleast_2d(rule.scores(values, weights[low : low + size], groups)) for low in range(0, n_boot, size)]
    )
    apart = np.zeros(n_boot, dtype=bool)
    if rule.connects:
        apart = ~connected(np.isfinite(values), weights)
        scores[apart] = np.nan
    return scores, int(apart.sum()), clusters, (f"{n_boot} bootstrap replicates over {clusters} data sets",)


def _over_studies(
    cube: Cube, values: Array, groups: Groups, rule: Rule, n_boot: int, rng: np.random.Generator
) -> tuple[Array, int, int, tuple[str, ...]]:
    studies = sorted({study for entry in cube.entries for study in entry.studies})
    if any(not entry.studies for entry in cube.entries):
        raise NotEstimable("some cells name no study, so studies cannot be drawn; name them, or draw data sets")
    drawn = _counts(len(studies), n_boot, rng, "study")
    at = {study: i for i, study in enumerate(studies)}
    member = np.zeros((len(cube.entries), len(studies)))
    for row, entry in enumerate(cube.entries):
        member[row, [at[study] for study in entry.studies]] = 1 / len(entry.studies)
    rows, columns = (np.array([getattr(e, name) for e in cube.entries]) for name in ("method", "column"))
    m, c = values.shape
    of_column = np.eye(c)[columns]
    parts, apart = [], 0
    for some in _batches(drawn, m * c):
        weight = some @ member.T
        there = np.broadcast_to(values, (len(some), m, c)).copy()
        there[:, rows, columns] = np.where(weight > 0, values[rows, columns], np.nan)
        found, lost = _scored(there, (weight @ of_column) / np.maximum((weight > 0) @ of_column, 1), groups, rule)
        parts.append(found)
        apart += lost
    said = (
        f"{n_boot} bootstrap replicates over {len(studies)} studies: a cell stays where one of its studies is drawn, \
and a column weighs as often as its cells were drawn"
    )
    return np.concatenate(parts), apart, len(studies), (said,)


def _over_units(
    cube: Cube, values: Array, groups: Groups, rule: Rule, n_boot: int, rng: np.random.Generator,
    rescale: Callable[[Array], Array],
) -> tuple[Array, int, int, tuple[str, ...]]:  # fmt: skip
    with_units = [entry for entry in cube.entries if len(entry.units) > 1]
    if not with_units:
        raise NotEstimable("no cell is a mean over units of replication (images, seeds), so units cannot be drawn")
    sets: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for row, entry in enumerate(with_units):
        key = (cube.columns[entry.column].dataset, tuple(sorted(name for name, _ in entry.units)))
        sets.setdefault(key, []).append(row)
    drawn = [_counts(len(units), n_boot, rng, "unit") / len(units) for _, units in sorted(sets)]
    m, c = values.shape
    parts, apart = [], 0
    size = max(1, _BATCH // (m * c * 4))
    for low in range(0, n_boot, size):
        number = min(size, n_boot - low)
        there = np.broadcast_to(values, (number, m, c)).copy()
        for (_, members), share in zip(sorted(sets.items()), drawn, strict=True):
            for row in members:
                entry = with_units[row]
                numbers = np.array([value for _, value in sorted(entry.units)])
                there[:, entry.method, entry.column] = (
                    share[low : low + number] @ numbers * cube.columns[entry.column].direction
                )
        found, lost = _scored(rescale(there), np.ones((number, c)), groups, rule)
        parts.append(found)
        apart += lost
    said = [f"{n_boot} bootstrap replicates over units of replication, the same ones for all methods"]
    fixed = len(cube.entries) - len(with_units)
    said += [f"{fixed} of {len(cube.entries)} cells have no units and stay as they are"] if fixed else []
    return np.concatenate(parts), apart, max(len(units) for _, units in sets), tuple(said)


def _scored(values: Array, weights: Array, groups: Groups, rule: Rule) -> tuple[Array, int]:
    scores = np.array(rule.scores(values, weights, groups))
    if not rule.connects:
        return scores, 0
    lost = 0
    for b, (table, weight) in enumerate(zip(values, weights, strict=True)):
        if not (labels_of(np.isfinite(table[:, weight > 0])) == 0).all():
            scores[b] = np.nan
            lost += 1
    return scores, lost


def _batches(drawn: Array, size: int) -> list[Array]:
    rows = max(1, _BATCH // (size * 4))
    return [drawn[low : low + rows] for low in range(0, len(drawn), rows)]


def intervals(ranks: Array, level: float) -> tuple[Array, Array]:
    """Return the percentile interval of each method's ranks (m,), whole ranks; NaN for one that is never ranked."""
    low, high = (np.full(ranks.shape[1], np.nan) for _ in range(2))
    for i, column in enumerate(ranks.T):
        own = np.sort(column[np.isfinite(column)])
        if own.size:
            ends = ((1 - level) / 2, (1 + level) / 2)
            low[i], high[i] = (own[max(int(np.ceil(end * own.size - 1e-9)) - 1, 0)] for end in ends)
    return low, high


def p_best(ranks: Array) -> Array:
    """Return the share of replicates in which each method is best (m,); those that share the place share the count."""
    first = ranks == 1
    number = first.sum(axis=1, keepdims=True)
    valid = int((number > 0).sum())
    if not valid:
        return np.full(ranks.shape[1], np.nan)
    return np.asarray((first / np.maximum(number, 1)).sum(axis=0) / valid)


def rank_shares(ranks: Array) -> Array:
    """Return the share of its replicates in which a method (row) has a rank (column, from 1): (m, m)."""
    m = ranks.shape[1]
    counts = np.stack([np.bincount(column[np.isfinite(column)].astype(int), minlength=m + 1)[1:] for column in ranks.T])
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def p_above(scores: Array) -> Array:
    """Return how often i scores higher than j, ties half (m, m), of the replicates in which both have a score."""
    b, m = scores.shape
    above, both = np.zeros((m, m)), np.zeros((m, m))
    size = max(1, _PAIRS // (m * m))
    for low in range(0, b, size):
        some = scores[low : low + size].astype(np.float64)
        with np.errstate(invalid="ignore"):
            above += (some[:, :, None] > some[:, None, :]).sum(axis=0)
        there = np.isfinite(some).astype(float)
        both += there.T @ there
    with np.errstate(invalid="ignore", divide="ignore"):
        out = np.where(both > 0, (above + (both - above - above.T) / 2) / both, np.nan)
    return np.asarray(out)


def simultaneous(point: Array, scores: Array, level: float) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return rank intervals (m,) that hold for all methods at once; None without replicates that rank everybody.

    All differences of scores get one critical value, the `level` quantile of ``max |d* - d| / se`` over pairs in the
    bootstrap; a method is behind as many as are ahead of it with an interval above 0.

    Source: Mogstad, Romano, Shaikh & Wilhelm 2024, Review of Economic Studies 91:476-518 (two-sided
    confidence sets for all differences, inverted to ranks).
    """
    whole = scores[np.isfinite(scores).all(axis=1)]
    m = len(point)
    if len(whole) < 2 or not np.isfinite(point).all():
        return None
    se = _gap_errors(whole)
    gap = tidy(point[:, None] - point[None, :])
    i, j = np.triu_indices(m, 1)
    moving = se[i, j] > _STILL
    i, j = i[moving], j[moving]
    most = np.zeros(len(whole))
    size = max(1, _PAIRS // max(len(i), 1))
    for low in range(0, len(whole) if len(i) else 0, size):
        some = whole[low : low + size]
        most[low : low + size] = (np.abs(some[:, i] - some[:, j] - gap[i, j]) / se[i, j]).max(axis=1)
    ordered = np.sort(most)
    critical = ordered[max(int(np.ceil(level * len(ordered) - 1e-9)) - 1, 0)]
    behind = (gap + critical * se < 0) & (gap < 0)
    return 1 + behind.sum(axis=1), m - behind.sum(axis=0)


def still_pairs(point: Array, scores: Array) -> int:
    """Return the number of pairs whose scores differ by the same in every replicate: their order is in no doubt."""
    gap = tidy(point[:, None] - point[None, :])
    return int(np.triu((gap != 0) & (_gap_errors(scores) <= _STILL), 1).sum())


def _gap_errors(whole: Array) -> Array:
    """Return the standard errors of all differences of scores (m, m) over replicates (B, m)."""
    covariance = np.atleast_2d(np.cov(whole, rowvar=False))
    variance = np.diag(covariance)
    return np.asarray(np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * covariance, 0.0)))
