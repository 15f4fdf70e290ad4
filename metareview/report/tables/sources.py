"""The way back from a cell to the documents, in the forms that tables print it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from metareview.schema.source import SourceRef, line_span

__all__ = ["RefIndex", "cite"]


class RefIndex:
    """The sources of many tables, each kept once, in the order of first use.

    One page shares one index over all its tables: a cell carries the positions of its sources (``data-refs="3 4"``),
    and the page carries the list once.

    >>> index = RefIndex()
    >>> index.add((SourceRef("results.csv", 2), SourceRef("results.csv", 9)))
    '0 1'
    >>> index.add((SourceRef("results.csv", 9),))
    '1'
    """

    def __init__(self) -> None:
        self._positions: dict[SourceRef, int] = {}

    def __len__(self) -> int:
        return len(self._positions)

    def add(self, refs: Iterable[SourceRef]) -> str:
        """Take up the sources of a cell; return their positions, separated by spaces."""
        positions = self._positions
        return " ".join(str(positions.setdefault(ref, len(positions))) for ref in dict.fromkeys(refs))

    def to_list(self) -> list[dict[str, str | int | bool]]:
        """Return the sources in order, as plain data for JSON: every field of `SourceRef`."""
        return [asdict(ref) for ref in self._positions]


def cite(refs: Iterable[SourceRef], limit: int = 12) -> str:
    """Return sources in short: each document with its places, lines that follow each other as one range.

    A source without a document is named by our spreadsheet and its line. What exceeds `limit` places is counted.

    >>> cite([SourceRef("r.csv", 2, "shah", "L10"), SourceRef("r.csv", 3, "shah", "L11-12; Table 3")])
    'shah L10-12'
    >>> cite([SourceRef("studies.csv", 4), SourceRef("studies.csv", 6)])
    'studies.csv:4, 6'
    """
    places: dict[str, dict[str, None]] = {}
    spans: dict[str, list[tuple[int, int]]] = {}
    for ref in dict.fromkeys(refs):
        span = line_span(ref.locator)
        name = ref.source_id or f"{ref.file}:"
        places.setdefault(name, {})
        spans.setdefault(name, [])
        if not ref.source_id:
            spans[name].append((ref.line, ref.line))
        elif span:
            spans[name].append(span)
        elif ref.locator:
            places[name][ref.locator] = None
    entries = [(name, place) for name in places for place in [*_lines(name, spans[name]), *places[name]] or [""]]
    return _join(entries[:limit]) + (f"; and {len(entries) - limit} more" if len(entries) > limit else "")


def _lines(name: str, spans: list[tuple[int, int]]) -> list[str]:
    """Return the union of line ranges; only ranges that touch are joined."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    letter = "" if name.endswith(":") else "L"
    return [f"{letter}{first}" if first == last else f"{letter}{first}-{last}" for first, last in merged]


def _join(entries: list[tuple[str, str]]) -> str:
    grouped: dict[str, list[str]] = {}
    for name, place in entries:
        grouped.setdefault(name, []).append(place)
    joined = (name + ("" if name.endswith(":") else " ") + ", ".join(items) for name, items in grouped.items())
    return "; ".join(text.strip() for text in joined)
