"""Writing files so that a killed build leaves the last good ones.

It stands in `results` because that is the lowest room whose readers write files: `ingest` (Parquet), `report`
(tables, figures, pages) and `cli` (JSON) all see it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from metareview.errors import InputError

__all__ = ["write_atomic"]


def write_atomic(path: str | Path, content: bytes | str) -> Path:
    """Write a file as a whole or not at all.

    The bytes go to a temporary file in the same folder, reach the disk, and take the name of the target in one step
    (`os.replace`), so a reader sees the old file or the new one and never a part. The file is always replaced, also
    by equal bytes: its time says when it was built. Text is written as UTF-8 with its line ends as they are.

    Parameters
    ----------
    path : the file; its folder is made where it does not exist.
    content : bytes, or text.

    Raises
    ------
    InputError
        If the folder cannot be made or written to.
    """
    target = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise InputError(f"{target.parent} cannot be written to: {error.strerror}; choose another folder") from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(target)
    except BaseException as error:
        with suppress(OSError):
            Path(temporary).unlink()
        if isinstance(error, OSError):
            raise InputError(f"{target} cannot be written: {error.strerror}; the old file is untouched") from error
        raise
    return target


def _umask() -> int:
    """Return the process's file mode mask; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
