"""Which definition gives the printed composites, and what is feasible where none does."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from benchmark_tables import build, experiment, result, spec
from numpy.testing import assert_allclose

from metareview.stats.benchmark.evidence import CompositeEvidenceResult, compute_composite_evidence
from metareview.stats.benchmark.feasibility import attainable, patterns

SPEC = spec(composite={"metrics": ["dice", "jaccard", "ap"], "corpus": "review"})


def statement(line: int, value: float, **more: Any) -> dict[str, Any]:
    return {
        "statement_id": f"s{line}",
        "topic": "summary",
        "subject": f"row {line}",
        "statistic": "composite",
        "value": value,
        "source_id": "review",
        "locator": f"L{line}; Table 3",
        "printed": f"{value:.3f}",
    } | more


def at(line: int, experiment_id: str, metric: str, value: float, **more: Any) -> dict[str, Any]:
    return result(experiment_id, metric, value, locator=f"L{line}; Table 3", **more)


#: Rows of the founding review's Table 3: 3D Trans.+U-Net, UTR, SAM2, FragViT.
RESULTS = [
    at(1715, "r38.T.-", "dice", 0.955, level="study_mean"),
    at(1715, "r38.T.-", "ap", 0.951, level="study_mean"),
    result("r38.prose.cremi", "dice", 0.834, locator="L1497"),
    at(1720, "r56.UTR.cremi", "dice", 0.901),
    result("r56.baseline.cremi", "dice", 0.896, locator="L1662"),
    at(1722, "r21.SAM2.lucchi", "dice", 0.924),
    at(1722, "r21.SAM2.lucchi", "jaccard", 0.861),
    at(1724, "r15.FragViT.lucchi", "dice", 0.950),
    at(1724, "r15.FragViT.lucchi", "jaccard", 0.905),
    at(1724, "r15.FragViT.mitoem-r", "ap", 0.769, uncertain=True),
]
EXPERIMENTS = [
    experiment("r38.T.-", datasets=("cremi", "mitoem")),
    *(experiment(name) for name in dict.fromkeys(row["experiment_id"] for row in RESULTS) if name != "r38.T.-"),
]
STATEMENTS = [
    statement(8, 0.954, locator="L8", study_id="r38"),
    statement(1715, 0.954, study_id="r38"),
    statement(1715, 5, statistic="n_datasets", printed="5"),
    statement(1720, 0.901),
    statement(1722, 0.893),
    statement(1724, 0.848),
    statement(1724, 3, statistic="n_datasets", printed="3"),
]


@pytest.fixture(scope="module")
def found() -> CompositeEvidenceResult:
    return compute_composite_evidence(build(RESULTS, experiments=EXPERIMENTS, statements=STATEMENTS), SPEC)


def agreement(found: CompositeEvidenceResult, definition: str) -> dict[str, bool | None]:
    return {row.method: row.agrees for row in found.rows if row.definition == definition}


def test_mean_over_experiments_gives_all_but_the_first_row(found: CompositeEvidenceResult) -> None:
    assert agreement(found, "experiments") == {"T": False, "UTR": True, "SAM2": True, "FragViT": True}
    assert agreement(found, "experiments-half-even")["SAM2"] is False
    assert agreement(found, "values")["FragViT"] is False
    assert agreement(found, "geometric")["SAM2"] is False
    assert agreement(found, "experiments-of-study")["UTR"] is False, "the baseline is another method"
    assert "experiments" in found.best
    assert "families" in found.best


def test_what_a_row_fails_on_is_said(found: CompositeEvidenceResult) -> None:
    reasons = {(row.method, row.definition): row.reason for row in found.rows}
    assert reasons["T", "experiments"] == "gives 0.953, printed 0.954"
    assert reasons["SAM2", "experiments-half-even"] == "gives 0.892 (0.8925 is a tie), printed 0.893"
    assert reasons["UTR", "experiments"] == "one printed value: every mean reproduces it"
    assert reasons["FragViT", "experiments"] == (
        "holds if the curator is right to assign its values to 2 experiments; "
        "the row is over 3 data sets, of which 2 enter"
    )


def test_verdicts_count_what_weakens_them(found: CompositeEvidenceResult) -> None:
    verdict = {entry.definition: entry for entry in found.verdicts}["experiments"]
    assert (verdict.n_agree, verdict.n_fail, verdict.n_open) == (3, 1, 0)
    assert (verdict.n_trivial, verdict.n_inferred, verdict.fails) == (1, 1, ("T",))
    assert "no definition tried reproduces all 4 printed composites" in found.warnings


def test_feasibility_is_never_agreement(found: CompositeEvidenceResult) -> None:
    plain, pinned = (row for row in found.rows if row.kind == "feasibility")
    assert (plain.agrees, plain.k, plain.value) == (True, 5, None)
    assert plain.low is not None
    assert plain.high is not None
    assert plain.low < 0.954 < plain.high
    assert plain.reason == (
        "values exist under 16 of the 19 ways in which 5 data sets can report dice and ap; "
        "for example 1 with ap, 4 with ap and dice; none if every data set reports all"
    )
    assert pinned.definition == "feasibility-with:r38.prose.cremi"
    assert "dice 0.834 (prose, cremi) among them" in pinned.reason
    assert pinned.agrees is True
    assert not any(verdict.definition.startswith("feasib") for verdict in found.verdicts)


def test_a_repeated_figure_counts_once(found: CompositeEvidenceResult) -> None:
    assert [dropped.reason for dropped in found.dropped] == ["the same figure as at L1715, printed without its values"]
    assert (found.k_in, found.k_used) == (5, 4)


def test_rows_without_values_or_with_two_studies_are_dropped() -> None:
    tables = build(
        [at(5, "a.m.d", "dice", 0.9), at(5, "b.m.d", "dice", 0.8), at(7, "c.m.d", "dice", 0.7)],
        statements=[statement(5, 0.9), statement(6, 0.9), statement(7, 0.7, study_id="z")],
    )
    found = compute_composite_evidence(tables, SPEC)
    assert [dropped.reason for dropped in found.dropped] == [
        "its line prints another study",
        "no result on record is printed on its line",
        "its line prints another study",
    ]
    assert found.warnings == ("no printed composite has its values on record, so no definition can be tested",)


def test_no_definition() -> None:
    found = compute_composite_evidence(build(RESULTS, experiments=EXPERIMENTS, statements=STATEMENTS), spec())
    assert (found.rows, len(found.warnings)) == ((), 1)


def test_json_and_frame(found: CompositeEvidenceResult) -> None:
    assert CompositeEvidenceResult.from_json(found.to_json()).to_json() == found.to_json()
    frame = found.to_frame()
    assert {"study_id", "definition", "value", "printed", "agrees", "k", "reason"} <= set(frame.columns)


def test_patterns_report_every_metric() -> None:
    found = list(patterns(["a", "b"], 3))
    assert all(sum(count for _, count in pattern) == 3 for pattern in found)
    assert all(set().union(*(metrics for metrics, _ in pattern)) == {"a", "b"} for pattern in found)
    assert len(found) == len(set(found)) == 8


def test_attainable_ends_against_brute_force() -> None:
    """Two data sets with both metrics and one with the first: all values on a grid that gives the printed means."""
    both, first = frozenset({"a", "b"}), frozenset({"a"})
    grid = [i / 10 for i in range(11)]
    composites = [
        ((a1 + b1) / 2 + (a2 + b2) / 2 + a3) / 3
        for a1, a2, a3, b1, b2 in product(grid, repeat=5)
        if abs((a1 + a2 + a3) / 3 - 0.6) <= 0.05 + 1e-9 and abs((b1 + b2) / 2 - 0.3) <= 0.05 + 1e-9
    ]
    ends = attainable(((both, 2), (first, 1)), {"a": (0.55, 0.65), "b": (0.25, 0.35)}, {"a": (0, 1), "b": (0, 1)})
    assert ends is not None
    assert_allclose(ends, (min(composites), max(composites)), atol=0.035)
    assert ends[0] <= min(composites) + 1e-9
    assert ends[1] >= max(composites) - 1e-9


def test_one_metric_everywhere_fixes_the_composite() -> None:
    ends = attainable(((frozenset({"a", "b"}), 5),), {"a": (0.9, 0.9), "b": (0.8, 0.8)}, {"a": (0, 1), "b": (0, 1)})
    assert ends is not None
    assert_allclose(ends, (0.85, 0.85), atol=1e-9)


def test_a_known_value_can_make_it_impossible() -> None:
    pattern = ((frozenset({"a"}), 2),)
    means, ranges = {"a": (0.95, 0.95)}, {"a": (0.0, 1.0)}
    assert attainable(pattern, means, ranges) is not None
    assert attainable(pattern, means, ranges, {"a": (0.8, 0.8)}) is None, "the other would have to be 1.1"
