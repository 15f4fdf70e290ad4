"""`score_volumes`: two volumes -> every score asked for, from the table and beyond it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from metareview.errors import InputError
from metareview.evaluation.blockwise import contingency_table
from metareview.evaluation.catalogue import Rule, confidence_rules, table_rules
from metareview.evaluation.result import ScoreResult
from metareview.evaluation.runs import Skeletons
from metareview.evaluation.scoring import choose, evaluate, extent_of, resolve_metrics
from metareview.evaluation.volumes import as_volume
from metareview.evaluation.voxels import Settings, VoxelWorkspace, voxel_rules
from metareview.results.base import Dropped

__all__ = ["WHOLE_VOLUME", "all_rules", "refuse_incomputable", "score_volumes"]

#: Largest volume, in voxels, for which "all conventions" includes those that hold the whole volume in memory.
WHOLE_VOLUME = 1 << 26


def all_rules(
    settings: Settings | None = None, confidence: Mapping[str, Mapping[int, float]] | None = None
) -> dict[str, Rule]:
    """Return every rule there is, by ``metric:convention``, metrics in the order of the vocabulary."""
    from metareview.schema.metric import default_vocabulary

    rules = [*table_rules().values(), *voxel_rules(settings).values()]
    rules += [rule for name, given in (confidence or {}).items() for rule in confidence_rules(name, given)]
    order = {metric.key: place for place, metric in enumerate(default_vocabulary())}
    return {rule.name: rule for rule in sorted(rules, key=lambda rule: order[rule.metric])}


@dataclass(frozen=True, slots=True)
class _Means:
    """What is at hand to compute a score."""

    settings: Settings
    shape: tuple[int, ...]
    masked: bool
    #: names asked for with their convention; None where every rule was
    named: frozenset[str] | None

    def is_named(self, rule: Rule) -> bool:
        """Whether a rule was asked for by its convention, not only because all of its metric were."""
        return self.named is None or rule.name in self.named

    def lacks(self, rule: Rule) -> str:
        """Return why a rule cannot be computed, or is not unless it is named; empty where it can."""
        needs = ["the resolution of a voxel"] if "resolution" in rule.needs and self.settings.resolution is None else []
        needs += ["skeletons"] if "skeletons" in rule.needs and self.settings.skeletons is None else []
        if needs:
            return f"needs {' and '.join(needs)}"
        if "square pixels" in rule.needs and len(set((self.settings.resolution or ())[-2:])) > 1:
            return "needs pixels as high as wide in a section"
        if self.masked and rule.needs:
            return "is not defined with a mask; crop the volumes instead"
        if "voxels" not in rule.needs:
            return ""
        if len(self.shape) not in (2, 3):
            return f"needs 2 or 3 dimensions, the volume has {len(self.shape)}"
        voxels = int(np.prod(self.shape, dtype=np.int64))
        if voxels > WHOLE_VOLUME and not self.is_named(rule):
            return f"holds all {voxels} voxels in memory; name the convention to compute it all the same"
        return ""


def _split(rules: list[Rule], means: _Means) -> tuple[list[Rule], list[Dropped]]:
    kept, dropped = [], []
    for rule in rules:
        reason = means.lacks(rule)
        if reason and means.is_named(rule):
            raise InputError(f"{rule.name} {reason}{_remedy(reason)}")
        if reason:
            dropped.append(Dropped(rule.name, reason))
        else:
            kept.append(rule)
    if dropped and not kept:
        names = ", ".join(entry.what for entry in dropped)
        raise InputError(f"nothing is left to compute: {names} {dropped[0].reason}{_remedy(dropped[0].reason)}")
    return kept, dropped


def _named(
    rules: Mapping[str, Rule], metrics: Sequence[str] | str | None, conventions: str | Sequence[str]
) -> frozenset[str] | None:
    """Return the rules that are asked for by their convention; None where `conventions` says it for all."""
    if conventions != "all":
        return None
    names = [metrics] if isinstance(metrics, str) else metrics or ()
    said = [name for name in names if ":" in name]
    return frozenset(rule.name for rule in _chosen(rules, said, "all", runs=False)) if said else frozenset()


def refuse_incomputable(
    names: Sequence[str], shape: tuple[int, ...], *, masked: bool = False, resolution: Sequence[float] | None = None
) -> None:
    """Refuse scores that a pair of volumes of this kind cannot have, before anything is computed.

    Parameters
    ----------
    names : ``metric:convention``.
    shape : of the volumes; resolution : size of a voxel in nanometres; masked : whether a part is not labelled.

    Raises
    ------
    UnknownName
        If there is no such score.
    InputError
        If a score lacks what it needs.
    """
    settings = Settings(None if resolution is None else tuple(float(size) for size in resolution))
    means = _Means(settings, tuple(shape), masked, None)
    _split(_chosen(all_rules(settings), names, "all", runs=False), means)


def _remedy(reason: str) -> str:
    """Return what to give for what a rule needs, as an argument and as an option."""
    options = {"resolution": "resolution (--resolution 40,4,4)", "skeletons": "skeletons (--skeletons FILE)"}
    given = [option for need, option in options.items() if need in reason]
    return f"; give {' and '.join(given)}" if given else ""


def _chosen(
    rules: Mapping[str, Rule], metrics: Sequence[str] | str | None, conventions: str | Sequence[str], runs: bool
) -> list[Rule]:
    """Return the rules asked for; without names, metrics of the table, and run lengths where there are skeletons."""
    default = dict.fromkeys(rule.metric for rule in table_rules().values())
    names = list(default) + (["erl", "nerl"] if runs else []) if metrics is None else metrics
    return choose(rules, resolve_metrics(names, (rule.metric for rule in rules.values())), conventions)


def score_volumes(
    prediction: Any,
    truth: Any,
    metrics: Sequence[str] | str | None = None,
    conventions: str | Sequence[str] = "all",
    *,
    mask: Any = None,
    resolution: Sequence[float] | None = None,
    border: float = 25.0,
    tolerances: Sequence[int] = (0, 50),
    skeletons: Skeletons | None = None,
    confidence: Mapping[str, Mapping[int, float]] | None = None,
    workers: int = 1,
    checkpoint: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    table_path: str | Path | None = None,
) -> ScoreResult:
    """Score one pair of volumes, each score under its named convention.

    Parameters
    ----------
    prediction, truth, mask, workers, checkpoint, progress : as for `contingency_table`.
    metrics : keys or aliases of the vocabulary, or ``metric:convention``. Without names, every metric that a table
        gives, and run lengths where skeletons are given; clDice and surface distances only by name.
    conventions : ``all``, an id, or several ids.
    resolution : size of a voxel in nanometres, axes as in the volume.
    border : nanometres of CREMI's border mask; the value stands in the convention id.
    tolerances : merge tolerances of the run lengths, in nodes.
    skeletons : ground-truth skeletons in nanometres.
    confidence : name -> {predicted id -> confidence}, for average precision.
    table_path : where the contingency table is written, for more scores later without the volumes.

    Returns
    -------
    ScoreResult
        Under ``all``, conventions for which something is missing are in `dropped`, with the reason.

    Raises
    ------
    InputError
        If a volume cannot be used, or a score asked for by its convention lacks what it needs.
    """
    volumes = as_volume(prediction, "prediction"), as_volume(truth, "truth")
    size = tuple(float(part) for part in resolution) if resolution is not None else None
    if size is not None and (len(size) != len(volumes[1].shape) or min(size) <= 0.0):
        raise InputError(
            f"resolution {', '.join(f'{part:g}' for part in size)} does not fit {volumes[1].name} with "
            f"{len(volumes[1].shape)} axes; give one positive size in nanometres for each axis"
        )
    settings = Settings(size, float(border), tuple(tolerances), skeletons)
    rules = all_rules(settings, confidence)
    wanted = _chosen(rules, metrics, conventions, skeletons is not None)
    means = _Means(settings, volumes[1].shape, mask is not None, _named(rules, metrics, conventions))
    kept, dropped = _split(wanted, means)
    table = contingency_table(prediction, truth, mask=mask, workers=workers, checkpoint=checkpoint, progress=progress)
    if table_path is not None:
        table.save(table_path)
    rows, warnings = evaluate(VoxelWorkspace(table, *volumes, settings), kept)
    return ScoreResult(
        rows=tuple(rows),
        extent=extent_of(table),
        k_in=len(rows) + len(dropped),
        k_used=len(rows),
        dropped=tuple(dropped),
        warnings=tuple(warnings),
        methods=("contingency table of prediction and truth, exact",),
    )
