"""The findings there are, in the order of the overview."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from metareview.report.findings import evidence, published, standing
from metareview.report.findings.base import Finding, Make, Views
from metareview.schema.review import ReviewSpec

__all__ = ["FINDINGS", "MOST", "FindingSpec", "key_findings", "leading", "views_of"]

#: Findings that the overview prints; it names the topics of any further ones.
MOST = 8


@dataclass(frozen=True, slots=True)
class FindingSpec:
    """One kind of finding.

    Attributes
    ----------
    make : returns its findings from the views of the page; none where there is nothing to say.
    views : names of the views it reads; a name that ends with ``-`` stands for every declared thing of that kind.
    """

    make: Make
    views: tuple[str, ...]


FINDINGS: dict[str, FindingSpec] = {
    "audit": FindingSpec(published.audit, ("audit-summary", "audit")),
    "leader": FindingSpec(standing.leader, ("benchmark", "ranking-", "multiverse")),
    "composites": FindingSpec(published.composites, ("composite-verdicts",)),
    "categories": FindingSpec(published.categories, ("category-models",)),
    "syntheses": FindingSpec(evidence.syntheses, ("syntheses", "fit-")),
    "rankings": FindingSpec(standing.rankings, ("ranking-",)),
    "reruns": FindingSpec(evidence.reruns, ("replication",)),
    "code": FindingSpec(evidence.code, ("availability",)),
    "appraisal": FindingSpec(evidence.appraisal, ("appraisal-coverage",)),
}


def views_of(spec: ReviewSpec) -> list[str]:
    """Return the names of the views that the findings of a review are made from, in the order of the report."""
    from metareview.report.registry import views_for

    asked = {name for entry in FINDINGS.values() for name in entry.views}
    stems = tuple(name for name in asked if name.endswith("-"))
    return [name for name in views_for(spec) if name in asked or name.startswith(stems)]


def key_findings(views: Views, spec: ReviewSpec) -> tuple[Finding, ...]:
    """Return every finding that the views of a page allow, in the order of `FINDINGS`."""
    return tuple(finding for entry in FINDINGS.values() for finding in entry.make(views, spec))


def leading(findings: tuple[Finding, ...], most: int = MOST) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings that are printed, and the rest: the first of every kind goes before the second of any."""
    seen: Counter[str] = Counter()
    turns = []
    for at, found in enumerate(findings):
        turns.append((seen[found.name], at))
        seen[found.name] += 1
    kept = {at for _, at in sorted(turns)[:most]}
    shown = tuple(found for at, found in enumerate(findings) if at in kept)
    return shown, tuple(found for at, found in enumerate(findings) if at not in kept)
