"""metareview rank: tables and reviews in, the contract out, errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metareview.cli import main
from metareview.cli.app import app

DATA = Path(__file__).parents[2] / "data" / "studies"
LONG = "method,dataset,metric,value\nA,x,dice,0.9\nA,y,dice,0.8\nB,x,dice,0.8\nB,y,dice,0.85\nC,x,dice,0.7\n"
run = CliRunner()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "scores.csv"
    path.write_text(LONG)
    return path


def ranked(*words: object) -> dict:
    done = run.invoke(app, ["rank", *map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def failed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> str:
    monkeypatch.setattr("sys.argv", ["metareview", "rank", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code in (1, 2)
    return capsys.readouterr().err


def test_contract(table: Path) -> None:
    body = ranked(table, "--rule", "borda", "--missing", "available", "--boot", 200)
    assert (body["coverage"]["filled"], body["coverage"]["possible"]) == (5, 6)
    assert body["components"] == [["A", "B", "C"]]
    keys = ("method", "rank", "score", "rank_low", "rank_high", "ci_low", "ci_high")
    first = {key: body["methods"][0][key] for key in keys}
    assert first == {"method": "B", "rank": 1, "score": 0.75, "rank_low": 1, "rank_high": 1, "ci_low": 1, "ci_high": 2}
    assert body == ranked(table, "--rule", "borda", "--missing", "available", "--boot", 200)


@pytest.mark.parametrize(
    "rule", ["mean", "win-rate", "bradley-terry", "additive", "borda", "mean-rank", "z-score", "dominance"]
)
def test_every_rule_and_policy(table: Path, rule: str) -> None:
    for policy in ("available", "complete", "worst"):
        body = ranked(table, "--rule", rule, "--missing", policy, "--boot", 50)
        assert {entry["method"] for entry in body["methods"]} | set(body["unranked"]) == {"A", "B", "C"}


def test_text_and_file(table: Path, tmp_path: Path) -> None:
    done = run.invoke(app, ["rank", str(table), "--missing", "available"])
    assert "5 of 6 cells filled" in done.stdout
    assert "warning:" in done.stdout
    run.invoke(app, ["rank", str(table), "--missing", "worst", "--json", "-o", str(tmp_path / "out.json")])
    assert json.loads((tmp_path / "out.json").read_text())["missing"] == "worst"


def test_wide(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("name,x,y\nA,0.9,0.8\nB,0.7,\n")
    body = ranked(path, "--wide", "--metric", "dice", "--missing", "available", "--boot", 0)
    assert body["columns"] == ["x|dice", "y|dice"]
    path.write_text("name,x|dice,y|wobble\nA,0.9,0.8\nB,0.7,0.1\n")
    body = ranked(path, "--wide", "--lower-is-better", "wobble", "--boot", 0)
    assert {entry["rank"] for entry in body["methods"]} == {1}


def test_selection_and_ranges(tmp_path: Path) -> None:
    path = tmp_path / "percent.csv"
    path.write_text("method,dataset,metric,value\nA,x,dice,90\nB,x,dice,80\nA,y,dice,10\nB,y,dice,20\n")
    body = ranked(path, "--range", "dice=0:100", "--dataset", "x", "--rule", "mean")
    assert [entry["score"] for entry in body["methods"]] == [90, 80]


def test_reviews() -> None:
    body = ranked(DATA / "em-public", "--id", "em-stellar-images")
    assert body["methods"][0]["method"] == "EM-net V1 BN"
    body = ranked(DATA / "em-public", "--dataset", "ac3-ac4", "--metric", "VOI", "--missing", "available", "--boot", 0)
    assert body["methods"][0]["method"] == "CAD"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rule", "borda"], "1 of 6 cells are missing: C on y|dice. Say what to do about them: --missing available"),
        (["--rule", "bordo"], "did you mean 'borda'"),
        (["--missing", "complet"], "did you mean 'complete'"),
        (["--metric", "voi"], "metric 'voi' is not known; known: dice"),
        (["--dataset", "z"], "data set 'z' is not known; known: x, y"),
        (["--range", "dice"], "write METRIC=LOW:HIGH"),
        (["--corpus", "review"], "--corpus and --values-of are for a review folder"),
        (["--level", "95", "--missing", "worst"], "level 95.0 is not between 0 and 1"),
        (["--boot", "-1", "--missing", "worst"], "say 0 for none"),
    ],
)
def test_errors(
    table: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = failed(capsys, monkeypatch, table, *words)
    assert message in said
    assert "Traceback" not in said


def test_unknown_direction(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("method,dataset,metric,value\nA,x,wobble,1\nB,x,wobble,2\n")
    assert "--higher-is-better 'wobble' or --lower-is-better 'wobble'" in failed(capsys, monkeypatch, path)
    assert ranked(path, "--higher-is-better", "wobble")["methods"][0]["method"] == "B"


def test_options_of_tables_do_not_go_with_reviews(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--wide is for a table" in failed(capsys, monkeypatch, DATA / "em-public", "--wide")
    assert "ranking 'neuron' is not known; did you mean 'neurons'" in failed(
        capsys, monkeypatch, DATA / "em-public", "--id", "neuron"
    )


@pytest.mark.parametrize("verb", ["rank", "multiverse"])
def test_missing_words_are_names_where_no_number_is_expected(tmp_path: Path, verb: str) -> None:
    path = tmp_path / "names.csv"
    path.write_text("method,dataset,metric,value\nNA,x,dice,0.9\nNone,x,dice,0.8\nnan,x,dice,0.7\nNA,null,dice,0.6\n"
                    "None,null,dice,0.5\nnan,null,dice,n/a\n")  # fmt: skip
    done = run.invoke(app, [verb, str(path), "--json", *(["--missing", "available"] if verb == "rank" else [])])
    assert done.exit_code == 0, done.output
    body = json.loads(done.stdout)
    names = [m["method"] for m in body["methods"]] if verb == "rank" else body["methods_compared"]
    assert sorted(names) == ["NA", "None", "nan"]
    if verb == "rank":
        assert body["columns"] == ["null|dice", "x|dice"]
        assert body["coverage"]["filled"] == 5


@pytest.mark.parametrize("sep", [";", "\t"])
def test_semicolons_and_decimal_commas(tmp_path: Path, sep: str) -> None:
    path = tmp_path / "comma.csv"
    rows = ["method,dataset,metric,value,category", "A,x,dice,0!9,one, two", "B,x,dice,0!875,", "C,x,dice,1,"]
    path.write_text("\n".join(row.replace(",", sep, 4).replace("!", ",") for row in rows))
    assert [m["score"] for m in ranked(path, "--rule", "mean", "--boot", 0)["methods"]] == [1, 0.9, 0.875]
    path.write_text(f"name{sep}x{sep}y\nA,B{sep}0,9{sep}0,8\nC{sep}0.5{sep}-\n")
    body = ranked(path, "--wide", "--metric", "dice", "--missing", "available", "--rule", "mean", "--boot", 0)
    assert [(m["method"], m["score"], m["k"]) for m in body["methods"]] == [("A,B", pytest.approx(0.85), 2),
                                                                           ("C", 0.5, 1)]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("method,dataset,metric,value\n", "scores.csv: no rows"),
        ('method,dataset,metric,value\nA,x,dice,"0,9"\n', "'0,9' is no number; write numbers with a decimal point"),
        ("", "is not a CSV table"),
    ],
)
def test_tables_that_cannot_be_read(
    body: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(body)
    assert message in failed(capsys, monkeypatch, path)


def test_bounds_are_of_the_methods_that_are_ranked(tmp_path: Path) -> None:
    """As docs/ranking.md says: the policy decides whose places they are, over all columns in any case."""
    path = tmp_path / "gaps.csv"
    path.write_text("name,d1,d2,d3\nA,.9,.8,.7\nB,.85,.85,\nC,.85,,.9\nD,,.5,.6\n")
    asked = ("--wide", "--metric", "dice", "--boot", 0)
    found = {policy: ranked(path, *asked, "--missing", policy) for policy in ("available", "worst", "complete")}
    bounds = {
        policy: {m["method"]: (m["rank_low"], m["rank_high"]) for m in body["methods"]}
        for policy, body in found.items()
    }
    assert bounds["available"] == bounds["worst"]
    assert bounds["available"]["D"] == (2, 4)
    assert bounds["complete"] == {"A": (1, 1), "D": (2, 2)}
    assert found["available"]["bounds_note"].endswith("(3 missing cells)")
    assert found["complete"]["bounds_note"].endswith(
        "(1 missing cell of the ranked methods over all 3 columns, also those left out of the block)"
    )


def test_an_unknown_data_set_of_a_review_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = failed(capsys, monkeypatch, DATA / "em-public", "--dataset", "em-stelar")
    assert "data set 'em-stelar' is not known; did you mean 'em-stellar'?" in text
