"""The 25 published test cases of automatic checkers (statcheck 1.4.0, scrutiny 0.5, recalc) with known results."""

from __future__ import annotations

import pytest

from metareview.audit import run_check
from metareview.audit.effects import cohen_d, d_to_t
from metareview.audit.figures import parse_figure
from metareview.audit.granularity import grim_ratio
from metareview.audit.pvalues import p_range, p_value
from metareview.audit.scores import jaccard_of_dice

GOOD, BAD = "consistent", "contradicted"


@pytest.mark.parametrize(
    ("case", "inputs", "verdict", "low", "high"),
    [
        (1, "test=t; statistic=2.20; df=28; p=.03", BAD, 0.03584, 0.03662),
        (2, "test=F; statistic=2.20; df1=2; df2=28; p=.15", BAD, 0.1290, 0.1302),
        (3, "test=r; statistic=.22; df=28; p=.26", BAD, 0.2319, 0.2539),
        (4, "test=chi2; statistic=22.20; df=28; p=.79", BAD, 0.7717, 0.7722),
        (5, "test=z; statistic=2.20; p=.04", BAD, None, None),
        (6, "test=z; statistic=-2.42; p=0.016", GOOD, 0.01531, 0.01574),
        (7, "test=t; statistic=2; df=28; p=.02", GOOD, 0.0186, 0.1448),
        (7, "test=t; statistic=2; df=28; p=.14", GOOD, 0.0186, 0.1448),
        (8, "test=t; statistic=2.2; df=28; p=.03", GOOD, None, None),
        (9, "test=t; statistic=2.20; df=28; p=.018", BAD, None, None),
        (9, "test=t; statistic=2.20; df=28; p=.018; one_tailed=yes", GOOD, None, None),
        (10, "test=t; statistic=22.20; df=28; p=.000", BAD, None, None),
        (11, "test=t; statistic=2.2; df=28; p=<.08", GOOD, None, None),
        (11, "test=t; statistic=2.2; df=28; p=<.02", BAD, None, None),
        (11, "test=t; statistic=2.2; df=28; p=>.08", BAD, None, None),
        (12, "test=t; statistic=1.20; df=28; p=.03", BAD, None, None),
    ],
)
def test_p_values(case: int, inputs: str, verdict: str, low: float | None, high: float | None) -> None:
    assert run_check("p-value", inputs).verdict == verdict
    if low is not None and high is not None:
        given = dict(part.strip().split("=", 1) for part in inputs.split(";"))
        df = tuple(int(given[name]) for name in ("df", "df1", "df2") if name in given)
        found = p_range(given["test"].lower(), parse_figure(given["statistic"]), df)
        assert found.low == pytest.approx(low, abs=6e-5)
        assert found.high == pytest.approx(high, abs=6e-5)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ("test=t; statistic=2.2; df=28; p=<.02", False),
        ("test=t; statistic=2.2; df=28; p=>.08", True),
        ("test=t; statistic=1.20; df=28; p=.03", True),
    ],
)
def test_decision_errors(inputs: str, expected: bool) -> None:
    """Cases 11 and 12: only these two lie on different sides of 0.05."""
    assert ("different sides" in run_check("p-value", inputs).explanation) is expected


@pytest.mark.parametrize("hundredths", range(519, 531))
def test_13_grim(hundredths: int) -> None:
    verdict = run_check("grim", f"mean={hundredths / 100:.2f}; n=28").verdict
    assert verdict == (GOOD if hundredths in (521, 525, 529) else BAD)


@pytest.mark.parametrize(("mean", "verdict"), [("0.150", GOOD), ("0.151", BAD), ("0.152", BAD), ("0.153", GOOD)])
def test_14_grim_items(mean: str, verdict: str) -> None:
    assert run_check("grim", f"mean={mean}; n=120; items=3").verdict == verdict


@pytest.mark.parametrize(("mean", "verdict"), [("6%", GOOD), ("7%", BAD)])
def test_15_grim_percent(mean: str, verdict: str) -> None:
    assert run_check("grim", f"mean={mean}; n=50").verdict == verdict


@pytest.mark.parametrize(
    ("mean", "sd", "verdict"),
    [
        (".53", ".50", GOOD), (".44", ".50", GOOD), (".77", ".42", GOOD), (".19", ".35", BAD), (".34", ".47", GOOD),
        (".93", ".25", GOOD), (".12", ".33", GOOD),
    ],
)  # fmt: skip
def test_16_debit(mean: str, sd: str, verdict: str) -> None:
    assert run_check("debit", f"mean={mean}; sd={sd}; n=1683").verdict == verdict


def test_17_grim_total() -> None:
    assert grim_ratio(parse_figure("5.30").unit, 20) * 100 == 80


@pytest.mark.parametrize(
    ("mean", "sd", "n", "verdict"),
    [
        ("5.23", "2.55", 35, BAD), ("5.23", "2.55", 31, GOOD),  # 18
        ("3.44", "2.47", 18, BAD), ("3.10", "1.37", 10, GOOD), ("7.3", "2.51", 12, BAD), ("1.03", "0.41", 40, BAD),
        ("2.57", "2.57", 30, GOOD),  # 19
        ("4.1", "2.01", 22, GOOD),  # 20: genuine data that tools with one total reject
    ],
)  # fmt: skip
def test_18_to_20_grimmer(mean: str, sd: str, n: int, verdict: str) -> None:
    assert run_check("grimmer", f"mean={mean}; sd={sd}; n={n}").verdict == verdict


def test_21_debit_of_genuine_data() -> None:
    assert run_check("debit", "mean=0.5; sd=0.527; n=10").verdict == GOOD


def test_22_missing_degrees_of_freedom() -> None:
    found = run_check("p-value", "test=F; statistic=6.40; p=.020; n=11")
    assert found.verdict == GOOD
    assert found.computed == "df (3, 7): p in [0.02038, 0.02046]"
    assert p_value("f", 6.40, (2, 8)) == pytest.approx(0.0219, abs=5e-5)
    assert p_value("f", 6.40, (4, 6)) == pytest.approx(0.0235, abs=5e-5)


@pytest.mark.parametrize(
    ("value", "n", "verdict", "counts"),
    [("49%", 50, BAD, ""), ("49%", 41, GOOD, "20/41"), ("48.8%", 41, GOOD, "20/41"), ("48.8%", 37, BAD, "")],
)
def test_23_percent(value: str, n: int, verdict: str, counts: str) -> None:
    found = run_check("percent", f"value={value}; n={n}")
    assert found.verdict == verdict
    assert not counts or found.computed == counts


def test_24_dice_and_jaccard_means() -> None:
    assert run_check("dice-jaccard", "dice=.900; jaccard=.790; level=mean").verdict == BAD
    assert float(jaccard_of_dice(parse_figure(".900").value)) == pytest.approx(0.818, abs=5e-4)


def test_25_effect_size_from_summaries() -> None:
    d = cohen_d(10.3, 3.1, 50, 8.7, 2.8, 48)
    t = d_to_t(d, 50, 48)
    assert d == pytest.approx(0.5411, abs=5e-5)
    assert t == pytest.approx(2.678, abs=5e-4)
    assert t * t == pytest.approx(7.170, abs=2e-3)
    assert p_value("t", t, (96,)) == pytest.approx(0.00872, abs=5e-6)
    assert run_check("p-value", "test=t; statistic=2.678; df=96; p=.0024").verdict == BAD
