"""The ladder of sources for a sampling variance that is not printed: the best one a row has, tagged.

Most benchmark papers print a score and nothing else. Each row takes the first rung it can: values that were measured
come before values that are borrowed, and every borrowed one is marked, so that a synthesis can say how much of its
weight rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from metareview.errors import InputError
from metareview.stats.effects.convert import se_from_ci
from metareview.stats.effects.registry import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RUNGS", "Rung", "imputed_weight", "variance_ladder"]


@dataclass(frozen=True, slots=True)
class Rung:
    """One source: its tag, what it measures, the columns it needs, and whether it is borrowed."""

    tag: str
    meaning: str
    columns: tuple[str, ...]
    imputed: bool


#: from best to worst
RUNGS: tuple[Rung, ...] = (
    Rung("reported-se", "standard error as printed", ("se",), False),
    Rung("per-image", "SD over test images / sqrt(images): test sampling", ("sd_image", "n_images"), False),
    Rung("per-seed", "SD over training runs / sqrt(runs): training", ("sd_seed", "n_seeds"), False),
    Rung("reported-ci", "half width of the printed interval / normal quantile", ("ci_low", "ci_high"), False),
    Rung("test-size", "binomial variance p(1 - p)/items: a share of independent items", ("score", "n_items"), False),
    Rung(
        "borrowed-cv", "median coefficient of variation of the rows that print one, times the error", ("score",), True
    ),
    Rung("n-only", "median of variance times items over the rows that have both, over items", ("n_items",), True),
)


def variance_ladder(
    table: pd.DataFrame, *, binomial: bool = False, level: float = 0.95, borrow: bool = True
) -> pd.DataFrame:
    """Return a variance for each row from the best source it has.

    Parameters
    ----------
    table : rows with any of the columns of `RUNGS`; missing values are skipped. `score` is a proportion.
    binomial : whether `score` is a share of independent items (accuracy over images), so that the size of the test set
        gives its variance. It is not for Dice, IoU or VI, whose items are pixels that depend on each other.
    level : coverage of printed intervals.
    borrow : whether rows without a measured source may borrow one from the others.

    Returns
    -------
    The table with `vi`, `vi_source` (a rung's tag, empty where there is none) and `vi_imputed`.

    Raises
    ------
    InputError
        For a negative spread or a size that is not positive.
    """
    found = {rung.tag: _measured(rung, table, level) for rung in RUNGS if not rung.imputed}
    if not binomial:
        found["test-size"] = np.full(len(table), np.nan)
    vi, source = np.full(len(table), np.nan), np.full(len(table), "", dtype=object)
    for tag, values in found.items():
        gap = np.isnan(vi) & np.isfinite(values) & (values > 0)
        vi[gap], source[gap] = values[gap], tag
    if borrow:
        for tag, values in (("borrowed-cv", _by_cv(table, vi)), ("n-only", _by_size(table, vi))):
            gap = np.isnan(vi) & np.isfinite(values) & (values > 0)
            vi[gap], source[gap] = values[gap], tag
    borrowed = {rung.tag for rung in RUNGS if rung.imputed}
    return table.assign(vi=vi, vi_source=source, vi_imputed=[tag in borrowed for tag in source])


def _column(table: pd.DataFrame, name: str) -> Array:
    if name not in table:
        return np.full(len(table), np.nan)
    values = table[name].to_numpy(dtype=float, na_value=np.nan)
    bad = values < 0 if name.startswith(("s", "n_")) else np.zeros(len(values), dtype=bool)
    if name.startswith("n_"):
        bad = values <= 0
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(f"row {row + 1}, column {name}: {values[row]:g}; spreads are at least 0 and sizes positive")
    return np.asarray(values, dtype=float)


def _measured(rung: Rung, table: pd.DataFrame, level: float) -> Array:
    first, second = (_column(table, name) for name in (*rung.columns, rung.columns[0])[:2])
    if rung.tag == "reported-se":
        return first**2
    if rung.tag in ("per-image", "per-seed"):
        return np.where(second > 1, first**2 / np.where(second > 1, second, 1.0), np.nan)
    if rung.tag == "reported-ci":
        return se_from_ci(np.minimum(first, second), np.maximum(first, second), level=level) ** 2
    return first * (1 - first) / second


def _by_cv(table: pd.DataFrame, vi: Array) -> Array:
    """The median of sqrt(vi)/(1 - score) over rows that have both, times the own error, squared."""
    error = 1 - _column(table, "score")
    known = np.isfinite(vi) & np.isfinite(error) & (error > 0)
    if not known.any():
        return np.full(len(table), np.nan)
    cv = float(np.median(np.sqrt(vi[known]) / error[known]))
    return np.where(error > 0, (cv * error) ** 2, np.nan)


def _by_size(table: pd.DataFrame, vi: Array) -> Array:
    """The median of vi n over rows that have both, over the own n."""
    n = _column(table, "n_items")
    known = np.isfinite(vi) & np.isfinite(n)
    return float(np.median(vi[known] * n[known])) / n if known.any() else np.full(len(table), np.nan)


def imputed_weight(vi: ArrayLike, imputed: ArrayLike, tau2: float = 0.0) -> float:
    """Return the share of weight 1/(vi + tau2) that rests on imputed variances.

    >>> imputed_weight([1.0, 1.0, 2.0], [True, False, False])
    0.4
    """
    v, mark = np.asarray(vi, dtype=float), np.asarray(imputed, dtype=bool)
    w = np.where(np.isfinite(v), 1 / (v + tau2), 0.0)
    return float(w[mark].sum() / w.sum())
