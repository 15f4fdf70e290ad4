"""Rows of re-runs go out as spreadsheets and come back through the door; as-published tables never see them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from metareview.errors import InputError, ProblemsFound, UnknownName
from metareview.ingest import check_review, read_review, table_files
from metareview.ingest.reruns import RERUN_TABLES, write_reruns
from metareview.schema import RerunExperiment, RerunResult, RerunTarget

STARTER = Path(__file__).parents[2] / "metareview" / "cli" / "starter"
RUN = "net.small.f0.s1.0a1b2c3d"
EXPERIMENT = RerunExperiment(
    experiment_id="rerun.net", method="ExampleNet", dataset_id="example-data", target="object", split="test",
    replicates="example-2024.net.example-data", test_set="same", run_id=(RUN,), locator="specs/net.yaml", n_runs=1,
)  # fmt: skip
SEED = RerunResult(
    experiment_id="rerun.net", metric="accuracy", convention="unstated", unit="seed:1", value=0.1 + 0.2, run_id=(RUN,),
    locator=f"runs/{RUN}.json",
)  # fmt: skip
TARGET = RerunTarget(
    experiment_id="rerun.net", metric="f1", value=0.885, document="Example 2024, p. 6", locator="Table 2",
    printed="0.885", uncertain=True,
)  # fmt: skip


@pytest.fixture
def review(tmp_path: Path) -> Path:
    folder = tmp_path / "starter"
    folder.mkdir()
    for path in STARTER.glob("*.csv"):
        shutil.copy(path, folder)
    text = (STARTER / "review.yaml").read_text(encoding="utf-8")
    (folder / "review.yaml").write_text(text.replace("@ID@", "starter").replace("@TITLE@", "T"), encoding="utf-8")
    record = folder / "reruns" / "runs" / f"{RUN}.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"run_id": RUN}), encoding="utf-8")
    return folder


def fill(review: Path, **rows: object) -> None:
    given = {"rerun_experiments": [EXPERIMENT], "rerun_results": [SEED], "rerun_targets": [TARGET]} | rows
    write_reruns(review, given)  # type: ignore[arg-type]


def test_what_is_written_is_what_is_read(review: Path) -> None:
    before = {name: frame.copy() for name, frame in read_review(review).tables.items()}
    fill(review)
    read = read_review(review)
    row = read.tables["rerun_experiments"].iloc[0]
    assert (row["replicates"], row["run_id"], row["test_set"], row["origin"]) == (
        EXPERIMENT.replicates, (RUN,), "same", "rerun",
    )  # fmt: skip
    assert read.tables["rerun_results"]["value"].tolist() == [0.1 + 0.2]  # every bit
    assert bool(read.tables["rerun_targets"]["uncertain"].iloc[0])
    assert read.tables["rerun_results"]["file"].tolist() == ["reruns/results.csv"]
    for name, frame in before.items():  # and nothing that documents print has changed
        if name not in RERUN_TABLES:
            assert frame.equals(read.tables[name]), name
    assert table_files(review)["rerun_results"] == review.resolve() / "reruns" / "results.csv"


def test_same_rows_same_bytes_and_no_rows_no_file(review: Path) -> None:
    fill(review)
    first = {path.name: path.read_bytes() for path in (review / "reruns").glob("*.csv")}
    fill(review)
    assert {path.name: path.read_bytes() for path in (review / "reruns").glob("*.csv")} == first
    assert b"note" not in first["results.csv"].splitlines()[0]  # columns without a value are left out
    fill(review, rerun_experiments=[], rerun_results=[], rerun_targets=[])
    assert not list((review / "reruns").glob("*.csv"))
    assert check_review(review).ok


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"run_id": ("other.run",)}, "other.run.json is not there"),
        ({"metric": "voi", "value": -1.0}, "voi is at least 0"),
        ({"experiment_id": "rerun.nett"}, "did you mean 'rerun.net'?"),
        ({"value": 94.8}, "write 0.948"),
    ],
)
def test_the_door_holds_for_reruns(review: Path, change: dict[str, object], said: str) -> None:
    fill(review, rerun_results=[SEED.model_copy(update=change)])
    with pytest.raises(ProblemsFound) as found:
        read_review(review)
    assert "reruns/results.csv line 2" in str(found.value)
    assert said in str(found.value)


def test_a_record_of_another_run_and_a_broken_one(review: Path) -> None:
    fill(review)
    record = review / "reruns" / "runs" / f"{RUN}.json"
    record.write_text(json.dumps({"run_id": "else"}), encoding="utf-8")
    assert "is the record of another run" in str(check_review(review).problems[0])
    record.write_text("{", encoding="utf-8")
    assert "is not JSON" in str(check_review(review).problems[0])


def test_what_it_answers_must_be_there(review: Path) -> None:
    fill(review, rerun_experiments=[EXPERIMENT.model_copy(update={"replicates": "example-2024.nett.example-data"})])
    (problem,) = check_review(review).problems
    assert (problem.file, problem.column) == ("reruns/experiments.csv", "replicates")


def test_a_stray_file_is_named(review: Path) -> None:
    (review / "reruns" / "result.csv").write_text("a\n", encoding="utf-8")
    (problem,) = check_review(review).problems
    assert problem.severity == "warning"
    assert "did you mean 'reruns/results.csv'" in problem.remedy


def test_rows_of_another_table_are_refused(review: Path) -> None:
    with pytest.raises(InputError, match="a row of rerun_results is a RerunResult, not a RerunTarget"):
        write_reruns(review, {"rerun_results": [TARGET]})
    with pytest.raises(UnknownName, match="table of re-runs"):
        write_reruns(review, {"results": [SEED]})
