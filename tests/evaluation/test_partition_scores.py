"""Rand and information scores: published and hand-computed numbers, laws, and agreement with scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from metareview.errors import NotEstimable, UnknownName
from metareview.evaluation import contingency_table, partition
from metareview.evaluation.background import RULES, Pieces, pieces
from metareview.evaluation.catalogue import voi

Pair = tuple[np.ndarray, np.ndarray]


def of(prediction: object, truth: object, rule: str = "all") -> Pieces:
    return pieces(contingency_table(np.asarray(prediction), np.asarray(truth)), rule)


LABELS = hnp.arrays(np.int64, st.integers(2, 60), elements=st.integers(0, 4))


@st.composite
def pairs_of_labels(draw: st.DrawFn) -> Pair:
    truth = draw(LABELS)
    return draw(hnp.arrays(np.int64, truth.shape, elements=st.integers(0, 4))), truth


BOUNDED: list[Callable[..., float]] = [
    partition.rand_index,
    partition.rand_error,
    partition.rand_split,
    partition.rand_merge,
    partition.rand_score,
    partition.adapted_rand_error,
    partition.information_score,
    partition.normalised_variation_of_information,
    partition.normalised_information_distance,
]


def test_rand_1971() -> None:
    """Rand 1971, p. 847: {abc}{def} against {ab}{cde}{f} agrees on 9 of 15 pairs."""
    p = of([1, 1, 2, 2, 2, 3], [1, 1, 1, 2, 2, 2])
    assert partition.rand_index(p, distinct=True) == pytest.approx(9 / 15)
    assert partition.rand_error(p, distinct=True) == pytest.approx(6 / 15)


def test_pure_split_costs_recall_only() -> None:
    """One truth segment cut in two halves: recall 1/2, precision 1 (scikit-image 0.26 returns them swapped)."""
    p = of([1] * 50 + [2] * 50, [1] * 100)
    assert partition.rand_split(p) == 0.5
    assert partition.rand_merge(p) == 1.0
    assert partition.adapted_rand_error(p) == pytest.approx(1 / 3)
    assert partition.voi_split(p) == pytest.approx(1.0)  # one bit: which half
    assert partition.voi_merge(p) == 0.0


def test_pure_merge_costs_precision_only() -> None:
    p = of([1] * 100, [1] * 50 + [2] * 50)
    assert partition.rand_split(p) == 1.0
    assert partition.rand_merge(p) == 0.5
    assert partition.voi_merge(p) == pytest.approx(1.0)
    assert partition.voi_split(p) == 0.0


def test_eight_thousand_voxels_with_and_without_self_pairs() -> None:
    """20^3 in halves: 0.33339 without self-pairs, 0.33333 with them."""
    p = of([1] * 4000 + [2] * 4000, [1] * 8000)
    assert partition.adapted_rand_error(p, distinct=True) == pytest.approx(0.33339, abs=5e-6)
    assert partition.adapted_rand_error(p) == pytest.approx(0.33333, abs=5e-6)


BACKGROUND = ([0, 0, 1, 1, 1, 2], [0, 5, 5, 5, 6, 6])


@pytest.mark.parametrize(
    ("rule", "both", "truth", "prediction"),
    [  # sums of squares written out by hand
        ("gt0", 1 + 4 + 1 + 1, 9 + 4, 1 + 9 + 1),
        ("snemi", 1 + 4 + 1 + 1, 9 + 4, 1 + 9 + 1),  # one unassigned voxel is a segment of one either way
        ("fg", 4 + 1 + 1, 4 + 4, 9 + 1),
        ("all", 1 + 1 + 4 + 1 + 1, 1 + 9 + 4, 4 + 9 + 1),
        ("cremi", 1 + 1 + 4 + 1 + 1, 1 + 9 + 4, 1 + 1 + 9 + 1),
    ],
)
def test_background_rules_by_hand(rule: str, both: int, truth: int, prediction: int) -> None:
    p = of(*BACKGROUND, rule)
    assert partition.rand_split(p) == pytest.approx(both / truth)
    assert partition.rand_merge(p) == pytest.approx(both / prediction)
    assert partition.adapted_rand_error(p) == pytest.approx(1 - 2 * both / (truth + prediction))


def test_unassigned_voxels_under_each_rule() -> None:
    """A truth segment of 4 with half of it unassigned: a merger under gt0 only if it meets another one."""
    prediction, truth = [1, 1, 0, 0, 2, 2, 0, 0], [1, 1, 1, 1, 2, 2, 2, 2]
    merge = {rule: partition.rand_merge(of(prediction, truth, rule)) for rule in ("gt0", "snemi", "fg")}
    assert merge == {"gt0": (4 * 4) / (4 + 4 + 16), "snemi": 1.0, "fg": 1.0}
    split = {rule: partition.rand_split(of(prediction, truth, rule)) for rule in ("gt0", "snemi", "fg")}
    assert split == {"gt0": 16 / 32, "snemi": (4 + 4 + 4) / 32, "fg": 1.0}


def test_information_by_hand() -> None:
    p = of([1, 1, 2, 2], [1, 1, 1, 2])
    split = 3 / 4 * (2 / 3 * math.log2(3 / 2) + 1 / 3 * math.log2(3))
    assert partition.voi_split(p) == pytest.approx(split)
    assert partition.voi_merge(p) == pytest.approx(0.5)
    assert partition.voi_split(p, base="nats") == pytest.approx(split * math.log(2))
    h_truth = 2 - 3 / 4 * math.log2(3)
    mutual = 1 - split
    assert partition.information_score(p) == pytest.approx(2 * mutual / (1 + h_truth))
    assert partition.information_score(p, part="split") == pytest.approx(mutual / h_truth)
    assert partition.information_score(p, part="merge") == pytest.approx(mutual)
    assert partition.normalised_information_distance(p) == pytest.approx(1 - mutual)
    assert partition.normalised_variation_of_information(p) == pytest.approx(1 - mutual / (h_truth + split))


def test_cremi_score_is_a_geometric_mean() -> None:
    p = of([1, 1, 2, 2], [1, 1, 1, 2])
    expected = math.sqrt(partition.adapted_rand_error(p) * voi(p))
    assert partition.cremi_score(p, p) == pytest.approx(expected)


@pytest.mark.parametrize("formula", BOUNDED)
@given(pair=pairs_of_labels(), rule=st.sampled_from(sorted(RULES)))
@settings(deadline=None)
def test_bounds(formula: Callable[..., float], pair: Pair, rule: str) -> None:
    try:
        value = formula(of(*pair, rule))
    except NotEstimable:
        return
    assert 0.0 <= value <= 1.0


@given(pair=pairs_of_labels(), rule=st.sampled_from(sorted(RULES)))
@settings(deadline=None)
def test_relabelling_changes_nothing(pair: Pair, rule: str) -> None:
    """New names for the segments leave sums of squares exactly and logarithms to rounding as they were."""
    names = np.array([0, 2**62, 17, 3, 99])  # 0 keeps its meaning
    try:
        first = of(*pair, rule), of(names[pair[0]], names[::1][pair[1]], rule)
        rand = [partition.adapted_rand_error(p) for p in first]
        information = [voi(p) for p in first]
    except NotEstimable:
        assume(False)
    assert rand[0] == rand[1]
    assert information[0] == pytest.approx(information[1], abs=1e-12)


@given(pair=pairs_of_labels(), rule=st.sampled_from(["fg", "all"]))
@settings(deadline=None)
def test_exchanging_the_volumes(pair: Pair, rule: str) -> None:
    """Where both zeros mean the same, split and merge change places and the totals stay."""
    try:
        there, back = of(*pair, rule), of(pair[1], pair[0], rule)
        assert partition.rand_split(there) == partition.rand_merge(back)
        assert partition.adapted_rand_error(there) == partition.adapted_rand_error(back)
        assert partition.rand_index(there) == partition.rand_index(back)
        assert partition.voi_split(there) == pytest.approx(partition.voi_merge(back), abs=1e-12)
    except NotEstimable:
        assume(False)


@given(truth=LABELS, rule=st.sampled_from(["gt0", "fg", "all"]))
@settings(deadline=None)
def test_a_volume_against_itself(truth: np.ndarray, rule: str) -> None:
    try:
        p = of(truth, truth, rule)
        assert partition.adapted_rand_error(p) == 0.0
        assert partition.voi_split(p) == partition.voi_merge(p) == 0.0
        assert partition.rand_index(p) == 1.0
    except NotEstimable:
        assume(False)


@given(pair=pairs_of_labels())
@settings(deadline=None)
def test_identities(pair: Pair) -> None:
    p = of(*pair)
    r, q = partition.rand_split(p), partition.rand_merge(p)
    assert partition.rand_score(p) == pytest.approx(2 * r * q / (r + q))
    assert partition.adapted_rand_error(p) == pytest.approx(1 - partition.rand_score(p))
    assert partition.rand_score(p, alpha=1.0) == q
    assert partition.rand_score(p, alpha=0.0) == r
    total = partition._entropy_of(p, p.overlap)
    h_truth, h_prediction = partition._entropy_of(p, p.truth), partition._entropy_of(p, p.prediction)
    assert partition.voi_split(p, base="nats") == pytest.approx(total - h_truth, abs=1e-9)
    assert partition.voi_merge(p, base="nats") == pytest.approx(total - h_prediction, abs=1e-9)


@given(pair=pairs_of_labels())
@settings(deadline=None)
def test_snemi_is_gt0_with_single_voxels(pair: Pair) -> None:
    """`snemi` equals `gt0` after each unassigned voxel was given an id of its own."""
    prediction, truth = pair
    own = np.where(prediction == 0, 1000 + np.arange(prediction.size), prediction)
    try:
        assert partition.adapted_rand_error(of(prediction, truth, "snemi")) == partition.adapted_rand_error(
            of(own, truth, "gt0")
        )
        assert voi(of(prediction, truth, "snemi")) == pytest.approx(voi(of(own, truth, "gt0")))
    except NotEstimable:
        assume(False)


@given(pair=pairs_of_labels())
@settings(deadline=None)
def test_splitting_a_segment_raises_the_split_part_only(pair: Pair) -> None:
    prediction, truth = pair
    finer = prediction * 2 + np.arange(prediction.size) % 2
    before, after = of(prediction, truth), of(finer, truth)
    assert partition.voi_split(after) >= partition.voi_split(before) - 1e-12
    assert partition.voi_merge(after) <= partition.voi_merge(before) + 1e-12
    assert partition.rand_split(after) <= partition.rand_split(before) + 1e-12


@given(pair=pairs_of_labels())
@settings(deadline=None)
def test_scikit_learn(pair: Pair) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    prediction, truth = pair
    p = of(prediction, truth)
    assert partition.rand_index(p, distinct=True) == pytest.approx(metrics.rand_score(truth, prediction))
    mutual = metrics.mutual_info_score(truth, prediction)
    try:
        assert 1 - partition.normalised_information_distance(p) == pytest.approx(
            metrics.normalized_mutual_info_score(truth, prediction, average_method="max"), abs=1e-9
        )
        joint = partition._entropy_of(p, p.overlap)
        assert partition.normalised_variation_of_information(p) == pytest.approx(1 - mutual / joint, abs=1e-9)
        assert partition.information_score(p) == pytest.approx(metrics.v_measure_score(truth, prediction), abs=1e-9)
    except NotEstimable:
        assume(False)


def test_sums_of_squares_beyond_64_bits() -> None:
    """One segment of 2^40 voxels: its square overflows 64 bits, the score does not."""
    huge = 2**40
    p = Pieces(*(np.array(column, dtype=np.int64) for column in ([huge, 1], [huge, 1], [huge + 1] * 2, [huge, 1])))
    assert partition.rand_split(p) == (huge**2 + 1) / (huge + 1) ** 2
    assert partition.weighted_sum(p.voxels, p.overlap) == huge**2 + 1


@pytest.mark.parametrize(
    ("formula", "pair", "message"),
    [
        (partition.adapted_rand_error, ([1, 2], [0, 0]), "no voxel is counted under this background rule"),
        (partition.information_score, ([1, 1], [1, 1]), "V_Info is 0/0"),
        (partition.normalised_variation_of_information, ([1, 1], [1, 1]), "NVI is 0/0"),
        (partition.normalised_information_distance, ([1, 1], [1, 1]), "NID is 0/0"),
    ],
)
def test_what_does_not_exist(formula: Callable[..., float], pair: Pair, message: str) -> None:
    with pytest.raises(NotEstimable, match=message):
        formula(of(*pair, "gt0"))


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (partition.rand_split, "every truth segment has one voxel"),
        (partition.rand_merge, "every predicted segment has one voxel"),
        (partition.adapted_rand_error, "every segment has one voxel"),
    ],
)
def test_single_voxels_make_no_pairs(formula: Callable[..., float], message: str) -> None:
    with pytest.raises(NotEstimable, match=message):
        formula(of([1, 2], [1, 2]), distinct=True)


def test_unknown_rule() -> None:
    with pytest.raises(UnknownName, match="background rule 'snem' is not known; did you mean 'snemi'"):
        of([1], [1], "snem")
