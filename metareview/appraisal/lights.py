"""The judgement that stands for each study and item: what a traffic-light plot shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.results import Result
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.schema.tool import Item, Role, ToolSpec
from metareview.stats.benchmark.rows import Tables, frame_of, natural
from metareview.stats.quality import Agreed, agreed_judgements, raters_of, tools_in_use

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AppraisalResult", "Light", "compute_appraisal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """One study on one item.

    Attributes
    ----------
    tool, tool_title, item, heading, text, kind : what is judged, in print.
    study_id : the study.
    judgement, label, role : the word of the tool, its name in print, and what it means; None and empty where none.
    how : consensus, raters agree, one rater, or rule.
    ratings : what each rater said.
    reason : why there is no judgement.
    support, refs : what it rests on.
    """

    tool: str
    tool_title: str
    item: str
    heading: str
    text: str
    kind: str
    study_id: str
    judgement: str | None
    label: str = ""
    role: Role | str = ""
    how: str = ""
    ratings: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    support: str = ""
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AppraisalResult(Result):
    """Judgements of every appraised study on every judged item; counts are rows of ``appraisal.csv``.

    Attributes
    ----------
    rows : by tool, study and item.
    tools : title, version and sources of each tool.
    tool_notes : what a reader of its judgements must know.
    """

    rows: tuple[Light, ...] = ()
    tools: tuple[str, ...] = ()
    tool_notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per tool, study and item."""
        return frame_of(self.rows, Light)


def compute_appraisal(tables: Tables, spec: ReviewSpec) -> AppraisalResult:
    """Return what stands for each study: the consensus, what raters agree on, or what follows by rule."""
    found = raters_of(tables, spec)
    tools = tools_in_use(tables, spec)
    rows = [
        light(tool, one)
        for tool in tools
        for (name, study), sheets in sorted(found.sheets.items(), key=lambda entry: natural(entry[0][1]))
        if name == tool.id
        for one in agreed_judgements(tool, study, sheets)
    ]
    open_ = sum(row.reason.startswith("raters differ") for row in rows)
    return AppraisalResult(
        rows=tuple(rows),
        tools=tuple(
            f"{tool.title}, version {tool.version}: {'; '.join(s.rstrip('.') for s in tool.sources)}" for tool in tools
        ),
        tool_notes=tuple(f"{tool.title}: {note}" for tool in tools for note in tool.notes),
        methods=tuple(_methods(tools)) if rows else (),
        k_in=found.used + len(found.dropped),
        k_used=found.used,
        dropped=found.dropped,
        warnings=(f"raters differ and have no consensus on {open_} judgements; those stay open",) if open_ else (),
    )


def _methods(tools: tuple[ToolSpec, ...]) -> list[str]:
    said = ["a consensus row counts first, else what all raters of the item say"]
    said += [f"{t.title}: domains without a judgement follow from the answers" for t in tools if _algorithmic(t)]
    for tool in tools:
        for item in tool.judged:
            if item.overall is not None and item.overall.rule == "worst":
                said.append(f"{tool.title}, {_heading(item)}: the worst of {', '.join(item.overall.of)}")
            elif item.overall is not None:
                said.append(f"{tool.title}, {_heading(item)}: no rule ({item.overall.reason})")
        if not any(item.overall for item in tool.items):
            said.append(f"{tool.title}: no overall judgement, because the tool has none")
    return said


def _algorithmic(tool: ToolSpec) -> bool:
    return any(item.algorithm for item in tool.items)


def _heading(item: Item) -> str:
    return item.short or item.id


def light(tool: ToolSpec, one: Agreed) -> Light:
    """Return an agreed judgement with everything a table or plot shows of it."""
    item = tool.item(one.item)
    if item is None:
        raise KeyError(one.item)
    scale = tool.scale_of(item)
    level = scale.level(one.judgement) if scale and one.judgement else None
    return Light(
        tool=tool.id, tool_title=tool.title, item=item.id, heading=_heading(item), text=item.text, kind=item.kind,
        study_id=one.study_id, judgement=one.judgement, label=level.label if level else "",
        role=level.role if level else "", how=one.how, ratings=one.ratings, reason=one.reason, support=one.support,
        refs=one.refs,
    )  # fmt: skip
