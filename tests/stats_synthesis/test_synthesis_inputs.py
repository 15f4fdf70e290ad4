"""Bad input: a clear error or a stated fallback, never a silent switch; and what the result reports."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from metareview.errors import InputError, MetareviewError, NotEstimable, UnknownName
from metareview.stats.synthesis import UnivariateFit, fit, fit_batch

Y, V = [0.1, 0.3, 0.35, 0.65, 0.2], [0.03, 0.03, 0.05, 0.01, 0.02]
DATA = pd.DataFrame({"yi": Y, "vi": V, "year": [1, 2, 3, 4, 5.0], "lab": ["a", "a", "b", "b", "c"]})


def model(*args: object, **options: object) -> UnivariateFit:
    found = fit(*args, **options)  # type: ignore[arg-type]
    assert isinstance(found, UnivariateFit)
    return found


@pytest.mark.parametrize(("arguments", "message"), [
    (([0.1, 0.2], [0.1, -0.1]), "a sampling variance is positive; row 2: -0.1"),
    (([0.1, 0.2], [0.1, 0.0]), "infinite weight; row 2: 0"),
    (([0.1, np.inf], [0.1, 0.1]), "an effect is finite"),
    (([np.nan, np.nan], [0.1, 0.1]), "none of the 2 rows"),
    (([[0.1, 0.2]], [0.1, 0.1]), "fit_batch takes many"),
    ((["a", "b"], [0.1, 0.1]), "not numeric"),
    (([0.1, 0.2],), "neither vi"),
    (("yi", "vi"), "no table was given"),
    (([0.1, 0.2, 0.3], [0.1, 0.1]), "vi has 2 values, but there are 3 effects"),
    (([0.1, 0.2], [1e-320, 1e-320]), "rescale"),
    (([1e160, 2e160], [0.1, 0.1]), "rescale"),
    (([1e60, 2e60], [1e-100, 1e-100]), "rescale"),
    (([0.1, 0.2], [1e-100, 1e100]), "rescale"),
])  # fmt: skip
def test_refusals(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(("options", "message"), [
    ({"method": "REMML"}, "method 'REMML' is not known; known: DL"),
    ({"test": "hk"}, "test 'hk' is not known"),
    ({"level": 95}, "level is 95"),
    ({"tau2_ci": "profile"}, "interval for tau2"),
    ({"vcov": "CR2"}, "pass cluster="),
    ({"cluster": [1, 1, 1, 1, 1]}, "1 cluster and 1 coefficient"),
    ({"cluster": [1, 2, None, 1, 2]}, "cluster id is missing in row 3"),
    ({"cluster": [1, 2]}, "2 cluster ids for 5 rows"),
    ({"cluster": [1, 2, 3, 1, 2], "vcov": "HC3"}, "robust covariance"),
    ({"mods": np.ones(5)}, "constant or a combination of intercept"),
    ({"mods": np.column_stack([[1, 2, 3, 4, 5], [2, 4, 6, 8, 10]])}, "x2 is constant or a combination"),
    ({"mods": np.eye(5)}, "6 coefficients"),
    ({"mods": [1, 2]}, "one row per effect"),
    ({"mods": "~ year"}, "no table was given"),
    ({"labels": ["a"]}, "1 labels for 5"),
])  # fmt: skip
def test_refused_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(MetareviewError, match=message):
        fit(Y, V, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("formula", "message"), [
    ("~ yeer", "cannot be read"), ("~ year +", "cannot be read"), ("~ __import__('os')", "not a formula"),
    ("~ log(year - 1)", "not finite"),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_refused_formulas(formula: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit(DATA, mods=formula)


def test_rows_without_a_part_are_dropped_with_the_reason() -> None:
    table = DATA.copy()
    table.loc[0, "vi"], table.loc[1, "yi"], table.loc[2, "year"] = np.nan, np.nan, np.nan
    found = model(table, mods="~ year", labels="lab")
    assert found.k_in == 5
    assert [(row.what, row.reason) for row in found.dropped] == [
        ("a", "missing vi"), ("a", "missing yi"), ("b", "missing moderator"),
    ]  # fmt: skip
    assert found.contract()["dropped"][2] == {"what": "b", "reason": "missing moderator"}
    assert found.tau2 is None  # two rows, two coefficients
    assert "k = 2 and 2 coefficients: the heterogeneity cannot be estimated" in found.warnings


def test_columns_standard_errors_and_the_table_itself() -> None:
    whole = model(DATA)
    assert model("yi", "vi", data=DATA).estimate == whole.estimate
    assert model(Y, sei=np.sqrt(V)).estimate == pytest.approx(whole.estimate, rel=1e-14)
    with pytest.raises(UnknownName, match="column for vi"):
        fit("yi", "variance", data=DATA)
    with pytest.raises(InputError, match="sei is negative in row 1"):
        fit(Y, sei=[-1, 1, 1, 1, 1])


def test_formulas() -> None:
    factor = model(DATA, mods="~ C(lab)", test="z")
    assert factor.names == ("intercept", "C(lab)[T.b]", "C(lab)[T.c]")
    assert any("c has one effect only" in text for text in factor.warnings)
    plain = model(DATA, mods="~ 0 + lab", test="z")
    assert not plain.has_intercept
    np.testing.assert_allclose(plain.beta, factor.beta[0] + np.array([0, *factor.beta[1:]]), rtol=1e-10)
    assert model(DATA, mods="~ year + I(year**2)").p == 3
    spline = model(pd.concat([DATA, DATA.assign(year=DATA.year + 5)]), mods="~ bs(year, df=4)", test="z")
    assert spline.p == 5


def test_default_test_is_the_cautious_one() -> None:
    assert model(Y, V).test == "adhoc"
    assert model(Y, V, method="EE").test == "z"
    close = model([0.5, 0.5001, 0.4999, 0.5], [0.04] * 4, test="knha")
    assert any("consider test='adhoc'" in text for text in close.warnings)
    assert float(close.se[0]) < 0.01
    assert float(model([0.5, 0.5001, 0.4999, 0.5], [0.04] * 4).se[0]) == pytest.approx(0.1)


def test_json_goes_there_and_back() -> None:
    found = model(DATA, mods="~ year", test="knha")
    text = found.to_json()
    again = UnivariateFit.from_json(text)
    assert again.to_json() == text
    body = json.loads(text)
    keys = {
        "method", "test", "k", "coefficients", "tau2", "tau2_se", "tau2_ci", "variance_components", "i2", "i2_q", "h2",
        "r2", "q", "q_df", "q_pvalue", "qm", "qm_df", "qm_pvalue", "pi_low", "pi_high", "log_likelihood", "aic", "bic",
        "dropped", "warnings", "diagnostics",
    }  # fmt: skip
    assert keys <= set(body)
    assert set(body["coefficients"][0]) == {
        "name", "estimate", "se", "statistic", "df", "pvalue", "ci_low", "ci_high",
    }  # fmt: skip
    assert body["pi_low"] is None
    assert any(text.startswith("pi_low: with moderators") for text in body["warnings"])
    with pytest.raises(InputError, match="expected a UnivariateFit"):
        UnivariateFit.from_json(text.replace('"kind": "UnivariateFit"', '"kind": "Other"'))


def test_every_null_has_a_reason() -> None:
    for found in (model(Y, V), model(Y, V, method="EE"), model([0.1], [0.2]), model(DATA, mods="~ year")):
        body = found.contract()
        said = " ".join(body["warnings"])
        for key, value in body.items():
            if value is None and key not in ("clusters", "qm_ddf", "pi_high", "aic", "bic"):
                assert f"{key}:" in said, key


def test_prediction_and_shrinkage() -> None:
    found = model(DATA, test="z")
    z = 1.959963984540054
    half = z * np.sqrt(found.cov[0, 0] + (found.tau2 or 0))
    assert found.pi == (pytest.approx(found.estimate - half), pytest.approx(found.estimate + half))
    wide = found.predict(kind="HTS")
    assert wide.pi_low[0] is not None
    assert wide.pi_low[0] < found.estimate - half
    assert found.probability_above(found.estimate) == pytest.approx(0.5)
    blup = found.blup()
    share = found.tau2 / (found.tau2 + np.array(V))  # type: ignore[operator]
    np.testing.assert_allclose(blup["estimate"], share * np.array(Y) + (1 - share) * found.estimate, rtol=1e-12)
    line = model(DATA, mods="~ year", test="z")
    at = line.predict({"year": 2.0})
    assert at.estimate[0] == pytest.approx(line.beta[0] + 2 * line.beta[1])
    with pytest.raises(InputError, match="pass x with year"):
        line.predict()
    with pytest.raises(InputError, match="exactly the coefficients year"):
        line.predict({"month": 1.0})
    with pytest.raises(UnknownName):
        found.predict(kind="XX")
    with pytest.raises(NotEstimable):
        model(Y, V, method="EE").tau2_interval()


def test_contrasts_and_inflation() -> None:
    found = model(DATA, mods="~ year + I(year**2)", test="z")
    omnibus = found.omnibus
    assert omnibus is not None
    assert found.contrast([[0, 1, 0], [0, 0, 1]]) == omnibus
    single = found.contrast([0, 1, 0])
    assert single.statistic == pytest.approx((found.beta[1] / found.se[1]) ** 2)
    assert found.vif["year"] > 5
    assert found.gvif(["year", "I(year ** 2)"] if "I(year ** 2)" in found.names else list(found.names[1:])) == (
        pytest.approx(1.0)
    )
    with pytest.raises(InputError, match="depend on each other"):
        found.contrast([[0, 1, 0], [0, 2, 0]])
    with pytest.raises(InputError, match="3 coefficients"):
        found.contrast([1, 0])


def test_robust_needs_more_clusters_than_coefficients() -> None:
    found = model(DATA, cluster="lab")
    assert found.vcov == "CR2"
    assert found.clusters == 3
    assert any("fewer than 4 degrees of freedom" in text for text in found.warnings)


def test_batch_refusals() -> None:
    with pytest.raises(InputError, match="give \\(B, k\\)"):
        fit_batch(np.ones((2, 3)), np.ones((3, 3)))
    with pytest.raises(InputError, match="finite effects"):
        fit_batch([[0.1, np.nan]], [0.1, 0.1])
    with pytest.raises(InputError, match="collinear"):
        fit_batch(np.ones((2, 3)), np.ones(3), mods=np.ones(3))


@pytest.mark.parametrize("scale", [1e-140, 1e-100, 1e100, 1e150])
@pytest.mark.parametrize("options", [{}, {"method": "DL"}, {"mods": [1, 2, 3, 4, 6]}, {"V": True},
                                     {"cluster": ["a", "b", "c", "d", "d"]}])  # fmt: skip
def test_any_representable_scale(scale: float, options: dict[str, object]) -> None:
    """Products of variances overflow long before the variances do."""
    y, v = np.array(Y), np.array(V)
    known = "V" in options
    given = {"random": "~ 1 | lab", "data": DATA} if known else options
    one, other = (
        fit(y * s, None if known else v * s**2, V=np.diag(v * s**2) if known else None, **given)  # type: ignore[arg-type]
        for s in (1.0, scale)
    )
    assert other.beta / scale == pytest.approx(one.beta, rel=1e-9)
    assert other.se / scale == pytest.approx(one.se, rel=1e-9)
    assert other.contract()["i2"] == pytest.approx(one.contract()["i2"], rel=1e-6, abs=1e-9)
    many = fit_batch(y * scale, v * scale**2)
    assert many.estimate[0] / scale == pytest.approx(fit_batch(y, v).estimate[0], rel=1e-9)


def test_variances_or_standard_errors() -> None:
    with pytest.raises(InputError, match="pass one of them"):
        fit(Y, V, sei=V)
    with pytest.raises(InputError, match="pass sei='sei'"):
        fit(DATA.rename(columns={"vi": "sei"}))


def test_wrong_sizes() -> None:
    with pytest.raises(InputError, match="V is 3 x 3, but there are 5 effects"):
        fit(Y, V=np.eye(3))
    with pytest.raises(InputError, match="there are no effects"):
        fit_batch([], [])
    with pytest.raises(InputError, match="rescale"):
        fit(Y, sei=[1e-155] * 5)


def test_sidik_and_jonkman_with_a_moderator() -> None:
    """The start is the variance of the effects themselves; tau2 of metafor 3.8-1, rma(yi, vi, mods=~x, method="SJ")."""
    y, v = [0.10, 0.30, 0.35, 0.65, 0.45, 0.15, -0.10, 0.52], [0.03, 0.03, 0.05, 0.01, 0.05, 0.02, 0.04, 0.02]
    found = model(y, v, mods=[1.0, 2.0, 1.5, 4.0, 3.0, 2.0, 0.5, 2.5], method="SJ")
    assert found.tau2 == pytest.approx(0.007715578, rel=1e-6)
