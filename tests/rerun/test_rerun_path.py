"""The whole path on the procedural phantom: train, predict, choose, segment, score, rows, replication table, report."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from metareview.api import load
from metareview.cli import main
from metareview.errors import InputError
from metareview.evaluation.inputs import file_hash
from metareview.rerun.record import read_records, record_path
from metareview.rerun.run import load_data
from metareview.rerun.spec_files import read_specs

pytest.importorskip("torch", reason="metareview[rerun]")
pytest.importorskip("sklearn", reason="metareview[rerun]")
EXAMPLE = Path(__file__).parents[2] / "examples" / "phantom"
SMALL: dict[str, Any] = {
    "phantom-unet2d": {"steps": 12, "batch": 2, "patch": [1, 32, 32]},
    "phantom-forest": {"options": {"trees": 3, "pixels": 800}},
}


def run(*arguments: str) -> int:
    """Run the program in this process."""
    before, sys.argv = sys.argv, ["metareview", "rerun", *arguments]
    try:
        main()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.argv = before
    return 0


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with everything made smaller, run once."""
    folder = tmp_path_factory.mktemp("path") / "phantom"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("runs", ".work"))
    for name, change in SMALL.items():
        path = folder / "reruns" / "specs" / f"{name}.yaml"
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
        body["train"] |= change
        body["data"]["options"] = {"shape": [10, 48, 48], "seed": 7}
        path.write_text(yaml.safe_dump(body), encoding="utf-8")
    assert run("run", str(folder), "--device", "cpu") == 0
    return folder


def test_a_record_per_seed_with_all_it_takes_to_believe_it(review: Path) -> None:
    records = read_records(review)
    assert len(records) == 6
    for record in records.values():
        assert record.fold == "0"
        assert {"train", "predict", "choose", "score"} <= set(record.seconds)
        assert record.data["sha256"]
        assert record.code["metareview"]
        assert record.environment["packages"]["numpy"] == np.__version__
        assert record.threshold in [entry.value for entry in record.thresholds]
        assert record.chosen_by == "vrand:thin"
        ends = (record.thresholds[0].value, record.thresholds[-1].value)
        assert (record.threshold in ends) == any(
            "is the last candidate on its side" in said for said in record.warnings
        )
        assert set(record.regions) == {"train", "val", "test"}
        assert record.names == ("vrand:thin", "pixel_error:disagree")
        assert record.spec["train"]["model"] in ("unet2d-same", "forest")
        assert str(review) not in record.to_json()  # nothing of this machine's folders
    networks = [record for record in records.values() if record.spec_id == "phantom-unet2d"]
    assert {record.convergence["steps"] for record in networks} == {12}
    assert all(
        record.convergence["history"][-1]["loss"] < record.convergence["history"][0]["loss"] for record in networks
    )
    assert len({record.value("pixel_error:disagree") for record in networks}) == 3  # seeds differ


def test_rows_and_replication_table(review: Path) -> None:
    loaded = load(review)
    results = loaded.frames["rerun_results"]
    assert len(results) == 2 * 2 * (3 + 1)
    (experiment,) = loaded.frames["rerun_experiments"].query("experiment_id.str.contains('unet2d')").to_dict("records")
    assert experiment["replicates"] == "example-2024.unet.phantom"
    by_metric = {row.metric: row for row in loaded.statistic("replication").rows if "unet2d" in row.experiment_id}
    assert by_metric["vrand"].verdict in ("lower", "inconclusive")
    assert by_metric["pixel_error"].words == "not comparable: the published scoring rule is not stated"
    page = loaded.page(["replication"])
    assert ">Replication</h2>" in page
    assert 'id="figure-replication"' in page


def test_what_is_done_is_not_done_again(
    review: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in (review / "reruns").rglob("*.json") if "runs" in path.parts}
    monkeypatch.setattr("metareview.rerun.run.train_predictor", lambda *a, **k: pytest.fail("trained again"))
    assert run("run", str(review), "--json") == 0
    assert {row["state"] for row in json.loads(capsys.readouterr().out)} == {"done"}
    after = {path.name: path.read_bytes() for path in (review / "reruns").rglob("*.json") if "runs" in path.parts}
    assert after == before


@pytest.mark.parametrize("name", SMALL)
def test_a_killed_run_goes_on_and_comes_out_the_same(review: Path, name: str, tmp_path: Path) -> None:
    copy = tmp_path / "phantom"
    shutil.copytree(review, copy)
    spec = read_specs(copy)[name]
    run_id = spec.run_id("0", 2)
    before = read_records(copy, [run_id])[run_id]
    record_path(copy, run_id).unlink()  # killed after the training, before the record
    (copy / "reruns" / ".work" / spec.training_id("0", 2) / spec.predictions / "test.0.npy").unlink()
    assert run("run", str(copy), name, "--seed", "2", "--device", "cpu") == 0
    after = read_records(copy, [run_id])[run_id]
    assert (after.scores, after.thresholds, after.threshold) == (before.scores, before.thresholds, before.threshold)


def test_what_a_prediction_met_stands_in_the_record(
    review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tile that was halved, say: once, though several regions were predicted."""
    from dataclasses import replace

    from metareview.rerun import infer

    copy = tmp_path / "phantom"
    shutil.copytree(review, copy)
    spec = read_specs(copy)["phantom-unet2d"]
    run_id = spec.run_id("0", 2)
    record_path(copy, run_id).unlink()
    for path in (copy / "reruns" / ".work" / spec.training_id("0", 2)).glob("*/*.npy"):
        path.unlink()
    real = infer.predict_volume
    monkeypatch.setattr(infer, "predict_volume", lambda *a, **k: replace(real(*a, **k), events=("a smaller tile",)))
    assert run("run", str(copy), spec.id, "--seed", "2", "--device", "cpu") == 0
    assert read_records(copy, [run_id])[run_id].convergence["events"].count("prediction: a smaller tile") == 1


def test_ways_to_segment_share_a_training(review: Path, tmp_path: Path) -> None:
    """Another preset with other cells: its own record and scores, from the predictions that are there."""
    copy = tmp_path / "phantom"
    shutil.copytree(review, copy)
    path = copy / "reruns" / "specs" / "phantom-unet2d.yaml"
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    segment = body["segment"] | {"options": body["segment"]["options"] | {"smallest": 40}}
    path.write_text(yaml.safe_dump(body | {"presets": {"large-cells": {"segment": segment}}}), encoding="utf-8")
    spec = read_specs(copy)["phantom-unet2d"]
    other = spec.with_preset("large-cells")
    assert other.training_id("0", 2) == spec.training_id("0", 2)
    assert other.run_id("0", 2) != spec.run_id("0", 2)
    prediction = copy / "reruns" / ".work" / spec.training_id("0", 2) / spec.predictions / "test.0.npy"
    written = prediction.stat().st_mtime_ns
    assert run("run", str(copy), spec.id, "--preset", "large-cells", "--seed", "2", "--device", "cpu") == 0
    assert prediction.stat().st_mtime_ns == written
    records = read_records(copy)
    first, second = records[spec.run_id("0", 2)], records[other.run_id("0", 2)]
    assert second.convergence["history"] == first.convergence["history"]
    assert (
        "training and predictions taken over from an earlier run of the same training" in second.convergence["events"]
    )
    assert (
        "training and predictions taken over from an earlier run of the same training"
        not in first.convergence["events"]
    )
    assert second.spec["segment"]["options"]["smallest"] == 40
    assert [entry.score for entry in second.thresholds] != [entry.score for entry in first.thresholds]


def test_a_further_score_needs_no_training(
    review: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "phantom"
    shutil.copytree(review, copy)
    path = copy / "reruns" / "specs" / "phantom-forest.yaml"
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(body | {"scores": [*body["scores"], "dice:fg"]}), encoding="utf-8")
    monkeypatch.setattr("metareview.rerun.run.train_predictor", lambda *a, **k: pytest.fail("trained again"))
    assert run("score", str(copy)) == 0
    assert "dice:fg of phantom-forest" in capsys.readouterr().err
    assert run("score", str(copy), "--again", "--json") == 0
    assert {"rerun.phantom-forest.as-written"} == {
        row["experiment"] for row in json.loads(capsys.readouterr().out) if row["score"] == "dice:fg"
    }
    again = [record for record in read_records(copy).values() if record.spec_id == "phantom-forest"]
    assert again
    for record in again:  # which code trained stays, which code scored is added
        assert record.code["scored"]["metareview"] == record.code["metareview"]


def test_predictions_of_another_training_are_not_scored_for_a_record(
    review: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A forced run that was killed between its predictions and its record leaves them beside the former record."""
    copy = tmp_path / "phantom"
    shutil.copytree(review, copy)
    spec = read_specs(copy)["phantom-forest"]
    one, two, three = (spec.run_id("0", seed) for seed in spec.seeds)
    before = read_records(copy)
    work = copy / "reruns" / ".work"
    prediction = work / spec.training_id("0", 1) / spec.predictions / "test.0.npy"
    assert before[one].predictions == {"test.0.npy": file_hash(prediction)}
    np.save(prediction, np.load(prediction) * 0.5)
    (work / spec.training_id("0", 2) / spec.predictions / "test.0.npy").unlink()
    assert run("score", str(copy), "--again") == 0
    told = capsys.readouterr().err
    assert re.search(rf"{one}: not scored again: the predictions in .* are those of another training", told)
    assert f"{two}: not scored again: its predictions are not in" in told
    assert f"{three}: not" not in told
    after = read_records(copy)
    assert [after[name].code for name in (one, two)] == [before[name].code for name in (one, two)]
    assert "scored" in after[three].code
    assert after[three].scores == before[three].scores


def test_the_verbs_speak_json(review: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", str(review), "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(row["spec"], row["done"], row["runs"]) for row in rows} == {
        ("phantom-forest", 3, 3),
        ("phantom-unet2d", 3, 3),
    }
    assert run("replicate", str(review), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["contrasts"]["kind"]) == ("ReplicationResult", "ContrastsResult")
    assert {row["metric"] for row in found["contrasts"]["rows"]} == {"vrand", "pixel_error"}
    assert run("replicate", str(review)) == 0
    told = capsys.readouterr().out
    assert told.index("### Reported against re-run") < told.index("### Re-runs against each other")
    assert run("run", str(review), "--dry-run", "--force") == 0
    assert "12" in capsys.readouterr().out
    assert run("run", str(review), "phantom-nett") == 2
    assert "did you mean" in capsys.readouterr().err


def test_clear_errors(review: Path, tmp_path: Path) -> None:
    from metareview.rerun.run import run_job

    spec = read_specs(review)["phantom-unet2d"]
    elsewhere = spec.model_copy(update={"data": spec.data.model_copy(update={"name": "isbi2012", "options": {}})})
    with pytest.raises(InputError, match="say --data DIR"):
        load_data(elsewhere, None)
    with pytest.raises(InputError, match="is no folder"):
        load_data(elsewhere, tmp_path)
    split = {"kind": "block", "val": 0.0, "test": 0.3, "gap": 0}
    unchosen = type(spec).model_validate(spec.model_dump(exclude={"split"}) | {"split": split})
    with pytest.raises(InputError, match="no validation region"):
        run_job(tmp_path, unchosen, "0", 1, device="cpu")
    split |= {"val": 0.6, "test": 0.5}
    narrow = type(spec).model_validate(spec.model_dump(exclude={"split"}) | {"split": split})
    with pytest.raises(InputError, match=r"^phantom-unet2d, key split: split: \d+ sections on z are too few"):
        run_job(tmp_path, narrow, "0", 1, device="cpu")
    boxes = {"name": "0", "train": [[[0, 6], [0, 48], [0, 48]]], "val": [[[5, 7], [0, 48], [0, 48]]],
             "test": [[[7, 10], [0, 48], [0, 48]]]}  # fmt: skip
    leaking = type(spec).model_validate(
        spec.model_dump(exclude={"split"}) | {"split": {"kind": "boxes", "boxes": [boxes]}}
    )
    with pytest.raises(InputError, match="overlap; a voxel has one role"):
        run_job(tmp_path, leaking, "0", 1, device="cpu")
    assert not (tmp_path / "reruns" / "runs").exists()


def test_scores_that_the_data_cannot_have_are_refused_before_the_training(
    review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that nobody labelled: thinning is not defined with it, and the default threshold score thins."""
    from dataclasses import replace

    from metareview.rerun import run as conductor

    spec = read_specs(review)["phantom-forest"]
    volume = conductor.load_data(spec, None)
    mask = np.ones(volume.shape, bool)
    mask[:, :4] = False
    monkeypatch.setattr(conductor, "load_data", lambda *_: replace(volume, mask=mask))
    monkeypatch.setattr(conductor, "train_predictor", lambda *a, **k: pytest.fail("trained all the same"))
    with pytest.raises(
        InputError, match=r"phantom-forest, on phantom \(part of these data is not labelled\): vrand:thin"
    ):
        conductor.run_job(tmp_path, spec, "0", 1, work=tmp_path)


def test_another_mask_is_other_data(review: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from metareview.rerun.data import load
    from metareview.rerun.run_data import refuse_other_data

    volumes = []
    image = np.random.default_rng(0).integers(0, 255, (4, 8, 8)).astype(np.uint8)
    for first in (0, 1, 1):
        mask = np.ones(image.shape, np.uint8)
        mask[first] = 0
        for name, array in (("im", image), ("la", image // 64), ("ma", mask)):
            np.save(tmp_path / f"{name}.npy", array)
        names = {"image": "im.npy", "labels": "la.npy", "mask": "ma.npy"}
        volumes.append(load("pair", tmp_path, voxel_nm=(4.0, 4.0, 4.0), structure="neurons", **names))
    record = next(iter(read_records(review).values()))
    of = replace(record, data=record.data | {"sha256": dict(volumes[1].sha256)})
    refuse_other_data(of, volumes[2])
    with pytest.raises(InputError, match=r"mask has sha256 [0-9a-f]{16}… there"):
        refuse_other_data(of, volumes[0])


def test_what_is_taken_over_says_what_made_it(review: Path, tmp_path: Path) -> None:
    copy = tmp_path / "phantom"
    shutil.copytree(review, copy)
    spec = read_specs(copy)["phantom-unet2d"]
    run_id = spec.run_id("0", 2)
    assert "trained" not in read_records(copy, [run_id])[run_id].code
    folder = copy / "reruns" / ".work" / spec.training_id("0", 2)
    for note in (folder / "train" / "made.json", folder / spec.predictions / "made.json"):
        made = json.loads(note.read_text(encoding="utf-8"))
        made[0]["code"]["commit"] = "of then"
        note.write_text(json.dumps(made), encoding="utf-8")
    record_path(copy, run_id).unlink()
    assert run("run", str(copy), spec.id, "--seed", "2", "--device", "cpu") == 0
    record = read_records(copy, [run_id])[run_id]
    for what in ("trained", "predicted"):
        assert [code["commit"] for code in record.code[what]] == ["of then"]
        assert record.environment[what][0]["packages"]["torch"]
    assert record.code["commit"] != "of then"
    (folder / spec.predictions / "test.0.npy").unlink()  # killed between the regions: two versions had a hand in it
    record_path(copy, run_id).unlink()
    assert run("run", str(copy), spec.id, "--seed", "2", "--device", "cpu") == 0
    record = read_records(copy, [run_id])[run_id]
    assert [code["commit"] for code in record.code["predicted"]] == ["of then", record.code["commit"]]


def test_predicting_otherwise_keeps_the_training(review: Path) -> None:
    spec = read_specs(review)["phantom-unet2d"]
    other = spec.model_copy(update={"predict": spec.predict.model_copy(update={"tta": "all"})})
    assert other.training_id("0", 1) == spec.training_id("0", 1)
    assert other.predictions != spec.predictions
    assert other.run_id("0", 1) != spec.run_id("0", 1)
