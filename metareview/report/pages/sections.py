"""The order of a page: sections, and in each the figures with the tables they are drawn from, then the other tables."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Protocol

from metareview.report.figures.registry import FigureSpec
from metareview.report.pages.inline import inline_svg
from metareview.report.pages.sources import PageIndex
from metareview.report.tables import FORMATS, render_html
from metareview.report.views.base import View

__all__ = ["SECTIONS", "Block", "Entry", "Section", "arrange"]

#: Tables of up to so many rows stand on the page as a whole, whatever the view shows elsewhere.
WHOLE = 2000
#: Figures and tables that look closer at the one before them, by the beginning of their names; they fold together.
CLOSER = (
    "pairs-", "tests-", "places-", "shares-", "blobs-", "podium-", "difference-", "superiority-", "coverage-",
    "multiverse-decisions", "multiverse-pairs", "multiverse-specifications", "decisions", "orders", "reporting-penalty",
    "influence-", "baujat-", "gosh-", "profile-", "composite-evidence", "category-evidence", "category-differences",
)  # fmt: skip
#: Languages of programs that a view may carry as ``script <language>``, with the endings of their files.
SCRIPTS = {"R": ".R", "Python": ".py"}
#: Sections of the page in order: id and heading.
SECTIONS: Mapping[str, str] = {
    "overview": "Overview",
    "selection": "Selection",
    "studies": "Studies",
    "datasets": "Data sets",
    "appraisal": "Appraisal",
    "benchmark": "Benchmark",
    "statistics": "Statistics",
    "leaderboards": "Leaderboards",
    "synthesis": "Synthesis",
    "diagnostics": "Synthesis checks",
    "replication": "Replication",
    "audit": "Audit of printed numbers",
    "evidence": "Evidence",
    "sources": "Sources",
    "methods": "Methods",
}


class Entry(Protocol):
    """What the page needs to know of a view beforehand."""

    @property
    def section(self) -> str:
        """Section it stands in."""
        ...

    @property
    def formats(self) -> bool:
        """Whether it is written to files beside the page."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """A figure or a table of the page.

    Attributes
    ----------
    id, title : anchor and heading.
    svg : the figure, ready for the page; empty for a table.
    html : the table, ready for the page; empty for a figure.
    caption : caption of a figure; a table carries its own.
    files : name and relative address of each file to download.
    interactive : relative address of the interactive twin.
    rows : rows of a table.
    folded : what a folded table says of itself; empty for a table that lies open.
    scripts : programs that repeat what the table holds: language, name of the file, text, and the text as an address.
    """

    id: str
    title: str
    svg: str = ""
    html: str = ""
    caption: str = ""
    files: tuple[tuple[str, str], ...] = ()
    interactive: str = ""
    rows: int = 0
    folded: str = ""
    scripts: tuple[tuple[str, str, str, str], ...] = ()

    @property
    def short(self) -> str:
        """The heading without what it is about, for a summary."""
        return self.title.partition(":")[0][:1].lower() + self.title.partition(":")[0][1:]

    @property
    def closer(self) -> bool:
        """Whether it looks closer at what stands before it."""
        return self.id.partition("-")[2].startswith(CLOSER)


@dataclass(slots=True)
class Section:
    """A section of the page."""

    id: str
    title: str
    blocks: list[Block] = field(default_factory=list)

    @property
    def parts(self) -> list[tuple[bool, list[Block]]]:
        """The blocks in runs: what lies open, and what is folded together behind it; where nothing is open, all is."""
        if all(block.closer for block in self.blocks):
            return [(False, self.blocks)]
        return [(closer, list(run)) for closer, run in groupby(self.blocks, key=lambda block: block.closer)]


def arrange(
    entries: Mapping[str, Entry],
    specs: Mapping[str, FigureSpec],
    views: Mapping[str, View],
    figures: Mapping[str, str],
    refs: PageIndex,
    files: bool,
) -> list[Section]:
    """Return the sections with everything that stands in them.

    Parameters
    ----------
    entries : the views of the review by name, in the order of the report.
    specs : the figures of the review by name.
    views, figures : views, and figures as SVG text, by name.
    refs : takes up the sources of every cell.
    files : whether the files to download lie beside the page.
    """
    sections = {key: Section(key, title) for key, title in SECTIONS.items()}
    drawn: set[str] = set()
    for name, entry in entries.items():
        if name not in views:
            continue
        place = sections.setdefault(entry.section, Section(entry.section, entry.section.capitalize()))
        for figure in specs.values():
            if name == figure.views[0] and figure.name in figures and figure.name not in drawn:
                drawn.add(figure.name)
                place.blocks.append(_figure(figure, views[name], figures[figure.name], files))
        place.blocks.append(_table(views[name], refs, files and entry.formats, specs))
    return list(sections.values())


def _figure(spec: FigureSpec, view: View, svg: str, files: bool) -> Block:
    name = spec.name
    downloads = tuple((kind.upper(), f"figures/{name}.{kind}") for kind in ("svg", "png")) if files else ()
    twin = f"figures/{name}.html" if files and spec.interactive else ""
    return Block(
        f"figure-{name}", spec.title, inline_svg(svg, name), caption=view.caption, files=downloads, interactive=twin
    )


def _table(view: View, refs: PageIndex, files: bool, specs: Mapping[str, FigureSpec]) -> Block:
    if len(view.rows) <= WHOLE:  # the page folds long tables, and filters and sorts all of their rows
        view = replace(view, meta={key: value for key, value in view.meta.items() if key != "shown"})
    kinds = {"csv": "CSV", "xlsx": "Excel", "tex": "LaTeX", "md": "Markdown"}
    downloads = [(kinds[kind], f"tables/{view.name}.{kind}") for kind in FORMATS if kind in kinds] if files else []
    return Block(
        f"table-{view.name}", view.title, html=render_html(view, refs), files=tuple(downloads), rows=len(view.rows),
        folded=_folded(view, specs), scripts=_scripts(view),
    )  # fmt: skip


def _scripts(view: View) -> tuple[tuple[str, str, str, str], ...]:
    """Return the programs that a view carries; the file stands in the page itself, which needs nothing beside it."""
    found = ((language, view.meta.get(f"script {language}", "")) for language in SCRIPTS)
    return tuple(
        (
            language,
            f"{view.name}{SCRIPTS[language]}",
            text,
            f"data:text/plain;base64,{b64encode(text.encode()).decode()}",
        )
        for language, text in found
        if text
    )


def _folded(view: View, specs: Mapping[str, FigureSpec]) -> str:
    """Return the summary of a table that only holds the numbers of a figure; its warnings are counted there."""
    if not view.rows or not any(view.name in figure.data for figure in specs.values()):
        return ""
    parts = [f"{len(view.rows)} rows"]
    parts += [f"{len(view.warnings)} warning{'s' * (len(view.warnings) > 1)}"] if view.warnings else []
    parts += [f"{len(view.dropped)} left out"] if view.dropped else []
    return f"Numbers of the figure: {view.title} ({', '.join(parts)})"
