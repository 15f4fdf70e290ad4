"""Appraisal in declared syntheses: comparison, exclusion, subgroups, moderator; no weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from metareview.errors import InputError
from metareview.ingest import check_review, read_review
from metareview.stats.declared.result import SynthesisResult
from metareview.stats.declared.run import compute_synthesis, compute_synthesis_diagnostics
from tests.appraised import judged, make_review, sheet

LOW = {f"d{n}": "low" for n in range(1, 6)}
VALUES = [0.60, 0.62, 0.64, 0.80, 0.82, 0.84, 0.70, 0.71]


def yaml(more: str = "") -> str:
    return f"""
syntheses:
  - {{id: pooled, title: All, metric: accuracy, variance: [reported-se], label: [study_id]{more}}}
"""


def review(folder: Path, more: str = "", rows: list[dict[str, object]] | None = None) -> Path:
    """Three studies at low risk, three at high, two that raters differ on or nobody judged."""
    if rows is None:
        rows = [row for n in (1, 2, 3) for row in sheet(f"t{n}", "ana", **LOW)]
        rows += [row for n in (4, 5, 6) for row in sheet(f"t{n}", "ana", **{**LOW, "d4": "high"})]
        rows += judged("t7", "d1", ana="low", ben="high")
    return make_review(folder, rows, n=8, yaml=yaml(more), values=VALUES)


def fitted(folder: Path) -> SynthesisResult:
    tables = read_review(folder)
    return compute_synthesis(tables.tables, tables.spec, "pooled")


def test_the_row_low_risk_of_bias_is_there_without_being_asked_for(tmp_path: Path) -> None:
    result = fitted(review(tmp_path / "r"))
    row = next(row for row in result.sensitivity if row.name == "low risk of bias")
    assert row.k == 3
    assert row.estimate is not None
    weights = [1 / (0.02 + 0.005 * at) ** 2 for at in range(3)]  # no heterogeneity among the three: tau2 is 0
    pooled = sum(w * y for w, y in zip(weights, VALUES, strict=False)) / sum(weights)
    assert row.estimate.value == pytest.approx(pooled, abs=1e-9)
    assert "2 of 8 effects are of studies without an agreed judgement" in row.note
    assert len(result.rows) == 8


def test_without_an_appraisal_nothing_changes(tmp_path: Path) -> None:
    with_, without = fitted(review(tmp_path / "a")), fitted(review(tmp_path / "b", rows=[]))
    assert [row.name for row in without.sensitivity] == [
        row.name for row in with_.sensitivity if row.name != "low risk of bias"
    ]
    assert with_.coefficients == without.coefficients


def test_exclusion_keeps_low_risk_and_gives_reasons(tmp_path: Path) -> None:
    result = fitted(review(tmp_path / "r", ", quality: {tool: rob-2, use: exclude}"))
    assert [row.study_id for row in result.rows] == ["t1", "t2", "t3"]
    assert result.k_in == 8
    reasons = {d.what: d.reason for d in result.dropped}
    assert reasons["t4.e, accuracy"] == "RoB 2, Overall: judged high; low enters"
    assert "d1 is not judged" in reasons["t7.e, accuracy"] or "not judged" in reasons["t7.e, accuracy"]
    assert reasons["t8.e, accuracy"] == "RoB 2, Overall: the study is not appraised; low enters"
    wider = fitted(review(tmp_path / "s", ", quality: {tool: rob-2, use: exclude, levels: [low, high]}"))
    assert len(wider.rows) == 6


def test_subgroups_stand_from_best_to_worst(tmp_path: Path) -> None:
    result = fitted(review(tmp_path / "r", ", quality: {tool: rob-2, use: subgroup}"))
    assert [(group.name, group.k) for group in result.groups] == [("low", 3), ("high", 3), ("not judged", 2)]
    assert result.groups[1].estimate is not None
    assert result.groups[1].estimate.value == pytest.approx(0.82, abs=0.01)
    plain = fitted(review(tmp_path / "p"))
    assert result.coefficients[0].value == pytest.approx(plain.coefficients[0].value, abs=1e-9)


def test_a_moderator_drops_studies_without_judgement(tmp_path: Path) -> None:
    folder = review(tmp_path / "r", ", quality: {tool: rob-2, use: moderator}")
    result = fitted(folder)
    assert result.coefficients[0].name != "pooled effect"
    assert len(result.coefficients) == 2
    assert abs(result.coefficients[1].value) == pytest.approx(0.2, abs=0.02)
    assert len(result.dropped) == 2
    tables = read_review(folder)
    assert compute_synthesis_diagnostics(tables.tables, tables.spec, "pooled") is not None


def test_another_item_may_count(tmp_path: Path) -> None:
    result = fitted(review(tmp_path / "r", ", quality: {tool: rob-2, item: d1, use: exclude}"))
    assert [row.study_id for row in result.rows] == ["t1", "t2", "t3", "t4", "t5", "t6"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (", quality: {tool: rob2}", "the tool is known; did you mean 'rob-2'?"),
        (", quality: {tool: quadas-2}", "QUADAS-2 has no overall judgement by rule, so the item is named"),
        (", quality: {tool: rob-2, item: d6}", "it is a judged item of rob-2; known: d1, d2, d3, d4, d5, overall"),
        (", quality: {tool: rob-2, use: weights}", "'sensitivity', 'exclude', 'subgroup' or 'moderator'"),
        (", quality: {tool: rob-2, use: subgroup}, group: method", "leave out group"),
    ],
)
def test_bad_declarations_are_problems(tmp_path: Path, more: str, message: str) -> None:
    said = "\n".join(str(problem) for problem in check_review(review(tmp_path / "r", more)).problems)
    assert message in said


def test_a_level_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="quality level 'good' is not one of low, some concerns, high"):
        fitted(review(tmp_path / "r", ", quality: {tool: rob-2, use: exclude, levels: [good]}"))
