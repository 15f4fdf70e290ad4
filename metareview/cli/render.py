"""``metareview table``, ``figure`` and ``report``: one output without the workflow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metareview.cli.options import JsonFlag, OutFile, ReviewFolder, emit

__all__ = ["figure", "report", "table"]

_SUFFIXES = {".csv": "csv", ".md": "md", ".tex": "tex", ".html": "html", ".htm": "html", ".xlsx": "xlsx"}


def table(
    review: ReviewFolder,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the table; `metareview show` lists them.")],
    output: OutFile = None,
    fmt: Annotated[
        str | None, typer.Option("--format", "-f", help="csv, md, html, tex or xlsx; by default that of the file name.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make one table.

    Examples:

      metareview table data/studies/brain-em benchmark

      metareview table data/studies/brain-em benchmark -o benchmark.tex

      metareview table data/studies/brain-em groups --json
    """
    from metareview.api import load
    from metareview.errors import InputError, UnknownName
    from metareview.report.tables import FORMATS, render
    from metareview.report.tables.xlsx import render_xlsx

    chosen = fmt or (_SUFFIXES.get(output.suffix.lower(), "") if output else "md")
    if chosen not in FORMATS:
        raise UnknownName("table format", chosen or str(output), FORMATS)
    view = load(review).table(name)
    if as_json:
        emit(view.to_json(), output)
    elif chosen == "xlsx":
        if output is None:
            raise InputError("a workbook cannot be printed to the terminal; give a file with -o table.xlsx")
        from metareview.results.atomic import write_atomic

        write_atomic(output, render_xlsx(view))
    else:
        emit(render(view, chosen), output)


def figure(
    review: ReviewFolder,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the figure; `metareview show` lists them.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File ending in .svg or .png; NAME.svg when left out."),
    ] = None,
) -> None:
    """Draw one figure.

    Examples:

      metareview figure data/studies/brain-em prisma

      metareview figure data/studies/brain-em sankey -o sankey.png
    """
    from metareview.api import load
    from metareview.errors import UnknownName
    from metareview.report.figures.registry import figure_bytes, figures_for
    from metareview.results.atomic import write_atomic

    target = output or Path(f"{name}.svg")
    kind = target.suffix.lower().lstrip(".")
    if kind not in ("svg", "png"):
        raise UnknownName("figure format", kind or str(target), ("svg", "png"))
    loaded = load(review)
    known = figures_for(loaded.spec)
    if name not in known:
        raise UnknownName("figure", name, known)
    views = {view: loaded.table(view) for view in known[name].views}
    write_atomic(target, figure_bytes(name, views, kind))
    typer.echo(str(target), err=True)


def report(
    review: ReviewFolder,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Page to write; report.html when left out.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Instead of the page, its key findings, each number with its cell.")
    ] = False,
) -> None:
    """Write only the HTML report: one self-contained page.

    Examples:

      metareview report data/studies/brain-em

      metareview report my-review -o my-review.html

      metareview report data/studies/brain-em --json
    """
    import json

    from metareview.api import load
    from metareview.cli.progress import progress
    from metareview.results.atomic import write_atomic

    loaded = load(review)
    if as_json:
        body = [found.to_dict() for found in loaded.findings()]
        emit(json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1) + "\n", output)
        return
    target = output or Path("report.html")
    write_atomic(target, loaded.page(watch=progress))
    typer.echo(str(target), err=True)
