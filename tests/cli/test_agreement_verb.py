"""metareview agreement: wide and long files, numbers and names, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metareview.cli.app import app
from metareview.errors import InputError, UnknownName

runner = CliRunner()
WIDE = "record,anna,ben\nr1,include,include\nr2,include,exclude\nr3,exclude,exclude\nr4,exclude,exclude\nr5,,include\n"


def run(*args: str) -> str:
    done = runner.invoke(app, ["agreement", *args], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_wide_and_long_agree(tmp_path: Path) -> None:
    wide, long = tmp_path / "wide.csv", tmp_path / "long.csv"
    wide.write_text(WIDE, encoding="utf-8")
    lines = ["unit,rater,rating"]
    for row in WIDE.splitlines()[1:]:
        unit, *cells = row.split(",")
        lines += [f"{unit},{name},{cell}" for name, cell in zip(("anna", "ben"), cells, strict=True) if cell]
    long.write_text("\n".join(lines) + "\n", encoding="utf-8")
    body = json.loads(run(str(wide), "--positive", "include", "--json"))
    assert body["kind"] == "AgreementResult"
    assert (body["k_in"], body["k_used"]) == (5, 4)
    assert body["tables"] == [["anna", "ben", [[2, 0], [1, 1]]]]
    kappa = next(row for row in body["estimates"] if row["coefficient"] == "cohen_kappa")
    assert kappa["value"] == pytest.approx(0.5)
    assert json.loads(run(str(long), "--positive", "include", "--json"))["estimates"] == body["estimates"]


def test_text(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(WIDE, encoding="utf-8")
    out = run(str(path))
    assert "2 raters, 5 units, 4 with two ratings or more" in out
    assert "Cohen's kappa" in out
    assert "dropped r5: fewer than two ratings" in out


def test_numbers(tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("u,a,b\n1,0.9,0.91\n2,0.8,0.8\n3,0.5,NA\n4,0.7,0.72\n", encoding="utf-8")
    body = json.loads(run(str(path), "--scale", "interval", "--json"))
    assert [row["coefficient"] for row in body["estimates"]][:2] == ["krippendorff_alpha", "icc_1_1"]
    ordinal = json.loads(run(str(path), "--scale", "ordinal", "--json"))
    assert ordinal["categories"][0] == "0.5"


def test_errors(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(WIDE, encoding="utf-8")
    twice = tmp_path / "twice.csv"
    twice.write_text("unit,rater,rating\nr1,anna,yes\nr1,anna,no\n", encoding="utf-8")
    for args, kind, words in (
        ((path, "--scale", "interval"), InputError, "needs numbers"),
        ((path, "--raters", "anna,bn"), UnknownName, "did you mean 'ben'"),
        ((path, "--positive", "inclde"), UnknownName, "did you mean 'include'"),
        ((twice,), InputError, "line 3: anna rates r1 a second time"),
        ((tmp_path / "none.csv",), InputError, "does not exist"),
    ):
        with pytest.raises(kind, match=words):
            runner.invoke(app, ["agreement", *map(str, args)], catch_exceptions=False)
