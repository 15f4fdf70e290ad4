"""Figures onto disk: SVG, PNG and the interactive twin, each replaced in one step."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

from metareview.report.figures.registry import FIGURES, draw_figure, draw_interactive, figure_texts
from metareview.report.figures.svg import png_bytes, svg_text
from metareview.report.views.base import View

__all__ = ["render_svg", "write_atomic", "write_figure"]

#: The drawing library that all interactive figures of a folder share.
PLOTLY = "plotly.min.js"


def render_svg(name: str, views: Mapping[str, View]) -> str:
    """Return a figure as SVG text."""
    title, alt = figure_texts(name, views)
    return svg_text(draw_figure(name, views), name, title, alt)


def write_figure(name: str, views: Mapping[str, View], folder: Path | str) -> tuple[Path, ...]:
    """Write ``<name>.svg``, ``<name>.png`` and, where it has one, the interactive ``<name>.html`` into a folder.

    The interactive page takes plotly's program from ``plotly.min.js`` beside it, which is written once. A file is
    replaced in one step, so a build that is killed leaves the last good one.

    Returns
    -------
    tuple of Path
        The files of this figure, ``plotly.min.js`` not among them.
    """
    from metareview.report.figures.interactive import interactive_html

    folder = Path(folder)
    title, alt = figure_texts(name, views)
    figure = draw_figure(name, views)
    outputs = {f"{name}.svg": svg_text(figure, name, title, alt).encode(), f"{name}.png": png_bytes(figure)}
    if FIGURES[name].interactive is not None:
        outputs[f"{name}.html"] = interactive_html(draw_interactive(name, views), name, title, alt).encode()
        _write_program(folder / PLOTLY)
    return tuple(write_atomic(folder / file, body) for file, body in outputs.items())


def write_atomic(path: Path, body: bytes) -> Path:
    """Write a file in one step: whoever reads it sees the old bytes or the new ones, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return path


def _write_program(path: Path) -> None:
    """Write plotly's program, unless it is there: figures drawn at the same time share it."""
    from metareview.report.figures.interactive import plotly_program

    body = plotly_program().encode()
    if not path.is_file() or path.stat().st_size != len(body) or path.read_bytes() != body:
        write_atomic(path, body)
