"""The tools as data: complete, consistent, and with the algorithms that are published."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.errors import UnknownName
from metareview.schema.tool import Item, ToolSpec
from metareview.schema.toolbox import SHIPPED, find_tool, shipped_tools, tool_from

Y, N, NI = ("Y", "PY"), ("N", "PN"), ("NI",)
LOW, SOME, HIGH = "low", "some concerns", "high"
#: Branches of the algorithms in the full guidance of RoB 2 (22 August 2019): answers that lead to a judgement. Answers
#: that a branch does not read are left out.
ROB_2 = {
    "d1": [  # figure on the randomisation process
        ({"1.2": N}, HIGH), ({"1.2": NI, "1.3": Y}, HIGH), ({"1.2": NI, "1.3": N + NI}, SOME),
        ({"1.2": Y, "1.1": N}, SOME), ({"1.2": Y, "1.1": Y + NI, "1.3": Y}, SOME),
        ({"1.2": Y, "1.1": Y + NI, "1.3": N + NI}, LOW),
    ],
    "d2": [  # effect of assignment: two parts, each with the other at its best
        ({"2.1": N, "2.2": N, "2.6": Y}, LOW), ({"2.1": Y + NI, "2.2": N, "2.3": N, "2.6": Y}, LOW),
        ({"2.1": N, "2.2": Y + NI, "2.3": NI, "2.6": Y}, SOME),
        ({"2.1": Y + NI, "2.2": N, "2.3": Y, "2.4": N, "2.6": Y}, SOME),
        ({"2.1": Y + NI, "2.2": N, "2.3": Y, "2.4": Y + NI, "2.5": Y, "2.6": Y}, SOME),
        ({"2.1": Y + NI, "2.2": N, "2.3": Y, "2.4": Y + NI, "2.5": N + NI, "2.6": Y}, HIGH),
        ({"2.1": N, "2.2": N, "2.6": N + NI, "2.7": N}, SOME),
        ({"2.1": N, "2.2": N, "2.6": N + NI, "2.7": Y + NI}, HIGH),
        ({"2.1": Y, "2.2": N, "2.3": NI, "2.6": N, "2.7": Y}, HIGH),
    ],
    "d3": [
        ({"3.1": Y}, LOW), ({"3.1": N + NI, "3.2": Y}, LOW), ({"3.1": N + NI, "3.2": N, "3.3": N}, LOW),
        ({"3.1": N + NI, "3.2": N, "3.3": Y + NI, "3.4": N}, SOME),
        ({"3.1": N + NI, "3.2": N, "3.3": Y + NI, "3.4": Y + NI}, HIGH),
    ],
    "d4": [
        ({"4.1": Y}, HIGH), ({"4.1": N + NI, "4.2": Y}, HIGH), ({"4.1": N + NI, "4.2": N, "4.3": N}, LOW),
        ({"4.1": N + NI, "4.2": N, "4.3": Y + NI, "4.4": N}, LOW),
        ({"4.1": N + NI, "4.2": N, "4.3": Y + NI, "4.4": Y + NI, "4.5": N}, SOME),
        ({"4.1": N + NI, "4.2": N, "4.3": Y + NI, "4.4": Y + NI, "4.5": Y + NI}, HIGH),
        ({"4.1": N + NI, "4.2": NI, "4.3": N}, SOME), ({"4.1": N + NI, "4.2": NI, "4.3": Y + NI, "4.4": N}, SOME),
        ({"4.1": N + NI, "4.2": NI, "4.3": Y + NI, "4.4": Y + NI, "4.5": N}, SOME),
        ({"4.1": N + NI, "4.2": NI, "4.3": Y + NI, "4.4": Y + NI, "4.5": Y + NI}, HIGH),
    ],
    "d5": [
        ({"5.2": Y}, HIGH), ({"5.3": Y}, HIGH), ({"5.1": Y, "5.2": N, "5.3": N}, LOW),
        ({"5.1": N + NI, "5.2": N, "5.3": N}, SOME), ({"5.2": NI, "5.3": N + NI}, SOME), ({"5.2": N, "5.3": NI}, SOME),
    ],
}  # fmt: skip
ADHERING = [  # domain 2 for the effect of adhering to the intervention
    ({"2.1": N, "2.2": N, "2.4": (*N, "NA"), "2.5": (*N, "NA")}, LOW),
    ({"2.1": N, "2.2": N, "2.4": Y + NI, "2.5": N, "2.6": Y}, SOME),
    ({"2.1": N, "2.2": N, "2.4": N, "2.5": Y + NI, "2.6": N + NI}, HIGH),
    ({"2.1": Y + NI, "2.2": N, "2.3": (*Y, "NA"), "2.4": N, "2.5": N}, LOW),
    ({"2.1": Y + NI, "2.2": N, "2.3": N + NI, "2.6": Y}, SOME),
    ({"2.1": N, "2.2": Y + NI, "2.3": N + NI, "2.6": N + NI}, HIGH),
    ({"2.1": Y, "2.2": Y, "2.3": (*Y, "NA"), "2.4": Y + NI, "2.5": N, "2.6": Y}, SOME),
    ({"2.1": Y, "2.2": Y, "2.3": (*Y, "NA"), "2.4": N, "2.5": Y + NI, "2.6": N + NI}, HIGH),
]


def item_of(tool: ToolSpec, name: str) -> Item:
    found = tool.item(name)
    assert found is not None
    return found


def expanded(branch: dict[str, tuple[str, ...]]) -> list[dict[str, str]]:
    return [dict(zip((f"d{key}" for key in branch), answers, strict=True)) for answers in product(*branch.values())]


@pytest.mark.parametrize("domain", ROB_2)
def test_rob_2_follows_the_published_algorithm(domain: str) -> None:
    tool = find_tool("rob-2")
    for branch, judgement in ROB_2[domain]:
        for answers in expanded(branch):
            assert tool.propose(item_of(tool, domain), answers).judgement == judgement, answers


def test_rob_2_for_adhering_follows_the_published_algorithm() -> None:
    tool = find_tool("rob-2-adhering")
    for branch, judgement in ADHERING:
        for answers in expanded(branch):
            assert tool.propose(item_of(tool, "d2"), answers).judgement == judgement, answers
    assert tool.item("d2.7") is None
    assert [i.id for i in tool.items if i.domain == "d1"] == ["d1.1", "d1.2", "d1.3"]


def legal(tool: ToolSpec, questions: list[Item], answers: dict[str, str]) -> bool:
    """Whether a question is answered NA exactly where it is not asked; where it only may apply, both are fine."""
    for question in questions:
        if question.asked is None or "NA" not in tool.scales[str(question.scale)].ids:
            continue
        applies = question.id == "d2.3" and tool.id == "rob-2-adhering"
        if question.asked.holds(answers) == (answers[question.id] == "NA") and not applies:
            return False
        if applies and not question.asked.holds(answers) and answers[question.id] != "NA":
            return False
    return True


@pytest.mark.parametrize("name", ["rob-2", "rob-2-adhering"])
@pytest.mark.parametrize("domain", ["d1", "d2", "d3", "d4", "d5"])
def test_every_legal_set_of_answers_has_a_judgement(name: str, domain: str) -> None:
    tool = find_tool(name)
    questions = [item for item in tool.items if item.domain == domain]
    # Y and PY, and N and PN, lead the same way, which the branches above show
    answers = [[a for a in tool.scales[str(q.scale)].ids if a not in ("PY", "PN")] for q in questions]
    count = 0
    for given_ in product(*answers):
        said = dict(zip((q.id for q in questions), given_, strict=True))
        if legal(tool, questions, said):
            count += 1
            assert tool.propose(item_of(tool, domain), said).judgement is not None, said
    assert count > 10


def test_a_missing_answer_is_named_and_one_that_cannot_matter_is_not_needed() -> None:
    tool = find_tool("rob-2")
    assert tool.propose(item_of(tool, "d1"), {}).reason == "no answer to d1.2"
    assert tool.propose(item_of(tool, "d1"), {"d1.2": "Y"}).judgement is None
    assert tool.propose(item_of(tool, "d5"), {"d5.3": "Y"}).judgement == HIGH
    part = {"d2.1": "Y", "d2.2": "N", "d2.3": "Y", "d2.4": "Y", "d2.5": "N"}
    assert tool.propose(item_of(tool, "d2"), part).judgement == HIGH  # whatever the second part says
    impossible = {"d3.1": "N", "d3.2": "NA"}
    assert "contradict" in tool.propose(item_of(tool, "d3"), impossible).reason


LEVELS = {name: find_tool(name).scales["risk"].ranked for name in ("rob-2", "probast-ai")}


@pytest.mark.parametrize("name", ["rob-2", "probast-ai"])
@given(data=st.data())
def test_a_worse_domain_never_improves_the_overall_judgement(name: str, data: st.DataObject) -> None:
    tool, ranked = find_tool(name), LEVELS[name]
    overall = tool.main
    assert overall is not None
    assert overall.overall is not None
    of = overall.overall.of
    said = {domain: data.draw(st.sampled_from(ranked)) for domain in of}
    before = tool.overall(overall, said).judgement
    domain = data.draw(st.sampled_from(of))
    worse = data.draw(st.sampled_from(ranked[ranked.index(said[domain]) :]))
    after = tool.overall(overall, {**said, domain: worse}).judgement
    assert before is not None
    assert after is not None
    assert ranked.index(after) >= ranked.index(before)
    assert before == max(said.values(), key=ranked.index)


def test_overall_judgements_of_rob_2() -> None:
    tool = find_tool("rob-2")
    overall = item_of(tool, "overall")
    domains = {f"d{n}": LOW for n in range(1, 6)}
    assert tool.overall(overall, domains).judgement == LOW
    assert tool.overall(overall, {**domains, "d3": SOME}).judgement == SOME
    assert tool.overall(overall, {"d3": HIGH}).judgement == HIGH  # nothing can beat it
    assert tool.overall(overall, {"d1": LOW}).judgement is None
    assert "d2 is not judged" in tool.overall(overall, {"d1": LOW}).reason
    two = {**domains, "d1": SOME, "d2": SOME}
    assert tool.overall(overall, two).judgement == SOME
    assert tool.may_state(overall, HIGH, two)  # some concerns in several domains may be raised to high
    assert not tool.may_state(overall, HIGH, {**domains, "d1": SOME})
    assert not tool.may_state(overall, LOW, two)


def test_quadas_2_has_no_rule_and_applicability_for_three_domains() -> None:
    tool = find_tool("quadas-2")
    assert tool.main is None
    proposal = tool.overall(item_of(tool, "overall"), {f"d{n}": "low" for n in range(1, 5)})
    assert proposal.judgement is None
    assert "no summary score" in proposal.reason
    assert [i.domain for i in tool.items if i.kind == "applicability"] == ["d1", "d2", "d3"]
    assert [sum(i.domain == f"d{n}" and i.kind == "question" for i in tool.items) for n in range(1, 5)] == [3, 2, 2, 4]
    assert tool.propose(item_of(tool, "d1"), {"d1.1": "no"}).judgement is None  # a no flags, it does not judge


def test_probast_ai_has_the_published_number_of_questions_and_overall_tables() -> None:
    tool = find_tool("probast-ai")
    count = {part: sum(i.kind == "question" and i.id.startswith(part) for i in tool.items) for part in "de"}
    assert count == {"d": 16, "e": 18}
    overall = item_of(tool, "overall")
    low = {f"e{n}": "low" for n in range(1, 5)}
    assert tool.overall(overall, low).judgement == "low"
    assert tool.overall(overall, {**low, "e2": "unclear"}).judgement == "unclear"
    assert tool.overall(overall, {**low, "e2": "unclear", "e4": "high"}).judgement == "high"
    assert tool.main == overall
    assert len([i for i in tool.items if i.kind == "overall"]) == 4


def test_leakage_sheet_has_eight_types() -> None:
    tool = find_tool("ml-leakage")
    types = [i.id for i in tool.items if i.scale == "leakage"]
    assert types == ["l1.1", "l1.2", "l1.3", "l1.4", "l2", "l3.1", "l3.2", "l3.3"]
    assert [i.id for i in tool.items if i.scale == "available"] == [
        "code",
        "weights",
        "data",
        "seeds",
        "hardware",
        "test",
    ]


def test_founding_checklist_has_three_dimensions_of_three_aspects_and_no_score() -> None:
    tool = find_tool("computational-imaging")
    for dimension in ("rigour", "reporting", "reproducibility"):
        assert sum(item.domain == dimension for item in tool.items) == 3
    assert all(item.kind in ("heading", "item") for item in tool.items)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_tool_is_complete(name: str) -> None:
    tool = shipped_tools()[name]
    assert tool.id == name
    assert all(item.text and (item.kind == "question" or item.short or item.kind == "heading") for item in tool.items)
    assert len({item.short for item in tool.judged}) == len(tool.judged)
    for item in tool.judged:
        scale = tool.scale_of(item)
        assert scale is not None
        assert all(level.robvis for level in scale.levels)
        assert len({level.label for level in scale.levels}) == len(scale.levels)


def test_unknown_tool() -> None:
    with pytest.raises(UnknownName, match="did you mean 'quadas-2'"):
        find_tool("quadas2")
    with pytest.raises(UnknownName, match="tool 'rob-3'"):
        tool_from({"extends": "rob-3", "id": "mine"})


YES_NO = [{"id": "yes", "label": "yes", "role": "good"}, {"id": "no", "label": "no", "role": "bad"}]
ONE = {"id": "one", "kind": "item", "scale": "s", "text": "One?"}
OVERALL = {"id": "o", "kind": "overall", "scale": "s", "text": "?", "overall": {"rule": "worst", "of": ["z"]}}
MINE = {
    "id": "mine", "title": "Mine", "version": "1", "about": "x", "sources": ["me"],
    "scales": {"s": {"levels": YES_NO}},
    "items": [ONE],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": [{"id": "one", "kind": "item", "scale": "t", "text": "?"}]}, "its scale 't' is not among s"),
        ({"items": [{"id": "one", "kind": "item", "text": "?"}]}, "an item has a scale"),
        ({"items": [ONE, ONE]}, "two items share the id one"),
        ({"items": [{"id": "q", "kind": "question", "scale": "s", "text": "?"}]}, "no item is judged"),
        ({"items": [{"id": "d", "kind": "domain", "scale": "s", "text": "?",
                     "algorithm": [[{"when": {"all": {"q": ["yes"]}}, "judgement": "yes"}]]}]}, "reads 'q'"),
        ({"items": [{"id": "d", "kind": "domain", "scale": "s", "text": "?",
                     "algorithm": [[{"judgement": "bad"}]]}]}, "proposes 'bad'"),
        ({"items": [OVERALL]}, "is over 'z'"),
        ({"scales": {"s": {"levels": YES_NO, "order": ["maybe"]}}}, "order names 'maybe'"),
    ],
)  # fmt: skip
def test_a_tool_that_contradicts_itself_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tool_from({**MINE, **change})
