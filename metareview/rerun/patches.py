"""Training patches cut on the device: the whole volume lies there, a batch is one gather."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Generator, Tensor

from metareview.errors import InputError
from metareview.rerun.augment import change_grey_levels, deform, place_indices
from metareview.rerun.config import AugmentConfig, TrainConfig
from metareview.rerun.data import Box, Fold, Volume, box_slices
from metareview.rerun.models import MODELS

__all__ = ["Batch", "PatchSource", "Scale", "affinities", "patch_source", "region_targets", "scale_of", "taught_labels"]


@dataclass(frozen=True, slots=True)
class Scale:
    """Grey levels become (grey - mean) / std."""

    mean: float
    std: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Patches: image (b, 1, z, y, x); target and weight (b, c, z', y', x'), smaller where the model has a margin."""

    image: Tensor
    target: Tensor
    weight: Tensor | None

    def split(self, pieces: int) -> list[Batch]:
        """Return the batch in as many pieces, or single patches where there are fewer."""
        size = -(-len(self.image) // pieces)
        parts = [slice(low, low + size) for low in range(0, len(self.image), size)]
        weight = self.weight
        return [Batch(self.image[p], self.target[p], None if weight is None else weight[p]) for p in parts]


def scale_of(volume: Volume, boxes: Sequence[Box]) -> Scale:
    """Return mean and standard deviation of the grey levels in the boxes: of training data only."""
    regions = [volume.image[box_slices(box)] for box in boxes]
    count = sum(region.size for region in regions)
    mean = sum(float(region.sum(dtype=np.float64)) for region in regions) / count
    square = sum(float(np.square(region, dtype=np.float64).sum()) for region in regions) / count
    return Scale(mean, max(float(np.sqrt(max(square - mean**2, 0.0))), 1e-6))


def affinities(
    labels: Tensor, offsets: Sequence[tuple[int, int, int]], labelled: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return affinities (b, offsets, z, y, x) of labels (b, z, y, x), and where they are known.

    The rule of `metareview.rerun.targets.affinities`, on the device and for a batch: mirrored patches need affinities
    of mirrored labels, not mirrored affinities. Unknown is where one of the two voxels is not labelled (`labelled`, of
    the shape of `labels`, is 0 there), or the other one lies outside the patch.
    """
    values = torch.zeros(len(labels), len(offsets), *labels.shape[1:], device=labels.device)
    known = torch.zeros_like(values)
    for channel, offset in enumerate(offsets):
        here, there = [slice(None)], [slice(None)]
        for step, size in zip(offset, labels.shape[1:], strict=True):
            here.append(slice(max(0, -step), max(0, min(size, size - step))))
            there.append(slice(max(0, step), max(0, min(size, size + step))))
        same = (labels[tuple(here)] == labels[tuple(there)]) & (labels[tuple(here)] > 0)
        values[:, channel][tuple(here)] = same.float()
        known[:, channel][tuple(here)] = 1.0 if labelled is None else labelled[tuple(here)] * labelled[tuple(there)]
    return values, known


def taught_labels(config: TrainConfig, volume: Volume, dims: int, box: Box) -> np.ndarray:
    """Return the labels of a region that targets are made from: less the surface that `grow_boundary` takes.

    Raises
    ------
    InputError
        If the volume has no labels.
    """
    from metareview.rerun.targets import grow_boundary

    if volume.labels is None:
        raise InputError(f"{volume.name} has no labels; there is nothing to train or validate with")
    return grow_boundary(volume.labels[box_slices(box)], config.grow_boundary, dims=2 if dims == 2 else 3)


def background_share(config: TrainConfig, volume: Volume, dims: int, boxes: Sequence[Box]) -> float:
    """Return the share of background in the labelled voxels of regions; border weights balance the classes by it."""
    background = voxels = 0
    for box in boxes:
        empty = taught_labels(config, volume, dims, box) == 0
        known = np.ones_like(empty) if volume.mask is None else volume.mask[box_slices(box)] > 0
        background, voxels = background + int((empty & known).sum()), voxels + int(known.sum())
    return background / max(voxels, 1)


def region_targets(
    config: TrainConfig, volume: Volume, dims: int, box: Box, share: float
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return target (c, z, y, x) and weight (1 or c, z, y, x) or None of a region; section by section for 2D models.

    Nothing outside the region is looked at: what lies there may be tested.

    Parameters
    ----------
    share : of background in the training regions, for border weights.

    Raises
    ------
    InputError
        If the volume has no labels.
    """
    from metareview.rerun.targets import border_weights, make_target, target_mask

    labels, offsets = taught_labels(config, volume, dims, box), config.offsets or None
    flat: Literal[2, 3] = 2 if dims == 2 else 3
    target = make_target(config.target, labels, offsets=offsets, dims=flat)
    labelled = None if volume.mask is None else volume.mask[box_slices(box)]
    weights = [] if labelled is None else [labelled[None].astype(np.float32)]
    if config.target == "affinities":
        weights.append(target_mask(config.target, labels, offsets=offsets, labelled=labelled))
    if config.border_w0:
        weights.append(border_weights(labels, config.border_w0, config.border_sigma, balance=share, dims=flat)[None])
    weight = None
    for layer in weights:
        weight = layer if weight is None else weight * layer
    return target, weight


def _targets(
    config: TrainConfig, volume: Volume, dims: int, boxes: Sequence[Box], share: float
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the targets and weights of the regions in layers as large as the volume; 0 outside of them."""
    target: np.ndarray | None = None
    weight: np.ndarray | None = None
    for box in boxes:
        one, two = region_targets(config, volume, dims, box, share)
        place = (slice(None), *box_slices(box))
        target = np.zeros((len(one), *volume.shape), np.float32) if target is None else target
        target[place] = one
        if two is not None:
            weight = np.zeros((len(two), *volume.shape), np.float32) if weight is None else weight
            weight[place] = two
    assert target is not None
    return target, weight


def _labels(config: TrainConfig, volume: Volume, dims: int, boxes: Sequence[Box]) -> np.ndarray:
    """Return the labels of the regions, float32 of the volume's shape and one channel, 0 outside: affinities are those
    of a patch as it is cut.
    """
    found: np.ndarray | None = None
    for box in boxes:
        labels = taught_labels(config, volume, dims, box)
        found = np.zeros(volume.shape, labels.dtype) if found is None else found
        found[box_slices(box)] = labels
    assert found is not None
    return compact(found)[None].astype(np.float32)


def compact(labels: np.ndarray) -> np.ndarray:
    """Return labels as int32, numbered without gaps; 0 stays 0.

    Raises
    ------
    InputError
        If there are more objects than float32 can tell apart (2^24), which resampling on the device needs.
    """
    ids, places = np.unique(labels, return_inverse=True)
    if len(ids) >= 1 << 24:
        raise InputError(f"{len(ids):,} objects are too many for one training volume; cut it into parts")
    first = 0 if len(ids) and ids[0] == 0 else 1
    return (places.reshape(labels.shape) + first).astype(np.int32)


class PatchSource:
    """A volume on the device, its training regions, and what the model should predict there."""

    def __init__(
        self,
        config: TrainConfig,
        volume: Volume,
        boxes: Sequence[Box],
        *,
        patch: tuple[int, int, int],
        margin: tuple[int, int, int],
        dims: int,
        scale: Scale,
        device: torch.device,
    ) -> None:
        self.config, self.patch, self.margin, self.scale, self.device = config, patch, margin, scale, device
        self.image = torch.tensor(volume.image, device=device)
        self.share = background_share(config, volume, dims, boxes) if config.border_w0 else 0.0
        weight: np.ndarray | None
        if config.target == "affinities":
            target = _labels(config, volume, dims, boxes)
            weight = None if volume.mask is None else volume.mask[None].astype(np.float32)
            self.channels = len(config.offsets)
        else:
            target, weight = _targets(config, volume, dims, boxes, self.share)
            self.channels = len(target)
        layers = target if weight is None else np.concatenate([target, weight])
        self.layers = torch.tensor(layers, device=device, dtype=torch.float32)
        self.weighted = weight is not None
        low, high = (torch.tensor([[side[end] for side in box] for box in boxes], device=device) for end in (0, 1))
        inner = torch.tensor([size - 2 * edge for size, edge in zip(patch, margin, strict=True)], device=device)
        self.low, self.high, self.inner = low, high, inner
        self.edge = torch.tensor(margin, device=device)
        self.room = (high - low - inner).clamp(min=0)  # how far the predicted part of a patch can move
        chances = np.cumsum((self.room.cpu().numpy() + 1).prod(axis=1, dtype=np.float64))
        self.upto = torch.tensor(chances / chances[-1], device=device)  # places in this region and those before

    def places(self, rng: Generator, count: int) -> tuple[Tensor, Tensor]:
        """Draw regions (count,) and the first voxel (count, 3) of the predicted part of each patch."""
        # not torch.multinomial: on CUDA it waits for the host, and sums in no fixed order
        drawn = torch.rand(count, generator=rng, device=self.device, dtype=torch.float64)
        box = torch.searchsorted(self.upto, drawn, right=True).clamp(max=len(self.upto) - 1)
        move = torch.rand(count, 3, generator=rng, device=self.device, dtype=torch.float64) * (self.room[box] + 1)
        centred = (self.high[box] - self.low[box] - self.inner).clamp(max=0) // 2  # a region smaller than a patch
        return box, self.low[box] + torch.minimum(move.long(), self.room[box]) + centred

    def draw(self, rng: Generator, count: int, augment: AugmentConfig | None) -> Batch:
        """Return a batch of patches, changed at random unless `augment` is None."""
        box, first = self.places(rng, count)
        start = first - self.edge
        z, y, x = place_indices(start, self.patch, self.low[box], self.high[box], augment, rng)
        image = ((self.image[z, y, x].float() - self.scale.mean) / self.scale.std)[:, None]
        layers = self.layers[:, z, y, x].transpose(0, 1)
        if augment is not None:
            image, layers = deform(image, layers, augment, rng)
            image = change_grey_levels(image, augment, rng)
        split = layers.shape[1] - int(self.weighted)
        target, weight = layers[:, :split], layers[:, split:] if self.weighted else None
        if self.config.target == "affinities":
            labelled = None if weight is None else weight[:, 0]
            target, weight = affinities(target[:, 0].round(), self.config.offsets, labelled)
        return Batch(image, self._inner(target), None if weight is None else self._inner(weight))

    def _inner(self, values: Tensor) -> Tensor:
        for axis, edge in enumerate(self.margin, start=2):
            values = values.narrow(axis, edge, values.shape[axis] - 2 * edge)
        return values


def patch_source(config: TrainConfig, volume: Volume, fold: Fold, device: torch.device) -> PatchSource:
    """Return the source of training patches, of a size that the model takes."""
    spec = MODELS[config.model]
    flat = (1,) if spec.dims == 2 else ()
    patch = _three((*((config.patch[0],) if flat else ()), *spec.next_input(config.patch[len(flat) :])))
    margin = _three((*((0,) if flat else ()), *spec.margin))
    return PatchSource(
        config, volume, fold.train, patch=patch, margin=margin, dims=spec.dims, scale=scale_of(volume, fold.train),
        device=device,
    )  # fmt: skip


def _three(sizes: tuple[int, ...]) -> tuple[int, int, int]:
    z, y, x = sizes
    return z, y, x
