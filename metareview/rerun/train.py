"""Training of one model on one fold (the signature; the loop follows)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from metareview.rerun.config import AugmentConfig, TrainConfig
from metareview.rerun.data import Fold, Volume

__all__ = ["AugmentConfig", "TrainConfig", "TrainOutcome", "train"]


@dataclass(frozen=True, slots=True)
class TrainOutcome:
    """What a training run left behind.

    Attributes
    ----------
    checkpoint : the weights to predict with; `metareview.rerun.infer.load_trained` reads it.
    steps : steps done.
    history : one entry per logged step: step, loss, learning_rate; val_loss where it was looked at.
    events : what a reader must know: batch halved, resumed at step …
    seconds : time in the loop, over all continuations, without compilation.
    voxels_per_second : input voxels per second of the loop.
    parameters : trainable parameters.
    seed : of weights, patches and augmentation.
    """

    checkpoint: Path
    steps: int
    history: tuple[dict[str, float], ...]
    events: tuple[str, ...] = ()
    seconds: float = 0.0
    voxels_per_second: float = 0.0
    parameters: int = 0
    seed: int = 0
    device: dict[str, Any] = field(default_factory=dict)


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
    """Train, or continue what a killed run left in `out_dir`; a finished run is returned as it is."""
    raise RuntimeError("under construction")
