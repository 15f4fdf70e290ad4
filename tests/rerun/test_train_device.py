"""Training where the device fails: a compiler that cannot compile, memory that is full outside of a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="extra rerun")

from metareview.errors import InputError  # noqa: E402
from metareview.rerun import patches  # noqa: E402
from metareview.rerun import train as loop  # noqa: E402
from metareview.rerun.checkpoint import run_identity, write_checkpoint  # noqa: E402
from metareview.rerun.config import TrainConfig  # noqa: E402
from metareview.rerun.infer import load_trained  # noqa: E402
from metareview.rerun.train import train  # noqa: E402
from tests.rerun.test_train_loop import FOLD, SMALL, VOLUME, same, weights  # noqa: E402


def test_compiled_where_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(torch, "compile", lambda model, **how: seen.append(how) or model)
    for name, wanted in (("a", True), ("b", None), ("c", False)):  # None: on CUDA only
        train(TrainConfig(**{**SMALL, "steps": 1, "compile": wanted}), VOLUME, FOLD, tmp_path / name, device="cpu")
    assert len(seen) == 1
    load_trained(tmp_path / "a" / "weights.pt", "cpu", compile=True)
    assert len(seen) == 2
    graphs = TrainConfig.model_validate({**SMALL, "steps": 1, "compile": "reduce-overhead"})
    train(graphs, VOLUME, FOLD, tmp_path / "d", device="cpu")
    assert seen[2] == {"dynamic": False, "mode": "reduce-overhead"}
    with pytest.raises(ValueError, match="compile"):
        TrainConfig.model_validate({"compile": "fast"})


def test_a_compiler_that_fails_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real torch.compile, with a backend that fails as one without a C compiler does; the numbers are the same."""
    given = {**SMALL, "steps": 2, "validate_every": 0, "model": "u3d-bc", "target": "bc", "patch": (4, 16, 16)}
    plain = train(TrainConfig(**given), VOLUME, FOLD, tmp_path / "plain", device="cpu", seed=1)
    real, full = torch.compile, [True]

    def fails(*_: Any) -> Any:
        if full.pop() if full else False:  # first of all memory is full, which is another matter
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB")
        raise RuntimeError("Failed to find C compiler. Please specify via CC environment variable.")

    monkeypatch.setattr(torch, "compile", lambda model, **_: real(model, backend=fails))
    compiled = TrainConfig(**{**given, "compile": True})
    for name in ("first", "second"):
        outcome = train(compiled, VOLUME, FOLD, tmp_path / name, device="cpu", seed=1)
        *before, said = outcome.events
        assert said.startswith("torch.compile failed (")
        assert "Failed to find C compiler" in said
        assert said.endswith("; the network runs uncompiled, which is slower")
        assert [text[:27] for text in before] == (["out of memory at step 0: the"[:27]] if name == "first" else [])
    assert same(weights(outcome.checkpoint), weights(plain.checkpoint))


def test_what_fails_without_a_compiler_is_not_put_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("of the loss")

    monkeypatch.setattr(loop, "LOSSES", {"bce": broken})
    monkeypatch.setattr(torch, "compile", lambda model, **_: model)
    with pytest.raises(ZeroDivisionError, match="of the loss"):
        train(TrainConfig(**{**SMALL, "compile": True}), VOLUME, FOLD, tmp_path, device="cpu")


def test_memory_that_is_full_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Volume, weights, optimiser and checkpoint: halving the batch makes no room for them, so what would is said."""
    config = TrainConfig(**{**SMALL, "checkpoint_every": 1, "clip": 1.0})

    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB")

    for owner, name, said in (
        (patches, "PatchSource", r"phantom.*, 10 x 64 x 64 voxels: out of memory on cpu; train on a part of it"),
        (torch.nn.Module, "to", "model unet2d-same, the weights: out of memory on cpu; take a smaller width, sgd"),
        (torch.nn.utils, "clip_grad_norm_", "model unet2d-same, step 0 of adam: out of memory on cpu"),
        (torch.optim.Adam, "step", "model unet2d-same, step 0 of adam: out of memory on cpu; take a smaller width"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(InputError, match=said):
                train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=1)
    write_checkpoint(tmp_path / "last.pt", {"identity": run_identity(config, VOLUME, FOLD, 1)})
    monkeypatch.setattr(torch, "load", full)
    with pytest.raises(InputError, match="a checkpoint of it: out of memory on cpu"):
        train(config, VOLUME, FOLD, tmp_path, device="cpu", seed=1)
