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
from itertools import pairwise, product
from math import lcm

from metareview.audit.intervals import Interval, sqrt_bounds

__all__ = ["bhatia_davis", "range_bounds", "sd_range"]

#: Lower bound, upper bound and number of values, as whole numbers on one grid.
Group = tuple[int, int, int]
Ends = tuple[int, int]


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
    spans = [mean, low, high, *([median] if median else [])]
    grid = lcm(*(end.denominator for span in spans for end in (span.low, span.high)))
    centre, a, b, *rest = [(int(span.low * grid), int(span.high * grid)) for span in spans]
    middle = rest[0] if rest else None
    slab = (centre[0] * n, centre[1] * n)
    shapes = list(_shapes(n, a, b, middle))
    least = _least(shapes[0], slab, n) if shapes else None
    if least is None:
        return None
    most = [Fraction(max(found, default=0), n) for groups in shapes for found in [list(_vertices(groups, slab, n))]]
    if middle is not None and n % 2 == 0 and n > 2:
        most += _apart(n, slab, a, b, middle)
    unit = grid * grid * (n - 1)
    return Interval(sqrt_bounds(least / unit)[0], sqrt_bounds(max(least, *most) / unit)[1])


def _shapes(n: int, a: Ends, b: Ends, median: Ends | None) -> Iterator[list[Group]]:
    """Yield the boxes of values: bounds and how many values have them; the first is that of the smallest SD."""
    first, last = (*a, 1), (*b, 1)
    if n == 2:
        yield [first, last]
        return
    if median is None:
        if b[1] >= a[0]:
            yield [first, (a[0], b[1], n - 2), last]
        return
    q0, q1 = max(median[0], a[0]), min(median[1], b[1])
    if q0 > q1:
        return
    side = (n - 3) // 2
    if n % 2:
        yield [first, (a[0], q1, side), (q0, q1, 1), (q0, b[1], side), last]
        return
    for apart in (0, _furthest(a, b, median)):
        below, above = (q0 - apart, q1 - apart), (q0 + apart, q1 + apart)
        yield [first, (a[0], below[1], side), (*below, 1), (*above, 1), (above[0], b[1], side), last]


def _furthest(a: Ends, b: Ends, median: Ends) -> int:
    return max(min(median[1] - a[0], b[1] - median[0]), 0)


def _least(groups: Sequence[Group], slab: Ends, n: int) -> Fraction | None:
    """Return the smallest sum of squared deviations over the box and the slab, None where they do not meet."""
    if any(lo > hi for lo, hi, count in groups if count):
        return None
    total_low = max(slab[0], sum(lo * count for lo, _, count in groups))
    total_high = min(slab[1], sum(hi * count for _, hi, count in groups))
    if total_low > total_high:
        return None
    knots = sorted({bound for lo, hi, _ in groups for bound in (lo, hi)})

    def at(level: Fraction) -> tuple[Fraction, Fraction]:
        filled = [(min(max(level, Fraction(lo)), Fraction(hi)), count) for lo, hi, count in groups]
        total = sum((x * count for x, count in filled), Fraction(0))
        return total, sum((x * x * count for x, count in filled), Fraction(0)) - total * total / n

    levels = [_level(groups, knots, total) for total in (total_low, total_high)]
    # the level that is the mean itself, on the piece between two knots where there is one
    for left, right in pairwise(knots):
        free = sum(count for lo, hi, count in groups if lo <= left and right <= hi)
        fixed = at(Fraction(left))[0] - free * left
        if free < n and left <= (mean := fixed / (n - free)) <= right:
            levels.append(mean)
    return min(found[1] for found in map(at, levels) if total_low <= found[0] <= total_high)


def _level(groups: Sequence[Group], knots: Sequence[int], total: int) -> Fraction:
    """Return the level at which the filled values have this total."""
    for left, right in pairwise(knots):
        filled = sum(min(max(left, lo), hi) * count for lo, hi, count in groups)
        free = sum(count for lo, hi, count in groups if lo <= left and right <= hi)
        if filled <= total <= filled + free * (right - left):
            return left + Fraction(total - filled, free) if free else Fraction(left)
    return Fraction(knots[-1])


def _vertices(groups: Sequence[Group], slab: Ends, n: int) -> Iterator[int]:
    """Yield n times the sum of squared deviations at the vertices of box and slab.

    At a vertex all values but one at most stand at a bound. Of the last large group as many are raised as bring the
    total to the slab, give or take one value.
    """
    if any(lo > hi for lo, hi, count in groups if count):
        return
    big = [index for index, group in enumerate(groups) if group[2] > 1]
    last = big[-1] if big else len(groups) - 1
    lo, hi, count = groups[last]
    widest = max(top - bottom for bottom, top, _ in groups)
    for raised in product(*(range(group[2] + 1) if i != last else range(1) for i, group in enumerate(groups))):
        base = square = 0
        for (bottom, top, many), up in zip(groups, raised, strict=True):
            base += top * up + bottom * (many - up)
            square += top * top * up + bottom * bottom * (many - up)
        step, first, end = hi - lo, 0, count
        if step:
            first = max(0, (slab[0] - base - widest) // step)
            end = min(count, -((base - widest - slab[1]) // step))
        for up in range(first, end + 1):
            now = (*raised[:last], up, *raised[last + 1 :])
            yield from _complete(groups, now, slab, n, base + up * step, square + up * (hi * hi - lo * lo))


def _complete(
    groups: Sequence[Group], raised: tuple[int, ...], slab: Ends, n: int, total: int, square: int
) -> Iterator[int]:
    """Yield the vertex itself if it is in the slab, and those with one value moved up to meet the slab."""
    if slab[0] <= total <= slab[1]:
        yield n * square - total * total
    for wanted in slab:
        gap = wanted - total
        if gap <= 0:
            continue
        for (lo, hi, count), up in zip(groups, raised, strict=True):
            if up < count and lo + gap <= hi:
                yield n * (square - lo * lo + (lo + gap) ** 2) - wanted * wanted


def _apart(n: int, slab: Ends, low: Ends, high: Ends, median: Ends) -> Iterator[Fraction]:
    """Yield the vertices of even n at which the distance of the middle values is what meets the slab."""
    side, furthest = (n - 4) // 2, _furthest(low, high, median)
    for a, b, q, wanted in product(low, high, median, slab):
        for at_low, at_high in product(range(side + 1), repeat=2):
            below, above = side - at_low + 1, side - at_high + 1  # values at q - e and at q + e
            rest = wanted - (a + b + at_low * low[0] + at_high * high[1]) - (below + above) * q
            if below == above or not 0 <= rest * (above - below) <= furthest * (above - below) ** 2:
                continue
            e = Fraction(rest, above - below)
            square = a * a + b * b + at_low * low[0] ** 2 + at_high * high[1] ** 2
            yield square + below * (q - e) ** 2 + above * (q + e) ** 2 - Fraction(wanted * wanted, n)
