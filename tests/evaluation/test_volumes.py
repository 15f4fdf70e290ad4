"""Volumes on disk: every kind of file gives the same table; what cannot be read is refused with file and rule."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metareview.errors import InputError, MissingExtra
from metareview.evaluation import contingency_table, readers
from metareview.evaluation.volumes import as_volume, open_volume, parse_slices

Pair = tuple[np.ndarray, np.ndarray]


def write_tiff(folder: Path, array: np.ndarray, name: str, **options: Any) -> str:
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(folder / f"{name}.tif", array, **options)
    return str(folder / f"{name}.tif")


def write_hdf(folder: Path, array: np.ndarray, name: str, **options: Any) -> str:
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / f"{name}.h5", "w") as file:
        file.create_dataset("volumes/labels", data=array, **options)
    return f"{folder / name}.h5:volumes/labels"


def write_zarr(folder: Path, array: np.ndarray, name: str, version: int, **options: Any) -> str:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(folder / f"{name}.zarr"), mode="w", zarr_format=version)
    stored = group.create_array("labels", shape=array.shape, dtype=array.dtype, **options)
    stored[:] = array
    return f"{folder / name}.zarr:labels"


def write_npy(folder: Path, array: np.ndarray, name: str) -> str:
    np.save(folder / f"{name}.npy", array)
    return str(folder / f"{name}.npy")


WRITERS = {
    "tiff": lambda folder, array, name: write_tiff(folder, array, name),
    "tiff-zlib": lambda folder, array, name: write_tiff(
        folder, array, name, compression="zlib", photometric="minisblack"
    ),
    "tiff-big-endian": lambda folder, array, name: write_tiff(folder, array, name, byteorder=">"),
    "hdf5": lambda folder, array, name: write_hdf(folder, array, name),
    "hdf5-chunks": lambda folder, array, name: write_hdf(folder, array, name, chunks=(10, 16, 20), compression="gzip"),
    "zarr2": lambda folder, array, name: write_zarr(folder, array, name, 2, chunks=(16, 16, 16)),
    "zarr3": lambda folder, array, name: write_zarr(folder, array, name, 3, chunks=(20, 48, 7)),
    "zarr3-shards": lambda folder, array, name: write_zarr(
        folder, array, name, 3, chunks=(8, 8, 8), shards=(16, 24, 16)
    ),
    "npy": write_npy,
}


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_every_kind_gives_the_same_table(kind: str, blob: Pair, tmp_path: Path) -> None:
    prediction = WRITERS[kind](tmp_path, blob[0].astype(np.uint32), "prediction")
    truth = write_npy(tmp_path, blob[1], "truth")
    assert contingency_table(prediction, truth) == contingency_table(*blob)
    assert contingency_table(prediction, blob[1], block_voxels=5000) == contingency_table(*blob)
    volume = open_volume(prediction)
    assert np.array_equal(volume.read(), blob[0])
    assert np.array_equal(pickle.loads(pickle.dumps(volume)).read(), blob[0])
    cropped = open_volume(f"{prediction}[3:40,:,5]") if kind != "npy" else volume.crop(parse_slices("3:40,:,5", "x"))
    assert np.array_equal(cropped.read(), blob[0][3:40, :, 5:6])
    assert np.array_equal(cropped.crop([slice(1, 9), slice(40, None)]).read(), blob[0][4:12, 40:, 5:6])


def test_open_data_sets_are_read_in_place(blob: Pair, tmp_path: Path) -> None:
    h5py, zarr = pytest.importorskip("h5py"), pytest.importorskip("zarr")
    path = write_hdf(tmp_path, blob[0], "prediction").partition(":")[0]
    write_zarr(tmp_path, blob[1], "truth", 3, chunks=(16, 16, 16))
    with h5py.File(path) as file:
        table = contingency_table(file["volumes/labels"], zarr.open(str(tmp_path / "truth.zarr"))["labels"])
    assert table == contingency_table(*blob)


def test_a_single_data_set_needs_no_name(blob: Pair, tmp_path: Path) -> None:
    for path in (write_hdf(tmp_path, blob[0], "a"), write_zarr(tmp_path, blob[0], "b", 3, chunks=(16, 16, 16))):
        assert np.array_equal(open_volume(path.rpartition(":")[0]).read(), blob[0])
    assert np.array_equal(open_volume(str(tmp_path / "b.zarr/labels")).read(), blob[0])


def test_missing_data_sets_are_listed(blob: Pair, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = write_hdf(tmp_path, blob[0], "a").partition(":")[0]
    with pytest.raises(
        InputError, match=r"a\.h5 has no data set 'volumes/label'; it has volumes/labels; name one of th"
    ):
        open_volume(f"{path}:volumes/label")
    with h5py.File(path, "a") as file:
        file["raw"] = np.zeros((2, 2))
    with pytest.raises(InputError, match=r"holds 2 data sets \(raw, volumes/labels\); name one after a colon"):
        open_volume(path)
    with pytest.raises(InputError, match="has no data set 'volumes'"):
        open_volume(f"{path}:volumes")
    store = write_zarr(tmp_path, blob[0], "b", 2, chunks=(16, 16, 16)).rpartition(":")[0]
    with pytest.raises(InputError, match=r"b\.zarr has no data set 'nothing'; it has labels"):
        open_volume(f"{store}:nothing")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("none.h5:labels", r"none\.h5 does not exist; check the path, and write a data set inside it after a colon"),
        ("labels.nii", "labels.nii is no kind of volume that is read here; known are"),
        ("text.h5:a", r"text\.h5 is not an HDF5 file that can be read"),
        ("text.tif", r"text\.tif is not a TIFF file that can be read"),
        ("text.npy", r"text\.npy is not a NumPy array that can be read"),
        ("text.zarr", r"text\.zarr is not a zarr store that can be read"),
        ("ok.npy:main", r"ok\.npy is a single array; leave out 'main' after the colon"),
        ("ok.npy[0:2,0:2]", "has 1 dimensions and 2 slices were given"),
        ("ok.npy[3:3]", "slice 0 .* of 4 is empty or has a step; give start:stop within the volume"),
        ("ok.npy[a]", "'a' is no slice; write start:stop for each axis, such as 0:100"),
    ],
)
def test_messages(spec: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("text.h5", "text.tif", "text.npy", "text.zarr"):
        Path(name).write_text("no volume")
    np.save("ok.npy", np.arange(4))
    with pytest.raises(InputError, match=message):
        open_volume(spec)


def test_a_file_is_named_in_every_message(blob: Pair, tmp_path: Path) -> None:
    truth = write_npy(tmp_path, blob[1], "truth")
    with pytest.raises(InputError, match=r"short\.npy has shape \(4,\) and .*truth\.npy \(48, 48, 48\); both volumes"):
        contingency_table(write_npy(tmp_path, np.arange(4), "short"), truth)
    with pytest.raises(InputError, match=r"float\.npy has dtype float32; a label volume holds integer ids"):
        contingency_table(write_npy(tmp_path, blob[0].astype(np.float32), "float"), truth)
    with pytest.raises(InputError, match=r"negative\.npy holds the negative id -1"):
        contingency_table(write_npy(tmp_path, blob[0].astype(np.int64) - 1, "negative"), truth)


def test_threshold(blob: Pair, tmp_path: Path) -> None:
    chance = np.random.default_rng(1).random(blob[1].shape).astype(np.float32)
    volume = open_volume(write_npy(tmp_path, chance, "map")).binarised(0.5)
    assert contingency_table(volume, blob[1]) == contingency_table(chance > 0.5, blob[1])
    chance[3, 4, 5] = np.nan
    with pytest.raises(InputError, match=r"map\.npy holds NaN; a threshold needs a number in every voxel"):
        contingency_table(open_volume(write_npy(tmp_path, chance, "map")).binarised(0.5), blob[1])


def test_what_is_no_volume() -> None:
    with pytest.raises(InputError, match="prediction is a list; a volume is an array, a path or a data set"):
        as_volume([1, 2], "prediction")


def test_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.h5").write_bytes(b"x")

    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(MissingExtra, match=r"h5py is not installed; pip install 'metareview\[volumes\]' brings it"):
        open_volume(tmp_path / "a.h5")


def test_slabs_without_chunks() -> None:
    assert readers.whole((100, 1000, 1000)) == (2, 1000, 1000)
    assert readers.whole((3, 4, 5)) == (3, 4, 5)
    assert readers.whole((4000, 4000), most=1000) == (1, 1000)
