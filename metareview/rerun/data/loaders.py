"""One function per data set: from the files as they are published to a `Volume`.

Layouts are those of the publishers' archives; docs/rerun-add-a-data-set.md says how to add one. Axes are z, y, x
everywhere; labels become uint64 with 0 for background; what nobody labelled leaves the mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from metareview.errors import InputError, UnknownName
from metareview.rerun.data.files import numbered, to_image, to_labels
from metareview.rerun.data.spec import Request
from metareview.rerun.data.tiff_spacing import check_tiff_spacing
from metareview.rerun.data.volume import Box, Volume, check_spacing

__all__ = [
    "cells_of_sections",
    "cremi",
    "fib25",
    "isbi2012",
    "mitoem",
    "nucmm",
    "pair",
    "phantom",
    "phantom_shape",
    "published_parts",
    "snemi3d",
]

#: ids of CREMI from here on mean "not labelled" (the largest two values of 64 bits)
UNLABELLED = np.uint64(0xFFFFFFFFFFFFFFFE)


def isbi2012(request: Request) -> Volume:
    """ISBI-2012: stacks, or the folders of sections many repositories carry; labels 0 (membrane) and 255 (cell)."""
    files = request.files
    image = files.find("train-volume.tif", "train/image", "image", "imgs", "data/membrane/train/image")
    labels = files.find("train-labels.tif", "train/label", "label", "labels", "data/membrane/train/label")
    cells, grey = (files.read(path, region=request.region) for path in (labels, image))
    files.agree(image, labels)
    return request.volume(
        to_image(grey, "isbi2012"),
        cells_of_sections(cells > 127),
        notes=("labels: 4-connected cells of each section, numbered through the stack; 0 is membrane",),
    )


def cells_of_sections(inside: np.ndarray) -> np.ndarray:
    """Return 4-connected regions of each section of a mask (z, y, x), numbered through the stack; uint64."""
    from scipy.ndimage import label

    result = np.zeros(inside.shape, dtype=np.uint64)
    count = 0
    for z, section in enumerate(inside):
        found, number = label(section)
        result[z] = np.where(found > 0, found + count, 0)
        count += number
    return result


def cremi(request: Request) -> Volume:
    """CREMI: ``volumes/raw`` and ``volumes/labels/neuron_ids``; raw may be padded, labels then have an offset (nm)."""
    files, sample = request.files, str(request.options.get("sample", "A"))
    if sample not in ("A", "B", "C"):
        raise UnknownName("sample", sample, ("A", "B", "C"))
    path = files.find(f"sample_{sample}_20160501.hdf", f"sample_{sample}_padded_*.hdf", f"sample_{sample}*.h*")
    raw_name, label_name = "volumes/raw", "volumes/labels/neuron_ids"
    for dataset in (raw_name, label_name):
        files.check_attribute(path, dataset, request.spec.voxel_nm)
    offsets = [np.ravel(files.attributes(path, name).get("offset", (0, 0, 0))) for name in (label_name, raw_name)]
    steps = (offsets[0] - offsets[1]) / np.asarray(request.spec.voxel_nm)
    start = np.rint(steps).astype(int)
    if (start < 0).any() or not np.allclose(steps, start, atol=1e-3):
        raise InputError(f"cremi: labels begin {offsets[0] - offsets[1]} nm from the image; that is no place in it")
    labels = files.read(path, label_name, request.region)
    region, whole = request.region or (slice(None),) * 3, files.shapes[path / label_name]
    first = [int(low) + part.indices(size)[0] for low, part, size in zip(start, region, whole, strict=True)]
    window = tuple(slice(low, low + size) for low, size in zip(first, labels.shape, strict=True))
    image = to_image(files.read(path, raw_name, window), "cremi")
    labelled = labels < UNLABELLED
    notes = (
        () if not start.any() else (f"context of the padded image left out: labels begin at voxel {start.tolist()}",)
    )
    return request.volume(
        image, np.where(labelled, labels, 0).astype(np.uint64), name=f"cremi-{sample}",
        mask=None if labelled.all() else labelled, notes=notes,
    )  # fmt: skip


def snemi3d(request: Request) -> Volume:
    """SNEMI3D: ``train-input.tif`` and ``train-labels.tif``; the labels of the test volume are not public."""
    files = request.files
    image = files.find("train-input.tif", "train-input.tiff", "train_input.tif", "train-volume.tif")
    labels = files.find("train-labels.tif", "train-labels.tiff", "train_labels.tif")
    grey, ids = (files.read(path, region=request.region) for path in (image, labels))
    files.agree(image, labels)
    return request.volume(to_image(grey, "snemi3d"), to_labels(ids, "snemi3d"))


def published_parts(request: Request) -> Volume:
    """Lucchi, Lucchi++, Kasthuri++: a training and a test volume, stacked on z with their regions as parts.

    Volumes of another plane are padded with 0 at the far edges; the parts leave the padding out. In the label pictures
    of Kasthuri++ grey level 2 marks the area outside the tissue: it leaves the mask.
    """
    stacks: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    files = request.files
    for role, stems in {"train": ("Train", "training"), "test": ("Test", "testing")}.items():
        source = files.find(f"{stems[0]}_In", f"*/{stems[0]}_In", f"{stems[1]}.tif", f"{stems[1]}.tiff")
        target = files.find(f"{stems[0]}_Out", f"*/{stems[0]}_Out", f"{stems[1]}_groundtruth.tif*")
        pixels, marks = to_image(files.read(source), f"{request.spec.name} {role}"), files.read(target)
        marks = marks[..., :3].max(axis=-1) if marks.ndim == 4 else marks
        if pixels.shape != marks.shape:
            raise InputError(
                f"{request.spec.name}: the {role} image has shape {pixels.shape}, its labels {marks.shape} (z, y, x)"
            )
        stacks[role] = pixels, marks
    plane = tuple(max(pixels.shape[axis] for pixels, _ in stacks.values()) for axis in (1, 2))
    depth = sum(len(pixels) for pixels, _ in stacks.values())
    image, marks = np.zeros((depth, *plane), stacks["train"][0].dtype), np.zeros((depth, *plane), np.uint8)
    mask: np.ndarray = np.zeros(image.shape, dtype=bool)
    parts, z = dict[str, Box](), 0
    for role, (pixels, grey) in stacks.items():
        nz, ny, nx = pixels.shape
        place = slice(z, z + nz), slice(0, ny), slice(0, nx)
        image[place], marks[place] = pixels, grey
        mask[place] = (grey == 0) | (grey == 1) | (grey == 255)
        parts[role] = ((z, z + nz), (0, ny), (0, nx))
        z += nz
    return request.volume(
        image, ((marks == 255) | (marks == 1)).astype(np.uint64), parts=parts, mask=None if mask.all() else mask,
        notes=("labels are a mask of mitochondria (0, 1), not instances", "training and test volume stacked on z"),
    )  # fmt: skip


def mitoem(request: Request) -> Volume:
    """MitoEM: ``im/im0000.png`` and ``mito-train-v2/seg0000.tif`` (0-399), ``mito-val-v2`` (400-499)."""
    files, sample = request.files, str(request.options.get("sample", "R"))
    if sample not in ("R", "H"):
        raise UnknownName("sample", sample, ("R", "H"))
    folders = [f"MitoEM-{sample}", f"EM30-{sample}", ""]
    image = files.find(*(f"{folder}/im".lstrip("/") for folder in folders))
    halves = {
        role: files.find(*(f"{folder}/{name}".lstrip("/") for folder in folders for name in names))
        for role, names in {"train": ("mito-train-v2", "mito_train"), "test": ("mito-val-v2", "mito_val")}.items()
    }
    seams = [len(numbered(halves["train"])), len(numbered(halves["train"])) + len(numbered(halves["test"]))]
    z = range(seams[1])[(request.region or (slice(None),))[0]]
    plane = (request.region or (slice(None),) * 3)[1:]
    pixels = to_image(files.read_planes(image, (slice(z.start, z.stop), *plane)), "mitoem")
    spans = {"train": (z.start, min(z.stop, seams[0])), "test": (max(z.start, seams[0]), z.stop)}
    ids, parts = [], dict[str, Box]()
    for role, (low, high) in spans.items():
        if low < high:
            first = 0 if role == "train" else seams[0]
            ids.append(files.read_planes(halves[role], (slice(low - first, high - first), *plane)))
            parts[role] = ((low - z.start, high - z.start), (0, pixels.shape[1]), (0, pixels.shape[2]))
    return request.volume(
        pixels, to_labels(np.concatenate(ids), "mitoem"), name=f"mitoem-{sample}", parts=parts,
        notes=("the labels of the published test half are not public: the published validation sections are scored",),
    )  # fmt: skip


def nucmm(request: Request) -> Volume:
    """NucMM: crops ``Image/train/*.h5`` and ``Label/train/*.h5`` (data set ``main``), stacked on z, each one a part."""
    files, sample = request.files, str(request.options.get("sample", "Z"))
    if sample not in ("Z", "M"):
        raise UnknownName("sample", sample, ("Z", "M"))
    stated = {"Z": (480.0, 510.0, 510.0), "M": (2560.0, 2560.0, 2560.0)}[sample]
    images, ids, parts, z = [], [], dict[str, Box](), 0
    for role, folder in {"train": "train", "test": "val"}.items():
        base = files.find(f"*NucMM-{sample}*/Image/{folder}", f"Image/{folder}")
        twins = {_place(path): path for path in (base.parents[1] / "Label" / folder).glob("*.h5")}
        for path in sorted(base.glob("*.h5"), key=_place):
            if _place(path) not in twins:
                raise InputError(f"nucmm: {path.name} has no label crop in {base.parents[1] / 'Label' / folder}")
            images.append(to_image(files.read(path, "main"), path.name))
            ids.append(to_labels(files.read(twins[_place(path)], "main"), path.name))
            nz, ny, nx = images[-1].shape
            parts[f"{role}/{'_'.join(map(str, _place(path)))}"] = ((z, z + nz), (0, ny), (0, nx))
            z += nz
    if len({array.shape[1:] for array in (*images, *ids)}) != 1 or [a.shape for a in images] != [b.shape for b in ids]:
        raise InputError("nucmm: crops differ in shape, or an image from its labels; fetch the data again")
    return request.volume(
        np.concatenate(images), np.concatenate(ids), name=f"nucmm-{sample}", voxel_nm=stated, parts=parts,
        notes=("labels are numbered within each crop; test labels are not public: the validation crops are scored",),
    )  # fmt: skip


def _place(path: Path) -> tuple[int, ...]:
    """The numbers of a crop's name: its place in the whole."""
    import re

    return tuple(int(number) for number in re.findall(r"\d+", path.stem))


def fib25(request: Request) -> Volume:
    """FIB-25, NeuroProof's training_sample2: stacks, or sections with ``groundtruth.h5`` (stack and transforms)."""
    files = request.files
    image = files.find("raw_250.tif", "raw.tif", "grayscale_maps", "*/grayscale_maps")
    labels = files.find("gt_bodies_250.tif", "gt_bodies.tif", "groundtruth.h5", "*/groundtruth.h5")
    region = request.region
    if labels.suffix == ".h5":
        pieces = to_labels(files.read(labels, "stack", region), "fib25")
        table = to_labels(files.read(labels, "transforms"), "fib25")
        order = np.argsort(table[:, 0])
        at = np.searchsorted(table[order, 0], pieces)
        if (table[order[np.minimum(at, len(order) - 1)], 0] != pieces).any():
            raise InputError("fib25: groundtruth.h5 has a superpixel without a body in 'transforms'")
        bodies = table[order[at], 1]
    else:
        bodies = to_labels(files.read(labels, region=region), "fib25")
    grey = to_image(files.read(image, region=region), "fib25")
    files.agree(image, labels / "stack" if labels.suffix == ".h5" else labels)
    return request.volume(grey, bodies)


def pair(request: Request) -> Volume:
    """Any image with its labels: TIFF, ``file.h5:dataset``, ``store.zarr:array``, NumPy, or a folder of sections."""
    options = request.options
    if "image" not in options or "voxel_nm" not in options:
        raise InputError("data set pair: give image= (a file in the folder) and voxel_nm= (z, y, x)")
    voxel_nm = tuple(float(size) for size in options["voxel_nm"])
    arrays, places = {}, dict[str, Path]()
    for role in ("image", "labels", "mask"):
        if options.get(role):
            arrays[role], places[role] = _read_pair(request, str(options[role]), voxel_nm)
            request.files.agree(places["image"], places[role], role)
    if "labels" not in arrays and "mask" in arrays:
        raise InputError("data set pair: a mask without labels; give labels=")
    return request.volume(
        to_image(arrays["image"], "image"), to_labels(arrays["labels"], "labels") if "labels" in arrays else None,
        name=str(options.get("name", "pair")), voxel_nm=voxel_nm, structure=options.get("structure", "neurons"),
        licence=str(options.get("licence", "not stated")), mask=arrays["mask"] > 0 if "mask" in arrays else None,
    )  # fmt: skip


def _read_pair(request: Request, spec: str, voxel_nm: tuple[float, ...]) -> tuple[np.ndarray, Path]:
    """Return an array, and the place it was read from."""
    from metareview.evaluation.volumes import SPEC

    found = SPEC.match(spec)
    name, dataset = (found["path"], found["dataset"]) if found else (spec, None)
    path = request.files.find(name)
    if path.suffix.lower() in (".h5", ".hdf", ".hdf5", ".zarr"):
        stated = request.files.attributes(path, dataset or "").get("resolution")
        if stated is not None:
            check_spacing("pair", tuple(float(size) for size in np.ravel(stated)), voxel_nm, f"{spec} (resolution)")
    first = numbered(path)[0] if path.is_dir() and path.suffix.lower() != ".zarr" else path
    if first.suffix.lower() in (".tif", ".tiff"):
        check_tiff_spacing("pair", first, voxel_nm)
    return request.files.read(path, dataset, request.region), path / (dataset or "")


def phantom(request: Request) -> Volume:
    """A procedural volume; nothing is read."""
    from metareview.rerun.phantom import phantom as make

    return make(**_phantom_options(request.options))


def phantom_shape(options: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return the shape of the phantom of these options.

    Raises
    ------
    InputError
        If one is out of range.
    """
    from metareview.rerun.phantom import PhantomConfig

    checked = {name: value for name, value in _phantom_options(options).items() if name != "structure"}
    return PhantomConfig(**checked).shape


def _phantom_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as the phantom takes them: three sizes, numbers, a structure."""
    checked: dict[str, Any] = dict(options)
    for name, kind, what in (("shape", int, "whole numbers"), ("voxel_nm", float, "sizes in nm")):
        if name in options:
            checked[name] = _three(options[name], kind, f"phantom: {name} is three {what}, z y x")
    for name, value in options.items():
        if name not in ("shape", "voxel_nm", "structure") and not _is_number(value, int if name == "seed" else float):
            said = "a whole number of at least 0" if name == "seed" else "a number"
            raise InputError(f"phantom: {name} is {said}, not {value!r}")
    if options.get("structure", "neurons") not in ("neurons", "mitochondria"):
        raise InputError(f"phantom: structure is neurons or mitochondria, not {options['structure']!r}")
    return checked


def _three(value: Any, kind: type[int] | type[float], rule: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) != 3 or not all(_is_number(part, kind) for part in value):
        raise InputError(f"{rule}, not {value!r}")
    return tuple(kind(part) for part in value)


def _is_number(value: Any, kind: type[int] | type[float]) -> bool:
    """Whether a value is a number of its kind; a whole one is not negative."""
    if isinstance(value, bool):
        return False
    if kind is int:
        return isinstance(value, int | np.integer) and bool(value >= 0)
    return isinstance(value, int | float | np.number) and bool(np.isfinite(value))
