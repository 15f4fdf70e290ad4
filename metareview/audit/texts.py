"""Source texts: where a claim stands, and whether its printed figures stand there.

A locator names lines (``L1033-1034``), counted by newlines from 1; ``shah2025_abstract_page:L12`` names a line of
another document; other parts (``Table 3``, ``p. 7``) are for readers. A figure is looked for on the lines of its
locator with white space folded and the hyphen at a line break removed, as scanned text has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

__all__ = ["SourceText", "Span", "find_texts", "missing_figures", "spans_of"]

_PART = re.compile(r"^(?:(?P<source>[a-z0-9]+(?:[-_.][a-z0-9]+)*):)?L(?P<first>\d+)(?:-L?(?P<last>\d+))?$")
_SPACE = re.compile(r"\s+")
_BROKEN_WORD = re.compile(r"[-­]\n\s*")


@dataclass(frozen=True, slots=True)
class Span:
    """Lines `first` to `last` of a document."""

    source_id: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text of a document.

    Attributes
    ----------
    source_id : the document.
    lines : its lines, without line ends.
    sha256 : digest of the file, to compare with ``sources.csv``.
    """

    source_id: str
    lines: tuple[str, ...]
    sha256: str = ""

    @classmethod
    def of(cls, source_id: str, text: str) -> SourceText:
        """Return a text with its lines counted by newlines."""
        return cls(source_id, tuple(text.split("\n")))

    def span(self, first: int, last: int) -> str:
        """Return lines `first` to `last`, 1-based, joined by newlines."""
        return "\n".join(self.lines[first - 1 : last])


def spans_of(locator: str, source_id: str) -> tuple[Span, ...]:
    """Return the lines that a locator names, in its order.

    >>> spans_of("L1033-1034; L952; Fig. 5", "review")
    (Span(source_id='review', first=1033, last=1034), Span(source_id='review', first=952, last=952))
    """
    found = []
    for part in locator.split(";"):
        match = _PART.match(part.strip())
        if match:
            first = int(match["first"])
            found.append(Span(match["source"] or source_id, first, max(first, int(match["last"] or first))))
    return tuple(found)


def find_texts(folders: Iterable[Path], digests: Mapping[str, str]) -> tuple[dict[str, SourceText], list[str]]:
    """Return the texts ``<source_id>.txt`` found in the folders, and warnings.

    Parameters
    ----------
    folders : looked through in order; the first text of a name is taken.
    digests : SHA-256 by source_id, empty where none is recorded; a text with another digest is not used, because
        the locators count the lines of the recorded one.
    """
    texts: dict[str, SourceText] = {}
    warnings = []
    for folder in folders:
        for path in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
            if path.stem in texts or path.stem not in digests:
                continue
            data = path.read_bytes()
            digest = sha256(data).hexdigest()
            if digests[path.stem] and digests[path.stem] != digest:
                warnings.append(
                    f"{path.name} is not the text that the locators count lines of (its SHA-256 differs from "
                    "sources.csv); its figures were not looked up"
                )
                continue
            text = data.decode("utf-8", errors="replace")
            texts[path.stem] = SourceText(path.stem, tuple(text.split("\n")), digest)
    return texts, warnings


def _folded(text: str) -> tuple[str, str]:
    """Return the text with white space folded, with and without the hyphens of broken lines."""
    return _SPACE.sub(" ", text), _SPACE.sub(" ", _BROKEN_WORD.sub("", text))


@lru_cache(maxsize=4096)
def _pattern(figure: str) -> re.Pattern[str]:
    """Return a pattern for a figure: white space anywhere, and no digit that belongs to another number beside it."""
    body = r"\s*".join(re.escape(letter) for letter in figure if not letter.isspace())
    before = r"(?<![\d.])" if figure[:1].isdigit() else ""
    after = r"(?!\d|\.\d)" if figure[-1:].isdigit() else ""
    return re.compile(before + body + after)


def _holds(text: str, figure: str) -> bool:
    pattern = _pattern(figure.strip())
    return any(pattern.search(version) for version in _folded(text))


def missing_figures(figures: Iterable[str], spans: Iterable[Span], texts: Mapping[str, SourceText]) -> list[str]:
    """Return the figures that stand on none of the lines; documents without text are passed over."""
    parts = [texts[span.source_id].span(span.first, span.last) for span in spans if span.source_id in texts]
    if not parts:
        return []
    return [figure for figure in figures if not any(_holds(part, figure) for part in parts)]
