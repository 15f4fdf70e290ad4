"""The verdict of a multiverse in one line, made from its numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from metareview.stats.benchmark.multiverse.result import Multiverse, Specification

__all__ = ["IDENTIFIED", "categories_identified", "verdict_of"]

#: Share of the specifications in which an order must hold to be called identified.
IDENTIFIED = 0.95
#: Share of the specifications above which a method is first in most of them.
_MOST = 0.5
#: Difference of two shares below which they are the same.
_LEVEL = 1e-9


def verdict_of(found: Multiverse) -> str:
    """Return the verdict: who is first and how often, and whether the order of the categories is identified."""
    if not found.n_feasible:
        reasons = dict.fromkeys(one.reason for one in found.specifications)
        return f"No specification gives an order: {'; '.join(reasons)}."
    said = f"{_first(found)}{_categories(found)}."
    return f"A{said[1:]}" if said.startswith("all ") else said


def _first(found: Multiverse) -> str:
    """Say who is first under how many rules (the rest at its default), and over all specifications."""
    counts = Counter(method for winner in found.winners for method in winner.first)
    most = max(counts.values(), default=0)
    names = [name for name in counts if counts[name] == most]
    none = sum(not winner.first for winner in found.winners)
    rules = f"{most} of {len(found.winners)} rules" + (f" ({none} give{'s' * (none == 1)} no order)" if none else "")
    if not names:
        return "no rule gives an order with everything else at its default"
    together = len(names) > 1 and all(set(winner.first) >= set(names) for winner in found.winners if winner.first)
    verb = "is" if len(names) == 1 else "share first place" if together else "are each"
    who = f"{_listed(names, found)} {verb}{'' if together else ' first'} in {rules}"
    if not found.n_full:
        return f"{who}; none of {found.n_feasible:,} orders ranks every method"
    return who + _over_all(found, names)


def _over_all(found: Multiverse, names: list[str]) -> str:
    """Continue with who is first over the specifications that rank every method; those that are level stand together.

    Nobody is picked from methods that are level, and most is more than half.
    """
    share = max(curve.first for curve in found.curves)
    ahead = sorted(curve.method for curve in found.curves if share - curve.first < _LEVEL)
    of = f"{found.n_full:,} specifications"
    if len(ahead) == 1:
        if names == ahead:
            return f" and in {share:.0%} of {of}"
        often = "first in most" if share > _MOST else "first most often"
        return f"; of {of} {ahead[0]} is {often} ({share:.0%})"
    together = sum(_level_at_the_top(one, found, ahead) for one in found.specifications)
    if together == found.n_full:
        return f" and in all {of}" if set(names) == set(ahead) else f"; {_listed(ahead, found)} share it in all {of}"
    return f"; of {of} {_listed(ahead, found)} are first equally often ({share:.0%} each, shared places divided)"


def _level_at_the_top(one: Specification, found: Multiverse, names: list[str]) -> bool:
    """Return whether a specification ranks every method, and exactly these share its first place."""
    ranks = [rank for rank in one.ranks if rank is not None]
    if not ranks or len(ranks) < len(found.methods_compared):
        return False
    return {m for m, rank in zip(found.methods_compared, ranks, strict=True) if rank == min(ranks)} == set(names)


def _listed(names: Sequence[str], found: Multiverse) -> str:
    if len(names) == len(found.methods_compared) > 2:
        return f"all {len(names)} methods"
    return " and ".join(([", ".join(names[:-1])] if names[1:] else []) + [names[-1]])


def categories_identified(found: Multiverse) -> bool | None:
    """Return whether one order of the categories holds nearly always; None without categories to order."""
    return found.category_orders[0].share >= IDENTIFIED if found.category_orders else None


def _categories(found: Multiverse) -> str:
    known = categories_identified(found)
    if known is None:
        return ""
    top = found.category_orders[0]
    if known:
        return f"; the order of categories is {' > '.join(top.order)} in {top.share:.0%}"
    orders = f"{len(found.category_orders)} orders occur, the commonest in {top.share:.0%}"
    return f"; the order of categories is not identified ({orders})"
