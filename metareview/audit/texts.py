"""Source texts: where a claim stands, and whether its printed figures stand there.

A locator names lines (``L1033-1034``), counted by newlines from 1; ``shah2025_abstract_page:L12`` names a line of
another document; other parts (``Table 3``, ``p. 7``) are for readers. A figure is found if it stands on the lines of
one of its places, by the rule that checks every other printed figure (`metareview.ingest.printed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from metareview.schema.source import LineSpan

__all__ = ["SourceText", "find_texts", "missing_figures"]


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


def missing_figures(figures: Iterable[str], spans: Iterable[LineSpan], texts: Mapping[str, SourceText]) -> list[str]:
    """Return the figures that stand on none of the lines; documents without text are passed over."""
    from metareview.ingest.printed import stands_at

    parts = [texts[span.source_id].lines[span.first - 1 : span.last] for span in spans if span.source_id in texts]
    if not parts:
        return []
    return [figure for figure in figures if not any(stands_at(figure, part) for part in parts)]
