"""Counting pairs of ids: one pass over both volumes, memory that depends on the number of pairs only.

Two engines give the same table. With numba, runs of equal pairs are found in one loop and each run enters a hash
table once; ids may be any 64-bit integers, since they are hashed and never used as an index. Without numba, NumPy
finds the runs of a piece at a time and sorts only those.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import FunctionType
from typing import Any

import numpy as np

__all__ = ["PairCounter", "have_numba", "reduce_pairs"]

#: Voxels looked at per call of a kernel: large enough to hide the call, small enough for its copies to stay small.
PIECE = 1 << 20
FIRST_CAPACITY = 1 << 13


def hash_runs(
    prediction: Any, truth: Any, start: int, keys_p: Any, keys_t: Any, counts: Any, used: int
) -> tuple[int, int]:
    """Add the runs of equal (prediction, truth) pairs from `start` on to an open-addressing hash table.

    Written for numba, and plain Python when it is absent (for tests). Parameters are two flat integer arrays of one
    length, the index to start at, the table (uint64 keys, int64 counts; a count of 0 is a free slot; the capacity is
    a power of two) and the number of slots in use. Stops where the table is half full.

    Returns
    -------
    (next index, slots in use) : the pass is complete when the next index is the length of the arrays.
    """
    size = prediction.size
    mask = np.uint64(counts.size - 1)
    limit = counts.size // 2
    i = start
    while i < size:
        p = prediction[i]
        t = truth[i]
        j = i + 1
        while j + 4 <= size:  # four voxels at once, which the compiler turns into vector instructions
            other_p = p ^ p
            other_t = t ^ t
            for k in range(4):
                other_p |= prediction[j + k] ^ p
                other_t |= truth[j + k] ^ t
            if other_p != 0 or other_t != 0:
                break
            j += 4
        while j < size and prediction[j] == p and truth[j] == t:
            j += 1
        key_p = np.uint64(np.int64(p))
        key_t = np.uint64(np.int64(t))
        slot = (key_p * np.uint64(0x9E3779B97F4A7C15)) ^ (key_t * np.uint64(0xC2B2AE3D27D4EB4F))
        slot ^= slot >> np.uint64(29)
        slot *= np.uint64(0xBF58476D1CE4E5B9)
        slot = (slot >> np.uint64(32)) & mask
        while counts[slot] != 0 and (keys_p[slot] != key_p or keys_t[slot] != key_t):
            slot = (slot + np.uint64(1)) & mask
        if counts[slot] == 0:
            if used >= limit:
                return i, used
            keys_p[slot] = key_p
            keys_t[slot] = key_t
            used += 1
        counts[slot] += j - i
        i = j
    return i, used


@cache
def have_numba() -> bool:
    """Whether numba can be imported."""
    return find_spec("numba") is not None


@cache
def compiled(function: Any, *helpers: Any) -> Any:
    """Return `function` compiled by numba with the GIL released, or as it is where numba is not installed.

    The `helpers` it calls are compiled too: the compiled function sees them in place of the plain ones. The machine
    code is kept beside the module, so that only the first call of a new installation waits for the compiler.
    """
    if not have_numba():
        return function
    names = {helper.__name__: _jit(helper) for helper in helpers}
    bound = FunctionType(function.__code__, {**function.__globals__, **names}, function.__name__)
    bound.__module__, bound.__qualname__ = function.__module__, function.__qualname__
    return _jit(bound)


def _jit(function: Any) -> Any:
    numba = import_module("numba")
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder to keep machine code in, such as a read-only installation without a home
        return numba.njit(nogil=True)(function)


def reduce_pairs(
    prediction: np.ndarray, truth: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add up the counts of equal pairs and sort by truth, then prediction; arrays of shape (k,) in and out."""
    if not count.size:
        return prediction, truth, count
    order = np.lexsort((prediction, truth))
    prediction, truth, count = prediction[order], truth[order], count[order]
    first = np.ones(count.size, dtype=bool)
    first[1:] = (prediction[1:] != prediction[:-1]) | (truth[1:] != truth[:-1])
    starts = np.flatnonzero(first)
    return prediction[starts], truth[starts], np.add.reduceat(count, starts)


def runs_of(prediction: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the runs of equal pairs of two flat arrays: uint64 ids and int64 lengths, by NumPy alone."""
    change = np.flatnonzero((prediction[1:] != prediction[:-1]) | (truth[1:] != truth[:-1])) + 1
    starts = np.concatenate(([0], change))
    lengths = np.diff(np.concatenate((starts, [prediction.size])))
    return as_ids(prediction[starts]), as_ids(truth[starts]), lengths.astype(np.int64)


def as_ids(values: np.ndarray) -> np.ndarray:
    """Return integers as uint64; a negative one becomes 2^64 - |value|, which the table recognises."""
    if values.dtype.kind == "u" or values.dtype.kind == "b":
        return values.astype(np.uint64)
    return values.astype(np.int64).view(np.uint64)


class PairCounter:
    """A table of pair counts that grows as pieces are added.

    A hash table that is half full is set aside as sorted pairs, and a four times larger one begun; `pairs` adds them
    up. So a piece is never gone through twice and nothing is rehashed.
    """

    def __init__(self, *, engine: str | None = None) -> None:
        self._engine = engine or ("numba" if have_numba() else "numpy")
        self._kernel = compiled(hash_runs)
        self._aside: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._open(FIRST_CAPACITY)

    def _open(self, capacity: int) -> None:
        self._keys_p = np.zeros(capacity, dtype=np.uint64)
        self._keys_t = np.zeros(capacity, dtype=np.uint64)
        self._counts = np.zeros(capacity, dtype=np.int64)
        self._used = 0

    def add(self, prediction: np.ndarray, truth: np.ndarray) -> None:
        """Count two flat integer arrays of one length, native byte order, any memory stride."""
        if not prediction.size:
            return
        if self._engine == "numpy":
            self._add_runs(prediction, truth)
            return
        done = 0
        while True:
            done, self._used = self._kernel(
                prediction, truth, done, self._keys_p, self._keys_t, self._counts, self._used
            )
            if done == prediction.size:
                return
            self._set_aside()
            self._open(self._counts.size * 4)

    def _add_runs(self, prediction: np.ndarray, truth: np.ndarray) -> None:
        for start in range(0, prediction.size, PIECE):
            piece = slice(start, start + PIECE)
            self._aside.append(reduce_pairs(*runs_of(prediction[piece], truth[piece])))
            if len(self._aside) >= 16:
                self._aside = [self._total()]

    def _set_aside(self) -> None:
        taken = np.flatnonzero(self._counts)
        if taken.size:
            self._aside.append((self._keys_p[taken], self._keys_t[taken], self._counts[taken]))

    def _total(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if not self._aside:
            nothing = np.zeros(0, dtype=np.uint64)
            return nothing, nothing.copy(), np.zeros(0, dtype=np.int64)
        prediction, truth, count = (np.concatenate(column) for column in zip(*self._aside, strict=True))
        return reduce_pairs(prediction, truth, count)

    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return prediction ids, truth ids and counts, shape (k,), sorted by truth and then prediction."""
        if self._engine == "numba":
            self._set_aside()
            self._open(self._counts.size)
        self._aside = [self._total()]
        return self._aside[0]
