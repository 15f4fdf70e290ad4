"""Head-to-head counts: in how many columns a method is better than, level with or worse than another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["beats", "by_group", "collapsed", "counted", "levels", "majority", "margins"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Groups = NDArray[np.int64]


def beats(values: Array) -> NDArray[np.bool_]:
    """Return whether i is better than j in each column: (..., c, m, m) of values (..., m, c)."""
    turned = np.swapaxes(values, -1, -2)
    with np.errstate(invalid="ignore"):
        return np.asarray(turned[..., :, None] > turned[..., None, :])


def levels(values: Array) -> NDArray[np.bool_]:
    """Return whether i and j are level in each column (..., c, m, m); nobody is level with himself."""
    turned = np.swapaxes(values, -1, -2)
    same = turned[..., :, None] == turned[..., None, :]
    same &= ~np.eye(values.shape[-2], dtype=bool)
    return np.asarray(same)


def by_group(weights: Array, groups: Groups) -> Array | None:
    """Return the weights of groups (..., g) where the columns of a group all weigh alike, None where they do not."""
    first = np.unique(groups, return_index=True)[1]
    reduced = weights[..., first]
    return np.asarray(reduced) if np.array_equal(weights, reduced[..., groups]) else None


def collapsed(outcomes: NDArray[np.generic], weights: Array, groups: Groups) -> tuple[Single, Single]:
    """Return outcomes as rows of pairs (r, m * m) and weights (..., r): columns that weigh alike are added up first.

    A bootstrap over data sets then costs as many rows as there are data sets.
    """
    flat = outcomes.reshape(len(outcomes), -1).astype(np.float32)
    reduced = by_group(weights, groups)
    if reduced is None:
        return flat, weights.astype(np.float32)
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.unique(groups))
    return np.add.reduceat(flat[order], starts, axis=0), reduced.astype(np.float32)


def counted(outcomes: NDArray[np.generic], weights: Array, groups: Groups) -> Single:
    """Return the weighted number of columns with an outcome (..., m, m); signs count as they are."""
    m = outcomes.shape[-1]
    if outcomes.ndim > 3:
        return np.asarray(np.einsum("...cij,...c->...ij", outcomes.astype(np.float32), weights.astype(np.float32)))
    flat, reduced = collapsed(outcomes, weights, groups)
    return np.asarray((reduced @ flat).reshape(*weights.shape[:-1], m, m))


def margins(values: Array, weights: Array, groups: Groups) -> Single:
    """Return wins minus losses of each pair (..., m, m)."""
    won = beats(values)
    return counted(won.astype(np.int8) - np.swapaxes(won, -1, -2), weights, groups)


def majority(margin: Single) -> Array:
    """Return Copeland's score (..., m): opponents with a positive margin minus opponents with a negative one."""
    return np.asarray(np.sign(margin).sum(axis=-1), dtype=float)
