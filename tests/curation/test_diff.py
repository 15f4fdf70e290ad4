"""Two states of a review: facts, decisions and settings that changed, and the numbers that moved."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metareview.cli.app import app
from metareview.curation.diff import ReviewDiff, diff_facts
from metareview.curation.extraction import read_extraction
from metareview.curation.states import open_state
from metareview.errors import InputError, UnknownName
from metareview.report.changes import moves_between
from metareview.report.views.base import Cell, Column, View
from tests.curation.two_extractors import Version

Pair = tuple[Version, Version]
runner = CliRunner()


def facts(versions: Pair) -> ReviewDiff:
    return diff_facts(*(read_extraction(version.path) for version in versions))


def run(*args: object) -> tuple[int, str]:
    done = runner.invoke(app, ["diff", *map(str, args)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_nothing(versions: Pair) -> None:
    found = facts(versions)
    assert (found.facts, found.settings, found.studies) == ((), (), ())


def test_facts(versions: Pair) -> None:
    _, new = versions
    new.edit("results", 0, value="0.86", note="read again")
    new.edit("results", 1, value="0.9480")
    new.edit("results", 2, sd="0.02")
    new.edit("studies", 1, status="excluded")
    new.tables["studies"].append({**new.tables["studies"][0], "study_id": "lee-r03"})
    del new.tables["results"][3]
    new.spec += "authors: Cy\nseeds: {bootstrap: 3}\n"
    new.save()
    found = facts(versions)
    said = {(f.table, f.kind, f.what, f.field, f.old, f.new, f.study) for f in found.facts if f.field}
    assert said == {
        ("studies", "changed", "decision", "status", "included", "excluded", "jones-r02"),
        ("results", "changed", "value", "value", "0.85", "0.86", "smith-r01"),
        ("results", "changed", "remark", "note", "", "read again", "smith-r01"),
        ("results", "changed", "value", "sd", "", "0.02", "smith-r01"),
    }
    rows = {(f.table, f.kind, f.what, f.study) for f in found.facts if not f.field}
    assert rows == {("studies", "added", "decision", "lee-r03"), ("results", "removed", "value", "smith-r01")}
    assert found.settings == (("authors", "", "Cy"), ("seeds.bootstrap", "", "3"))
    assert found.studies == ("jones-r02", "lee-r03", "smith-r01")
    assert ReviewDiff.from_json(found.to_json()).facts == found.facts


def test_a_table_that_is_new(versions: Pair) -> None:
    versions[0].tables["experiments"] = versions[0].tables["experiments"][:0]
    (versions[0].path / "experiments.csv").unlink()
    found = [f for f in diff_facts(*(read_extraction(v.path) for v in versions)).facts if f.table == "experiments"]
    assert [(f.kind, f.new_line) for f in found] == [("added", line) for line in (2, 3, 4, 5)]


# Tables


COLUMNS = (Column("method", "Method"), Column("rank", "Rank", "count"), Column("dice", "Dice", "score"))


def view(*rows: tuple[str, int | None, float | None], columns: tuple[Column, ...] = COLUMNS) -> View:
    return View("board", "Board", "", columns, tuple(tuple(Cell(value) for value in row) for row in rows))


def test_moves() -> None:
    old = view(("a", 1, 0.9), ("b", 2, 0.8), ("c", 3, 0.7))
    new = view(("b", 1, 0.95), ("a", 2, 0.9 + 1e-13), ("d", 3, 0.1))
    moves = moves_between(old, new, "benchmark")
    assert [(m.row, m.kind, m.sort, m.column, m.old, m.new) for m in moves] == [
        ("b", "changed", "rank", "Rank", "2", "1"),
        ("b", "changed", "number", "Dice", "0.800", "0.950"),
        ("a", "changed", "rank", "Rank", "1", "2"),
        ("d", "added", "row", "", "", ""),
        ("c", "removed", "row", "", "", ""),
    ]
    assert moves[1].by == pytest.approx(0.15)
    assert moves_between(old, new, "synthesis")[1].sort == "estimate"
    assert moves_between(old, view(*[("c", 3, 0.7), ("a", 1, 0.9), ("b", 2, 0.8)])) == ()


def test_moves_below_what_is_shown() -> None:
    (move,) = moves_between(view(("a", 1, 0.91)), view(("a", 1, 0.91 + 1e-6)))
    assert (move.old, move.new) == ("0.91", "0.910001")


def test_rows_that_differ_in_a_count_are_one_row() -> None:
    one, other = (view((f"mean over {n} results", None, value)) for n, value in ((40, 0.9), (41, 0.8)))
    assert [(m.kind, m.column) for m in moves_between(one, other)] == [("changed", "Method"), ("changed", "Dice")]


def test_columns_that_come_and_go() -> None:
    other = (*COLUMNS[:2], Column("voi", "VOI", "score"))
    moves = moves_between(view(("a", 1, 0.9)), view(("a", 1, 0.5), columns=other))
    assert [(m.kind, m.column) for m in moves] == [("column added", "VOI"), ("column removed", "Dice")]


def test_rows_without_a_name() -> None:
    numbers = (Column("x", "X", "count"), Column("y", "Y", "count"), Column("z", "Z", "count"))
    old, new = view((1, 2, 3), columns=numbers), view((1, 2, 4), columns=numbers)  # type: ignore[arg-type]
    assert [(m.row, m.old, m.new) for m in moves_between(old, new)] == [("the row", "3", "4")]


# The verb


def test_the_verb(versions: Pair, tmp_path: Path) -> None:
    old, new = (version.path for version in versions)
    assert run(old, new) == (0, f"{old} -> {new}: nothing changed\n")
    versions[1].edit("results", 0, value="0.55")
    code, out = run(old, new)
    assert code == 1
    assert "~ results | smith-r01.unet0 | dice | unstated | cell | paper | value: '0.85' -> '0.55'" in out
    assert "Summary statistics" in out
    body = json.loads(run(old, new, "--json", "--tables", "summary")[1])
    assert body["studies"] == ["smith-r01"]
    assert {move["view"] for move in body["moves"]} == {"summary"}
    mean = next(move for move in body["moves"] if move["column"] == "Mean")
    assert mean["by"] == pytest.approx(-0.3 / 4)
    page = tmp_path / "changes.html"
    assert run(old, new, "-o", page, "--tables", "summary")[0] == 1
    first = page.read_bytes()
    run(old, new, "-o", page, "--tables", "summary")
    assert page.read_bytes() == first
    assert b"http" not in first.replace(b"http-equiv", b"").replace(b"http://www.w3.org", b"")
    with pytest.raises(UnknownName, match="did you mean 'summary'"):
        run(old, new, "--tables", "sumary")


def test_text_of_a_cell_is_never_a_program(versions: Pair, tmp_path: Path) -> None:
    versions[1].edit("results", 0, note="<script>alert(1)</script>")
    run(versions[0].path, versions[1].path, "--facts-only", "-o", tmp_path / "x.html")
    assert "<script>alert" not in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_a_state_with_problems(versions: Pair) -> None:
    versions[1].edit("results", 0, value="high")
    code, out = run(*(version.path for version in versions))
    assert code == 1
    assert "warning: tables are not compared: ben: 1 problem" in out
    assert "values: 1" in out


def test_revisions(versions: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (("NAME", "a"), ("EMAIL", "a@b.c")):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run(["git", *words], check=True, cwd=tmp_path)
    versions[0].edit("results", 0, value="0.55")
    code, out = run("HEAD:anna", "anna", "--facts-only")
    assert code == 1
    assert "'0.85' -> '0.55'" in out
    assert run("HEAD:anna", "HEAD:ben", "--facts-only")[0] == 0
    monkeypatch.chdir(tmp_path / "anna")
    assert run("HEAD:.", "HEAD:../ben", "--facts-only")[0] == 0
    for state, words in (
        ("HEAD:nobody", "HEAD has no nobody"),
        ("v9:anna", "git knows no v9"),
        ("--output=x:anna", "is not there"),
        ("HEAD:../../..", "outside of the repository"),
        ("nothing", "is not there"),
    ):
        with pytest.raises(InputError, match=words), open_state(state):
            pass


@pytest.mark.needs_chromium
def test_the_page_in_a_browser(versions: Pair, tmp_path: Path, chromium: str) -> None:
    from tests.report.browser import Browser

    versions[1].edit("results", 0, value="0.55")
    versions[1].edit("studies", 1, status="excluded")
    page = tmp_path / "changes.html"
    run(versions[0].path, versions[1].path, "-o", page)
    with Browser(chromium) as browser:
        for width, dark in ((1280, False), (390, True)):
            browser.open(page, width=width, dark=dark)
            assert browser.run("document.documentElement.scrollWidth") <= width
            assert browser.run("document.querySelectorAll('section').length") >= 8
        assert browser.problems == []
        assert browser.requests == [page.resolve().as_uri()] * 2
