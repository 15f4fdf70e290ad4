"""The verdict of a multiverse in one line, made from its numbers."""

from __future__ import annotations

from metareview.stats.benchmark.multiverse.result import Multiverse

__all__ = ["IDENTIFIED", "categories_identified", "verdict_of"]

#: Share of the specifications in which an order must hold to be called identified.
IDENTIFIED = 0.95


def verdict_of(found: Multiverse) -> str:
    """Return the verdict: who is first and how often, and whether the order of the categories is identified."""
    if not found.n_feasible:
        reasons = dict.fromkeys(one.reason for one in found.specifications)
        return f"No specification gives an order: {'; '.join(reasons)}."
    return f"{_first(found)}{_categories(found)}."


def _first(found: Multiverse) -> str:
    """Say who is first under how many rules (the rest at its default), and over all specifications."""
    counts: dict[str, int] = {}
    for method in (method for winner in found.winners for method in winner.first):
        counts[method] = counts.get(method, 0) + 1
    most = max(counts.values(), default=0)
    names = [name for name in counts if counts[name] == most]
    none = sum(not winner.first for winner in found.winners)
    rules = f"{most} of {len(found.winners)} rules" + (f" ({none} give{'s' * (none == 1)} no order)" if none else "")
    if not names:
        return "no rule gives an order with everything else at its default"
    who = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are each'} first in {rules}"
    if not found.n_full:
        return f"{who}; none of {found.n_feasible:,} orders ranks every method"
    ahead = min(found.curves, key=lambda curve: (-curve.first, curve.method))
    if names == [ahead.method]:
        return f"{who} and in {ahead.first:.0%} of {found.n_full:,} specifications"
    return f"{who}; of {found.n_full:,} specifications {ahead.method} is first in most ({ahead.first:.0%})"


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
