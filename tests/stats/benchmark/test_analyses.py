"""The registry: every analysis runs on every review, empty or real, and its result survives the trip through JSON."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from benchmark_tables import build, result, spec

from metareview.results import Result
from metareview.schema.tables import TABLES
from metareview.stats.benchmark import ANALYSES

ROOT = Path(__file__).parents[3]
REVIEWS = sorted(path.parent for path in ROOT.glob("data/studies/*/review.yaml"))


def test_names_are_pinned() -> None:
    assert list(ANALYSES) == [
        "descriptives", "composite", "composite_evidence", "groups", "category_models", "multiverse",
        "reporting_penalty", "variability", "generalisation", "correlations", "availability", "shares", "flow",
        "characteristics", "replication", "rerun_contrasts",
    ]  # fmt: skip
    assert all(name == analysis.name and analysis.title for name, analysis in ANALYSES.items())
    assert all(set(analysis.tables) <= set(TABLES) for analysis in ANALYSES.values())


def check(found: Result, kind: type[Result]) -> None:
    assert type(found) is kind
    assert found.k_in == found.k_used + len(found.dropped)
    assert kind.from_json(found.to_json()).to_json() == found.to_json()
    assert found.to_frame().columns.is_unique
    assert f"k = {found.k_used} of {found.k_in}" in found.summary()


@pytest.mark.parametrize("name", ANALYSES)
def test_an_empty_review_is_no_crash(name: str) -> None:
    check(ANALYSES[name].run(build(), spec()), ANALYSES[name].result)
    check(ANALYSES[name].run({}, spec(corpora=[], primary_corpus=None)), ANALYSES[name].result)


@pytest.mark.parametrize("name", ANALYSES)
def test_only_the_declared_tables_are_read(name: str) -> None:
    """The workflow reruns an analysis when one of its tables changes, so it may not read any other."""
    rows = [result(f"s{i}.m.{d}", m, 0.5 + i / 10) for i in range(4) for d in "de" for m in ("dice", "jaccard")]
    tables = build(rows)
    config = spec(composite={"metrics": ["dice"]}, groups={"by": "category", "metrics": ["dice"]})
    declared = {key: tables[key] for key in ANALYSES[name].tables}
    assert ANALYSES[name].run(declared, config).to_json() == ANALYSES[name].run(tables, config).to_json()


@pytest.mark.parametrize("folder", REVIEWS, ids=lambda path: path.name)
@pytest.mark.parametrize("name", ANALYSES)
def test_real_reviews(folder: Path, name: str) -> None:
    from metareview.ingest import read_review

    review = read_review(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ANALYSES[name].run(review.tables, review.spec)
    check(found, ANALYSES[name].result)
    assert ANALYSES[name].run(review.tables, review.spec).to_json() == found.to_json(), "same input, same bytes"
