"""How fast a model trains and predicts here, beside what the device reaches at best and beside a plain float32 loop.

All of it in one run on random data: the two ceilings (`measure_ceilings`), then for each model our training step and
our tiled inference, and the same by a loop as one writes it first: eager, float32 (as PyTorch sets it: convolutions may
use TF32 on CUDA), patches cut by NumPy on the host. Times are medians by CUDA events after at least three warm-ups; the
first call, with compilation and the search for kernels, is apart. What cannot be measured (a library that is missing, a
full memory, a compiler that fails) is a row with the reason, and costs no other row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import nn

from metareview.errors import MetareviewError
from metareview.rerun.config import TrainConfig
from metareview.rerun.data import Fold, Volume
from metareview.rerun.device import (
    Ceilings,
    Timing,
    bf16_wanted,
    describe_device,
    is_out_of_memory,
    measure_ceilings,
    numerics,
    time_repeats,
)
from metareview.rerun.infer import predict_volume
from metareview.rerun.losses import LOSSES
from metareview.rerun.models import MODELS, ModelSpec, build, flops
from metareview.rerun.patches import Scale
from metareview.rerun.stitch import Stitching, apply_model
from metareview.rerun.tiles import TilePlan
from metareview.rerun.train import Job

__all__ = ["CASES", "Case", "Measured", "leaf_bytes", "measure", "measure_all"]

Triple = tuple[int, int, int]
Task = Literal["training", "inference"]


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured of one model: patch (z, y, x) and batch of training; inference sees `tiles` patches per axis.

    `width` is below 1 in the reduced form.
    """

    model: str
    patch: Triple
    batch: int
    width: float = 1.0
    tiles: int = 2

    def reduced(self) -> Case:
        """Return the form that a CPU does in seconds."""
        spec = MODELS[self.model]
        wanted = spec.multiple if spec.valid else (24, 32, 32)[3 - spec.dims :]
        small = spec.input_for(wanted)
        return Case(self.model, _triple(small), 2 if spec.dims == 2 else 1, 0.0625, tiles=1)


def default_case(spec: ModelSpec) -> Case:
    """Return the case of a network that nobody chose one for: a usual patch, as large as its size rule makes it."""
    if spec.dims == 2:
        return Case(spec.name, _triple(spec.next_input((512, 512))), 8)
    return Case(spec.name, _triple(spec.next_input((32, 128, 128))), 2)


#: published input sizes where there is one, batches that fill one large GPU
CHOSEN = (
    Case("unet2d", (1, 572, 572), 16),
    Case("unet2d-same", (1, 512, 512), 16),
    Case("casser-unet", (1, 512, 512), 32),
    Case("fusionnet", (1, 512, 512), 8),
    Case("unet3d", (116, 132, 132), 2),
    Case("rsunet", (32, 160, 160), 4),
    Case("u3d-bc", (32, 256, 256), 2),
    Case("dynunet", (96, 96, 96), 4),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One row: a model training or predicting.

    Attributes
    ----------
    model, task, width, patch, batch : what was measured; of inference, the tile and how many go through at once.
    mvoxels : input voxels per second, in millions (inference: voxels of the volume, overlap and margins included in
        the cost).
    tflops, of_matmul : convolutions and matrix products counted once per pass (three passes' worth in training), and
        their share of the measured bf16 ceiling.
    gbs, of_copy : inputs and outputs of every layer once, and their share of the measured copy ceiling.
    plain_mvoxels, speedup : the plain loop, and ours over it.
    first_seconds : the first call: compilation, search for kernels.
    milliseconds : one step, median; `low` and `high` are the fastest and the slowest.
    reason : why there are no numbers, or none of the plain loop.
    events : what happened on the way, such as a batch that was halved: the numbers are of what went on after it.
    """

    model: str
    task: Task
    width: float
    patch: Triple
    batch: int
    mvoxels: float | None = None
    tflops: float | None = None
    of_matmul: float | None = None
    gbs: float | None = None
    of_copy: float | None = None
    plain_mvoxels: float | None = None
    speedup: float | None = None
    first_seconds: float | None = None
    milliseconds: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None
    events: tuple[str, ...] = ()


def leaf_bytes(model: nn.Module, shape: Sequence[int], element: int) -> int:
    """Return the bytes that layers read and write in one forward pass, weights left out: what an eager pass moves.

    Counted on torch's meta device, `element` bytes per value.
    """
    from copy import deepcopy

    total = [0]

    def count(_: nn.Module, given: tuple[Any, ...], out: Any) -> None:
        total[0] += element * sum(value.numel() for value in (*given, out) if isinstance(value, torch.Tensor))

    copy = deepcopy(model).to("meta").eval()
    leaves = [module for module in copy.modules() if not list(module.children())]
    handles = [module.register_forward_hook(count) for module in leaves]
    with torch.no_grad():
        copy(torch.empty(tuple(shape), device="meta"))
    for handle in handles:
        handle.remove()
    return total[0]


def random_volume(shape: Triple, seed: int = 0) -> tuple[Volume, Fold]:
    """Return random grey levels and blocky random labels, all of it for training."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 50, [-(-size // 8) for size in shape])
    labels = coarse.repeat(8, 0).repeat(8, 1).repeat(8, 2)[: shape[0], : shape[1], : shape[2]]
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    volume = Volume("random", image, labels.astype(np.uint64), (1.0, 1.0, 1.0), "neurons")
    whole = ((0, shape[0]), (0, shape[1]), (0, shape[2]))
    return volume, Fold("all", (whole,), (), ())


@dataclass(frozen=True, slots=True)
class _Setting:
    """What both loops are given: the case, a volume to train on, an image to predict, and its tiles."""

    case: Case
    spec: ModelSpec
    patch: Triple
    volume: Volume
    fold: Fold
    image: np.ndarray
    how: Stitching
    plan: TilePlan
    device: torch.device
    repeats: int


def _setting(case: Case, device: torch.device, repeats: int) -> _Setting:
    spec = MODELS[case.model]
    patch = _triple(spec.next_input(case.patch[3 - spec.dims :]))
    volume, fold = random_volume(_triple(tuple(2 * size for size in patch)))
    margin = _triple(spec.margin, 0)
    inner = [size - 2 * edge for size, edge in zip(patch, margin, strict=True)]
    shape = _triple([case.tiles * size for size in inner])
    if spec.dims == 2:
        shape = (case.tiles * case.batch, *shape[1:])
    # as a spec predicts that says nothing of tiles and batches
    how = Stitching(scale=Scale(128.0, 74.0)).on(device, spec, shape)
    image = random_volume(shape)[0].image
    return _Setting(case, spec, patch, volume, fold, image, how, how.plan(spec, shape), device, repeats)


def measure(
    case: Case, device: torch.device, ceilings: Ceilings, *, repeats: int = 20, compile: bool | None = None
) -> list[Measured]:
    """Return the rows of one model: training, and inference as a spec does it that says nothing of tiles."""
    given = _setting(case, device, repeats)
    spec, patch, plan = given.spec, given.patch, given.plan
    ours, ours_infer, channels, events, said = _ours(given, compile)
    plain, plain_infer = _plain(given, channels)
    model = build(case.model, out_channels=channels, width=case.width)
    element = 2 if bf16_wanted("auto", device) else 4

    def work(size: Triple, count: int) -> tuple[float, float]:
        shape = (count, 1, *size) if spec.dims == 3 else (count * size[0], 1, *size[1:])
        return flops(model, shape), leaf_bytes(model, shape, element)

    once, tile = work(patch, case.batch), work(plan.tile, 1)
    train = _row(case, patch, "training", ours, plain, case.batch * prod(patch), (3 * once[0], 3 * once[1]), ceilings)
    infer = _row(
        replace(case, batch=given.how.batch or 1), plan.tile, "inference", ours_infer, plain_infer, given.image.size,
        (plan.count * tile[0], plan.count * tile[1]), ceilings,
    )  # fmt: skip
    return [replace(train, events=events), replace(infer, events=said)]


Times = tuple[Timing | str, Timing | str]


def _ours(
    given: _Setting, compile: bool | None
) -> tuple[Timing | str, Timing | str, int, tuple[str, ...], tuple[str, ...]]:
    """Time our step and our inference; also return the channels, and what happened in each."""
    case, device = given.case, given.device
    config = TrainConfig(
        model=case.model, width=case.width, target="foreground", patch=case.patch, batch=case.batch, steps=1_000_000,
        checkpoint_every=1_000_000, compile=compile,
    )  # fmt: skip
    said: dict[str, None] = {}
    with TemporaryDirectory() as folder, numerics(device, deterministic=False):
        job = Job(config, given.volume, given.fold, Path(folder), device, 0, "throughput")
        training = _timed(lambda: time_repeats(job.step, device, repeats=given.repeats))

        def infer() -> None:
            found = predict_volume(given.spec, job.compiled, given.image, given.how, device=device, progress=False)
            said.update(dict.fromkeys(found.events))

        inference = _timed(lambda: time_repeats(infer, device, repeats=max(3, given.repeats // 4)))
        return training, inference, job.source.channels, tuple(job.state.events), tuple(said)


def _timed(work: Callable[[], Timing]) -> Timing | str:
    """Return the time of some work, or the reason why there is none."""
    try:
        return work()
    except Exception as error:  # whatever a model, its libraries or a compiler raise: the other numbers still count
        return _reason(error)


def _reason(error: Exception) -> str:
    if isinstance(error, MetareviewError):
        return str(error)
    text = next(iter(str(error).strip().splitlines()), "")
    return "out of memory" if is_out_of_memory(error) else f"{type(error).__name__}: {text}"


def _triple(sizes: Sequence[int], first: int = 1) -> Triple:
    z, y, x = sizes if len(sizes) == 3 else (first, *sizes)
    return z, y, x


#: every network: as chosen above, the others by default
_OTHERS = set(MODELS) - {case.model for case in CHOSEN}
CASES = (*CHOSEN, *(default_case(MODELS[name]) for name in sorted(_OTHERS) if MODELS[name].kind == "network"))


def _plain(given: _Setting, channels: int) -> Times:
    """Time the loop as one writes it first: NumPy crops and flips, copy, eager float32, the loss read every step."""
    case, spec, device, plan = given.case, given.spec, given.device, given.plan
    rng = np.random.default_rng(0)
    model = build(case.model, out_channels=channels, width=case.width).to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def step() -> float:
        image, target = (
            torch.from_numpy(part).to(device) for part in _crops(given.volume, given.patch, case.batch, rng)
        )
        optimizer.zero_grad()
        logits = apply_model(model, spec.dims, image)
        for axis in range(2, 5):
            edge = (target.shape[axis] - logits.shape[axis]) // 2
            target = target.narrow(axis, edge, logits.shape[axis])
        loss = LOSSES["bce"](logits, target.expand_as(logits), None)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.item()

    training = _timed(lambda: time_repeats(step, device, repeats=given.repeats))
    model.eval()
    optimizer.zero_grad()
    rest = [(0, max(0, need - size)) for need, size in zip(plan.tile, given.image.shape, strict=True)]
    padded = np.pad(given.image, rest)

    def infer() -> list[np.ndarray]:
        found = []
        with torch.no_grad():
            for _ in range(plan.count):  # as many tiles as ours, all of one place: only the time counts
                tile = torch.from_numpy(padded[: plan.tile[0], : plan.tile[1], : plan.tile[2]].astype(np.float32))
                found.append(torch.sigmoid(apply_model(model, spec.dims, tile[None, None].to(device))).cpu().numpy())
        return found

    return training, _timed(lambda: time_repeats(infer, device, repeats=max(3, given.repeats // 4)))


def _crops(volume: Volume, patch: Triple, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a batch of mirrored crops and their foreground, cut on the host."""
    assert volume.labels is not None
    images, targets = [], []
    for _ in range(count):
        start = [int(rng.integers(0, size - need + 1)) for size, need in zip(volume.shape, patch, strict=True)]
        where = tuple(slice(low, low + need) for low, need in zip(start, patch, strict=True))
        turn = tuple(axis for axis in range(3) if rng.random() < 0.5)
        images.append(np.flip((volume.image[where].astype(np.float32) - 128) / 74, turn))
        targets.append(np.flip((volume.labels[where] > 0).astype(np.float32), turn))
    return np.stack(images)[:, None], np.stack(targets)[:, None]


def _row(
    case: Case, patch: Triple, task: Task, ours: Timing | str, plain: Timing | str, voxels: int,
    work: tuple[float, float], ceilings: Ceilings,
) -> Measured:  # fmt: skip
    """Return a row; a time that is a text is the reason why there is none."""
    row = Measured(case.model, task, case.width, patch, case.batch)
    if not isinstance(plain, str):
        row = replace(row, plain_mvoxels=voxels / plain.median / 1e6)
    if isinstance(ours, str):
        return replace(row, reason=ours)
    tflops, gbs = work[0] / ours.median / 1e12, work[1] / ours.median / 1e9
    return replace(
        row, mvoxels=voxels / ours.median / 1e6, tflops=tflops, of_matmul=tflops / ceilings.matmul_tflops, gbs=gbs,
        of_copy=gbs / ceilings.copy_gbs, first_seconds=ours.first, milliseconds=1e3 * ours.median, low=1e3 * ours.low,
        high=1e3 * ours.high, speedup=None if isinstance(plain, str) else plain.median / ours.median,
        reason=f"the plain loop: {plain}" if isinstance(plain, str) else None,
    )  # fmt: skip


def _rows(case: Case, device: torch.device, ceilings: Ceilings, quick: bool) -> list[Measured]:
    """Return the rows of a case; where the model cannot be had at all, with the reason in both."""
    try:
        return measure(case, device, ceilings, repeats=3 if quick else 20)
    except Exception as error:  # as in `_timed`
        why = _reason(error)
        return [Measured(case.model, task, case.width, case.patch, case.batch, reason=why) for task in get_args(Task)]


def measure_all(
    device: torch.device, *, quick: bool, cases: Iterable[Case] = CASES, seconds: float | None = None,
    say: Callable[[str], None] = lambda text: None, keep: Callable[[dict[str, Any]], None] = lambda result: None,
) -> dict[str, Any]:  # fmt: skip
    """Return the device, its ceilings, the rows of every case, and what was left out, as JSON-ready data.

    Parameters
    ----------
    seconds : no model is begun that would, at the pace of the slowest so far, end later; it stands in ``left_out``.
    say : is told what is measured next.
    keep : is given the result so far, after the ceilings and after each model: what is kept outlives a kill.
    """
    begin = perf_counter()
    chosen = [case.reduced() if quick else case for case in cases]
    ceilings = measure_ceilings(device, quick=quick)
    result: dict[str, Any] = {
        "device": describe_device(device), "quick": quick, "ceilings": asdict(ceilings), "rows": [],
        "left_out": [case.model for case in chosen],
    }  # fmt: skip
    keep(result)
    slowest = 0.0
    for case in chosen:
        started = perf_counter()
        if seconds is not None and started - begin + slowest > seconds:
            break
        say(f"{case.model}: patch {' x '.join(map(str, case.patch))}, batch {case.batch}, width {case.width:g}")
        result["rows"] += [asdict(row) for row in _rows(case, device, ceilings, quick)]
        result["left_out"].remove(case.model)
        keep(result)
        if device.type == "cuda":
            torch.cuda.empty_cache()
        slowest = max(slowest, perf_counter() - started)
    return result
