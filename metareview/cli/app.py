"""The verbs, each in a file of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from metareview import __version__
from metareview.cli.agreement import agreement
from metareview.cli.appraise import appraise_app
from metareview.cli.archive import archive
from metareview.cli.audit import audit
from metareview.cli.build import build
from metareview.cli.check import check
from metareview.cli.claims import claims
from metareview.cli.compare import compare, merge
from metareview.cli.csv import csv
from metareview.cli.diff import diff
from metareview.cli.effects import effects
from metareview.cli.exchange import export_review, import_review
from metareview.cli.explorer import explorer
from metareview.cli.fit import fit
from metareview.cli.init import init
from metareview.cli.multiverse import multiverse
from metareview.cli.numbers import numbers
from metareview.cli.plot import plot
from metareview.cli.rank import rank
from metareview.cli.render import figure, report, table
from metareview.cli.rerun import rerun_app
from metareview.cli.schema import schema
from metareview.cli.score import score
from metareview.cli.sensitivity import sensitivity
from metareview.cli.show import show
from metareview.cli.step import step_app
from metareview.cli.template import template

__all__ = ["app"]

app = typer.Typer(
    help="Systematic reviews and meta-analysis of methods, from spreadsheets to a report.",
    epilog="A first review: metareview init my-review; fill in the sheets; metareview build my-review",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"metareview {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Systematic reviews and meta-analysis of methods, from spreadsheets to a report."""


for verb in (
    init, template, check, csv, build, show, table, figure, report, schema, effects, fit, sensitivity, plot, score,
):  # fmt: skip
    app.command(verb.__name__)(verb)
app.command("rank")(rank)
app.command("audit", context_settings={"ignore_unknown_options": True})(audit)
app.command("export")(export_review)
app.command("import")(import_review)
app.command("agreement")(agreement)
app.command("compare")(compare)
app.command("merge")(merge)
app.command("diff")(diff)
app.command("archive")(archive)
app.command("claims")(claims)
app.command("numbers")(numbers)
app.command("multiverse")(multiverse)
app.command("explorer")(explorer)
app.add_typer(rerun_app, name="rerun")
app.add_typer(appraise_app, name="appraise")
app.add_typer(step_app, name="step", hidden=True)
