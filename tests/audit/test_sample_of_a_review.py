"""Statements of a published review, one of each kind, written as claims: verdicts, and every figure at its place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from metareview.audit import AuditResult, audit_claims
from metareview.audit.claims import read_claims
from metareview.audit.literals import coverage
from metareview.audit.propose import propose_claims, score_proposals
from metareview.audit.texts import SourceText, find_texts

SAMPLE = Path(__file__).parent / "sample" / "claims.csv"
CONTRADICTED = {
    "l18-code-repeat", "l18-code-share", "l285-screened", "l660-atum", "l988-3d-share", "l959-3d-share",
    "l1032-transformers", "l1570-code-repeat", "l1771-unet",
}  # fmt: skip
CONDITIONAL = {
    "l7-jaccard-gap", "l589-snemi", "l1068-classes", "l1357-supervision", "l1707-cv", "t3-first-mean", "t3-rule",
    "l1811-best-jaccard",
}  # fmt: skip


@pytest.fixture(scope="module")
def audited() -> AuditResult:
    return audit_claims(*read_claims(SAMPLE))


def test_verdicts(audited: AuditResult) -> None:
    assert audited.dropped == ()
    assert {row.id for row in audited.with_verdict("contradicted")} == CONTRADICTED
    assert {row.id for row in audited.with_verdict("contradicted_if")} == CONDITIONAL
    assert {row.id for row in audited.with_verdict("not_checkable")} == {"l515-ssem", "l1869-figure10"}
    assert Counter(row.verdict for row in audited.rows)["consistent"] == 18


def test_most_of_the_summary_table_holds(audited: AuditResult) -> None:
    assert {row.verdict for row in audited.rows if row.id.startswith("t2-")} == {"consistent"}


@pytest.mark.needs_sources
def test_every_figure_stands_at_its_place(sources: Path) -> None:
    texts, warnings = find_texts([sources], {"shah2025_review": ""})
    found = audit_claims(*read_claims(SAMPLE), texts=texts)
    assert warnings == []
    assert [str(row) for row in found.dropped] == []


@pytest.mark.needs_sources
def test_how_many_printed_numbers_the_sample_covers(sources: Path) -> None:
    texts, _ = find_texts([sources], {"shah2025_review": ""})
    claims, _ = read_claims(SAMPLE)
    found = coverage(texts["shah2025_review"], claims)
    assert found.printed > 500
    assert 60 < found.covered < found.printed


@pytest.mark.needs_sources
def test_proposals_find_most_of_the_sample(sources: Path) -> None:
    texts, _ = find_texts([sources], {"shah2025_review": ""})
    text = texts["shah2025_review"]
    claims, _ = read_claims(SAMPLE)
    score = score_proposals(propose_claims("\n".join(text.lines), text.source_id), [row.claim for row in claims])
    assert score.recall > 0.6
    assert score.proposals > 50


def test_scoring_of_proposals() -> None:
    text = SourceText.of("paper", "Five studies [1,2,3] agree, 54% of them.\nWe have 20 rows.\n7 studies [4,5] do not.")
    found = propose_claims("\n".join(text.lines), "paper")
    own = [item.claim for item in found if item.kind == "count-list"]
    score = score_proposals(found, own[:1])
    assert (score.found, score.claims, score.recall) == (1, 1, 1.0)
    assert 0 < score.precision < 1
    assert score_proposals((), own).precision == 0.0
