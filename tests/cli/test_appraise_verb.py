"""``metareview appraise`` as a user meets it."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from metareview.cli import main
from tests.appraised import judged, make_review, sheet

LOW = {f"d{n}": "low" for n in range(1, 6)}


def run(args: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["metareview", "appraise", *args])
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [*sheet("t1", "ana", **LOW), *sheet("t1", "ben", **{**LOW, "d2": "high"}), *sheet("t2", "ana", **LOW)]
    return make_review(tmp_path / "r", rows)


@pytest.mark.parametrize("verb", ["tools", "show", "template", "check", "summary", "robvis"])
def test_help_with_an_example(verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run([verb, "--help"], monkeypatch, capsys)
    assert code == 0
    assert f"metareview appraise {verb}" in out.split("Example")[1]


def test_tools_and_show(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(["tools", "--json"], monkeypatch, capsys)
    assert code == 0
    assert [row["id"] for row in json.loads(out)][:3] == ["rob-2", "rob-2-adhering", "quadas-2"]
    code, out, _ = run(["show", "rob-2"], monkeypatch, capsys)
    assert "d2.3" in out
    assert "asked if d2.1 is Y/PY/NI or d2.2 is Y/PY/NI" in out
    assert "the worst of d1, d2, d3, d4, d5" in out
    code, out, err = run(["show", "rob2"], monkeypatch, capsys)
    assert code == 2
    assert "did you mean 'rob-2'?" in err


def test_check_tells_what_is_open_and_what_is_wrong(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(["check", str(folder)], monkeypatch, capsys)
    assert code == 0
    assert "RoB 2: 2 studies, 10 of 12 items judged, 1 without the consensus they need" in out
    with (folder / "appraisal.csv").open("a", encoding="utf-8") as file:
        file.write("t3,rob-2,d1,ana,fine\n")
    code, out, _ = run(["check", str(folder), "--json"], monkeypatch, capsys)
    assert code == 1
    assert json.loads(out)["problems"][0]["found"] == "fine"


def test_template_summary_and_robvis(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out_file = tmp_path / "sheet.csv"
    code, _, _ = run(["template", str(folder), "--tool", "ml-leakage", "--rater", "ana", "-o", str(out_file)],
                     monkeypatch, capsys)  # fmt: skip
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out_file.read_text(encoding="utf-8"))))
    assert len(rows) == 15 + 4 * 14
    code, out, _ = run(["summary", str(folder), "--json"], monkeypatch, capsys)
    body = json.loads(out)
    assert set(body) == {"appraisal_coverage", "appraisal", "appraisal_summary", "appraisal_agreement"}
    assert body["appraisal_agreement"]["differences"][0]["study_id"] == "t1"
    code, out, _ = run(["summary", str(folder)], monkeypatch, capsys)
    assert "| RoB 2 | D1 Randomisation |" in out
    code, out, err = run(["robvis", str(folder), "--tool", "rob-2"], monkeypatch, capsys)
    assert out.splitlines()[0] == "Study,D1,D2,D3,D4,D5,Overall,Weight"
    assert "for the robvis template ROB2" in err
    code, _, err = run(["robvis", str(folder), "--tool", "probast-ai"], monkeypatch, capsys)
    assert code == 2
    assert "no study has a judgement of PROBAST+AI" in err


def test_a_tool_of_the_reviews_own_is_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tools").mkdir()
    (folder / "tools" / "mine.yaml").write_text("extends: quadas-2\nid: mine\ntitle: Mine\n", encoding="utf-8")
    code, out, _ = run(["tools", "--review", str(folder)], monkeypatch, capsys)
    assert code == 0
    assert "mine " in out
    assert judged("t1", "d1", tool="mine", ana="low")[0]["tool"] == "mine"
    assert run(["show", "mine", "--review", str(folder)], monkeypatch, capsys)[0] == 0
