"""Splits cover what they say; leakage of every kind is seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.errors import InputError
from metareview.rerun.data import Fold, Split, Volume, check_leakage, plan_folds
from metareview.rerun.data.volume import Box

RNG = np.random.default_rng(1)


def volume(sections: int = 20, parts: dict[str, Box] | None = None) -> Volume:
    image = RNG.integers(0, 256, (sections, 8, 9), dtype=np.uint8)
    return Volume("made", image, None, (40.0, 4.0, 4.0), "neurons", parts=parts or {})


def sections(boxes: tuple[Box, ...], axis: int = 0) -> set[int]:
    return {place for box in boxes for place in range(*box[axis])}


@given(
    size=st.integers(10, 60), folds=st.integers(2, 5), gap=st.integers(0, 1), val=st.sampled_from([0.0, 0.1, 0.3]),
    axis=st.integers(0, 2),
)  # fmt: skip
def test_slice_blocks(size: int, folds: int, gap: int, val: float, axis: int) -> None:
    shape = [5, 6, 7]
    shape[axis] = size
    made = plan_folds(Split(folds=folds, gap=gap, val=val, axis=axis), (shape[0], shape[1], shape[2]))
    assert len(made) == folds
    tested = [sections(fold.test, axis) for fold in made]
    assert set.union(*tested) == set(range(size))
    assert sum(map(len, tested)) == size
    for fold in made:
        roles = [sections(boxes, axis) for boxes in fold.regions().values()]
        for one, two in ((0, 1), (0, 2), (1, 2)):
            assert all(abs(a - b) > gap for a in roles[one] for b in roles[two])
        assert bool(fold.val) == (val > 0)
        left_out = size - sum(map(len, roles))
        assert left_out <= 4 * gap


def test_block() -> None:
    (fold,) = plan_folds(Split("block", axis=1, gap=2, val=0.2, test=0.3), (5, 100, 7))
    assert (fold.train, fold.val, fold.test) == (
        (((0, 5), (0, 46), (0, 7)),),
        (((0, 5), (48, 68), (0, 7)),),
        (((0, 5), (70, 100), (0, 7)),),
    )
    (fold,) = plan_folds(Split("block", gap=0, val=0, test=0.5), (10, 4, 4))
    assert fold.val == ()


def test_parts() -> None:
    parts: dict[str, Box] = {"train": ((0, 10), (0, 8), (0, 9)), "test": ((10, 20), (0, 8), (0, 7))}
    (fold,) = plan_folds(Split("parts", gap=1, val=0.2), (20, 8, 9), parts)
    assert sections(fold.train) == set(range(7))
    assert sections(fold.val) == {8, 9}
    assert fold.test == (parts["test"],)
    found = check_leakage(fold, volume(parts=parts))
    assert (found.errors, found.warnings) == ((), ())  # parts are no neighbours
    crops: dict[str, Box] = {f"train/{z}": ((z, z + 4), (0, 8), (0, 9)) for z in (0, 4, 8, 12)}
    (fold,) = plan_folds(Split("parts", val=0.25), (20, 8, 9), {**crops, "test": ((16, 20), (0, 8), (0, 9))})
    assert len(fold.train) == 3
    assert len(fold.val) == 1


def test_leaks() -> None:
    data = volume()
    whole = ((0, 8), (0, 9))
    fold = Fold("a", train=(((0, 11), *whole),), val=(), test=(((10, 20), *whole),))
    assert "overlap; a voxel has one role" in check_leakage(fold, data).errors[0]
    fold = Fold("a", train=(((0, 10), *whole),), val=(), test=(((10, 20), *whole),))
    leaks = check_leakage(fold, data)
    assert leaks.errors == ()
    assert "touch; a gap leaves out sections" in leaks.warnings[0]
    fold = Fold("a", train=(((0, 9), *whole),), val=(), test=(((10, 20), *whole),))
    leaks = check_leakage(fold, data)
    assert (leaks.errors, leaks.warnings) == ((), ())
    image = data.image.copy()
    image[15] = image[3]  # the same section under another number
    image[4] = image[16] = 0  # missing sections are no leak
    twice = Volume("made", image, None, (40.0, 4.0, 4.0), "neurons")
    assert check_leakage(fold, twice).errors == ("fold a: 1 sections are both in train and in test: z 3 = z 15",)


@pytest.mark.parametrize(
    ("split", "text"),
    [
        ({"kind": "slice-blocks", "folds": 15}, "20 sections on z cannot make 15 folds"),
        ({"kind": "parts"}, "the data set has no parts; it needs train and test"),
        ({"kind": "block", "test": 0.9, "val": 0.2}, "are too few for these shares and gap"),
        ({"kind": "boxes", "boxes": (Fold("a", (((0, 30), (0, 8), (0, 9)),), (), ()),)}, "fold a, train: the box"),
    ],
)
def test_impossible(split: dict[str, object], text: str) -> None:
    with pytest.raises(InputError, match=text):
        plan_folds(Split(**split), (20, 8, 9))  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"gap": -1}, {"test": 0.0}, {"folds": 1}, {"kind": "boxes"}, {"axis": 3}])
def test_bad_split(options: dict[str, object]) -> None:
    with pytest.raises(InputError, match="split:"):
        Split(**options)  # type: ignore[arg-type]
