"""A state of a review: a folder or a workbook as it stands, or a revision of one in git (``REV:path``)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from metareview.errors import InputError
from metareview.ingest.config import TOOLS
from metareview.ingest.reruns import RERUNS

__all__ = ["open_state"]

#: Files of a review folder that are taken out of a revision; a state is its spreadsheets and its configuration.
_KINDS = (".csv", ".xlsx", ".xlsm", ".yaml")
_SECONDS = 120


@contextmanager
def open_state(text: str) -> Iterator[Path]:
    """Give the folder (or workbook) of a state; that of a revision is a temporary copy.

    Parameters
    ----------
    text : a path, or ``REV:path`` with a revision that git knows and a path in its repository; a relative path counts
        from the current folder.

    Raises
    ------
    InputError
        If there is no such path, revision, or path in the revision.
    """
    path = Path(text)
    if path.exists():
        yield path
        return
    revision, colon, inside = text.partition(":")
    if not colon or not revision or not inside or revision.startswith("-"):
        raise InputError(f"{text} is not there; give a review folder, a workbook, or REV:path such as HEAD~1:my-review")
    with TemporaryDirectory(prefix="metareview-") as folder:
        yield _extract(revision, inside, Path(folder))


def _extract(revision: str, inside: str, target: Path) -> Path:
    """Write the files of a folder in a revision into `target`, and return what is the review there."""
    top = Path(_git("rev-parse", "--show-toplevel").strip())
    commit = _git(
        "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", missing=f"git knows no {revision}"
    ).strip()
    try:
        place = (Path.cwd() / inside).resolve().relative_to(top.resolve()).as_posix()
    except ValueError:
        raise InputError(f"{inside} is outside of the repository {top}") from None
    kind = _git("cat-file", "-t", f"{commit}:{'' if place == '.' else place}",
                missing=f"{revision} has no {inside}; git ls-tree {revision} lists what it has").strip()  # fmt: skip
    if kind == "blob":
        return _write(commit, place, target)
    listing = _git("ls-tree", "-r", "--full-tree", "-z", f"{commit}:{'' if place == '.' else place}")
    name = PurePosixPath(place).name or "review"
    folder = target / name
    folder.mkdir()
    for entry in filter(None, listing.split("\0")):
        facts, _, file = entry.partition("\t")
        inner = PurePosixPath(file).parent
        wanted = inner.parts[0] in (RERUNS, TOOLS) if inner.parts else file.lower().endswith(_KINDS)
        if wanted and facts.split()[1] == "blob" and facts.split()[0] != "120000":
            (folder / inner).mkdir(parents=True, exist_ok=True)
            _write(commit, f"{place}/{file}" if place != "." else file, folder / inner)
    return folder


def _write(commit: str, place: str, folder: Path) -> Path:
    done = subprocess.run(
        ["git", "cat-file", "blob", f"{commit}:{place}"], capture_output=True, check=False, timeout=_SECONDS
    )
    if done.returncode:
        raise InputError(f"{place} of {commit[:12]} cannot be read: {done.stderr.decode(errors='replace').strip()}")
    path = folder / PurePosixPath(place).name
    path.write_bytes(done.stdout)
    return path


def _git(*words: str, missing: str = "") -> str:
    """Run git in the current folder and return what it prints."""
    try:
        done = subprocess.run(["git", *words], capture_output=True, check=False, timeout=_SECONDS)
    except FileNotFoundError:
        raise InputError("git is not installed; give two folders instead of a revision") from None
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().splitlines()
        raise InputError(missing or f"git {words[0]}: {why[-1] if why else 'failed'}")
    return done.stdout.decode()
