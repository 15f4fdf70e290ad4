"""The pages on re-runs and on adding a data set: what they print is run as it stands there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from metareview.rerun.data import DATASETS, load, loaders
from metareview.rerun.data.spec import DatasetSpec
from metareview.rerun.spec_files import parse_spec


def page_of(root: Path, name: str) -> str:
    return (root / "docs" / name).read_text(encoding="utf-8")


def test_spec_of_the_page(root: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", page_of(root, "rerun.md"), flags=re.DOTALL)
    spec, problems = parse_spec(text, "isbi2012-unet2d.yaml", {"replicates": {"some-study.unet.isbi-2012"}})
    assert problems == []
    assert spec is not None
    assert spec.id == "isbi2012-unet2d"
    assert {"full", "small", "small-multicut"} == set(spec.presets)
    one, other = spec.with_preset("small"), spec.with_preset("small-multicut")
    assert one.training_id("0", 1) == other.training_id("0", 1)


def test_verbs_and_options_of_the_page(root: Path) -> None:
    """Every line of a block that calls the program names a verb and options that it has."""
    from metareview.cli.rerun import rerun_app

    lines = re.findall(r"^ {4}metareview rerun (\w+)(.*?)(?:#.*)?$", page_of(root, "rerun.md"), flags=re.MULTILINE)
    assert {verb for verb, _ in lines} == {"list", "plan", "run", "score", "replicate", "predict"}
    for verb, rest in lines:
        told = CliRunner().invoke(rerun_app, [verb, "--help"], env={"COLUMNS": "200"}).output
        assert [option for option in re.findall(r"--\w+", rest) if option not in told] == []
    for profile in re.findall(r"--profile (\S+)", page_of(root, "rerun.md")):
        assert (root / profile).is_dir()


def test_data_set_of_the_page(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    h5py = pytest.importorskip("h5py")
    page = page_of(root, "rerun-add-a-data-set.md")
    code, entry = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names = dict(vars(loaders))
    exec(compile(code, "loaders.py", "exec"), names)
    monkeypatch.setattr(loaders, "example", names["example"], raising=False)
    (spec,) = eval(entry, {"DatasetSpec": DatasetSpec, "loaders": loaders, "REGION": {"region": "part"}})
    image = np.random.default_rng(0).integers(0, 255, (4, 16, 16)).astype(np.uint8)
    ids = np.random.default_rng(1).integers(0, 4, (4, 16, 16))
    for file, array in (("im.h5", image), ("seg.h5", ids)):
        with h5py.File(tmp_path / file, "w") as out:
            out["main"] = array
    assert np.array_equal(spec.read(spec.request(tmp_path, False, {"region": "0:3"})).image, image[:3])
    volume = spec.read(spec.request(tmp_path, False, {}))
    assert np.array_equal(volume.image, image)
    assert np.array_equal(volume.labels, np.where(ids == 1, 0, ids))
    assert np.array_equal(volume.mask, ids != 1)
    assert "used knowingly" in " ".join(volume.notes)
    assert "example" not in DATASETS


def test_spec_of_your_own_pair(root: Path, tmp_path: Path) -> None:
    """The spec on the page, as it stands there, on a pair of TIFF files: from the command to a score per seed."""
    pytest.importorskip("sklearn", reason="extra rerun")
    pytest.importorskip("torch", reason="extra rerun")
    from metareview.cli.app import app
    from metareview.rerun.phantom import phantom
    from metareview.rerun.record import read_records

    (text,) = re.findall(r"```yaml\n(.*?)```", page_of(root, "rerun-add-a-data-set.md"), flags=re.DOTALL)
    review, data = tmp_path / "review", tmp_path / "data" / "mine"
    shutil.copytree(root / "examples" / "phantom", review, ignore=shutil.ignore_patterns("specs", "runs", ".work"))
    (review / "reruns" / "specs").mkdir(parents=True)
    (review / "reruns" / "specs" / "mine-forest.yaml").write_text(text, encoding="utf-8")
    data.mkdir(parents=True)
    made = phantom((10, 64, 64), voxel_nm=(40, 4, 4), seed=2)
    tifffile.imwrite(data / "raw.tif", made.image, imagej=True, resolution=(0.25, 0.25),
                     metadata={"spacing": 40, "unit": "nm", "axes": "ZYX"})  # fmt: skip
    assert made.labels is not None
    tifffile.imwrite(data / "cells.tif", made.labels.astype(np.uint16))
    words = ["rerun", "run", str(review), "mine-forest", "--data", str(data.parent), "--device", "cpu", "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    records = read_records(review)
    assert len(records) == 3
    for record in records.values():
        assert record.data["name"] == "mine"
        assert all(score.value is not None and 0 <= score.value <= 1 for score in record.scores)
    tifffile.imwrite(data / "raw.tif", made.image, imagej=True, resolution=(0.25, 0.25),
                     metadata={"spacing": 40, "unit": "micron", "axes": "ZYX"})  # fmt: skip
    error = CliRunner().invoke(app, [*words, "--force"]).exception
    assert "a factor of 1,000" in str(error)


def test_data_of_your_own(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    h5py = pytest.importorskip("h5py")
    (lines,) = re.findall(r"\n((?: {4}\S.*\n)*? {4}volume = .*\n)", page_of(root, "rerun-add-a-data-set.md"))
    folder = tmp_path / "folder"
    folder.mkdir()
    with h5py.File(folder / "raw.h5", "w") as out:
        out["volumes/raw"] = np.arange(512, dtype=np.uint8).reshape(2, 16, 16)
        out["volumes/labels"] = np.ones((2, 16, 16), np.uint32)
    monkeypatch.chdir(tmp_path)
    names = {"load": load}
    exec("\n".join(line.strip() for line in lines.splitlines()), names)
    volume = names["volume"]
    assert volume.shape == (2, 16, 16)  # type: ignore[attr-defined]
    assert volume.voxel_nm == (40, 4, 4)  # type: ignore[attr-defined]
