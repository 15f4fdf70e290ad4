"""Where inference looks: tiles of a volume on the pooling grid of the model. No torch.

Tiles start at multiples of the model's pooling factor, so each sees the same pooling grid as a pass over the whole
volume. A model without padding then gives the very same values by tiles: their outputs join without blending. A
padded model is wrong near the edge of a tile; its tiles overlap and are blended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from metareview.errors import InputError
from metareview.rerun.models.spec import ModelSpec

__all__ = ["TilePlan", "halved", "plan_tiles"]

Triple = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class TilePlan:
    """Tiles of one volume.

    Attributes
    ----------
    shape : of the volume, z y x.
    tile, out : input and output size of a tile; `out` is smaller by twice the margin.
    margin : voxels an unpadded model loses on each side.
    starts : first voxel of the outputs on each axis; inputs begin `margin` before, and are mirrored beyond the volume.
    blend : False where outputs join exactly (no padding), True where they overlap and are averaged with weights.
    """

    shape: Triple
    tile: Triple
    out: Triple
    margin: Triple
    starts: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    blend: bool

    @property
    def count(self) -> int:
        """Number of tiles."""
        return prod(len(axis) for axis in self.starts)

    @property
    def tax(self) -> float:
        """Voxels that pass through the model per voxel of the volume: the cost of overlap, margins and rounding up."""
        return self.count * prod(self.tile) / prod(self.shape)

    def final(self, row: int) -> tuple[int, int]:
        """Return the sections (start, stop) that no later row of tiles touches once `row` is done."""
        z = self.starts[0]
        return z[row], z[row + 1] if row + 1 < len(z) else self.shape[0]

    def rows_before(self, row: int) -> int:
        """Return the first row whose output reaches into `row`: where a continuation must begin."""
        z = self.starts[0]
        return next(number for number in range(row + 1) if z[number] + self.out[0] > z[row])

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield the starts (y, x) of the tiles of a row."""
        for y in self.starts[1]:
            for x in self.starts[2]:
                yield y, x


def plan_tiles(spec: ModelSpec, shape: Triple, tile: Triple, overlap: float = 0.25) -> TilePlan:
    """Plan the tiles of a volume.

    Parameters
    ----------
    spec : of the model.
    shape : of the volume, z y x.
    tile : input size; raised to a size the model takes, lowered to what the volume needs. For 2D models z is the
        number of sections that go through at once.
    overlap : share of a tile that overlaps the next one (padded models only), rounded up to the pooling grid.

    Raises
    ------
    InputError
        If a size is not positive, or the overlap not in [0, 0.9].

    Examples
    --------
    >>> from metareview.rerun.models import MODELS
    >>> plan_tiles(MODELS["unet2d"], (30, 512, 512), (1, 572, 572)).starts[1]
    (0, 128)
    >>> round(plan_tiles(MODELS["unet2d-same"], (1, 1024, 1024), (1, 256, 256), 0.25).tax, 2)
    1.56
    """
    if min(shape) < 1 or min(tile) < 1 or not 0 <= overlap <= 0.9:
        raise InputError(
            f"tiles: shape {shape}, tile {tile}, overlap {overlap}; sizes are above 0, overlap in [0, 0.9]"
        )
    flat = spec.dims == 2
    smallest, step, margin = (
        ((first,) if flat else ()) + sizes
        for first, sizes in ((1, spec.smallest), (1, spec.multiple), (0, spec.margin))
    )
    size, starts = [], []
    for axis in range(3):
        low, pace, edge = smallest[axis], step[axis], margin[axis]
        whole = _taken(shape[axis] + 2 * edge, low, pace)
        # an output of less than one step of the pooling grid could not advance along it
        asked = _taken(max(tile[axis], pace + 2 * edge), low, pace)
        size.append(min(whole, asked))
        overlapping = 0.0 if spec.valid or (flat and axis == 0) else overlap
        starts.append(_starts(shape[axis], size[axis] - 2 * edge, pace, overlapping))
    z, y, x = size
    out = (z - 2 * margin[0], y - 2 * margin[1], x - 2 * margin[2])
    edges = (margin[0], margin[1], margin[2])
    return TilePlan(shape, (z, y, x), out, edges, (starts[0], starts[1], starts[2]), not spec.valid)


def _taken(size: int, smallest: int, step: int) -> int:
    """Return the smallest size the model takes that is at least `size`."""
    return smallest + max(0, -(-(size - smallest) // step)) * step


def _starts(size: int, out: int, step: int, overlap: float) -> tuple[int, ...]:
    """Return where outputs of `out` voxels begin so that they cover `size`, on multiples of `step`."""
    if out >= size:
        return (0,)
    stride = max(step, int(out * (1 - overlap)) // step * step)
    last = -(-(size - out) // step) * step
    return (*range(0, last, stride), last)


def halved(spec: ModelSpec, plan: TilePlan) -> Triple | None:
    """Return a tile halved on its longest axis (2D models: sections first); None where it is the smallest."""
    sizes = list(plan.tile)
    axes = sorted(range(3), key=lambda axis: -sizes[axis])
    if spec.dims == 2:
        axes = [0, *(axis for axis in axes if axis)] if sizes[0] > 1 else [axis for axis in axes if axis]
    for axis in axes:
        smaller = list(sizes)
        smaller[axis] = max(1, sizes[axis] // 2)
        found = plan_tiles(spec, plan.shape, (smaller[0], smaller[1], smaller[2])).tile
        if prod(found) < prod(plan.tile):
            return found
    return None
