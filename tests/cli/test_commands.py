"""The command line as a user meets it: help, schema, init, show, errors and exit codes."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from metareview.cli import main

ROOT = Path(__file__).parent.parent.parent
VERBS = (
    "init", "check", "build", "show", "table", "figure", "report", "schema", "compare", "merge", "diff", "archive",
    "agreement",
)  # fmt: skip


def run(args: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run the program in this process; return exit code, output, errors."""
    monkeypatch.setattr(sys, "argv", ["metareview", *args])
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    out = capsys.readouterr()
    return code, out.out, out.err


def test_help_names_every_verb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(["--help"], monkeypatch, capsys)
    assert code == 0
    assert [verb for verb in VERBS if f"  {verb} " not in out] == []
    assert " step " not in out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_examples(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run([verb, "--help"], monkeypatch, capsys)
    assert code == 0
    assert f"metareview {verb}" in out.split("Examples")[1]


def test_the_command_pages_are_current() -> None:
    spec = importlib.util.spec_from_file_location("docs_make", ROOT / "docs" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == module.command_pages()


def test_help_is_immediate() -> None:
    """Under 0.3 s is the goal; a test that times would fail on a busy machine, so it counts modules instead."""
    probe = "import metareview.cli.app, sys; print(len(sys.modules))"
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", probe], capture_output=True, text=True, check=True)
    assert "pandas" not in done.stderr
    assert int(done.stdout) < 700


def test_schema_of_one_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(["schema", "results"], monkeypatch, capsys)
    body = json.loads(out)
    assert code == 0
    assert body["additionalProperties"] is False
    assert body["properties"]["printed"]["description"].startswith("The figure exactly as printed")


def test_schema_of_all(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "schema.json"
    code, _, _ = run(["schema", "-o", str(target)], monkeypatch, capsys)
    assert code == 0
    assert {"review", "metric", "results", "flow", "claims"} <= set(json.loads(target.read_text(encoding="utf-8")))


def test_schema_of_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(["schema", "result"], monkeypatch, capsys)
    assert code == 2
    assert err == "table 'result' is not known; did you mean 'results'?\n"


def test_init_refuses_a_folder_with_something_in_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "something").write_text("precious", encoding="utf-8")
    code, _, err = run(["init", str(tmp_path)], monkeypatch, capsys)
    assert code == 2
    assert err == f"{tmp_path} exists and is not an empty folder; name a new folder\n"
    assert [path.name for path in tmp_path.iterdir()] == ["something"]


@pytest.mark.parametrize("title", ["Plain", 'He said "yes": # {no}', "日本語 – Ünïcode", "- list: [x"])
@pytest.mark.parametrize("empty", [True, False])
def test_a_new_review_checks_clean(
    title: str, empty: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "My Review 2"
    code, out, _ = run(["init", str(folder), "--title", title, *(["--empty"] if empty else [])], monkeypatch, capsys)
    assert code == 0
    assert "metareview check" in out
    code, out, err = run(["check", str(folder)], monkeypatch, capsys)
    assert (code, err) == (0, "") if not empty else code in (0, 1)
    import metareview

    if not empty:
        assert metareview.load(folder).spec.title == title


def test_show(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "r"
    run(["init", str(folder)], monkeypatch, capsys)
    code, out, _ = run(["show", str(folder), "--json"], monkeypatch, capsys)
    body = json.loads(out)
    assert code == 0
    assert body["counts"]["rows"]["results"] == 3
    assert body["counts"]["results by metric"] == {"accuracy": 2, "f1": 1}
    assert "benchmark" in body["tables"]
    code, out, _ = run(["show", str(folder)], monkeypatch, capsys)
    assert "studies by corpus" in out


def test_a_review_that_is_not_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in (["check", "no-such"], ["show", "no-such"], ["table", "no-such", "benchmark"], ["build", "no-such"]):
        code, _, err = run(verb, monkeypatch, capsys)
        assert code == 2, verb
        assert "no-such" in err
        assert "Traceback" not in err


def test_effects_of_a_column_of_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,x\n", encoding="utf-8")
    cells = [
        word for name, column in zip(("ai", "bi", "ci", "di"), "abab", strict=True) for word in (f"--{name}", column)
    ]
    code, _, err = run(["effects", str(table), "--measure", "RR", *cells], monkeypatch, capsys)
    assert code == 2
    assert (
        err
        == f"{table}: bi is not numeric: line 2 has 'x'; give a number, or leave the cell blank where there is none\n"
    )


def test_a_page_of_some_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import metareview

    run(["init", str(tmp_path / "r")], monkeypatch, capsys)
    page = metareview.load(tmp_path / "r").page(["studies"])
    assert "Study characteristics" in page
    assert "Unified benchmark" not in page


def test_a_report_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    folder = tmp_path / "mine"
    assert run(["init", str(folder)], monkeypatch, capsys)[0] == 0
    code, _, err = run(["build", str(folder), "-o", str(tmp_path / "file" / "out")], monkeypatch, capsys)
    assert code == 2
    assert "cannot be written to: Not a directory; choose another folder" in err
