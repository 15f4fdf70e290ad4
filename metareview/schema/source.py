"""Documents, and the way from a number back to its place in one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from metareview.schema.base import Doi, Model, Sha256, Slug, Text

__all__ = ["LineSpan", "Source", "SourceRef", "line_span", "line_spans"]

_LINES = re.compile(r"^(?:(?P<source>[a-z0-9]+(?:[-_.][a-z0-9]+)*):)?L(?P<first>\d+)(?:-L?(?P<last>\d+))?$")


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


@dataclass(frozen=True, slots=True)
class LineSpan:
    """Lines `first` to `last` (1-based) of a document."""

    source_id: str
    first: int
    last: int


def line_spans(locator: str, source_id: str) -> tuple[LineSpan, ...]:
    """Return all lines that a locator names, in its order; a part may name another document.

    >>> [(span.source_id, span.first, span.last) for span in line_spans("L1033-1034; Fig. 5; abstract:L2", "review")]
    [('review', 1033, 1034), ('abstract', 2, 2)]
    """
    found = []
    for part in locator.split(";"):
        match = _LINES.match(part.strip())
        if match:
            first = int(match["first"])
            found.append(LineSpan(match["source"] or source_id, first, int(match["last"] or first)))
    return tuple(found)


def line_span(locator: str) -> tuple[int, int] | None:
    """Return the first and last line (1-based) that a locator names first, or None where it names none.

    >>> line_span("L1715; Table 3; row SAM2")
    (1715, 1715)
    >>> line_span("L10-12")
    (10, 12)
    >>> line_span("p. 7; Table 2") is None
    True
    """
    own = [span for span in line_spans(locator, "") if not span.source_id]
    return (own[0].first, own[0].last) if own else None
