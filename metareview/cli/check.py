"""``metareview check``: everything that is wrong with a review, at once."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metareview.errors import MetareviewError

if TYPE_CHECKING:
    from metareview.ingest import CheckReport
    from metareview.ingest.review import FurtherCheck

__all__ = ["check"]


def check(
    review: Annotated[
        Path,
        typer.Argument(
            help="Folder of the review, a workbook with its tables, or an archive of it (.zip).", show_default=False
        ),
    ],
    sources: Annotated[
        Path | None,
        typer.Option(
            envvar="METAREVIEW_SOURCES",
            help="Folder of the source texts (<source_id>.txt): look every printed figure up in them.",
            show_default=False,
        ),
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a copy as a workbook with the problems coloured, commented and listed.",
            show_default=False,
        ),
    ] = None,
    rules_only: Annotated[
        bool, typer.Option("--rules-only", help="No warnings about what is allowed and yet hardly plausible.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, with every problem.")] = False,
    max_: Annotated[
        int,
        typer.Option(
            "--max", min=0, metavar="N", help="Show at most N problems of one kind; 0 for all (up to 1,000 are kept)."
        ),
    ] = 3,
) -> None:
    """Check the spreadsheets of a review, and its specs of re-runs, and report all problems at once.

    Each problem says where it is (file, line, column, spreadsheet address), what was found, the rule, and what to do.
    Nothing is changed.

    Exit codes: 0 the review is in order (warnings are allowed), 1 there are problems, 2 the call is wrong.

    Examples:

      metareview check data/studies/my-review

      metareview check extraction.xlsx --annotate checked.xlsx

      metareview check my-review --sources texts/      look printed figures up

      metareview check my-review --max 0               show every problem

      metareview check my-review --json > report.json

      metareview check my-review.zip                   verify the checksums of an archive, then the review in it
    """
    from metareview.curation.annotate import annotate as annotated_copy
    from metareview.curation.archive import check_archive
    from metareview.curation.checks import FURTHER, RULES
    from metareview.ingest import check_review
    from metareview.results.atomic import write_atomic

    try:
        if annotate is not None:
            _refuse_copy(review, annotate)
        with _progress() as say:
            verify = check_archive if review.suffix.lower() == ".zip" else check_review
            further = (*(RULES if rules_only else FURTHER), *_of_specs(review))
            report = verify(review, sources=sources, progress=say, further=further)
            if annotate is not None:
                if say:
                    say(f"writing {annotate.name}")
                write_atomic(annotate, annotated_copy(review, report))
    except MetareviewError as error:
        if json:
            typer.echo(json_module.dumps({"review": str(review), "ok": False, "error": str(error)}, ensure_ascii=False))
        else:
            typer.echo(f"metareview check: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    typer.echo(report.to_json(), nl=False) if json else _print(report, max_)
    if annotate is not None and not json:
        typer.echo(f"{annotate}: the copy with the problems at their cells")
    raise typer.Exit(0 if report.ok else 1)


def _of_specs(review: Path) -> Sequence[FurtherCheck]:
    """Return the check of the specs of re-runs, where the review has some; torch is not needed for it."""
    from metareview.ingest.problems import Problem, Problems
    from metareview.ingest.reruns import review_ids
    from metareview.rerun.spec_files import SPECS, check_specs, spec_files

    files = spec_files(review) if review.is_dir() else []
    if not files:
        return ()

    def check_them(_tables: object, _spec: object, problems: Problems) -> None:
        for found in check_specs(files, review_ids(review))[1]:
            file, value = f"{SPECS}/{found.file}", found.found.removeprefix("found ")
            if found.key and value != found.found:  # the text of a cell; otherwise a phrase
                problems.add(Problem(file, None, found.key, None, value.strip("'"), found.rule, found.remedy))
            else:
                said = f"{found.key}: {value}" if found.key else value
                problems.add(Problem.of_file(file, said, found.rule, found.remedy))

    return (check_them,)


def _print(report: CheckReport, limit: int) -> None:
    from metareview.ingest import render_problems

    typer.echo(render_problems(report.review, report.problems, limit))
    counts = ", ".join(f"{name} {count:,}" for name, count in report.counts.items())
    typer.echo(f"rows: {counts or 'none'}")
    if report.verified is not None:
        typer.echo(f"printed figures found at their place: {report.verified:,}")


def _refuse_copy(review: Path, output: Path) -> None:
    """Refuse a copy that would replace anything but an earlier copy."""
    from metareview.cli.template import refuse_output
    from metareview.curation.annotate import is_annotated

    refuse_output(review, output, force=is_annotated(output), instead="move it away")


@contextmanager
def _progress() -> Iterator[Callable[[str], None] | None]:
    """Show what is being done, on a terminal only."""
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading") as status:
        yield lambda text: status.update(text)
