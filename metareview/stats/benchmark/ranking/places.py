"""Scores -> places. Rank 1 is best; ties share the mean rank in statistics and the smallest in print."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["order_of", "places", "tidy"]

Array = NDArray[np.float64]
#: Decimals to which scores are compared: equal sums of the same numbers in another order stay equal.
DECIMALS = 10


def tidy(scores: Array) -> Array:
    """Return scores without the last digits, in which equal ones may differ by the order of their sums."""
    return np.asarray(np.round(scores, DECIMALS) + 0.0)


def places(scores: Array, *, axis: int = -1, ties: Literal["mean", "min"] = "min") -> Array:
    """Return ranks along an axis, 1 for the highest score; NaN has no rank and stays NaN.

    ``mean`` gives tied scores the mean of the places they take, ``min`` the smallest.

    >>> places(np.array([3.0, 5.0, 5.0, np.nan])).tolist(), places(np.array([3.0, 5.0, 5.0]), ties="mean").tolist()
    ([3.0, 1.0, 1.0, nan], [3.0, 1.5, 1.5])
    """
    moved = np.moveaxis(-np.asarray(scores, dtype=float), axis, -1)
    order = np.argsort(moved, axis=-1, kind="stable")
    ordered = np.take_along_axis(moved, order, axis=-1)
    size = moved.shape[-1]
    position = np.broadcast_to(np.arange(1, size + 1), ordered.shape)
    fresh = np.ones(ordered.shape, dtype=bool)
    fresh[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    first = np.maximum.accumulate(np.where(fresh, position, 0), axis=-1).astype(float)
    if ties == "mean":
        last_of = np.ones(ordered.shape, dtype=bool)
        last_of[..., :-1] = fresh[..., 1:]
        last = np.minimum.accumulate(np.where(last_of, position, size + 1)[..., ::-1], axis=-1)[..., ::-1]
        first = (first + last) / 2
    ranks = np.empty_like(first)
    np.put_along_axis(ranks, order, first, axis=-1)
    ranks[np.isnan(moved)] = np.nan
    return np.moveaxis(ranks, -1, axis)


def order_of(ranks: Array, names: tuple[str, ...]) -> list[int]:
    """Return positions by rank, then name; those without a rank last."""
    return sorted(
        range(len(names)), key=lambda i: (np.isnan(ranks[i]), ranks[i] if ranks[i] == ranks[i] else 0, names[i])
    )
