"""Arithmetic on printed figures: ``mean(0.955 | 0.951)``, ``37 / 60``, ``(0.896 - 0.861) / 0.861``.

Grammar: figures as printed, ``+ - * /``, parentheses, and the functions sum, mean, min, max, sqrt and abs, whose
arguments are separated by ``|`` or by a comma and a space. Whole numbers are counts and exact; every other figure is
the interval of its digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from metareview.audit.figures import Convention, parse_figure
from metareview.audit.intervals import Interval
from metareview.errors import InputError

__all__ = ["evaluate"]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>~?(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s*%?)"
    r"|(?P<name>[A-Za-z]+)|(?P<op>[-+*/()|,−×÷]))"
)
_SAME = {"−": "-", "×": "*", "÷": "/", ",": "|"}
MAX_DEPTH = 50


def _sum(items: list[Interval]) -> Interval:
    total = Interval.point(0)
    for item in items:
        total = total + item
    return total


_FUNCTIONS: dict[str, Callable[[list[Interval]], Interval]] = {
    "sum": _sum,
    "mean": lambda items: _sum(items) * Interval.point(Fraction(1, len(items))),
    "min": Interval.smallest,
    "max": Interval.largest,
    "sqrt": lambda items: items[0].sqrt(),
    "abs": lambda items: abs(items[0]),
}


def evaluate(text: str, convention: Convention) -> Interval:
    """Return every value that an expression of printed figures can have.

    Raises
    ------
    InputError
        If the text is not such an expression.
    NotEstimable
        If it divides by a figure that may be zero.

    >>> evaluate("37 / 60", "half-up").low
    Fraction(37, 60)
    """
    parser = _Parser(text, _tokens(text), convention)
    value = parser.sum()
    if parser.position < len(parser.tokens):
        raise parser.error()
    return value


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            rest = stripped[position : position + 10]
            hint = "; a bound goes into op, such as `op=<`" if set(rest) & set("<>≤≥") else ""
            raise InputError(f"{text!r}: cannot read {rest!r}{hint}")
        token = match.group().strip()
        tokens.append(_SAME.get(token, token))
        position = match.end()
    return tokens


@dataclass(slots=True)
class _Parser:
    text: str
    tokens: list[str]
    convention: Convention
    position: int = 0
    depth: int = 0

    def error(self) -> InputError:
        rest = " ".join(self.tokens[self.position :])[:30] or "the end"
        names = ", ".join(_FUNCTIONS)
        return InputError(f"{self.text!r}: unexpected {rest!r}; write figures, + - * /, parentheses, or {names}")

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, expected: str) -> None:
        if self.peek() != expected:
            raise self.error()
        self.position += 1

    def sum(self) -> Interval:
        value = self.product()
        while (sign := self.peek()) in ("+", "-"):
            self.position += 1
            other = self.product()
            value = value + other if sign == "+" else value - other
        return value

    def product(self) -> Interval:
        value = self.factor()
        while (sign := self.peek()) in ("*", "/"):
            self.position += 1
            other = self.factor()
            value = value * other if sign == "*" else value / other
        return value

    def factor(self) -> Interval:
        token = self.peek()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise InputError(f"{self.text[:40]!r}…: nested more than {MAX_DEPTH} deep")
        if token == "-":
            self.position += 1
            value = -self.factor()
        elif token == "(":
            self.position += 1
            value = self.sum()
            self.take(")")
        elif token in _FUNCTIONS:
            value = self.call(token)
        else:
            value = self.number(token)
        self.depth -= 1
        return value

    def call(self, name: str) -> Interval:
        self.position += 1
        self.take("(")
        items = [self.sum()]
        while self.peek() == "|":
            self.position += 1
            items.append(self.sum())
        self.take(")")
        if name in ("sqrt", "abs") and len(items) != 1:
            raise InputError(f"{self.text!r}: {name} takes one argument")
        return _FUNCTIONS[name](items)

    def number(self, token: str) -> Interval:
        try:
            figure = parse_figure(token)
        except InputError:
            raise self.error() from None
        self.position += 1
        return figure.interval(self.convention, counts_exact=True)
