"""How fast a multiverse is: seconds per 1,000 specifications on tables of several sizes, the founding table first.

Run: OPENBLAS_NUM_THREADS=1 python benchmarks/bench_multiverse.py

The aim is 1,000 specifications in less than 10 s. Wall seconds, the better of two; the exit code is 1 where the aim is
missed on the founding table or on a table of the size of a large review (30 methods, 40 columns, a third missing).
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

import metareview
from metareview.stats.benchmark.multiverse import Multiverse, run_multiverse
from metareview.stats.benchmark.multiverse.analysis import compute_multiverse
from metareview.stats.benchmark.ranking import Cube, cube_from_wide

REVIEW = Path(__file__).parent.parent / "data" / "studies" / "brain-em"
REPEATS, LIMIT = 2, 10.0
#: Methods, data sets, metrics per data set, and the share of cells that are missing.
SIZES = ((10, 4, 3, 0.0), (10, 4, 3, 0.3), (30, 8, 5, 0.3), (100, 10, 5, 0.3))
METRICS = ("dice", "jaccard", "recall", "precision", "ap")


def table(m: int, datasets: int, metrics: int, missing: float) -> Cube:
    """Return a table of random scores."""
    rng = np.random.default_rng(7)
    heads = [f"d{i}|{name}" for i in range(datasets) for name in METRICS[:metrics]]
    values = rng.uniform(0.3, 0.99, (m, len(heads)))
    values[rng.random(values.shape) < missing] = np.nan
    return cube_from_wide(pd.DataFrame(values, columns=heads).assign(method=[f"m{i}" for i in range(m)]))


def best(run: object) -> tuple[float, Multiverse]:
    """Return the least of some times, and the result."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        found: Multiverse = run()  # type: ignore[operator]
        times.append(time.perf_counter() - start)
    return min(times), found


def main() -> int:
    """Print the table."""
    review = metareview.load(REVIEW)
    lines = [("Table 3 as printed", *best(lambda: compute_multiverse(review.frames, review.spec)))]
    for size in SIZES:
        cube = table(*size)
        name = f"{size[0]} x {size[1] * size[2]}, {size[3]:.0%} missing"
        lines.append((name, *best(lambda cube=cube: run_multiverse(cube))))  # type: ignore[misc]
    failed = False
    print(f"{'table':26} {'specifications':>14} {'seconds':>8} {'per 1,000':>10}")
    for at, (name, seconds, found) in enumerate(lines):
        each = seconds / len(found.specifications) * 1000
        failed |= each > LIMIT and at < len(lines) - 1
        print(f"{name:26} {len(found.specifications):14,} {seconds:8.2f} {each:8.2f} s")
    print("missed" if failed else f"1,000 specifications in less than {LIMIT:g} s")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
