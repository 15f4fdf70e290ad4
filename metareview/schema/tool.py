"""An appraisal tool as data: its items, the judgements they take, and its rules where the published tool has rules.

A tool is one YAML file, shipped in ``schema/tools`` or written by a reviewer into ``tools`` of a review folder. Every
value of the file is text: ``no`` is the answer no, not a truth value. Items are in our own words; the ids are stable
and follow the numbering of the published tool. The tools stand in this room because the door checks ``appraisal.csv``
against them; what is made of the judgements is the business of `metareview.appraisal`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from metareview.schema.base import Model, Slug, Text

__all__ = [
    "CONSENSUS",
    "JUDGED",
    "Condition",
    "Item",
    "Level",
    "OverallRule",
    "Proposal",
    "Role",
    "Rule",
    "Scale",
    "ToolSpec",
    "proposals",
]

#: The rater whose rows are the agreed judgements.
CONSENSUS = "consensus"
Kind = Literal["question", "heading", "domain", "applicability", "item", "overall"]
#: Kinds of items that tables and plots show; questions only lead to them, headings only group.
JUDGED: tuple[Kind, ...] = ("domain", "applicability", "item", "overall")
#: What a level means for a reader: it gives colour and symbol.
Role = Literal["good", "some", "bad", "unknown", "none"]
LevelId = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Robvis = Literal["Low", "Some concerns", "High", "No information", "Not applicable"]


def _tuples(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_tuples(item) for item in value)
    return {key: _tuples(item) for key, item in value.items()} if isinstance(value, dict) else value


class _Part(Model):
    @field_validator("*", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        return _tuples(value)


class Level(_Part):
    """One judgement or answer that an item takes."""

    id: LevelId
    """The word that ``appraisal.csv`` holds."""
    label: Text
    """Its name in print."""
    role: Role
    """What it means: good, some (concern), bad, unknown, or none (the question does not apply)."""
    robvis: Robvis | None = None
    """The word that robvis reads for it."""


class Scale(_Part):
    """The judgements that an item takes."""

    levels: Annotated[tuple[Level, ...], Field(min_length=2)]
    """Every level."""
    order: tuple[LevelId, ...] = ()
    """Levels from best to worst, for rules and for ordinal agreement; empty: those of role good, some and bad."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.ids)) < len(self.ids):
            raise ValueError(f"a level stands twice among {', '.join(self.ids)}")
        strange = [name for name in self.order if name not in self.ids]
        if strange:
            raise ValueError(f"order names {strange[0]!r}, which is no level; levels are {', '.join(self.ids)}")
        return self

    @property
    def ids(self) -> tuple[str, ...]:
        """The words of the levels."""
        return tuple(level.id for level in self.levels)

    @property
    def ranked(self) -> tuple[str, ...]:
        """Levels from best to worst; those that are no degree of anything are not among them."""
        return self.order or tuple(level.id for level in self.levels if level.role in ("good", "some", "bad"))

    def level(self, name: str) -> Level | None:
        """Return a level by its word; None where there is none."""
        return next((level for level in self.levels if level.id == name), None)


class Condition(_Part):
    """A condition on answers; it may be unknown where an answer is missing."""

    all: dict[Slug, tuple[LevelId, ...]] = {}
    """Each of these questions has one of its answers."""
    any: dict[Slug, tuple[LevelId, ...]] = {}
    """At least one of these questions has one of its answers."""

    def holds(self, answers: Mapping[str, str]) -> bool | None:
        """Return whether the condition holds; None where that depends on an answer that is missing (Kleene's logic)."""
        every = [None if key not in answers else answers[key] in allowed for key, allowed in self.all.items()]
        some = [None if key not in answers else answers[key] in allowed for key, allowed in self.any.items()]
        one = True if not some or True in some else (None if None in some else False)
        if False in every or one is False:
            return False
        return None if None in every or one is None else True

    @property
    def asked(self) -> dict[str, tuple[str, ...]]:
        """Every question it reads, with the answers it looks for."""
        return {**self.all, **self.any}


class Rule(_Part):
    """One branch of an algorithm."""

    when: Condition = Condition()
    """When it applies; always where nothing is said."""
    judgement: LevelId
    """What it proposes."""


class OverallRule(_Part):
    """How an overall judgement follows from others, or why it does not."""

    rule: Literal["worst", "none"]
    """worst: the least favourable of the judgements; none: the tool has no rule."""
    of: tuple[Slug, ...] = ()
    """The items it is over."""
    raised_to: LevelId | None = None
    """What reviewers may raise the judgement to, where at least two items are judged `raised_from`."""
    raised_from: LevelId | None = None
    """The judgement that counts for raising."""
    reason: Text = ""
    """Why there is no rule, or where the rule stands."""


class Item(_Part):
    """One item of a tool."""

    id: Slug
    """What ``appraisal.csv`` holds."""
    kind: Kind
    """question (leads to a domain), heading (groups only), domain, applicability, item (judged by itself), overall."""
    text: Text
    """The item, in our words."""
    short: Text = ""
    """Heading of a column."""
    domain: Slug | None = None
    """The domain or heading it belongs to."""
    scale: Slug | None = None
    """Its judgements; a heading has none."""
    asked: Condition | None = None
    """When a question is asked at all; always where nothing is said."""
    algorithm: tuple[tuple[Rule, ...], ...] = ()
    """Parts of the published algorithm of a domain; of each the first rule that applies, and of the parts the worst."""
    overall: OverallRule | None = None
    """For overall judgements."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule says: a judgement, or why there is none."""

    judgement: str | None
    reason: str = ""


class ToolSpec(_Part):
    """One appraisal tool."""

    id: Slug
    """What ``appraisal.csv`` holds."""
    title: Text
    """Its name in print."""
    version: Text
    """The version of the published tool that this follows."""
    about: Text
    """What it is for, and what one judgement is of."""
    sources: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Where the tool is published."""
    notes: tuple[Text, ...] = ()
    """What a reader of its judgements must know."""
    robvis: Literal["ROB2", "QUADAS-2", "Generic"] = "Generic"
    """The template of robvis that takes its judgements."""
    scales: dict[Slug, Scale]
    """Judgements by name."""
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    """The items, in order."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [item.id for item in self.items]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"two items share the id {', '.join(twice)}")
        for item in self.items:
            for fault in self._faults(item):
                raise ValueError(f"item {item.id}: {fault}")
        if not self.judged:
            raise ValueError("no item is judged; give at least one of kind domain, item or applicability")
        return self

    def _faults(self, item: Item) -> Iterable[str]:
        if (item.scale is None) != (item.kind == "heading"):
            yield "an item has a scale, a heading has none"
            return
        if item.scale is not None and item.scale not in self.scales:
            yield f"its scale {item.scale!r} is not among {', '.join(self.scales)}"
            return
        home = self.item(item.domain) if item.domain else None
        if item.domain and (home is None or home.kind not in ("domain", "heading")):
            yield f"its domain {item.domain!r} is no domain or heading of the tool"
        if (item.kind == "overall") != (item.overall is not None):
            yield "kind overall and the key overall go together"
        yield from self._faulty_references(item)

    def _faulty_references(self, item: Item) -> Iterable[str]:
        conditions = [*([item.asked] if item.asked else []), *(r.when for part in item.algorithm for r in part)]
        for condition in conditions:
            for name, answers in condition.asked.items():
                found = self.item(name)
                if found is None or found.scale not in self.scales:
                    yield f"a condition reads {name!r}, which is no item with answers"
                    continue
                strange = [answer for answer in answers if answer not in self.scales[found.scale].ids]
                if strange:
                    yield f"a condition looks for {strange[0]!r}, which {name} cannot have"
        scale = self.scales[item.scale] if item.scale else None
        known = scale.ids if scale else ()
        rules = [rule.judgement for part in item.algorithm for rule in part]
        extra = [item.overall.raised_to, item.overall.raised_from] if item.overall else []
        strange = [name for name in (*rules, *extra) if name is not None and name not in known]
        if strange:
            yield f"it proposes {strange[0]!r}, which is not among {', '.join(known)}"
        for name in item.overall.of if item.overall else ():
            found = self.item(name)
            if found is None or found.scale != item.scale:
                yield f"it is over {name!r}, which is no item of the same scale"

    def item(self, name: str | None) -> Item | None:
        """Return an item by id; None where there is none."""
        return next((item for item in self.items if item.id == name), None)

    def scale_of(self, item: Item) -> Scale | None:
        """Return the judgements of an item; None for a heading."""
        return self.scales[item.scale] if item.scale else None

    @property
    def judged(self) -> tuple[Item, ...]:
        """The items that tables and plots show, in order."""
        return tuple(item for item in self.items if item.kind in JUDGED)

    @property
    def main(self) -> Item | None:
        """The overall judgement that stands for the study: the last that follows by a rule over domains of bias."""
        found = [i for i in self.items if i.overall is not None and i.overall.rule == "worst"]
        over = [i for i in found if i.overall and all(self._is_domain(name) for name in i.overall.of)]
        return over[-1] if over else None

    def _is_domain(self, name: str) -> bool:
        found = self.item(name)
        return found is not None and found.kind == "domain"

    def propose(self, item: Item, answers: Mapping[str, str]) -> Proposal:
        """Return what the algorithm of a domain proposes for the answers to its questions.

        Parameters
        ----------
        item : a domain.
        answers : answers by item; a question that was not answered is not among them.
        """
        scale = self.scale_of(item)
        if not item.algorithm or scale is None:
            return Proposal(None, f"{self.title} has no algorithm for {item.short or item.id}; reviewers judge it")
        parts = [_first(part, answers) for part in item.algorithm]
        return _worst([(item.id, part.judgement, part.reason) for part in parts], scale.ranked)

    def overall(self, item: Item, judgements: Mapping[str, str]) -> Proposal:
        """Return the overall judgement that follows from others by the tool's rule, or why none does."""
        scale = self.scale_of(item)
        if item.overall is None or scale is None:
            return Proposal(None, f"{item.id} is no overall judgement")
        if item.overall.rule == "none":
            return Proposal(None, item.overall.reason or f"{self.title} has no rule for it")
        given = [(name, judgements.get(name), f"{name} is not judged") for name in item.overall.of]
        return _worst(given, scale.ranked)

    def may_state(self, item: Item, stated: str, judgements: Mapping[str, str]) -> bool:
        """Return whether reviewers may state this overall judgement: the rule's, or raised as the tool allows."""
        proposed = self.overall(item, judgements).judgement
        if proposed is None or stated == proposed or item.overall is None:
            return True
        rule = item.overall
        count = sum(judgements.get(name) == rule.raised_from for name in rule.of)
        return rule.raised_to is not None and stated == rule.raised_to and count >= 2


def _first(part: tuple[Rule, ...], answers: Mapping[str, str]) -> Proposal:
    for rule in part:
        holds = rule.when.holds(answers)
        if holds:
            return Proposal(rule.judgement)
        if holds is None:
            missing = ", ".join(name for name in rule.when.asked if name not in answers)
            return Proposal(None, f"no answer to {missing}")
    return Proposal(None, "the answers contradict the order in which the questions are asked")


def _worst(given: list[tuple[str, str | None, str]], ranked: tuple[str, ...]) -> Proposal:
    """Return the worst judgement; the worst there is stands even where others are missing, because none can beat it."""
    there = [name for _, name, _ in given if name is not None]
    if ranked and ranked[-1] in there:
        return Proposal(ranked[-1])
    reasons = [why for _, name, why in given if name is None]
    reasons += [
        f"{item} is judged {name}, which is no degree" for item, name, _ in given if name and name not in ranked
    ]
    if reasons or not there:
        return Proposal(None, "; ".join(dict.fromkeys(reasons)) or "nothing is judged")
    return Proposal(max(there, key=ranked.index))


def proposals(tool: ToolSpec, rows: Mapping[str, str]) -> dict[str, Proposal]:
    """Return what the rules make of one rater's rows: domains from answers, then overall judgements from domains.

    Parameters
    ----------
    rows : judgement by item of one study and rater; a domain that is judged keeps its judgement for the overall one.
    """
    found = {item.id: tool.propose(item, rows) for item in tool.items if item.kind == "domain" and item.algorithm}
    judged = {**{name: p.judgement for name, p in found.items() if p.judgement}, **rows}
    for item in tool.items:
        if item.overall is not None:
            found[item.id] = tool.overall(item, judged)
    return found
