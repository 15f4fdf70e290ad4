"""Reported against re-run: intervals with printed numbers and laws, verdicts in words, who is compared with whom."""

from __future__ import annotations

from typing import Any

import pytest
from benchmark_tables import build, experiment, frame, result
from hypothesis import given
from hypothesis import strategies as st

from metareview.errors import NotEstimable
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.replication import (
    ReplicationResult,
    Sample,
    difference_interval,
    judge,
    mean_interval,
    prediction_interval,
    sample_of,
)
from metareview.stats.benchmark.reruns import compute_replication

SPEC = ReviewSpec(id="r", title="t", question="q")
MEANS = st.floats(-5, 5)
SPREADS = st.floats(1e-4, 3)
RUNS = st.integers(2, 50)


def test_prediction_interval_as_the_r_package_prints_it() -> None:
    # predictionInterval 1.0.0 (Spence & Stanley 2016): pi.m(M=2.53, SD=1.02, n=40, rep.n=80), by its formula with
    # n - 1 degrees of freedom: CI [2.20, 2.86], PI [2.13, 2.93]
    sample = Sample(2.53, 1.02, 40)
    assert [round(limit, 2) for limit in mean_interval(sample)] == [2.20, 2.86]
    assert [round(limit, 2) for limit in prediction_interval(sample, 80)] == [2.13, 2.93]


def test_welch_interval_of_students_sleep_data() -> None:
    # R: t.test(extra ~ group, sleep): t = -1.8608, df = 17.776, 95 % interval -3.3654832 to 0.2054832
    drug_1 = sample_of([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    drug_2 = sample_of([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    assert difference_interval(drug_1, drug_2) == pytest.approx((-3.3654832, 0.2054832), abs=5e-8)


@given(MEANS, SPREADS, RUNS, st.integers(1, 50))
def test_laws_of_the_prediction_interval(mean: float, sd: float, n: int, runs: int) -> None:
    sample = Sample(mean, sd, n)
    low, high = prediction_interval(sample, runs)
    inner = mean_interval(sample)
    assert low < inner[0] <= mean <= inner[1] < high  # wider than the interval of the mean
    assert low + high == pytest.approx(2 * mean, abs=1e-9)
    further = prediction_interval(sample, runs + 1)
    assert further[0] > low  # more runs on the other side: narrower
    assert further[1] < high
    assert prediction_interval(sample, 10**12) == pytest.approx(inner, rel=1e-4, abs=1e-4)


@given(MEANS, SPREADS, RUNS, MEANS, SPREADS, RUNS)
def test_laws_of_the_difference(a: float, s: float, n: int, b: float, t: float, m: int) -> None:
    one, other = Sample(a, s, n), Sample(b, t, m)
    low, high = difference_interval(one, other)
    assert difference_interval(other, one) == pytest.approx((-high, -low), abs=1e-9)  # swapping flips the sign
    fixed = difference_interval(one, Sample(b, None, 1))
    shifted = tuple(limit - b for limit in mean_interval(one))
    assert fixed == pytest.approx(shifted, abs=1e-9)  # no spread on the other side: the interval of the mean, moved


def test_no_spread_no_interval() -> None:
    with pytest.raises(NotEstimable, match="two runs"):
        prediction_interval(sample_of([0.9]))
    with pytest.raises(NotEstimable, match="no runs"):
        sample_of([])
    same = Sample(0.5, 0.0, 3)
    assert difference_interval(same, Sample(0.4, 0.0, 3)) == pytest.approx((0.1, 0.1))


@given(MEANS, SPREADS, RUNS, st.floats(-3, 3))
def test_verdict_follows_the_interval(mean: float, sd: float, n: int, off: float) -> None:
    rerun = Sample(mean, sd, n)
    judged = judge(rerun, Sample(mean + off * sd, None, 1))
    low, high = prediction_interval(rerun)
    if n < 3:
        assert judged.verdict == "inconclusive"
    elif low <= mean + off * sd <= high:
        assert judged.verdict == "replicates"
    else:
        assert judged.verdict == ("lower" if off > 0 else "higher")
    told = judge(rerun, Sample(mean + off * sd, None, 1), reasons=("not the same test set",))
    assert told.verdict == "not comparable"
    assert (told.difference, told.low, told.inside) == (judged.difference, judged.low, judged.inside)


@pytest.mark.parametrize(
    ("values", "reported", "direction", "words"),
    [
        ([0.90, 0.91, 0.92], 0.915, 1, "replicates: the reported value lies where another run is expected"),
        ([0.90, 0.901, 0.902], 0.95, 1, "lower: the re-run stays below what is reported, so worse"),
        ([0.10, 0.101, 0.102], 0.15, -1, "lower: the re-run stays below what is reported, so better"),
        ([0.20, 0.201, 0.202], 0.15, -1, "higher: the re-run comes out above what is reported, so worse"),
        ([0.96, 0.961, 0.962], 0.95, 1, "higher: the re-run comes out above what is reported, so better"),
        ([1.0, 1.001, 1.002], 2.0, 0, "lower: the re-run stays below what is reported"),
        ([0.9, 0.91], 0.9, 1, "inconclusive: 2 runs say too little of how runs differ; 3 are needed"),
        ([0.9], 0.9, 1, "inconclusive: 1 run says too little of how runs differ; 3 are needed"),
    ],
)
def test_words(values: list[float], reported: float, direction: int, words: str) -> None:
    assert judge(sample_of(values), Sample(reported, None, 1), direction=direction).words == words


def test_runs_that_differ_by_more_than_the_reported_error_say_nothing() -> None:
    spread = sample_of([0.95, 0.89, 0.81])  # another run: 0.883 +- 0.35
    vague = judge(spread, Sample(0.99, None, 1), best=1.0)
    assert vague.verdict == "inconclusive"
    assert vague.inside
    assert vague.words.endswith("but runs differ by more than the reported error")
    close = sample_of([0.95, 0.951, 0.952])
    assert judge(close, Sample(0.95, None, 1), best=1.0).verdict == "replicates"
    assert judge(close, Sample(0.99, None, 1), best=1.0).verdict == "lower"
    assert judge(spread, Sample(0.99, None, 1)).verdict == "replicates"  # a metric without a best value


def test_rounding_counts_for_the_reported_value() -> None:
    rerun = Sample(0.9503, 0.0, 3)  # all runs agree; the paper prints 0.95
    assert judge(rerun, Sample(0.95, None, 1)).verdict == "higher"
    assert judge(rerun, Sample(0.95, None, 1), half_unit=0.005).verdict == "replicates"


def rerun(experiment_id: str, **more: Any) -> dict[str, Any]:
    base = {"experiment_id": experiment_id, "method": "unet", "dataset_id": "isbi", "datasets": (), "origin": "rerun",
            "source_id": "reruns", "run_id": (), "test_set": "same", "uncertain": False}  # fmt: skip
    return base | more


def scores(experiment_id: str, metric: str, values: list[float], **more: Any) -> list[dict[str, Any]]:
    rows = [
        result(experiment_id, metric, value, unit=f"seed:{seed}", source_id="reruns", run_id=(), **more)
        for seed, value in enumerate(values, 1)
    ]
    return [*rows, result(experiment_id, metric, sum(values) / len(values), source_id="reruns", **more)]


def compared(tables: Any) -> ReplicationResult:
    found = compute_replication(tables, SPEC)
    assert ReplicationResult.from_json(found.to_json()).rows == found.rows
    return found


def test_a_rerun_stands_beside_what_it_answers() -> None:
    tables = build(
        [result("s.unet.isbi", "vrand", 0.955, convention="thin", printed="0.955"),
         result("s.unet.isbi", "vrand", 0.7, convention="gt0")],
        rerun_experiments=[rerun("ours", replicates="s.unet.isbi")],
        rerun_results=scores("ours", "vrand", [0.955, 0.96, 0.965], convention="thin"),
    )  # fmt: skip
    (row,) = compared(tables).rows
    assert (row.verdict, row.relation, row.reported, row.n, row.n_of) == ("replicates", "replicates", 0.955, 3, "seeds")
    assert row.difference == pytest.approx(0.005)
    assert row.reported_convention == "thin"
    assert len(row.refs) == 3
    assert row.reported_refs[0].printed == "0.955"


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ({"test_set": "other", "test_set_note": "test labels are closed"}, {"convention": "thin"},
         "not the same test set (test labels are closed)"),
        ({"test_set": "unclear"}, {"convention": "thin"}, "whether the test sets are the same is not known"),
        ({}, {"convention": "gt0"}, "published under the rule gt0, re-run under thin"),
        ({}, {}, "the published scoring rule is not stated"),
        ({}, {"convention": "thin", "level": "range_high"}, "printed as the upper end of a range"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said(ours: dict[str, str], theirs: dict[str, str], reason: str) -> None:
    tables = build(
        [result("s.unet.isbi", "vrand", 0.955, **theirs)],
        rerun_experiments=[rerun("ours", replicates="s.unet.isbi", **ours)],
        rerun_results=scores("ours", "vrand", [0.95, 0.96, 0.97], convention="thin"),
    )
    (row,) = compared(tables).rows
    assert row.verdict == "not comparable"
    assert row.words == f"not comparable: {reason}"
    assert row.difference is not None  # shown all the same


def test_other_methods_on_the_same_data_are_for_orientation_only() -> None:
    tables = build(
        [result("s.spcnet.isbi", "vrand", 0.9878, convention="thin"), result("s.x.other", "vrand", 0.1)],
        rerun_experiments=[rerun("ours")],
        rerun_results=[*scores("ours", "vrand", [0.95, 0.96, 0.97], convention="thin"),
                       *scores("ours", "vrand", [0.9, 0.9, 0.9], convention="gt0"),
                       *scores("ours", "dice", [0.9, 0.9, 0.9])],
    )  # fmt: skip
    rows = compared(tables).rows
    assert [(row.metric, row.convention, row.relation, row.verdict) for row in rows] == [
        ("vrand", "thin", "same data", "not comparable"),
        ("vrand", "gt0", "none", "nothing published"),
        ("dice", "unstated", "none", "nothing published"),
    ]
    assert "another method (spcnet)" in rows[0].words
    closed = rerun("ours", test_set="other", test_set_note="closed labels")
    again = compared({**tables, "rerun_experiments": frame("rerun_experiments", [closed])}).rows[0]
    assert "another method (spcnet); not the same test set (closed labels)" in again.words
    assert all(row.pi_low is not None for row in rows)  # where another run is expected does not need a published value


def test_targets_outside_the_review() -> None:
    target = {"experiment_id": "ours", "metric": "pixel_error", "convention": "max-f", "rerun_convention": "disagree",
              "value": 0.0611, "document": "Ronneberger 2015", "locator": "Table 1", "printed": "0.0611",
              "test_set": "other", "uncertain": True}  # fmt: skip
    tables = build(
        rerun_experiments=[rerun("ours")],
        rerun_results=scores("ours", "pixel_error", [0.07, 0.08, 0.09], convention="disagree"),
        rerun_targets=[target, target | {"metric": "rand_error"}],
    )
    found = compared(tables)
    (row,) = found.rows
    assert row.relation == "target"
    said = "not comparable: not the same test set; published under the rule max-f, re-run under disagree"
    assert row.words == f"{said}; the figure was not checked in the document"
    assert [str(dropped) for dropped in found.dropped] == [
        "published rand_error of Ronneberger 2015: ours has no score under disagree"
    ]


def test_published_seeds_and_deviations_over_images() -> None:
    seeds = [result("s.unet.isbi", "dice", value, unit=f"seed:{n}") for n, value in enumerate([0.90, 0.92, 0.94])]
    images = [result("s.unet.isbi", "jaccard", 0.8, sd=0.05, n=30, n_of="images")]
    runs = [result("s.unet.isbi", "recall", 0.8, sd=0.05, n=5, n_of="training runs")]
    ours = [row for metric in ("dice", "jaccard", "recall") for row in scores("ours", metric, [0.9, 0.91, 0.92])]
    tables = build(
        [*seeds, *images, *runs], rerun_experiments=[rerun("ours", replicates="s.unet.isbi")], rerun_results=ours
    )
    by_metric = {row.metric: row for row in compared(tables).rows}
    assert (by_metric["dice"].reported, by_metric["dice"].reported_n) == (pytest.approx(0.92), 3)
    assert by_metric["jaccard"].reported_sd is None  # over images, not over runs
    assert (by_metric["recall"].reported_sd, by_metric["recall"].reported_n) == (0.05, 5)
    # "another run" is one run, whatever is reported; the verdict asks for the mean of five, and says so
    assert (by_metric["recall"].pi_low, by_metric["recall"].pi_high) == pytest.approx(
        prediction_interval(sample_of([0.9, 0.91, 0.92]))
    )
    near = [result("s.unet.isbi", "recall", 0.915, sd=0.01, n=5, n_of="runs", convention="fg")]
    again = scores("ours", "recall", [0.9, 0.91, 0.92], convention="fg")
    (row,) = compared(
        build(near, rerun_experiments=[rerun("ours", replicates="s.unet.isbi")], rerun_results=again)
    ).rows
    assert row.words == "replicates: the reported value lies where the mean of 5 runs is expected"


def test_images_and_regions_are_no_runs() -> None:
    """Twenty published images are one number as a comparison of runs goes; their spread is not that of training."""
    images = [result("s.unet.isbi", "dice", 0.895 + 0.01 * (n % 2), unit=f"roi:{n}") for n in range(20)]
    tables = build(images, rerun_experiments=[rerun("ours", replicates="s.unet.isbi")],
                   rerun_results=scores("ours", "dice", [0.93, 0.95, 0.97]))  # fmt: skip
    (row,) = compared(tables).rows
    assert (row.reported, row.reported_sd, row.reported_n) == (pytest.approx(0.9), None, 1)


def test_nothing_was_run_again() -> None:
    found = compared(build([result("s.m.d", "dice", 0.9)], experiments=[experiment("s.m.d")]))
    assert (found.rows, found.k_in, found.warnings) == ((), 0, ())
