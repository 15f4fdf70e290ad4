"""Progress bars on stderr, and only where a person watches."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

__all__ = ["progress"]

T = TypeVar("T")


def progress(items: Iterable[T], label: str) -> Iterator[T]:
    """Yield `items` with a progress bar on a terminal, silently elsewhere."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    total = len(items) if isinstance(items, Sized) else None
    yield from track(items, description=label, total=total, console=Console(stderr=True), transient=True)
