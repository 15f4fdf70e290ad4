"""The shipped profiles, and `make rerun-demo`: what they let happen at once, and what they leave to each job."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROFILES = sorted((ROOT / "profiles").iterdir())

# a job that finds the folder there fails: another one holds it
SNAKEFILE = """
rule all:
    input: expand("{kind}.{n}", kind=["card", "processor"], n=range(3)),

rule card:
    output: "card.{n}",
    resources: gpu=1,
    shell: "mkdir busy && sleep 0.5 && rmdir busy && touch {output}"

rule processor:
    output: "processor.{n}",
    resources: gpu=0,
    shell: "touch {output}"
"""


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.name)
def test_a_profile_leaves_processors_to_the_jobs_and_no_lock(profile: Path) -> None:
    """A default of cpus_per_task takes the place of the threads that a job asks for."""
    body = yaml.safe_load((profile / "config.yaml").read_text(encoding="utf-8"))
    given = [*body.get("default-resources", {}), *body.get("set-resources", {})]
    assert not [key for key in given if key.startswith("cpus_per")]
    assert body["nolock"] is True  # the same call goes on after a kill


def test_trainings_on_one_graphics_card_wait_for_each_other(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--profile", str(ROOT / "profiles" / "local"), "--cores", "16"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(path.name for path in tmp_path.glob("*.?")) == [f"{kind}.{n}" for kind in ("card", "processor")
                                                                  for n in range(3)]  # fmt: skip


@pytest.mark.parametrize(("preset", "device", "cards"), [("small", "auto", 0), ("full", "auto", 1), ("full", "cpu", 0)])
def test_a_sweep_is_planned_with_the_local_profile(tmp_path: Path, preset: str, device: str, cards: int) -> None:
    review = tmp_path / "review"
    shutil.copytree(ROOT / "data" / "studies" / "brain-em", review, ignore=shutil.ignore_patterns("runs", ".work"))
    for path in (review / "reruns" / "specs").iterdir():
        if path.stem != "isbi2012-unet2d":
            path.unlink()
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "metareview" / "workflow" / "rerun.smk"),
        "--profile", str(ROOT / "profiles" / "local"), "--dry-run", "--quiet", "host", "--directory", str(tmp_path),
        "--config", f"review={review}", f"preset={preset}", f"device={device}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed[-2000:]
    asked = {word.strip(",") for word in printed.split() if word.startswith("gpu=")}
    assert asked == {f"gpu={cards}"}


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_the_demo_ends_with_the_failure_of_a_step(tmp_path: Path) -> None:
    """`replicate` fails: no figure is drawn, and make says so."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "examples" / "phantom", tmp_path / "examples" / "phantom")
    program = tmp_path / "bin" / "metareview"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@" >> called\ntest "$2" != replicate\n', encoding="utf-8")
    program.chmod(0o755)
    # the environment counts as made
    command = ["make", "--old-file", ".venv/.tested", "rerun-demo", "BIN=bin"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    called = [line.split()[:2] for line in (tmp_path / "called").read_text(encoding="utf-8").splitlines()]
    assert called == [["rerun", "run"], ["rerun", "replicate"]], done.stderr
    assert done.returncode == 2
