"""Where inference looks: tiles of a volume on the pooling grid of the model. No torch.

Tiles start at multiples of the model's pooling factor, so each sees the same pooling grid as a pass over the whole
volume. A model without padding then gives the very same values by tiles: their outputs join without blending. A
padded model is wrong near the edge of a tile; its tiles overlap and are blended.

Where no tile is asked for, `chosen_tile` takes one for the model and the volume. What a padded model says depends on
it, so it follows from nothing else, above all not from the device; sections of a 2D model and outputs of an unpadded
one are the same in any tile, so there it may grow with the device.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from metareview.errors import InputError
from metareview.rerun.models.spec import ModelSpec

__all__ = ["PASS", "TilePlan", "chosen_tile", "halved", "plan_tiles"]

Triple = tuple[int, int, int]

#: sections in a tile of a 2D model, where the device is not large
SECTIONS = 4
#: most voxels (z, y, x) of a padded tile; a quarter of each is a multiple of the pooling grid, so that an overlap of a
#: quarter costs no more than a quarter. Deep is a model that pools eightfold or more along z.
PLANE, SHALLOW, DEEP = 512, (48, 256, 256), (128, 256, 256)
#: input voxels that fill a large device
PASS = 1 << 23
#: input voxels of an unpadded tile, on a processor and on a large device: per section in 2D, of the tile in 3D. With 64
#: channels the largest stays below 2^31 values, where many kernels end.
ROOM = {2: (1 << 19, PASS), 3: (PASS, 3 * PASS)}


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
    smallest, step, margin = _rules(spec)
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
    return TilePlan(shape, (z, y, x), out, margin, (starts[0], starts[1], starts[2]), not spec.valid)


def chosen_tile(spec: ModelSpec, shape: Triple, overlap: float = 0.25, *, large: bool = False) -> Triple:
    """Return a tile (z, y, x) for a volume, where none is asked for.

    A padded model: on each axis the whole, or of the sizes from half of a largest one up to it the one whose tiles see
    the fewest voxels; so they lie evenly, and none is spent on a sliver. An unpadded model: of all tiles that have room
    the one whose tiles see the fewest voxels; its outputs join exactly, and margins cost less the larger it is.

    Parameters
    ----------
    large : whether the device is a large one; a padded 3D tile, and a padded section, are the same with it.

    >>> from metareview.rerun.models import MODELS
    >>> chosen_tile(MODELS["unet2d-same"], (30, 512, 512)), chosen_tile(MODELS["rsunet"], (37, 250, 250))
    ((4, 512, 512), (37, 256, 256))
    """
    smallest, step, margin = _rules(spec)
    flat = spec.dims == 2
    if spec.valid:
        room = ROOM[spec.dims][large]
        first = 1 if flat else 0
        fronts = [_front(*rule, room) for rule in list(zip(shape, smallest, step, margin, strict=True))[first:]]
        z, y, x = _fewest([[(1, 1)], *fronts] if flat else fronts, room)
    else:
        most = (SECTIONS, PLANE, PLANE) if flat else (DEEP if spec.multiple[0] >= 8 else SHALLOW)
        rules = zip(shape, most, smallest, step, strict=True)
        z, y, x = (_even(*rule, overlap) for rule in rules)
    if flat:
        rows = -(-shape[0] // max(1, PASS // (y * x)))
        z = -(-shape[0] // rows) if large else min(shape[0], SECTIONS)
    return z, y, x


def _rules(spec: ModelSpec) -> tuple[Triple, Triple, Triple]:
    """Return smallest input, step and margin on z, y and x; sections of a 2D model are free."""
    rules = (1, spec.smallest), (1, spec.multiple), (0, spec.margin)
    found = [(first, *sizes) if spec.dims == 2 else sizes for first, sizes in rules]
    smallest, step, margin = ((z, y, x) for z, y, x in found)
    return smallest, step, margin


def _even(size: int, most: int, smallest: int, step: int, overlap: float) -> int:
    """Return the tile of a padded model on one axis."""
    if size <= most:
        return _taken(size, smallest, step)
    sizes = [tile for tile in range(smallest, most + 1, step) if 2 * tile >= most] or [_taken(most, smallest, step)]
    return min(sizes, key=lambda tile: (_count(size, tile, step, overlap) * tile, -tile))


def _front(size: int, smallest: int, step: int, margin: int, room: int) -> list[tuple[int, int]]:
    """Return tiles of an unpadded model on one axis, rising, and the voxels that all of them see, falling."""
    found: list[tuple[int, int]] = []
    most = _taken(size + 2 * margin, smallest, step)
    for tile in range(min(most, _taken(step + 2 * margin, smallest, step)), most + 1, step):
        seen = _count(size, tile - 2 * margin, step, 0.0) * tile
        if not found or (tile <= room and seen < found[-1][1]):
            found.append((tile, seen))
    return found


def _fewest(fronts: list[list[tuple[int, int]]], room: int) -> Triple:
    """Return the tile of at most `room` voxels whose tiles see the fewest; the smallest where none has room."""
    best = (prod(front[-1][1] for front in fronts) * room, tuple(front[0][0] for front in fronts))
    last = [tile for tile, _ in fronts[2]]
    for z, seen_z in fronts[0]:
        for y, seen_y in fronts[1]:
            place = bisect_right(last, room // (z * y)) - 1
            if place >= 0:
                x, seen_x = fronts[2][place]
                best = min(best, (seen_z * seen_y * seen_x, (z, y, x)))
    z, y, x = best[1]
    return z, y, x


def _taken(size: int, smallest: int, step: int) -> int:
    """Return the smallest size the model takes that is at least `size`."""
    return smallest + max(0, -(-(size - smallest) // step)) * step


def _walk(size: int, out: int, step: int, overlap: float) -> range:
    """Return where outputs of `out` voxels begin, but the last, so that they cover `size`; the last begins where it
    stops.
    """
    stride = max(step, int(out * (1 - overlap)) // step * step)
    return range(0, max(0, -(-(size - out) // step) * step), stride)


def _count(size: int, out: int, step: int, overlap: float) -> int:
    return len(_walk(size, out, step, overlap)) + 1


def _starts(size: int, out: int, step: int, overlap: float) -> tuple[int, ...]:
    """Return where outputs of `out` voxels begin so that they cover `size`, on multiples of `step`."""
    before = _walk(size, out, step, overlap)
    return (*before, before.stop)


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
