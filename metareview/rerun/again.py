"""Kept predictions scored again with the specs of today: a further score, or a corrected one, needs no training."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from metareview.errors import MetareviewError
from metareview.rerun.data.volume import Box
from metareview.rerun.record import RunRecord, code_version, environment, read_records, write_record
from metareview.rerun.run import alone, load_data, prediction_hashes, score_regions, work_folder
from metareview.rerun.run_data import refuse_other_data
from metareview.rerun.spec import RerunSpec
from metareview.rerun.spec_files import read_specs
from metareview.rerun.thresholds import edge_warning

__all__ = ["ScoredAgain", "score_again"]


@dataclass(slots=True)
class ScoredAgain:
    """The runs that were scored again, those left as they are, and those where it failed, with why."""

    done: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def score_again(review: Path | str, *, data: Path | str | None = None, work: Path | str | None = None) -> ScoredAgain:
    """Segment and score kept predictions again with the specs of today.

    Weights, predictions and thresholds stay. Runs whose spec has changed, and whose prediction is gone or may not be
    theirs, stay as they are; so do those whose data are not at hand, which fail.
    """
    found, asked = ScoredAgain(), _asked(review)
    for run_id in read_records(review):
        if run_id not in asked:
            found.left[run_id] = "no spec asks for it today: it is another one, or has other folds or seeds"
            continue
        spec, fold, seed = asked[run_id]
        folder = work_folder(review, work, spec, fold, seed)
        if spec.given is not None:
            found.left[run_id] = "a published segmentation; `metareview rerun run --force` scores it again"
            continue
        if not folder.is_dir():
            found.left[run_id] = f"its predictions are not in {folder}"
            continue
        with alone(folder):  # nobody predicts or records there meanwhile
            record = read_records(review, [run_id])[run_id]
            why = _left(record, folder / spec.predictions)
            if why:
                found.left[run_id] = why
                continue
            try:
                write_record(review, _scored(record, spec, folder / spec.predictions, data))
                found.done.append(run_id)
            except (MetareviewError, OSError) as error:  # the others are scored all the same
                found.failed[run_id] = str(error)
    return found


def _asked(review: Path | str) -> dict[str, tuple[RerunSpec, str, int]]:
    """Return what the specs of a review ask for: run id -> spec with its preset in force, fold and seed."""
    presets = [
        written.with_preset(name)
        for written in read_specs(review).values()
        for name in ("as-written", *written.presets)
    ]
    return {
        spec.run_id(fold, seed): (spec, fold, seed) for spec in presets for fold in spec.folds() for seed in spec.seeds
    }


def _left(record: RunRecord, folder: Path) -> str:
    """Return why a run cannot be scored again from a folder of predictions; nothing where it can."""
    kept = prediction_hashes(folder, len(record.regions["test"]))
    if len(kept) < len(record.regions["test"]):
        return f"its predictions are not in {folder}"
    if record.predictions != kept:
        other = (
            "are those of another training" if record.predictions else "may be others: its record has no hash of them"
        )
        return f"the predictions in {folder} {other}; `metareview rerun run --force` makes both again"
    return ""


def _scored(record: RunRecord, spec: RerunSpec, folder: Path, data: Path | str | None) -> RunRecord:
    assert record.threshold is not None
    boxes: list[Box] = [tuple(tuple(side) for side in box) for box in record.regions["test"]]  # type: ignore[misc]
    regions = [(box, np.load(folder / f"test.{number}.npy")) for number, box in enumerate(boxes)]
    volume = load_data(spec, data)
    refuse_other_data(record, volume)
    result = score_regions(spec, regions, volume, record.threshold)
    tried = [entry.value for entry in record.thresholds]
    said = edge_warning(tried, tried.index(record.threshold))
    return replace(
        record, scores=result.rows, extent=asdict(result.extent), warnings=(*said, *result.warnings),
        code={**record.code, "scored": code_version()}, environment={**record.environment, "scored": environment()},
    )  # fmt: skip
