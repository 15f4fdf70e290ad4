"""A progress bar with throughput and time left, on stderr, and only where a person watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["step_bar", "voxel_bar"]


@contextmanager
def voxel_bar(label: str, total: int, on: bool | None) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the voxels just done."""
    if not (sys.stderr.isatty() if on is None else on):
        yield lambda voxels: None
        return
    with step_bar(label, total, True) as show:
        done = [0]

        def advance(voxels: int) -> None:
            done[0] += voxels
            show(done[0], voxels, "")

        yield advance


@contextmanager
def step_bar(label: str, total: int, on: bool | None) -> Iterator[Callable[[int, int, str], None]]:
    """Yield a function of steps done, voxels just processed, and a text such as the loss."""
    if not (sys.stderr.isatty() if on is None else on):
        yield lambda done, voxels, text: None
        return
    from time import perf_counter

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[speed]}"),
        TextColumn("{task.fields[text]}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True, force_terminal=on), transient=True) as shown:
        task = shown.add_task(label, total=total, speed="", text="")
        begin, voxels_done = perf_counter(), [0]

        def show(done: int, voxels: int, text: str) -> None:
            voxels_done[0] += voxels
            speed = voxels_done[0] / max(perf_counter() - begin, 1e-9) / 1e6
            shown.update(task, completed=done, speed=f"{speed:.2f} Mvoxel/s", text=text)

        yield show
