"""Rules that look at several cells of one row.

Each rule is written once, with operators that mean the same for two numbers and for two columns of numbers: the
models apply it to a row, the door applies it to a whole table. A missing number is NaN, and a comparison with NaN is
false, so a rule is *violated* only by values that are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

__all__ = ["RESULT_RULES", "RowRule", "violations"]


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule across the columns of one row.

    Attributes
    ----------
    name : identifier of the rule.
    columns : the columns it reads, in the order of the arguments of `violated`; the first is the one reported.
    violated : true (elementwise for columns) where the rule is broken.
    rule, remedy : the sentence shown to the reviewer.
    """

    name: str
    columns: tuple[str, ...]
    violated: Callable[..., Any]
    rule: str
    remedy: str


RESULT_RULES: tuple[RowRule, ...] = (
    RowRule(
        "ci-order",
        ("ci_low", "ci_high"),
        lambda low, high: low > high,
        "the lower limit of an interval is not above its upper limit",
        "exchange ci_low and ci_high, or correct the one that is mistyped",
    ),
    RowRule(
        "ci-covers-value-low",
        ("ci_low", "value"),
        lambda low, value: low > value,
        "an interval contains its value: ci_low <= value",
        "correct ci_low or value",
    ),
    RowRule(
        "ci-covers-value-high",
        ("ci_high", "value"),
        lambda high, value: high < value,
        "an interval contains its value: value <= ci_high",
        "correct ci_high or value",
    ),
    RowRule(
        "se-below-sd",
        ("se", "sd"),
        lambda se, sd: se > sd,
        "a standard error is not larger than the standard deviation it comes from",
        "check which of the two is printed; se = sd / sqrt(n)",
    ),
)


def violations(rules: tuple[RowRule, ...], row: Mapping[str, Any]) -> list[RowRule]:
    """Return the rules that one row breaks; absent and non-numeric cells count as missing."""

    def number(name: str) -> float:
        value = row.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else nan

    return [rule for rule in rules if rule.violated(*(number(name) for name in rule.columns))]
