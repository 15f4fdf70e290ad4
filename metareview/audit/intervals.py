"""Intervals of exact rationals with open and closed ends, and arithmetic on them.

Interval arithmetic (Moore, Kearfott and Cloud, Introduction to Interval Analysis, SIAM 2009, chapter 2): the result
of an operation contains every value that the operation can take on numbers of the operands. A number that occurs
twice in an expression is taken as two independent ones, so the result may be too wide and never too narrow: a
contradiction found with it is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from metareview.errors import NotEstimable

__all__ = ["Interval", "sqrt_bounds"]

#: Steps per unit of the square root that `sqrt_bounds` encloses.
_ROOT_GRID = 10**18


@dataclass(frozen=True, slots=True)
class Interval:
    """A non-empty interval; an end that is open does not belong to it.

    Attributes
    ----------
    low, high : ends.
    low_open, high_open : whether the end is excluded.
    """

    low: Fraction
    high: Fraction
    low_open: bool = False
    high_open: bool = False

    @classmethod
    def point(cls, value: Fraction | int) -> Interval:
        """Return the interval that holds one number."""
        return cls(Fraction(value), Fraction(value))

    def __contains__(self, value: Fraction | int) -> bool:
        above = value > self.low or (value == self.low and not self.low_open)
        return above and (value < self.high or (value == self.high and not self.high_open))

    def meets(self, other: Interval) -> bool:
        """Whether the two have a number in common.

        >>> Interval(Fraction(1), Fraction(2), high_open=True).meets(Interval.point(2))
        False
        """
        if self.high < other.low or other.high < self.low:
            return False
        if self.high == other.low:
            return not (self.high_open or other.low_open)
        if other.high == self.low:
            return not (other.high_open or self.low_open)
        return True

    def meet(self, other: Interval) -> Interval | None:
        """Return what both have in common, or None."""
        if not self.meets(other):
            return None
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, closed = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Interval(low, high, low_open, not closed)

    @property
    def width(self) -> Fraction:
        """Distance between the ends."""
        return self.high - self.low

    def closed(self) -> Interval:
        """Return the interval with both ends."""
        return Interval(self.low, self.high)

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low, self.high_open, self.low_open)

    def __add__(self, other: Interval) -> Interval:
        return Interval(
            self.low + other.low,
            self.high + other.high,
            self.low_open or other.low_open,
            self.high_open or other.high_open,
        )

    def __sub__(self, other: Interval) -> Interval:
        return self + -other

    def __mul__(self, other: Interval) -> Interval:
        ends = [
            _product(a, a_open, b, b_open)
            for a, a_open in ((self.low, self.low_open), (self.high, self.high_open))
            for b, b_open in ((other.low, other.low_open), (other.high, other.high_open))
        ]
        low = min(value for value, _ in ends)
        high = max(value for value, _ in ends)
        # an end is open only where no pair of closed ends reaches it
        low_open = all(is_open for value, is_open in ends if value == low)
        high_open = all(is_open for value, is_open in ends if value == high)
        return Interval(low, high, low_open, high_open)

    def inverse(self) -> Interval:
        """Return 1/x.

        Raises
        ------
        NotEstimable
            If zero is inside or an end.
        """
        if self.low <= 0 <= self.high:
            raise NotEstimable("division by a figure that may be zero")
        return Interval(1 / self.high, 1 / self.low, self.high_open, self.low_open)

    def __truediv__(self, other: Interval) -> Interval:
        return self * other.inverse()

    def square(self) -> Interval:
        """Return x squared (tighter than ``self * self``, which would take the two for independent)."""
        product = abs(self)
        return Interval(product.low**2, product.high**2, product.low_open, product.high_open)

    def sqrt(self) -> Interval:
        """Return an enclosure of the square root; numbers below zero are left out.

        Raises
        ------
        NotEstimable
            If every number is negative.
        """
        if self.high < 0:
            raise NotEstimable("square root of a negative number")
        return Interval(sqrt_bounds(max(self.low, Fraction(0)))[0], sqrt_bounds(self.high)[1])

    def __abs__(self) -> Interval:
        if self.low >= 0:
            return self
        if self.high <= 0:
            return -self
        high, is_open = max((-self.low, not self.low_open), (self.high, not self.high_open))
        return Interval(Fraction(0), high, False, not is_open)

    @classmethod
    def smallest(cls, items: Iterable[Interval]) -> Interval:
        """Return the interval of the minimum."""
        parts = list(items)
        low, low_open = min((part.low, part.low_open) for part in parts)
        high, closed = min((part.high, not part.high_open) for part in parts)
        return cls(low, high, low_open, not closed)

    @classmethod
    def largest(cls, items: Iterable[Interval]) -> Interval:
        """Return the interval of the maximum."""
        return -cls.smallest(-part for part in items)


def _product(a: Fraction, a_open: bool, b: Fraction, b_open: bool) -> tuple[Fraction, bool]:
    """Product of two ends; an open end times a closed zero is reached from inside."""
    if (a == 0 and not a_open) or (b == 0 and not b_open):
        return Fraction(0), False
    return a * b, a_open or b_open


def sqrt_bounds(value: Fraction) -> tuple[Fraction, Fraction]:
    """Return two rationals that enclose the square root of `value` and lie 1e-18 apart (equal where it is exact).

    >>> sqrt_bounds(Fraction(9, 4))
    (Fraction(3, 2), Fraction(3, 2))
    """
    top, bottom = isqrt(value.numerator), isqrt(value.denominator)
    if top * top == value.numerator and bottom * bottom == value.denominator:
        root = Fraction(top, bottom)
        return root, root
    scaled = isqrt(value.numerator * _ROOT_GRID**2 // value.denominator)
    return Fraction(scaled, _ROOT_GRID), Fraction(scaled + 1, _ROOT_GRID)
