"""Composite scores: which rule makes them of the printed cells?

Candidates: the mean of the cells printed; the mean with a missing cell as zero; the mean of the overlap scores first
and then with the last cell; largest, smallest, median; geometric and harmonic mean. A rule reproduces a row where the
intervals of its digits meet; a table needs one rule for all its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import exp, log, prod

from metareview.audit.figures import Convention, Figure, decimal_text, parse_figure
from metareview.audit.inputs import Inputs
from metareview.audit.intervals import Interval
from metareview.audit.verdicts import Finding, judge
from metareview.errors import InputError

__all__ = ["RULES", "apply_rule", "reproducing"]

Cells = Sequence[Interval | None]


def _present(cells: Cells) -> list[Interval]:
    return [cell for cell in cells if cell is not None]


def _mean(items: Sequence[Interval]) -> Interval:
    total = Interval.point(0)
    for item in items:
        total = total + item
    return total * Interval.point(Fraction(1, len(items)))


def _two_steps(cells: Cells) -> Interval:
    """Mean of all cells but the last, then the mean of that and the last; with one of them missing, the other."""
    first, last = _present(cells[:-1]), cells[-1]
    return _mean([*([_mean(first)] if first else []), *([last] if last is not None else [])])


def _median(items: Sequence[Interval]) -> Interval:
    # of equal ends the closed one counts first from below, the open one first from above
    low = sorted((item.low, item.low_open) for item in items)
    high = sorted((item.high, not item.high_open) for item in items)
    middle, n = len(items) // 2, len(items)
    places = (middle,) if n % 2 else (middle - 1, middle)
    return _mean([Interval(low[p][0], high[p][0], low[p][1], not high[p][1]) for p in places])


def _geometric(items: Sequence[Interval]) -> Interval:
    low = _root(prod((max(item.low, Fraction(0)) for item in items), start=Fraction(1)), len(items))
    high = _root(prod((max(item.high, Fraction(0)) for item in items), start=Fraction(1)), len(items))
    # only an end that is an exact root can be open; any other is an enclosure, never reached
    low_open = low[0] == low[1] and any(item.low_open for item in items)
    high_open = high[0] == high[1] and any(item.high_open for item in items)
    return Interval(low[0], high[1], low_open, high_open)


def _root(value: Fraction, degree: int) -> tuple[Fraction, Fraction]:
    """Return two rationals that enclose the root, equal where it is exact."""
    if value == 0:
        return value, value
    top, bottom = (round(exp(log(number) / degree)) for number in (value.numerator, value.denominator))
    if top**degree == value.numerator and bottom**degree == value.denominator:
        return Fraction(top, bottom), Fraction(top, bottom)
    near, slack = Fraction(float(value) ** (1 / degree)), Fraction(1, 10**12)  # slack of the float root
    return near - slack, near + slack


def _harmonic(items: Sequence[Interval]) -> Interval:
    if any(item.low <= 0 for item in items):
        return Interval(Fraction(0), max(item.high for item in items))
    return _mean([item.inverse() for item in items]).inverse()


RULES: Mapping[str, Callable[[Cells], Interval]] = {
    "mean of the cells": lambda cells: _mean(_present(cells)),
    "mean of the overlap scores, then with the last": _two_steps,
    "mean with missing as zero": lambda cells: _mean([cell or Interval.point(0) for cell in cells]),
    "largest": lambda cells: Interval.largest(_present(cells)),
    "smallest": lambda cells: Interval.smallest(_present(cells)),
    "median": lambda cells: _median(_present(cells)),
    "geometric mean": lambda cells: _geometric(_present(cells)),
    "harmonic mean": lambda cells: _harmonic(_present(cells)),
}
_SHORT = {"mean": "mean of the cells", "max": "largest", "min": "smallest"}


def apply_rule(rule: str, cells: Sequence[Figure | None], convention: Convention) -> Interval:
    """Return the composite that a rule makes of the printed cells."""
    return RULES[rule]([cell.interval(convention) if cell else None for cell in cells])


@lru_cache(maxsize=4096)
def reproducing(composite: Figure, cells: tuple[Figure | None, ...], convention: Convention) -> tuple[str, ...]:
    """Return the rules that reproduce one row."""
    own = composite.interval(convention)
    spans = tuple(cell.interval(convention) if cell else None for cell in cells)
    return tuple(rule for rule, make in RULES.items() if own.meets(make(spans)))


def _cells(parts: Sequence[str]) -> tuple[Figure | None, ...]:
    cells = [None if part.strip() in ("", "-", "–", "—") else parse_figure(part) for part in parts]
    if not any(cells):
        raise InputError("a row has no cell with a figure; write missing ones as -")
    return tuple(cells)


def check_composite(inputs: Inputs) -> Finding:
    """One row: some listed rule makes the composite of the cells."""
    composite, cells = inputs.figure("composite"), _cells(inputs.strings("cells"))
    wanted = inputs.text("rule", "")
    wanted = _SHORT.get(wanted, wanted)
    if wanted and wanted not in RULES:
        raise InputError(f"input rule is {wanted!r}; it is one of {', '.join((*_SHORT, *RULES))}")

    def fitting(convention: Convention) -> list[str]:
        return [rule for rule in reproducing(composite, cells, convention) if not wanted or rule == wanted]

    spans = {rule: apply_rule(rule, cells, "half-either") for rule in RULES}
    middle = {rule: (span.low + span.high) / 2 for rule, span in spans.items()}
    computed = "; ".join(f"{rule} {decimal_text(value)}" for rule, value in middle.items())
    first = fitting("half-up") or fitting("half-even")
    first_any = reproducing(composite, cells, "half-up")
    finding = judge(
        inputs, lambda c: bool(fitting(c)), computed=computed,
        agree=f"{composite.text} is the {', the '.join(first)}.",
        differ=f"{composite.text} is not the {wanted}, {decimal_text(middle[wanted])}.{_others(first_any)}"
        if wanted
        else f"{composite.text} is not the result of any listed rule ({computed}).",
    )  # fmt: skip
    if wanted:
        return finding
    return finding.assuming("the composite is made of the cells printed in its row by one of the listed rules")


def _others(rules: Sequence[str]) -> str:
    return f" It is the {', the '.join(rules)}." if rules else " No other listed rule makes it, either."


def _rows(text: str) -> list[tuple[Figure, tuple[Figure | None, ...]]]:
    rows = []
    for part in filter(None, (part.strip() for part in text.split("|"))):
        composite, colon, cells = part.partition(":")
        if not colon:
            raise InputError(f"row {part!r} is not `composite: cell,cell,cell`")
        rows.append((parse_figure(composite), _cells(cells.split(","))))
    if not rows:
        raise InputError("input rows has no row; write `rows=0.954: 0.955,-,0.951 | …`")
    return rows


def check_composite_rule(inputs: Inputs) -> Finding:
    """A table: one listed rule makes every composite."""
    rows = _rows(inputs.text("rows"))

    def failing(convention: Convention) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {rule: [] for rule in RULES}
        for composite, cells in rows:
            fits = reproducing(composite, cells, convention)
            for rule in RULES:
                if rule not in fits:
                    found[rule].append(composite.text)
        return found

    first = failing(inputs.conventions()[0])
    ordered = sorted(first, key=lambda rule: len(first[rule]))
    best = ordered[0]
    nearest = f"{best} makes {len(rows) - len(first[best])} of {len(rows)}" + (
        f", not {', '.join(first[best])}" if first[best] else ""
    )
    computed = "; ".join(
        f"{rule}: {len(rows) - len(first[rule])} of {len(rows)}"
        + (f" (not {', '.join(first[rule])})" if 0 < len(first[rule]) <= 4 else "")
        for rule in ordered
    )
    finding = judge(
        inputs, lambda c: any(not bad for bad in failing(c).values()), computed=computed,
        agree=f"All {len(rows)} composites are the {ordered[0]}.",
        differ=f"No listed rule makes all {len(rows)} composites; the nearest, {nearest}.",
    )  # fmt: skip
    return finding.assuming("one listed rule makes every composite of the cells printed in its row")
