"""The verbs effects and fit: files in, files out, every key, errors with exit codes."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import pytest

from metareview.cli import main
from tests.published.trials import BCG


@pytest.fixture
def trials(tmp_path: Path) -> Path:
    path = tmp_path / "trials.csv"
    BCG.rename(columns={"ai": "tpos", "bi": "tneg", "ci": "cpos", "di": "cneg"}).to_csv(path, index=False)
    return path


def run(*arguments: str) -> int:
    with patch.object(sys, "argv", ["metareview", *arguments]), pytest.raises(SystemExit) as done:
        main()
    code = done.value.code
    return code if isinstance(code, int) else 0


CELLS = ("--ai", "tpos", "--bi", "tneg", "--ci", "cpos", "--di", "cneg")


def test_from_counts_to_a_model(trials: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    effects, model = tmp_path / "effects.csv", tmp_path / "fit.json"
    assert run("effects", str(trials), "--measure", "RR", *CELLS, "-o", str(effects)) == 0
    with effects.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert float(rows[0]["yi"]) == pytest.approx(-0.8893113339)
    assert rows[0]["measure"] == "RR"
    assert run("fit", str(effects), "--test", "knha", "--json", "-o", str(model)) == 0
    body = json.loads(model.read_text(encoding="utf-8"))
    assert body["tau2"] == pytest.approx(0.3132432581)
    assert body["coefficients"][0]["pvalue"] == pytest.approx(0.001920015096)
    assert run("fit", str(effects), "--mods", "~ ablat + C(alloc)", "--method", "EB", "--test", "z") == 0
    text = capsys.readouterr().out
    assert "C(alloc)[T.random]" in text
    assert "I2 (from tau2)" in text


def test_dependence(trials: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    effects = tmp_path / "effects.csv"
    run("effects", str(trials), "--measure", "OR", *CELLS, "-o", str(effects))
    arguments = ("--random", "~ 1 | alloc", "--random", "~ 1 | year", "--rho", "0.3", "--rho-by", "alloc", "--json")
    assert run("fit", str(effects), *arguments) == 0
    body = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in body["variance_components"]] == ["alloc", "year"]
    assert body["tau2"] is None
    assert run("fit", str(effects), "--cluster", "alloc", "--vcov", "CR1") == 0
    assert "CR1 over 3 clusters" in capsys.readouterr().out


NESTED = """study,esid,yi,vi,ablat,alloc
a,1,0.1,0.02,44,random
a,2,0.3,0.03,44,random
b,3,0.4,0.02,13,random
b,4,0.5,0.04,13,random
c,5,0.2,0.03,33,alternate
d,6,0.6,0.02,52,alternate
e,7,0.3,0.05,19,systematic
f,8,0.7,0.04,27,systematic
g,9,0.1,0.03,42,random
"""


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    path = tmp_path / "nested.csv"
    path.write_text(NESTED, encoding="utf-8")
    return path


def test_all_options_of_a_paper_at_once(nested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Knapp-Hartung with random effects and clusters: robust tests stand in, and the report says so."""
    arguments = (
        *("fit", str(nested), "--yi", "yi", "--vi", "vi", "--method", "REML", "--test", "knha"),
        *("--mods", "~ ablat + C(alloc)", "--random", "~ 1 | study/esid", "--cluster", "study", "--vcov", "CR2"),
    )
    assert run(*arguments, "--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["test"], body["vcov"], len(body["coefficients"])) == ("satterthwaite", "CR2", 4)
    assert body["warnings"][0].startswith("test knha: with clusters")
    assert run("fit", str(nested), "--test", "t", *arguments[10:], "--json") == 0
    assert json.loads(capsys.readouterr().out)["coefficients"] == body["coefficients"]


def test_tests_with_random_effects(nested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {}
    for test in ("t", "adhoc", "contain"):
        assert run("fit", str(nested), "--random", "~ 1 | study", "--test", test, "--json") == 0
        found[test] = json.loads(capsys.readouterr().out)
    assert [found[test]["test"] for test in found] == ["t", "t", "contain"]
    assert found["adhoc"]["warnings"][0].startswith("test adhoc: defined for independent effects")
    assert found["adhoc"]["coefficients"] == found["t"]["coefficients"]
    assert found["contain"]["coefficients"][0]["df"] == 6
    assert run("fit", str(nested), "--test", "contain") == 2
    assert "give random" in capsys.readouterr().err


@pytest.mark.parametrize("scale", [1e-9, 1e-40, 1e18])
def test_the_table_at_other_scales(
    scale: float, trials: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No number of the table is a row of zeros, or of digits that no data gave."""
    run("effects", str(trials), "--measure", "RR", *CELLS, "-o", str(tmp_path / "effects.csv"))
    table = pd.read_csv(tmp_path / "effects.csv")
    table.assign(yi=scale * table["yi"], vi=scale**2 * table["vi"]).to_csv(tmp_path / "scaled.csv", index=False)
    shown = []
    for name in ("effects", "scaled"):
        assert run("fit", str(tmp_path / f"{name}.csv"), "--table", "md") == 0
        shown.append(capsys.readouterr().out)
    assert "−0.71 \\[−1.11, −0.32\\]" in shown[0]
    power = str(round(math.log10(scale)) - 1).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    assert f"−7.145 × 10{power} \\[" in shown[1]
    assert f"1.808 × 10{power}<" in shown[1]
    assert "000000" not in shown[1]


def nulls(body: dict[str, object]) -> set[str]:
    """Keys that are null or hold a null."""
    holds = {key for key, value in body.items() if value is None or (isinstance(value, list) and None in value)}
    return holds | {key for key, value in body.items() if isinstance(value, dict) and None in value.values()}


@pytest.mark.parametrize(("rows", "options"), [
    (1, []), (2, ["--mods", "~ x"]), (5, ["--method", "EE"]), (5, []), (5, ["--mods", "~ 0 + x"]),
    (1, ["--method", "EE"]), (5, ["--random", "~ 1 | lab"]), (5, ["--rho", "0.1", "--rho-by", "lab"]),
    (5, ["--cluster", "row"]),
])  # fmt: skip
def test_every_null_has_its_reason(
    rows: int, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "close.csv"
    table = pd.DataFrame({"yi": [0.3, 0.31, 0.3, 0.3, 0.3], "vi": 0.5, "x": [1, 2, 4, 3, 5], "lab": list("aabbc"),
                          "row": range(5)})  # fmt: skip
    table.head(rows).to_csv(path, index=False)
    assert run("fit", str(path), *options, "--json") == 0
    body = json.loads(capsys.readouterr().out)
    del body["inputs"]
    said = {text.split(":")[0] for text in body["warnings"]}
    assert nulls(body) - said - {"clusters", "qm_df", "qm_ddf", "qm_pvalue"} == set()


def test_an_empty_interval_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "close.csv"
    path.write_text("yi,vi\n" + "0.3,0.5\n" * 5, encoding="utf-8")
    assert run("fit", str(path)) == 0
    text = capsys.readouterr().out
    assert "tau2: 0 [none, none]" in text
    assert "warning: tau2_ci: empty set: the effects agree better than their variances allow" in text


def test_effects_as_json(trials: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("effects", str(trials), "--measure", "RD", *CELLS, "--vtype", "UB", "--flip", "--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert len(body) == 13
    assert body[0]["vtype"] == "UB"


def test_json_at_any_scale(trials: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Effects a small factor smaller give every number that factor smaller, to the last digits."""
    found, scale = {}, 1e-7
    run("effects", str(trials), "--measure", "RR", *CELLS, "-o", str(tmp_path / "effects.csv"))
    table = pd.read_csv(tmp_path / "effects.csv")
    for s in (1.0, scale):
        path = tmp_path / f"scaled-{s}.csv"
        table.assign(yi=s * table["yi"], vi=s * s * table["vi"]).to_csv(path, index=False)
        assert run("sensitivity", str(path), "--json") == 0
        shown = json.loads(capsys.readouterr().out)
        assert run("effects", str(path), "--measure", "GEN", "--yi", "yi", "--vi", "vi", "--json") == 0
        found[s] = shown, json.loads(capsys.readouterr().out)
    pairs = (("estimate", scale), ("se", scale), ("ci_low", scale), ("ci_high", scale), ("tau2", scale**2))
    for one, other in zip(found[1.0][0], found[scale][0], strict=True):
        for key, factor in pairs:
            assert other[key] == pytest.approx(one[key] * factor, rel=1e-9, abs=1e-14 * factor), (one["analysis"], key)
    for one, other in zip(found[1.0][1], found[scale][1], strict=True):
        assert other["yi"] == pytest.approx(one["yi"] * scale, rel=1e-14)
        assert other["vi"] == pytest.approx(one["vi"] * scale**2, rel=1e-14)


def test_json_of_missing_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gap.csv"
    path.write_text("yi,vi,study\n0.1,,a\n0.2,0.1,\n", encoding="utf-8")
    assert run("effects", str(path), "--measure", "GEN", "--yi", "yi", "--vi", "vi", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [rows[0]["yi"], rows[0]["vi"], rows[1]["study"]] == [None, None, None]


@pytest.mark.parametrize(("arguments", "message"), [
    (("effects", "{}", "--measure", "RRR", *CELLS), "effect measure 'RRR'"),
    (("effects", "{}", "--measure", "RR", "--ai", "tposs"), "did you mean 'tpos'"),
    (("fit", "{}"), "column for yi"),
    (("fit", "{}", "--yi", "ablat", "--vi", "year", "--rho", "0.5"), "--rho needs groups"),
    (("fit", "nowhere.csv"), "does not exist"),
    (("fit", "{}", "--yi", "alloc", "--vi", "year"), "trials.csv: yi is not numeric: line 2 has 'random'; give"),
    (("fit", "{}", "--json", "--script", "r"), "--json, --script and --table"),
    (("fit", "{}", "--vi", "year", "--sei", "year"), "not both"),
    (("plot", "{}", "-o", "x.svg", "--vi", "year", "--sei", "year"), "not both"),
    (("sensitivity", "{}", "--rho", "0.4"), "name their column with --cluster"),
])  # fmt: skip
def test_refusals(trials: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*(text.format(trials) if text == "{}" else text for text in arguments)) == 2
    assert message in capsys.readouterr().err


def test_a_word_among_decimal_commas_is_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("yi;vi\n0,5;0,1\nx;0,2\n0,3;0,1\n", encoding="utf-8")
    assert run("fit", str(bad)) == 2
    assert "bad.csv: yi is not numeric: line 3 has 'x'" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["fit", "sensitivity", "plot"])
def test_standard_errors_in_place_of_variances(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, bad = tmp_path / "se.csv", tmp_path / "bad.csv"
    path.write_text("yi,sei\n0.1,0.2\n0.3,0.2\n0.2,0.3\n", encoding="utf-8")
    bad.write_text("yi,vi\n0.1,0.2\n0.3,-0.2\n0.2,0.3\n", encoding="utf-8")
    more = ["-o", str(tmp_path / "x.svg")] if verb == "plot" else []
    assert run(verb, str(path), *more) == 2
    assert "give --sei sei" in capsys.readouterr().err
    assert run(verb, str(path), "--sei", "sei", *more) == 0
    assert run(verb, str(bad), *more) == 2
    assert "bad.csv: vi: a sampling variance is positive; line 3: -0.2" in capsys.readouterr().err


def test_scripts_for_other_engines(trials: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    effects, script = tmp_path / "effects.csv", tmp_path / "repeat.py"
    run("effects", str(trials), "--measure", "RR", *CELLS, "-o", str(effects))
    assert run("fit", str(effects), "--test", "knha", "--script", "python", "-o", str(script)) == 0
    done = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, text=True, check=True)
    assert float(done.stdout.splitlines()[2].split()[1]) == pytest.approx(0.3132432581, rel=1e-6)
    assert run("fit", str(effects), "--script", "R") == 0
    assert "rma(yi / s" in capsys.readouterr().out
    assert run("fit", str(effects), "--script", "cobol") == 2
    assert "cobol" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "mark"), [("md", "| "), ("tex", "\\toprule"), ("html", "<table"), ("csv", "quantity,")]
)
def test_the_model_as_a_table(kind: str, mark: str, trials: Path, tmp_path: Path) -> None:
    effects, out = tmp_path / "effects.csv", tmp_path / f"model.{kind}"
    run("effects", str(trials), "--measure", "RR", *CELLS, "-o", str(effects))
    assert run("fit", str(effects), "--mods", "~ ablat", "--table", kind, "-o", str(out)) == 0
    text = out.read_text(encoding="utf-8")
    assert mark in text
    assert "ablat" in text
    if kind != "csv":
        assert "restricted" in text
