"""Deletion, subsets, resampling, bias: identities with single fits, refusals, and seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metareview.errors import InputError, MetareviewError, NotEstimable, UnknownName
from metareview.stats.synthesis import UnivariateFit, fit
from metareview.stats.synthesis.asymmetry import begg, egger, egger_random, harbord, pet_peese, peters, pustejovsky
from metareview.stats.synthesis.deletion import baujat, cumulative, gosh, influence, leave_one_out
from metareview.stats.synthesis.fail_safe import fail_safe_n
from metareview.stats.synthesis.resampling import bootstrap, permutation_test, prediction_bootstrap, r2_interval
from metareview.stats.synthesis.selection import selection_model
from metareview.stats.synthesis.trim_fill import trim_and_fill
from metareview.stats.synthesis.two_by_two import cochran_mantel_haenszel, mantel_haenszel, peto

RNG = np.random.default_rng(3)
V = np.exp(RNG.normal(-3, 1, 9))
Y = 0.3 + RNG.normal(size=9) * np.sqrt(V + 0.05)
X = RNG.normal(size=9)


def model(y: object = Y, v: object = V, **options: object) -> UnivariateFit:
    found = fit(y, v, **options)  # type: ignore[arg-type]
    assert isinstance(found, UnivariateFit)
    return found


@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
def test_leave_one_out_is_fitting_without(test: str) -> None:
    frame = leave_one_out(model(test=test))
    for i in (0, 4, 8):
        keep = np.arange(9) != i
        alone = model(Y[keep], V[keep], test=test)
        row = frame.iloc[i]
        np.testing.assert_allclose(
            row[["estimate", "se", "ci_low", "ci_high", "tau2", "i2", "q", "q_pvalue"]].to_numpy(dtype=float),
            [alone.estimate, alone.se[0], alone.ci_low, alone.ci_high, alone.tau2, alone.i2, alone.q, alone.q_pvalue],
            rtol=1e-8, atol=1e-12,
        )  # fmt: skip


def test_leave_one_cluster_out_and_cumulative() -> None:
    ids = ["a", "a", "b", "b", "b", "c", "c", "d", "d"]
    frame = leave_one_out(model(test="z"), cluster=ids)
    assert frame["label"].tolist() == ["a", "b", "c", "d"]
    assert frame["estimate"].iloc[0] == pytest.approx(model(Y[2:], V[2:]).estimate)
    steps = cumulative(model(test="z"), order=-np.arange(9))
    assert steps["label"].iloc[0] == "row 9"
    assert steps["estimate"].iloc[-1] == pytest.approx(model().estimate)
    assert steps["estimate"].iloc[3] == pytest.approx(model(Y[5:], V[5:]).estimate)
    with pytest.raises(InputError, match="without moderators"):
        leave_one_out(model(mods=X))
    with pytest.raises(NotEstimable):
        leave_one_out(model([0.1], [0.1]))
    with pytest.raises(InputError, match="2 cluster ids"):
        leave_one_out(model(), cluster=[1, 2])


def test_all_subsets() -> None:
    frame = gosh(model(test="z"))
    assert len(frame) == 2**9 - 1 - 9
    row = frame[frame["subset"] == 0b100000111].iloc[0]
    chosen = [0, 1, 2, 8]
    alone = model(Y[chosen], V[chosen], test="z")
    assert row["estimate"] == pytest.approx(alone.estimate)
    assert row["tau2"] == pytest.approx(alone.tau2)
    many = model(np.tile(Y, 2), np.tile(V, 2))
    with pytest.raises(InputError, match="pass rng="):
        gosh(many)
    sample = gosh(many, rng=np.random.default_rng(1), subsets=50, minimum=3)
    again = gosh(many, rng=np.random.default_rng(1), subsets=50, minimum=3)
    assert sample.equals(again)
    assert sample["k"].min() >= 3


@pytest.mark.parametrize("mods", [None, X])
def test_influence_is_deletion(mods: np.ndarray | None) -> None:
    full = model(mods=mods, test="z")
    frame = influence(full)
    i = 5
    keep = np.arange(9) != i
    part = model(Y[keep], V[keep], mods=None if mods is None else mods[keep], test="z")
    x = full.x[i]
    gap = Y[i] - x @ part.beta
    assert frame["rstudent"][i] == pytest.approx(gap / np.sqrt(V[i] + part.tau2 + x @ part.cov @ x))
    change = full.beta - part.beta
    assert frame["cook_d"][i] == pytest.approx(change @ np.linalg.solve(full.cov, change))
    assert frame["cov_r"][i] == pytest.approx(np.linalg.det(part.cov) / np.linalg.det(full.cov))
    assert frame["qe_del"][i] == pytest.approx(part.q)
    assert frame["hat"].sum() == pytest.approx(full.p)
    assert set(baujat(full).columns) == {"label", "x", "y"}
    with pytest.raises(NotEstimable):
        influence(model(Y[:2], V[:2]))


def test_exact_permutation_of_signs() -> None:
    """Two equal positive effects: 1/4 of the sign patterns are as extreme on each side."""
    found = permutation_test(model([1.0, 1.0], [0.1, 0.1], test="z", method="EE"), rng=np.random.default_rng(0))
    assert found.exact
    assert found.replicates == 4
    assert found.pvalues == (0.5,)


def test_exact_permutation_of_rows() -> None:
    found = permutation_test(model(Y[:5], V[:5], mods=X[:5], test="knha"), rng=np.random.default_rng(0))
    assert found.exact
    assert found.replicates == 120
    assert found.omnibus == pytest.approx(found.pvalues[1])
    sampled = permutation_test(model(mods=X), rng=np.random.default_rng(0), replicates=99, exact_limit=10)
    assert sampled == permutation_test(model(mods=X), rng=np.random.default_rng(0), replicates=99, exact_limit=10)
    assert not sampled.exact
    with pytest.raises(InputError, match="intercept"):
        permutation_test(
            model(np.append(Y, 1.0), np.append(V, 1.0)).__class__(**_without_intercept()), rng=np.random.default_rng(0)
        )


def _without_intercept() -> dict[str, object]:
    from dataclasses import fields

    found = model(mods=X)
    return {f.name: getattr(found, f.name) for f in fields(found)} | {"names": ("a", "b")}


def test_bootstrap_repeats_with_its_seed() -> None:
    a, b = (bootstrap(model(), rng=np.random.default_rng(9), replicates=200) for _ in range(2))
    np.testing.assert_array_equal(a.tau2, b.tau2)
    low, high = a.interval()
    assert low < model().estimate < high
    studies = bootstrap(model(mods=X), rng=np.random.default_rng(9), replicates=100, kind="studies")
    assert studies.estimate.shape[1] == 2
    assert len(studies.estimate) + studies.left_out == 100
    with pytest.raises(InputError, match="parametric"):
        bootstrap(model(), rng=np.random.default_rng(9), kind="wild")
    with pytest.raises(NotEstimable):
        bootstrap(model([0.1], [0.1]), rng=np.random.default_rng(9))
    low, high = r2_interval(model(mods=X), rng=np.random.default_rng(1), replicates=200)
    assert 0 <= low <= high <= 1
    with pytest.raises(NotEstimable):
        r2_interval(model(), rng=np.random.default_rng(1))
    wide = prediction_bootstrap(model(), rng=np.random.default_rng(1), replicates=400)
    assert wide[0] < model().estimate < wide[1]


def test_asymmetry_needs_spread() -> None:
    for test in (egger, egger_random, begg, pet_peese):
        with pytest.raises(NotEstimable):
            test([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])
    with pytest.raises(NotEstimable):
        peters([0.1, 0.2], [3, 4], [5, 6])


def test_egger_on_a_line() -> None:
    """Effects 1 + 2 se plus noise that the regression must find (weights 1/v)."""
    se = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    noise = np.array([0.01, -0.02, 0.015, 0.0, -0.005])
    found = egger(1 + 2 * se + noise, se**2)
    slope, intercept = np.polyfit(se, 1 + 2 * se + noise, 1, w=1 / se)
    assert found.slope == pytest.approx(slope)
    assert found.limit == pytest.approx(intercept)
    assert found.df == 3
    assert any("little power" in text for text in found.warnings)


def test_variants_for_tables_and_smd() -> None:
    ai, bi = np.array([4, 6, 3, 62, 33.0]), np.array([119, 300, 228, 13536, 5036.0])
    ci, di = np.array([11, 29, 11, 248, 47.0]), np.array([128, 274, 209, 12619, 5761.0])
    z = ai - (ai + ci) * (ai + bi) / (ai + bi + ci + di)
    n = ai + bi + ci + di
    v = (ai + bi) * (ci + di) * (ai + ci) * (bi + di) / (n**2 * (n - 1))
    slope = np.polyfit(np.sqrt(v), z / np.sqrt(v), 1)[1]  # Harbord: intercept of Z/sqrt(V) on sqrt(V)
    assert harbord(ai, bi, ci, di).slope == pytest.approx(slope)
    log_or = np.log(ai * di / (bi * ci))
    w = 1 / (1 / (ai + ci) + 1 / (bi + di))
    assert peters(log_or, ai + ci, bi + di).slope == pytest.approx(np.polyfit(1 / n, log_or, 1, w=np.sqrt(w))[0])
    n1 = np.array([10, 20, 30, 40.0])
    smd = pustejovsky([0.5, 0.4, 0.2, 0.25], n1, n1)
    assert smd.slope == pytest.approx(np.polyfit(np.sqrt(2 / n1), [0.5, 0.4, 0.2, 0.25], 1, w=np.sqrt(n1 / 2))[0])


@settings(max_examples=20)
@given(st.integers(5, 15), st.integers(0, 1000))
def test_trim_and_fill_mirrors(k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    v = np.exp(rng.normal(-2, 1, k))
    y = rng.normal(size=k) * np.sqrt(v)
    left, right = trim_and_fill(model(y, v), side="left"), trim_and_fill(model(-y, v), side="right")
    assert left.k0 == right.k0
    assert left.fitted.estimate == pytest.approx(-right.fitted.estimate, abs=1e-9)
    assert left.fitted.k == k + left.k0


def test_symmetric_funnels_lack_nothing() -> None:
    y, v = [-0.3, 0.3, -0.1, 0.1, 0.0, -0.2, 0.2], [0.09, 0.09, 0.01, 0.01, 0.005, 0.04, 0.04]
    for estimator in ("L0", "R0"):
        assert trim_and_fill(model(y, v), estimator=estimator, side="left").k0 == 0
    with pytest.raises(UnknownName):
        trim_and_fill(model(), estimator="Q9")
    with pytest.raises(InputError):
        trim_and_fill(model(mods=X))


def test_fail_safe_definitions() -> None:
    y, v = [0.5, 0.6, 0.4], [0.01, 0.01, 0.01]
    n = fail_safe_n(y, v).n
    z = np.sum(np.array(y) / 0.1)
    assert z / np.sqrt(3 + n) < 1.6448536269514722 <= z / np.sqrt(3 + n - 1)
    assert fail_safe_n(y, v, kind="Orwin").n == 3
    assert fail_safe_n([0.01, -0.02], [0.1, 0.1]).n == 0
    assert fail_safe_n([0.01, -0.02], [0.1, 0.1], kind="General").n == 0
    target = fail_safe_n(y, v, kind="General", target=0.25)
    assert target.n == 3
    with pytest.raises(UnknownName):
        fail_safe_n(y, v, kind="Rosental")
    with pytest.raises(InputError):
        fail_safe_n(y, v, kind="Orwin", target=0)


def test_selection_is_the_same_on_every_scale() -> None:
    rng = np.random.default_rng(2)
    v = rng.uniform(0.01, 0.1, 40)
    y = 0.2 + rng.normal(size=40) * np.sqrt(v + 0.02)
    one, other = selection_model(model(y, v)), selection_model(model(-y / 100, v / 1e4), alternative="less")
    np.testing.assert_allclose(one.delta, other.delta, rtol=1e-5)
    np.testing.assert_allclose(one.beta[0], -100 * other.beta[0], rtol=1e-5)
    assert one.lrt == pytest.approx(other.lrt, abs=1e-7)
    with pytest.raises(NotEstimable, match="no p-value lies in"):
        selection_model(model([3, 4, 5.0], [0.1, 0.1, 0.1]))
    for options in ({"steps": (1.5,)}, {"alternative": "up"}):
        with pytest.raises(MetareviewError):
            selection_model(model(y, v), **options)  # type: ignore[arg-type]


def test_one_table_is_itself() -> None:
    """Mantel-Haenszel of one table is that table's odds ratio, with Woolf's variance."""
    found = mantel_haenszel("OR", [4], [119], [11], [128])
    assert found.estimate == pytest.approx(np.log(4 * 128 / (119 * 11)))
    assert float(found.se[0]) ** 2 == pytest.approx(1 / 4 + 1 / 119 + 1 / 11 + 1 / 128)
    rate = mantel_haenszel("IRR", [4], [7], [120], [110])
    assert rate.estimate == pytest.approx(np.log(4 / 120 / (7 / 110)))
    assert float(rate.se[0]) ** 2 == pytest.approx(1 / 4 + 1 / 7)
    difference = mantel_haenszel("IRD", [4], [7], [120], [110])
    assert float(difference.se[0]) ** 2 == pytest.approx(4 / 120**2 + 7 / 110**2)


def test_tables_that_cannot_be_pooled() -> None:
    with pytest.raises(NotEstimable, match="0 or infinite"):
        mantel_haenszel("OR", [0], [5], [3], [2])
    with pytest.raises(NotEstimable, match="events"):
        peto([0], [5], [0], [2])
    with pytest.raises(UnknownName):
        mantel_haenszel("SMD", [1], [1], [1], [1])
    with pytest.raises(InputError, match="row 1"):
        peto([-1], [5], [0], [2])
    mixed = peto([1, np.nan, 0], [5, 1, 4], [3, 1, 0], [2, 1, 5])
    assert mixed.k_in == 3
    assert mixed.dropped[0].reason == "missing cell"
    assert "null" in mixed.to_json()
    statistic, pvalue = cochran_mantel_haenszel([4, 6], [119, 300], [11, 29], [128, 274])
    assert statistic > 10
    assert pvalue < 0.01
