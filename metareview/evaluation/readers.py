"""One reader per kind of file. A reader holds a path, not an open file, so that it can go to another process."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from zipfile import BadZipFile

import numpy as np

from metareview.errors import InputError, MissingExtra

__all__ = ["READERS", "ArrayReader", "HdfReader", "NpyReader", "Reader", "TiffReader", "ZarrReader", "read_npz"]


class Reader(Protocol):
    """What reads the regions of one stored volume."""

    @property
    def name(self) -> str:
        """What messages call the volume."""

    @property
    def path(self) -> Path | None:
        """The file or folder; None in memory."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the stored volume."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored volume."""

    @property
    def chunks(self) -> tuple[int, ...]:
        """What is cheap to read at once."""

    def read(self, region: tuple[slice, ...]) -> np.ndarray:
        """Return the voxels of a region, with start and stop given for every axis."""


def extra(module: str) -> Any:
    """Import a package of the extra `volumes`.

    Raises
    ------
    MissingExtra
        If it is not installed.
    """
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError:
        raise MissingExtra(module, "volumes") from None


def read_npz(path: str | Path, names: tuple[str, ...], what: str) -> list[np.ndarray]:
    """Read arrays of an ``.npz`` file.

    Raises
    ------
    InputError
        If the file is missing, damaged, or lacks one of the arrays.
    """
    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return [archive[name] for name in names]
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; {what} is an .npz file; check the path") from None
    except (OSError, KeyError, ValueError, EOFError, AttributeError, TypeError, BadZipFile, zlib.error) as error:
        raise InputError(f"{path} is not {what}, an .npz file with {', '.join(names)} ({error})") from error


def whole(shape: tuple[int, ...], most: int = 1 << 21) -> tuple[int, ...]:
    """Return chunks of at most `most` voxels for a volume that has none: as many whole last axes as fit."""
    chunks = list(shape)
    for axis in range(len(shape)):
        rest = int(np.prod(chunks[axis + 1 :], dtype=np.int64))
        chunks[axis] = max(1, min(shape[axis], most // max(rest, 1)))
        if chunks[axis] > 1:
            break
    return tuple(chunks)


@dataclass(slots=True)
class ArrayReader:
    """An array in memory, or any object that slices like one (an open h5py data set, a zarr array)."""

    array: Any
    name: str
    path: Path | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(int(size) for size in self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the array."""
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        """Stored chunks, or slabs of the array."""
        stored = getattr(self.array, "shards", None) or getattr(self.array, "chunks", None)
        return tuple(stored) if stored and isinstance(stored[0], int) else whole(self.shape)

    def read(self, region: tuple[slice, ...]) -> np.ndarray:
        """Return the voxels of a region."""
        return np.asarray(self.array[region])


@dataclass(slots=True)
class _FileReader:
    """Common to the readers of files: path, data set, and the facts found when it is opened."""

    path: Path
    dataset: str | None = None
    name: str = field(init=False)
    shape: tuple[int, ...] = field(init=False)
    dtype: np.dtype[Any] = field(init=False)
    chunks: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        with self._opened() as stored:
            self.name = f"{self.path}:{self.dataset}" if self.dataset else str(self.path)
            self.shape = tuple(int(size) for size in stored.shape)
            self.dtype = np.dtype(stored.dtype)
            chunks = getattr(stored, "shards", None) or getattr(stored, "chunks", None)
            self.chunks = tuple(chunks) if chunks else whole(self.shape)

    def _opened(self) -> AbstractContextManager[Any]:
        raise InputError(f"{self.path} cannot be opened")

    def read(self, region: tuple[slice, ...]) -> np.ndarray:
        """Return the voxels of a region."""
        with self._opened() as stored:
            return np.asarray(stored[region])


def _pick(path: Path, asked: str | None, names: list[str]) -> str:
    """Return the data set asked for, or the only one there is."""
    if asked is not None:
        if asked.strip("/") in names:
            return asked.strip("/")
        raise InputError(f"{path} has no data set {asked!r}; it has {', '.join(names) or 'none'}; name one of those")
    if len(names) == 1:
        return names[0]
    raise InputError(f"{path} holds {len(names)} data sets ({', '.join(names[:8]) or 'none'}); name one after a colon")


@dataclass(slots=True)
class HdfReader(_FileReader):
    """A data set of an HDF5 file."""

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        h5py = extra("h5py")
        try:
            stored = h5py.File(self.path, "r")
        except OSError as error:
            raise InputError(f"{self.path} is not an HDF5 file that can be read ({error})") from error
        with stored:
            if self.dataset is None or self.dataset not in stored or not isinstance(stored[self.dataset], h5py.Dataset):
                names: list[str] = []
                stored.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
                self.dataset = _pick(self.path, self.dataset, sorted(names))
            yield stored[self.dataset]


@dataclass(slots=True)
class ZarrReader(_FileReader):
    """An array of a zarr store, format 2 or 3; sharded arrays are read by whole shards."""

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        zarr = extra("zarr")
        try:
            stored = zarr.open(str(self.path), mode="r")
        except Exception as error:
            raise InputError(f"{self.path} is not a zarr store that can be read ({error})") from error
        if hasattr(stored, "dtype"):
            if self.dataset is not None:
                raise InputError(f"{self.path} is a single array; leave out {self.dataset!r} after the colon")
            yield stored
            return
        if self.dataset is None or self.dataset not in stored or not hasattr(stored[self.dataset], "dtype"):
            self.dataset = _pick(self.path, self.dataset, sorted(self._arrays(stored)))
        yield stored[self.dataset]

    @staticmethod
    def _arrays(group: Any) -> Iterator[str]:
        for name, item in group.members(max_depth=None):
            if hasattr(item, "dtype"):
                yield name


@dataclass(slots=True)
class NpyReader(_FileReader):
    """A NumPy file, mapped into memory."""

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        if self.dataset is not None:
            raise InputError(f"{self.path} is a single array; leave out {self.dataset!r} after the colon")
        try:
            yield np.load(self.path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.path} is not a NumPy array that can be read ({error})") from error


@dataclass(slots=True)
class TiffReader(_FileReader):
    """The first series of a TIFF file: mapped where it is stored in one piece, page by page otherwise."""

    def __post_init__(self) -> None:
        if self.dataset is not None:
            raise InputError(f"{self.path} is a TIFF file; leave out {self.dataset!r} after the colon")
        with self._opened() as series:
            self.name, self.shape, self.dtype = str(self.path), tuple(series.shape), np.dtype(series.dtype)
            pages = len(series.pages)
            paged = series.dataoffset is None and pages > 1 and pages == series.shape[0]
            per_page = int(np.prod(self.shape[1:], dtype=np.int64))
            rows = max(1, (1 << 21) // max(per_page, 1))
            self.chunks = (min(rows, pages), *self.shape[1:]) if paged else whole(self.shape)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        tifffile = extra("tifffile")
        try:
            stored = tifffile.TiffFile(self.path)
        except (OSError, ValueError, tifffile.TiffFileError) as error:
            raise InputError(f"{self.path} is not a TIFF file that can be read ({error})") from error
        with stored:
            yield stored.series[0]

    def read(self, region: tuple[slice, ...]) -> np.ndarray:
        """Return the voxels of a region."""
        with self._opened() as series:
            try:
                return self._decoded(series, region)
            except (ValueError, ImportError) as error:  # a codec that is not there, or damaged data
                raise InputError(
                    f"{self.path} cannot be decoded ({error}); install imagecodecs, or save it with zlib"
                ) from error

    def _decoded(self, series: Any, region: tuple[slice, ...]) -> np.ndarray:
        if series.dataoffset is not None:
            order = series.keyframe.parent.byteorder
            stored = np.memmap(self.path, self.dtype.newbyteorder(order), "r", series.dataoffset, self.shape)
            return np.array(stored[region])
        if len(series.pages) > 1 and len(series.pages) == self.shape[0]:
            pages = [series.pages[place].asarray() for place in range(region[0].start, region[0].stop)]
            return np.stack([page.reshape(self.shape[1:])[region[1:]] for page in pages])
        return np.asarray(series.asarray()[region])


READERS: dict[str, Callable[[Path, str | None], Reader]] = {
    "h5": HdfReader, "hdf": HdfReader, "hdf5": HdfReader, "zarr": ZarrReader,
    "tif": TiffReader, "tiff": TiffReader, "npy": NpyReader,
}  # fmt: skip
