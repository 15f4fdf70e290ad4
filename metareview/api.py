"""The front for notebooks and scripts: one object per review, one call per statistic, table and figure.

>>> import metareview
>>> review = metareview.load("data/studies/brain-em")  # doctest: +SKIP
>>> review.table("benchmark")                          # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metareview.errors import UnknownName

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from metareview.ingest import ReviewTables
    from metareview.report.findings import Finding
    from metareview.report.views.base import View
    from metareview.results import Result
    from metareview.schema.review import ReviewSpec

__all__ = ["Review", "load"]


def load(folder: str | Path) -> Review:
    """Read a review folder.

    Parameters
    ----------
    folder : the folder with ``review.yaml`` and the spreadsheets.

    Raises
    ------
    ProblemsFound
        If a spreadsheet has problems; the message lists all of them.
    InputError
        If the folder or ``review.yaml`` cannot be read.
    """
    from metareview.ingest import read_review

    return Review(read_review(folder))


class Review:
    """A review that has been read and checked.

    Each row of the DataFrames carries ``file`` and ``line`` of its spreadsheet beside document, locator and printed
    figure, so that any number walks back.
    """

    def __init__(self, tables: ReviewTables) -> None:
        self._tables = tables
        self._results: dict[str, Result] = {}
        self._built: dict[str, View] = {}

    @property
    def spec(self) -> ReviewSpec:
        """The configuration, ``review.yaml``."""
        return self._tables.spec

    @property
    def frames(self) -> Mapping[str, pd.DataFrame]:
        """Every table by name."""
        return self._tables.tables

    @property
    def studies(self) -> pd.DataFrame:
        """The studies."""
        return self.frames["studies"]

    @property
    def datasets(self) -> pd.DataFrame:
        """The data sets."""
        return self.frames["datasets"]

    @property
    def experiments(self) -> pd.DataFrame:
        """The experiments."""
        return self.frames["experiments"]

    @property
    def results(self) -> pd.DataFrame:
        """The results, percentages as proportions."""
        return self.frames["results"]

    @cached_property
    def statistics(self) -> tuple[str, ...]:
        """Names that `statistic` takes."""
        from metareview.report.analyses import analyses_for

        return tuple(analyses_for(self.spec))

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        from metareview.report.registry import views_for

        return tuple(views_for(self.spec))

    @cached_property
    def figures(self) -> tuple[str, ...]:
        """Names that `figure` takes."""
        from metareview.report.figures.registry import figures_for

        return tuple(figures_for(self.spec))

    def statistic(self, name: str) -> Result:
        """Return a statistic by name; it is computed once.

        Raises
        ------
        UnknownName
            If there is no statistic of that name.
        """
        from metareview.report.analyses import find_analysis

        asked = find_analysis(name, self.spec)
        if name not in self._results:
            self._results[name] = asked.run(self.frames, self.spec)
        return self._results[name]

    def table(self, name: str) -> View:
        """Return a table by name, ready to be shown or rendered.

        Raises
        ------
        UnknownName
            If there is no table of that name.
        """
        from metareview.report.registry import build_view, views_for

        views = views_for(self.spec)
        if name not in views:
            raise UnknownName("table", name, views)
        if name not in self._built:
            results = {result: self.statistic(result) for result in views[name].results}
            self._built[name] = build_view(name, self.frames, results, self.spec)
        return self._built[name]

    def figure(self, name: str) -> Figure:
        """Return a figure by name as a matplotlib figure.

        Raises
        ------
        UnknownName
            If there is no figure of that name.
        """
        from metareview.report.figures.registry import draw

        return draw(name, self._views_of(name))

    def interactive(self, name: str) -> Any:
        """Return the plotly twin of a figure, for hovering.

        Raises
        ------
        UnknownName
            If there is no figure of that name, or it has no twin.
        """
        from metareview.report.figures.registry import figures_for, interactive

        twins = [key for key, figure in figures_for(self.spec).items() if figure.interactive]
        if name not in twins:
            raise UnknownName("interactive figure", name, twins)
        return interactive(name, self._views_of(name))

    def use(self, name: str, result: Result) -> None:
        """Take `result` for the statistic of that name instead of computing it from the spreadsheets alone."""
        self._results[name] = result

    def page(
        self, tables: Iterable[str] | None = None, *, watch: Callable[[Any, str], Iterable[str]] | None = None
    ) -> str:
        """Return the report as one self-contained HTML page.

        Parameters
        ----------
        tables : names of the tables it has, all by default; it has the figures that are drawn from them.
        watch : called with the names and a label, yields the names: a progress bar.
        """
        from metareview.ingest import check_review
        from metareview.report.figures.registry import figure_bytes, figures_for
        from metareview.report.pages import render_report

        each = watch or (lambda names, label: names)
        views = {name: self.table(name) for name in each(list(self.tables if tables is None else tables), "tables")}
        known = {name: spec for name, spec in figures_for(self.spec).items() if set(spec.views) <= set(views)}
        figures = {
            name: figure_bytes(name, {view: views[view] for view in known[name].views}, "svg").decode()
            for name in each(list(known), "figures")
        }
        checked = check_review(self._tables.folder)
        return render_report(self.spec, views, figures, checked, self.frames["sources"], files=False)

    def findings(self) -> tuple[Finding, ...]:
        """Return the key findings as the report has them: sentences whose numbers are cells of its tables."""
        from metareview.report.findings import key_findings, views_of

        return key_findings({name: self.table(name) for name in views_of(self.spec)}, self.spec)

    def explorer(self, *, report: str = "") -> str:
        """Return the explorer as one self-contained HTML page: filters, rules, and ranks that follow them.

        Parameters
        ----------
        report : address of the report for a link to it, such as ``report.html`` beside the page; empty for none.
        """
        from metareview.report.explorer import collect, render_explorer

        audit: Any = self.statistic("audit")
        return render_explorer(collect(self.frames, self.spec, audit), report=report)

    def _views_of(self, name: str) -> dict[str, View]:
        from metareview.report.figures.registry import figures_for

        figures = figures_for(self.spec)
        if name not in figures:
            raise UnknownName("figure", name, figures)
        return {view: self.table(view) for view in figures[name].views}

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(frame)} {name}" for name, frame in self.frames.items() if len(frame))
        return f"<Review {self.spec.id}: {sizes}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row'>{escape(name)}</th><td>{len(frame)}</td></tr>"
            for name, frame in self.frames.items()
            if len(frame)
        )
        return (
            f"<h3>{escape(self.spec.title)}</h3><p>{escape(self.spec.question)}</p>"
            f"<table><thead><tr><th>table</th><th>rows</th></tr></thead><tbody>{rows}</tbody></table>"
        )
