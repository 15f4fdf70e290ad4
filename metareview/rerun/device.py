"""The device: chosen, described, its ceilings measured, its memory errors told from others."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import torch

from metareview.errors import InputError

__all__ = [
    "Ceilings", "Timing", "autocast", "bf16_wanted", "choose_device", "describe_device", "is_compile_error",
    "is_out_of_memory", "measure_ceilings", "numerics", "room_for", "time_repeats",
]  # fmt: skip


def choose_device(name: str = "auto") -> torch.device:
    """Return a device: ``auto`` takes CUDA where there is one, ``cpu``, ``cuda`` or ``cuda:1`` are taken at their word.

    Raises
    ------
    InputError
        If CUDA is asked for and not there, with what torch says about it.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"device {name!r} is not known; use auto, cpu, cuda or cuda:0") from None
    if device.type == "cuda":
        if not torch.cuda.is_available():
            built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
            raise InputError(
                f"device {name}: no CUDA device is usable (torch {torch.__version__}, {built}); "
                "use --device cpu with a small preset, or run where a GPU and its driver are"
            )
        if (device.index or 0) >= torch.cuda.device_count():
            raise InputError(f"device {name}: there are {torch.cuda.device_count()} CUDA devices, numbered from 0")
    elif device.type != "cpu":
        raise InputError(f"device {name!r} is not supported; use auto, cpu or cuda")
    return device


def describe_device(device: torch.device) -> dict[str, Any]:
    """Return name, memory and versions, for the record of a run."""
    common = {
        "type": device.type, "torch": torch.__version__, "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }  # fmt: skip
    if device.type == "cuda":
        facts = torch.cuda.get_device_properties(device)
        return {
            **common, "name": facts.name, "memory_gib": round(facts.total_memory / 2**30, 1),
            "multiprocessors": facts.multi_processor_count, "capability": f"{facts.major}.{facts.minor}",
            "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        }  # fmt: skip
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return {
        **common, "name": platform.processor() or platform.machine(), "threads": torch.get_num_threads(),
        "memory_gib": round(memory / 2**30, 1), "bf16": _cpu_has("avx512_bf16", "amx_bf16"),
    }  # fmt: skip


def _cpu_has(*flags: str) -> bool | None:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:  # noqa: PTH123 - a file of the kernel, Linux only
            listed = next((line.split() for line in stream if line.startswith("flags")), [])
    except OSError:
        return None
    return any(flag in listed for flag in flags)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that the device's memory is full."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    marks = ("out of memory", "can't allocate memory", "cublas_status_alloc_failed", "unable to find a valid cudnn")
    return isinstance(error, RuntimeError) and any(mark in text for mark in marks)


@contextmanager
def room_for(what: str, device: torch.device, remedy: str) -> Iterator[None]:
    """Say what did not fit where memory is full.

    Raises
    ------
    InputError
        In place of the error of the device, where it means that memory is full.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(f"{what}: out of memory on {device}; {remedy}") from error


def is_compile_error(error: BaseException) -> bool:
    """Return whether an error means that ``torch.compile`` could not compile a model: no compiler, or a case it lacks.

    Asked of errors of a compiled model only; memory that was full while it ran is `is_out_of_memory`.
    """
    if is_out_of_memory(error):
        return False
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"TorchDynamoException", "CppCompileError"}) or type(error).__module__.startswith("triton")


def bf16_wanted(precision: str, device: torch.device) -> bool:
    """Return whether ``auto``, ``bf16`` or ``float32`` means bf16 on this device."""
    return precision == "bf16" or (precision == "auto" and device.type == "cuda")


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Return the context in which forward passes run."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16_wanted(precision, device))


@contextmanager
def numerics(device: torch.device, deterministic: bool) -> Iterator[None]:
    """Set torch's switches for a run and put them back; random numbers of the caller stay untouched.

    Deterministic: only kernels that give the same bits every time, no search for fast ones. Otherwise cuDNN may search
    and TF32 may be used for what autocast leaves in float32.
    """
    switches = (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled())
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, torch.get_float32_matmul_precision()
    workspace = os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    try:
        if deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True)
        cudnn.benchmark = not deterministic
        if device.type == "cuda" and not deterministic:
            torch.set_float32_matmul_precision("high")
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        torch.use_deterministic_algorithms(switches[0], warn_only=switches[1])
        cudnn.benchmark = before[0]
        torch.set_float32_matmul_precision(before[1])
        if workspace is None:
            os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one call: median, smallest and largest of `repeats` after the warm-up, and of the first call."""

    median: float
    low: float
    high: float
    repeats: int
    first: float


def time_repeats(call: Callable[[], object], device: torch.device, *, warmup: int = 3, repeats: int = 10) -> Timing:
    """Time a call by CUDA events (on CPU by the clock), after a first call of its own and at least 3 warm-ups.

    The first call is timed apart: compilation and the search for fast kernels happen there.
    """
    on_cuda = device.type == "cuda"
    synchronise = torch.cuda.synchronize if on_cuda else lambda *_: None
    seconds = []
    # events are recorded on the stream of the current device, which need not be the one that works
    with torch.cuda.device(device) if on_cuda else nullcontext():
        begin = perf_counter()
        call()
        synchronise(device)
        first = perf_counter() - begin
        for _ in range(max(warmup, 3)):
            call()
        synchronise(device)
        for _ in range(repeats):
            if on_cuda:
                start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
                start.record()
                call()
                stop.record()
                stop.synchronize()
                seconds.append(start.elapsed_time(stop) / 1000)
            else:
                begin = perf_counter()
                call()
                seconds.append(perf_counter() - begin)
    return Timing(median(seconds), min(seconds), max(seconds), repeats, first)


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What this device reaches at best, measured: bf16 matrix product and copy."""

    matmul_tflops: float
    copy_gbs: float
    matmul_size: int
    copy_bytes: int


def measure_ceilings(device: torch.device, *, quick: bool = False) -> Ceilings:
    """Measure the bf16 matrix product (TFLOP/s) and a copy (GB/s, read and written bytes) on random numbers.

    Zeros would flatter: multiplying them draws less power, so the clock stays higher.
    """
    large = device.type == "cuda" and not quick
    size, count = (8192, 1 << 30) if large else (512, 1 << 24)
    repeats = 30 if large else 5
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    out = torch.empty_like(a)
    product = time_repeats(lambda: torch.mm(a, b, out=out), device, repeats=repeats)
    source = torch.randint(0, 256, (count,), device=device, dtype=torch.uint8)
    target = torch.empty_like(source)
    copy = time_repeats(lambda: target.copy_(source), device, repeats=repeats)
    return Ceilings(2 * size**3 / product.median / 1e12, 2 * count / copy.median / 1e9, size, count)
