"""Is ours faster at equal scores? One spec trained by our loop and by the loop as one writes it first, seed by seed.

The plain loop draws and changes its patches on the host by the same code and the same seeds, copies them, and runs
eager float32 with the optimiser as it comes, reading the loss every step; it predicts the same tiles one by one and
stitches them with NumPy. All that decides a score is equal: model, data, fold, patches, loss, steps, tiles, thresholds
chosen on validation. What is left is precision, kernels, and the order of random numbers on a card; whether that moves
the score is the question. Seconds are wall time of training (with compilation) and of prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Generator, nn

from metareview.errors import InputError, UnknownName
from metareview.rerun.config import TrainConfig
from metareview.rerun.data import Fold, Volume, plan_folds
from metareview.rerun.device import choose_device, describe_device
from metareview.rerun.losses import LOSSES
from metareview.rerun.models import MODELS, ModelSpec, build
from metareview.rerun.patches import PatchSource, patch_source
from metareview.rerun.predictors import predict_box, train_predictor
from metareview.rerun.run import choose_on_validation, score_regions
from metareview.rerun.schedule import learning_rate, make_optimizer, step_seed
from metareview.rerun.spec import RerunSpec, score_name
from metareview.rerun.stitch import Stitching, apply_model, averaged
from metareview.stats.benchmark.replication import LEAST_RUNS, mean_interval, sample_of

__all__ = ["Loop", "Outcome", "compare", "plain_predictor", "summary"]

Loop = Literal["plain", "ours"]
Predictor = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One seed by one loop: seconds of training and of prediction, the threshold chosen, the score."""

    seed: int
    loop: Loop
    train_seconds: float
    predict_seconds: float
    threshold: float
    score: float


def plain_predictor(spec: RerunSpec, volume: Volume, fold: Fold, device: torch.device, seed: int) -> Predictor:
    """Train by the plain loop, and return what predicts with the result."""
    config, model_spec = spec.train, MODELS[spec.train.model]
    source = patch_source(config, volume, fold, torch.device("cpu"))
    torch.manual_seed(step_seed(seed, -1))
    model = build(config.model, out_channels=source.channels, width=config.width, **config.options).to(device).train()
    optimizer = make_optimizer(config, model, torch.device("cpu"))  # not fused
    for step in range(config.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        _step(config, model_spec, model, optimizer, source, device, seed, step)
    return _predictor(spec, model_spec, model.eval(), source, device)


def _step(
    config: TrainConfig, spec: ModelSpec, model: nn.Module, optimizer: torch.optim.Optimizer, source: PatchSource,
    device: torch.device, seed: int, step: int,
) -> float:  # fmt: skip
    torch.manual_seed(step_seed(seed, step, 1))
    batch = source.draw(Generator().manual_seed(step_seed(seed, step)), config.batch, config.augment)
    weight = None if batch.weight is None else batch.weight.to(device)
    optimizer.zero_grad()
    logits = apply_model(model, spec.dims, batch.image.to(device))
    loss = LOSSES[config.loss](logits, batch.target.to(device), weight)
    loss.backward()  # type: ignore[no-untyped-call]
    if config.clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), config.clip)
    optimizer.step()
    return loss.item()


def _predictor(
    spec: RerunSpec, model_spec: ModelSpec, model: nn.Module, source: PatchSource, device: torch.device
) -> Predictor:
    asked = spec.predict
    how = Stitching(
        tile=asked.tile, overlap=asked.overlap, tta=asked.copies, offsets=spec.train.offsets,
        scale=source.scale, precision="float32",
    )  # fmt: skip

    def predict(image: np.ndarray) -> np.ndarray:
        z, y, x = image.shape
        plan = how.plan(model_spec, (z, y, x))
        weight = how.weights(plan, torch.device("cpu"), model_spec.dims == 2).numpy()
        mirrors = how.mirrors(model_spec, plan)
        ends = [starts[-1] + out for starts, out in zip(plan.starts, plan.out, strict=True)]
        pads = [(edge, end + edge - size) for edge, end, size in zip(plan.margin, ends, image.shape, strict=True)]
        grey = np.pad((image.astype(np.float32) - how.scale.mean) / how.scale.std, pads, mode="reflect")
        total, norm = np.zeros((source.channels, *ends), np.float32), np.zeros(ends, np.float32)
        for place in product(*plan.starts):
            tile = grey[tuple(slice(low, low + size) for low, size in zip(place, plan.tile, strict=True))]
            seen = torch.from_numpy(tile.astype(np.float32))[None, None].to(device)
            values = averaged(model_spec, model, seen, mirrors, how, device)[0].cpu().numpy()
            window = tuple(slice(low, low + size) for low, size in zip(place, plan.out, strict=True))
            total[:, *window] += values * weight
            norm[window] += weight
        return np.ascontiguousarray((total / norm)[:, :z, :y, :x])

    return predict


def _ours(spec: RerunSpec, volume: Volume, fold: Fold, device: torch.device, seed: int) -> Predictor:
    with TemporaryDirectory() as folder:
        return train_predictor(spec, volume, fold, Path(folder), device=str(device), seed=seed, progress=False).predict


def _outcome(spec: RerunSpec, volume: Volume, fold: Fold, device: torch.device, seed: int, loop: Loop) -> Outcome:
    begin = perf_counter()
    predict = (plain_predictor if loop == "plain" else _ours)(spec, volume, fold, device, seed)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    trained = perf_counter()
    val, test = (
        [(box, predict_box(predict, volume, box, spec.predict.context)) for box in boxes]
        for boxes in (fold.val, fold.test)
    )
    done = perf_counter()
    _, threshold, _ = choose_on_validation(spec, val, volume)
    row = next(row for row in score_regions(spec, test, volume, threshold).rows if _name(row) == _judged(spec))
    if row.value is None:
        raise InputError(f"{spec.id}, seed {seed}, {loop}: {_judged(spec)} does not exist for what was segmented")
    return Outcome(seed, loop, trained - begin, done - trained, threshold, row.value)


def _name(row: Any) -> str:
    return f"{row.metric}:{row.convention}"


def _judged(spec: RerunSpec) -> str:
    """Return the score by which the loops are compared: the first of the spec."""
    return score_name(spec.scores[0])


def compare(
    spec: RerunSpec, volume: Volume, *, fold: str | None = None, seeds: Sequence[int] = (), device: str = "auto",
    seconds: float | None = None, say: Callable[[str], None] = lambda text: None,
    keep: Callable[[dict[str, Any]], None] = lambda result: None,
) -> dict[str, Any]:  # fmt: skip
    """Train and score a spec by both loops, seed by seed; return all outcomes and their summary, as JSON-ready data.

    Parameters
    ----------
    spec : with its preset in force; a network.
    fold : its first one where left out.
    seeds : those of the spec where left out.
    seconds : no seed is begun that would, at the pace of the slowest so far, end later; it stands in ``left_out``.
    say, keep : are told what comes next, and the result after each seed.

    Raises
    ------
    InputError
        If the spec trains no network, or a score does not exist.
    """
    if spec.given is not None or MODELS[spec.train.model].kind != "network":
        raise InputError(f"{spec.id} trains no network; choose a spec that does")
    begin, where, chosen = perf_counter(), choose_device(device), tuple(seeds or spec.seeds)
    torch.set_num_threads(spec.resources.threads)
    folds = {found.name: found for found in plan_folds(spec.split, volume.shape, volume.parts)}
    name = fold or next(iter(folds))
    if name not in folds:
        raise UnknownName(f"fold of {spec.id}", name, folds)
    result: dict[str, Any] = {
        "spec": spec.id, "preset": spec.preset, "digest": spec.digest, "fold": name, "score": _judged(spec),
        "device": describe_device(where), "outcomes": [], "left_out": list(chosen), "summary": None,
    }  # fmt: skip
    outcomes: list[Outcome] = []
    slowest = 0.0
    for seed in chosen:
        started = perf_counter()
        if seconds is not None and started - begin + slowest > seconds:
            break
        for loop in get_args(Loop):
            say(f"seed {seed}, {loop}")
            outcomes.append(_outcome(spec, volume, folds[name], where, seed, loop))
        slowest = max(slowest, perf_counter() - started)
        result["outcomes"] = [asdict(outcome) for outcome in outcomes]
        result["left_out"].remove(seed)
        result["summary"] = summary(outcomes)
        keep(result)
    return result


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return, of outcomes by both loops: mean and SD of the score, seconds, how many times faster, and the difference.

    A seed gives both loops the same first weights and the same patches, so the difference (ours less plain) is taken
    seed by seed, with the t interval of its mean. ``within_noise``: the mean difference is no larger than the standard
    deviation over seeds of the plain loop. ``enough``: there are three seeds, below which an interval says little.
    """
    sides = {loop: [outcome for outcome in outcomes if outcome.loop == loop] for loop in get_args(Loop)}
    seconds, scores = {}, {}
    for loop, found in sides.items():
        train, predict = fmean(o.train_seconds for o in found), fmean(o.predict_seconds for o in found)
        seconds[loop] = {"train": train, "predict": predict, "both": train + predict}
        scores[loop] = sample_of([outcome.score for outcome in found])
    plain = scores["plain"]
    by_seed = {outcome.seed: outcome.score for outcome in sides["plain"]}
    apart = sample_of([outcome.score - by_seed[outcome.seed] for outcome in sides["ours"]])
    low, high = mean_interval(apart) if apart.n > 1 else (None, None)
    faster = {key: seconds["plain"][key] / seconds["ours"][key] for key in seconds["ours"]}
    return {
        "seconds": seconds, "times_faster": faster,
        "scores": {loop: asdict(sample) for loop, sample in scores.items()}, "difference": apart.mean,
        "low": low, "high": high, "enough": apart.n >= LEAST_RUNS,
        "within_noise": None if plain.sd is None else abs(apart.mean) <= plain.sd,
    }  # fmt: skip
