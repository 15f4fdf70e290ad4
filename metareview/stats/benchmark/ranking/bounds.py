"""Rank bounds: the best and the worst rank of each method over all admissible fillings of the missing cells.

A filling gives every missing cell a value within the range of its metric (any value where it has none). On a filled
table the rules fall into four families, and for each the bounds are derived, not sampled:

- *mean* (`mean`; `additive`, whose balanced least-squares effects are row means): a score depends on the method's
  own cells alone and grows with each. Own cells at their best with everyone else's at their worst gives the best
  rank, exactly; the reverse the worst.
- *flat*, *two-level* (`win-rate`, `mean-rank`, `bradley-terry`; `borda`): a score is a weighted sum over columns of
  the others beaten, ties half. Bradley-Terry belongs here: where all pairs meet equally often, strengths are an
  increasing function of wins (see `bradley_terry`). The gap of two methods is largest in a column with the first at
  its best, the second at its worst, and every missing third strictly between them (or, where that is impossible,
  outside); columns do not interact, so the largest gap of a pair is exact.
- *majority* (`dominance`): the outcome of a pair depends on their own cells alone.
- *z* (`z-score`): the gap in a column is ``(x_i - x_k) / s``; with i and k there, s is smallest with the missing
  thirds at the mean of the others and largest with each at an end; with one of them missing ``s >= |x_i - x_k| /
  sqrt(2 (n - 1))`` bounds it.

A method k that beats i even at the largest gap of i over k is ahead in every filling. Counting these gives bounds
that contain every filling. For the last three families several pairs may need different fillings, so the count may
not be reached by one; fillings are then tried, and a bound that one reaches is exact (`Bounds.low_exact`).
Ranks are the ones of print: one more than the number of methods strictly ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from metareview.stats.benchmark.ranking.places import DECIMALS, places, tidy

__all__ = ["Bounds", "rank_bounds"]

Array = NDArray[np.float64]
Groups = NDArray[np.int64]
Family = Literal["mean", "flat", "two-level", "majority", "z"]
#: Gaps smaller than this are none.
_LEAST = 0.5 * 10.0**-DECIMALS


@dataclass(frozen=True, slots=True)
class Bounds:
    """Best and worst rank (m,) over all fillings, and whether a filling is known that reaches them."""

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    low_exact: NDArray[np.bool_]
    high_exact: NDArray[np.bool_]


def rank_bounds(
    values: Array,
    worst: Array,
    best: Array,
    groups: Groups,
    family: Family,
    scores: Callable[[Array, Array, Groups], Array] | None = None,
) -> Bounds:
    """Return the rank bounds of every method.

    Parameters
    ----------
    values : (m, c), oriented (on the scale that the rule adds up, for *mean*); NaN where missing.
    worst, best : (c,) ends of the ranges, infinite where there are none.
    groups : (c,) data set of each column.
    family : how the rule ranks a filled table.
    scores : the rule, to try fillings with; without it a bound counts as exact only where it is proved to be.
    """
    if family == "mean":
        return _mean_bounds(values, worst, best)
    gap = _GAPS[family](values, worst, best, groups)
    np.fill_diagonal(gap, 0.0)
    low = 1 + (gap < -_LEAST).sum(axis=1)
    high = 1 + (gap > _LEAST).sum(axis=0)
    gone = np.isnan(values)
    if not gone.any() or scores is None:
        sure = np.full(len(values), not gone.any())
        return Bounds(low, high, sure, sure)
    tried = _Trials(values, [_finite_end(values, end, sign) for end, sign in ((worst, -1), (best, 1))], groups, scores)
    return Bounds(
        low, high, np.array([tried.reaches(i, 1, rank) for i, rank in enumerate(low)]),
        np.array([tried.reaches(i, 0, rank) for i, rank in enumerate(high)]),
    )  # fmt: skip


def _mean_bounds(values: Array, worst: Array, best: Array) -> Bounds:
    """Own cells at one end, all others at the other. Infinite ends decide before anything finite does."""
    gone = ~np.isfinite(values)
    top, bottom = (_end_sums(values, gone, end) for end in (best, worst))
    low = np.array([1 + _ahead(bottom, i, top).sum() for i in range(len(values))])
    high = np.array([1 + _ahead(top, i, bottom).sum() for i in range(len(values))])
    sure = np.ones(len(values), dtype=bool)
    return Bounds(low, high, sure, sure)


def _end_sums(values: Array, gone: NDArray[np.bool_], end: Array) -> tuple[Array, Array]:
    """Return the number of infinite cells of each method, signed, and the sum of its finite ones."""
    endless = np.isinf(end)
    infinite = np.where(gone & endless, np.sign(end), 0.0).sum(axis=1)
    finite = np.where(gone, np.where(endless, 0.0, end), values).sum(axis=1)
    return infinite, tidy(finite / values.shape[1])


def _ahead(others: tuple[Array, Array], i: int, own: tuple[Array, Array]) -> NDArray[np.bool_]:
    """Return whom i (its sums in `own`) is behind when they have the sums in `others`; i is not behind itself."""
    more = (others[0] > own[0][i]) | ((others[0] == own[0][i]) & (others[1] > own[1][i]))
    more[i] = False
    return np.asarray(more)


def _points_gap(values: Array, worst: Array, best: Array, weights: Array) -> Array:
    """Return the largest possible gap of points (m, m), first over second, summed over weighted columns."""
    m = len(values)
    total = np.zeros((m, m))
    for j in range(values.shape[1]):
        total += weights[j] * _column_gap(values[:, j], worst[j], best[j])
    return total


def _column_gap(x: Array, worst: float, best: float) -> Array:
    """Return for a column (m,) the largest gap of points ``pts_i - pts_k`` (m, m).

    Points are the others beaten, ties half; of the pair itself the winner has one.
    """
    gone = np.isnan(x)
    high, low = np.where(gone, best, x), np.where(gone, worst, x)
    there = x[~gone]
    mine, other = _beaten(there, high), _beaten(there, low)
    itself = np.where(gone, 0.0, 0.5)  # who is there counts half a tie with himself
    up, down = high[:, None], low[None, :]
    duel = np.sign(up - down)
    # of the observed values, those of i and k are no thirds
    own = np.where(gone, 0.0, 1.0)
    thirds = (mine - itself)[:, None] - (other - itself)[None, :]
    thirds -= own[None, :] * (duel + 1) / 2 - own[:, None] * (1 - duel) / 2
    free = gone.sum() - gone[:, None] - gone[None, :]
    corner = np.where((up <= worst) & (down >= best), -0.5, 0.0)
    extra = np.where(duel > 0, 1.0, np.where(duel < 0, corner, 0.0))
    return np.asarray(duel + thirds + np.maximum(free, 0) * extra)


def _beaten(there: Array, x: Array) -> Array:
    """Return how many of the values in `there` each x is above, ties half."""
    ordered = np.sort(there)
    return np.asarray((np.searchsorted(ordered, x, "left") + np.searchsorted(ordered, x, "right")) / 2.0)


def _flat(values: Array, worst: Array, best: Array, groups: Groups) -> Array:
    weights = np.full(values.shape[1], 1.0 / values.shape[1])
    return np.asarray(_points_gap(values, worst, best, weights) / max(len(values) - 1, 1))


def _two_level(values: Array, worst: Array, best: Array, groups: Groups) -> Array:
    sizes = np.bincount(groups)
    weights = 1.0 / (sizes[groups] * len(sizes))
    return np.asarray(_points_gap(values, worst, best, weights) / max(len(values) - 1, 1))


def _majority(values: Array, worst: Array, best: Array, groups: Groups) -> Array:
    """Largest gap of Copeland scores: ``2 sign(i, k)`` plus over thirds the best of i and the worst of k."""
    gone = np.isnan(values)
    high, low = np.where(gone, best, values), np.where(gone, worst, values)
    margin = np.zeros((len(values), len(values)))
    for j in range(values.shape[1]):
        margin += np.sign(high[:, j][:, None] - low[:, j][None, :])
    most = np.sign(margin)
    np.fill_diagonal(most, 0.0)
    least = -most.T
    gap = most.sum(axis=1)[:, None] - least.sum(axis=1)[None, :]
    # of i's opponents k counts once: sign(i, k) - sign(k, i) with the same filling of both
    return np.asarray(gap - most + least.T + 2 * most)


def _z(values: Array, worst: Array, best: Array, groups: Groups) -> Array:
    total = np.zeros((len(values), len(values)))
    for j in range(values.shape[1]):
        total += _z_column(values[:, j], worst[j], best[j])
    return np.asarray(total / values.shape[1])


def _z_column(x: Array, worst: float, best: float) -> Array:
    m, gone = len(x), np.isnan(x)
    there = x[~gone]
    bound = np.full((m, m), np.sqrt(2.0 * (m - 1)))
    if not there.size:
        return bound
    small, large = _spreads(there, int(gone.sum()), worst, best)
    difference = x[:, None] - x[None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.where(difference > 0, difference / small, difference / large)
    gap = np.where(np.isnan(gap) & np.isfinite(difference), 0.0, gap)
    return np.where(np.isfinite(difference), np.minimum(gap, bound), bound)


def _spreads(there: Array, q: int, worst: float, best: float) -> tuple[float, float]:
    """Return the smallest and the largest SD of a column with q values still free between worst and best."""
    if not q:
        return (float(np.std(there, ddof=1)),) * 2
    middle = np.concatenate([there, np.full(q, there.mean())])
    if np.isinf(worst) or np.isinf(best):
        return float(np.std(middle, ddof=1)), np.inf
    ends = [np.concatenate([there, np.full(up, best), np.full(q - up, worst)]) for up in range(q + 1)]
    return float(np.std(middle, ddof=1)), max(float(np.std(column, ddof=1)) for column in ends)


@dataclass(frozen=True, slots=True)
class _Trials:
    """Fillings tried for a method: its own cells at one end, those of the others elsewhere."""

    values: Array
    ends: list[Array]
    groups: Groups
    scores: Callable[[Array, Array, Groups], Array]

    def reaches(self, i: int, own: int, rank: int) -> bool:
        """Return whether a filling with the method's own cells at an end (1: best) gives it a rank."""
        gone = np.isnan(self.values)
        for others in _fillings(self.values, i, self.ends, 1 - own):
            filled = np.where(gone, others, self.values)
            filled[i] = np.where(gone[i], self.ends[own], self.values[i])
            found = places(tidy(self.scores(filled, np.ones(filled.shape[1]), self.groups)))[i]
            if (found <= rank) if own else (found >= rank):
                return True
        return False


def _finite_end(values: Array, end: Array, sign: int) -> Array:
    """Return an end of the ranges, far outside of what is there where the range has none."""
    seen = np.nan_to_num(values, nan=0.0)
    reach = np.abs(seen).max(axis=0, initial=1.0) + 1.0
    return np.where(np.isinf(end), sign * 3.0 * reach, end)


def _fillings(values: Array, i: int, ends: list[Array], rest: int) -> list[Array]:
    """Return the ways (m, c) in which the cells of the others are filled: at one end, or next to the method."""
    m = len(values)
    whole = np.broadcast_to(ends[rest], values.shape)
    seen = np.where(np.isnan(values[i]), ends[1 - rest], values[i])
    above = np.where(values > seen, values, np.inf)
    below = np.where(values < seen, values, -np.inf)
    next_up = np.minimum(np.nanmin(np.where(np.isnan(above), np.inf, above), axis=0), ends[1])
    next_down = np.maximum(np.nanmax(np.where(np.isnan(below), -np.inf, below), axis=0), ends[0])
    near_up, near_down = (seen + next_up) / 2, (seen + next_down) / 2
    just = near_down if rest == 0 else near_up
    return [np.array(whole), np.tile(just, (m, 1)), np.tile(np.asarray(ends[1 - rest]), (m, 1))]


_GAPS = {"flat": _flat, "two-level": _two_level, "majority": _majority, "z": _z}
