"""Figures: each draws views onto axes and computes nothing.

`FIGURES` lists them; `draw` gives a matplotlib figure for a notebook, `figure_bytes` and `interactive_html` the files
as bytes, `write_figure` writes them. Nothing here imports a drawing library before a figure is drawn.
"""

from metareview.report.figures.registry import (
    FIGURES,
    FigureSpec,
    draw,
    figure_bytes,
    figure_texts,
    figures_for,
    interactive,
    interactive_html,
    plotly_script,
)
from metareview.report.figures.write import write_figure

__all__ = [
    "FIGURES",
    "figures_for",
    "FigureSpec",
    "draw",
    "figure_bytes",
    "figure_texts",
    "interactive",
    "interactive_html",
    "plotly_script",
    "write_figure",
]
