"""Experiments in, effects out: a table with `yi`, `vi` and the columns that say how they came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from metareview.errors import InputError, UnknownName
from metareview.stats.effects.counts import adjust_cells, drop_double_zero
from metareview.stats.effects.inputs import ALTERNATIVES, check_inputs, complete_inputs, where_text
from metareview.stats.effects.registry import Array, Effect, Measure, find_measure

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "compute_effects", "evaluate_measure"]

Column = str | ArrayLike

#: families whose cells are counts, and which of the inputs count events
_EVENTS = {"tables": (0, 2), "pairs": (0, 1, 2), "rates": (0, 1), "rate": (0,), "proportion": (0,)}
_CELLS = {"tables": 4, "pairs": 4, "rates": 2, "rate": 1, "proportion": 2}
#: measures that are finite with zero cells: nothing is added unless asked for
_NO_ADD = {"AS", "PAS", "PFT", "IRS"}


def compute_effects(
    measure: str,
    data: pd.DataFrame | None = None,
    *,
    vtype: str | None = None,
    correct: bool = True,
    add: float | None = None,
    to: str = "only0",
    drop00: bool = False,
    flip: bool = False,
    **inputs: Column,
) -> pd.DataFrame:
    """Compute an effect measure for each row of a table.

    Parameters
    ----------
    measure : metafor's code, a key of `MEASURES`.
    data : the table; its columns come back in front of the new ones. None when arrays are given.
    vtype : kind of sampling variance; the measure's first by default.
    correct : apply the measure's small-sample bias correction (metafor 5's default).
    add : added to each cell of the studies `to` chooses; 1/2 by default, 0 for measures that are finite with zeros.
    to : ``only0`` (studies with a zero cell), ``all``, ``if0all``, ``none``.
    drop00 : blank studies without events in either group.
    flip : change the sign (swap the groups).
    **inputs : metafor's argument names; each a column name of `data` or an array. An input that is left out is taken
        from the column of the same name where there is one.

    Returns
    -------
    DataFrame with `yi`, `vi`, `measure`, `vtype` and `note`: what was added, missing or not computable in that row.
    No row is removed.

    Raises
    ------
    UnknownName
        For a measure, an option or a column that does not exist.
    InputError
        For missing inputs, arrays of different length, and values no study can have.

    Examples
    --------
    >>> table = compute_effects("RR", ai=[4.0], n1i=[123.0], ci=[11.0], n2i=[139.0])
    >>> [round(float(table[name].iloc[0]), 4) for name in ("yi", "vi")]
    [-0.8893, 0.3256]
    """
    import pandas as pd

    chosen = find_measure(measure)
    kind = _vtype(chosen, vtype)
    arrays = complete_inputs(chosen, _resolve(chosen, data, inputs))
    check_inputs(chosen, arrays)
    notes: list[list[str]] = [[] for _ in range(len(arrays[0]))]
    arrays = _zero_cells(chosen, arrays, _default_add(chosen, add), to, drop00, notes)
    effect = evaluate_measure(chosen, arrays, vtype=kind, correct=correct)
    _note_missing(chosen, arrays, effect, notes)
    body = {
        "yi": -effect.yi if flip else effect.yi,
        "vi": effect.vi,
        "measure": chosen.code,
        "vtype": kind,
        "note": ["; ".join(parts) for parts in notes],
    }
    new = pd.DataFrame(body, index=None if data is None else data.index)
    return new if data is None else pd.concat([data.drop(columns=[c for c in new if c in data]), new], axis=1)


def evaluate_measure(chosen: Measure, arrays: Sequence[Array], *, vtype: str, correct: bool) -> Effect:
    """Return effects of checked arrays; what is not finite, or has no positive variance, is NaN in both."""
    options: dict[str, object] = {}
    if len(chosen.vtypes) > 1:
        options["vtype"] = vtype
    if chosen.corrects:
        options["correct"] = correct
    with np.errstate(all="ignore"):
        yi, vi = chosen.formula(*arrays, **options)
    fine = np.isfinite(yi) & np.isfinite(vi)
    return Effect(np.where(fine, yi, np.nan), np.where(fine, vi, np.nan))


def _vtype(chosen: Measure, vtype: str | None) -> str:
    kind = vtype or chosen.vtypes[0]
    if kind not in chosen.vtypes:
        raise UnknownName(f"vtype of measure {chosen.code}", kind, chosen.vtypes)
    return kind


def _default_add(chosen: Measure, add: float | None) -> float:
    if add is not None and not (add >= 0 and np.isfinite(add)):
        raise InputError(f"add is {add}; what is added to a cell is at least 0")
    return add if add is not None else 0.0 if chosen.code in _NO_ADD else 0.5


def _resolve(chosen: Measure, data: pd.DataFrame | None, inputs: Mapping[str, Column]) -> dict[str, Array]:
    """Arrays by input name: named columns, arrays, and columns that carry the input's own name."""
    known = {*chosen.inputs, *ALTERNATIVES.get(chosen.family, ()), *ALTERNATIVES.get(chosen.code, ())}
    unknown = [name for name in inputs if name not in known]
    if unknown:
        raise UnknownName(f"input of measure {chosen.code}", unknown[0], known)
    given = {name: _array(name, value, data) for name, value in inputs.items()}
    if data is not None:
        given |= {name: _array(name, name, data) for name in sorted(known) if name not in given and name in data}
    sizes = {name: len(values) for name, values in given.items() if values.ndim}
    if len(set(sizes.values())) > 1:
        raise InputError(f"measure {chosen.code}: arrays differ in length: {sizes}; give one value per study")
    k = max(sizes.values(), default=1)
    return {name: np.broadcast_to(values, (k,)).astype(float) for name, values in given.items()}


def _array(name: str, value: Any, data: pd.DataFrame | None) -> Array:
    if isinstance(value, str):
        if data is None:
            raise InputError(f"{name}={value!r} names a column, but no table was given; pass data=")
        if value not in data:
            raise UnknownName(f"column for {name}", value, [str(c) for c in data.columns])
        value = data[value]
    try:
        to_numpy = getattr(value, "to_numpy", None)
        values = np.asarray(value, dtype=float) if to_numpy is None else to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is not numeric: {where_text(value) or error}") from error
    if values.ndim > 1:
        raise InputError(f"{name} has shape {values.shape}; one value per study is needed")
    return values


def _zero_cells(
    chosen: Measure, arrays: tuple[Array, ...], add: float, to: str, drop00: bool, notes: list[list[str]]
) -> tuple[Array, ...]:
    if chosen.family not in _CELLS:
        return arrays
    count = _CELLS[chosen.family]
    cells, rest = arrays[:count], arrays[count:]
    if drop00:
        dropped = drop_double_zero(cells, _EVENTS[chosen.family])
        for i in np.flatnonzero(np.isnan(dropped[0]) & ~np.isnan(cells[0])):
            notes[i].append("left out: no variation in the cells (drop00)")
        cells = dropped
    cells, changed = adjust_cells(cells, add=add, to=to)
    for i in np.flatnonzero(changed):
        notes[i].append(f"{add:g} added to each cell ({to})")
    return (*cells, *rest)


def _note_missing(chosen: Measure, arrays: tuple[Array, ...], effect: Effect, notes: list[list[str]]) -> None:
    """Say in each row without an effect why, and where a variance of zero will keep the row from being weighted."""
    for i in np.flatnonzero(~np.isfinite(effect.yi)):
        absent = [name for name, values in zip(chosen.inputs, arrays, strict=True) if np.isnan(values[i])]
        if not notes[i] or not notes[i][-1].startswith("left out"):
            reason = f"missing: {', '.join(absent)}" if absent else "not finite for these numbers"
            notes[i].append(reason)
    for i in np.flatnonzero(effect.vi <= 0):
        notes[i].append("the sampling variance is zero; a model with weights cannot use this row")
