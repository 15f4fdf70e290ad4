"""What was given to a model: effects, variances, labels; what cannot be used is dropped with its reason, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, UnknownName
from metareview.results import Dropped
from metareview.stats.effects.inputs import where_text
from metareview.stats.synthesis.core import Array
from metareview.stats.synthesis.design import Design, build_design, check_rank

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Inputs", "check_range", "read_column", "read_inputs"]


#: variances that can be multiplied by a number of effects and back, and ratios whose squares are representable
_SMALLEST, _LARGEST, _RATIO = 1e-300, 1e304, 1e120


class Inputs(NamedTuple):
    """Usable effects and variances (k,), the design, labels, the rows they came from, and what was dropped."""

    yi: Array
    vi: Array
    design: Design
    labels: tuple[str, ...]
    rows: NDArray[np.intp]
    k_in: int
    dropped: tuple[Dropped, ...]
    data: pd.DataFrame | None


def read_inputs(
    yi: Any,
    vi: Any,
    *,
    sei: Any = None,
    mods: Any = None,
    data: pd.DataFrame | None = None,
    labels: Any = None,
    need_variance: bool = True,
) -> Inputs:
    """Read effects and variances from arrays, column names, or the effects table itself.

    Raises
    ------
    InputError
        For wrong shapes, negative, zero or infinite variances, infinite effects, or when no row can be used.
    UnknownName
        For a column that does not exist.
    """
    if hasattr(yi, "columns"):
        data = yi if data is None else data
        yi, vi = "yi", "vi" if vi is None and sei is None else vi
        if vi == "vi" and data is not None and "vi" not in data and "sei" in data:
            raise InputError("the table has no column vi, but a column sei; pass sei='sei'")
    if vi is not None and sei is not None:
        raise InputError("both vi (sampling variances) and sei (standard errors) were given; pass one of them")
    y = read_column("yi", yi, data)
    if vi is None and sei is None and need_variance:
        raise InputError("neither vi (sampling variances) nor sei (standard errors) was given; pass one of them")
    v = np.full(y.shape, np.nan) if vi is None else _per_effect("vi", read_column("vi", vi, data), len(y))
    if sei is not None:
        v = _square(_per_effect("sei", read_column("sei", sei, data), len(y)))
    names = _labels(labels, data, len(y))
    _check_values(y, v if need_variance else np.ones_like(y), names)
    keep = np.isfinite(y) & (np.isfinite(v) | (not need_variance))
    if not keep.any():
        raise InputError(f"none of the {len(y)} rows has both an effect (yi) and a variance (vi)")
    check_range(y[keep], v[keep] if need_variance else np.ones(1))
    design = build_design(mods, data, len(y), keep)
    if not design.use.any():
        raise InputError("no row has an effect, a variance and all moderators")
    dropped = _dropped(y, v, keep, design.use, names, need_variance)
    check_rank(design)
    index = np.flatnonzero(design.use)
    used = tuple(names[int(i)] for i in index)
    return Inputs(y[index], v[index].copy(), design, used, index, len(y), dropped, data)


def _per_effect(name: str, values: Array, k: int) -> Array:
    """One value for each of k effects; a single one counts for all."""
    if len(values) not in (1, k):
        raise InputError(f"{name} has {len(values)} values, but there are {k} effects; give one value per effect")
    return np.broadcast_to(values, (k,))


def _square(sei: Array) -> Array:
    if np.any(sei < 0):
        raise InputError(f"sei is negative in row {int(np.flatnonzero(sei < 0)[0]) + 1}; a standard error is positive")
    with np.errstate(over="ignore", under="ignore"):  # what becomes infinite or 0 is refused as a variance
        return np.asarray(sei**2)


def check_range(y: Array, v: Array) -> None:
    """Refuse finite numbers whose sums of squares are beyond floating point.

    Raises
    ------
    InputError
        If effects, variances, or the effects in standard errors are too large or too small to compute with.
    """
    low, high, top = float(v.min()), float(v.max()), float(np.abs(y).max())
    rules = (
        (low < _SMALLEST or high > _LARGEST, f"vi: variances lie between {low:g} and {high:g}"),
        (top > _LARGEST**0.5, f"yi: the largest effect is {top:g}"),
        (high / low > _RATIO if low >= _SMALLEST else False, f"vi: variances lie between {low:g} and {high:g}"),
        (top / low**0.5 > _RATIO**0.5, f"yi: an effect of {top:g} with variances from {low:g}"),
    )
    for broken, said in rules:
        if broken:
            raise InputError(f"{said}, beyond what floating point can add up; rescale the effects and variances")


def read_column(name: str, value: Any, data: pd.DataFrame | None, *, text: bool = False) -> NDArray[Any]:
    """Return a column by name, or an array as given, with one value per row.

    Raises
    ------
    InputError
        If it is not numeric (unless `text`), or has more than one dimension.
    UnknownName
        If there is no such column.
    """
    if isinstance(value, str):
        if data is None:
            raise InputError(f"{name}={value!r} names a column, but no table was given; pass data=")
        if value not in data:
            raise UnknownName(f"column for {name}", value, [str(c) for c in data.columns])
        value = data[value]
    if text:
        out = np.asarray(value, dtype=object)
    else:
        try:
            to_numpy = getattr(value, "to_numpy", None)
            out = to_numpy(dtype=float, na_value=np.nan) if to_numpy else np.asarray(value, dtype=float)
        except (TypeError, ValueError) as error:
            raise InputError(f"{name} is not numeric: {where_text(value) or error}") from error
        out = out[None] if out.ndim == 0 else out
    if out.ndim != 1:
        raise InputError(f"{name} has shape {out.shape}; give one value per effect (fit_batch takes many data sets)")
    if data is not None and len(out) not in (1, len(data)):
        raise InputError(f"{name} has {len(out)} values, but data has {len(data)} rows")
    return out


def _labels(labels: Any, data: pd.DataFrame | None, k: int) -> Sequence[str]:
    if labels is None:
        return [f"row {i + 1}" for i in range(k)]
    found = [str(value) for value in read_column("labels", labels, data, text=True)]
    if len(found) != k:
        raise InputError(f"{len(found)} labels for {k} effects")
    return found


def _check_values(y: Array, v: Array, names: Sequence[str]) -> None:
    rules = (
        (np.isinf(y), y, "yi", "an effect is finite", "leave the row out or correct it"),
        (np.isinf(v), v, "vi", "a variance is finite", "leave the row out or correct it"),
        (v < 0, v, "vi", "a sampling variance is positive", "check the formula that made it"),
        (
            v == 0,
            v,
            "vi",
            "a sampling variance of zero would give the row infinite weight",
            "give its standard error, or leave it out",
        ),
    )
    for broken, values, what, rule, remedy in rules:
        if broken.any():
            shown = ", ".join(f"{names[int(i)]}: {values[i]:g}" for i in np.flatnonzero(broken)[:5])
            raise InputError(f"{what}: {rule}; {shown}; {remedy}")


def _dropped(
    y: Array, v: Array, keep: NDArray[np.bool_], use: NDArray[np.bool_], names: Sequence[str], need_variance: bool
) -> tuple[Dropped, ...]:
    out = []
    for i in np.flatnonzero(~use):
        absent = [name for name, values in (("yi", y), ("vi", v)) if np.isnan(values[i])]
        absent = [name for name in absent if name == "yi" or need_variance]
        out.append(Dropped(names[int(i)], f"missing {' and '.join(absent)}" if not keep[i] else "missing moderator"))
    return tuple(out)
