"""PRISMA counts, and the identities among them.

The spreadsheet has the columns of the PRISMA2020 R package's template (``data``, ``node``, ``box``, ``description``,
``boxtext``, ``tooltips``, ``url``, ``n``), so that files travel both ways, followed by our provenance columns. Counts
are kept as printed; what does not add up is reported by `check_identities`, never repaired. Two extensions: the items
of a list may stand in rows of their own (each with its own place in the document) instead of in one cell, and
``other_results`` counts what came by other methods when no source of it is named.

Sources: PRISMA 2020 flow diagram templates (Page et al., BMJ 2021;372:n71) for the boxes; Haddaway et al.,
Campbell Syst Rev 2022;18:e1230 for the template's columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from metareview.schema.base import Locator, Model, Printed, Slug, Text

__all__ = [
    "FLOW_COUNTS",
    "FLOW_NAMES",
    "Distribution",
    "Exclusion",
    "FlowRow",
    "IdentityCheck",
    "check_identities",
    "parse_reasons",
]

#: Names in the ``data`` column of the PRISMA2020 template whose ``n`` is one count.
FLOW_COUNTS: tuple[str, ...] = (
    "previous_studies", "previous_reports", "register_results", "database_results", "website_results",
    "organisation_results", "citations_results", "other_results", "duplicates", "excluded_automatic", "excluded_other",
    "records_screened", "records_excluded", "dbr_sought_reports", "dbr_notretrieved_reports",
    "other_sought_reports", "other_notretrieved_reports", "dbr_assessed", "other_assessed", "new_studies",
    "new_reports", "total_studies", "total_reports", "total_studies_ma", "total_reports_ma",
)  # fmt: skip
#: Names whose ``n`` is a list ``label, count; label, count``.
FLOW_LISTS: tuple[str, ...] = (
    "database_specific_results", "register_specific_results", "records_excluded_reasons", "dbr_excluded",
    "other_excluded",
)  # fmt: skip
FLOW_NAMES: tuple[str, ...] = FLOW_COUNTS + FLOW_LISTS

_REASON = re.compile(r"^(?P<label>.+),\s*(?P<n>\d+)$", re.DOTALL)


class FlowRow(Model):
    """One row of ``flow.csv``: a line of the PRISMA2020 template with its provenance."""

    data: Text | None = None
    """Name of the count; empty for a heading of the template."""
    node: Text | None = None
    """Node number of the template."""
    box: Text | None = None
    """Box of the template."""
    description: Text | None = None
    """What is counted."""
    boxtext: Text | None = None
    """Text in the box."""
    tooltips: Text | None = None
    """Tooltip of the box."""
    url: Text | None = None
    """Page the box links to."""
    n: Annotated[str, Field(pattern=r"^(\d+|.+,\s*\d+(;\s*.+,\s*\d+)*)$", max_length=20_000)] | None = None
    """The count, or a list ``label, count; label, count``; empty hides the line."""
    source_id: Slug | None = None
    """The document."""
    locator: Locator | None = None
    """The place in it."""
    printed: Printed | None = None
    """The figure exactly as printed there."""
    uncertain: bool = False
    """Whether the reading is inferred."""
    note: Text | None = None
    """Remark of the curator."""


class Exclusion(Model):
    """A reason for exclusion with its count (one row of ``exclusions.csv``)."""

    stage: Literal["title_abstract", "full_text"]
    """Stage of screening."""
    reason: Text
    """The reason."""
    n: Annotated[int, Field(ge=0)]
    """How many."""
    source_id: Slug
    """The document."""
    locator: Locator
    """The place in it."""
    printed: Printed | None = None
    """The figure exactly as printed there."""
    uncertain: bool = False
    """Whether the reading is inferred."""
    note: Text | None = None
    """Remark of the curator."""


class Distribution(Model):
    """A published count of studies with an attribute (one row of ``distributions.csv``)."""

    attribute: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """The attribute."""
    value: Text
    """Its value, in the words of ``studies.csv`` and ``study_facts.csv`` where they have it."""
    group: Text | None = None
    """The group it is printed in, where the document groups the values."""
    n: Annotated[int, Field(ge=0)]
    """How many studies have it."""
    corpus: Slug
    """The body of studies counted."""
    source_id: Slug
    """The document."""
    locator: Locator
    """The place in it."""
    printed: Printed | None = None
    """The figure exactly as printed there."""
    uncertain: bool = False
    """Whether the reading is inferred."""
    note: Text | None = None
    """Remark of the curator."""


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """Outcome of one identity.

    Attributes
    ----------
    name : identifier, ``H`` for identities that always hold, ``W`` for those that may break with a reason.
    statement : the identity in words.
    holds : True, False, or None where a count it needs is not there.
    expected, found : right side and left side of the identity.
    names : the counts it reads.
    """

    name: str
    statement: str
    holds: bool | None
    expected: int | None
    found: int | None
    names: tuple[str, ...]

    @property
    def difference(self) -> int | None:
        """Found minus expected."""
        return None if self.expected is None or self.found is None else self.found - self.expected


def parse_reasons(text: str) -> tuple[tuple[str, int], ...]:
    """Split ``label, count; label, count``; the count follows the *last* comma, so labels may contain commas.

    >>> parse_reasons("Wrong population, adults, 5; Not found, 2")
    (('Wrong population, adults', 5), ('Not found', 2))
    """
    parts = (_REASON.match(part.strip()) for part in text.split(";"))
    return tuple((part["label"].strip(), int(part["n"])) for part in parts if part)


def flow_counts(rows: Iterable[FlowRow]) -> dict[str, int]:
    """Return the counts by name; a list counts as the sum of its items, in one row or in several."""
    counts: dict[str, int] = {}
    for row in rows:
        if row.data is None or row.n is None or row.data not in FLOW_NAMES:
            continue
        n = int(row.n) if row.n.isdigit() else sum(n for _, n in parse_reasons(row.n))
        counts[row.data] = n + (counts.get(row.data, 0) if row.data in FLOW_LISTS else 0)
    return counts


@dataclass(frozen=True, slots=True)
class _Identity:
    name: str
    statement: str
    left: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()


_IDENTITIES: tuple[_Identity, ...] = (
    _Identity(
        "H9",
        "databases: the total is the sum of its sources",
        "database_results",
        ("database_specific_results",),
    ),
    _Identity(
        "H9r",
        "registers: the total is the sum of its sources",
        "register_results",
        ("register_specific_results",),
    ),
    _Identity(
        "H1",
        "records screened = records identified - records removed before screening",
        "records_screened",
        ("database_results", "register_results"),
        ("duplicates", "excluded_automatic", "excluded_other"),
    ),
    _Identity(
        "H4",
        "reasons for exclusion at title and abstract sum to the records excluded",
        "records_excluded",
        ("records_excluded_reasons",),
    ),
    _Identity(
        "W4",
        "reports sought = records screened - records excluded",
        "dbr_sought_reports",
        ("records_screened",),
        ("records_excluded",),
    ),
    _Identity(
        "H2",
        "reports assessed = reports sought - reports not retrieved",
        "dbr_assessed",
        ("dbr_sought_reports",),
        ("dbr_notretrieved_reports",),
    ),
    _Identity(
        "H3",
        "other methods: reports assessed = reports sought - reports not retrieved",
        "other_assessed",
        ("other_sought_reports",),
        ("other_notretrieved_reports",),
    ),
    _Identity(
        "W5",
        "other methods: reports sought = sum of the other sources",
        "other_sought_reports",
        ("website_results", "organisation_results", "citations_results", "other_results"),
    ),
    _Identity(
        "W6",
        "studies included = reports assessed - reports excluded, both arms",
        "new_studies",
        ("dbr_assessed", "other_assessed"),
        ("dbr_excluded", "other_excluded"),
    ),
    _Identity(
        "H6",
        "reports included = reports assessed - reports excluded, both arms",
        "new_reports",
        ("dbr_assessed", "other_assessed"),
        ("dbr_excluded", "other_excluded"),
    ),
    _Identity(
        "H8",
        "total reports = previous reports + new reports",
        "total_reports",
        ("previous_reports", "new_reports"),
    ),
    _Identity(
        "W8",
        "total studies = previous studies + new studies",
        "total_studies",
        ("previous_studies", "new_studies"),
    ),
)
#: Terms that count as zero when the diagram does not have their box.
_OPTIONAL = frozenset({
    "register_results", "excluded_automatic", "excluded_other", "dbr_notretrieved_reports", "other_assessed",
    "other_excluded", "other_notretrieved_reports", "website_results", "organisation_results", "citations_results",
    "other_results",
})  # fmt: skip


def check_identities(counts: Mapping[str, int]) -> tuple[IdentityCheck, ...]:
    """Check every identity whose left side is printed.

    Parameters
    ----------
    counts : mapping from a name of the template to its count, as `flow_counts` returns it.

    >>> [check.difference for check in check_identities(
    ...     {"database_results": 10, "duplicates": 3, "records_screened": 6})]
    [-1]
    """
    # where the other arm prints one count only, that count stands for its reports assessed
    known = {"other_assessed": counts["other_results"], **counts} if "other_results" in counts else counts
    checks = [_check(identity, known) for identity in _IDENTITIES if identity.left in counts]
    checks += _order_checks(counts)
    return tuple(check for check in checks if check.holds is not None)


def _check(identity: _Identity, counts: Mapping[str, int]) -> IdentityCheck:
    terms = identity.plus + identity.minus
    known = any(name in counts for name in identity.plus) and all(name in counts or name in _OPTIONAL for name in terms)
    found = counts[identity.left]
    expected = None
    if known:
        expected = sum(counts.get(n, 0) for n in identity.plus) - sum(counts.get(n, 0) for n in identity.minus)
    used = (identity.left, *(name for name in terms if name in counts))
    holds = None if expected is None else expected == found
    return IdentityCheck(identity.name, identity.statement, holds, expected, found, used)


def _order_checks(counts: Mapping[str, int]) -> list[IdentityCheck]:
    pairs = (
        ("H7", "studies included are not more than their reports", "new_studies", "new_reports"),
        (
            "H10",
            "studies in the synthesis are not more than the studies included",
            "total_studies_ma",
            "new_studies",
        ),
    )
    return [
        IdentityCheck(name, statement, counts[small] <= counts[large], counts[large], counts[small], (small, large))
        for name, statement, small, large in pairs
        if small in counts and large in counts
    ]
