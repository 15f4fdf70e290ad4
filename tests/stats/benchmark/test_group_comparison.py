"""Groups of methods: every number or a reason, and warnings that reach the reader."""

from __future__ import annotations

from typing import Any

import pytest
from benchmark_tables import build, experiment, result, spec, study

from metareview.stats.benchmark.groups import GroupsResult, MetricComparison, compute_groups


def compare(values: dict[str, list[float]], *, one_study: bool = False, **more: Any) -> GroupsResult:
    rows, experiments, studies = [], [], []
    for group, numbers in values.items():
        for number, value in enumerate(numbers):
            name = f"{group.lower()}.m.d{number}" if one_study else f"{group.lower()}{number}.m.d"
            rows.append(result(name, "dice", value))
            experiments.append(experiment(name))
            studies.append(study(name.split(".")[0], category=group or None))
    unique = list({row["study_id"]: row for row in studies}.values())
    tables = build(rows, experiments=experiments, studies=unique)
    return compute_groups(tables, spec(groups={"by": "category", "metrics": ["dice"]} | more))


FULL = {"CNN": [0.80, 0.85, 0.90, 0.86], "Hybrid": [0.90, 0.92, 0.91], "Transformer": [0.95, 0.93, 0.97]}


def only(found: GroupsResult) -> MetricComparison:
    (comparison,) = found.comparisons
    return comparison


def test_every_statistic_is_there() -> None:
    comparison = only(compare(FULL))
    assert [test.test for test in comparison.tests] == ["anova", "welch", "kruskal", "permutation", "brown-forsythe"]
    assert all(test.p is not None and 0 <= test.p <= 1 for test in comparison.tests)
    assert {c.procedure for c in comparison.contrasts} == {"tukey-hsd", "games-howell", "welch-holm"}
    assert len(comparison.contrasts) == 9
    assert {e.name for e in comparison.effects} == {"cohen-d", "hedges-g", "cliff-delta", "eta2", "omega2"}
    assert all(e.value is not None and e.ci_low is not None and e.interval for e in comparison.effects)
    assert [(g.group, g.n, g.n_studies) for g in comparison.groups] == [
        ("CNN", 4, 4), ("Hybrid", 3, 3), ("Transformer", 3, 3),
    ]  # fmt: skip
    assert comparison.warnings == ()


def test_the_reference_comes_first() -> None:
    found = compare(FULL, reference="Transformer")
    assert [group.group for group in only(found).groups] == ["Transformer", "CNN", "Hybrid"]
    d = next(effect for effect in only(found).effects if effect.name == "cohen-d")
    assert (d.group_a, d.group_b) == ("Transformer", "CNN")
    assert d.value is not None
    assert d.value > 0, "positive where the first group lies higher"


def test_small_groups_and_clusters_warn() -> None:
    small = compare({"CNN": [0.8, 0.9, 0.85], "Hybrid": [0.7]})
    assert "dice: fewer than 3 values in Hybrid (n = 1): means and tests rest on almost nothing" in small.warnings
    cluster = compare({"CNN": [0.8, 0.9, 0.85], "Hybrid": [0.7, 0.75, 0.72]}, one_study=True)
    assert any("several values of CNN come from one study: cnn (3)" in text for text in cluster.warnings)


def test_unequal_variances_warn() -> None:
    found = compare({"CNN": [0.1, 0.9, 0.2, 0.8, 0.15, 0.85], "Hybrid": [0.50, 0.51, 0.49, 0.52, 0.505, 0.495]})
    assert any(text.startswith("dice: unequal variances (Brown-Forsythe p = ") for text in found.warnings)


@pytest.mark.parametrize(
    ("values", "test", "reason"),
    [
        ({"CNN": [0.8, 0.9]}, "anova", "a comparison needs at least two groups; there is one"),
        ({"CNN": [0.8], "Hybrid": [0.9]}, "anova", "every group has one value"),
        ({"CNN": [0.8, 0.8], "Hybrid": [0.9, 0.9]}, "anova", "do not vary within the groups"),
        ({"CNN": [0.8, 0.8], "Hybrid": [0.8, 0.8]}, "kruskal", "all values are equal"),
        ({"CNN": [0.8, 0.9], "Hybrid": [0.9]}, "welch", "a group has one value"),
    ],
)
def test_a_reason_instead_of_nan(values: dict[str, list[float]], test: str, reason: str) -> None:
    found = compare(values)
    outcome = next(entry for entry in only(found).tests if entry.test == test)
    assert outcome.p is None
    assert reason in outcome.reason
    assert "NaN" not in found.to_json()
    for entry in (*only(found).contrasts, *only(found).effects):
        assert (getattr(entry, "p", None) is None and getattr(entry, "value", None) is None) == bool(entry.reason)


def test_values_without_a_group_are_dropped() -> None:
    found = compare({"CNN": [0.8, 0.9], "": [0.7]})
    assert [dropped.reason for dropped in found.dropped] == ["no category is stated"]
    assert (found.k_in, found.k_used) == (3, 2)


def test_groups_by_another_attribute() -> None:
    rows = [result("a.m.d", "dice", 0.9), result("b.m.d", "dice", 0.8)]
    tables = build(rows, studies=[study("a", dimension="3D"), study("b", dimension="2D")])
    found = compute_groups(tables, spec(groups={"by": "dimension", "metrics": ["dice"]}))
    assert [group.group for group in only(found).groups] == ["2D", "3D"]


def test_conventions_are_compared_apart() -> None:
    rows = [result(f"s{i}.m.d", "arand", 0.1, convention=c) for i, c in enumerate(("gt0", "snemi"))]
    tables = build(rows, studies=[study("s0", category="CNN"), study("s1", category="CNN")])
    found = compute_groups(tables, spec(groups={"by": "category", "metrics": ["arand", "voi"]}))
    assert [part.convention for part in found.comparisons] == ["gt0", "snemi"]
    assert "no value of voi has a category" in found.warnings


def test_place_is_a_selection() -> None:
    found = compare(FULL, place="Table 9")
    assert found.comparisons == ()
    assert any("a table of selected methods does not represent their groups" in text for text in found.warnings)


def test_no_groups_declared() -> None:
    found = compute_groups(build([]), spec())
    assert (found.comparisons, len(found.warnings)) == ((), 1)
    assert list(found.to_frame().columns) == ["metric", "kind"]


def test_same_input_same_bytes_and_back() -> None:
    one, other = compare(FULL), compare(FULL)
    assert one.to_json() == other.to_json()
    assert GroupsResult.from_json(one.to_json()).comparisons == one.comparisons
    assert set(one.to_frame()["kind"]) == {"test", "contrast", "effect"}
