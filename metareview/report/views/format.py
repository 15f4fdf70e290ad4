"""The only place where a number becomes text.

Two forms: *display* for people (half-up decimal rounding, thousands separators, a true minus sign, en dashes) and
*machine* for CSV (plain ASCII, ``.`` as decimal point, the shortest digits that give the same float back). Neither
asks the locale. Half-up rounding works on the decimal digits a float prints with, so 0.9305 becomes 0.931 although
the nearest binary number lies below it: that is how the published tables are rounded, and what a reader expects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from math import floor, isfinite, log10

from metareview.errors import InputError
from metareview.report.views.base import Cell, Column, Value

__all__ = [
    "MISSING",
    "clean",
    "column_decimals",
    "display",
    "display_cell",
    "given_decimals",
    "interval_decimals",
    "machine",
    "most_decimals",
    "readable_decimals",
    "round_half_up",
]

#: What stands in an empty cell.
MISSING = "–"
#: Digits after the point where a column does not say; `number` and `text` have significant digits instead.
DEFAULT_DECIMALS = {"score": 3, "percent": 1, "count": 0, "p": 3, "interval": 3}
SIGNIFICANT = 4

# C0 and C1 controls except tab and line feed, lone surrogates, non-characters: no format can carry them all.
_BROKEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Overrides, embeddings and isolates reorder what stands beside them, digits included (CVE-2021-42574).
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_PRINTED = re.compile(r"\d+(?:\.(\d+))?")
_BOUNDS = {"<": "<", ">": ">", "<=": "≤", ">=": "≥"}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def round_half_up(value: float, decimals: int) -> Decimal:
    """Round the decimal digits of a number, ties away from zero.

    >>> str(round_half_up(0.9305, 3)), str(round_half_up(-2.5, 0))
    ('0.931', '-3')

    Raises
    ------
    InputError
        If the number is not finite: missing is None here, never NaN.
    """
    rounded = _exact(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded.is_zero() else rounded


def column_decimals(values: Iterable[Value], *, least: int = 0, most: int = 4) -> int:
    """Return the digits after the point that a column needs to show its values as they were given.

    >>> column_decimals([0.9, 0.955, None]), column_decimals([0.1 + 0.2])
    (3, 1)
    """
    places = [least]
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool):
            # Percent divided by 100 leaves dust in the last bits; no printed score has ten digits.
            exponent = round_half_up(float(value), 10).normalize().as_tuple().exponent
            places.append(-exponent if isinstance(exponent, int) else 0)
    return min(max(places), most)


def given_decimals(value: float, printed: str = "", *, most: int = 4) -> int:
    """Return the digits after the point that a value was given with: as printed, where the print is this value.

    >>> given_decimals(0.9, "0.900"), given_decimals(0.769, "76.9%"), given_decimals(0.9, "0900")
    (3, 3, 1)
    """
    found = _PRINTED.search(printed)
    if found is not None:
        digits = len(found[1] or "")
        for shift in (0, 2):  # as it stands, or a percentage
            if Decimal(found[0]).scaleb(-shift) == round_half_up(abs(value), 10):
                return min(digits + shift, most)
    return column_decimals([value], most=most)


def clean(text: str) -> str:
    r"""Return text that every format can carry.

    Line ends become line feeds, control characters and lone surrogates the replacement character, and characters
    that reorder their neighbours are spelled out.

    >>> clean("a\r\nb\x00")
    'a\nb�'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _REORDERING.sub(lambda match: f"[U+{ord(match[0]):04X}]", _BROKEN.sub("\N{REPLACEMENT CHARACTER}", text))


def display(value: Value, column: Column) -> str:
    """Return a value as people read it, in the way of its column.

    >>> display(0.9305, Column("dice", "Dice", "score")), display(-1645, Column("n", "N", "count"))
    ('0.931', '−1,645')

    Raises
    ------
    InputError
        If a number is not finite, or a p value or proportion is none.
    """
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return clean(value)
    return _NUMBERS[column.kind](float(value), column).replace("-", "−")


def display_cell(cell: Cell, column: Column) -> str:
    """Return a cell as people read it: the value, its interval in brackets where it has one, the sign of a bound.

    >>> display_cell(Cell(0.91, low=0.85, high=0.95), Column("r", "r", "score", decimals=2))
    '0.91 [0.85, 0.95]'
    >>> display_cell(Cell(0.9, decimals=4), Column("value", "Value", "number"))
    '0.9000'
    >>> display_cell(Cell(0.4, bound=">"), Column("p", "p", "p")), display_cell(Cell(50, bound=">="), Column("n", "n"))
    ('> 0.400', '≥ 50')
    """
    if cell.decimals is not None:
        column = replace(column, decimals=cell.decimals)
    if cell.low is None or cell.high is None or isinstance(cell.value, str):
        shown = display(cell.value, column)
        bare = not cell.bound or cell.value is None or shown.startswith(("<", ">"))  # a small p says so itself
        return shown if bare else f"{_BOUNDS[cell.bound]} {shown}"
    limits = f"[{display(cell.low, column)}, {display(cell.high, column)}]"
    return limits if cell.value is None else f"{display(cell.value, column)} {limits}"


def interval_decimals(low: float | None, high: float | None) -> int | None:
    """Return the decimals that give half the width of an interval two digits; None where there is no width.

    >>> interval_decimals(0.11, 0.35), interval_decimals(1.0, None)
    (2, None)
    >>> interval_decimals(1.1e-8, 3.5e-8)
    9
    """
    if low is None or high is None or not high > low:
        return None
    return most_decimals(max(1 - floor(log10((high - low) / 2)), 0))


def most_decimals(wanted: int) -> int:
    """Return decimals that a reader can count: six, but more where six would show no digit of the number.

    >>> [most_decimals(wanted) for wanted in (3, 7, 9, 40)]
    [3, 6, 9, 15]
    """
    return min(wanted, 6) if wanted <= 7 else min(wanted, 15)


def readable_decimals(values: Iterable[float | None], decimals: int, *, digits: int = 1) -> int | None:
    """Return the decimals of a column, or None (significant digits) where they would show a number as 0.

    Parameters
    ----------
    digits : digits that the largest number must keep.

    >>> readable_decimals([0.02, 0.0, None], 4), readable_decimals([0.02, 3e-7], 4), readable_decimals([2e17], 4)
    (4, None, None)
    """
    sizes = [abs(value) for value in values if value]
    lost = any(size < 0.5 * 10**-decimals or size >= 1e15 for size in sizes)
    return None if lost or max(sizes, default=1.0) < 10.0 ** (digits - 1 - decimals) / 2 else decimals


def machine(value: Value) -> str:
    """Return a value as programs read it.

    >>> machine(-0.5), machine(1e-07), machine(True), machine(None)
    ('-0.5', '1e-07', 'yes', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return clean(value)
    _exact(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _exact(value: float) -> Decimal:
    """Return the shortest decimal number that is this float."""
    if not isfinite(value):
        raise InputError(f"{value} cannot stand in a table; a missing number is None with a note that says why")
    return Decimal(repr(float(value)))


def _places(column: Column) -> int:
    return DEFAULT_DECIMALS.get(column.kind, 0) if column.decimals is None else column.decimals


def _fixed(value: float, column: Column) -> str:
    return f"{round_half_up(value, _places(column)):,f}"


def _count(value: float, column: Column) -> str:
    # A mean of counts is not a count: it keeps its digits instead of being rounded to one.
    return _fixed(value, column) if value.is_integer() or column.decimals is not None else _number(value, column)


def _percent(value: float, column: Column) -> str:
    # Shift the decimal point instead of multiplying: 0.565 * 100 is 56.49999999999999.
    shifted = _exact(value).scaleb(2)
    return f"{round_half_up(float(shifted), _places(column)):,f}%"


def _p(value: float, column: Column) -> str:
    if not 0 <= value <= 1:
        raise InputError(f"{value} is not a p value; p lies between 0 and 1")
    decimals = _places(column)
    limit = Decimal(1).scaleb(-decimals)
    if _exact(value) < limit:
        return f"< {limit:f}"
    rounded = round_half_up(value, decimals)
    return f"> {1 - limit:f}" if rounded == 1 and value < 1 else f"{rounded:f}"


def _number(value: float, column: Column) -> str:
    """Return fixed decimals where the column has them, else significant digits (all digits before the point)."""
    if column.decimals is not None:
        return _fixed(value, column)
    exact = _exact(value)
    if exact.is_zero():
        return "0"
    power = exact.adjusted()
    if power < -4 or power >= 15:
        digits = round_half_up(float(exact.scaleb(-power)), SIGNIFICANT - 1).normalize()
        return f"{digits:f} × 10{str(power).translate(_SUPERSCRIPT)}"
    text = f"{round_half_up(value, max(0, SIGNIFICANT - 1 - power)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(value: float, column: Column) -> str:
    """Return the number with the digits it has: a year or a label is text, whatever its type."""
    return machine(value)


_NUMBERS = {
    "score": _fixed,
    "percent": _percent,
    "count": _count,
    "interval": _fixed,
    "p": _p,
    "number": _number,
    "text": _plain,
    "flag": _plain,
}
