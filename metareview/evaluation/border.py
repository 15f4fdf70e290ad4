"""CREMI's border mask: voxels of the truth near a label border in the same section do not count."""

from __future__ import annotations

import numpy as np

from metareview.errors import InputError

__all__ = ["border_mask"]


def border_mask(truth: np.ndarray, distance: float) -> np.ndarray:
    """Return True where a pixel lies within `distance` pixels of a label border of its section.

    A pixel is on a border if one of its 4 neighbours in the section has another label; the edge of the section is no
    border. The distance is Euclidean and inclusive, so 0 masks the border pixels alone.

    Parameters
    ----------
    truth : 2D, or 3D with sections along the first axis.
    distance : pixels; CREMI divides a distance in nanometres by the size of a pixel in the section.

    Source: Funke et al. 2016, CREMI, cremi_python (create_border_mask).
    """
    from scipy.ndimage import distance_transform_edt

    if distance < 0:
        raise InputError(f"the distance to a border is 0 or more pixels, not {distance}")
    sections = truth[np.newaxis] if truth.ndim == 2 else truth
    if sections.ndim != 3:
        raise InputError(f"sections are 2D images, stacked in 3D; the volume has {truth.ndim} dimensions")
    near = np.zeros(sections.shape, dtype=bool)
    for place, section in enumerate(sections):
        on_border = np.zeros(section.shape, dtype=bool)
        for axis in (0, 1):
            low, high = [slice(None)] * 2, [slice(None)] * 2
            low[axis], high[axis] = slice(None, -1), slice(1, None)
            differs = section[tuple(low)] != section[tuple(high)]
            on_border[tuple(low)] |= differs
            on_border[tuple(high)] |= differs
        if on_border.any():
            near[place] = distance_transform_edt(~on_border) <= distance
    return near.reshape(truth.shape)
