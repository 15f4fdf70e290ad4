"""The only place where a number becomes text."""

from __future__ import annotations

import locale
from decimal import Decimal
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.errors import InputError
from metareview.report.views.base import Cell, Column
from metareview.report.views.format import (
    MISSING,
    clean,
    column_decimals,
    display,
    display_cell,
    machine,
    round_half_up,
)


def column(kind, decimals=None):
    return Column("x", "X", kind, decimals)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.9305, 3, "0.931"),  # binary 0.93049999…; the published tables round the decimal digits half up
        (0.8925, 3, "0.893"),
        (0.5, 0, "1"),
        (2.5, 0, "3"),
        (-2.5, 0, "-3"),
        (1.005, 2, "1.01"),
        (-0.0004, 3, "0.000"),
        (1e22, 0, "10000000000000000000000"),
        (123.456, -1, "1.2E+2"),
    ],
)
def test_rounding_is_half_up_on_decimal_digits(value, decimals, text):
    assert str(round_half_up(value, decimals)) == text


@given(st.floats(-1e9, 1e9), st.integers(0, 8))
def test_rounding_moves_at_most_half_a_unit_and_is_symmetric(value, decimals):
    rounded = round_half_up(value, decimals)
    assert abs(rounded - Decimal(repr(value))) <= Decimal(5).scaleb(-decimals - 1)
    assert round_half_up(-value, decimals) == -rounded


@pytest.mark.parametrize(
    ("kind", "decimals", "value", "text"),
    [
        ("score", None, 0.95, "0.950"),
        ("score", 2, -6.444, "−6.44"),
        ("percent", None, 0.565, "56.5%"),
        ("percent", 0, 0.565, "57%"),  # 0.565 * 100 is 56.49999999999999
        ("percent", 0, 0.285, "29%"),
        ("percent", 0, 1.0, "100%"),
        ("count", None, 1645, "1,645"),
        ("count", None, 1234567.0, "1,234,567"),
        ("count", None, 2.5, "2.5"),
        ("p", None, 0.008, "0.008"),
        ("p", None, 0.00049, "< 0.001"),
        ("p", None, 0.001, "0.001"),
        ("p", None, 0.9999, "> 0.999"),
        ("p", None, 1.0, "1.000"),
        ("p", None, 0.0, "< 0.001"),
        ("number", None, 19.03, "19.03"),
        ("number", None, 19.034, "19.03"),
        ("number", None, 4.0, "4"),
        ("number", None, 12345.678, "12,346"),
        ("number", None, 0.00012345, "0.0001235"),
        ("number", None, 0.0000012345, "1.235 × 10⁻⁶"),
        ("number", None, -3e15, "−3 × 10¹⁵"),
        ("number", None, 0, "0"),
        ("number", 2, 4, "4.00"),
        ("text", None, 2025, "2025"),
        ("text", None, 0.5, "0.5"),
        ("text", None, "a", "a"),
        ("flag", None, True, "yes"),
        ("flag", None, False, "no"),
        ("score", None, "not reported", "not reported"),
        ("score", None, None, MISSING),
    ],
)
def test_each_kind(kind, decimals, value, text):
    assert display(value, column(kind, decimals)) == text


@pytest.mark.parametrize("kind", ["score", "number", "percent", "count", "p", "text"])
@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_not_a_number_is_refused_in_both_forms(kind, value):
    with pytest.raises(InputError):
        display(value, column(kind))
    with pytest.raises(InputError, match="a missing number is None"):
        machine(value)


def test_a_p_value_outside_its_range_is_refused():
    with pytest.raises(InputError, match=r"1\.2 is not a p value"):
        display(1.2, column("p"))


def test_intervals():
    two = column("score", 2)
    assert display_cell(Cell(0.91, low=0.85, high=0.95), two) == "0.91 [0.85, 0.95]"
    assert display_cell(Cell(None, low=-0.85, high=0.95), two) == "[−0.85, 0.95]"
    assert display_cell(Cell(0.91, low=0.85), two) == "0.91"


def test_decimals_follow_the_values_as_printed():
    assert column_decimals([0.9, 76.9 / 100, None, "x"]) == 3
    assert column_decimals([]) == 0
    assert column_decimals([1 / 3]) == 4
    assert column_decimals([2, 3.0], least=2) == 2


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_machine_numbers_are_ascii_and_lose_nothing(value):
    text = machine(value)
    assert text.isascii()
    assert float(text) == value


def test_text_is_cleaned_of_what_formats_cannot_carry():
    assert clean("a\r\nb\rc\td") == "a\nb\nc\td"
    assert clean("\x00\x1b\x85\ud800\ufffe") == "�" * 5
    assert clean("x\u202ey") == "x[U+202E]y"
    assert clean("\u05d0\u200f") == "\u05d0\u200f"  # a mark orders only its own text
    assert display("\x00", column("score")) == "�"


def test_no_locale_is_asked():
    old = locale.setlocale(locale.LC_ALL)
    names = [name for name in ("de_DE.UTF-8", "C.UTF-8", "C") if _try(name)]
    try:
        for name in names:
            locale.setlocale(locale.LC_ALL, name)
            assert display(1234.5, column("number", 1)) == "1,234.5"
            assert machine(0.5) == "0.5"
    finally:
        locale.setlocale(locale.LC_ALL, old)


def _try(name):
    old = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_ALL, old)
    return True
