"""Code (and weights) availability by method category, with *not stated* as a class of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from metareview.results import Dropped, Result
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.proportions import wilson_interval
from metareview.stats.benchmark.rows import ALL, Row, Tables, corpora, frame_of, in_corpus, records, ref_of, stated

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AvailabilityResult", "AvailabilityRow", "compute_availability"]

_ATTRIBUTES: tuple[Literal["code", "weights"], ...] = ("code", "weights")


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityRow:
    """Availability in one category of one corpus (category ``all`` for the whole).

    Attributes
    ----------
    corpus, attribute, category : what is counted; attribute is code or weights; category is empty where not stated.
    n, n_yes, n_no, n_not_stated : studies; ``n == n_yes + n_no + n_not_stated``.
    share_of_all, …low, …high : n_yes / n with its Wilson interval.
    share_of_stated, …low, …high : n_yes / (n_yes + n_no) with its Wilson interval; None where nothing is stated.
    """

    corpus: str
    attribute: Literal["code", "weights"]
    category: str
    n: int
    n_yes: int
    n_no: int
    n_not_stated: int
    share_of_all: float | None = None
    share_of_all_low: float | None = None
    share_of_all_high: float | None = None
    share_of_stated: float | None = None
    share_of_stated_low: float | None = None
    share_of_stated_high: float | None = None
    reason: str = ""
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AvailabilityResult(Result):
    """Availability by category, per corpus: one row per corpus, attribute and category; ``all`` last."""

    rows: tuple[AvailabilityRow, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per corpus, attribute and category."""
        return frame_of(self.rows, AvailabilityRow)


def compute_availability(tables: Tables, spec: ReviewSpec) -> AvailabilityResult:
    """Count studies with public code (and weights) by category, per corpus.

    The value in use of each included study counts. Two shares are given, because *not stated* is neither yes nor no:
    of all studies, and of those that state it.
    """
    studies = records(tables, "studies")
    facts = _evidence(records(tables, "study_facts"))
    rows: list[AvailabilityRow] = []
    dropped: list[Dropped] = []
    n_used = 0
    for corpus in corpora(spec):
        members, out = in_corpus(studies, corpus)
        dropped += out
        n_used += len(members)
        for attribute in _ATTRIBUTES:
            if not members or not any(stated(row.get(attribute)) for row in members):
                continue
            rows += [
                _count(corpus, attribute, category, group, facts)
                for category, group in _by_category(members, spec.attributes.get("category", ()))
            ]
            rows.append(_count(corpus, attribute, ALL, members, facts))
    return AvailabilityResult(
        rows=tuple(rows),
        methods=("Wilson score interval (Wilson 1927)",),
        k_in=n_used + len(dropped),
        k_used=n_used,
        dropped=tuple(dropped),
        warnings=_warnings(rows, corpora(spec)),
    )


def _evidence(facts: list[Row]) -> dict[tuple[str, str, str], tuple[SourceRef, ...]]:
    found: dict[tuple[str, str, str], tuple[SourceRef, ...]] = {}
    for row in facts:
        key = (row["study_id"], row["attribute"], row["value"])
        found[key] = (*found.get(key, ()), ref_of(row))
    return found


def _by_category(members: list[Row], order: tuple[str, ...]) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    for row in members:
        groups.setdefault(stated(row.get("category")), []).append(row)
    rank = {name: at for at, name in enumerate(order)}
    return sorted(groups.items(), key=lambda item: (item[0] == "", rank.get(item[0], len(rank)), item[0]))


def _count(
    corpus: str,
    attribute: Literal["code", "weights"],
    category: str,
    group: list[Row],
    facts: dict[tuple[str, str, str], tuple[SourceRef, ...]],
) -> AvailabilityRow:
    answers = [stated(row.get(attribute)) for row in group]
    yes, no = answers.count("yes"), answers.count("no")
    of_all = wilson_interval(yes, len(group))
    of_stated = wilson_interval(yes, yes + no) if yes + no else None
    refs = (
        facts.get((row["study_id"], attribute, answer)) or (ref_of(row),)
        for row, answer in zip(group, answers, strict=True)
        if answer
    )
    return AvailabilityRow(
        corpus=corpus,
        attribute=attribute,
        category=category,
        n=len(group),
        n_yes=yes,
        n_no=no,
        n_not_stated=len(group) - yes - no,
        share_of_all=yes / len(group),
        share_of_all_low=of_all[0],
        share_of_all_high=of_all[1],
        share_of_stated=yes / (yes + no) if of_stated else None,
        share_of_stated_low=of_stated[0] if of_stated else None,
        share_of_stated_high=of_stated[1] if of_stated else None,
        reason="" if of_stated else f"no study of this category states it ({attribute})",
        refs=tuple(ref for group_refs in refs for ref in group_refs),
    )


def _warnings(rows: list[AvailabilityRow], names: tuple[str, ...]) -> tuple[str, ...]:
    warnings = []
    if names == (ALL,):
        warnings.append("review.yaml declares no corpora; counts are over all included studies of the folder")
    warnings += [
        f"{row.corpus}, {row.attribute}: {row.n_not_stated} of {row.n} studies do not state it; "
        "the share of all counts them as if nothing were available, the share of those stated leaves them out"
        for row in rows
        if row.category == ALL and row.n_not_stated
    ]
    return tuple(warnings)
