"""The conductor of one run: data, training, prediction, threshold, segmentation, scores, record; one line per phase.

Everything heavy stands elsewhere. What is decided here is the order, and what is seen when: weights come from the
training regions, the threshold from the validation regions, scores from the test regions, each looked at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.evaluation import ScoreResult, score_volumes
from metareview.evaluation.inputs import file_hash
from metareview.evaluation.pair import refuse_incomputable
from metareview.evaluation.result import Extent, ScoreRow
from metareview.evaluation.volumes import open_volume
from metareview.rerun.data import Fold, Volume, box_slices, check_leakage, plan_folds
from metareview.rerun.data.volume import Box
from metareview.rerun.needs import require
from metareview.rerun.predictors import Trained, predict_box, train_predictor
from metareview.rerun.record import (
    RunRecord,
    Threshold,
    code_version,
    environment,
    read_records,
    record_path,
    thinned,
    write_record,
)
from metareview.rerun.run_data import load_data, plain_options, refuse_mixture
from metareview.rerun.segment import SEGMENTERS, sweep
from metareview.rerun.spec import RerunSpec, score_name
from metareview.rerun.thresholds import best_place, edge_warning
from metareview.results.atomic import write_atomic
from metareview.schema.metric import default_vocabulary

__all__ = ["alone", "choose_on_validation", "load_data", "prediction_hashes", "run_job", "score_regions", "work_folder"]


#: What a run may find done, and the file that says so.
_KEPT = {"training": "train/result.json", "predictions": "{predictions}/test.0.npy"}
#: Of several regions the sum, and the mean by voxels; in the order of `Extent`.
_COUNTS = ("voxels", "pairs", "truth_segments", "prediction_segments")
_SHARES = ("truth_background", "prediction_background")
#: Stands for the training where there is none.
_GIVEN = Trained(lambda image: image, {})


@dataclass(slots=True)
class Clock:
    """Seconds per phase."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Add what happens inside to a phase."""
        begin = perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] = round(self.seconds.get(phase, 0.0) + perf_counter() - begin, 3)


def work_folder(review: Path | str, work: Path | str | None, spec: RerunSpec, fold: str, seed: int) -> Path:
    """Return where a run keeps its training and, below, its predictions: one folder for all ways to segment them."""
    return Path(work or Path(review) / "reruns" / ".work") / spec.training_id(fold, seed)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder for one process: presets that differ in how they predict and segment share one."""
    lock = require("filelock").FileLock(folder / ".lock")
    with lock:  # given up by the system when the process ends, however it ends
        yield


def run_job(
    review: Path | str, spec: RerunSpec, fold: str, seed: int, *, data: Path | str | None = None,
    work: Path | str | None = None, device: str = "auto", force: bool = False, progress: bool | None = None,
) -> RunRecord:  # fmt: skip
    """Do one run and write its record; a run that has one is not done again.

    Parameters
    ----------
    review : the review folder.
    spec : with its preset in force.
    fold, seed : which run.
    data : folder with one folder per data set.
    work : folder of checkpoints and predictions; ``reruns/.work`` of the review when left out.
    device : auto, cpu, cuda or cuda:1.
    force : do it again, from the beginning.
    progress : a bar on stderr; None: only on a terminal.

    Raises
    ------
    InputError
        If the data are not there, not those of the spec or not those of the training that is there, or regions leak
        into each other.
    MissingExtra
        If torch or scikit-learn is missing.
    """
    run_id = spec.run_id(fold, seed)
    if not force and record_path(review, run_id).is_file():
        return read_records(review, [run_id])[run_id]
    started, clock, code = _now(), Clock(), code_version()  # the code that runs, whatever is checked out meanwhile
    with clock("data"):
        volume = load_data(spec, data)
        _refuse_scores(spec, volume)
        region = _fold_of(spec, volume, fold)
        leakage = _refuse_leaks(region, volume)
    if spec.given is not None:
        with clock("score"):
            done = _Done(_GIVEN, (), None, _score(spec, _given(spec, volume, region, data), volume))
    else:
        folder = work_folder(review, work, spec, fold, seed)
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder):
            if not force and record_path(review, run_id).is_file():  # done meanwhile by whoever held the folder
                return read_records(review, [run_id])[run_id]
            _emptied(folder, force)
            refuse_mixture(folder, volume)
            done = _trained(spec, volume, region, folder, clock, device=device, seed=seed, progress=progress)
    made = done.made
    record = RunRecord(
        run_id=run_id, spec_id=spec.id, preset=spec.preset, fold=fold, seed=seed, spec_hash=spec.digest,
        spec=spec.decides(), data=volume.describe(),
        regions={role: [[list(side) for side in box] for box in boxes] for role, boxes in region.regions().items()},
        leakage=leakage, code=code | _earlier(made, "code"),
        environment=environment() | _earlier(made, "environment"), device=done.trained.device,
        started=started, finished=_now(), seconds=clock.seconds, convergence=_convergence(done.trained),
        thresholds=done.table, threshold=done.threshold,
        chosen_by=score_name(spec.segment.choose_by) if done.table else "", scores=done.result.rows,
        extent=asdict(done.result.extent), warnings=done.result.warnings, predictions=done.predictions,
    )  # fmt: skip
    write_record(review, record)
    return record


@dataclass(frozen=True, slots=True)
class _Done:
    """What a run comes to: training, candidate thresholds, the one in use, scores, hashes of predictions."""

    trained: Trained
    table: tuple[Threshold, ...]
    threshold: float | None
    result: ScoreResult
    predictions: dict[str, str] = field(default_factory=dict)
    made: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def _trained(
    spec: RerunSpec, volume: Volume, region: Fold, folder: Path, clock: Clock, *, device: str, seed: int,
    progress: bool | None,
) -> _Done:  # fmt: skip
    below = folder / spec.predictions
    kept = [what for what, path in _KEPT.items() if (folder / path.format(predictions=below.name)).is_file()]
    train = folder / "train"
    train.mkdir(exist_ok=True)
    made = {"trained": _made(train, done="training" in kept, begun=(train / "last.pt").is_file())}
    with clock("train"):
        trained = train_predictor(spec, volume, region, folder, device=device, seed=seed, progress=progress)
    if kept:
        taken = f"{' and '.join(kept)} taken over from an earlier run of the same training"
        trained = replace(trained, events=(*trained.events, taken))
    with clock("predict"):
        below.mkdir(exist_ok=True)
        there = [path.name for path in below.glob("*.npy")]
        whole = all(f"test.{number}.npy" in there for number in range(len(region.test)))
        made["predicted"] = _made(below, done=whole, begun=bool(there))
        val = _predicted(spec, trained, volume, region.val, below / "val")
        test = _predicted(spec, trained, volume, region.test, below / "test")
    with clock("choose"):
        table, threshold, said = choose_on_validation(spec, val, volume)
    with clock("score"):
        result = score_regions(spec, test, volume, threshold)
        result = replace(result, warnings=(*said, *result.warnings))
    return _Done(trained, table, threshold, result, prediction_hashes(below, len(test)), made)


def _made(folder: Path, *, done: bool, begun: bool) -> list[dict[str, Any]]:
    """Note, before it begins, by what code and environment something is made; return that of all that worked on it.

    Parameters
    ----------
    done : it is there, and taken over as it is; begun : a killed run left part of it.
    """
    note = folder / "made.json"
    found: list[dict[str, Any]] = []
    if note.is_file() and (done or begun):
        found = json.loads(note.read_text(encoding="utf-8"))
    now = {"code": code_version(), "environment": environment()}
    if not done and now not in found:
        found.append(now)
        write_atomic(note, json.dumps(found, indent=1) + "\n")
    return found


def _earlier(made: dict[str, list[dict[str, Any]]], what: str) -> dict[str, Any]:
    """Return the codes, or environments, behind a training and its predictions, where others than today's were."""
    today = {"code": code_version(), "environment": environment()}
    return {key: [one[what] for one in found] for key, found in made.items() if found not in ([], [today])}


def _refuse_scores(spec: RerunSpec, volume: Volume) -> None:
    """Refuse scores that these data cannot have, before hours of training rather than after."""
    names = dict.fromkeys(map(score_name, spec.scores if spec.given else (*spec.scores, spec.segment.choose_by)))
    try:
        refuse_incomputable(list(names), volume.shape, masked=volume.mask is not None, resolution=volume.voxel_nm)
    except InputError as error:
        part = " (part of these data is not labelled)" if volume.mask is not None else ""
        raise InputError(f"{spec.id}, on {volume.name}{part}: {error}; take another score") from None


def prediction_hashes(folder: Path, regions: int) -> dict[str, str]:
    """Return the sha256 of each kept prediction of a test region by its file's name; nothing of one that is gone."""
    paths = [folder / f"test.{number}.npy" for number in range(regions)]
    return {path.name: file_hash(path) for path in paths if path.is_file()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _fold_of(spec: RerunSpec, volume: Volume, name: str) -> Fold:
    try:
        folds = {fold.name: fold for fold in plan_folds(spec.split, volume.shape, volume.parts)}
    except InputError as error:
        size = " x ".join(map(str, volume.shape))
        raise InputError(f"{spec.id}, key split: {error}; the data are {size} voxels (z, y, x)") from None
    if name not in folds:
        raise UnknownName(f"fold of {spec.id}", name, folds)
    if not folds[name].val and spec.given is None:
        raise InputError(
            f"{spec.id}, fold {name}: no validation region, on which the threshold is chosen; set split.val"
        )
    return folds[name]


def _refuse_leaks(fold: Fold, volume: Volume) -> tuple[str, ...]:
    """Return the warnings.

    Raises
    ------
    InputError
        If data of one role are also in another one.
    """
    found = check_leakage(fold, volume)
    if found.errors:
        raise InputError("; ".join(found.errors))
    return found.warnings


def _emptied(folder: Path, force: bool) -> None:
    """Begin again where that is asked for; the lock stays."""
    from shutil import rmtree

    for path in folder.iterdir() if force else ():
        if path.is_dir():
            rmtree(path)
        elif path.suffix == ".json":
            path.unlink()


Regions = list[tuple[Box, np.ndarray]]


def _predicted(spec: RerunSpec, trained: Trained, volume: Volume, boxes: tuple[Box, ...], stem: Path) -> Regions:
    """Predict regions, keeping each on disk: what a killed run has predicted is not predicted again."""
    regions: Regions = []
    for number, box in enumerate(boxes):
        path = stem.with_name(f"{stem.name}.{number}.npy")
        if not path.is_file():
            part = path.with_suffix(".part.npy")
            np.save(part, predict_box(trained.predict, volume, box, spec.predict.context))
            part.replace(path)
        regions.append((box, np.load(path)))
    return regions


def choose_on_validation(
    spec: RerunSpec, regions: Regions, volume: Volume
) -> tuple[tuple[Threshold, ...], float, tuple[str, ...]]:
    """Return every candidate with its score on the validation regions, the best, and what to say of it.

    Raises
    ------
    NotEstimable
        If no candidate gives a score.
    """
    name = score_name(spec.segment.choose_by)
    method, options = spec.segment.method, plain_options(spec.segment.options)
    sweeps = [sweep(method, prediction, spec.segment.thresholds, **options) for _, prediction in regions]
    table = []
    for found in zip(*sweeps, strict=True):
        labels = [(box, cut) for (box, _), (_, cut) in zip(regions, found, strict=True)]
        try:
            value = _score(spec, labels, volume, [name]).rows[0].value
        except NotEstimable:
            value = None
        table.append(Threshold(found[0][0], value))
    lower = default_vocabulary()[name.partition(":")[0]].direction == "lower"
    chosen = best_place([entry.score for entry in table], -1 if lower else 1, name)
    return tuple(table), table[chosen].value, edge_warning([entry.value for entry in table], chosen)


def score_regions(spec: RerunSpec, regions: Regions, volume: Volume, threshold: float) -> ScoreResult:
    """Return the scores of the spec on the test regions."""
    return _scored(spec, regions, volume, threshold, [score_name(name) for name in spec.scores])


def _scored(spec: RerunSpec, regions: Regions, volume: Volume, threshold: float, names: list[str]) -> ScoreResult:
    """Segment and score regions."""
    method, options = SEGMENTERS[spec.segment.method], plain_options(spec.segment.options)
    labels = [(box, method(prediction, threshold, **options)) for box, prediction in regions]
    return _score(spec, labels, volume, names)


def _score(spec: RerunSpec, regions: Regions, volume: Volume, names: list[str] | None = None) -> ScoreResult:
    """Score labels of regions; of several regions the mean by number of voxels, and the result says so."""
    assert volume.labels is not None
    results = []
    for box, labels in regions:
        truth, mask = volume.labels[box_slices(box)], volume.mask
        results.append(score_volumes(
            labels, np.ascontiguousarray(truth), metrics=names or [score_name(name) for name in spec.scores],
            resolution=volume.voxel_nm,
            mask=None if mask is None else np.ascontiguousarray(mask[box_slices(box)]),
        ))  # fmt: skip
    return results[0] if len(results) == 1 else _mean(results)


def _given(spec: RerunSpec, volume: Volume, fold: Fold, root: Path | str | None) -> Regions:
    """Return a published segmentation on the test regions.

    Raises
    ------
    InputError
        If the file is not there, is another one, or has another shape than the image.
    """
    assert spec.given is not None
    path = Path(root or ".") / (spec.data.folder or spec.data.name) / spec.given.file
    if not path.exists():
        raise InputError(f"{spec.id}: {path} is not there; it holds the published segmentation")
    found = file_hash(path)
    if spec.given.sha256 not in (None, found):
        raise InputError(f"{spec.id}: {path.name} has sha256 {found}, expected {spec.given.sha256}; fetch it again")
    labels = open_volume(path).read()
    if labels.shape != volume.shape:
        shapes = [" x ".join(map(str, shape)) for shape in (labels.shape, volume.shape)]
        raise InputError(f"{spec.id}: {path.name} is {shapes[0]}, the image {shapes[1]}; they must be one region")
    return [(box, np.ascontiguousarray(labels[box_slices(box)])) for box in fold.test]


def _mean(results: list[ScoreResult]) -> ScoreResult:
    weights = [result.extent.voxels for result in results]
    rows = []
    for place, row in enumerate(results[0].rows):
        values = [result.rows[place].value for result in results]
        found = [value for value in values if value is not None]
        mean = float(np.average(found, weights=weights)) if len(found) == len(values) else None
        rows.append(ScoreRow(row.metric, row.convention, mean, row.unit, row.meaning))
    said = f"mean over {len(results)} regions, weighted by their voxels"
    warnings = dict.fromkeys([said, *(text for result in results for text in result.warnings)])
    counts = [sum(getattr(result.extent, name) for result in results) for name in _COUNTS]
    shares = [float(np.average([getattr(result.extent, name) for result in results], weights=weights))
              for name in _SHARES]  # fmt: skip
    return replace(results[0], rows=tuple(rows), warnings=tuple(warnings), extent=Extent(*counts, *shares))


def _convergence(trained: Trained) -> dict[str, Any]:
    history = thinned(trained.history)
    return {
        "steps": trained.steps, "parameters": trained.parameters, "voxels_per_second": trained.voxels_per_second,
        "history": history, "events": [*trained.events, *trained.met],
    }  # fmt: skip
