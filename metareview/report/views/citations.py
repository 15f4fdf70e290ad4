"""How documents are cited in print: authors and year instead of the ids of our tables."""

from __future__ import annotations

import re
from collections.abc import Iterable

from metareview.stats.benchmark.rows import Row, stated, text

__all__ = ["citations"]

#: Longest title that stands for a document without authors.
_TITLE = 36


def citations(sources: Iterable[Row]) -> dict[str, str]:
    """Return how each document is cited: first author and year, or its title; a letter tells equal ones apart.

    >>> rows = [("a", "On x", "Ada Lee; Bo Ray; Cy Wu", 2020), ("b", "On y", "Lee et al.", 2020), ("c", "On z", "", 0)]
    >>> citations([dict(zip(("source_id", "title", "authors", "year"), row)) for row in rows])
    {'a': 'Lee et al. 2020', 'b': 'Lee et al. 2020 (b)', 'c': 'On z'}
    """
    found: dict[str, str] = {}
    uses: dict[str, int] = {}
    for row in sources:
        label = _cited(row)
        uses[label] = uses.get(label, 0) + 1
        found[text(row["source_id"])] = label if uses[label] == 1 else f"{label} ({_letters(uses[label])})"
    return found


def _letters(number: int) -> str:
    return (_letters((number - 1) // 26) if number > 26 else "") + chr(ord("a") + (number - 1) % 26)


def _cited(row: Row) -> str:
    people = [name.strip() for name in re.split(r";| & | and ", stated(row.get("authors"))) if name.strip()]
    year = int(row["year"]) if row.get("year") else None
    if not people:
        title = text(row.get("title")) or text(row["source_id"])
        return title if len(title) <= _TITLE else f"{title[: _TITLE - 1].rstrip()}…"
    first = people[0].split(",")[0].removesuffix(" et al.")
    first = first.split()[-1] if len(people) > 1 or "et al." not in people[0] else first
    others = " et al." if len(people) > 2 or "et al." in people[0] or "," in people[0] else ""
    second = f" & {people[1].split(',')[0].split()[-1]}" if len(people) == 2 and not others else ""
    return f"{first}{second}{others}" + (f" {year}" if year else "")
