"""Judgements of several raters -> one judgement per study and item, with how it came about.

What raters agree on, what a consensus row says, and what follows by the rules of the tool. Syntheses and rankings
select studies by it, so it stands here; tables, shares and agreement are made of it in `metareview.appraisal`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from metareview.results import Dropped
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.schema.tool import CONSENSUS, Item, ToolSpec, proposals
from metareview.schema.toolbox import find_tool, tools_of
from metareview.stats.benchmark.rows import Row, Tables, records, ref_of, text

__all__ = [
    "Agreed", "Judgements", "Sheet", "agreed_judgements", "low_risk", "raters_of", "studies_of_quality",
    "study_quality", "tools_in_use",
]  # fmt: skip

How = Literal["consensus", "raters agree", "one rater", "rule", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The judgement that stands for one study and item, or why none does.

    Attributes
    ----------
    study_id, tool, item : what is judged.
    judgement : the judgement; None where there is none.
    how : consensus row, all raters say so, the only rater says so, or by rule of the tool from other judgements.
    ratings : what each rater said, consensus left out.
    reason : why there is none.
    refs, support : what it rests on.
    """

    study_id: str
    tool: str
    item: str
    judgement: str | None
    how: How = ""
    ratings: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    refs: tuple[SourceRef, ...] = ()
    support: str = ""


#: Rows of one study, tool and rater by item.
Sheet = dict[str, Row]


@dataclass(frozen=True, slots=True)
class Judgements:
    """Everything that ``appraisal.csv`` says.

    Attributes
    ----------
    sheets : rows by (tool, study) and rater.
    used : number of rows in them.
    dropped : rows that say nothing, with the reason.
    """

    sheets: Mapping[tuple[str, str], Mapping[str, Sheet]]
    used: int
    dropped: tuple[Dropped, ...]


def raters_of(tables: Tables, spec: ReviewSpec) -> Judgements:
    """Return the sheets of all raters; rows of no known tool, item or level are dropped with the reason."""
    known = tools_of(spec)
    sheets: dict[tuple[str, str], dict[str, Sheet]] = {}
    dropped, used = [], 0
    for row in records(tables, "appraisal"):
        reason = _unusable(known.get(text(row["tool"])), row)
        if reason:
            what = f"{text(row['study_id'])}, {text(row['tool'])} {text(row['item'])}, {text(row['rater'])}"
            dropped.append(Dropped(what, reason, ref_of(row)))
            continue
        used += 1
        place = sheets.setdefault((text(row["tool"]), text(row["study_id"])), {})
        place.setdefault(text(row["rater"]), {})[text(row["item"])] = row
    return Judgements(sheets, used, tuple(dropped))


def _unusable(tool: ToolSpec | None, row: Row) -> str:
    if tool is None:
        return f"there is no tool {text(row['tool'])}"
    item = tool.item(text(row["item"]))
    scale = tool.scale_of(item) if item else None
    if scale is None:
        return f"{tool.title} has no item {text(row['item'])}"
    if scale.level(text(row["judgement"])) is None:
        return f"{text(row['judgement'])} is no judgement of {text(row['item'])}"
    return ""


def tools_in_use(tables: Tables, spec: ReviewSpec) -> tuple[ToolSpec, ...]:
    """Return the tools that ``review.yaml`` declares, then those that occur, in order."""
    known = tools_of(spec)
    names = dict.fromkeys([*spec.appraisal.tools, *(tool for tool, _ in raters_of(tables, spec).sheets)])
    return tuple(known[name] for name in names if name in known)


def agreed_judgements(tool: ToolSpec, study: str, sheets: Mapping[str, Sheet]) -> tuple[Agreed, ...]:
    """Return the judgement that stands for each judged item of one study.

    A consensus row counts before anything else; without one, what every rater says who judged the item. Domains
    without a row follow from the answers of each rater by the algorithm of the tool, and, where raters settled answers
    to the questions of a domain, from the answers that then stand; overall judgements follow from the agreed domains.

    Parameters
    ----------
    tool, study : the tool and the study.
    sheets : rows by rater and item.
    """
    said = {rater: {item: text(row["judgement"]) for item, row in sheet.items()} for rater, sheet in sheets.items()}
    filled = {rater: {**_proposed(tool, rows), **rows} for rater, rows in said.items() if rater != CONSENSUS}
    if CONSENSUS in said:
        filled[CONSENSUS] = _settled(tool, said)
    found: dict[str, Agreed] = {}
    for item in tool.judged:
        if item.overall is None:
            found[item.id] = _agree(tool, study, item, sheets, filled)
    domains = {name: one.judgement for name, one in found.items() if one.judgement is not None}
    for item in tool.judged:
        if item.overall is not None:
            found[item.id] = _overall(tool, study, item, sheets, filled, domains)
    return tuple(found[item.id] for item in tool.judged)


def _proposed(tool: ToolSpec, rows: Mapping[str, str]) -> dict[str, str]:
    """Return the domains that follow from a rater's answers."""
    found = proposals(tool, rows)
    domains = [item.id for item in tool.items if item.kind == "domain"]
    return {name: found[name].judgement or "" for name in domains if name in found and found[name].judgement}


def _settled(tool: ToolSpec, said: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the consensus sheet with the domains that follow where it settles an answer to one of their questions."""
    raters = [rows for rater, rows in said.items() if rater != CONSENSUS]
    agreed = said[CONSENSUS]
    answers: dict[str, str] = {}
    for item in tool.items:
        given = {rows[item.id] for rows in raters if item.id in rows}
        if item.kind == "question" and (item.id in agreed or len(given) == 1):
            answers[item.id] = agreed.get(item.id) or given.pop()
    touched = {item.domain for item in tool.items if item.kind == "question" and item.id in agreed}
    follow = {name: judgement for name, judgement in _proposed(tool, answers).items() if name in touched}
    return {**follow, **agreed}


def _agree(
    tool: ToolSpec, study: str, item: Item, sheets: Mapping[str, Sheet], filled: Mapping[str, Mapping[str, str]]
) -> Agreed:
    ratings = tuple((r, rows[item.id]) for r, rows in sorted(filled.items()) if r != CONSENSUS and item.id in rows)
    base = {"study_id": study, "tool": tool.id, "item": item.id, "ratings": ratings}
    rows = [sheet[item.id] for rater, sheet in sorted(sheets.items()) if item.id in sheet]
    refs = tuple(ref_of(row) for row in rows)
    support = "; ".join(dict.fromkeys(text(row.get("support")) for row in rows if text(row.get("support"))))
    agreed = filled.get(CONSENSUS, {}).get(item.id)
    if agreed is not None:
        return Agreed(**base, judgement=agreed, how="consensus", refs=refs, support=support)  # type: ignore[arg-type]
    levels = {judgement for _, judgement in ratings}
    if len(levels) > 1:
        reason = f"raters differ ({', '.join(f'{r}: {j}' for r, j in ratings)}) and there is no consensus"
        return Agreed(**base, judgement=None, reason=reason, refs=refs, support=support)  # type: ignore[arg-type]
    if not levels:
        return Agreed(**base, judgement=None, reason="not judged")  # type: ignore[arg-type]
    how: How = "one rater" if len(ratings) == 1 else "raters agree"
    return Agreed(**base, judgement=levels.pop(), how=how, refs=refs, support=support)  # type: ignore[arg-type]


def _overall(
    tool: ToolSpec, study: str, item: Item, sheets: Mapping[str, Sheet], filled: Mapping[str, Mapping[str, str]],
    domains: Mapping[str, str],
) -> Agreed:  # fmt: skip
    """Return what the reviewers agree to state, as far as the tool allows it, else what follows by rule."""
    stated = _agree(tool, study, item, sheets, filled)
    rule = tool.overall(item, domains)
    if stated.judgement is not None and tool.may_state(item, stated.judgement, domains):
        return stated
    base = {"study_id": study, "tool": tool.id, "item": item.id, "ratings": stated.ratings, "refs": stated.refs}
    if rule.judgement is not None:
        return Agreed(**base, judgement=rule.judgement, how="rule")  # type: ignore[arg-type]
    reason = stated.reason if stated.ratings else rule.reason
    return Agreed(**base, judgement=None, reason=reason)  # type: ignore[arg-type]


def study_quality(tables: Tables, spec: ReviewSpec, tool: str, item: str | None = None) -> dict[str, Agreed]:
    """Return the agreed judgement of one item by study; studies without a row of the tool are not among them.

    Parameters
    ----------
    tables, spec : the review.
    tool : id of the tool.
    item : id of the item; None for the overall judgement of the tool.

    Raises
    ------
    UnknownName
        If there is no such tool or item, or the tool has no overall judgement by rule and no item is given.
    """
    from metareview.errors import UnknownName

    found = find_tool(tool, spec)
    name = item or (found.main.id if found.main else "")
    if name not in {judged.id for judged in found.judged}:
        raise UnknownName(f"judged item of {found.title}", name, [judged.id for judged in found.judged])
    return {one.study_id: one for one in _all(tables, spec, found) if one.item == name}


def _all(tables: Tables, spec: ReviewSpec, tool: ToolSpec) -> Iterator[Agreed]:
    for (name, study), sheets in raters_of(tables, spec).sheets.items():
        if name == tool.id:
            yield from agreed_judgements(tool, study, sheets)


def studies_of_quality(
    tables: Tables, spec: ReviewSpec, tool: str, item: str | None = None, levels: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], tuple[Dropped, ...]]:
    """Return the included studies with one of these judgements, and the others with the reason they stay out.

    What a ranking or any other selection of studies takes: `cube_from_tables(…, studies=kept)`.

    Parameters
    ----------
    tables, spec : the review.
    tool, item : whose judgement counts; as `study_quality`.
    levels : judgements that stay; empty for the best one.
    """
    low = low_risk(find_tool(tool, spec), item, levels)
    judged = study_quality(tables, spec, tool, item)
    kept, dropped = [], []
    for row in records(tables, "studies"):
        study = text(row["study_id"])
        one = judged.get(study)
        if row.get("status") != "included":
            continue
        if one is not None and one.judgement in low:
            kept.append(study)
            continue
        why = "the study is not appraised" if one is None else one.reason or f"judged {one.judgement}"
        dropped.append(Dropped(study, f"{tool}: {why}; {' or '.join(low)} stays", ref_of(row)))
    return tuple(kept), tuple(dropped)


def low_risk(tool: ToolSpec, item: str | None, levels: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the judgements that count as low risk of bias: those given, else the best of the item's scale."""
    found = tool.item(item) if item else tool.main
    scale = tool.scale_of(found) if found else None
    return levels or (scale.ranked[:1] if scale else ())
