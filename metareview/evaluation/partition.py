"""Scores of two partitions: Rand, adapted Rand, V_Rand, variation of information and its relatives.

Every function takes `Pieces` (voxels, overlap n_ij, truth size t_i, predicted size s_j, shape (k,)) under one
background rule and returns a float. With N counted voxels and sums over voxels v,

    sum_ij n_ij^2 = sum_v n(v),   sum_i t_i^2 = sum_v t(v),   sum_j s_j^2 = sum_v s(v),

so a rule that makes unassigned voxels single segments needs no formula of its own. Sums of squares are exact
integers at any size. A score that does not exist raises `NotEstimable`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from metareview.errors import NotEstimable
from metareview.evaluation.background import Pieces

__all__ = [
    "adapted_rand_error",
    "cremi_score",
    "information_score",
    "normalised_information_distance",
    "normalised_variation_of_information",
    "rand_error",
    "rand_index",
    "rand_merge",
    "rand_score",
    "rand_split",
    "voi_merge",
    "voi_split",
]

LogBase = Literal["bits", "nats"]


def weighted_sum(voxels: np.ndarray, sizes: np.ndarray) -> int:
    """Return sum(voxels * sizes) exactly: 64-bit sums overflow from about 3e9 voxels in one segment on."""
    if not voxels.size:
        return 0
    if float(voxels.sum()) * float(sizes.max()) < 2.0**62:  # a bound of the sum
        return int(np.dot(voxels, sizes))
    return int(np.dot(voxels.astype(object), sizes.astype(object)))


def _total(p: Pieces) -> int:
    total = int(p.voxels.sum())
    if not total:
        raise NotEstimable("no voxel is counted under this background rule")
    return total


def _pairs(p: Pieces, distinct: bool) -> tuple[int, int, int, int]:
    """Pairs of voxels together in both partitions, in the truth, in the prediction, and all pairs."""
    total = _total(p)
    less = total if distinct else 0
    both, truth, prediction = (weighted_sum(p.voxels, size) - less for size in (p.overlap, p.truth, p.prediction))
    return both, truth, prediction, total * total - less


def rand_index(p: Pieces, *, distinct: bool = False) -> float:
    """Rand index: 1 - (sum t_i^2 + sum s_j^2 - 2 sum n_ij^2) / N^2, in [0, 1].

    Parameters
    ----------
    distinct : count pairs of different voxels only, N (N - 1) of them (Rand's own); otherwise the N^2 ordered pairs
        with self-pairs, the normalisation of Fiji and python-elf.

    Source: Rand 1971, J Am Stat Assoc 66:846-850.
    """
    both, truth, prediction, pairs = _pairs(p, distinct)
    if not pairs:
        raise NotEstimable("one voxel makes no pair of different voxels")
    return (pairs - truth - prediction + 2 * both) / pairs


def rand_error(p: Pieces, *, distinct: bool = False) -> float:
    """Rand error: 1 - Rand index, in [0, 1]. Not the adapted Rand error."""
    return 1.0 - rand_index(p, distinct=distinct)


def rand_split(p: Pieces, *, distinct: bool = False) -> float:
    """V_Rand split: sum n_ij^2 / sum t_i^2, a recall: the share of pairs in one truth segment kept together.

    Source: Arganda-Carreras et al. 2015, Front Neuroanat 9:142, doi:10.3389/fnana.2015.00142. scikit-image 0.26
    returns this number as `precision` (its issue 6485).
    """
    both, truth, _, _ = _pairs(p, distinct)
    if not truth:
        raise NotEstimable("every truth segment has one voxel, so no pair can be kept together")
    return both / truth


def rand_merge(p: Pieces, *, distinct: bool = False) -> float:
    """V_Rand merge: sum n_ij^2 / sum s_j^2, a precision: the share of pairs in one predicted segment that belong so.

    Source: Arganda-Carreras et al. 2015, Front Neuroanat 9:142, doi:10.3389/fnana.2015.00142.
    """
    both, _, prediction, _ = _pairs(p, distinct)
    if not prediction:
        raise NotEstimable("every predicted segment has one voxel, so no pair is joined")
    return both / prediction


def rand_score(p: Pieces, *, alpha: float = 0.5, distinct: bool = False) -> float:
    """V_Rand: sum n_ij^2 / (alpha sum s_j^2 + (1 - alpha) sum t_i^2), in [0, 1]; alpha 0.5 is the harmonic mean.

    Source: Arganda-Carreras et al. 2015, Front Neuroanat 9:142, doi:10.3389/fnana.2015.00142.
    """
    both, truth, prediction, _ = _pairs(p, distinct)
    if not truth and not prediction:
        raise NotEstimable("every segment has one voxel, so there are no pairs")
    return both / (alpha * prediction + (1.0 - alpha) * truth)


def adapted_rand_error(p: Pieces, *, distinct: bool = False) -> float:
    """Adapted Rand error: 1 - 2 P R / (P + R) with P = `rand_merge`, R = `rand_split`; in [0, 1].

    Parameters
    ----------
    distinct : pairs of different voxels only, as scikit-image counts them; others keep the N self-pairs.

    Source: SNEMI3D challenge 2013; Arganda-Carreras et al. 2015, Front Neuroanat 9:142 (1 - V_Rand).
    """
    return 1.0 - rand_score(p, distinct=distinct)


def _entropy_of(p: Pieces, sizes: np.ndarray) -> float:
    """Entropy in nats of a partition: -sum over voxels of log(size / N) / N."""
    total = _total(p)
    return float(np.dot(p.voxels, np.log(total / sizes))) / total


def _conditional(p: Pieces, sizes: np.ndarray, base: LogBase) -> float:
    """Mean over voxels of log(size / n): exact zero where the pieces are whole segments."""
    value = float(np.dot(p.voxels, np.log(sizes / p.overlap))) / _total(p)
    return value / float(np.log(2.0)) if base == "bits" else value


def voi_split(p: Pieces, *, base: LogBase = "bits") -> float:
    """Variation of information, split part: H(prediction | truth) = sum n_ij / N log(t_i / n_ij) >= 0.

    Source: Meila 2007, J Multivar Anal 98:873-895; over-segmentation as CREMI names it.
    """
    return _conditional(p, p.truth, base)


def voi_merge(p: Pieces, *, base: LogBase = "bits") -> float:
    """Variation of information, merge part: H(truth | prediction) = sum n_ij / N log(s_j / n_ij) >= 0.

    Source: Meila 2007, J Multivar Anal 98:873-895; under-segmentation as CREMI names it.
    """
    return _conditional(p, p.prediction, base)


def information_score(p: Pieces, *, alpha: float = 0.5, part: Literal["score", "split", "merge"] = "score") -> float:
    """V_Info: I(S;T) / (alpha H(S) + (1 - alpha) H(T)), S the prediction and T the truth; in [0, 1].

    Parameters
    ----------
    part : ``split`` is I / H(T), ``merge`` I / H(S).

    Source: Arganda-Carreras et al. 2015, Front Neuroanat 9:142, doi:10.3389/fnana.2015.00142. Free of the log base.
    """
    h_truth, h_prediction = _entropy_of(p, p.truth), _entropy_of(p, p.prediction)
    mutual = h_prediction - _conditional(p, p.truth, "nats")
    below = {
        "score": alpha * h_prediction + (1.0 - alpha) * h_truth,
        "split": h_truth,
        "merge": h_prediction,
    }[part]
    if below <= 0.0:
        raise NotEstimable("the entropy is 0 (a single segment), so V_Info is 0/0")
    return min(max(mutual / below, 0.0), 1.0)


def normalised_variation_of_information(p: Pieces) -> float:
    """NVI: (H(S|T) + H(T|S)) / H(S,T), in [0, 1].

    Source: Vinh, Epps & Bailey 2010, J Mach Learn Res 11:2837-2854 (the normalised variation of information).
    """
    joint = _entropy_of(p, p.overlap)
    if joint <= 0.0:
        raise NotEstimable("the joint entropy is 0 (a single pair of segments), so NVI is 0/0")
    return min((_conditional(p, p.truth, "nats") + _conditional(p, p.prediction, "nats")) / joint, 1.0)


def normalised_information_distance(p: Pieces) -> float:
    """NID: 1 - I(S;T) / max(H(S), H(T)), in [0, 1].

    Source: Vinh, Epps & Bailey 2010, J Mach Learn Res 11:2837-2854 (the normalised information distance d_max).
    """
    largest = max(_entropy_of(p, p.truth), _entropy_of(p, p.prediction))
    if largest <= 0.0:
        raise NotEstimable("both entropies are 0 (single segments), so NID is 0/0")
    conditional = max(_conditional(p, p.truth, "nats"), _conditional(p, p.prediction, "nats"))
    return min(conditional / largest, 1.0)


def cremi_score(rand: Pieces, information: Pieces, *, base: LogBase = "bits") -> float:
    """CREMI score of one sample: sqrt(adapted Rand error x (VOI split + VOI merge)).

    Parameters
    ----------
    rand, information : the pieces under the background rule of each factor; they differ in CREMI's own code.

    Source: Funke et al. 2016, CREMI, https://cremi.org. The mean over samples is taken of these values.
    """
    voi = voi_split(information, base=base) + voi_merge(information, base=base)
    return float(np.sqrt(adapted_rand_error(rand) * voi))
