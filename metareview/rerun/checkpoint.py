"""Checkpoints: written whole or not at all, and only read back into the run they came from."""

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
from metareview.results.atomic import write_atomic

__all__ = ["read_checkpoint", "run_identity", "write_checkpoint"]

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
        raise InputError(f"{path} is no checkpoint that can be read ({error}); delete it and train again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path} is no checkpoint of format {FORMAT}; train again with this version")
    return dict(content)
