"""A review -> the text of one export."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from metareview.errors import InputError, UnknownName
from metareview.report.exchange.cells import exchange_cells
from metareview.report.exchange.croissant import render_croissant
from metareview.report.exchange.leaderboards import render_eee, render_pwc, render_wide
from metareview.schema.review import ReviewSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXPORTS", "LOST", "render_export"]

#: Formats by name, and what each is.
EXPORTS = {
    "pwc": "Papers-with-Code style JSON: tasks, data sets, rows of methods",
    "eee": "Every Eval Ever JSON: a list with one record per method",
    "wide": "CSV with a row per method and a column per data set and metric",
    "croissant": "JSON-LD that describes the spreadsheets (Croissant 1.0, schema.org)",
}
#: What each format has no place for.
LOST = {
    "pwc": "direction, split, uncertainty, places in documents, values of single units",
    "eee": "values of single units",
    "wide": "split, uncertainty, places in documents, values of single units",
    "croissant": "",
}


def render_export(
    kind: str, tables: Mapping[str, pd.DataFrame], spec: ReviewSpec, files: Mapping[str, Path], *, url: str = "",
    licence: str = "", version: str = "1.0.0", retrieved: str = "0",
) -> str:  # fmt: skip
    """Return a review in another format.

    Parameters
    ----------
    kind : one of `EXPORTS`.
    tables, spec, files : the review, and the spreadsheet of each table.
    url, licence, version : of the published data set, for ``croissant``.
    retrieved : Unix time of the record, for ``eee``.

    Raises
    ------
    UnknownName
        For another format.
    InputError
        If the review has no value that the format could hold.
    """
    if kind not in EXPORTS:
        raise UnknownName("format", kind, EXPORTS)
    if kind == "croissant":
        return render_croissant(files, spec, url=url, licence=licence, version=version)
    cells = exchange_cells(tables, spec)
    if not cells:
        raise InputError(f"the review has no aggregate of level cell on one data set, which is what {kind} holds")
    if kind == "eee":
        return render_eee(cells, spec, retrieved=retrieved)
    return (render_pwc if kind == "pwc" else render_wide)(cells, spec)
