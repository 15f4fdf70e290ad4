"""Citation lists: ``[19,33-37]`` names six references."""

from __future__ import annotations

import re

from metareview.errors import InputError

__all__ = ["expand_citations"]

_PART = re.compile(r"^(?P<first>\d+)(?:\s*[-‐‑‒–—−]\s*(?P<last>\d+))?$")
#: Longest range that is taken for one; a longer one is a misread bracket or a year.
MAX_RANGE = 500


def expand_citations(text: str) -> tuple[int, ...]:
    """Return the reference numbers of a printed list in order, each once.

    Line breaks inside a list and every kind of dash are understood.

    Raises
    ------
    InputError
        If a part is neither a number nor a range of rising numbers.

    >>> expand_citations("[19,33-37]")
    (19, 33, 34, 35, 36, 37)
    """
    parts = [part.strip() for part in re.sub(r"[\[\]()\s]+", " ", text).replace(";", ",").split(",")]
    found: dict[int, None] = {}
    for part in filter(None, parts):
        match = _PART.match(part)
        if match is None:
            raise InputError(f"{part!r} in {text!r} is not a reference; write numbers and ranges, such as 19,33-37")
        first = int(match["first"])
        last = int(match["last"] or first)
        if not first <= last <= first + MAX_RANGE:
            raise InputError(f"{part!r} in {text!r} is not a rising range; write the smaller number first")
        found |= dict.fromkeys(range(first, last + 1))
    return tuple(found)
