"""Before the effect: merge groups, impute missing standard deviations, lay two-row studies side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, UnknownName
from metareview.stats.effects.registry import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Group", "ImputedSd", "combine_groups", "impute_sd", "pair_groups"]


class Group(NamedTuple):
    """Mean, standard deviation and size of one group."""

    mean: float
    sd: float
    n: float


def combine_groups(means: Array, sds: Array, ns: Array) -> Group:
    """Return the group that merging groups gives, exactly as if their members had been measured together.

    Source: Cochrane Handbook 6.5, table 6.5.a (section 6.5.2.10), for any number of groups.

    >>> merged = combine_groups(np.array([1.0, 3.0]), np.array([0.0, 0.0]), np.array([2.0, 2.0]))
    >>> merged.mean, round(merged.sd, 4), merged.n
    (2.0, 1.1547, 4.0)
    """
    n = float(np.sum(ns))
    mean = float(np.sum(ns * means) / n)
    squares = float(np.sum((ns - 1) * sds**2 + ns * (means - mean) ** 2))
    return Group(mean, float(np.sqrt(squares / (n - 1))), n)


class ImputedSd(NamedTuple):
    """Standard deviations with gaps filled, and which were filled."""

    sd: Array
    imputed: NDArray[np.bool_]


def impute_sd(sd: Array, n: Array, mean: Array | None = None, *, how: str = "cv") -> ImputedSd:
    """Fill missing standard deviations from the studies that print one; the caller keeps the tag.

    Parameters
    ----------
    sd, n, mean : shape (k,); NaN where not printed.
    how : ``cv``: pooled coefficient of variation times the own mean (Bracken 1992); ``pooled``: the pooled SD (Furukawa
        et al. 2006, J Clin Epidemiol 59:7); ``max``: the largest SD printed (conservative).

    Raises
    ------
    UnknownName
        If `how` is none of these.
    InputError
        If no study prints an SD, or `cv` lacks means.
    """
    ways = ("cv", "pooled", "max")
    if how not in ways:
        raise UnknownName("way to impute an SD", how, ways)
    known = np.isfinite(sd) & np.isfinite(n) & (n > 1)
    if not known.any():
        raise InputError("no study prints a standard deviation, so there is nothing to borrow from")
    filled = sd.copy()
    gap = ~np.isfinite(sd)
    df = (n - 1)[known]
    if how == "max":
        filled[gap] = np.max(sd[known])
    elif how == "pooled":
        filled[gap] = np.sqrt(np.sum(df * sd[known] ** 2) / np.sum(df))
    else:
        if mean is None:
            raise InputError("how='cv' needs the means; pass mean=, or how='pooled'")
        cv = np.sqrt(np.sum(df * (sd[known] / mean[known]) ** 2) / np.sum(df))
        filled[gap] = cv * np.abs(mean[gap])
    return ImputedSd(filled, gap & np.isfinite(filled))


#: column of one row of a long table -> columns of the two groups in a wide one
_WIDE = {"mi": ("m1i", "m2i"), "sdi": ("sd1i", "sd2i"), "ni": ("n1i", "n2i"), "xi": ("ai", "ci"), "ti": ("t1i", "t2i")}


def pair_groups(
    data: pd.DataFrame, *, study: str, group: str, first: str, second: str, columns: dict[str, str]
) -> pd.DataFrame:
    """Lay a long table (one row per study and group) side by side, as `compute_effects` takes it.

    Parameters
    ----------
    data : long table.
    study, group : its key columns.
    first, second : the values of `group` that become group 1 and group 2.
    columns : for each of `mi`, `sdi`, `ni`, `xi`, `ti` that the table has, its column.

    Raises
    ------
    UnknownName
        If a column or one of the two groups does not exist.
    InputError
        If a study has one of the groups twice, or lacks one: no study disappears here.
    """
    for name in (study, group, *columns.values()):
        if name not in data:
            raise UnknownName("column", name, [str(c) for c in data.columns])
    unknown = [name for name in columns if name not in _WIDE]
    if unknown:
        raise UnknownName("input of a group", unknown[0], _WIDE)
    parts = {}
    for place, value in enumerate((first, second)):
        rows = data.loc[data[group] == value, [study, *columns.values()]]
        if rows.empty:
            raise UnknownName(f"group in column {group}", value, [str(v) for v in data[group].unique()])
        if rows[study].duplicated().any():
            twice = rows.loc[rows[study].duplicated(), study].iloc[0]
            raise InputError(f"study {twice} has group {value} more than once; merge the rows with combine_groups")
        parts[place] = rows.set_index(study).rename(columns={col: _WIDE[name][place] for name, col in columns.items()})
    alone = sorted(str(s) for s in set(parts[0].index) ^ set(parts[1].index))
    if alone:
        raise InputError(f"studies with only one of {first} and {second}: {', '.join(alone)}; leave them out first")
    return parts[0].join(parts[1]).reset_index()
