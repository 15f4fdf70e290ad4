"""What is known about a data set before it is read, and what every loader gets and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from metareview.errors import InputError
from metareview.evaluation.volumes import parse_slices
from metareview.rerun.data.files import Files
from metareview.rerun.data.volume import Structure, Volume, array_hash

__all__ = ["DatasetSpec", "Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a loader is asked for.

    Attributes
    ----------
    files : the folder, and the hashes of what is read from it.
    verify : refuse data that is not the published one (hash, shape); otherwise a note says so.
    region : part of the volume that is read, as slices.
    options : of this data set, such as ``sample``.
    spec : of the data set.
    """

    files: Files
    verify: bool
    region: tuple[slice, ...] | None
    options: Mapping[str, Any]
    spec: DatasetSpec

    def volume(self, image: np.ndarray, labels: np.ndarray | None, **more: Any) -> Volume:
        """Return the volume after checking hash and shape against what is documented."""
        notes = tuple(more.pop("notes", ()))
        name = more.pop("name", self.spec.name)
        arrays = {"image": image} if labels is None else {"image": image, "labels": labels}
        if self.region is None:
            notes += self._shape(image.shape, name)
            notes += self.files.verify(self.spec.known, arrays, self.verify)
        else:
            notes += (f"{name}: a part of the volume, not compared with published hashes",)
        hashes = dict(self.files.sha256)
        if more.get("mask") is not None:  # made by the reader as often as it is a file
            hashes["mask"] = array_hash(np.asarray(more["mask"], bool))
        return Volume(
            name=name, image=image, labels=labels, voxel_nm=more.pop("voxel_nm", self.spec.voxel_nm),
            structure=more.pop("structure", self.spec.structure), sha256=hashes,
            licence=more.pop("licence", self.spec.licence), notes=notes, **more,
        )  # fmt: skip

    def _shape(self, shape: tuple[int, ...], name: str) -> tuple[str, ...]:
        documented = self.spec.shape
        if documented is None or shape == documented:
            return ()
        found, wanted = (" x ".join(map(str, sizes)) for sizes in (shape, documented))
        text = f"{name}: the volume is {found} voxels, documented are {wanted} (z, y, x)"
        if self.verify:
            raise InputError(f"{text}; fetch the data again, or say verify=False to use other data knowingly")
        return (f"{text}; used knowingly",)


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """One data set.

    Attributes
    ----------
    name, title : the registry name; the name in print.
    dataset_id : the id in the reviews' ``datasets.csv``.
    structure : what the labels delineate.
    voxel_nm, shape : documented voxel size and shape (z, y, x); None where they differ by sample.
    source : paper or page, with its identifier.
    licence : terms as far as they were found; the data never ships with this package.
    layout : the files expected in the folder, in words.
    read : the loader.
    options : option -> what it means.
    known : role (``image``, ``labels``) -> sha256 of the pixels (`array_hash`).
    folder : False where nothing is read.
    sized : the shape from checked options, where they decide it.
    """

    name: str
    title: str
    structure: Structure
    voxel_nm: tuple[float, float, float]
    shape: tuple[int, int, int] | None
    source: str
    licence: str
    layout: str
    read: Callable[[Request], Volume]
    dataset_id: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    folder: bool = True
    sized: Callable[[Mapping[str, Any]], tuple[int, int, int]] | None = None

    def request(self, folder: Path, verify: bool, options: Mapping[str, Any]) -> Request:
        """Return the checked request.

        Raises
        ------
        InputError
            If an option is unknown or the folder is missing.
        """
        return Request(Files(self.name, folder), verify, self._region(options), options, self)

    def planned_shape(self, options: Mapping[str, Any]) -> tuple[int, int, int] | None:
        """Return the shape (z, y, x) that will be read, as far as it is known before anything is.

        Raises
        ------
        InputError
            If an option is unknown or out of range.
        """
        region = self._region(options)
        if self.sized is not None:
            return self.sized(options)
        if self.shape is None or region is None:
            return self.shape
        z, y, x = (len(range(size)[part]) for size, part in zip(self.shape, region, strict=True))
        return z, y, x

    def _region(self, options: Mapping[str, Any]) -> tuple[slice, ...] | None:
        """Return the part that is read, after checking the names of the options."""
        unknown = sorted(set(options) - set(self.options))
        if unknown:
            listed = "; ".join(f"{name}: {text}" for name, text in self.options.items()) or "none"
            raise InputError(f"data set {self.name} has no option {', '.join(unknown)}; options: {listed}")
        region: Any = options.get("region")
        if not isinstance(region, str):
            return None if region is None else tuple(region)
        parts = tuple(parse_slices(region, "region"))
        if len(parts) > 3:
            raise InputError(f"region: {region!r} has {len(parts)} slices; a volume has three axes, z, y, x")
        return parts + (slice(None),) * (3 - len(parts))
