"""Random changes of a batch of patches, all on the device they are on, without a look back at the host.

Geometry that keeps voxels whole (mirrors, exchange of y and x, shifted sections) is a matter of indices and happens
while patches are cut (`place_indices`); elastic deformation resamples; the rest changes grey levels only. Every draw
comes from the generator handed in, so the same generator gives the same patches.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional

from metareview.rerun.config import AugmentConfig

__all__ = ["change_grey_levels", "deform", "mirror", "place_indices"]

Indices = tuple[Tensor, Tensor, Tensor]


def mirror(places: Tensor, low: Tensor | int, high: Tensor | int) -> Tensor:
    """Return places folded back into [low, high), as `numpy.pad` does with ``mode="reflect"``; the edge stays single.

    >>> mirror(torch.arange(-2, 6), 0, 4).tolist()
    [2, 1, 0, 1, 2, 3, 2, 1]
    """
    size = torch.as_tensor(high, device=places.device) - low
    period = (2 * (size - 1)).clamp(min=1)
    folded = torch.remainder(places - low, period)
    return torch.minimum(folded, period - folded).clamp(max=size - 1) + low


def place_indices(
    start: Tensor, patch: tuple[int, int, int], low: Tensor, high: Tensor, config: AugmentConfig | None, rng: Generator
) -> Indices:
    """Return the indices z (b, pz, 1, 1), y and x (b, pz or 1, py, px) that cut a batch of patches out of a volume.

    Parameters
    ----------
    start : (b, 3) first voxel of each patch; it may lie outside its region.
    patch : size of a patch.
    low, high : (b, 3) the region of each patch; what reaches beyond is mirrored at its edge.
    config : mirrors, exchange of y and x (square patches), shifted sections; None for none of them.
    rng : source of every draw.
    """
    device, count = start.device, len(start)
    flips = torch.zeros(count, 3, dtype=torch.bool, device=device)
    swap = torch.zeros(count, 1, 1, 1, dtype=torch.bool, device=device)
    if config is not None and config.flips:
        flips = torch.rand(count, 3, generator=rng, device=device) < 0.5
        if patch[1] == patch[2]:
            swap = torch.rand(count, 1, 1, 1, generator=rng, device=device) < 0.5
    z, y, x = (
        torch.where(flips[:, axis, None], size - 1 - (steps := torch.arange(size, device=device)), steps)
        for axis, size in enumerate(patch)
    )
    rows, columns = y[:, None, :, None], x[:, None, None, :]
    if patch[1] == patch[2]:
        rows, columns = (
            torch.where(swap, rows.transpose(2, 3), rows),
            torch.where(swap, columns.transpose(2, 3), columns),
        )
    z, rows, columns = (
        z[:, :, None, None] + start[:, 0, None, None, None],
        rows + start[:, 1, None, None, None],
        columns + start[:, 2, None, None, None],
    )
    if config is not None and config.misalign and patch[0] > 1:
        shift = _shifts(count, patch[0], config, rng, device)
        rows, columns = rows + shift[:, :, 0, None, None], columns + shift[:, :, 1, None, None]
    folded = [mirror(axis, low[:, number, None, None, None], high[:, number, None, None, None]) for number, axis in
              enumerate((z, rows, columns))]  # fmt: skip
    return folded[0], folded[1], folded[2]


def _shifts(count: int, sections: int, config: AugmentConfig, rng: Generator, device: torch.device) -> Tensor:
    """Return the shift (b, pz, 2) of each section: one slip per chosen patch, from a random section on."""
    at = torch.randint(1, sections, (count, 1, 1), generator=rng, device=device)
    most = config.misalign_pixels
    slip = torch.randint(-most, most + 1, (count, 1, 2), generator=rng, device=device)
    chosen = torch.rand(count, 1, 1, generator=rng, device=device) < config.misalign
    after = torch.arange(sections, device=device)[None, :, None] >= at
    return slip * (after & chosen)


def deform(smooth: Tensor, whole: Tensor, config: AugmentConfig, rng: Generator) -> tuple[Tensor, Tensor]:
    """Deform patches in plane; all sections of a patch alike.

    Random displacements of control points, interpolated bicubically (Ronneberger et al. 2015, section 3.1).

    Parameters
    ----------
    smooth : (b, c, z, y, x) float, resampled linearly: images.
    whole : (b, k, z, y, x) float, resampled by nearest neighbour: labels, targets, weights.
    """
    if not config.elastic or not config.elastic_sigma:
        return smooth, whole
    count, ny, nx = len(smooth), smooth.shape[3], smooth.shape[4]
    device, spacing = smooth.device, config.elastic_spacing
    coarse = torch.randn(count, 2, ny // spacing + 2, nx // spacing + 2, generator=rng, device=device)
    chosen = torch.rand(count, 1, 1, 1, generator=rng, device=device) < config.elastic
    field = functional.interpolate(coarse * config.elastic_sigma * chosen, (ny, nx), mode="bicubic", align_corners=True)
    rows = torch.arange(ny, device=device, dtype=torch.float32)[:, None] + field[:, 0]
    columns = torch.arange(nx, device=device, dtype=torch.float32) + field[:, 1]
    grid = torch.stack([columns * (2 / max(nx - 1, 1)) - 1, rows * (2 / max(ny - 1, 1)) - 1], dim=-1)

    def sample(values: Tensor, mode: str) -> Tensor:
        flat = values.flatten(1, 2).float()  # sections become channels: one 2D resampling for all of them
        return functional.grid_sample(flat, grid, mode=mode, padding_mode="reflection", align_corners=True).reshape(
            values.shape
        )

    return sample(smooth, "bilinear"), sample(whole, "nearest")


def change_grey_levels(image: Tensor, config: AugmentConfig, rng: Generator) -> Tensor:
    """Return patches (b, 1, z, y, x) of standardised grey levels with other contrast, gamma, noise, bad sections."""
    count, sections, device = len(image), image.shape[2], image.device

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=rng, device=device)

    if config.intensity:
        chosen = uniform(count, 1, 1, 1, 1) < config.intensity
        gain = 1 + config.contrast * (2 * uniform(count, 1, 1, 1, 1) - 1)
        offset = config.contrast * (2 * uniform(count, 1, 1, 1, 1) - 1)
        exponent = 2 ** (config.gamma * (2 * uniform(count, 1, 1, 1, 1) - 1))
        unit = ((image + 3) / 6).clamp(0, 1)  # three standard deviations either side
        changed = (unit**exponent * 6 - 3) * gain + offset
        image = torch.where(chosen, changed, image)
    if config.noise:
        strength = config.noise * uniform(count, 1, 1, 1, 1)
        image = image + strength * torch.randn(image.shape, generator=rng, device=device)
    if config.dim:
        chosen = uniform(count, 1, sections, 1, 1) < config.dim
        image = torch.where(chosen, image * (0.3 + 0.4 * uniform(count, 1, sections, 1, 1)) - 0.5, image)
    if config.missing:
        lost = uniform(count, 1, sections, 1, 1) < config.missing
        image = torch.where(lost, -3.0 + 3.0 * uniform(count, 1, sections, 1, 1), image)
    return image
