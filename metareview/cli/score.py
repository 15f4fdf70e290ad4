"""``metareview score``: segmentation scores of one pair of volumes, each with its convention."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metareview.cli.options import JsonFlag, OutFile, emit

if TYPE_CHECKING:
    from metareview.evaluation import ScoreResult
    from metareview.evaluation.volumes import Volume

__all__ = ["score"]

VOLUME = "Volume: .tif, .npy, file.h5:dataset or store.zarr:array, perhaps with slices: labels.h5:main[0:64,:,:]."


def score(
    prediction: Annotated[str | None, typer.Argument(metavar="PRED", help=f"Predicted labels. {VOLUME}")] = None,
    truth: Annotated[str | None, typer.Argument(metavar="TRUTH", help="True labels, in the same forms.")] = None,
    metrics: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Metrics, with commas: voi,arand or arand:snemi.")
    ] = None,
    conventions: Annotated[str, typer.Option(metavar="IDS", help="Convention ids, with commas, or all.")] = "all",
    resolution: Annotated[
        str | None, typer.Option(metavar="NM", help="Size of a voxel in nm, one number per axis: 40,4,4.")
    ] = None,
    mask: Annotated[str | None, typer.Option(metavar="VOLUME", help="Voxels that are 0 here do not count.")] = None,
    slices: Annotated[str | None, typer.Option(metavar="A:B,…", help="Region of all volumes: 0:64,:,:.")] = None,
    threshold: Annotated[
        float | None, typer.Option(metavar="T", help="The prediction is a map; above T is foreground.")
    ] = None,
    thresholds: Annotated[
        str | None, typer.Option(metavar="T,…", help="The prediction is a map; its best scores over these (ISBI-2012).")
    ] = None,
    skeletons: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For run lengths: .npz of nodes (nm), edges, skeleton."),
    ] = None,
    confidence: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV of id and confidence of each predicted object, for AP.")
    ] = None,
    border: Annotated[float, typer.Option(metavar="NM", help="Distance of CREMI's border mask.")] = 25.0,
    tolerances: Annotated[str, typer.Option(metavar="N,…", help="Merge tolerances of run lengths, in nodes.")] = "0,50",
    workers: Annotated[int, typer.Option(min=1, help="Threads.")] = 1,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keep finished blocks here; the same call continues."),
    ] = None,
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the contingency table (.npz) here.")
    ] = None,
    listing: Annotated[
        bool, typer.Option("--list", help="List metrics and convention ids, and what they mean.")
    ] = False,
    as_json: JsonFlag = False,
    output: OutFile = None,
) -> None:
    """Score a segmentation against the truth under named conventions. Ends with the convention spread: how far one
    metric name goes on this pair.

    Examples:

      metareview score pred.tif truth.tif --metrics voi,arand

      metareview score pred.h5:main truth.zarr:labels --resolution 40,4,4 --json

      metareview score --list --metrics arand
    """
    if listing:
        from metareview.evaluation.listing import listing_json, listing_text

        emit((listing_json if as_json else listing_text)(_names(metrics)), output)
        return
    if prediction is None or truth is None:
        raise typer.BadParameter("give a prediction and a truth, or --list", param_hint="PRED TRUTH")
    if thresholds is not None:
        others = {"--threshold": threshold, "--mask": mask, "--resolution": resolution, "--skeletons": skeletons,
                  "--confidence": confidence, "--checkpoint": checkpoint, "--table": table,
                  "--conventions": None if conventions == "all" else conventions}  # fmt: skip
        _refuse_others([name for name, value in others.items() if value is not None])
        values = _numbers(thresholds, "--thresholds") or ()
        result = _score_map(prediction, truth, slices, values, _names(metrics))
        emit(result.to_json() if as_json else result.summary(), output)
        return
    result = _score(
        _volume(prediction, slices, threshold), _volume(truth, slices), _volume(mask, slices) if mask else None,
        metrics=_names(metrics), conventions=_conventions(conventions), resolution=_numbers(resolution, "--resolution"),
        border=border, tolerances=tuple(int(part) for part in _numbers(tolerances, "--tolerances") or ()),
        skeletons=skeletons, confidence=confidence, workers=workers, checkpoint=checkpoint, table=table,
    )  # fmt: skip
    emit(result.to_json() if as_json else result.summary(), output)


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _conventions(text: str) -> str | list[str]:
    names = _names(text) or ["all"]
    return "all" if names == ["all"] else names


def _numbers(text: str | None, option: str) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of numbers such as 40,4,4", param_hint=option) from None


def _volume(spec: str, slices: str | None, threshold: float | None = None) -> Volume:
    from metareview.evaluation.volumes import open_volume, parse_slices

    volume = open_volume(spec)
    if slices:
        volume = volume.crop(parse_slices(slices, "--slices"))
    return volume if threshold is None else volume.binarised(threshold)


def _refuse_others(given: list[str]) -> None:
    """Refuse options that mean nothing for a map over thresholds: none is passed over in silence."""
    if given:
        raise typer.BadParameter(
            f"{', '.join(given)} does not go with --thresholds; leave one of them out", param_hint="--thresholds"
        )


def _score_map(
    prediction: str, truth: str, slices: str | None, thresholds: tuple[float, ...], metrics: list[str] | None
) -> ScoreResult:
    from dataclasses import replace

    from metareview.evaluation.inputs import input_record
    from metareview.evaluation.maps import score_map

    chance, labels = _volume(prediction, slices), _volume(truth, slices)
    result = score_map(chance, labels, thresholds, metrics)
    return replace(result, inputs=(input_record("prediction", chance), input_record("truth", labels)))


@contextmanager
def _bar() -> Iterator[Any]:
    """A progress bar for callbacks, on a terminal; otherwise nothing."""
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("blocks", total=None)
        yield lambda done, count: shown.update(task, completed=done, total=count)


def _score(
    prediction: Volume, truth: Volume, mask: Volume | None, *,
    skeletons: Path | None, confidence: Path | None, table: Path | None, **options: Any,
) -> ScoreResult:  # fmt: skip
    from dataclasses import replace

    from metareview.evaluation.inputs import input_record, read_confidence
    from metareview.evaluation.pair import score_volumes
    from metareview.evaluation.runs import Skeletons

    with _bar() as progress:
        result = score_volumes(
            prediction, truth, mask=mask, progress=progress, table_path=table,
            skeletons=Skeletons.load(skeletons) if skeletons else None,
            confidence=read_confidence(confidence) if confidence else None,
            **options,
        )  # fmt: skip
    given = [("prediction", prediction), ("truth", truth), *([("mask", mask)] if mask else [])]
    records = [input_record(role, volume) for role, volume in given]
    files = [("skeletons", skeletons), ("confidence", confidence)]
    records += [input_record(role, path) for role, path in files if path is not None]
    return replace(result, inputs=tuple(records))
