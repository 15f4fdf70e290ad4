"""Scores of matched objects: PQ, F1 at a threshold, AJI, average precision. Background 0 is never an object.

Sizes are whole objects: voxels of a predicted object on background count in its size, so in every IoU.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.evaluation.table import ContingencyTable

__all__ = [
    "COCO_THRESHOLDS",
    "CONFIDENCES",
    "Matches",
    "Objects",
    "aggregated_jaccard",
    "average_precision",
    "confidence_of",
    "match",
    "objects",
    "segmentation_accuracy",
]

#: .50, .55 .. .95 as exact decimals; arithmetic with 0.05 would move an IoU of exactly .55 across the threshold
COCO_THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))


class Objects(NamedTuple):
    """Objects of both volumes and the pairs that overlap.

    truth_ids, truth_sizes : shape (T,), uint64 and int64; prediction_ids, prediction_sizes : shape (P,).
    pair_truth, pair_prediction : indices into those, shape (k,); overlap : voxels shared; iou : in (0, 1].
    """

    truth_ids: np.ndarray
    truth_sizes: np.ndarray
    prediction_ids: np.ndarray
    prediction_sizes: np.ndarray
    pair_truth: np.ndarray
    pair_prediction: np.ndarray
    overlap: np.ndarray
    iou: np.ndarray


class Matches(NamedTuple):
    """A one-to-one matching: indices of the matched objects and their IoU, shape (TP,), and what is left over."""

    truth: np.ndarray
    prediction: np.ndarray
    iou: np.ndarray
    false_positives: int
    false_negatives: int


def _sizes(ids: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    unique, inverse = np.unique(ids, return_inverse=True)
    sizes = np.zeros(unique.size, dtype=np.int64)
    np.add.at(sizes, inverse, count)
    return unique[unique != 0], sizes[unique != 0]


def objects(table: ContingencyTable) -> Objects:
    """Return objects, sizes, overlaps and IoUs of a contingency table."""
    truth_ids, truth_sizes = _sizes(table.truth, table.count)
    prediction_ids, prediction_sizes = _sizes(table.prediction, table.count)
    both = (table.truth != 0) & (table.prediction != 0)
    overlap = table.count[both]
    i = np.searchsorted(truth_ids, table.truth[both])
    j = np.searchsorted(prediction_ids, table.prediction[both])
    iou = overlap / (truth_sizes[i] + prediction_sizes[j] - overlap)
    return Objects(truth_ids, truth_sizes, prediction_ids, prediction_sizes, i, j, overlap, iou)


def _assign(o: Objects, rows: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return those of `rows` (pairs) that a one-to-one assignment with the largest total gain uses.

    A sparse assignment with one stand-in per truth object, so that leaving an object alone is always possible and no
    dense matrix of objects is made.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    i, j = o.pair_truth[rows], o.pair_prediction[rows]
    truths, row_of = np.unique(i, return_inverse=True)
    predictions, column_of = np.unique(j, return_inverse=True)
    stand_in = np.arange(truths.size)
    weights = coo_array(
        (
            np.concatenate([1.0 + gain, np.ones(truths.size)]),
            (np.concatenate([row_of, stand_in]), np.concatenate([column_of, predictions.size + stand_in])),
        ),
        shape=(truths.size, predictions.size + truths.size),
    ).tocsr()
    row, column = min_weight_full_bipartite_matching(weights, maximize=True)
    chosen = set(zip(row.tolist(), column.tolist(), strict=True))
    used = [pair in chosen for pair in zip(row_of.tolist(), column_of.tolist(), strict=True)]
    return np.asarray(rows[np.array(used, dtype=bool)])


def match(o: Objects, threshold: float, *, strict: bool = False) -> Matches:
    """Match objects one to one at an IoU threshold: as many pairs as possible, then the largest sum of IoU.

    Parameters
    ----------
    threshold : in (0, 1]; a pair can match with IoU >= threshold, or > threshold where `strict`.

    Notes
    -----
    Above 0.5 the matching is unique (Kirillov et al. 2019, CVPR); below, and for ties at 0.5, an assignment decides.
    """
    if not 0.0 < threshold <= 1.0:
        raise InputError(f"an IoU threshold lies in (0, 1], not {threshold}")
    rows = np.flatnonzero(o.iou > threshold if strict else o.iou >= threshold)
    if np.unique(o.pair_truth[rows]).size < rows.size or np.unique(o.pair_prediction[rows]).size < rows.size:
        most = max(o.truth_ids.size, o.prediction_ids.size)
        rows = _assign(o, rows, 1.0 + o.iou[rows] / (2.0 * most))
    return Matches(
        o.pair_truth[rows],
        o.pair_prediction[rows],
        o.iou[rows],
        o.prediction_ids.size - rows.size,
        o.truth_ids.size - rows.size,
    )


def panoptic_quality(m: Matches) -> float:
    """PQ: sum of IoU / (TP + FP/2 + FN/2) = SQ x RQ, in [0, 1]. Source: Kirillov et al. 2019, CVPR."""
    return recognition_quality(m) * segmentation_quality(m) if m.iou.size else recognition_quality(m)


def segmentation_quality(m: Matches) -> float:
    """SQ: mean IoU of the matched pairs, in (0, 1]. Source: Kirillov et al. 2019, CVPR."""
    if not m.iou.size:
        raise NotEstimable("no pair is matched, so the mean IoU of matched pairs does not exist")
    return float(m.iou.mean())


def recognition_quality(m: Matches) -> float:
    """RQ, the F1 score of objects: TP / (TP + FP/2 + FN/2), in [0, 1]. Source: Kirillov et al. 2019, CVPR."""
    below = m.iou.size + 0.5 * m.false_positives + 0.5 * m.false_negatives
    if not below:
        raise NotEstimable("there are no objects in either volume")
    return m.iou.size / below


def object_precision(m: Matches) -> float:
    """TP / (TP + FP) of objects, in [0, 1]. Source: Caicedo et al. 2019, Nat Methods 16:1247."""
    if not m.iou.size + m.false_positives:
        raise NotEstimable("no object was predicted, so precision is 0/0")
    return m.iou.size / (m.iou.size + m.false_positives)


def object_recall(m: Matches) -> float:
    """TP / (TP + FN) of objects, in [0, 1]. Source: Caicedo et al. 2019, Nat Methods 16:1247."""
    if not m.iou.size + m.false_negatives:
        raise NotEstimable("the truth has no object, so recall is 0/0")
    return m.iou.size / (m.iou.size + m.false_negatives)


def segmentation_accuracy(m: Matches) -> float:
    """TP / (TP + FP + FN) of objects: SA at a threshold; StarDist, Cellpose and the 2018 Data Science Bowl say AP.

    Source: Caicedo et al. 2019, Nat Methods 16:1247, doi:10.1038/s41592-019-0612-7. No confidence score enters.
    """
    below = m.iou.size + m.false_positives + m.false_negatives
    if not below:
        raise NotEstimable("there are no objects in either volume")
    return m.iou.size / below


def aggregated_jaccard(o: Objects, *, best: str = "iou") -> float:
    """AJI or AJI+: sum of intersections / (sum of unions + sizes of predictions never chosen), in [0, 1].

    Of equally good predictions AJI chooses the smallest id: with such ties it depends on how objects are numbered.

    Parameters
    ----------
    best : ``iou`` chooses for each truth object the prediction with the largest IoU, ``overlap`` the one with the
        largest overlap (both let a prediction be chosen twice: AJI, Kumar et al. 2017, IEEE Trans Med Imaging
        36:1550-1560); ``one-to-one`` the assignment with the largest sum of IoU (AJI+, Graham et al. 2019, Med
        Image Anal 58:101563).
    """
    rows: np.ndarray
    if best == "one-to-one":
        rows = _assign(o, np.arange(o.iou.size), o.iou) if o.iou.size else np.zeros(0, dtype=np.int64)
    elif best in ("iou", "overlap"):
        key = o.iou if best == "iou" else o.overlap
        order = np.lexsort((o.prediction_ids[o.pair_prediction], -key, o.pair_truth))
        first = np.ones(order.size, dtype=bool)
        first[1:] = o.pair_truth[order][1:] != o.pair_truth[order][:-1]
        rows = order[first]
    else:
        raise UnknownName("choice", best, ("iou", "overlap", "one-to-one"))
    i, j, inside = o.pair_truth[rows], o.pair_prediction[rows], o.overlap[rows]
    above = int(inside.sum())
    union = int((o.truth_sizes[i] + o.prediction_sizes[j] - inside).sum())
    alone = int(np.delete(o.truth_sizes, i).sum()) + int(np.delete(o.prediction_sizes, np.unique(j)).sum())
    if not union + alone:
        raise NotEstimable("there are no objects in either volume")
    return above / (union + alone)


def _by_size(o: Objects) -> np.ndarray:
    return o.prediction_sizes.astype(np.float64)


#: what can stand in for a network's confidence, and what it does
CONFIDENCES = {
    "size": "larger objects first",
    "constant": "no order: ascending ids",
    "inverse-size": "smaller objects first",
}


def confidence_of(o: Objects, name: str, given: Mapping[int, float] | None = None) -> np.ndarray:
    """Return the confidence of each predicted object, shape (P,).

    Parameters
    ----------
    name : ``size``, ``constant``, ``inverse-size``, or the name of a `given` score.
    given : predicted id -> confidence; every predicted id must have one.

    Raises
    ------
    InputError
        If a predicted object has no confidence, or one that is not finite.
    """
    if given is None:
        table = {"size": _by_size(o), "constant": np.zeros(o.prediction_ids.size), "inverse-size": -_by_size(o)}
        if name not in table:
            raise UnknownName("confidence", name, table)
        return table[name]
    without = [int(key) for key in o.prediction_ids if int(key) not in given]
    if without:
        raise InputError(
            f"confidence {name!r} has no value for {len(without)} predicted objects, the first is {without[0]}; "
            "AP orders every predicted object; give each a confidence"
        )
    values = np.array([given[int(key)] for key in o.prediction_ids], dtype=np.float64)
    if not np.isfinite(values).all():
        raise InputError(f"confidence {name!r} holds a value that is not finite; AP needs an order; replace it")
    return values


def _true_positives(o: Objects, order: np.ndarray, threshold: float) -> np.ndarray:
    """Greedy matching in COCO's order: each prediction takes the best truth object still free; bool, shape (P,)."""
    rows = np.flatnonzero(o.iou >= threshold)
    rows = rows[np.lexsort((o.pair_truth[rows], -o.iou[rows]))]
    wanted: dict[int, list[int]] = {}
    for row in rows.tolist():
        wanted.setdefault(int(o.pair_prediction[row]), []).append(int(o.pair_truth[row]))
    taken: set[int] = set()
    hit = np.zeros(order.size, dtype=bool)
    for rank, prediction in enumerate(order.tolist()):
        for truth in wanted.get(prediction, ()):
            if truth not in taken:
                taken.add(truth)
                hit[rank] = True
                break
    return hit


def average_precision(o: Objects, confidence: np.ndarray, threshold: float) -> float:
    """COCO-style average precision at one IoU threshold, in [0, 1].

    Predictions in order of falling confidence (ties: ascending id) are matched greedily with IoU >= threshold;
    precision is made monotone from the right and averaged over the 101 recall levels 0, .01 .. 1.

    Parameters
    ----------
    confidence : shape (P,), one per predicted object; the choice moves the score.

    Source: Lin et al. 2014, ECCV, LNCS 8693:740-755 (COCO's evaluation); for volumes Wei et al. 2020, MICCAI, LNCS
    12265:66-76 (mAP_3Dvolume). All sizes, no limit on the number of predictions.
    """
    if not o.truth_ids.size:
        raise NotEstimable("the truth has no object, so recall does not exist")
    hit = np.cumsum(_true_positives(o, np.lexsort((o.prediction_ids, -confidence)), threshold))
    if not hit.size:
        return 0.0
    recall = hit / o.truth_ids.size
    precision = np.maximum.accumulate((hit / np.arange(1, hit.size + 1))[::-1])[::-1]
    # recall levels as COCO makes them; searchsorted finds the first prediction that reaches each
    place = np.searchsorted(recall, np.linspace(0.0, 1.0, 101), side="left")
    reached = place < hit.size
    return float(precision[place[reached]].sum() / 101.0)
