"""Moderators -> the design matrix X (k, p), the intercept included, with names and honest checks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError
from metareview.stats.synthesis.core import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["INTERCEPT", "Design", "build_design", "check_rank", "formula_variables"]

INTERCEPT = "intercept"


class Design(NamedTuple):
    """The matrix for the rows that can be used, column names, and which of the given rows (k_in,) those are."""

    x: Array
    names: tuple[str, ...]
    use: NDArray[np.bool_]
    warnings: tuple[str, ...] = ()

    @property
    def has_intercept(self) -> bool:
        """Whether the first column is the intercept."""
        return self.names[:1] == (INTERCEPT,)


def build_design(mods: Any, data: pd.DataFrame | None, k: int, keep: NDArray[np.bool_]) -> Design:
    """Build X from a formula, an array, a DataFrame, or None for the intercept alone.

    Parameters
    ----------
    mods : ``"~ year + C(alloc) * ablat"`` (formulaic's grammar: factors, interactions, ``bs()`` and ``cr()`` splines,
        ``~ 0 +`` without intercept), a matrix (k, q) to which an intercept is added, a DataFrame, or None.
    data : the table a formula refers to.
    k : number of rows given.
    keep : rows (k,) that have an effect and a variance; the design is built on these.

    Raises
    ------
    InputError
        For a formula that cannot be read, a wrong shape, collinear columns, more columns than rows.
    """
    if mods is None:
        return Design(np.ones((int(keep.sum()), 1)), (INTERCEPT,), keep)
    if isinstance(mods, str):
        return _from_formula(mods, data, k, keep)
    if hasattr(mods, "columns"):
        names, values = [str(c) for c in mods.columns], mods.to_numpy(dtype=float, na_value=np.nan)
    else:
        values = np.asarray(mods, dtype=float)
        values = values[:, None] if values.ndim == 1 else values
        names = [f"x{j + 1}" for j in range(values.shape[1])] if values.ndim == 2 else []
    if values.ndim != 2 or len(values) != k:
        raise InputError(f"mods has shape {values.shape}; one row per effect is needed, {k} rows")
    use = keep & np.isfinite(values).all(axis=1)
    x = np.column_stack([np.ones(int(use.sum())), values[use]])
    return Design(x, (INTERCEPT, *names), use)


def formula_variables(formula: str, columns: list[str]) -> list[str]:
    """Return the columns that a formula names.

    >>> formula_variables("~ a + C(b):log(a)", ["a", "b", "c"])
    ['a', 'b']
    """
    words = set(re.findall(r"[^\W\d]\w*", formula)) | set(re.findall(r"`([^`]+)`", formula))
    return [name for name in columns if name in words]


def _from_formula(formula: str, data: pd.DataFrame | None, k: int, keep: NDArray[np.bool_]) -> Design:
    if data is None:
        raise InputError(f"mods={formula!r} names columns, but no table was given; pass data=")
    if len(data) != k:
        raise InputError(f"data has {len(data)} rows, but there are {k} effects")
    if "__" in formula or "lambda" in formula:
        raise InputError(f"mods={formula!r} is not a formula of columns, functions and operators")
    text = formula if formula.lstrip().startswith("~") else f"~ {formula}"
    used = formula_variables(text, [str(c) for c in data.columns])
    use = keep & ~data[used].isna().any(axis=1).to_numpy() if used else keep
    frame = data.loc[use].reset_index(drop=True)
    if not len(frame):
        raise InputError(f"mods={formula!r}: no row has all of {', '.join(used)}")
    matrix = _model_matrix(text, frame, formula)
    names = tuple(INTERCEPT if c == "Intercept" else str(c) for c in matrix.columns)
    x = matrix.to_numpy(dtype=float)
    if len(x) != len(frame) or not np.isfinite(x).all():
        raise InputError(f"mods={formula!r} gives values that are not finite; transform within the range of the data")
    return Design(x, names, use, _lonely_levels(frame, used))


def _model_matrix(text: str, frame: pd.DataFrame, formula: str) -> pd.DataFrame:
    import formulaic
    from formulaic.errors import FormulaicError

    try:
        found = formulaic.model_matrix(text, frame, context={}, na_action="ignore")
    except (FormulaicError, NameError, KeyError, ValueError, TypeError, SyntaxError, AttributeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"mods={formula!r} cannot be read: {reason}; columns: {', '.join(str(c) for c in frame.columns)}"
        ) from error
    return found  # type: ignore[no-any-return]


def _lonely_levels(frame: pd.DataFrame, used: list[str]) -> tuple[str, ...]:
    """Warn of factor levels with one study: their effect and that study cannot be told apart."""
    out = []
    for name in used:
        if frame[name].dtype.kind not in "biuf":
            counts = frame[name].value_counts()
            out += [f"{name} = {level} has one effect only" for level in sorted(counts.index[counts == 1].map(str))]
    return tuple(out)


def check_rank(design: Design) -> None:
    """Refuse a design whose coefficients cannot be told apart.

    Raises
    ------
    InputError
        If there are more coefficients than rows, or a column is a combination of those before it.
    """
    x, names = design.x, design.names
    if x.shape[1] > x.shape[0]:
        raise InputError(
            f"{x.shape[1]} coefficients ({', '.join(names)}) but only {x.shape[0]} usable effects; use fewer moderators"
        )
    norms = np.sqrt((x * x).sum(axis=0))
    if x.shape[1] == 1 and norms[0] > 0:
        return
    for j, name in enumerate(names):
        before = x[:, :j] / np.where(norms[:j] > 0, norms[:j], 1.0)
        rest = x[:, j] - before @ np.linalg.lstsq(before, x[:, j], rcond=None)[0] if j else x[:, j]
        if np.sqrt(rest @ rest) <= 1e-10 * max(norms[j], 1e-300):
            raise InputError(
                f"moderator column {name} is constant or a combination of {', '.join(names[:j])}; leave one out"
                if j
                else f"moderator column {name} is zero"
            )
