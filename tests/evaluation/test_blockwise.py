"""Block by block: the table of the whole, on threads and on a cluster, after killed workers and killed runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metareview.errors import InputError
from metareview.evaluation import ContingencyTable, blockwise, contingency_table
from metareview.evaluation.blockwise import Accumulator, blocks

Pair = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def stored(blob: Pair, tmp_path: Path) -> tuple[str, str]:
    zarr = pytest.importorskip("zarr")
    paths = []
    for name, array, chunks in (("prediction", blob[0], (16, 16, 16)), ("truth", blob[1], (12, 24, 48))):
        path = str(tmp_path / f"{name}.zarr")
        zarr.create_array(path, shape=array.shape, dtype=array.dtype, chunks=chunks)[:] = array
        paths.append(path)
    return paths[0], paths[1]


@given(
    shape=st.lists(st.integers(1, 40), min_size=1, max_size=3).map(tuple),
    chunks=st.lists(st.lists(st.integers(1, 20), min_size=3, max_size=3), min_size=1, max_size=3),
    voxels=st.integers(1, 20_000),
)
@settings(deadline=None)
def test_blocks_cover_every_voxel_once(shape: tuple[int, ...], chunks: list[list[int]], voxels: int) -> None:
    cut = [tuple(chunk[: len(shape)]) for chunk in chunks]
    covered = np.zeros(shape, int)
    largest = np.prod([max(min(chunk[axis], size) for chunk in cut) for axis, size in enumerate(shape)])
    for region in blocks(shape, cut, voxels):
        covered[region] += 1
        assert covered[region].size <= max(voxels, largest)
    assert (covered == 1).all()


def test_blocks_are_whole_chunks_where_they_fit() -> None:
    regions = list(blocks((64, 64, 64), [(16, 16, 16), (8, 32, 32)], 32**3))
    assert all(part.start % 32 == 0 for region in regions for part in region[1:])
    assert all(region[0].start % 16 == 0 for region in regions)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("voxels", [500, 5000, 10**7])
def test_blockwise_equals_the_whole(stored: tuple[str, str], blob: Pair, workers: int, voxels: int) -> None:
    seen: list[tuple[int, int]] = []
    table = contingency_table(
        *stored, workers=workers, block_voxels=voxels, progress=lambda done, count: seen.append((done, count))
    )
    assert table == contingency_table(*blob)
    assert seen[-1][0] == seen[-1][1] == len(seen)


def test_mask_from_disk(stored: tuple[str, str], blob: Pair, tmp_path: Path) -> None:
    mask = np.random.default_rng(1).random(blob[0].shape) < 0.3
    np.save(tmp_path / "mask.npy", mask)
    table = contingency_table(*stored, mask=tmp_path / "mask.npy", block_voxels=9000)
    assert table == contingency_table(*blob, mask=mask)


@pytest.mark.parametrize("chunks", [(48, 48, 48), (7, 20, 48)])
def test_dask_arrays(blob: Pair, chunks: tuple[int, ...]) -> None:
    array = pytest.importorskip("dask.array")
    prediction = array.from_array(blob[0], chunks=chunks)
    assert contingency_table(prediction, blob[1], workers=2) == contingency_table(*blob)
    assert contingency_table(prediction, array.from_array(blob[1], chunks=(16, 16, 16))) == contingency_table(*blob)
    with pytest.raises(InputError, match="a checkpoint needs volumes on disk; give paths instead of dask arrays"):
        contingency_table(prediction, blob[1], checkpoint="folder")
    with pytest.raises(InputError, match="truth has shape"):
        contingency_table(prediction, blob[1][:5])


def test_accumulator_merges_seldom() -> None:
    rng = np.random.default_rng(2)
    total, parts = Accumulator(), []
    for _ in range(50):
        part = contingency_table(*(rng.integers(0, 300, 10_000).astype(np.uint32) for _ in range(2)))
        parts.append(part)
        total.add(part)
    assert total.total() == parts[0].merge(*parts[1:])


# a run that was killed


SCRIPT = """
import sys, time
from metareview.evaluation import blockwise
count = blockwise.count_block
def slow(job):
    time.sleep(0.15)
    return count(job)
blockwise.count_block = slow
blockwise.contingency_table(sys.argv[1], sys.argv[2], checkpoint=sys.argv[3], block_voxels=4096)
"""


def test_continues_after_kill_9(stored: tuple[str, str], blob: Pair, tmp_path: Path, monkeypatch: Any) -> None:
    """A run is killed with signal 9 half-way; the next one counts only the blocks that are missing."""
    folder = tmp_path / "checkpoint"
    run = subprocess.Popen([sys.executable, "-c", SCRIPT, *stored, str(folder)])
    deadline = time.monotonic() + 60
    while len(list(folder.glob("*.npz"))) < 5:
        assert run.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    kept = {path.name for path in folder.glob("*.npz")}
    counted: list[Any] = []
    original = blockwise.count_arrays
    monkeypatch.setattr(blockwise, "count_arrays", lambda *a, **k: counted.append(1) or original(*a, **k))
    table = contingency_table(*stored, checkpoint=folder, block_voxels=4096)
    assert table == contingency_table(*blob)
    parts = {path.name for path in folder.glob("*.npz")}
    assert kept < parts
    assert len(counted) - 1 == len(parts) - len(kept)  # the last call above counts the arrays in memory


def test_a_damaged_part_is_counted_again(stored: tuple[str, str], blob: Pair, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    contingency_table(*stored, checkpoint=folder, block_voxels=4096)
    parts = sorted(folder.glob("*.npz"))
    parts[3].write_bytes(parts[3].read_bytes()[:100])
    assert contingency_table(*stored, checkpoint=folder, block_voxels=4096) == contingency_table(*blob)
    assert ContingencyTable.load(parts[3]).voxels > 0


def test_a_checkpoint_belongs_to_its_volumes(stored: tuple[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    contingency_table(*stored, checkpoint=folder)
    with pytest.raises(InputError, match="holds the blocks of other volumes, or these were changed since; choose"):
        contingency_table(stored[1], stored[0], checkpoint=folder)
    with pytest.raises(InputError, match="holds the blocks of other volumes"):
        contingency_table(*stored, checkpoint=folder, block_voxels=4096)
    with pytest.raises(InputError, match="prediction is in memory; a checkpoint needs volumes on disk"):
        contingency_table(np.zeros((2, 2), int), np.zeros((2, 2), int), checkpoint=tmp_path / "other")


# a cluster


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_cluster_with_a_killed_worker(stored: tuple[str, str], blob: Pair, tmp_path: Path) -> None:
    """Two worker processes; one is killed with signal 9 half-way; the table is that of the whole."""
    distributed = pytest.importorskip("distributed")
    killed: list[int] = []
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(tmp_path)
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert len(client.scheduler_info()["workers"]) == 2
        processes = client.run(os.getpid)

        def kill_one(done: int, count: int) -> None:
            if not killed and done >= count // 2:
                killed.append(next(iter(processes.values())))
                os.kill(killed[0], signal.SIGKILL)

        table = contingency_table(*stored, block_voxels=2048, progress=kill_one)
        array = pytest.importorskip("dask.array")
        chunked = contingency_table(array.from_array(blob[0], chunks=(24, 24, 24)), blob[1])
    assert killed
    assert table == chunked == contingency_table(*blob)


@pytest.mark.slow
def test_memory_is_bounded_by_the_block(tmp_path: Path) -> None:
    """A volume of 256 MB is scored with little more memory than blocks: measured in a process of its own."""
    zarr = pytest.importorskip("zarr")
    shape = (256, 512, 512)
    for name in ("prediction", "truth"):
        array = zarr.create_array(str(tmp_path / f"{name}.zarr"), shape=shape, dtype="uint32", chunks=(64, 128, 128))
        for z in range(0, 256, 64):
            array[z : z + 64] = np.arange(64 * 512 * 512, dtype=np.uint32).reshape(64, 512, 512) // 5000 + z
    script = (
        "import resource, sys\nfrom metareview.evaluation import contingency_table\nimport numpy, zarr, numba\n"
        "tiny = numpy.zeros(8, numpy.uint32)\ncontingency_table(tiny, tiny)\n"
        "z = [zarr.open(p) for p in sys.argv[1:]]\n[a[:1, :1, :1] for a in z]\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "table = contingency_table(*sys.argv[1:], block_voxels=1 << 20)\n"
        "print(table.voxels, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    paths = [str(tmp_path / f"{name}.zarr") for name in ("prediction", "truth")]
    done = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True)
    voxels, kilobytes = (int(part) for part in done.stdout.split())
    assert voxels == 256 * 512 * 512
    assert kilobytes < 100_000, "the two volumes take 537 MB"
