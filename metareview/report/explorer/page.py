"""The explorer as one HTML file: values, program and styles inlined, nothing fetched, the same input the same bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files as package_files

from metareview.report.explorer.data import ColumnKey, Explored, Shown
from metareview.report.explorer.encode import encode
from metareview.report.figures.twin_page import script_json
from metareview.report.tables.tex_escape import TABLE
from metareview.report.views.format import clean, round_half_up

__all__ = ["render_explorer", "script"]

#: The parts of the program, in order: each may use what stands before it.
SCRIPTS = (
    "numbers", "data", "rules", "bounds", "ranking", "state", "dom", "cell", "filters", "tables", "board", "boardview",
    "list", "export", "main",
)  # fmt: skip
#: Rows of the table for readers without scripts.
STATIC = 60


@dataclass(frozen=True, slots=True)
class StaticRow:
    """One data set and metric, for readers without scripts."""

    place: str
    metric: str
    methods: int
    best: str
    value: str


def render_explorer(data: Explored, *, report: str = "") -> str:
    """Return the explorer of a review as HTML.

    Parameters
    ----------
    data : what it shows.
    report : address of the report, where it stands beside the page; empty for no link.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("metareview.report", "explorer"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    program, rows = script(), _static(data)
    page: str = environment.get_template("explorer.html.j2").render(
        title=clean(data.spec.title), lead=_lead(data), id=data.spec.id, n=len(data.shown), report=report,
        style=_style(), script=program, digest=base64.b64encode(hashlib.sha256(program.encode()).digest()).decode(),
        data=script_json({**encode(data), "tex": TABLE}, compact=True),
        static=rows[:STATIC], more=max(0, len(rows) - STATIC),
        warnings=[clean(text) for text in data.warnings], left=[(n, clean(text)) for text, n in data.left_out.items()],
    )  # fmt: skip
    return page


def script() -> str:
    """Return the page's program: its files in one function, without their comments and indentation."""
    parts = "\n".join(_text(f"assets/{name}.js") for name in SCRIPTS)
    lines = [line.strip() for line in re.sub(r"/\*.*?\*/", "", parts, flags=re.DOTALL).splitlines()]
    body = "\n".join(line for line in lines if line)
    return f'"use strict";\n(function () {{\n{body}\n}})();\n'


def _style() -> str:
    """Return the report's style sheet, whose colours and tables the explorer shares, and the explorer's own."""
    report = (package_files("metareview.report") / "templates" / "report.css").read_text(encoding="utf-8")
    return report.replace("/*light*/", "").replace("/*dark*/", "") + _text("explorer.css")


def _text(name: str) -> str:
    return (package_files("metareview.report") / "explorer" / name).read_text(encoding="utf-8")


def _lead(data: Explored) -> str:
    columns = len(data.columns)
    sets = len({column.dataset for column in data.columns} - {""})
    n = len(data.shown)
    return (
        f"Explorer of {n} value{'' if n == 1 else 's'} in {columns} column{'' if columns == 1 else 's'} on {sets} data "
        f"set{'' if sets == 1 else 's'}: choose what is compared and by which rule, and see how the ranks move."
    )


def _static(data: Explored) -> list[StaticRow]:
    """Return the columns with most methods first, each with its best value."""
    groups: dict[ColumnKey, list[Shown]] = {}
    for shown in data.shown:
        if not shown.standing and shown.column.level == "cell":
            groups.setdefault(shown.column, []).append(shown)
    rows = [_static_row(data, column, members) for column, members in groups.items()]
    return sorted(rows, key=lambda row: (-row.methods, row.place, row.metric))


def _static_row(data: Explored, column: ColumnKey, members: list[Shown]) -> StaticRow:
    names, direction = data.names, data.direction(column.metric)
    place = (names.dataset(column.dataset) or "data set not named", column.target, column.split, column.evaluation)
    best = max(members, key=lambda shown: direction * shown.value.value) if direction else None
    return StaticRow(
        clean(" · ".join(part for part in place if part)),
        clean(f"{names.metric(column.metric, column.convention)} {names.arrow(column.metric)}".strip()),
        len({shown.value.score.method for shown in members}),
        clean(best.value.score.method) if best else "–",
        f"{round_half_up(best.value.value, best.digits):f}".replace("-", "−") if best else "–",
    )
