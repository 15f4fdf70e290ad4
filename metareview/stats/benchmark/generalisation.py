"""How many experiments and methods were evaluated on more than one data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["GeneralisationResult", "GeneralisationRow", "MethodDatasets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralisationRow:
    """Share of `unit` with more than one data set in one corpus, with its Wilson interval.

    Attributes
    ----------
    corpus : the body of studies counted; unit : experiments, methods or studies.
    n, n_multi : how many there are, and how many of them ran on more than one data set.
    share, ci_low, ci_high : n_multi / n; None where n is 0 (`reason`).
    """

    corpus: str
    unit: Literal["experiments", "methods", "studies"]
    n: int
    n_multi: int
    share: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodDatasets:
    """The data sets that one method of one study ran on."""

    corpus: str
    study_id: str
    authors: str
    method: str
    category: str
    k: int
    datasets: tuple[str, ...]
    n_experiments: int
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GeneralisationResult(Result):
    """Cross-data-set evaluation, per corpus.

    Attributes
    ----------
    rows : one per corpus and unit of counting.
    methods_datasets : one per corpus, study and method, most data sets first.
    """

    rows: tuple[GeneralisationRow, ...] = ()
    methods_datasets: tuple[MethodDatasets, ...] = ()
