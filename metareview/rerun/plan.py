"""What is to be run: one job per spec, fold and seed, with its size and what it takes; known without data or torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from metareview.errors import UnknownName
from metareview.rerun.record import record_path
from metareview.rerun.spec import RerunSpec, Resources

__all__ = ["Job", "default_preset", "plan_jobs"]


@dataclass(frozen=True, slots=True)
class Job:
    """One run to be done, or done.

    Attributes
    ----------
    run_id, spec, preset, fold, seed : which run.
    done : whether its record is there.
    model, width, dataset : what is trained, on what.
    steps, batch, patch : of the training; a forest has no steps.
    voxels : input voxels of the whole training.
    resources : what it is planned with.
    """

    run_id: str
    spec: str
    preset: str
    fold: str
    seed: int
    done: bool
    model: str
    width: float
    dataset: str
    steps: int
    batch: int
    patch: tuple[int, int, int]
    voxels: int
    resources: Resources


def default_preset(spec: RerunSpec) -> str:
    """Return the preset that is meant when none is named: the small one where there is one."""
    return "small" if "small" in spec.presets else "as-written"


def plan_jobs(
    review: Path | str,
    specs: Mapping[str, RerunSpec],
    *,
    preset: str | None = None,
    folds: Sequence[str] = (),
    seeds: Iterable[int] = (),
) -> list[Job]:
    """Return the jobs of specs, in the order of specs, folds and seeds.

    Parameters
    ----------
    review : where the records are looked for.
    preset : of all specs; `default_preset` of each where None. A spec without any presets, such as one that scores a
        published segmentation, is run as written.
    folds, seeds : only these; all where empty.

    Raises
    ------
    UnknownName
        If a spec has presets and not this one, or no spec has it, or none has such a fold or seed.
    """
    jobs: list[Job] = []
    wanted = list(seeds)
    found = [_chosen(spec, preset) for spec in specs.values()]
    if preset and all(spec.preset != preset for spec in found):
        raise UnknownName("preset", preset, ("as-written", *(name for spec in found for name in spec.presets)))
    _refuse_unknown("fold", folds, [name for spec in found for name in spec.folds()])
    _refuse_unknown("seed", map(str, wanted), [str(seed) for spec in found for seed in spec.seeds])
    for chosen in found:
        jobs += [
            _job(review, chosen, fold, seed)
            for fold in chosen.folds()
            if not folds or fold in folds
            for seed in chosen.seeds
            if not wanted or seed in wanted
        ]
    return jobs


def _chosen(spec: RerunSpec, preset: str | None) -> RerunSpec:
    """Return the spec with the preset in force."""
    return spec.with_preset((preset if spec.presets else None) or default_preset(spec))


def _refuse_unknown(what: str, asked: Iterable[str], known: Sequence[str]) -> None:
    """Raise for what none of the specs has.

    Raises
    ------
    UnknownName
        If one of the names is of no spec.
    """
    for name in asked:
        if known and name not in known:
            raise UnknownName(what, name, list(dict.fromkeys(known)))


def _job(review: Path | str, spec: RerunSpec, fold: str, seed: int) -> Job:
    train = spec.train
    steps = 0 if spec.model in ("forest", "given") else train.steps
    run_id = spec.run_id(fold, seed)
    return Job(
        run_id, spec.id, spec.preset, fold, seed, record_path(review, run_id).is_file(), spec.model, train.width,
        spec.data.name, steps, train.batch, train.patch, steps * train.batch * prod(train.patch), spec.resources,
    )  # fmt: skip
