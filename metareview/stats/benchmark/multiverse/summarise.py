"""What all specifications say together: curves, pairs, categories, shares of the decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from metareview.schema.source import SourceRef
from metareview.stats.benchmark.multiverse.decisions import default_options
from metareview.stats.benchmark.multiverse.result import (
    CategoryOrder,
    Curve,
    DecisionShare,
    Multiverse,
    OptionSummary,
    PairOrder,
    RuleWinner,
    Specification,
)
from metareview.stats.benchmark.multiverse.variance import shapley_shares
from metareview.stats.benchmark.multiverse.verdict import verdict_of
from metareview.stats.benchmark.ranking.cube import Cube

__all__ = ["summarised"]

Array = NDArray[np.float64]


def summarised(found: Multiverse, cube: Cube) -> Multiverse:
    """Return the multiverse with everything that follows from its specifications.

    Parameters
    ----------
    cube : says what two methods have in common: columns of one data set, target and rule.
    """
    ranks = _ranks(found.specifications, len(found.methods_compared))
    feasible = np.asarray(np.isfinite(ranks).any(axis=1))
    full = np.asarray(np.isfinite(ranks).all(axis=1))
    shares, unexplained = _shares(found, ranks, full)
    pairs = _pairs(found, ranks, cube)
    said = (*found.warnings, *_uncompared(pairs), *_partial(feasible, full))
    whole = replace(
        found, curves=_curves(found, ranks, full, cube), pairs=pairs, shares=shares,
        options=_options(found, ranks, full), winners=_winners(found), unexplained=unexplained,
        category_orders=_category_orders(found, ranks[full]),
        n_feasible=int(feasible.sum()), n_full=int(full.sum()), warnings=said,
    )  # fmt: skip
    return replace(whole, verdict=verdict_of(whole))


def _ranks(specifications: Sequence[Specification], m: int) -> Array:
    ranks = np.full((len(specifications), m), np.nan)
    for row, one in enumerate(specifications):
        if one.feasible:
            ranks[row] = [np.nan if rank is None else rank for rank in one.ranks]
    return ranks


def _uncompared(pairs: Sequence[PairOrder]) -> tuple[str, ...]:
    met = sum(pair.columns > 0 for pair in pairs)
    if met == len(pairs):
        return ()
    return (f"{met} of {len(pairs)} pairs of methods have a value of the same metric on the same data; the others are "
            "ordered without ever being compared",)  # fmt: skip


def _partial(feasible: NDArray[np.bool_], full: NDArray[np.bool_]) -> tuple[str, ...]:
    said = []
    if not feasible.all():
        said.append(f"{int((~feasible).sum())} of {len(feasible)} specifications give no order; each says why")
    part = int((feasible & ~full).sum())
    if part:
        said.append(
            f"{part} of {int(feasible.sum())} orders leave methods out that have no value in them; curves, first "
            f"places and shares are over the {int(full.sum())} that rank every method"
        )
    return tuple(said)


def _firsts(ranks: Array) -> Array:
    """Return the share of the first place that each method has in each specification (s, m), ties shared."""
    winners = ranks == np.nanmin(np.where(np.isfinite(ranks), ranks, np.inf), axis=1, keepdims=True)
    return np.asarray(winners / np.maximum(winners.sum(axis=1, keepdims=True), 1))


def _curves(found: Multiverse, ranks: Array, full: NDArray[np.bool_], cube: Cube) -> tuple[Curve, ...]:
    base = ranks[full] if full.any() else ranks
    first = _firsts(base)
    refs: dict[str, list[SourceRef]] = {}
    for entry in cube.entries:
        refs.setdefault(cube.methods_compared[entry.method], []).extend(entry.refs)
    curves = []
    for i, (method, category) in enumerate(zip(found.methods_compared, found.categories, strict=True)):
        own = base[:, i][np.isfinite(base[:, i])]
        default = ranks[0, i] if len(ranks) else np.nan
        curves.append(
            Curve(
                method=method, category=category, default=float(default) if np.isfinite(default) else None,
                best=float(own.min()) if own.size else None, median=float(np.median(own)) if own.size else None,
                worst=float(own.max()) if own.size else None, first=float(first[:, i].mean()) if len(base) else 0.0,
                n=int(own.size), ranked=int(np.isfinite(ranks[:, i]).sum()), refs=tuple(refs.get(method, ())),
            )
        )  # fmt: skip
    worst = len(found.methods_compared) + 1.0
    return tuple(sorted(curves, key=lambda c: (c.median or worst, c.best or worst, c.worst or worst, c.method)))


def _options(found: Multiverse, ranks: Array, full: NDArray[np.bool_]) -> tuple[OptionSummary, ...]:
    first, feasible = _firsts(ranks), np.isfinite(ranks).any(axis=1)
    summaries = []
    for decision in found.decisions:
        chosen = np.array([one.options[decision.name] for one in found.specifications])
        for option, title in zip(decision.options, decision.titles, strict=True):
            here = chosen == option
            means = first[here & full].mean(axis=0) if (here & full).any() else None
            share = None if means is None else float(means.max())
            ahead = [] if means is None else np.flatnonzero(means > means.max() - 1e-9).tolist()
            summaries.append(
                OptionSummary(
                    decision=decision.name, option=option, title=title, n=int(here.sum()),
                    n_feasible=int((here & feasible).sum()), n_full=int((here & full).sum()),
                    leader=" = ".join(found.methods_compared[at] for at in ahead), share=share,
                )
            )  # fmt: skip
    return tuple(summaries)


def _pairs(found: Multiverse, ranks: Array, cube: Cube) -> tuple[PairOrder, ...]:
    cells: dict[str, dict[int, set[str]]] = {}
    for entry in cube.entries:
        cells.setdefault(cube.methods_compared[entry.method], {})[entry.column] = set(entry.studies)
    pairs = []
    for i, j in combinations(range(len(found.methods_compared)), 2):
        both = np.isfinite(ranks[:, i]) & np.isfinite(ranks[:, j])
        n = int(both.sum())
        ahead = float(np.mean((np.sign(ranks[both, j] - ranks[both, i]) + 1) / 2)) if n else None
        above, below = (i, j) if ahead is None or ahead >= 0.5 else (j, i)
        first, second = (cells.get(found.methods_compared[k], {}) for k in (above, below))
        shared = set(first) & set(second)
        pairs.append(
            PairOrder(
                above=found.methods_compared[above], below=found.methods_compared[below],
                share=None if ahead is None else max(ahead, 1 - ahead), n=n, columns=len(shared),
                studies=len({study for column in shared for study in first[column] | second[column]}),
            )
        )  # fmt: skip
    return tuple(pairs)


def _shares(found: Multiverse, ranks: Array, full: NDArray[np.bool_]) -> tuple[tuple[DecisionShare, ...], float | None]:
    """Shares of the decisions in the variance of ranks, largest first, and what is left."""
    base = ranks[full]
    total = ((base - base.mean(axis=0)) ** 2).sum(axis=0) if len(base) else np.zeros(ranks.shape[1])
    if not found.decisions or not float(total.sum()) > 0:
        return (), None
    chosen = [one for one, keep in zip(found.specifications, full, strict=True) if keep]
    codes = np.array(
        [[decision.options.index(one.options[decision.name]) for decision in found.decisions] for one in chosen]
    )
    shares, alone = shapley_shares(base, codes)
    weights = total / total.sum()
    parts = [
        DecisionShare(
            decision=decision.name, share=float(shares[j] @ weights), alone=float(alone[j] @ weights),
            by_method=tuple(shares[j].tolist()),
        )
        for j, decision in enumerate(found.decisions)
    ]  # fmt: skip
    rest = 1 - sum(part.share for part in parts)
    return tuple(sorted(parts, key=lambda part: (-part.share, part.decision))), max(0.0, round(rest, 12))


def _winners(found: Multiverse) -> tuple[RuleWinner, ...]:
    """Who is first under each rule with everything else at its default, or at the nearest that counts there."""
    default = default_options(found.decisions)
    by_rule: dict[str, Specification] = {}
    for one in found.specifications:
        others = {name: option for name, option in one.options.items() if name != "rule"}
        if all(option in (default[name], _SIMPLEST.get(name)) for name, option in others.items()):
            by_rule.setdefault(one.options["rule"], one)
    winners = []
    for rule, one in by_rule.items():
        best = min((rank for rank in one.ranks if rank is not None), default=None)
        first = [m for m, rank in zip(found.methods_compared, one.ranks, strict=False) if rank == best and best]
        winners.append(RuleWinner(rule=rule, first=tuple(first), reason=one.reason))
    return tuple(winners)


#: What `canonical` puts in the place of an option that changes nothing.
_SIMPLEST = {"transform": "identity", "weighting": "cell", "missing": "available"}


def _category_orders(found: Multiverse, ranks: Array) -> tuple[CategoryOrder, ...]:
    """Return the orders of the categories with how often each came; categories that are level stand as ``A = B``."""
    names = sorted({category for category in found.categories if category})
    if len(names) < 2 or not len(ranks):
        return ()
    members = [[i for i, own in enumerate(found.categories) if own == name] for name in names]
    means = np.stack([ranks[:, rows].mean(axis=1) for rows in members], axis=1).round(9)
    counts = Counter(_order(row, names) for row in means)
    return tuple(
        CategoryOrder(order=order, n=n, share=n / len(means))
        for order, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _order(means: Array, names: Sequence[str]) -> tuple[str, ...]:
    levels = sorted(set(means.tolist()))
    return tuple(" = ".join(name for name, mean in zip(names, means, strict=True) if mean == level) for level in levels)
