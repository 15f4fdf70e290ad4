"""``metareview rerun predict``: as in memory, on after a kill, and what is cut from it goes through the scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra rerun")

import tifffile  # noqa: E402
import zarr  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from metareview.cli.app import app  # noqa: E402
from metareview.errors import InputError  # noqa: E402
from metareview.rerun import stitch  # noqa: E402
from metareview.rerun.config import TrainConfig  # noqa: E402
from metareview.rerun.data import Split, plan_folds  # noqa: E402
from metareview.rerun.infer import load_trained, predict  # noqa: E402
from metareview.rerun.phantom import phantom  # noqa: E402
from metareview.rerun.segment import SEGMENTERS  # noqa: E402
from metareview.rerun.train import train  # noqa: E402

VOLUME = phantom((10, 48, 48), seed=1)
FOLD = plan_folds(Split("block", gap=1, val=0.2, test=0.3), VOLUME.shape)[0]
TILE = ("--tile", "2,32,32", "--overlap", "0.5")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of the smallest width, trained for a moment."""
    config = TrainConfig(
        model="unet2d-same", width=0.03, patch=(1, 32, 32), batch=4, steps=8, checkpoint_every=8, validate_every=8
    )  # fmt: skip
    return train(config, VOLUME, FOLD, tmp_path_factory.mktemp("run"), device="cpu", seed=1).checkpoint


def call(*words: Any) -> Any:
    return CliRunner().invoke(app, ["rerun", "predict", *map(str, words), "--device", "cpu"])


def in_memory(weights: Path, **how: Any) -> np.ndarray:
    trained = load_trained(weights, "cpu")
    return predict(trained.spec, trained.model, VOLUME.image, device="cpu", scale=trained.scale, **how)


def test_as_in_memory_and_on_after_a_kill(tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tifffile.imwrite(tmp_path / "raw.tif", VOLUME.image)
    words = (weights, tmp_path / "raw.tif", tmp_path / "out.zarr", *TILE, "--dtype", "float32", "--json")
    calls, passes = [0], stitch.apply_model

    def killed(*given: Any) -> Any:
        calls[0] += 1
        if calls[0] == 11:
            raise KeyboardInterrupt
        return passes(*given)

    monkeypatch.setattr(stitch, "apply_model", killed)
    assert call(*words).exit_code != 0
    assert (tmp_path / "out.zarr.progress.json").is_file()
    result = call(*words)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["shape"] == [1, *VOLUME.shape]
    assert told["tile"] == [2, 32, 32]
    assert told["voxels_per_second"] > 0
    assert "out.zarr: continued at section" in told["events"][0]
    before = calls[0]
    again = json.loads(call(*words).stdout)
    assert calls[0] == before
    assert again["voxels_per_second"] == 0
    assert again["events"] == ["out.zarr: whole already, nothing was computed"]
    found = np.asarray(zarr.open(str(tmp_path / "out.zarr"), mode="r"))
    assert (found == in_memory(weights, tile=(2, 32, 32), overlap=0.5)).all()


def test_bytes_copies_and_the_way_to_scores(tmp_path: Path, weights: Path) -> None:
    source = zarr.create_group(str(tmp_path / "raw.zarr"))
    source.create_array("volumes/raw", data=VOLUME.image, chunks=(4, 24, 24))
    store = tmp_path / "membranes.zarr"
    result = call(weights, f"{tmp_path / 'raw.zarr'}:volumes/raw", store, *TILE, "--tta", "flips")
    assert result.exit_code == 0, result.output
    assert "1 x 10 x 48 x 48 (channel, z, y, x), uint8; tiles of 2 x 32 x 32" in result.output
    stored = np.asarray(zarr.open(str(store), mode="r"))
    wanted = in_memory(weights, tile=(2, 32, 32), overlap=0.5, tta="flips")
    assert np.abs(stored / 255 - wanted).max() <= 0.5 / 255 + 1e-6
    cells = SEGMENTERS["components"](stored.astype(np.float32) / 255, threshold=0.5, of="membrane", dims=2)
    tifffile.imwrite(tmp_path / "cells.tif", cells.astype(np.uint32))
    assert VOLUME.labels is not None
    tifffile.imwrite(tmp_path / "truth.tif", VOLUME.labels.astype(np.uint32))
    scored = CliRunner().invoke(
        app, ["score", str(tmp_path / "cells.tif"), str(tmp_path / "truth.tif"), "--metrics", "arand", "--json"]
    )
    assert scored.exit_code == 0, scored.output
    assert json.loads(scored.stdout)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("out",), "write"),
        (("out.zarr", "--dtype", "int8"), "use float32 or uint8"),
        (("out.zarr", "--tile", "32,160"), "is no tile; write z, y and x in voxels"),
        (("out.zarr", "--tile", "a,b,c"), "is no tile"),
    ],
)
def test_wrong_words(words: tuple[str, ...], said: str, weights: Path) -> None:
    result = call(weights, "raw.tif", *words)
    assert result.exit_code == 2
    assert said in result.output


def test_wrong_input(tmp_path: Path, weights: Path) -> None:
    np.save(tmp_path / "flat.npy", np.zeros((8, 8), np.uint8))
    np.save(tmp_path / "raw.npy", VOLUME.image)
    for words, said in (
        ((weights, tmp_path / "flat.npy", tmp_path / "o.zarr"), "has shape 8 x 8; a volume to predict has three axes"),
        ((weights, tmp_path / "none.tif", tmp_path / "o.zarr"), "does not exist"),
        ((tmp_path / "none.pt", tmp_path / "raw.npy", tmp_path / "o.zarr"), "none.pt"),
        ((weights, tmp_path / "raw.npy", tmp_path / "o.zarr", "--tta", "turns"), "use none, flips or all"),
    ):
        error = call(*words).exception
        assert isinstance(error, InputError)
        assert said in str(error)
