"""What a review needs to be built: the steps, and which spreadsheet or step each one reads.

The Snakemake rules ask this module for their inputs, so that editing one spreadsheet cell rebuilds only what depends
on that spreadsheet. Everything is built in ``<out>/.work`` and published to ``<out>`` by the last step, file by file
and atomically: Snakemake removes a rule's outputs before it runs the rule, so a build that is killed would otherwise
take the last good report with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from metareview.audit.numbers import NUMBER_TABLES
from metareview.errors import InputError, UnknownName
from metareview.ingest import read_spec, table_files
from metareview.ingest.toolfiles import tool_files
from metareview.report.analyses import AnalysisSpec, analyses_for, find_analysis
from metareview.report.explorer.data import EXPLORER_TABLES
from metareview.report.figures.registry import KINDS, FigureSpec, figures_for
from metareview.report.registry import ViewSpec, views_for
from metareview.report.tables import FORMATS
from metareview.schema.review import ReviewSpec

__all__ = ["Family", "Plan", "code_digest", "plans", "rule_name"]


@dataclass(frozen=True)
class Family:
    """Views and figures that rest on the same spreadsheets, their statistics included: one process makes them.

    Attributes
    ----------
    views, figures : their names; a figure is drawn from views of its own family, or of one that rests on less.
    """

    views: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """The build of one review.

    Attributes
    ----------
    folder : the review folder.
    out : where the report goes.
    """

    folder: Path
    out: Path

    @cached_property
    def spec(self) -> ReviewSpec:
        """The review's configuration."""
        return read_spec(self.folder)

    @cached_property
    def files(self) -> dict[str, Path]:
        """Spreadsheet of each table."""
        return table_files(self.folder)

    @cached_property
    def analyses(self) -> dict[str, AnalysisSpec]:
        """Statistics of this review by name."""
        return analyses_for(self.spec)

    @cached_property
    def views(self) -> dict[str, ViewSpec]:
        """Views of this review by name."""
        return views_for(self.spec)

    @cached_property
    def figures(self) -> dict[str, FigureSpec]:
        """Figures of this review by name."""
        return figures_for(self.spec)

    @property
    def work(self) -> Path:
        """Where the steps write."""
        return self.out / ".work"

    def sheets(self, names: tuple[str, ...] | None = None) -> list[str]:
        """Return the files that hold the named tables (all by default), ``review.yaml`` and tools."""
        wanted = self.files if names is None else {name: self.files[name] for name in names if name in self.files}
        own = [str(path) for path in tool_files(self.folder)]
        return sorted({str(self.folder / "review.yaml"), *own, *(str(path) for path in wanted.values())})

    def analysis_inputs(self, name: str) -> list[str]:
        """Return the spreadsheets that a statistic reads."""
        return self.sheets(tuple(find_analysis(name, self.spec).tables))

    def reads(self, name: str) -> tuple[str, ...]:
        """Return the spreadsheets that a view rests on: its own, and those of the statistics it shows."""
        view = self._view(name)
        own = (*view.tables, *(table for result in view.results for table in self.analyses[result].tables))
        return tuple(self.sheets(own))

    def _view(self, name: str) -> ViewSpec:
        if name not in self.views:
            raise UnknownName("table", name, self.views)
        return self.views[name]

    @cached_property
    def analysis_families(self) -> dict[str, list[str]]:
        """Statistics that read the same spreadsheets, by the name of the first: one process computes them."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for name in self.analyses:
            groups.setdefault(tuple(self.analysis_inputs(name)), []).append(name)
        return {names[0]: names for names in groups.values()}

    @cached_property
    def families(self) -> dict[str, Family]:
        """Views and figures that rest on the same spreadsheets, by the name of the first."""
        groups: dict[tuple[str, ...], Family] = {}
        for name in self.views:
            groups.setdefault(self.reads(name), Family()).views.append(name)
        for name, figure in self.figures.items():
            reads = sorted({sheet for view in figure.views for sheet in self.reads(view)})
            groups.setdefault(tuple(reads), Family()).figures.append(name)
        return {(family.views or family.figures)[0]: family for family in groups.values()}

    def family_sheets(self, family: Family) -> list[str]:
        """Return the spreadsheets that the views of a family read."""
        return self.sheets(tuple(table for name in family.views for table in self.views[name].tables))

    def family_inputs(self, family: Family) -> list[str]:
        """Return the results that a family's views show, and the views of others that its figures draw."""
        results = {result for name in family.views for result in self.views[name].results}
        others = {view for name in family.figures for view in self.figures[name].views} - set(family.views)
        return [*self.result_files(sorted(results)), *self.view_files(sorted(others))]

    def result_files(self, names: Iterable[str]) -> list[str]:
        """Return what computing statistics writes."""
        return [str(self.work / "results" / f"{name}.json") for name in names]

    def view_files(self, names: Iterable[str] | None = None) -> list[str]:
        """Return the rows of views (all by default), as JSON."""
        return [str(self.work / "views" / f"{name}.json") for name in (self.views if names is None else names)]

    def table_files(self, names: Iterable[str] | None = None) -> list[str]:
        """Return the rendered tables of views (all by default); some views only feed figures."""
        shown = [name for name in (self.views if names is None else names) if self.views[name].formats]
        return [str(self.work / "tables" / f"{name}.{kind}") for name in shown for kind in FORMATS]

    def figure_files(self, names: Iterable[str] | None = None) -> list[str]:
        """Return what drawing figures (all by default) writes; the HTML is the interactive twin."""
        asked = self.figures if names is None else names
        kinds = {name: (*KINDS, "html") if self.figures[name].interactive else KINDS for name in asked}
        return [str(self.work / "figures" / f"{name}.{kind}") for name in kinds for kind in kinds[name]]

    @property
    def explorer_sheets(self) -> list[str]:
        """Return the spreadsheets that the explorer reads."""
        return self.sheets(EXPLORER_TABLES)

    @property
    def number_sheets(self) -> list[str]:
        """Return the spreadsheets that the numbers by name are taken from."""
        return self.sheets(NUMBER_TABLES)

    @property
    def number_files(self) -> list[str]:
        """The numbers by name, as JSON and as LaTeX macros."""
        return [str(self.work / name) for name in ("numbers.json", "numbers.tex")]

    @property
    def published(self) -> list[str]:
        """Every file of the finished report."""
        built = [*self.table_files(), *self.figure_files(), *self.number_files]
        built += [str(self.work / "explorer.html"), str(self.work / "report.html")]
        files = [str(self.out / Path(path).relative_to(self.work)) for path in built]
        return [*files, str(self.out / "figures" / "plotly.min.js")]


def plans(config: Mapping[str, Any]) -> dict[str, Plan]:
    """Return the builds that a workflow configuration asks for, by output folder.

    Parameters
    ----------
    config : ``reviews`` (list of folders) or ``review`` (one folder); ``out`` (folder that gets one sub-folder per
        review, default ``reports``) or ``to`` (the folder of one review's report).

    Raises
    ------
    InputError
        If no review is named, or two reviews would write to one folder.
    """
    folders = [config["review"]] if config.get("review") else list(config.get("reviews") or [])
    if not folders:
        raise InputError(
            "no review to build; name folders under `reviews` in config/config.yaml or --config review=DIR"
        )
    if config.get("to") and len(folders) > 1:
        raise InputError("`to` names the report folder of one review, but there are several; use `out`")
    built: dict[str, Plan] = {}
    for folder in folders:
        name = Path(folder).resolve().name
        out = str(config.get("to") or Path(config.get("out") or "reports") / name)
        if out in built:
            raise InputError(f"two reviews would write to {out}; rename one of the folders")
        built[out] = Plan(Path(folder), Path(out))
    return built


def rule_name(kind: str, *parts: str) -> str:
    """Return the name of a rule that is made in a loop.

    >>> rule_name("figure", "reports/brain-em", "prisma")
    'figure_reports_brain_em_prisma'
    """
    return "_".join([kind, *(re.sub("[^A-Za-z0-9]", "_", part) for part in parts)])


@cache
def code_digest() -> str:
    """Return a digest of this package's code; a rule whose code has changed runs again."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix in {".py", ".csv", ".yaml", ".html", ".css", ".js", ".jinja", ".j2"}:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
