"""The synthesis engine beside metafor (R) and PyMARE, in one run on one machine; and coverage of the tests.

    python benchmarks/bench_synthesis.py            # ratios, as a table
    python benchmarks/bench_synthesis.py coverage   # coverage of intervals by test and number of studies

All are CPU times of one thread (set OPENBLAS_NUM_THREADS=1).
metafor is timed where Rscript finds it (R_LIBS chooses a version), PyMARE where it is importable by the interpreter
that the variable PYMARE_PYTHON names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from metareview.stats.effects import compute_effects
from metareview.stats.synthesis import UnivariateFit, fit, fit_batch
from metareview.stats.synthesis.batch import fit_counts
from metareview.stats.synthesis.deletion import gosh, leave_one_out
from metareview.stats.synthesis.resampling import permutation_test

HERE = Path(__file__).parent
#: Colditz et al. 1994: vaccinated cases and others, unvaccinated cases and others of 13 BCG trials
BCG = [
    [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619], [33, 5036, 47, 5761],
    [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892], [29, 7470, 45, 7232], [17, 1699, 65, 1600],
    [186, 50448, 141, 27197], [5, 2493, 3, 2338], [27, 16886, 29, 17825],
]  # fmt: skip
TARGETS = {"reml": 5, "bootstrap": 1000, "bootstrap (counts)": 1000, "gosh": 500, "three_level": 100}


def simulated() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(42)
    v = np.exp(rng.normal(-3, 1, 46))
    group = np.repeat(np.arange(200), 5)
    v3 = rng.uniform(0.01, 0.1, 1000)
    y3 = 0.2 + rng.normal(0, 0.3, 200)[group] + rng.normal(size=1000) * np.sqrt(0.09 + v3)
    return {
        "y46": rng.normal(0.2, np.sqrt(v + 0.1)), "v46": v, "x46": rng.normal(size=46),
        "g46": np.repeat(np.arange(23), 2),
        "index": rng.integers(0, 46, (1000, 46)), "y1000": y3, "v1000": v3, "g1000": group, "bcg": np.array(BCG, float),
    }  # fmt: skip


def clock(call: Callable[[], object], repeats: int = 15) -> float:
    """Median CPU seconds of one thread: a busy machine matters less than for wall time."""
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return median(times)


def univariate(*args: object, **options: object) -> UnivariateFit:
    found = fit(*args, **options)  # type: ignore[arg-type]
    assert isinstance(found, UnivariateFit)
    return found


def ours(data: dict[str, np.ndarray]) -> dict[str, float]:
    y, v, x, index = data["y46"], data["v46"], data["x46"], data["index"]
    bcg = compute_effects("RR", **{name: data["bcg"][:, j] for j, name in enumerate(("ai", "bi", "ci", "di"))})
    three = pd.DataFrame({"yi": data["y1000"], "vi": data["v1000"], "g": data["g1000"], "r": np.arange(1000)})
    counts = np.stack([np.bincount(row, minlength=46) for row in index]).astype(float)
    single, trials = univariate(y, v, test="z"), univariate(bcg, test="z")
    with_x = univariate(y, v, mods=x, test="z")
    return {
        "ee": clock(lambda: univariate(y, v, method="EE", test="z").coefficients),
        "dl": clock(lambda: univariate(y, v, method="DL", test="z").coefficients),
        "reml": clock(lambda: univariate(y, v, test="z").coefficients),
        "reml_moderator": clock(lambda: univariate(y, v, mods=x, test="knha").coefficients),
        "qp": clock(lambda: univariate(y, v, test="z").tau2_ci),
        "leave1out": clock(lambda: leave_one_out(single)),
        "bootstrap": clock(lambda: fit_batch(y[index], v[index])),
        "bootstrap (counts)": clock(lambda: fit_counts(y, v, counts)),
        "permutation": clock(lambda: permutation_test(with_x, rng=np.random.default_rng(1), replicates=1000)),
        "gosh": clock(lambda: gosh(trials), 7),
        "three_level": clock(lambda: fit(three, random="~ 1 | g/r"), 9),
        "cr2": clock(lambda: fit(y, v, mods=x, cluster=data["g46"])),
    }


def metafor(data: dict[str, np.ndarray]) -> dict[str, float | str]:
    if shutil.which("Rscript") is None:
        return {"version": "not installed"}
    with TemporaryDirectory() as folder:
        given, out = Path(folder) / "data.json", Path(folder) / "out.json"
        given.write_text(json.dumps({key: value.tolist() for key, value in data.items()}), encoding="utf-8")
        command = ["Rscript", str(HERE / "bench_synthesis.R"), str(given), str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return {"version": f"failed: {done.stderr.strip().splitlines()[-1:]}"}
        found: dict[str, float | str] = json.loads(out.read_text(encoding="utf-8"))
    return found


PYMARE = """
import json, sys, time, statistics, warnings
warnings.simplefilter("ignore")
import numpy as np, pymare
from importlib.metadata import version
from pymare import Dataset
from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator
data = {k: np.array(v) for k, v in json.load(open(sys.argv[1])).items()}
y, v, index = data["y46"], data["v46"], data["index"]
def clock(call, n):
    call(); times = []
    for _ in range(n):
        start = time.process_time(); call(); times.append(time.process_time() - start)
    return statistics.median(times)
reml = lambda a, b: VarianceBasedLikelihoodEstimator(method="REML").fit_dataset(Dataset(y=a, v=b)).summary()
out = {"dl": clock(lambda: DerSimonianLaird().fit_dataset(Dataset(y=y, v=v)).summary().get_fe_stats(), 9)}
out["reml"] = clock(lambda: reml(y, v).get_fe_stats(), 9)
out["bootstrap"] = clock(lambda: reml(y[index].T, v[index].T), 3)
out["version"] = "PyMARE " + version("pymare")
print(json.dumps(out))
"""


def pymare(data: dict[str, np.ndarray]) -> dict[str, float | str]:
    interpreter = os.environ.get("PYMARE_PYTHON", sys.executable)
    with TemporaryDirectory() as folder:
        given = Path(folder) / "data.json"
        given.write_text(json.dumps({key: value.tolist() for key, value in data.items()}), encoding="utf-8")
        done = subprocess.run([interpreter, "-c", PYMARE, str(given)], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"version": f"PyMARE not run: {(done.stderr.strip().splitlines() or ['?'])[-1]}"}
    found: dict[str, float | str] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def coverage(replicates: int = 20_000) -> str:
    """Coverage of nominal 95 % intervals of the mean (REML), log-normal variances; standard error below 0.0016."""
    from metareview.stats.synthesis.inference import critical

    lines = ["| k | I2 | z | t | knha | adhoc |", "|---|---|---|---|---|---|"]
    rng = np.random.default_rng(7)
    for k in (3, 5, 10, 20):
        for i2 in (0.0, 0.5, 0.9):
            v = np.exp(rng.normal(-3, 1, (replicates, k)))
            tau2 = i2 / (1 - i2) * np.exp(-3)
            found = fit_batch(rng.normal(size=(replicates, k)) * np.sqrt(v + tau2), v)
            cells = []
            for test in ("z", "t", "knha", "adhoc"):
                half = critical(0.95, None if test == "z" else k - 1) * found.standard_errors(test)
                cells.append(f"{np.mean(np.abs(found.estimate) <= half):.3f}")
            lines.append(f"| {k} | {i2:.0%} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def show(value: object) -> str:
    return f"{1e3 * value:.3g}" if isinstance(value, float | int) else "–"


def main() -> None:
    data = simulated()
    mine, r, python = ours(data), metafor(data), pymare(data)
    print(f"Compared with: {r['version']}; {python['version']}.\n")
    print("| task | metareview (ms) | metafor (ms) | PyMARE (ms) | metafor / metareview | target |")
    print("|---|---|---|---|---|---|")
    for task, seconds in mine.items():
        name = task.split(" ")[0]
        base = r.get(name)
        ratio = f"{base / seconds:,.0f}x" if isinstance(base, float | int) else "–"
        goal = f"{TARGETS[task]:,}x" if task in TARGETS else ""
        print(f"| {task} | {show(seconds)} | {show(base)} | {show(python.get(name))} | {ratio} | {goal} |")


if __name__ == "__main__":
    print(coverage()) if sys.argv[1:] == ["coverage"] else main()
