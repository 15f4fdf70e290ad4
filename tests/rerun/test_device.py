"""Devices: asked for and not there, out of memory told from other errors, ceilings and clocks that work on CPU."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="extra rerun")

from metareview.errors import InputError  # noqa: E402
from metareview.rerun.device import (  # noqa: E402
    autocast,
    bf16_wanted,
    choose_device,
    describe_device,
    is_compile_error,
    is_out_of_memory,
    measure_ceilings,
    numerics,
    time_repeats,
)
from metareview.rerun.progress import step_bar, voxel_bar  # noqa: E402

CPU = torch.device("cpu")


def test_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_device("cpu") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device() == CPU
    with pytest.raises(InputError, match=r"device cuda: no CUDA device is usable \(torch .*use --device cpu"):
        choose_device("cuda")
    with pytest.raises(InputError, match="'gpu' is not known; use auto, cpu"):
        choose_device("gpu")
    with pytest.raises(InputError, match="'meta' is not supported"):
        choose_device("meta")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_device() == torch.device("cuda")
    with pytest.raises(InputError, match="there are 1 CUDA devices"):
        choose_device("cuda:3")


def test_description() -> None:
    facts = describe_device(CPU)
    assert facts["type"] == "cpu"
    assert facts["torch"] == torch.__version__
    assert facts["memory_gib"] > 0


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), True),
        (RuntimeError("The size of tensor a (3) must match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_out_of_memory(error: Exception, full: bool) -> None:
    assert is_out_of_memory(error) is full


def test_switches_are_put_back() -> None:
    before = torch.backends.cudnn.benchmark
    with numerics(CPU, deterministic=True):
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.benchmark
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.benchmark == before


def test_precision() -> None:
    assert [bf16_wanted(name, CPU) for name in ("auto", "bf16", "float32")] == [False, True, False]
    assert bf16_wanted("auto", torch.device("cuda"))
    a = torch.randn(4, 4)
    with autocast("bf16", CPU):
        assert (a @ a).dtype == torch.bfloat16
    with autocast("float32", CPU):
        assert (a @ a).dtype == torch.float32


def test_clock() -> None:
    calls = [0]

    def work() -> None:
        calls[0] += 1

    timing = time_repeats(work, CPU, warmup=1, repeats=5)
    assert calls[0] == 1 + 3 + 5  # the first apart, at least three warm-ups
    assert timing.low <= timing.median <= timing.high
    found = measure_ceilings(CPU, quick=True)
    assert found.matmul_tflops > 0
    assert found.copy_gbs > 0


def test_events_are_recorded_on_the_device_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream of the current device says nothing about another one."""
    current, recorded = ["cuda:0"], []

    @contextmanager
    def on(device: Any) -> Iterator[None]:
        before, current[0] = current[0], str(device)
        yield
        current[0] = before

    class Event:
        def __init__(self, enable_timing: bool) -> None: ...

        def record(self) -> None:
            recorded.append(current[0])

        def synchronize(self) -> None: ...

        def elapsed_time(self, other: Any) -> float:
            return 2000.0

    monkeypatch.setattr(torch.cuda, "device", on)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    assert time_repeats(lambda: None, torch.device("cuda:1"), repeats=2).median == 2.0
    assert recorded == ["cuda:1"] * 4


def test_compile_errors() -> None:
    from torch._dynamo.exc import InternalTorchDynamoError

    assert is_compile_error(InternalTorchDynamoError("no C compiler"))
    assert not is_compile_error(RuntimeError("no C compiler"))
    assert not is_compile_error(torch.OutOfMemoryError("CUDA out of memory"))


def test_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr("sys.stderr", shown)
    with step_bar("train", 3, None) as show:
        show(1, 100, "loss 1")
    assert shown.getvalue() == ""  # nobody watches
    with voxel_bar("inference", 100, True) as advance:
        advance(50)
        advance(50)
    assert "inference" in shown.getvalue()
    assert "Mvoxel/s" in shown.getvalue()
