"""A procedural electron microscopy volume: everything runs with no download, and the truth is known exactly.

Cells are unions of the Voronoi regions of beads along random walks, so they run through the sections as neurites do;
space is warped by a smooth field first, so that walls curve. Distance to the wall between two cells gives the membrane,
tubes along the walks give the mitochondria. Then the microscope: texture, thickness of section, blur, shot noise,
sections that are dim, missing or shifted. All of it is drawn from ``numpy.random.Generator(PCG64(seed))``; the same
seed gives the same labels on any platform whose libm rounds alike, and the same bytes on one machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

import numpy as np

from metareview.errors import InputError
from metareview.rerun.data.volume import Structure, Volume, array_hash

__all__ = ["PhantomConfig", "phantom"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomConfig:
    """What the phantom looks like; lengths in nm.

    Attributes
    ----------
    shape : voxels on z, y, x.
    voxel_nm : voxel size; the default is that of serial sections, ten times thicker than a pixel is wide.
    cell_nm : mean width of a cell.
    membrane_nm : thickness of the wall between two cells, label 0.
    warp_nm : standard deviation of the smooth displacement that curves the walls.
    mitochondria : probability that a mitochondrion begins at a bead; 0.35 gives a twentieth of the volume.
    noise : standard deviation of the noise, of 255 grey levels.
    missing, dim : probability that a section is missing (black), dim.
    shift_nm : standard deviation of the shift of a section against its neighbour; labels shift with the image.
    seed : of everything.
    """

    shape: tuple[int, int, int] = (32, 256, 256)
    voxel_nm: tuple[float, float, float] = (40.0, 8.0, 8.0)
    cell_nm: float = 420.0
    membrane_nm: float = 22.0
    warp_nm: float = 70.0
    mitochondria: float = 0.35
    noise: float = 14.0
    missing: float = 0.0
    dim: float = 0.05
    shift_nm: float = 6.0
    seed: int = 0

    def __post_init__(self) -> None:
        positive = (*self.shape, *self.voxel_nm, self.cell_nm, self.membrane_nm)
        shares = (self.mitochondria, self.missing, self.dim)
        others = (self.warp_nm, self.noise, self.shift_nm)
        if min(positive) <= 0 or min(others) < 0 or not all(0 <= share <= 1 for share in shares):
            raise InputError("phantom: sizes are above 0, warp, noise and shift at least 0, shares between 0 and 1")
        if self.membrane_nm >= self.cell_nm / 2:
            raise InputError(f"phantom: membranes of {self.membrane_nm:g} nm fill cells of {self.cell_nm:g} nm")


@dataclass(frozen=True, slots=True, eq=False)
class _World:
    """Where everything is, in nm: beads of the walks with their cell, and capsules of mitochondria."""

    beads: np.ndarray  # (n, 3)
    cell: np.ndarray  # (n,), from 1
    capsules: np.ndarray  # (m, 2, 3): ends
    radius: np.ndarray  # (m,)
    owner: np.ndarray  # (m, 2): the cell, and the mitochondrion the capsule is a piece of


def phantom(
    shape: tuple[int, int, int] = (32, 256, 256), *, seed: int = 0, structure: Structure = "neurons", **options: float
) -> Volume:
    """Return a phantom with its exact labels.

    Parameters
    ----------
    shape : voxels on z, y, x.
    seed : of everything drawn.
    structure : which labels become `Volume.labels`: ``neurons`` (cells, 0 on membranes) or ``mitochondria``; the other
        ones are under `Volume.extra`.
    options : further fields of `PhantomConfig`.

    Raises
    ------
    InputError
        If an option is unknown or out of range.

    Examples
    --------
    >>> volume = phantom((4, 64, 64), seed=1)
    >>> volume.shape, volume.labels.dtype, bool((volume.labels == 0).any())
    ((4, 64, 64), dtype('uint64'), True)
    """
    known = {field.name for field in fields(PhantomConfig)}
    if set(options) - known:
        raise InputError(
            f"phantom: unknown {', '.join(sorted(set(options) - known))}; known are {', '.join(sorted(known))}"
        )
    if structure not in ("neurons", "mitochondria"):
        raise InputError(f"phantom: has labels of neurons and mitochondria, not {structure}")
    config = PhantomConfig(shape=tuple(shape), seed=seed, **options)  # type: ignore[arg-type]
    rng = np.random.Generator(np.random.PCG64(seed))
    world = _world(config, rng)
    shifts = np.cumsum(rng.normal(0, config.shift_nm, (config.shape[0], 2)), axis=0)
    shifts -= np.linspace(0, 1, len(shifts))[:, None] * shifts[-1]  # aligned at both ends, so it does not drift away
    warp = _Field(config, rng)
    cells = np.empty(config.shape, dtype=np.uint64)
    mitochondria = np.zeros(config.shape, dtype=np.uint64)
    clean = np.empty(config.shape, dtype=np.float32)
    tone = rng.normal(0, 9, int(world.cell.max()) + 1)
    for z, points in _sections(config, shifts):
        cells[z], mitochondria[z], clean[z] = _section(config, world, points + warp(points), tone)
    labels = {"neurons": _connected(cells), "mitochondria": _connected(mitochondria)}
    image = _microscope(config, clean, rng)
    return Volume(
        name="phantom", image=image, labels=labels[structure], voxel_nm=config.voxel_nm, structure=structure,
        sha256={"image": array_hash(image), **{name: array_hash(array) for name, array in labels.items()}},
        licence="generated, no rights reserved", extra=labels,
        notes=("procedural phantom " + ", ".join(f"{key}={value}" for key, value in asdict(config).items()),),
    )  # fmt: skip


def _sections(config: PhantomConfig, shifts: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each section with the places of its voxels, (y * x, 3) nm."""
    nz, ny, nx = config.shape
    dz, dy, dx = config.voxel_nm
    y, x = np.meshgrid(np.arange(ny) * dy, np.arange(nx) * dx, indexing="ij")
    for z in range(nz):
        places = np.stack([np.full(y.size, z * dz), (y + shifts[z, 0]).ravel(), (x + shifts[z, 1]).ravel()], axis=1)
        yield z, places


def _world(config: PhantomConfig, rng: np.random.Generator) -> _World:
    """Draw walks of beads through the volume and a margin around it, and mitochondria along them."""
    size = np.asarray(config.shape) * np.asarray(config.voxel_nm)
    margin, step = 1.5 * config.cell_nm, 0.45 * config.cell_nm
    low, high = -margin * np.ones(3), size + margin
    walks = max(4, int(np.prod(high[1:] - low[1:]) / config.cell_nm**2 * 0.9))
    beads, cell, capsules, radius = [], [], [], []
    owner: list[tuple[int, int]] = []
    length = int(np.ceil((high[0] - low[0]) / (0.75 * step))) + 1
    for number in range(1, walks + 1):
        heading = rng.normal(0, 0.35, 3) + np.array([1.0, 0, 0])
        turns = heading + np.cumsum(rng.normal(0, 0.22, (length, 3)), axis=0) * np.array([0.3, 1, 1])
        turns /= np.linalg.norm(turns, axis=1, keepdims=True)
        start = rng.uniform(low, high) * np.array([0, 1, 1]) + np.array([low[0], 0, 0])
        walk = start + np.cumsum(turns * step, axis=0)
        kept = walk[(walk >= low).all(axis=1) & (walk <= high).all(axis=1)]
        if len(kept) == 0:
            continue
        beads.append(kept)
        cell.append(np.full(len(kept), number))
        for first, last in _stretches(len(kept), config.mitochondria, rng):
            width = config.cell_nm * rng.uniform(0.13, 0.27)
            mito = owner[-1][1] + 1 if owner else 1
            for place in range(first, last):
                capsules.append(kept[place : place + 2])
                radius.append(width * rng.uniform(0.85, 1.15))
                owner.append((number, mito))
    return _World(
        np.concatenate(beads), np.concatenate(cell), np.asarray(capsules).reshape(-1, 2, 3), np.asarray(radius),
        np.asarray(owner, dtype=np.int64).reshape(-1, 2),
    )  # fmt: skip


def _stretches(beads: int, share: float, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Yield first and last bead of the mitochondria of a walk, with at least one bead between two of them."""
    place = 0
    while place < beads - 1:
        if rng.random() < share:
            last = min(place + int(rng.integers(1, 5)), beads - 1)
            yield place, last
            place = last + 1
        place += 1


class _Field:
    """A smooth random displacement: a few plane waves per axis, cheap to evaluate anywhere."""

    def __init__(self, config: PhantomConfig, rng: np.random.Generator, waves: int = 7) -> None:
        length = config.cell_nm * rng.uniform(0.5, 2.0, (3, waves))
        direction = rng.normal(size=(3, waves, 3))
        direction /= np.linalg.norm(direction, axis=2, keepdims=True)
        self.k = 2 * np.pi * direction / length[..., None]
        self.phase = rng.uniform(0, 2 * np.pi, (3, waves))
        self.amplitude = config.warp_nm * length / length.mean() * np.sqrt(2 / waves)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Return the displacement (n, 3) at points (n, 3)."""
        return np.stack(
            [(np.sin(points @ self.k[axis].T + self.phase[axis]) * self.amplitude[axis]).sum(1) for axis in range(3)],
            axis=1,
        )


def _section(
    config: PhantomConfig, world: _World, points: np.ndarray, tone: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return cells, mitochondria and the clean picture (grey levels) of one section."""
    from scipy.spatial import KDTree

    plane = config.shape[1:]
    found = KDTree(world.beads).query(points, k=min(8, len(world.beads)))
    distance, nearest = np.asarray(found[0]), np.asarray(found[1])
    inside = world.cell[nearest[:, 0]]
    other = np.where(world.cell[nearest] != inside[:, None], distance, np.inf)
    which = other.argmin(axis=1)
    rows = np.arange(len(points))
    between = np.linalg.norm(world.beads[nearest[rows, which]] - world.beads[nearest[:, 0]], axis=1)
    # distance to the plane between two beads: (d2^2 - d1^2) / (2 |p1 - p2|)
    with np.errstate(invalid="ignore", divide="ignore"):
        wall = (other[rows, which] ** 2 - distance[:, 0] ** 2) / (2 * between)
    wall = np.where(np.isfinite(wall), wall, config.cell_nm)
    half = config.membrane_nm / 2
    depth, mito = _inside_capsules(world, points, inside, wall, half)
    cells = np.where(wall > half, inside, 0).astype(np.uint64)
    picture = 168 + tone[inside] - 105 * np.exp(-((wall / (0.75 * config.membrane_nm)) ** 2))
    cristae = 14 * np.sin(2 * np.pi * points @ np.array([0.35, 0.8, 0.5]) / 62.0)
    rim = np.exp(-((depth / 16.0) ** 2))
    picture = np.where(mito > 0, 112 + cristae - 52 * rim, picture - 34 * rim * (depth < 0))
    return cells.reshape(plane), mito.astype(np.uint64).reshape(plane), picture.reshape(plane)


def _inside_capsules(
    world: _World, points: np.ndarray, cell: np.ndarray, wall: np.ndarray, half: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return how deep each point lies in a mitochondrion of its cell (nm, negative outside), and its number."""
    depth = np.full(len(points), -np.inf)
    mito = np.zeros(len(points), dtype=np.int64)
    room = wall - 2 * half  # a mitochondrion keeps its distance to the membrane
    low, high = points.min(axis=0), points.max(axis=0)
    for (start, stop), radius, (owner, number) in zip(world.capsules, world.radius, world.owner.tolist(), strict=True):
        ends = np.minimum(start, stop) - radius, np.maximum(start, stop) + radius
        if (ends[1] < low).any() or (ends[0] > high).any():
            continue
        own = np.flatnonzero(cell == owner)
        if not len(own):
            continue
        axis = stop - start
        along = np.clip((points[own] - start) @ axis / (axis @ axis), 0, 1)
        away = np.linalg.norm(points[own] - (start + along[:, None] * axis), axis=1)
        deep = np.minimum(radius - away, room[own])
        depth[own] = np.maximum(depth[own], deep)
        mito[own] = np.where(deep > 0, number, mito[own])
    return depth, mito


def _connected(labels: np.ndarray, smallest: int = 8) -> np.ndarray:
    """Return labels in which every object is one piece (by faces), numbered from 1; specks become background."""
    from scipy.ndimage import find_objects, label

    result = np.zeros_like(labels)
    count = 0
    regions: list[tuple[slice, ...] | None] = list(find_objects(labels.astype(np.int32)))
    for number, region in enumerate(regions, start=1):
        if region is None:
            continue
        pieces = np.asarray(label(labels[region] == number)[0])
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        kept = np.where(sizes >= smallest, count + np.cumsum(sizes >= smallest), 0).astype(labels.dtype)
        result[region] = np.where(pieces > 0, kept[pieces], result[region])
        count += int((sizes >= smallest).sum())
    return result


def _microscope(config: PhantomConfig, clean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the picture a microscope would give: texture, thickness, blur, light, noise, bad sections; uint8."""
    from scipy.ndimage import gaussian_filter, gaussian_filter1d

    nz, ny, nx = config.shape
    dz, dy, dx = config.voxel_nm
    for scale, strength in (
        (14.0, 11.0),
        (45.0, 6.0),
    ):  # granules of the cytoplasm, then its mottle; nm and grey levels
        texture = gaussian_filter(
            rng.standard_normal(config.shape, dtype=np.float32), [scale / dz, scale / dy, scale / dx]
        )
        clean += np.float32(strength) * texture / max(float(texture.std()), 1e-6)
    clean = gaussian_filter1d(clean, 0.3 if dz > 2 * dx else 0.5, axis=0, mode="nearest")
    clean = gaussian_filter(clean, [0, 5.0 / dy, 5.0 / dx], mode="nearest")
    y, x = np.meshgrid(np.linspace(-1, 1, ny), np.linspace(-1, 1, nx), indexing="ij")
    for z in range(nz):
        gain, offset = 1 + rng.normal(0, 0.04), rng.normal(0, 3)
        tilt = rng.normal(0, 4, 2)
        if rng.random() < config.dim:
            gain, offset = gain * rng.uniform(0.35, 0.7), offset - 10
        grain = rng.standard_normal((ny, nx)) * config.noise * np.sqrt(np.clip(clean[z], 20, 255) / 140)
        clean[z] = (clean[z] + tilt[0] * y + tilt[1] * x - 128) * gain + 128 + offset + grain
        if rng.random() < config.missing:
            clean[z] = 0
    grey: np.ndarray = np.clip(np.rint(clean), 0, 255).astype(np.uint8)
    return grey
