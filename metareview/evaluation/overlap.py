"""Scores of two masks: every voxel is foreground (any id but 0) or background, in truth and in prediction."""

from __future__ import annotations

from typing import NamedTuple

from metareview.errors import NotEstimable
from metareview.evaluation.table import ContingencyTable

__all__ = [
    "Confusion",
    "accuracy",
    "confusion",
    "conformity",
    "dice",
    "jaccard",
    "matthews",
    "negative_predictive_value",
    "pixel_error",
    "precision",
    "recall",
    "specificity",
]

TAHA = "Taha & Hanbury 2015, BMC Med Imaging 15:29, doi:10.1186/s12880-015-0068-x"


class Confusion(NamedTuple):
    """Voxel counts: true and false positives, false and true negatives."""

    tp: int
    fp: int
    fn: int
    tn: int

    def swapped(self) -> Confusion:
        """Return the counts with background as the class looked for."""
        return Confusion(self.tn, self.fn, self.fp, self.tp)


def confusion(table: ContingencyTable) -> Confusion:
    """Return the four counts of a contingency table; every id but 0 is foreground."""
    p, t = table.prediction != 0, table.truth != 0
    tp, fp, fn, tn = (int(table.count[rows].sum()) for rows in (p & t, p & ~t, ~p & t, ~p & ~t))
    return Confusion(tp, fp, fn, tn)


def _ratio(above: float, below: float, why: str) -> float:
    if not below:
        raise NotEstimable(why)
    return above / below


def accuracy(c: Confusion) -> float:
    """(TP + TN) / N, in [0, 1]; near 1 whenever foreground is rare. Source: Taha & Hanbury 2015."""
    return _ratio(c.tp + c.tn, sum(c), "there are no voxels")


def pixel_error(c: Confusion) -> float:
    """1 - accuracy: the share of voxels on which the masks differ. Source: Arganda-Carreras et al. 2015."""
    return _ratio(c.fp + c.fn, sum(c), "there are no voxels")


def precision(c: Confusion) -> float:
    """TP / (TP + FP), in [0, 1]. Source: Taha & Hanbury 2015."""
    return _ratio(c.tp, c.tp + c.fp, "nothing was predicted, so precision is 0/0")


def recall(c: Confusion) -> float:
    """TP / (TP + FN), in [0, 1]. Source: Taha & Hanbury 2015."""
    return _ratio(c.tp, c.tp + c.fn, "the truth has no foreground, so recall is 0/0")


def specificity(c: Confusion) -> float:
    """TN / (TN + FP), the true negative rate, in [0, 1]. Source: Taha & Hanbury 2015."""
    return _ratio(c.tn, c.tn + c.fp, "the truth has no background, so specificity is 0/0")


def negative_predictive_value(c: Confusion) -> float:
    """TN / (TN + FN), in [0, 1]. Source: Taha & Hanbury 2015."""
    return _ratio(c.tn, c.tn + c.fn, "no background was predicted, so the value is 0/0")


def dice(c: Confusion) -> float:
    """2 TP / (2 TP + FP + FN), in [0, 1]; two empty masks give no value. Source: Dice 1945, Ecology 26:297-302."""
    return _ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn, "both masks are empty, so Dice is 0/0")


def jaccard(c: Confusion) -> float:
    """TP / (TP + FP + FN) = D / (2 - D), in [0, 1]. Source: Jaccard 1912, New Phytol 11:37-50."""
    return _ratio(c.tp, c.tp + c.fp + c.fn, "both masks are empty, so Jaccard is 0/0")


def conformity(c: Confusion) -> float:
    """1 - (FP + FN) / TP = (3 D - 2) / D, at most 1, unbounded below. Source: Chang et al. 2009, NeuroImage 47:122."""
    return 1.0 - _ratio(c.fp + c.fn, c.tp, "no voxel is right (TP = 0), so conformity does not exist")


def matthews(c: Confusion) -> float:
    """(TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)), in [-1, 1]. Source: Matthews 1975, BBA 405:442-451."""
    below = float((c.tp + c.fp) * (c.tp + c.fn) * (c.tn + c.fp) * (c.tn + c.fn)) ** 0.5
    return _ratio(c.tp * c.tn - c.fp * c.fn, below, "one of the masks has a single class, so the root is 0")
