"""Claims of a review: reading, places, one bad claim among good ones, the frozen result, the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from metareview.audit import AuditResult, audit_claims
from metareview.audit.claims import claims_of, read_claims
from metareview.audit.run import CONTRACT, run_audit
from metareview.audit.texts import SourceText, find_texts
from metareview.cli.app import app
from metareview.errors import InputError
from metareview.schema.claim import Claim
from metareview.schema.review import ReviewSpec

TEXT = """A review of 60 studies.
We found 684 duplicates among 2,330 records; 1546 remained.
Five studies [15,
21,24,34,35,37,44,65] used transformers.
Only 54% provide code, and the con-
clusion says that 54% lack it.
"""
COLUMNS = list(Claim.model_fields)
ROWS = [
    {
        "claim_id": "l2-screened", "statement": "Records screened after duplicates", "type": "sum",
        "printed": "684; 2,330; 1546", "locator": "L2", "check": "sum", "inputs": "total=1546; parts=2,330; minus=684",
    },
    {
        "claim_id": "l3-transformers", "statement": "Studies with transformers", "type": "count",
        "printed": "Five studies; [15, 21,24,34,35,37,44,65]", "locator": "L3-4", "check": "count-list",
        "inputs": "count=Five; list=15,21,24,34,35,37,44,65",
    },
    {
        "claim_id": "l5-code", "statement": "Share of studies with code", "type": "repeat", "printed": "54%",
        "locator": "L5; L6", "check": "repeat", "inputs": "values=54%|54%; polarity=+|-", "related": "l2-screened",
    },
    {
        "claim_id": "l1-size", "statement": "Number of studies", "type": "count", "printed": "60 studies",
        "locator": "L1", "check": "not-checkable", "inputs": "reason=needs the list of studies",
    },
]  # fmt: skip


def folder(tmp_path: Path, rows: list[dict[str, str]], text: str = TEXT) -> Path:
    with (tmp_path / "claims.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows([{"source_id": "paper", **row} for row in rows])
    (tmp_path / "sources").mkdir(exist_ok=True)
    (tmp_path / "sources" / "paper.txt").write_text(text, encoding="utf-8")
    return tmp_path


def audit(tmp_path: Path, rows: list[dict[str, str]]) -> AuditResult:
    claims, problems = read_claims(folder(tmp_path, rows) / "claims.csv")
    return audit_claims(claims, problems, texts={"paper": SourceText.of("paper", TEXT)})


def test_the_audit_of_a_small_review(tmp_path: Path) -> None:
    found = audit(tmp_path, ROWS)
    assert {row.id: row.verdict for row in found.rows} == {
        "l2-screened": "contradicted", "l3-transformers": "contradicted", "l5-code": "contradicted",
        "l1-size": "not_checkable",
    }  # fmt: skip
    assert (found.k_in, found.k_used, found.dropped) == (4, 4, ())
    assert found.counts()["contradicted"] == 3
    lists = found.rows[1]
    assert (lists.line, lists.related_lines) == (3, (4,))
    assert found.rows[2].related_lines == (6,)
    assert found.rows[0].ref is not None
    assert (found.rows[0].ref.file, found.rows[0].ref.line) == ("claims.csv", 2)


def test_it_is_a_frozen_result_that_travels(tmp_path: Path) -> None:
    found = audit(tmp_path, ROWS)
    again = AuditResult.from_json(found.to_json())
    assert again.rows == found.rows
    assert again.to_json() == found.to_json()
    frame = found.to_frame()
    assert list(frame.columns[: len(CONTRACT)]) == list(CONTRACT)
    assert frame["line"].tolist() == [2, 3, 5, 1]
    assert "l5-code" in found.summary()
    with pytest.raises(AttributeError):
        found.rows = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"claim_id": ""}, "column claim_id is empty"),
        ({"claim_id": "Bad Id"}, "column claim_id"),
        ({"statement": ""}, "column statement is empty"),
        ({"locator": ""}, "column locator is empty"),
        ({"check": "summ"}, "did you mean 'sum'"),
        ({"inputs": ""}, "check sum needs total, parts"),
        ({"inputs": "total=1546; parts=abc"}, "'abc' is not a number"),
        ({"check": "percent", "inputs": "value=140%; n=60"}, "a share lies between 0 % and 100 %"),
        ({"check": "percent", "inputs": "value=14%; n=0"}, "it is at least 1"),
        ({"printed": "685"}, "printed '685' is not at L2; copy the figure as it stands on its line"),
        ({"locator": "L99"}, "paper has 7 lines"),
        ({"claim_id": "l1-size"}, "this claim_id is used before"),
        ({"printed": "x" * 41}, "column printed"),
    ],
)
def test_one_bad_claim_does_not_stop_the_others(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    rows = [ROWS[3], {**ROWS[0], **change}, ROWS[1], ROWS[2]]
    found = audit(tmp_path, rows)
    assert [row.id for row in found.rows] == ["l1-size", "l3-transformers", "l5-code"]
    (bad,) = found.dropped
    assert reason in bad.reason
    assert change.get("claim_id", "l2-screened") in bad.what
    assert found.k_in == 4


def test_an_assumption_makes_a_contradiction_conditional(tmp_path: Path) -> None:
    rows = [{**ROWS[0], "assumption": "no other source of records"}, {**ROWS[3], "assumption": "nothing"}]
    first, second = audit(tmp_path, rows).rows
    assert (first.verdict, first.assumption) == ("contradicted_if", "no other source of records")
    assert (second.verdict, second.assumption) == ("not_checkable", "")


def test_loose_ends_are_told(tmp_path: Path) -> None:
    rows = [{**ROWS[0], "related": "l9-nowhere"}, {**ROWS[3], "claim_id": "l1-other", "check": "", "inputs": ""}]
    claims, problems = read_claims(folder(tmp_path, rows) / "claims.csv")
    found = audit_claims(claims, problems, texts={})
    assert found.rows[1].explanation == "No check is written for this claim yet."
    assert found.warnings == (
        "the text of paper was not at hand; its printed figures were not looked up",
        "claim l2-screened: related claim l9-nowhere is not in the table",
    )
    assert audit_claims(claims).warnings == found.warnings[1:]


def test_places_in_another_document(tmp_path: Path) -> None:
    rows = [{**ROWS[2], "printed": "54%; 46%", "locator": "L5; abstract:L1"}]
    claims, _ = read_claims(folder(tmp_path, rows) / "claims.csv")
    texts = {"paper": SourceText.of("paper", TEXT), "abstract": SourceText.of("abstract", "46% lack code")}
    found = audit_claims(claims, texts=texts)
    assert found.rows[0].related_lines == ()
    texts["abstract"] = SourceText.of("abstract", "45% lack code")
    assert "'46%' is not at" in audit_claims(claims, texts=texts).dropped[0].reason


def test_a_text_with_another_digest_is_not_used(tmp_path: Path) -> None:
    review = folder(tmp_path, ROWS)
    texts, warnings = find_texts([review / "sources", review / "none"], {"paper": "0" * 64})
    assert texts == {}
    assert "SHA-256 differs" in warnings[0]
    texts, warnings = find_texts([review / "sources"], {"paper": ""})
    assert list(texts) == ["paper"]
    assert warnings == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "claim_id is missing"),
        (b"a,b\n1,2\n", "claim_id is missing|it has 'a'"),
        (b"claim_id,stuff\nx,y\n", "it has 'stuff'"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "claims.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_claims(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_claims(tmp_path / "nothing.csv")


def test_ragged_rows_are_named(tmp_path: Path) -> None:
    path = folder(tmp_path, ROWS[:1]) / "claims.csv"
    path.write_text(path.read_text(encoding="utf-8") + "short,row\n" + "x" + "," * 20 + "\n\n", encoding="utf-8")
    found = audit_claims(*read_claims(path))
    assert len(found.rows) == 1
    assert all("more or fewer cells" in row.reason for row in found.dropped)


def test_tables_of_a_review_give_the_same(tmp_path: Path) -> None:
    frame = pd.DataFrame([{"source_id": "paper", **row} for row in ROWS]).reindex(columns=COLUMNS)
    frame["printed"] = [tuple(row["printed"].split("; ")) for row in ROWS]
    frame["related"] = [()] * len(ROWS)
    frame = frame.assign(file="claims.csv", line=range(2, 6))
    spec = ReviewSpec(id="small", title="Small", question="?")
    found = run_audit({"claims": frame}, spec)
    assert [row.verdict for row in found.rows] == [row.verdict for row in audit(tmp_path, ROWS).rows]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=30)))
def test_any_row_gives_a_claim_or_a_reason(row: dict[str, str]) -> None:
    good, bad = claims_of([("claims.csv", 2, {name: row.get(name, "") for name in COLUMNS})])
    found = audit_claims(good, bad, texts={})
    assert found.k_in == len(good) + len(bad) <= 1
    assert all(item.reason for item in found.dropped)


runner = CliRunner()


def test_command_line_json(tmp_path: Path) -> None:
    done = runner.invoke(app, ["audit", str(folder(tmp_path, ROWS)), "--json"])
    assert done.exit_code == 1
    body = json.loads(done.stdout)
    assert [tuple(item) for item in body] == [CONTRACT] * 4
    assert body[1]["line"] == 3
    assert body[1]["related_lines"] == [4]
    assert body[1]["verdict"] == "contradicted"
    assert body[1]["source"] == "paper"
    assert body[1]["printed"] == ["Five studies", "[15, 21,24,34,35,37,44,65]"]


def test_command_line_exit_codes(tmp_path: Path) -> None:
    assert runner.invoke(app, ["audit", str(folder(tmp_path, ROWS[3:]))]).exit_code == 0
    conditional = [{**ROWS[0], "assumption": "a condition"}]
    assert runner.invoke(app, ["audit", str(folder(tmp_path, conditional))]).exit_code == 0
    assert runner.invoke(app, ["audit", str(folder(tmp_path, conditional)), "--strict"]).exit_code == 1
    bad = runner.invoke(app, ["audit", str(folder(tmp_path, [{**ROWS[0], "printed": "9,999"}, ROWS[1]])), "--json"])
    assert bad.exit_code == 2
    assert [item["id"] for item in json.loads(bad.stdout)] == ["l3-transformers"]
    assert "claim l2-screened" in bad.stderr
    assert "is not at L2" in bad.stderr


def test_command_line_report_and_files(tmp_path: Path) -> None:
    review = folder(tmp_path, ROWS)
    done = runner.invoke(app, ["audit", str(review)])
    assert "4 claims audited: 3 contradicted, 1 not_checkable" in done.stdout
    assert "(paper L3)" in done.stdout
    for name in ("a.csv", "a.json"):
        assert runner.invoke(app, ["audit", str(review), "-o", str(tmp_path / name)]).exit_code == 1
        assert (tmp_path / name).stat().st_size > 500
    assert runner.invoke(app, ["audit", str(review), "-o", str(tmp_path / "a.docx")]).exit_code == 2


def test_the_audit_as_a_page_and_as_tables(tmp_path: Path) -> None:
    review = tmp_path / "review"
    assert runner.invoke(app, ["init", str(review)]).exit_code == 0
    sheet = review / "claims.csv"
    head = sheet.read_text(encoding="utf-8").splitlines()[0].split(",")
    claim = {
        "claim_id": "share", "statement": "Nine of <b>ten</b> studies share code.", "type": "share", "printed": "95%",
        "source_id": "example-paper", "locator": "p. 2", "check": "percent", "inputs": "value=95%; k=9; n=10",
    }  # fmt: skip
    sheet.write_text(",".join(head) + "\n" + ",".join(claim.get(name, "") for name in head) + "\n", encoding="utf-8")
    for name, word in (("a.md", "95%"), ("a.tex", r"95\%"), ("a.html", "95%")):
        assert runner.invoke(app, ["audit", str(review), "-o", str(tmp_path / name)]).exit_code == 1
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert word in text
        assert "<b>ten" not in text
    assert "What does not hold as printed" in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--value", "54%", "--n", "60"], 1, "No whole number of 60 is 54%"),
        (["--value=49%", "--n=41"], 0, "20/41"),
        (["--value", "62.7%", "--k", "37", "--n", "60", "--json"], 1, '"verdict": "contradicted"'),
        (["--value", "54%"], 2, "needs n"),
        (["--value"], 2, "has no value"),
        (["54%"], 2, "is no input"),
        (["--value", "1%", "--value", "2%"], 2, "given twice"),
    ],
)
def test_one_number(words: list[str], code: int, text: str) -> None:
    done = runner.invoke(app, ["audit", "--check", "percent", *words])
    assert done.exit_code == code or isinstance(done.exception, InputError)
    assert text in done.stdout + done.stderr + str(done.exception)


def test_negative_values_and_signs_reach_the_check() -> None:
    words = ["--d", "-6.44", "--t", "-7.44", "--n1", "2", "--n2", "4"]
    assert runner.invoke(app, ["audit", "--check", "effect-size", *words]).exit_code == 0


def test_the_checks_are_listed() -> None:
    done = runner.invoke(app, ["audit", "--checks"])
    assert done.exit_code == 0
    assert "grimmer" in done.stdout
    assert "inputs: value [k] [n] [denominators]" in done.stdout
    assert runner.invoke(app, ["audit"]).exit_code == 2


def test_proposals_from_the_command_line(tmp_path: Path) -> None:
    review = folder(tmp_path, ROWS)
    paper, out = review / "sources" / "paper.txt", tmp_path / "proposals.csv"
    done = runner.invoke(app, ["claims", str(paper), "-o", str(out)])
    assert done.exit_code == 0
    assert "none is a claim before a person has read it" in done.stderr
    claims, problems = read_claims(out)
    assert problems == []
    assert all(row.claim.claim_id.startswith("proposed-") for row in claims)
    found = {row.claim.check: row.claim.inputs for row in claims}
    assert found["count-list"] == "count=Five; list=15,21,24,34,35,37,44,65"
    assert found["repeat"] == "values=54%|54%"
    assert audit_claims(claims, texts={"paper": SourceText.of("paper", TEXT)}).dropped == ()
    assert len(json.loads(runner.invoke(app, ["claims", str(paper), "--json"]).stdout)) == len(claims)


def test_a_manuscript_is_checked_against_the_report(tmp_path: Path) -> None:
    from metareview.audit.numbers import Number, numbers_json

    known, paper = tmp_path / "numbers.json", tmp_path / "paper.md"
    known.write_text(numbers_json([Number("studies", "93", "studies", "studies.csv")]), encoding="utf-8")
    paper.write_text("We include 92 studies.", encoding="utf-8")
    done = runner.invoke(app, ["numbers", str(paper), "--numbers", str(known)])
    assert done.exit_code == 1
    assert "line 1: disagrees: '92' for studies = 93" in done.stdout
    found = json.loads(runner.invoke(app, ["numbers", str(paper), "--numbers", str(known), "--json"]).stdout)
    assert found[0]["number"]["text"] == "93"
    paper.write_text("<!-- mr:studies -->93<!-- /mr --> studies", encoding="utf-8")
    assert runner.invoke(app, ["numbers", str(paper), "--numbers", str(known)]).exit_code == 0
