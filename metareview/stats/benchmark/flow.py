"""The arithmetic of the PRISMA counts: identities, and whether the reasons for exclusion add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.results import Dropped, Result
from metareview.schema.flow import (
    FLOW_LISTS,
    FLOW_NAMES,
    FlowRow,
    IdentityCheck,
    check_identities,
    flow_counts,
    parse_reasons,
)
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.rows import Row, Tables, frame_of, records, ref_of, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FlowCheckRow", "FlowCount", "FlowResult", "ReasonCount", "compute_flow"]

#: Where the reasons of a stage must add up to.
_EXCLUDED = {"title_abstract": "records_excluded", "full_text": "dbr_excluded"}
_STAGES = {"title_abstract": "title and abstract", "full_text": "full text"}

_Refs = dict[str, tuple[SourceRef, ...]]


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

    def to_frame(self) -> pd.DataFrame:
        """Return one row per identity or partition."""
        return frame_of(self.checks, FlowCheckRow)


def compute_flow(tables: Tables, spec: ReviewSpec) -> FlowResult:
    """Check the arithmetic of the published PRISMA counts; nothing is repaired.

    Three kinds of check: the identities of the diagram (`metareview.schema.flow`), a count printed twice with
    different figures, and reasons for exclusion that should add up to the number excluded, once per place where a
    list of reasons is printed. Rows of the template without a count (headings, boxes that are not printed) ask nothing.
    """
    rows = [row for row in records(tables, "flow") if row.get("n") is not None]
    counted = [row for row in rows if text(row.get("data")) in FLOW_NAMES]
    dropped = [
        Dropped(f"flow, {row.get('data') or 'a row without name'}", "no count of the PRISMA 2020 template", ref_of(row))
        for row in rows
        if text(row.get("data")) not in FLOW_NAMES
    ]
    first, again = _first_prints(counted)
    counts = flow_counts(FlowRow(data=row["data"], n=row["n"]) for row in first)
    refs: _Refs = {}
    for row in first:
        refs[row["data"]] = (*refs.get(row["data"], ()), ref_of(row))
    exclusions = records(tables, "exclusions")
    checks = [
        *(_identity(check, refs) for check in check_identities(counts)),
        *(_repeat(row, counts[row["data"]], refs) for row in again),
        *_partitions(exclusions, counts, refs),
    ]
    return FlowResult(
        checks=tuple(checks),
        counts=tuple(FlowCount(name=name, n=n, refs=refs[name]) for name, n in counts.items()),
        reasons=(*(_exclusion(row) for row in exclusions), *_listed_reasons(first)),
        methods=("identities of the PRISMA 2020 flow diagram (Page et al. 2021)",),
        k_in=len(rows) + len(exclusions),
        k_used=len(counted) + len(exclusions),
        dropped=tuple(dropped),
        warnings=tuple(check.message for check in checks if check.message),
    )


def _first_prints(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Split rows into the first of each count and further ones; items of lists are no repetitions."""
    seen: set[str] = set()
    first: list[Row] = []
    again: list[Row] = []
    for row in rows:
        repeated = row["data"] in seen and row["data"] not in FLOW_LISTS
        (again if repeated else first).append(row)
        seen.add(row["data"])
    return first, again


def _identity(check: IdentityCheck, refs: _Refs) -> FlowCheckRow:
    message = ""
    if check.holds is False:
        message = f"{check.statement}: printed {check.found}, expected {check.expected} ({check.difference:+d})"
    return FlowCheckRow(
        name=check.name,
        statement=check.statement,
        holds=check.holds,
        expected=check.expected,
        found=check.found,
        difference=check.difference,
        names=check.names,
        message=message,
        refs=tuple(ref for name in check.names for ref in refs.get(name, ())),
    )


def _repeat(row: Row, n: int, refs: _Refs) -> FlowCheckRow:
    found = int(row["n"])
    statement = f"{row['data']} is the same wherever it is printed"
    return FlowCheckRow(
        name="repeat",
        statement=statement,
        holds=found == n,
        expected=n,
        found=found,
        difference=found - n,
        names=(row["data"],),
        message="" if found == n else f"{statement}: printed {n} and {found}",
        refs=(*refs[row["data"]], ref_of(row)),
    )


def _partitions(exclusions: Sequence[Row], counts: dict[str, int], refs: _Refs) -> list[FlowCheckRow]:
    """One check per stage and list of reasons; lists printed in different places never mix."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in exclusions:
        groups.setdefault((row["stage"], text(row.get("source_id")), _place(row)), []).append(row)
    checks = []
    for (stage, source, place), members in groups.items():
        name = _EXCLUDED[stage]
        found = sum(int(row["n"]) for row in members)
        expected = counts.get(name)
        holds = None if expected is None else found == expected
        where = f"{source}, {place}" if place else source
        statement = f"the {len(members)} reasons for exclusion at {_STAGES[stage]} ({where}) add up"
        message = f"{statement}: they sum to {found}, printed {expected}" if holds is False else ""
        checks.append(
            FlowCheckRow(
                name=f"partition-{stage.replace('_', '-')}",
                statement=statement,
                holds=holds,
                expected=expected,
                found=found,
                difference=None if expected is None else found - expected,
                names=(name, f"exclusions:{stage}"),
                message=message,
                refs=(*refs.get(name, ()), *(ref_of(row) for row in members)),
            )
        )
    return checks


def _place(row: Row) -> str:
    """Return the figure or table that a reason is printed in; empty for running text."""
    parts = (part.strip() for part in text(row.get("locator")).split(";"))
    return next((part for part in parts if part.lower().startswith(("fig", "table"))), "")


def _exclusion(row: Row) -> ReasonCount:
    return ReasonCount(
        stage=row["stage"], reason=row["reason"], n=int(row["n"]), source="exclusions", refs=(ref_of(row),)
    )


def _listed_reasons(rows: Sequence[Row]) -> list[ReasonCount]:
    stages = {"records_excluded_reasons": "title_abstract", "dbr_excluded": "full_text", "other_excluded": "full_text"}
    return [
        ReasonCount(stage=stages[row["data"]], reason=reason, n=n, source="flow", refs=(ref_of(row),))
        for row in rows
        if row["data"] in stages
        for reason, n in parse_reasons(row["n"])
    ]
