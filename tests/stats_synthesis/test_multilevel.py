"""Laws of multilevel models: three solvers, one answer; scale, order, special cases; and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metareview.errors import InputError, MetareviewError, UnknownName
from metareview.stats.synthesis import MultilevelFit, UnivariateFit, fit
from metareview.stats.synthesis.ai_reml import evaluate
from metareview.stats.synthesis.asymmetry import multilevel_egger
from metareview.stats.synthesis.covariance import (
    aggregate,
    block_covariance,
    shared_control_covariance,
    shared_test_set_covariance,
)
from metareview.stats.synthesis.multilevel_fit import parse_random
from metareview.stats.synthesis.structures import Blocks, Crossed, Nested, build_structure, components_of


def simulated(seed: int = 0, studies: int = 12, size: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    study = np.repeat(np.arange(studies), size)
    k = len(study)
    v = np.exp(rng.normal(-3, 0.7, k))
    dataset = rng.integers(0, 5, k)
    y = (
        0.3
        + rng.normal(0, 0.3, studies)[study]
        + rng.normal(0, 0.2, 5)[dataset]
        + rng.normal(size=k) * np.sqrt(v + 0.03)
    )
    return pd.DataFrame({"yi": y, "vi": v, "study": study, "dataset": dataset, "row": np.arange(k)})


def model(data: pd.DataFrame, **options: Any) -> MultilevelFit:
    found = fit(data, **options)
    assert isinstance(found, MultilevelFit)
    return found


@pytest.mark.parametrize("restricted", [True, False])
def test_three_solvers_one_answer(restricted: bool) -> None:
    data = simulated()
    v, y = data["vi"].to_numpy(), data["yi"].to_numpy()
    codes = [data["study"].to_numpy(), data["row"].to_numpy()]
    x = np.column_stack([np.ones(len(y)), np.sin(np.arange(len(y)))])
    structures = [Nested(v, codes), Blocks(v, codes, components_of(v, codes[:1])), Crossed(v, codes)]
    for theta in ([0.1, 0.02], [0.0, 0.3], [0.4, 0.0], [0.0, 0.0]):
        points = [evaluate(s, x, y, np.array(theta), restricted=restricted) for s in structures]
        for other in points[1:]:
            assert other.value == pytest.approx(points[0].value, rel=1e-11)
            np.testing.assert_allclose(other.gradient, points[0].gradient, rtol=1e-8, atol=1e-8)
            np.testing.assert_allclose(other.information, points[0].information, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("restricted", [True, False])
def test_the_gradient_is_the_slope(restricted: bool) -> None:
    data = simulated(3)
    v, y, x = data["vi"].to_numpy(), data["yi"].to_numpy(), np.ones((len(data), 1))
    s = build_structure(v, [data[name].to_numpy() for name in ("study", "dataset", "row")])
    theta, h = np.array([0.1, 0.05, 0.02]), 1e-5
    point = evaluate(s, x, y, theta, restricted=restricted)
    for j in range(3):
        up, down = (evaluate(s, x, y, theta + sign * h * np.eye(3)[j], restricted=restricted).value for sign in (1, -1))
        assert point.gradient[j] == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-6)


def test_the_solver_follows_from_the_structure() -> None:
    data = simulated(1, studies=40, size=6)
    assert model(data, random="~ 1 | study/row").diagnostics["solver"] == "Nested"
    assert model(data, random=["~ 1 | study", "~ 1 | dataset"]).diagnostics["solver"] == "Crossed"
    V = block_covariance(data["vi"], data["study"], 0.5)
    assert model(data, V=V, random="~ 1 | study/row").diagnostics["solver"] == "Blocks"


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from([1e-4, 0.01, 30.0]))
def test_scale_and_order(seed: int, s: float) -> None:
    data = simulated(seed, studies=8, size=3)
    base = model(data, random="~ 1 | study/row")
    scaled = model(data.assign(yi=data["yi"] * s, vi=data["vi"] * s**2), random="~ 1 | study/row")
    np.testing.assert_allclose(np.array(scaled.sigma2) / s**2, base.sigma2, rtol=1e-8, atol=1e-10)
    assert scaled.estimate / s == pytest.approx(base.estimate, rel=1e-8, abs=1e-10)
    a, b = base.interval("study"), scaled.interval("study")
    assert b.high is not None
    assert a.high == pytest.approx(b.high / s**2, rel=1e-6)
    mixed = model(data.sample(frac=1, random_state=1), random="~ 1 | study/row")
    np.testing.assert_allclose(mixed.sigma2, base.sigma2, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_one_level_per_row_is_the_univariate_model(method: str) -> None:
    data = simulated(5)
    many, one = model(data, random="~ 1 | row", method=method, test="z"), fit(data, method=method, test="z")
    assert isinstance(one, UnivariateFit)
    assert many.sigma2[0] == pytest.approx(one.tau2, rel=1e-9)
    assert many.estimate == pytest.approx(one.estimate, rel=1e-10)
    assert many.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-10)
    assert many.q == pytest.approx(one.q)
    assert many.i2 == pytest.approx(one.i2)
    assert (many.aic, many.bic) == (pytest.approx(one.aic), pytest.approx(one.bic))
    profile, alone = many.interval("row"), one.tau2_interval("PL")
    assert profile.low == pytest.approx(alone.low, rel=1e-7, abs=1e-9)
    assert profile.high == pytest.approx(alone.high, rel=1e-7)


def test_a_known_covariance_alone_is_generalised_least_squares() -> None:
    data = simulated(6)
    V = block_covariance(data["vi"], data["study"], 0.4)
    found = model(data, V=V, test="z")
    w = np.linalg.inv(V)
    assert found.estimate == pytest.approx((w @ data["yi"]).sum() / w.sum())
    assert float(found.se[0]) == pytest.approx(1 / np.sqrt(w.sum()))
    one, v, names = aggregate(data["yi"], V, data["study"])
    assert found.estimate == pytest.approx(np.sum(one / v) / np.sum(1 / v))
    assert len(names) == 12


def test_intervals_hold_their_estimates_and_predictions_widen() -> None:
    found = model(simulated(7), random=["~ 1 | study", "~ 1 | dataset", "~ 1 | row"])
    for name, value in zip(found.components, found.sigma2, strict=True):
        interval = found.interval(name)
        assert interval.low is not None
        assert interval.high is not None
        assert interval.low <= value <= interval.high
        top = found.profile(name, [value, interval.high])["log_likelihood"]
        assert top.iloc[0] == pytest.approx(found.log_likelihood, abs=1e-7)
        assert top.iloc[0] - top.iloc[1] == pytest.approx(3.841458820694124 / 2, abs=1e-5)
    every, dataset = found.predict(), found.predict(new=["dataset"])
    assert every.pi_high[0] > dataset.pi_high[0] > dataset.ci_high[0]  # type: ignore[operator]
    assert sum(found.i2_levels.values()) == pytest.approx(found.i2)
    body = found.contract()
    assert [row["name"] for row in body["variance_components"]] == ["study", "dataset", "row"]
    assert body["tau2"] is None
    assert any(text.startswith("tau2: ") for text in body["warnings"])
    assert MultilevelFit.from_json(found.to_json()).to_json() == found.to_json()


@pytest.mark.parametrize(("options", "message"), [
    ({"random": "~ study | lab"}, "write '~ 1 | study/result'"),
    ({"random": "~ 1 | lab"}, "column for random effect lab"),
    ({"random": "~ 1 | all"}, "one level only"),
    ({"random": ["~ 1 | row", "~ 1 | again"]}, "group the rows alike"),
    ({"random": "~ 1 | gap"}, "no id for row 1"),
    ({"random": "~ 1 | study", "method": "DL"}, "method for models with random effects"),
    ({"random": "~ 1 | study", "test": "khna"}, "test 'khna' is not known"),
    ({"random": ["~ 1 | study", "~ 1 | dataset"], "cluster": "study"}, "share random effects"),
    ({"random": "~ 1 | study", "cluster": "all"}, "1 cluster and 1 coefficient"),
    ({"random": "~ 1 | study", "vcov": "CR2"}, "pass cluster="),
    ({"V": np.ones((48, 48))}, "not positive definite"),
    ({"V": np.ones((3, 3))}, "48"),
    ({"V": np.ones(48)}, "covariance matrix"),
    ({"V": np.triu(np.ones((48, 48)))}, "not symmetric"),
])  # fmt: skip
def test_refusals(options: dict[str, Any], message: str) -> None:
    data = simulated().assign(all=1, again=range(100, 148), gap=[None, *range(47)])
    with pytest.raises(MetareviewError, match=message):
        fit(data, **options)


def test_names_of_components() -> None:
    assert parse_random("~ 1 | a/b/c") == [("a",), ("a", "b"), ("a", "b", "c")]
    found = model(simulated(), random="~ 1 | study/row")
    assert found.components == ("study", "study/row")
    assert found.levels == (12, 48)
    with pytest.raises(UnknownName):
        found.interval("lab")
    with pytest.raises(UnknownName):
        found.predict(new=["lab"])


def test_multilevel_egger_is_the_model_with_the_standard_error() -> None:
    data = simulated(8)
    found = multilevel_egger(data, random="~ 1 | study/row", cluster="study")
    direct = model(data, mods=np.sqrt(data["vi"]), random="~ 1 | study/row", cluster="study")
    assert found.slope == pytest.approx(float(direct.beta[1]))
    assert found.pvalue == pytest.approx(direct.coefficients[1].pvalue)
    assert multilevel_egger(data, random="~ 1 | study/row", predictor="variance").name.endswith("(variance)")


def test_shared_control_by_hand() -> None:
    """Gleser & Olkin: the covariance of two differences is the variance of the control's mean."""
    V = shared_control_covariance([3.0, 4.0, 5.0], ["a", "a", "b"], [1.0, 1.0, 2.0])
    assert V.tolist() == [[3.0, 1.0, 0.0], [1.0, 4.0, 0.0], [0.0, 0.0, 5.0]]
    with pytest.raises(InputError, match="row 1"):
        shared_control_covariance([0.5, 4.0], ["a", "a"], [1.0, 1.0])
    with pytest.raises(InputError, match="different control groups"):
        shared_control_covariance([3.0, 4.0], ["a", "a"], [1.0, 2.0])
    with pytest.raises(InputError, match="between"):
        block_covariance([1.0, 1.0, 1.0], ["a", "a", "a"], -0.6)


def test_shared_test_set_is_the_sampling_covariance() -> None:
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(50, 3)) + rng.normal(size=(50, 1))
    yi, v = shared_test_set_covariance(scores, reference=0)
    d = scores[:, 1:] - scores[:, :1]
    np.testing.assert_allclose(v, np.cov(d.T) / 50)
    np.testing.assert_allclose(yi, d.mean(axis=0))
    assert v[0, 1] > 0.3 * v[0, 0]  # the reference is in both
    with pytest.raises(InputError, match="reference is 3"):
        shared_test_set_covariance(scores, reference=3)


def test_variances_beside_a_covariance_matrix_are_its_diagonal() -> None:
    y, v = [0.1, 0.4, 0.3, 0.6], [0.02, 0.03, 0.01, 0.05]
    known = np.diag(v)
    known[0, 1] = known[1, 0] = 0.01
    assert fit(y, v, V=known).estimate == fit(y, V=known).estimate
    with pytest.raises(InputError, match="diagonal of V"):
        fit(y, [0.02, 0.03, 0.01, 0.06], V=known)
