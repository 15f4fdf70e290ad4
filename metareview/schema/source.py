"""Documents, and the way from a number back to its place in one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from metareview.schema.base import Doi, Model, Sha256, Slug, Text

__all__ = ["Source", "SourceRef", "line_span"]

_LINES = re.compile(r"^L(\d+)(?:-L?(\d+))?$")


class Source(Model):
    """A document that facts are taken from (one row of ``sources.csv``)."""

    source_id: Slug
    """Id of the document; for a text file its stem."""
    title: Text
    """Title of the document."""
    authors: Text | None = None
    """Authors as cited."""
    year: Annotated[int, Field(ge=1600, le=2200)] | None = None
    """Year of publication."""
    venue: Text | None = None
    """Journal, conference or repository."""
    doi: Doi | None = None
    """DOI without resolver address."""
    address: Text | None = None
    """Where it can be had."""
    licence: Text | None = None
    """Terms of use as stated."""
    sha256: Sha256 | None = None
    """Digest of the file that the locators count lines of."""
    note: Text | None = None
    """Remark of the curator."""


@dataclass(frozen=True, slots=True)
class SourceRef:
    """Where a number comes from: the row of our spreadsheet, and the place in the document it was taken from.

    Attributes
    ----------
    file, line : the spreadsheet, and its line (the header is line 1; 0 where the value was computed).
    source_id, locator, printed : document, place in it, and the figure exactly as printed there.
    uncertain : the reading is inferred (OCR damage, ambiguous label); `note` says why.
    """

    file: str
    line: int
    source_id: str = ""
    locator: str = ""
    printed: str = ""
    uncertain: bool = False
    note: str = ""

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.source_id, self.locator) if part)
        figure = f" “{self.printed}”" if self.printed else ""
        return f"{place}{figure} ({self.file}:{self.line})" if place else f"{self.file}:{self.line}"


def line_span(locator: str) -> tuple[int, int] | None:
    """Return the first and last line (1-based) that a locator names, or None where it names none.

    >>> line_span("L1715; Table 3; row SAM2")
    (1715, 1715)
    >>> line_span("L10-12")
    (10, 12)
    >>> line_span("p. 7; Table 2") is None
    True
    """
    for part in locator.split(";"):
        match = _LINES.match(part.strip())
        if match:
            first = int(match[1])
            return first, int(match[2] or first)
    return None
