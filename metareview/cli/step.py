"""The steps of the workflow, one process each; the Snakemake rules call them.

They exchange JSON files, so that a figure is drawn again without fitting anything again. Hidden from ``--help``: a
person uses ``build``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metareview.cli.options import ReviewFolder

if TYPE_CHECKING:
    import pandas as pd

    from metareview.schema.review import ReviewSpec

__all__ = ["step_app"]

step_app = typer.Typer(help="Steps of the workflow.", no_args_is_help=True, rich_markup_mode=None)
Out = Annotated[Path, typer.Option("--output", "-o")]
Names = Annotated[list[str], typer.Argument(default_factory=list)]
Figures = Annotated[list[str], typer.Option("--figure", default_factory=list)]
Work = Annotated[Path, typer.Option("--work", help="Folder of the build.")]


@step_app.command()
def check(review: ReviewFolder, output: Out) -> None:
    """Validate the spreadsheets; fail with every problem in the log."""
    from metareview.ingest import check_review, raise_if_errors
    from metareview.results.atomic import write_atomic

    report = check_review(review)
    raise_if_errors(report.review, report.problems)
    write_atomic(output, report.to_json().encode("utf-8"))


@step_app.command()
def statistics(review: ReviewFolder, names: Names, work: Work) -> None:
    """Compute statistics that read the same spreadsheets."""
    from metareview.ingest import read_spec
    from metareview.report.analyses import find_analysis
    from metareview.results.atomic import write_atomic

    spec = read_spec(review)
    asked = {name: find_analysis(name, spec) for name in names}
    frames = _frames(review, spec, {table for analysis in asked.values() for table in analysis.tables})
    for name, analysis in asked.items():
        given = {table: frames[table] for table in analysis.tables}
        write_atomic(work / "results" / f"{name}.json", analysis.run(given, spec).to_json())


@step_app.command()
def views(review: ReviewFolder, names: Names, figure: Figures, work: Work) -> None:
    """Arrange views that rest on the same spreadsheets, render the tables among them, and draw their figures."""
    from metareview.ingest import read_spec
    from metareview.report.analyses import analyses_for
    from metareview.report.figures import figures_for, write_figure
    from metareview.report.registry import build_view, views_for
    from metareview.report.tables import write_table
    from metareview.report.views.base import View
    from metareview.results.atomic import write_atomic

    spec = read_spec(review)
    analyses, known, drawn = analyses_for(spec), views_for(spec), figures_for(spec)
    frames = _frames(review, spec, {table for name in names for table in known[name].tables})
    found = {
        name: analyses[name].result.from_json((work / "results" / f"{name}.json").read_text(encoding="utf-8"))
        for name in {result for name in names for result in known[name].results}
    }
    made = {}
    for name in names:
        made[name] = build_view(name, frames, found, spec)
        if known[name].formats:
            write_table(made[name], work / "tables")
        write_atomic(work / "views" / f"{name}.json", made[name].to_json())
    for name in {view for asked in figure for view in drawn[asked].views} - set(made):
        made[name] = View.from_json((work / "views" / f"{name}.json").read_text(encoding="utf-8"))
    for name in figure:
        write_figure(name, made, work / "figures")


def _frames(review: Path, spec: ReviewSpec, names: set[str]) -> dict[str, pd.DataFrame]:
    from metareview.ingest import read_table

    return {name: read_table(review, name, spec) for name in sorted(names)}


@step_app.command()
def page(review: ReviewFolder, work: Path) -> None:
    """Write the HTML report from the views and figures of the build."""
    from metareview.ingest import CheckReport, read_spec, read_table
    from metareview.report.figures.registry import figures_for
    from metareview.report.pages import render_report
    from metareview.report.registry import views_for
    from metareview.report.views.base import View
    from metareview.results.atomic import write_atomic

    spec = read_spec(review)
    views = {
        name: View.from_json((work / "views" / f"{name}.json").read_text(encoding="utf-8")) for name in views_for(spec)
    }
    figures = {name: (work / "figures" / f"{name}.svg").read_text(encoding="utf-8") for name in figures_for(spec)}
    report = CheckReport.from_json((work / "check.json").read_text(encoding="utf-8"))
    text = render_report(spec, views, figures, report, read_table(review, "sources", spec))
    write_atomic(work / "report.html", text.encode("utf-8"))


@step_app.command()
def explorer(review: ReviewFolder, audit: Path, work: Path) -> None:
    """Write the explorer from the spreadsheets and the audit of the build."""
    from metareview.audit.run import AuditResult
    from metareview.ingest import read_spec
    from metareview.report.explorer import EXPLORER_TABLES, collect, render_explorer
    from metareview.results.atomic import write_atomic

    spec = read_spec(review)
    found = AuditResult.from_json(audit.read_text(encoding="utf-8"))
    data = collect(_frames(review, spec, set(EXPLORER_TABLES)), spec, found)
    write_atomic(work / "explorer.html", render_explorer(data, report="report.html").encode("utf-8"))


@step_app.command()
def numbers(review: ReviewFolder, results: Path, work: Path) -> None:
    """Write the numbers of the report by name, as JSON and as LaTeX macros."""
    from metareview.audit.numbers import NUMBER_TABLES, collect_numbers, numbers_json, numbers_tex
    from metareview.audit.result_numbers import NUMBER_RESULTS
    from metareview.ingest import read_spec, read_table
    from metareview.report.analyses import ANALYSES
    from metareview.results.atomic import write_atomic

    spec = read_spec(review)
    frames = {table: read_table(review, table, spec) for table in NUMBER_TABLES}
    texts = {name: (results / f"{name}.json").read_text(encoding="utf-8") for name in NUMBER_RESULTS}
    made = {name: ANALYSES[name].result.from_json(text) for name, text in texts.items()}
    found = collect_numbers(frames, spec, made)
    write_atomic(work / "numbers.json", numbers_json(found).encode("utf-8"))
    write_atomic(work / "numbers.tex", numbers_tex(found).encode("utf-8"))


@step_app.command()
def publish(work: Path, out: Path) -> None:
    """Put the finished files in place, each atomically; the page, which shows them all, last."""
    from metareview.report.figures.registry import plotly_script
    from metareview.results.atomic import write_atomic

    built = sorted([*(work / "tables").glob("*"), *(work / "figures").glob("*")])
    write_atomic(out / "figures" / "plotly.min.js", plotly_script().encode("utf-8"))
    for path in [*built, *(work / name for name in ("numbers.json", "numbers.tex", "explorer.html", "report.html"))]:
        write_atomic(out / path.relative_to(work), path.read_bytes())
    _remove_strays(out, {path.relative_to(work) for path in built} | {Path("figures/plotly.min.js")})


def _remove_strays(out: Path, built: set[Path]) -> None:
    """Remove tables and figures of an earlier build that this one does not have."""
    for kind in ("tables", "figures"):
        for path in (out / kind).glob("*"):
            if path.is_file() and path.relative_to(out) not in built:
                path.unlink()
