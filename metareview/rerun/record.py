"""The record of one run: everything needed to believe its scores, or to run it again.

A record is data, written once per spec, fold and seed, and never made again by a build. Its name holds no clock; the
times stand inside.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from metareview.errors import InputError
from metareview.evaluation.result import ScoreRow
from metareview.results.atomic import write_atomic
from metareview.results.base import Result

__all__ = [
    "RECORDS", "RunRecord", "Threshold", "code_version", "environment", "read_records", "record_path", "thinned",
    "write_record",
]  # fmt: skip

#: Folder of the records in a review.
RECORDS = "reruns/runs"
#: Packages whose versions can move a score.
PACKAGES = ("numpy", "scipy", "numba", "torch", "scikit-learn", "scikit-image", "waterz", "mwatershed", "python-elf",
            "monai")  # fmt: skip
#: Entries of a training's history that a record keeps.
HISTORY = 40


@dataclass(frozen=True, slots=True)
class Threshold:
    """A candidate threshold, and its score on the validation regions; None where the score does not exist there."""

    value: float
    score: float | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RunRecord(Result):
    """One run.

    Attributes
    ----------
    run_id, spec_id, preset, fold, seed : which run it is.
    spec_hash : digest of what decides the numbers; `spec` is that, resolved.
    data : name, shape, voxel size, hashes and notes of the volume.
    regions : role -> boxes (start, stop on z, y, x).
    leakage : what was found when the regions were compared; errors stop a run before it starts.
    code : version of this package, and the commit with whether the tree was changed, where it stands in git;
        ``trained`` and ``predicted``: lists of the same of all that worked on what was taken over from an earlier run,
        where it was noted; ``scored``: of a later `score --again`.
    environment, device : interpreter, platform, packages, threads, with the same entries; what it was trained on.
    started, finished : UTC.
    seconds : of data, train, predict, choose and score.
    convergence : steps, parameters, input voxels per second, history (loss by step, thinned out), events.
    thresholds, threshold, chosen_by : the candidates with their validation scores, the one in use, the score; without a
        threshold where a published segmentation was scored.
    scores : on the test regions; `extent` is what was counted there.
    predictions : file of each predicted test region -> its sha256; nothing for a published segmentation, and in records
        that are older than this field.
    """

    run_id: str
    spec_id: str
    preset: str
    fold: str
    seed: int
    spec_hash: str
    spec: dict[str, Any]
    data: dict[str, Any]
    regions: dict[str, Any]
    leakage: tuple[str, ...]
    code: dict[str, Any]
    environment: dict[str, Any]
    device: dict[str, Any]
    started: str
    finished: str
    seconds: dict[str, float]
    convergence: dict[str, Any]
    thresholds: tuple[Threshold, ...]
    threshold: float | None
    chosen_by: str
    scores: tuple[ScoreRow, ...]
    extent: dict[str, Any]
    predictions: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The scores it has, as ``metric:convention``."""
        return tuple(row.name for row in self.scores)

    def value(self, name: str) -> float | None:
        """Return a score by ``metric:convention``; None where it does not exist.

        Raises
        ------
        InputError
            If the run was not scored under that name.
        """
        for row in self.scores:
            if row.name == name:
                return row.value
        raise InputError(f"run {self.run_id} has no score {name}; it has {', '.join(self.names)}")

    def to_frame(self) -> Any:
        """Return the scores as a table."""
        import pandas as pd

        return pd.DataFrame(
            [(row.metric, row.convention, row.value, row.unit) for row in self.scores],
            columns=["metric", "convention", "value", "unit"],
        )


def record_path(review: Path | str, run_id: str) -> Path:
    """Return where the record of a run stands in a review."""
    return Path(review) / RECORDS / f"{run_id}.json"


def write_record(review: Path | str, record: RunRecord) -> Path:
    """Write a record; a run that is killed leaves none."""
    return write_atomic(record_path(review, record.run_id), record.to_json())


def read_records(review: Path | str, run_ids: Iterable[str] | None = None) -> dict[str, RunRecord]:
    """Return records by run id: those named, as far as they are there, or all of the review.

    Raises
    ------
    InputError
        If a record cannot be read, or its file is named after another run.
    """
    folder = Path(review) / RECORDS
    names = sorted(path.stem for path in folder.glob("*.json")) if run_ids is None else run_ids
    found: dict[str, RunRecord] = {}
    for name in names:
        path = record_path(review, name)
        if not path.is_file():
            continue
        try:
            record = RunRecord.from_json(path.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, TypeError, ValueError) as error:
            raise InputError(f"{path} is no run record ({error}); delete it and run the spec again") from error
        if record.run_id != name:
            raise InputError(f"{path} is the record of {record.run_id}; rename or delete it")
        found[name] = record
    return found


def code_version() -> dict[str, Any]:
    """Return the version of this package, and its commit where it runs from a git tree."""
    here = Path(__file__).parent
    found: dict[str, Any] = {"metareview": metadata.version("metareview"), "commit": None, "changed": None}
    commit = _git(here, "rev-parse", "HEAD")
    if commit:
        found["commit"] = commit
        found["changed"] = bool(_git(here, "status", "--porcelain", "--untracked-files=no", "--", str(here)))
    return found


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def environment() -> dict[str, Any]:
    """Return interpreter, platform, versions of the packages that can move a score, and processor cores."""
    versions: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    threads = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "threads": threads,
        "packages": versions,
    }


def thinned(history: tuple[dict[str, float], ...], most: int = HISTORY) -> list[dict[str, float]]:
    """Return at most `most` entries of a history, evenly, the first and the last among them.

    >>> [entry["step"] for entry in thinned(tuple({"step": n} for n in range(100)), 4)]
    [0, 33, 66, 99]
    """
    if len(history) <= most:
        return list(history)
    return [history[round(place * (len(history) - 1) / (most - 1))] for place in range(most)]
