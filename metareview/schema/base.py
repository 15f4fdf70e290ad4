"""The ground every model stands on: frozen, strict, closed, and the field types they share.

Strict means that no value is converted on the way in (``"3"`` is not 3, ``True`` is not 1): cells are text at the
door, and turning text into types is the business of `metareview.ingest`, where it can be reported cell by cell.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

__all__ = [
    "MAX_TEXT",
    "Doi",
    "Locator",
    "MetricKey",
    "Missing",
    "Model",
    "Printed",
    "Sha256",
    "Slug",
    "Text",
    "Unit",
]

#: Longest cell of prose; a cell of megabytes is a paste accident, not a note.
MAX_TEXT = 20_000


class Model(BaseModel):
    """A frozen, strict, closed pydantic model without NaN or infinity."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class Missing(StrEnum):
    """Why a cell has no value: three statements that a blank cell (nothing extracted yet) does not make."""

    NOT_REPORTED = "not reported"
    NOT_APPLICABLE = "not applicable"
    UNCLEAR = "unclear"


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_.][a-z0-9]+)*$", max_length=160)]
"""An id: lower-case letters and digits in groups joined by ``-``, ``_`` or ``.``; unique in its table."""

MetricKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""The key of a metric in the vocabulary, such as ``dice`` or ``voi_split``."""

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
"""Words of a curator, or of a title; never interpreted, always escaped when rendered."""

Printed = Annotated[str, StringConstraints(max_length=40)]
"""A figure or label exactly as it is printed in the source; at most 40 characters, so that no sentence is copied."""

Locator = Annotated[str, StringConstraints(max_length=300)]
"""A place in a document: ``L1715``, ``L10-12; Table 3; row SAM2``, ``p. 7``; parts are separated by ``; ``."""

Unit = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*:[^\s:][^:]*$", max_length=160)]
"""The unit of replication, ``kind:name`` (``image:3``, ``seed:1``, ``roi:11``)."""

Doi = Annotated[str, StringConstraints(pattern=r"^10\.\d{4,9}/\S+$", max_length=300)]
"""A DOI without resolver address."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""
