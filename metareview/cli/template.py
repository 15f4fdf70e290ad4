"""``metareview template``: the workbook to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["template"]


def template(
    review: Annotated[
        Path, typer.Argument(metavar="REVIEW", help="Review folder, or a workbook that is to be made anew.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The workbook to write.")] = Path(
        "extraction.xlsx"
    ),
    new: Annotated[
        str | None,
        typer.Option(
            "--new", metavar="TITLE", help="Make the review folder first, as metareview init does; its title."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write the workbook of a review: a sheet per table with drop-downs, rules, examples and a glossary.

    What the review holds already is in it; columns that are new are added at the right. The workbook is a review by
    itself: check it, compare it, or write it back as CSV files.

    Examples:

      metareview template my-review --new "Deep learning for crack detection"

      metareview template my-review -o extraction.xlsx

      metareview check extraction.xlsx --annotate checked.xlsx

      metareview csv extraction.xlsx -o my-review --force

      metareview template extraction.xlsx -o newer.xlsx     the same data under the schema of today
    """
    from metareview.curation.template import make_template
    from metareview.results.atomic import write_atomic

    refuse_output(review, output, force)
    if new is not None:
        from metareview.cli.init import make_review

        make_review(review, new, empty=True)
    write_atomic(output, make_template(review, output.stem))
    typer.echo(f"{output} is ready. Fill it in, then:\n  metareview check {output} --annotate checked.xlsx")


def refuse_output(review: Path, output: Path, force: bool = False, *, instead: str = "replace it with --force") -> None:
    """Refuse a workbook where it would replace a file, or be read as a review's tables a second time.

    Parameters
    ----------
    review, output : what is read, and the workbook to write.
    force : whether a file that is there may be replaced.
    instead : what else than naming another file the verb allows.

    Raises
    ------
    InputError
        With what to name instead.
    """
    from metareview.errors import InputError

    if output.suffix.lower() != ".xlsx":
        raise InputError(f"{output} does not end in .xlsx; name the workbook {output.stem}.xlsx")
    if output.exists() and output.resolve() == review.resolve():
        raise InputError(f"{output} is the file to read, which is never changed; name another file")
    if review.is_dir() and output.resolve().parent == review.resolve():
        raise InputError(
            f"{output} would stand in the review folder, where its sheets would be its tables a second time; "
            f"write it beside the folder"
        )
    if output.exists() and not force:
        raise InputError(f"{output} is there already; name another file, or {instead}")
