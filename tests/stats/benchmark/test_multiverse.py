"""The multiverse: laws on small tables, the shares of decisions, what the founding review's Table 3 allows."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from benchmark_tables import build, spec
from hypothesis import given, settings
from hypothesis import strategies as st

import metareview
from metareview.errors import InputError, UnknownName
from metareview.stats.benchmark.composite import CompositeResult
from metareview.stats.benchmark.multiverse import Multiverse, run_multiverse
from metareview.stats.benchmark.multiverse.analysis import composite_cube, compute_multiverse
from metareview.stats.benchmark.multiverse.collapse import DERIVED, collapse, partly_reported
from metareview.stats.benchmark.multiverse.penalty import (
    ReportingPenalty,
    compute_reporting_penalty,
    reporting_penalty,
)
from metareview.stats.benchmark.multiverse.variance import shapley_shares
from metareview.stats.benchmark.multiverse.verdict import categories_identified
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.cube_frames import cube_from_long, cube_from_wide
from metareview.stats.benchmark.ranking.rules import RULES

ROOT = Path(__file__).parents[3]


def wide(rows: dict[str, list[float | None]], columns: list[str], **more: list[Any]) -> Cube:
    frame = pd.DataFrame(
        {"method": list(rows), **more, **dict(zip(columns, zip(*rows.values(), strict=True), strict=True))}
    )
    return cube_from_wide(frame)


FULL = wide({"A": [0.9, 0.8, 0.7], "B": [0.8, 0.9, 0.6], "C": [0.5, 0.4, 0.9], "D": [0.3, 0.2, 0.1]},
            ["x|dice", "y|dice", "y|recall"], category=["CNN", "CNN", "Hybrid", "Hybrid"])  # fmt: skip
GAPS = wide({"A": [0.9, None, 0.7], "B": [0.8, 0.9, None], "C": [0.5, 0.4, 0.9], "D": [0.3, 0.2, 0.1]},
            ["x|dice", "y|dice", "y|recall"])  # fmt: skip
VOI = wide({"A": [0.9, 0.5], "B": [0.8, 0.2], "C": [0.7, 0.9]}, ["x|dice", "x|voi"])


def test_every_specification_says_its_options_and_order() -> None:
    found = run_multiverse(GAPS)
    assert found.specifications[0].options == {
        "datasets": "all", "metrics": "all", "redundancy": "counted apart", "missing": "available", "rule": "mean",
        "transform": "identity", "weighting": "cell",
    }  # fmt: skip
    names = {decision.name for decision in found.decisions}
    assert names == {"datasets", "metrics", "missing", "rule", "transform", "weighting"}
    keys = [tuple(one.options.values()) for one in found.specifications]
    assert len(set(keys)) == len(keys), "no specification twice"
    for one in found.specifications:
        assert one.feasible == bool(one.order)
        assert one.feasible == bool(one.ranks)
        for decision in found.decisions:
            assert one.options[decision.name] in decision.options
        ranked = [rank for rank in one.ranks if rank is not None]
        assert sum(ranked) == len(ranked) * (len(ranked) + 1) / 2, "ties share their mean rank"


def test_orders_are_those_of_single_rankings() -> None:
    from metareview.stats.benchmark.ranking.rank import rank

    found = run_multiverse(GAPS)
    for rule in RULES:
        single = rank(GAPS, rule, "available", n_boot=0, transform="identity" if RULES[rule].metric_scale else None)
        one = next(x for x in found.specifications if x.options["rule"] == rule and x.id >= 0
                   and x.options | {"rule": "mean"} == found.specifications[0].options)  # fmt: skip
        assert one.order == tuple(row.method for row in single.ranked)


def test_a_rule_that_looks_at_order_only_has_no_scale() -> None:
    for one in run_multiverse(FULL).specifications:
        if not RULES[one.options["rule"]].metric_scale:
            assert one.options["transform"] == "identity"


def test_infeasible_ones_have_reasons() -> None:
    found = run_multiverse(VOI)
    reasons = {one.options["rule"]: one.reason for one in found.specifications if not one.feasible
               and one.options["metrics"] == "all" and one.options["transform"] == "identity"}  # fmt: skip
    assert set(reasons) == {"mean", "additive"}
    assert all("ranges or directions differ" in reason for reason in reasons.values())
    assert found.specifications[0].options["rule"] == "borda", "the default is a rule that can be computed"
    lost = len(found.specifications) - found.n_feasible
    assert f"{lost} of {len(found.specifications)} specifications give no order; each says why" in found.warnings


@given(st.permutations(range(4)))
@settings(max_examples=8, deadline=None)
def test_order_of_rows_changes_nothing(order: list[int]) -> None:
    frame = GAPS.to_frame()
    frame = frame.iloc[sorted(range(len(frame)), key=lambda i: (order[i % 4], i))]
    turned = cube_from_long(frame[["method", "dataset", "metric", "value"]])
    first, second = run_multiverse(GAPS), run_multiverse(turned)
    assert [x.order for x in first.specifications] == [x.order for x in second.specifications]


def test_renaming_the_methods_renames_the_orders() -> None:
    frame = FULL.to_frame()
    new = {"A": "p", "B": "q", "C": "r", "D": "s"}
    other = run_multiverse(cube_from_long(frame.assign(method=frame["method"].map(new), target=None, convention=None)[
        ["method", "dataset", "metric", "value"]]))  # fmt: skip
    orders = [tuple(new[m] for m in one.order) for one in run_multiverse(FULL).specifications]
    assert orders == [one.order for one in other.specifications]


def test_a_method_that_loses_everywhere_is_last_in_all() -> None:
    found = run_multiverse(FULL)
    last = {curve.method: curve for curve in found.curves}["D"]
    assert (last.best, last.worst, last.first) == (4.0, 4.0, 0.0)
    below = [pair for pair in found.pairs if "D" in (pair.above, pair.below)]
    assert all(pair.below == "D" and pair.share == 1.0 for pair in below)


def test_curves_and_pairs_add_up() -> None:
    found = run_multiverse(FULL)
    assert sum(curve.first for curve in found.curves) == pytest.approx(1)
    assert all(curve.n == found.n_full for curve in found.curves)
    full = [one for one in found.specifications if one.feasible and None not in one.ranks]
    assert len(full) == found.n_full
    pair = next(p for p in found.pairs if {p.above, p.below} == {"A", "B"})
    i, j = (found.methods_compared.index(name) for name in (pair.above, pair.below))
    ahead = [np.sign((one.ranks[j] or 0) - (one.ranks[i] or 0)) for one in full]
    assert pair.share == pytest.approx((np.mean(ahead) + 1) / 2)
    assert (pair.columns, pair.studies) == (3, 0)


def test_shares_add_up_and_the_rest_is_interaction() -> None:
    found = run_multiverse(GAPS)
    assert found.unexplained is not None
    assert sum(part.share for part in found.shares) + found.unexplained == pytest.approx(1)
    assert all(part.share <= 1 and part.alone >= -1e-12 for part in found.shares)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_in_a_full_factorial_a_share_is_eta_squared(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = np.array(list(product(range(2), range(3), range(2))))
    ranks = rng.normal(size=(12, 3))
    shares, alone = shapley_shares(ranks, codes)
    centred = ranks - ranks.mean(axis=0)
    for j in range(3):
        means = np.array([centred[codes[:, j] == option].mean(axis=0) for option in codes[:, j]])
        eta = (means**2).sum(axis=0) / (centred**2).sum(axis=0)
        assert shares[j] == pytest.approx(eta, abs=1e-10)
        assert alone[j] == pytest.approx(eta, abs=1e-10)


def test_shares_of_an_unbalanced_design_are_the_average_over_orders() -> None:
    """Against the definition, with least squares of its own, on a design with holes."""
    from itertools import permutations

    rng = np.random.default_rng(2)
    codes = np.array([c for c in product(range(2), range(3), range(2)) if c not in [(0, 0, 0), (1, 2, 1), (1, 1, 0)]])
    y = rng.normal(size=(len(codes), 1))

    def r2(chosen: tuple[int, ...]) -> float:
        design = np.column_stack([np.ones(len(y)), *(codes[:, j] == o for j in chosen for o in np.unique(codes[:, j]))])
        rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        return float(1 - (rest**2).sum() / ((y - y.mean()) ** 2).sum())

    orders = list(permutations(range(3)))
    expected = np.zeros(3)
    for order in orders:
        for at, j in enumerate(order):
            expected[j] += (r2(order[: at + 1]) - r2(order[:at])) / len(orders)
    assert shapley_shares(y, codes)[0][:, 0] == pytest.approx(expected, abs=1e-9)


def test_the_same_bytes_and_back() -> None:
    one, other = run_multiverse(GAPS), run_multiverse(GAPS)
    assert one.to_json() == other.to_json()
    back = Multiverse.from_json(one.to_json())
    assert back.specifications == one.specifications
    assert back.curves == one.curves
    assert "NaN" not in one.to_json()
    assert len(one.to_frame()) == len(one.specifications)
    assert one.verdict in one.summary()


def test_nothing_to_rank() -> None:
    single = wide({"A": [0.9]}, ["x|dice"])
    with pytest.raises(InputError, match="1 methods with 1 values: nothing to rank"):
        run_multiverse(single)
    with pytest.raises(UnknownName, match="rule 'meen'"):
        run_multiverse(FULL, rules=["meen"])


def test_all_tied_and_disconnected() -> None:
    tied = run_multiverse(wide({"A": [0.5, 0.5], "B": [0.5, 0.5]}, ["x|dice", "y|dice"]))
    assert {curve.first for curve in tied.curves} == {0.5}
    assert tied.shares == ()
    apart = run_multiverse(wide({"A": [0.5, None], "B": [0.6, None], "C": [None, 0.5], "D": [None, 0.7]},
                                ["x|dice", "y|dice"]))  # fmt: skip
    refused = {one.options["rule"] for one in apart.specifications if "falls into 2 parts" in one.reason}
    assert refused == {"bradley-terry", "additive"}


def test_categories() -> None:
    found = run_multiverse(FULL)
    assert found.category_orders[0].order == ("CNN", "Hybrid")
    assert categories_identified(found) == (found.category_orders[0].share >= 0.95)
    assert sum(order.n for order in found.category_orders) == found.n_full
    assert categories_identified(run_multiverse(GAPS)) is None


def test_leaving_out_is_crossed_with_the_rest_or_said() -> None:
    many = wide({f"m{i}": [(i * 7 + j * 3) % 11 / 11 for j in range(60)] for i in range(4)},
                [f"d{j}|{metric}" for j in range(20) for metric in ("dice", "recall", "precision")])  # fmt: skip
    from metareview.stats.benchmark.multiverse import decisions

    found = run_multiverse(many)
    assert len(found.specifications) <= decisions.LIMIT
    shown = [one for one in found.specifications if one.options["datasets"] != "all"]
    assert shown


REDUNDANT = wide({"A": [0.9, 0.82, 0.5], "B": [None, 0.8, 0.6], "C": [0.7, None, 0.4], "D": [0.6, 0.4, None]},
                 ["x|dice", "x|jaccard", "x|recall"])  # fmt: skip


def test_collapse_counts_once_and_derives() -> None:
    cube, derived = collapse(REDUNDANT)
    assert [column.metric for column in cube.columns] == ["dice", "recall"]
    (cell,) = derived
    assert (cell.method, cell.value, cell.low, cell.high) == ("B", round(1.6 / 1.8, 12), 0.8, round(1.6 / 1.8, 12))
    entry = next(e for e in cube.entries if e.level == DERIVED)
    assert entry.printed is None
    assert cube.k_in == cube.k_used + len(cube.dropped)
    said = [row.reason for row in cube.dropped if row.reason != "it has no value"]
    assert said == ["jaccard is dice in other words, counted once"] * 2
    assert collapse(FULL) == (FULL, ())


def test_partly_reported_counts_redundant_metrics_as_one() -> None:
    assert partly_reported(REDUNDANT) == (["dice", "jaccard"], ["recall"])
    assert partly_reported(FULL) == (["dice", "recall"], [])
    rare = wide({"A": [0.9, None], "B": [0.8, 0.1], "C": [None, 0.3]}, ["x|recall", "x|precision"])
    assert partly_reported(rare) == (["precision", "recall"], []), "at least half have each"


# --- the founding review -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def review() -> metareview.Review:
    return metareview.load(ROOT / "data" / "studies" / "brain-em")


@pytest.fixture(scope="module")
def founding(review: metareview.Review) -> Multiverse:
    return compute_multiverse(review.frames, review.spec)


PUBLISHED = ("3D Trans.+U-Net", "DDeep3M+", "Hyb. enc-dec", "U-Net+FFN", "Dual-br. attn", "UTR", "Mod. U-Net", "SAM2",
             "ATFormer", "FragViT")  # fmt: skip


def test_the_default_is_the_published_order(founding: Multiverse) -> None:
    assert founding.specifications[0].order == PUBLISHED
    assert founding.title == "Table 3 as printed"


def test_experiments_alike_gives_the_published_composites(review: metareview.Review, founding: Multiverse) -> None:
    found = next(one for one in founding.specifications
                 if one.options == founding.specifications[0].options | {"weighting": "experiment"})  # fmt: skip
    composite = review.statistic("composite")
    assert isinstance(composite, CompositeResult)
    recomputed = {row.method: row.value for row in composite.rows}
    for method, score in zip(founding.methods_compared, found.scores, strict=True):
        assert score == pytest.approx(recomputed[method], abs=1e-12)


def test_the_reporting_penalty_of_table_3(review: metareview.Review) -> None:
    """The reference: ATFormer and FragViT move from 9-10 to 6-5 without AP."""
    found = compute_reporting_penalty(review.frames, review.spec)
    rows = {row.method: row for row in found.rows}
    assert (found.common, found.partial) == (("dice", "jaccard"), ("ap",))
    assert [(rows[m].rank, rows[m].rank_without) for m in ("ATFormer", "FragViT")] == [(9, 6), (10, 5)]
    assert (rows["3D Trans.+U-Net"].rank, rows["3D Trans.+U-Net"].rank_without) == (1, 1)
    assert {row.method for row in found.rows if row.partial} == {"ATFormer", "FragViT", "3D Trans.+U-Net"}
    # three of ten methods: 120 ways to name them, four of which differ from 0 as much
    assert found.p == pytest.approx(4 / 120)
    assert "ATFormer moves from 9 to 6" in found.verdict
    assert ReportingPenalty.from_json(found.to_json()).rows == found.rows
    # alone silent, each would have stood before the other
    assert (rows["ATFormer"].rank_silent, rows["FragViT"].rank_silent) == (5, 5)


def test_no_penalty_where_all_report_all() -> None:
    found = reporting_penalty(FULL)
    assert found.verdict.startswith("Every method reports every metric")
    assert (found.gain, found.p) == (None, None)
    assert compute_reporting_penalty(build([]), spec()).rows == ()


def test_the_verdict_of_table_3(founding: Multiverse) -> None:
    assert {curve.method: curve.default for curve in founding.curves} == {m: i for i, m in enumerate(PUBLISHED, 1)}
    assert founding.verdict == (
        f"DDeep3M+ is first in 6 of 8 rules and in {founding.curves[0].first:.0%} of {founding.n_full} specifications; "
        f"the order of categories is not identified ({len(founding.category_orders)} orders occur, the commonest in "
        f"{founding.category_orders[0].share:.0%})."
    )
    ranges = {curve.method: (curve.best, curve.worst) for curve in founding.curves}
    assert ranges["FragViT"][0] is not None
    assert ranges["FragViT"][0] <= 3
    assert ranges["FragViT"][1] == 10
    assert "2 of 45 pairs of methods have a value of the same metric on the same data" in " ".join(founding.warnings)


def test_what_collapsing_derives_in_table_3(review: metareview.Review, founding: Multiverse) -> None:
    assert [cell.method for cell in founding.derived] == ["DDeep3M+", "Mod. U-Net"]
    assert founding.derived[0].value == pytest.approx(2 * 0.947 / 1.947)
    assert founding.derived[0].low == 0.947
    cube = composite_cube(review.frames, review.spec)
    assert len(cube.entries) == 19


def test_a_review_without_composite() -> None:
    assert compute_multiverse(build([]), spec()).specifications == ()
    with pytest.raises(UnknownName, match="leaderboard 'x'"):
        compute_multiverse(build([]), spec(), "x")


def test_the_page_quotes_the_verdict(founding: Multiverse) -> None:
    page = (ROOT / "docs" / "multiverse.md").read_text(encoding="utf-8")
    quoted = " ".join(line.removeprefix("> ") for line in page.splitlines() if line.startswith("> "))
    assert quoted == founding.verdict
