"""Counts and shares: each over a named corpus, each with its interval."""

from __future__ import annotations

from typing import Any

import pytest
from benchmark_tables import build, experiment, result, spec, study
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from metareview.errors import NotEstimable
from metareview.stats.benchmark.availability import AvailabilityResult, compute_availability
from metareview.stats.benchmark.generalisation import GeneralisationResult, compute_generalisation
from metareview.stats.benchmark.proportions import wilson_interval
from metareview.stats.benchmark.shares import SharesResult, compute_shares

TWO = spec(corpora=[{"id": "review", "label": "r"}, {"id": "poster", "label": "p"}])


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_tables_it(x: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, Table I, method 3."""
    assert_allclose(wilson_interval(x, n), (low, high), atol=5e-5)


@given(st.integers(1, 500), st.data())
def test_wilson_laws(n: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n))
    low, high = wilson_interval(x, n)
    assert 0 <= low <= x / n <= high <= 1
    assert low < high
    assert_allclose(wilson_interval(n - x, n), (1 - high, 1 - low), atol=1e-12)
    wide = wilson_interval(x, n, 0.99)
    assert wide[0] <= low
    assert wide[1] >= high


@pytest.mark.parametrize(("x", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_wilson_refuses(x: int, n: int) -> None:
    with pytest.raises(NotEstimable, match=f"found {x} of {n}"):
        wilson_interval(x, n)


def test_generalisation() -> None:
    experiments = [
        experiment("a.m.d"),
        experiment("a.m.e"),
        experiment("b.m.-", datasets=("d", "e", "f")),
        experiment("c.m.d"),
        experiment("c.m.-"),
        experiment("c.n.-", datasets=("d",)),
        experiment("c.m.e", origin="rerun"),
    ]
    found = compute_generalisation(build(experiments=experiments), spec())
    counts = {row.unit: (row.n, row.n_multi) for row in found.rows}
    assert counts == {"experiments": (5, 1), "methods": (4, 2), "studies": (3, 2)}
    assert [dropped.reason for dropped in found.dropped] == ["no data set is named"]
    assert (found.k_in, found.k_used) == (6, 5)
    assert [(row.method, row.k) for row in found.methods_datasets][:2] == [("m", 3), ("m", 2)]
    assert "c.n.-" in found.warnings[0]
    assert GeneralisationResult.from_json(found.to_json()).to_json() == found.to_json()


def test_the_shares_of_the_founding_review_have_intervals() -> None:
    """12 of 46 experiments on more than one data set (26 %, section 3.7)."""
    experiments = [experiment(f"s{i}.m.-", datasets=("d", "e") if i < 12 else ("d",)) for i in range(46)]
    row = compute_generalisation(build(experiments=experiments), spec()).rows[0]
    assert row.share is not None
    assert round(row.share, 2) == 0.26
    assert_allclose([row.ci_low, row.ci_high], wilson_interval(12, 46))


def test_what_one_corpus_prints_never_counts_for_another() -> None:
    experiments = [experiment("a.m.d"), experiment("a.m.e", source_id="poster"), experiment("a.m.f", source_id="page")]
    studies = [study("a", corpus=("review", "poster"))]
    found = compute_generalisation(build(experiments=experiments, studies=studies), TWO)
    assert {(row.corpus, row.unit): row.n for row in found.rows if row.unit == "experiments"} == {
        ("review", "experiments"): 2, ("poster", "experiments"): 2,
    }  # fmt: skip
    shares = compute_shares(build(experiments=experiments, studies=studies), TWO)
    assert {row.corpus: {r.dataset_id for r in shares.rows if r.corpus == row.corpus} for row in shares.rows} == {
        "review": {"d", "f"}, "poster": {"e", "f"},
    }  # fmt: skip


def test_an_empty_corpus_has_no_share() -> None:
    row = compute_generalisation(build(), spec()).rows[0]
    assert (row.n, row.share, row.reason) == (0, None, "the corpus has no experiments")


def code(study_id: str, value: str | None, **more: Any) -> dict[str, Any]:
    return study(study_id, code=value, category="CNN") | more


def test_availability_keeps_not_stated_apart() -> None:
    studies = [
        code("a", "yes"), code("b", "no"), code("c", None), code("d", "not reported"),
        code("e", "yes", category="Hybrid"), code("f", "yes", status="mentioned"), code("g", "yes", corpus=("poster",)),
    ]  # fmt: skip
    fact = {"study_id": "a", "attribute": "code", "value": "yes", "source_id": "review", "locator": "L9"}
    found = compute_availability(build(studies=studies, study_facts=[fact]), spec())
    cnn, hybrid, everything = found.rows
    assert (cnn.category, cnn.n, cnn.n_yes, cnn.n_no, cnn.n_not_stated) == ("CNN", 4, 1, 1, 2)
    assert (cnn.share_of_all, cnn.share_of_stated) == (0.25, 0.5)
    assert hybrid.share_of_stated == 1
    assert (everything.category, everything.n, everything.n_yes) == ("all", 5, 2)
    assert_allclose([everything.share_of_all_low, everything.share_of_all_high], wilson_interval(2, 5))
    assert cnn.refs[0].locator == "L9", "the evidence, where there is some; the row of the study otherwise"
    assert cnn.refs[1].file == "studies.csv"
    assert [str(dropped) for dropped in found.dropped] == [
        "study f of corpus review: its status is mentioned, not included"
    ]
    assert "2 of 5 studies do not state it" in found.warnings[0]
    assert AvailabilityResult.from_json(found.to_json()).to_json() == found.to_json()


def test_availability_where_nothing_is_stated() -> None:
    found = compute_availability(build(studies=[code("a", "no"), code("b", None, category="Hybrid")]), spec())
    hybrid = found.rows[1]
    assert (hybrid.share_of_stated, hybrid.reason) == (None, "no study of this category states it (code)")
    assert compute_availability(build(studies=[code("a", None)]), spec()).rows == ()


def test_shares_from_facts_and_experiments() -> None:
    facts = [
        {"study_id": "a", "attribute": "dataset", "value": "cremi", "source_id": "review", "locator": "L1"},
        {"study_id": "a", "attribute": "dataset", "value": "cremi", "source_id": "review", "locator": "L2"},
        {"study_id": "b", "attribute": "dataset", "value": "unclear", "source_id": "review", "locator": "L3"},
    ]
    tables = build(
        [result("c.m.cremi", "dice", 0.9)],
        studies=[study("a"), study("b"), study("c")],
        study_facts=facts,
        datasets=[{"dataset_id": "cremi", "name": "CREMI"}],
    )
    found = compute_shares(tables, spec())
    (row,) = found.rows
    assert (row.name, row.n_studies, row.studies, row.n_corpus, row.n_stated) == ("CREMI", 2, ("a", "c"), 3, 2)
    assert_allclose([row.share, row.ci_low, row.ci_high], [2 / 3, *wilson_interval(2, 3)])
    assert len(row.refs) == 3
    assert [dropped.reason for dropped in found.dropped] == ["no data set is named"]
    assert SharesResult.from_json(found.to_json()).to_json() == found.to_json()


def test_without_corpora_the_folder_is_the_corpus_and_says_so() -> None:
    bare = spec(corpora=[], primary_corpus=None)
    tables = build([result("a.m.d", "dice", 0.9)], studies=[study("a", corpus=(), code="yes")])
    for found in (
        compute_shares(tables, bare),
        compute_availability(tables, bare),
        compute_generalisation(tables, bare),
    ):
        assert {row.corpus for row in found.rows} == {"all"}
        assert "review.yaml declares no corpora" in found.warnings[0]
