"""What the five comparisons of two categories say together, in sentences made from their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from metareview.stats.benchmark.category_effects import Approach

if TYPE_CHECKING:
    from metareview.stats.benchmark.category_models import CategoryEvidence

__all__ = ["contrast_words", "metric_words"]

ALPHA = 0.05
_NAMES = {"values": "ANOVA of values", "multilevel": "multilevel", "cr2": "CR2", "permutation": "permutation"}


def contrast_words(
    a: CategoryEvidence,
    b: CategoryEvidence,
    approaches: Sequence[Approach],
    datasets: Sequence[str],
    studies: Sequence[str],
) -> str:
    """Return what two categories' comparisons say, and why they differ."""
    by = {approach.name: approach for approach in approaches}
    parts = [
        _values(a, b, by["values"]),
        _clusters(a, b),
        _models(by),
        _verdict(by),
        _floor(by),
        _shared(datasets, studies),
    ]
    return " ".join(part for part in parts if part)


def _values(a: CategoryEvidence, b: CategoryEvidence, found: Approach) -> str:
    head = f"As independent values ({a.values} of {a.category}, {b.values} of {b.category})"
    if found.p is None:
        return f"{head} no test: {_short(found.reason)}."
    if found.effect is None or found.effect_low is None or found.effect_high is None:
        return f"{head} p {_p(found.p)}."
    return f"{head} d = {_two(found.effect)} [{_two(found.effect_low)}, {_two(found.effect_high)}], p {_p(found.p)}."


def _clusters(a: CategoryEvidence, b: CategoryEvidence) -> str:
    parts = [
        f"the {part.values} of {part.category} are of {_count(part.studies, 'study')} "
        f"(worth {part.effective:.1f} of equal size)"
        for part in (a, b)
        if part.values > part.studies
    ]
    return f"But {' and '.join(parts)}." if parts else "One value per study."


def _models(by: dict[str, Approach]) -> str:
    told: list[str] = []
    refused: dict[str, list[str]] = {}
    for name, shown in (("study-means", "means"), ("multilevel", "multilevel"), ("cr2", "CR2"),
                        ("permutation", "permutation")):  # fmt: skip
        found = by[name]
        if found.p is None:
            refused.setdefault(found.reason, []).append(shown)
        else:
            extra = f" (g = {_two(found.effect)})" if name == "study-means" and found.effect is not None else ""
            told.append(f"{shown} p {_p(found.p)}{extra}")
    sentence = f"By study: {', '.join(told)}." if told else ""
    no = [
        f"No {' or '.join(names)}: {_short(reason)}."
        for reason, names in refused.items()
        if reason != by["values"].reason
    ]
    return " ".join([sentence, *no]).strip()


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
    return f"No relabelling of so few studies gives a p below {floor:.2f}, whatever the values."


def _shared(datasets: Sequence[str], studies: Sequence[str]) -> str:
    if not datasets:
        return "No data set has both: the categories differ in their data too."
    sets = _count(len(datasets), "data set")
    if not studies:
        return f"{sets} with both, but no study tests both."
    return f"{_count(len(studies), 'study')} test{'s' if len(studies) == 1 else ''} both, on {sets}."


def metric_words(evidence: Sequence[CategoryEvidence], overall: Sequence[Approach]) -> str:
    """Return the evidence behind all categories of a metric, and the tests over all of them."""
    held = ", ".join(f"{e.category} {_count(e.values, 'value')} of {_count(e.studies, 'study')}" for e in evidence)
    tests = [f"{_NAMES[a.name]} p {_p(a.p)}" for a in overall if a.p is not None]
    refused = dict.fromkeys(a.reason for a in overall if a.p is None)
    no = f" No other test: {'; '.join(map(_short, refused))}." if refused else ""
    return f"{held}. All categories together: {', '.join(tests) or 'no test'}.{no}"


def _short(reason: str) -> str:
    """Return a reason without what follows from it."""
    return reason.partition(", so ")[0]


def _count(n: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{n} {noun if n == 1 else plural}"


def _two(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}".replace("-", "−")


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
