"""What a spec trains, behind one face: something that turns an image into probabilities, and how it came about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metareview.errors import InputError, UnknownName
from metareview.rerun.data import Box, Fold, Volume, box_slices
from metareview.rerun.models import MODELS
from metareview.rerun.spec import RerunSpec

if TYPE_CHECKING:
    import torch
    from torch import nn

    from metareview.rerun.infer import Trained as Network
    from metareview.rerun.stitch import Stitching

__all__ = ["Trained", "predict_box", "train_predictor"]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model.

    Attributes
    ----------
    predict : image (z, y, x) -> probabilities (channels, z, y, x), float32.
    device : where it was trained.
    steps, parameters, voxels_per_second, history, events : of the training; a forest has no steps.
    met : what predictions met so far: a smaller tile, a compiler that failed.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    device: dict[str, Any]
    steps: int = 0
    parameters: int | None = None
    voxels_per_second: float | None = None
    history: tuple[dict[str, float], ...] = ()
    events: tuple[str, ...] = field(default=())
    met: list[str] = field(default_factory=list)


def train_predictor(
    spec: RerunSpec, volume: Volume, fold: Fold, folder: Path, *, device: str, seed: int, progress: bool | None
) -> Trained:
    """Train the model of a spec on the training regions of a fold, or take up what a killed run left in `folder`.

    Raises
    ------
    UnknownName
        If there is no such model.
    MissingExtra
        If what the model needs is not installed.
    """
    if spec.train.model not in MODELS:
        raise UnknownName("model", spec.train.model, MODELS)
    if MODELS[spec.train.model].kind == "forest":
        return _forest(spec, volume, fold, seed)
    return _network(spec, volume, fold, folder, device, seed, progress)


def predict_box(
    predict: Callable[[np.ndarray], np.ndarray], volume: Volume, box: Box, context: tuple[int, int, int]
) -> np.ndarray:
    """Return the probabilities (channels, z, y, x) of a region, seen with `context` voxels of image around it.

    A model is worst at the edge of what it sees. Grey levels next to a region are no labels: seeing them leaks nothing.
    The context ends at the volume, and at the published part the region lies in: stacked parts are no neighbours.
    """
    whole = tuple((0, size) for size in volume.shape)
    parts = (part for part in volume.parts.values()
             if all(a <= low and high <= b for (low, high), (a, b) in zip(box, part, strict=True)))  # fmt: skip
    limits = next(parts, whole)
    seen = [(max(low - more, a), min(high + more, b)) for (low, high), more, (a, b) in
            zip(box, context, limits, strict=True)]  # fmt: skip
    found = predict(volume.image[tuple(slice(low, high) for low, high in seen)])
    inside = tuple(slice(low - start, high - start) for (low, high), (start, _) in zip(box, seen, strict=True))
    return np.ascontiguousarray(found[:, *inside])


def _network(
    spec: RerunSpec, volume: Volume, fold: Fold, folder: Path, device: str, seed: int, progress: bool | None
) -> Trained:
    from metareview.rerun.needs import require

    # as many threads as planned: several jobs share a machine, and sums in another order give other last digits
    require("torch").set_num_threads(spec.resources.threads)
    from metareview.rerun.device import choose_device
    from metareview.rerun.infer import load_trained
    from metareview.rerun.train import train

    outcome = train(spec.train, volume, fold, folder / "train", device=device, seed=seed, progress=progress)
    loaded = load_trained(outcome.checkpoint, device)
    how = loaded.stitching(
        tile=spec.predict.tile, overlap=spec.predict.overlap, tta=spec.predict.copies,
        batch=spec.predict.batch,
    )  # fmt: skip
    predict = _Predictor(loaded, how, choose_device(device), spec.predict.compile, progress)
    return Trained(
        predict, outcome.device, outcome.steps, outcome.parameters, outcome.voxels_per_second, outcome.history,
        outcome.events, predict.met,
    )  # fmt: skip


@dataclass(slots=True)
class _Predictor:
    """Probabilities of an image by a trained network, compiled where that is asked for or pays."""

    loaded: Network
    how: Stitching
    device: torch.device
    compile: bool | None
    progress: bool | None
    compiled: nn.Module | None = None
    met: list[str] = field(default_factory=list)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        from metareview.rerun.device import is_compile_error
        from metareview.rerun.infer import compile_pays
        from metareview.rerun.stitch import LOG

        z, y, x = image.shape
        pays = compile_pays(self.loaded.spec, self.how, (z, y, x), self.device)
        if not (pays if self.compile is None else self.compile):
            return self._values(self.loaded.model, image)
        if self.compiled is None:
            import torch

            self.compiled = torch.compile(self.loaded.model, dynamic=False)  # type: ignore[assignment]
        try:
            return self._values(self.compiled, image)
        except Exception as error:  # compilers raise what they like
            if self.compile or not is_compile_error(error):
                raise
            reason = str(error).partition("\n")[0]
            said = f"prediction: the model cannot be compiled here, and goes on without: {reason}"
            LOG.warning(said)
            self.met.append(said)
            self.compile = False
            return self._values(self.loaded.model, image)

    def _values(self, model: nn.Module | None, image: np.ndarray) -> np.ndarray:
        from metareview.rerun.infer import predict_volume

        assert model is not None
        found = predict_volume(self.loaded.spec, model, image, self.how, device=self.device, progress=self.progress)
        self.met += [text for text in (f"prediction: {event}" for event in found.events) if text not in self.met]
        return np.asarray(found.values)


def _forest(spec: RerunSpec, volume: Volume, fold: Fold, seed: int) -> Trained:
    """Fit a forest on pixels of all training regions; it is refitted after a kill, which takes seconds."""
    import platform

    from metareview.rerun.forest import PixelForest
    from metareview.rerun.targets import make_target

    if spec.train.target not in ("membrane", "foreground"):
        raise InputError(f"{spec.id}: a forest learns membrane or foreground, not {spec.train.target}")
    assert volume.labels is not None
    parts = [box_slices(box) for box in fold.train]
    sizes = {volume.image[part].shape[1:] for part in parts}
    if len(sizes) > 1:
        raise InputError(f"{spec.id}: a forest is trained on regions of one size in plane; the split has {len(sizes)}")
    target = [make_target(spec.train.target, volume.labels[part], dims=2)[0] for part in parts]
    mask = None if volume.mask is None else np.concatenate([volume.mask[part] for part in parts])
    forest = PixelForest(**spec.train.options, seed=seed)
    forest.fit(np.concatenate([volume.image[part] for part in parts]), np.concatenate(target), mask)
    return Trained(forest.predict, {"type": "cpu", "name": platform.processor() or platform.machine()})
