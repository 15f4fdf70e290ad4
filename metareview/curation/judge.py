"""Whether two cells say the same.

Two numbers are *equal* when they are one number (0.95 and 0.950; 94.8 percent and 0.948). They are *rounded* when one
has fewer digits and the other lies within half a unit of its last digit: 0.95 covers 0.945 to 0.955, so it agrees with
0.948, and 0.94 does not. Digits count as the figure is printed where the row quotes it: 0.9 beside the printed 0.900
has three. Counts and ids are never rounded. Texts are equal when they differ in spaces and Unicode form only; lists
when they have the same items.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Literal, NamedTuple

from metareview.ingest.cells import CellFault, Score, clean, parse_decimal
from metareview.ingest.fields import BLANK, Field, parse_cell
from metareview.schema.base import Missing
from metareview.schema.metric import Vocabulary

__all__ = ["Judged", "Verdict", "digits_unit", "judge", "rounded_alike"]

Verdict = Literal["blank", "equal", "rounded", "differ"]
#: Digits that a double carries; a spreadsheet program's 0.30000000000000004 is 0.3.
_DOUBLE = 15


class Judged(NamedTuple):
    """The verdict on two cells, and a hint where they differ in a way that has a name."""

    verdict: Verdict
    hint: str = ""


def judge(field: Field, a: str, b: str, vocabulary: Vocabulary, percent: tuple[bool, bool] = (False, False)) -> Judged:
    """Judge two cells of one column.

    Parameters
    ----------
    field : the column.
    a, b : their texts.
    vocabulary : the metrics of the review.
    percent : whether the rows of A and B hold percentages (for columns that may).
    """
    a, b = clean(a), clean(b)
    if a == b and (percent[0] == percent[1] or not a):
        return Judged("equal" if a else "blank")
    try:
        first, second = parse_cell(field, a, vocabulary), parse_cell(field, b, vocabulary)
    except CellFault:
        return Judged("differ", "a cell cannot be read; compared as text")
    if first is BLANK or second is BLANK:
        default = field.default
        if (default if first is BLANK else first) == (default if second is BLANK else second):
            return Judged("equal")
        return Judged("differ", "blank in A" if first is BLANK else "blank in B")
    if isinstance(first, Missing) or isinstance(second, Missing):
        if first == second:
            return Judged("equal")
        return Judged("differ", "one says that there is no value")
    if isinstance(first, Score | float):
        return _judge_numbers(a, b, percent)
    if isinstance(first, tuple):
        same = sorted(map(_plain, first)) == sorted(map(_plain, second))
        return Judged("equal" if same else "differ")
    if isinstance(first, str):
        return _judge_texts(first, second)
    return Judged("equal" if first == second else "differ")


def _judge_texts(a: str, b: str) -> Judged:
    if _plain(a) == _plain(b):
        return Judged("equal")
    return Judged("differ", "letter case only" if _plain(a).casefold() == _plain(b).casefold() else "")


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _judge_numbers(a: str, b: str, percent: tuple[bool, bool]) -> Judged:
    (x, unit_x), (y, unit_y) = (_scaled(text, scaled) for text, scaled in zip((a, b), percent, strict=True))
    if x == y:
        return Judged("equal")
    if rounded_alike(x, unit_x, y, unit_y):
        return Judged("rounded")
    return Judged("differ", _named_difference(x, y))


def rounded_alike(x: Decimal, unit_x: Decimal, y: Decimal, unit_y: Decimal) -> bool:
    """Return whether the number with fewer digits is the other one rounded, half up or half even.

    >>> rounded_alike(Decimal("0.95"), Decimal("0.01"), Decimal("0.948"), Decimal("0.001"))
    True
    >>> rounded_alike(Decimal("0.94"), Decimal("0.01"), Decimal("0.948"), Decimal("0.001"))
    False
    >>> rounded_alike(Decimal("0.95"), Decimal("0.01"), Decimal("0.94"), Decimal("0.01"))
    False
    """
    return unit_x != unit_y and abs(x - y) * 2 <= max(unit_x, unit_y)


def digits_unit(text: str, percent: bool, printed: str = "") -> Decimal:
    """Return the unit of the last digit of a number, on the scale of a proportion where it is a percentage.

    Parameters
    ----------
    text : the number.
    percent : whether the row holds percentages.
    printed : the figure as printed; its digits count where it is this number, as it stands or as a percentage.

    >>> digits_unit("94.8", True), digits_unit("0.9", False, "0.900"), digits_unit("0.9", False, "90.0%")
    (Decimal('0.001'), Decimal('0.001'), Decimal('0.001'))
    """
    number, unit = _scaled(text, percent)
    try:
        shown, sign = parse_decimal(clean(printed)) if printed else (Decimal(0), False)
    except CellFault:
        return unit
    for shift in (-2,) if sign else (0, -2):
        if printed and shown.scaleb(shift) == number:
            return min(unit, Decimal(1).scaleb(_exponent(shown) + shift))
    return unit


def _scaled(text: str, percent: bool) -> tuple[Decimal, Decimal]:
    """Return the number and the unit of its last digit, percentages as proportions."""
    number, sign = parse_decimal(text)
    if len(number.as_tuple().digits) > _DOUBLE:
        number = Decimal(f"{number:.{_DOUBLE - 1}e}").normalize()
    shift = -2 if percent or sign else 0
    return number.scaleb(shift), Decimal(1).scaleb(_exponent(number) + shift)


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _named_difference(x: Decimal, y: Decimal) -> str:
    """Return the name of a slip that explains the difference, or nothing."""
    if x == -y:
        return "the sign only"
    low, high = sorted((abs(x), abs(y)))
    if low and high / low == 100:
        return "a factor of 100: percent and proportion?"
    if low and high / low in (10, 1000):
        return f"a factor of {high / low:f}: the decimal point?"
    first, second = (f"{abs(number):f}".replace(".", "").strip("0") for number in (x, y))
    if first != second and sorted(first) == sorted(second):
        return "digits swapped?"
    return ""
