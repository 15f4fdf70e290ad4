"""Loaders on small files in the published layouts, and on the real ISBI-2012 and FIB-25 where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

from metareview.errors import InputError, UnknownName
from metareview.rerun.data import DATASETS, Volume, load
from metareview.rerun.data.files import numbered

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 10, 14), dtype=np.uint8)
IDS = RNG.integers(0, 5, GREY.shape).astype(np.uint16)


def planes(folder: Path, stack: np.ndarray, pattern: str, first: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, section in enumerate(stack, start=first):
        path = folder / pattern.format(number)
        tifffile.imwrite(path, section) if path.suffix == ".tif" else Image.fromarray(section).save(path)


def test_numeric_order(tmp_path: Path) -> None:
    planes(tmp_path, GREY, "{}.png")  # 0, 1, 10, 11, 2 … by name
    assert [path.stem for path in numbered(tmp_path)] == [str(number) for number in range(12)]


def test_gaps_and_doubles(tmp_path: Path) -> None:
    planes(tmp_path, GREY, "im{:04d}.png")
    (tmp_path / "im0004.png").unlink()
    with pytest.raises(InputError, match="section 4 is missing between 0 and 11"):
        numbered(tmp_path)
    planes(tmp_path, GREY, "im{:04d}.png")
    planes(tmp_path, GREY[:1], "x{}.png")
    with pytest.raises(InputError, match="are both section 0"):
        numbered(tmp_path)


@pytest.mark.parametrize("folders", [True, False])
def test_isbi(tmp_path: Path, folders: bool) -> None:
    cells = np.where(IDS > 1, 255, 0).astype(np.uint8)
    if folders:
        planes(tmp_path / "train" / "image", GREY, "{}.png")
        planes(tmp_path / "train" / "label", cells, "{}.png")
    else:
        tifffile.imwrite(tmp_path / "train-volume.tif", GREY)
        tifffile.imwrite(tmp_path / "train-labels.tif", cells)
    volume = load("isbi2012", tmp_path, verify=False)
    assert (volume.image == GREY).all()
    assert volume.labels is not None
    assert ((volume.labels > 0) == (cells == 255)).all()
    assert not set(np.unique(volume.labels[0])) & set(np.unique(volume.labels[1])) - {0}  # sections apart
    assert volume.voxel_nm == (50, 4, 4)
    with pytest.raises(InputError, match="the volume is 12 x 10 x 14 voxels, documented are 30 x 512 x 512"):
        load("isbi2012", tmp_path)


def write_cremi(path: Path, resolution: tuple[float, ...] = (40, 4, 4), pad: int = 2) -> np.ndarray:
    with h5py.File(path, "w") as stored:
        raw = stored.create_dataset("volumes/raw", data=GREY)
        inner = IDS[pad:-pad, pad:-pad, pad:-pad].astype(np.uint64)
        inner[0, 0, 0] = 0xFFFFFFFFFFFFFFFF
        ids = stored.create_dataset("volumes/labels/neuron_ids", data=inner)
        raw.attrs["resolution"] = ids.attrs["resolution"] = resolution
        ids.attrs["offset"] = tuple(pad * size for size in (40.0, 4.0, 4.0))
    return inner


def test_cremi(tmp_path: Path) -> None:
    ids = write_cremi(tmp_path / "sample_B_padded_20160501.hdf")
    volume = load("cremi", tmp_path, sample="B", verify=False)
    assert volume.name == "cremi-B"
    assert (volume.image == GREY[2:-2, 2:-2, 2:-2]).all()
    assert volume.labels is not None
    assert volume.mask is not None
    assert volume.labels[0, 0, 0] == 0
    assert not volume.mask[0, 0, 0]
    assert (volume.labels[1:] == ids[1:]).all()
    part = load("cremi", tmp_path, sample="B", region="1:3,:,2:6")
    assert (part.image == volume.image[1:3, :, 2:6]).all()
    assert part.labels is not None
    assert (part.labels == volume.labels[1:3, :, 2:6]).all()
    last = load("cremi", tmp_path, sample="B", region="-3:,:,:-1")  # counted from the end of the labels
    assert (last.image == volume.image[-3:, :, :-1]).all()
    with pytest.raises(UnknownName, match="sample 'D' is not known"):
        load("cremi", tmp_path, sample="D")


def test_cremi_wrong_spacing(tmp_path: Path) -> None:
    write_cremi(tmp_path / "sample_A_20160501.hdf", resolution=(4, 4, 40))
    with pytest.raises(InputError, match=r"says voxels of 4 x 4 x 40 nm, expected 40 x 4 x 4 nm .* in another order"):
        load("cremi", tmp_path, verify=False)


def test_snemi(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "train-input.tif", GREY)
    tifffile.imwrite(tmp_path / "train-labels.tif", IDS)
    volume = load("snemi3d", tmp_path, verify=False)
    assert (volume.labels == IDS).all()
    assert any("documented are 100 x 1024 x 1024 (z, y, x); used knowingly" in note for note in volume.notes)
    assert any("no published hash" in note for note in volume.notes)


def test_lucchi(tmp_path: Path) -> None:
    for stem, stack in (("training", GREY), ("testing", GREY[::-1])):
        tifffile.imwrite(tmp_path / f"{stem}.tif", stack)
        tifffile.imwrite(tmp_path / f"{stem}_groundtruth.tif", np.where(stack > 128, 255, 0).astype(np.uint8))
    volume = load("lucchi", tmp_path, verify=False)
    assert volume.shape == (24, 10, 14)
    assert volume.parts == {"train": ((0, 12), (0, 10), (0, 14)), "test": ((12, 24), (0, 10), (0, 14))}
    assert ((volume.image > 128) == (volume.labels == 1)).all()


def test_kasthuri(tmp_path: Path) -> None:
    marks = np.where(GREY > 128, 255, 0).astype(np.uint8)
    marks[:, :2] = 2  # outside the tissue
    for role, size in (("Train", 14), ("Test", 11)):
        planes(tmp_path / "Kasthuri++" / f"{role}_In", GREY[:, :, :size], "mask{:04d}.png")
        planes(tmp_path / "Kasthuri++" / f"{role}_Out", np.repeat(marks[:, :, :size, None], 3, axis=3), "{}.png")
    volume = load("kasthuri", tmp_path)
    assert volume.shape == (24, 10, 14)
    assert volume.parts["test"] == ((12, 24), (0, 10), (0, 11))
    assert volume.mask is not None
    assert not volume.mask[:, :2].any()
    assert not volume.mask[12:, :, 11:].any()
    assert volume.mask[:12, 2:].all()


def test_mitoem(tmp_path: Path) -> None:
    planes(tmp_path / "im", GREY, "im{:04d}.png")
    planes(tmp_path / "mito-train-v2", IDS[:7], "seg{:04d}.tif")
    planes(tmp_path / "mito-val-v2", IDS[7:10], "seg{:04d}.tif", first=7)
    volume = load("mitoem", tmp_path, verify=False)
    assert (volume.image == GREY[:10]).all()
    assert (volume.labels == IDS[:10]).all()
    assert volume.parts["test"][0] == (7, 10)
    part = load("mitoem", tmp_path, sample="H", region="5:9,2:,:6")
    assert part.name == "mitoem-H"
    assert (part.image == GREY[5:9, 2:, :6]).all()
    assert (part.labels == IDS[5:9, 2:, :6]).all()
    assert part.parts["train"][0] == (0, 2)
    assert part.parts["test"][0] == (2, 4)


def test_nucmm(tmp_path: Path) -> None:
    base = tmp_path / "Zebrafish (NucMM-Z)"
    for role, places in (("train", ("0000_0576_0768", "0000_0064_0768")), ("val", ("0064_0000_0000",))):
        for kind, stem, stack in (("Image", "img", GREY), ("Label", "seg", IDS)):
            (base / kind / role).mkdir(parents=True)
            for number, place in enumerate(places):
                with h5py.File(base / kind / role / f"{stem}_{place}.h5", "w") as stored:
                    stored["main"] = stack[number : number + 4]
    volume = load("nucmm", tmp_path)
    assert list(volume.parts) == ["train/0_64_768", "train/0_576_768", "test/64_0_0"]
    assert (volume.image[:4] == GREY[1:5]).all()
    assert volume.labels is not None
    assert (volume.labels[4:8] == IDS[:4]).all()
    (base / "Label" / "val" / "seg_0064_0000_0000.h5").unlink()
    with pytest.raises(InputError, match=r"img_0064_0000_0000.h5 has no label crop"):
        load("nucmm", tmp_path)


def test_fib25(tmp_path: Path) -> None:
    planes(tmp_path / "training_sample2" / "grayscale_maps", GREY, "iso.{:05d}.png", first=2600)
    with h5py.File(tmp_path / "training_sample2" / "groundtruth.h5", "w") as stored:
        stored["stack"] = IDS.astype(np.uint32)
        stored["transforms"] = np.array([[4, 7], [0, 0], [2, 9], [1, 9], [3, 7]], dtype=np.uint64)
    volume = load("fib25", tmp_path, verify=False)
    assert (volume.labels == np.array([0, 9, 9, 7, 7])[IDS]).all()


@pytest.mark.parametrize("kind", ["tif", "h5", "zarr", "npy", "folder"])
def test_pair(tmp_path: Path, kind: str) -> None:
    names = {"tif": ("i.tif", "l.tif"), "h5": ("a.h5:image", "a.h5:ids"), "zarr": ("a.zarr:image", "a.zarr:ids"),
             "npy": ("i.npy", "l.npy"), "folder": ("i", "l")}[kind]  # fmt: skip
    if kind == "folder":
        planes(tmp_path / "i", GREY, "{}.png")
        planes(tmp_path / "l", IDS.astype(np.uint8), "{}.png")
    for name, stack in zip(names, (GREY, IDS), strict=True):
        path, _, dataset = name.partition(":")
        if kind == "tif":
            tifffile.imwrite(tmp_path / path, stack)
        elif kind == "npy":
            np.save(tmp_path / path, stack)
        elif kind == "h5":
            with h5py.File(tmp_path / path, "a") as stored:
                stored[dataset] = stack
                stored[dataset].attrs["resolution"] = (30, 6, 6)
        elif kind == "zarr":
            group = zarr.open_group(str(tmp_path / path), mode="a")
            group.create_array(dataset, data=stack).attrs["resolution"] = [30, 6, 6]
    given = {"image": names[0], "labels": names[1]}
    volume = load("pair", tmp_path, **given, voxel_nm=(30, 6, 6), structure="nuclei")
    assert (volume.image == GREY).all()
    assert (volume.labels == IDS).all()
    assert volume.structure == "nuclei"
    assert volume.sha256
    if kind in ("h5", "zarr"):
        with pytest.raises(InputError, match=r"says voxels of 30 x 6 x 6 nm, expected 8 x 8 x 8 nm"):
            load("pair", tmp_path, **given, voxel_nm=(8, 8, 8))


def test_wrong_shape(tmp_path: Path) -> None:
    np.save(tmp_path / "i.npy", GREY)
    np.save(tmp_path / "l.npy", IDS[:-1])
    with pytest.raises(InputError, match="image is 12 x 10 x 14 and labels 11 x 10 x 14 voxels; they must be the same"):
        load("pair", tmp_path, image="i.npy", labels="l.npy", voxel_nm=(1, 1, 1))
    with pytest.raises(InputError, match="also where only a region of them is read"):
        load("pair", tmp_path, image="i.npy", labels="l.npy", voxel_nm=(1, 1, 1), region="0:8,:,:")
    np.save(tmp_path / "m.npy", np.ones((12, 10, 15)))
    with pytest.raises(InputError, match="and mask 12 x 10 x 15 voxels"):
        load("pair", tmp_path, image="i.npy", labels="i.npy", mask="m.npy", voxel_nm=(1, 1, 1), region="0:8,:,:9")


@pytest.mark.parametrize("name", ["isbi2012", "snemi3d", "fib25"])
def test_wrong_shape_of_a_region(name: str, tmp_path: Path) -> None:
    stems = {"isbi2012": ("train-volume", "train-labels"), "snemi3d": ("train-input", "train-labels"),
             "fib25": ("raw_250", "gt_bodies_250")}  # fmt: skip
    image, labels = stems[name]
    tifffile.imwrite(tmp_path / f"{image}.tif", GREY)
    tifffile.imwrite(tmp_path / f"{labels}.tif", np.pad(IDS, ((0, 0), (2, 0), (0, 0))))
    with pytest.raises(InputError, match=f"{name}: image is 12 x 10 x 14 and labels 12 x 12 x 14 voxels"):
        load(name, tmp_path, region="0:8,:9,:")


@pytest.mark.parametrize(
    ("labels", "text"),
    [(IDS - 2.5, "with fractions"), (IDS.astype(np.int32) - 1, "negative"), (IDS.astype(complex), "whole numbers")],
)
def test_bad_labels(tmp_path: Path, labels: np.ndarray, text: str) -> None:
    np.save(tmp_path / "i.npy", GREY)
    np.save(tmp_path / "l.npy", labels)
    with pytest.raises(InputError, match=text):
        load("pair", tmp_path, image="i.npy", labels="l.npy", voxel_nm=(1, 1, 1))


def test_bad_requests(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'cremi'"):
        load("cremy", tmp_path)
    with pytest.raises(InputError, match="is read from a folder; name the one that holds train-input"):
        load("snemi3d")
    with pytest.raises(InputError, match="is no folder"):
        load("snemi3d", tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"has none of train-input.tif.*it has nothing"):
        load("snemi3d", tmp_path)
    with pytest.raises(InputError, match="has no option sampel; options: sample: A, B or C"):
        load("cremi", tmp_path, sampel="A")


def test_volume_refuses() -> None:
    image = GREY.astype(np.float32)
    with pytest.raises(InputError, match="three positive numbers"):
        Volume("v", GREY, None, (1.0, 0.0, 1.0), "nuclei")
    with pytest.raises(InputError, match="labels are uint16"):
        Volume("v", GREY, IDS, (1.0, 1.0, 1.0), "nuclei")
    image[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="NaN"):
        Volume("v", image, None, (1.0, 1.0, 1.0), "nuclei")
    with pytest.raises(InputError, match="is empty or outside"):
        Volume("v", GREY, None, (1.0, 1.0, 1.0), "nuclei", parts={"train": ((0, 13), (0, 10), (0, 14))})
    with pytest.raises(ValueError, match="read-only"):
        Volume("v", GREY, None, (1.0, 1.0, 1.0), "nuclei").image[0] = 0


def test_every_data_set_says_what_it_is() -> None:
    for name, spec in DATASETS.items():
        assert spec.name == name
        assert all([spec.title, spec.source, spec.licence, spec.layout])


@pytest.mark.needs_em_data
def test_real_isbi() -> None:
    folder = Path(os.environ["METAREVIEW_EM_DATA"]) / "isbi2012"
    volume = load("isbi2012", folder)  # verified by hash
    assert volume.sha256["train-volume.tif"].startswith("f92f7166dc85fc39")
    assert volume.sha256["train-labels.tif"].startswith("42e458e2872356e0")
    assert volume.labels is not None
    assert round(float((volume.labels == 0).mean()), 5) == 0.21963


@pytest.mark.needs_em_data
def test_real_fib25(tmp_path: Path) -> None:
    folder = Path(os.environ["METAREVIEW_EM_DATA"]) / "fib25_training_sample2"
    volume = load("fib25", folder)
    assert volume.labels is not None
    assert len(np.unique(volume.labels)) == 526
    changed = volume.image.copy()
    changed[0, 0, 0] ^= 1
    tifffile.imwrite(tmp_path / "raw.tif", changed)
    tifffile.imwrite(tmp_path / "gt_bodies.tif", volume.labels.astype(np.uint16))
    with pytest.raises(InputError, match=r"image has sha256 .*, the published data e8053e76195ea69d"):
        load("fib25", tmp_path)
