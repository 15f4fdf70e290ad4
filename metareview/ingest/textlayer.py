"""Printed figures and quotes looked up in the text layer of PDFs, and quotes in source texts.

A PDF is ``<source_id>.pdf`` in the folder of the sources. Its text comes from poppler's ``pdftotext`` or from pypdf,
whichever is there; neither is needed for anything else. A text layer may break figures (a minus sign, a ligature, a
column), and printed page numbers are often not those of the file, so what is not found is a warning, never an error.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from metareview.ingest.cells import clean, parse_list
from metareview.ingest.fields import fields_of
from metareview.ingest.problems import Problems
from metareview.ingest.tables import ParsedTable
from metareview.schema.locator import parse_locator

__all__ = ["normalised", "pdf_pages", "verify_layers"]

_SOURCE_ID = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"), "-")
_QUOTES = {ord(a): b for a, b in zip("‘’“”", "''\"\"", strict=True)}
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class _Layer:
    """The text of a document by page; `by_line` where it is a text whose lines are cited."""

    pages: tuple[str, ...]
    by_line: bool = False


def normalised(text: str) -> str:
    """Return a text in which line breaks, dashes, ligatures and quotation marks do not matter.

    >>> normalised("of \u22120.5  to 0.7"), normalised("e\ufb03cient")
    ('of -0.5 to 0.7', 'efficient')
    """
    text = unicodedata.normalize("NFKC", text).translate(_DASHES).translate(_QUOTES).replace("\u00ad", "")
    return " ".join(re.sub(r"(?<=\w)-\s*\n\s*", "", text).split())


def pdf_pages(path: Path) -> tuple[str, ...] | None:
    """Return the text of each page of a PDF; None where no program reads it, or it has no text layer."""
    pages: Sequence[str] = ()
    program = shutil.which("pdftotext")
    if program is not None:
        try:
            done = subprocess.run(
                [program, "-q", "-enc", "UTF-8", "--", str(path), "-"],
                capture_output=True,
                timeout=_SECONDS,
                check=True,
            )
            pages = done.stdout.decode("utf-8", errors="replace").split("\f")[:-1]
        except (OSError, subprocess.SubprocessError):
            return None
    else:
        try:
            from pypdf import PdfReader
            from pypdf.errors import PyPdfError
        except ImportError:
            return None
        try:
            pages = [page.extract_text() for page in PdfReader(path).pages]
        except (OSError, ValueError, PyPdfError):
            return None
    found = tuple(map(normalised, pages))
    return found if any(found) else None


def verify_layers(tables: Mapping[str, ParsedTable], folder: Path, problems: Problems) -> int:
    """Look figures and quotes up in PDFs, and quotes in texts; return how many stand where they are said to."""
    layers = _layers(tables, folder, problems)
    verified = 0
    for table in tables.values():
        for column in ("printed", "quote"):
            if {"source_id", "locator", column} <= set(table.raw.columns):
                verified += _verify_column(table, column, layers, problems)
    return verified


def _layers(tables: Mapping[str, ParsedTable], folder: Path, problems: Problems) -> dict[str, _Layer]:
    """Return the pages of every source that has a PDF; of a text, its whole as one page (for quotes)."""
    found: dict[str, _Layer] = {}
    sources = tables.get("sources")
    for row, source in enumerate([] if sources is None else sources.frame["source_id"].fillna("").tolist()):
        if not _SOURCE_ID.fullmatch(source):
            continue
        path, text = folder / f"{source}.pdf", folder / f"{source}.txt"
        if text.is_file():
            whole = normalised(text.read_text(encoding="utf-8", errors="replace"))
            found[source] = _Layer((whole,), by_line=True)
        elif path.is_file():
            pages = pdf_pages(path)
            if pages is not None:
                found[source] = _Layer(pages)
            elif sources is not None:
                rule = f"{path.name} has a text layer that pdftotext or pypdf can read"
                remedy = "install poppler-utils or pypdf, or run OCR on a scan; until then nothing is looked up in it"
                sources.raw.report(problems, [row], "source_id", rule, remedy, severity="warning")
    return found


def _verify_column(
    table: ParsedTable, column: str, layers: Mapping[str, _Layer], problems: Problems
) -> int:  # fmt: skip
    raw, good = table.raw, table.good("source_id", "locator", column)
    many = fields_of(raw.name)[column].kind == "list"
    missed: dict[int, str] = {}
    verified = 0
    for row in range(len(raw)):
        source, text = clean(raw.text(row, "source_id")), clean(raw.text(row, column))
        layer = layers.get(source)
        if layer is None or not text or not good[row] or (column == "printed" and layer.by_line):
            continue  # figures in texts are looked up line by line in `printed`
        pages = layer.pages
        locator = clean(raw.text(row, "locator"))
        said = [_verdict(normalised(item), locator, pages) for item in (parse_list(text) if many else (text,))]
        verified += said.count("")
        if any(said):
            missed[row] = next(filter(None, said))
    rule = f"what is {'quoted' if column == 'quote' else 'printed'} stands in the text of its source"
    raw.report(problems, list(missed), column, rule, missed.__getitem__, severity="warning")
    return verified


def _verdict(text: str, locator: str, pages: Sequence[str]) -> str:
    """Return what is wrong with a text and its page, or nothing."""
    on = [number for number, page in enumerate(pages, 1) if text in page]
    if not on:
        return "it was not found; correct it, or say in note that the text layer has it otherwise"
    places = [place for place in parse_locator(locator) if place.kind == "page" and place.first is not None]
    named = {number for place in places for number in range(place.first or 0, (place.last or 0) + 1)}
    inside = {number for number in named if number <= len(pages)}
    if not inside or inside & set(on) or len(pages) == 1:
        return ""  # no page is named, or pages are those of a journal
    return f"it stands on page {', '.join(map(str, on[:3]))} of the file; correct the page, or the figure"
