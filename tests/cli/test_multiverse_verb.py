"""The verb multiverse: a review or a table in, a verdict and every specification out, errors with exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from metareview.cli import main

DATA = Path(__file__).parents[2] / "data" / "studies"
LONG = """method,dataset,metric,value,category
a,x,dice,0.9,CNN
b,x,dice,0.8,CNN
c,x,dice,0.7,Hybrid
a,y,dice,0.6,CNN
b,y,dice,0.65,CNN
b,y,recall,0.3,CNN
"""


def run(*arguments: str) -> int:
    with patch.object(sys, "argv", ["metareview", *arguments]), pytest.raises(SystemExit) as done:
        main()
    code = done.value.code
    return code if isinstance(code, int) else 0


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "scores.csv"
    path.write_text(LONG)
    return path


def test_a_table(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("multiverse", str(table)) == 0
    out = capsys.readouterr().out
    assert " is first in " in out.splitlines()[0]
    assert "variance of ranks by decision:" in out
    assert "reporting penalty: recall is reported by 1 of 3 methods" in out


def test_json_has_every_specification_with_its_order(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "multiverse.json"
    assert run("multiverse", str(table), "--json", "-o", str(out)) == 0
    found = json.loads(out.read_text())
    assert found["kind"] == "Multiverse"
    first, *others = found["specifications"]
    assert first["order"] == ["a", "c", "b"]
    assert first["options"]["rule"] == "mean"
    assert len(others) > 50
    assert all(bool(one["order"]) != bool(one["reason"]) for one in found["specifications"])
    assert {part["decision"] for part in found["shares"]} == {decision["name"] for decision in found["decisions"]}
    assert found["verdict"].endswith(".")


def test_wide_with_directions_and_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("method,x|time,y|time\na,1,2\nb,2,3\n")
    asked = ("--wide", "--lower-is-better", "time", "--rule", "borda", "--rule", "dominance", "--json")
    assert run("multiverse", str(path), *asked) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["options"]["rule"] for one in found["specifications"]} == {"borda", "dominance"}
    assert all(one["order"] == ["a", "b"] for one in found["specifications"])


def test_the_founding_review(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("multiverse", str(DATA / "brain-em"), "--rule", "mean", "--rule", "borda") == 0
    out = capsys.readouterr().out
    assert "ATFormer moves from 9 to 6 and FragViT moves from 10 to 5" in out
    assert "the order of categories is not identified" in out


def test_a_leaderboard_of_a_review(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("multiverse", str(DATA / "em-public"), "--board", "nisb", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["methods_compared"] == ["BANIS-L", "BANIS-S"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((str(DATA / "em-public"),), "declares no composite table; name a leaderboard with --board (em-stellar"),
        ((str(DATA / "em-public"), "--board", "nope"), "leaderboard 'nope' is not known"),
        (("none.csv",), "none.csv"),
        ((str(DATA / "brain-em"), "--rule", "meen"), "rule 'meen' is not known; did you mean 'mean'?"),
        ((str(DATA / "brain-em"), "--wide"), "--wide is for a table"),
    ],
)
def test_errors(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("multiverse", *arguments) == 2
    assert message in capsys.readouterr().err


def test_one_method_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.csv"
    path.write_text("method,dataset,metric,value\na,x,dice,0.9\n")
    assert run("multiverse", str(path)) == 2
    assert "nothing to rank" in capsys.readouterr().err


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_no_order_at_all_is_an_error(more: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "apart.csv"
    path.write_text("method,dataset,metric,value\na,x,dice,0.9\nb,y,voi,0.8\n")
    assert run("multiverse", str(path), "--rule", "dominance", *more) == 1
    said = capsys.readouterr()
    assert "No specification gives an order" in said.err
    assert bool(said.out) == bool(more)


def test_methods_that_are_level_have_no_leader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "level.csv"
    rows = [f"{m},{d},dice,0.9" for m in "abc" for d in "xy"]
    path.write_text("\n".join(["method,dataset,metric,value", *rows]))
    assert run("multiverse", str(path), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"].startswith("All 3 methods share first place in 8 of 8 rules and in all ")
    assert {option["leader"] for option in found["options"] if option["leader"]} == {"a = b = c"}


def test_a_leaderboard_without_values_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "mine"
    assert run("init", str(folder)) == 0
    spec = folder / "review.yaml"
    spec.write_text(
        spec.read_text().replace("[example-data], metrics: [accuracy, f1]", "[example-data], metrics: [dice]")
    )
    assert run("multiverse", str(folder), "--board", "main") == 1
    assert "fewer than two methods have values, so nothing is ranked" in capsys.readouterr().err
