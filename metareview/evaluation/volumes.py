"""Volumes wherever they are: arrays, TIFF, HDF5, zarr (v2 and v3), NumPy files; read a region at a time.

A path names a file and, after a colon, a data set inside it, and may end in slices:
``labels.h5:volumes/labels/neuron_ids[0:100,:,:]``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from metareview.errors import InputError
from metareview.evaluation.readers import READERS, ArrayReader, Reader

__all__ = ["Region", "Volume", "as_volume", "open_volume"]

Region = tuple[slice, ...]
SPEC = re.compile(
    r"^(?P<path>.+?\.(?P<kind>h5|hdf5?|zarr|tiff?|npy))(?:[:/](?P<dataset>[^\[\]]+))?(?:\[(?P<slices>[^\[\]]*)\])?/?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A volume that is read a region at a time; it can be sent to another process when it comes from a file.

    Attributes
    ----------
    name : what messages call it.
    shape, dtype, chunks : of the region in use; `chunks` is what is cheap to read at once.
    reader : reads a region of the stored volume.
    start : where the region in use begins in the stored volume.
    threshold : where set, voxels become 1 above it and 0 elsewhere.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    reader: Reader
    start: tuple[int, ...] = ()
    threshold: float | None = None

    @property
    def path(self) -> Path | None:
        """The file or folder, or None for an array in memory."""
        return self.reader.path

    @property
    def label_dtype(self) -> np.dtype[Any]:
        """The type that `read` returns."""
        return np.dtype(np.uint8) if self.threshold is not None else self.dtype

    def read(self, region: Region | None = None) -> np.ndarray:
        """Return the voxels of a region, all of them when left out.

        Raises
        ------
        InputError
            If a threshold is set and the region holds NaN.
        """
        region = region or tuple(slice(0, size) for size in self.shape)
        start = self.start or (0,) * len(self.shape)
        stored = tuple(slice(part.start + low, part.stop + low) for part, low in zip(region, start, strict=True))
        values = self.reader.read(stored)
        if self.threshold is None:
            return values
        if values.dtype.kind == "f" and np.isnan(values).any():
            raise InputError(
                f"{self.name} holds NaN; a threshold needs a number in every voxel; fill them in, or leave them out by "
                "slicing"
            )
        return (values > self.threshold).view(np.uint8)

    def crop(self, slices: Sequence[slice]) -> Volume:
        """Return the volume restricted to a region.

        Raises
        ------
        InputError
            If there are more slices than dimensions, a step, an empty region, or one that reaches beyond the volume.
        """
        if len(slices) > len(self.shape):
            raise InputError(f"{self.name} has {len(self.shape)} dimensions and {len(slices)} slices were given")
        full = [*slices, *(slice(None) for _ in range(len(self.shape) - len(slices)))]
        for axis, (part, size) in enumerate(zip(full, self.shape, strict=True)):
            if any(end is not None and not -size <= end <= size for end in (part.start, part.stop)):
                said = ":".join("" if end is None else str(end) for end in (part.start, part.stop))
                raise InputError(
                    f"{self.name}: slice {axis} ({said}) reaches beyond the {size} voxels of its axis; a slice lies "
                    f"within the volume; give start:stop up to {size}, or : for all"
                )
        ranges = [part.indices(size) for part, size in zip(full, self.shape, strict=True)]
        for axis, (low, high, step) in enumerate(ranges):
            if step != 1 or high <= low:
                raise InputError(
                    f"{self.name}: slice {axis} ({full[axis].start}:{full[axis].stop}) of {self.shape[axis]} "
                    "is empty or has a step; give start:stop within the volume"
                )
        shape = tuple(high - low for low, high, _ in ranges)
        start = self.start or (0,) * len(self.shape)
        return replace(
            self,
            shape=shape,
            start=tuple(a + low for a, (low, _, _) in zip(start, ranges, strict=True)),
            chunks=tuple(min(a, b) for a, b in zip(self.chunks, shape, strict=True)),
        )

    def binarised(self, threshold: float) -> Volume:
        """Return the mask of voxels above a threshold."""
        return replace(self, threshold=float(threshold))


def parse_slices(text: str, name: str) -> list[slice]:
    """Read ``0:100,:,5:``; a single number keeps its axis, with one voxel.

    Raises
    ------
    InputError
        If a part is no slice.
    """
    parts = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(-?\d*)\s*(:?)\s*(-?\d*)\s*", part)
        if found is None or (not found[2] and not found[1]):
            raise InputError(f"{name}: {part.strip()!r} is no slice; write start:stop for each axis, such as 0:100,:,:")
        low = int(found[1]) if found[1] else None
        high = int(found[3]) if found[3] else None
        if not found[2] and low is not None:
            high = low + 1 if low != -1 else None
        parts.append(slice(low, high))
    return parts


def open_volume(spec: str | Path) -> Volume:
    """Open a volume named by path, data set and slices, without reading its voxels.

    Raises
    ------
    InputError
        If the file or the data set is missing, or the kind of file is not known.
    MissingExtra
        If the package that reads this kind of file is not installed.
    """
    text = str(spec)
    found = SPEC.match(text)
    if found is None:
        raise InputError(
            f"{text} is no kind of volume that is read here; known are .tif, .h5, .zarr and .npy; "
            "a data set follows after a colon: labels.h5:volumes/labels"
        )
    path = Path(found["path"])
    if not path.exists():
        raise InputError(f"{path} does not exist; check the path, and write a data set inside it after a colon")
    reader = READERS[found["kind"].lower()](path, found["dataset"])
    volume = Volume(reader.name, reader.shape, reader.dtype, reader.chunks, reader)
    return volume.crop(parse_slices(found["slices"], text)) if found["slices"] else volume


def as_volume(thing: Any, name: str) -> Volume:
    """Return a volume for a path, an array, or anything with shape, dtype and slicing (h5py, zarr).

    Raises
    ------
    InputError
        If it is none of these.
    """
    if isinstance(thing, Volume):
        return thing
    if isinstance(thing, str | Path):
        return open_volume(thing)
    if not all(hasattr(thing, part) for part in ("shape", "dtype", "__getitem__")):
        raise InputError(f"{name} is a {type(thing).__name__}; a volume is an array, a path or a data set")
    reader = ArrayReader(thing, name)
    return Volume(name, reader.shape, reader.dtype, reader.chunks, reader)
