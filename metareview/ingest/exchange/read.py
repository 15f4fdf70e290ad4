"""A file in another format -> its scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from metareview.errors import InputError, UnknownName
from metareview.ingest.exchange.eee import read_eee
from metareview.ingest.exchange.pwc import read_pwc
from metareview.ingest.exchange.results import ForeignResult
from metareview.ingest.exchange.wide import read_wide

__all__ = ["FORMATS", "read_foreign"]

#: Formats by name, and what each is.
FORMATS = {
    "pwc": "Papers-with-Code style JSON: tasks, data sets, rows of models",
    "eee": "Every Eval Ever JSON: one record per model, or a list of them",
    "wide": "a CSV table with a row per method and a column per data set and metric",
}
#: Largest file that is read: a dump of everything is not one review.
_LARGEST = 200 * 1024 * 1024


def read_foreign(path: Path, kind: str, *, dataset: str = "") -> list[ForeignResult]:
    """Return the scores of a file.

    Parameters
    ----------
    path : the file.
    kind : one of `FORMATS`.
    dataset : the data set of wide columns that name none.

    Raises
    ------
    UnknownName
        For another format.
    InputError
        If the file cannot be read, or is not of that format, or holds no score.
    """
    if kind not in FORMATS:
        raise UnknownName("format", kind, FORMATS)
    if not path.is_file():
        raise InputError(f"{path} is no file; give the path of a {kind} file")
    if path.stat().st_size > _LARGEST:
        raise InputError(
            f"{path} has more than {_LARGEST // 1024**2} MB; cut the part out of it that the review is about"
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from error
    if kind == "wide":
        found = read_wide(text, path.name, dataset)
    else:
        found = {"pwc": read_pwc, "eee": read_eee}[kind](_json(text, path), path.name)
    if not found:
        raise InputError(f"{path} holds no score")
    return found


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path} line {error.lineno}: not JSON, {error.msg}") from error
    except RecursionError as error:
        raise InputError(f"{path} is nested too deeply for a leaderboard") from error
