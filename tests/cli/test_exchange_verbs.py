"""Leaderboards in other people's formats: out of a review, back in by the same door, and refused where they are not."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

import metareview
from metareview.cli.app import app
from metareview.errors import InputError, MetareviewError, UnknownName
from metareview.ingest import check_review
from metareview.report.exchange.cells import exchange_cells

PUBLIC = Path(__file__).parents[2] / "data" / "studies" / "em-public"


def call(*arguments: object) -> str:
    found = CliRunner().invoke(app, [str(part) for part in arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def board(row: object) -> str:
    return json.dumps([{"task": "t", "datasets": [{"dataset": "d", "sota": {"rows": [row]}}]}])


@pytest.fixture(scope="module")
def public() -> metareview.Review:
    return metareview.load(PUBLIC)


def values(review: metareview.Review) -> Counter[tuple[str, str, float]]:
    cells = exchange_cells(review.frames, review.spec)
    return Counter((cell.dataset, cell.rule, round(float(cell.result["value"]), 9)) for cell in cells)


@pytest.mark.parametrize("kind", ["pwc", "eee", "wide"])
def test_what_goes_out_comes_back_by_the_door(kind: str, public: metareview.Review, tmp_path: Path) -> None:
    out, back = tmp_path / "board.txt", tmp_path / "back"
    call("export", PUBLIC, "--format", kind, "-o", out)
    first = out.read_bytes()
    call("export", PUBLIC, "--format", kind, "-o", out)
    assert out.read_bytes() == first
    call("import", out, "--format", kind, "-o", back)
    report = check_review(back)
    assert report.tables is not None, [str(problem) for problem in report.problems][:3]
    again = metareview.load(back)
    before, after = values(public), values(again)
    assert sum(after.values()) == sum(before.values()) == len(again.results)
    if kind != "pwc":  # its values are text as printed, rounded where the record is not
        assert after == before


def test_every_eval_ever_records_have_what_the_schema_requires(public: metareview.Review, tmp_path: Path) -> None:
    out = tmp_path / "eee.json"
    call("export", PUBLIC, "--format", "eee", "-o", out, "--retrieved", "1700000000")
    records = json.loads(out.read_text())
    required = {
        "schema_version",
        "evaluation_id",
        "retrieved_timestamp",
        "source_metadata",
        "model_info",
        "eval_library",
        "evaluation_results",
    }
    assert all(set(record) == required for record in records)
    assert len({record["evaluation_id"] for record in records}) == len(records)
    results = [result for record in records for result in record["evaluation_results"]]
    lower = {r["score_details"]["details"]["metric"]: r["metric_config"]["lower_is_better"] for r in results}
    assert lower["arand"] is True
    assert lower["jaccard"] is False
    for result in results:
        config = result["metric_config"]
        assert ("score_type" not in config) or config["min_score"] <= result["score_details"]["score"] <= config[
            "max_score"
        ]
        assert all(isinstance(value, str) for value in result["score_details"]["details"].values())
    assert any(r["score_details"].get("uncertainty", {}).get("confidence_interval") for r in results)


def test_croissant_describes_every_file_with_its_digest(tmp_path: Path) -> None:
    out = tmp_path / "croissant.json"
    call("export", PUBLIC, "--format", "croissant", "--url", "https://example.org", "--licence",
         "https://creativecommons.org/licenses/by/4.0/", "-o", out)  # fmt: skip
    body = json.loads(out.read_text())
    names = {path.name for path in PUBLIC.glob("*.csv")}
    assert {file["name"] for file in body["distribution"]} == names
    for file in body["distribution"]:
        assert len(file["sha256"]) == 64
    results = next(part for part in body["recordSet"] if part["name"] == "results")
    types = {field["name"]: field["dataType"] for field in results["field"]}
    assert (types["value"], types["metric"], types["se"]) == ("sc:Float", "sc:Text", "sc:Text")


def test_croissant_says_what_it_lacks_and_keeps_reruns_apart(root: Path) -> None:
    """Re-runs have a results.csv, too: each file is described by its place and its own digest."""
    review = root / "data" / "studies" / "brain-em"
    done = CliRunner().invoke(app, ["export", str(review), "--format", "croissant"])
    assert "asks for an address and a licence of the data; give --url and --licence" in done.stderr
    body = json.loads(done.stdout)
    found = {file["@id"]: file["sha256"] for file in body["distribution"]}
    for name in ("results.csv", "reruns/results.csv"):
        assert found[name] == hashlib.sha256((review / name).read_bytes()).hexdigest()
    tables = {part["name"]: part["field"][0]["source"]["fileObject"]["@id"] for part in body["recordSet"]}
    assert (tables["results"], tables["rerun_results"]) == ("results.csv", "reruns/results.csv")


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib, ends with its 8.0
def test_croissant_is_valid_for_its_own_library(tmp_path: Path) -> None:
    croissant = pytest.importorskip("mlcroissant")
    for path in PUBLIC.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    out = tmp_path / "croissant.json"
    call("export", PUBLIC, "--format", "croissant", "--url", "https://example.org", "--licence", "CC-BY-4.0", "-o", out)
    dataset = croissant.Dataset(jsonld=str(out))
    assert not dataset.metadata.ctx.issues.errors
    first = next(iter(dataset.records("datasets")))
    assert first["datasets/dataset_id"]


def test_a_wide_table_of_another_field(tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    table.write_text("method,year,accuracy,regret\nA,2020,91.2%,1.5\n=B(),2021,0.93,–\n")
    with pytest.raises(InputError, match="names no data set"):
        call("import", table, "--format", "wide", "-o", tmp_path / "x")
    with pytest.raises(InputError, match="regret; say so with --lower-is-better"):
        call("import", table, "--format", "wide", "--dataset", "Toy", "-o", tmp_path / "x")
    call("import", table, "--format", "wide", "--dataset", "Toy", "--lower-is-better", "Regret", "-o", tmp_path / "y")
    review = metareview.load(tmp_path / "y")
    assert review.results["value"].tolist() == pytest.approx([0.912, 1.5, 0.93])
    assert review.results["metric"].tolist() == ["accuracy", "regret", "accuracy"]
    assert review.spec.vocabulary()["regret"].direction == "lower"
    rows = list(csv.DictReader((tmp_path / "y" / "experiments.csv").read_text().splitlines()))
    assert rows[1]["method"] == "'=B()"


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("pwc", "[]", "holds no score"),
        ("pwc", "{", "line 1: not JSON"),
        ("pwc", '[{"name": 1}]', "neither"),
        ("pwc", board({"metrics": {"Dice": "1"}}), "model_name"),
        ("pwc", board({"model_name": "m", "metrics": {"Dice": "high"}}), "'high' for Dice"),
        ("eee", '[{"model_info": {}}, 3]', "/1: a record has"),
        ("wide", "name,score\nA,1\n", "no column is called method"),
        ("wide", "method,D | Dice\n,1\n", "line 2: the row names no method"),
    ],
)  # fmt: skip
def test_files_of_another_kind_are_refused_with_the_place(kind: str, text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(MetareviewError) as caught:
        call("import", path, "--format", kind, "-o", tmp_path / "out")
    assert said in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_unknown_formats_and_full_folders(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="croissant"):
        call("export", PUBLIC, "--format", "croisant")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    with pytest.raises(InputError, match="not an empty folder"):
        call("import", tmp_path / "a.json", "--format", "pwc", "-o", tmp_path / "full")
    with pytest.raises(InputError, match="no file"):
        call("import", tmp_path / "a.json", "--format", "pwc", "-o", tmp_path / "new")


def test_the_wide_table_has_no_number_that_is_not_there(public: metareview.Review) -> None:
    from metareview.report.exchange import render_export

    text = render_export("wide", public.frames, public.spec, {})
    rows = list(csv.reader(text.splitlines()))
    filled = [float(cell) for row in rows[1:] for cell in row[6:] if cell]
    assert len(filled) == sum(values(public).values())
    assert all(math.isfinite(value) for value in filled)


def test_a_wide_table_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    table = tmp_path / "w.csv"
    table.write_text("method;Toy | Dice\nA;0,91\nB;0,83\n")
    call("import", table, "--format", "wide", "-o", tmp_path / "z")
    rows = metareview.load(tmp_path / "z").frames["results"]
    assert rows["value"].tolist() == [0.91, 0.83]
