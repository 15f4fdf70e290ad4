"""Data sets that experiments run on, and the evidence for their properties."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from metareview.schema.base import Locator, Missing, Model, Printed, Slug, Text

__all__ = ["DATASET_ATTRIBUTES", "Dataset", "DatasetFact", "voxel_columns"]

_VOXEL = ("voxel_z_nm", "voxel_y_nm", "voxel_x_nm")
_TIMES = re.compile(r"\s*[x×]\s*")

Nanometres = Annotated[float, Field(gt=0)]


class Dataset(Model):
    """Data that an experiment ran on (one row of ``datasets.csv``)."""

    dataset_id: Slug
    """Id of the data set."""
    name: Text
    """Name in use."""
    aliases: tuple[Text, ...] = ()
    """Other names."""
    part_of: Slug | None = None
    """The data set that contains it."""
    modality: Text | Missing | None = None
    """How it was acquired."""
    species: Text | Missing | None = None
    """Species (or population)."""
    region: Text | Missing | None = None
    """Anatomical region (or setting)."""
    voxel_z_nm: Nanometres | Missing | None = None
    """Voxel size along z in nanometres."""
    voxel_y_nm: Nanometres | Missing | None = None
    """Voxel size along y in nanometres."""
    voxel_x_nm: Nanometres | Missing | None = None
    """Voxel size along x in nanometres."""
    shape: Text | Missing | None = None
    """Shape in voxels or items, z x y x x."""
    structures: tuple[Text, ...] = ()
    """What is labelled."""
    access: Text | Missing | None = None
    """public, on request, private, partly."""
    licence: Text | Missing | None = None
    """Terms of use as stated."""
    address: Text | None = None
    """Where it can be had."""
    source_id: Slug | None = None
    """The document that introduces it here."""
    locator: Locator | None = None
    """The place in it."""
    printed: Printed | None = None
    """Its name as printed there."""
    uncertain: bool = False
    """Whether a property is inferred."""
    note: Text | None = None
    """Remark of the curator."""


#: Attributes of a data set that need evidence in ``dataset_facts.csv`` where that table exists.
DATASET_ATTRIBUTES: tuple[str, ...] = (
    "modality", "species", "region", "voxel_z_nm", "voxel_y_nm", "voxel_x_nm", "shape", "structures", "access",
    "licence", "address",
)  # fmt: skip


def voxel_columns(attribute: str, value: str) -> dict[str, str]:
    """Return the columns of ``datasets.csv`` that a fact ``voxel_nm`` fills: one size per axis, z first.

    Any other fact, and a voxel size that is not three numbers, fills none of them.

    >>> voxel_columns("voxel_nm", "30 x 6 x 6")
    {'voxel_z_nm': '30', 'voxel_y_nm': '6', 'voxel_x_nm': '6'}
    >>> voxel_columns("voxel_nm", "about 10"), voxel_columns("shape", "30 x 6 x 6")
    ({}, {})
    """
    parts = _TIMES.split(value.strip()) if attribute == "voxel_nm" else []
    return dict(zip(_VOXEL, parts, strict=True)) if len(parts) == len(_VOXEL) else {}


class DatasetFact(Model):
    """What one place in one document says of a data set (one row of ``dataset_facts.csv``)."""

    dataset_id: Slug
    """The data set."""
    attribute: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """A column of ``datasets.csv`` or any further attribute."""
    value: Text
    """The value as we use it."""
    source_id: Slug
    """The document."""
    locator: Locator
    """The place in it."""
    printed: Printed | None = None
    """The words or figures that show it, as printed."""
    uncertain: bool = False
    """Whether the reading is inferred."""
    note: Text | None = None
    """Remark of the curator."""
