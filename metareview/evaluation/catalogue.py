"""Every score that follows from a contingency table, by metric and convention: what it is, and how it is computed.

A convention id never contains the metric; the pair is printed ``arand:gt0``. Metrics are those of the vocabulary
(`metareview.schema.metric`); scores that need the voxels themselves are in `voxels`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from metareview.evaluation import matching, overlap, partition
from metareview.evaluation.background import RULES, Pieces, pieces
from metareview.evaluation.matching import COCO_THRESHOLDS, CONFIDENCES, Matches, Objects
from metareview.evaluation.overlap import Confusion
from metareview.evaluation.table import ContingencyTable

__all__ = ["Rule", "Workspace", "confidence_rules", "table_rules"]

PARTITION_RULES = ("gt0", "snemi", "fg", "all", "cremi")
VOI_RULES = ("gt0", "snemi", "fg", "all")
SCORE_FREE = "TP / (TP + FP + FN) of objects matched one to one, no confidence (DSB 2018, StarDist, Cellpose)"


class Workspace:
    """What several scores of one table share, computed once."""

    def __init__(self, table: ContingencyTable) -> None:
        self.table = table
        self._pieces: dict[str, Pieces] = {}
        self._matches: dict[tuple[float, bool], Matches] = {}
        self._objects: Objects | None = None
        self._confusion: Confusion | None = None

    def pieces(self, rule: str) -> Pieces:
        """Return the counted voxels under a background rule."""
        if rule not in self._pieces:
            self._pieces[rule] = pieces(self.table, rule)
        return self._pieces[rule]

    @property
    def confusion(self) -> Confusion:
        """The foreground counts."""
        if self._confusion is None:
            self._confusion = overlap.confusion(self.table)
        return self._confusion

    @property
    def objects(self) -> Objects:
        """Objects and their IoUs."""
        if self._objects is None:
            self._objects = matching.objects(self.table)
        return self._objects

    def match(self, threshold: float, *, strict: bool = False) -> Matches:
        """Return the matching at an IoU threshold."""
        key = (threshold, strict)
        if key not in self._matches:
            self._matches[key] = matching.match(self.objects, threshold, strict=strict)
        return self._matches[key]


@dataclass(frozen=True, slots=True)
class Rule:
    """One score: a metric under one convention.

    Attributes
    ----------
    metric, convention : key of the vocabulary, id of the rule.
    meaning : the rule in words.
    compute : the score of a workspace; raises NotEstimable where it does not exist.
    unit : bits, nats, um, nm or voxels, where the value has a unit.
    needs : what it takes besides the table: voxels, resolution, skeletons.
    """

    metric: str
    convention: str
    meaning: str
    compute: Callable[[Any], float]
    unit: str = ""
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Metric and convention as printed, such as ``arand:gt0``."""
        return f"{self.metric}:{self.convention}"


def background_words(rule: str) -> str:
    """Return a background rule in words."""
    truth, prediction = RULES[rule]
    return f"truth 0 {truth}; prediction 0 {prediction}"


def of_confusion(w: Workspace, formula: Callable[[Confusion], float]) -> float:
    """Apply a formula of foreground counts."""
    return formula(w.confusion)


def of_both_classes(w: Workspace, formula: Callable[[Confusion], float]) -> float:
    """Return the mean of a formula for foreground and for background."""
    return (formula(w.confusion) + formula(w.confusion.swapped())) / 2.0


def of_pieces(w: Workspace, formula: Callable[..., float], rule: str, **options: Any) -> float:
    """Apply a formula of two partitions under a background rule."""
    return formula(w.pieces(rule), **options)


def of_matches(w: Workspace, formula: Callable[[Matches], float], threshold: float, strict: bool = False) -> float:
    """Apply a formula of matched objects at an IoU threshold."""
    return formula(w.match(threshold, strict=strict))


def of_objects(w: Workspace, best: str) -> float:
    """Return the aggregated Jaccard index."""
    return matching.aggregated_jaccard(w.objects, best=best)


def of_cremi(w: Workspace, rand: str, information: str) -> float:
    """Return the CREMI score with a background rule for each factor."""
    return partition.cremi_score(w.pieces(rand), w.pieces(information))


def mean_segmentation_accuracy(w: Workspace) -> float:
    """Mean of TP / (TP + FP + FN) over the thresholds .50 to .95. Source: Archit et al. 2025, Nat Methods 22:579."""
    return float(np.mean([matching.segmentation_accuracy(w.match(t)) for t in COCO_THRESHOLDS]))


def mean_average_precision(w: Workspace, name: str, given: Mapping[int, float] | None) -> float:
    """COCO's AP: mean of `average_precision` over the thresholds .50 to .95. Source: Lin et al. 2014, ECCV."""
    confidence = matching.confidence_of(w.objects, name, given)
    return float(np.mean([matching.average_precision(w.objects, confidence, t) for t in COCO_THRESHOLDS]))


def single_average_precision(w: Workspace, name: str, given: Mapping[int, float] | None, threshold: float) -> float:
    """COCO's AP at one threshold. Source: Lin et al. 2014, ECCV."""
    return matching.average_precision(w.objects, matching.confidence_of(w.objects, name, given), threshold)


def voi(p: Pieces, *, base: partition.LogBase = "bits") -> float:
    """Variation of information: split part plus merge part. Source: Meila 2007, J Multivar Anal 98:873-895."""
    return partition.voi_split(p, base=base) + partition.voi_merge(p, base=base)


def _overlap_rules() -> Iterator[Rule]:
    words = "voxels of the whole volume; every id but 0 is foreground"
    pixel = {
        "accuracy": overlap.accuracy, "precision": overlap.precision, "recall": overlap.recall,
        "specificity": overlap.specificity, "npv": overlap.negative_predictive_value, "f1": overlap.dice,
        "conformity": overlap.conformity, "mcc": overlap.matthews,
    }  # fmt: skip
    for metric, formula in pixel.items():
        yield Rule(metric, "pixel", words, partial(of_confusion, formula=formula))
    differ = f"share of differing voxels; {words}"
    yield Rule("pixel_error", "disagree", differ, partial(of_confusion, formula=overlap.pixel_error))
    for metric, formula in (("dice", overlap.dice), ("jaccard", overlap.jaccard)):
        yield Rule(metric, "fg", f"foreground; {words}", partial(of_confusion, formula=formula))
        mean = f"mean of foreground and background; {words}"
        yield Rule(metric, "mean-fg-bg", mean, partial(of_both_classes, formula=formula))


def _rand_rules() -> Iterator[Rule]:
    formulas: Mapping[str, Callable[..., float]] = {
        "arand": partition.adapted_rand_error, "vrand": partition.rand_score, "vrand_split": partition.rand_split,
        "vrand_merge": partition.rand_merge, "rand_index": partition.rand_index, "rand_error": partition.rand_error,
    }  # fmt: skip
    for metric, formula in formulas.items():
        for rule in PARTITION_RULES:
            words = background_words(rule)
            yield Rule(metric, rule, words, partial(of_pieces, formula=formula, rule=rule))
            if rule == "gt0" or metric in ("rand_index", "rand_error"):
                distinct = partial(of_pieces, formula=formula, rule=rule, distinct=True)
                yield Rule(metric, f"{rule}.distinct", f"{words}; pairs of different voxels, no self-pairs", distinct)
    for metric, formula in (("precision", partition.rand_merge), ("recall", partition.rand_split)):
        for rule in PARTITION_RULES:
            words = f"pairs of voxels (Rand); {background_words(rule)}"
            yield Rule(metric, f"pair.{rule}", words, partial(of_pieces, formula=formula, rule=rule))


def _information_rules() -> Iterator[Rule]:
    with_base = {"voi": voi, "voi_split": partition.voi_split, "voi_merge": partition.voi_merge}
    for metric, formula in with_base.items():
        for base, number in (("bits", "2"), ("nats", "e")):
            for rule in VOI_RULES:
                words = f"logarithm to base {number}; {background_words(rule)}"
                compute = partial(of_pieces, formula=formula, rule=rule, base=base)
                yield Rule(metric, f"{base}.{rule}", words, compute, base)
    base_free: Mapping[str, Callable[[Pieces], float]] = {
        "vinfo": partition.information_score,
        "nvi": partition.normalised_variation_of_information,
        "nid": partition.normalised_information_distance,
    }
    for metric, free in base_free.items():
        for rule in VOI_RULES:
            yield Rule(metric, rule, background_words(rule), partial(of_pieces, formula=free, rule=rule))


def _cremi_rules() -> Iterator[Rule]:
    factors = {
        "bits.gt0": ("gt0", "gt0", "python-elf: both factors with truth 0 dropped and prediction 0 a segment"),
        "bits.snemi": ("snemi", "gt0", "functions of cremi_python called directly: ARAND under snemi, VOI under gt0"),
        "bits.fg": ("fg", "fg", "both factors with 0 dropped on both sides"),
        "bits.cremi": ("cremi", "all", "NeuronIds of cremi_python without a border mask: truth 0 becomes a segment"),
    }
    for convention, (rand, information, words) in factors.items():
        yield Rule("cremi_score", convention, words, partial(of_cremi, rand=rand, information=information))


def _matching_rules() -> Iterator[Rule]:
    words = "objects with id > 0, all sizes, matched one to one"
    quality = {
        "pq": matching.panoptic_quality, "sq": matching.segmentation_quality, "rq": matching.recognition_quality,
    }  # fmt: skip
    for metric, formula in quality.items():
        compute = partial(of_matches, formula=formula, threshold=0.5, strict=True)
        yield Rule(metric, "iou50", f"{words} with IoU > 0.5", compute)
    accuracy, f1 = matching.segmentation_accuracy, matching.recognition_quality
    per_object = {"precision": matching.object_precision, "recall": matching.object_recall, "f1": f1}
    for threshold in COCO_THRESHOLDS:
        percent, reach = round(100 * threshold), f"{words} with IoU >= {threshold:.2f}"
        yield Rule("instance_f1", f"iou{percent}", reach, partial(of_matches, formula=f1, threshold=threshold))
        if percent in (50, 75):
            for metric, formula in per_object.items():
                compute = partial(of_matches, formula=formula, threshold=threshold)
                yield Rule(metric, f"object.iou{percent}", reach, compute)
            compute = partial(of_matches, formula=accuracy, threshold=threshold)
            yield Rule(f"sa{percent}", "one-to-one", reach, compute)
            yield Rule(f"ap{percent}", "dsb", f"{SCORE_FREE}, IoU >= {threshold}", compute)
    sweep = "mean over IoU .50, .55 .. .95"
    yield Rule("msa", "one-to-one", f"{words}; {sweep}", mean_segmentation_accuracy)
    yield Rule("ap", "dsb", f"{SCORE_FREE}, {sweep}", mean_segmentation_accuracy)
    yield Rule("map", "thresholds.dsb", f"{SCORE_FREE}, {sweep} of one class", mean_segmentation_accuracy)


def _aji_rules() -> Iterator[Rule]:
    words = "for each truth object the prediction with the largest"
    reuse = "one prediction may serve several"
    yield Rule("aji", "max-iou", f"{words} IoU; {reuse}", partial(of_objects, best="iou"))
    yield Rule("aji", "max-overlap", f"{words} overlap; {reuse}", partial(of_objects, best="overlap"))
    plus = "one-to-one assignment with the largest sum of IoU"
    yield Rule("aji_plus", "one-to-one", plus, partial(of_objects, best="one-to-one"))


def confidence_rules(name: str, given: Mapping[int, float] | None = None) -> Iterator[Rule]:
    """Yield the COCO-style rules that order predictions by one confidence score."""
    order = CONFIDENCES.get(name, "as given")
    words = f"101-point interpolated, predictions ordered by {name} ({order}), all sizes"
    for metric, threshold in (("ap50", 0.5), ("ap75", 0.75)):
        compute = partial(single_average_precision, name=name, given=given, threshold=threshold)
        yield Rule(metric, f"coco.{name}", f"{words}, IoU >= {threshold}", compute)
    mean = partial(mean_average_precision, name=name, given=given)
    yield Rule("ap", f"coco.{name}", f"{words}, mean over IoU .50, .55 .. .95", mean)
    yield Rule("map", f"thresholds.coco.{name}", f"{words}, mean over IoU .50, .55 .. .95 of one class", mean)


@cache
def table_rules() -> dict[str, Rule]:
    """Return every score that a contingency table gives, by ``metric:convention``, in the order of the vocabulary."""
    from metareview.schema.metric import default_vocabulary

    order = {metric.key: place for place, metric in enumerate(default_vocabulary())}
    rules = [
        *_overlap_rules(), *_rand_rules(), *_information_rules(), *_cremi_rules(), *_matching_rules(), *_aji_rules(),
        *(rule for name in CONFIDENCES for rule in confidence_rules(name)),
    ]  # fmt: skip
    rules.sort(key=lambda rule: order[rule.metric])  # stable: conventions stay in the order given above
    return {rule.name: rule for rule in rules}
