"""Arguments that several verbs share, and how text goes out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["JsonFlag", "OutFile", "ReviewFolder", "emit"]

ReviewFolder = Annotated[
    Path, typer.Argument(metavar="REVIEW", help="Review folder, with review.yaml and the spreadsheets.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
OutFile = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of to the terminal.")
]


def emit(text: str, output: Path | None) -> None:
    """Print `text`, or write it atomically to `output`."""
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    from metareview.results.atomic import write_atomic

    write_atomic(output, text.encode("utf-8"))
