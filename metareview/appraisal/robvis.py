"""The table that robvis reads: one row per study, one column per domain, an overall judgement, a weight.

robvis (McGuinness & Higgins 2021, Res Syn Meth 12:55) takes ``Study, D1 … D5, Overall, Weight`` for RoB 2 and
``Study, D1 … D4, Overall, Weight`` for QUADAS-2, so applicability, for which its template has no column, stays out
(``Generic`` has room). Its generic template takes any domains and names them by their headings. It reads the first
letter of each word of a judgement, so the words written are its own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from metareview.appraisal.lights import AppraisalResult, Light
from metareview.errors import InputError
from metareview.results.formulas import neutralise
from metareview.schema.tool import Item, ToolSpec

__all__ = ["RobvisTable", "robvis_csv", "robvis_table"]

#: Written where a study has no judgement.
_NONE = "No information"


@dataclass(frozen=True, slots=True)
class RobvisTable:
    """The table, the template that reads it, and what was left out or filled in."""

    template: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def robvis_table(
    found: AppraisalResult, tool: ToolSpec, names: Mapping[str, str], *, weights: Mapping[str, float] | None = None,
    template: str | None = None,
) -> RobvisTable:  # fmt: skip
    """Return the judgements of one tool in the layout of a robvis template.

    Parameters
    ----------
    found : the judgements of the review.
    tool : the tool.
    names : what each study is called.
    weights : weight by study, for the weighted bars of robvis; each study weighs 1 without them.
    template : ROB2, QUADAS-2 or Generic; that of the tool by default.

    Raises
    ------
    InputError
        If no study has a judgement of the tool, or the template is not one for the tool.
    """
    kind = template or tool.robvis
    if kind not in ("Generic", tool.robvis):
        raise InputError(f"{tool.title} goes into the robvis template {tool.robvis} or Generic, not {kind}")
    lights = {(row.study_id, row.item): row for row in found.rows if row.tool == tool.id}
    studies = list(dict.fromkeys(study for study, _ in lights))
    if not any(light.judgement for light in lights.values()):
        raise InputError(f"no study has a judgement of {tool.title}; fill in appraisal.csv first")
    columns, overall = _columns(tool, kind)
    left = _left(tool, kind)
    notes = [f"no column for {', '.join(left)} in this template; Generic has room"] if left else []
    rows, blank = [], 0
    for study in studies:
        words = [
            _word(lights.get((study, item.id)), tool, item) for item in [*columns, *([overall] if overall else [])]
        ]
        blank += words.count(_NONE)
        if overall is None:
            words.append(_NONE)
        weight = 1.0 if weights is None else weights.get(study, 0.0)
        rows.append((neutralise(names.get(study, study)), *words, f"{weight:.9g}"))
    if blank:
        notes.append(f"{blank} cells without a judgement are written as {_NONE}, which is what robvis draws for them")
    if overall is None:
        notes.append(
            f"{tool.title} has no overall judgement: the column is filled with {_NONE}; draw with overall = FALSE"
        )
    heads = tuple(item.short or item.id for item in columns)
    ids = heads if kind == "Generic" else tuple(f"D{at}" for at in range(1, len(columns) + 1))
    return RobvisTable(kind, ("Study", *ids, "Overall", "Weight"), tuple(rows), tuple(notes))


def _columns(tool: ToolSpec, kind: str) -> tuple[list[Item], Item | None]:
    items = [item for item in tool.judged if item.kind != "overall"]
    if kind != "Generic":
        items = [item for item in items if item.kind == "domain"]
    overall = tool.main or next((item for item in tool.judged if item.kind == "overall"), None)
    return items, overall


def _left(tool: ToolSpec, kind: str) -> list[str]:
    items, overall = _columns(tool, kind)
    return [item.short or item.id for item in tool.judged if item not in items and item is not overall]


def _word(light: Light | None, tool: ToolSpec, item: Item) -> str:
    scale = tool.scale_of(item)
    level = scale.level(light.judgement) if scale and light and light.judgement else None
    return (level.robvis or _NONE) if level else _NONE


def robvis_csv(table: RobvisTable) -> str:
    """Return the table as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows(table.rows)
    return out.getvalue()
