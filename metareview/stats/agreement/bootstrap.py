"""Intervals by resampling units: no distribution assumed, every coefficient treated alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from metareview.errors import NotEstimable
from metareview.stats.agreement.ratings import Ratings

__all__ = ["bootstrap_interval"]


def bootstrap_interval(
    statistic: Callable[[Ratings], float], ratings: Ratings, *, n_boot: int, seed: int, level: float = 0.95
) -> tuple[float, float, int]:
    """Return the percentile interval of a coefficient over units drawn with replacement, and how many draws failed.

    The same seed gives the same bits. Draws in which the coefficient does not exist (all of one category) are left
    out and counted; the caller says so.

    Raises
    ------
    NotEstimable
        If the coefficient exists in fewer than half of the draws.

    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 13 (percentile interval).
    """
    rng = np.random.default_rng(seed)
    n, found = len(ratings.units), []
    for _ in range(n_boot):
        try:
            found.append(statistic(ratings.take(rng.integers(0, n, n))))
        except NotEstimable:
            continue
    if 2 * len(found) < n_boot or not found:
        raise NotEstimable(f"the coefficient exists in {len(found)} of {n_boot} draws only")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high), n_boot - len(found)
