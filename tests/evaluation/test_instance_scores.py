"""Object scores: hand-computed numbers, laws, and the brute force that fast matching must equal."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.evaluation import contingency_table, matching
from metareview.evaluation.matching import Objects, match, objects

Pair = tuple[np.ndarray, np.ndarray]


def of(prediction: object, truth: object) -> Objects:
    return objects(contingency_table(np.asarray(prediction), np.asarray(truth)))


#: truth 1: 10 voxels, 8 of them predicted as 1 (IoU .8); truth 2: 10 voxels, 6 predicted as 2 with 1 outside (6/11);
#: truth 3: 5 voxels, missed; prediction 4: 3 voxels on background
ROW = (
    [1] * 8 + [0] * 2 + [2] * 6 + [0] * 4 + [2] + [0] * 5 + [4] * 3,
    [1] * 10 + [2] * 10 + [0] + [3] * 5 + [0] * 3,
)


def test_sizes_are_whole_objects() -> None:
    o = of(*ROW)
    assert o.truth_sizes.tolist() == [10, 10, 5]
    assert o.prediction_sizes.tolist() == [8, 7, 3]
    assert o.iou.tolist() == pytest.approx([0.8, 6 / 11])


def test_by_hand() -> None:
    o = of(*ROW)
    m = match(o, 0.5)
    assert (m.iou.size, m.false_positives, m.false_negatives) == (2, 1, 1)
    assert matching.recognition_quality(m) == pytest.approx(2 / 3)
    assert matching.segmentation_quality(m) == pytest.approx((0.8 + 6 / 11) / 2)
    assert matching.panoptic_quality(m) == pytest.approx((0.8 + 6 / 11) / 3)
    assert matching.segmentation_accuracy(m) == pytest.approx(2 / 4)
    assert matching.object_precision(m) == matching.object_recall(m) == pytest.approx(2 / 3)
    assert matching.segmentation_accuracy(match(o, 0.75)) == pytest.approx(1 / 5)
    assert matching.aggregated_jaccard(o) == pytest.approx((8 + 6) / (10 + 11 + 5 + 3))
    assert matching.aggregated_jaccard(o, best="one-to-one") == pytest.approx((8 + 6) / (10 + 11 + 5 + 3))


def test_a_prediction_over_two_objects() -> None:
    """AJI lets it serve both and pays its union twice; AJI+ gives it to one and counts the other as missed."""
    o = of([1] * 12, [1] * 6 + [2] * 6)
    assert matching.aggregated_jaccard(o) == pytest.approx(12 / 24)
    assert matching.aggregated_jaccard(o, best="one-to-one") == pytest.approx(6 / 18)


def test_largest_iou_and_largest_overlap_can_differ() -> None:
    """Truth of 10: 5 voxels lie in a prediction of 5, 4 of the rest in one of 4, 5 others in one of 100."""
    truth = [1] * 11 + [0] * 95
    prediction = [1] * 5 + [2] * 6 + [2] * 95
    o = of(prediction, truth)
    assert matching.aggregated_jaccard(o, best="iou") == pytest.approx(5 / (11 + 101))
    assert matching.aggregated_jaccard(o, best="overlap") == pytest.approx(6 / (106 + 5))


def test_average_precision_by_hand() -> None:
    """Three predictions in order right, wrong, right over two objects: precision 1 up to recall .5, then 2/3."""
    truth = [1] * 4 + [2] * 4 + [0] * 4
    prediction = [1] * 4 + [3] * 4 + [2] * 4
    o = of(prediction, truth)
    value = matching.average_precision(o, np.array([0.9, 0.8, 0.7]), 0.5)
    assert value == pytest.approx((51 * 1.0 + 50 * 2 / 3) / 101)
    assert matching.average_precision(o, np.array([0.7, 0.9, 0.8]), 0.5) == pytest.approx(2 / 3)


def test_confidence_moves_the_score() -> None:
    o = of(*ROW)
    by_name = {
        name: matching.average_precision(o, matching.confidence_of(o, name), 0.5) for name in matching.CONFIDENCES
    }
    # the false object is the smallest: last by size, first by inverse size
    assert by_name["size"] == pytest.approx(67 / 101)
    assert by_name["inverse-size"] == pytest.approx(67 / 101 * 2 / 3)


def test_given_confidence() -> None:
    o = of(*ROW)
    assert matching.confidence_of(o, "net", {1: 0.1, 2: 0.2, 4: 0.9}).tolist() == [0.1, 0.2, 0.9]
    with pytest.raises(InputError, match="'net' has no value for 1 predicted objects, the first is 4; AP orders"):
        matching.confidence_of(o, "net", {1: 0.1, 2: 0.2})
    with pytest.raises(InputError, match="not finite"):
        matching.confidence_of(o, "net", {1: 0.1, 2: 0.2, 4: float("nan")})
    with pytest.raises(UnknownName, match="did you mean 'size'"):
        matching.confidence_of(o, "siz")


LABELS = hnp.arrays(np.int64, st.integers(1, 30), elements=st.integers(0, 4))


@st.composite
def pairs_of_labels(draw: st.DrawFn) -> Pair:
    truth = draw(LABELS)
    return draw(hnp.arrays(np.int64, truth.shape, elements=st.integers(0, 4))), truth


def best_assignment(o: Objects, threshold: float) -> tuple[int, float]:
    """Every one-to-one assignment, tried: the largest number of pairs, then the largest sum of IoU."""
    matrix = np.zeros((max(o.truth_ids.size, 4), max(o.prediction_ids.size, 4)))
    matrix[o.pair_truth, o.pair_prediction] = np.where(o.iou >= threshold, o.iou, 0.0)
    best = (0, 0.0)
    for columns in permutations(range(matrix.shape[1]), matrix.shape[0]):
        values = matrix[np.arange(matrix.shape[0]), columns]
        best = max(best, (int((values > 0).sum()), float(values.sum())))
    return best


@given(pair=pairs_of_labels(), threshold=st.sampled_from([0.05, 0.1, 0.25, 0.5, 0.75, 1.0]))
@settings(deadline=None, max_examples=150)
def test_matching_is_the_best_there_is(pair: Pair, threshold: float) -> None:
    o = of(*pair)
    m = match(o, threshold)
    number, total = best_assignment(o, threshold)
    assert m.iou.size == number
    assert m.iou.sum() == pytest.approx(total)
    assert np.unique(m.truth).size == np.unique(m.prediction).size == number
    assert number + m.false_negatives == o.truth_ids.size
    assert number + m.false_positives == o.prediction_ids.size


@given(pair=pairs_of_labels())
@settings(deadline=None)
def test_laws(pair: Pair) -> None:
    """Scores do not rise with the threshold, do not care for names, lie in [0, 1], and SA = F1 / (2 - F1)."""
    names = np.array([0, 2**40, 17, 5, 300])
    o, renamed, exchanged = of(*pair), of(names[pair[0]], pair[1]), of(pair[1], pair[0])
    if not o.truth_ids.size + o.prediction_ids.size:
        with pytest.raises(NotEstimable, match="no objects in either volume"):
            matching.segmentation_accuracy(match(o, 0.5))
        return
    last = 1.0
    for threshold in matching.COCO_THRESHOLDS:
        m = match(o, threshold)
        sa, f1 = matching.segmentation_accuracy(m), matching.recognition_quality(m)
        assert 0.0 <= sa <= last
        assert sa == pytest.approx(f1 / (2 - f1))
        assert matching.segmentation_accuracy(match(exchanged, threshold)) == sa
        assert matching.segmentation_accuracy(match(renamed, threshold)) == sa
        last = sa
    for best in ("iou", "overlap", "one-to-one"):
        assert 0.0 <= matching.aggregated_jaccard(o, best=best) <= 1.0
    # equal best predictions: the smaller id is chosen, so only names in the same order leave AJI as it is
    ordered = of(np.array([0, 5, 17, 300, 2**40])[pair[0]], pair[1])
    assert matching.aggregated_jaccard(o) == pytest.approx(matching.aggregated_jaccard(ordered))


def test_a_tie_of_aji_goes_to_the_smaller_id() -> None:
    """The truth object {4, 5} overlaps both predictions alike: the choice decides, and the one-to-one form does not."""
    prediction, truth = np.array([1, 0, 0, 0, 1, 2, 0, 2]), np.array([0, 0, 0, 0, 1, 1, 0, 2])
    names = np.array([0, 2**40, 17])
    one, other = of(prediction, truth), of(names[prediction], truth)
    assert matching.aggregated_jaccard(one) == pytest.approx(2 / 5)
    assert matching.aggregated_jaccard(other) == pytest.approx(2 / 7)
    for named in (one, other):
        assert matching.aggregated_jaccard(named, best="one-to-one") == pytest.approx(2 / 5)


@given(labels=LABELS)
@settings(deadline=None)
def test_a_volume_against_itself(labels: np.ndarray) -> None:
    o = of(labels, labels)
    if o.truth_ids.size:
        assert matching.panoptic_quality(match(o, 0.5, strict=True)) == 1.0
        assert matching.aggregated_jaccard(o) == matching.aggregated_jaccard(o, best="one-to-one") == 1.0
        assert matching.average_precision(o, matching.confidence_of(o, "size"), 0.95) == pytest.approx(1.0)


def test_no_objects() -> None:
    empty, alone = of([0, 0], [0, 0]), of([0, 1], [0, 0])
    with pytest.raises(NotEstimable, match="no objects in either volume"):
        matching.aggregated_jaccard(empty)
    with pytest.raises(NotEstimable, match="the truth has no object"):
        matching.average_precision(alone, np.zeros(1), 0.5)
    with pytest.raises(NotEstimable, match="no pair is matched"):
        matching.segmentation_quality(match(alone, 0.5))
    assert matching.panoptic_quality(match(alone, 0.5)) == 0.0
    assert matching.average_precision(of([0, 0], [0, 1]), np.zeros(0), 0.5) == 0.0


def test_thresholds_are_checked() -> None:
    with pytest.raises(InputError, match=r"an IoU threshold lies in \(0, 1\], not 0"):
        match(of(*ROW), 0.0)
    with pytest.raises(UnknownName, match="choice 'largest' is not known"):
        matching.aggregated_jaccard(of(*ROW), best="largest")
