"""How much of a cube is filled, and which methods its values compare at all.

Methods and columns are the two sides of a graph with an edge for each filled cell. Methods that no path joins were
never compared, not even through others, and no rule can order them from these values; an articulation point is a
method or column on which alone such a path hangs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metareview.stats.benchmark.identities import redundancy_groups
from metareview.stats.benchmark.ranking.cube import Cube

__all__ = ["Coverage", "components_of", "connected", "coverage_of", "labels_of"]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is there of what could be.

    Attributes
    ----------
    filled, possible : cells.
    pairs_compared, pairs : pairs of methods that share a column, of all pairs.
    components : methods that are compared with each other, directly or through others; the largest first.
    articulation_methods, articulation_columns : what alone holds a component together.
    single_columns : columns with fewer than two methods; they compare nobody.
    redundant : notes on columns that say the same twice (Dice and Jaccard of one run), where they were looked for.
    """

    filled: int
    possible: int
    pairs_compared: int
    pairs: int
    components: tuple[tuple[str, ...], ...]
    articulation_methods: tuple[str, ...] = ()
    articulation_columns: tuple[str, ...] = ()
    single_columns: tuple[str, ...] = ()
    redundant: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [f"{self.filled} of {self.possible} cells filled", f"{self.pairs_compared} of {self.pairs} pairs of "
                 "methods share a column"]  # fmt: skip
        n = len(self.components)
        parts.append("all methods are connected" if n == 1 else f"the table falls into {n} parts")
        return "; ".join(parts)


def coverage_of(cube: Cube, redundant: tuple[str, ...] | None = None) -> Coverage:
    """Return the coverage of a cube.

    Parameters
    ----------
    redundant : notes on columns that carry the same information; by default by the identities of their metrics.
    """
    mask = cube.mask
    m, c = cube.shape
    shared = mask.astype(float) @ mask.T.astype(float) > 0
    names = cube.methods_compared
    return Coverage(
        filled=int(mask.sum()), possible=m * c, pairs_compared=int(np.triu(shared, 1).sum()), pairs=m * (m - 1) // 2,
        components=tuple(tuple(names[i] for i in part) for part in components_of(mask)),
        articulation_methods=tuple(names[i] for i in _articulations(mask)),
        articulation_columns=tuple(cube.columns[j].key for j in _articulations(mask.T, of_methods=False)),
        single_columns=tuple(cube.columns[j].key for j in np.flatnonzero(mask.sum(axis=0) < 2)),
        redundant=tuple(group.note for group in redundancy_groups(cube.columns)) if redundant is None else redundant,
    )  # fmt: skip


def labels_of(mask: Mask) -> NDArray[np.int64]:
    """Return for each method (m,) the smallest position of a method that it is connected with.

    Labels spread from methods to columns and back until nothing changes: at most as many rounds as methods.
    """
    m = mask.shape[0]
    labels = np.arange(m)
    while True:
        of_column = np.where(mask, labels[:, None], m).min(axis=0, initial=m)
        spread = np.minimum(labels, np.where(mask, of_column[None, :], m).min(axis=1, initial=m))
        if np.array_equal(spread, labels):
            return labels
        labels = spread


def components_of(mask: Mask) -> list[list[int]]:
    """Return the connected sets of methods, the largest first, then by their first method."""
    labels = labels_of(mask)
    parts = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
    return sorted(parts, key=lambda part: (-len(part), part))


def connected(mask: Mask, weights: NDArray[np.float64]) -> Mask:
    """Return for each row of column weights (B, c) whether the columns of positive weight connect all methods.

    From the first method, what its columns reach spreads until it stands still.
    """
    edges = mask.astype(np.float32)
    drawn = weights > 0
    reached = np.zeros((len(weights), len(mask)), dtype=bool)
    reached[:, 0] = True
    while True:
        columns = (reached.astype(np.float32) @ edges > 0) & drawn
        spread = reached | (columns.astype(np.float32) @ edges.T > 0)
        if np.array_equal(spread, reached):
            return np.asarray(reached.all(axis=1))
        reached = spread


def _articulations(mask: Mask, *, of_methods: bool = True) -> list[int]:
    """Return rows of the mask whose removal splits methods that are connected; `mask` has methods as rows or not."""
    found = []
    for row in range(mask.shape[0]):
        without = np.delete(mask, row, axis=0)
        before = labels_of(np.delete(mask, row, axis=0) if of_methods else mask.T)
        if of_methods:
            whole = np.delete(labels_of(mask), row)
            split = any(len(np.unique(before[whole == label])) > 1 for label in np.unique(whole))
        else:
            split = len(np.unique(labels_of(without.T))) > len(np.unique(before))
        if split:
            found.append(row)
    return found
