"""The change report as one self-contained HTML page, in the look of the report."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence

from metareview.report.figures.twin_page import script_json
from metareview.report.pages.inline import figure_variables
from metareview.report.pages.render import environment, template_text
from metareview.report.pages.sources import PageIndex
from metareview.report.tables import render_html
from metareview.report.views.base import View

__all__ = ["render_changes"]


def render_changes(
    title: str, states: tuple[str, str], views: Mapping[str, View], numbers: Sequence[tuple[str, str]],
    warnings: Sequence[str] = (),
) -> str:  # fmt: skip
    """Return the page.

    Parameters
    ----------
    title : title of the review.
    states : names of the old and the new state.
    views : the tables of `change_views`.
    numbers : label and value of each key number of the header.
    warnings : what must be known before reading.
    """
    refs = PageIndex()
    script = template_text("report.js")
    style = template_text("report.css").replace("/*light*/", figure_variables(dark=False))
    page: str = environment().get_template("changes.html.j2").render(
        title=title, old=states[0], new=states[1], numbers=numbers, warnings=warnings,
        blocks=[(name, view.title, render_html(view, refs)) for name, view in views.items()],
        style=style.replace("/*dark*/", figure_variables(dark=True)), script=script,
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=script_json({**refs.to_data(), "documents": {}}),
    )  # fmt: skip
    return page
