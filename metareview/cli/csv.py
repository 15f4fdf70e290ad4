"""``metareview csv``: a workbook as CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["csv"]


def csv(
    workbook: Annotated[
        Path, typer.Argument(metavar="WORKBOOK", help="Workbook with the tables as sheets (or a review folder).")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write to.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that differ; leave unread sheets behind.")
    ] = False,
) -> None:
    """Write the sheets of a workbook as CSV files, ready for version control and for the report.

    Help rows, examples and drop-down lists stay behind. Cells keep their text, rows their order; a table that has not
    changed gives the same bytes as before. Formulas are refused, and so is a workbook with a sheet that looks like a
    table and has no table's name. Nothing is checked: do that with metareview check.

    Examples:

      metareview csv extraction.xlsx -o my-review

      metareview csv extraction.xlsx -o my-review --force     replace the tables of the review
    """
    from metareview.curation.export import write_csv

    written = write_csv(workbook, output, force=force, say=lambda text: typer.echo(f"warning: {text}", err=True))
    changed = [name for name, new in written.items() if new]
    typer.echo(f"{output}: {len(changed)} of {len(written)} files written{': ' if changed else ''}{', '.join(changed)}")
