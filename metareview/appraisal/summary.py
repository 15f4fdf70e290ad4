"""Shares of judgements per item: each study counts once, or as much as a synthesis weights it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

from metareview.appraisal.lights import AppraisalResult, Light, compute_appraisal
from metareview.results import Dropped, Result
from metareview.schema.review import ReviewSpec
from metareview.schema.tool import ToolSpec
from metareview.schema.toolbox import find_tool
from metareview.stats.benchmark.rows import ALL, Tables, frame_of, in_corpus, records

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NOT_JUDGED", "STUDIES", "AppraisalSummary", "Share", "compute_summary", "shares", "synthesis_weights"]

#: Weighting in which each study counts once.
STUDIES = "studies"
#: Judgement of studies that have none on an item.
NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The share of one judgement on one item.

    Attributes
    ----------
    tool, tool_title, item, heading : the item.
    weights, weights_title : ``studies``, or the id and title of the synthesis whose weights count.
    judgement, label, role : the judgement, ``not judged`` for studies without one.
    n : studies with it; of : studies that count.
    share : its share of the studies, or of the weight.
    """

    tool: str
    tool_title: str
    item: str
    heading: str
    weights: str
    weights_title: str
    judgement: str
    label: str
    role: str
    n: int
    of: int
    share: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AppraisalSummary(Result):
    """Shares by tool, weighting, item and judgement; those of an item and weighting add up to 1.

    Unweighted shares are over the included studies of the corpus, weighted ones over the studies of the synthesis,
    judged or not: shares of those judged alone would flatter where only what is good was told. Counts are of
    judgements (`k_used`) and of open items (`dropped`) of the studies that a tool was used on.
    """

    rows: tuple[Share, ...] = ()
    corpus: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per tool, weighting, item and judgement."""
        return frame_of(self.rows, Share)


def compute_summary(tables: Tables, spec: ReviewSpec) -> AppraisalSummary:
    """Return the shares of judgements, of studies and by the weights of each declared synthesis."""
    found = compute_appraisal(tables, spec)
    if not found.rows:
        return AppraisalSummary()
    corpus = spec.appraisal.corpus or spec.primary_corpus or ALL
    members = [row["study_id"] for row in in_corpus(records(tables, "studies"), corpus)[0]]
    even = {study: 1 / len(members) for study in members}
    weightings: dict[str, tuple[str, Mapping[str, float]]] = {STUDIES: ("each study counts once", even)}
    warnings = []
    for declared in spec.syntheses:
        weights = synthesis_weights(tables, spec, declared.id)
        if len(weights) > 1:
            weightings[declared.id] = (declared.title, weights)
        else:
            why = "pools one study" if weights else "has no weights"
            warnings.append(f"synthesis {declared.id} {why}, so there are no shares by its weights")
    rows = [row for key, (title, weights) in weightings.items() for row in shares(found, spec, key, title, weights)]
    lost = tuple(
        Dropped(f"{row.study_id}, {row.tool} {row.item}", row.reason) for row in found.rows if row.judgement is None
    )
    return AppraisalSummary(
        rows=tuple(rows), k_in=len(found.rows), k_used=len(found.rows) - len(lost), dropped=lost,
        warnings=tuple(warnings), methods=found.methods[:1], corpus=corpus,
    )  # fmt: skip


def synthesis_weights(tables: Tables, spec: ReviewSpec, name: str) -> dict[str, float]:
    """Return the share of weight of each study in a synthesis; a contrast gives its weight to the first arm's study."""
    from metareview.stats.declared.run import compute_synthesis

    out: dict[str, float] = {}
    for row in compute_synthesis(tables, spec, name).rows:
        if row.weight is not None:
            out[row.study_id] = out.get(row.study_id, 0.0) + row.weight
    total = sum(out.values())
    return {study: weight / total for study, weight in out.items()} if total > 0 else {}


def shares(
    found: AppraisalResult, spec: ReviewSpec, weights: str, title: str, given: Mapping[str, float]
) -> list[Share]:
    """Return the shares of every judgement of every item under one weighting.

    Parameters
    ----------
    found : the judgements.
    weights, title : id and title of the weighting.
    given : weight by study, adding up to 1. Of a tool that judged none of these studies nothing is returned.
    """
    groups: dict[tuple[str, str], dict[str, Light]] = {}
    for row in found.rows:
        groups.setdefault((row.tool, row.item), {})[row.study_id] = row
    out = []
    for (tool, item), lights in groups.items():
        if any(study in lights for study in given):
            out += _shares_of(find_tool(tool, spec), item, lights, given, (weights, title))
    return out


def _shares_of(
    tool: ToolSpec, item: str, lights: Mapping[str, Light], studies: Mapping[str, float], weights: tuple[str, str]
) -> list[Share]:
    any_light = next(iter(lights.values()))
    spec_item = tool.item(item)
    scale = tool.scale_of(spec_item) if spec_item else None
    levels = {level.id: (level.label, str(level.role)) for level in scale.levels} if scale else {}
    order = {**levels, NOT_JUDGED: (NOT_JUDGED, "")}
    said = {study: (lights[study].judgement if study in lights else None) or NOT_JUDGED for study in studies}
    out = []
    for name, (label, role) in order.items():
        members = [study for study, judgement in said.items() if judgement == name]
        if members:
            out.append(Share(
                tool=tool.id, tool_title=tool.title, item=item, heading=any_light.heading, weights=weights[0],
                weights_title=weights[1], judgement=name, label=label, role=role, n=len(members), of=len(studies),
                share=min(fsum(studies[study] for study in members), 1.0),
            ))  # fmt: skip
    return out
