"""The composite score: definitions, orientation, rounding, what is said beside it."""

from __future__ import annotations

from typing import Any

import pytest
from benchmark_tables import build, experiment, result, spec
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from metareview.errors import InputError
from metareview.stats.benchmark.composite import CompositeResult, compute_composite


def composite(**more: Any) -> dict[str, Any]:
    return {"composite": {"metrics": ["dice", "jaccard", "ap"]} | more}


#: Rows of Table 3 of the founding review, with the data sets that its text gives them.
TABLE_3 = [
    result("r21.SAM2.lucchi", "dice", 0.924),
    result("r21.SAM2.lucchi", "jaccard", 0.861),
    result("r43.ATFormer.lucchi", "dice", 0.948),
    result("r43.ATFormer.lucchi", "jaccard", 0.902),
    result("r43.ATFormer.mitoem-r", "ap", 0.782),
    result("r15.FragViT.lucchi", "dice", 0.950),
    result("r15.FragViT.lucchi", "jaccard", 0.905),
    result("r15.FragViT.mitoem-r", "ap", 0.769),
    result("r22.U-Net.kasthuri", "jaccard", 0.893),
]


def test_mean_over_experiments_as_printed_in_table_3() -> None:
    found = compute_composite(build(TABLE_3), spec(**composite()))
    assert [(row.method, row.rounded, row.rank, row.k, row.k_values) for row in found.rows] == [
        ("SAM2", 0.893, 1, 1, 2),
        ("U-Net", 0.893, 1, 1, 1),
        ("ATFormer", 0.854, 3, 2, 3),
        ("FragViT", 0.848, 4, 2, 3),
    ]
    assert (found.k_in, found.k_used, found.definition) == (9, 9, "mean_of_experiments")
    fragvit = found.rows[-1]
    assert_allclose(fragvit.value, (0.9275 + 0.769) / 2)
    assert [entry.value for entry in fragvit.experiments] == [0.9275, 0.769]
    assert [entry.metrics for entry in fragvit.experiments] == [("dice", "jaccard"), ("ap",)]
    assert fragvit.datasets == ("lucchi", "mitoem-r")
    assert len(fragvit.refs) == 3


def test_alternatives_stand_beside() -> None:
    found = compute_composite(build(TABLE_3), spec(**composite()))
    fragvit = {entry.definition: entry for entry in found.rows[-1].alternatives}
    assert fragvit["mean_of_values"].rounded == 0.875
    assert fragvit["rank"].rounded == 0.5, "best of three in Dice and Jaccard, last of two in AP"
    unet = {entry.definition: entry for entry in found.rows[1].alternatives}
    assert unet["zscore"].value is None
    assert unet["zscore"].reason.startswith("none of its values has a comparator")


def test_rank_as_the_definition_drops_what_has_no_comparator() -> None:
    found = compute_composite(build(TABLE_3), spec(**composite(across="rank")))
    assert {row.method for row in found.rows} == {"SAM2", "ATFormer", "FragViT"}
    (dropped,) = found.dropped
    assert dropped.reason == "nothing to compare it with under rank"
    assert (found.k_in, found.k_used) == (9, 8)


def test_uncertainty() -> None:
    rows = [result(f"a.m.d{i}", "dice", value) for i, value in enumerate((0.90, 0.92, 0.97))]
    (row,) = compute_composite(build(rows), spec(**composite())).rows
    assert_allclose(row.sd, 0.036055512754639925)
    assert_allclose([row.ci_low, row.ci_high], [0.93 - 4.302653 * 0.0360555 / 3**0.5, 0.93 + 0.0895662], atol=1e-5)
    (short,) = compute_composite(build(rows[:2]), spec(**composite())).rows
    assert (short.ci_low, short.reason) == (None, "no interval from 2 experiments")


def test_settings_are_methods_of_their_own() -> None:
    rows = [result("a.m.d.2d", "dice", 0.8), result("a.m.d.3d", "dice", 0.9)]
    experiments = [experiment("a.m.d.2d", setting="2D"), experiment("a.m.d.3d", setting="3D")]
    found = compute_composite(build(rows, experiments=experiments), spec(**composite()))
    assert [(row.setting, row.rounded) for row in found.rows] == [("3D", 0.9), ("2D", 0.8)]


@pytest.mark.parametrize(("transform", "value"), [("1-x", 0.8), ("1/(1+x)", 0.833), ("exp(-x)", 0.819)])
def test_metrics_that_point_down_are_turned(transform: str, value: float) -> None:
    tables = build([result("a.m.d", "arand", 0.2)])
    given_spec = spec(composite={"metrics": ["arand"], "orientation": {"arand": transform}})
    assert compute_composite(tables, given_spec).rows[0].rounded == value


@pytest.mark.parametrize(
    ("metric", "orientation", "message"),
    [
        ("arand", {}, "arand is better when lower and has no transform"),
        ("arand", {"arand": "identity"}, "arand is better when lower and has no transform"),
        ("dice", {"dice": "1-x"}, "dice is better when higher already"),
    ],
)
def test_directions_never_mix(metric: str, orientation: dict[str, str], message: str) -> None:
    tables = build([result("a.m.d", metric, 0.2)])
    with pytest.raises(InputError, match=message):
        compute_composite(tables, spec(composite={"metrics": [metric], "orientation": orientation}))


def test_a_metric_counts_once_whatever_its_conventions() -> None:
    rows = [
        result("a.m.d", "jaccard", 0.9, convention="fg"),
        result("a.m.d", "jaccard", 0.8, convention="mean-fg-bg"),
        result("b.m.d", "jaccard", 0.7, convention="mean-fg-bg"),
    ]
    found = compute_composite(build(rows), spec(**composite()))
    assert [row.rounded for row in found.rows] == [0.8, 0.7]
    assert found.rows[0].metrics == ("jaccard:mean-fg-bg",)
    assert "another convention" in found.dropped[0].reason


def test_warnings_say_what_a_reader_must_know() -> None:
    rows = [*TABLE_3, result("r38.T.-", "dice", 0.955, level="study_mean", uncertain=True)]
    experiments = [experiment(name) for name in dict.fromkeys(row["experiment_id"] for row in rows)]
    text = " | ".join(compute_composite(build(rows, experiments=experiments), spec(**composite())).warnings)
    assert "1 of 10 values rest on an inferred reading" in text
    assert "the scoring rule is unstated for ap, dice, jaccard" in text
    assert "only a mean over data sets is on record for T" in text
    assert "methods report different metrics" in text


def test_no_definition_no_score() -> None:
    found = compute_composite(build(TABLE_3), spec())
    assert found.rows == ()
    assert found.warnings == ("review.yaml declares no composite: name its metrics under composite",)
    assert list(found.to_frame().columns)[:3] == ["rank", "study_id", "authors"]


def test_json() -> None:
    found = compute_composite(build(TABLE_3), spec(**composite()))
    again = CompositeResult.from_json(found.to_json())
    assert again.rows == found.rows
    assert again.to_json() == found.to_json()
    assert "0.893" in found.summary()
    assert "SAM2" in found._repr_html_()


@given(st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=3), min_size=1, max_size=5))
def test_laws(experiments: list[list[int]]) -> None:
    """Between the smallest and largest value; the order of the rows does not matter."""
    metrics = ("dice", "jaccard", "ap")
    rows = [
        result(f"a.m.d{i}", metric, value / 1000)
        for i, values in enumerate(experiments)
        for metric, value in zip(metrics, values, strict=False)
    ]
    one, other = (compute_composite(build(order), spec(**composite())).rows[0] for order in (rows, rows[::-1]))
    assert one.rounded == other.rounded
    values = [row["value"] for row in rows]
    assert min(values) - 5e-4 <= one.rounded <= max(values) + 5e-4
