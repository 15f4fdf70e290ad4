"""A sweep of runs: one after another in this process, or through Snakemake; what fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING, Any

import typer

from metareview.errors import BuildFailed, MetareviewError

if TYPE_CHECKING:
    from metareview.rerun.plan import Job
    from metareview.rerun.spec import RerunSpec

__all__ = ["Sweep", "one_after_another", "through_snakemake"]


@dataclass(slots=True)
class Sweep:
    """What came of the runs: how many were done, and why the others were not."""

    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    exit_code: int = 0

    def fails(self, name: str, error: Exception) -> None:
        """Note a failure; what no check foresaw is shown where it happens, with its place in the program."""
        if not isinstance(error, MetareviewError):
            typer.echo("".join(format_exception(error)), err=True)
        said = str(error) if isinstance(error, MetareviewError) else f"{type(error).__name__}: {error}"
        self.failed[name] = said
        # 2, a wrong call, only where every failure is one
        code = error.exit_code if isinstance(error, MetareviewError) else 1
        self.exit_code = min(code, self.exit_code or code)
        typer.echo(f"{name}: failed: {said}", err=True)

    def tell(self) -> None:
        """List all failures.

        Raises
        ------
        BuildFailed
            If there are any.
        """
        if self.failed:
            count, total = len(self.failed), len(self.failed) + self.done
            told = "\n".join(f"  {name}: {said}" for name, said in self.failed.items())
            failure = BuildFailed(f"{count} of {total} runs failed; records of the others are kept:\n{told}")
            failure.exit_code = self.exit_code
            raise failure


def one_after_another(
    review: Path, specs: dict[str, RerunSpec], jobs: Sequence[Job], sweep: Sweep, *, data: Path | None,
    work: Path | None, device: str, force: bool,
) -> None:  # fmt: skip
    """Do the runs in this process."""
    from metareview.cli.progress import progress
    from metareview.rerun.run import run_job

    for job in progress([job for job in jobs if force or not job.done], "runs"):
        try:
            record = run_job(review, specs[job.spec].with_preset(job.preset), job.fold, job.seed, data=data, work=work,
                             device=device, force=force)  # fmt: skip
        except Exception as error:  # of this run; the others go on
            sweep.fails(job.run_id, error)
            continue
        sweep.done += 1
        seconds = sum(record.seconds.values())
        typer.echo(f"{record.run_id}: {', '.join(_told(record.scores[:3]))} ({seconds:.0f} s)", err=True)


def _told(scores: Sequence[Any]) -> list[str]:
    return [f"{row.name} {'does not exist' if row.value is None else format(row.value, '.4f')}" for row in scores]


def through_snakemake(
    review: Path, jobs: Sequence[Job], preset: str | None, sweep: Sweep, *, data: Path | None, work: Path | None,
    device: str, profile: Path, force: bool,
) -> None:  # fmt: skip
    """Do the runs as jobs of Snakemake; where `force` is set a record is replaced by the new one, never deleted."""
    import subprocess

    from metareview.rerun.record import record_path

    if not jobs:
        return
    records = {job.run_id: record_path(review, job.run_id) for job in jobs}
    logs = {job.run_id: Path(work or review / "reruns" / ".work") / "logs" / f"{job.run_id}.log" for job in jobs}
    before = {path: _content(path) for path in records.values()}
    logged = {path: _written(path) for path in logs.values()}
    code = subprocess.run(
        _command(review, jobs, preset, data=data, work=work, device=device, profile=profile, force=force), check=False
    ).returncode
    for run_id, path in records.items():
        # a record of before is what is asked for, unless the run was to be done again
        if path.is_file() and not (force and _content(path) == before[path]):
            sweep.done += 1
        elif code:
            log = logs[run_id] if _written(logs[run_id]) != logged[logs[run_id]] else None
            sweep.fails(run_id, BuildFailed(_why_not(log, kept=path.is_file(), force=force)))
    if code and not sweep.failed:
        raise BuildFailed(f"Snakemake ended with {code}, though every run has its record; see what it printed")


def _command(
    review: Path, jobs: Sequence[Job], preset: str | None, *, data: Path | None, work: Path | None, device: str,
    profile: Path, force: bool,
) -> list[str]:  # fmt: skip
    import sys

    snakefile = Path(__file__).parent.parent / "workflow" / "rerun.smk"
    # the specs, presets, folds and seeds asked for, as a list of runs: the rules need no other choice
    runs = ",".join(job.run_id for job in jobs)
    config = [f"review={review}", f"runs={runs}", f"device={device}", *([f"preset={preset}"] if preset else [])]
    config += [f"data={data}"] if data else []
    config += [f"work={work}"] if work else []
    config += ["force=True"] if force else []
    # records are written atomically: none is incomplete, and Snakemake shall delete none of a job that failed
    return [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--profile", str(profile),
            "--rerun-triggers", "mtime", "--keep-going", "--keep-incomplete", *(["--forceall"] if force else []),
            "--config", *config]  # fmt: skip


def _content(path: Path) -> bytes | None:
    """Return what a record holds, its times among it: the record of a run that was done again is another one."""
    return path.read_bytes() if path.is_file() else None


def _written(path: Path) -> int | None:
    """Return when a log was written; one of an earlier call says nothing on this one."""
    return path.stat().st_mtime_ns if path.is_file() else None


def _why_not(log: Path | None, *, kept: bool, force: bool) -> str:
    """Say where to look: at the log of the run, or, where it did not begin, at what Snakemake printed."""
    where = f"see {log}" if log else "it did not begin; see what Snakemake printed"
    if kept:
        return f"not run again, the record of before is kept; {where}"
    return f"no record; {where}; the same call{' without --force' if force else ''} goes on"
