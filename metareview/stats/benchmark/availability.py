"""Code (and weights) availability by method category, with *not stated* as a class of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["AvailabilityResult", "AvailabilityRow"]


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
