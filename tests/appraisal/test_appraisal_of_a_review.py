"""From the rows of raters to judgements, shares, agreement and the exchange table."""

from __future__ import annotations

import csv
import io
import subprocess
from pathlib import Path

import pytest

import metareview
from metareview.appraisal.lights import AppraisalResult, compute_appraisal
from metareview.appraisal.raters import AppraisalAgreement, compute_agreement
from metareview.appraisal.robvis import robvis_csv, robvis_table
from metareview.appraisal.summary import AppraisalSummary, compute_summary
from metareview.appraisal.template import appraisal_template
from metareview.curation.archive import build_archive, check_archive
from metareview.curation.lists import drop_downs
from metareview.curation.states import open_state
from metareview.errors import InputError, ProblemsFound, UnknownName
from metareview.ingest import check_review, read_review
from metareview.report.analyses import find_analysis
from metareview.schema.toolbox import find_tool
from metareview.stats.agreement import Ratings, agreement
from metareview.stats.benchmark.ranking.declared import compute_ranking
from metareview.stats.benchmark.ranking.result import Ranking
from metareview.stats.quality import studies_of_quality, study_quality
from tests.appraised import judged, make_review, sheet, write

LOW = {f"d{n}": "low" for n in range(1, 6)}


def found(folder: Path) -> dict[tuple[str, str], tuple[str | None, str]]:
    tables = read_review(folder)
    rows = compute_appraisal(tables.tables, tables.spec).rows
    return {(row.study_id, row.item): (row.judgement, row.how or row.reason) for row in rows}


def problems(folder: Path) -> list[str]:
    return [str(problem) for problem in check_review(folder).problems]


def test_consensus_agreement_and_open_differences(tmp_path: Path) -> None:
    rows = [
        *judged("t1", "d1", ana="low", ben="low"),
        *judged("t1", "d2", ana="low", ben="high"),
        *judged("t1", "d3", ana="low", ben="high", consensus="some concerns"),
        *judged("t1", "d4", ana="low"),
    ]
    got = found(make_review(tmp_path / "r", rows))
    assert got["t1", "d1"] == ("low", "raters agree")
    assert got["t1", "d2"][0] is None
    assert "raters differ (ana: low, ben: high) and there is no consensus" in got["t1", "d2"][1]
    assert got["t1", "d3"] == ("some concerns", "consensus")
    assert got["t1", "d4"] == ("low", "one rater")
    assert got["t1", "d5"] == (None, "not judged")
    assert got["t1", "overall"][0] is None
    assert "d2 is not judged" in got["t1", "overall"][1]


def test_domains_follow_from_answers_and_the_overall_judgement_from_domains(tmp_path: Path) -> None:
    answers = {"d1.1": "Y", "d1.2": "Y", "d1.3": "N", "d2.1": "N", "d2.2": "PN", "d2.3": "NA", "d2.4": "NA",
               "d2.5": "NA", "d2.6": "PN", "d2.7": "N", "d3.1": "Y", "d4.1": "N", "d4.2": "N", "d4.3": "N",
               "d5.1": "Y", "d5.2": "N", "d5.3": "N"}  # fmt: skip
    got = found(make_review(tmp_path / "r", sheet("t1", "ana", **answers)))
    assert [got["t1", f"d{n}"][0] for n in range(1, 6)] == ["low", "some concerns", "low", "low", "low"]
    assert got["t1", "overall"] == ("some concerns", "rule")


def test_a_statement_that_the_rule_allows_stands_and_consensus_is_judged_with_what_raters_agree_on(
    tmp_path: Path,
) -> None:
    two = {**LOW, "d1": "some concerns", "d2": "some concerns"}
    rows = [*sheet("t1", "ana", **two, overall="high"), *sheet("t2", "ana", **LOW), *sheet("t2", "ben", **LOW),
            *judged("t2", "d5", consensus="high")]  # fmt: skip
    rows = [row for row in rows if not (row["study_id"] == "t2" and row["item"] == "d5" and row["rater"] == "ben")]
    got = found(make_review(tmp_path / "r", rows))
    assert got["t1", "overall"] == ("high", "one rater")
    assert got["t2", "overall"] == ("high", "rule")


def test_a_settled_answer_settles_the_domain(tmp_path: Path) -> None:
    rows = [*sheet("t1", "ana", **{"d3.1": "N", "d3.2": "Y"}),
            *sheet("t1", "ben", **{"d3.1": "N", "d3.2": "N", "d3.3": "N"}),
            *sheet("t2", "ana", **{"d3.1": "N", "d3.2": "N", "d3.3": "Y", "d3.4": "Y"}),
            *sheet("t2", "ben", **{"d3.1": "N", "d3.2": "N", "d3.3": "Y", "d3.4": "N"})]  # fmt: skip
    assert found(make_review(tmp_path / "a", rows))["t2", "d3"][0] is None  # high against some concerns
    settled = [*rows, *judged("t2", "d3.4", consensus="PN")]
    got = found(make_review(tmp_path / "b", settled))
    assert got["t1", "d3"] == ("low", "raters agree")  # by different answers
    assert got["t2", "d3"] == ("some concerns", "consensus")


def test_a_consensus_alone_is_enough(tmp_path: Path) -> None:
    got = found(make_review(tmp_path / "r", sheet("t1", "consensus", **LOW)))
    assert got["t1", "d1"] == ("low", "consensus")
    assert got["t1", "overall"] == ("low", "rule")


def test_own_tools_travel_into_an_archive_and_a_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_review(tmp_path / "r", judged("t1", "blind", tool="lab", ana="yes"))
    (folder / "tools").mkdir()
    (folder / "tools" / "lab.yaml").write_text(OWN, encoding="utf-8")
    deposit = tmp_path / "deposit.zip"
    deposit.write_bytes(build_archive(folder, "CC0-1.0"))
    assert check_archive(deposit).problems == ()
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "one"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    with open_state("HEAD:r") as state:
        assert check_review(state).problems == ()


def test_check_reports_where_what_rule_and_remedy(tmp_path: Path) -> None:
    rows = [
        *judged("t1", "d1", ana="Low"), *judged("t1", "d9", ana="low"), *judged("t1", "d1", tool="rob2", ben="low"),
        *sheet("t2", "ana", **{**LOW, "d3": "high"}, overall="low"),
        *judged("t3", "d1.2", ana="N"), *judged("t3", "d1", ana="low"),
    ]  # fmt: skip
    said = "\n".join(problems(make_review(tmp_path / "r", rows)))
    assert "line 2, column judgement" in said
    assert "RoB 2, d1 is judged low, some concerns, high; did you mean 'low'?" in said
    assert "line 3, column item" in said
    assert "the item is one of RoB 2" in said
    assert "line 4, column tool" in said
    assert "did you mean 'rob-2'?" in said
    assert "by the rule of RoB 2 the judgements of d1, d2, d3, d4, d5 make it high" in said
    assert "warning: found 'low'; a judgement other than the proposal of the algorithm (high) has a reason" in said


def test_a_departure_from_the_algorithm_needs_a_reason_only(tmp_path: Path) -> None:
    rows = [*judged("t3", "d1.2", ana="N"), {**judged("t3", "d1", ana="low")[0], "support": "central telephone"}]
    assert problems(make_review(tmp_path / "r", rows)) == []


OWN = """
id: lab
title: Lab sheet
version: "1"
about: what the lab does
sources: [our protocol]
scales:
  answer:
    levels:
      - {id: yes, label: yes, role: good, robvis: Low}
      - {id: no, label: no, role: bad, robvis: High}
items:
  - {id: blind, kind: item, short: Blind, scale: answer, text: "Was the annotator blind?"}
"""


def test_a_tool_of_the_reviews_own(tmp_path: Path) -> None:
    folder = make_review(tmp_path / "r", judged("t1", "blind", tool="lab", ana="yes"))
    assert "column tool" in problems(folder)[0]
    (folder / "tools").mkdir()
    (folder / "tools" / "lab.yaml").write_text(OWN, encoding="utf-8")
    assert problems(folder) == []
    assert found(folder)["t1", "blind"] == ("yes", "one rater")
    (folder / "tools" / "second.yaml").write_text(OWN.replace("id: lab", "id: rob-2"), encoding="utf-8")
    assert "tools/second.yaml, key id: found 'rob-2'; the id of a tool is used once" in problems(folder)[0]
    (folder / "tools" / "second.yaml").write_text(
        "extends: rob-2\nid: mine\ntitle: Mine\nitems: []\n", encoding="utf-8"
    )
    assert problems(folder) == []
    assert [tool.id for tool in read_review(folder).spec.tools] == ["lab", "mine"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OWN.replace("scale: answer", "scale: other"), "its scale 'other' is not among answer"),
        (OWN.replace("kind: item", "kind: thing"), "the value should be 'question'"),
        (OWN.replace('version: "1"', ""), "there is no key version"),
        (OWN + "again: &a 1\nmore: *a\n", "alias"),
        ("- a\n- b\n", "not a mapping"),
        (OWN + "id: twice\n", "the key 'id' stands twice"),
        ("extends: rob-9\nid: x\n", "rob-9"),
        (OWN.replace("items:\n", "items: nothing\nunused:\n"), "items"),
    ],
)
def test_a_broken_tool_is_a_problem_with_its_file(tmp_path: Path, text: str, message: str) -> None:
    folder = make_review(tmp_path / "r", [])
    (folder / "tools").mkdir()
    (folder / "tools" / "lab.yaml").write_text(text, encoding="utf-8")
    said = "\n".join(problems(folder))
    assert said.startswith("tools/lab.yaml")
    assert message in said


def test_bytes_that_are_no_text_are_a_problem(tmp_path: Path) -> None:
    folder = make_review(tmp_path / "r", [])
    (folder / "tools").mkdir()
    (folder / "tools" / "lab.yaml").write_bytes(b"id: \xff\xfe")
    assert "an appraisal tool is a YAML file in UTF-8" in problems(folder)[0]


def two_raters(tmp_path: Path) -> Path:
    """Ten studies, two raters: on d1 they agree on 4 low, 2 some concerns, 1 high, and differ on 3."""
    pairs = [("low", "low")] * 4 + [("some concerns",) * 2] * 2 + [("high", "high")]
    pairs += [("low", "some concerns"), ("some concerns", "high"), ("low", "high")]
    rows = [row for at, (a, b) in enumerate(pairs, 1) for row in judged(f"t{at}", "d1", ana=a, ben=b)]
    return make_review(tmp_path / "r", [*rows, *judged("t8", "d1", consensus="low")], n=10)


def test_agreement_is_that_of_the_raters_before_consensus(tmp_path: Path) -> None:
    tables = read_review(two_raters(tmp_path))
    result = compute_agreement(tables.tables, tables.spec)
    row = result.rows[0]
    assert (row.item, row.n, row.n_agree, row.raters) == ("d1", 10, 7, ("ana", "ben"))
    assert row.percent == pytest.approx(0.7)
    # by hand: p_e = .6*.4 + .3*.3 + .1*.3 = 0.36, kappa = (0.7 - 0.36) / 0.64
    assert row.kappa == pytest.approx(0.34 / 0.64, abs=1e-12)
    codes = [[a, b] for a, b in zip([0] * 4 + [1] * 2 + [2, 0, 1, 0], [0] * 4 + [1] * 2 + [2, 1, 2, 2], strict=True)]
    same = agreement(Ratings.of(codes, raters=("ana", "ben"), categories=(0, 1, 2)), "ordinal")
    assert row.weighted == same.get("weighted_kappa_linear", "ana & ben").value
    assert (row.ac1, row.ac1_low, row.ac1_high) == tuple(
        getattr(same.get("gwet_ac1"), name) for name in ("value", "ci_low", "ci_high")
    )
    assert [(d.study_id, d.consensus) for d in result.differences] == [("t8", "low"), ("t9", None), ("t10", None)]
    assert result.warnings == ("2 of 3 differences have no consensus",)
    assert AppraisalAgreement.from_json(result.to_json()).to_json() == result.to_json()


def test_raters_that_never_differ_have_a_reason_in_place_of_a_kappa(tmp_path: Path) -> None:
    rows = [row for n in range(1, 5) for row in judged(f"t{n}", "d1", ana="low", ben="low")]
    tables = read_review(make_review(tmp_path / "r", rows))
    row = compute_agreement(tables.tables, tables.spec).rows[0]
    assert row.percent == 1.0
    assert row.kappa is None
    assert "Cohen's kappa" in row.reason


def test_one_rater_has_no_agreement(tmp_path: Path) -> None:
    review = metareview.load(make_review(tmp_path / "r", sheet("t1", "ana", **LOW)))
    view = review.table("appraisal-agreement")
    assert view.rows == ()
    assert "one rater only" in view.notes[0]


def test_shares_are_over_the_included_studies_and_add_up(tmp_path: Path) -> None:
    tables = read_review(two_raters(tmp_path))
    result = compute_summary(tables.tables, tables.spec)
    d1 = {row.judgement: (row.n, row.share) for row in result.rows if row.item == "d1"}
    assert {name: n for name, (n, _) in d1.items()} == {"low": 5, "some concerns": 2, "high": 1, "not judged": 2}
    assert sum(share for _, share in d1.values()) == pytest.approx(1, abs=1e-12)
    assert d1["low"][1] == pytest.approx(0.5)
    assert AppraisalSummary.from_json(result.to_json()).to_json() == result.to_json()


SYNTHESIS = """
syntheses:
  - {id: pooled, title: All, metric: accuracy, variance: [reported-se], method: FE, label: [study_id]}
"""


def test_weighted_shares_follow_the_weights_of_the_synthesis(tmp_path: Path) -> None:
    rows = [*judged("t1", "d1", ana="low"), *judged("t2", "d1", ana="high")]
    tables = read_review(make_review(tmp_path / "r", rows, yaml=SYNTHESIS))
    result = compute_summary(tables.tables, tables.spec)
    weights = [1 / (0.02 + 0.005 * at) ** 2 for at in range(4)]  # inverse variances of effects
    got = {row.judgement: row.share for row in result.rows if (row.item, row.weights) == ("d1", "pooled")}
    assert got["low"] == pytest.approx(weights[0] / sum(weights))
    assert got["high"] == pytest.approx(weights[1] / sum(weights))
    assert got["not judged"] == pytest.approx((weights[2] + weights[3]) / sum(weights))


def test_robvis_columns_of_rob_2(tmp_path: Path) -> None:
    rows = [
        *sheet("t1", "ana", **LOW),
        *sheet("t2", "ana", **{**LOW, "d3": "some concerns"}),
        *judged("t3", "d1", ana="high"),
    ]
    tables = read_review(make_review(tmp_path / "r", rows))
    result = compute_appraisal(tables.tables, tables.spec)
    table = robvis_table(result, find_tool("rob-2"), {"t1": "=Author", "t2": "B, 2001"})
    lines = list(csv.reader(io.StringIO(robvis_csv(table))))
    assert lines[0] == ["Study", "D1", "D2", "D3", "D4", "D5", "Overall", "Weight"]
    assert lines[1] == ["'=Author", *["Low"] * 6, "1"]
    assert lines[2] == ["B, 2001", "Low", "Low", "Some concerns", "Low", "Low", "Some concerns", "1"]
    assert lines[3] == ["t3", "High", *["No information"] * 4, "High", "1"]
    assert table.template == "ROB2"


def test_robvis_columns_of_quadas_2_and_generic(tmp_path: Path) -> None:
    domains = {f"d{n}": "low" for n in range(1, 5)}
    rows = sheet("t1", "ana", tool="quadas-2", **domains, a1="high", a2="low", a3="unclear")
    tables = read_review(make_review(tmp_path / "r", rows))
    result, tool = compute_appraisal(tables.tables, tables.spec), find_tool("quadas-2")
    table = robvis_table(result, tool, {})
    assert table.header == ("Study", "D1", "D2", "D3", "D4", "Overall", "Weight")
    assert table.rows[0] == ("t1", "Low", "Low", "Low", "Low", "No information", "1")
    assert "A1 Patients" in table.notes[0]
    generic = robvis_table(result, tool, {}, template="Generic", weights={"t1": 0.25})
    assert generic.header[5:8] == ("A1 Patients", "A2 Index test", "A3 Reference standard")
    assert generic.rows[0][5:] == ("High", "Low", "No information", "No information", "0.25")
    with pytest.raises(InputError, match="QUADAS-2 or Generic, not ROB2"):
        robvis_table(result, tool, {}, template="ROB2")
    with pytest.raises(InputError, match="no study has a judgement of RoB 2"):
        robvis_table(result, find_tool("rob-2"), {})


def test_template_filled_in_checks_clean_and_is_kept(tmp_path: Path) -> None:
    folder = make_review(tmp_path / "r", [])
    tables = read_review(folder)
    text = appraisal_template(tables.tables, find_tool("quadas-2"), raters=("ana",), studies=("t2",))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["item"] for row in rows[:2]] == ["d1", "d1.1"]
    assert rows[0]["note"].endswith("[low | unclear | high]")
    for row in rows:
        row["judgement"] = row["note"].split("[")[1].split(" | ")[0]
    write(folder, "appraisal", rows)
    assert problems(folder) == []
    again = appraisal_template(read_review(folder).tables, find_tool("quadas-2"), raters=("ana",), studies=("t2",))
    assert [row["judgement"] for row in csv.DictReader(io.StringIO(again))] == [row["judgement"] for row in rows]
    with pytest.raises(InputError, match="none consensus"):
        appraisal_template(tables.tables, find_tool("rob-2"), raters=("consensus",))
    with pytest.raises(InputError, match="study t9"):
        appraisal_template(tables.tables, find_tool("rob-2"), studies=("t9",))


def test_a_blank_judgement_is_a_problem(tmp_path: Path) -> None:
    folder = make_review(tmp_path / "r", judged("t1", "d1", ana=""))
    with pytest.raises(ProblemsFound, match="column judgement"):
        read_review(folder)


def test_studies_of_quality(tmp_path: Path) -> None:
    rows = [*sheet("t1", "ana", **LOW), *sheet("t2", "ana", **{**LOW, "d1": "high"})]
    tables = read_review(make_review(tmp_path / "r", rows))
    kept, dropped = studies_of_quality(tables.tables, tables.spec, "rob-2")
    assert kept == ("t1",)
    assert [(d.what, d.reason) for d in dropped] == [
        ("t2", "rob-2: judged high; low stays"), ("t3", "rob-2: the study is not appraised; low stays"),
        ("t4", "rob-2: the study is not appraised; low stays"),
    ]  # fmt: skip
    assert studies_of_quality(tables.tables, tables.spec, "rob-2", "d2")[0] == ("t1", "t2")
    with pytest.raises(UnknownName, match="judged item of QUADAS-2"):
        study_quality(tables.tables, tables.spec, "quadas-2")


def test_result_counts_rows_and_comes_back_from_json(tmp_path: Path) -> None:
    tables = read_review(two_raters(tmp_path))
    result = compute_appraisal(tables.tables, tables.spec)
    assert result.k_in == result.k_used == 21
    assert AppraisalResult.from_json(result.to_json()).to_json() == result.to_json()
    assert len(result.to_frame()) == 60


def test_a_review_without_appraisal_says_so(tmp_path: Path) -> None:
    review = metareview.load(make_review(tmp_path / "r", []))
    for name in ("appraisal", "appraisal-lights", "appraisal-summary", "appraisal-agreement", "appraisal-coverage"):
        view = review.table(name)
        assert view.rows == ()
        assert "no study has been appraised" in view.notes[0]


def test_the_workbook_offers_tools_items_and_judgements(tmp_path: Path) -> None:
    spec = read_review(make_review(tmp_path / "r", [], yaml="appraisal: {tools: [quadas-2]}\n")).spec
    lists = drop_downs(spec).lists
    assert lists["list_appraisal_tool"][0] == "rob-2"
    assert lists["list_appraisal_item"][:2] == ("d1", "d1.1")
    assert set(lists["list_appraisal_judgement"]) == {"yes", "no", "unclear", "low", "high"}


RANKING = """
rankings:
  - id: sound
    title: Of low risk
    rule: mean
    name: [study_id]
    as_printed: true
    bootstrap: none
    quality: {tool: rob-2, use: %s%s}
"""


def test_a_ranking_of_studies_of_quality(tmp_path: Path) -> None:
    rows = [*sheet("t1", "ana", **LOW), *sheet("t2", "ana", **{**LOW, "d1": "high"}), *sheet("t3", "ana", **LOW)]
    review = metareview.load(make_review(tmp_path / "r", rows, yaml=RANKING % ("exclude", "")))
    ranking = find_analysis("ranking-sound", review.spec)
    assert "appraisal" in ranking.tables
    result = ranking.run({name: review.frames[name] for name in ranking.tables}, review.spec)
    assert isinstance(result, Ranking)
    assert result.order() == ("t3", "t1")
    assert result.warnings[0] == (
        "2 studies are left out by the appraisal: t2 (rob-2: judged high; low stays); "
        "t4 (rob-2: the study is not appraised; low stays)"
    )
    only = RANKING.replace("    name:", "    studies: [t1, t2]\n    name:")
    few = metareview.load(make_review(tmp_path / "few", rows, yaml=only % ("exclude", ", levels: [high]")))
    result = compute_ranking(few.frames, few.spec, "sound")
    assert result.ranked == ()
    assert "1 study is left out by the appraisal: t1 (rob-2: judged low; high stays)" in result.warnings


def test_the_quality_of_a_ranking_is_checked(tmp_path: Path) -> None:
    rows = sheet("t1", "ana", **LOW)
    assert "write use: exclude" in " ".join(
        problems(make_review(tmp_path / "a", rows, yaml=RANKING % ("subgroup", "")))
    )
    unknown = RANKING.replace("rob-2", "rob-3") % ("exclude", "")
    assert "rankings.sound.quality" in " ".join(problems(make_review(tmp_path / "b", rows, yaml=unknown)))
    review = read_review(make_review(tmp_path / "c", rows, yaml=RANKING % ("exclude", ", levels: [perfect]")))
    with pytest.raises(InputError, match="quality level 'perfect' is not one of low"):
        compute_ranking(review.tables, review.spec, "sound")
