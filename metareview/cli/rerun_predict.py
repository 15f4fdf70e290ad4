"""``metareview rerun predict``: a trained network on a volume of any size, read and written block by block."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metareview.cli.options import JsonFlag, emit

if TYPE_CHECKING:
    from metareview.rerun.infer import Prediction

__all__ = ["predict"]

VOLUME = "Grey (z, y, x): .tif, .npy, file.h5:dataset or store.zarr:array, perhaps with slices: raw.h5:main[0:64,:,:]."


def predict(
    weights: Annotated[Path, typer.Argument(metavar="WEIGHTS", help="weights.pt of a run (below its --work folder).")],
    image: Annotated[str, typer.Argument(metavar="IMAGE", help=VOLUME)],
    store: Annotated[
        Path, typer.Argument(metavar="STORE", help="Written here: a zarr folder, name.zarr, axes channel, z, y, x.")
    ],
    tile: Annotated[
        str | None,
        typer.Option(
            metavar="Z,Y,X",
            help="Voxels through the network at once; where left out, 4,512,512 (2D) or 48,256,256 (3D) at most.",
        ),
    ] = None,
    overlap: Annotated[float, typer.Option(metavar="SHARE", help="Of a tile, with the next one: 0 to 0.9.")] = 0.25,
    tta: Annotated[
        str, typer.Option(metavar="KIND", help="Mean over mirrored copies: none, flips, all (not for affinities).")
    ] = "none",
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda or cuda:1.")] = "auto",
    dtype: Annotated[str, typer.Option(metavar="TYPE", help="float32, or uint8: 255 times the probability.")] = "uint8",
    as_json: JsonFlag = False,
) -> None:
    """Predict a volume of any size with the network of a run: a row of tiles at a time, from and to disk. Killed, the
    same call goes on where it stopped; a store that is whole stays as it is.

    Examples:

      metareview rerun predict weights.pt raw.zarr:volumes/raw membranes.zarr --device cuda

      metareview rerun predict weights.pt stack.tif affinities.zarr --tile 32,160,160 --dtype float32 --json
    """
    if dtype not in ("float32", "uint8"):
        raise typer.BadParameter(f"{dtype!r} is not known; use float32 or uint8", param_hint="--dtype")
    if store.suffix != ".zarr":
        raise typer.BadParameter(f"{store} is no name of a zarr folder; write {store}.zarr", param_hint="STORE")
    done = _predict(weights, image, store, device, dtype, {"tile": _tile(tile), "overlap": overlap, "tta": tta})
    emit(_as_json(done, store, dtype) if as_json else _told(done, store, dtype), None)


def _tile(text: str | None) -> tuple[int, int, int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 3 or not all(part.isdigit() and int(part) > 0 for part in parts):
        raise typer.BadParameter(f"{text!r} is no tile; write z, y and x in voxels: 32,160,160", param_hint="--tile")
    return int(parts[0]), int(parts[1]), int(parts[2])


def _predict(weights: Path, image: str, store: Path, device: str, dtype: Any, how: dict[str, Any]) -> Prediction:
    from metareview.errors import InputError
    from metareview.evaluation.volumes import open_volume
    from metareview.rerun.needs import require

    require("torch")
    from metareview.rerun.device import choose_device
    from metareview.rerun.infer import load_trained, predict_to_zarr

    where = choose_device(device)
    trained = load_trained(weights, where)
    volume = open_volume(image)
    if len(volume.shape) != 3:
        raise InputError(
            f"{image} has shape {' x '.join(map(str, volume.shape))}; a volume to predict has three axes, z, y, x; "
            "name the data set, or store one channel as a volume of its own"
        )
    return predict_to_zarr(
        trained.spec, trained.model, volume, store, trained.stitching(**how), dtype=dtype, device=where
    )  # fmt: skip


def _shape(store: Path) -> list[int]:
    from metareview.evaluation.volumes import open_volume

    return list(open_volume(store).shape)


def _as_json(done: Prediction, store: Path, dtype: str) -> str:
    told = {
        "store": str(store), "shape": _shape(store), "dtype": dtype, "tile": list(done.tile), "tax": done.tax,
        "seconds": done.seconds, "voxels_per_second": done.voxels_per_second, "events": list(done.events),
    }  # fmt: skip
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _told(done: Prediction, store: Path, dtype: str) -> str:
    shape, tile = (" x ".join(map(str, sizes)) for sizes in (_shape(store), done.tile))
    return (
        f"{store}: {shape} (channel, z, y, x), {dtype}; tiles of {tile}, {done.tax:.2f} voxels computed per voxel; "
        f"{done.seconds:.1f} s, {done.voxels_per_second:,.0f} voxels/s\n"
    )
