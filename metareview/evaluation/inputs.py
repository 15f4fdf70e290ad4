"""Inputs beside the volumes, and the hash of every input, so that a score can be traced to its bytes."""

from __future__ import annotations

import csv
import re
from hashlib import sha256
from pathlib import Path

from metareview.errors import InputError
from metareview.evaluation.result import InputRecord
from metareview.evaluation.volumes import Volume

__all__ = ["file_hash", "input_record", "read_confidence"]

PIECE = 1 << 20


def file_hash(path: Path) -> str:
    """Return the sha256 of a file, or of a folder: of the names and hashes of its files in order of name."""
    digest = sha256()
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                digest.update(f"{file.relative_to(path).as_posix()}\0{file_hash(file)}\n".encode())
        return digest.hexdigest()
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def input_record(role: str, thing: Volume | Path) -> InputRecord:
    """Return where an input is, what it looks like, and its hash (empty for an array in memory)."""
    if isinstance(thing, Path):
        return InputRecord(role, str(thing), (), "", file_hash(thing))
    name = thing.name
    if thing.start:
        region = (f"{low}:{low + size}" for low, size in zip(thing.start, thing.shape, strict=True))
        name += f"[{','.join(region)}]"
    if thing.threshold is not None:
        name += f" > {thing.threshold:g}"
    digest = file_hash(thing.path) if thing.path is not None else ""
    return InputRecord(role, name, thing.shape, str(thing.dtype), digest)


def read_confidence(path: Path) -> dict[str, dict[int, float]]:
    """Read the confidence of each predicted object from a CSV file with the columns id and confidence.

    Returns
    -------
    The name of the score, which is that of the file, and id -> confidence.

    Raises
    ------
    InputError
        If the file cannot be read, or a line has no integer id or no number.
    """
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "given"
    given: dict[int, float] = {}
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            for line, row in enumerate(csv.DictReader(stream), start=2):
                try:
                    given[int(row["id"])] = float(row["confidence"])
                except (KeyError, TypeError, ValueError):
                    raise InputError(
                        f"{path} line {line}: a confidence file has the columns id (integer) and confidence (number)"
                    ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; check the path") from error
    return {name: given}
