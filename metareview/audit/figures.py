"""Figures as printed: a string becomes an exact rational with the interval that its digits leave open.

A figure with d decimals stands for the numbers that round to it. Which numbers those are depends on the convention:
half up (away from zero), half even, cutting off, or, where software rounded binary fractions and a tie may have gone
either way, both ends. Trailing zeros carry precision, so figures are never taken as floats.

Source of the conventions: IEEE 754-2019 section 4.3 (ties to even, ties away, toward zero); Allard, scrutiny 0.5
(``rounding``: "up_or_down" for both ends).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from metareview.audit.intervals import Interval
from metareview.errors import InputError, UnknownName

__all__ = [
    "CONVENTIONS", "Convention", "Figure", "decimal_text", "parse_convention", "parse_figure", "parse_range",
]  # fmt: skip

Convention = Literal["half-up", "half-even", "truncation", "half-either"]
Relation = Literal["=", "<", "<=", ">", ">="]
CONVENTIONS: tuple[Convention, ...] = ("half-up", "half-even", "truncation", "half-either")

#: Stands for no end where a bound such as ``<0.4`` is of a quantity that has no natural range.
FAR = Fraction(10**18)
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_NUMBER = re.compile(
    r"""^(?P<about>~|≈|about\s+|approximately\s+|approx\.?\s+|ca\.?\s+)?\s*
    (?P<relation><=|>=|≤|≥|<|>|=)?\s*
    (?P<sign>[-−–—+])?\s*
    (?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)
    \s*(?P<percent>%|per\s?cent)?$""",
    re.VERBOSE | re.IGNORECASE,
)
_RANGE = re.compile(r"^(?P<low>[-−–—+]?[\d.,]*\d\s*%?)\s*(?:[-‐‑‒–—−]|to)\s*(?P<high>[\d.,]*\d\s*%?)$")
_RELATIONS: dict[str, Relation] = {"≤": "<=", "≥": ">=", "<=": "<=", ">=": ">=", "<": "<", ">": ">", "=": "="}


@dataclass(frozen=True, slots=True)
class Figure:
    """A printed figure.

    Attributes
    ----------
    text : as printed.
    value : the number it shows, a percentage as a proportion.
    unit : worth of one unit of its last digit (0.001 for ``0.954``, 0.01 for ``54%``).
    relation : ``=``, or the bound it is.
    about : whether it is called approximate.
    percent : whether a percent sign stands beside it.
    whole : whether it is a whole number without percent sign, which counts are.
    """

    text: str
    value: Fraction
    unit: Fraction
    relation: Relation = "="
    about: bool = False
    percent: bool = False
    whole: bool = False

    @property
    def decimals(self) -> int:
        """Digits after the point, as printed."""
        point = self.text.rstrip("% ").rpartition(".")
        return len(point[2].strip()) if point[1] else 0

    def exact(self) -> Interval:
        """Return the number itself, for counts."""
        return Interval.point(self.value)

    def interval(self, convention: Convention, *, counts_exact: bool = False) -> Interval:
        """Return the numbers that are printed so.

        Parameters
        ----------
        convention : how the figure was rounded.
        counts_exact : take a whole number without percent sign for a count, which is not rounded.

        Raises
        ------
        InputError
            If the figure is a bound, which is no single number.
        """
        if self.relation != "=":
            raise InputError(f"{self.text!r} is a bound; this place takes a plain figure")
        if counts_exact and self.whole and not self.about:
            return self.exact()
        x, half = self.value, self.unit / 2
        if self.about:  # within one unit of its last digit, at most within five
            reach = self.unit * (5 if convention == "half-either" else 1)
            return Interval(x - reach, x + reach)
        if convention == "half-either":
            return Interval(x - half, x + half)
        if convention == "half-even":
            odd = (x / self.unit).numerator % 2 == 1
            return Interval(x - half, x + half, odd, odd)
        if convention == "truncation":
            return Interval(x - self.unit * (x <= 0), x + self.unit * (x >= 0), x <= 0, x >= 0)
        return Interval(x - half, x + half, x <= 0, x >= 0)

    def span(self, convention: Convention, *, counts_exact: bool = False) -> Interval:
        """Return the numbers that the figure allows, as `interval`; a bound reaches as far as numbers go."""
        if self.relation == "=":
            return self.interval(convention, counts_exact=counts_exact)
        return self.bounded(convention, -FAR, FAR)

    def bounded(self, convention: Convention, low: Fraction | int, high: Fraction | int) -> Interval:
        """Return the numbers that the figure allows within a domain; a bound such as ``<0.05`` reaches to its end.

        Raises
        ------
        InputError
            If no number of the domain is allowed.
        """
        domain = Interval(Fraction(low), Fraction(high))
        if self.relation in ("<", "<="):
            own = Interval(min(domain.low, self.value), self.value, False, self.relation == "<")
        elif self.relation in (">", ">="):
            own = Interval(self.value, max(domain.high, self.value), self.relation == ">", False)
        else:
            own = self.interval(convention)
        both = own.meet(domain)
        if both is None:
            raise InputError(
                f"{self.text!r} lies outside {decimal_text(domain.low)} to {decimal_text(domain.high)}; "
                "check whether it is a percentage, or what it counts"
            )
        return both


@lru_cache(maxsize=65536)
def parse_figure(text: str) -> Figure:
    """Read one printed figure.

    Raises
    ------
    InputError
        If the text is not a number.

    >>> parse_figure("62.7%").value
    Fraction(627, 1000)
    >>> parse_figure("—6.44").interval("half-up").high
    Fraction(-1287, 200)
    """
    clean = text.strip()
    if clean.lower() in _WORDS:
        return Figure(clean, Fraction(_WORDS.index(clean.lower())), Fraction(1), whole=True)
    if clean.lower() in ("half", "a half", "one half"):
        return Figure(clean, Fraction(1, 2), Fraction(1, 100), percent=True)
    match = _NUMBER.match(clean)
    if match is None:
        raise InputError(f"{text!r} is not a number; write it as printed, such as 0.954, 54%, 2,330, <0.05 or ~40%")
    digits = match["digits"].replace(",", "").rstrip(".")
    decimals = len(digits.partition(".")[2])
    scale = 100 if match["percent"] else 1
    value = Fraction(digits if not digits.startswith(".") else f"0{digits}") / scale
    negative = match["sign"] is not None and match["sign"] != "+"
    return Figure(
        clean,
        -value if negative else value,
        Fraction(1, 10**decimals * scale),
        _RELATIONS[match["relation"] or "="],
        match["about"] is not None,
        scale == 100,
        decimals == 0 and scale == 1 and "." not in match["digits"],
    )


def parse_range(text: str) -> tuple[Figure, Figure] | None:
    """Read a printed range, ``87.2-90.5%`` or ``13%-35%``; a sign in front is no dash.

    Returns
    -------
    Lower and upper end, None where the text is no range. A percent sign at the upper end stands for both.

    >>> [end.text for end in parse_range("87.2-90.5%")]
    ['87.2%', '90.5%']
    """
    match = _RANGE.match(text.strip())
    if match is None:
        return None
    low, high = match["low"].strip(), match["high"].strip()
    if high.endswith("%") and not low.endswith("%"):
        low += "%"
    return parse_figure(low), parse_figure(high)


def parse_convention(text: str) -> Convention:
    """Return the convention of that name.

    Raises
    ------
    UnknownName
        If there is none.
    """
    for convention in CONVENTIONS:
        if text.strip().lower() == convention:
            return convention
    raise UnknownName("rounding convention", text, CONVENTIONS)


def decimal_text(value: Fraction | float, digits: int = 4) -> str:
    """Return a number for reading: at most `digits` decimals (or significant digits where it is small), no zeros.

    >>> decimal_text(Fraction(1, 3)), decimal_text(Fraction(60)), decimal_text(0.0000123)
    ('0.3333', '60', '0.0000123')
    """
    number = float(value)
    if number and abs(number) < 10.0**-digits:
        return f"{number:.3g}" if abs(number) < 1e-8 else f"{number:.{digits + 4}f}".rstrip("0")
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
