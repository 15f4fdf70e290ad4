"""Kept predictions scored again with the specs of today: a further score, or a corrected one, needs no training."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from metareview.rerun.data.volume import Box
from metareview.rerun.record import RunRecord, code_version, read_records, write_record
from metareview.rerun.run import load_data, prediction_hashes, score_regions, work_folder
from metareview.rerun.run_data import refuse_other_data
from metareview.rerun.spec import RerunSpec
from metareview.rerun.spec_files import read_specs
from metareview.rerun.thresholds import edge_warning

__all__ = ["ScoredAgain", "score_again"]


@dataclass(slots=True)
class ScoredAgain:
    """The runs whose scores were made again, and those whose were not, with why."""

    done: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


def score_again(review: Path | str, *, data: Path | str | None = None, work: Path | str | None = None) -> ScoredAgain:
    """Segment and score kept predictions again with the specs of today.

    Weights, predictions and thresholds stay; runs whose spec has changed, or whose prediction is gone or is of a later
    training, stay as they are.

    Raises
    ------
    InputError
        If the data are not those of a record.
    """
    found, records = ScoredAgain(), read_records(review)
    for run_id, spec in _asked(review).items():
        if run_id not in records:
            continue
        record = records[run_id]
        folder = work_folder(review, work, spec, record.fold, record.seed)
        why = _left(record, folder)
        if why:
            found.left[run_id] = why
            continue
        write_record(review, _scored(record, spec, folder, data))
        found.done.append(run_id)
    others = "its spec is another one now, or gone; `metareview rerun run` runs what the spec says"
    found.left.update({run_id: others for run_id in records if run_id not in {*found.done, *found.left}})
    return found


def _asked(review: Path | str) -> dict[str, RerunSpec]:
    """Return what the specs of a review ask for: run id -> spec with its preset in force."""
    presets = [
        written.with_preset(name)
        for written in read_specs(review).values()
        for name in ("as-written", *written.presets)
    ]
    return {spec.run_id(fold, seed): spec for spec in presets for fold in spec.folds() for seed in spec.seeds}


def _left(record: RunRecord, folder: Path) -> str:
    """Return why a run cannot be scored again; nothing where it can."""
    if record.threshold is None:
        return "a published segmentation; `metareview rerun run --force` scores it again"
    regions = len(record.regions["test"])
    kept = prediction_hashes(folder, regions)
    if len(kept) < regions:
        return f"its predictions are not in {folder}"
    if record.predictions and record.predictions != kept:
        return "its predictions are those of another training, whose run was stopped; `metareview rerun run --force`"
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
        code={**record.code, "scored": code_version()}, predictions=prediction_hashes(folder, len(boxes)),
    )  # fmt: skip
