"""The voxel size that a TIFF file states, as OME-XML or as ImageJ does; other resolutions are of paper and screens."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from metareview.errors import InputError
from metareview.evaluation.readers import extra

__all__ = ["check_tiff_spacing", "tiff_voxel_nm"]

#: unit -> nm; inches are left out: ImageJ carries over what scanners and screens leave (1/72 inch)
NM = {
    "pm": 1e-3, "\u00c5": 0.1, "\u212b": 0.1, "angstrom": 0.1, "nm": 1.0, "nanometer": 1.0, "nanometre": 1.0,
    "um": 1e3, "\u00b5m": 1e3, "\u03bcm": 1e3, "micron": 1e3, "microns": 1e3, "micrometer": 1e3, "micrometre": 1e3,
    "mm": 1e6, "millimeter": 1e6, "cm": 1e7, "m": 1e9,
}  # fmt: skip
Stated = tuple[float | None, float | None, float | None]


def tiff_voxel_nm(path: Path) -> tuple[Stated, str]:
    """Return the voxel size in nm on z, y, x, None where the file says nothing, and who says it (OME or ImageJ).

    OME-XML gives sizes with units (micrometres where it names none); ImageJ gives the spacing of sections in its unit,
    and pixels per unit in the resolution of the first page.
    """
    tifffile = extra("tifffile")
    try:
        with tifffile.TiffFile(path) as stored:
            if stored.ome_metadata:
                return _of_ome(stored.ome_metadata), "OME"
            if stored.imagej_metadata:
                return _of_imagej(stored.imagej_metadata, stored.pages[0].tags), "ImageJ"
    except (OSError, ValueError, tifffile.TiffFileError) as error:
        raise InputError(f"{path} is not a TIFF file that can be read ({error})") from error
    return (None, None, None), ""


def check_tiff_spacing(name: str, path: Path, expected: tuple[float, ...]) -> None:
    """Refuse a voxel size that is not the one the file states (5 per mille of tolerance); silent where it states none.

    Raises
    ------
    InputError
        Naming the file, the axes, both sizes and what to do.
    """
    stated, who = tiff_voxel_nm(path)
    wrong = [
        (axis, size, given)
        for axis, size, given in zip("zyx", stated, expected, strict=True)
        if size is not None and abs(size - given) > 5e-3 * given
    ]
    if not wrong:
        return
    listed = ", ".join(f"{axis} {size:g} nm, voxel_nm says {given:g}" for axis, size, given in wrong)
    factors = {round(size / given, 2) if size > given else -round(given / size, 2) for _, size, given in wrong}
    hint = " (a factor of 1,000: are they nm or micrometres?)" if factors in ({1000.0}, {-1000.0}) else ""
    raise InputError(
        f"{name}: {path} ({who} metadata) says a voxel is {listed}{hint}; voxel_nm is z, y, x in nm and must be what "
        "the file says: correct voxel_nm, or the metadata of the file"
    )


def _of_ome(text: str) -> Stated:
    nodes = ElementTree.fromstring(text).iter()
    pixels = next((node for node in nodes if node.tag.rpartition("}")[2] == "Pixels"), None)
    if pixels is None:
        return None, None, None
    given = pixels.attrib
    z, y, x = (_size(given.get(f"PhysicalSize{axis}"), given.get(f"PhysicalSize{axis}Unit", "um")) for axis in "ZYX")
    return z, y, x


def _of_imagej(told: dict[str, Any], tags: Any) -> Stated:
    unit = str(told.get("unit", "")).replace("\\u00B5", "\u00b5")
    z = _size(told.get("spacing"), unit)
    y, x = (_per_unit(tags.get(f"{axis}Resolution"), unit) for axis in "YX")
    return z, y, x


def _per_unit(tag: Any, unit: str) -> float | None:
    if tag is None or not tag.value[0] or not tag.value[1]:
        return None
    return _size(tag.value[1] / tag.value[0], unit)


def _size(value: Any, unit: str) -> float | None:
    try:
        size = float(value) * NM[unit.strip()]
    except (TypeError, ValueError, KeyError):  # nothing, no number, or pixels
        return None
    return size if 0 < size < float("inf") else None
