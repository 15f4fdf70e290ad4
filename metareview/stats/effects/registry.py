"""The registry of effect measures: one small pure function each, under metafor's code.

A measure is a function of arrays that returns effects and sampling variances; `measure` registers it with what it
needs and which options it knows. Adding the next measure of metafor's list is one function and one decorator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, UnknownName

__all__ = ["MEASURES", "Array", "Effect", "Measure", "find_measure", "measure", "weighted_mean"]

Array = NDArray[np.float64]


class Effect(NamedTuple):
    """Effects and their sampling variances, both of shape (k,)."""

    yi: Array
    vi: Array


@dataclass(frozen=True, slots=True)
class Measure:
    """One effect measure.

    Attributes
    ----------
    code : metafor's code.
    title : what it is.
    family : the kind of input (`tables`, `rates`, `means`, …); it decides how missing inputs are completed and which
        cells take a continuity correction.
    inputs : names of the arrays the formula takes, metafor's argument names.
    formula : ``(*inputs, vtype=, correct=) -> Effect`` as far as the measure knows the options.
    vtypes : kinds of sampling variance, the default first.
    corrects : whether `correct=False` switches off a bias correction.
    null : value of no effect; None where a measure has none.
    back : name of the function in `transforms` that leads back to the scale people read; empty for none.
    source : where formula and variance stand.
    """

    code: str
    title: str
    family: str
    inputs: tuple[str, ...]
    formula: Callable[..., Effect]
    vtypes: tuple[str, ...] = ("LS",)
    corrects: bool = False
    null: float | None = 0.0
    back: str = ""
    source: str = ""


#: every measure by its code
MEASURES: dict[str, Measure] = {}


def measure(
    code: str,
    title: str,
    family: str,
    inputs: str,
    *,
    vtypes: str = "LS",
    corrects: bool = False,
    null: float | None = 0.0,
    back: str = "",
    source: str,
) -> Callable[[Callable[..., Effect]], Callable[..., Effect]]:
    """Register a formula under `code`; `inputs` and `vtypes` are separated by blanks."""

    def register(formula: Callable[..., Effect]) -> Callable[..., Effect]:
        if code in MEASURES:
            raise InputError(f"measure {code} is registered twice")
        MEASURES[code] = Measure(
            code, title, family, tuple(inputs.split()), formula, tuple(vtypes.split()), corrects, null, back, source
        )
        return formula

    return register


def find_measure(code: str) -> Measure:
    """Return a measure by code.

    Raises
    ------
    UnknownName
        If there is no measure of that code.
    """
    if code not in MEASURES:
        raise UnknownName("effect measure", code, MEASURES)
    return MEASURES[code]


def weighted_mean(x: Array, weights: Array) -> float:
    """Return the mean of `x` by `weights`, pairs with a missing part left out; NaN when none is left.

    >>> weighted_mean(np.array([1.0, np.nan, 4.0]), np.array([2.0, 5.0, 1.0]))
    2.0
    """
    use = np.isfinite(x) & np.isfinite(weights)
    return float(np.sum(x[use] * weights[use]) / np.sum(weights[use])) if use.any() else float("nan")
