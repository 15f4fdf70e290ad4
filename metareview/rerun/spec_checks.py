"""What a spec names and divides, held against what there is: registries, the ids of the review, the data.

These checks look at a spec as it is written, key by key, so that they also speak where other keys of it are wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metareview.errors import InputError, did_you_mean
from metareview.rerun.spec import LOSSES, RerunSpec, score_name

__all__ = ["ReviewIds", "SpecProblem", "data_problems", "fit_problems", "name_problems"]

#: Key of a spec -> the ids of the review that it may name; a key without an entry is not compared.
ReviewIds = Mapping[str, Collection[str]]
#: Key of a spec that names something of the review -> what that is.
OF_REVIEW = {"data.dataset_id": "data set", "replicates": "experiment", "study_id": "study"}


@dataclass(frozen=True, slots=True)
class SpecProblem:
    """One thing that is wrong in a spec: file, key, what was found, the rule, what to do."""

    file: str
    key: str
    found: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}, key {self.key}" if self.key else self.file
        return f"{where}: {'; '.join(part for part in (self.found, self.rule, self.remedy) if part)}"


def name_problems(body: Mapping[str, Any], file: str, prefix: str, ids: ReviewIds) -> Iterator[SpecProblem]:
    """Report names that stand in no registry (model, data set, loss, segmentation, scores), or not in the review."""
    from metareview.evaluation.pair import all_rules
    from metareview.rerun.data import DATASETS
    from metareview.rerun.models import MODELS
    from metareview.rerun.segment import SEGMENTERS

    registries: list[tuple[str, Collection[str]]] = [
        ("train.model", MODELS), ("data.name", DATASETS), ("train.loss", LOSSES), ("segment.method", SEGMENTERS),
    ]  # fmt: skip
    asked = [(key, value, known) for key, known in registries if isinstance(value := _at(body, key), str)]
    scores = body.get("scores")
    places = [(f"scores.{place}", name) for place, name in enumerate(scores if isinstance(scores, Sequence) else ())]
    rules = all_rules()
    for key, name in [*places, ("segment.choose_by", _at(body, "segment.choose_by"))]:
        if isinstance(name, str) and ":" in name:
            asked.append((key, score_name(name), rules))
    for key, name, known in asked:
        if name not in known:
            yield SpecProblem(file, prefix + key, f"found {name!r}", "the name is not known", _nearest(name, known))
    for key, what in OF_REVIEW.items():
        value = _at(body, key)
        if isinstance(value, str) and key in ids and value not in ids[key]:
            remedy = did_you_mean(value, ids[key]) or "add it to the review, or leave the key out"
            yield SpecProblem(file, prefix + key, f"found {value!r}", f"the review has no such {what}", remedy)


def data_problems(spec: RerunSpec, file: str, prefix: str = "") -> Iterator[SpecProblem]:
    """Report options that the data set does not take, and a split that does not fit its shape where that is known."""
    from metareview.rerun.data import DATASETS, plan_folds

    known = DATASETS.get(spec.data.name)
    if known is None:
        return
    try:
        shape = known.planned_shape(spec.data.options)
    except InputError as error:
        yield SpecProblem(file, f"{prefix}data.options", str(error), "", "correct it")
        return
    if shape is None or spec.split.kind == "parts" or not spec.data.verify:
        return
    size = " x ".join(map(str, shape))
    try:
        folds = plan_folds(spec.split, shape)
    except InputError as error:
        yield SpecProblem(file, f"{prefix}split", str(error), f"the split fits the data ({size} voxels, z y x)",
                          "take other shares or folds, or a smaller gap")  # fmt: skip
        return
    for fold in folds:
        if fold.name in spec.folds() and not fold.val and spec.given is None:
            yield SpecProblem(file, f"{prefix}split.val", f"fold {fold.name} of {size} voxels has no validation region",
                              "the threshold is chosen on one", "raise split.val")  # fmt: skip


def fit_problems(spec: RerunSpec, file: str, prefix: str = "") -> Iterator[SpecProblem]:
    """Report options that model or segmentation do not take, and a target that they do not fit."""
    from metareview.rerun.spec_options import option_problems

    for key, found, rule, remedy in option_problems(spec):
        yield SpecProblem(file, prefix + key, found, rule, remedy)


def _at(body: Mapping[str, Any], key: str) -> Any:
    """Return the value at a dotted key, None where there is none."""
    value: Any = body
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _nearest(name: str, known: Collection[str]) -> str:
    return did_you_mean(name, known) or f"known: {', '.join(known)}"[:300]
