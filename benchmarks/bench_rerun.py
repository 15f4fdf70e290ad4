"""Training and inference throughput of the reference models, against both ceilings of the device and a plain loop.

    python benchmarks/bench_rerun.py                      # on CUDA: every model at full width, about ten minutes
    python benchmarks/bench_rerun.py --quick              # reduced, also on CPU (one thread); a minute
    python benchmarks/bench_rerun.py --models unet2d,rsunet --output rerun_throughput.json

Needs the extra `rerun`. Without CUDA it measures the reduced form and says so. Per model and task: Mvoxel/s, achieved
TFLOP/s and GB/s with their share of the ceilings measured in the same run, and the factor over a plain eager float32
loop in the same run.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HEADS = (
    "model", "task", "Mvoxel/s", "TFLOP/s", "of matmul", "GB/s", "of copy", "plain Mvoxel/s", "ours / plain",
    "ms (fastest to slowest)", "first call (s)",
)  # fmt: skip


def table(result: dict[str, Any]) -> str:
    device, ceilings = result["device"], result["ceilings"]
    lines = [
        f"{device['name']}, {device['memory_gib']} GiB, torch {device['torch']}"
        + (f", CUDA {device['cuda']}" if device["type"] == "cuda" else f", {device['threads']} threads"),
        f"Ceilings: bf16 matrix product {ceilings['matmul_tflops']:.3g} TFLOP/s "
        f"({ceilings['matmul_size']} x {ceilings['matmul_size']}), copy {ceilings['copy_gbs']:.3g} GB/s.",
        "", "| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS),
    ]  # fmt: skip
    for row in result["rows"]:
        cells = (
            row["model"], row["task"], f"{row['mvoxels']:.3g}", f"{row['tflops']:.3g}", f"{row['of_matmul']:.0%}",
            f"{row['gbs']:.3g}", f"{row['of_copy']:.0%}", f"{row['plain_mvoxels']:.3g}", f"{row['speedup']:.2f}x",
            f"{row['milliseconds']:.3g} ({row['low']:.3g} to {row['high']:.3g})", f"{row['first_seconds']:.2g}",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="reduced width and patches")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1")
    parser.add_argument("--models", help="names, with commas; all when left out")
    parser.add_argument("--output", type=Path, help="also write the numbers as JSON")
    given = parser.parse_args()
    try:
        from metareview.rerun.device import choose_device
        from metareview.rerun.throughput import CASES, measure_all
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        print("skipped: torch is not installed; pip install 'metareview[rerun]' brings it")
        return
    from metareview.errors import MetareviewError, UnknownName

    try:
        device = choose_device(given.device)
        names = given.models.split(",") if given.models else [case.model for case in CASES]
        for name in names:
            if name not in {case.model for case in CASES}:
                raise UnknownName("model", name, [case.model for case in CASES])
    except MetareviewError as error:
        sys.exit(str(error))
    quick = given.quick or device.type == "cpu"
    if device.type == "cpu":
        import torch

        torch.set_num_threads(
            1
        )  # on a machine that does other work, threads that wait for each other measure that work
    if quick and not given.quick:
        print("no CUDA device: the reduced form (--quick); its ratios say little about a GPU")
    cases = [case for case in CASES if case.model in names]
    result = measure_all(device, quick=quick, cases=cases, say=lambda text: print(text, file=sys.stderr))
    print(table(result))
    if given.output:
        given.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
