"""Differential tests: where another program's part is free of bugs, the numbers agree."""

from __future__ import annotations

import numpy as np
import pytest

from metareview.evaluation import contingency_table, score_volumes, scores

Pair = tuple[np.ndarray, np.ndarray]


def value(pair: Pair, metric: str, convention: str) -> float:
    found = scores(contingency_table(*pair), [metric], [convention]).value(metric, convention)
    assert found is not None
    return found


@pytest.mark.parametrize(("ignored", "rule"), [((0,), "gt0.distinct"), ((), "all")])
def test_scikit_image_adapted_rand(blob: Pair, ignored: tuple[int, ...], rule: str) -> None:
    """The error agrees; scikit-image counts pairs of different voxels, and calls recall precision (issue 6485)."""
    metrics = pytest.importorskip("skimage.metrics")
    prediction, truth = blob
    error, precision, recall = metrics.adapted_rand_error(truth, prediction, ignore_labels=ignored)
    assert value(blob, "arand", rule) == pytest.approx(error, abs=1e-9 if ignored else 1e-4)
    if ignored:
        assert value(blob, "vrand_split", "gt0.distinct") == pytest.approx(precision, abs=1e-9)
        assert value(blob, "vrand_merge", "gt0.distinct") == pytest.approx(recall, abs=1e-9)


@pytest.mark.parametrize(("ignored", "rule"), [((), "bits.all")])
def test_scikit_image_voi(blob: Pair, ignored: tuple[int, ...], rule: str) -> None:
    metrics = pytest.importorskip("skimage.metrics")
    prediction, truth = blob
    # scikit-image returns (H(truth | prediction), H(prediction | truth)) for (truth, prediction)
    merge, split = metrics.variation_of_information(truth, prediction, ignore_labels=ignored)
    halves = sorted([value(blob, "voi_split", rule), value(blob, "voi_merge", rule)])
    assert halves == pytest.approx(sorted([merge, split]), abs=1e-9)
    cut = prediction * 2 + np.arange(prediction.size).reshape(prediction.shape) % 2  # a pure split of the truth
    first, second = metrics.variation_of_information(truth, cut + truth * 10_000)
    assert value((cut + truth.astype(np.uint32) * 10_000, truth), "voi_merge", "bits.all") == 0.0
    assert max(first, second) == pytest.approx(
        value((cut + truth.astype(np.uint32) * 10_000, truth), "voi_split", "bits.all")
    )


def test_elf(blob: Pair) -> None:
    """VOI split and merge, adapted Rand error and CREMI score, truth 0 ignored."""
    evaluation = pytest.importorskip("elf.evaluation")
    prediction, truth = blob
    split, merge, error, score = evaluation.cremi_score(
        prediction.astype(np.uint32), truth.astype(np.uint32), ignore_gt=[0]
    )
    assert value(blob, "voi_split", "bits.gt0") == pytest.approx(split, abs=1e-9)
    assert value(blob, "voi_merge", "bits.gt0") == pytest.approx(merge, abs=1e-9)
    assert value(blob, "arand", "gt0") == pytest.approx(error, abs=1e-9)
    assert value(blob, "cremi_score", "bits.gt0") == pytest.approx(score, abs=1e-9)
    _, index = evaluation.rand_index(prediction.astype(np.uint32), truth.astype(np.uint32), ignore_gt=[0])
    assert value(blob, "rand_index", "gt0") == pytest.approx(index, abs=1e-9)


@pytest.mark.parametrize("threshold", [0.5, 0.75, 0.9])
def test_stardist(blob: Pair, threshold: float) -> None:
    peer = pytest.importorskip("stardist.matching")
    prediction, truth = blob
    theirs = peer.matching(truth.astype(np.int32), prediction.astype(np.int32), thresh=threshold)
    percent = round(threshold * 100)
    assert value(blob, "instance_f1", f"iou{percent}") == pytest.approx(theirs.f1)
    if percent in (50, 75):
        assert value(blob, "precision", f"object.iou{percent}") == pytest.approx(theirs.precision)
        assert value(blob, "recall", f"object.iou{percent}") == pytest.approx(theirs.recall)
        assert value(blob, f"sa{percent}", "one-to-one") == pytest.approx(theirs.accuracy)
    if percent == 50:
        assert value(blob, "pq", "iou50") == pytest.approx(theirs.panoptic_quality)
        assert value(blob, "sq", "iou50") == pytest.approx(theirs.mean_matched_score)


@pytest.mark.parametrize("threshold", [0.1, 0.3])
def test_stardist_below_one_half(blob: Pair, threshold: float) -> None:
    """Below 0.5 the matching is an assignment; the number of pairs agrees."""
    peer = pytest.importorskip("stardist.matching")
    from metareview.evaluation.matching import match, objects

    prediction, truth = blob
    theirs = peer.matching(truth.astype(np.int32), prediction.astype(np.int32), thresh=threshold)
    mine = match(objects(contingency_table(*blob)), threshold)
    assert (mine.iou.size, mine.false_positives, mine.false_negatives) == (theirs.tp, theirs.fp, theirs.fn)
    assert mine.iou.sum() / max(mine.iou.size, 1) == pytest.approx(
        theirs.mean_true_score * truth_count(blob) / mine.iou.size
    )


def truth_count(pair: Pair) -> int:
    return int(np.count_nonzero(np.unique(pair[1])))


def test_scikit_image_hausdorff(blob: Pair) -> None:
    """The distance between all foreground voxels' surfaces, on masks far enough apart that surfaces decide."""
    metrics = pytest.importorskip("skimage.metrics")
    segmentation = pytest.importorskip("skimage.segmentation")
    prediction, truth = np.zeros((2, 30, 30, 30), np.uint8)
    prediction[3:12, 4:9, 5:20] = 1
    truth[5:14, 6:17, 3:18] = 1
    inner = [
        segmentation.find_boundaries(np.pad(mask, 1), mode="inner")[1:-1, 1:-1, 1:-1] for mask in (prediction, truth)
    ]
    mine = score_volumes(prediction, truth, ["hausdorff"]).value("hausdorff", "max.voxels")
    assert mine == pytest.approx(metrics.hausdorff_distance(*inner))
