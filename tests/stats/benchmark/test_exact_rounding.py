"""Printed decimals stay what they are."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.stats.benchmark.rounding import (
    exact,
    exact_mean,
    round_half_even,
    round_half_up,
    rounding_interval,
)

FRACTIONS = st.fractions(min_value=-10, max_value=10, max_denominator=10**6)


@pytest.mark.parametrize(("a", "b", "printed"), [(0.924, 0.861, 0.893), (0.962, 0.913, 0.938), (0.95, 0.91, 0.93)])
def test_composites_of_table_3(a: float, b: float, printed: float) -> None:
    """Shah et al. 2025, Table 3: SAM2, Hyb. enc-dec, U-Net+FFN; the first two are ties."""
    assert round_half_up(exact_mean([exact(a), exact(b)]), 3) == printed


def test_floats_would_fail() -> None:
    assert round(2.675, 2) == 2.67, "this is why the arithmetic is exact"
    assert round_half_up(exact(2.675), 2) == 2.68


@given(st.decimals(min_value=-100, max_value=100, places=4, allow_nan=False))
def test_a_decimal_comes_back(value: object) -> None:
    assert exact(float(str(value))) == Fraction(str(value))
    assert exact(float(str(value)) / 100) == Fraction(str(value)) / 100


@given(FRACTIONS, st.integers(0, 5))
def test_rounding_moves_at_most_half_a_unit(value: Fraction, decimals: int) -> None:
    for rule in (round_half_up, round_half_even):
        assert abs(exact(rule(value, decimals)) - value) <= Fraction(1, 2 * 10**decimals)


@given(FRACTIONS, st.integers(0, 5))
def test_the_rules_differ_at_ties_only_and_are_odd(value: Fraction, decimals: int) -> None:
    tie = (value * 10**decimals * 2).denominator == 1 and (value * 10**decimals).denominator == 2
    if round_half_up(value, decimals) != round_half_even(value, decimals):
        assert tie
    assert round_half_up(-value, decimals) == -round_half_up(value, decimals)


@given(st.fractions(min_value=0, max_value=1, max_denominator=10**5))
def test_a_rounded_value_lies_in_its_interval(value: Fraction) -> None:
    low, high = rounding_interval(exact(round_half_up(value, 3)), 3)
    assert low <= value < high
