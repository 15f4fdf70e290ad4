"""Re-runs against each other: Welch against scipy, laws, fixed numbers, verdicts, and what is not compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from benchmark_tables import build, frame, result
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from metareview.errors import NotEstimable
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.contrasts import ContrastRow, ContrastsResult, Side, compute_contrasts, contrast
from metareview.stats.benchmark.replication import Sample, difference_interval, difference_test, sample_of

SPEC = ReviewSpec(id="r", title="t", question="q")
VALUES = st.lists(st.integers(0, 1000).map(lambda thousandths: thousandths / 1000), min_size=2, max_size=12)
DRUG_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
DRUG_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def side(values: Sequence[float], *, fixed: bool = False) -> Side:
    sample = sample_of(values)
    return Side("id", "m", "", "", tuple(values), sample.mean, sample.sd, sample.n, "seeds", fixed)


def test_welch_of_students_sleep_data() -> None:
    # R: t.test(extra ~ group, sleep): t = -1.8608, df = 17.776, p = 0.07939, interval -3.3654832 to 0.2054832
    found = contrast(side(DRUG_1), side(DRUG_2))
    assert found.difference == pytest.approx(-1.58)
    assert (found.low, found.high) == pytest.approx((-3.3654832, 0.2054832), abs=5e-8)
    assert found.p == pytest.approx(0.07939, abs=5e-6)


def test_the_paired_t_of_students_sleep_data() -> None:
    """The data are of ten people under two drugs: as two segmentations of ten networks they are paired."""
    # R: t.test(Pair(extra1, extra2) ~ 1): t = -4.0621, df = 9, p = 0.002833, interval -2.4598858 to -0.7001142
    units = tuple(f"seed:{n}" for n in range(10))
    first = replace(side(DRUG_1), units=units, training="net.0a")
    second = replace(side(DRUG_2), units=units, training="net.0a")
    found = contrast(first, second)
    assert found.paired
    assert (found.low, found.high) == pytest.approx((-2.4598858, -0.7001142), abs=5e-8)
    assert found.p == pytest.approx(0.002833, abs=5e-7)
    turned = replace(second, values=second.values[::-1], units=units[::-1])  # by name, not by place
    assert contrast(first, turned) == found
    for other in (replace(second, training="net.0b"), replace(second, units=(*units[:-1], "seed:11"))):
        apart = contrast(first, other)
        assert not apart.paired
        assert apart.p == pytest.approx(0.07939, abs=5e-6)


def test_paired_runs_that_all_differ_by_as_much() -> None:
    """No spread of the differences is no t; the last bits of floats are no spread."""
    units = ("seed:1", "seed:2", "seed:3")
    first, second = (
        replace(side(values), units=units, training="net") for values in ([0.9, 0.91, 0.92], [0.8, 0.81, 0.82])
    )
    found = contrast(first, second)
    assert (found.p, found.paired) == (None, True)
    assert found.low == found.high == pytest.approx(0.1)
    tables = build(
        rerun_experiments=[rerun("one", training="net"), rerun("two", training="net"), rerun("few", training="net")],
        rerun_results=[
            *scores("one", [0.9, 0.91, 0.92]),
            *scores("two", [0.8, 0.81, 0.82]),
            *scores("few", [0.8, 0.81, 0.85, 0.84]),
        ],
    )
    words = [row.words for row in compute_contrasts(tables, SPEC).rows]
    assert words[0].endswith(
        "; the difference is the same in every run; both from the same networks, compared run by run"
    )
    assert words[1].endswith("; both from the same networks, but not of the same seeds: compared as if apart")
    bare = [replace(one, units=(), values=(one.mean,)) for one in (first, second)]  # means alone: nothing to pair
    assert not contrast(*bare).paired


def test_welch_by_hand() -> None:
    # means 2 and 6, variances 1 and 4 over 3 and 4 runs: se² = 1/3 + 1 = 4/3, t = -4 / sqrt(4/3) = -2 sqrt(3),
    # df = (4/3)² / ((1/3)²/2 + 1²/3) = (16/9) / (1/18 + 6/18) = 32/7
    from math import sqrt

    from scipy.stats import t as student

    first, second = Sample(2, 1, 3), Sample(6, 2, 4)
    assert difference_test(first, second) == pytest.approx(2 * student.sf(2 * sqrt(3), 32 / 7), rel=1e-12)
    half = student.ppf(0.975, 32 / 7) * sqrt(4 / 3)
    assert difference_interval(first, second) == pytest.approx((-4 - half, -4 + half), rel=1e-12)


@given(VALUES, VALUES)
def test_welch_is_scipys(one: list[float], other: list[float]) -> None:
    from scipy.stats import ttest_ind

    assume(len(set(one)) > 1)
    assume(len(set(other)) > 1)  # scipy warns where a side does not vary
    found = contrast(side(one), side(other))
    peer = ttest_ind(one, other, equal_var=False)
    interval = peer.confidence_interval(0.95)
    assert found.p == pytest.approx(float(peer.pvalue), rel=1e-6, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((float(interval.low), float(interval.high)), rel=1e-9, abs=1e-9)


@given(VALUES, st.integers(0, 1000))
def test_against_a_fixed_number_it_is_the_test_of_one_mean(values: list[float], thousandths: int) -> None:
    from scipy.stats import ttest_1samp

    assume(len(set(values)) > 1)
    found = contrast(side(values), side([thousandths / 1000], fixed=True))
    peer = ttest_1samp(values, thousandths / 1000)
    interval = peer.confidence_interval(0.95)
    assert found.p == pytest.approx(float(peer.pvalue), rel=1e-6, abs=1e-12)
    limits = (float(interval.low) - thousandths / 1000, float(interval.high) - thousandths / 1000)
    assert (found.low, found.high) == pytest.approx(limits, rel=1e-9, abs=1e-9)


@given(VALUES, VALUES)
def test_paired_laws(one: list[float], more: list[float]) -> None:
    from scipy.stats import ttest_rel

    size = min(len(one), len(more))
    units, one, other = tuple(map(str, range(size))), one[:size], more[:size]
    first, second = (replace(side(values), units=units, training="net") for values in (one, other))
    found, swapped = contrast(first, second), contrast(second, first)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.difference + 1e-12
    assert found.difference <= found.high + 1e-12
    assert (swapped.low, swapped.high, swapped.p) == (-found.high, -found.low, found.p)
    if found.p is not None and found.high - found.low > 1e-9:
        peer = ttest_rel(one, other)
        assert found.p == pytest.approx(float(peer.pvalue), rel=1e-6, abs=1e-12)


@given(VALUES, VALUES, st.floats(-3, 3), st.booleans())
def test_laws(one: list[float], other: list[float], shift: float, fixed: bool) -> None:
    first, second = side(one), side(other[:1], fixed=True) if fixed else side(other)
    found, swapped = contrast(first, second), contrast(second, first)
    assert swapped.difference == -found.difference  # swapping the pair flips every sign, and p stays
    assert found.low is not None
    assert found.high is not None
    assert (swapped.low, swapped.high, swapped.p) == (-found.high, -found.low, found.p)
    assert found.low <= found.difference <= found.high
    moved = contrast(replace(first, mean=first.mean + shift), replace(second, mean=second.mean + shift))
    assert moved.difference == pytest.approx(found.difference, abs=1e-9)  # a constant on both sides changes nothing
    assert (moved.low, moved.high) == pytest.approx((found.low, found.high), abs=1e-9)
    if found.p is None:
        assert found.low == found.high
    elif abs(found.p - 0.05) > 1e-9:
        assert (found.p < 0.05) == (found.low > 0 or found.high < 0)  # one t, told twice


def test_where_there_is_nothing_to_test() -> None:
    runs, once, published = side([0.7, 0.8, 0.9]), side([0.75]), side([0.75], fixed=True)
    assert contrast(runs, published).p is not None
    for first, second in ((once, once), (published, published), (once, published), (runs, once)):
        found = contrast(first, second)
        assert found.difference == first.mean - second.mean
        assert (found.low, found.high, found.p) == (None, None, None)
    same = contrast(side([0.5, 0.5, 0.5]), side([0.25], fixed=True))
    assert (same.difference, same.low, same.high, same.p) == (0.25, 0.25, 0.25, None)
    with pytest.raises(NotEstimable, match="no spread"):
        difference_test(Sample(0.5, 0.0, 3), Sample(0.4, 0.0, 3))
    with pytest.raises(NotEstimable, match="two runs"):
        difference_test(Sample(0.5, None, 1), Sample(0.4, None, 1))


def rerun(experiment_id: str, **more: Any) -> dict[str, Any]:
    base = {"experiment_id": experiment_id, "method": experiment_id, "dataset_id": "isbi", "target": "membranes",
            "split": "block, 1 fold", "datasets": (), "origin": "rerun", "source_id": "reruns", "run_id": (),
            "test_set": "other", "uncertain": False}  # fmt: skip
    return base | more


def scores(experiment_id: str, values: list[float], metric: str = "dice", **more: Any) -> list[dict[str, Any]]:
    more = {"source_id": "reruns", "run_id": (), "convention": "fg"} | more
    return [result(experiment_id, metric, value, **{"unit": f"seed:{n}"} | more) for n, value in enumerate(values)]


def once(experiment_id: str, value: float, **more: Any) -> list[dict[str, Any]]:
    """A published segmentation, scored once."""
    return scores(experiment_id, [value], **{"unit": None, "n": 1, "n_of": "segmentation"} | more)


def compared(experiments: list[dict[str, Any]], results: list[dict[str, Any]]) -> ContrastsResult:
    tables = {"rerun_experiments": frame("rerun_experiments", experiments),
              "rerun_results": frame("rerun_results", results)}  # fmt: skip
    found = compute_contrasts(tables, SPEC)
    assert ContrastsResult.from_json(found.to_json()).rows == found.rows
    assert len(found.to_frame()) == len(found.rows)
    return found


def pair(first: list[float], second: list[float], metric: str = "dice") -> ContrastRow:
    (row,) = compared([rerun("a"), rerun("b")], [*scores("a", first, metric), *scores("b", second, metric)]).rows
    return row


@pytest.mark.parametrize(
    ("first", "second", "metric", "verdict", "words"),
    [
        ([0.90, 0.91, 0.92], [0.80, 0.81, 0.82], "dice", "first is better", "higher by more than runs differ"),
        ([0.80, 0.81, 0.82], [0.90, 0.91, 0.92], "dice", "second is better", "higher by more than runs differ"),
        ([0.90, 0.91, 0.92], [0.80, 0.81, 0.82], "arand", "second is better", "lower by more than runs differ"),
        ([0.80, 0.81, 0.82], [0.90, 0.91, 0.92], "arand", "first is better", "lower by more than runs differ"),
        ([0.90, 0.91, 0.92], [0.89, 0.91, 0.93], "dice", "no difference shown", "runs differ by as much"),
        ([0.90, 0.91], [0.80, 0.81, 0.82], "dice", "too few runs", "first has 2 runs; 3 are needed"),
        ([0.90], [0.80], "dice", "too few runs", "first has 1 run and second has 1 run; 3 are needed"),
        ([0.5, 0.5, 0.5], [0.4, 0.4, 0.4], "dice", "first is better",
         "higher by more than runs differ; the runs of each side are equal"),
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5], "dice", "no difference shown",
         "runs differ by as much; the runs of each side are equal"),
        ([9.0, 9.1, 9.2], [2.0, 2.1, 2.2], "unheard_of", "no verdict", "neither direction of this metric is better"),
    ],
)  # fmt: skip
def test_verdicts(first: list[float], second: list[float], metric: str, verdict: str, words: str) -> None:
    row = pair(first, second, metric)
    assert (row.verdict, row.words) == (verdict, f"{verdict}: {words}")
    assert row.difference == pytest.approx(sum(first) / len(first) - sum(second) / len(second))
    assert (row.low is None) == (len(first) == 1)


@settings(max_examples=25)
@given(VALUES, VALUES)
def test_swapping_the_pair_swaps_the_verdict(first: list[float], second: list[float]) -> None:
    swap = {"first is better": "second is better", "second is better": "first is better"}
    one, other = pair(first, second), pair(second, first)
    assert other.verdict == swap.get(one.verdict, one.verdict)
    assert (other.difference, other.p_holm) == (-one.difference, one.p_holm)


def test_a_published_segmentation_is_a_fixed_number_and_the_row_says_so() -> None:
    experiments = [rerun("ffn", origin="recomputed", note="trained elsewhere"), rerun("net"), rerun("young")]
    found = compared(experiments, [*once("ffn", 0.95), *scores("net", [0.90, 0.91, 0.92]), *scores("young", [0.9])])
    ours, few, own = found.rows
    assert (ours.first.fixed, ours.first.sd, ours.first.n, ours.first.note) == (True, None, 1, "trained elsewhere")
    assert not ours.second.fixed
    assert ours.words == "first is better: higher by more than runs differ; first is a fixed number"
    # by hand: 0.95 - 0.91 = 0.04, standard error 0.01 / sqrt(3), t(0.975, 2) = 4.302653
    assert (ours.low, ours.high) == pytest.approx((0.04 - 0.0248414, 0.04 + 0.0248414), abs=1e-7)
    assert few.words == "too few runs: second has 1 run; 3 are needed; first is a fixed number"
    assert (few.low, few.p) == (None, None)  # one run of a training is no fixed number
    assert (own.verdict, own.low) == ("too few runs", None)
    experiments[1] |= {"origin": "recomputed"}
    (both, *_) = compared(experiments, [*once("ffn", 0.95), *once("net", 0.9)]).rows
    assert both.verdict == "too few runs"
    assert both.words.startswith("too few runs: neither side has any")


def test_p_is_adjusted_inside_a_data_set_metric_and_rule_only() -> None:
    runs = {"a": [0.90, 0.91, 0.92], "b": [0.87, 0.88, 0.90], "c": [0.80, 0.81, 0.82]}
    results = [row for name, values in runs.items() for row in scores(name, values)]
    results += [row for name in "ab" for row in scores(name, runs[name], convention="gt0")]
    found = compared([rerun(name) for name in runs], results)
    assert (found.k_in, found.k_used) == (3, 3)
    family = [row for row in found.rows if row.convention == "fg"]
    assert [(row.first.method, row.second.method) for row in family] == [("a", "b"), ("a", "c"), ("b", "c")]
    raw = [row.p for row in family]
    assert all(p is not None for p in raw)
    # Holm 1979 by hand: times 3, 2, 1 in order of size, never falling
    order = sorted(range(3), key=lambda at: raw[at] or 0)
    wanted, least = {}, 0.0
    for step, at in enumerate(order):
        wanted[at] = least = max(least, min(1.0, (3 - step) * (raw[at] or 0)))
    assert [row.p_holm for row in family] == pytest.approx([wanted[at] for at in range(3)])
    (alone,) = [row for row in found.rows if row.convention == "gt0"]
    assert (alone.p_holm, alone.family) == (alone.p, 1)  # another rule is another family


def test_an_interval_that_does_not_hold_for_all_pairs_is_told() -> None:
    runs = {"a": [0.900, 0.910, 0.920], "b": [0.876, 0.886, 0.896], "c": [0.890, 0.899, 0.908]}
    found = compared([rerun(name) for name in runs], [row for n, v in runs.items() for row in scores(n, v)])
    row = found.rows[0]
    assert row.low is not None
    assert row.low > 0
    assert row.verdict == "no difference shown"
    assert "not after Holm's adjustment over 3 pairs" in row.words


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"split": "slice-blocks, 5 folds"}, "other split: block, 1 fold against slice-blocks, 5 folds"),
        ({"split": None}, "other split: block, 1 fold against not stated"),
        ({"target": "neurons"}, "other target: membranes against neurons"),
        ({"setting": "full preset", "split": "block, 2 folds"}, "other split: block, 1 fold against block, 2 folds"),
    ],
)
def test_what_is_not_scored_on_the_same_thing_is_dropped(more: dict[str, Any], reason: str) -> None:
    results = [*scores("a", [0.9, 0.91, 0.92]), *scores("b", [0.8, 0.81, 0.82])]
    found = compared([rerun("a"), rerun("b", **more)], results)
    assert found.rows == ()
    (dropped,) = found.dropped
    assert dropped.reason == reason
    assert dropped.what.startswith("a and b")
    assert (found.k_in, found.k_used, found.warnings) == (1, 0, ())


def test_what_else_is_not_compared() -> None:
    runs = [0.9, 0.91, 0.92]
    other = compared([rerun("a"), rerun("b", dataset_id="fib")], [*scores("a", runs), *scores("b", runs)])
    assert (other.rows, other.dropped, other.k_in) == ((), (), 0)  # other data: no pair at all
    nowhere = [rerun("a", dataset_id=None), rerun("b", dataset_id=None)]
    (dropped,) = compared(nowhere, [*scores("a", runs), *scores("b", runs)]).dropped
    assert "no data set is named" in dropped.reason
    unsplit = [rerun("a", split=None), rerun("b", split=None)]
    (dropped,) = compared(unsplit, [*scores("a", runs), *scores("b", runs)]).dropped
    assert "no split is stated" in dropped.reason
    both = [rerun("a"), rerun("b")]
    (dropped,) = compared(both, [*scores("a", runs), *scores("b", runs, convention="gt0")]).dropped
    assert dropped.reason == "they have no score under one metric and rule"
    unstated = compared(both, [*scores("a", runs, convention="unstated"), *scores("b", runs, convention="unstated")])
    assert {row.reason for row in unstated.dropped} == {"its scoring rule is not stated"}
    images = compared(
        both,
        [row for n in "ab" for row in scores(n, runs[:2])]
        + scores("a", runs, "recall", unit=None)
        + [row | {"unit": f"image:{row['unit'][5:]}"} for n in "ab" for row in scores(n, runs, "f1")],
    )
    assert {(row.what, row.reason) for row in images.dropped} == {
        ("f1 of a", "its spread is over images, not over runs"),
        ("f1 of b", "its spread is over images, not over runs"),
    }
    assert [row.metric for row in images.rows] == ["dice"]


def test_nothing_was_run_again() -> None:
    found = compared([], [])
    assert (found.rows, found.k_in, found.warnings) == ((), 0, ())
