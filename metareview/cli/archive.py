"""``metareview archive``: a review for deposit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metareview.cli.options import ReviewFolder

__all__ = ["archive"]


def archive(
    review: ReviewFolder,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The archive (.zip).")],
    licence: Annotated[
        str,
        typer.Option(
            metavar="ID|FILE", help="CC-BY-4.0, CC-BY-SA-4.0, CC0-1.0, ODbL-1.0, or a text file with the terms."
        ),
    ] = "CC-BY-4.0",
) -> None:
    """Write a review as one zip for deposit: spreadsheets, data dictionary, README, licence, SHA-256 checksums.

    The review must check clean. The same review gives the same bytes. `metareview check FILE` verifies the checksums
    and then the review, here or on any other machine; `sha256sum -c SHA256SUMS` verifies them without this program.

    Examples:

      metareview archive my-review -o my-review.zip

      metareview archive my-review -o my-review.zip --licence CC0-1.0

      metareview check my-review.zip
    """
    import hashlib

    from metareview.curation.archive import LICENCES, build_archive
    from metareview.errors import UnknownName
    from metareview.results.atomic import write_atomic

    if output.suffix.lower() != ".zip":
        raise typer.BadParameter(f"{output.name}: an archive ends in .zip")
    terms = licence
    if licence not in LICENCES:
        if not Path(licence).is_file():
            raise UnknownName("licence", licence, LICENCES)
        terms = Path(licence).read_text(encoding="utf-8")
    data = build_archive(review, terms)
    write_atomic(output, data)
    typer.echo(f"{output}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")
