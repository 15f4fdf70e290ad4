from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from metareview.cli.check import check

TABLES = {
    "review.yaml": "id: small\ntitle: Reading tests\nquestion: Which test reads best?\n",
    "sources.csv": "source_id,title\npaper,A paper\n",
    "studies.csv": "study_id,status\nsmith-r01,included\n",
    "experiments.csv": "experiment_id,study_id,method,source_id,locator\nsmith-r01.unet,smith-r01,U-Net,paper,p. 3\n",
    "results.csv": "experiment_id,metric,value,source_id,locator\nsmith-r01.unet,dice,0.85,paper,L1\n",
}


@pytest.fixture
def review(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(*arguments: object, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    app = typer.Typer()
    app.command()(check)
    result = CliRunner(env={"METAREVIEW_SOURCES": "", **(env or {})}).invoke(app, [str(text) for text in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_clean_review(review: Path) -> None:
    assert run(review) == (0, "small: no problems\nrows: sources 1, studies 1, experiments 1, results 1\n", "")


def test_warnings_are_allowed(review: Path) -> None:
    (review / "reslts.csv").write_text("x\n")
    code, out, _ = run(review)
    assert code == 0
    assert out.startswith("small: no problems, 1 warning\nreslts.csv: warning: ")


def test_problems_give_exit_code_1(review: Path) -> None:
    rows = "".join(f"smith-r01.unet,dice,{number},paper,L1\n" for number in range(2, 12))
    (review / "results.csv").write_text("experiment_id,metric,value,source_id,locator\n" + rows, encoding="utf-8")
    code, out, _ = run(review, "--max", "2")
    assert code == 1
    assert out.startswith("small: 19 problems\n")
    assert out.count("  … and ") == 2
    code, everything, _ = run(review, "--max", "0")
    assert (code, everything.count("results.csv line")) == (1, 19)


def test_json(review: Path) -> None:
    (review / "results.csv").write_text(TABLES["results.csv"].replace("0.85", "94.8"), encoding="utf-8")
    code, out, err = run(review, "--json")
    assert (code, err) == (1, "")
    report = json.loads(out)
    assert (report["ok"], report["errors"]) == (False, 1)
    assert report["problems"][0]["remedy"] == "write 0.948 or set scale to percent"


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_wrong_call_gives_exit_code_2(tmp_path: Path, flags: list[str]) -> None:
    code, out, err = run(tmp_path / "nothing", *flags)
    said = f"{tmp_path / 'nothing'} is not there; give the folder of a review"
    assert code == 2
    if flags:
        assert json.loads(out)["error"] == said
    else:
        assert err == f"metareview check: {said}\n"
    assert run()[0] == 2


def test_sources_come_from_the_option_or_the_environment(review: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "paper.txt").write_text("Dice 0.85\n")
    (review / "results.csv").write_text(
        "experiment_id,metric,value,source_id,locator,printed\nsmith-r01.unet,dice,0.85,paper,L1,0.85\n"
    )
    found = "printed figures found at their place: 1\n"
    assert run(review, "--sources", texts)[1].endswith(found)
    assert run(review, env={"METAREVIEW_SOURCES": str(texts)})[1].endswith(found)


def test_help_has_examples() -> None:
    code, out, _ = run("--help", env={"COLUMNS": "120", "TERM": "dumb"})
    assert code == 0
    for text in ("metareview check my-review --json > report.json", "Exit codes: 0 the review is in order"):
        assert text in out
