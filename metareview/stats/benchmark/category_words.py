"""What the five comparisons of two categories say together, in sentences made from their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from metareview.stats.benchmark.category_effects import Approach

if TYPE_CHECKING:
    from metareview.stats.benchmark.category_models import CategoryEvidence

__all__ = ["contrast_words", "metric_words"]

ALPHA = 0.05


def contrast_words(
    a: CategoryEvidence,
    b: CategoryEvidence,
    approaches: Sequence[Approach],
    datasets: Sequence[str],
    studies: Sequence[str],
) -> str:
    """Return what two categories' comparisons say, and why they differ."""
    by = {approach.name: approach for approach in approaches}
    sentences = [
        _as_published(a, b, by["values"]),
        _clusters(a, b),
        _models(by),
        _floor(by),
        _shared(datasets, studies),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _as_published(a: CategoryEvidence, b: CategoryEvidence, found: Approach) -> str:
    head = f"With every value as independent ({a.values} of {a.category}, {b.values} of {b.category})"
    if found.p is None:
        return f"{head} there is no test: {found.reason}."
    effect = "" if found.effect is None else f"d = {_two(found.effect)} "
    limits = (
        f"[{_two(found.effect_low)}, {_two(found.effect_high)}], "
        if found.effect_low is not None and found.effect_high is not None
        else ""
    )
    return f"{head}: {effect}{limits}p = {_p(found.p)}."


def _clusters(a: CategoryEvidence, b: CategoryEvidence) -> str:
    if a.values == a.studies and b.values == b.studies:
        return (
            "Each value is of a study of its own, so study means are the values, and only the small-sample factor "
            "and the degrees of freedom differ."
        )
    parts = [
        f"the {part.values} of {part.category} are of {_count(part.studies, 'study')} "
        f"(worth {part.effective:.1f} of equal size)"
        for part in (a, b)
        if part.values > part.studies
    ]
    return f"But {' and '.join(parts)}."


def _models(by: dict[str, Approach]) -> str:
    told: list[str] = []
    refused: dict[str, list[str]] = {}
    for name, shown in (("study-means", "study means"), ("multilevel", "multilevel model"), ("cr2", "CR2"),
                        ("permutation", "permutation")):  # fmt: skip
        found = by[name]
        if found.p is None:
            refused.setdefault(found.reason, []).append(shown)
            continue
        extra = f", g = {_two(found.effect)}" if name == "study-means" and found.effect is not None else ""
        df = f" on {found.df:.1f} df" if name in ("multilevel", "cr2") and found.df is not None else ""
        told.append(f"{shown} p = {_p(found.p)}{df}{extra}")
    sentence = f"Counting studies: {'; '.join(told)}." if told else ""
    no = [f"No {' or '.join(names)}: {reason}." for reason, names in refused.items()]
    return " ".join([sentence, *no, _verdict(by)]).strip()


def _verdict(by: dict[str, Approach]) -> str:
    plain = by["values"].p
    others = [by[name].p for name in ("study-means", "multilevel", "cr2", "permutation")]
    there = [p for p in others if p is not None]
    if plain is None or not there:
        return ""
    if plain < ALPHA and all(p >= ALPHA for p in there):
        return "The difference is below 5% only where values count as independent."
    if plain < ALPHA and any(p >= ALPHA for p in there):
        return "Whether it is below 5% depends on what is counted."
    return ""


def _floor(by: dict[str, Approach]) -> str:
    floor = by["permutation"].floor
    if floor is None or floor < ALPHA:
        return ""
    return (
        f"With these numbers of studies no relabelling gives a p below {floor:.2f}: the comparison could not have been "
        "significant at 5%, whatever the values."
    )


def _shared(datasets: Sequence[str], studies: Sequence[str]) -> str:
    if not datasets:
        return "No data set has values of both categories, so every difference is one between data sets too."
    if not studies:
        return f"Both have values on {', '.join(datasets)}, but no study tests both."
    return f"{_count(len(studies), 'study')} test{'s' if len(studies) == 1 else ''} both, on {', '.join(datasets)}."


def metric_words(evidence: Sequence[CategoryEvidence], overall: Sequence[Approach]) -> str:
    """Return the evidence behind all categories of a metric, and the tests over all of them."""
    held = ", ".join(
        f"{e.category} {_count(e.values, 'value')} of {_count(e.methods, 'method')} in {_count(e.studies, 'study')}"
        for e in evidence
    )
    tests = "; ".join(
        f"{approach.name} p = {_p(approach.p)}" if approach.p is not None else f"{approach.name}: {approach.reason}"
        for approach in overall
    )
    return f"Behind the categories: {held}. All categories together: {tests}."


def _count(n: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{n} {noun if n == 1 else plural}"


def _two(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}".replace("-", "−")


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
