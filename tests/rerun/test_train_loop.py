"""The loop learns, resumes to the bit after a kill, and stops or goes on as it should when something breaks."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra rerun")

from pydantic import ValidationError  # noqa: E402

from metareview.errors import BuildFailed, InputError, UnknownName  # noqa: E402
from metareview.rerun import checkpoint  # noqa: E402
from metareview.rerun import train as loop  # noqa: E402
from metareview.rerun.checkpoint import read_checkpoint, run_identity, write_checkpoint  # noqa: E402
from metareview.rerun.config import TrainConfig  # noqa: E402
from metareview.rerun.data import Fold, Split, Volume, plan_folds  # noqa: E402
from metareview.rerun.infer import load_trained, predict_checkpoint  # noqa: E402
from metareview.rerun.phantom import phantom  # noqa: E402
from metareview.rerun.schedule import learning_rate, step_seed  # noqa: E402
from metareview.rerun.train import Job, train  # noqa: E402
from metareview.results.atomic import write_atomic  # noqa: E402

torch.set_num_threads(1)
VOLUME = phantom((10, 64, 64), seed=1)
FOLD = plan_folds(Split("block", gap=1, val=0.2, test=0.3), VOLUME.shape)[0]
CPU = torch.device("cpu")
#: the smallest run that has everything: two levels of the U-Net would do, the registry has five
SMALL: dict[str, Any] = {
    "model": "unet2d-same", "width": 0.03, "patch": (1, 32, 32), "batch": 4, "steps": 12, "checkpoint_every": 4,
    "validate_every": 6,
}  # fmt: skip


def weights(path: Path) -> dict[str, Any]:
    return dict(read_checkpoint(path, CPU)["model"])


def same(one: dict[str, Any], two: dict[str, Any]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_best_weights_of_another_run_are_no_result(tmp_path: Path) -> None:
    """A run that kept its best weights was killed before its first checkpoint; another one begins in its folder."""
    write_checkpoint(tmp_path / "best.pt", {"step": 2, "model": {}})
    train(TrainConfig(**SMALL), VOLUME, FOLD, tmp_path, device="cpu", seed=9)
    assert read_checkpoint(tmp_path / "weights.pt", CPU)["step"] == SMALL["steps"]


def test_learns_and_says_what_it_did(tmp_path: Path) -> None:
    config = TrainConfig(**{**SMALL, "steps": 60, "width": 0.06, "learning_rate": 1e-2, "keep": "best"})
    outcome = train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=3)
    losses = [entry["loss"] for entry in outcome.history if "loss" in entry]
    assert np.mean(losses[-5:]) < 0.75 * np.mean(losses[:5])
    looked = {entry["step"]: entry["val_loss"] for entry in outcome.history if "val_loss" in entry}
    assert list(looked) == list(range(6, 61, 6))
    assert outcome.best_step == min(looked, key=lambda step: looked[step])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "result.json", "weights.pt"]
    record = json.loads((tmp_path / "config.json").read_text())
    assert record["config"]["steps"] == 60
    assert record["data"]["sha256"] == dict(VOLUME.sha256)
    assert record["fold"]["test"]
    assert record["device"]["torch"] == torch.__version__
    assert outcome.voxels_per_second > 0
    assert train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=3) == outcome  # finished: as it is
    with pytest.raises(InputError, match="holds another run"):
        train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=4)
    found = predict_checkpoint(outcome.checkpoint, VOLUME.image, device="cpu")
    assert isinstance(found.values, np.ndarray)
    membrane = VOLUME.labels == 0
    assert found.values[0][membrane].mean() > found.values[0][~membrane].mean() + 0.03


def test_seeds(tmp_path: Path) -> None:
    runs = {name: train(TrainConfig(**SMALL), VOLUME, FOLD, tmp_path / name, device="cpu", seed=seed)
            for name, seed in (("a", 1), ("b", 1), ("c", 2))}  # fmt: skip
    a, b, c = (weights(run.checkpoint) for run in runs.values())
    assert same(a, b)
    assert not same(a, c)
    assert runs["a"].history == runs["b"].history
    triples = [(seed, step, stream) for seed in range(20) for step in range(-1, 50) for stream in (0, 1)]
    assert len({step_seed(*triple) for triple in triples}) == 20 * 51 * 2


KILLED = """
import sys, torch
torch.set_num_threads(1)
sys.path.insert(0, {root!r})
from metareview.rerun.train import train, TrainConfig
from metareview.rerun.phantom import phantom
from metareview.rerun.data import Split, plan_folds
volume = phantom((10, 64, 64), seed=1)
fold = plan_folds(Split("block", gap=1, val=0.2, test=0.3), volume.shape)[0]
config = TrainConfig.model_validate_json({config!r})
train(config, volume, fold, {out!r}, device="cpu", seed=5)
"""


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_killed_run_continues_bit_for_bit(tmp_path: Path, root: Path, optimizer: str) -> None:
    config = TrainConfig(**{**SMALL, "steps": 30, "optimizer": optimizer, "checkpoint_every": 3, "clip": 1.0})
    whole = train(config, VOLUME, FOLD, tmp_path / "whole", device="cpu", seed=5)
    out = tmp_path / "killed"
    code = KILLED.format(root=str(root), config=config.model_dump_json(), out=str(out))
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + 600  # importing torch alone may take minutes on a busy machine
    while not (out / "last.pt").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    newest = out / "next.pt" if (out / "next.pt").exists() else out / "last.pt"
    assert newest.exists(), "no checkpoint before the deadline"
    stopped = read_checkpoint(newest, CPU)["state"]["step"]
    assert 0 < stopped < 30
    outcome = train(config, VOLUME, FOLD, out, device="cpu", seed=5)
    assert outcome.events == (f"continued at step {stopped} of 30",)
    assert same(weights(outcome.checkpoint), weights(whole.checkpoint))
    assert outcome.history == whole.history


def test_slow_steps_are_kept_between_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of fewer steps than `checkpoint_every` loses seconds, not all; when it is saved changes no bit."""
    config = TrainConfig(**{**SMALL, "steps": 40, "checkpoint_every": 400, "validate_every": 0})
    whole = train(config, VOLUME, FOLD, tmp_path / "whole", device="cpu", seed=2)
    monkeypatch.setattr(loop, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(loop, "SAVE_SHARE", 0.0)
    written = 0

    def killed(path: Path, content: Any) -> Path:
        nonlocal written
        written += 1
        if written == 8:
            raise KeyboardInterrupt
        return write_checkpoint(path, content)

    monkeypatch.setattr(checkpoint, "write_checkpoint", killed)
    with pytest.raises(KeyboardInterrupt):
        train(config, VOLUME, FOLD, tmp_path / "killed", device="cpu", seed=2)
    outcome = train(config, VOLUME, FOLD, tmp_path / "killed", device="cpu", seed=2)
    assert outcome.events == ("continued at step 7 of 40",)
    assert same(weights(outcome.checkpoint), weights(whole.checkpoint))
    assert outcome.history == whole.history


def test_killed_while_finishing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best weights survive a kill between writing them and writing the result."""
    config = TrainConfig(**{**SMALL, "keep": "best", "learning_rate": 1e-2})
    whole = train(config, VOLUME, FOLD, tmp_path / "whole", device="cpu", seed=2)

    def killed(path: Path, content: Any) -> Path:
        if Path(path).name == "result.json":
            raise KeyboardInterrupt
        return write_atomic(path, content)

    monkeypatch.setattr(loop, "write_atomic", killed)
    with pytest.raises(KeyboardInterrupt):
        train(config, VOLUME, FOLD, tmp_path / "killed", device="cpu", seed=2)
    monkeypatch.undo()
    again = train(config, VOLUME, FOLD, tmp_path / "killed", device="cpu", seed=2)
    assert again.best_step == whole.best_step
    assert same(weights(again.checkpoint), weights(whole.checkpoint))
    assert sorted(path.name for path in again.checkpoint.parent.iterdir()) == [
        "config.json",
        "result.json",
        "weights.pt",
    ]


@pytest.mark.needs_gpu
def test_on_cuda(tmp_path: Path) -> None:
    """The same code on CUDA: bf16, channels-last, fused optimiser; deterministic runs give the same bits."""
    config = TrainConfig(**{**SMALL, "steps": 60, "width": 0.06, "learning_rate": 1e-2, "compile": False})
    outcome = train(config, VOLUME, FOLD, tmp_path / "a", device="cuda", seed=1)
    assert outcome.history[-1]["loss"] < 0.75 * outcome.history[0]["loss"]
    there = predict_checkpoint(outcome.checkpoint, VOLUME.image, device="cuda", precision="float32").values
    here = predict_checkpoint(outcome.checkpoint, VOLUME.image, device="cpu", precision="float32").values
    assert np.abs(np.asarray(there) - np.asarray(here)).max() < 0.02
    exact = config.model_copy(update={"deterministic": True, "steps": 12})
    runs = [train(exact, VOLUME, FOLD, tmp_path / name, device="cuda", seed=1) for name in ("b", "c")]
    assert same(weights(runs[0].checkpoint), weights(runs[1].checkpoint))
    compiled = config.model_copy(update={"compile": True, "steps": 12})
    assert np.isfinite(train(compiled, VOLUME, FOLD, tmp_path / "d", device="cuda", seed=1).history[-1]["loss"])


def test_checkpoint_of_another_run(tmp_path: Path) -> None:
    config = TrainConfig(**SMALL)
    write_checkpoint(tmp_path / "last.pt", {"identity": run_identity(config, VOLUME, FOLD, 1)})
    with pytest.raises(InputError, match=r"holds another run .*see its config.json"):
        train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=2)
    (tmp_path / "last.pt").write_bytes(b"half a file")
    with pytest.raises(InputError, match="is no checkpoint that can be read"):
        train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=1)
    with pytest.raises(InputError, match="does not exist; train first"):
        load_trained(tmp_path / "weights.pt", "cpu")


def finite(path: Path) -> bool:
    return all(bool(torch.isfinite(value.float()).all()) for value in weights(path).values())


def test_a_step_that_spoils_the_weights_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loss was still a number; the checkpoint after it waits for the next loss, which is none."""
    config = TrainConfig(**{**SMALL, "validate_every": 0, "checkpoint_every": 2})
    monkeypatch.setattr(loop, "learning_rate", lambda given, step: 1e30 if step == 5 else learning_rate(given, step))
    text = (
        r"fold 0, seed 1: the loss was no finite number at step 6 \(learning rate .*patches at z, y, x \[\[.*step 4 is"
    )
    with pytest.raises(BuildFailed, match=text):
        train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "last.pt"]
    assert finite(tmp_path / "last.pt")
    with pytest.raises(BuildFailed, match=r"at step 6 .*step 4 is kept"):  # it goes on from there, to the same place
        train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=1)
    monkeypatch.undo()  # the cause is gone: the run goes on and ends as if nothing had been
    outcome = train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=1)
    assert outcome.events == ("continued at step 4 of 12",)
    assert same(
        weights(outcome.checkpoint),
        weights(train(config, VOLUME, FOLD, tmp_path / "b", device="cpu", seed=1).checkpoint),
    )


def test_weights_that_are_no_numbers_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = TrainConfig(**{**SMALL, "validate_every": 0, "checkpoint_every": 3})
    inf = float("inf")
    monkeypatch.setattr(loop, "learning_rate", lambda given, step: inf if step == 5 else learning_rate(given, step))
    with pytest.raises(BuildFailed, match=r"a weight was no finite number after step 5 .*step 3 is kept"):
        train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=1)
    assert finite(tmp_path / "last.pt")


@pytest.mark.parametrize(
    "more", [{"learning_rate": 1e3}, {"learning_rate": 1e4, "optimizer": "sgd"}], ids=["adam", "sgd"]
)
@pytest.mark.parametrize("validated", [True, False])
def test_no_run_at_a_wild_rate_keeps_a_checkpoint_or_finishes(
    tmp_path: Path, more: dict[str, Any], validated: bool
) -> None:
    fold = FOLD if validated else Fold(FOLD.name, FOLD.train, (), FOLD.test)
    given = {**SMALL, "validate_every": 0, "checkpoint_every": 1, "schedule": "constant"}
    for _ in range(2):
        with pytest.raises(BuildFailed, match=r"no finite number at step 1 .*checkpoint: there was none yet; lower"):
            train(TrainConfig(**given | more), VOLUME, fold, tmp_path / "a", device="cpu", seed=1)
    last = given | more | {"steps": 1, "learning_rate": 1e30}
    for _ in range(2):
        with pytest.raises(BuildFailed, match=r"was no finite number (after step 0|of the last weights)"):
            train(TrainConfig(**last), VOLUME, fold, tmp_path / "b", device="cpu", seed=1)
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["config.json"]


def limit(monkeypatch: pytest.MonkeyPatch, patches: int) -> None:
    passes = loop.apply_model

    def limited(model: Any, dims: int, image: Any) -> Any:
        if len(image) > patches:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB")
        return passes(model, dims, image)

    monkeypatch.setattr(loop, "apply_model", limited)


def test_out_of_memory_halves_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    config = TrainConfig(**{**SMALL, "batch": 5, "steps": 6, "validate_every": 0, "options": {"dropout": 0.0}})
    free = train(config, VOLUME, FOLD, tmp_path / "free", device="cpu", seed=1)
    limit(monkeypatch, 2)
    with caplog.at_level(logging.WARNING):
        tight = train(config, VOLUME, FOLD, tmp_path / "tight", device="cpu", seed=1)
    assert tight.events == (
        "out of memory at step 0: the batch of 5 goes through 3 at a time from here on, gradients added up; batch "
        "normalisation, dropout and losses that are ratios see the smaller batch, and running statistics have seen "
        "part of this one twice",
        "out of memory at step 0: the batch of 5 goes through 2 at a time from here on, gradients added up; batch "
        "normalisation, dropout and losses that are ratios see the smaller batch, and running statistics have seen "
        "part of this one twice",
    )
    assert "goes through 2 at a time" in caplog.text
    for one, two in zip(free.history, tight.history, strict=True):  # the same patches, the same mean gradient
        assert two["loss"] == pytest.approx(one["loss"], rel=1e-3)
    limit(monkeypatch, 0)
    with pytest.raises(
        InputError, match="out of memory on cpu even with one patch of 1 x 32 x 32; take a smaller patch"
    ):
        train(config, VOLUME, FOLD, tmp_path / "none", device="cpu", seed=1)


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("unet2d", {"patch": (1, 188, 188), "border_w0": 5.0, "loss": "weighted-bce", "width": 0.016}),
        ("rsunet", {"target": "affinities", "offsets": ((-1, 0, 0), (0, -1, 0), (0, 0, -3)), "patch": (4, 32, 32)}),
        ("unet2d-same", {"target": "bcd", "loss": "bce-dice", "optimizer": "adamw", "schedule": "cosine"}),
        ("unet2d-same", {"precision": "bf16", "warmup": 1, "patch": (3, 20, 20), "deterministic": True}),
    ],
)  # fmt: skip
def test_kinds_of_runs(tmp_path: Path, model: str, more: dict[str, Any]) -> None:
    config = TrainConfig(**{**SMALL, "model": model, "steps": 2, "batch": 2, "validate_every": 0, **more})
    outcome = train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=1)
    assert np.isfinite(outcome.history[-1]["loss"])
    assert np.isfinite(outcome.history[-1]["val_loss"])
    trained = load_trained(outcome.checkpoint, "cpu")
    assert trained.spec.name == model
    small = VOLUME.image[:4, :40, :40]
    found = predict_checkpoint(outcome.checkpoint, small, device="cpu", tile=(4, 40, 40)).values
    assert isinstance(found, np.ndarray)
    assert found.shape[1:] == small.shape
    assert ((found >= 0) & (found <= 1)).all()
    if config.target == "affinities":
        assert trained.stitching(tta="flips").offsets == config.offsets
        mirrored = predict_checkpoint(outcome.checkpoint, small, device="cpu", tile=(4, 32, 32), tta="flips").values
        assert np.asarray(mirrored).shape == found.shape
        assert not np.array_equal(mirrored, found)
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_look_at_the_loss_waits_for_the_device() -> None:
    """So on CUDA there is none more often than LOOK_EVERY, however short the run; on CPU nothing waits."""
    for kind, steps, expected in (("cuda", 100, 20), ("cuda", 8000, 40), ("cpu", 100, 1), ("cpu", 8000, 40)):
        job: Any = SimpleNamespace(device=torch.device(kind), config=TrainConfig(**{**SMALL, "steps": steps}))
        assert Job._rhythm(job)["log"] == expected


def test_checkpoints_take_a_fiftieth_of_the_time_of_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """There 200 steps last as long as a checkpoint takes to write; on a processor every one that is asked for is."""
    monkeypatch.setattr(loop, "perf_counter", lambda: 100.0)

    def due(kind: str, waited: float, cost: float, asked: bool) -> bool:
        job: Any = SimpleNamespace(device=torch.device(kind), saved=100.0 - waited, save_cost=cost)
        return Job._save_due(job, asked=asked)

    assert due("cpu", 0.1, 2.0, True)
    assert due("cuda", 0.1, 0.0, True)  # the first one
    assert not due("cuda", 3.0, 2.0, True)
    assert due("cuda", 101.0, 2.0, True)
    for kind in ("cpu", "cuda"):
        assert not due(kind, 9.0, 0.01, False)
        assert due(kind, 11.0, 0.01, False)
        assert not due(kind, 11.0, 2.0, False)


def test_targets_of_validation_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    makes = loop.region_targets
    monkeypatch.setattr(loop, "region_targets", lambda *given: made.append(given[3]) or makes(*given))
    outcome = train(TrainConfig(**{**SMALL, "border_w0": 5.0}), VOLUME, FOLD, tmp_path, device="cpu")
    assert sum("val_loss" in entry for entry in outcome.history) == 2
    assert made == list(FOLD.val)


def test_refusals(tmp_path: Path) -> None:
    config = TrainConfig(**SMALL)
    leaking = Fold("x", FOLD.train, FOLD.val, FOLD.train)
    with pytest.raises(InputError, match="overlap; a voxel has one role"):
        train(config, VOLUME, leaking, tmp_path, device="cpu")
    blank = Volume("blank", VOLUME.image, None, VOLUME.voxel_nm, "neurons")
    with pytest.raises(InputError, match="blank has no labels"):
        train(config, blank, FOLD, tmp_path, device="cpu")
    with pytest.raises(UnknownName, match="model 'unet4d' is not known; did you mean"):
        train(TrainConfig(**{**SMALL, "model": "unet4d"}), VOLUME, FOLD, tmp_path, device="cpu")
    with pytest.raises(UnknownName, match="loss 'bec' is not known; did you mean 'bce'"):
        train(TrainConfig(**{**SMALL, "loss": "bec"}), VOLUME, FOLD, tmp_path, device="cpu")
    for bad in (
        {"target": "affinities"},
        {"offsets": ((-1, 0, 0),)},
        {"warmup": 12},
        {"patch": (0, 8, 8)},
        {"stepz": 1},
    ):
        with pytest.raises(ValidationError):
            TrainConfig(**{**SMALL, **bad})


def test_caller_keeps_its_random_numbers(tmp_path: Path) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    train(TrainConfig(**{**SMALL, "steps": 1, "validate_every": 0}), VOLUME, FOLD, tmp_path, device="cpu")
    assert torch.equal(torch.rand(3), expected)


def test_learning_rate() -> None:
    poly = TrainConfig(steps=100, warmup=10, learning_rate=0.1)
    rates = [learning_rate(poly, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[9] == rates[10] == pytest.approx(0.1)
    assert rates[55] == pytest.approx(0.1 * 0.5**0.9)
    assert all(one > two for one, two in pairwise(rates[10:]))
    cosine = TrainConfig(steps=100, schedule="cosine", learning_rate=0.1)
    assert learning_rate(cosine, 50) == pytest.approx(0.05)
    assert learning_rate(TrainConfig(steps=9, schedule="constant", learning_rate=0.1), 8) == 0.1
