"""The section of re-runs: what it shows, and that no as-published table or figure reads a re-run."""

from __future__ import annotations

import json

import pytest
import small_review

from metareview.api import Review
from metareview.ingest import read_review
from metareview.ingest.reruns import RERUN_TABLES, write_reruns
from metareview.report.analyses import analyses_for
from metareview.report.registry import views_for
from metareview.report.tables import render
from metareview.report.views.replication import scored_by
from metareview.schema import RerunExperiment, RerunResult

OWN = {"replication": "replication", "rerun-contrasts": "rerun_contrasts"}
"""View -> analysis, of those that read re-runs."""


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> tuple[Review, Review]:
    """The small review without re-runs, and with three of one of its experiments."""
    plain = Review(read_review(small_review.write(tmp_path_factory.mktemp("plain"))))
    folder = small_review.write(tmp_path_factory.mktemp("rerun"))
    published = plain.results.loc[(plain.results["level"] == "cell") & plain.results["unit"].isna()].iloc[0]
    experiment = plain.experiments.set_index("experiment_id").loc[published["experiment_id"]]
    runs = tuple(f"run.f0.s{seed}" for seed in (1, 2, 3))
    for run in runs:
        path = folder / "reruns" / "runs" / f"{run}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"run_id": run}), encoding="utf-8")
    rows = [
        RerunResult(experiment_id="rerun.one", metric=published["metric"], convention=published["convention"],
                    unit=f"seed:{seed}", value=float(published["value"]) - 0.001 * seed, run_id=(run,))
        for seed, run in enumerate(runs, 1)
    ]  # fmt: skip
    write_reruns(folder, {
        "rerun_experiments": [RerunExperiment(
            experiment_id="rerun.one", method=str(experiment["method"]), replicates=str(published["experiment_id"]),
            dataset_id=None if experiment["dataset_id"] != experiment["dataset_id"] else str(experiment["dataset_id"]),
            test_set="other", test_set_note="cross-validated training sections", run_id=runs,
        )],
        "rerun_results": rows,
    })  # fmt: skip
    return plain, Review(read_review(folder))


def test_only_the_section_of_reruns_reads_them(reviews: tuple[Review, Review]) -> None:
    plain, rerun = reviews
    for name, analysis in analyses_for(plain.spec).items():
        assert (name in OWN.values()) == bool(set(analysis.tables) & set(RERUN_TABLES)), name
    for name, view in views_for(plain.spec).items():
        assert not set(view.tables) & set(RERUN_TABLES), name
        assert ({OWN[name]} if name in OWN else set()) == set(OWN.values()) & set(view.results), name
        if name not in OWN:
            assert plain.table(name) == rerun.table(name), name


def test_what_the_view_shows(reviews: tuple[Review, Review]) -> None:
    view = reviews[1].table("replication")
    (verdict,) = view.values("verdict")
    assert verdict == "not comparable"
    assert "cross-validated training sections" in str(view.values("why")[0])
    assert view.values("n") == (3,)
    cell = view.cells("expected")[0]
    assert cell.value is None
    assert cell.low is not None
    assert cell.high is not None
    assert cell.low < view.cells("rerun")[0].low  # type: ignore[operator]
    assert any("seeds only" in text for text in view.warnings)
    assert "not comparable" in render(view, "md")
    assert reviews[1].figure("replication") is not None


def test_without_reruns_it_says_why(reviews: tuple[Review, Review]) -> None:
    view = reviews[0].table("replication")
    assert view.rows == ()
    assert "no reference model has been run again" in view.notes[0]
    for review in reviews:  # one re-run has nothing to stand against
        pairs = review.table("rerun-contrasts")
        assert pairs.rows == ()
        assert "no two re-runs of this review have a score in common" in pairs.notes[0]


def test_it_stands_in_its_own_section_of_the_page(reviews: tuple[Review, Review]) -> None:
    page = reviews[1].page(["benchmark", "replication"])
    assert ">Replication</h2>" in page
    assert 'id="figure-replication"' in page
    assert 'id="table-rerun-contrasts"' in reviews[1].page(["rerun-contrasts"])


def test_what_rules_make_of_voxels_without_a_segment() -> None:
    assert scored_by([("dice", "fg"), ("vrand", "thin"), ("pixel_error", "disagree")]) == []  # of Dice, fg is a class
    (told,) = scored_by([("voi", "bits.gt0"), ("arand", "fg")])
    assert "under gt0 they are one segment together; under fg they do not count." in told
