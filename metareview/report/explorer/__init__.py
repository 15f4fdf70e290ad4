"""The explorer: one self-contained HTML file in which a reader chooses metrics and rules, and sees ranks move."""

from metareview.report.explorer.data import EXPLORER_TABLES, Explored, collect
from metareview.report.explorer.encode import encode
from metareview.report.explorer.page import render_explorer

__all__ = ["EXPLORER_TABLES", "Explored", "collect", "encode", "render_explorer"]
