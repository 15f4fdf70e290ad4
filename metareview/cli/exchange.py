"""``metareview export`` and ``metareview import``: leaderboards in other people's formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metareview.cli.options import OutFile, ReviewFolder, emit

__all__ = ["export_review", "import_review"]


def export_review(
    review: ReviewFolder,
    kind: Annotated[str, typer.Option("--format", "-f", help="pwc, eee, wide or croissant.")],
    url: Annotated[str, typer.Option(help="Address of the published data (croissant).")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the published data, as an address (croissant).")] = "",
    version: Annotated[str, typer.Option(help="Version of the published data (croissant).")] = "1.0.0",
    retrieved: Annotated[str, typer.Option(help="Unix time of the record (eee).")] = "0",
    output: OutFile = None,
) -> None:
    """Write a review's leaderboards in another format: Papers-with-Code, Every Eval Ever, a wide table, Croissant.

    Printed aggregates on one data set are exported; what the format has no place for is said.

    Examples:

      metareview export data/studies/em-public --format eee -o em-public.eee.json

      metareview export data/studies/em-public --format wide -o em-public.csv

      metareview export my-review --format croissant --url https://example.org/data --licence
      https://creativecommons.org/licenses/by/4.0/ -o croissant.json
    """
    from metareview.ingest import read_review, table_files
    from metareview.report.exchange import LOST, render_export

    found = read_review(review)
    text = render_export(kind, found.tables, found.spec, table_files(review), url=url, licence=licence, version=version,
                         retrieved=retrieved)  # fmt: skip
    emit(text, output)
    missing = [option for option, given in (("--url", url), ("--licence", licence)) if not given]
    if kind == "croissant" and missing:
        typer.echo(f"warning: Croissant asks for an address and a licence of the data; give {' and '.join(missing)}",
                   err=True)  # fmt: skip
    if output is not None:
        typer.echo(f"{output}{f'; left out, the format has no place for it: {LOST[kind]}' if LOST[kind] else ''}")


def import_review(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The leaderboard.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Review folder to make.")],
    kind: Annotated[str, typer.Option("--format", "-f", help="pwc, eee or wide.")],
    dataset: Annotated[str, typer.Option(help="Data set of wide columns that name none.")] = "",
    title: Annotated[str, typer.Option(help="Title of the review; the name of the file by default.")] = "",
    lower: Annotated[list[str] | None, typer.Option("--lower-is-better", metavar="METRIC", help="Repeat.")] = None,
    higher: Annotated[list[str] | None, typer.Option("--higher-is-better", metavar="METRIC", help="Repeat.")] = None,
) -> None:
    """Make a review folder of a leaderboard that is kept in another format.

    Every score keeps its place in the file and the figure as it stands there. A metric whose direction nobody states is
    an error that names it.

    Examples:

      metareview import evaluation-tables.json --format pwc -o my-review

      metareview import scores.csv --format wide --dataset CIFAR-10 --lower-is-better "error rate" -o my-review
    """
    from metareview.errors import InputError
    from metareview.ingest.exchange import read_foreign, review_files
    from metareview.results.atomic import write_atomic

    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(f"{output} exists and is not an empty folder; name a new folder")
    found = read_foreign(file, kind, dataset=dataset)
    for name, text in review_files(found, source=file, title=title, lower=lower or (), higher=higher or ()).items():
        write_atomic(output / name, text.encode("utf-8"))
    typer.echo(f"{output}: {len(found)} scores. Next:\n  metareview check {output}")
