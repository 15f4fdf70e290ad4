"""Training and inference throughput of the reference models, against both ceilings of the device and a plain loop.

    python benchmarks/bench_rerun.py                      # on CUDA: every model at full width, about ten minutes
    python benchmarks/bench_rerun.py --quick              # reduced, also on CPU (one thread); a minute
    python benchmarks/bench_rerun.py --models unet2d,rsunet --output rerun_throughput.json
    python benchmarks/bench_rerun.py --seconds 540        # begins no model that would end later, and says which

Needs the extra `rerun`. Without CUDA it measures the reduced form and says so. Per model and task: Mvoxel/s, achieved
TFLOP/s and GB/s with their share of the ceilings measured in the same run, and the factor over a plain eager float32
loop in the same run. Rows are shown, and the JSON is written, after each model; what could not be measured is a row
with the reason.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

HEADS = (
    "model", "task", "Mvoxel/s", "TFLOP/s", "of matmul", "GB/s", "of copy", "plain Mvoxel/s", "ours / plain",
    "ms (fastest to slowest)", "first call (s)", "remarks",
)  # fmt: skip


def head(result: dict[str, Any]) -> str:
    device, ceilings = result["device"], result["ceilings"]
    return "\n".join([
        f"{device['name']}, {device['memory_gib']} GiB, torch {device['torch']}"
        + (f", CUDA {device['cuda']}" if device["type"] == "cuda" else f", {device['threads']} threads"),
        f"Ceilings: bf16 matrix product {ceilings['matmul_tflops']:.3g} TFLOP/s "
        f"({ceilings['matmul_size']} x {ceilings['matmul_size']}), copy {ceilings['copy_gbs']:.3g} GB/s.",
        "", "| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS),
    ])  # fmt: skip


def line(row: dict[str, Any]) -> str:
    def number(key: str, form: str) -> str:
        return "" if row[key] is None else form.format(row[key])

    spread = "" if row["low"] is None else f" ({row['low']:.3g} to {row['high']:.3g})"
    cells = [
        row["model"], row["task"], number("mvoxels", "{:.3g}"), number("tflops", "{:.3g}"),
        number("of_matmul", "{:.0%}"), number("gbs", "{:.3g}"), number("of_copy", "{:.0%}"),
        number("plain_mvoxels", "{:.3g}"), number("speedup", "{:.2f}x"), number("milliseconds", "{:.3g}") + spread,
        number("first_seconds", "{:.2g}"), "; ".join(filter(None, (row["reason"], *row["events"]))),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


class Shown:
    """Prints what is new in a result, and writes all of it."""

    def __init__(self, output: Path | None) -> None:
        self.output, self.rows = output, -1

    def __call__(self, result: dict[str, Any]) -> None:
        from metareview.results.atomic import write_atomic

        if self.rows < 0:
            print(head(result), flush=True)
        for row in result["rows"][max(self.rows, 0) :]:
            print(line(row), flush=True)
        self.rows = len(result["rows"])
        if self.output:
            write_atomic(self.output, json.dumps(result, indent=1) + "\n")


def throughput(given: argparse.Namespace, begin: float) -> None:
    from metareview.errors import UnknownName
    from metareview.rerun.device import choose_device
    from metareview.rerun.throughput import CASES, measure_all

    device = choose_device(given.device)
    known = [case.model for case in CASES]
    names = given.models.split(",") if given.models else known
    for name in names:
        if name not in known:
            raise UnknownName("model", name, known)
    quick = given.quick or device.type == "cpu"
    if device.type == "cpu":
        import torch

        torch.set_num_threads(
            1
        )  # on a machine that does other work, threads that wait for each other measure that work
    if quick and not given.quick:
        print("no CUDA device: the reduced form (--quick); its ratios say little about a GPU")
    left = None if given.seconds is None else given.seconds - (perf_counter() - begin)
    result = measure_all(
        device, quick=quick, cases=[case for case in CASES if case.model in names], seconds=left,
        say=lambda text: print(text, file=sys.stderr, flush=True), keep=Shown(given.output),
    )  # fmt: skip
    if result["left_out"]:
        print(f"left out, for the {given.seconds:g} seconds are up: {', '.join(result['left_out'])}")


def main() -> None:
    begin = perf_counter()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="reduced width and patches")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1")
    parser.add_argument("--models", help="names, with commas; all when left out")
    parser.add_argument("--seconds", type=float, help="time for all of it, the start of the program included")
    parser.add_argument("--output", type=Path, help="also write the numbers as JSON, after each model")
    given = parser.parse_args()
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError:
        print("skipped: torch is not installed; pip install 'metareview[rerun]' brings it")
        return
    from metareview.errors import MetareviewError

    try:
        throughput(given, begin)
    except MetareviewError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
