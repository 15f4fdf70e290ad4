"""What the appraisal of the studies does in a declared synthesis: it selects, groups, explains, or is only compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from metareview.errors import InputError
from metareview.results import Dropped
from metareview.schema.review import ReviewSpec
from metareview.schema.synthesis import SynthesisSpec
from metareview.stats.benchmark.rows import Tables
from metareview.stats.benchmark.scores import Score
from metareview.stats.declared.effects import Effects
from metareview.stats.declared.select import Candidates
from metareview.stats.quality import Agreed, low_risk, study_quality, tools_in_use

__all__ = ["Quality", "grouped", "quality_of", "selected"]

#: What a study without an agreed judgement is called among subgroups.
_NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Quality:
    """The judgements that a synthesis uses.

    Attributes
    ----------
    title : the tool and its item, for messages.
    studies : the agreed judgement of each appraised study.
    low : the judgements that count as low risk of bias.
    order : every judgement, from best to worst.
    """

    title: str
    studies: Mapping[str, Agreed]
    low: tuple[str, ...]
    order: tuple[str, ...] = ()

    def judgement(self, arms: tuple[Score, ...]) -> str | None:
        """Return the judgement of an effect: that of its studies where they have one and the same."""
        found = {self._of(score.study_id) for score in arms}
        return found.pop() if len(found) == 1 else None

    def _of(self, study: str) -> str | None:
        one = self.studies.get(study)
        return one.judgement if one else None

    def is_low(self, arms: tuple[Score, ...]) -> bool:
        """Return whether every study behind an effect is judged to be at low risk of bias."""
        return all(self._of(score.study_id) in self.low for score in arms)

    def reason(self, score: Score) -> str:
        """Return why a score does not enter where only low risk of bias does."""
        one = self.studies.get(score.study_id)
        if one is None or one.judgement is None:
            why = one.reason if one else "the study is not appraised"
            return f"{self.title}: {why}; {' or '.join(self.low)} enters"
        return f"{self.title}: judged {one.judgement}; {' or '.join(self.low)} enters"


def quality_of(tables: Tables, spec: ReviewSpec, declared: SynthesisSpec) -> Quality | None:
    """Return the judgements that a synthesis uses; None where it declares none and the review has none to compare.

    Without a declaration the overall judgement of the one tool counts that has one by rule and judges included
    studies; with several such tools nothing is chosen.

    Raises
    ------
    InputError
        If a level that is declared is none of the item.
    """
    asked = declared.quality
    if asked is None:
        ready = [tool for tool in tools_in_use(tables, spec) if tool.main is not None]
        found = {tool.id: study_quality(tables, spec, tool.id) for tool in ready}
        ready = [tool for tool in ready if any(one.judgement for one in found[tool.id].values())]
        if len(ready) != 1:
            return None
        return Quality(ready[0].title, found[ready[0].id], low_risk(ready[0], None))
    from metareview.schema.toolbox import find_tool

    tool = find_tool(asked.tool, spec)
    studies = study_quality(tables, spec, asked.tool, asked.item)
    item = tool.item(asked.item) if asked.item else tool.main
    scale = tool.scale_of(item) if item else None
    strange = [level for level in asked.levels if scale is None or level not in scale.ids]
    if strange:
        names = ", ".join(scale.ids) if scale else ""
        raise InputError(f"synthesis {declared.id}: quality level {strange[0]!r} is not one of {names}")
    label = f"{tool.title}, {item.short or item.id}" if item else tool.title
    return Quality(label, studies, low_risk(tool, asked.item, asked.levels), scale.ids if scale else ())


def selected(found: Candidates, quality: Quality | None, declared: SynthesisSpec) -> Candidates:
    """Return the candidates with effects of other than low risk of bias dropped, where the synthesis says so."""
    if quality is None or declared.quality is None or declared.quality.use != "exclude":
        return found
    kept = tuple(arms for arms in found.arms if quality.is_low(arms))
    lost = [arms for arms in found.arms if not quality.is_low(arms)]
    dropped = [
        Dropped(f"{score.experiment_id}, {score.metric}" + (f", {score.unit}" if score.unit else ""), why, score.ref)
        for arms in lost
        for score in arms
        for why in [next(quality.reason(s) for s in arms if not quality.is_low((s,)))]
    ]
    return replace(found, arms=kept, dropped=(*found.dropped, *dropped))


def grouped(made: Effects, quality: Quality | None, declared: SynthesisSpec) -> Effects:
    """Return the effects with their judgements as subgroups, from best to worst, where the synthesis says so."""
    if quality is None or not declared.by_quality:
        return made
    order = (*quality.order, _NOT_JUDGED)
    pairs = [
        (replace(row, group=quality.judgement(arms) or _NOT_JUDGED), arms)
        for row, arms in zip(made.rows, made.arms, strict=True)
    ]
    pairs.sort(key=lambda pair: order.index(pair[0].group))
    return replace(made, rows=tuple(row for row, _ in pairs), arms=tuple(arms for _, arms in pairs))
