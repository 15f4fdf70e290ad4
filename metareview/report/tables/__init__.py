"""Renderers of a view: CSV, Markdown, HTML, LaTeX, XLSX.

`render` gives text, `render_xlsx` bytes, `write_table` writes every form of one view into a folder. What a view does
not say, no renderer knows: they share `layout` (groups, spanners, footnotes) and never compute.
"""

from __future__ import annotations

from pathlib import Path

from metareview.errors import InputError, UnknownName
from metareview.report.tables.csv import render_csv
from metareview.report.tables.html import render_html
from metareview.report.tables.markdown import render_md
from metareview.report.tables.sources import RefIndex, cite
from metareview.report.tables.tex import render_tex
from metareview.report.tables.xlsx import render_xlsx
from metareview.report.views.base import View
from metareview.results.atomic import write_atomic

__all__ = [
    "FORMATS",
    "RefIndex",
    "cite",
    "render",
    "render_csv",
    "render_html",
    "render_md",
    "render_tex",
    "render_xlsx",
    "write_table",
]

_TEXT = {"csv": render_csv, "md": render_md, "html": render_html, "tex": render_tex}
#: File endings that `write_table` writes.
FORMATS: tuple[str, ...] = (*_TEXT, "xlsx")


def render(view: View, format: str) -> str:
    """Return a view as text in one of the formats ``csv``, ``md``, ``html``, ``tex``.

    Raises
    ------
    UnknownName
        If there is no such format; XLSX is not text and has `render_xlsx`.
    """
    if format not in _TEXT:
        raise UnknownName("table format", format, _TEXT)
    return _TEXT[format](view)


def write_table(view: View, folder: str | Path, formats: tuple[str, ...] = FORMATS) -> list[Path]:
    """Write a view as ``<folder>/<view name>.<format>``, each file as a whole or not at all.

    Everything is rendered before anything is written, so a view that cannot be rendered leaves the old files.

    Returns
    -------
    list of Path
        The files, in the order of `formats`.

    Raises
    ------
    InputError
        If the name of the view is a path, or the folder cannot be written to.
    """
    if Path(view.name).name != view.name:
        raise InputError(f"view name {view.name!r} is no file name; use letters, digits, - and _")
    contents = [render_xlsx(view) if name == "xlsx" else render(view, name) for name in formats]
    target = Path(folder)
    return [
        write_atomic(target / f"{view.name}.{name}", content) for name, content in zip(formats, contents, strict=True)
    ]
