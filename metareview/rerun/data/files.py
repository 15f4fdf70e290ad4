"""Finding and reading the files of a data set: in numeric order, without gaps, each with its hash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from metareview.errors import InputError
from metareview.evaluation.inputs import file_hash
from metareview.evaluation.volumes import open_volume
from metareview.rerun.data.volume import array_hash, check_spacing

__all__ = ["Files", "numbered", "to_image", "to_labels"]

PLANES = (".png", ".tif", ".tiff")


def numbered(folder: Path, suffixes: Iterable[str] = PLANES) -> list[Path]:
    """Return the section files of a folder in the order of their number (2 before 10), without gaps.

    The number is the last group of digits of the name: ``iso.02600.png`` is 2600. Sorting by name would scramble
    sections as soon as numbers are not padded with zeros.

    Raises
    ------
    InputError
        If there is none, a number is missing or occurs twice, or a name has no number.
    """
    files = [
        path for path in folder.iterdir() if path.suffix.lower() in set(suffixes) and not path.name.startswith(".")
    ]
    if not files:
        raise InputError(f"{folder} holds no sections ({', '.join(suffixes)})")
    places: dict[int, Path] = {}
    for path in files:
        digits = re.findall(r"\d+", path.stem)
        if not digits:
            raise InputError(f"{path} has no number; the sections of {folder.name} are numbered files")
        number = int(digits[-1])
        if number in places:
            raise InputError(f"{path} and {places[number].name} are both section {number}; leave one of them out")
        places[number] = path
    missing = sorted(set(range(min(places), max(places) + 1)) - set(places))
    if missing:
        listed = ", ".join(map(str, missing[:8])) + (" …" if len(missing) > 8 else "")
        raise InputError(
            f"{folder}: section {listed} is missing between {min(places)} and {max(places)}; fetch it again"
        )
    return [places[number] for number in sorted(places)]


class Files:
    """The files of one data set in the folder a user names; remembers the hash of each file it reads."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.sha256: dict[str, str] = {}
        self.shapes: dict[Path, tuple[int, ...]] = {}
        if not folder.is_dir():
            raise InputError(f"{name}: {folder} is no folder; name the folder that holds the data set")

    def find(self, *names: str) -> Path:
        """Return the first file or folder that exists; a name may hold ``*`` (one match) and reach into folders.

        Raises
        ------
        InputError
            Listing what was looked for and what is there.
        """
        found = self.look(*names)
        if found is not None:
            return found
        there = ", ".join(sorted(path.name for path in self.folder.iterdir())[:8]) or "nothing"
        raise InputError(f"{self.name}: {self.folder} has none of {', '.join(names)}; it has {there}")

    def look(self, *names: str) -> Path | None:
        """Return the first file or folder that exists, or None."""
        for name in names:
            if (self.folder / name).exists():  # also an absolute path, and names that hold brackets
                return self.folder / name
            matches = [] if Path(name).is_absolute() else sorted(self.folder.glob(name))
            if len(matches) > 1:
                listed = ", ".join(match.name for match in matches[:4])
                raise InputError(f"{self.name}: {name} fits {listed}; keep one of them in {self.folder}")
            if matches:
                return matches[0]
        return None

    def read(self, path: Path, dataset: str | None = None, region: tuple[slice, ...] | None = None) -> np.ndarray:
        """Return a stack: a TIFF, HDF5, zarr or NumPy file, or a folder of numbered sections; hashed."""
        if path.is_dir() and path.suffix != ".zarr":
            return self.read_planes(path, region)
        self.sha256.setdefault(self._key(path), file_hash(path))
        volume = open_volume(f"{path}:{dataset}" if dataset else path)
        self.shapes[path / (dataset or "")] = volume.shape
        return volume.crop(region).read() if region else volume.read()

    def read_planes(self, folder: Path, region: tuple[slice, ...] | None = None, start: int = 0) -> np.ndarray:
        """Return the numbered sections of a folder as a stack; `region` may leave sections unread."""
        files = numbered(folder)
        z, *plane = region or (slice(None),)
        sections = [read_plane(path) for path in files[z]]
        self.shapes[folder] = (len(files), *(sections[0].shape[:2] if sections else ()))
        stack = [section[tuple(plane)] for section in sections]
        sizes = {section.shape for section in stack}
        if len(sizes) != 1:
            raise InputError(f"{folder}: sections differ in size: {', '.join(str(size) for size in sorted(sizes))}")
        self.sha256[self._key(folder)] = file_hash(folder)
        return np.stack(stack)

    def agree(self, image: Path, other: Path, role: str = "labels") -> None:
        """Refuse labels or a mask of another shape than the image: a region of both would show two places.

        Raises
        ------
        InputError
            If the stored shapes differ.
        """
        shapes = [self.shapes[path][:3] for path in (image, other)]
        if shapes[0] != shapes[1]:
            sizes = [" x ".join(map(str, shape)) for shape in shapes]
            raise InputError(
                f"{self.name}: image is {sizes[0]} and {role} {sizes[1]} voxels; they must be the same, also where "
                "only a region of them is read"
            )

    def _key(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else path.as_posix()

    def verify(self, known: Mapping[str, str], arrays: Mapping[str, np.ndarray], check: bool) -> tuple[str, ...]:
        """Compare arrays with known hashes; return notes, or refuse.

        Raises
        ------
        InputError
            If an array is not the known one and `check` is set.
        """
        notes = []
        for role, array in arrays.items():
            digest = array_hash(array)
            self.sha256[role] = digest
            if role in known and digest != known[role]:
                text = f"{self.name}: {role} has sha256 {digest[:16]}…, the published data {known[role][:16]}…"
                if check:
                    raise InputError(f"{text}; fetch the data again, or say verify=False to use other data knowingly")
                notes.append(f"{text}; used knowingly")
        unknown = [role for role in arrays if role not in known]
        if unknown:
            of = f" of {' and '.join(unknown)}" if known else ""
            notes.append(f"{self.name}: no published hash{of} is known; the hashes found are recorded")
        return tuple(notes)

    def attributes(self, path: Path, dataset: str) -> dict[str, Any]:
        """Return the attributes of a data set in an HDF5 file or a zarr store, of its parents where it has none."""
        from metareview.evaluation.readers import extra

        if path.suffix == ".zarr":
            node = extra("zarr").open(str(path), mode="r")
            return {**dict(node.attrs), **(dict(node[dataset].attrs) if dataset else {})}
        with extra("h5py").File(path, "r") as stored:
            node = stored[dataset] if dataset else stored
            return {**dict(stored.attrs), **dict(node.attrs)}

    def check_attribute(self, path: Path, dataset: str, voxel_nm: tuple[float, ...]) -> None:
        """Refuse a data set whose attribute ``resolution`` is not the documented voxel size."""
        stated = self.attributes(path, dataset).get("resolution")
        if stated is not None:
            found = tuple(float(size) for size in np.ravel(stated))
            check_spacing(self.name, found, voxel_nm, f"{path.name}:{dataset}")


def read_plane(path: Path) -> np.ndarray:
    """Return one section; colour pictures stay (y, x, channel)."""
    if path.suffix.lower() in (".tif", ".tiff"):
        volume = open_volume(path)
        return volume.read()
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB") if picture.mode in ("P", "RGBA") else picture)
    except OSError as error:
        raise InputError(f"{path} is no picture that can be read ({error})") from error


def to_image(array: np.ndarray, name: str) -> np.ndarray:
    """Return grey levels as uint8, or float32 where they are no bytes; a colour picture must be grey.

    Raises
    ------
    InputError
        If channels differ, or the type is neither integer nor float.
    """
    if array.ndim == 4 and array.shape[-1] in (3, 4):
        if not (array[..., :1] == array[..., :3]).all():
            raise InputError(f"{name}: a colour picture; electron micrographs are grey, convert it first")
        array = array[..., 0]
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iuf":
        raise InputError(f"{name}: grey levels are {array.dtype}; they must be numbers")
    return array.astype(np.float32)


def to_labels(array: np.ndarray, name: str) -> np.ndarray:
    """Return labels as uint64; float labels must be whole, negative ones are refused.

    Raises
    ------
    InputError
        If a label is negative or no whole number.
    """
    if array.dtype.kind == "f" and not (array == np.rint(array)).all():
        raise InputError(f"{name}: labels are {array.dtype} with fractions; a label is a whole number")
    if array.dtype.kind in "if" and array.size and array.min() < 0:
        raise InputError(f"{name}: labels are negative; a label is 0 (background) or above")
    if array.dtype.kind not in "iufb":
        raise InputError(f"{name}: labels are {array.dtype}; they must be whole numbers")
    return array.astype(np.uint64)
