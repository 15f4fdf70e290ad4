"""Locators: the place of a figure in a document, as parts that a person reads and a program can follow.

A locator has parts separated by semicolons: ``p. 7; Table 2; row U-Net``. The forms below are known; any other part is
free text. A part that almost has a known form (``pg 7``, ``Tab.2``, ``lines 4-6``) is told so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Place", "PlaceKind", "parse_locator", "suggest_form"]

PlaceKind = Literal["line", "page", "table", "figure", "section", "cell", "row", "column", "record", "text"]

_RANGE = r"(?P<first>\d{1,6})(?:\s?[-–]\s?L?(?P<last>\d{1,6}))?"
_NUMBER = r"[A-Z]?\.?\d+(?:[.-]\d+)?"
_BESIDE = r"(?:Supplementary |Extended Data )?"
#: The forms, by kind; the first that a part has is its kind.
_FORMS: tuple[tuple[PlaceKind, re.Pattern[str]], ...] = (
    ("line", re.compile(rf"^(?:[a-z0-9][a-z0-9._-]*:)?L{_RANGE}$")),
    ("line", re.compile(rf"^lines? {_RANGE}$")),
    ("page", re.compile(rf"^(?:p\.|pp\.|page|pages) {_RANGE}$")),
    ("table", re.compile(rf"^{_BESIDE}Tables? (?P<name>{_NUMBER}[a-z]?|[IVX]+)$")),
    ("figure", re.compile(rf"^{_BESIDE}Fig(?:ure|\.)s? (?P<name>{_NUMBER}(?: ?\(?[a-zA-Z]\)?)?)$")),
    ("section", re.compile(r"^(?:Section|Sec\.|§) ?(?P<name>[A-Z]?[\d.]+)$")),
    ("cell", re.compile(r"^cell (?P<name>\S.*)$")),
    ("row", re.compile(r"^row (?P<name>\S.*)$")),
    ("column", re.compile(r"^column (?P<name>\S.*)$")),
    ("record", re.compile(r"^(?:record|reference) (?P<name>\S.*)$")),
)
_NAME = r"(?P<name>[A-Z]?\d+[a-z]?)"
#: What people write instead, and the known form.
_ALMOST: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"^(?:pg\.?|page\.|pag\.?|p|P\.?|S\.|Seite|pages?|p\.|pp\.?) ?{_RANGE}$"), "p. {range}"),
    (re.compile(rf"^(?:[lL]\.? ?|ln\.? ?|LL ?|lines?\.? ?|zeilen? ){_RANGE}$"), "L{range}"),
    (re.compile(rf"^(?:[tT]ab\.?|[tT]bl\.?|TABLE|table|T\.) ?{_NAME}$"), "Table {name}"),
    (re.compile(rf"^Tables?{_NAME}$"), "Table {name}"),
    (re.compile(rf"^(?:[fF]ig|figs?\.?|FIG\.?|figure|Abb\.?) ?{_NAME}$"), "Figure {name}"),
    (re.compile(rf"^Fig(?:ure|\.){_NAME}$"), "Figure {name}"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """One part of a locator.

    Attributes
    ----------
    kind : its form; ``text`` for any other.
    text : the part as written.
    first, last : numbers of lines or pages; None for other kinds.
    name : what is named: number of a table or figure, text of a row.
    """

    kind: PlaceKind
    text: str
    first: int | None = None
    last: int | None = None
    name: str = ""


def parse_locator(locator: str) -> tuple[Place, ...]:
    """Return the parts of a locator.

    >>> [(place.kind, place.first or place.name) for place in parse_locator("p. 7; Table 2; row U-Net; L10-12")]
    [('page', 7), ('table', '2'), ('row', 'U-Net'), ('line', 10)]
    >>> parse_locator("abstract")[0].kind
    'text'
    """
    return tuple(_place(part.strip()) for part in locator.split(";") if part.strip())


def _place(part: str) -> Place:
    for kind, form in _FORMS:
        match = form.match(part)
        if match:
            found = {key: value for key, value in match.groupdict().items() if value}
            first, last = found.get("first"), found.get("last")
            if first:
                return Place(kind, part, int(first), int(last or first))
            return Place(kind, part, name=found.get("name", ""))
    return Place("text", part)


def suggest_form(part: str) -> str | None:
    """Return the known form of a part that almost has one, or None.

    >>> [suggest_form(part) for part in ("pg 7", "Tab. 3", "fig 2b", "p. 7", "pp. 9-7")]
    ['p. 7', 'Table 3', 'Figure 2b', None, 'p. 7-9']
    """
    place = _place(part.strip())
    if place.kind == "page" and place.first is not None and place.last is not None and place.last < place.first:
        return f"p. {place.last}-{place.first}"
    if place.kind != "text":
        return None
    for form, known in _ALMOST:
        match = form.match(part.strip())
        if match:
            found = match.groupdict()
            first, last = found.get("first"), found.get("last")
            span = f"{first}-{last}" if last else str(first)
            return known.format(range=span, name=found.get("name"))
    return None
