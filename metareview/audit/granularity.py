"""Means and SDs of whole numbers: GRIM, GRIMMER, DEBIT and exact feasibility on a scale, by enumeration.

Every total and every sum of squares that the printed figures allow is tried, so data that exist are never called
impossible. (Tools that try only the nearest total do: 20 to 38 % false alarms for means with fewer digits than the
SD.) GRIM: Brown and Heathers, Soc Psychol Personal Sci 2017;8:363-369. GRIMMER: Anaya, PeerJ Preprints 2016;4:e2400v1;
the parity of sum and sum of squares: Allard, aurelienallard.netlify.app, 2018. DEBIT: Heathers and Brown, 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from metareview.audit.figures import Convention, Figure, decimal_text
from metareview.audit.inputs import Inputs
from metareview.audit.intervals import Interval
from metareview.audit.verdicts import Finding, judge
from metareview.errors import InputError, NotEstimable

__all__ = ["debit_possible", "grim_possible", "grimmer_possible", "power", "scale_possible", "totals"]

#: Neighbouring SDs, in units of the last digit, among which a check must reject some to say anything.
NEIGHBOURS = 12
#: Largest n times width of scale that is enumerated.
MAX_STATES = 3_000


def totals(mean: Interval, count: int) -> range:
    """Return every whole total of `count` numbers whose mean lies in the interval."""
    low, high = ceil(mean.low * count), floor(mean.high * count)
    low += mean.low_open and low == mean.low * count
    high -= mean.high_open and high == mean.high * count
    return range(low, high + 1)


def grim_possible(mean: Interval, count: int) -> bool:
    """Whether `count` whole numbers (people times items) can have such a mean.

    >>> from metareview.audit.figures import parse_figure
    >>> grim_possible(parse_figure("5.19").interval("half-either"), 28)
    False
    """
    return bool(totals(mean, count))


def grim_ratio(unit: Fraction, count: int) -> Fraction:
    """Return the share of printable means that are impossible (0: the check is underpowered)."""
    return max(Fraction(0), 1 - unit * count)


def grimmer_possible(mean: Interval, sd: Interval, n: int) -> bool:
    """Whether n whole numbers can have such a mean and sample SD.

    For each total S some whole sum of squares Q with the parity of S must lie in
    ``[(n-1) sd_low² + S²/n, (n-1) sd_high² + S²/n]``.

    >>> from metareview.audit.figures import parse_figure
    >>> grimmer_possible(*(parse_figure(text).interval("half-either") for text in ("4.1", "2.01")), 22)
    True
    """
    low, high = max(sd.low, Fraction(0)), sd.high
    if high < 0:
        return False
    for total in totals(mean, n):
        # ends of Q in whole numbers: ((n-1) n s² + S²) / n with s = a/b is (n (n-1) a² + S² b²) / (n b²)
        top, bottom = n * (n - 1) * low.numerator**2 + total * total * low.denominator**2, n * low.denominator**2
        first, exact = -(-top // bottom), top % bottom == 0
        first += exact and sd.low_open and sd.low >= 0
        top, bottom = n * (n - 1) * high.numerator**2 + total * total * high.denominator**2, n * high.denominator**2
        last = top // bottom - (sd.high_open and top % bottom == 0)
        first += (first - total) % 2
        if first <= last:
            return True
    return False


def debit_possible(mean: Interval, sd: Interval, n: int) -> bool:
    """Whether n zeros and ones can have such a mean and sample SD: some k has SD² = k(n-k) / (n(n-1))."""
    for ones in totals(mean, n):
        if not 0 <= ones <= n:
            continue
        variance = Fraction(ones * (n - ones), n * (n - 1))
        low = max(sd.low, Fraction(0)) ** 2
        if low < variance < sd.high**2 or variance in Interval(low, sd.high**2, sd.low_open, sd.high_open):
            return True
    return False


@lru_cache(maxsize=64)
def _reachable(n: int, width: int) -> tuple[int, ...]:
    """Per total of n numbers in 0..width, the reachable sums of squares as the bits of an integer."""
    row: list[int] = [1] + [0] * (n * width)
    for used in range(n):
        longer = [0] * (n * width + 1)
        for total in range(used * width + 1):
            bits = row[total]
            if bits:
                for value in range(width + 1):
                    longer[total + value] |= bits << (value * value)
        row = longer
    return tuple(row)


def scale_possible(mean: Interval, sd: Interval, n: int, low: int, high: int) -> bool:
    """Whether n whole numbers in ``low..high`` can have such a mean and sample SD, by enumeration of all (S, Q).

    Raises
    ------
    NotEstimable
        If n times the width of the scale is too large to enumerate.
    """
    width = high - low
    if n * width > MAX_STATES:
        raise NotEstimable(f"n = {n} on a scale of {width + 1} points is too large to enumerate; use grimmer")
    reach = _reachable(n, width)
    sd_low = max(sd.low, Fraction(0))
    for total in totals(mean - Interval.point(low), n):
        if not 0 <= total <= n * width:
            continue
        bits, middle = reach[total], Fraction(total * total, n)
        allowed = Interval((n - 1) * sd_low**2 + middle, (n - 1) * sd.high**2 + middle, sd.low_open, sd.high_open)
        if any(bits >> square & 1 for square in totals(allowed, 1)):
            return True
    return False


def power(possible: Callable[[Interval], bool], sd: Figure, convention: Convention) -> Fraction:
    """Return the share of neighbouring printable SDs that the check rejects.

    Zero means that it could not have failed here.
    """
    tried = list(_neighbours(sd, convention))
    return Fraction(sum(not possible(span) for span in tried), len(tried)) if tried else Fraction(0)


def _neighbours(sd: Figure, convention: Convention) -> Iterator[Interval]:
    own = sd.interval(convention)
    for step in range(-NEIGHBOURS, NEIGHBOURS + 1):
        shift = step * sd.unit
        if sd.value + shift >= 0:
            yield Interval(own.low + shift, own.high + shift, own.low_open, own.high_open)


def _finite(inputs: Inputs) -> tuple[Figure, Figure, int]:
    mean, sd, n = inputs.figure("mean"), inputs.figure("sd"), inputs.whole("n")
    if sd.value < 0:
        raise InputError(f"input sd is {sd.text!r}; a standard deviation is not negative")
    if n < 2:
        raise NotEstimable("a sample SD needs two values or more")
    return mean, sd, n


def _continuous(inputs: Inputs) -> Finding | None:
    if inputs.flag("integer") is not False:
        return None
    text = "The values are no whole numbers, so the digits of a mean say nothing about n."
    return Finding("not_applicable", "", text)


def check_grim(inputs: Inputs) -> Finding:
    """A whole total exists for the printed mean."""
    if found := _continuous(inputs):
        return found
    mean, n = inputs.figure("mean"), inputs.whole("n")
    items = inputs.whole("items") if "items" in inputs else 1
    count = n * items
    ratio = grim_ratio(mean.unit, count)
    near = round(mean.value * count)
    shown = ", ".join(f"{s}/{count} = {decimal_text(Fraction(s, count), 5)}" for s in (near - 1, near, near + 1))
    if not ratio:
        text = f"{count} values make every mean of {mean.decimals} decimals possible; the check cannot fail."
        return Finding("underpowered", shown, text)
    return judge(
        inputs, lambda c: grim_possible(mean.interval(c), count),
        computed=f"{shown}; {decimal_text(100 * ratio, 0)}% of the means of this precision are impossible",
        agree=f"{count} whole numbers can have the mean {mean.text}.",
        differ=f"{count} whole numbers cannot have the mean {mean.text} ({shown}).", statistics=True,
    )  # fmt: skip


def check_grimmer(inputs: Inputs) -> Finding:
    """Some total and sum of squares exist for the printed mean and SD."""
    if found := _continuous(inputs):
        return found
    mean, sd, n = _finite(inputs)
    items = Interval.point(inputs.whole("items") if "items" in inputs else 1)

    def possible(span: Interval, convention: Convention) -> bool:
        return grimmer_possible(mean.interval(convention) * items, span * items, n)

    return _judged(inputs, possible, mean, sd, f"{n} whole numbers")


def check_debit(inputs: Inputs) -> Finding:
    """Some number of ones gives the printed mean and SD."""
    mean, sd, n = _finite(inputs)
    if not 0 <= mean.value <= 1:
        raise InputError(f"input mean is {mean.text!r}; the mean of zeros and ones lies between 0 and 1")
    return _judged(inputs, lambda span, c: debit_possible(mean.interval(c), span, n), mean, sd, f"{n} zeros and ones")


def check_scale(inputs: Inputs) -> Finding:
    """Whole numbers on the scale exist with the printed mean and SD."""
    mean, sd, n = _finite(inputs)
    low, high = (inputs.whole(name, least=-1_000_000) for name in ("low", "high"))
    if low >= high:
        raise InputError(f"the scale runs from low = {low} to high = {high}; low is the smaller")
    what = f"{n} whole numbers from {low} to {high}"
    return _judged(inputs, lambda span, c: scale_possible(mean.interval(c), span, n, low, high), mean, sd, what)


def _judged(
    inputs: Inputs, possible: Callable[[Interval, Convention], bool], mean: Figure, sd: Figure, what: str
) -> Finding:
    convention = inputs.conventions(("half-either",))[0]
    rejected = power(lambda span: possible(span, convention), sd, convention)
    computed = f"{decimal_text(100 * rejected, 0)}% of the neighbouring SDs of this precision are impossible"
    finding = judge(
        inputs, lambda c: possible(sd.interval(c), c), computed=computed,
        agree=f"{what} can have mean {mean.text} and SD {sd.text}.",
        differ=f"{what} cannot have mean {mean.text} and SD {sd.text}.", statistics=True,
    )  # fmt: skip
    if finding.verdict == "consistent" and not rejected:
        text = f"{what} can have any SD near {sd.text} at this precision; the check cannot fail."
        return Finding("underpowered", computed, text)
    return finding
