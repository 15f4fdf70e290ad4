"""From two volumes in memory to their contingency table; `blockwise` does the same for volumes on disk."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from metareview.errors import InputError
from metareview.evaluation.kernels import PIECE, PairCounter
from metareview.evaluation.table import ContingencyTable

__all__ = ["check_dtype", "check_shapes", "count_arrays"]

SIGN_BIT = np.uint64(1) << np.uint64(63)


def check_dtype(dtype: np.dtype[Any], name: str) -> None:
    """Refuse anything that is not a volume of integer ids.

    Raises
    ------
    InputError
        If the type is not an integer or boolean type.
    """
    if dtype.kind in "iub":
        return
    remedy = (
        "give a threshold for a map of probabilities, or cast ids with astype('uint64')"
        if dtype.kind == "f"
        else "store the ids as integers"
    )
    raise InputError(f"{name} has dtype {dtype}; a label volume holds integer ids; {remedy}")


def check_shapes(first: tuple[int, ...], name: str, second: tuple[int, ...], other: str) -> None:
    """Refuse volumes of different shape.

    Raises
    ------
    InputError
        If the shapes differ.
    """
    if first != second:
        raise InputError(
            f"{name} has shape {first} and {other} {second}; both volumes cover the same voxels; "
            "crop one of them, for instance with volume.h5:dataset[0:100,:,:]"
        )


def refuse_negative(ids: np.ndarray, dtype: np.dtype[Any], name: str) -> None:
    """Refuse negative ids, which the kernels carry as 2^64 - |id|.

    Raises
    ------
    InputError
        If a signed volume holds a negative id.
    """
    if dtype.kind == "i" and ids.size and (negative := ids[ids >= SIGN_BIT]).size:
        raise InputError(
            f"{name} holds the negative id {int(negative.view(np.int64).max())}; ids are 0 for background and positive "
            "for segments; relabel it, or leave those voxels out with a mask"
        )


def flat_pieces(arrays: list[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """Yield equal flat pieces of arrays of one shape without copying more than a piece at a time.

    Memory order is followed where all arrays share it (C or Fortran), since the pairs are the same in any order.
    """
    if all(array.flags.f_contiguous for array in arrays):
        arrays = [array.T for array in arrays]
    if all(array.flags.c_contiguous for array in arrays):
        flat = [array.reshape(-1) for array in arrays]
        for start in range(0, flat[0].size, PIECE):
            yield [array[start : start + PIECE] for array in flat]
        return
    if arrays[0].ndim == 1:
        for start in range(0, arrays[0].size, PIECE):
            yield [np.ascontiguousarray(array[start : start + PIECE]) for array in arrays]
        return
    rows = max(1, PIECE // max(1, arrays[0][0].size)) if len(arrays[0]) else 1
    for start in range(0, len(arrays[0]), rows):
        yield [np.ascontiguousarray(array[start : start + rows]).reshape(-1) for array in arrays]


def _native(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "b":
        return array.view(np.uint8)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _count(arrays: list[np.ndarray], engine: str | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counter = PairCounter(engine=engine)
    for prediction, truth, *mask in flat_pieces(arrays):
        if mask:
            inside = mask[0] != 0
            prediction, truth = prediction[inside], truth[inside]
        counter.add(_native(prediction), _native(truth))
    return counter.pairs()


def _slabs(arrays: list[np.ndarray], number: int) -> list[list[np.ndarray]]:
    axis = arrays[0].ndim - 1 if all(array.flags.f_contiguous for array in arrays) else 0
    cuts = np.linspace(0, arrays[0].shape[axis], number + 1).astype(int)
    index: list[tuple[slice, ...]] = [
        (*(slice(None) for _ in range(axis)), slice(int(a), int(b))) for a, b in pairwise(cuts) if b > a
    ]
    return [[array[place] for array in arrays] for place in index]


def count_arrays(
    prediction: np.ndarray,
    truth: np.ndarray,
    mask: np.ndarray | None = None,
    *,
    names: tuple[str, str] = ("prediction", "truth"),
    workers: int = 1,
    engine: str | None = None,
) -> ContingencyTable:
    """Count the pairs of two integer arrays of one shape.

    Parameters
    ----------
    prediction, truth : integer or boolean arrays of equal shape.
    mask : array of the same shape; voxels where it is 0 are not counted.
    names : what the volumes are called in messages.
    workers : threads; the kernel releases the interpreter lock.
    engine : ``numba`` or ``numpy``; the faster one that is installed when left out.

    Raises
    ------
    InputError
        If shapes differ, a type is not integer, or an id is negative.
    """
    check_dtype(prediction.dtype, names[0])
    check_dtype(truth.dtype, names[1])
    check_shapes(prediction.shape, names[0], truth.shape, names[1])
    arrays = [np.atleast_1d(prediction), np.atleast_1d(truth)]
    if mask is not None:
        check_shapes(mask.shape, "the mask", truth.shape, names[1])
        arrays.append(np.atleast_1d(mask))
    if workers > 1 and truth.size > PIECE:
        with ThreadPoolExecutor(workers) as pool:
            # four slabs per worker: segments are not spread evenly, and the slowest slab decides
            parts = list(pool.map(lambda slab: _count(slab, engine), _slabs(arrays, 4 * workers)))
        table = ContingencyTable(*parts[0]).merge(*(ContingencyTable(*part) for part in parts[1:]))
    else:
        table = ContingencyTable(*_count(arrays, engine))
    refuse_negative(table.prediction, prediction.dtype, names[0])
    refuse_negative(table.truth, truth.dtype, names[1])
    return table
