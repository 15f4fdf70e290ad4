"""From the text of a cell to a typed value: pure functions, no file and no table.

A cell is read only where there is one way to read it. ``0,85`` has a decimal comma, ``1 234`` with a thin space and
``1,234.5`` have thousands separators; ``1,234`` may be either and is reported. A missing-value code is one of ours:
``NA`` is not, because it may be Namibia, sodium or a name. Every function raises `CellFault` with the rule and the
remedy when a text cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from metareview.schema.base import Missing

__all__ = [
    "CellFault",
    "Score",
    "check_text",
    "clean",
    "is_foreign_code",
    "parse_boolean",
    "parse_decimal",
    "parse_integer",
    "parse_list",
    "parse_missing",
    "parse_number",
    "parse_score",
]


class CellFault(ValueError):
    """The text of a cell cannot be read: the rule that it breaks, and the remedy.

    A remedy that takes a search for the nearest name is a function, called only for a fault that is shown.
    """

    def __init__(self, rule: str, remedy: str | Callable[[], str]) -> None:
        super().__init__(rule)
        self.rule = rule
        self._remedy = remedy

    @property
    def remedy(self) -> str:
        """What to do."""
        return self._remedy if isinstance(self._remedy, str) else self._remedy()


class Score(NamedTuple):
    """A number that may be a percentage.

    Attributes
    ----------
    value : the number as written.
    hundredth : the double nearest to a hundredth of the decimal number as written.
    percent : whether a percent sign stands behind it.
    """

    value: float
    hundredth: float
    percent: bool


#: Our codes by the ways of writing them; case does not matter. ``NA`` alone is deliberately not among them.
CODES: dict[str, Missing] = {
    "not reported": Missing.NOT_REPORTED,
    "nr": Missing.NOT_REPORTED,
    "n.r.": Missing.NOT_REPORTED,
    "n/r": Missing.NOT_REPORTED,
    "not applicable": Missing.NOT_APPLICABLE,
    "n/a": Missing.NOT_APPLICABLE,
    "n.a.": Missing.NOT_APPLICABLE,
    "unclear": Missing.UNCLEAR,
}
#: What other tables write for a missing value; not ours, so a number column reports it.
_FOREIGN_CODES = frozenset({"na", "nan", "none", "null", "nil", "-", "--", "–", "—", "?", ".", "missing", "unknown"})
_EXCEL_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
#: What Excel makes of ``10-1``, ``1/10`` or ``2:30`` in a cell that is not formatted as text.
_EXCEL_DATE = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]+)?"
    rf"|[0-9]{{1,2}}-{_MONTH}|{_MONTH}-[0-9]{{2}}|[0-9]{{1,3}}:[0-9]{{2}}:[0-9]{{2}}"
)
_DATE = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[0-9]{{1,2}}[./-][0-9]{{1,2}}[./-][0-9]{{2,4}}|[0-9]{{1,2}}[- ]{_MONTH}.*"
)

#: A formula; ``= 884``, as a source may print it, is none.
_FORMULA = re.compile(r"=(?:\S|\s*[A-Za-z_.]+[0-9]*\(|\s*\$?[A-Z]{1,3}\$?[0-9])", re.DOTALL)
_MINUS = re.compile("^[\u2212\u2010\u2011\u2013\ufe63\uff0d]")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]{1,3})?")
_AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_THIN = "\u2009\u202f\u00a0\u2007\u2008'’"
_THIN_GROUPS = re.compile(rf"[+-]?[1-9][0-9]{{0,2}}([{_THIN}])[0-9]{{3}}(?:\1[0-9]{{3}})*(?:[.,][0-9]+)?")
_COMMA_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|,[0-9]{3}\.[0-9]+)")
_POINT_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:(?:\.[0-9]{3}){2,}(?:,[0-9]+)?|\.[0-9]{3},[0-9]+)")
_PLUS_MINUS = re.compile(r"±|\+\s?/?\s?[-\u2212]|\\pm")
_RANGE = re.compile(r"[+-]?[0-9.,]+\s*%?\s*(?:[-\u2010-\u2015\u2212]|to|\.\.\.?)\s*[0-9.,]+\s*%?")
_BOUND = re.compile(r"(?:[<>≤≥~≈]|<=|>=|ca\.?|about|approx\.?)\s*[-+]?[0-9.,]+.*")
_UNIT = re.compile(r"[-+]?[0-9.,]+(?:[eE][-+]?[0-9]+)?\s*[^0-9\s].*")
_LONGEST_NUMBER = 60
_LARGEST_INTEGER = 2**53

_NUMBER_RULE = "a number is expected"
_TEXT_FORMAT = "format the column as text before typing, then enter it again"


def clean(text: str) -> str:
    r"""Return `text` without spaces of any kind, or invisible characters, at its ends.

    >>> clean("\ufeff\u00a0 dice ")
    'dice'
    """
    return text.strip().strip(_INVISIBLE).strip()


def parse_missing(text: str) -> Missing | None:
    """Return the missing-value code that a text is, or None; `NA` is none.

    >>> parse_missing("NR"), parse_missing("NA")
    (<Missing.NOT_REPORTED: 'not reported'>, None)
    """
    return CODES.get(" ".join(text.lower().split()))


def is_foreign_code(text: str) -> bool:
    """Return whether a text is what other tables write for a missing value.

    >>> is_foreign_code("NA"), is_foreign_code("not reported")
    (True, False)
    """
    return text.lower() in _FOREIGN_CODES


def check_text(text: str) -> None:
    """Check what no cell may hold, whatever its column.

    Raises
    ------
    CellFault
        For control characters, error values of a spreadsheet program, formulas, and dates that it made of numbers.
    """
    control = _CONTROL.search(text)
    if control:
        raise CellFault(
            f"a cell is text without control characters (here U+{ord(control[0]):04X})", "delete it and save as UTF-8"
        )
    if text[:1] == "=" and _FORMULA.match(text):
        raise CellFault("a cell holds a value, not a formula", "write the value that it shows")
    if text[:1] == "#" and text.upper() in _EXCEL_ERRORS:
        raise CellFault("an error value of a spreadsheet program is not data", "write the value, or leave it blank")
    if len(text) < 30 and _EXCEL_DATE.fullmatch(text):
        raise CellFault("this is a date or time that a spreadsheet program made of what was typed", _TEXT_FORMAT)


def _decimal(text: str) -> str | None:
    """Return the plain decimal notation of a number, or None."""
    text = _MINUS.sub("-", text)
    if _PLAIN.fullmatch(text):
        return text
    if _AMBIGUOUS.fullmatch(text):
        raise CellFault(
            "a comma followed by three digits may be a decimal comma or a thousands separator",
            f"write {text.replace(',', '.')} or {text.replace(',', '')}",
        )
    if _DECIMAL_COMMA.fullmatch(text):
        return text.replace(",", ".")
    if _COMMA_GROUPS.fullmatch(text):
        return text.replace(",", "")
    if _POINT_GROUPS.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    match = _THIN_GROUPS.fullmatch(text)
    return text.replace(match[1], "").replace(",", ".") if match else None


def _no_number(text: str) -> CellFault:
    """Return the fault of a text that is no number, with the remedy that fits what it looks like."""
    if _PLUS_MINUS.search(text):
        return CellFault(
            "a cell holds one number, and ± may mean sd, se or half an interval",
            "write the value here and the other number in the column that it is: sd, se, or ci_low and ci_high",
        )
    if is_foreign_code(text):
        return CellFault(
            f"{_NUMBER_RULE}, or one of the codes not reported, not applicable, unclear",
            "write the code that holds, or leave the cell blank",
        )
    if _EXCEL_DATE.fullmatch(text) or _DATE.fullmatch(text):
        return CellFault(f"{_NUMBER_RULE}; this is a date that a spreadsheet program may have made", _TEXT_FORMAT)
    if _RANGE.fullmatch(text):
        return CellFault("a cell holds one number, not a range", "write the two ends in rows or columns of their own")
    if _BOUND.fullmatch(text):
        return CellFault("a cell holds one number, without a sign of comparison", "write the number; say it in note")
    if _UNIT.fullmatch(text):
        return CellFault(_NUMBER_RULE, "write the number alone; a unit or remark belongs in note")
    return CellFault(_NUMBER_RULE, "write it like 0.854")


def _number_text(text: str) -> tuple[str, bool]:
    percent = text.endswith("%")
    body = text[:-1].rstrip() if percent else text
    number = _decimal(body) if len(body) <= _LONGEST_NUMBER else None
    if number is None:
        raise _no_number(text if len(text) <= _LONGEST_NUMBER else "")
    return number, percent


def parse_score(text: str) -> Score:
    """Return the number in a cell that may carry a percent sign.

    >>> parse_score("85,4 %")
    Score(value=85.4, hundredth=0.854, percent=True)

    Raises
    ------
    CellFault
        If there is not exactly one way to read it as one number.
    """
    number, percent = _number_text(text)
    return Score(float(number), float(Decimal(number).scaleb(-2)), percent)


def parse_decimal(text: str) -> tuple[Decimal, bool]:
    """Return the decimal number in a cell with its digits as written, and whether a percent sign stands behind it.

    >>> parse_decimal("0.950"), parse_decimal("85,4 %")
    ((Decimal('0.950'), False), (Decimal('85.4'), True))

    Raises
    ------
    CellFault
        If there is not exactly one way to read it as one number.
    """
    number, percent = _number_text(text)
    return Decimal(number), percent


def parse_number(text: str) -> float:
    """Return the number in a cell of a column that is never a percentage.

    >>> [parse_number(text) for text in ("0.85", "0,85", "−1", "1’234.5", "1,234,567", "1.234,5", "1e-3")]
    [0.85, 0.85, -1.0, 1234.5, 1234567.0, 1234.5, 0.001]

    Raises
    ------
    CellFault
        If there is not exactly one way to read it as one number.
    """
    number, percent = _number_text(text)
    if percent:
        raise CellFault("this column has no percentages", "write the number without the percent sign")
    return float(number)


def parse_integer(text: str) -> int:
    """Return the whole number in a cell; ``12.0`` is one, because spreadsheet programs write it so.

    >>> parse_integer("12.0")
    12

    Raises
    ------
    CellFault
        If it is not a whole number.
    """
    number, percent = _number_text(text)
    if percent:
        raise CellFault("this column has no percentages", "write the number without the percent sign")
    value = Decimal(number)
    if value != value.to_integral_value():
        raise CellFault("a whole number is expected", "write it without decimals")
    if abs(value) > _LARGEST_INTEGER:
        raise CellFault("a count is below 2^53", "check the digits")
    return int(value)


def parse_boolean(text: str) -> bool:
    """Return the truth value in a cell.

    >>> [parse_boolean(text) for text in ("yes", "TRUE", "0")]
    [True, True, False]

    Raises
    ------
    CellFault
        If it is none of yes, no, true, false, 1, 0.
    """
    word = text.lower()
    if word in {"yes", "true", "1"}:
        return True
    if word in {"no", "false", "0"}:
        return False
    raise CellFault("yes or no is expected (also true, false, 1, 0)", "write yes, or leave the cell blank for no")


def parse_list(text: str) -> tuple[str, ...]:
    """Return the items of a list cell, which are separated by semicolons; blank ones are left out.

    >>> parse_list("neurons; axons;")
    ('neurons', 'axons')
    """
    return tuple(part for part in (clean(piece) for piece in text.split(";")) if part)
