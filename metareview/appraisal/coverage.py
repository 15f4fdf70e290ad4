"""Which items could be judged, for how many studies, and which for none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.appraisal.lights import compute_appraisal
from metareview.results import Result
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.rows import ALL, Tables, frame_of, in_corpus, records
from metareview.stats.quality import tools_in_use

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AppraisalCoverage", "Covered", "compute_coverage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One judged item of one tool.

    Attributes
    ----------
    tool, tool_title, heading_of, item, heading, text : the item, and the domain or heading it stands under.
    n, of : studies of the corpus that have a judgement on it, and studies of the corpus.
    outside : studies of other bodies that have one.
    levels : how many studies have each judgement, in the tool's words.
    """

    tool: str
    tool_title: str
    heading_of: str
    item: str
    heading: str
    text: str
    n: int
    of: int
    outside: int = 0
    levels: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AppraisalCoverage(Result):
    """One row per judged item of every tool in use; counts are of included studies of the corpus."""

    rows: tuple[Covered, ...] = ()
    corpus: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per item."""
        return frame_of(self.rows, Covered, levels=["; ".join(f"{k}: {n}" for k, n in row.levels) for row in self.rows])


def compute_coverage(tables: Tables, spec: ReviewSpec) -> AppraisalCoverage:
    """Count the studies of the corpus that each item could be judged for."""
    corpus = spec.appraisal.corpus or spec.primary_corpus or ALL
    members, dropped = in_corpus(records(tables, "studies"), corpus)
    ids = {row["study_id"] for row in members}
    found = compute_appraisal(tables, spec)
    rows = []
    for tool in tools_in_use(tables, spec):
        for item in tool.judged:
            lights = [row for row in found.rows if (row.tool, row.item) == (tool.id, item.id) and row.judgement]
            own = [row for row in lights if row.study_id in ids]
            scale = tool.scale_of(item)
            counts = [(level, sum(row.judgement == level for row in own)) for level in (scale.ids if scale else ())]
            home = tool.item(item.domain)
            rows.append(Covered(
                tool=tool.id, tool_title=tool.title, heading_of=(home.short or home.text) if home else "",
                item=item.id, heading=item.short or item.id, text=item.text, n=len(own), of=len(ids),
                outside=len(lights) - len(own), levels=tuple((level, n) for level, n in counts if n),
            ))  # fmt: skip
    return AppraisalCoverage(
        rows=tuple(rows), corpus=corpus, k_in=len(members) + len(dropped), k_used=len(members), dropped=tuple(dropped)
    )
