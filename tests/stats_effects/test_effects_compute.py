"""Tables in, tables out: columns, completion of inputs, notes, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.stats.effects import back_transform, compute_effects
from metareview.stats.effects.combine import impute_sd, pair_groups
from metareview.stats.effects.counts import adjust_cells
from metareview.stats.effects.quantiles import mean_sd_from_quantiles, skewness_test
from metareview.stats.effects.registry import measure
from metareview.stats.effects.transforms import freeman_tukey_inverse_pooled

TABLE = pd.DataFrame({"study": ["a", "b", "c"], "e": [4, 0, 9], "n": [20, 15, 30], "f": [7, 3, 8], "m": [21, 14, 31]})


def test_columns_stay_and_come() -> None:
    found = compute_effects("OR", TABLE, ai="e", n1i="n", ci="f", n2i="m")
    assert list(found.columns) == ["study", "e", "n", "f", "m", "yi", "vi", "measure", "vtype", "note"]
    assert found["note"].tolist() == ["", "0.5 added to each cell (only0)", ""]


def test_computed_again_replaces_the_columns() -> None:
    once = compute_effects("OR", TABLE, ai="e", n1i="n", ci="f", n2i="m")
    twice = compute_effects("RR", once, ai="e", n1i="n", ci="f", n2i="m")
    assert list(twice.columns).count("yi") == 1
    assert set(twice["measure"]) == {"RR"}


def test_rules_for_zero_cells() -> None:
    both = compute_effects("OR", ai=[0, 5], bi=[9, 5], ci=[3, 4], di=[7, 6], to="if0all")
    assert (both["note"] != "").all()
    none = compute_effects("OR", ai=[0, 5], bi=[9, 5], ci=[3, 4], di=[7, 6], to="none")
    assert none["yi"].isna().tolist() == [True, False]
    assert none["note"].iloc[0] == "not finite for these numbers"
    empty = compute_effects("OR", ai=[0, 5], bi=[9, 5], ci=[0, 4], di=[7, 6], drop00=True)
    assert empty["note"].tolist()[0] == "left out: no variation in the cells (drop00)"
    with pytest.raises(UnknownName, match="rule for zero cells"):
        adjust_cells((np.ones(2),), add=0.5, to="always")


def test_standardised_difference_from_t_and_p() -> None:
    direct = compute_effects("SMD", m1i=[5.0], m2i=[4.0], sd1i=[2.0], sd2i=[2.0], n1i=[20], n2i=[20])
    t = 0.5 / np.sqrt(2 / 20)
    by_t = compute_effects("SMD", ti=[t], n1i=[20], n2i=[20])
    by_d = compute_effects("SMD", di=[0.5], n1i=[20], n2i=[20])
    np.testing.assert_allclose(by_t[["yi", "vi"]], direct[["yi", "vi"]], rtol=1e-12)
    np.testing.assert_allclose(by_d[["yi", "vi"]], direct[["yi", "vi"]], rtol=1e-12)


def test_correlation_and_change_from_t() -> None:
    assert compute_effects("COR", ti=[2.0], ni=[18])["yi"].iloc[0] == pytest.approx(2 / np.sqrt(20))
    assert compute_effects("PCOR", ti=[2.0], ni=[20], mi=[3])["yi"].iloc[0] == pytest.approx(2 / np.sqrt(20))
    change = compute_effects("SMCC", ti=[2.0], ni=[16], correct=False)
    assert change["yi"].iloc[0] == pytest.approx(0.5)


def test_missing_values_stay_with_a_note() -> None:
    found = compute_effects("MN", mi=[1.0, np.nan], sdi=[0.5, 0.4], ni=[10, 12])
    assert found["yi"].isna().tolist() == [False, True]
    assert found["note"].tolist() == ["", "missing: mi"]
    zero = compute_effects("MN", mi=[1.0], sdi=[0.0], ni=[10])
    assert "variance is zero" in zero["note"].iloc[0]


@pytest.mark.parametrize(("call", "message"), [
    ({"measure": "SMDD"}, "effect measure 'SMDD' is not known"),
    ({"measure": "RR", "ai": [1]}, "measure RR needs ai, bi, ci, di"),
    ({"measure": "MN", "mi": [1], "sdi": [-1], "ni": [5]}, "row 1: -1"),
    ({"measure": "RR", "ai": [9], "n1i": [5], "ci": [1], "n2i": [5]}, "cannot exceed its total"),
    ({"measure": "COR", "ri": [1.2], "ni": [5]}, "between -1 and 1"),
    ({"measure": "MN", "mi": [1, 2], "sdi": [1], "ni": [5, 5, 5]}, "differ in length"),
    ({"measure": "MN", "mi": "x", "sdi": [1], "ni": [5]}, "no table was given"),
    ({"measure": "MN", "mi": [1], "sdi": [1], "ni": [5], "vtype": "XX"}, "vtype of measure MN"),
    ({"measure": "MN", "mi": [1], "sdi": [1], "ni": [5], "ai": [2]}, "input of measure MN"),
    ({"measure": "MN", "mi": ["a"], "sdi": [1], "ni": [5]}, "not numeric"),
    ({"measure": "GEN", "yi": [1], "vi": [0]}, "a sampling variance is positive"),
    ({"measure": "AUC", "ai": [1.5], "n1i": [5], "n2i": [5]}, "an area is between 0 and 1"),
    ({"measure": "RR", "ai": [1], "bi": [1], "ci": [1], "di": [1], "add": -1}, "at least 0"),
])  # fmt: skip
def test_refusals_say_where_and_why(call: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compute_effects(call.pop("measure"), **call)  # type: ignore[arg-type]


def test_unknown_column_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'study'"):
        compute_effects("MN", TABLE, mi="studdy", sdi="n", ni="m")


def test_pooled_freeman_tukey_is_refused_with_the_reason() -> None:
    """Schwarzer et al. 2019: one pooled value, very different proportions, by the mean of the sizes put in."""
    with pytest.raises(NotEstimable, match="Schwarzer"):
        back_transform("PFT", np.array([0.05]))
    pooled = np.array([0.05])
    small, large = np.array([29.0] * 5), np.array([29.0, 676.0, 2000.0, 44000.0, 76557.0])
    assert freeman_tukey_inverse_pooled(pooled, small)[0] == 0.0
    assert freeman_tukey_inverse_pooled(pooled, large)[0] > 0.0001


def test_a_code_is_registered_once() -> None:
    with pytest.raises(InputError, match="registered twice"):
        measure("RR", "again", "tables", "ai bi ci di", source="none")(lambda: None)  # type: ignore[arg-type, return-value]


def test_imputed_standard_deviations_are_marked() -> None:
    sd, n, mean = np.array([1.0, np.nan, 2.0]), np.array([10.0, 12.0, 20.0]), np.array([2.0, 3.0, 4.0])
    found = impute_sd(sd, n, mean)
    assert found.imputed.tolist() == [False, True, False]
    assert found.sd[1] == pytest.approx(1.5)  # both coefficients of variation are 1/2
    assert impute_sd(sd, n, how="max").sd[1] == 2.0
    assert impute_sd(sd, n, how="pooled").sd[1] == pytest.approx(np.sqrt((9 * 1 + 19 * 4) / 28))
    with pytest.raises(InputError, match="nothing to borrow"):
        impute_sd(np.array([np.nan]), np.array([3.0]), how="max")
    with pytest.raises(InputError, match="needs the means"):
        impute_sd(sd, n)
    with pytest.raises(UnknownName):
        impute_sd(sd, n, how="guess")


def test_long_tables_are_laid_side_by_side() -> None:
    long = pd.DataFrame({
        "study": ["a", "a", "b", "b"], "arm": ["x", "y", "y", "x"], "mean": [1.0, 2.0, 4.0, 3.0], "sd": [1.0] * 4,
        "size": [5, 6, 7, 8],
    })  # fmt: skip
    wide = pair_groups(
        long, study="study", group="arm", first="x", second="y", columns={"mi": "mean", "sdi": "sd", "ni": "size"}
    )
    assert wide[["m1i", "m2i", "n1i", "n2i"]].to_numpy().tolist() == [[1, 2, 5, 6], [3, 4, 8, 7]]
    with pytest.raises(InputError, match="only one of x and y: b"):
        pair_groups(long.iloc[:3], study="study", group="arm", first="x", second="y", columns={"mi": "mean"})
    with pytest.raises(InputError, match="more than once"):
        pair_groups(
            pd.concat([long, long.iloc[:1]]), study="study", group="arm", first="x", second="y", columns={"mi": "mean"}
        )


def test_quantiles_of_normal_data() -> None:
    """The expected range of 25 normal values is 3.931 (Tippett 1925), their quartiles are 1.349 apart in the limit."""
    n = np.array([25.0])
    by_range = mean_sd_from_quantiles(n, np.array([0.0]), low=np.array([-1.0]), high=np.array([1.0]))
    assert 2 / by_range.sd[0] == pytest.approx(3.931, rel=1e-3)
    many = mean_sd_from_quantiles(np.array([1e9]), np.array([0.0]), q1=np.array([-1.0]), q3=np.array([1.0]))
    assert 2 / many.sd[0] == pytest.approx(1.34898, abs=1e-5)
    five = mean_sd_from_quantiles(
        n, np.array([0.0]), low=np.array([-2.0]), q1=np.array([-0.7]), q3=np.array([0.7]), high=np.array([2.0])
    )
    assert five.mean[0] == 0
    assert 0.9 < five.sd[0] < 1.2


def test_skewness_is_seen() -> None:
    n, median = np.array([100.0, 100.0]), np.array([0.0, 0.0])
    q1, q3 = np.array([-1.0, -0.2]), np.array([1.0, 2.0])
    assert skewness_test(n, median, q1=q1, q3=q3).skewed.tolist() == [False, True]
    assert skewness_test(n, median, low=q1 * 3, high=q3 * 3).skewed.tolist() == [False, True]
    assert skewness_test(n, median, low=q1 * 3, q1=q1, q3=q3, high=q3 * 3).skewed.tolist() == [False, True]
    with pytest.raises(InputError, match="not in order in row 1"):
        skewness_test(n, median, q1=q3, q3=q1)
    with pytest.raises(InputError, match="quartiles"):
        mean_sd_from_quantiles(n, median, q1=q1)
