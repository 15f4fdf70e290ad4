"""Zero cells: what is added to counts, where, and which studies are left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metareview.errors import UnknownName
from metareview.stats.effects.registry import Array

__all__ = ["TO", "adjust_cells", "drop_double_zero"]

#: where `add` goes: nowhere, every study, studies with a zero cell, every study as soon as one has a zero cell
TO = ("none", "all", "only0", "if0all")


def adjust_cells(cells: tuple[Array, ...], *, add: float, to: str) -> tuple[tuple[Array, ...], NDArray[np.bool_]]:
    """Add a constant to counts, as metafor's `add` and `to` say.

    Parameters
    ----------
    cells : counts, each of shape (k,).
    add : what is added to every cell of a study that gets it.
    to : one of `TO`.

    Returns
    -------
    The cells, and which studies (k,) were changed.

    Raises
    ------
    UnknownName
        If `to` is not one of `TO`.

    Examples
    --------
    >>> cells, changed = adjust_cells((np.array([0.0, 3.0]), np.array([5.0, 2.0])), add=0.5, to="only0")
    >>> cells[0].tolist(), changed.tolist()
    ([0.5, 3.0], [True, False])
    """
    if to not in TO:
        raise UnknownName("rule for zero cells (to)", to, TO)
    zero = np.any(np.stack(cells) == 0, axis=0)
    chosen = {"none": np.zeros_like(zero), "all": np.ones_like(zero), "only0": zero}
    where = chosen.get(to, np.full_like(zero, zero.any())) if add else np.zeros_like(zero)
    return tuple(np.where(where, cell + add, cell) for cell in cells), where


def drop_double_zero(cells: tuple[Array, ...], events: tuple[int, ...]) -> tuple[Array, ...]:
    """Blank studies without any event, or, for 2x2 tables, with nothing but events (metafor's `drop00`).

    Parameters
    ----------
    cells : counts of shape (k,).
    events : positions in `cells` that count events.
    """
    none = np.all(np.stack([cells[i] for i in events]) == 0, axis=0)
    others = [cells[i] for i in range(len(cells)) if i not in events]
    if len(others) == len(events):
        none |= np.all(np.stack(others) == 0, axis=0)
    return tuple(np.where(none, np.nan, cell) for cell in cells)
