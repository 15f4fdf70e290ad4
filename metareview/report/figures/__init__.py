"""Figures: each draws views onto axes and computes nothing.

`FIGURES` lists them; `draw_figure` gives a matplotlib figure for a notebook, `render_svg` the drawing as text,
`write_figure` the files. Nothing here imports a drawing library before a figure is drawn.
"""

from metareview.report.figures.registry import FIGURES, FigureSpec, draw_figure, draw_interactive, figure_spec
from metareview.report.figures.write import render_svg, write_figure

__all__ = [
    "FIGURES",
    "FigureSpec",
    "draw_figure",
    "draw_interactive",
    "figure_spec",
    "render_svg",
    "write_figure",
]
