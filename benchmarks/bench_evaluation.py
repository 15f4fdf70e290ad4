"""Throughput, memory and scaling of the contingency table and of its peers, in one run.

    python benchmarks/bench_evaluation.py            every table; minutes, and several GB for the peers
    python benchmarks/bench_evaluation.py --quick    small volumes, for a look

Every row of the first table is a process of its own, so that peaks of memory do not mix: the pair is loaded, a tiny
pair is counted (which compiles), then time and peak memory beyond the loaded pair are measured. The pair is pinky40
(512^3, real connectomics labels; METAREVIEW_EM_DATA names the folder) against a shifted, merged and split copy, with
ids made compact, which is kind to peers that use them as an index; without the data a synthetic pair stands in.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

TILE = 1 << 32
#: the four numbers of python-elf's cremi_score; scikit-image computes one of them per call
SAME = ("arand:gt0", "voi_split:bits.gt0", "voi_merge:bits.gt0", "cremi_score:bits.gt0")


def real_labels() -> np.ndarray | None:
    """pinky40, or None where it or its codec is not there."""
    path = Path(os.environ.get("METAREVIEW_EM_DATA", ".")) / "pinky40_labels_512" / "connectomics.npy.ckl.gz"
    if not path.exists() or find_spec("crackle") is None:
        return None
    import crackle

    with gzip.open(path) as stream:
        return np.ascontiguousarray(crackle.decompress(stream.read()).T)  # stored in Fortran order: no copy


def synthetic_labels(size: int) -> np.ndarray:
    """Voronoi cells of random points, background between some of them."""
    from scipy.spatial import cKDTree

    coarse = max(size // 4, 8)
    points = np.random.default_rng(1).random((max(coarse**3 // 2000, 30), 3)) * coarse
    grid = np.stack(np.meshgrid(*(np.arange(coarse),) * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    distance, nearest = cKDTree(points).query(grid, k=2)
    labels = np.where(distance[:, 1] - distance[:, 0] < 0.6, 0, nearest[:, 0] + 1).reshape((coarse,) * 3)
    for axis in range(3):
        labels = np.repeat(labels, size // coarse, axis=axis)
    return np.ascontiguousarray(labels, dtype=np.uint32)


def make_pair(folder: Path, quick: bool) -> str:
    """Write truth and prediction (shifted by 3, 2, 1 voxels; one id in 7 merged, one in 5 split); say what they are."""
    labels = None if quick else real_labels()
    name = "pinky40" if labels is not None else "synthetic cells"
    labels = synthetic_labels(128 if quick else 256) if labels is None else labels
    ids = np.unique(labels)
    compact = np.zeros(int(ids[-1]) + 1, dtype=np.uint32)
    compact[ids] = np.arange(ids.size, dtype=np.uint32)
    truth = compact[labels]
    prediction = np.roll(truth, (1, 2, 3), (0, 1, 2))
    number = np.arange(ids.size, dtype=np.uint32)
    number[3::7] -= 1
    prediction = number[prediction]
    split = np.zeros(ids.size, dtype=bool)
    split[1::5] = True
    step = truth.shape[0] // 4
    for block in range(64):
        part = prediction[tuple(slice(k * step, (k + 1) * step) for k in (block // 16, block // 4 % 4, block % 4))]
        part[split[np.minimum(part, ids.size - 1)]] += np.uint32((block + 1) * ids.size)
    np.save(folder / "truth.npy", truth)
    np.save(folder / "prediction.npy", prediction)
    np.save(folder / "raw.npy", labels)
    return f"{name}, {'x'.join(map(str, truth.shape))}, {ids.size:,} ids"


def peers() -> dict[str, Any]:
    """name -> function of (prediction, truth)."""

    def ours(workers: int, engine: str | None = None) -> Any:
        def run(prediction: np.ndarray, truth: np.ndarray) -> Any:
            from metareview.evaluation import scores
            from metareview.evaluation.counting import count_arrays

            table = count_arrays(prediction, truth, workers=workers, engine=engine)
            scores(table, SAME)
            return len(table)

        return run

    def skimage_are(prediction: np.ndarray, truth: np.ndarray) -> Any:
        from skimage.metrics import adapted_rand_error

        return adapted_rand_error(truth, prediction)[0]

    def skimage_voi(prediction: np.ndarray, truth: np.ndarray) -> Any:
        from skimage.metrics import variation_of_information

        return sum(variation_of_information(truth, prediction))

    def elf(prediction: np.ndarray, truth: np.ndarray) -> Any:
        from elf.evaluation import cremi_score

        return cremi_score(prediction, truth, ignore_gt=[0])[3]

    return {
        "metareview, 1 thread (table, 4 scores)": ours(1),
        "metareview, 2 threads (table, 4 scores)": ours(2),
        "metareview without numba, 1 thread": ours(1, "numpy"),
        "metareview, raw ids (truth against itself shifted)": ours(1),
        "scikit-image adapted_rand_error": skimage_are,
        "scikit-image variation_of_information": skimage_voi,
        "python-elf cremi_score": elf,
    }


NEEDS = {"scikit-image": "skimage", "python-elf": "elf", "metareview": "numpy"}


def reset_peak() -> float:
    """Forget the peak so far where the system can (Linux); return the memory in use, in MB."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return status("VmRSS")


def peak() -> float:
    """Return the peak of resident memory since `reset_peak`, in MB."""
    try:
        return status("VmHWM")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024.0 for line in lines if line.startswith(name))


def one(name: str, folder: Path) -> None:
    """Measure one row in this process."""
    run = peers()[name]
    if "raw ids" in name:
        truth = np.load(folder / "raw.npy")
        prediction = np.roll(truth, 1, axis=2)
    else:
        prediction, truth = np.load(folder / "prediction.npy"), np.load(folder / "truth.npy")
    tiny = np.arange(64, dtype=truth.dtype).reshape(4, 4, 4) // 8
    run(tiny, tiny)
    before, best, cpu = reset_peak(), np.inf, np.inf
    for _ in range(12 if name.startswith("metareview") else 1):  # the best: other work on the machine only slows
        start, used = time.perf_counter(), time.process_time()
        answer = run(prediction, truth)
        best, cpu = min(best, time.perf_counter() - start), min(cpu, time.process_time() - used)
    print(json.dumps({"seconds": best, "cpu": cpu, "extra": peak() - before, "voxels": truth.size, "answer": answer}))


def memory_free() -> float:
    with Path("/proc/meminfo").open() as stream:
        return next(int(line.split()[1]) / 1e6 for line in stream if line.startswith("MemAvailable"))


def throughput(folder: Path) -> None:
    print(f"\n{'implementation':<52}{'s':>8}{'cpu s':>8}{'Mvoxel/s':>10}{'per cpu s':>10}{'extra MB':>10}")
    for name in peers():
        module = next(module for prefix, module in NEEDS.items() if name.startswith(prefix))
        if find_spec(module) is None:
            print(f"{name:<52}{'not installed':>18}")
            continue
        if not name.startswith("metareview") and sys.platform == "linux" and memory_free() < 9.0:
            print(f"{name:<52}{'left out: less than 9 GB of memory free':>40}")
            continue
        command = [sys.executable, __file__, "--one", name, "--folder", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name:<52}  failed: {done.stderr.strip().splitlines()[-1:]}")
            continue
        row = json.loads(done.stdout.splitlines()[-1])
        mega = row["voxels"] / 1e6
        print(
            f"{name:<52}{row['seconds']:>8.3f}{row['cpu']:>8.3f}{mega / row['seconds']:>10.0f}"
            f"{mega / row['cpu']:>10.0f}{row['extra']:>10.0f}",
            flush=True,
        )


@dataclass
class Tiled:
    """A volume of any size made of one block; each tile has ids of its own. Reads are timed."""

    block: np.ndarray
    shape: tuple[int, ...]
    name: str = "tiles"
    path: Path | None = None
    seconds: float = 0.0

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint64)

    @property
    def chunks(self) -> tuple[int, ...]:
        return tuple(min(128, size) for size in self.shape)

    def read(self, region: tuple[slice, ...]) -> np.ndarray:
        start = time.perf_counter()
        tile = [part.start // size for part, size in zip(region, self.block.shape, strict=True)]
        inside = tuple(
            slice(part.start - k * size, part.stop - k * size)
            for part, k, size in zip(region, tile, self.block.shape, strict=True)
        )
        values = self.block[inside].astype(np.uint64)
        values += np.uint64((tile[0] * 1_000_000 + tile[1] * 1000 + tile[2]) * TILE)
        self.seconds += time.perf_counter() - start
        return values


def scaling(folder: Path, largest: int) -> None:
    """Stream volumes of growing size, block by block, on one thread."""
    from metareview.evaluation import contingency_table
    from metareview.evaluation.volumes import Volume

    prediction, truth = np.load(folder / "prediction.npy"), np.load(folder / "truth.npy")
    print(
        f"\nstreamed {'':<14}{'voxels':>16}{'pairs':>12}{'total s':>10}{'count s':>10}{'Mvoxel/s':>10}{'extra MB':>10}"
    )
    contingency_table(prediction[:8, :8, :8], truth[:8, :8, :8])
    before, size = reset_peak(), 128
    while size <= largest:
        readers = [Tiled(array, (size,) * 3) for array in (prediction, truth)]
        volumes = [Volume("tiles", reader.shape, reader.dtype, reader.chunks, reader) for reader in readers]
        start = time.perf_counter()
        table = contingency_table(*volumes)
        total = time.perf_counter() - start
        count = total - sum(reader.seconds for reader in readers)
        print(
            f"{size:>6}^3{'':<14}{table.voxels:>16,}{len(table):>12,}{total:>10.2f}{count:>10.2f}"
            f"{table.voxels / 1e6 / count:>10.0f}{peak() - before:>10.0f}",
            flush=True,
        )
        size *= 2
    print("count s: without the time that the tiles take to be made; extra MB: peak beyond the tile, all sizes so far")


def on_disk(folder: Path) -> None:
    """The same pair from zarr, block by block."""
    if find_spec("zarr") is None:
        print("\nzarr is not installed")
        return
    import zarr

    from metareview.evaluation import contingency_table

    whole = []
    for name in ("prediction", "truth"):
        array = np.load(folder / f"{name}.npy")
        whole.append(array)
        zarr.create_array(str(folder / f"{name}.zarr"), shape=array.shape, dtype=array.dtype, chunks=(64,) * 3)[:] = (
            array
        )
    expected = contingency_table(*whole)
    paths = [str(folder / f"{name}.zarr") for name in ("prediction", "truth")]
    print(f"\nzarr, chunks of 64^3{'':<20}{'s':>8}{'Mvoxel/s':>10}")
    for workers in (1, 2):
        start = time.perf_counter()
        table = contingency_table(*paths, workers=workers)
        seconds = time.perf_counter() - start
        same = "same table" if table == expected else "ANOTHER TABLE"
        print(f"{workers} thread(s), with reading{'':<15}{seconds:>8.2f}{whole[0].size / 1e6 / seconds:>10.0f}  {same}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small volumes")
    parser.add_argument("--largest", type=int, default=2048, help="edge of the largest streamed volume")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--stream", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stream:
        scaling(given.folder, given.stream)
        return
    if given.one:
        one(given.one, given.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"pair: {make_pair(folder, given.quick)}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        throughput(folder)
        largest = 256 if given.quick else given.largest
        command = [sys.executable, __file__, "--stream", str(largest), "--folder", str(folder)]
        subprocess.run(command, check=True)  # a process of its own, for its peak of memory
        on_disk(folder)
        print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
