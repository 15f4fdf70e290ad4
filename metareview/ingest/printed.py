"""Whether every printed figure stands where it is said to stand.

A printed figure is found if it is part of one of the lines that its locator names, or of these lines joined: by a
space, or, where a word was broken at a line end, without its hyphen or with the hyphen alone. Source texts are files
``<source_id>.txt`` in one folder; lines are counted by newlines, from 1.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metareview.errors import InputError
from metareview.ingest.cells import clean, parse_list
from metareview.ingest.crossrows import text_sources
from metareview.ingest.fields import fields_of
from metareview.ingest.problems import Problems, quote
from metareview.ingest.tables import ParsedTable
from metareview.schema.source import line_span

__all__ = ["stands_at", "verify_printed"]

_SOURCE_ID = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_FOUND, _ELSEWHERE, _BEYOND, _NO_LINE = range(4)
_RULES = {
    _ELSEWHERE: "a printed figure stands at its locator in the source",
    _BEYOND: "a locator names lines that the source has",
    _NO_LINE: "a printed figure of a text source has the line where it stands",
}


@dataclass(frozen=True, slots=True)
class _Text:
    lines: tuple[str, ...]


def stands_at(printed: str, lines: Sequence[str]) -> bool:
    """Return whether a printed figure stands on these lines.

    >>> stands_at("0.85", ["Dice of 0.85 on", "the test set"]), stands_at("segmentation", ["seg-", "mentation"])
    (True, True)
    >>> stands_at("0.85", ["Dice of 0.8", "5 on the test set"])
    False
    """
    if any(printed in line for line in lines):
        return True
    joined = " ".join(part for part in (line.strip() for line in lines) if part)
    return any(printed in text for text in (joined, joined.replace("- ", ""), joined.replace("- ", "-")))


def verify_printed(tables: Mapping[str, ParsedTable], folder: Path, problems: Problems) -> int:
    """Look every printed figure up in the source texts.

    Parameters
    ----------
    tables : the tables of a review; those with source_id, locator and printed are looked at.
    folder : the folder of the source texts.
    problems : where to report.

    Returns
    -------
    how many figures were found at their place.

    Raises
    ------
    InputError
        If `folder` is no folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; give the folder with the texts of the sources")
    texts = _read_texts(tables, folder, problems)
    return sum(
        _verify_table(table, texts, problems)
        for table in tables.values()
        if {"source_id", "locator", "printed"} <= set(table.raw.columns)
    )


def _read_texts(tables: Mapping[str, ParsedTable], folder: Path, problems: Problems) -> dict[str, _Text]:
    """Read the text of every source that has one; one with another digest than stated is reported and not used."""
    texts: dict[str, _Text] = {}
    named, expected = _named_sources(tables), text_sources(tables)
    sources = tables.get("sources")
    for source, (row, digest) in named.items():
        path = folder / f"{source}.txt"
        if not path.is_file():
            if source in expected and sources is not None:
                rule, remedy = "the text of a source that is cited by line can be looked up", f"put {path.name} there"
                sources.raw.report(problems, [row], "source_id", rule, remedy, severity="warning")
            continue
        data = path.read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if digest and found != digest and sources is not None:
            rule, remedy = f"the digest is that of {path.name}", f"the file has {found}: take the file that was read"
            sources.raw.report(problems, [row], "sha256", rule, remedy)
            continue
        texts[source] = _Text(tuple(data.decode("utf-8", errors="replace").split("\n")))
    return texts


def _named_sources(tables: Mapping[str, ParsedTable]) -> dict[str, tuple[int, str]]:
    """Return the ids of the sources with their row and digest in the table of sources."""
    table = tables.get("sources")
    if table is None:
        return {}
    ids = table.frame["source_id"].fillna("").tolist()
    digests = table.frame["sha256"].fillna("").tolist()
    return {
        source: (row, digest)
        for row, (source, digest) in enumerate(zip(ids, digests, strict=True))
        if _SOURCE_ID.fullmatch(source)
    }


def _verify_table(table: ParsedTable, texts: Mapping[str, _Text], problems: Problems) -> int:
    verdicts = np.full(len(table.raw), _FOUND, dtype=np.int8)
    verified = 0
    missed: dict[int, str] = {}
    for row, source, locator, figure in _figures(table):
        text = texts.get(source)
        if text is None:
            continue
        span = line_span(locator)
        verdict = _verdict(figure, span, text)
        if verdict == _FOUND:
            verified += 1
        else:
            verdicts[row], missed[row] = verdict, figure
    for verdict, rule in _RULES.items():
        rows = np.flatnonzero((verdicts == verdict) & table.good("locator", "source_id", "printed"))
        column = "printed" if verdict == _ELSEWHERE else "locator"
        found = missed.__getitem__ if verdict == _ELSEWHERE else None
        table.raw.report(problems, rows, column, rule, lambda row: _remedy(table, row, texts), found=found)
    return verified


def _verdict(figure: str, span: tuple[int, int] | None, text: _Text) -> int:
    if span is None:
        return _NO_LINE
    first, last = span
    if not 1 <= first <= last <= len(text.lines):
        return _BEYOND
    return _FOUND if stands_at(figure, text.lines[first - 1 : last]) else _ELSEWHERE


def _figures(table: ParsedTable) -> Iterator[tuple[int, str, str, str]]:
    """Yield row, source, locator and figure of every printed figure."""
    raw = table.raw
    many = fields_of(raw.name)["printed"].kind == "list"
    columns = [raw.columns[name] for name in ("source_id", "locator", "printed")]
    texts = [[clean(text) for text in column.texts] for column in columns]
    for row, codes in enumerate(zip(*(column.codes.tolist() for column in columns), strict=True)):
        source, locator, printed = (texts[index][code] for index, code in enumerate(codes))
        for figure in parse_list(printed) if many else (printed,):
            if source and figure:
                yield row, source, locator, figure


def _remedy(table: ParsedTable, row: int, texts: Mapping[str, _Text]) -> str:
    source, locator = (clean(table.raw.text(row, name)) for name in ("source_id", "locator"))
    text, span = texts[source], line_span(locator)
    if span is None:
        return "start it with the line, such as L1715"
    if not 1 <= span[0] <= span[1] <= len(text.lines):
        return f"{source} has {len(text.lines)} lines"
    first, last = span
    there = " ".join(line.strip() for line in text.lines[first - 1 : last])
    place = _elsewhere(table, row, text)
    return f"correct the line or the figure; {source} {locator.partition(';')[0]} reads {quote(there)}{place}"


def _elsewhere(table: ParsedTable, row: int, text: _Text) -> str:
    figure = clean(table.raw.text(row, "printed"))
    hits = [number for number, line in enumerate(text.lines, 1) if figure in line] if len(figure) > 2 else []
    return f"; it stands at L{', L'.join(map(str, hits))}" if 0 < len(hits) <= 3 else ""
