"""The spec of a re-run: everything that decides what is trained, on what, and how it is scored and judged.

A spec is a YAML file under ``reruns/specs`` of a review. It is written once at full size; its presets replace some of
it (``small`` runs on a processor, ``full`` needs a graphics card). `spec_files` reads them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeInt, field_validator, model_validator

from metareview.errors import UnknownName
from metareview.rerun.config import Config, TrainConfig
from metareview.rerun.data.splits import Split
from metareview.schema.base import MetricKey, Sha256, Slug, Text
from metareview.schema.rerun import TestSet

__all__ = [
    "DataSpec",
    "Given",
    "Misfits",
    "Predict",
    "PublishedTarget",
    "RerunSpec",
    "Resources",
    "Segment",
    "merged",
    "preset_over",
    "score_name",
]

#: Seeds below which a spec has to say why: with two runs nobody knows how runs differ.
LEAST_SEEDS = 3
#: Names of `metareview.rerun.losses.LOSSES`, which cannot be asked without torch; a test compares them.
LOSSES = ("bce", "dice", "bce-dice", "focal", "weighted-bce")
#: As `metareview.schema.base.Slug`, without dots, which part an id of a run.
FOLD_NAME = r"[a-z0-9]+(?:[-_][a-z0-9]+)*"
ScoreName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*:[a-z0-9.-]+$")]


class DataSpec(Config):
    """The data."""

    name: str
    """A name of `metareview.rerun.data.DATASETS`."""
    folder: str = ""
    """Where its files are, below the folder that the command line names; the name of the data set where empty."""
    dataset_id: Slug | None = None
    """Its id in the review's datasets."""
    options: dict[str, Any] = {}
    """Options of the loader, such as a sample or a region."""
    verify: bool = True
    """Whether other data than the published is refused."""


class Predict(Config):
    """Inference in tiles."""

    tile: tuple[int, int, int] | None = None
    """Voxels (z, y, x) of an input tile; where empty, one for the model and the volume (`rerun.tiles.chosen_tile`)."""
    overlap: float = Field(default=0.25, ge=0, le=0.9)
    """Share of a tile that overlaps its neighbour."""
    context: tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt] = (0, 0, 0)
    """Voxels (z, y, x) of image around a region that the model sees besides; never across the seams of a volume."""
    tta: bool | Literal["flips", "all"] = False
    """Average over mirrored inputs, which is ``flips``; ``all`` exchanges y and x besides (not for affinities)."""
    batch: int | None = Field(default=None, ge=1)
    """Tiles that go through at once; where empty, one on a processor and on CUDA as many as fill it."""
    compile: bool | None = None
    """torch.compile; where empty, on CUDA where there are so many tiles that it pays."""

    @property
    def copies(self) -> Literal["none", "flips", "all"]:
        """Which copies of the input are averaged, as `rerun.stitch.Stitching` names them."""
        return self.tta if isinstance(self.tta, str) else "flips" if self.tta else "none"


class Segment(Config):
    """From probabilities to labels."""

    method: str = "components"
    """A name of `metareview.rerun.segment.SEGMENTERS`."""
    thresholds: tuple[float, ...] = (0.5,)
    """Candidates; the one with the best `choose_by` on the validation regions is used on the test regions."""
    choose_by: ScoreName = "vrand:thin"
    """The score that chooses, as metric:convention."""
    options: dict[str, Any] = {}
    """Further options of the method."""

    @field_validator("thresholds")
    @classmethod
    def _some(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or list(value) != sorted(set(value)):
            raise ValueError("thresholds rise, each stands once, and there is at least one")
        return value


class Given(Config):
    """A published segmentation that is scored here instead of training anything."""

    file: Text
    """Label volume, below the folder of the data set."""
    sha256: Sha256 | None = None
    """Hash of the file; another one is refused."""


class PublishedTarget(Config):
    """A figure printed in a document outside the review that this re-run answers."""

    metric: MetricKey
    """Key of the metric."""
    convention: Slug = "unstated"
    """The scoring rule of the printed figure."""
    rerun_convention: Slug | None = None
    """The rule of the re-run it stands beside, where that is another one."""
    value: float
    """The figure, on the scale of the vocabulary: a proportion, not a percentage."""
    sd: float | None = Field(default=None, ge=0)
    """Its standard deviation over runs."""
    n: int | None = Field(default=None, ge=1)
    """How many runs it is over."""
    document: Text
    """Authors, year, DOI or address."""
    locator: Text
    """The place in it."""
    printed: Text | None = None
    """The figure exactly as printed."""
    test_set: TestSet = "unclear"
    """Whether it is over the voxels that the re-run is scored on."""
    uncertain: bool = False
    """Whether it was not checked in the document."""
    note: Text | None = None
    """Why it does or does not compare."""


class Resources(Config):
    """What one job takes; a cluster plans with it."""

    mem_mb: int = Field(default=4000, ge=100)
    """Main memory."""
    runtime: int = Field(default=60, ge=1)
    """Minutes."""
    gpu: int = Field(default=0, ge=0)
    """Graphics cards."""
    threads: int = Field(default=1, ge=1)
    """Processor cores."""


class Misfits(ValueError):
    """Keys that are right by themselves and do not fit together: key, what was found, rule, remedy of each."""

    def __init__(self, each: Sequence[tuple[str, str, str, str]]) -> None:
        super().__init__("; ".join(f"{key}: {found}; {rule}; {remedy}" for key, found, rule, remedy in each))
        self.each = tuple(each)


class RerunSpec(Config):
    """One re-run: model, data, split, training, segmentation, scores, seeds, and what it answers."""

    id: Slug
    """Id; the stem of the file."""
    title: Text
    """What it is, in a sentence."""
    method: Text
    """The method as it stands in tables."""
    study_id: Slug | None = None
    """The study of the review whose method it is."""
    category: Text | None = None
    """Its category."""
    target: Text | None = None
    """What is segmented, in the words of the review."""
    data: DataSpec
    """The data."""
    split: Split = Split()
    """Which regions train, choose and test."""
    only_folds: tuple[str, ...] = ()
    """Folds that are run, where time does not allow all; further ones can follow, and runs that are done stay."""
    train: TrainConfig = TrainConfig()
    """Model and training."""
    given: Given | None = None
    """Instead of it, a published segmentation to be scored."""
    predict: Predict = Predict()
    """Inference."""
    segment: Segment = Segment()
    """Segmentation and its thresholds."""
    scores: tuple[ScoreName, ...] = Field(min_length=1)
    """Scores as metric:convention."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """One run each."""
    few_seeds_because: Text | None = None
    """Why there are fewer than three seeds."""
    replicates: Slug | None = None
    """The experiment of the review that it answers."""
    test_set: TestSet = "unclear"
    """Whether it is scored on the voxels that the published scores are over."""
    test_set_note: Text | None = None
    """Why."""
    published: tuple[PublishedTarget, ...] = ()
    """Figures of other documents that it answers."""
    resources: Resources = Resources()
    """What one run takes."""
    departures: tuple[Text, ...] = ()
    """In what it differs from what was published."""
    presets: dict[Slug, dict[str, Any]] = {}
    """Name -> the keys that it replaces, nested as here."""
    preset: Slug = "as-written"
    """The preset in force; set by `with_preset`."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        misfits = list(self._misfits())
        if misfits:
            raise Misfits(misfits)
        return self

    def _misfits(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield key, what was found, rule and remedy of everything that does not fit together."""
        once = "each stands once"
        boxes = tuple(fold.name for fold in self.split.boxes)
        each = {"seeds": self.seeds, "scores": self.scores, "only_folds": self.only_folds, "split.boxes": boxes}
        for key, values in each.items():
            twice = [value for place, value in enumerate(values) if value in values[:place]]
            if twice:
                yield key, f"{twice[0]!r} stands there twice", once, "write another one, or leave it out"
        if len(set(self.seeds)) < LEAST_SEEDS and not (self.seeds and self.few_seeds_because):
            count = len(set(self.seeds))
            said = (
                f"{count} seed{'' if count == 1 else 's'}: give {LEAST_SEEDS} or more, or say why in few_seeds_because"
            )
            yield "seeds", said, "with two runs nobody knows how runs differ", ""
        if self.given is not None and len(set(self.seeds)) > 1:
            yield ("seeds", f"{len(set(self.seeds))} seeds", "a given segmentation is scored once: nothing is drawn",
                   "write seeds: [0] and few_seeds_because")  # fmt: skip
        for name in (name for name in boxes if not re.fullmatch(FOLD_NAME, name)):
            yield ("split.boxes", f"found the fold {name!r}", "it is part of the id of a run: lower-case letters and "
                   "digits in groups joined by - or _", "write another name")  # fmt: skip
        for name in self.only_folds:
            if name not in self.all_folds():
                folds = ", ".join(self.all_folds())
                yield "only_folds", f"{name!r} is no fold of the split", f"it has {folds}", "correct it"
        if (self.given is None) != ("train" in self.model_fields_set):
            said = "train and given are both there" if self.given else "neither train nor given is there"
            yield "", said, "a spec has one of them: a model to train, or a segmentation to score", "keep or add one"

    def with_preset(self, name: str) -> RerunSpec:
        """Return the spec with a preset in force; ``as-written`` is the spec without one.

        Raises
        ------
        UnknownName
            If the spec has no such preset.
        """
        if name == "as-written":
            return self
        if name not in self.presets:
            raise UnknownName(f"preset of {self.id}", name, ("as-written", *self.presets))
        body = preset_over(_plain(self), self.presets[name])
        return RerunSpec.model_validate({**body, "preset": name})

    @property
    def model(self) -> str:
        """Name of the model, or ``given`` where a published segmentation is scored."""
        return "given" if self.given else self.train.model

    @property
    def experiment_id(self) -> str:
        """Id of its experiment in the tables of re-runs."""
        return f"rerun.{self.id}.{self.preset}"

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits of what decides the numbers, as far as it is not a default.

        Titles, notes, seeds, resources and scores are not in it: a further score is computed from what is kept. A key
        that a later version adds changes no id; a default that a later version changes is found by `decides`.
        """
        return _digest(self.decides(defaults=False))

    def decides(self, *, defaults: bool = True) -> dict[str, Any]:
        """Return what decides the numbers of a run, as plain values."""
        parts = {"data", "split", "predict", "segment", "given" if self.given else "train"}
        body: dict[str, Any] = self.model_dump(mode="json", include=parts, exclude_defaults=not defaults)
        body["data"] = {key: value for key, value in body["data"].items() if key not in ("folder", "dataset_id")}
        return body

    def run_id(self, fold: str, seed: int) -> str:
        """Return the id of one run: spec, preset, fold, seed and digest; no clock, so the same run has the same id."""
        return f"{self.id}.{self.preset}.f{fold}.s{seed}.{self.digest}"

    def training_id(self, fold: str, seed: int) -> str:
        """Return the id of what a run trains; runs that differ only in how they predict and segment share it."""
        return f"{self.id}.f{fold}.s{seed}.{self._digest_of('data', 'split', 'train')}"

    @property
    def predictions(self) -> str:
        """The name of the folder, beside its training, of what a run predicts."""
        return f"predicted.{self._digest_of('predict')}"

    def _digest_of(self, *parts: str) -> str:
        body = self.decides(defaults=False)
        return _digest({key: body[key] for key in parts if key in body})

    def all_folds(self) -> tuple[str, ...]:
        """Return the names of the folds of the split, known without the data."""
        match self.split.kind:
            case "slice-blocks":
                return tuple(str(number) for number in range(self.split.folds))
            case "boxes":
                return tuple(fold.name for fold in self.split.boxes)
            case kind:
                return ("published",) if kind == "parts" else ("0",)

    def folds(self) -> tuple[str, ...]:
        """Return the names of the folds that are run."""
        return self.only_folds or self.all_folds()


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _plain(spec: RerunSpec) -> dict[str, Any]:
    """Return a spec as plain values, without its presets."""
    body: dict[str, Any] = spec.model_dump(mode="json", exclude={"presets", "preset"})
    body.pop("train" if spec.given else "given")
    return body


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the keys of `over` replaced, mapping by mapping.

    >>> merged({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 3}, "d": [2]})
    {'a': {'b': 3, 'c': 2}, 'd': [2]}
    """
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else value
    return result


#: Part of a spec -> the key that names what its ``options`` belong to.
NAMED = {"data": "name", "train": "model", "segment": "method"}


def preset_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec with a preset: what it names is replaced, and options of what it takes the place of are left out.

    >>> preset_over({"segment": {"method": "multicut", "options": {"cut": 1}}}, {"segment": {"method": "waterz"}})
    {'segment': {'method': 'waterz'}}
    """
    body = dict(base)
    for part, key in NAMED.items():
        one, two = body.get(part), over.get(part)
        if isinstance(one, Mapping) and isinstance(two, Mapping) and two.get(key, one.get(key)) != one.get(key):
            body[part] = {name: value for name, value in one.items() if name != "options"}
    return merged(body, over)


def score_name(name: str) -> str:
    """Return metric and convention with the metric's key of the vocabulary."""
    from metareview.schema.metric import default_vocabulary

    metric, _, convention = name.partition(":")
    found = default_vocabulary().find(metric)
    return f"{found.key if found else metric}:{convention}"
