"""Inference: a trained model on a volume, in memory or from and to a zarr store; the same numbers either way.

`predict` collects what `metareview.rerun.stitch` hands out section by section; `predict_to_zarr` writes it and notes
how far it came, so that a killed run continues, computing again only the tiles that reach into what is unfinished.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from hashlib import sha256
from math import ceil
from pathlib import Path
from shutil import rmtree
from time import perf_counter
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from metareview.errors import InputError
from metareview.evaluation.readers import extra
from metareview.evaluation.volumes import Volume, as_volume
from metareview.rerun.checkpoint import read_checkpoint
from metareview.rerun.config import TrainConfig
from metareview.rerun.data import array_hash
from metareview.rerun.device import choose_device, numerics
from metareview.rerun.models import MODELS, build
from metareview.rerun.models.spec import ModelSpec
from metareview.rerun.patches import Scale
from metareview.rerun.progress import voxel_bar
from metareview.rerun.stitch import Run, Stitching, Tta, stitched_rows
from metareview.rerun.tiles import Triple
from metareview.results.atomic import write_atomic

__all__ = [
    "Prediction", "Stitching", "Trained", "compile_pays", "load_trained", "predict", "predict_checkpoint",
    "predict_to_zarr", "predict_volume", "region_logits",
]  # fmt: skip

#: attribute of the store that says what it holds and that it is whole
MARK = "metareview_prediction"
#: passes through a model from which compiling it is won back: about half a minute, at some hundredths of a second each
COMPILE_PASSES = 1000


@dataclass(frozen=True, slots=True)
class Prediction:
    """What inference gave and what it cost.

    Attributes
    ----------
    values : (c, z, y, x) float32, or the zarr store that holds them.
    tile : the tile in use, after any halving.
    tax : voxels through the model per voxel of the volume (overlap, margins, rounding up).
    seconds, voxels_per_second : wall time, and voxels of the volume computed per second (of a continuation: in it).
    events : what happened on the way.
    """

    values: np.ndarray | Path
    tile: Triple
    tax: float
    seconds: float
    voxels_per_second: float
    events: tuple[str, ...] = ()


def predict(
    spec: ModelSpec,
    model: nn.Module,
    image: Any,
    *,
    tile: Triple | None = None,
    overlap: float = 0.25,
    tta: Tta = "none",
    device: str | torch.device = "auto",
    progress: bool | None = None,
    **how: Any,
) -> np.ndarray:
    """Return the stitched prediction (channels, z, y, x), float32, of a volume in memory.

    Parameters
    ----------
    spec, model : from `metareview.rerun.models`.
    image : an array (z, y, x), a path, or anything `metareview.evaluation.volumes.as_volume` takes.
    tile, overlap, tta : see `Stitching`; `how` has its further fields.
    device : auto, cpu, cuda, cuda:1.
    progress : a bar on stderr; None: only on a terminal.

    Raises
    ------
    InputError
        If the device is missing, or the smallest tile does not fit into its memory.
    """
    return np.asarray(predict_volume(
        spec, model, image, Stitching(tile=tile, overlap=overlap, tta=tta, **how), device=device, progress=progress
    ).values)  # fmt: skip


def predict_volume(
    spec: ModelSpec, model: nn.Module, image: Any, how: Stitching, *, device: str | torch.device = "auto",
    progress: bool | None = None,
) -> Prediction:  # fmt: skip
    """Return the prediction of a volume in memory, with what it cost; see `predict`."""
    where = device if isinstance(device, torch.device) else choose_device(device)
    run = Run(spec, model, as_volume(image, "image"), how, where)
    begin = perf_counter()

    def work() -> np.ndarray:
        result: np.ndarray | None = None
        plan = run.plan()
        with voxel_bar("inference", int(np.prod(plan.shape)), progress) as advance:
            for low, high, values in stitched_rows(spec, model, run.image, plan, run.how, where):
                if result is None:
                    result = np.empty((len(values), *plan.shape), dtype=np.float32)
                result[:, low:high] = values.cpu().numpy()
                advance(int(values[0].numel()))
        assert result is not None
        return result

    with _kernels(where, run.how.deterministic):
        values = run.attempt(work)
    return _record(run, values, perf_counter() - begin)


def _kernels(device: torch.device, deterministic: bool) -> AbstractContextManager[None]:
    """Let cuDNN search for fast kernels, as in training; all tiles have one shape.

    Not where the same bits are asked for: by the training's configuration, or by the caller, whose mode is left alone.
    """
    if device.type != "cuda" or torch.are_deterministic_algorithms_enabled():
        return nullcontext()
    return numerics(device, deterministic)


def _record(run: Run, values: np.ndarray | Path, seconds: float, done: int | None = None) -> Prediction:
    """Return what was done; `done` voxels where a continuation did not compute them all."""
    plan = run.plan()
    speed = (int(np.prod(plan.shape)) if done is None else done) / max(seconds, 1e-9)
    return Prediction(values, plan.tile, plan.tax, seconds, speed, tuple(run.events))


def region_logits(
    spec: ModelSpec, model: nn.Module, image: Any, how: Stitching, device: torch.device
) -> tuple[Tensor, list[str]]:
    """Return the logits of a region, and what the prediction met, such as a smaller tile."""
    run = Run(spec, model, as_volume(image, "validation region"), how, device)
    work: Callable[[], list[Tensor]] = lambda: [  # noqa: E731 - a thunk that `attempt` may call again
        values.cpu() for _, _, values in stitched_rows(spec, model, run.image, run.plan(), run.how, device)
    ]
    logits = torch.cat(run.attempt(work), dim=1)
    return logits, list(run.events)


def predict_to_zarr(
    spec: ModelSpec,
    model: nn.Module,
    image: Any,
    store: str | Path,
    how: Stitching | None = None,
    *,
    dtype: Literal["float32", "uint8"] = "float32",
    chunks: tuple[int, int, int] = (16, 256, 256),
    device: str | torch.device = "auto",
    progress: bool | None = None,
) -> Prediction:
    """Predict a volume of any size into a zarr store (channels, z, y, x), a row of tiles at a time.

    The image is read region by region; the device holds one row of tiles (tile depth x whole sections). A run that was
    killed continues where it stopped when called again with the same arguments; a finished store is left as it is.

    Parameters
    ----------
    store : folder of the array; made here.
    dtype : uint8 stores round(255 p), for probabilities.
    chunks : of the store on z, y, x; one channel per chunk.

    Raises
    ------
    InputError
        If the store holds something else, or the smallest tile does not fit into memory.
    """
    where = device if isinstance(device, torch.device) else choose_device(device)
    run = Run(spec, model, as_volume(image, "image"), how or Stitching(), where)
    path = Path(store)
    note = path.with_name(path.name + ".progress.json")
    asked = _identity(run, dtype)
    begin, done = perf_counter(), 0
    if _resume(path, note, asked, run):
        with _kernels(where, run.how.deterministic):
            done = run.attempt(lambda: _write_rows(run, path, note, asked, dtype, chunks, progress))
    else:
        run.say(f"{path.name}: whole already, nothing was computed")
    return _record(run, path, perf_counter() - begin, done)


def _identity(run: Run, dtype: str) -> dict[str, Any]:
    """What must not change between a run and its continuation."""
    digest = sha256()
    for name, tensor in sorted(run.model.state_dict().items()):
        digest.update(name.encode())
        # in one order whatever the layout: channels-last leaves strides that are no plain bytes
        values = np.ascontiguousarray(tensor.detach().cpu().float().numpy())
        digest.update(values.data if tensor.ndim else str(tensor).encode())
    plan, how = run.plan(), run.how
    return {
        "model": run.spec.name, "weights": digest.hexdigest(), "image": _image_identity(run.image, plan.tile[0]),
        "tile": list(plan.tile), "overlap": how.overlap, "blend": how.blend, "tta": str(how.tta), "dtype": dtype,
        "scale": [how.scale.mean, how.scale.std], "precision": how.precision,
        "activation": getattr(how.activation, "__name__", str(how.activation)),
    }  # fmt: skip


def _image_identity(image: Volume, depth: int) -> list[Any]:
    """Return what tells an image from another one: the place of a file, its time and the region; else the voxels.

    An array has no time that changes with its voxels, so they are read once more, `depth` sections at a time.
    """
    region = [image.name, list(image.shape), list(image.start), image.threshold]
    if image.path is not None:
        return [*region, str(image.path.resolve()), image.path.stat().st_mtime_ns]
    digest = sha256()
    for low in range(0, image.shape[0], depth):
        slab = (slice(low, min(low + depth, image.shape[0])), *(slice(0, size) for size in image.shape[1:]))
        digest.update(array_hash(image.read(slab)).encode())
    return [*region, digest.hexdigest()]


def _resume(path: Path, note: Path, asked: dict[str, Any], run: Run) -> bool:
    """Return whether there is work left; takes over the tile a run fell back to.

    Raises
    ------
    InputError
        If the store holds something else.
    """
    if not path.exists():
        return True
    if note.exists():
        state: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    else:
        stored = extra("zarr").open(str(path), mode="r") if (path / "zarr.json").exists() else None
        state = {} if stored is None else dict(stored.attrs.get(MARK) or {})
    if state.get("asked") != asked:
        raise InputError(
            f"{path} holds something else, or another prediction (other weights, image or tiles); choose another "
            "store, or delete it to begin again"
        )
    z, y, x = state["tile"]
    run.how = replace(run.how, tile=(z, y, x))
    return note.exists()


def _write_rows(
    run: Run, path: Path, note: Path, asked: dict[str, Any], dtype: str, chunks: Triple, progress: bool | None
) -> int:
    """Write what is missing; return how many voxels of the volume that was."""
    zarr = extra("zarr")
    plan = run.plan()
    found: dict[str, Any] = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
    row = int(found["rows"]) if found.get("tile") == list(plan.tile) and path.exists() else 0
    if row:
        row = min(row, len(plan.starts[0]) - 1)  # killed after the last row, before the store was said to be whole
        run.say(f"{path.name}: continued at section {plan.starts[0][row]} of {plan.shape[0]}")
        # a chunk that was being written may be damaged: begin with the row that first touches its sections
        edge = plan.starts[0][row] // chunks[0] * chunks[0]
        row = max(number for number in range(row + 1) if plan.starts[0][number] <= edge)
    array = zarr.open(str(path), mode="r+") if row else None
    state = {"asked": asked, "tile": list(plan.tile)}
    write_atomic(note, json.dumps({**state, "rows": row}))
    with voxel_bar("inference", int(np.prod(plan.shape)), progress) as advance:
        rows = stitched_rows(run.spec, run.model, run.image, plan, run.how, run.device, row)
        for number, (low, high, values) in enumerate(rows, start=row):
            if array is None:
                array = _new_array(path, (len(values), *plan.shape), dtype, chunks)
            block = values.cpu().numpy()
            array[:, low:high] = np.rint(block * 255).astype(np.uint8) if dtype == "uint8" else block
            write_atomic(note, json.dumps({**state, "rows": number + 1}))
            advance(int(values[0].numel()))
    assert array is not None
    array.attrs[MARK] = {**state, "tax": plan.tax}
    note.unlink()
    return (plan.shape[0] - plan.starts[0][row]) * plan.shape[1] * plan.shape[2]


def _new_array(path: Path, shape: tuple[int, ...], dtype: str, chunks: Triple) -> Any:
    if path.exists():
        rmtree(path)  # ours: the progress note was compared before
    fitted = tuple(min(chunk, size) for chunk, size in zip(chunks, shape[1:], strict=True))
    return extra("zarr").create_array(store=str(path), shape=shape, chunks=(1, *fitted), dtype=dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained model with what inference needs to know of its training."""

    spec: ModelSpec
    model: nn.Module
    config: TrainConfig
    scale: Scale
    facts: dict[str, Any]

    def stitching(self, **how: Any) -> Stitching:
        """Return `Stitching` with the grey level scale, the offsets and the numerics of the training."""
        known = {"scale": self.scale, "precision": self.config.precision, "offsets": self.config.offsets,
                 "deterministic": self.config.deterministic}  # fmt: skip
        return Stitching(**{**known, **how})


def load_trained(checkpoint: str | Path, device: str | torch.device = "auto", *, compile: bool = False) -> Trained:
    """Return the model a training run left behind, ready for inference.

    Parameters
    ----------
    compile : torch.compile; see `compile_pays`.

    Raises
    ------
    InputError
        If the file is missing or is no checkpoint of this package.
    """
    where = device if isinstance(device, torch.device) else choose_device(device)
    stored = read_checkpoint(Path(checkpoint), where)
    config = TrainConfig.model_validate_json(stored["config"])
    spec = MODELS[config.model]
    model = build(config.model, out_channels=stored["channels"], width=config.width, **config.options)
    model.load_state_dict(stored["model"])
    facts = {key: value for key, value in stored.items() if key not in ("model", "config")}
    layout = torch.channels_last if spec.dims == 2 else torch.channels_last_3d
    model.to(where).to(memory_format=layout if config.channels_last else torch.contiguous_format)  # type: ignore[call-overload]
    # static shapes: a batch has one size, but the last of a row
    ready: nn.Module = torch.compile(model.eval(), dynamic=False) if compile else model.eval()  # type: ignore[assignment]
    return Trained(spec, ready, config, Scale(*stored["scale"]), facts)


def compile_pays(spec: ModelSpec, how: Stitching, shape: Triple, device: torch.device) -> bool:
    """Return whether a volume has so many passes that ``torch.compile`` wins back the half minute it takes."""
    if device.type != "cuda":
        return False
    settled = how.on(device, spec, shape)
    plan = settled.plan(spec, shape)
    rows = len(plan.starts[0])
    passes = rows * ceil(plan.count / rows / (settled.batch or 1)) * len(settled.mirrors(spec, plan))
    return passes >= COMPILE_PASSES


def predict_checkpoint(
    checkpoint: str | Path, image: Any, *, device: str | torch.device = "auto", progress: bool | None = None, **how: Any
) -> Prediction:
    """Return what the model of a checkpoint says of a volume, with what it cost; `how` has fields of `Stitching`."""
    where = device if isinstance(device, torch.device) else choose_device(device)
    trained = load_trained(checkpoint, where)
    return predict_volume(trained.spec, trained.model, image, trained.stitching(**how), device=where, progress=progress)
