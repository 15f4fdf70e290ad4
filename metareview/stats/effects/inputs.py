"""What a measure needs, completed from what a study prints, and checked before a formula sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError
from metareview.stats.effects.convert import d_from_t, r_from_t, t_from_p
from metareview.stats.effects.registry import Array, Measure

__all__ = ["ALTERNATIVES", "check_inputs", "complete_inputs", "where_text"]

Given = dict[str, Array]


def _others(given: Given, total: str, part: str, rest: str) -> None:
    """Fill the rest of a total: ``bi = n1i - ai``."""
    if rest not in given and total in given and part in given:
        given[rest] = given[total] - given[part]


def _tables(given: Given) -> None:
    _others(given, "n1i", "ai", "bi")
    _others(given, "n2i", "ci", "di")


def _proportion(given: Given) -> None:
    _others(given, "ni", "xi", "mi")


def _means(given: Given) -> None:
    """A standardised difference from `di`, `ti` or the two-sided `pi` (with the sign of the effect)."""
    if "m1i" in given or not {"n1i", "n2i"} <= set(given):
        return
    if "ti" not in given and "pi" in given:
        given["ti"] = t_from_p(given["pi"], given["n1i"] + given["n2i"] - 2)
    if "di" not in given and "ti" in given:
        given["di"] = d_from_t(given["ti"], given["n1i"], given["n2i"])
    if "di" in given:
        one = np.ones_like(given["di"])
        given |= {"m1i": given["di"], "m2i": 0 * one, "sd1i": one, "sd2i": one}


def _change(given: Given) -> None:
    """A change standardised by its own SD from `di` or `ti`; a correlation of one half makes that SD one."""
    if "m1i" in given or "ni" not in given:
        return
    if "di" not in given and "ti" in given:
        given["di"] = given["ti"] / np.sqrt(given["ni"])
    if "di" in given:
        one = np.ones_like(given["di"])
        given |= {"m1i": given["di"], "m2i": 0 * one, "sd1i": one, "sd2i": one, "ri": one / 2}


def _correlation(given: Given) -> None:
    if "ri" not in given and {"ti", "ni"} <= set(given):
        given["ri"] = r_from_t(given["ti"], given["ni"] - 2)


def _partial(given: Given) -> None:
    if "ri" not in given and {"ti", "ni", "mi"} <= set(given):
        given["ri"] = r_from_t(given["ti"], given["ni"] - given["mi"] - 1)


_COMPLETE: dict[str, Callable[[Given], None]] = {
    "tables": _tables,
    "proportion": _proportion,
    "SMD": _means,
    "SMCC": _change,
    "correlation": _correlation,
    "partial": _partial,
}

#: what may stand in for an input, by family or measure, for messages and the command line
ALTERNATIVES: dict[str, tuple[str, ...]] = {
    "tables": ("n1i", "n2i"),
    "proportion": ("ni",),
    "SMD": ("di", "ti", "pi"),
    "SMCC": ("di", "ti"),
    "correlation": ("ti",),
    "partial": ("ti",),
}


def alternatives(chosen: Measure) -> tuple[str, ...]:
    """Return the inputs from which the proper ones of a measure can be made."""
    return ALTERNATIVES.get(chosen.code, ()) or ALTERNATIVES.get(chosen.family, ())


def complete_inputs(chosen: Measure, given: Mapping[str, Array]) -> tuple[Array, ...]:
    """Return the arrays the formula takes, in its order.

    Raises
    ------
    InputError
        If an input is missing and cannot be made from the others.
    """
    filled = dict(given)
    for key in (chosen.family, chosen.code):
        if key in _COMPLETE:
            _COMPLETE[key](filled)
    missing = [name for name in chosen.inputs if name not in filled]
    if missing:
        others = alternatives(chosen)
        hint = f" (or {', '.join(others)})" if others else ""
        raise InputError(
            f"measure {chosen.code} needs {', '.join(chosen.inputs)}{hint}; {', '.join(missing)} not given: "
            "name a column or pass an array"
        )
    return tuple(filled[name] for name in chosen.inputs)


def _rule(name: str, values: Array, family: str) -> tuple[NDArray[np.bool_], str]:
    """Rows that break the rule for an input, and the rule."""
    if name == "vi":
        return values <= 0, "a sampling variance is positive"
    if name.startswith("sd"):
        return values < 0, "a standard deviation is at least 0"
    if name in ("n1i", "n2i", "ni", "t1i", "t2i", "ti") or (name == "mi" and family == "partial"):
        return values <= 0, "a size or a time is positive"
    if name in ("ri",):
        return np.abs(values) > 1, "a correlation is between -1 and 1"
    if name == "ai" and family == "auc":
        return (values < 0) | (values > 1), "an area is between 0 and 1"
    if family in ("tables", "pairs", "rates", "rate", "proportion"):
        return values < 0, "a count is at least 0 (a part cannot exceed its total)"
    return np.zeros(values.shape, dtype=bool), ""


def check_inputs(chosen: Measure, arrays: tuple[Array, ...]) -> None:
    """Refuse values no study can have.

    Raises
    ------
    InputError
        Naming the rows (counted from 1), the value and the rule.
    """
    for name, values in zip(chosen.inputs, arrays, strict=True):
        with np.errstate(invalid="ignore"):
            broken, rule = _rule(name, values, chosen.family)
        if broken.any():
            rows = np.flatnonzero(broken)
            shown = ", ".join(f"row {i + 1}: {values[i]:g}" for i in rows[:5])
            raise InputError(f"measure {chosen.code}, {name}: {rule}; {shown}; correct the table or leave the row out")


def where_text(values: Any) -> str:
    """Return where a column holds what is no number, and what to do; empty where every value is one.

    >>> where_text([0.1, "foo"])
    "row 2 has 'foo'; give a number, or leave the cell blank where there is none"
    """
    for at, value in enumerate(np.asarray(values, dtype=object).ravel().tolist(), 1):
        try:
            float("nan" if value is None else value)
        except (TypeError, ValueError):
            return f"row {at} has {str(value)[:40]!r}; give a number, or leave the cell blank where there is none"
    return ""
