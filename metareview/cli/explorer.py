"""``metareview explorer``: the page in which a reader chooses what is compared, and sees the ranks move."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metareview.cli.options import ReviewFolder

__all__ = ["explorer"]


def explorer(
    review: ReviewFolder,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Page to write; when left out reports/ID/explorer.html where that folder is, else ID-explorer.html.",
        ),
    ] = None,
) -> None:
    """Write the explorer: one self-contained HTML page of all values, with filters, ranking rules and rank bounds.

    It needs no server and no network; every value in it opens its source. How to read it: docs/explorer.md.

    Examples:

      metareview explorer data/studies/brain-em

      metareview explorer my-review -o my-review.html
    """
    from metareview.api import load
    from metareview.results.atomic import write_atomic

    loaded = load(review)
    target = output or _target(loaded.spec.id)
    beside = "report.html" if (target.parent / "report.html").is_file() else ""
    write_atomic(target, loaded.explorer(report=beside))
    typer.echo(str(target), err=True)


def _target(name: str) -> Path:
    """Return where the explorer goes: beside the report, where one is built, else into this folder."""
    built = Path("reports") / name
    return built / "explorer.html" if built.is_dir() else Path(f"{name}-explorer.html")
