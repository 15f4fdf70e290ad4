"""Training of one model on one fold, top to bottom: data to the device, steps, checkpoints, the result.

Every random number of a step (patches, augmentation, dropout) comes from the seed and the number of the step, so a
run needs no memory of its past draws: continued from a checkpoint it does what it would have done, bit for bit on CPU.
Mirrors of that idea: out of memory repeats the same step in more pieces, and NaN names the patches that caused it.
"""

from __future__ import annotations

import json
import math
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Generator, Tensor, nn

from metareview.errors import BuildFailed, InputError, UnknownName
from metareview.rerun.checkpoint import Checkpoints, run_identity, write_checkpoint
from metareview.rerun.compiled import Compiled
from metareview.rerun.config import AugmentConfig, TrainConfig
from metareview.rerun.data import Box, Fold, Volume, box_slices, check_leakage
from metareview.rerun.device import autocast, choose_device, describe_device, is_out_of_memory, numerics, room_for
from metareview.rerun.infer import region_logits
from metareview.rerun.losses import LOSSES
from metareview.rerun.models import MODELS, ModelSpec, build
from metareview.rerun.outcome import State, TrainOutcome, finished, same_run
from metareview.rerun.patches import Batch, patch_source, region_targets
from metareview.rerun.progress import step_bar
from metareview.rerun.schedule import learning_rate, make_optimizer, step_seed
from metareview.rerun.stitch import Stitching, apply_model
from metareview.results.atomic import write_atomic

__all__ = ["AugmentConfig", "TrainConfig", "TrainOutcome", "train"]

#: steps between two looks at the loss on CUDA: each look waits for the device
LOOK_EVERY = 20
#: seconds of training that a kill may cost, beside `checkpoint_every` steps; more where writing takes long, so that
#: checkpoints take no more than a fiftieth of the time (on CUDA those of `checkpoint_every` too)
SAVE_SECONDS, SAVE_SHARE = 10.0, 50.0


def train(
    config: TrainConfig,
    volume: Volume,
    fold: Fold,
    out_dir: str | Path,
    *,
    device: str = "auto",
    seed: int = 0,
    progress: bool | None = None,
) -> TrainOutcome:
    """Train, or continue what a killed run left in `out_dir`; a finished run is returned as it is.

    Parameters
    ----------
    config : what to do; saved as ``config.json``.
    volume, fold : the data, and which regions train and validate. The test region is never looked at.
    out_dir : gets ``config.json``, ``last.pt`` and ``next.pt`` while running, ``weights.pt`` and ``result.json`` at the
        end.
    device : auto, cpu, cuda, cuda:1.
    seed : of everything drawn.
    progress : a bar on stderr with throughput and time left; None: only on a terminal.

    Raises
    ------
    InputError
        If the data leaks from train to test, the folder holds another run, the device is missing, or volume, weights,
        optimiser or a single patch do not fit into memory.
    BuildFailed
        If the loss, a weight or the validation loss becomes NaN or infinite; the last checkpoint that a later loss
        proved good stays, and the message says where it happened.
    """
    out, where = Path(out_dir), choose_device(device)
    identity = run_identity(config, volume, fold, seed)
    if (out / "result.json").exists():
        return finished(out, identity)
    leaks = check_leakage(fold, volume)
    if leaks.errors:
        raise InputError("; ".join(leaks.errors))
    with numerics(where, config.deterministic):
        job = Job(config, volume, fold, out, where, seed, identity)
        job.restore()
        write_atomic(out / "config.json", json.dumps(job.record(), indent=1) + "\n")
        with step_bar(f"{config.model} fold {fold.name} seed {seed}", config.steps, progress) as show:
            while job.state.step < config.steps:
                show(job.state.step + 1, job.step(), job.status)
        job.state.events += [text for text in leaks.warnings if text not in job.state.events]
        return job.finish()


class Job:
    """One run: model, optimiser, patches, state."""

    def __init__(
        self, config: TrainConfig, volume: Volume, fold: Fold, out: Path, device: torch.device, seed: int, identity: str
    ) -> None:
        if config.loss not in LOSSES:
            raise UnknownName("loss", config.loss, LOSSES)
        if config.model not in MODELS:
            raise UnknownName("model", config.model, MODELS)
        self.config, self.volume, self.fold, self.out = config, volume, fold, out
        self.device, self.seed, self.identity = device, seed, identity
        self.spec: ModelSpec = MODELS[config.model]
        size = " x ".join(map(str, volume.shape))
        with room_for(
            f"{volume.name}, {size} voxels", device, "train on a part of it (data.options, region), or on cpu"
        ):
            self.source = patch_source(config, volume, fold, device)
        self.patch = self.source.patch
        torch.manual_seed(step_seed(seed, -1))
        self.model = build(config.model, out_channels=self.source.channels, width=config.width, **config.options)
        layout = torch.channels_last if self.spec.dims == 2 else torch.channels_last_3d
        self.layout = layout if config.channels_last else torch.contiguous_format
        with self._room("the weights"):
            self.model.to(device).to(memory_format=self.layout)  # type: ignore[call-overload]
        self.network = Compiled(self.model, device.type == "cuda" if config.compile is None else config.compile)
        self.optimizer = make_optimizer(config, self.model, device)
        self.state, self.checkpoints, self.status = State(), Checkpoints(out), ""
        self.first_bad = torch.full((), -1, device=device)
        self.window = torch.zeros((), device=device, dtype=torch.float64)
        self.clock: float | None = None  # starts after the first step
        self.saved, self.save_cost = perf_counter(), 0.0
        self.looked: dict[Box, tuple[np.ndarray, np.ndarray | None]] = {}

    @property
    def compiled(self) -> nn.Module:
        """What a step calls: the compiled network, where that is wanted and works."""
        return self.network.start()

    def _room(self, what: str) -> AbstractContextManager[None]:
        remedy = "take a smaller width, sgd (adam keeps two more numbers per weight), or another device"
        return room_for(f"model {self.config.model}, {what}", self.device, remedy)

    def step(self) -> int:
        """Do one step, then what is due after it; return the voxels that went through the model."""
        config, state = self.config, self.state
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(config, state.step)
        loss = self._descend()
        self.first_bad = torch.where((self.first_bad < 0) & ~torch.isfinite(loss), state.step, self.first_bad)
        self.window += loss
        state.loss_count += 1
        state.step += 1
        voxels = config.batch * math.prod(self.patch)
        due = {name: state.step % every == 0 or state.step == config.steps for name, every in self._rhythm().items()}
        due["checkpoint"] = self._save_due(asked=due["checkpoint"])
        if any(due.values()):
            self._check()
        self._tick(voxels, wait=any(due.values()))
        if due["log"]:
            self._log()
        if due["validate"] and self.fold.val:
            self._validate()
        if due["checkpoint"]:
            self.save()
        return voxels

    def _rhythm(self) -> dict[str, int]:
        config, look = self.config, 1 if self.device.type == "cpu" else LOOK_EVERY
        return {
            "look": look,
            "log": max(look, config.steps // 200),
            "validate": config.validate_every or config.steps,
            "checkpoint": config.checkpoint_every,
        }

    def _save_due(self, asked: bool) -> bool:
        """Return whether to write a checkpoint now, `asked` for by the number of the step or not.

        On a card two hundred steps take seconds, and so does writing: there, it is not done more often than it pays.
        """
        waited, pays = perf_counter() - self.saved, SAVE_SHARE * self.save_cost
        if asked and self.device.type == "cpu":
            return True
        return waited >= (pays if asked else max(SAVE_SECONDS, pays))

    def _descend(self) -> Tensor:
        """Draw the batch of this step and follow its gradient; in more pieces where memory is full."""
        while True:
            try:
                torch.manual_seed(step_seed(self.seed, self.state.step, 1))  # drop-out
                batch = self.source.draw(self._generator(), self.config.batch, self.config.augment)
                loss = self._gradient(batch)
                break
            except Exception as error:  # compilers raise what they like
                if is_out_of_memory(error):
                    self._halve(error)
                elif said := self.network.gives_up(error):
                    self.state.say(said)
                else:
                    raise
            self.optimizer.zero_grad(set_to_none=True)
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
        self.network.proven()
        with self._room(f"step {self.state.step} of {self.config.optimizer}"):  # half done it cannot be repeated
            if self.config.clip is not None:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
            self.optimizer.step()
        return loss

    def _gradient(self, batch: Batch) -> Tensor:
        """Return the loss of the batch, its gradient accumulated piece by piece."""
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        for piece in batch.split(self.state.pieces):
            share = len(piece.image) / len(batch.image)
            loss = self._loss(self.compiled, piece) * share
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def _loss(self, model: nn.Module, piece: Batch) -> Tensor:
        with autocast(self.config.precision, self.device):
            logits = apply_model(model, self.spec.dims, piece.image)
        return LOSSES[self.config.loss](logits.float(), piece.target, piece.weight)

    def _generator(self) -> Generator:
        return Generator(self.device).manual_seed(step_seed(self.seed, self.state.step))

    def _halve(self, error: BaseException) -> None:
        if self.state.pieces >= self.config.batch:
            raise InputError(
                f"model {self.config.model}: out of memory on {self.device} even with one patch of "
                f"{' x '.join(map(str, self.patch))}; take a smaller patch or width, or another device"
            ) from error
        self.state.pieces = min(2 * self.state.pieces, self.config.batch)
        size = -(-self.config.batch // self.state.pieces)
        self.state.say(
            f"out of memory at step {self.state.step}: the batch of {self.config.batch} goes through {size} at a time "
            "from here on, gradients added up; batch normalisation, dropout and losses that are ratios see the smaller "
            "batch, and running statistics have seen part of this one twice"
        )

    def _check(self) -> None:
        """Keep the waiting checkpoint where a later loss is a number; stop where one is not."""
        bad = int(self.first_bad)
        self.checkpoints.judge(self.state.step if bad < 0 else bad)
        if bad < 0:
            return
        generator = Generator(self.device).manual_seed(step_seed(self.seed, bad))
        _, places = self.source.places(generator, self.config.batch)
        self._stop("the loss", f"at step {bad}", bad, f", patches at z, y, x {places.tolist()[:4]}")

    def _stop(self, what: str, when: str, step: int, more: str = "") -> NoReturn:
        self.checkpoints.drop()
        raise BuildFailed(
            f"training {self.config.model}, fold {self.fold.name}, seed {self.seed}: {what} was no finite number "
            f"{when} (learning rate {learning_rate(self.config, step):.3g}{more}); last good checkpoint: "
            f"{self.checkpoints.kept()}; lower learning_rate, set clip, or look there"
        )

    def _check_weights(self) -> None:
        """Stop where the last step spoilt the weights, or running statistics, which no training loss shows."""
        values = [value for value in self.model.state_dict().values() if value.is_floating_point()]
        if not bool(torch.stack([torch.isfinite(value).all() for value in values]).all()):
            self._stop("a weight", f"after step {self.state.step - 1}", self.state.step - 1)

    def _tick(self, voxels: int, wait: bool) -> None:
        if wait and self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        now = perf_counter()
        if self.clock is not None:
            self.state.seconds += now - self.clock
            self.state.voxels += voxels
        self.clock = now

    def _log(self) -> None:
        state = self.state
        mean = float(self.window) / max(state.loss_count, 1)
        rate = learning_rate(self.config, state.step - 1)
        state.history.append({"step": state.step, "loss": mean, "learning_rate": rate})
        state.loss_count = 0
        self.window.zero_()
        self.status = f"loss {mean:.4f}"

    def _validate(self) -> None:
        """Loss on the validation regions, by tiles; remember the weights where it was lowest."""
        total, voxels = 0.0, 0
        for box in self.fold.val:
            if box not in self.looked:  # border weights take seconds; they are the same at every look
                self.looked[box] = region_targets(self.config, self.volume, self.spec.dims, box, self.source.share)
            target, weight = self.looked[box]
            how = Stitching(
                tile=self.patch, batch=1 if self.spec.dims == 3 else self.config.batch, scale=self.source.scale,
                precision=self.config.precision, activation=nn.Identity(),
            )  # fmt: skip
            logits, met = region_logits(self.spec, self.model, self.volume.image[box_slices(box)], how, self.device)
            for event in met:
                if f"validation: {event}" not in self.state.events:
                    self.state.say(f"validation: {event}")
            loss = LOSSES[self.config.loss](
                logits[None], torch.from_numpy(target)[None], None if weight is None else torch.from_numpy(weight)[None]
            )
            total, voxels = total + float(loss) * target[0].size, voxels + target[0].size
        value, state = total / voxels, self.state
        if not math.isfinite(value):
            self._stop("the validation loss", f"after step {state.step - 1}", state.step - 1)
        entry = {"step": state.step, "val_loss": value}
        if state.history and state.history[-1]["step"] == state.step:
            entry = {**state.history.pop(), **entry}
        state.history.append(entry)
        if value < state.best_loss:
            state.best_loss, state.best_step = value, state.step
            if self.config.keep == "best":
                write_checkpoint(self.out / "best.pt", self.weights())
        self.clock = None if self.clock is None else perf_counter()  # validation is not training time

    def weights(self) -> dict[str, Any]:
        """Return what inference needs."""
        scale = self.source.scale
        return {
            "identity": self.identity, "config": self.config.model_dump_json(), "seed": self.seed,
            "step": self.state.step, "channels": self.source.channels, "scale": [scale.mean, scale.std],
            "fold": self.fold.name, "data": self.volume.name, "model": self.model.state_dict(),
        }  # fmt: skip

    def save(self) -> None:
        """Write the checkpoint to continue from; nothing that is computed depends on when this is done."""
        started = perf_counter()
        self._check_weights()
        self.state.loss_sum = float(self.window)
        content = {**self.weights(), "optimizer": self.optimizer.state_dict(), "state": asdict(self.state)}
        self.checkpoints.write(self.state.step, content)
        self.saved = perf_counter()
        self.save_cost = self.saved - started

    def restore(self) -> None:
        """Continue from the checkpoint of the same run, where there is one.

        Raises
        ------
        InputError
            If the checkpoint is of another run: other configuration, data, fold or seed.
        """
        with self._room("a checkpoint of it"):
            stored = self.checkpoints.read(self.device)
            if stored is None:
                (self.out / "best.pt").unlink(missing_ok=True)  # of a run that left nothing to continue from
                return
            same_run(self.out, stored["identity"], self.identity)
            self.model.load_state_dict(stored["model"])
            self.optimizer.load_state_dict(stored["optimizer"])
        self.state = State(**stored["state"])
        self.window.fill_(self.state.loss_sum)
        self.state.say(f"continued at step {self.state.step} of {self.config.steps}")

    def record(self) -> dict[str, Any]:
        """Return what is saved as ``config.json``: all that went in."""
        return {
            "config": self.config.model_dump(mode="json"), "patch": list(self.patch), "seed": self.seed,
            "fold": asdict(self.fold), "data": self.volume.describe(), "identity": self.identity,
            "scale": asdict(self.source.scale), "channels": self.source.channels,
            "device": describe_device(self.device),
        }  # fmt: skip

    def finish(self) -> TrainOutcome:
        """Write weights and result, remove what only a continuation needs."""
        best, state = self.out / "best.pt", self.state
        self._check_weights()
        if not self.fold.val:
            self._try_out()
        if best.exists():  # copied, not moved: killed here, a continuation finds it again
            write_atomic(self.out / "weights.pt", best.read_bytes())
        else:
            state.best_step = state.step
            write_checkpoint(self.out / "weights.pt", self.weights())
        parameters = sum(weight.numel() for weight in self.model.parameters() if weight.requires_grad)
        outcome = TrainOutcome(
            self.out / "weights.pt", state.step, tuple(state.history), tuple(state.events), state.seconds,
            state.voxels / state.seconds if state.seconds else 0.0, parameters, state.best_step, self.seed,
            describe_device(self.device),
        )  # fmt: skip
        body = {**asdict(outcome), "checkpoint": "weights.pt", "identity": self.identity}
        write_atomic(self.out / "result.json", json.dumps(body, indent=1, allow_nan=False) + "\n")
        best.unlink(missing_ok=True)
        self.checkpoints.remove()
        return outcome

    def _try_out(self) -> None:
        """Stop where the last weights give no loss: without validation regions nothing has seen them yet."""
        batch = self.source.draw(self._generator(), 1, None)
        with torch.no_grad():
            loss = self._loss(self.model.eval(), batch)
        if not bool(torch.isfinite(loss)):
            self._stop("the loss", "of the last weights", self.state.step - 1)
