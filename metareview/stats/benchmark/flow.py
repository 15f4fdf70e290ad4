"""The arithmetic of the PRISMA counts: identities, and whether the reasons for exclusion add up."""

from __future__ import annotations

from dataclasses import dataclass

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["FlowCheckRow", "FlowCount", "FlowResult", "ReasonCount"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCount:
    """One published count under its name in the PRISMA2020 template."""

    name: str
    n: int
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """One published reason for exclusion; `source` is the table it stands in (exclusions or flow)."""

    stage: str
    reason: str
    n: int
    source: str
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCheckRow:
    """Outcome of one identity or partition.

    Attributes
    ----------
    name, statement : which identity, in words.
    holds : whether it does; None where a count it needs is not printed.
    expected, found, difference : right side, left side, found minus expected.
    names : the counts it reads (names of the template, or ``exclusions:<stage>``).
    message : a sentence for the reader, empty where it holds.
    """

    name: str
    statement: str
    holds: bool | None
    expected: int | None
    found: int | None
    difference: int | None
    names: tuple[str, ...]
    message: str = ""
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FlowResult(Result):
    """Published PRISMA counts and what contradicts in them.

    Attributes
    ----------
    checks : identities first, then partitions by reasons.
    counts, reasons : what they were made from.
    """

    checks: tuple[FlowCheckRow, ...] = ()
    counts: tuple[FlowCount, ...] = ()
    reasons: tuple[ReasonCount, ...] = ()
