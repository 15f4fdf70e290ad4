"""Optional libraries, asked for when they are used: present, or one sentence with the install line."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from metareview.errors import MissingExtra

__all__ = ["require"]

#: module -> (name of the package for a person, extra of metareview that brings it)
EXTRAS = {
    "torch": ("torch", "rerun"),
    "filelock": ("filelock", "rerun"),
    "sklearn": ("scikit-learn", "rerun"),
    "skimage": ("scikit-image", "rerun"),
    "monai": ("MONAI", "affinities"),
    "waterz": ("waterz", "affinities"),
    "mwatershed": ("mwatershed", "affinities"),
    "elf": ("python-elf", "affinities"),
    "bioimage_cpp": ("python-elf", "affinities"),
}


def require(module: str) -> ModuleType:
    """Return an optional module, such as ``skimage.segmentation``.

    Raises
    ------
    MissingExtra
        If its package is not installed; the message has the install line.
    """
    top = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != top:
            raise
        raise MissingExtra(*EXTRAS[top]) from error
