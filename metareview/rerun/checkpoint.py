"""Checkpoints: written whole or not at all, kept once a later loss proves them, and only read back into their run."""

from __future__ import annotations

import json
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from metareview.errors import InputError
from metareview.rerun.config import TrainConfig
from metareview.rerun.data import Fold, Volume, array_hash
from metareview.rerun.device import is_out_of_memory
from metareview.results.atomic import write_atomic

__all__ = ["Checkpoints", "read_checkpoint", "run_identity", "write_checkpoint"]

FORMAT = 1


def run_identity(config: TrainConfig, volume: Volume, fold: Fold, seed: int) -> str:
    """Return a hash of everything that decides the result of a run, but the device."""
    labels = "" if volume.labels is None else array_hash(volume.labels)
    mask = "" if volume.mask is None else array_hash(volume.mask)
    parts = [config.model_dump_json(), array_hash(volume.image), labels, mask, repr(fold.regions()), seed]
    return sha256(json.dumps(parts).encode()).hexdigest()


def write_checkpoint(path: Path, content: dict[str, Any]) -> Path:
    """Write tensors, numbers and texts; a kill leaves the old file or the new one."""
    buffer = BytesIO()
    torch.save({"format": FORMAT, **content}, buffer)
    return write_atomic(path, buffer.getvalue())


def read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """Read what `write_checkpoint` wrote; only tensors, numbers and texts are accepted, never code.

    Raises
    ------
    InputError
        If the file is missing, damaged, or of another format.
    """
    try:
        content: Any = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; train first, or check the path") from None
    except Exception as error:  # a damaged pickle fails in a dozen ways
        if is_out_of_memory(error):
            raise
        # not the text of torch, which tells how to load what nobody should trust
        raise InputError(f"{path} is no checkpoint that can be read; delete it and train again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path} is no checkpoint of format {FORMAT}; train again with this version")
    return dict(content)


class Checkpoints:
    """The checkpoints of a run: ``last.pt``, which is proven good, and ``next.pt``, which waits for its proof.

    The loss of a step is that of the weights before it, so what a step does to the weights shows in a later loss only.
    """

    def __init__(self, folder: Path) -> None:
        self.last, self.next = folder / "last.pt", folder / "next.pt"
        self.waiting: int | None = None

    def write(self, step: int, content: dict[str, Any]) -> None:
        """Write what stands after `step` steps."""
        write_checkpoint(self.next, content)
        self.waiting = step

    def judge(self, finite: int) -> None:
        """Keep what waits if it is proven: the losses of the first `finite` steps are numbers.

        The loss of step n, counted from 0, is that of the weights after n steps.
        """
        if self.waiting is not None and finite > self.waiting:
            self.next.replace(self.last)
            self.waiting = None

    def drop(self) -> None:
        """Remove what waits: it is spoilt."""
        self.next.unlink(missing_ok=True)
        self.waiting = None

    def read(self, device: torch.device) -> dict[str, Any] | None:
        """Return the newest checkpoint, proven or not; None where there is none."""
        path = self.next if self.next.exists() else self.last
        if not path.exists():
            return None
        content = read_checkpoint(path, device)
        if path == self.next:
            self.waiting = int(content["state"]["step"])
        return content

    def kept(self) -> str:
        """Say which checkpoint a run that failed can go on from."""
        if not self.last.exists():
            return "there was none yet"
        step = read_checkpoint(self.last, torch.device("cpu"))["state"]["step"]
        return f"step {step} is kept in {self.last}"

    def remove(self) -> None:
        """Remove both."""
        for path in (self.last, self.next):
            path.unlink(missing_ok=True)
