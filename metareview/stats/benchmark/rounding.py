"""Exact arithmetic on printed decimals.

A score is a printed decimal; as a binary float 0.8925 is a little less than itself and would round to 0.892. Means
are therefore taken in rational numbers made from the printed decimals, and rounded once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

__all__ = ["exact", "exact_mean", "round_half_even", "round_half_up", "rounding_interval"]


def exact(value: float) -> Fraction:
    """Return the decimal that a float stands for, exactly.

    Fifteen significant digits are what every IEEE 754 double keeps of a decimal (IEEE 754-2019, 5.12.2), so a printed
    score, also one divided by 100 at the door, comes back as it was printed.

    >>> exact(0.8925), exact(55.1 / 100) == Fraction(551, 1000)
    (Fraction(357, 400), True)
    """
    return Fraction(Decimal(f"{value:.15g}"))


def exact_mean(values: Iterable[Fraction]) -> Fraction:
    """Return the arithmetic mean of at least one rational number."""
    items = list(values)
    return sum(items, Fraction(0)) / len(items)


def round_half_up(value: Fraction, decimals: int) -> float:
    """Round to `decimals` digits, ties away from zero (JIS Z 8401 rule B; what tables by hand and spreadsheets do).

    >>> round_half_up(Fraction("0.8925"), 3), round_half_up(Fraction("0.9375"), 3), round_half_up(Fraction("-0.5"), 0)
    (0.893, 0.938, -1.0)
    """
    scale = 10**decimals
    shifted = abs(value) * scale
    units = (2 * shifted.numerator + shifted.denominator) // (2 * shifted.denominator)
    return float(Fraction(units if value >= 0 else -units, scale))


def round_half_even(value: Fraction, decimals: int) -> float:
    """Round to `decimals` digits, ties to the even digit (IEEE 754 default; what ``round`` does on exact decimals).

    >>> round_half_even(Fraction("0.8925"), 3), round_half_even(Fraction("0.9375"), 3)
    (0.892, 0.938)
    """
    return float(Fraction(round(value * 10**decimals), 10**decimals))


def rounding_interval(value: Fraction, decimals: int) -> tuple[Fraction, Fraction]:
    """Return the numbers that print as `value` with `decimals` digits: at least the first, less than the second.

    >>> [float(end) for end in rounding_interval(Fraction("0.954"), 3)]
    [0.9535, 0.9545]
    """
    half = Fraction(1, 2 * 10**decimals)
    return value - half, value + half
