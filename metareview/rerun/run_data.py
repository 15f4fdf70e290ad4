"""The data of a run: loaded for a spec, and held against those that a record or a folder of work was made of.

The folder that the data lie in is not part of what names a run, so the same name could mean other data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from metareview.errors import InputError, UnknownName
from metareview.rerun.data import Volume, load
from metareview.rerun.data.registry import DATASETS
from metareview.rerun.record import RunRecord, read_records
from metareview.rerun.spec import RerunSpec
from metareview.results.atomic import write_atomic

__all__ = ["compare_done", "load_data", "plain_options", "refuse_mixture", "refuse_other_data"]


def load_data(spec: RerunSpec, root: Path | str | None) -> Volume:
    """Return the volume of a spec; `root` has one folder per data set.

    Raises
    ------
    InputError
        If no folder is named, the data are not those published, or they have no labels to score with.
    """
    asked = spec.data
    if asked.name not in DATASETS:
        raise UnknownName("data set", asked.name, DATASETS)
    folder = None
    if DATASETS[asked.name].folder:
        if root is None:
            raise InputError(
                f"{spec.id} reads {asked.name} from a folder; say --data DIR, where DIR has the folder "
                f"{asked.folder or asked.name}, or set METAREVIEW_EM_DATA"
            )
        folder = Path(root) / (asked.folder or asked.name)
    volume = load(asked.name, folder, verify=asked.verify, **plain_options(asked.options))
    if volume.labels is None:
        raise InputError(f"{asked.name} has no labels here; a re-run is scored against labels")
    return volume


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Lists of YAML are tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}


def refuse_other_data(record: RunRecord, volume: Volume) -> None:
    """Compare the data at hand with those of a record.

    Raises
    ------
    InputError
        If they are others.
    """
    differs = _difference(record.data.get("sha256", {}), volume.sha256)
    if differs:
        raise InputError(
            f"run {record.run_id} was made of other data: {differs}; name the folder of those data (--data, or "
            "data.folder in the spec), or make the run again with `run --force`"
        )


def compare_done(review: Path | str, runs: Iterable[tuple[RerunSpec, str]], root: Path | str | None) -> None:
    """Compare what is done with the data at hand, where there are any; each data set is read once.

    Parameters
    ----------
    runs : specs with their preset in force, and run ids.
    root : folder with one folder per data set.

    Raises
    ------
    InputError
        If a record was made of other data.
    """
    volumes: dict[str, Volume] = {}
    for spec, run_id in runs:
        asked = spec.data
        if asked.name not in DATASETS or not DATASETS[asked.name].folder or root is None:
            continue  # what is generated is named by the spec
        if not (Path(root) / (asked.folder or asked.name)).is_dir():
            continue
        key = asked.model_dump_json()
        volumes[key] = volumes.get(key) or load_data(spec, root)
        refuse_other_data(read_records(review, [run_id])[run_id], volumes[key])


def refuse_mixture(folder: Path, volume: Volume) -> None:
    """Note in a folder of work what data it is made of; refuse to go on there with others.

    Raises
    ------
    InputError
        If what is there was made of other data.
    """
    note = folder / "data.json"
    if not note.is_file():
        write_atomic(note, json.dumps(dict(volume.sha256), indent=1) + "\n")
        return
    differs = _difference(json.loads(note.read_text(encoding="utf-8")), volume.sha256)
    if differs:
        raise InputError(
            f"{folder} holds what was trained and predicted on other data: {differs}; name the folder of those data, "
            "or begin again with `run --force`"
        )


def _difference(one: Mapping[str, str], two: Mapping[str, str]) -> str:
    """Return what differs, in words. Hashes of pixels are compared where there are some, otherwise those of files."""
    roles = [role for role in ("image", "labels") if role in one and role in two] or sorted({*one, *two})
    roles += ["mask"] if "mask" in {*one, *two} and "mask" not in roles else []
    for role in roles:
        if one.get(role) != two.get(role):
            pair = [f"{found[role][:16]}…" if role in found else "not there" for found in (one, two)]
            return f"{role} has sha256 {pair[0]} there, {pair[1]} here"
    return ""
