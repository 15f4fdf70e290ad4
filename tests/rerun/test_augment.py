"""Patches are pieces of the volume, turned the same way in image and target, and never leave their region."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra rerun")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from metareview.errors import InputError  # noqa: E402
from metareview.rerun.augment import change_grey_levels, deform, mirror  # noqa: E402
from metareview.rerun.config import AugmentConfig, TrainConfig  # noqa: E402
from metareview.rerun.data import Volume  # noqa: E402
from metareview.rerun.data.volume import Box  # noqa: E402
from metareview.rerun.patches import PatchSource, Scale, affinities, compact, region_targets, scale_of  # noqa: E402
from metareview.rerun.targets import grow_boundary, make_target, target_mask  # noqa: E402

SHAPE = (10, 24, 28)
#: every voxel is its own grey level, so a patch tells where it came from
IMAGE = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
LABELS = np.random.default_rng(0).integers(0, 4, SHAPE).astype(np.uint64)
#: six columns, each large enough to keep an inside
BLOCKS = np.repeat(np.repeat(np.arange(1, 7, dtype=np.uint64).reshape(1, 2, 3), 12, 1), [10, 9, 9], 2).repeat(10, 0)
OFF = AugmentConfig(flips=False, elastic=0, intensity=0, noise=0)
TURNS = AugmentConfig(flips=True, elastic=0, intensity=0, noise=0)
WHOLE: Box = ((0, 10), (0, 24), (0, 28))
NEAREST = ((-1, 0, 0), (0, -1, 0), (0, 0, -1))


def source(
    boxes: list[Box], patch: tuple[int, int, int] = (4, 8, 8), margin: tuple[int, int, int] = (0, 0, 0), **config: Any
) -> PatchSource:
    labels, mask = config.pop("labels", LABELS), config.pop("mask", None)
    volume = Volume("made", IMAGE, labels, (40.0, 4.0, 4.0), "neurons", mask=mask)
    return PatchSource(
        TrainConfig(**{"target": "foreground", "loss": "bce", **config}), volume, boxes, patch=patch, margin=margin,
        dims=3, scale=Scale(0.0, 1.0), device=torch.device("cpu"),
    )  # fmt: skip


def rng(seed: int = 0) -> Any:
    return torch.Generator().manual_seed(seed)


@given(st.integers(-30, 30), st.integers(1, 12), st.integers(-5, 5))
def test_mirror_as_numpy(place: int, size: int, low: int) -> None:
    expected = np.pad(np.arange(size), 200, mode="reflect")[200 + place] if size > 1 else 0
    assert int(mirror(torch.tensor([place + low]), low, low + size)) == expected + low


@pytest.mark.parametrize(
    "augment", [None, OFF, TURNS, AugmentConfig(flips=True, elastic=0, intensity=0, noise=0, misalign=1)]
)
def test_image_and_target_move_together(augment: AugmentConfig | None) -> None:
    boxes: list[Box] = [((0, 6), (0, 24), (0, 28)), ((7, 10), (2, 20), (0, 9))]
    batch = source(boxes).draw(rng(), 300, augment)
    places = batch.image[:, 0].long().numpy()
    assert (batch.target[:, 0].numpy() == (LABELS.ravel()[places] > 0)).all()
    z, y, x = np.unravel_index(places, SHAPE)
    inside = [
        (z >= b[0][0]) & (z < b[0][1]) & (y >= b[1][0]) & (y < b[1][1]) & (x >= b[2][0]) & (x < b[2][1]) for b in boxes
    ]
    whole = [one.reshape(300, -1).all(axis=1) for one in inside]
    assert (whole[0] | whole[1]).all()  # no voxel of another region, mirrored at the edge instead
    assert whole[0].any()
    assert whole[1].any()


def test_regions_are_drawn_by_their_places() -> None:
    """A patch of 4 x 8 x 8 has 3 x 17 x 21 places in one region, 1 x 11 x 2 in the other."""
    data = source([((0, 6), (0, 24), (0, 28)), ((6, 10), (2, 20), (0, 9))])
    box, first = data.places(rng(), 20_000)
    share = 3 * 17 * 21 / (3 * 17 * 21 + 11 * 2)
    assert float((box == 0).double().mean()) == pytest.approx(share, abs=4 * (share * (1 - share) / 20_000) ** 0.5)
    assert set(first[box == 1][:, 1].tolist()) == set(range(2, 13))


def test_turns_are_the_symmetries() -> None:
    """Unmirrored patches come out in all 16 turns of a square section stack."""
    data = source([((0, 10), (0, 24), (0, 28))], patch=(2, 3, 3))
    seen = set()
    for patch in data.draw(rng(), 600, TURNS).image[:, 0].long().numpy():
        z, y, x = np.unravel_index(patch, SHAPE)
        corner = (z[0, 0, 0], y[0, 0, 0], x[0, 0, 0]) == (z.min(), y.min(), x.min())
        seen.add((int(z[1, 0, 0] - z[0, 0, 0]), *(int(a[0, 1, 0] - a[0, 0, 0]) for a in (y, x)),
                  *(int(a[0, 0, 1] - a[0, 0, 0]) for a in (y, x)), corner))  # fmt: skip
    assert len(seen) == 16


def test_slip() -> None:
    augment = AugmentConfig(flips=False, elastic=0, intensity=0, noise=0, misalign=1, misalign_pixels=5)
    batch = source([((0, 10), (0, 24), (0, 28))], patch=(6, 4, 4)).draw(rng(1), 64, augment)
    _, y, x = np.unravel_index(batch.image[:, 0].long().numpy(), SHAPE)
    shifts = np.abs(np.diff(y[:, :, 0, 0], axis=1)) + np.abs(np.diff(x[:, :, 0, 0], axis=1))
    assert ((shifts > 0).sum(axis=1) <= 1).all()  # one slip per patch
    assert (shifts > 0).any(axis=1).mean() > 0.8


def test_margin() -> None:
    """An unpadded model gets context around what it predicts; the predicted part stays in the region."""
    data = source([((2, 8), (4, 20), (4, 20))], patch=(6, 12, 12), margin=(2, 4, 4))
    batch = data.draw(rng(), 16, None)
    assert batch.target.shape == (16, 1, 2, 4, 4)
    middle = batch.image[:, 0, 2:-2, 4:-4, 4:-4].long().numpy()
    assert (batch.target[:, 0].numpy() == (LABELS.ravel()[middle] > 0)).all()
    z, y, x = np.unravel_index(batch.image[:, 0].long().numpy(), SHAPE)
    assert z.min() >= 2
    assert y.max() < 20
    assert x.min() >= 4


@given(seed=st.integers(0, 5), count=st.integers(1, 3))
def test_affinities_agree_with_targets(seed: int, count: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 3, (count, 4, 5, 6))
    offsets = (*NEAREST, (-2, 0, 0), (0, 3, 1), (0, 0, -6))
    values, known = affinities(torch.from_numpy(labels), offsets)
    for number, patch in enumerate(labels):
        assert (values[number].numpy() == make_target("affinities", patch, offsets=offsets)).all()
        assert (known[number].numpy() == target_mask("affinities", patch, offsets=offsets)).all()
    labelled = np.random.default_rng(seed + 9).random(labels.shape) < 0.7
    values, known = affinities(torch.from_numpy(labels), offsets, torch.from_numpy(labelled).float())
    for number, patch in enumerate(labels):
        mask = target_mask("affinities", patch, offsets=offsets, labelled=labelled[number])
        assert (known[number].numpy() == mask).all()


def test_affinities_of_turned_patches() -> None:
    """Affinities are those of the turned labels, so a mirrored edge stays with the right pair of voxels."""
    data = source([((0, 10), (0, 24), (0, 28))], target="affinities", offsets=NEAREST)
    batch = data.draw(rng(2), 8, TURNS)
    labels = LABELS.ravel()[batch.image[:, 0].long().numpy()]
    for number in range(8):
        assert (batch.target[number].numpy() == make_target("affinities", labels[number], offsets=NEAREST)).all()
    assert batch.weight is not None
    assert (batch.weight[:, 0, 0] == 0).all()


def test_affinities_of_grown_boundaries() -> None:
    """Patches are taught the labels without their surfaces, as validation is."""
    plain, grown = (
        source([((0, 10), (0, 24), (0, 28))], target="affinities", offsets=NEAREST, grow_boundary=steps, labels=BLOCKS)
        for steps in (0, 1)
    )
    batch = grown.draw(rng(2), 8, TURNS)
    taught = grow_boundary(BLOCKS, 1).ravel()[batch.image[:, 0].long().numpy()]
    for number in range(8):
        assert (batch.target[number].numpy() == make_target("affinities", taught[number], offsets=NEAREST)).all()
    assert batch.target.sum() < plain.draw(rng(2), 8, TURNS).target.sum()


def test_weights_and_mask() -> None:
    mask = np.ones(SHAPE, dtype=bool)
    mask[:, :12] = False
    data = source([((0, 10), (0, 24), (0, 28))], mask=mask, border_w0=5.0, border_sigma=2.0)
    batch = data.draw(rng(), 16, TURNS)
    assert batch.weight is not None
    outside = ~mask.ravel()[batch.image[:, 0].long().numpy()]
    assert outside.any()
    assert ((batch.weight[:, 0].numpy() == 0) == outside).all()
    pieces = batch.split(5)
    assert [len(piece.image) for piece in pieces] == [4, 4, 4, 4]
    assert torch.equal(torch.cat([piece.image for piece in pieces]), batch.image)


def test_deform() -> None:
    ramp = torch.arange(40.0).expand(1, 1, 2, 40, 40).repeat(4, 1, 1, 1, 1)
    config = AugmentConfig(elastic=1.0, elastic_sigma=3.0, elastic_spacing=10)
    smooth, whole = deform(ramp, (ramp > 20).float(), config, rng())
    assert set(whole.unique().tolist()) <= {0.0, 1.0}
    inner = slice(8, 32)
    agree = (smooth[..., inner, inner] > 20.5) == (whole[..., inner, inner] > 0.5)
    assert agree.float().mean() > 0.97  # image and labels bend alike
    assert (smooth - ramp).abs().mean() > 0.5
    assert torch.equal(smooth[:, :, 0], smooth[:, :, 1])  # sections of a patch alike
    still, _ = deform(ramp, ramp, AugmentConfig(elastic=0.0), rng())
    assert torch.equal(still, ramp)
    rarely, _ = deform(ramp.repeat(50, 1, 1, 1, 1), ramp.repeat(50, 1, 1, 1, 1), AugmentConfig(elastic=0.5), rng())
    moved = (rarely - ramp.repeat(50, 1, 1, 1, 1)).abs().amax(dim=(1, 2, 3, 4)) > 1e-3
    assert 0.35 < moved.float().mean() < 0.65


def test_grey_levels() -> None:
    image = torch.randn(200, 1, 4, 8, 8, generator=rng())
    same = AugmentConfig(intensity=0, noise=0)
    assert torch.equal(change_grey_levels(image, same, rng()), image)
    lost = change_grey_levels(image, AugmentConfig(intensity=0, noise=0, missing=0.25), rng())
    constant = (lost.std(dim=(3, 4)) < 1e-6).float().mean()
    assert 0.2 < float(constant) < 0.3
    dim = change_grey_levels(image, AugmentConfig(intensity=0, noise=0, dim=1.0), rng())
    assert float(dim.std()) < 0.75 * float(image.std())
    every = AugmentConfig(intensity=1, noise=0.1, dim=0.1, missing=0.1)
    assert torch.equal(change_grey_levels(image, every, rng(3)), change_grey_levels(image, every, rng(3)))
    assert not torch.equal(change_grey_levels(image, every, rng(3)), change_grey_levels(image, every, rng(4)))
    assert bool(torch.isfinite(change_grey_levels(image * 10, every, rng())).all())


@pytest.mark.parametrize("target", ["membrane", "bcd", "affinities"])
def test_nothing_outside_the_training_regions_is_taught(target: str) -> None:
    """Other labels in the tested block change neither targets nor weights."""
    boxes: list[Box] = [((0, 3), (0, 24), (0, 28)), ((6, 8), (0, 24), (0, 28))]
    changed = LABELS.copy()
    changed[3:6], changed[8:] = 0, 9
    offsets = NEAREST if target == "affinities" else ()
    how: dict[str, Any] = {"target": target, "offsets": offsets, "border_w0": 0.0 if offsets else 5.0}
    ours, theirs = (source(boxes, labels=labels, **how) for labels in (LABELS, changed))
    assert ours.share == theirs.share
    batch, other = ours.draw(rng(3), 16, TURNS), theirs.draw(rng(3), 16, TURNS)
    assert torch.equal(batch.target, other.target)
    assert batch.weight is not None
    assert other.weight is not None
    assert torch.equal(batch.weight, other.weight)


def test_small_regions_and_scale() -> None:
    batch = source([((0, 2), (0, 5), (0, 5))]).draw(rng(), 4, TURNS)  # smaller than a patch: mirrored
    assert batch.image.shape == (4, 1, 4, 8, 8)
    volume = Volume("made", IMAGE, LABELS, (40.0, 4.0, 4.0), "neurons")
    scale = scale_of(volume, [((0, 2), (0, 24), (0, 28)), ((5, 6), (0, 24), (0, 28))])
    both = np.concatenate([IMAGE[:2], IMAGE[5:6]])
    assert scale.mean == pytest.approx(both.mean())
    assert scale.std == pytest.approx(both.std(), rel=1e-5)


def test_targets_of_regions() -> None:
    volume = Volume("made", IMAGE, LABELS, (40.0, 4.0, 4.0), "neurons")
    config = TrainConfig(target="affinities", offsets=NEAREST)
    target, weight = region_targets(config, volume, 3, ((2, 6), (0, 24), (0, 28)), 0.0)
    assert target.shape == (3, 4, 24, 28)
    assert weight is not None
    assert (weight[0, 0] == 0).all()
    blocks = Volume("made", IMAGE, BLOCKS, (40.0, 4.0, 4.0), "neurons")
    grown, _ = region_targets(TrainConfig(target="membrane", grow_boundary=1), blocks, 3, WHOLE, 0.0)
    assert (grown[0] == (grow_boundary(BLOCKS, 1) == 0)).all()
    assert 0 < grown.mean() < 1
    with pytest.raises(InputError, match="has no labels"):
        region_targets(config, Volume("made", IMAGE, None, (40.0, 4.0, 4.0), "neurons"), 3, WHOLE, 0.0)
    assert compact(np.array([0, 7, 2**60], dtype=np.uint64)).tolist() == [0, 1, 2]
    assert compact(np.array([7, 2**60, 7], dtype=np.uint64)).tolist() == [1, 2, 1]
