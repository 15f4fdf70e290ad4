"""What a multiverse found: every specification with its order, and what all of them say together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.errors import UnknownName
from metareview.results import Result
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.multiverse.collapse import Derived

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CategoryOrder", "Curve", "Decision", "DecisionShare", "Multiverse", "OptionSummary", "PairOrder", "RuleWinner",
    "Specification",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """One choice that has to be made; the first of `options` is the default, `titles` are the options in print."""

    name: str
    title: str
    options: tuple[str, ...]
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """One way through all decisions, and the order of the methods under it.

    Attributes
    ----------
    id : position, the default specification is 0.
    options : decision -> option.
    order : methods from first to last; those that it cannot rank are not in it.
    ranks, scores : by method (`Multiverse.methods_compared`); None where it has no rank. Tied methods share the mean
        rank. Scores are higher for better methods and comparable within one specification only.
    reason : why there is no order, empty where there is one.
    """

    id: int
    options: dict[str, str]
    order: tuple[str, ...] = ()
    ranks: tuple[float | None, ...] = ()
    scores: tuple[float | None, ...] = ()
    reason: str = ""

    @property
    def feasible(self) -> bool:
        """Whether it gives an order."""
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The ranks of one method over the specifications that rank all methods.

    Attributes
    ----------
    method, category : whose they are.
    default : rank under the default specification; None where that ranks it not.
    best, median, worst : over the specifications that rank all methods (of all, where none does).
    first : share of them in which it is first, ties shared.
    n : their number; ranked : specifications that rank it at all.
    refs : sources of its values.
    """

    method: str
    category: str | None
    default: float | None
    best: float | None
    median: float | None
    worst: float | None
    first: float
    n: int
    ranked: int
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSummary:
    """What one option of a decision does.

    Attributes
    ----------
    decision, option, title : which.
    n, n_feasible, n_full : specifications with it, those with an order, and those that rank every method.
    leader, share : who is first most often in the latter (``A = B`` where they are level), and in how many of them,
        ties shared; empty and None without any.
    """

    decision: str
    option: str
    title: str
    n: int
    n_feasible: int
    n_full: int
    leader: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOrder:
    """How often one method is ahead of another, over the specifications that rank both; ties count half.

    Attributes
    ----------
    share : of the specifications in which `above` is ahead; None where no specification ranks both.
    n : specifications that rank both.
    columns, studies : metrics on the same data that both have a value of, and the studies behind these values.
    """

    above: str
    below: str
    share: float | None
    n: int
    columns: int
    studies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionShare:
    """How much of the variance of ranks one decision explains.

    Attributes
    ----------
    share : Shapley value of R² over all methods; alone : R² of the decision by itself.
    by_method : share for each method, in the order of `Multiverse.methods_compared`.
    """

    decision: str
    share: float
    alone: float
    by_method: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWinner:
    """Who is first under one rule, everything else at its default; `reason` where nobody is."""

    rule: str
    first: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryOrder:
    """One order of the categories by the mean rank of their methods, and how often it came."""

    order: tuple[str, ...]
    n: int
    share: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Multiverse(Result):
    """Every specification, and what all of them say together.

    Attributes
    ----------
    title : what was ranked.
    methods_compared, categories : the methods in alphabetical order, and the category of each.
    decisions : the decisions in the order in which specifications name them.
    specifications : all of them, those without an order included.
    curves, pairs, options, shares, winners, category_orders : summaries; see their classes.
    unexplained : share of the variance of ranks that no decision explains by itself: interaction.
    n_feasible, n_full : specifications with an order, and those of them that rank every method.
    derived : cells that were converted from a redundant metric.
    verdict : one sentence, made from the numbers.
    """

    title: str = ""
    methods_compared: tuple[str, ...] = ()
    categories: tuple[str | None, ...] = ()
    decisions: tuple[Decision, ...] = ()
    specifications: tuple[Specification, ...] = ()
    curves: tuple[Curve, ...] = ()
    pairs: tuple[PairOrder, ...] = ()
    options: tuple[OptionSummary, ...] = ()
    shares: tuple[DecisionShare, ...] = ()
    winners: tuple[RuleWinner, ...] = ()
    category_orders: tuple[CategoryOrder, ...] = ()
    unexplained: float | None = None
    n_feasible: int = 0
    n_full: int = 0
    derived: tuple[Derived, ...] = ()
    verdict: str = ""

    def decision(self, name: str) -> Decision:
        """Return a decision by name.

        Raises
        ------
        UnknownName
            If there is none.
        """
        for decision in self.decisions:
            if decision.name == name:
                return decision
        raise UnknownName("decision", name, (decision.name for decision in self.decisions))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per specification: its options, its order, and a reason where it has none."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"id": one.id, **one.options, "order": " > ".join(one.order), "reason": one.reason}
                for one in self.specifications
            ],
            columns=["id", *(decision.name for decision in self.decisions), "order", "reason"],
        )

    def summary(self) -> str:
        """Return the verdict, the curves, the shares of the decisions, then what was dropped and what weakens them."""
        lines = [self.verdict, "", f"{len(self.specifications)} specifications, {self.n_feasible} with an order, "
                 f"{self.n_full} of all methods", ""] if self.specifications else []  # fmt: skip
        rows: list[tuple[str, ...]] = [("method", "default", "best", "median", "worst", "first")]
        rows += [(c.method, *map(_rank, (c.default, c.best, c.median, c.worst)), f"{c.first:.0%}") for c in self.curves]
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        if self.curves:
            lines += [
                "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
            ]
        if self.shares:
            lines += ["", "variance of ranks by decision:"]
            lines += [f"  {self.decision(part.decision).title}: {part.share:.0%}" for part in self.shares]
            lines += [f"  interaction of decisions: {self.unexplained:.0%}"] if self.unexplained is not None else []
        lines += ["", f"k = {self.k_used} of {self.k_in}", *(f"dropped: {row}" for row in self.dropped)]
        return "\n".join([*lines, *(f"warning: {text}" for text in self.warnings)]).strip("\n")


def _rank(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
