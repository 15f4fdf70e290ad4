"""The order of a page: sections, and in each the figures with the tables they are drawn from, then the other tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from metareview.report.figures.registry import FIGURES, FigureSpec
from metareview.report.pages.inline import inline_svg
from metareview.report.pages.sources import PageIndex
from metareview.report.tables import FORMATS, render_html
from metareview.report.views.base import View

__all__ = ["SECTIONS", "Block", "Entry", "Section", "arrange"]

#: Sections of the page in order: id and heading.
SECTIONS: Mapping[str, str] = {
    "overview": "Overview",
    "selection": "Selection of studies",
    "studies": "Studies",
    "datasets": "Data sets",
    "benchmark": "Benchmark",
    "statistics": "Statistics",
    "leaderboards": "Leaderboards",
    "evidence": "Evidence",
    "sources": "Sources",
    "methods": "Methods and warnings",
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
    tables : for a figure, the names of the tables it is drawn from.
    rows : rows of a table.
    """

    id: str
    title: str
    svg: str = ""
    html: str = ""
    caption: str = ""
    files: tuple[tuple[str, str], ...] = ()
    interactive: str = ""
    tables: tuple[str, ...] = ()
    rows: int = 0


@dataclass(slots=True)
class Section:
    """A section of the page."""

    id: str
    title: str
    blocks: list[Block] = field(default_factory=list)


def arrange(
    entries: Mapping[str, Entry], views: Mapping[str, View], figures: Mapping[str, str], refs: PageIndex, files: bool
) -> list[Section]:
    """Return the sections with everything that stands in them.

    Parameters
    ----------
    entries : the views of the review by name, in the order of the report.
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
        for figure in FIGURES.values():
            if name == figure.views[0] and figure.name in figures and figure.name not in drawn:
                drawn.add(figure.name)
                place.blocks.append(_figure(figure, views[name], figures[figure.name], files))
        place.blocks.append(_table(views[name], refs, files and entry.formats))
    return list(sections.values())


def _figure(spec: FigureSpec, view: View, svg: str, files: bool) -> Block:
    name = spec.name
    downloads = tuple((kind.upper(), f"figures/{name}.{kind}") for kind in ("svg", "png")) if files else ()
    twin = f"figures/{name}.html" if files and spec.interactive else ""
    return Block(
        f"figure-{name}", spec.title, inline_svg(svg, name), caption=view.caption, files=downloads, interactive=twin,
        tables=spec.views,
    )  # fmt: skip


def _table(view: View, refs: PageIndex, files: bool) -> Block:
    kinds = {"csv": "CSV", "xlsx": "Excel", "tex": "LaTeX", "md": "Markdown"}
    downloads = [(kinds[kind], f"tables/{view.name}.{kind}") for kind in FORMATS if kind in kinds] if files else []
    return Block(
        f"table-{view.name}", view.title, html=render_html(view, refs), files=tuple(downloads), rows=len(view.rows)
    )
