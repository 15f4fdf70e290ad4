"""Joint reconstruction: which values and group sizes could have produced a summary row, F, p and d together?

This is inference, not a reading: it says what the unpublished values must have been *if* the printed figures belong to
one analysis (one-way analysis of variance, sample SD, d between two of its groups). All solutions are found, within
the rounding of the figures, by `metareview.audit.search`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metareview.audit.consequences import Effect, effect_versions
from metareview.audit.effects import least_f
from metareview.audit.figures import Figure
from metareview.audit.pvalues import agrees, p_range
from metareview.audit.search import Facts, Search, assignments, search
from metareview.errors import InputError
from metareview.results import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Member", "Printed", "Reconstruction", "Solution", "reconstruct"]

TOLERANCE = 0.005
MOST_BOXES = 2_000_000
#: Largest N whose assignments are enumerated.
MOST_VALUES = 10
#: Number of arrangements up to which an example is searched for each.
MOST_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Member:
    """A printed value, and the group printed beside it (empty: any)."""

    value: Figure
    group: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """The figures of one analysis.

    Attributes
    ----------
    n : number of values; mean, sd, low, high, median : the summary row.
    f, p, groups : one-way analysis of variance; groups is None where the number of groups is not printed.
    d, group1, group2 : standardised difference, group 1 minus group 2.
    members : printed values; means : printed group means, as members with their group.
    """

    n: int
    mean: Figure
    sd: Figure
    low: Figure
    high: Figure
    median: Figure | None = None
    f: Figure | None = None
    p: Figure | None = None
    groups: int | None = None
    d: Figure | None = None
    group1: str = "group 1"
    group2: str = "group 2"
    members: tuple[Member, ...] = ()
    means: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Solution:
    """One arrangement of groups that is possible.

    Attributes
    ----------
    groups : group of each value, smallest value first.
    sizes : size of each group, in the order of the group names.
    low, high : interval of each value over all solutions of this arrangement.
    example : one set of values that has every printed figure; empty where none was found, though
        none is excluded, or where there are too many arrangements.
    pooled : the SDs that d can be in (``analysis``, ``two groups``).
    """

    groups: tuple[str, ...]
    sizes: tuple[tuple[str, int], ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    example: tuple[float, ...]
    pooled: tuple[str, ...]

    def size(self, group: str) -> int:
        """Return the number of values of a group."""
        return dict(self.sizes).get(group, 0)

    def mean(self, group: str) -> tuple[float, float]:
        """Return the interval of a group mean, from the intervals of its values."""
        places = [i for i, name in enumerate(self.groups) if name == group]
        return tuple(sum(ends[i] for i in places) / len(places) for ends in (self.low, self.high))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reconstruction(Result):
    """All arrangements that could have produced the printed figures.

    Attributes
    ----------
    solutions : the arrangements.
    complete : whether the search came to its end.
    group_counts : numbers of groups that F and p allow.
    musts : what is true in every solution.
    effects : versions of the effect size, for the group sizes where all solutions share them.
    claim_id, title : the claim it was made for, and what that states.
    """

    solutions: tuple[Solution, ...] = ()
    complete: bool = True
    group_counts: tuple[int, ...] = ()
    musts: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    claim_id: str = ""
    title: str = ""

    @property
    def unique(self) -> bool:
        """Whether one arrangement is left."""
        return self.complete and len(self.solutions) == 1

    def to_frame(self) -> pd.DataFrame:
        """Return one row per solution and value: group, interval, example."""
        import pandas as pd

        rows = [
            {
                "solution": number,
                "place": place + 1,
                "group": group,
                "low": solution.low[place],
                "high": solution.high[place],
                "example": solution.example[place] if solution.example else None,
            }
            for number, solution in enumerate(self.solutions, 1)
            for place, group in enumerate(solution.groups)
        ]
        return pd.DataFrame(rows, columns=["solution", "place", "group", "low", "high", "example"])


def _ends(figure: Figure) -> tuple[float, float]:
    span = figure.interval("half-either")
    return float(span.low), float(span.high)


def group_counts(printed: Printed) -> tuple[int, ...]:
    """Return the numbers of groups for which F with (k-1, N-k) degrees of freedom gives the printed p."""
    if printed.groups is not None:
        return (printed.groups,)
    if printed.f is None or printed.p is None:
        return ()
    counts = range(2, printed.n)
    return tuple(k for k in counts if agrees(printed.p, p_range("f", printed.f, (k - 1, printed.n - k))))


def _sizes(n: int, groups: int, named: int) -> Iterator[tuple[int, ...]]:
    """Yield the sizes of the groups; those without name in falling order."""

    def rest(left: int, parts: int, most: int) -> Iterator[tuple[int, ...]]:
        if parts == 0:
            if left == 0:
                yield ()
            return
        for size in range(min(left - parts + 1, most), 0, -1):
            for tail in rest(left - size, parts - 1, size if parts <= groups - named else left):
                yield (size, *tail)

    def fill(done: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(done) == named:
            yield from ((*done, *tail) for tail in rest(n - sum(done), groups - named, n))
            return
        for size in range(1, n - sum(done) - (groups - len(done) - 1) + 1):
            yield from fill((*done, size))

    yield from fill(())


def _names(printed: Printed, groups: int) -> list[str]:
    """Return the group names: the two of d first, then those printed beside members, then letters."""
    names = [printed.group1, printed.group2]
    for member in (*printed.members, *printed.means):
        if member.group and member.group not in names:
            names.append(member.group)
    if len(names) > groups:
        raise InputError(f"{', '.join(names)} are {len(names)} groups; F and p allow {groups}")
    return names + [f"another group {letter}" for letter in "ABCDEFGH"[: groups - len(names)]]


def _facts(printed: Printed, groups: int, names: Sequence[str], pooled: str) -> Facts:
    mean, sd = _ends(printed.mean), _ends(printed.sd)
    within = None
    if printed.f is not None:
        half = (mean[1] - mean[0]) / 2
        total = [(printed.n - 1) * sd[0] ** 2, (printed.n - 1) * sd[1] ** 2 + printed.n * half * half]
        share = [1 + end * (groups - 1) / (printed.n - groups) for end in _ends(printed.f)]
        within = (total[0] / share[1], total[1] / share[0])
    size = None
    if printed.d is not None:
        a, b = (abs(end) for end in _ends(printed.d))
        size = (min(a, b), max(a, b))
    return Facts(
        printed.n, mean, (max(sd[0], 0.0), sd[1]), _ends(printed.low), _ends(printed.high),
        _ends(printed.median) if printed.median else None, within, size,
        printed.d.value > 0 if printed.d else None, pooled,
        tuple((*_ends(m.value), names.index(m.group) if m.group else None) for m in printed.members),
        tuple((names.index(m.group), *_ends(m.value)) for m in printed.means),
    )  # fmt: skip


def reconstruct(printed: Printed, *, tolerance: float = TOLERANCE, most_boxes: int = MOST_BOXES) -> Reconstruction:
    """Search for every arrangement of values and groups that has the printed figures.

    Parameters
    ----------
    printed : the figures.
    tolerance : width to which the intervals of the values are cut.
    most_boxes : work after which the search gives up (the result then says that it is not complete).

    Raises
    ------
    InputError
        If there is no F with groups or p, or N is too large to enumerate.
    """
    if printed.n > MOST_VALUES:
        raise InputError(f"n = {printed.n} values are too many to enumerate; {MOST_VALUES} is the limit")
    counts = group_counts(printed)
    if printed.f is None and printed.groups is None:
        raise InputError("a reconstruction needs f with p or groups; add them to its inputs")
    found: dict[tuple[int, tuple[int, ...]], list[tuple[str, Search]]] = {}
    complete = True
    for groups in counts:
        names = _names(printed, groups)
        shapes = [s for sizes in _sizes(printed.n, groups, _named(names)) for s in _shapes(printed, sizes, names)]
        for pooled in ("analysis", "two groups") if printed.d else ("analysis",):
            facts = _facts(printed, groups, names, pooled)
            left, done = search(facts, shapes, groups, tolerance=tolerance, most_boxes=most_boxes)
            complete &= done
            for item in left:
                found.setdefault((groups, item.groups), []).append((pooled, item))
    shown = len(found) <= MOST_EXAMPLES
    solutions = tuple(_solution(printed, groups, items, shown) for (groups, _), items in found.items())
    return _result(printed, solutions, complete, counts)


def _named(names: Sequence[str]) -> int:
    return sum(not name.startswith("another group") for name in names)


def _shapes(printed: Printed, sizes: tuple[int, ...], names: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """Yield the assignments of one set of sizes that the members fit into."""
    for group, name in enumerate(names):
        if sum(member.group == name for member in printed.members) > sizes[group]:
            return
    if printed.d is not None and printed.f is not None and sizes[0] + sizes[1] <= 2:
        pair = (1, 1)  # without spread in either group only the SD of the analysis is left
        if least_f(min(map(abs, _ends(printed.d))), *pair, len(sizes)) > _ends(printed.f)[1]:
            return
    yield from assignments(printed.n, sizes, _named(names))


def _solution(printed: Printed, groups: int, items: Sequence[tuple[str, Search]], shown: bool) -> Solution:
    names = _names(printed, groups)
    low = [min(float(item.low[i]) for _, item in items) for i in range(printed.n)]
    high = [max(float(item.high[i]) for _, item in items) for i in range(printed.n)]
    shape = items[0][1].groups
    example: tuple[float, ...] = ()
    for pooled, item in items if shown else ():
        example = example or _example(_facts(printed, groups, names, pooled), item, groups)
    return Solution(
        tuple(names[g] for g in shape),
        tuple((name, shape.count(i)) for i, name in enumerate(names)),
        tuple(low),
        tuple(high),
        example,
        tuple(pooled for pooled, _ in items),
    )


def _example(facts: Facts, item: Search, groups: int) -> tuple[float, ...]:
    """Return values inside the hull that have every printed figure, or nothing."""
    import numpy as np
    from scipy.optimize import Bounds, NonlinearConstraint, minimize

    shape, df = np.array(item.groups), facts.n - groups

    def excess(x: np.ndarray) -> np.ndarray:
        """Distances to both ends of each figure, in units of its interval; all are >= 0 where the figures hold."""
        parts = [x[shape == g] for g in range(groups)]
        within = sum(((part - part.mean()) ** 2).sum() for part in parts)
        pair = sum(((part - part.mean()) ** 2).sum() for part in parts[:2])
        spread = within / df if facts.pooled == "analysis" else pair / max(len(parts[0]) + len(parts[1]) - 2, 1)
        measured = [(x.mean(), facts.mean), (x.std(ddof=1), facts.sd)]
        measured += [(np.median(x), facts.median)] if facts.median else []
        measured += [(within, facts.within)] if facts.within else []
        measured += [(parts[g].mean(), (a, b)) for g, a, b in facts.means]
        if facts.d:
            gap = (parts[0].mean() - parts[1].mean()) * (1 if facts.falling else -1)
            measured += [(gap / max(spread, 1e-12) ** 0.5, facts.d)]
        ends = [((v - a) / (b - a), (b - v) / (b - a)) for v, (a, b) in measured]
        return np.array([*np.array(ends).ravel(), *np.diff(x)])

    centre = (item.low + item.high) / 2
    solve: Any = minimize  # its type stubs know one-dimensional starts only
    done = solve(
        lambda x: float(((x - centre) ** 2).sum()),
        centre,
        method="SLSQP",
        bounds=Bounds(item.low, item.high),
        constraints=NonlinearConstraint(excess, 0.0, np.inf),
        options={"maxiter": 500, "ftol": 1e-14},
    )
    values = tuple(float(v) for v in done.x)
    return values if (excess(done.x) >= -1e-6).all() else ()


def _result(
    printed: Printed, solutions: tuple[Solution, ...], complete: bool, counts: tuple[int, ...]
) -> Reconstruction:
    musts = tuple(_musts(printed, solutions)) if solutions and complete else ()
    effects: tuple[Effect, ...] = ()
    pairs = {(s.size(printed.group1), s.size(printed.group2)) for s in solutions}
    if printed.d is not None and len(pairs) == 1:
        effects = effect_versions(float(printed.d.value), *pairs.pop())
    warnings = ["inference: it holds if the printed figures belong to one analysis and SD has the divisor n - 1"]
    if printed.members:
        warnings.append("inference: it holds if the printed members are values of this analysis")
    if not complete:
        warnings.append("the search stopped before its end; there may be more solutions")
    if effects:
        warnings.append("clustered versions take each group to be one study and assume the correlation within a study")
    methods = (
        "interval branch and prune (Moore, Kearfott and Cloud 2009)",
        "one-way analysis of variance",
        "noncentral t interval (Steiger and Fouladi 1997)",
        "clustered standardised difference (Hedges 2007)",
    )
    return Reconstruction(
        methods=methods, k_in=len(solutions), k_used=len(solutions), warnings=tuple(warnings), solutions=solutions,
        complete=complete, group_counts=counts, musts=musts, effects=effects,
    )  # fmt: skip


def _musts(printed: Printed, solutions: Sequence[Solution]) -> Iterator[str]:
    """Yield what is true in every solution."""
    for name in (printed.group1, printed.group2):
        sizes = sorted({s.size(name) for s in solutions})
        shown = " or ".join(map(str, sizes))
        yield f"{name} has {shown} value{'s' * (sizes != [1])}"
    others = {tuple(sorted(n for g, n in s.sizes if g not in (printed.group1, printed.group2))) for s in solutions}
    if len(others) == 1:
        rest = others.pop()
        if rest:
            yield f"the other groups have {', '.join(map(str, rest))} value{'s' * (rest != (1,))}"
    for place, word in ((0, "smallest"), (printed.n - 1, "largest")):
        owners = {s.groups[place] for s in solutions}
        if len(owners) == 1:
            yield f"the {word} value belongs to {owners.pop()}"
    for place in range(printed.n):
        low, high = min(s.low[place] for s in solutions), max(s.high[place] for s in solutions)
        yield f"value {place + 1} lies in {low:.3f} to {high:.3f}"
