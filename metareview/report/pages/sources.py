"""The sources of a page: every place once, short keys in the cells, links only to the web."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from metareview.report.tables.sources import RefIndex
from metareview.report.views.format import clean
from metareview.schema.source import SourceRef

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PageIndex", "read_sources", "web_address"]

#: Lists of positions longer than this are kept once, and cells refer to them.
_LONG = 24


class PageIndex(RefIndex):
    """The sources of one page, written short: runs as ``3-9``, and a long list once for all cells that share it.

    >>> index = PageIndex()
    >>> index.add(SourceRef("results.csv", line) for line in (2, 3, 4))
    '0-2'
    """

    def __init__(self) -> None:
        super().__init__()
        self._lists: dict[str, int] = {}

    def add(self, refs: Iterable[SourceRef]) -> str:
        """Take up the sources of a cell; return their positions as runs, or ``@`` and the number of a shared list."""
        text = _runs(sorted({int(position) for position in super().add(refs).split()}))
        if len(text) <= _LONG:
            return text
        return f"@{self._lists.setdefault(text, len(self._lists))}"

    def to_data(self) -> dict[str, Any]:
        """Return what the page's script reads: texts once each, rows that point at them, and the shared lists."""
        texts: dict[str, int] = {"": 0}

        def key(text: str) -> int:
            return texts.setdefault(clean(text), len(texts))

        rows = [
            [key(str(ref["file"])), ref["line"], key(str(ref["source_id"])), key(str(ref["locator"])),
             key(str(ref["printed"])), int(ref["uncertain"]), key(str(ref["note"]))]
            for ref in self.to_list()
        ]  # fmt: skip
        return {"texts": list(texts), "rows": rows, "lists": list(self._lists)}


def _runs(positions: list[int]) -> str:
    runs: list[list[int]] = []
    for position in positions:
        if runs and position == runs[-1][1] + 1:
            runs[-1][1] = position
        else:
            runs.append([position, position])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def web_address(address: str) -> str:
    """Return an address if it leads to the web, else nothing: other schemes do not become links.

    >>> web_address("https://example.org/a"), web_address("javascript:alert(1)")
    ('https://example.org/a', '')
    """
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    return address.strip() if parts.scheme in ("http", "https") and parts.hostname else ""


def read_sources(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Return the documents as text by column, with `link` where there is an address on the web."""
    columns = ("source_id", "title", "authors", "year", "venue", "doi", "address", "licence", "note")
    rows = []
    for record in frame.to_dict("records"):
        row = {name: _text(record.get(name)) for name in columns}
        doi = f"https://doi.org/{quote(row['doi'], safe='/()')}" if row["doi"] else ""
        rows.append({**row, "link": web_address(row["address"]), "doi_link": doi})
    return rows


def titles(sources: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the title of each document by its id."""
    return {row["source_id"]: row["title"] for row in sources}


def _text(value: Any) -> str:
    """Return a cell of a data frame as text; missing is empty, a year has no decimals."""
    if value is None or value != value or str(value) == "<NA>":  # NaN is the one value that differs from itself
        return ""
    return clean(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value))
