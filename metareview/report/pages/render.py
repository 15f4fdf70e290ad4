"""The report of one review as one HTML file that needs nothing else: no server, no network, no second file.

Programs and styles are inlined; a content security policy allows this page's own script, by its digest, and no
connection to anywhere. Nothing here depends on the clock or on chance, so the same input gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files as package_files
from typing import TYPE_CHECKING, Any

from metareview.report.figures.twin_page import script_json
from metareview.report.findings import key_findings, leading
from metareview.report.pages.inline import figure_variables
from metareview.report.pages.sections import arrange
from metareview.report.pages.sources import PageIndex, read_sources, titles
from metareview.report.views.base import Column, View
from metareview.report.views.common import short_name
from metareview.report.views.format import clean, display
from metareview.schema.review import ReviewSpec

if TYPE_CHECKING:
    import pandas as pd

    from metareview.ingest import CheckReport

__all__ = ["render_report"]

_COUNT = Column("n", "n", "count")
#: Sections that stand on the page without a table of their own.
_ALWAYS = frozenset({"overview", "sources", "methods"})
#: Tables whose row counts open the page, and what a row of them is called.
_COUNTED = (("studies", "study", "studies"), ("datasets", "data set", "data sets"),
            ("experiments", "experiment", "experiments"), ("results", "result", "results"),
            ("sources", "document", "documents"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One key number of the header."""

    value: str
    label: str


def render_report(
    spec: ReviewSpec,
    views: Mapping[str, View],
    figures: Mapping[str, str],
    check: CheckReport,
    sources: pd.DataFrame,
    *,
    files: bool = True,
) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    spec : ``review.yaml``.
    views : every view by name.
    figures : SVG text of every figure by name.
    check : what checking the spreadsheets found: row counts, and problems (here only warnings are left).
    sources : the table of documents.
    files : whether ``tables/`` and ``figures/`` stand beside the page; without them there is nothing to download.
    """
    from metareview.report.figures.registry import figures_for
    from metareview.report.registry import views_for

    refs = PageIndex()
    documents = read_sources(sources)
    sections = arrange(views_for(spec), figures_for(spec), views, figures, refs, files)
    script = template_text("report.js")
    findings, further = leading(key_findings(views, spec))
    context = {
        "spec": spec,
        "sections": [section for section in sections if section.blocks or section.id in _ALWAYS],
        "numbers": _numbers(check, views, spec),
        "findings": findings,
        "further": further,
        "documents": documents,
        "warnings": _warnings(views),
        "problems": [clean(str(problem)) for problem in check.problems],
        "dropped": {name: len(view.dropped) for name, view in views.items() if view.dropped},
        "titles": {name: view.title for name, view in views.items()},
        "style": template_text("report.css")
        .replace("/*light*/", figure_variables(dark=False))
        .replace("/*dark*/", figure_variables(dark=True)),
        "script": script,
        "digest": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "data": script_json({**refs.to_data(), "documents": titles(documents)}),
        "files": files,
        "metrics": _metric_names(spec),
    }
    page: str = environment().get_template("report.html.j2").render(context)
    return page


def _metric_names(spec: ReviewSpec) -> list[str]:
    """Return the metrics of the composite as they are printed."""
    found = [spec.vocabulary().find(key) for key in (spec.composite.metrics if spec.composite else ())]
    return [short_name(metric) for metric in found if metric is not None]


def environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("metareview.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["tidy"] = clean
    return environment


def template_text(name: str) -> str:
    """Return a style sheet or script that goes into the page as it is."""
    return (package_files("metareview.report") / "templates" / name).read_text(encoding="utf-8")


def _numbers(check: CheckReport, views: Mapping[str, View], spec: ReviewSpec) -> list[Figure]:
    """Return the key numbers: studies of each body on their own, because bodies are never added up; then rows."""
    corpora = _corpus_sizes(views)
    found = [Figure(display(n, _COUNT), f"studies of {label}") for label, n in corpora.items()]
    for table, one, many in _COUNTED:
        n = check.counts.get(table, 0)
        if n and not (table == "studies" and found):
            found.append(Figure(display(n, _COUNT), one if n == 1 else many))
    return found


def _corpus_sizes(views: Mapping[str, View]) -> dict[str, int]:
    """Return how many studies each body has, as the views that count over bodies print it."""
    sizes: dict[str, int] = {}
    for name in ("distributions", "shares"):
        view = views.get(name)
        if view is None or not {"corpus", "n_corpus"} <= {column.key for column in view.columns}:
            continue
        for label, n in zip(view.values("corpus"), view.values("n_corpus"), strict=True):
            if isinstance(n, int | float):
                sizes.setdefault(str(label), int(n))
    return sizes


def _warnings(views: Mapping[str, View]) -> list[tuple[Sequence[str], Sequence[str]]]:
    """Return every warning once: the names of the tables it stands under, and the warnings of just these tables."""
    places: dict[str, list[str]] = {}
    for name, view in views.items():
        for text in view.warnings:
            places.setdefault(text, []).append(name)
    groups: dict[tuple[str, ...], list[str]] = {}
    for text, names in places.items():
        groups.setdefault(tuple(names), []).append(text)
    return list(groups.items())
