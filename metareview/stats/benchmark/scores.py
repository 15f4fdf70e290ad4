"""The score table: every result joined with its experiment and study, and what may not enter, with the reason.

All statistics of this room read scores through `score_table`, so that one rule decides for all of them which rows
count: the level, the corpus, the convention, and whether a row is already contained in another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["Level", "Score", "ScoreTable"]

Level = Literal["cell", "study_mean", "range_low", "range_high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One result with what its experiment and study say of it.

    Attributes
    ----------
    experiment_id, study_id, authors, method, setting : whose score it is; text that is not stated is empty.
    category : of the experiment where it names one, otherwise of the study; empty where neither does.
    dataset_id : the data set, empty for a mean over several, which `datasets` then lists as far as they are known.
    target, split : what was segmented, and on which part of the data.
    metric, convention, level, unit : key of the score; `unit` is empty for an aggregate.
    value : on the scale of the vocabulary (percentages are proportions).
    sd, sd_ddof, se, ci_low, ci_high, n, n_of : as stated with it; None where not.
    origin : reported, re-reported, recomputed, rerun.
    uncertain, note : whether the reading is inferred, and why.
    file, line, source_id, locator, printed : the way back to the document.
    """

    experiment_id: str
    study_id: str
    authors: str = ""
    method: str = ""
    setting: str = ""
    category: str = ""
    dataset_id: str = ""
    datasets: tuple[str, ...] = ()
    target: str = ""
    split: str = ""
    metric: str
    convention: str = "unstated"
    level: Level = "cell"
    unit: str = ""
    value: float
    sd: float | None = None
    sd_ddof: int | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    n: int | None = None
    n_of: str = ""
    origin: str = "reported"
    uncertain: bool = False
    file: str = ""
    line: int = 0
    source_id: str = ""
    locator: str = ""
    printed: str = ""
    note: str = ""

    @property
    def ref(self) -> SourceRef:
        """The way back to the document."""
        return SourceRef(
            self.file, self.line, self.source_id, self.locator, self.printed, self.uncertain, self.note
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScoreTable(Result):
    """Scores that may enter a statistic together, and the rows that may not, with reasons.

    Attributes
    ----------
    rows : the scores, in the order of ``results.csv``.
    levels : the levels that were let in.
    corpus : only results printed in this document; empty for all.
    """

    rows: tuple[Score, ...] = ()
    levels: tuple[Level, ...] = ("cell",)
    corpus: str = ""
