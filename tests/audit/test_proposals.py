"""Proposals: what is found in a text, what is left alone, and how many claims of a person they meet."""

from __future__ import annotations

from pathlib import Path

import pytest

from metareview.audit import audit_claims
from metareview.audit.claims import ClaimRow, read_claims
from metareview.audit.propose import propose_claims, score_proposals
from metareview.audit.texts import SourceText

REVIEW = Path(__file__).parents[2] / "data" / "studies" / "brain-em"
FOUND = [
    ("count-list", "FIB-SEM in 11 stud-\nies [25,43,56,58,61].", ("11 studies [25,43,56,58,61]",)),
    ("size", "CREMI has 4 x 4 x 40 nm voxels", ("4 x 4 x 40",)),
    ("hardware", "trained on 32 x A100 cards", ("32 x A100",)),
    ("bound", "coefficient of variation (CV) < 0.033 over", ("CV) < 0.033",)),
    ("bound", "no difference (p > 0.4)", ("p > 0.4",)),
    ("share-of", "with 44 of the 60 studies", ("44 of the 60",)),
    ("span", "improves by 13%-35% on average", ("13%-35%",)),
    ("label", "Supervised (50)", ("Supervised (50",)),
    ("value", "an mAP=0.865 on synapses", ("mAP=0.865",)),
    ("range", "between 0.896 to 0.901 here", ("0.896 to 0.901",)),
    ("count", "Four key evolutionary trends emerge", ("Four key evolutionary trends",)),
    ("row", "Dice 15 0.896 0.132 0.549 0.974 0.948", ("15", "0.896", "0.132", "0.549", "0.974", "0.948")),
]


@pytest.mark.parametrize(("kind", "text", "printed"), FOUND)
def test_what_is_proposed(kind: str, text: str, printed: tuple[str, ...]) -> None:
    found = [item for item in propose_claims(text, "paper") if item.kind == kind]
    assert [item.claim.printed for item in found] == [printed]


@pytest.mark.parametrize(
    "text",
    [
        "see Supplementary Material A, Table 1 for complete study list",
        "as shown by others [19,33-37]",
        "an average above 1. for models of all kinds",
    ],
)
def test_what_is_no_claim(text: str) -> None:
    assert propose_claims(text, "paper") == ()


def test_a_decimal_is_not_cut_into_a_count() -> None:
    found = propose_claims("recall above 0.99 in BigNeuron datasets", "paper")
    assert [(item.kind, item.figure) for item in found] == [("decimal", "0.99")]


@pytest.mark.parametrize(("kind", "text", "printed"), FOUND)
def test_every_proposed_figure_stands_at_its_place(kind: str, text: str, printed: tuple[str, ...]) -> None:
    rows = [ClaimRow(item.claim) for item in propose_claims(f"one\n\n{text}\n", "paper")]
    result = audit_claims(rows, texts={"paper": SourceText.of("paper", f"one\n\n{text}\n")})
    assert [str(row) for row in result.dropped] == []
    assert {row.verdict for row in result.rows} <= {"not_checkable", "contradicted_if", "consistent"}


@pytest.mark.needs_sources
def test_how_many_claims_of_the_founding_review_are_met(sources: Path) -> None:
    text = (sources / "shah2025_review.txt").read_text(encoding="utf-8")
    own = [row.claim for row in read_claims(REVIEW / "claims.csv")[0] if row.claim.source_id == "shah2025_review"]
    score = score_proposals(propose_claims(text, "shah2025_review"), own)
    assert score.claims > 400
    assert score.recall > 0.75
    assert score.precision > 0.9
