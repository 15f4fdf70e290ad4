"""Share of the studies of a corpus that used each data set."""

from __future__ import annotations

from dataclasses import dataclass

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["ShareRow", "SharesResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """Studies of one corpus that used one data set.

    Attributes
    ----------
    corpus : the body of studies; n_corpus : its size; n_stated : its studies that state any data set.
    dataset_id, name : the data set; part_of : the data set that contains it.
    n_studies, studies : the studies that used it (a part counts for itself only, not for what contains it).
    share, ci_low, ci_high : n_studies / n_corpus with its Wilson interval.
    """

    corpus: str
    n_corpus: int
    n_stated: int
    dataset_id: str
    name: str
    part_of: str
    n_studies: int
    studies: tuple[str, ...]
    share: float
    ci_low: float
    ci_high: float
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SharesResult(Result):
    """Shares per data set and corpus, most used first."""

    rows: tuple[ShareRow, ...] = ()
