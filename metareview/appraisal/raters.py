"""Agreement of raters per item, before any consensus, and what they differ on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from metareview.results import Result
from metareview.schema.review import ReviewSpec
from metareview.schema.tool import CONSENSUS, Item, ToolSpec
from metareview.stats.benchmark.rows import Tables, frame_of, natural
from metareview.stats.quality import Agreed, agreed_judgements, raters_of, tools_in_use

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AppraisalAgreement", "Difference", "ItemAgreement", "compute_agreement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAgreement:
    """Agreement of all raters on one item, over studies that two raters or more judged.

    Attributes
    ----------
    tool, tool_title, item, heading : the item.
    raters : who judged it.
    n, n_agree : studies judged by two or more, and those on which all say the same.
    percent, kappa, weighted, ac1 : percent agreement; Cohen's kappa, plain and with linear weights where the judgements
        have an order (two raters), Fleiss' kappa with more; Gwet's AC1. Each with its interval, None with `reason`.
    reason : why numbers are missing.
    """

    tool: str
    tool_title: str
    item: str
    heading: str
    raters: tuple[str, ...]
    n: int
    n_agree: int
    percent: float | None = None
    percent_low: float | None = None
    percent_high: float | None = None
    kappa: float | None = None
    kappa_low: float | None = None
    kappa_high: float | None = None
    weighted: float | None = None
    weighted_low: float | None = None
    weighted_high: float | None = None
    ac1: float | None = None
    ac1_low: float | None = None
    ac1_high: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A study on which raters differ, and what came of it."""

    tool: str
    tool_title: str
    item: str
    heading: str
    study_id: str
    ratings: tuple[tuple[str, str], ...]
    consensus: str | None
    how: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AppraisalAgreement(Result):
    """Agreement per item, and every difference; counts are rows of ``appraisal.csv``."""

    rows: tuple[ItemAgreement, ...] = ()
    differences: tuple[Difference, ...] = ()
    alone: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per item."""
        return frame_of(self.rows, ItemAgreement)


def compute_agreement(tables: Tables, spec: ReviewSpec) -> AppraisalAgreement:
    """Return the agreement of raters on each judged item, from what they said before any consensus."""
    found = raters_of(tables, spec)
    rows: list[ItemAgreement] = []
    differences: list[Difference] = []
    alone = []
    for tool in tools_in_use(tables, spec):
        sheets = {study: sheet for (name, study), sheet in found.sheets.items() if name == tool.id}
        raters = sorted({rater for sheet in sheets.values() for rater in sheet} - {CONSENSUS})
        if len(raters) < 2:
            if sheets:
                alone.append(f"{tool.title}: {raters[0] if raters else 'consensus only'}")
            continue
        judged = [one for study in sorted(sheets, key=natural) for one in agreed_judgements(tool, study, sheets[study])]
        for item in tool.judged:
            own = [one for one in judged if one.item == item.id]
            if any(len(one.ratings) > 1 for one in own):
                rows.append(_agreement(tool, item, own, tuple(raters)))
                differences += [_difference(tool, item, one) for one in own if len({j for _, j in one.ratings}) > 1]
    open_ = sum(row.consensus is None for row in differences)
    return AppraisalAgreement(
        rows=tuple(rows), differences=tuple(differences), alone="; ".join(alone),
        methods=("agreement of what each rater said before any consensus",) if rows else (),
        k_in=found.used + len(found.dropped), k_used=found.used, dropped=found.dropped,
        warnings=(f"{open_} of {len(differences)} differences have no consensus",) if open_ else (),
    )  # fmt: skip


def _agreement(tool: ToolSpec, item: Item, judged: list[Agreed], raters: tuple[str, ...]) -> ItemAgreement:
    from metareview.stats.agreement import Ratings, agreement

    scale = tool.scale_of(item)
    both = [one for one in judged if len(one.ratings) > 1]
    said = [dict(one.ratings) for one in both]
    names = tuple(name for name in raters if any(name in ratings for ratings in said))
    used = {judgement for ratings in said for judgement in ratings.values()}
    ordered = scale is not None and used <= set(scale.ranked)
    levels = (scale.ranked if ordered else scale.ids) if scale else ()
    rows = [[ratings.get(name) for name in names] for ratings in said]
    result = agreement(
        Ratings.of(rows, raters=names, units=[one.study_id for one in both], categories=levels),
        "ordinal" if ordered else "nominal",
    )
    pair = f"{names[0]} & {names[1]}" if len(names) == 2 else "all"
    wanted = {"percent": ("percent_agreement", pair), "ac1": ("gwet_ac1", "all"),
              "kappa": ("cohen_kappa", pair) if len(names) == 2 else ("fleiss_kappa", "all")}  # fmt: skip
    if ordered and len(names) == 2:
        wanted["weighted"] = ("weighted_kappa_linear", pair)
    out = ItemAgreement(
        tool=tool.id, tool_title=tool.title, item=item.id, heading=item.short or item.id, raters=names, n=len(both),
        n_agree=sum(len(set(ratings.values())) == 1 for ratings in said),
    )  # fmt: skip
    reasons = []
    for field, (coefficient, who) in wanted.items():
        one = result.get(coefficient, who)
        values = {field: one.value, f"{field}_low": one.ci_low, f"{field}_high": one.ci_high}
        out = replace(out, **values)  # type: ignore[arg-type]
        reasons += [f"{one.label}: {one.reason}"] if one.reason else []
    return replace(out, reason="; ".join(reasons))


def _difference(tool: ToolSpec, item: Item, one: Agreed) -> Difference:
    stands = one.judgement if one.how == "consensus" else None
    return Difference(
        tool=tool.id, tool_title=tool.title, item=item.id, heading=item.short or item.id, study_id=one.study_id,
        ratings=one.ratings, consensus=stands, how=one.how if stands else one.reason,
    )  # fmt: skip
