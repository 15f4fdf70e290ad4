"""Splits as declared data: which region trains, which chooses thresholds, which is scored; and whether they leak."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations, pairwise
from typing import Literal

import numpy as np

from metareview.errors import InputError
from metareview.rerun.data.volume import Box, Volume, box_slices, check_box

__all__ = ["Fold", "Leakage", "Split", "check_leakage", "plan_folds"]

AXES = "zyx"
ROLES = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Fold:
    """Regions of one volume: weights come from `train`, thresholds from `val`, scores from `test`."""

    name: str
    train: tuple[Box, ...]
    val: tuple[Box, ...]
    test: tuple[Box, ...]

    def regions(self) -> dict[str, tuple[Box, ...]]:
        """Return role -> boxes."""
        return {"train": self.train, "val": self.val, "test": self.test}


@dataclass(frozen=True, slots=True)
class Split:
    """How a volume is divided.

    Attributes
    ----------
    kind : ``slice-blocks``: as many folds as `folds`, each testing one block of neighbouring sections;
        ``block``: one fold, cut across `axis` into train, val and test;
        ``parts``: the published parts of the volume (``train``, ``test``, perhaps ``val``);
        ``boxes``: the folds given in `boxes`.
    folds : number of folds of ``slice-blocks``.
    axis : 0 (z), 1 (y) or 2 (x), where ``slice-blocks`` and ``block`` cut.
    gap : sections left out between two roles; neighbouring sections show the same cells.
    val, test : share of the axis; ``slice-blocks`` takes `val` of what is not tested.
    boxes : the folds of ``boxes``.
    """

    kind: Literal["slice-blocks", "block", "parts", "boxes"] = "slice-blocks"
    folds: int = 5
    axis: int = 0
    gap: int = 1
    val: float = 0.15
    test: float = 0.3
    boxes: tuple[Fold, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.axis <= 2 or self.gap < 0 or not 0 <= self.val < 1 or not 0 < self.test < 1:
            raise InputError("split: axis is 0, 1 or 2, gap at least 0, val in [0, 1), test in (0, 1)")
        if self.kind == "slice-blocks" and self.folds < 2:
            raise InputError(f"split: slice-blocks needs 2 folds or more, not {self.folds}")
        if self.kind == "boxes" and not self.boxes:
            raise InputError("split: boxes needs the folds in `boxes`")


@dataclass(frozen=True, slots=True)
class Leakage:
    """What is wrong (`errors`: the scores would not count) and what a reader must know (`warnings`)."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plan_folds(split: Split, shape: tuple[int, int, int], parts: Mapping[str, Box] | None = None) -> list[Fold]:
    """Return the folds of a split.

    Raises
    ------
    InputError
        If the volume is too small for the split, lacks the parts, or a box lies outside.

    Examples
    --------
    >>> fold = plan_folds(Split(folds=5, val=0.125, gap=0), (30, 512, 512))[0]
    >>> [box[0] for box in fold.test], [box[0] for box in fold.val], [box[0] for box in fold.train]
    ([(0, 6)], [(27, 30)], [(6, 27)])
    """
    if split.kind == "boxes":
        folds = list(split.boxes)
    elif split.kind == "parts":
        folds = [_from_parts(split, parts or {})]
    elif split.kind == "block":
        whole = tuple((0, size) for size in shape)
        folds = [_block(split, whole)]  # type: ignore[arg-type]
    else:
        folds = _slice_blocks(split, shape)
    for fold in folds:
        for role, boxes in fold.regions().items():
            for box in boxes:
                check_box(box, shape, f"split {split.kind}, fold {fold.name}, {role}")
        if not fold.train or not fold.test:
            raise InputError(
                f"split {split.kind}, fold {fold.name}: nothing is left to train or to test; take a smaller gap"
            )
    return folds


def _cut(box: Box, axis: int, low: int, high: int) -> Box:
    sides = list(box)
    sides[axis] = (low, high)
    return sides[0], sides[1], sides[2]


def _runs(places: Iterable[int]) -> list[tuple[int, int]]:
    """Return neighbouring numbers as (start, stop).

    >>> _runs([7, 1, 2, 3])
    [(1, 4), (7, 8)]
    """
    runs: list[tuple[int, int]] = []
    for place in sorted(places):
        if runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


def _slice_blocks(split: Split, shape: tuple[int, int, int]) -> list[Fold]:
    size = shape[split.axis]
    if size < split.folds * 2:
        raise InputError(f"split: {size} sections on {AXES[split.axis]} cannot make {split.folds} folds of 2 or more")
    whole: Box = ((0, shape[0]), (0, shape[1]), (0, shape[2]))
    edges = [round(number * size / split.folds) for number in range(split.folds + 1)]
    folds = []
    for number, (low, high) in enumerate(pairwise(edges)):
        rest = [*range(high + split.gap, size), *range(0, low - split.gap)]
        count = max(1, round(split.val * len(rest))) if split.val and rest else 0
        # the end of the list is what lies before the tested block, so val touches train on one side only
        val = rest[len(rest) - count :]
        near = {place + step for place in val for step in range(-split.gap, split.gap + 1)}
        train = [place for place in rest if place not in near]
        roles = [tuple(_cut(whole, split.axis, *run) for run in _runs(places)) for places in (train, val)]
        folds.append(Fold(str(number), roles[0], roles[1], (_cut(whole, split.axis, low, high),)))
    return folds


def _block(split: Split, box: Box, name: str = "0") -> Fold:
    low, high = box[split.axis]
    tested = high - round((high - low) * split.test)
    valid = tested - split.gap - round((high - low) * split.val)
    roles = [(low, valid - split.gap if split.val else tested - split.gap), (valid, tested - split.gap), (tested, high)]
    if not split.val:
        roles[1] = (0, 0)
    if any(start >= stop for start, stop in (roles[0], roles[2])):
        raise InputError(f"split: {high - low} sections on {AXES[split.axis]} are too few for these shares and gap")
    made = [(_cut(box, split.axis, start, stop),) if stop > start else () for start, stop in roles]
    return Fold(name, made[0], made[1], made[2])


def _from_parts(split: Split, parts: Mapping[str, Box]) -> Fold:
    """Return the fold of the published parts; a role is one region (``train``) or several (``train/1`` …)."""
    roles = {role: tuple(box for name, box in parts.items() if name.split("/")[0] == role) for role in ROLES}
    if not roles["train"] or not roles["test"]:
        raise InputError(f"split parts: the data set has {', '.join(parts) or 'no parts'}; it needs train and test")
    train, val = roles["train"], roles["val"]
    if not val and split.val and len(train) > 1:
        count = max(1, round(split.val * len(train)))
        train, val = train[:-count], train[-count:]
    elif not val and split.val:
        low, high = train[0][split.axis]
        first = high - max(1, round((high - low) * split.val))
        val = (_cut(train[0], split.axis, first, high),)
        train = (_cut(train[0], split.axis, low, first - split.gap),)
    return Fold("published", train, val, roles["test"])


def check_leakage(fold: Fold, volume: Volume) -> Leakage:
    """Look for data that is in two roles: overlapping boxes, neighbouring sections, the same section twice.

    Overlap and repeated sections are errors; regions that touch are a warning (neighbouring sections show the same
    cells, so a score is better than on new tissue). Published parts never count as neighbours. Constant sections,
    such as missing ones, are left out of the comparison.
    """
    errors, warnings = [], []
    for (role, boxes), (other, others) in combinations(fold.regions().items(), 2):
        for one in boxes:
            for two in others:
                if _overlap(one, two):
                    errors.append(f"fold {fold.name}: {role} {one} and {other} {two} overlap; a voxel has one role")
                elif _touch(one, two) and not _apart(one, two, volume.parts):
                    warnings.append(
                        f"fold {fold.name}: {role} {one} and {other} {two} touch; a gap leaves out sections that show "
                        "the same cells"
                    )
    for (role, boxes), (other, others) in combinations(fold.regions().items(), 2):
        ours, theirs = _section_hashes(boxes, volume), _section_hashes(others, volume)
        same = [(ours[digest], theirs[digest]) for digest in ours if digest in theirs]
        if same and not any(_overlap(one, two) for one in boxes for two in others):
            listed = ", ".join(f"{a} = {b}" for a, b in same[:4])
            errors.append(f"fold {fold.name}: {len(same)} sections are both in {role} and in {other}: {listed}")
    return Leakage(tuple(errors), tuple(warnings))


def _overlap(one: Box, two: Box) -> bool:
    return all(a < d and c < b for (a, b), (c, d) in zip(one, two, strict=True))


def _touch(one: Box, two: Box) -> bool:
    return all(a <= d and c <= b for (a, b), (c, d) in zip(one, two, strict=True))


def _apart(one: Box, two: Box, parts: Mapping[str, Box]) -> bool:
    """Whether the boxes lie in two different parts."""

    def home(box: Box) -> str | None:
        return next((name for name, part in parts.items() if _overlap(box, part)), None)

    return home(one) is not None and home(two) is not None and home(one) != home(two)


def _section_hashes(boxes: tuple[Box, ...], volume: Volume) -> dict[str, str]:
    """Return hash -> place of every section of the boxes that is not constant."""
    found = {}
    for box in boxes:
        region = volume.image[box_slices(box)]
        for z, section in enumerate(region, start=box[0][0]):
            if section.size and section.min() != section.max():
                found[sha256(np.ascontiguousarray(section).tobytes()).hexdigest()] = f"z {z}"
    return found
