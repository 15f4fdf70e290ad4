"""Metrics that are one metric: identities hold item by item, bounds hold for every set of items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.errors import InputError, UnknownName
from metareview.stats.benchmark.identities import FAMILIES, convert, family_of, mean_jaccard, redundancy_groups


@dataclass(frozen=True)
class Col:
    metric: str
    convention: str | None = "unstated"
    dataset: str = "lucchi"
    target: str | None = "mitochondria"
    split: str | None = None
    evaluation: str | None = None

    @property
    def key(self) -> str:
        return f"{self.dataset}|{self.metric}"


counts = st.tuples(st.integers(1, 500), st.integers(0, 500), st.integers(0, 500))


@given(counts)
def test_identities_hold_on_counts(cell: tuple[int, int, int]) -> None:
    tp, fp, fn = cell
    dice = 2 * tp / (2 * tp + fp + fn)
    expected = {
        "jaccard": tp / (tp + fp + fn),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "conformity": 1 - (fp + fn) / tp,
    }
    for metric, value in expected.items():
        found = convert(dice, "dice", metric, mean=False)
        assert found.value == pytest.approx(value, abs=1e-9)
        assert found.exact
        back = convert(value, metric, "dice", convention="pixel", mean=False)
        assert back.value == pytest.approx(dice, abs=1e-9)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=30), st.sampled_from(["jaccard", "conformity"]))
def test_jensen_bounds_contain_the_mean_of_any_items(items: list[float], metric: str) -> None:
    other = [convert(item, "dice", metric, mean=False).value for item in items]
    there = convert(float(np.mean(items)), "dice", metric)
    assert there.high is not None
    assert (-np.inf if there.low is None else there.low) - 1e-9 <= np.mean(other) <= there.high + 1e-9
    back = convert(float(np.mean(other)), metric, "dice")
    assert back.low is not None
    assert back.high is not None
    assert back.low - 1e-9 <= np.mean(items) <= back.high + 1e-9


def test_published_numbers() -> None:
    """The reference's case: mean Dice .900 makes a mean Jaccard of .790 impossible."""
    found = convert(0.900, "dice", "jaccard")
    assert found.low == pytest.approx(0.818, abs=5e-4)
    assert not found.low <= 0.790 <= found.high
    assert (found.value, found.high) == (found.low, 0.9)
    # every pair of the founding table that prints both
    for dice, jaccard in ((0.962, 0.913), (0.950, 0.910), (0.938, 0.884), (0.924, 0.861), (0.948, 0.902),
                          (0.950, 0.905)):  # fmt: skip
        low, high = convert(dice, "dice", "jaccard").low, dice
        if (dice, jaccard) == (0.962, 0.913):
            assert jaccard < low, "the audit says so too: this pair cannot be two means over the same items"
        else:
            assert low - 0.001 <= jaccard <= high


def test_mean_jaccard_is_close_for_small_spreads() -> None:
    items = np.random.default_rng(1).beta(40, 5, 4000)
    exact = float(np.mean(items / (2 - items)))
    assert mean_jaccard(float(items.mean()), float(items.std())) == pytest.approx(exact, abs=2e-4)


def test_lines_convert_means_exactly() -> None:
    found = convert(0.1, "arand", "vrand")
    assert (found.value, found.low, found.high, found.exact) == (0.9, 0.9, 0.9, True)


def test_who_belongs_where() -> None:
    assert family_of("f1", "pixel.mean-slices") is not None
    assert family_of("f1", "unstated") is None, "it may be F1 over objects"
    assert family_of("f1", "object.iou50") is None
    assert family_of("voi") is None
    for family in FAMILIES:
        assert family.members[0].metric == family.base


def test_errors() -> None:
    with pytest.raises(UnknownName, match="metric with identities 'voi'"):
        convert(1.0, "voi", "dice")
    with pytest.raises(UnknownName, match="metric of the family of dice 'voi'"):
        convert(0.9, "dice", "voi")
    with pytest.raises(InputError, match=r"dice = 1.2 is outside its range"):
        convert(1.2, "dice", "jaccard")


def test_redundancy_groups() -> None:
    columns = [Col("dice"), Col("jaccard"), Col("ap"), Col("dice", dataset="mitoem"), Col("jaccard", "fg")]
    (group,) = redundancy_groups(columns)
    assert (group.base, group.columns) == ("dice", (0, 1))
    assert group.note.endswith("their rules are unstated and taken to be one")
    (pixel,) = redundancy_groups([Col("f1", "pixel"), Col("dice", "fg"), Col("f1", "object.iou50")])
    assert pixel.columns == (0, 1)
    assert redundancy_groups([Col("dice", "fg"), Col("jaccard", "mean-fg-bg")]) == ()


def test_every_ranking_says_what_counts_twice() -> None:
    import pandas as pd

    from metareview.stats.benchmark.ranking import cube_from_wide, rank

    table = cube_from_wide(pd.DataFrame({"method": ["a", "b"], "x|dice": [0.9, 0.8], "x|jaccard": [0.8, 0.7]}))
    (note,) = rank(table, "mean", n_boot=0).coverage.redundant
    assert note.startswith("dice, jaccard on x are one metric (dice = D; jaccard = D / (2 - D))")
    assert rank(table.restrict(columns=[0]), "mean", n_boot=0).coverage.redundant == ()
