"""Pages: the HTML report, one self-contained file."""

from metareview.report.pages.render import render_report

__all__ = ["render_report"]
