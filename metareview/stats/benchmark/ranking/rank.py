"""Rank the methods of a cube: coverage first, then the order, how far it can be trusted, and the tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, NotEstimable
from metareview.stats.benchmark.ranking.bootstrap import Draws, draw
from metareview.stats.benchmark.ranking.bounds import Bounds, rank_bounds
from metareview.stats.benchmark.ranking.coverage import Coverage, components_of, coverage_of
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.missing import POLICIES, Filled, fill
from metareview.stats.benchmark.ranking.places import order_of, places, tidy
from metareview.stats.benchmark.ranking.result import ColumnPlaces, MethodRank, PairRank, Ranking
from metareview.stats.benchmark.ranking.rules import RULES, Rule, find_rule
from metareview.stats.benchmark.ranking.scales import Scaled, mixed_conventions, scale
from metareview.stats.benchmark.ranking.significance import Significance, significance
from metareview.stats.benchmark.ranking.stability import Stability, stability_of

__all__ = ["groups_of", "rank"]

Array = NDArray[np.float64]

#: Methods up to which every pair is tested.
_TESTED = 60
_BOUNDS: dict[str, str] = {
    "mean": "bounds are exact: a score depends on the method's own cells alone",
    "flat": "bounds contain every filling; exact where a filling is known that reaches them",
    "two-level": "bounds contain every filling; exact where a filling is known that reaches them",
    "majority": "bounds contain every filling; exact where a filling is known that reaches them",
    "z": "bounds contain every filling; exact where a filling is known that reaches them",
}


def rank(
    cube: Cube,
    rule: str = "borda",
    missing: str = "error",
    *,
    transform: str | None = None,
    n_boot: int = 2000,
    unit: str = "dataset",
    seed: int = 20250101,
    level: float = 0.95,
    component: str | None = None,
    redundant: Sequence[str] | None = None,
) -> Ranking:
    """Rank the methods of a cube.

    Parameters
    ----------
    cube : what is compared.
    rule : one of `RULES`.
    missing : what is done about missing cells, one of `missing.POLICIES`; by default they are an error.
    transform : identity, range or logit, for rules that add up values of several columns (see `scales.scale`).
    n_boot, unit, seed : bootstrap replicates, and what they draw: dataset, study, unit or none.
    level : of intervals.
    component : a method; only what is connected with it is ranked.
    redundant : notes on columns that carry the same information twice, printed with the coverage; by default by the
        identities of their metrics.

    Returns
    -------
    The ranking. What does not exist (an interval from one data set, tests of an incomplete design) is None, and a
    warning says why.

    Raises
    ------
    UnknownName
        If there is no such rule, policy, transform, bootstrap unit or method.
    InputError
        If there are fewer than two methods, cells are missing and nothing is said about them, scales or conventions
        cannot be added up, or the table falls apart under a rule that needs it connected.
    NotEstimable
        If no two methods can be compared.
    """
    found = find_rule(rule)
    coverage = coverage_of(cube, None if redundant is None else tuple(redundant))
    chosen = _component(cube, component)
    _check(chosen, level, n_boot)
    filled = fill(chosen, missing, found)
    if len(components_of(np.isfinite(filled.values))) > 1 and found.connects:
        raise InputError(_apart(filled, found))
    columns, groups = filled.cube.columns, groups_of(filled.cube)
    scaled = scale(filled.values, *filled.cube.limits, columns, found, transform)
    scores = np.asarray(found.scores(scaled.values, np.ones(len(columns)), groups))
    if not np.isfinite(scores).any():
        raise NotEstimable("no two methods share a column, so nothing can be ranked by comparing them")
    base = Ranking(
        rule=found.name, rule_title=found.title, missing=missing, transform=scaled.transform, coverage=coverage,
        methods=(*cube.methods, f"{found.title} ({found.source})", f"missing cells: {POLICIES[missing]}",
                 *filled.methods, *scaled.methods),
        k_in=filled.cube.k_in, k_used=filled.cube.k_used, dropped=filled.cube.dropped,
        warnings=(*cube.warnings, *filled.warnings, *scaled.warnings, *_doubts(filled, found, coverage)),
        unranked=tuple(name for name in chosen.methods_compared if name not in filled.cube.methods_compared),
        seed=seed, level=level, unit=unit,
    )  # fmt: skip
    bounds, note = _bounds(chosen, filled, scaled, found, transform)
    drawn, how, why = _drawn(filled, found, transform, n_boot, unit, seed)
    base = replace(base, bounds_note=note, methods=(*base.methods, *how), warnings=(*base.warnings, *why))
    return _assembled(base, filled, scores, found, scaled, bounds, drawn)


def groups_of(cube: Cube) -> NDArray[np.int64]:
    """Return the data set of each column (c,) as a number."""
    return np.asarray(np.unique([column.dataset for column in cube.columns], return_inverse=True)[1], dtype=np.int64)


def _check(cube: Cube, level: float, n_boot: int) -> None:
    m, c = cube.shape
    if m < 2 or not c:
        what = f"one method ({cube.methods_compared[0]})" if m == 1 else "no methods" if not m else "no columns"
        verb = "is" if m == 1 else "are"
        raise InputError(f"there {verb} {what} to rank; a ranking needs at least two methods with values")
    if not 0 < level < 1:
        raise InputError(f"level {level} is not between 0 and 1")
    if n_boot < 0:
        raise InputError(f"{n_boot} bootstrap replicates; say 0 for none")


def _component(cube: Cube, method: str | None) -> Cube:
    """Return the part of the cube that a method is connected with, and the columns it has values on."""
    if method is None:
        return cube
    names = [cube.methods_compared[i] for part in components_of(cube.mask) for i in part
             if method in {cube.methods_compared[k] for k in part}]  # fmt: skip
    chosen = cube.restrict(names or [method])
    return chosen.restrict(columns=np.flatnonzero(chosen.mask.any(axis=0)).tolist())


def _apart(filled: Filled, rule: Rule) -> str:
    names = filled.cube.methods_compared
    parts = components_of(np.isfinite(filled.values))
    told = "; ".join(", ".join(names[i] for i in part[:4]) + (", …" if len(part) > 4 else "") for part in parts[:5])
    more = f"; and {len(parts) - 5} more" if len(parts) > 5 else ""
    return (
        f"rule {rule.name} needs every method connected with every other, and the table falls into {len(parts)} parts "
        f"({told}{more}); name one by a method of it (--component '{names[parts[0][0]]}'), or take another rule"
    )


def _doubts(filled: Filled, rule: Rule, coverage: Coverage) -> list[str]:
    """Return what a reader must know of the table before the ranks."""
    values, columns = filled.values, filled.cube.columns
    said = []
    if len(components_of(np.isfinite(values))) > 1:
        said.append(
            f"the table falls into {len(coverage.components)} parts that share no column: the order of methods of "
            "different parts rests on no comparison between them"
        )
    there = np.isfinite(values)
    top = np.where(there, values, -np.inf).max(axis=0)
    flat = (there.sum(axis=0) > 1) & (top == np.where(there, values, np.inf).min(axis=0))
    if flat.any():
        said.append(f"all methods are level on {', '.join(columns[j].key for j in np.flatnonzero(flat))}: it separates "
                    "nobody")  # fmt: skip
    if not rule.metric_scale:
        mixed = mixed_conventions(columns)
        if mixed:
            said.append(f"{', '.join(mixed)} stands under several conventions; each is compared within itself only and "
                        "counts as a column of its own")  # fmt: skip
    return said


def _bounds(cube: Cube, filled: Filled, scaled: Scaled, rule: Rule, transform: str | None) -> tuple[Bounds, str]:
    """Return the bounds of the ranked methods among each other, over all columns of the cube."""
    part = cube.restrict(filled.cube.methods_compared)
    values, worst, best = part.oriented, *part.limits
    if rule.bounds == "mean":
        whole = scaled if part.shape == filled.cube.shape else None
        now = scale(values, worst, best, part.columns, rule, whole.transform if whole else transform)
        values, worst, best = now.values, now.worst, now.best
    scoring = RULES["win-rate"].scores if rule.name == "bradley-terry" else rule.scores  # the same order on full tables
    found = rank_bounds(values, worst, best, groups_of(part), rule.bounds, scoring)
    gone = int(np.isnan(values).sum())
    cells = f"{gone} missing cell{'s' * (gone != 1)}"
    if part.shape != filled.cube.shape:
        cells += f" of the ranked methods over all {part.shape[1]} columns, also those left out of the block"
    return found, f"{_BOUNDS[rule.bounds]} ({cells})" if gone else "no cell is missing"


def _drawn(
    filled: Filled, rule: Rule, transform: str | None, n_boot: int, unit: str, seed: int
) -> tuple[Draws | None, tuple[str, ...], tuple[str, ...]]:
    """Return the replicates, how they were made, and what to know of them or why there are none."""
    if unit == "none" or not n_boot:
        return None, ("no bootstrap, so there are no intervals",), ()
    cube = filled.cube

    def rescale(values: Array) -> Array:
        return scale(values, *cube.limits, cube.columns, rule, transform).values

    try:
        drawn = draw(cube, filled.values, groups_of(cube), rule, unit, n_boot, seed, rescale)
    except NotEstimable as error:
        return None, (), (f"no bootstrap intervals: {error}",)
    return drawn, drawn.methods, drawn.warnings


def _assembled(
    base: Ranking, filled: Filled, scores: Array, rule: Rule, scaled: Scaled, bounds: Bounds, drawn: Draws | None
) -> Ranking:
    cube = filled.cube
    first, middle = places(tidy(scores)), places(tidy(scores), ties="mean")
    order = order_of(first, cube.methods_compared)
    stability = None if drawn is None else stability_of(drawn, scores, filled.values, base.level)
    sign = scaled.sign if rule.name == "mean" else rule.sign
    ranked = tuple(
        _method(i, cube, (scores * sign, first, middle), bounds, stability) for i in order
    )  # fmt: skip
    tests, said = _tests(filled, order)
    how, why = ((), ()) if stability is None else (stability.methods, stability.warnings)
    unscored = [entry.method for entry in ranked if entry.rank is None]
    lost = (f"no rank for {', '.join(unscored)}: nothing there compares with another method",) if unscored else ()
    level = (f"all {len(ranked)} methods tie",) if len(np.unique(first[np.isfinite(first)])) < 2 else ()
    return replace(
        base, ranked=ranked, columns=_columns(cube, order), blocks=_unit_places(cube, order),
        pairs=_pairs(filled, order, stability),
        n_boot=0 if drawn is None else len(drawn.scores), clusters=0 if drawn is None else drawn.clusters,
        apart=0 if drawn is None else drawn.apart, used=0 if stability is None else stability.used,
        methods=(*base.methods, *how),
        warnings=(*base.warnings, *why, *lost, *level), significance=replace(tests, warnings=(*tests.warnings, *said)),
    )  # fmt: skip


def _method(
    i: int, cube: Cube, found: tuple[Array, Array, Array], bounds: Bounds, stability: Stability | None
) -> MethodRank:
    scores, first, middle = found
    own = [entry for entry in cube.entries if entry.method == i]
    sure = bool(np.isfinite(first[i]))
    row = MethodRank(
        method=cube.methods_compared[i], category=cube.categories[i], rank=int(first[i]) if sure else None,
        mid_rank=float(middle[i]) if sure else None, tied=sure and int((first == first[i]).sum()) > 1,
        score=float(scores[i]) + 0.0 if sure else None, rank_low=int(bounds.low[i]), rank_high=int(bounds.high[i]),
        low_exact=bool(bounds.low_exact[i]), high_exact=bool(bounds.high_exact[i]), k=len(own),
        possible=cube.shape[1], studies=len({study for entry in own for study in entry.studies}),
        refs=tuple(ref for entry in own for ref in entry.refs),
        note="" if sure else "none of its values compares with another method",
    )  # fmt: skip
    if stability is None or not sure or not stability.used:
        return row
    joint = stability.joint
    return replace(
        row, replicates=stability.used, ci_low=int(stability.low[i]), ci_high=int(stability.high[i]),
        p_best=_number(stability.best[i]), sim_low=None if joint is None else int(joint[0][i]),
        sim_high=None if joint is None else int(joint[1][i]),
        shares=tuple(float(share) for share in stability.shares[i]),
    )  # fmt: skip


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _columns(cube: Cube, order: Sequence[int]) -> tuple[ColumnPlaces, ...]:
    values, oriented = cube.values, cube.oriented
    ranks = places(oriented, axis=0, ties="mean")
    at = {(entry.method, entry.column): entry.refs for entry in cube.entries}
    return tuple(
        ColumnPlaces(
            column.key, column.dataset, column.rule, column.direction, tuple(_number(values[i, j]) for i in order),
            tuple(_number(ranks[i, j]) for i in order), tuple(at.get((i, j), ()) for i in order),
        )
        for j, column in enumerate(cube.columns)
    )  # fmt: skip


def _pairs(filled: Filled, order: Sequence[int], stability: Stability | None) -> tuple[PairRank, ...]:
    units, names = _units(filled.cube), filled.cube.methods_compared
    values = np.column_stack([own for _, _, own in units]) if units else filled.values
    out = []
    for at, i in enumerate(order):
        for j in order[at + 1 :]:
            gap = values[i] - values[j]
            gap = gap[np.isfinite(gap)]
            wins, losses, n = int((gap > 0).sum()), int((gap < 0).sum()), int(gap.size)
            above = None if stability is None else _number(stability.above[i, j])
            share = (wins + (n - wins - losses) / 2) / n if n else None
            out.append(PairRank(names[i], names[j], n, wins, n - wins - losses, losses, share, above))
    return tuple(out)


def _tests(filled: Filled, order: Sequence[int]) -> tuple[Significance, tuple[str, ...]]:
    """Return the tests over units where every cell has the same ones, else over columns; none with gaps."""
    cube, names = filled.cube, tuple(filled.cube.methods_compared[i] for i in order)
    if len(names) > _TESTED:
        return Significance(), (f"{len(names)} methods: pairs of more than {_TESTED} are not tested",)
    if not cube.mask.all():
        return Significance(), ("the design has gaps, and these tests are for complete ones; missing policy complete "
                                "makes one",)  # fmt: skip
    table, blocks, doubt = _blocks(cube)
    try:
        return significance(table[list(order)], names, blocks), doubt
    except (NotEstimable, InputError) as error:
        return Significance(), (str(error),)


def _blocks(cube: Cube) -> tuple[Array, str, tuple[str, ...]]:
    """Return the table of methods by blocks, what a block is, and what makes blocks depend on each other."""
    found = _units(cube)
    c = cube.shape[1]
    if found:
        kind = found[0][1].partition(":")[0]
        said = (f"{c} columns have values of the same {kind}s: blocks of one {kind} are not independent",)
        return np.column_stack([values for _, _, values in found]), f"{kind}s", said if c > 1 else ()
    sets = {column.dataset for column in cube.columns}
    doubt: tuple[str, ...] = ()
    if len(sets) < c:
        doubt = (f"{c} columns are of {len(sets)} data sets: blocks of one data set are not independent, and the tests "
                 "take them for it",)  # fmt: skip
    return cube.oriented, "data sets" if len(sets) == c else "columns", doubt


def _units(cube: Cube) -> list[tuple[int, str, Array]]:
    """Return column, unit and oriented values (m,) of each unit; nothing where not all cells of a column share them."""
    cells = {(entry.method, entry.column): sorted(entry.units) for entry in cube.entries}
    out = []
    for j, column in enumerate(cube.columns):
        own = [cells.get((i, j), []) for i in range(cube.shape[0])]
        names = [name for name, _ in own[0]]
        if len(names) < 2 or any([name for name, _ in units] != names for units in own):
            return []
        table = np.array([[value for _, value in units] for units in own]) * column.direction
        out += [(j, name, table[:, at]) for at, name in enumerate(names)]
    return out


def _unit_places(cube: Cube, order: Sequence[int]) -> tuple[ColumnPlaces, ...]:
    out = []
    for j, unit, values in _units(cube):
        column, ranks = cube.columns[j], places(values, ties="mean")
        own = values * column.direction
        out.append(ColumnPlaces(f"{column.key}|{unit}", column.dataset, column.rule, column.direction,
                                tuple(float(own[i]) for i in order), tuple(float(ranks[i]) for i in order),
                                tuple(() for _ in order)))  # fmt: skip
    return tuple(out)
