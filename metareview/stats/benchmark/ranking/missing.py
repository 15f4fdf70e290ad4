"""What is done about missing cells. There is no default that hides them: `error` names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.rules import Rule

__all__ = ["POLICIES", "Filled", "Policy", "complete_block", "fill"]

Array = NDArray[np.float64]
Policy = Literal["error", "available", "complete", "worst", "model"]
#: What each policy does, in print.
POLICIES: dict[str, str] = {
    "error": "refuses a table with missing cells",
    "available": "uses the cells that are there",
    "complete": "uses the largest block of methods and columns without gaps",
    "worst": "gives a missing cell the worst value seen in its column",
    "model": "estimates contrasts from the fitted model",
}
#: Missing cells that an error names.
_NAMED = 6
#: Patterns of columns up to which the largest block is searched exhaustively.
_PATTERNS = 14


@dataclass(frozen=True, slots=True)
class Filled:
    """The cube that is ranked, its oriented values (m, c) after the policy, and what was done."""

    cube: Cube
    values: Array
    methods: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def fill(cube: Cube, policy: str, rule: Rule) -> Filled:
    """Apply a missing policy.

    Raises
    ------
    UnknownName
        If there is no such policy.
    InputError
        With ``error``, if cells are missing (they are named); with ``model``, if the rule fits no model.
    NotEstimable
        With ``complete``, if no two methods have a column in common.
    """
    if policy not in get_args(Policy):
        raise UnknownName("missing policy", policy, get_args(Policy))
    if policy == "model" and rule.name not in ("additive", "bradley-terry"):
        raise InputError(f"--missing model takes contrasts from a fitted model, and rule {rule.name} fits none; use "
                         "rule additive or bradley-terry, or another policy")  # fmt: skip
    values = cube.oriented
    gone = ~np.isfinite(values)
    number = int(gone.sum())
    if not number:
        return Filled(cube, values)
    if policy == "error":
        raise InputError(_named(cube, number))
    if policy == "complete":
        return _block(cube)
    if policy == "worst":
        seen = np.where(gone, np.inf, values).min(axis=0)
        dead = [column.key for column, low in zip(cube.columns, seen, strict=True) if np.isinf(low)]
        if dead:
            raise InputError(f"no method has a value on {dead[0]}, so nothing is the worst seen there; leave it out")
        return Filled(cube, np.where(gone, seen, values), (f"{number} missing cells stand at the worst value seen in "
                      "their column",), (f"{number} of {gone.size} values are invented: the worst seen",))  # fmt: skip
    said = f"{number} of {gone.size} cells are missing; what is there is used"
    doubt = () if rule.gaps else (
        f"rule {rule.name} is made for full tables: with gaps, methods are scored on different columns, and who "
        "reports the easier ones gains",
    )  # fmt: skip
    return Filled(cube, values, (said,), doubt)


def complete_block(mask: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """Return methods and columns of the block without gaps that has most cells, then most methods.

    Exact up to 14 different patterns of filled columns; beyond, patterns are added while the block grows.
    """
    patterns, code = np.unique(mask, axis=1, return_inverse=True)
    kinds = patterns.shape[1]
    number = np.bincount(code.ravel(), minlength=kinds)
    best: tuple[int, int, tuple[int, ...]] = (0, 0, ())
    if kinds <= _PATTERNS:
        for subset in range(1, 2**kinds):
            chosen = tuple(k for k in range(kinds) if subset >> k & 1)
            best = max(best, _size(patterns, number, chosen), key=lambda found: found[:2])
    else:
        for start in range(kinds):
            best = max(best, _grown(patterns, number, start), key=lambda found: found[:2])
    if not best[0]:
        return [], []
    rows = np.flatnonzero(patterns[:, list(best[2])].all(axis=1))
    return rows.tolist(), np.flatnonzero(mask[rows].all(axis=0)).tolist()


def _size(
    patterns: NDArray[np.bool_], number: NDArray[np.int64], chosen: tuple[int, ...]
) -> tuple[int, int, tuple[int, ...]]:
    rows = int(patterns[:, list(chosen)].all(axis=1).sum())
    return (rows * int(number[list(chosen)].sum()) if rows > 1 else 0), rows, chosen


def _grown(patterns: NDArray[np.bool_], number: NDArray[np.int64], start: int) -> tuple[int, int, tuple[int, ...]]:
    found = _size(patterns, number, (start,))
    rest = set(range(patterns.shape[1])) - {start}
    while rest:
        tried = [_size(patterns, number, (*found[2], k)) for k in sorted(rest)]
        better = max(tried, key=lambda entry: entry[:2])
        if better[:2] <= found[:2]:
            return found
        found = better
        rest -= set(found[2])
    return found


def _named(cube: Cube, number: int) -> str:
    names = cube.missing()
    shown = "; ".join(names[:_NAMED]) + (f"; and {number - _NAMED} more" if number > _NAMED else "")
    return (
        f"{number} of {cube.shape[0] * cube.shape[1]} cells are missing: {shown}. Say what to do about them: --missing "
        "available, complete, worst, or model (rules additive and bradley-terry)"
    )


def _block(cube: Cube) -> Filled:
    rows, kept = complete_block(cube.mask)
    if len(rows) < 2:
        raise NotEstimable("no two methods have a column in common, so there is no complete block; take another policy")
    block = cube.restrict([cube.methods_compared[i] for i in rows], kept)
    without = [name for name in cube.methods_compared if name not in block.methods_compared]
    said = f"complete block: {len(rows)} of {cube.shape[0]} methods on {len(kept)} of {cube.shape[1]} columns"
    left = (f"not ranked, for lack of a complete block with them: {', '.join(without)}",) if without else ()
    return Filled(block, block.oriented, (said,), left)
