"""The voxel size that a TIFF file states is compared with the one that is given, in whatever unit it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from metareview.errors import InputError
from metareview.rerun.data import load
from metareview.rerun.data.tiff_spacing import tiff_voxel_nm

GREY = np.random.default_rng(0).integers(0, 256, (5, 12, 10), dtype=np.uint8)


def ome(path: Path, unit: str | None, z: float | None, y: float, x: float) -> None:
    sizes: dict[str, Any] = {"axes": "ZYX", "PhysicalSizeY": y, "PhysicalSizeX": x}
    sizes |= {} if z is None else {"PhysicalSizeZ": z}
    if unit is not None:
        sizes |= {f"PhysicalSize{axis}Unit": unit for axis in "XYZ" if axis != "Z" or z is not None}
    tifffile.imwrite(path, GREY, ome=True, metadata=sizes)


def imagej(path: Path, unit: str, z: float, y: float, x: float) -> None:
    tifffile.imwrite(
        path, GREY, imagej=True, resolution=(1 / x, 1 / y), metadata={"spacing": z, "unit": unit, "axes": "ZYX"}
    )  # fmt: skip


@pytest.mark.parametrize(("unit", "nm"), [("nm", 1.0), ("µm", 1e3), (None, 1e3), ("mm", 1e6), ("Å", 0.1)])
def test_ome(tmp_path: Path, unit: str | None, nm: float) -> None:
    ome(tmp_path / "a.ome.tif", unit, 40 / nm, 4 / nm, 6 / nm)
    stated, who = tiff_voxel_nm(tmp_path / "a.ome.tif")
    assert stated == pytest.approx((40, 4, 6))
    assert who == "OME"
    assert load("pair", tmp_path, image="a.ome.tif", voxel_nm=(40, 4, 6)).shape == GREY.shape
    with pytest.raises(InputError, match=r"a\.ome\.tif \(OME metadata\) says a voxel is y 4 nm, voxel_nm says 6"):
        load("pair", tmp_path, image="a.ome.tif", voxel_nm=(40, 6, 6))


@pytest.mark.parametrize(("unit", "nm"), [("nm", 1.0), ("micron", 1e3), ("um", 1e3), ("\\u00B5m", 1e3)])
def test_imagej(tmp_path: Path, unit: str, nm: float) -> None:
    imagej(tmp_path / "a.tif", unit, 40 / nm, 4 / nm, 6 / nm)
    stated, who = tiff_voxel_nm(tmp_path / "a.tif")
    assert stated == pytest.approx((40, 4, 6), rel=1e-5)
    assert who == "ImageJ"
    with pytest.raises(InputError, match="correct voxel_nm, or the metadata of the file"):
        load("pair", tmp_path, image="a.tif", voxel_nm=(40, 4, 4))


def test_a_unit_that_is_wrong_is_named(tmp_path: Path) -> None:
    imagej(tmp_path / "a.tif", "micron", 40, 4, 4)
    with pytest.raises(InputError, match="a factor of 1,000: are they nm or micrometres"):
        load("pair", tmp_path, image="a.tif", voxel_nm=(40, 4, 4))


def test_labels_and_sections_are_compared_too(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "i.tif", GREY)
    ome(tmp_path / "l.ome.tif", "nm", 40, 8, 8)
    with pytest.raises(InputError, match=r"l\.ome\.tif"):
        load("pair", tmp_path, image="i.tif", labels="l.ome.tif", voxel_nm=(40, 4, 4))
    folder = tmp_path / "sections"
    folder.mkdir()
    for number, section in enumerate(GREY):
        tifffile.imwrite(folder / f"{number}.tif", section, imagej=True, resolution=(0.125, 0.125),
                         metadata={"unit": "nm"})  # fmt: skip
    assert load("pair", tmp_path, image="sections", voxel_nm=(40, 8, 8)).shape == GREY.shape
    with pytest.raises(InputError, match=r"0\.tif"):
        load("pair", tmp_path, image="sections", voxel_nm=(40, 4, 4))


@pytest.mark.parametrize("kind", ["plain", "dpi", "pixels", "inch", "plane only"])
def test_silent_where_the_file_says_nothing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.tif"
    if kind == "plane only":
        ome(path, "nm", None, 4, 4)
    elif kind in ("pixels", "inch"):
        imagej(path, kind.removesuffix("s"), 1, 1 / 72, 1 / 72)
    else:
        tifffile.imwrite(path, GREY, **({"resolution": (72, 72), "resolutionunit": "INCH"} if kind == "dpi" else {}))
    assert load("pair", tmp_path, image="a.tif", voxel_nm=(40, 4, 4)).voxel_nm == (40, 4, 4)
