"""Run records -> rows for the review: one experiment per spec and preset, scores per seed, and their mean.

A seed of a cross-validated spec has one run per fold; its score is the mean over folds. The mean over seeds carries
standard deviation (n - 1) and number of seeds. Seeds of which a fold is missing are left out, and named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from statistics import fmean, stdev
from typing import Any

from metareview.rerun.record import RECORDS, RunRecord
from metareview.rerun.spec import RerunSpec, score_name
from metareview.schema.experiment import Scale
from metareview.schema.metric import default_vocabulary
from metareview.schema.rerun import RerunExperiment, RerunResult, RerunTarget

__all__ = ["Rows", "rows_of"]

#: Where the records are, as the rows say it.
_RUNS = RECORDS.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the three tables of re-runs, and what was left out of them."""

    experiments: tuple[RerunExperiment, ...]
    results: tuple[RerunResult, ...]
    targets: tuple[RerunTarget, ...]
    left_out: tuple[str, ...] = ()

    def tables(self) -> dict[str, tuple[RerunExperiment, ...] | tuple[RerunResult, ...] | tuple[RerunTarget, ...]]:
        """Return the rows by the name of their table."""
        return {"rerun_experiments": self.experiments, "rerun_results": self.results, "rerun_targets": self.targets}


def rows_of(specs: Iterable[RerunSpec], records: Mapping[str, RunRecord]) -> Rows:
    """Return the rows of every spec and preset that has a finished seed.

    Parameters
    ----------
    specs : the specs as written; each of their presets is looked for.
    records : run id -> record.
    """
    experiments: list[RerunExperiment] = []
    results: list[RerunResult] = []
    targets: list[RerunTarget] = []
    left_out: list[str] = []
    used: set[str] = set()
    for written in specs:
        for name in ("as-written", *written.presets):
            spec = written.with_preset(name)
            seeds, incomplete = _finished(spec, records)
            used |= {record.run_id for group in seeds.values() for record in group}
            used |= set(incomplete)
            left_out += [f"{run}: other folds of its seed are missing" for run in incomplete]
            apart = [spec.run_id(fold, seed) for fold in spec.all_folds() if fold not in spec.folds()
                     for seed in spec.seeds]  # fmt: skip
            left_out += [f"{run}: its fold is not among only_folds" for run in apart if run in records]
            used |= set(apart)
            if seeds:
                experiments.append(_experiment(spec, seeds))
                scored, unscored = _results(spec, seeds)
                results += scored
                left_out += unscored
                targets += _targets(spec)
    left_out += [f"{run}: its spec is gone or has changed since" for run in sorted(set(records) - used)]
    return Rows(tuple(experiments), tuple(results), tuple(targets), tuple(left_out))


def _finished(spec: RerunSpec, records: Mapping[str, RunRecord]) -> tuple[dict[int, list[RunRecord]], list[str]]:
    """Return the records of each seed whose folds are all there, and the runs of the other seeds."""
    whole: dict[int, list[RunRecord]] = {}
    part: list[str] = []
    for seed in spec.seeds:
        ids = [spec.run_id(fold, seed) for fold in spec.folds()]
        there = [records[run] for run in ids if run in records and _as_run(spec, records[run])]
        if len(there) == len(ids):
            whole[seed] = there
        else:
            part += [record.run_id for record in there]
    return whole, part


def _as_run(spec: RerunSpec, record: RunRecord) -> bool:
    """Return whether a spec still says what the record of its run says; keys that came later do not count."""

    def agree(now: Any, then: Any) -> bool:
        if isinstance(now, Mapping) and isinstance(then, Mapping):
            return all(key in now and agree(now[key], value) for key, value in then.items())
        return bool(now == then)

    return agree(spec.decides(), record.spec)


def _experiment(spec: RerunSpec, seeds: Mapping[int, Sequence[RunRecord]]) -> RerunExperiment:
    runs = [record for group in seeds.values() for record in group]
    folds, whole = len(spec.folds()), len(spec.all_folds())
    run = f"{folds} fold{'s' * (folds > 1)}" if folds == whole else f"{folds} of {whole} folds"
    notes = [*spec.departures, *dict.fromkeys(text for record in runs for text in record.leakage), *_warned(runs)]
    parts = [f"{spec.preset} preset"] if spec.preset != "as-written" else []
    parts += [f"width {spec.train.width:g}"] if spec.model not in ("forest", "given") and spec.train.width != 1 else []
    return RerunExperiment(
        experiment_id=spec.experiment_id, study_id=spec.study_id, method=spec.method, category=spec.category,
        setting=", ".join(parts) or None, dataset_id=spec.data.dataset_id, target=spec.target,
        split=f"{spec.split.kind}, {run}{_tested(spec, runs)}{_part(spec)}",
        n_runs=len(runs), replicates=spec.replicates,
        origin="recomputed" if spec.given else "rerun", test_set=spec.test_set, test_set_note=spec.test_set_note,
        locator=f"specs/{spec.id}.yaml",
        run_id=tuple(record.run_id for record in runs), training=_training(spec, runs), note="; ".join(notes) or None,
    )  # fmt: skip


def _training(spec: RerunSpec, runs: Sequence[RunRecord]) -> str | None:
    """Return a name for what the runs predicted, the same only for the same predictions, fold by fold and seed by seed.

    A spec that says the same is not enough: of two presets one may have been run by force, or elsewhere.
    """
    if spec.given or not all(record.predictions for record in runs):
        return None
    each = sorted((record.fold, record.seed, *sorted(record.predictions.items())) for record in runs)
    return f"{spec.id}.{sha256(repr(each).encode()).hexdigest()[:8]}"


def _warned(runs: Sequence[RunRecord]) -> list[str]:
    """Return what the runs were warned of, and how many of them."""
    counts = Counter(text for record in runs for text in dict.fromkeys(record.warnings))
    return [f"{text} ({count} of {len(runs)} runs)" for text, count in counts.items()]


def _tested(spec: RerunSpec, runs: Sequence[RunRecord]) -> str:
    """Return where the tested regions lie, for splits whose kind and folds do not tell.

    Re-runs are compared where this text is the same (`metareview.stats.benchmark.contrasts`), so it must tell two test
    regions apart. Blocks of sections follow from axis and number, and the published parts from the data set.
    """
    if spec.split.kind == "slice-blocks":
        return "" if spec.split.axis == 0 else f", along {'zyx'[spec.split.axis]}"
    if spec.split.kind == "parts":
        return ""
    boxes = dict.fromkeys(tuple(map(tuple, box)) for record in runs for box in record.regions.get("test", ()))
    places = (" ".join(f"{axis} {low}–{high}" for axis, (low, high) in zip("zyx", box, strict=True)) for box in boxes)
    return f", tested {', '.join(places)}" if boxes else ""


def _part(spec: RerunSpec) -> str:
    """Return what the options of the loader pick out of a data set, such as a sample: other voxels, same boxes."""
    told = ", ".join(f"{name} {_plain(value)}" for name, value in sorted(spec.data.options.items()))
    return f", {told}" if told else ""


def _plain(value: Any) -> str:
    return " x ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _results(spec: RerunSpec, seeds: Mapping[int, Sequence[RunRecord]]) -> tuple[list[RerunResult], list[str]]:
    """Return one row per score and seed, then the mean over seeds; and the scores that some run lacks."""
    rows: list[RerunResult] = []
    unscored: list[str] = []
    for name in map(score_name, spec.scores):
        metric, _, convention = name.partition(":")
        lacking = [run.run_id for group in seeds.values() for run in group if name not in run.names]
        if lacking:
            unscored.append(f"{name} of {lacking[0]}: not computed when it ran; metareview rerun score --again does it")
            continue
        means: dict[int, float] = {}
        for seed, records in seeds.items():
            values = [record.value(name) for record in records]
            found = [value for value in values if value is not None]
            if len(found) < len(values):  # a score that does not exist on a fold has no mean over folds
                gone = [run.run_id for run, value in zip(records, values, strict=True) if value is None]
                unscored += [f"{name} of {run}: does not exist there; its seed is not in the mean" for run in gone]
                continue
            means[seed] = fmean(found)
            if spec.given is None:
                rows.append(_seed(spec, metric, convention, seed, found, records))
        if means:
            rows.append(_mean(spec, metric, convention, list(means.values()), [r for s in means for r in seeds[s]]))
    return rows, unscored


def _seed(
    spec: RerunSpec, metric: str, convention: str, seed: int, values: Sequence[float], records: Sequence[RunRecord]
) -> RerunResult:
    """Return the row of one seed: its score, or the mean over its folds."""
    several = len(values) > 1
    return RerunResult(
        experiment_id=spec.experiment_id, metric=metric, convention=convention, unit=f"seed:{seed}",
        value=fmean(values), sd=stdev(values) if several else None, sd_ddof=1 if several else None,
        n=len(values) if several else None, n_of="folds" if several else None, scale=_scale(metric),
        run_id=tuple(record.run_id for record in records), locator=_RUNS,
    )  # fmt: skip


def _mean(
    spec: RerunSpec, metric: str, convention: str, values: Sequence[float], records: Sequence[RunRecord]
) -> RerunResult:
    several = len(values) > 1
    return RerunResult(
        experiment_id=spec.experiment_id, metric=metric, convention=convention, value=fmean(values),
        sd=stdev(values) if several else None, sd_ddof=1 if several else None, n=len(values),
        n_of="segmentation" if spec.given else "seeds", scale=_scale(metric),
        run_id=tuple(record.run_id for record in records), locator=_RUNS,
        note=_mean_of(spec),
    )  # fmt: skip


def _mean_of(spec: RerunSpec) -> str:
    if spec.given:
        return "a published segmentation, scored once"
    return "mean over seeds; each seed is the mean over its folds" if len(spec.folds()) > 1 else "mean over seeds"


def _scale(metric: str) -> Scale:
    return default_vocabulary()[metric].default_scale


def _targets(spec: RerunSpec) -> list[RerunTarget]:
    return [
        RerunTarget(
            experiment_id=spec.experiment_id, metric=target.metric, convention=target.convention,
            rerun_convention=target.rerun_convention, value=target.value, sd=target.sd, n=target.n,
            document=target.document, locator=target.locator, printed=target.printed,
            test_set=target.test_set, uncertain=target.uncertain, note=target.note,
        )
        for target in spec.published
    ]  # fmt: skip
