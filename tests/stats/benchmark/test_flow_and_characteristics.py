"""Published counts: their arithmetic, and what is on record beside them."""

from __future__ import annotations

from typing import Any

from benchmark_tables import build, spec, study

from metareview.stats.benchmark.characteristics import CharacteristicsResult, compute_characteristics
from metareview.stats.benchmark.flow import FlowResult, compute_flow


def flow(data: str, n: str | None, **more: Any) -> dict[str, Any]:
    return {"data": data, "n": n, "source_id": "review", "locator": "L282", "printed": n} | more


def exclusion(stage: str, reason: str, n: int, locator: str = "L346") -> dict[str, Any]:
    return {"stage": stage, "reason": reason, "n": n, "source_id": "review", "locator": locator}


#: The founding review's Figure 3 and section 2.3 (a hundred records are missing).
FLOW = [
    flow("NA", None),
    flow("database_results", "2330"),
    *(flow("database_specific_results", n) for n in ("621", "859", "496", "154", "200")),
    flow("duplicates", "684"),
    flow("records_screened", "1546"),
    flow("records_excluded", "1392"),
    flow("new_studies", None),
]
EXCLUSIONS = [
    *(exclusion("title_abstract", f"reason {n}", n) for n in (884, 372, 111, 20, 5)),
    *(exclusion("title_abstract", f"reason {n}", n, "L289; Fig. 3") for n in (884, 372, 111, 21)),
    exclusion("full_text", "other", 3),
]


def test_the_contradiction_of_the_founding_review_is_found() -> None:
    found = compute_flow(build(flow=FLOW, exclusions=EXCLUSIONS), spec())
    checks = {check.name: check for check in found.checks}
    assert checks["H9"].holds is True
    assert (checks["H1"].holds, checks["H1"].expected, checks["H1"].found, checks["H1"].difference) == (
        False, 1646, 1546, -100,
    )  # fmt: skip
    assert {ref.printed for ref in checks["H1"].refs} == {"1546", "2330", "684"}
    assert found.warnings[0].endswith("printed 1546, expected 1646 (-100)")
    assert {count.name: count.n for count in found.counts}["database_specific_results"] == 2330


def test_reasons_are_added_up_per_place() -> None:
    found = compute_flow(build(flow=FLOW, exclusions=EXCLUSIONS), spec())
    parts = [check for check in found.checks if check.name.startswith("partition")]
    assert [(check.name, check.found, check.expected, check.holds) for check in parts] == [
        ("partition-title-abstract", 1392, 1392, True),
        ("partition-title-abstract", 1388, 1392, False),
        ("partition-full-text", 3, None, None),
    ]
    assert "Fig. 3" in parts[1].message
    assert len(found.reasons) == 10


def test_a_count_printed_twice_and_unknown_names() -> None:
    rows = [flow("duplicates", "684"), flow("duplicates", "694", locator="L308"), flow("surprises", "3")]
    found = compute_flow(build(flow=rows), spec())
    (check,) = found.checks
    assert (check.name, check.holds, check.expected, check.found) == ("repeat", False, 684, 694)
    assert found.counts[0].n == 684
    assert [dropped.what for dropped in found.dropped] == ["flow, surprises"]
    assert (found.k_in, found.k_used) == (3, 2)


def test_lists_in_one_cell_are_reasons() -> None:
    found = compute_flow(build(flow=[flow("dbr_excluded", "Wrong task, no EM, 5; Not found, 2")]), spec())
    assert [(reason.reason, reason.n, reason.source) for reason in found.reasons] == [
        ("Wrong task, no EM", 5, "flow"), ("Not found", 2, "flow"),
    ]  # fmt: skip
    assert FlowResult.from_json(found.to_json()).to_json() == found.to_json()


def test_nothing_printed_nothing_checked() -> None:
    found = compute_flow(build(), spec())
    assert (found.checks, found.k_in) == ((), 0)
    assert "statement" in found.to_frame().columns


def published(attribute: str, value: str, n: int, corpus: str = "review") -> dict[str, Any]:
    return {
        "attribute": attribute, "value": value, "n": n, "corpus": corpus, "source_id": "review", "locator": "L934",
        "printed": str(n),
    }  # fmt: skip


STUDIES = [
    study("a", dimension="3D", task="instance", category="CNN", targets=("neurons", "synapses")),
    study("b", dimension="2D", task="unclear", category="CNN"),
    study("c", task="semantic", targets=("nuclei",)),
    study("d"),
    study("e", dimension="3D", corpus=("poster",)),
]


def characteristics(**more: Any) -> CharacteristicsResult:
    return compute_characteristics(build(studies=STUDIES, **more), spec(attributes={"dimension": ["2D", "3D"]}))


def test_published_beside_recorded() -> None:
    found = characteristics(distributions=[published("dimension", "3D", 37), published("dimension", "2d", 23)])
    rows = {row.value: row for row in found.rows if row.attribute == "dimension"}
    assert (rows["3D"].published, rows["3D"].recorded, rows["3D"].n_corpus, rows["3D"].share) == (37, 1, 4, 0.25)
    assert (rows["2D"].published, rows["2D"].recorded) == (23, 1), "labels differ in case only"
    assert (rows["not stated"].published, rows["not stated"].recorded) == (None, 2)
    assert rows["3D"].published_refs[0].printed == "37"
    assert sum(row.recorded for row in rows.values()) == 4


def test_codes_are_not_stated_and_lists_are_multiple() -> None:
    found = characteristics()
    task = {row.value: row.recorded for row in found.rows if row.attribute == "task"}
    assert task == {"instance": 1, "semantic": 1, "not stated": 2}
    targets = [row for row in found.rows if row.attribute == "targets"]
    assert all(row.multiple for row in targets)
    assert {row.value: row.recorded for row in targets}["neurons"] == 1


def test_attributes_from_facts_and_labels_that_nobody_uses() -> None:
    facts = [
        {"study_id": "a", "attribute": "loss", "value": "BCE", "source_id": "review", "locator": "L5"},
        {"study_id": "a", "attribute": "loss", "value": "BCE", "source_id": "poster", "locator": "L6"},
    ]
    found = characteristics(
        study_facts=facts,
        distributions=[published("loss", "BCE", 4), published("loss", "Dice loss", 3), published("era", "late", 2)],
    )
    loss = {row.value: row for row in found.rows if row.attribute == "loss"}
    assert (loss["BCE"].published, loss["BCE"].recorded, loss["Dice loss"].recorded) == (4, 1, 0)
    assert [row.value for row in found.rows if row.attribute == "era"] == ["late"]
    assert any("loss: no study on record has the published value Dice loss" in text for text in found.warnings)


def test_links_come_from_studies_that_state_an_end() -> None:
    found = characteristics()
    assert found.sequence == ("dimension", "task", "category", "targets")
    links = {
        (link.source_value, link.target_value): link.n
        for link in found.links
        if (link.source_attribute, link.target_attribute) == ("dimension", "task")
    }
    assert links == {("3D", "instance"): 1, ("2D", "not stated"): 1, ("not stated", "semantic"): 1}
    ends = [link for link in found.links if link.target_attribute == "targets" and "a" in link.studies]
    assert len(ends) == 2, "a study with two targets is in two links"


def test_json() -> None:
    found = characteristics(distributions=[published("dimension", "3D", 37, corpus="elsewhere")])
    assert [dropped.reason for dropped in found.dropped] == ["elsewhere is no corpus"]
    assert CharacteristicsResult.from_json(found.to_json()).to_json() == found.to_json()
