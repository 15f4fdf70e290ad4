"""Numbers printed in the papers that define the coefficients."""

from __future__ import annotations

import numpy as np
import pytest

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.stats.agreement import AgreementResult, Ratings, agreement
from metareview.stats.agreement.alpha import krippendorff_alpha
from metareview.stats.agreement.icc import FORMS, icc, icc_interval, mean_squares
from metareview.stats.agreement.many_raters import fleiss_kappa, gwet_ac
from metareview.stats.agreement.two_raters import cohen_kappa, cohen_kappa_se

#: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section C.
OBSERVERS = [
    [1, 1, None, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [None, 5, 5, 5], [None, None, 1, 1], [None, None, 3, None],
]  # fmt: skip
#: Shrout & Fleiss 1979, Psychol Bull 86:420, table 2.
JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
#: Fleiss 1971, Psychol Bull 76:378, table 1: 30 patients, six of the psychiatrists each, five diagnoses.
DIAGNOSES = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)


def test_cohen_1960() -> None:
    """Educ Psychol Meas 20:37, table 2: kappa .492."""
    assert cohen_kappa([[88, 10, 2], [14, 40, 6], [18, 10, 12]]) == pytest.approx(0.492, abs=5e-4)


def test_fleiss_cohen_everitt_1969() -> None:
    """Psychol Bull 72:323: kappa .429, its variance .002885."""
    table = 200 * np.array([[0.53, 0.05, 0.02], [0.11, 0.14, 0.05], [0.01, 0.06, 0.03]])
    assert cohen_kappa(table) == pytest.approx(0.429, abs=5e-4)
    assert cohen_kappa_se(table) ** 2 == pytest.approx(0.002885, abs=5e-7)


def test_fleiss_1971() -> None:
    """Psychol Bull 76:378: kappa .430."""
    counts = [[int(cell) for cell in row] for row in DIAGNOSES.split()]
    assert {sum(row) for row in counts} == {6}
    assert fleiss_kappa(counts)[0] == pytest.approx(0.430, abs=5e-4)


@pytest.mark.parametrize(
    ("table", "printed"),
    [
        ([[38, 5, 0, 1], [33, 11, 3, 0], [10, 14, 5, 6], [3, 7, 3, 10]], 0.208),
        ([[5, 3, 0, 0], [3, 11, 4, 0], [2, 13, 3, 4], [1, 2, 4, 14]], 0.297),
    ],
)
def test_landis_koch_1977(table: list[list[int]], printed: float) -> None:
    """Biometrics 33:159: two neurologists and multiple sclerosis, Winnipeg and New Orleans patients."""
    assert cohen_kappa(table) == pytest.approx(printed, abs=5e-4)


def test_gwet_paradox() -> None:
    """118, 5, 2, 0 of 125: agreement .944, kappa -.023, AC1 .941 (Gwet 2002, Kappa statistic is not satisfactory)."""
    rows = [["yes", "yes"]] * 118 + [["yes", "no"]] * 5 + [["no", "yes"]] * 2
    found = agreement(Ratings.of(rows, categories=["yes", "no"]), positive="yes")
    assert found.get("cohen_kappa", "rater 1 & rater 2").value == pytest.approx(-0.0234, abs=5e-5)
    assert found.get("gwet_ac1").value == pytest.approx(0.9408, abs=5e-5)
    assert found.get("percent_agreement").value == 0.944
    assert found.get("negative_agreement", "rater 1 & rater 2").value == 0


@pytest.mark.parametrize(
    ("scale", "printed"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorff_2011(scale: str, printed: float) -> None:
    value, _ = krippendorff_alpha(Ratings.of(OBSERVERS).counts(), scale, [1, 2, 3, 4, 5])  # type: ignore[arg-type]
    assert value == pytest.approx(printed, abs=5e-4)


def test_shrout_fleiss_1979() -> None:
    """Psychol Bull 86:420, table 4; the intervals as the psych package prints them for the same data."""
    squares = mean_squares(JUDGES)
    printed = {"1,1": 0.17, "2,1": 0.29, "3,1": 0.71, "1,k": 0.44, "2,k": 0.62, "3,k": 0.91}
    limits = {"1,1": (-0.133, 0.723), "2,1": (0.019, 0.761), "3,1": (0.342, 0.946), "1,k": (-0.884, 0.912),
              "2,k": (0.071, 0.927), "3,k": (0.676, 0.986)}  # fmt: skip
    for form in FORMS:
        assert icc(squares, form) == pytest.approx(printed[form], abs=5e-3)
        assert icc_interval(squares, form) == pytest.approx(limits[form], abs=6e-4)


def test_screening_at_two_percent() -> None:
    """2,000 records, 34 includes of each reviewer, 20 joint: coefficients that look fine, and the one that does not."""
    rows = [["in", "in"]] * 20 + [["in", "out"]] * 14 + [["out", "in"]] * 14 + [["out", "out"]] * 1952
    found = agreement(Ratings.of(rows, categories=["out", "in"]))
    pair = "rater 1 & rater 2"
    expected = {"percent_agreement": 0.986, "cohen_kappa": 0.581, "pabak": 0.972, "positive_agreement": 0.588,
                "negative_agreement": 0.993}  # fmt: skip
    assert {name: round(found.get(name, pair).value or 0, 3) for name in expected} == expected
    assert round(found.get("gwet_ac1").value or 0, 3) == 0.986
    positive = found.get("positive_agreement", pair)
    assert (round(positive.ci_low or 0, 2), round(positive.ci_high or 0, 2)) == (0.45, 0.72)


# Tables on which a coefficient does not exist.


def test_one_category() -> None:
    found = agreement(Ratings.of([["yes", "yes"]] * 5, categories=["no", "yes"]))
    pair = "rater 1 & rater 2"
    assert found.get("cohen_kappa", pair).value is None
    assert "one and the same category" in found.get("cohen_kappa", pair).reason
    assert found.get("krippendorff_alpha").value is None
    assert found.get("fleiss_kappa").value is None
    assert found.get("percent_agreement", pair).value == 1
    assert found.get("percent_agreement", pair).ci_low == pytest.approx(0.566, abs=1e-3)  # Wilson, 5 of 5
    assert found.get("gwet_ac1").value == 1  # two categories are declared, so chance agreement is known to be 0
    assert found.get("gwet_ac1").ci_low is None
    assert found.get("negative_agreement", pair).value is None
    assert AgreementResult.from_json(found.to_json()).to_frame().equals(found.to_frame())


def test_one_category_that_nobody_declared() -> None:
    found = agreement(Ratings.of([["yes", "yes"]] * 5))
    assert found.get("gwet_ac1").value is None
    assert "name all that could have been chosen" in found.get("pabak", "rater 1 & rater 2").reason


def test_two_constant_raters_who_differ() -> None:
    """Each uses one category, and not the same one: kappa exists and is 0."""
    assert cohen_kappa([[0, 7], [0, 0]]) == 0


def test_no_overlap() -> None:
    found = agreement(Ratings.of([["a", None], [None, "b"]]))
    assert {row.value for row in found.estimates} == {None}
    assert {row.reason for row in found.estimates} == {
        "no unit has two ratings", "no unit was rated by both"
    }  # fmt: skip
    assert (found.k_in, found.k_used, len(found.dropped)) == (2, 0, 2)


def test_nothing_at_all() -> None:
    found = agreement(Ratings.of([], raters=["a", "b"], categories=["x", "y"]))
    assert all(row.value is None and row.reason for row in found.estimates)


def test_numbers_without_spread() -> None:
    found = agreement(Ratings.of([[1.0, 1.0], [1.0, 1.0]]), "interval")
    assert {row.value for row in found.estimates} == {None}
    same = agreement(Ratings.of([[1.0, 1.0], [2.0, 2.0]]), "interval").get("icc_2_1")
    assert (same.value, same.ci_low) == (1.0, None)
    assert "no interval" in same.reason


def test_bad_calls() -> None:
    with pytest.raises(InputError, match="two raters or more"):
        agreement(Ratings.of([["a"]]))
    with pytest.raises(UnknownName, match="did you mean 'ordinal'"):
        agreement(Ratings.of([["a", "b"]]), "ordnal")  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="category 'c'"):
        agreement(Ratings.of([["a", "b"]]), positive="c")
    with pytest.raises(InputError, match="needs numbers"):
        agreement(Ratings.of([["a", "b"], ["b", "b"]]), "interval")
    with pytest.raises(InputError, match="no negative values"):
        agreement(Ratings.of([[-1.0, 2.0], [2.0, 2.0]]), "ratio")
    with pytest.raises(InputError, match="not among the categories"):
        Ratings.of([["a", "b"]], categories=["a"])
    with pytest.raises(InputError, match="differ in length"):
        Ratings.of([["a", "b"], ["a"]])
    with pytest.raises(NotEstimable):
        gwet_ac([[2.0]])
