"""Tiles cover the volume; by tiles, streamed or at once, a model says the same."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra rerun")

from itertools import pairwise  # noqa: E402

import zarr  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from metareview.errors import InputError  # noqa: E402
from metareview.evaluation.volumes import open_volume  # noqa: E402
from metareview.rerun import infer, stitch  # noqa: E402
from metareview.rerun.infer import Stitching, predict, predict_to_zarr, predict_volume  # noqa: E402
from metareview.rerun.models import MODELS  # noqa: E402
from metareview.rerun.patches import Scale, affinities  # noqa: E402
from metareview.rerun.tiles import chosen_tile, halved, plan_tiles  # noqa: E402
from tests.rerun.rerun_nets import tiny  # noqa: E402

IMAGE = np.random.default_rng(0).integers(0, 256, (10, 26, 22), dtype=np.uint8)
PLAIN: dict[str, Any] = {"device": "cpu", "activation": torch.nn.Identity(), "scale": Scale(128.0, 60.0)}


def whole(spec: Any, model: Any, image: np.ndarray) -> np.ndarray:
    """One pass over the volume, mirrored to the size the model needs."""
    margin = ((0,) * (3 - spec.dims)) + spec.margin
    size = image.shape[3 - spec.dims :]
    extra = [have - need - 2 * edge for have, need, edge in zip(spec.input_for(size), size, spec.margin, strict=True)]
    pads = [(edge, edge + more) for edge, more in zip(margin, (0,) * (3 - spec.dims) + tuple(extra), strict=True)]
    padded = torch.from_numpy((np.pad(image, pads, mode="reflect").astype(np.float32) - 128) / 60)
    with torch.inference_mode():
        values = model(padded[:, None]).transpose(0, 1) if spec.dims == 2 else model(padded[None, None])[0]
    return np.asarray(values[:, : image.shape[0], : image.shape[1], : image.shape[2]])


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 90), st.integers(1, 90)),
    tile=st.tuples(st.integers(1, 20), st.integers(1, 64), st.integers(1, 64)),
    overlap=st.sampled_from([0.0, 0.25, 0.5]), name=st.sampled_from(["unet2d-same", "unet3d", "unet2d", "rsunet"]),
)  # fmt: skip
@settings(max_examples=60)
def test_tiles_cover(shape: Any, tile: Any, overlap: float, name: str) -> None:
    spec = MODELS[name]
    plan = plan_tiles(spec, shape, tile, overlap)
    flat = spec.dims == 2
    assert spec.output_shape(plan.tile[1:] if flat else plan.tile) == (plan.out[1:] if flat else plan.out)
    for axis in range(3):
        starts, out = plan.starts[axis], plan.out[axis]
        covered = {place for start in starts for place in range(start, start + out)}
        assert set(range(shape[axis])) <= covered
        assert list(starts) == sorted(set(starts))
        step = 1 if flat and axis == 0 else (spec.multiple[axis - 1] if flat else spec.multiple[axis])
        assert all(start % step == 0 for start in starts)
    rows = range(len(plan.starts[0]))
    finals = [plan.final(row) for row in rows]
    assert finals[0][0] == 0
    assert finals[-1][1] == shape[0]
    assert all(one[1] == two[0] for one, two in pairwise(finals))
    assert plan.tax >= 1 - 1e-9


def test_overlap_tax() -> None:
    """A quarter of overlap costs at most 2.4 in 3D; exact tiles of an unpadded net only their margins."""
    plan = plan_tiles(MODELS["rsunet"], (384, 384, 384), (128, 128, 128), 0.25)
    assert plan.tax <= 2.4
    assert plan_tiles(MODELS["rsunet"], (384, 384, 384), (128, 128, 128), 0.0).tax == 1.0
    large = plan_tiles(MODELS["unet2d"], (1, 4096, 4096), (1, 1084, 1084))
    assert not large.blend
    assert large.tax < 1.8


NETWORKS = [name for name, spec in MODELS.items() if spec.kind == "network"]
#: why a volume costs more than 2.4: voxels a model must see per voxel there is, even in one tile
THIN = {("unet3d", (37, 250, 250)): 132 * 340 * 340 / (37 * 250 * 250), ("unet2d", (37, 250, 250)): (444 / 250) ** 2}


@pytest.mark.parametrize("shape", [(1024, 1024, 1024), (37, 250, 250), (1, 2048, 2048), (30, 2048, 2048)])
@pytest.mark.parametrize("name", NETWORKS)
def test_tax_of_the_tile_that_is_chosen(name: str, shape: Any) -> None:
    """A quarter of overlap costs at most 2.4, and margins as little as they can where a volume is no thicker."""
    spec = MODELS[name]
    if spec.dims == 3 and shape[0] == 1:
        pytest.skip("a section is no volume")
    small, large = (Stitching(large=large).plan(spec, shape) for large in (False, True))
    if not spec.valid:
        assert max(small.tax, large.tax) <= 2.4
        assert small.tile[1:] == large.tile[1:]  # what a padded model says hangs on its tile, and not on the device
        assert spec.dims == 2 or small.tile == large.tile
    elif name == "unet2d":
        assert small.tax <= max(2.4, 1.1 * THIN.get((name, shape), 0))
        assert large.tax <= max(1.5, 1.001 * THIN.get((name, shape), 0))
    elif shape == (1024, 1024, 1024):  # margins of 44 on each side: 2.4 would take tiles beyond 2^31 values
        assert small.tax < 6.5
        assert large.tax < 3.4
    elif shape == (30, 2048, 2048):
        assert large.tax < 6.8
    else:
        assert large.tax == pytest.approx(THIN[name, shape])
        assert small.tax < 10.5


@given(
    shape=st.tuples(st.integers(1, 200), st.integers(1, 3000), st.integers(1, 3000)), name=st.sampled_from(NETWORKS),
    large=st.booleans(), overlap=st.sampled_from([0.0, 0.25, 0.5]),
)  # fmt: skip
@settings(max_examples=60)
def test_the_tile_that_is_chosen(shape: Any, name: str, large: bool, overlap: float) -> None:
    """It is one the model takes, it has room, and lies no worse than the largest one: no tile is a sliver."""
    spec = MODELS[name]
    tile = chosen_tile(spec, shape, overlap, large=large)
    plan = plan_tiles(spec, shape, tile, overlap)
    assert plan.tile == tile
    assert np.prod(tile) <= 3 << 23
    if spec.valid and spec.dims == 3:
        assert np.prod(tile) <= (3 << 23 if large else 1 << 23)
    if not spec.valid:
        deep = 4 if spec.dims == 2 else (128 if name == "dynunet" else 48)
        wide = 512 if spec.dims == 2 else 256
        ours, largest = (
            len(plan.starts[1]) * plan.tile[1] for plan in (plan, plan_tiles(spec, shape, (deep, wide, wide), overlap))
        )
        assert ours <= largest
        assert tile[1] >= min(wide // 2, shape[1])


def test_tiles_of_sections_stay() -> None:
    """Whole sections of 512 x 512 go through four at a time on a processor, as they always did."""
    for sections in (1, 3, 4, 10, 30):
        plan = Stitching().plan(MODELS["unet2d-same"], (sections, 512, 512))
        assert plan == plan_tiles(MODELS["unet2d-same"], (sections, 512, 512), (4, 512, 512))


def test_settled_for_a_device() -> None:
    """A large device sees more at once, and a batch that is asked for is kept."""
    spec, shape = MODELS["rsunet"], (100, 1000, 1000)
    cpu, cuda = (Stitching().on(torch.device(kind), spec, shape) for kind in ("cpu", "cuda"))
    assert (cpu.batch, cpu.large, cuda.large) == (1, False, True)
    assert cuda.batch == (1 << 23) // np.prod(cuda.plan(spec, shape).tile) > 1
    assert Stitching(batch=5).on(torch.device("cuda"), spec, shape).batch == 5
    assert cuda.plan(spec, shape) == cpu.plan(spec, shape)
    assert Stitching().on(torch.device("cuda"), MODELS["unet2d-same"], (30, 512, 512)).plan(
        MODELS["unet2d-same"], (30, 512, 512)
    ).tile == (30, 512, 512)


@pytest.mark.parametrize("dims", [2, 3])
def test_unpadded_tiles_are_exact(dims: int) -> None:
    spec, model = tiny(dims, padded=False)
    expected = whole(spec, model, IMAGE)
    for tile in ((3, 12, 14), (10, 18, 12), (14, 40, 40)):
        found = predict(spec, model, IMAGE, tile=tile, **PLAIN)
        assert found.shape == (2, *IMAGE.shape)
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("blend", ["gaussian", "constant"])
def test_padded_tiles(dims: int, blend: Any) -> None:
    """Blended tiles equal one pass where every tile in reach agrees with it, and are close elsewhere."""
    spec, model = tiny(dims, padded=True)
    expected = whole(spec, model, IMAGE)
    np.testing.assert_allclose(predict(spec, model, IMAGE, tile=(10, 26, 22), **PLAIN), expected, atol=1e-5)
    found = predict(spec, model, IMAGE, tile=(8, 16, 16), overlap=0.5, blend=blend, **PLAIN)
    difference = np.abs(found - expected)
    assert np.median(difference) < 0.05
    if blend == "gaussian":  # an edge of a tile counts least where another tile is sure
        constant = predict(spec, model, IMAGE, tile=(8, 16, 16), overlap=0.5, blend="constant", **PLAIN)
        assert difference.mean() < np.abs(constant - expected).mean()


def test_receptive_field_away_from_borders() -> None:
    """A model that looks nowhere but at its voxel gives the same by tiles, whatever the blend."""
    spec, _ = tiny(3, padded=True, pool=False)
    model = torch.nn.Conv3d(1, 1, 1)
    found = predict(spec, model, IMAGE, tile=(5, 9, 7), overlap=0.4, **PLAIN)
    np.testing.assert_allclose(found, whole(spec, model, IMAGE), atol=1e-6)


class Oracle(torch.nn.Module):
    """Affinities of the labels that it is shown as an image, and what it cannot know where the other voxel is out."""

    def __init__(self, offsets: Any) -> None:
        super().__init__()
        self.offsets = offsets

    def forward(self, x: Any) -> Any:
        values, known = affinities(x[:, 0].round().long(), self.offsets)
        return torch.where(known > 0, values, 0.25)


@pytest.mark.parametrize(
    "offsets", [((-1, 0, 0), (0, -1, 0), (0, 0, -1)), ((-2, 0, 0), (0, 3, 0), (0, -2, 1), (0, 0, 40))]
)
def test_affinities_of_mirrored_copies_come_back_to_their_voxels(offsets: Any) -> None:
    labels = np.random.default_rng(3).integers(1, 3, (6, 16, 32))
    how: dict[str, Any] = {"tile": (6, 16, 32), "device": "cpu", "activation": torch.nn.Identity(), "offsets": offsets}
    plain = predict(MODELS["rsunet"], Oracle(offsets), labels.astype(np.float32), **how)
    turned = predict(MODELS["rsunet"], Oracle(offsets), labels.astype(np.float32), tta="flips", **how)
    assert np.allclose(plain, turned)  # what is unknown is unknown in every copy, and all the rest is told right
    assert set(np.unique(plain)) == {0.0, 0.25, 1.0}
    with pytest.raises(InputError, match="use flips"):
        predict(MODELS["rsunet"], Oracle(offsets), labels.astype(np.float32), tta="all", **how)


@pytest.mark.parametrize(("dims", "tta", "copies"), [(2, "flips", 4), (3, True, 8), (2, "all", 8), (3, "all", 16)])
def test_augmented_copies_are_averaged(dims: int, tta: Any, copies: int) -> None:
    spec, model = tiny(dims, padded=True)
    cube = IMAGE[:, :22, :22]
    tile = (10, 22, 22)
    how = Stitching(tile=tile, tta=tta)
    assert len(how.mirrors(spec, how.plan(spec, cube.shape))) == copies
    found = predict(spec, model, cube, tile=tile, tta=tta, **PLAIN)
    axes = (2, 3) if dims == 2 else (1, 2, 3)
    for axis in axes:  # the mean over mirrored copies commutes with a mirror
        turned = predict(spec, model, np.flip(cube, axis - 1).copy(), tile=tile, tta=tta, **PLAIN)
        np.testing.assert_allclose(np.flip(turned, axis), found, atol=1e-5)
    assert np.abs(found - predict(spec, model, cube, tile=tile, **PLAIN)).max() > 1e-3
    if tta == "all":  # y and x change places, so tiles are square, also where memory halved one side
        long, square = (predict(spec, model, cube, tile=(10, side, 12), tta="all", **PLAIN) for side in (22, 12))
        np.testing.assert_array_equal(long, square)
        assert Stitching(tta="all").plan(MODELS["unet2d-same"], (6, 300, 512)).tile[1:] == (304, 304)


@pytest.mark.parametrize("padded", [True, False])
def test_zarr_equals_memory(tmp_path: Path, padded: bool) -> None:
    spec, model = tiny(3, padded=padded)
    source = zarr.create_array(store=str(tmp_path / "in.zarr"), data=IMAGE, chunks=(5, 16, 16))
    assert source.shape == IMAGE.shape
    how = Stitching(tile=(10, 12, 12), overlap=0.5, scale=Scale(128.0, 60.0))
    expected = predict_volume(spec, model, IMAGE, how, device="cpu")
    done = predict_to_zarr(
        spec, model, tmp_path / "in.zarr", tmp_path / "out.zarr", how, chunks=(4, 8, 8), device="cpu"
    )
    stored: Any = zarr.open(str(tmp_path / "out.zarr"), mode="r")
    assert (np.asarray(stored) == expected.values).all()
    assert done.tax == expected.tax
    assert not list(tmp_path.glob("*.json"))
    small = predict_to_zarr(spec, model, IMAGE, tmp_path / "small.zarr", how, dtype="uint8", device="cpu")
    eight: Any = zarr.open(str(small.values), mode="r")
    assert np.abs(np.asarray(eight) / 255 - expected.values).max() <= 0.5 / 255 + 1e-6


def test_streaming_reads_a_row_at_a_time(tmp_path: Path) -> None:
    """Memory is bounded: however long the volume, no more sections are read at once than a tile is deep."""
    depths: list[int] = []

    class Watched:
        shape, dtype = (40, 24, 24), np.dtype(np.uint8)

        def __getitem__(self, region: tuple[slice, ...]) -> np.ndarray:
            depths.append(region[0].stop - region[0].start)
            return np.zeros([part.stop - part.start for part in region], np.uint8)

    spec, model = tiny(3, padded=True)
    how = Stitching(tile=(6, 24, 24), overlap=0.25)
    predict_to_zarr(spec, model, Watched(), tmp_path / "o.zarr", how, device="cpu")
    rows = len(how.plan(spec, (40, 24, 24)).starts[0])
    assert rows > 5
    assert len(depths) == rows + 7  # and once before, to know the array again: 40 sections, six at a time
    assert max(depths) == 6


def test_killed_stream_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    spec, model = tiny(3, padded=True)
    how = Stitching(tile=(4, 16, 16), overlap=0.5)
    expected = predict_volume(spec, model, IMAGE, how, device="cpu").values
    calls, passes = [0], stitch.apply_model

    def killed(*given: Any) -> Any:
        calls[0] += 1
        if calls[0] == 17:
            raise KeyboardInterrupt
        return passes(*given)

    monkeypatch.setattr(stitch, "apply_model", killed)
    with pytest.raises(KeyboardInterrupt):
        predict_to_zarr(spec, model, IMAGE, tmp_path / "out.zarr", how, chunks=(2, 8, 8), device="cpu")
    note = json.loads((tmp_path / "out.zarr.progress.json").read_text())
    assert note["rows"] > 1
    before = calls[0]
    with caplog.at_level(logging.WARNING):
        predict_to_zarr(spec, model, IMAGE, tmp_path / "out.zarr", how, chunks=(2, 8, 8), device="cpu")
    assert "out.zarr: continued at section" in caplog.text
    plan = how.plan(spec, (10, 26, 22))
    assert calls[0] - before < plan.count  # not all of it again
    stored: Any = zarr.open(str(tmp_path / "out.zarr"), mode="r")
    assert (np.asarray(stored) == expected).all()
    calls[0] = 0
    predict_to_zarr(spec, model, IMAGE, tmp_path / "out.zarr", how, chunks=(2, 8, 8), device="cpu")
    assert calls[0] == 0  # finished: nothing to do
    with pytest.raises(InputError, match="holds something else, or another prediction"):
        predict_to_zarr(spec, model, IMAGE, tmp_path / "out.zarr", Stitching(tile=(8, 16, 16)), device="cpu")
    (tmp_path / "foreign.zarr").mkdir()
    with pytest.raises(InputError, match="holds something else"):
        predict_to_zarr(spec, model, IMAGE, tmp_path / "foreign.zarr", how, device="cpu")


def test_stream_knows_its_image_again(tmp_path: Path) -> None:
    """Another region of a file, another threshold and other voxels of an array are other images."""
    spec, model = tiny(3, padded=True)
    how, out = Stitching(tile=(4, 16, 16)), tmp_path / "out.zarr"
    np.save(tmp_path / "a.npy", np.concatenate([IMAGE, 255 - IMAGE]))
    file, half = f"{tmp_path / 'a.npy'}", len(IMAGE)
    predict_to_zarr(spec, model, f"{file}[0:{half},:,:]", out, how, device="cpu")
    done = predict_to_zarr(spec, model, f"{file}[0:{half},:,:]", out, how, device="cpu")
    assert done.events == ("out.zarr: whole already, nothing was computed",)
    opened = open_volume(f"{file}[0:{half},:,:]")
    for other in (f"{file}[{half}:{2 * half},:,:]", opened.binarised(100.0), IMAGE):
        with pytest.raises(InputError, match="holds something else, or another prediction"):
            predict_to_zarr(spec, model, other, out, how, device="cpu")
    predict_to_zarr(spec, model, IMAGE, tmp_path / "array.zarr", how, device="cpu")
    with pytest.raises(InputError, match="holds something else"):
        predict_to_zarr(spec, model, 255 - IMAGE, tmp_path / "array.zarr", how, device="cpu")


def test_stream_killed_after_its_last_row_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, model = tiny(3, padded=True)
    how, out, note = Stitching(tile=(4, 16, 16)), tmp_path / "out.zarr", "out.zarr.progress.json"
    expected = predict_volume(spec, model, IMAGE, how, device="cpu").values
    predict_to_zarr(spec, model, IMAGE, out, how, chunks=(2, 8, 8), device="cpu")
    array: Any = zarr.open(str(out), mode="r+")
    state = dict(array.attrs.pop(infer.MARK))
    rows = len(how.plan(spec, IMAGE.shape).starts[0])
    (tmp_path / note).write_text(json.dumps({"asked": state["asked"], "tile": state["tile"], "rows": rows}))
    predict_to_zarr(spec, model, IMAGE, out, how, chunks=(2, 8, 8), device="cpu")
    stored: Any = zarr.open(str(out), mode="r")
    assert (np.asarray(stored) == expected).all()
    assert infer.MARK in stored.attrs
    assert not (tmp_path / note).exists()


def full_above(voxels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a device whose memory holds this many input voxels."""
    passes = stitch.apply_model

    def limited(model: Any, dims: int, image: Any) -> Any:
        if image.numel() > voxels:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB")
        return passes(model, dims, image)

    monkeypatch.setattr(stitch, "apply_model", limited)


@pytest.mark.parametrize("stream", [True, False])
def test_out_of_memory_halves(stream: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    spec, model = tiny(3, padded=False)
    expected = predict(spec, model, IMAGE, tile=(12, 12, 12), device="cpu")
    full_above(5000, monkeypatch)
    how = Stitching(tile=(14, 24, 24), batch=2)
    with caplog.at_level(logging.WARNING):
        done = (
            predict_to_zarr(spec, model, IMAGE, tmp_path / "o.zarr", how, device="cpu")
            if stream
            else predict_volume(spec, model, IMAGE, how, device="cpu")
        )
    assert done.events[0] == "out of memory: 1 tiles at once from here on"
    assert done.events[1].startswith("out of memory: tiles of 14 x 12 x 24 instead of 14 x 24 x 24")
    assert all(event in caplog.text for event in done.events)
    found = np.asarray(zarr.open(str(done.values), mode="r")) if stream else done.values
    np.testing.assert_allclose(found, expected, atol=1e-6)
    full_above(10, monkeypatch)
    with pytest.raises(InputError, match=r"out of memory on cpu even with a tile of \(10, 10, 10\); take a narrower"):
        predict_volume(spec, model, IMAGE, how, device="cpu")


def test_other_errors_are_not_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, model = tiny(3, padded=True)

    def broken(*_: Any) -> Any:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(stitch, "apply_model", broken)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        predict(spec, model, IMAGE, device="cpu")


def test_halving_ends() -> None:
    spec = MODELS["unet2d-same"]
    plan, sizes = plan_tiles(spec, (8, 256, 256), (8, 256, 256)), []
    while (smaller := halved(spec, plan)) is not None:
        sizes.append(smaller)
        plan = plan_tiles(spec, (8, 256, 256), smaller)
    assert sizes[:4] == [(4, 256, 256), (2, 256, 256), (1, 256, 256), (1, 128, 256)]
    assert sizes[-1] == (1, 16, 16)


def test_bf16_and_bad_input() -> None:
    spec, model = tiny(3, padded=True)
    exact = predict(spec, model, IMAGE, precision="float32", device="cpu", scale=Scale(128.0, 60.0))
    short = predict(spec, model, IMAGE, precision="bf16", device="cpu", scale=Scale(128.0, 60.0))
    assert 0 < np.abs(exact - short).max() < 0.05
    with pytest.raises(InputError, match="has 2 axes; inference needs z, y, x"):
        predict(spec, model, IMAGE[0], device="cpu")
    with pytest.raises(InputError, match="overlap in"):
        predict(spec, model, IMAGE, overlap=0.95, device="cpu")
    with pytest.raises(InputError, match="tta 'some' is not known"):
        predict(spec, model, IMAGE, tta="some", device="cpu")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a batch of 0 tiles"):
        predict(spec, model, IMAGE, batch=0, device="cpu")
