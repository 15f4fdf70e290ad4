"""What a training run remembers while it goes, and what it leaves behind."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from metareview.errors import InputError
from metareview.rerun.stitch import LOG

__all__ = ["State", "TrainOutcome", "finished", "same_run"]


@dataclass(frozen=True, slots=True)
class TrainOutcome:
    """What a training run left behind.

    Attributes
    ----------
    checkpoint : the weights to predict with; `metareview.rerun.infer.load_trained` reads it.
    steps : steps done; the weights are those of `best_step` where the configuration keeps the best.
    history : step, loss, learning_rate, and val_loss where it was looked at.
    events : what a reader must know: batch halved, continued at step …, neighbours of the test region.
    seconds : time in the loop over all continuations, without the first step of each (compilation).
    voxels_per_second : input voxels through the model per second of it.
    parameters : trainable parameters.
    seed : of weights, patches and augmentation.
    device : where it ran, and on which versions.
    """

    checkpoint: Path
    steps: int
    history: tuple[dict[str, float], ...]
    events: tuple[str, ...] = ()
    seconds: float = 0.0
    voxels_per_second: float = 0.0
    parameters: int = 0
    best_step: int = 0
    seed: int = 0
    device: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """What grows while training, and is in every checkpoint."""

    step: int = 0
    pieces: int = 1  # a batch goes through in this many pieces; doubled when memory is full
    loss_sum: float = 0.0
    loss_count: int = 0
    seconds: float = 0.0
    voxels: int = 0
    best_loss: float = math.inf
    best_step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Record an event and log it."""
        self.events.append(text)
        LOG.warning(text)


def finished(out: Path, identity: str) -> TrainOutcome:
    """Return the outcome of the finished run in a folder; refuse that of another run."""
    body = json.loads((out / "result.json").read_text(encoding="utf-8"))
    same_run(out, body.pop("identity"), identity)
    body |= {"checkpoint": out / body["checkpoint"], "history": tuple(body["history"]), "events": tuple(body["events"])}
    return TrainOutcome(**body)


def same_run(out: Path, found: str, identity: str) -> None:
    """Refuse what another run left in the folder.

    Raises
    ------
    InputError
        If configuration, data, fold or seed differ.
    """
    if found != identity:
        raise InputError(
            f"{out} holds another run (configuration, data, fold or seed differ; see its config.json); choose another "
            "folder, or delete it to begin again"
        )
