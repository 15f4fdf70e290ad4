"""Tiles through a model and back into one volume, stitched in place on the device.

Tiles go through in rows along z. Sections that no later row touches are divided by their weights and handed out, so
the device holds one row of output however long the volume is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, product
from math import prod
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from metareview.errors import InputError
from metareview.evaluation.volumes import Volume
from metareview.rerun.augment import mirror
from metareview.rerun.device import autocast, is_out_of_memory
from metareview.rerun.models.spec import ModelSpec
from metareview.rerun.patches import Scale
from metareview.rerun.tiles import PASS, TilePlan, Triple, chosen_tile, halved, plan_tiles

__all__ = ["LOG", "Run", "Stitching", "Tta", "apply_model", "averaged", "stitched_rows"]

#: says what happened on the way (a smaller tile, a continuation); silence it with `logging`
LOG = logging.getLogger("metareview.rerun")

#: grey levels as they are
AS_IS = Scale(0.0, 1.0)
Activation = Callable[[Tensor], Tensor]
Tta = bool | Literal["none", "flips", "all"]


def apply_model(model: nn.Module, dims: int, image: Tensor) -> Tensor:
    """Return the output (b, c, z, y, x) of a model for (b, 1, z, y, x); a 2D model sees each section by itself."""
    if dims == 3:
        result: Tensor = model(image)
        return result
    sections = image.transpose(1, 2).flatten(0, 1)
    flat: Tensor = model(sections)
    return flat.reshape(image.shape[0], image.shape[2], *flat.shape[1:]).transpose(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stitching:
    """How tiles become one volume.

    Attributes
    ----------
    tile, overlap : see `metareview.rerun.tiles.plan_tiles`; tile None: `metareview.rerun.tiles.chosen_tile` takes one.
    blend : ``gaussian`` (standard deviation an eighth of the tile) or ``constant``; padded models only.
    tta : mean over mirrored copies: ``flips`` (4 in 2D, 8 in 3D), ``all`` (also y and x exchanged, in square tiles);
        True is ``flips``.
        Affinities of mirrored copies look the other way and are moved to the voxel they belong to; they take
        ``flips`` only.
    offsets : (z, y, x) of each channel where they are affinities; none otherwise.
    batch : tiles that go through at once; None: one, and on CUDA as many as fill it.
    large : larger tiles where no number depends on them; set on CUDA.
    precision : ``auto`` (bf16 on CUDA), ``bf16`` or ``float32``.
    scale : grey levels become (grey - mean) / std; the default leaves them.
    activation : from logits to what is averaged; the identity gives logits.
    deterministic : the same bits on every run, on CUDA at a cost.
    """

    tile: Triple | None = None
    overlap: float = 0.25
    blend: Literal["gaussian", "constant"] = "gaussian"
    tta: Tta = "none"
    offsets: tuple[Triple, ...] = ()
    batch: int | None = None
    large: bool = False
    precision: str = "auto"
    scale: Scale = AS_IS
    activation: Activation = torch.sigmoid
    deterministic: bool = False

    def plan(self, spec: ModelSpec, shape: Triple) -> TilePlan:
        """Return the tiles for a volume."""
        tile = self.tile or chosen_tile(spec, shape, self.overlap, large=self.large)
        plan = plan_tiles(spec, shape, tile, self.overlap)
        if self.tta == "all" and plan.tile[1] != plan.tile[2]:  # y and x change places: a tile must fit either way
            side = min(plan.tile[1:])
            plan = plan_tiles(spec, shape, (plan.tile[0], side, side), self.overlap)
        return plan

    def on(self, device: torch.device, spec: ModelSpec, shape: Triple) -> Stitching:
        """Return it with all settled that hangs on the device: how much goes through at once, and no number else."""
        how = replace(self, large=self.large or device.type == "cuda")
        fill = PASS // prod(how.plan(spec, shape).tile) if how.large else 1
        return how if how.batch is not None else replace(how, batch=max(1, fill))

    def weights(self, plan: TilePlan, device: torch.device, flat: bool) -> Tensor:
        """Return the weight (z, y, x) of each voxel of a tile; positive everywhere."""
        axes = []
        for axis, size in enumerate(plan.out):
            place = (torch.arange(size, device=device, dtype=torch.float32) - (size - 1) / 2) / (size / 8)
            even = self.blend == "constant" or (flat and axis == 0)
            axes.append(torch.ones_like(place) if even else torch.exp(-(place**2) / 2).clamp(min=1e-3))
        return axes[0][:, None, None] * axes[1][:, None] * axes[2]

    def mirrors(self, spec: ModelSpec, plan: TilePlan) -> list[tuple[tuple[int, ...], bool]]:
        """Return the mirrored copies to average: axes to flip, and whether y and x are exchanged."""
        kind = self.tta if isinstance(self.tta, str) else ("flips" if self.tta else "none")
        if kind not in ("none", "flips", "all"):
            raise InputError(f"tta {self.tta!r} is not known; use none, flips or all")
        if kind == "all" and self.offsets:
            raise InputError("tta all exchanges y and x, and affinities have no channel for that; use flips")
        if kind == "none":
            return [((), False)]
        axes = (3, 4) if spec.dims == 2 else (2, 3, 4)
        flips = [
            tuple(axis for axis, on in zip(axes, chosen, strict=True) if on)
            for chosen in product((0, 1), repeat=len(axes))
        ]
        return [(flip, swap) for swap in ((False, True) if kind == "all" else (False,)) for flip in flips]


def stitched_rows(
    spec: ModelSpec, model: nn.Module, image: Volume, plan: TilePlan, how: Stitching, device: torch.device, row: int = 0
) -> Iterator[tuple[int, int, Tensor]]:
    """Yield (start, stop, values (c, stop - start, y, x) on the device) of finished sections, from `row` of tiles on.

    Each voxel sums its tiles in the same order wherever one begins, so a continuation gives the same numbers.
    """
    weight = how.weights(plan, device, spec.dims == 2)
    mirrors = how.mirrors(spec, plan)
    height, width = (plan.starts[axis][-1] + plan.out[axis] for axis in (1, 2))
    total: Tensor | None = None
    norm = torch.zeros(plan.out[0], height, width, device=device)
    for number in range(plan.rows_before(row), len(plan.starts[0])):
        slab = _slab(image, plan, number, how.scale, device)
        for places in _groups(plan.places(), how.batch or 1):
            tiles = torch.stack([_cut(slab, plan, place) for place in places])[:, None]
            values = averaged(spec, model, tiles, mirrors, how, device)
            if total is None:
                total = torch.zeros(values.shape[1], plan.out[0], height, width, device=device)
            for (y, x), value in zip(places, values, strict=True):
                window = slice(y, y + plan.out[1]), slice(x, x + plan.out[2])
                if plan.blend:
                    total[:, :, *window].addcmul_(value, weight)
                    norm[:, *window].add_(weight)
                else:
                    total[:, :, *window].copy_(value)
        assert total is not None
        low, high = plan.final(number)
        if number >= row:
            inside = slice(0, high - low), slice(0, plan.shape[1]), slice(0, plan.shape[2])
            done = total[:, *inside]
            yield low, high, done / norm[inside] if plan.blend else done.clone()
        if number + 1 < len(plan.starts[0]):
            _advance(total, plan.starts[0][number + 1] - plan.starts[0][number])
            _advance(norm[None], plan.starts[0][number + 1] - plan.starts[0][number])


def _groups(places: Iterator[tuple[int, int]], size: int) -> Iterator[list[tuple[int, int]]]:
    while group := list(islice(places, size)):
        yield group


def _advance(buffer: Tensor, sections: int) -> None:
    """Move what is unfinished to the front and clear the rest, in place."""
    rest = max(buffer.shape[1] - sections, 0)
    if rest:
        buffer[:, :rest] = buffer[:, sections:].clone()
    buffer[:, rest:] = 0


def _slab(image: Volume, plan: TilePlan, row: int, scale: Scale, device: torch.device) -> Tensor:
    """Return the sections (z, y, x) a row of tiles sees, mirrored beyond the volume, as standardised grey levels."""
    first = plan.starts[0][row] - plan.margin[0]
    places = mirror(torch.arange(first, first + plan.tile[0]), 0, plan.shape[0])
    low, high = int(places.min()), int(places.max()) + 1
    read = image.read((slice(low, high), slice(0, plan.shape[1]), slice(0, plan.shape[2])))
    slab = torch.from_numpy(np.array(read, dtype=read.dtype.newbyteorder("="))).to(device)
    return ((slab.float() - scale.mean) / scale.std)[(places - low).to(device)]


def _cut(slab: Tensor, plan: TilePlan, place: tuple[int, int]) -> Tensor:
    axes = []
    for axis, start in enumerate(place, start=1):
        first = start - plan.margin[axis]
        wanted = torch.arange(first, first + plan.tile[axis], device=slab.device)
        axes.append(mirror(wanted, 0, plan.shape[axis]))
    return slab[:, axes[0][:, None], axes[1]]


def averaged(
    spec: ModelSpec, model: nn.Module, tiles: Tensor, mirrors: list[tuple[tuple[int, ...], bool]], how: Stitching,
    device: torch.device,
) -> Tensor:  # fmt: skip
    """Return the mean output (b, c, z, y, x), float32, over mirrored copies of the tiles (b, 1, z, y, x)."""
    total: Tensor | None = None
    count: Tensor | None = None
    for flip, swap in mirrors:
        seen = tiles.transpose(3, 4) if swap else tiles
        seen = seen.flip(flip) if flip else seen
        with torch.inference_mode(), autocast(how.precision, device):
            values = apply_model(model, spec.dims, seen)
        values = how.activation(values.float())
        values = values.flip(flip) if flip else values
        values = values.transpose(3, 4) if swap else values
        if not how.offsets:
            total = values if total is None else total + values
            continue
        if total is None or count is None:
            total, count = torch.zeros_like(values), torch.zeros_like(values[0])
        _add_affinities(total, count, values, flip, how.offsets)
    assert total is not None
    if count is not None:
        return total / count
    return total / len(mirrors) if len(mirrors) > 1 else total


def _add_affinities(
    total: Tensor, count: Tensor, values: Tensor, flip: tuple[int, ...], offsets: tuple[Triple, ...]
) -> None:
    """Add affinities (b, c, z, y, x) of a copy that was mirrored on some axes and turned back.

    A channel that looks along mirrored axes now says whether v and v - offset belong together: that is the affinity of
    v - offset, where that voxel is in the tile. One that looks along both kinds of axes at once has no counterpart.
    """
    for channel, offset in enumerate(offsets):
        along = {axis for axis, step in enumerate(offset, start=2) if step}
        if not along & set(flip):
            total[:, channel] += values[:, channel]
            count[channel] += 1
        elif along <= set(flip):
            sizes = values.shape[2:]
            pairs = list(zip(offset, sizes, strict=True))
            here = tuple(slice(max(0, -step), max(0, size - max(0, step))) for step, size in pairs)
            there = tuple(slice(max(0, step), max(0, size - max(0, -step))) for step, size in pairs)
            total[:, channel][:, *here] += values[:, channel][:, *there]
            count[channel][here] += 1


@dataclass(slots=True)
class Run:
    """One inference on its way: the plan in use, and what happened."""

    spec: ModelSpec
    model: nn.Module
    image: Volume
    how: Stitching
    device: torch.device
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.image.shape) != 3:
            raise InputError(f"{self.image.name} has {len(self.image.shape)} axes; inference needs z, y, x")
        z, y, x = self.image.shape
        self.how = self.how.on(self.device, self.spec, (z, y, x))
        if self._batch() < 1:
            raise InputError(f"inference: a batch of {self.how.batch} tiles; it must be 1 or more")
        self.model.to(self.device).eval()

    def plan(self) -> TilePlan:
        """Return the tiles in use."""
        z, y, x = self.image.shape
        return self.how.plan(self.spec, (z, y, x))

    def _batch(self) -> int:
        return 1 if self.how.batch is None else self.how.batch

    def attempt(self, work: Callable[[], Any]) -> Any:
        """Do the work; out of memory: half the batch, or half the tile, say so, and begin again.

        Raises
        ------
        InputError
            If the smallest tile does not fit.
        """
        while True:
            try:
                return work()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._shrink(error)
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def _shrink(self, error: BaseException) -> None:
        plan = self.plan()
        if self._batch() > 1:
            self.how = replace(self.how, batch=self._batch() // 2)
            self.say(f"out of memory: {self.how.batch} tiles at once from here on")
            return
        smaller = halved(self.spec, plan)
        if smaller is None:
            raise InputError(
                f"model {self.spec.name}: out of memory on {self.device} even with a tile of {plan.tile}; take a "
                "narrower model or another device"
            ) from error
        self.how = replace(self.how, tile=smaller)
        self.say(
            f"out of memory: tiles of {' x '.join(map(str, smaller))} instead of {' x '.join(map(str, plan.tile))}"
        )

    def say(self, text: str) -> None:
        """Record an event and log it."""
        self.events.append(text)
        LOG.warning(text)
