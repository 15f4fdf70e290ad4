"""What a review needs to be built: the steps, and which spreadsheet or step each one reads.

The Snakemake rules ask this module for their inputs, so that editing one spreadsheet cell rebuilds only what depends
on that spreadsheet. Everything is built in ``<out>/.work`` and published to ``<out>`` by the last step, file by file
and atomically: Snakemake removes a rule's outputs before it runs the rule, so a build that is killed would otherwise
take the last good report with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from metareview.audit.numbers import NUMBER_TABLES
from metareview.errors import InputError, UnknownName
from metareview.ingest import read_spec, table_files
from metareview.ingest.toolfiles import tool_files
from metareview.report.analyses import analyses_for, find_analysis
from metareview.report.explorer.data import EXPLORER_TABLES
from metareview.report.figures.registry import FigureSpec, figures_for
from metareview.report.registry import ViewSpec, views_for
from metareview.report.tables import FORMATS
from metareview.schema.review import ReviewSpec

__all__ = ["Plan", "code_digest", "plans", "rule_name"]


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

    def view_sheets(self, name: str) -> list[str]:
        """Return the spreadsheets that a view reads."""
        return self.sheets(tuple(self._view(name).tables))

    def view_results(self, name: str) -> list[str]:
        """Return the results that a view reads."""
        return [str(self.work / "results" / f"{result}.json") for result in self._view(name).results]

    def figure_views(self, name: str) -> list[str]:
        """Return the views that a figure draws."""
        return [str(self.work / "views" / f"{view}.json") for view in self._figure(name).views]

    def _view(self, name: str) -> ViewSpec:
        if name not in self.views:
            raise UnknownName("table", name, self.views)
        return self.views[name]

    def _figure(self, name: str) -> FigureSpec:
        if name not in self.figures:
            raise UnknownName("figure", name, self.figures)
        return self.figures[name]

    @cached_property
    def analysis_families(self) -> dict[str, list[str]]:
        """Statistics that read the same spreadsheets, by the name of the first: one process computes them."""
        return _families(analyses_for(self.spec), lambda name: tuple(self.analysis_inputs(name)))

    @cached_property
    def view_families(self) -> dict[str, list[str]]:
        """Views that read the same spreadsheets and results, by the name of the first: one process makes them."""
        return _families(self.views, lambda name: (*self.view_sheets(name), *self.view_results(name)))

    def result_files(self, family: str) -> list[str]:
        """Return what a family of statistics writes."""
        return [str(self.work / "results" / f"{name}.json") for name in self.analysis_families[family]]

    def family_files(self, family: str) -> tuple[list[str], list[str]]:
        """Return the rows as JSON, and the rendered tables, that a family of views writes."""
        names = self.view_families[family]
        tables = [name for name in names if name in self.tables]
        return (
            [str(self.work / "views" / f"{name}.json") for name in names],
            [str(self.work / "tables" / f"{name}.{kind}") for name in tables for kind in FORMATS],
        )

    def drawn_files(self, name: str) -> list[str]:
        """Return what drawing a figure writes; the HTML is its interactive twin."""
        kinds = ("svg", "png", "html") if self._figure(name).interactive else ("svg", "png")
        return [str(self.work / "figures" / f"{name}.{kind}") for kind in kinds]

    @property
    def tables(self) -> list[str]:
        """Names of the views that are rendered as tables; the others only feed figures."""
        return [name for name, view in self.views.items() if view.formats]

    @property
    def view_files(self) -> list[str]:
        """Every view, as JSON."""
        return [str(self.work / "views" / f"{name}.json") for name in self.views]

    @property
    def table_files(self) -> list[str]:
        """Every rendered table."""
        return [str(self.work / "tables" / f"{name}.{kind}") for name in self.tables for kind in FORMATS]

    @property
    def figure_files(self) -> list[str]:
        """Every drawn figure, without the interactive twins."""
        return [str(self.work / "figures" / f"{name}.{kind}") for name in self.figures for kind in ("svg", "png")]

    @property
    def twin_files(self) -> list[str]:
        """Every interactive twin."""
        return [
            str(self.work / "figures" / f"{name}.html") for name, figure in self.figures.items() if figure.interactive
        ]

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
        built = [*self.table_files, *self.figure_files, *self.twin_files, *self.number_files]
        built += [str(self.work / "explorer.html"), str(self.work / "report.html")]
        files = [str(self.out / Path(path).relative_to(self.work)) for path in built]
        return [*files, str(self.out / "figures" / "plotly.min.js")]


def _families(names: Iterable[str], inputs: Callable[[str], tuple[str, ...]]) -> dict[str, list[str]]:
    """Group names whose inputs are the same: whatever makes one of them stale makes all of them stale."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        groups.setdefault(inputs(name), []).append(name)
    return {members[0]: members for members in groups.values()}


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
