"""Whether the judgements of ``appraisal.csv`` are judgements of the tool that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from metareview.errors import did_you_mean
from metareview.ingest.cells import clean
from metareview.ingest.crossrows import Tables
from metareview.ingest.problems import Problem, Problems
from metareview.ingest.tables import ParsedTable
from metareview.schema.review import ReviewSpec
from metareview.schema.tool import CONSENSUS, Item, ToolSpec, proposals
from metareview.schema.toolbox import shipped_tools

__all__ = ["check_appraisal"]

#: One rater's sheet of one study: row and judgement by item.
Sheet = dict[str, tuple[int, str]]


def check_appraisal(tables: Tables, spec: ReviewSpec | None, problems: Problems) -> None:
    """Report tools, items and judgements that there are not, and judgements that a tool's rules do not allow."""
    known = {**shipped_tools(), **{tool.id: tool for tool in (spec.tools if spec else ())}}
    if spec is not None:
        _check_named(spec, known, problems)
    table = tables.get("appraisal")
    columns = ("study_id", "tool", "item", "rater", "judgement")
    if table is None or not set(columns) <= set(table.raw.columns):
        return
    sheets: dict[tuple[str, str, str], Sheet] = {}
    for row in np.flatnonzero(table.good(*columns)).tolist():
        study, name, item, rater, judgement = (clean(table.raw.text(row, column)) for column in columns)
        tool = known.get(name)
        if tool is None:
            hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
            _report(table, row, "tool", "a tool ships with the package or is a file of tools/", hint, problems)
        elif _check_judgement(table, row, tool, item, judgement, problems):
            sheets.setdefault((name, study, rater), {})[item] = (row, judgement)
    for (name, study, rater), sheet in sheets.items():
        agreed = rater == CONSENSUS and any(other != rater for t, s, other in sheets if (t, s) == (name, study))
        _check_rules(table, known[name], sheet, problems, complete=not agreed)


def _check_named(spec: ReviewSpec, known: Mapping[str, ToolSpec], problems: Problems) -> None:
    """Report tools and items that ``review.yaml`` names and that there are not."""
    places: list[tuple[str, str, str | None]] = [
        (f"appraisal.tools.{at}", name, None) for at, name in enumerate(spec.appraisal.tools)
    ]
    places += [(f"syntheses.{s.id}.quality", s.quality.tool, s.quality.item) for s in spec.syntheses if s.quality]
    places += [(f"rankings.{r.id}.quality", r.quality.tool, r.quality.item) for r in spec.rankings if r.quality]
    for key, name, item in places:
        tool = known.get(name)
        found, names = (name, list(known)) if tool is None else (item or "", [i.id for i in tool.judged])
        if tool is None or (item is not None and item not in names):
            what = "the tool is known" if tool is None else f"it is a judged item of {name}"
            remedy = did_you_mean(found, names) or f"known: {', '.join(names)}"
            problems.add(Problem("review.yaml", None, key, None, found, what, remedy))
        elif item is None and tool.main is None and not key.startswith("appraisal"):
            remedy = f"name its item: {', '.join(names)}"
            rule = f"{tool.title} has no overall judgement by rule, so the item is named"
            problems.add(Problem("review.yaml", None, key, None, name, rule, remedy))


def _report(table: ParsedTable, row: int, column: str, rule: str, remedy: str, problems: Problems) -> None:
    table.raw.report(problems, [row], column, rule, remedy)


def _check_judgement(
    table: ParsedTable, row: int, tool: ToolSpec, name: str, judgement: str, problems: Problems
) -> bool:
    item = tool.item(name)
    if item is None or item.kind == "heading":
        names = [i.id for i in tool.items if i.kind != "heading"]
        hint = did_you_mean(name, names) or f"metareview appraise show {tool.id} lists them"
        _report(table, row, "item", f"the item is one of {tool.title}", hint, problems)
        return False
    scale = tool.scale_of(item)
    if scale is None or judgement in scale.ids:
        return True
    hint = did_you_mean(judgement, scale.ids) or "write one of them"
    rule = f"{tool.title}, {name} is judged {', '.join(scale.ids)}"
    _report(table, row, "judgement", rule, hint, problems)
    return False


def _check_rules(table: ParsedTable, tool: ToolSpec, sheet: Sheet, problems: Problems, *, complete: bool) -> None:
    """Report overall judgements against the rule, and domains judged otherwise than proposed without a reason.

    `complete` is false for a consensus that holds only what raters disagreed on: the rest of the sheet is theirs.
    """
    said = {name: judgement for name, (_, judgement) in sheet.items()}
    proposed = proposals(tool, said)
    for item, row, judgement in _judged(tool, sheet):
        rule = proposed.get(item.id)
        if rule is None or rule.judgement in (None, judgement):
            continue
        if item.kind == "overall":
            if complete and not tool.may_state(item, judgement, said):
                text = f"by the rule of {tool.title} the judgements of {', '.join(_of(item))} make it {rule.judgement}"
                _report(table, row, "judgement", text, "correct it, or one of them", problems)
        elif not any(clean(table.raw.text(row, column)) for column in ("support", "note")):
            text = f"a judgement other than the proposal of the algorithm ({rule.judgement}) has a reason"
            table.raw.report(
                problems, [row], "judgement", text, "say why in support or note", severity="warning"
            )  # fmt: skip


def _judged(tool: ToolSpec, sheet: Sheet) -> Iterator[tuple[Item, int, str]]:
    for item in tool.judged:
        if item.id in sheet:
            yield item, *sheet[item.id]


def _of(item: Item) -> tuple[str, ...]:
    return item.overall.of if item.overall else ()
