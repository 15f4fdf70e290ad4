"""Rules that turn a table into one score per method: pure functions on arrays, higher scores better.

Every rule takes ``values`` of shape (..., m, c), oriented so that higher is better and NaN where a cell is missing,
``weights`` of shape (..., c), which say how often each column counts (a bootstrap replicate is a row of weights), and
``groups`` (c,), the data set of each column. It returns scores (..., m), NaN for a method that the rule cannot score:
one without a cell, or without anything to compare with. `RULES` is the registry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from metareview.errors import UnknownName
from metareview.stats.benchmark.ranking.additive import additive
from metareview.stats.benchmark.ranking.bradley_terry import bradley_terry
from metareview.stats.benchmark.ranking.pairs import by_group, majority, margins
from metareview.stats.benchmark.ranking.places import places

__all__ = ["RULES", "Rule", "borda", "dominance", "find_rule", "mean", "mean_rank", "win_rate", "z_score"]

Array = NDArray[np.float64]
Groups = NDArray[np.int64]
Scoring = Callable[[Array, Array, Groups], Array]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes
    ----------
    name, title, source : identifier, what it is in print, and where it is defined.
    scores : the function.
    metric_scale : whether it adds up values of different columns, so that their scales must agree.
    connects : whether it estimates from indirect comparisons, and so needs a connected table.
    gaps : whether it is made for tables with gaps; others average what is there when told ``available``.
    bounds : family whose rank bounds it has on a filled table (see `bounds`).
    sign : -1 where the score in print is smaller for better methods.
    """

    name: str
    title: str
    source: str
    scores: Scoring
    bounds: Literal["mean", "flat", "two-level", "majority", "z"]
    metric_scale: bool = False
    connects: bool = False
    gaps: bool = False
    sign: int = 1


def combine(parts: Array, weights: Array) -> Array:
    """Return the sums over columns ``sum_c w_c x_ic`` (..., m) of parts (..., m, c); missing parts count nothing."""
    filled = np.where(np.isfinite(parts), parts, 0.0)
    if filled.ndim == 2:
        return np.asarray(weights @ filled.T)
    return np.asarray((filled @ weights[..., None])[..., 0])


def averaged(parts: Array, weights: Array) -> Array:
    """Return the weighted mean over the columns where a method has a part; NaN where it has none."""
    number = combine(np.where(np.isfinite(parts), 1.0, np.nan), weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(number > 0, combine(parts, weights) / number, np.nan))


def compared(values: Array) -> tuple[Array, Array]:
    """Return the values of columns with two methods or more, NaN elsewhere, and the number of methods (..., 1, c)."""
    number = np.isfinite(values).sum(axis=-2, keepdims=True).astype(float)
    return np.where(number > 1, values, np.nan), number


def mean(values: Array, weights: Array, groups: Groups) -> Array:
    """Mean of the values that are there, column by column. What many published tables do."""
    return averaged(values, weights)


def win_rate(values: Array, weights: Array, groups: Groups) -> Array:
    """Share of its head-to-head comparisons that a method wins, ties half: wins over comparisons, over all columns.

    Source: HELM's win rate (Liang et al. 2023, Holistic Evaluation of Language Models, TMLR), pooled over
    comparisons instead of averaged over columns, so that a column of two methods does not weigh like one of twenty.
    """
    inside, number = compared(values)
    beaten = number - places(inside, axis=-2, ties="mean")
    chances = np.where(np.isfinite(beaten), number - 1, np.nan)
    rivals = combine(chances, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(rivals > 0, combine(beaten, weights) / rivals, np.nan))


def borda(values: Array, weights: Array, groups: Groups) -> Array:
    """Two-level Borda: share of the others beaten, averaged over the columns of a data set, then over data sets.

    Source: Borda 1781, Mémoire sur les élections au scrutin; in two levels after Colombo, Noiry, Irurozki & Clémençon
    2022, What are the best systems? New perspectives on NLP benchmarking, NeurIPS. Points are shares of
    the methods present, so that a column run by few gives no more than one run by many.
    """
    inside, number = compared(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (number - places(inside, axis=-2, ties="mean")) / (number - 1)
    reduced = by_group(weights, groups)
    if share.ndim == 2 and reduced is not None:  # data sets drawn as wholes: the mean within each is always the same
        within = [
            averaged(share[:, groups == group], np.ones(int((groups == group).sum()))) for group in np.unique(groups)
        ]
        return averaged(np.stack(within, axis=-1), reduced)
    total = norm = np.zeros(())
    for group in range(int(groups.max(initial=-1)) + 1):
        own = groups == group
        level = averaged(share[..., own], weights[..., own])
        weight = np.where(np.isfinite(level), weights[..., own].mean(axis=-1)[..., None], 0.0)
        total = total + weight * np.where(np.isfinite(level), level, 0.0)
        norm = norm + weight
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(norm > 0, total / norm, np.nan))


def mean_rank(values: Array, weights: Array, groups: Groups) -> Array:
    """Mean of the ranks within columns, ties sharing the mean rank; negative, so that higher is better.

    Source: Friedman 1937, J Am Stat Assoc 32:675-701; Demšar 2006, JMLR 7:1-30, section 3.2.2.
    """
    inside, _ = compared(values)
    return -averaged(places(inside, axis=-2, ties="mean"), weights)


def z_score(values: Array, weights: Array, groups: Groups) -> Array:
    """Mean of ``(x - column mean) / column SD`` over the methods present (divisor n - 1); 0 in a constant column."""
    inside, number = compared(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        filled = np.where(np.isfinite(inside), inside, 0.0)
        centred = inside - filled.sum(axis=-2, keepdims=True) / number
        squares = np.where(np.isfinite(centred), centred, 0.0) ** 2
        spread = np.sqrt(squares.sum(axis=-2, keepdims=True) / (number - 1))
        flat = spread <= 1e-12 * np.maximum(1.0, np.abs(filled).max(axis=-2, keepdims=True, initial=0.0))
        scaled = np.where(flat & np.isfinite(centred), 0.0, centred / spread)
    return averaged(scaled, weights)


def dominance(values: Array, weights: Array, groups: Groups) -> Array:
    """Copeland's score: opponents beaten in most shared columns, minus opponents lost to.

    A pair that shares no column counts nothing. Not divided by the number of opponents: adding a method that all
    beat then adds one to every score and changes no order.

    Source: Copeland 1951, A reasonable social welfare function; Condorcet-consistent (Fishburn 1977, SIAM J Appl
    Math 33:469-489, C1 functions).
    """
    score: Array = majority(margins(values, weights, groups))
    alone = combine(np.where(np.isfinite(compared(values)[0]), 1.0, np.nan), weights) <= 0
    return np.where(alone, np.nan, score)


_RULES = (
    Rule("mean", "mean", "arithmetic mean of the values", mean, "mean", metric_scale=True),
    Rule("win-rate", "win rate", "wins over head-to-head comparisons, ties half (after HELM)", win_rate, "flat",
         gaps=True),
    Rule("bradley-terry", "Bradley-Terry", "Bradley & Terry 1952, ties after Davidson 1970", bradley_terry, "flat",
         connects=True, gaps=True),
    Rule("additive", "additive model", "two-way layout of methods and columns, fixed column effects", additive, "mean",
         metric_scale=True, connects=True, gaps=True),
    Rule("borda", "two-level Borda", "Borda; two levels after Colombo et al. 2022", borda, "two-level"),
    Rule("mean-rank", "mean rank", "Friedman 1937; Demšar 2006", mean_rank, "flat", sign=-1),
    Rule("z-score", "z score", "mean of standardised values", z_score, "z"),
    Rule("dominance", "dominance", "Copeland 1951", dominance, "majority", gaps=True),
)  # fmt: skip

#: Every rule by name.
RULES: dict[str, Rule] = {rule.name: rule for rule in _RULES}


def find_rule(name: str) -> Rule:
    """Return a rule by name.

    Raises
    ------
    UnknownName
        If there is none.
    """
    if name not in RULES:
        raise UnknownName("rule", name, RULES)
    return RULES[name]
