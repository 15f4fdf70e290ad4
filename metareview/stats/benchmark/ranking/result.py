"""What a ranking answers: everything a table or figure needs, so that it redraws without ranking again."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from metareview.results import Result
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.ranking.coverage import Coverage
from metareview.stats.benchmark.ranking.significance import Significance
from metareview.stats.benchmark.rows import frame_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ColumnPlaces", "MethodRank", "PairRank", "Ranking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRank:
    """One method.

    Attributes
    ----------
    method, category : who.
    rank : 1 is best, ties share the smallest; None for a method that the rule cannot score, and `note` says why.
    mid_rank : ties share the mean.
    tied : whether others have the same rank.
    score : as the rule prints it (the mean rank is better when smaller).
    rank_low, rank_high : best and worst rank over all fillings of missing cells within the ranges of their metrics.
    low_exact, high_exact : whether a filling is known that reaches them; the bounds hold in either case.
    ci_low, ci_high : percentile interval of bootstrap ranks.
    sim_low, sim_high : rank interval that holds for all methods at once.
    p_best : share of replicates in which it is best.
    replicates : replicates that enter its interval: those that rank every method.
    shares : share of them at rank 1, 2, …
    k, possible : cells it has, and columns there are.
    studies : how many studies its cells are of.
    refs : sources of its cells.
    """

    method: str
    category: str | None = None
    rank: int | None = None
    mid_rank: float | None = None
    tied: bool = False
    score: float | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    low_exact: bool = False
    high_exact: bool = False
    ci_low: int | None = None
    ci_high: int | None = None
    sim_low: int | None = None
    sim_high: int | None = None
    p_best: float | None = None
    replicates: int = 0
    shares: tuple[float, ...] = ()
    k: int = 0
    possible: int = 0
    studies: int = 0
    note: str = ""
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True)
class PairRank:
    """Two methods, the better ranked first: what they share, and how it went.

    Attributes
    ----------
    columns : units of replication where all cells have the same ones, else columns that both have.
    improvement : probability of improvement, the share of these in which the first is better, ties half.
    p_above : share of replicates in which the first scores higher, ties half.
    """

    first: str
    second: str
    columns: int
    wins: int
    ties: int
    losses: int
    improvement: float | None
    p_above: float | None


@dataclass(frozen=True, slots=True)
class ColumnPlaces:
    """A column with the value and the place of every method, in the order of `Ranking.ranked`; None where missing."""

    key: str
    dataset: str
    rule: str
    direction: int
    values: tuple[float | None, ...]
    places: tuple[float | None, ...]
    refs: tuple[tuple[SourceRef, ...], ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ranking(Result):
    """A ranking with what it rests on. Counts are of the values offered to the cube.

    Attributes
    ----------
    id, title : of the declaration; empty where there is none.
    rule, missing, transform : how it was made.
    coverage : of the whole cube, before the missing policy.
    ranked : the methods by rank, then name.
    unranked : methods that the policy left out, with the reason in `dropped` or `warnings`.
    columns : what they competed on.
    blocks : the same by unit of replication (image, seed), where every cell has the same ones; else empty.
    pairs : every pair of ranked methods.
    unit, n_boot, clusters, seed, level : of the bootstrap; `n_boot` is 0 where there is none, and a warning says why.
    apart : replicates in which the table fell apart.
    used : replicates that rank every method; intervals are of these.
    bounds_note : how the bounds were found, or why there are none.
    significance : tests, where the design is complete.
    notes : of the declaration.
    """

    id: str = ""
    title: str = ""
    rule: str = ""
    rule_title: str = ""
    missing: str = ""
    transform: str = "identity"
    coverage: Coverage = field(default_factory=lambda: Coverage(0, 0, 0, 0, ()))
    ranked: tuple[MethodRank, ...] = ()
    unranked: tuple[str, ...] = ()
    columns: tuple[ColumnPlaces, ...] = ()
    blocks: tuple[ColumnPlaces, ...] = ()
    pairs: tuple[PairRank, ...] = ()
    unit: str = "none"
    n_boot: int = 0
    clusters: int = 0
    apart: int = 0
    used: int = 0
    seed: int = 0
    level: float = 0.95
    bounds_note: str = ""
    significance: Significance = field(default_factory=Significance)
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the methods, one row each."""
        frame = frame_of(self.ranked, MethodRank)
        return frame.drop(columns=["shares", "note"], errors="ignore")

    def order(self) -> tuple[str, ...]:
        """Return the methods from the best to the worst."""
        return tuple(entry.method for entry in self.ranked)

    def contract(self) -> dict[str, Any]:
        """Return what ``metareview rank --json`` prints: plain values, null where a number does not exist."""
        keep = {"refs", "shares"}
        return {
            "rule": self.rule, "missing": self.missing, "transform": self.transform,
            "coverage": {"filled": self.coverage.filled, "possible": self.coverage.possible,
                         "pairs_compared": self.coverage.pairs_compared, "pairs": self.coverage.pairs,
                         "articulation_methods": list(self.coverage.articulation_methods),
                         "articulation_columns": list(self.coverage.articulation_columns),
                         "single_columns": list(self.coverage.single_columns),
                         "redundant": list(self.coverage.redundant)},
            "components": [list(part) for part in self.coverage.components],
            "methods": [
                {key: getattr(entry, key) for key in entry.__dataclass_fields__ if key not in keep}
                for entry in self.ranked
            ],
            "unranked": list(self.unranked),
            "pairs": [asdict(pair) for pair in self.pairs],
            "columns": [column.key for column in self.columns],
            "bootstrap": {"unit": self.unit, "n_boot": self.n_boot, "clusters": self.clusters, "seed": self.seed,
                          "level": self.level, "apart": self.apart, "used": self.used},
            "significance": asdict(self.significance), "bounds_note": self.bounds_note,
            "how": list(self.methods), "warnings": list(self.warnings),
            "dropped": [str(row) for row in self.dropped], "k_in": self.k_in, "k_used": self.k_used,
        }  # fmt: skip
