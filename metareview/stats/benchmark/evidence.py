"""Which definition reproduces the printed composites: candidates side by side, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["CompositeEvidenceResult", "DefinitionVerdict", "EvidenceRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One printed composite under one candidate definition.

    Attributes
    ----------
    study_id, authors, method : whose composite it is.
    definition : key of the candidate, explained in `CompositeEvidenceResult.verdicts`.
    kind : ``agreement`` compares a recomputed value with the printed one; ``feasibility`` only says whether values
        exist that would give the printed one, and is never counted as agreement.
    value : recomputed, rounded as the definition says; None where it cannot be computed, and `reason` says why.
    exact : before rounding.
    low, high : for ``feasibility`` the composites that values rounding to the printed means can give; else None.
    printed : the composite as published.
    agrees : whether `value` equals `printed`; for ``feasibility`` whether values exist; None where not computable.
    k : experiments that entered (for ``feasibility`` the number assumed).
    reason : what it fails on, or how it is feasible.
    refs, printed_refs : the values that entered, and the printed composite.
    """

    study_id: str
    authors: str
    method: str
    definition: str
    kind: Literal["agreement", "feasibility"] = "agreement"
    value: float | None = None
    exact: float | None = None
    low: float | None = None
    high: float | None = None
    printed: float
    agrees: bool | None = None
    k: int = 0
    reason: str = ""
    refs: tuple[SourceRef, ...] = ()
    printed_refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionVerdict:
    """What one candidate definition reproduces over all printed composites.

    Attributes
    ----------
    definition, label : key, and what it computes, in words.
    n_agree, n_fail, n_open : rows it reproduces, rows it does not, rows where it cannot be computed or judged.
    fails : methods it fails on.
    """

    definition: str
    label: str
    n_agree: int
    n_fail: int
    n_open: int
    fails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CompositeEvidenceResult(Result):
    """Candidate definitions against the printed composites.

    Attributes
    ----------
    rows : one per printed composite and definition, in printed order; feasibility rows follow their method.
    verdicts : one per definition, most agreements first.
    best : definitions that reproduce the most rows.
    """

    rows: tuple[EvidenceRow, ...] = ()
    verdicts: tuple[DefinitionVerdict, ...] = ()
    best: tuple[str, ...] = ()
