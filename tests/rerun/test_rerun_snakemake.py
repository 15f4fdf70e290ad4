"""A sweep through Snakemake itself: done again by force, failed, killed, and in an environment of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from metareview.rerun.phantom import phantom
from metareview.rerun.record import RunRecord, read_records, record_path
from metareview.rerun.spec_files import read_specs

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "phantom"
NAME = "phantom-forest"
PAIR = {"image": "image.npy", "labels": "labels.npy", "voxel_nm": [40, 8, 8], "structure": "neurons"}

pytest.importorskip("sklearn", reason="metareview[rerun]")
pytestmark = pytest.mark.slow


@pytest.fixture
def review(tmp_path: Path) -> Path:
    """A review with one short run, on data that a test can take away."""
    folder = tmp_path / "review"
    (folder / "reruns" / "specs").mkdir(parents=True)
    for path in (*EXAMPLE.glob("*.csv"), EXAMPLE / "review.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    body = yaml.safe_load((EXAMPLE / "reruns" / "specs" / f"{NAME}.yaml").read_text(encoding="utf-8"))
    body["train"] |= {"options": {"trees": 2, "pixels": 500}}
    body |= {"seeds": [1], "few_seeds_because": "one run is enough here"}
    body["data"] = {"name": "pair", "dataset_id": "phantom", "options": PAIR}
    (folder / "reruns" / "specs" / f"{NAME}.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
    (tmp_path / "data" / "pair").mkdir(parents=True)
    made = phantom((10, 48, 48), seed=7)
    for name in ("image", "labels"):
        np.save(tmp_path / "data" / "pair" / f"{name}.npy", getattr(made, name))
    return folder


def command(review: Path, *options: str, data: str = "data", profile: Path = ROOT / "profiles" / "local") -> list[str]:
    return [sys.executable, "-m", "metareview", "rerun", "run", str(review), "--profile", str(profile), "--data",
            str(review.parent / data), *options]  # fmt: skip


def sweep(review: Path, *options: str, **how: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the sweep in the folder above the review, where Snakemake keeps its notes."""
    return subprocess.run(command(review, *options, **how), capture_output=True, text=True, check=False,  # type: ignore[arg-type]
                          cwd=review.parent, env=os.environ | {"PYTHONPATH": str(ROOT)})  # fmt: skip


def the_record(review: Path) -> Path:
    return record_path(review, read_specs(review)[NAME].run_id("0", 1))


def the_log(review: Path) -> Path:
    return review / "reruns" / ".work" / "logs" / f"{the_record(review).stem}.log"


def test_force_does_a_run_again_and_loses_no_record(review: Path) -> None:
    path = the_record(review)
    first = sweep(review)
    assert first.returncode == 0, first.stderr[-3000:]
    before = path.read_bytes()
    assert sweep(review).returncode == 0
    assert path.read_bytes() == before  # what is done is passed over

    # a job that fails: the folder has no such data
    failed = sweep(review, "--force", data="nothing")
    assert failed.returncode != 0
    assert f"not run again, the record of before is kept; see {the_log(review)}" in failed.stderr
    assert path.read_bytes() == before
    assert sweep(review).returncode == 0  # and the call without --force finds nothing to do
    assert path.read_bytes() == before

    again = sweep(review, "--force")
    assert again.returncode == 0, again.stderr[-3000:]
    old, new = RunRecord.from_json(before.decode()), read_records(review)[path.stem]
    assert new.started > old.started
    assert new.scores == old.scores
    assert not any("taken over" in event for event in new.convergence["events"])


def test_a_killed_forced_sweep_that_is_called_again_without_force(review: Path) -> None:
    filelock = pytest.importorskip("filelock", reason="metareview[rerun]")
    assert sweep(review).returncode == 0
    path, log = the_record(review), the_log(review)
    before, written = path.read_bytes(), log.stat().st_mtime_ns
    (lock,) = (review / "reruns" / ".work").glob("*/.lock")
    with filelock.FileLock(lock), subprocess.Popen(
        command(review, "--force"), cwd=review.parent, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as running:  # fmt: skip
        while running.poll() is None and not (log.is_file() and log.stat().st_mtime_ns != written):
            time.sleep(0.1)  # until the job has begun; it waits for the lock
        assert running.returncode is None, "it ended, though another process holds the training"
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    assert log.stat().st_mtime_ns != written
    assert path.read_bytes() == before
    again = sweep(review)
    assert again.returncode == 0, again.stderr[-3000:]
    assert path.read_bytes() == before


def test_where_snakemake_fails_before_any_job_no_log_is_named(review: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.yaml").write_text("no-such-option: 1\n", encoding="utf-8")
    # the log of an earlier call says nothing on this one
    the_log(review).parent.mkdir(parents=True)
    the_log(review).write_text("of an earlier call\n", encoding="utf-8")
    for options, ending in (((), "the same call goes on"), (("--force",), "the same call without --force goes on")):
        done = sweep(review, *options, profile=tmp_path / "broken")
        assert done.returncode == 1
        assert f"no record; it did not begin; see what Snakemake printed; {ending}" in done.stderr
        assert ".log" not in done.stderr
        assert "no-such-option" in done.stderr  # what Snakemake said


CONDA = """#!{python}
import json, os, pathlib, sys
words = sys.argv[1:]
if words[0] == "info":
    print(json.dumps({{"conda_prefix": "{base}", "platform": "linux-64"}}))
elif words[0] == "--version":
    print("conda 25.1.0")
elif words[0] == "clean":
    pass
elif words[0] == "config":
    print(json.dumps({{"get": {{"channel_priority": "strict"}}}}))
elif words[:2] == ["env", "create"]:
    folder = pathlib.Path(words[words.index("--prefix") + 1])
    (folder / "bin").mkdir(parents=True)
    pathlib.Path("{base}/asked.yaml").write_text(pathlib.Path(words[words.index("--file") + 1]).read_text())
    python = folder / "bin" / "python"
    python.write_text('#!/bin/sh\\necho "$@" >> {base}/called\\nPYTHONPATH={root} exec {python} "$@"\\n')
    python.chmod(0o755)
else:
    sys.exit(f"unexpected: {{words}}")
"""


def test_a_run_in_a_conda_environment_has_the_extras_and_its_interpreter(
    review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for conda makes an environment whose interpreter notes that it was called."""
    base = tmp_path / "conda"
    (base / "bin").mkdir(parents=True)
    (base / "bin" / "activate").write_text('export PATH="$1/bin:$PATH"\n', encoding="utf-8")
    (base / "bin" / "conda").write_text(CONDA.format(python=sys.executable, base=base, root=ROOT), encoding="utf-8")
    (base / "bin" / "conda").chmod(0o755)
    profile = tmp_path / "profile"
    profile.mkdir()
    body = yaml.safe_load((ROOT / "profiles" / "local" / "config.yaml").read_text(encoding="utf-8"))
    (profile / "config.yaml").write_text(yaml.safe_dump(body | {"sdm": "conda"}), encoding="utf-8")
    monkeypatch.setenv("PATH", f"{base / 'bin'}:{os.environ['PATH']}")
    done = sweep(review, profile=profile)
    assert done.returncode == 0, done.stderr[-3000:]
    asked = yaml.safe_load((base / "asked.yaml").read_text(encoding="utf-8"))
    assert asked["dependencies"][-1] == {"pip": ["metareview[rerun,affinities,volumes] ==0.1.0"]}
    assert "-m metareview rerun run" in (base / "called").read_text(encoding="utf-8")
