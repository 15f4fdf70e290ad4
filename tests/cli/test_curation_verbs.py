"""template, check --annotate and csv, as a reviewer calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from metareview.cli.app import app
from metareview.errors import MetareviewError


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner(env={"METAREVIEW_SOURCES": ""}).invoke(app, [str(text) for text in arguments])
    if isinstance(result.exception, MetareviewError):
        return result.exception.exit_code, str(result.exception)
    return result.exit_code, result.output


@pytest.fixture
def review(tmp_path: Path) -> Path:
    assert run("init", tmp_path / "my-review", "--title", "Cracks")[0] == 0
    return tmp_path / "my-review"


def test_from_init_to_files_again(review: Path, tmp_path: Path) -> None:
    book, checked = tmp_path / "extraction.xlsx", tmp_path / "checked.xlsx"
    code, said = run("template", review, "-o", book)
    assert (code, said.splitlines()[0]) == (0, f"{book} is ready. Fill it in, then:")
    page = load_workbook(book)
    page["results"]["F4"] = 9.1
    page.save(book)
    code, said = run("check", book, "--annotate", checked)
    assert code == 1
    assert "extraction.xlsx row 4, column value (results!F4): found '9.1'" in said
    assert f"{checked}: the copy with the problems at their cells" in said
    assert load_workbook(checked)["problems"]["C5"].value == "F4"
    page["results"]["F4"] = 0.92
    page["results"]["Q4"] = "0.92"
    page.save(book)
    code, said = run("check", book, "--annotate", checked)  # an earlier copy is replaced
    assert (code, said.splitlines()[0]) == (0, "extraction.xlsx: no problems")
    assert run("csv", book, "-o", review)[0] == 2  # results differ
    code, said = run("csv", book, "-o", review, "--force")
    assert (code, said) == (0, f"{review}: 1 of 16 files written: results.csv\n")
    assert run("check", review)[0] == 0


def test_the_doubts_can_be_left_out(review: Path) -> None:
    path = review / "results.csv"
    path.write_text(path.read_text().replace(",88.5,", ",88.6,", 1))
    assert run("check", review)[1].count("warning: found '88.6'") == 1
    assert run("check", review, "--rules-only")[1].startswith("my-review: no problems\n")
    assert json.loads(run("check", review, "--json")[1])["warnings"] == 1


def test_no_file_is_replaced_unasked(review: Path, tmp_path: Path) -> None:
    book = tmp_path / "x.xlsx"
    run("template", review, "-o", book)
    assert run("template", review, "-o", book) == (
        2, f"{book} is there already; name another file, or replace it with --force",
    )  # fmt: skip
    assert run("template", review, "-o", book, "--force")[0] == 0
    assert "which is never changed; name another file" in run("template", book, "-o", book, "--force")[1]
    assert "which is never changed; name another file" in run("check", book, "--annotate", book)[1]
    assert "would be its tables a second time" in run("template", review, "-o", review / "x.xlsx")[1]
    assert "does not end in .xlsx; name the workbook x.xlsx" in run("template", review, "-o", tmp_path / "x.csv")[1]
    code, said = run("check", review, "--annotate", book)
    assert (code, "is there already; name another file, or move it away" in said) == (2, True)


def test_a_new_review_at_once(tmp_path: Path) -> None:
    book = tmp_path / "x.xlsx"
    assert run("template", tmp_path / "new", "-o", book, "--new", "Cracks")[0] == 0
    assert (tmp_path / "new" / "review.yaml").read_text().count('title: "Cracks"') == 1
    assert load_workbook(book)["results"].max_row == 3
    assert "is not an empty folder" in run("template", tmp_path / "new", "-o", book, "--new", "x", "--force")[1]
    assert "is not there; give the folder" in run("template", tmp_path / "no", "-o", tmp_path / "y.xlsx")[1]


def test_made_anew(review: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    run("template", review, "-o", first)
    assert run("template", first, "-o", second)[0] == 0
    rows = [[[c.value for c in row] for row in load_workbook(path)["results"].iter_rows()] for path in (first, second)]
    assert rows[0] == rows[1]
