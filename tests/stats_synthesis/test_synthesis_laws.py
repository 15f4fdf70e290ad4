"""Laws: right on every scale, shift, sign, order, duplicates; every estimator, every interval, every size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metareview.stats.synthesis import ESTIMATORS, UnivariateFit, fit, fit_batch
from metareview.stats.synthesis.batch import fit_counts
from metareview.stats.synthesis.intervals import TAU2_INTERVALS

METHODS = sorted(ESTIMATORS)


@st.composite
def studies(draw: st.DrawFn, smallest: int = 2) -> tuple[np.ndarray, np.ndarray]:
    k = draw(st.integers(smallest, 12))
    y = draw(st.lists(st.floats(-5, 5), min_size=k, max_size=k))
    logs = draw(st.lists(st.floats(-3, 3), min_size=k, max_size=k))
    return np.array(y), np.exp(np.array(logs))


def model(y: np.ndarray, v: np.ndarray, method: str, **options: object) -> UnivariateFit:
    found = fit(y, v, method=method, **options)  # type: ignore[arg-type]
    assert isinstance(found, UnivariateFit)
    return found


def close(a: float | None, b: float | None, size: float, rel: float = 1e-10) -> None:
    assert (a is None) == (b is None)
    if a is not None and b is not None:
        assert a == pytest.approx(b, rel=rel, abs=rel * size)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25)
@given(studies(), st.sampled_from([1e-6, 1e-3, 0.01, 0.25, 7.0, 1e4]))
def test_scale(method: str, data: tuple[np.ndarray, np.ndarray], s: float) -> None:
    y, v = data
    size = float(v.min())
    one, other = model(y, v, method, test="knha"), model(s * y, s * s * v, method, test="knha")
    close(one.tau2, None if other.tau2 is None else other.tau2 / s**2, size)
    close(one.estimate, other.estimate / s, float(np.abs(y).max()) + 1e-3)
    close(float(one.se[0]), float(other.se[0]) / s, 1e-3)
    close(one.q, other.q, 1e-3)
    close(one.i2, other.i2, 1e-3)
    if one.tau2_se is not None and other.tau2_se is not None:
        close(one.tau2_se, other.tau2_se / s**2, size)
    if one.random:
        for kind in TAU2_INTERVALS:
            a, b = one.tau2_interval(kind), other.tau2_interval(kind)
            for low, high in ((a.low, b.low), (a.high, b.high)):
                close(low, None if high is None else high / s**2, size)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=20)
@given(studies(), st.floats(-100, 100))
def test_shift_sign_order(method: str, data: tuple[np.ndarray, np.ndarray], shift: float) -> None:
    y, v = data
    base, size = model(y, v, method), float(v.min())
    order = np.argsort(np.sin(np.arange(len(y)) * 7.3 + shift))
    for other, estimate in (
        (model(y + shift, v, method), base.estimate + shift),
        (model(-y, v, method), -base.estimate),
        (model(y[order], v[order], method), base.estimate),
    ):
        close(base.tau2, other.tau2, size, 1e-8)
        assert other.estimate == pytest.approx(estimate, rel=1e-8, abs=1e-8)
        assert float(other.se[0]) == pytest.approx(float(base.se[0]), rel=1e-8)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=20)
@given(studies(smallest=3))
def test_counting_twice_is_having_twice(method: str, data: tuple[np.ndarray, np.ndarray]) -> None:
    y, v = data
    twice = model(np.tile(y, 2), np.tile(v, 2), method, test="z")
    counted = fit_counts(y, v, np.full((1, len(y)), 2.0), method=method)
    assert counted.estimate[0] == pytest.approx(twice.estimate, rel=1e-9, abs=1e-9)
    assert counted.tau2[0] == pytest.approx(twice.tau2, rel=1e-9, abs=1e-9 * v.min())
    assert counted.se[0] == pytest.approx(float(twice.se[0]), rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_is_its_single_fits(method: str) -> None:
    rng = np.random.default_rng(4)
    v = np.exp(rng.normal(size=(60, 9)))
    y = rng.normal(size=(60, 9)) * np.sqrt(v + 0.7)
    x = rng.normal(size=(9, 2))
    for mods, size in ((None, 1), (x, 3)):
        together = fit_batch(y, v, method=method, mods=mods)
        for b in (0, 7, 59):
            alone = model(y[b], v[b], method, mods=mods, test="z")
            assert together.tau2[b] == pytest.approx(alone.tau2, rel=1e-9, abs=1e-12)
            np.testing.assert_allclose(np.atleast_1d(together.estimate[b]), alone.beta, rtol=1e-8, atol=1e-10)
            np.testing.assert_allclose(np.atleast_1d(together.se[b]), alone.se, rtol=1e-8)
            assert alone.p == size


@pytest.mark.parametrize("method", METHODS)
def test_shared_variances_are_the_same_as_repeated_ones(method: str) -> None:
    rng = np.random.default_rng(5)
    v = np.exp(rng.normal(size=11))
    y = rng.normal(size=(700, 11)) * 1.5
    shared, repeated = fit_batch(y, v, method=method), fit_batch(y, np.tile(v, (700, 1)), method=method)
    np.testing.assert_allclose(shared.tau2, repeated.tau2, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(shared.estimate, repeated.estimate, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("restricted", [True, False])
def test_global_maximum_on_adversarial_data(restricted: bool) -> None:
    """Variances over five decades make several modes; a brute-force search must not find a higher one."""
    from metareview.stats.synthesis.core import log_likelihood, prepare
    from metareview.stats.synthesis.solvers import maximise

    rng = np.random.default_rng(11)
    several = 0
    for _ in range(300):
        k = int(rng.integers(3, 9))
        v = 10 ** rng.uniform(-5, 0, k)
        y = rng.normal(size=k) * 10 ** rng.uniform(-2.5, 0.5)
        problem, _ = prepare(y[None], v[None], np.ones((k, 1)))
        found = maximise(problem, restricted=restricted, ratio=1.5)
        top = log_likelihood(problem, found.t, restricted=restricted)[0]
        grid = np.concatenate([[0.0], np.geomspace(problem.v.min() / 100, 1e7, 4000)])
        assert top >= log_likelihood(problem, grid, restricted=restricted).max() - 1e-9
        several += int(found.modes[0] > 1)
    assert several >= 1


def test_the_batch_finds_the_same_maxima() -> None:
    rng = np.random.default_rng(12)
    v = 10 ** rng.uniform(-5, 0, (500, 5))
    y = rng.normal(size=(500, 5)) * 10 ** rng.uniform(-2.5, 0.5, (500, 1))
    together = fit_batch(y, v)
    alone = [model(y[b], v[b], "REML", test="z").tau2 for b in range(500)]
    np.testing.assert_allclose(together.tau2, np.array(alone, dtype=float), rtol=1e-7, atol=1e-12)
    assert (together.modes > 1).any()


@pytest.mark.parametrize("method", METHODS)
def test_one_study_is_itself(method: str) -> None:
    found = model(np.array([0.4]), np.array([0.09]), method)
    assert found.estimate == pytest.approx(0.4)
    assert float(found.se[0]) == pytest.approx(0.3)
    if found.random:
        assert found.tau2 is None
        assert any("cannot be estimated" in text for text in found.warnings)
    report = found.contract()
    assert report["k"] == 1
    assert report["pi_low"] is None


@pytest.mark.parametrize("method", METHODS)
def test_two_equal_studies(method: str) -> None:
    found = model(np.array([0.4, 0.4]), np.array([0.09, 0.09]), method)
    assert found.estimate == pytest.approx(0.4)
    if method not in ("SJ",):
        assert (found.tau2 or 0.0) == 0.0
    if found.random:
        assert any(text.startswith("tau2_ci: empty set") for text in found.contract()["warnings"])
        assert found.tau2_ci.low is None
        assert "empty set" in found.tau2_ci.note


def test_closed_form_for_two_studies() -> None:
    """With equal variances REML, DL, HE and PM are max(0, (y1 - y2)^2/2 - v)."""
    y, v = np.array([0.0, 2.0]), np.array([0.3, 0.3])
    for method in ("REML", "DL", "HE", "PM", "EB"):
        assert model(y, v, method).tau2 == pytest.approx(2.0 - 0.3, rel=1e-12)
    assert model(y, v, "ML").tau2 == pytest.approx(1.0 - 0.3, rel=1e-12)


@settings(max_examples=50)
@given(studies(smallest=3))
def test_an_interval_holds_its_estimate(data: tuple[np.ndarray, np.ndarray]) -> None:
    """Q-profile holds Paule-Mandel where the set is not empty; the profile likelihood holds its own maximum."""
    y, v = data
    pm = model(y, v, "PM")
    found = pm.tau2_interval("QP")
    if found.low is not None and found.high is not None and pm.tau2 is not None:
        assert found.low <= pm.tau2 * (1 + 1e-9) + 1e-12
        assert pm.tau2 <= found.high * (1 + 1e-9) + 1e-12
    reml = model(y, v, "REML")
    profile = reml.tau2_interval("PL")
    assert profile.low is not None
    assert profile.high is not None
    assert profile.low <= (reml.tau2 or 0.0) * (1 + 1e-9)
    assert (reml.tau2 or 0.0) <= profile.high * (1 + 1e-9)
