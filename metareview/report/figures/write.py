"""Figures onto disk: SVG, PNG and the interactive twin, each replaced in one step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from metareview.report.figures.registry import (
    KINDS,
    draw,
    figure_bytes,
    figure_spec,
    interactive_html,
    plotly_script,
)
from metareview.report.views.base import View
from metareview.results.atomic import write_atomic

__all__ = ["PLOTLY", "write_figure"]

#: File name of the drawing program that all interactive figures of a folder share.
PLOTLY = "plotly.min.js"


def write_figure(name: str, views: Mapping[str, View], folder: Path | str) -> list[Path]:
    """Write ``<name>.svg``, ``<name>.png`` and, where it has a twin, ``<name>.html`` into a folder.

    Everything is drawn before anything is written, and a file is replaced in one step, so a build that is killed
    leaves the last good one. ``plotly.min.js`` is written beside the twin unless it is there.

    Returns
    -------
    list of Path
        The files of this figure, ``plotly.min.js`` not among them.

    Raises
    ------
    UnknownName
        If there is no figure of that name.
    InputError
        If a view it needs is not among `views`, or the folder cannot be written to.
    """
    spec = figure_spec(name)
    drawn = draw(name, views)
    files = {f"{name}.{kind}": figure_bytes(name, views, kind, drawn=drawn) for kind in KINDS}
    if spec.interactive is not None:
        files[f"{name}.html"] = interactive_html(name, views).encode()
        _write_program(Path(folder) / PLOTLY)
    return [write_atomic(Path(folder) / file, content) for file, content in files.items()]


def _write_program(path: Path) -> None:
    """Write plotly's program unless it is there: figures drawn at the same time share it."""
    content = plotly_script().encode()
    if not path.is_file() or path.stat().st_size != len(content) or path.read_bytes() != content:
        write_atomic(path, content)
