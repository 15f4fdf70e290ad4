"""Branch and prune: which sorted values, in which groups, could have produced the printed figures?

A box holds one interval per sorted value and an assignment of the places to groups. Constraints cut the box down
(interval contraction, Moore, Kearfott and Cloud 2009, chapter 10); a box that becomes empty is dropped with everything
in it, so no solution is lost; a box that is still wide is split. What is left covers every solution. Constraints:

- order; first and last value; the median; the total; the sum of squared deviations
- members: some place holds each of them, in the group printed beside it
- F of a one-way analysis: the sum of squares within groups is SST / (1 + F (k-1)/(N-k))
- d between the first two groups, with the pooled SD of the analysis or of the two groups
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt

__all__ = ["Facts", "Search", "assignments", "search"]

Floats = npt.NDArray[np.float64]
#: Lower ends, upper ends and number of the assignment, one row per box.
Boxes = tuple[Floats, Floats, npt.NDArray[np.int64]]
SLACK = 1e-12
ROUNDS = 4
#: Boxes that are worked on at a time.
CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Facts:
    """What is printed, as float intervals ``(low, high)``.

    Attributes
    ----------
    n : number of values; mean, sd, low, high, median : of the summary row.
    within : sum of squares within groups, None without F.
    d : absolute standardised difference between group 0 and group 1, None where it is not printed.
    falling : whether group 0 has the larger mean; None where the sign is not used.
    pooled : ``analysis`` or ``two groups``, the SD that d is in.
    members : value interval and group (None: any) of each printed member.
    means : group and interval of each printed group mean.
    """

    n: int
    mean: tuple[float, float]
    sd: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]
    median: tuple[float, float] | None = None
    within: tuple[float, float] | None = None
    d: tuple[float, float] | None = None
    falling: bool | None = None
    pooled: str = "analysis"
    members: tuple[tuple[float, float, int | None], ...] = ()
    means: tuple[tuple[int, float, float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """Boxes that are left for one assignment.

    Attributes
    ----------
    groups : group of each sorted place.
    low, high : hull of the boxes, shape (n,).
    boxes : how many there are.
    """

    groups: tuple[int, ...]
    low: Floats
    high: Floats
    boxes: int


def assignments(n: int, sizes: Sequence[int], named: int) -> Iterator[tuple[int, ...]]:
    """Yield every assignment of n sorted places to groups of these sizes.

    Groups from `named` on have no name: of those with one size, only the order of first appearance is kept.
    """

    def place(group: int, free: tuple[int, ...], made: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if group == len(sizes):
            yield made
            return
        for chosen in combinations(free, sizes[group]):
            if group > named and sizes[group] == sizes[group - 1] and chosen[0] < made.index(group - 1):
                continue
            taken = tuple(group if i in chosen else old for i, old in enumerate(made))
            yield from place(group + 1, tuple(i for i in free if i not in chosen), taken)

    yield from place(0, tuple(range(n)), (-1,) * n)


def _start(facts: Facts) -> Iterator[tuple[Floats, Floats, tuple[int, ...]]]:
    """Yield a box per way to put the members into sorted places, with the places."""
    low = np.full(facts.n, facts.low[0])
    high = np.full(facts.n, facts.high[1])
    high[0], low[-1] = facts.low[1], facts.high[0]
    known = facts.members
    # of two members that do not overlap, the smaller one has the earlier place
    apart = [(i, j) for i, a in enumerate(known) for j, b in enumerate(known) if a[1] < b[0]]
    for places in permutations(range(facts.n), len(known)):
        if any(places[i] > places[j] for i, j in apart):
            continue
        lower, upper = low.copy(), high.copy()
        for member, place in zip(known, places, strict=True):
            lower[place] = max(lower[place], member[0])
            upper[place] = min(upper[place], member[1])
        yield lower, upper, places


def _linear(low: Floats, high: Floats, weights: Floats, bottom: Floats, top: Floats) -> None:
    """Cut the boxes to ``bottom <= Σ w x <= top``; weights have the shape of a box."""
    a, b = np.where(weights > 0, weights * low, weights * high), np.where(weights > 0, weights * high, weights * low)
    room_top = top[:, None] - (a.sum(1, keepdims=True) - a) + SLACK
    room_bottom = bottom[:, None] - (b.sum(1, keepdims=True) - b) - SLACK
    safe = np.where(weights == 0, 1.0, weights)
    upper = np.where(weights > 0, room_top / safe, np.where(weights < 0, room_bottom / safe, np.inf))
    lower = np.where(weights > 0, room_bottom / safe, np.where(weights < 0, room_top / safe, -np.inf))
    np.maximum(low, lower, out=low)
    np.minimum(high, upper, out=high)


def _squares(low: Floats, high: Floats, centre: float, bottom: float, top: float) -> None:
    """Cut the boxes to ``bottom <= Σ (x - centre)² <= top``."""
    a, b = low - centre, high - centre
    most = np.maximum(a * a, b * b)
    least = np.where((a <= 0) & (b >= 0), 0.0, np.minimum(a * a, b * b))
    room = top - (least.sum(1, keepdims=True) - least) + SLACK
    reach = np.sqrt(np.maximum(room, 0.0))
    np.maximum(low, np.where(room < 0, high + 1, centre - reach), out=low)  # empty where no room is left
    np.minimum(high, centre + reach, out=high)
    need = np.sqrt(np.maximum(bottom - (most.sum(1, keepdims=True) - most) - SLACK, 0.0))
    np.maximum(low, np.where((a > -need) & (need > 0), centre + need, -np.inf), out=low)
    np.minimum(high, np.where((b < need) & (need > 0), centre - need, np.inf), out=high)


def _group_squares(low: Floats, high: Floats, masks: Floats) -> tuple[Floats, Floats]:
    """Return bounds of the sum of squares within each group, shape (boxes, groups): Σ_{i<j} (x_j - x_i)² / n."""
    gap_low = np.maximum(low[:, None, :] - high[:, :, None], 0.0) ** 2
    gap_high = np.maximum(high[:, None, :] - low[:, :, None], 0.0) ** 2
    upper = np.triu(np.ones((low.shape[1], low.shape[1])), 1)
    pair = masks[:, :, :, None] * masks[:, :, None, :] * upper
    sizes = masks.sum(2)
    return (pair * gap_low[:, None]).sum((2, 3)) / sizes, (pair * gap_high[:, None]).sum((2, 3)) / sizes


def _contract(facts: Facts, low: Floats, high: Floats, masks: Floats) -> npt.NDArray[np.bool_]:
    """Cut the boxes in place; return which are still possible."""
    n, count = facts.n, len(low)
    centre = (facts.mean[0] + facts.mean[1]) / 2
    half = (facts.mean[1] - facts.mean[0]) / 2
    ones = np.ones((count, n))
    alive = np.ones(count, dtype=bool)

    def at(value: float) -> Floats:
        return np.full(count, value)

    for _ in range(ROUNDS):
        np.maximum.accumulate(low, axis=1, out=low)
        high[:] = np.minimum.accumulate(high[:, ::-1], axis=1)[:, ::-1]
        _linear(low, high, ones, at(facts.mean[0] * n), at(facts.mean[1] * n))
        _squares(low, high, centre, (n - 1) * facts.sd[0] ** 2, (n - 1) * facts.sd[1] ** 2 + n * half * half)
        if facts.median is not None:
            middle = np.zeros((count, n))
            middle[:, (n - 1) // 2] += 0.5
            middle[:, n // 2] += 0.5
            _linear(low, high, middle, at(facts.median[0]), at(facts.median[1]))
        alive &= (low <= high + SLACK).all(1)
        if not alive.any():
            return alive
    return alive & _groups(facts, low, high, masks, alive)


def _groups(
    facts: Facts, low: Floats, high: Floats, masks: Floats, alive: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Apply F, d and group means; return which boxes are still possible."""
    sizes = masks.sum(2)
    least, most = _group_squares(low, high, masks)
    within_low, within_high = least.sum(1), most.sum(1)
    if facts.within is not None:
        alive = alive & (within_low <= facts.within[1] + SLACK) & (within_high >= facts.within[0] - SLACK)
        within_low = np.maximum(within_low, facts.within[0])
        within_high = np.minimum(within_high, facts.within[1])
    for group, bottom, top in facts.means:
        weights = masks[:, group] / sizes[:, group, None]
        _linear(low, high, weights, np.full(len(low), bottom), np.full(len(low), top))
    if facts.d is not None:
        if facts.pooled == "analysis":
            df = sizes.sum(1) - sizes.shape[1]
            var_low, var_high = within_low / df, within_high / df
        else:
            df = np.maximum(sizes[:, 0] + sizes[:, 1] - 2, 1)
            var_low, var_high = least[:, :2].sum(1) / df, most[:, :2].sum(1) / df
            alive = alive & (sizes[:, 0] + sizes[:, 1] > 2)
        bottom, top = facts.d[0] * np.sqrt(np.maximum(var_low, 0)), facts.d[1] * np.sqrt(np.maximum(var_high, 0))
        weights = masks[:, 0] / sizes[:, 0, None] - masks[:, 1] / sizes[:, 1, None]
        if facts.falling is not None:
            _linear(low, high, weights if facts.falling else -weights, bottom, top)
    return alive & (low <= high + SLACK).all(1)


def search(
    facts: Facts, shapes: Sequence[tuple[int, ...]], groups: int, *, tolerance: float, most_boxes: int
) -> tuple[list[Search], bool]:
    """Return what is left per assignment, and whether the search was completed.

    Parameters
    ----------
    facts : what is printed.
    shapes : assignments to try.
    groups : number of groups.
    tolerance : boxes no wider than this are not split further.
    most_boxes : stop when so many boxes have been looked at.
    """
    onehot = np.array([[[float(g == k) for g in shape] for k in range(groups)] for shape in shapes])
    left: dict[int, list[tuple[Floats, Floats]]] = {}
    stack = _first_boxes(facts, shapes)
    seen, complete = 0, True
    while stack:
        low, high, index = stack.pop()
        if len(low) > CHUNK:  # bounded memory; the order of work is fixed, so the answer is too
            stack += [(low[:CHUNK], high[:CHUNK], index[:CHUNK]), (low[CHUNK:], high[CHUNK:], index[CHUNK:])]
            continue
        seen += len(low)
        if seen > most_boxes:
            complete = False
            break
        alive = _contract(facts, low, high, onehot[index])
        low, high, index = low[alive], high[alive], index[alive]
        narrow = (high - low).max(1, initial=0.0) <= tolerance
        for i in np.flatnonzero(narrow):
            left.setdefault(int(index[i]), []).append((low[i], high[i]))
        if not narrow.all():
            stack.append(_split(low[~narrow], high[~narrow], index[~narrow]))
    found = [
        Search(shapes[i], np.min([a for a, _ in boxes], axis=0), np.max([b for _, b in boxes], axis=0), len(boxes))
        for i, boxes in sorted(left.items())
    ]
    return found, complete


def _first_boxes(facts: Facts, shapes: Sequence[tuple[int, ...]]) -> list[Boxes]:
    """Return one box per assignment and way to place the members, where the constraints without groups allow it."""
    lows: list[Floats] = []
    highs: list[Floats] = []
    which: list[int] = []
    plain = Facts(facts.n, facts.mean, facts.sd, facts.low, facts.high, facts.median)
    for low, high, spots in _start(facts):
        alone = np.array([low]), np.array([high])
        if not _contract(plain, *alone, np.ones((1, 1, facts.n)))[0]:
            continue
        for number, shape in enumerate(shapes):
            if all(m[2] is None or shape[spot] == m[2] for m, spot in zip(facts.members, spots, strict=True)):
                lows.append(alone[0][0])
                highs.append(alone[1][0])
                which.append(number)
    return [(np.array(lows), np.array(highs), np.array(which, dtype=int))] if lows else []


def _split(low: Floats, high: Floats, index: npt.NDArray[np.int64]) -> Boxes:
    """Return both halves of every box, cut in the middle of its widest side."""
    rows, widest = np.arange(len(low)), (high - low).argmax(1)
    middle = (low[rows, widest] + high[rows, widest]) / 2
    upper_low, lower_high = low.copy(), high.copy()
    upper_low[rows, widest] = middle
    lower_high[rows, widest] = middle
    return np.vstack([low, upper_low]), np.vstack([lower_high, high]), np.hstack([index, index])
