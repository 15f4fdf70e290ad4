"""Skeletons of masks by topological thinning, and clDice.

The thinning removes border voxels direction by direction and re-checks each voxel just before it goes: it must be
simple (its removal changes no component, hole or tunnel) and no end of a line. A mask that is not empty therefore
keeps every component, also bars of even thickness, which scikit-image's 3D `skeletonize` (0.26, issue 3757) erases.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from metareview.errors import InputError, NotEstimable
from metareview.evaluation.kernels import compiled

__all__ = ["centreline_dice", "skeletonise"]


def _faces() -> np.ndarray:
    """For each cell of a 3x3x3 cube the cells of the cube that share a face with it, -1 where there are fewer."""
    table = np.full((27, 6), -1, dtype=np.int64)
    steps = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
    for cell in range(27):
        place = (cell // 9, cell // 3 % 3, cell % 3)
        for k, step in enumerate(steps):
            z, y, x = (a + b for a, b in zip(place, step, strict=True))
            if 0 <= z < 3 and 0 <= y < 3 and 0 <= x < 3:
                table[cell, k] = z * 9 + y * 3 + x
    return table


def _touching() -> np.ndarray:
    """For each pair of cells of a 3x3x3 cube whether they share at least a corner."""
    cells = np.array([(cell // 9, cell // 3 % 3, cell % 3) for cell in range(27)])
    return np.asarray(np.abs(cells[:, None] - cells[None]).max(axis=2) == 1)


FACES = _faces()
TOUCHING = _touching()
#: cells of the cube that share a face or an edge with its centre (the 18-neighbourhood)
NEAR = np.abs(np.array([(c // 9 - 1, c // 3 % 3 - 1, c % 3 - 1) for c in range(27)])).sum(axis=1) <= 2
CENTRE = 13


def solid_parts(cube: Any, seen: Any, stack: Any, touching: Any) -> int:
    """Count the 26-components of the set cells of a cube whose centre is taken out, up to 2."""
    inside = 0
    first = -1
    for cell in range(27):
        seen[cell] = cell == CENTRE
        if cell != CENTRE and cube[cell]:
            inside += 1
            first = cell
    if inside == 0:
        return 0
    seen[first] = 1
    stack[0] = first
    top = 1
    reached = 1
    while top:
        top -= 1
        here = stack[top]
        for cell in range(27):
            if cube[cell] and not seen[cell] and touching[here, cell]:
                seen[cell] = 1
                reached += 1
                stack[top] = cell
                top += 1
    return 1 if reached == inside else 2


def hollow_parts(cube: Any, seen: Any, stack: Any, faces: Any, near: Any) -> int:
    """Count the 6-components of empty cells, among the 18 nearest, that touch the centre of the cube by a face."""
    parts = 0
    for cell in range(27):
        seen[cell] = cell == CENTRE
    for k in range(6):
        start = faces[CENTRE, k]
        if cube[start] or seen[start]:
            continue
        parts += 1
        seen[start] = 1
        stack[0] = start
        top = 1
        while top:
            top -= 1
            here = stack[top]
            for m in range(6):
                cell = faces[here, m]
                if cell >= 0 and near[cell] and not cube[cell] and not seen[cell]:
                    seen[cell] = 1
                    stack[top] = cell
                    top += 1
    return parts


def thin_pass(mask: Any, candidates: Any, faces: Any, touching: Any, near: Any) -> int:
    """Remove the candidates that are simple and no line ends, and still are when their turn comes.

    Parameters
    ----------
    mask : uint8, shape (z, y, x), with a frame of zeros one voxel wide; changed in place.
    candidates : int64, shape (k, 3).
    faces, touching, near : `FACES`, `TOUCHING`, `NEAR`.

    Returns
    -------
    How many voxels went. Deciding first and removing afterwards takes one layer per pass: a sheet of one voxel is
    peeled from its rim and not eaten from one end.

    A voxel is simple iff its 26 neighbours in the mask form one 26-component and the background among its 18
    neighbours has one 6-component that touches it by a face (Bertrand & Malandain 1994, Pattern Recognit Lett
    15:169-175).
    """
    removed = 0
    simple = np.zeros(candidates.shape[0], dtype=np.uint8)
    cube = np.zeros(27, dtype=np.uint8)
    seen = np.zeros(27, dtype=np.uint8)
    stack = np.zeros(27, dtype=np.int64)
    for step in range(2 * candidates.shape[0]):  # first round: which are simple; second: remove those that still are
        row = step % candidates.shape[0]
        second = step >= candidates.shape[0]
        if second and not simple[row]:
            continue
        z, y, x = candidates[row, 0], candidates[row, 1], candidates[row, 2]
        neighbours = 0
        for cell in range(27):
            cube[cell] = mask[z + cell // 9 - 1, y + cell // 3 % 3 - 1, x + cell % 3 - 1]
            neighbours += cube[cell]
        if neighbours < 3:
            continue  # with itself: the last voxel of a component, or the end of a line
        if solid_parts(cube, seen, stack, touching) == 1 and hollow_parts(cube, seen, stack, faces, near) == 1:
            simple[row] = 1
            if second:
                mask[z, y, x] = 0
                removed += 1
    return removed


def by_subfield(places: np.ndarray) -> np.ndarray:
    """Sort positions so that the 8 classes of parity follow each other.

    Voxels of one class are no neighbours, so within a class the order does not matter. In raster order a bar or sheet
    of two voxels would be eaten from one end: each of its voxels is simple until one beside it is gone.
    """
    return places[np.argsort((places & 1) @ np.array([4, 2, 1]), kind="stable")]


def skeletonise(mask: np.ndarray) -> np.ndarray:
    """Return the curve skeleton of a 2D or 3D mask, 26-connected in 3D and 8-connected in 2D.

    Parameters
    ----------
    mask : boolean or 0/1 array.

    Returns
    -------
    bool array of the same shape, a subset of the mask with the same components.

    Source: the directional thinning of Lee, Kashyap & Chu 1994, CVGIP 56:462-478, with the simple-point test of
    Bertrand & Malandain 1994, both conditions re-checked before each removal, in 8 subfields. Voxels count as cubes:
    resolution is not taken into account.
    """
    if mask.ndim not in (2, 3):
        raise InputError(f"a skeleton is computed in 2D or 3D; the mask has {mask.ndim} dimensions")
    solid = np.pad((mask if mask.ndim == 3 else mask[np.newaxis]) != 0, 1).astype(np.uint8)
    run = compiled(thin_pass, solid_parts, hollow_parts)
    directions = [(axis, step) for axis in range(3 - mask.ndim, 3) for step in (-1, 1)]
    removed = 1
    while removed:
        removed = 0
        for axis, step in directions:
            # the frame of zeros keeps np.roll from carrying anything around
            border = (solid == 1) & (np.roll(solid, step, axis=axis) == 0)
            removed += run(solid, by_subfield(np.argwhere(border)), FACES, TOUCHING, NEAR)
    thin = solid[1:-1, 1:-1, 1:-1].astype(bool)
    return thin if mask.ndim == 3 else thin[0]


def centreline_dice(prediction: np.ndarray, truth: np.ndarray) -> float:
    """clDice: 2 Tp Ts / (Tp + Ts), Tp = |S_P in T| / |S_P|, Ts = |S_T in P| / |S_T|, S the skeletons; in [0, 1].

    Parameters
    ----------
    prediction, truth : masks of one shape, 2D or 3D.

    Source: Shit et al. 2021, CVPR, 16560-16569, eq. 1 and 2, with `skeletonise` as the thinning.
    """
    p, t = prediction != 0, truth != 0
    if not p.any() or not t.any():
        raise NotEstimable("an empty mask has no skeleton, so clDice does not exist")
    skeleton_p, skeleton_t = skeletonise(p), skeletonise(t)
    topology_precision = float(t[skeleton_p].mean())
    topology_sensitivity = float(p[skeleton_t].mean())
    if topology_precision + topology_sensitivity == 0.0:
        return 0.0
    return 2.0 * topology_precision * topology_sensitivity / (topology_precision + topology_sensitivity)
