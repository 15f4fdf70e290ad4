"""What a bootstrap says of ranks: only replicates that rank every method enter, so that all ranks are of one field.

A rank among nine is no rank among ten: where one method has no cell left, all below it move up. Such replicates are
counted and left out. Where too few are left, or methods stand in parts of the table that share no column, there are no
intervals, and a warning says why.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metareview.stats.benchmark.ranking.bootstrap import (
    Draws,
    intervals,
    p_above,
    p_best,
    rank_shares,
    simultaneous,
    still_pairs,
)
from metareview.stats.benchmark.ranking.coverage import components_of
from metareview.stats.benchmark.ranking.places import places, tidy

__all__ = ["Stability", "stability_of"]

Array = NDArray[np.float64]
#: Replicates that rank every method, below which they say nothing: a number, and a share of all.
_FEW, _SHARE = 100, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Stability:
    """What a bootstrap says of each method (m,), and of each pair (m, m).

    Attributes
    ----------
    low, high, best : percentile interval of ranks, and how often a method is best; NaN where there is none.
    shares : (m, m) of replicates at rank 1, 2, …
    above : (m, m) how often i scores higher than j.
    joint : ends of the simultaneous intervals.
    used : replicates that enter the intervals; 0 where there are none.
    methods, warnings : how, and what to know.
    """

    low: Array
    high: Array
    best: Array
    shares: Array
    above: Array
    joint: tuple[NDArray[np.int64], NDArray[np.int64]] | None
    used: int
    methods: tuple[str, ...]
    warnings: tuple[str, ...]


def stability_of(drawn: Draws, point: Array, values: Array, level: float) -> Stability:
    """Return intervals of ranks and what goes with them.

    Parameters
    ----------
    drawn : scores of the replicates.
    point : (m,) scores of the table; NaN for a method that it cannot rank.
    values : (m, c) the table, NaN where missing.
    level : of the intervals.
    """
    ranked, there = np.isfinite(point), np.isfinite(values)
    full = np.asarray(np.isfinite(drawn.scores[:, ranked]).all(axis=1))
    used, total = int(full.sum()), len(full)
    whole = np.where(ranked, drawn.scores, np.nan)[full]
    above = p_above(tidy(drawn.scores))
    why = _why_none(whole[:, ranked], total, len(components_of(there[ranked])))
    if why:
        m = len(point)
        none, weight = np.full(m, np.nan), there.astype(float)
        shared = weight @ weight.T > 0
        return Stability(none, none, none, np.zeros((m, m)), np.where(shared, above, np.nan), None, 0, (), (why,))
    ranks = places(tidy(whole))
    low, high = intervals(ranks, level)
    joint = simultaneous(point[ranked], whole[:, ranked], level)
    said = [f"percentile intervals of ranks ({level:.0%})"]
    warned = []
    if used < total:
        warned.append(
            f"{used} of {total} replicates rank every method, and intervals and P(best) are of these alone; in the "
            "others a method had no cell or no opponent left, or the table fell apart"
        )
    if joint is not None:
        said.append(
            f"simultaneous rank intervals after Mogstad et al. 2024, from the {used} replicates that rank every method"
        )
        still = still_pairs(point[ranked], whole[:, ranked])
        if still:
            pairs = "1 pair of methods has" if still == 1 else f"{still} pairs of methods have"
            warned.append(f"{pairs} the same difference of scores in every replicate; the simultaneous intervals take "
                          "that order as certain")  # fmt: skip
    ends = None if joint is None else (_spread(joint[0], ranked), _spread(joint[1], ranked))
    return Stability(low, high, p_best(ranks), rank_shares(ranks), above, ends, used, tuple(said), tuple(warned))


def _why_none(whole: Array, total: int, parts: int) -> str:
    """Return why replicates give no intervals of ranks, or nothing."""
    used = len(whole)
    if parts > 1:
        return (f"no bootstrap intervals of ranks: the ranked methods are in {parts} parts that share no column, and "
                "drawing again compares no method with one of another part")  # fmt: skip
    if used < total and (used < _FEW or used < _SHARE * total):
        return (f"no bootstrap intervals of ranks: {used} of {total} replicates rank every method, and fewer than "
                f"{_FEW} or {_SHARE:.0%} say nothing")  # fmt: skip
    if used < total and (tidy(whole) == tidy(whole[:1])).all():
        return (f"no bootstrap intervals of ranks: the {used} of {total} replicates that rank every method are all "
                "alike, so they say nothing of what varies")  # fmt: skip
    return ""


def _spread(ends: NDArray[np.int64], ranked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return (m,) numbers of the ranked methods in the places of all; 0 for those without a rank."""
    out = np.zeros(len(ranked), dtype=np.int64)
    out[ranked] = ends
    return out
