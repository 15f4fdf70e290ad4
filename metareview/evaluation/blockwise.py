"""The contingency table of two volumes of any size, block by block: in this process, on threads, on a dask cluster.

Tables add up exactly, so the result is that of the whole volume at once, whatever the blocks and their order. With a
checkpoint folder every finished block is kept, and a run that was killed continues with the blocks that are missing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from metareview.errors import InputError
from metareview.evaluation.counting import check_dtype, check_shapes, count_arrays
from metareview.evaluation.readers import extra
from metareview.evaluation.table import ContingencyTable
from metareview.evaluation.volumes import Region, Volume, as_volume

__all__ = ["BLOCK_VOXELS", "blocks", "contingency_table"]

#: Voxels read at once from each volume: 64 MB for both at 64 bits.
BLOCK_VOXELS = 1 << 22

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One block: the volumes (prediction, truth, perhaps a mask), the region, and where its table is kept."""

    volumes: tuple[Volume, ...]
    region: Region
    part: Path | None = None


class Accumulator:
    """Adds up tables; merges only when what is pending is as large as what is merged, so the cost stays linear."""

    def __init__(self) -> None:
        nothing = np.zeros(0, dtype=np.uint64)
        self._total = ContingencyTable(nothing, nothing.copy(), np.zeros(0, dtype=np.int64))
        self._pending: list[ContingencyTable] = []
        self._rows = 0

    def add(self, table: ContingencyTable) -> None:
        """Add the table of a block."""
        self._pending.append(table)
        self._rows += len(table)
        if self._rows > max(len(self._total), 1 << 18):
            self.total()

    def total(self) -> ContingencyTable:
        """Return the sum so far."""
        if self._pending:
            self._total = self._total.merge(*self._pending)
            self._pending, self._rows = [], 0
        return self._total


def blocks(shape: tuple[int, ...], chunks: Iterable[tuple[int, ...]], voxels: int = BLOCK_VOXELS) -> Iterator[Region]:
    """Yield the regions to read: whole chunks of every volume where they fit, at most `voxels` or one chunk.

    Parameters
    ----------
    shape : of the volumes.
    chunks : the chunk shape of each volume.
    voxels : largest block, unless a chunk is larger: a part of a chunk is never read.
    """
    given = [np.minimum(chunk, shape) for chunk in chunks]
    block = [int(np.lcm.reduce([int(chunk[axis]) for chunk in given])) for axis in range(len(shape))]
    block = [min(a, b) for a, b in zip(block, shape, strict=True)]
    largest = [int(max(chunk[axis] for chunk in given)) for axis in range(len(shape))]
    if int(np.prod(block, dtype=np.int64)) > voxels:
        block = largest
    for axis in reversed(range(len(shape))):  # grow along the axis that is contiguous on disk first
        size = int(np.prod(block, dtype=np.int64))
        block[axis] = min(shape[axis], block[axis] * max(1, voxels // max(size, 1)))
    starts = [range(0, size, step) for size, step in zip(shape, block, strict=True)]
    for place in product(*starts):
        yield tuple(slice(low, min(low + step, size)) for low, step, size in zip(place, block, shape, strict=True))


def count_block(job: Job) -> ContingencyTable:
    """Count one block, or take its table from the checkpoint; what is counted is kept there."""
    if job.part is not None and job.part.exists():
        try:
            return ContingencyTable.load(job.part)
        except InputError:  # a part that does not add up is counted again
            pass
    prediction, truth, *mask = job.volumes
    arrays = [volume.read(job.region) for volume in job.volumes]
    table = count_arrays(arrays[0], arrays[1], arrays[2] if mask else None, names=(prediction.name, truth.name))
    if job.part is not None:
        table.save(job.part)
    return table


def _identity(volume: Volume) -> list[Any]:
    """What must not change between a run and its continuation: place, size and time of the file, region, rule."""
    if volume.path is None:
        raise InputError(f"{volume.name} is in memory; a checkpoint needs volumes on disk, which a later run can find")
    path = volume.path.resolve()
    files = [path] if path.is_file() else [file for file in sorted(path.rglob("*.json")) if file.is_file()]
    files += [] if path.is_file() else [file for file in sorted(path.rglob(".zarray")) if file.is_file()]
    stamps = [[file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    return [volume.name, str(path), stamps, volume.shape, volume.start, str(volume.dtype), volume.threshold]


def _jobs(volumes: tuple[Volume, ...], voxels: int, checkpoint: Path | None) -> list[Job]:
    regions = list(blocks(volumes[1].shape, (volume.chunks for volume in volumes), voxels))
    if checkpoint is None:
        return [Job(volumes, region) for region in regions]
    from metareview.results.atomic import write_atomic

    plan = json.dumps({"volumes": [_identity(volume) for volume in volumes], "blocks": len(regions), "voxels": voxels})
    mark = checkpoint / "plan.json"
    if mark.exists():
        if json.loads(mark.read_text(encoding="utf-8")) != json.loads(plan):
            raise InputError(
                f"{checkpoint} holds the blocks of other volumes, or these were changed since; choose another "
                "folder, or delete it to begin again"
            )
    else:
        write_atomic(mark, plan)
    key = sha256(plan.encode()).hexdigest()[:12]
    return [Job(volumes, region, checkpoint / f"{key}-{number:06d}.npz") for number, region in enumerate(regions)]


def cluster() -> Any:
    """Return the dask client that is active in this process, or None."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.default_client()
    except ValueError:
        return None


def _on_cluster(tasks: list[Any], client: Any, progress: Progress) -> ContingencyTable:
    """Run on the cluster; a block whose worker dies is counted again by another one."""
    futures = client.compute(tasks, retries=2)
    total = Accumulator()
    finished = extra("distributed").as_completed(futures, with_results=True)
    for done, (future, table) in enumerate(finished, start=1):
        total.add(table)
        future.release()
        progress(done, len(tasks))
    return total.total()


def _merged(tables: list[ContingencyTable]) -> ContingencyTable:
    return tables[0].merge(*tables[1:]) if len(tables) > 1 else tables[0]


def _on_threads(tasks: list[Any], workers: int, progress: Progress) -> ContingencyTable:
    """Run on dask's threads, adding up in a tree, so that few tables are alive at a time."""
    dask = extra("dask")
    count, done = len(tasks), 0
    leaves = {task.key for task in tasks}

    def finished(key: Any, result: Any, graph: Any, state: Any, worker: Any) -> None:
        nonlocal done
        if key in leaves:
            done += 1
            progress(done, count)

    merge = dask.delayed(_merged, pure=False)
    while len(tasks) > 1:
        tasks = [merge(tasks[place : place + 8]) for place in range(0, len(tasks), 8)]
    with extra("dask.callbacks").Callback(posttask=finished):
        (table,) = dask.compute(tasks[0], scheduler="threads", num_workers=workers)
    return table  # type: ignore[no-any-return]


def _is_dask(thing: Any) -> bool:
    return hasattr(thing, "__dask_graph__") and hasattr(thing, "to_delayed")


def _dask_tasks(prediction: Any, truth: Any, mask: Any) -> list[Any]:
    """One task per chunk of dask arrays; the others are cut the same way."""
    dask = extra("dask")
    from_array = extra("dask.array").from_array
    lead = prediction if _is_dask(prediction) else truth
    arrays = []
    for thing, name in ((prediction, "prediction"), (truth, "truth"), (mask, "the mask")):
        if thing is None:
            continue
        check_shapes(tuple(thing.shape), name, tuple(lead.shape), "the other volume")
        array = thing if _is_dask(thing) else from_array(thing, chunks=lead.chunks)
        arrays.append(array.rechunk(lead.chunks))
    check_dtype(arrays[0].dtype, "prediction")
    check_dtype(arrays[1].dtype, "truth")
    columns = [array.to_delayed().ravel().tolist() for array in arrays]
    count = dask.delayed(count_arrays, pure=False)
    return [count(*chunk) for chunk in zip(*columns, strict=True)]


def _run(jobs: list[Job], workers: int, progress: Progress) -> ContingencyTable:
    client = cluster()
    if client is None and workers == 1:
        total = Accumulator()
        for done, job in enumerate(jobs, start=1):
            total.add(count_block(job))
            progress(done, len(jobs))
        return total.total()
    count = extra("dask").delayed(count_block, pure=False, traverse=False)
    tasks = [count(job) for job in jobs]
    return _on_cluster(tasks, client, progress) if client else _on_threads(tasks, workers, progress)


def contingency_table(
    prediction: Any,
    truth: Any,
    *,
    mask: Any = None,
    workers: int = 1,
    checkpoint: str | Path | None = None,
    block_voxels: int = BLOCK_VOXELS,
    progress: Progress | None = None,
) -> ContingencyTable:
    """Count how many voxels each pair of segments shares.

    Parameters
    ----------
    prediction, truth : integer volumes of equal shape: arrays (NumPy, dask, zarr, h5py) or paths such as
        ``labels.h5:volumes/labels`` (TIFF, HDF5, zarr, NumPy).
    mask : volume of the same shape; voxels where it is 0 are not counted.
    workers : threads. An active dask client (``distributed.Client``) is used instead where there is one; its workers
        open the files themselves, so paths must mean the same to them.
    checkpoint : folder for the tables of finished blocks; a run that was killed continues from there.
    block_voxels : voxels read at once from each volume; memory is about this times the workers, or one chunk.
    progress : called with the number of blocks done and the number of all.

    Returns
    -------
    ContingencyTable
        The same table for the same voxels, however it was computed.

    Raises
    ------
    InputError
        If shapes differ, a type is not integer, an id is negative, a file or data set is missing.
    MissingExtra
        If a package of the extra ``volumes`` is needed and absent.
    """
    report = progress or (lambda done, count: None)
    things = [prediction, truth, *([] if mask is None else [mask])]
    if checkpoint is None and all(isinstance(thing, np.ndarray) for thing in things):
        return count_arrays(prediction, truth, mask, workers=workers)
    if any(_is_dask(thing) for thing in things):
        if checkpoint is not None:
            raise InputError("a checkpoint needs volumes on disk; give paths instead of dask arrays")
        tasks = _dask_tasks(prediction, truth, mask)
        client = cluster()
        return _on_cluster(tasks, client, report) if client else _on_threads(tasks, workers, report)
    names = ("prediction", "truth", "mask")
    volumes = tuple(as_volume(thing, name) for thing, name in zip(things, names, strict=False))
    for volume in volumes:
        check_dtype(volume.label_dtype, volume.name)
        check_shapes(volume.shape, volume.name, volumes[1].shape, volumes[1].name)
    folder = Path(checkpoint) if checkpoint is not None else None
    return _run(_jobs(volumes, block_voxels, folder), workers, report)
