"""Rankings beside autorank, scikit-posthocs, rliable and challengeR (R), in one run on one machine.

    python benchmarks/bench_ranking.py

CPU times of one thread (set OPENBLAS_NUM_THREADS=1), median of the repeats: a busy machine matters less than for wall
time. challengeR tells wall time. What is not installed is said, not skipped in silence; rliable 1.2 needs arch, which
does not import with pandas 3: the message is printed. Peers that only test or only bootstrap are timed on what they do.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd

from metareview.stats.benchmark.ranking import RULES, Cube, cube_from_long, rank
from metareview.stats.benchmark.ranking.significance import significance

METHODS, SETS, METRICS, REPLICATES = 100, 50, 5, 10_000
#: Seconds that the plan allows.
TARGETS = {"bootstrap": 5.0, "bounds": 5.0}


def cube(gaps: float, methods: int = METHODS, sets: int = SETS, metrics: int = METRICS) -> Cube:
    rng = np.random.default_rng(11)
    rows = [
        (f"m{i:03d}", f"d{j:02d}", f"q{k}", rng.random() + 0.002 * i)
        for i in range(methods)
        for j in range(sets)
        for k in range(metrics)
        if rng.random() >= gaps
    ]
    names = [f"q{k}" for k in range(metrics)]
    frame = pd.DataFrame(rows, columns=["method", "dataset", "metric", "value"])
    return cube_from_long(frame, dict.fromkeys(names, "higher"), ranges=dict.fromkeys(names, (0.0, 2.0)))


def clock(call: Callable[[], object], repeats: int = 3) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return median(times)


def own() -> None:
    print(f"{METHODS} methods x {SETS} data sets x {METRICS} metrics; CPU seconds for one ranking with bounds, and for")
    print(
        f"the same with {REPLICATES:,} bootstrap replicates (targets: {TARGETS['bounds']:g} and "
        f"{TARGETS['bootstrap']:g} s)"
    )
    print(f"{'rule':<15}{'full':>8}{'+ boot':>8}{'30% gaps':>10}{'+ boot':>8}")
    tables = cube(0.0), cube(0.3)
    for rule in RULES:
        line = f"{rule:<15}"
        for table in tables:
            bounds = clock(lambda rule=rule, table=table: rank(table, rule, "available", n_boot=0), 1)
            boot = clock(lambda rule=rule, table=table: rank(table, rule, "available", n_boot=REPLICATES), 1)
            line += f"{bounds:>8.2f}{boot:>8.2f}  "
        print(line)


def beside_tests() -> None:
    """Friedman, Nemenyi and all pairs on a complete table, as autorank and scikit-posthocs do."""
    rng = np.random.default_rng(3)
    values = rng.random((10, 60))
    names = tuple(f"m{i}" for i in range(10))
    mine = clock(lambda: significance(values, names, "data sets"))
    print(
        f"\ntests of 10 methods on 60 data sets: metareview {mine:.3f} s (Friedman, Iman-Davenport, Nemenyi, 45 pairs)"
    )
    frame = pd.DataFrame(values.T, columns=list(names))
    warnings.simplefilter("ignore")
    try:
        from autorank import autorank

        with contextlib.redirect_stdout(io.StringIO()):
            other = clock(lambda: autorank(frame, force_mode="nonparametric"))
        print(f"  autorank {other:.3f} s, ratio {other / mine:.1f} (its decision tree, Friedman and Nemenyi)")
    except ImportError as error:
        print(f"  autorank: {error}")
    try:
        import scikit_posthocs

        other = clock(lambda: scikit_posthocs.posthoc_nemenyi_friedman(values.T))
        print(f"  scikit-posthocs {other:.3f} s, ratio {other / mine:.2f} (Nemenyi only)")
    except ImportError as error:
        print(f"  scikit-posthocs: {error}")


def beside_bootstrap() -> None:
    """Bootstrap of means over data sets: rliable (aggregate means with intervals), challengeR (ranks over cases)."""
    small = cube(0.0, 10, 50, 1)
    mine = clock(lambda: rank(small, "mean", n_boot=1000))
    print(
        f"\n1,000 bootstrap rankings of 10 methods on 50 data sets: metareview {mine:.3f} s (ranks, bounds, pairs, "
        "tests)"
    )
    try:
        from rliable import library, metrics

        scores = {name: small.values[i][:, None] for i, name in enumerate(small.methods_compared)}

        def aggregate(x: np.ndarray) -> np.ndarray:
            return np.array([metrics.aggregate_mean(x)])

        other = clock(lambda: library.get_interval_estimates(scores, aggregate, reps=1000))
        print(f"  rliable {other:.3f} s, ratio {other / mine:.1f} (means only, no ranks)")
    except Exception as error:
        print(f"  rliable does not run here: {type(error).__name__}: {str(error).splitlines()[0]}")
    print(f"  {challenger(small)}")


def challenger(table: Cube) -> str:
    if shutil.which("Rscript") is None:
        return "challengeR: R is not installed"
    code = """
    if (!requireNamespace("challengeR", quietly = TRUE)) { cat("missing"); quit() }
    library(challengeR); d <- read.csv(file("stdin"))
    x <- as.challenge(d, algorithm = "a", case = "c", value = "v", smallBetter = FALSE)
    r <- aggregateThenRank(x, FUN = mean, ties.method = "min")
    set.seed(1); cat(system.time(bootstrap(r, nboot = 1000))["elapsed"])
    """
    rows = [
        (name, j, value) for i, name in enumerate(table.methods_compared) for j, value in enumerate(table.values[i])
    ]
    text = pd.DataFrame(rows, columns=["a", "c", "v"]).to_csv(index=False)
    done = subprocess.run(["Rscript", "-e", code], input=text, capture_output=True, text=True, check=False)
    if done.returncode or "missing" in done.stdout:
        return "challengeR is not installed"
    return f"challengeR {float(done.stdout.split()[-1]):.2f} s wall (ranks only)"


if __name__ == "__main__":
    own()
    beside_tests()
    beside_bootstrap()
    sys.exit(0)
