"""The sharp interval of the SD, given n, mean, minimum, maximum and median, each known within its rounding.

The values, sorted, are: the minimum, some below the median, the median (two values for even n), some above it, the
maximum. Every set of values that fits is inside a box (each value between two bounds) with its total between two
bounds. Over such a set the sum of squared deviations is convex, so

- its minimum is found by filling to a level: each value is as near to one level as its bounds allow, and the level
  is the mean wherever the total may be (Karush-Kuhn-Tucker conditions);
- its maximum is at a vertex, where all values but one at most stand at a bound, and these are enumerated.

For even n the two middle values may lie apart, by the same distance from the median; at a vertex that distance is
zero, or as large as it can be, or the one value that is not at a bound. Bounds within the rounding of the median are
not coupled, so the interval is at most wider than the truth by that rounding, never narrower. All numbers are exact.

The wider classical bounds are those of range (R/sqrt(2(n-1)) to R/2 sqrt(n/(n-1))) and of Bhatia and Davis, Am Math
Mon 2000;107:353-357 (variance <= (max - mean)(mean - min)).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import ceil, floor

from metareview.audit.intervals import Interval, sqrt_bounds

__all__ = ["bhatia_davis", "range_bounds", "sd_range"]

Group = tuple[Fraction, Fraction, int]
Slab = tuple[Fraction, Fraction]


def range_bounds(spread: Interval, n: int) -> tuple[Fraction, Fraction]:
    """Return lower bound and upper bound of the sample variance of n values with that range.

    Lower: R²/(2(n-1)); upper: R²/4 n/(n-1) for even n, R²/4 (n+1)/n for odd n.
    """
    low = max(spread.low, Fraction(0)) ** 2 / (2 * (n - 1))
    return low, spread.high**2 / 4 * (Fraction(n + 1, n) if n % 2 else Fraction(n, n - 1))


def bhatia_davis(mean: Interval, low: Interval, high: Interval, n: int) -> Fraction:
    """Return the upper bound of the sample variance: (max - mean)(mean - min) n/(n-1), largest over the rounding."""
    top, bottom = high.high, low.low
    at = min(max((top + bottom) / 2, mean.low), mean.high)
    return max((top - at) * (at - bottom), Fraction(0)) * Fraction(n, n - 1)


def sd_range(n: int, mean: Interval, low: Interval, high: Interval, median: Interval | None = None) -> Interval | None:
    """Return the interval of the sample SD, or None where no set of values has these figures.

    Parameters
    ----------
    n : number of values, at least 2.
    mean, low, high, median : the numbers that the printed figures allow.

    >>> from metareview.audit.figures import parse_figure
    >>> row = [parse_figure(text).interval("half-either") for text in (".880", ".717", ".973", ".880")]
    >>> found = sd_range(7, *row)
    >>> round(float(found.low), 3), round(float(found.high), 3)
    (0.079, 0.106)
    """
    slab = (mean.low * n, mean.high * n)
    shapes = list(_shapes(n, low, high, median))
    least = [found for groups in shapes[:1] if (found := _least(groups, slab, n)) is not None]
    if not least:
        return None
    most = [found for groups in shapes for found in _vertices(groups, slab, n)]
    if median is not None and n % 2 == 0 and n > 2:
        most += _apart(n, slab, low, high, median)
    top = max(most, default=least[0])
    return Interval(sqrt_bounds(least[0] / (n - 1))[0], sqrt_bounds(top / (n - 1))[1])


def _shapes(n: int, low: Interval, high: Interval, median: Interval | None) -> Iterator[list[Group]]:
    """Yield the boxes of values: bounds and how many values have them."""
    a, b = (low.low, low.high, 1), (high.low, high.high, 1)
    if median is None:
        if high.high >= low.low:
            yield [a, (low.low, high.high, n - 2), b]
        return
    q0, q1 = max(median.low, low.low), min(median.high, high.high)
    if q0 > q1:
        return
    side, middle = (n - 3) // 2 if n % 2 else (n - 4) // 2, 1 if n % 2 else 2
    if n == 2:
        yield [a, b]
        return
    for apart in (Fraction(0), _furthest(low, high, median)) if middle == 2 else (Fraction(0),):
        below, above = (q0 - apart, q1 - apart), (q0 + apart, q1 + apart)
        middles = [(*below, 1), (*above, 1)] if middle == 2 else [(q0, q1, 1)]
        yield [a, (low.low, below[1], side), *middles, (above[0], high.high, side), b]


def _furthest(low: Interval, high: Interval, median: Interval) -> Fraction:
    return max(min(median.high - low.low, high.high - median.low), Fraction(0))


def _least(groups: Sequence[Group], slab: Slab, n: int) -> Fraction | None:
    """Return the smallest sum of squared deviations over the box and the slab, None where they do not meet."""
    if any(lo > hi for lo, hi, count in groups if count):
        return None
    total_low = max(slab[0], sum((lo * count for lo, _, count in groups), Fraction(0)))
    total_high = min(slab[1], sum((hi * count for _, hi, count in groups), Fraction(0)))
    if total_low > total_high:
        return None
    knots = sorted({bound for lo, hi, _ in groups for bound in (lo, hi)})

    def at(level: Fraction) -> tuple[Fraction, Fraction]:
        filled = [(min(max(level, lo), hi), count) for lo, hi, count in groups]
        total = sum((x * count for x, count in filled), Fraction(0))
        return total, sum((x * x * count for x, count in filled), Fraction(0)) - total * total / n

    levels = [_level(groups, knots, total) for total in (total_low, total_high)]
    # the level that is the mean itself, on the piece between two knots where there is one
    for left, right in zip(knots, knots[1:], strict=False):
        free = sum(count for lo, hi, count in groups if lo <= left and right <= hi)
        fixed = at(left)[0] - free * left
        if free < n and left <= (mean := fixed / (n - free)) <= right:
            levels.append(mean)
    return min(found[1] for found in map(at, levels) if total_low <= found[0] <= total_high)


def _level(groups: Sequence[Group], knots: Sequence[Fraction], total: Fraction) -> Fraction:
    """Return the level at which the filled values have this total."""
    filled = Fraction(0)
    for left, right in zip(knots, knots[1:], strict=False):
        filled = sum((min(max(left, lo), hi) * count for lo, hi, count in groups), Fraction(0))
        free = sum(count for lo, hi, count in groups if lo <= left and right <= hi)
        if filled <= total <= filled + free * (right - left):
            return left + (total - filled) / free if free else left
    return knots[-1] if len(knots) > 1 else knots[0]


def _vertices(groups: Sequence[Group], slab: Slab, n: int) -> Iterator[Fraction]:
    """Yield the sum of squared deviations at the vertices of box and slab (at most one value between its bounds)."""
    if any(lo > hi for lo, hi, count in groups if count):
        return
    big = [index for index, group in enumerate(groups) if group[2] > 1]
    last = big.pop() if big else None
    ranges = [range(group[2] + 1) if index != last else range(1) for index, group in enumerate(groups)]
    for raised in product(*ranges):
        base = sum((hi * up + lo * (c - up) for (lo, hi, c), up in zip(groups, raised, strict=True)), Fraction(0))
        square = sum(
            (hi * hi * up + lo * lo * (c - up) for (lo, hi, c), up in zip(groups, raised, strict=True)), Fraction(0)
        )
        if last is None:
            yield from _complete(groups, raised, slab, n, base, square)
        else:
            yield from _raise_last(groups, raised, last, slab, n, base, square)


def _raise_last(
    groups: Sequence[Group], raised: tuple[int, ...], last: int, slab: Slab, n: int, base: Fraction, square: Fraction
) -> Iterator[Fraction]:
    """Raise as many values of the last large group as bring the total to the slab, give or take one value."""
    lo, hi, count = groups[last]
    step = hi - lo
    widest = max(group[1] - group[0] for group in groups)
    first, end = 0, count
    if step:
        first = max(0, floor((slab[0] - base - widest) / step))
        end = min(count, ceil((slab[1] - base + widest) / step))
    for up in range(first, end + 1):
        now = (*raised[:last], up, *raised[last + 1 :])
        yield from _complete(groups, now, slab, n, base + up * step, square + up * (hi * hi - lo * lo))


def _complete(
    groups: Sequence[Group], raised: tuple[int, ...], slab: Slab, n: int, total: Fraction, square: Fraction
) -> Iterator[Fraction]:
    if slab[0] <= total <= slab[1]:
        yield square - total * total / n
    for wanted in slab:  # one value that stands at its lower bound is moved up to meet the slab
        gap = wanted - total
        if gap <= 0:
            continue
        for (lo, hi, count), up in zip(groups, raised, strict=True):
            if up < count and lo + gap <= hi:
                moved = square - lo * lo + (lo + gap) ** 2
                yield moved - wanted * wanted / n


def _apart(n: int, slab: Slab, low: Interval, high: Interval, median: Interval) -> Iterator[Fraction]:
    """Yield the vertices of even n at which the distance of the middle values is what meets the slab."""
    side, furthest = (n - 4) // 2, _furthest(low, high, median)
    ends = product((low.low, low.high), (high.low, high.high), (median.low, median.high), slab)
    for a, b, q, wanted in ends:
        for at_low, at_high in product(range(side + 1), repeat=2):
            below, above = side - at_low + 1, side - at_high + 1  # values at q - e and at q + e
            if below == above:
                continue
            rest = a + b + at_low * low.low + at_high * high.high
            e = (wanted - rest - (below + above) * q) / (above - below)
            if 0 <= e <= furthest:
                square = a * a + b * b + at_low * low.low**2 + at_high * high.high**2
                square += below * (q - e) ** 2 + above * (q + e) ** 2
                yield square - wanted * wanted / n
