"""``metareview build``: run the workflow on one review."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from metareview.cli.options import ReviewFolder

__all__ = ["build"]

_STEP = re.compile(r"^(\d+) of (\d+) steps")


def build(
    review: ReviewFolder,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder of the report; REVIEW/report when left out."),
    ] = None,
    cores: Annotated[
        int | None, typer.Option("--cores", "-c", min=1, help="Processor cores to use; all when left out.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build everything again, changed or not.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what Snakemake says.")] = False,
) -> None:
    """Check a review and build its tables, figures and HTML report; only what has changed is built again.

    Examples:

      metareview build my-review

      metareview build data/studies/brain-em -o out --cores 2
    """
    from metareview.errors import BuildFailed, InputError
    from metareview.ingest import check_review, raise_if_errors

    checked = check_review(review)
    raise_if_errors(checked.review, checked.problems)
    folder = review.resolve()
    target = (output or folder / "report").resolve()
    # with the review folder as working directory all paths are relative: the folder can be moved
    command = _command(folder, os.path.relpath(target, folder), cores, force)
    log = target / ".work" / "build.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{target} cannot be written to: {error.strerror}; choose another folder") from error
    code = _run(command, log, verbose)
    if code:
        raise BuildFailed(
            f"the build stopped; the last good report in {target} is untouched.\n{_failure(log)}\nfull log: {log}"
        )
    typer.echo(str(target / "report.html"))


def _command(folder: Path, to: str, cores: int | None, force: bool) -> list[str]:
    snakefile = Path(__file__).parent.parent / "workflow" / "Snakefile"
    return [
        sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--directory", str(folder),
        "--cores", str(cores or "all"), "--scheduler", "greedy", "--rerun-incomplete", "--nolock", "--show-failed-logs",
        *(["--forceall"] if force else []),
        "--config", "review=.", f"to={to}",
    ]  # fmt: skip


def _run(command: list[str], log: Path, verbose: bool) -> int:
    """Run Snakemake, its output in `log`, progress on the terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with (
        log.open("w", encoding="utf-8") as sink,
        Progress(console=console, transient=True, disable=verbose or not console.is_terminal) as bar,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
    ):
        task = bar.add_task("building", total=None)
        for line in process.stdout or ():
            sink.write(line)
            if verbose:
                typer.echo(line, nl=False, err=True)
            step = _STEP.match(line)
            if step:
                bar.update(task, completed=int(step[1]), total=int(step[2]))
        return process.wait()


def _failure(log: Path) -> str:
    """Return the part of the log that says what went wrong."""
    lines = log.read_text(encoding="utf-8").splitlines()
    errors = [number for number, line in enumerate(lines) if "rror" in line]
    return "\n".join(lines[max(0, errors[0] - 1) : errors[0] + 20] if errors else lines[-20:])
