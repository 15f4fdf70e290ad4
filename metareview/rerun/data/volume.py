"""One volume as training and scoring need it: image, labels, voxel size, and where each byte came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

import numpy as np

from metareview.errors import InputError

__all__ = ["Box", "Structure", "Volume", "array_hash", "box_shape", "box_slices", "check_spacing"]

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""A region: (start, stop) on z, y and x."""

Structure = Literal["membranes", "neurons", "mitochondria", "nuclei"]
"""What the labels delineate. `membranes`: cells of single sections, background 0 is membrane."""


def box_slices(box: Box) -> tuple[slice, slice, slice]:
    """Return a box as slices.

    >>> box_slices(((0, 2), (0, 5), (3, 5)))
    (slice(0, 2, None), slice(0, 5, None), slice(3, 5, None))
    """
    (z0, z1), (y0, y1), (x0, x1) = box
    return slice(z0, z1), slice(y0, y1), slice(x0, x1)


def box_shape(box: Box) -> tuple[int, int, int]:
    """Return the shape of a box.

    >>> box_shape(((0, 2), (0, 5), (3, 5)))
    (2, 5, 2)
    """
    (z0, z1), (y0, y1), (x0, x1) = box
    return z1 - z0, y1 - y0, x1 - x0


def array_hash(array: np.ndarray) -> str:
    """Return the sha256 of shape, type and values: the same for the same pixels in any file format."""
    values = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    digest = sha256(f"{values.shape} {values.dtype.str}\n".encode())
    digest.update(values.data)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A volume in memory; the arrays are read-only.

    Attributes
    ----------
    name : of the data set, with its sample: ``cremi-A``.
    image : (z, y, x), uint8 or float32; larger is brighter.
    labels : (z, y, x) uint64, 0 is background; None where none are public.
    voxel_nm : size of a voxel on z, y, x.
    structure : what the labels delineate.
    sha256 : file or array -> hash.
    licence : the terms as far as known.
    parts : named regions that are given apart (published training and test volumes); they are never neighbours.
    mask : (z, y, x) bool, False where nobody labelled; None when all of it is labelled.
    extra : further label volumes of the same shape, such as ``mitochondria``.
    notes : what a reader must know before using the numbers.
    """

    name: str
    image: np.ndarray
    labels: np.ndarray | None
    voxel_nm: tuple[float, float, float]
    structure: Structure
    sha256: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    parts: Mapping[str, Box] = field(default_factory=dict)
    mask: np.ndarray | None = None
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_image(self.name, self.image)
        if np.shape(self.voxel_nm) != (3,) or not all(np.isfinite(size) and size > 0 for size in self.voxel_nm):
            raise InputError(f"{self.name}: voxel size {self.voxel_nm}; give three positive numbers in nm: z, y, x")
        others = {"labels": self.labels, "mask": self.mask, **self.extra}
        for name, array in others.items():
            if array is not None and array.shape != self.image.shape:
                raise InputError(
                    f"{self.name}: the image is {_by(self.image.shape)} and {name} {_by(array.shape)} voxels; "
                    "they must be the same region; check that the files belong together"
                )
        if self.labels is not None and self.labels.dtype != np.uint64:
            raise InputError(f"{self.name}: labels are {self.labels.dtype}; they must be uint64")
        for name, box in self.parts.items():
            check_box(box, self.image.shape, f"{self.name}: part {name}")
        frozen = {name: _frozen(array) for name, array in self.extra.items()}
        object.__setattr__(self, "extra", frozen)
        for name in ("image", "labels", "mask"):
            array = getattr(self, name)
            object.__setattr__(self, name, None if array is None else _frozen(array))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the image: z, y, x."""
        z, y, x = self.image.shape
        return z, y, x

    @property
    def anisotropy(self) -> float:
        """Section thickness over the larger in-plane voxel size."""
        return self.voxel_nm[0] / max(self.voxel_nm[1:])

    def describe(self) -> dict[str, Any]:
        """Return what a run record keeps of the data; everything but the voxels."""
        labels = self.labels
        return {
            "name": self.name, "shape": list(self.shape), "voxel_nm": list(self.voxel_nm),
            "structure": self.structure, "dtype": str(self.image.dtype), "sha256": dict(self.sha256),
            "licence": self.licence, "parts": {name: [list(side) for side in box] for name, box in self.parts.items()},
            "labelled": None if self.mask is None else float(self.mask.mean()),
            "background": None if labels is None else float((labels == 0).mean()),
            "notes": list(self.notes),
        }  # fmt: skip


def check_spacing(name: str, found: tuple[float, ...], expected: tuple[float, ...], where: str) -> None:
    """Refuse a voxel size that is not the expected one (5 per mille of tolerance).

    Raises
    ------
    InputError
        If the sizes differ; a permutation of the right one is called what it is.
    """
    if len(found) == len(expected) and np.allclose(found, expected, rtol=5e-3, atol=0):
        return
    listed = " x ".join(f"{size:g}" for size in found)
    wanted = " x ".join(f"{size:g}" for size in expected)
    swapped = np.allclose(sorted(found), sorted(expected), rtol=5e-3) if len(found) == len(expected) else False
    remedy = (
        "the axes are in another order (here always z, y, x)" if swapped else "is this another data set, or resampled?"
    )
    raise InputError(f"{name}: {where} says voxels of {listed} nm, expected {wanted} nm (z, y, x); {remedy}")


def check_box(box: Box, shape: tuple[int, ...], name: str) -> None:
    """Refuse a box that is empty or reaches out of the volume.

    Raises
    ------
    InputError
        Naming the box and the shape.
    """
    if not all(0 <= low < high <= size for (low, high), size in zip(box, shape, strict=True)):
        raise InputError(f"{name}: the box {box} is empty or outside the volume of {_by(shape)} voxels (z, y, x)")


def _check_image(name: str, image: np.ndarray) -> None:
    if image.ndim != 3 or image.size == 0:
        raise InputError(f"{name}: the image has shape {image.shape}; it must have three axes: z, y, x")
    if image.dtype not in (np.uint8, np.float32):
        raise InputError(f"{name}: the image is {image.dtype}; it must be uint8 or float32")
    if image.dtype == np.float32 and not np.isfinite(image).all():
        raise InputError(f"{name}: the image holds NaN or infinity; fill those voxels before use")


def _frozen(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)
