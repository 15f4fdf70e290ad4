"""``metareview rerun``: reference models run again, their records, their rows, and whether published values replicate.

The rooms do not know each other; here they are put together: `rerun` returns records, `ingest` writes them as rows,
`stats` judges them, `report` shows them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metareview.cli.options import JsonFlag, OutFile, ReviewFolder, emit
from metareview.cli.rerun_predict import predict
from metareview.cli.rerun_sweep import Sweep, one_after_another, through_snakemake

if TYPE_CHECKING:
    from metareview.rerun.plan import Job
    from metareview.rerun.spec import RerunSpec

__all__ = ["rerun_app"]

rerun_app = typer.Typer(
    help="Run reference models again from specs, and compare with what is published.",
    epilog="A spec is a YAML file under REVIEW/reruns/specs; docs/rerun.md explains its keys. A first sweep: "
    "metareview rerun plan data/studies/brain-em; metareview rerun run data/studies/brain-em --data ~/em_data",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Specs = Annotated[list[str] | None, typer.Argument(metavar="[SPEC]…", help="Specs by name; all when left out.")]
Preset = Annotated[
    str | None, typer.Option("--preset", "-p", metavar="NAME", help="small (processor), full (graphics card) …; "
                             "small when left out.")
]  # fmt: skip
Folds = Annotated[list[str] | None, typer.Option("--fold", metavar="NAME", help="Only this fold; may be repeated.")]
Seeds = Annotated[list[int] | None, typer.Option("--seed", metavar="N", help="Only this seed; may be repeated.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", envvar="METAREVIEW_EM_DATA", help="Folder with one folder per data set."),
]
Work = Annotated[
    Path | None,
    typer.Option("--work", metavar="DIR", help="Checkpoints and predictions; REVIEW/reruns/.work when left out."),
]


@rerun_app.command("list")
def list_(review: ReviewFolder, as_json: JsonFlag = False, output: OutFile = None) -> None:
    """List the specs of a review: model, data, presets, and how many of their runs are done.

    Examples:

      metareview rerun list data/studies/brain-em

      metareview rerun list data/studies/brain-em --json
    """
    from metareview.rerun.plan import plan_jobs

    rows = []
    for spec in _specs(review).values():
        for preset in spec.presets or ("as-written",):
            jobs = plan_jobs(review, {spec.id: spec}, preset=preset)
            rows.append({
                "spec": spec.id, "preset": preset, "model": jobs[0].model, "data": jobs[0].dataset,
                "folds": len(spec.with_preset(preset).folds()), "seeds": len(spec.with_preset(preset).seeds),
                "done": sum(job.done for job in jobs), "runs": len(jobs), "replicates": spec.replicates or "",
            })  # fmt: skip
    _print(rows, as_json, output)


@rerun_app.command()
def plan(
    review: ReviewFolder, specs: Specs = None, preset: Preset = None, folds: Folds = None, seeds: Seeds = None,
    as_json: JsonFlag = False, output: OutFile = None,
) -> None:  # fmt: skip
    """Show the runs that `run` would do: size, steps and what each is planned to take. Needs neither data nor torch.

    Examples:

      metareview rerun plan data/studies/brain-em

      metareview rerun plan data/studies/brain-em isbi2012-unet2d --preset full --json
    """
    _print(_shown(_jobs(review, specs, preset, folds, seeds)[1]), as_json, output)


@rerun_app.command()
def run(
    review: ReviewFolder, specs: Specs = None, preset: Preset = None, folds: Folds = None, seeds: Seeds = None,
    data: Data = None, work: Work = None,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda or cuda:1.")] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the runs, as `plan` does.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Run again what is done.")] = False,
    rows: Annotated[bool, typer.Option("--rows/--no-rows", help="Write the rows of the review afterwards.")] = True,
    profile: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Run through Snakemake with this profile, one job per run.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:  # fmt: skip
    """Train, predict, choose the threshold on validation, segment and score; one record per fold and seed. Runs that
    have a record are passed over, and a killed training goes on from its last checkpoint. A run that fails does not
    stop the others; all failures are listed at the end.

    Examples:

      metareview rerun run data/studies/brain-em isbi2012-forest --data ~/em_data

      metareview rerun run data/studies/brain-em --preset full --device cuda --data ~/em_data

      metareview rerun run data/studies/brain-em --profile profiles/slurm --data ~/em_data
    """
    known, jobs = _jobs(review, specs, preset, folds, seeds)
    if dry_run:
        _print(_shown(jobs), as_json, None)
        return
    if rows:
        _specs(review)  # rows are made from all of them: a broken one is told now, not after hours
    if not force:
        _compare_data(review, known, jobs, data)
    sweep = Sweep()
    try:
        if profile is not None:
            through_snakemake(review, jobs, preset, sweep, data=data, work=work, device=device, profile=profile,
                              force=force)  # fmt: skip
        else:
            one_after_another(review, known, jobs, sweep, data=data, work=work, device=device, force=force)
    finally:  # also where it is interrupted; where nothing went well there is nothing new to write
        if rows and (sweep.done or not sweep.failed):
            _write_rows(review)
    _print(_shown(_jobs(review, specs, preset, folds, seeds)[1]), as_json, None)
    sweep.tell()


@rerun_app.command()
def score(
    review: ReviewFolder,
    again: Annotated[bool, typer.Option("--again", help="Score kept predictions again.")] = False,
    data: Data = None, work: Work = None, as_json: JsonFlag = False, output: OutFile = None,
) -> None:  # fmt: skip
    """Write the rows of a review from its run records: reruns/experiments.csv, results.csv and targets.csv.

    Examples:

      metareview rerun score data/studies/brain-em

      metareview rerun score data/studies/brain-em --again --data ~/em_data
    """
    if again:
        from metareview.errors import InputError
        from metareview.rerun.again import score_again

        found = score_again(review, data=data, work=work)
        for run_id, why in found.left.items():
            typer.echo(f"{run_id}: not scored again: {why}", err=True)
    _print(_write_rows(review), as_json, output)
    if again and found.failed:
        each = "\n".join(f"{run_id}: {why}" for run_id, why in found.failed.items())
        raise InputError(
            f"{len(found.failed)} of {len(found.failed) + len(found.done)} runs could not be scored again\n{each}"
        )


rerun_app.command()(predict)


@rerun_app.command()
def replicate(review: ReviewFolder, as_json: JsonFlag = False, output: OutFile = None) -> None:
    """Compare published and re-run values: difference with interval, where another run is expected, and the verdict.
    Below stand the re-runs against each other, pair by pair, where they are scored on the same data by the same rule.

    Examples:

      metareview rerun replicate data/studies/brain-em

      metareview rerun replicate data/studies/brain-em --json
    """
    from metareview.api import load
    from metareview.report.tables import render

    loaded = load(review)
    if as_json:
        found = json.loads(loaded.statistic("replication").to_json())
        found["contrasts"] = json.loads(loaded.statistic("rerun_contrasts").to_json())
        emit(json.dumps(found, ensure_ascii=False, indent=1) + "\n", output)
        return
    shown = [render(loaded.table(name), "md") for name in ("replication", "rerun-contrasts")]
    emit("\n".join(shown), output)


def _specs(review: Path, names: Sequence[str] = ()) -> dict[str, RerunSpec]:
    """Read specs, and hold what they name against the tables of the review: before anything is trained."""
    from metareview.ingest.reruns import review_ids
    from metareview.rerun.spec_files import read_specs

    return read_specs(review, names, review_ids(review) if review.is_dir() else None)


def _jobs(
    review: Path, specs: Sequence[str] | None, preset: str | None, folds: Sequence[str] | None,
    seeds: Sequence[int] | None,
) -> tuple[dict[str, RerunSpec], list[Job]]:  # fmt: skip
    from metareview.rerun.plan import plan_jobs

    known = _specs(review, specs or ())
    return known, plan_jobs(review, known, preset=preset, folds=folds or (), seeds=seeds or ())


def _shown(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    return [
        {
            "run": job.run_id, "state": "done" if job.done else "to do", "model": job.model, "width": job.width,
            "steps": job.steps, "batch": job.batch, "patch": "x".join(map(str, job.patch)), "voxels": job.voxels,
            "mem_mb": job.resources.mem_mb, "minutes": job.resources.runtime, "gpu": job.resources.gpu,
        }
        for job in jobs
    ]  # fmt: skip


def _compare_data(review: Path, specs: dict[str, RerunSpec], jobs: Sequence[Job], data: Path | None) -> None:
    """Refuse to pass over what was done with other data than those at hand."""
    from metareview.rerun.run_data import compare_done

    compare_done(review, [(specs[job.spec].with_preset(job.preset), job.run_id) for job in jobs if job.done], data)


def _write_rows(review: Path) -> list[dict[str, Any]]:
    """Write the rows of all specs and records of a review, then check the review as a whole."""
    from metareview.ingest import check_review, raise_if_errors
    from metareview.ingest.reruns import write_reruns
    from metareview.rerun.record import read_records
    from metareview.rerun.rows import rows_of

    rows = rows_of(_specs(review).values(), read_records(review))
    write_reruns(review, rows.tables())
    for text in rows.left_out:
        typer.echo(f"left out: {text}", err=True)
    checked = check_review(review)
    raise_if_errors(checked.review, checked.problems)
    return [
        {"experiment": row.experiment_id, "score": f"{row.metric}:{row.convention}", "mean": row.value, "sd": row.sd,
         "n": row.n, "n_of": row.n_of}
        for row in rows.results if row.unit is None
    ]  # fmt: skip


def _print(rows: Sequence[dict[str, Any]], as_json: bool, output: Path | None) -> None:
    """Print rows as aligned columns, or as JSON."""
    if as_json:
        emit(json.dumps(list(rows), indent=1, ensure_ascii=False) + "\n", output)
        return
    if not rows:
        emit("nothing\n", output)
        return
    heads = list(rows[0])
    cells = [heads, *([_cell(row[head]) for head in heads] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    emit("\n".join(lines) + "\n", output)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.5g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
