"""A sweep: what fails does not stop the rest, what was done with other data is not passed over, and what is planned."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from metareview.cli import main
from metareview.errors import InputError
from metareview.rerun import run as conductor
from metareview.rerun.phantom import phantom
from metareview.rerun.plan import plan_jobs
from metareview.rerun.record import read_records, record_path
from metareview.rerun.spec_files import read_specs

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "phantom"
BRAIN = ROOT / "data" / "studies" / "brain-em"
NAME = "phantom-forest"


def call(*arguments: str) -> int:
    """Run the program in this process."""
    before, sys.argv = sys.argv, ["metareview", "rerun", *arguments]
    try:
        main()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.argv = before
    return 0


def small(folder: Path, **change: Any) -> Path:
    """Copy the phantom review with the forest alone, made small."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("runs", ".work", "phantom-unet2d.yaml"))
    path = folder / "reruns" / "specs" / f"{NAME}.yaml"
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    body["train"] |= {"options": {"trees": 2, "pixels": 500}}
    body["data"]["options"] = {"shape": [10, 48, 48], "seed": 7}
    path.write_text(yaml.safe_dump(body | change), encoding="utf-8")
    return folder


def with_failures(monkeypatch: pytest.MonkeyPatch, failures: dict[int, BaseException]) -> None:
    real = conductor.run_job

    def fails(review: Path, spec: Any, fold: str, seed: int, **how: Any) -> Any:
        if seed in failures:
            raise failures[seed]
        return real(review, spec, fold, seed, **how)

    monkeypatch.setattr(conductor, "run_job", fails)


def test_a_broken_spec_of_another_run_is_told_before_the_first_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are made from all specs: after hours of training is too late to hear that one cannot be read."""
    review = small(tmp_path / "review")
    (review / "reruns" / "specs" / "broken.yaml").write_text("id: other\n", encoding="utf-8")
    begun: list[str] = []
    monkeypatch.setattr(conductor, "run_job", lambda _, spec, *a, **k: begun.append(spec.id))
    assert call("run", str(review), NAME) == 1
    assert "broken.yaml" in capsys.readouterr().err
    assert not begun


def test_a_run_that_fails_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="metareview[rerun]")
    review = small(tmp_path / "review")
    with_failures(monkeypatch, {1: InputError("no room on the disk"), 2: ZeroDivisionError("of a score")})
    assert call("run", str(review), "--json") == 1
    told = capsys.readouterr()
    assert [row["state"] for row in json.loads(told.out)] == ["to do", "to do", "done"]
    assert "Traceback" in told.err  # of what no check foresaw
    last = told.err[told.err.index("2 of 3 runs failed") :].splitlines()
    ids = [read_specs(review)[NAME].run_id("0", seed) for seed in (1, 2)]
    assert last[1:] == [f"  {ids[0]}: no room on the disk", f"  {ids[1]}: ZeroDivisionError: of a score"]
    assert "seed:3" in (review / "reruns" / "results.csv").read_text(encoding="utf-8")
    with_failures(monkeypatch, {1: InputError("no room on the disk")})
    assert call("run", str(review), "--seed", "1") == 2  # nothing but wrong calls
    monkeypatch.undo()
    assert call("run", str(review)) == 0  # the same call goes on
    assert len(read_records(review)) == 3


def test_an_interruption_stops_at_once_and_what_is_done_has_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="metareview[rerun]")
    review = small(tmp_path / "review")
    with_failures(monkeypatch, {2: KeyboardInterrupt()})
    assert call("run", str(review)) == 130
    assert len(read_records(review)) == 1
    assert "seed:1" in (review / "reruns" / "results.csv").read_text(encoding="utf-8")


def test_a_sweep_through_snakemake_writes_rows_and_names_what_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="metareview[rerun]")
    review = small(tmp_path / "review")

    real = subprocess.run

    def one(command: Any, **how: Any) -> Any:
        if "snakemake" not in command:
            return real(command, **how)
        conductor.run_job(review, read_specs(review)[NAME], "0", 3)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(subprocess, "run", one)
    assert call("run", str(review), "--profile", "profiles/local") == 1
    assert "2 of 3 runs failed" in capsys.readouterr().err
    assert "seed:3" in (review / "reruns" / "results.csv").read_text(encoding="utf-8")


def test_a_run_that_waited_for_another_one_takes_over_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sweeps at once, as where a controller was killed and its jobs go on: the second does nothing again."""
    pytest.importorskip("sklearn", reason="metareview[rerun]")
    review = small(tmp_path / "review")
    spec = read_specs(review)[NAME]
    first = conductor.run_job(review, spec, "0", 1)
    path = record_path(review, first.run_id)
    written = path.read_bytes()
    path.unlink()
    held = conductor.alone

    @contextmanager
    def waits(folder: Path) -> Iterator[None]:
        path.write_bytes(written)  # while this one waits, the other one ends
        with held(folder):
            yield

    monkeypatch.setattr(conductor, "alone", waits)
    assert conductor.run_job(review, spec, "0", 1).to_json() == first.to_json()
    assert path.read_bytes() == written
    assert conductor.run_job(review, spec, "0", 1, force=True).started >= first.started
    assert path.read_bytes() != written  # by force it is done, whoever has done it


def test_runs_of_other_data_are_not_taken_for_those_of_the_data_at_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn", reason="metareview[rerun]")
    for name, seed in (("a", 1), ("b", 2)):
        (tmp_path / name / "pair").mkdir(parents=True)
        volume = phantom((10, 48, 48), seed=seed)
        np.save(tmp_path / name / "pair" / "image.npy", volume.image)
        np.save(tmp_path / name / "pair" / "labels.npy", volume.labels)
    options = {"image": "image.npy", "labels": "labels.npy", "voxel_nm": [40, 8, 8], "structure": "neurons"}
    segment = yaml.safe_load((EXAMPLE / "reruns" / "specs" / f"{NAME}.yaml").read_text(encoding="utf-8"))["segment"]
    other = {"segment": segment | {"options": segment["options"] | {"smallest": 9}}}
    review = small(
        tmp_path / "review",
        data={"name": "pair", "dataset_id": "phantom", "options": options},
        presets={"other": other},
    )
    one = (str(review), "--seed", "1", "--preset")
    a, b = (("--data", str(tmp_path / name)) for name in ("a", "b"))
    assert call("run", *one, "as-written", *a) == 0
    assert call("run", *one, "as-written", *a) == 0  # done, of these data
    assert call("run", *one, "as-written") == 0  # no data at hand to compare with
    capsys.readouterr()
    for verb in (("run", *one, "as-written"), ("score", str(review), "--again")):
        assert call(*verb, *b) == 2
        said = capsys.readouterr().err
        assert "was made of other data: image has sha256" in said
        assert "or make the run again with `run --force`" in said
    assert call("run", *one, "other", *b) == 2  # it would have taken over the predictions on the first data
    assert "holds what was trained and predicted on other data" in capsys.readouterr().err
    assert call("score", str(review), "--again", *a) == 0
    assert call("run", *one, "as-written", *b, "--force") == 0
    assert call("run", *one, "other", *b) == 0


@pytest.mark.parametrize("preset", ["full", "small"])
def test_the_runs_of_the_founding_review(preset: str) -> None:
    """Every spec has its folds times its seeds, at the size the preset says; nothing is passed over."""
    specs = read_specs(BRAIN)
    jobs = plan_jobs(BRAIN, specs, preset=preset)
    chosen = {name: spec.with_preset(preset) if spec.presets else spec for name, spec in specs.items()}
    assert Counter(job.spec for job in jobs) == {
        name: len(spec.folds()) * len(spec.seeds) for name, spec in chosen.items()
    }
    assert {job.preset for job in jobs} == {preset, "as-written"}  # a published segmentation has no presets
    assert len({job.run_id for job in jobs}) == len(jobs)
    trained = [job for job in jobs if job.model not in ("forest", "given")]
    assert all((job.resources.gpu > 0) == (preset == "full") for job in trained)
    assert all(job.steps > 0 for job in trained)


@pytest.mark.parametrize("asked", ["preset", "runs"])
def test_snakemake_plans_exactly_these_runs_of_the_founding_review(tmp_path: Path, asked: str) -> None:
    pytest.importorskip("snakemake", reason="metareview[workflow]")
    shutil.copytree(BRAIN, tmp_path / "review", ignore=shutil.ignore_patterns("runs", ".work"))
    specs = read_specs(BRAIN)
    if asked == "runs":
        one = {"isbi2012-unet2d": specs["isbi2012-unet2d"]}
        jobs = plan_jobs(tmp_path / "review", one, preset="small-multicut", folds=["0"], seeds=[2])
    else:
        jobs = plan_jobs(tmp_path / "review", specs, preset="full")
    config = {"preset": ["preset=full"], "runs": ["preset=small-multicut", f"runs={jobs[0].run_id}"]}[asked]
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "metareview" / "workflow" / "rerun.smk"),
        "--dry-run", "--quiet", "host", "--cores", "1", "--directory", str(tmp_path),
        "--config", f"review={tmp_path / 'review'}", *config,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    planned = {line.split("/")[-1].removesuffix(".json") for line in (done.stdout + done.stderr).splitlines()
               if line.strip().startswith("output:")}  # fmt: skip
    assert planned == {job.run_id for job in jobs}
