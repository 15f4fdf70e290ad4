"""Categories compared in five ways: laws of clustering, an independent fit, what the founding review allows."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from benchmark_tables import build, experiment, result, spec, study
from hypothesis import given, settings
from hypothesis import strategies as st

import metareview
from metareview.stats.benchmark import omnibus
from metareview.stats.benchmark.category_effects import (
    Approach,
    Layout,
    Models,
    of_study_means,
    of_values,
    permuted,
    study_means,
)
from metareview.stats.benchmark.category_models import CategoryModelsResult, MetricModels, compute_category_models

ROOT = Path(__file__).parents[3]


def layout(values: list[float], category: str, study: list[int] | None = None, dataset: str = "") -> Layout:
    ids = [f"s{i}" for i in (study or range(len(values)))]
    sets = list(dataset) if dataset else [f"d{i}" for i in range(len(values))]
    return Layout(
        np.array(values), tuple(category), tuple(ids), tuple(sets), tuple(f"m{i}" for i in range(len(values)))
    )


def groups(found: Layout, a: str = "a", b: str = "b") -> tuple[Any, Any]:
    return study_means(found, a), study_means(found, b)


FLAT = layout([0.70, 0.74, 0.79, 0.81, 0.84, 0.90, 0.95], "aaaabbb")


def test_one_value_per_study_changes_nothing() -> None:
    """Study means are the values, and permuting studies is permuting values."""
    x, y = FLAT.values[:4], FLAT.values[4:]
    plain, means = of_values(x, y), of_study_means(*groups(FLAT))
    assert (means.p, means.estimate, means.n) == (plain.p, plain.estimate, 7)
    assert plain.effect is not None
    assert means.effect is not None
    assert abs(means.effect) < abs(plain.effect), "g is d times a factor below 1"
    expected, _ = omnibus.permutation_anova([x, y], seed=1)
    assert permuted(FLAT, seed=1).p == expected.p


@given(st.integers(2, 5))
@settings(max_examples=4)
def test_repeating_values_within_studies_is_no_evidence(times: int) -> None:
    study = [i for i in range(7) for _ in range(times)]
    many = layout(np.repeat(FLAT.values, times).tolist(), "a" * 4 * times + "b" * 3 * times, study)
    x, y = many.values[: 4 * times], many.values[4 * times :]
    naive, once = of_values(x, y).p, of_values(FLAT.values[:4], FLAT.values[4:]).p
    assert naive is not None
    assert once is not None
    assert naive < once
    assert of_study_means(*groups(many)).p == pytest.approx(once)
    assert permuted(many, seed=1).p == permuted(FLAT, seed=1).p


@given(st.permutations(range(7)), st.floats(-3, 3))
@settings(max_examples=20)
def test_permutation_is_invariant(order: list[int], shift: float) -> None:
    turned = Layout(FLAT.values[order] + shift, *(tuple(part[i] for i in order) for part in
                    (FLAT.category, FLAT.study, FLAT.dataset, FLAT.method)))  # fmt: skip
    found = permuted(turned, seed=3)
    assert found.p == pytest.approx(permuted(FLAT, seed=1).p)
    assert found.floor is not None
    assert found.p is not None
    assert found.floor <= found.p


def test_smallest_p_of_two_against_two() -> None:
    found = permuted(layout([0.1, 0.2, 0.8, 0.9], "aabb"), seed=1)
    assert (found.p, found.floor, found.note) == (1 / 3, 1 / 3, "exact: all 6 relabellings of 4 units")


def test_a_study_with_both_categories_is_permuted_within() -> None:
    found = permuted(layout([0.5, 0.6, 0.9, 0.95], "aabb", [0, 0, 0, 0]), seed=1)
    assert found.p == 1 / 3
    assert permuted(layout([0.5, 0.9], "ab", [0, 1]), seed=1).p == 1.0
    assert "no relabelling" in permuted(layout([0.5, 0.9], "aa", [0, 1]), seed=1).reason


def test_many_studies_are_sampled_with_a_seed() -> None:
    rng = np.random.default_rng(5)
    many = layout(rng.random(30).tolist(), "a" * 15 + "b" * 15)
    first, second = permuted(many, seed=7), permuted(many, seed=7)
    assert first == second
    assert first.note.startswith("9999 random relabellings")


def crossed() -> Layout:
    rng = np.random.default_rng(1)
    study, dataset = rng.integers(0, 12, 60), rng.integers(0, 6, 60)
    y = rng.normal(0, 0.5, 12)[study] + rng.normal(0, 0.7, 6)[dataset] + rng.normal(0, 0.4, 60)
    return Layout(y, tuple("abc"[i % 3] for i in study), tuple(map(str, study)), tuple(map(str, dataset)), ("m",) * 60)


def test_multilevel_is_the_model_of_statsmodels() -> None:
    from statsmodels.formula.api import mixedlm

    found = crossed()
    models = Models(found, "raw")
    data = pd.DataFrame({"y": found.values, "c": found.category, "s": found.study, "d": found.dataset, "one": 1})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = mixedlm("y ~ C(c)", data, groups="one", vc_formula={"s": "0+C(s)", "d": "0+C(d)"}, re_formula="0").fit()
    first = found.categories[0]
    for name in found.categories[1:]:
        got = models.compare("multilevel", name, first)
        a, b = (other.params.get(f"C(c)[T.{c}]", 0.0) for c in (name, first))
        assert got.estimate == pytest.approx(a - b, abs=1e-4)
        assert got.df == 12 - 3
    assert models.multilevel.sigma2[:2] == pytest.approx(sorted(other.vcomp), abs=2e-4)
    assert models.said == ()


def test_robust_contrasts_agree_with_the_coefficient_table() -> None:
    models = Models(crossed(), "raw")
    first, *others = models.layout.categories
    for at, name in enumerate(others, 1):
        row, got = models.robust.coefficients[at], models.compare("cr2", name, first)
        assert (got.estimate, got.df, got.p) == pytest.approx((row.estimate, row.df, row.pvalue))
    overall = models.omnibus("cr2")
    assert overall.df == 2
    assert overall.p is not None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (layout([0.5, 0.6], "ab"), "2 studies for 2 categories"),
        (layout([0.5, 0.6], "ab", [0, 0]), "one study only"),
        (layout([0.5, 0.5, 0.5], "aab"), "all values are equal"),
        (layout([0.5, 0.6], "aa"), "one category only"),
    ],
)
def test_not_estimable_is_an_answer(given: Layout, reason: str) -> None:
    models = Models(given, "raw")
    for name in ("multilevel", "cr2"):
        found = models.omnibus(name)
        assert found.p is None
        assert found.reason.startswith(reason)


def test_one_study_in_a_category_refuses_the_robust_test() -> None:
    models = Models(layout([0.5, 0.55, 0.6, 0.7], "aaab"), "raw")
    assert models.compare("multilevel", "a", "b").p is not None
    assert (
        models.compare("cr2", "a", "b").reason == "one study only in b: the spread between its studies cannot be seen"
    )


def compare(rows: list[tuple[str, str, float]], **more: Any) -> CategoryModelsResult:
    """Rows of (experiment id, category, value)."""
    studies = {name.split(".")[0]: category for name, category, _ in rows}
    tables = build(
        [result(name, "dice", value) for name, _, value in rows],
        experiments=[experiment(name) | {"category": category} for name, category, _ in rows],
        studies=[study(name, category=category) for name, category in studies.items()],
    )
    return compute_category_models(tables, spec(groups={"by": "category", "metrics": ["dice"]} | more))


ONE = [(f"c{i}.m.d{i}", "CNN", 0.7 + 0.02 * i) for i in range(4)] + [
    (f"h{i}.m.d{i}", "Hybrid", 0.8 + 0.03 * i) for i in range(4)
]


def test_result_counts_and_returns() -> None:
    found = compare([*ONE, ("x.m.d", "", 0.5)])
    assert (found.k_in, found.k_used, len(found.dropped)) == (9, 8, 1)
    assert CategoryModelsResult.from_json(found.to_json()).metrics == found.metrics
    assert compare(ONE).to_json() == compare(ONE).to_json()
    frame = found.to_frame()
    assert set(frame["name"]) == {"values", "study-means", "multilevel", "cr2", "permutation"}
    (part,) = found.metrics
    assert part.scale == "logit"
    assert part.contrasts[0].shared_datasets == ("d0", "d1", "d2", "d3")


def test_words_follow_the_numbers() -> None:
    (part,) = compare([(f"a.m{i}.d{i}", "CNN", 0.80 + 0.01 * i) for i in range(6)]
                      + [(f"b.m{i}.d{i}", "Hybrid", 0.90 + 0.01 * i) for i in range(6)]).metrics  # fmt: skip
    words = part.contrasts[0].words
    assert "the 6 of CNN are of 1 study (worth 1.0 of equal size)" in words
    assert "No multilevel or CR2: 2 studies for 2 categories" in words
    assert part.evidence[0].effective == 1.0
    assert "but no study tests both" in words


def test_clusters_decide() -> None:
    rows = [(f"c{s}.m{i}.d{s}{i}", "CNN", v) for s, v in enumerate((0.5, 0.9, 0.7)) for i in range(8)]
    rows += [(f"h{s}.m{i}.e{s}{i}", "Hybrid", v) for s, v in enumerate((0.85, 0.8, 0.95)) for i in range(8)]
    (part,) = compare(rows).metrics
    by = {approach.name: approach for approach in part.contrasts[0].approaches}
    assert by["values"].p is not None
    assert by["values"].p < 0.05
    assert all((p := by[n].p) is not None and p > 0.05 for n in ("study-means", "multilevel", "cr2", "permutation"))
    assert "below 5% only where values count as independent" in part.contrasts[0].words


def test_values_that_do_not_vary_within_studies() -> None:
    many = layout(np.repeat([0.5, 0.9, 0.7, 0.85, 0.8, 0.95], 8).tolist(), "a" * 24 + "b" * 24,
                  [i for i in range(6) for _ in range(8)])  # fmt: skip
    once = layout([0.5, 0.9, 0.7, 0.85, 0.8, 0.95], "aaabbb")
    found, plain = Models(many, "raw").compare("multilevel", "a", "b"), of_study_means(*groups(once))
    assert (found.estimate, found.p) == pytest.approx((plain.estimate, plain.p), rel=1e-2)


def test_no_groups_and_one_category() -> None:
    assert compute_category_models(build([]), spec()).metrics == ()
    found = compare([("a.m.d", "CNN", 0.8), ("b.m.d", "CNN", 0.9)])
    assert found.metrics == ()
    assert {row.reason for row in found.dropped} == {"all values of this metric are of one category, CNN"}


@pytest.fixture(scope="module")
def founding() -> dict[str, MetricModels]:
    review = metareview.load(ROOT / "data" / "studies" / "brain-em")
    return {part.metric: part for part in compute_category_models(review.frames, review.spec).metrics}


def approach(part: MetricModels, name: str, a: str, b: str) -> Approach:
    return next(x for c in part.contrasts if (c.category_a, c.category_b) == (a, b) for x in c.approaches
                if x.name == name)  # fmt: skip


def test_the_founding_review(founding: dict[str, MetricModels]) -> None:
    dice, ap = founding["dice"], founding["ap"]
    assert [(e.category, e.values, e.studies) for e in dice.evidence] == [
        ("CNN", 2, 2), ("Transformer", 2, 2), ("Hybrid", 2, 2), ("Foundation", 2, 2),
    ]  # fmt: skip
    d = approach(dice, "values", "CNN", "Foundation")
    assert d.effect == pytest.approx(-0.48, abs=0.005)
    assert approach(dice, "permutation", "CNN", "Foundation").floor == pytest.approx(1 / 3)
    assert approach(dice, "cr2", "CNN", "Foundation").df == pytest.approx(2)
    assert {e.category for e in ap.evidence} == {"Transformer", "Hybrid", "Foundation"}, "no AP of a CNN is in Table 3"
    assert all(x.p is None for c in ap.contrasts for x in c.approaches if x.name != "permutation")
    assert "3 studies for 3 categories" in ap.words
    assert replace(d) == d
