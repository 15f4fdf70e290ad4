"""What every test can rely on: markers for outside programs, and where the project's own data is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

# no deadlines: the first call of a process imports scipy
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


def _folder(variable: str) -> Callable[[], str]:
    def reason() -> str:
        path = os.environ.get(variable, "")
        return "" if path and Path(path).is_dir() else f"{variable} does not name a folder"

    return reason


def _program(*names: str) -> Callable[[], str]:
    def reason() -> str:
        return "" if any(shutil.which(name) for name in names) else f"{' or '.join(names)} is not installed"

    return reason


def _gpu() -> str:
    try:
        import torch
    except ImportError:
        return "torch is not installed"
    return "" if torch.cuda.is_available() else "no CUDA device"


#: marker -> function that says why it cannot run here, empty when it can
NEEDS: dict[str, Callable[[], str]] = {
    "needs_sources": _folder("METAREVIEW_SOURCES"),
    "needs_em_data": _folder("METAREVIEW_EM_DATA"),
    "needs_chromium": _program("chromium", "chromium-browser", "google-chrome"),
    "needs_libreoffice": _program("soffice", "libreoffice"),
    "needs_tex": _program("pdflatex"),
    "needs_r": _program("Rscript"),
    "needs_slurm": _program("sbatch"),
    "needs_gpu": _gpu,
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip with a reason, or fail where METAREVIEW_REQUIRE lists the marker: a skip would hide a broken machine."""
    required = {f"needs_{name.removeprefix('needs_')}" for name in os.environ.get("METAREVIEW_REQUIRE", "").split()}
    for name, check in NEEDS.items():
        if item.get_closest_marker(name) is None:
            continue
        reason = check()
        if reason and name in required:
            pytest.fail(f"{name} is required by METAREVIEW_REQUIRE, but {reason}", pytrace=False)
        if reason:
            pytest.skip(reason)


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def sources() -> Path:
    """The folder of source texts; only for tests marked needs_sources."""
    return Path(os.environ["METAREVIEW_SOURCES"])


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser; only for tests marked needs_chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or pytest.fail("no Chromium")
