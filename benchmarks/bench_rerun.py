"""Training and inference throughput of the reference models, against both ceilings of the device and a plain loop.

    python benchmarks/bench_rerun.py                      # on CUDA: every model at full width, about ten minutes
    python benchmarks/bench_rerun.py --quick              # reduced, also on CPU (one thread); a minute
    python benchmarks/bench_rerun.py --models unet2d,rsunet --output rerun_throughput.json
    python benchmarks/bench_rerun.py --seconds 540        # begins no model that would end later, and says which
    python benchmarks/bench_rerun.py --scores             # seconds and scores of whole runs, ours and the plain loop
    python benchmarks/bench_rerun.py --scores --data ~/em_data --preset full --seconds 540

Needs the extra `rerun`. Without CUDA it measures the reduced form and says so. Per model and task: Mvoxel/s, achieved
TFLOP/s and GB/s with their share of the ceilings measured in the same run, and the factor over a plain eager float32
loop in the same run. Rows are shown, and the JSON is written, after each model; what could not be measured is a row
with the reason.

`--scores` trains one spec by both loops, three seeds each or more: the phantom's, or with `--data` that of ISBI-2012.
It shows seconds, how many times faster ours is, and whether the scores are equal as far as seeds tell.
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


def outcomes(result: dict[str, Any]) -> str:
    where = result["device"]["name"]
    lines = [
        f"{result['spec']} ({result['preset']}), fold {result['fold']}, {result['score']}, on {where}",
        "", "| seed | loop | training (s) | prediction (s) | threshold | score |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    lines += [
        f"| {row['seed']} | {row['loop']} | {row['train_seconds']:.1f} | {row['predict_seconds']:.1f} "
        f"| {row['threshold']:g} | {row['score']:.4f} |"
        for row in result["outcomes"]
    ]
    found = result["summary"]
    if found is None:
        return "\n".join(lines)
    lines.append("")
    for loop, sample in found["scores"].items():
        sd = "" if sample["sd"] is None else f", SD {sample['sd']:.4f}"
        spent = found["seconds"][loop]
        lines.append(
            f"{loop}: score {sample['mean']:.4f}{sd}, n {sample['n']}; "
            f"training {spent['train']:.1f} s, prediction {spent['predict']:.1f} s"
        )
    times = found["times_faster"]
    lines.append(
        f"ours is {times['train']:.2f} times as fast in training, {times['predict']:.2f} in prediction, "
        f"{times['both']:.2f} in both"
    )
    if found["within_noise"] is not None:
        words = "no more than seeds differ" if found["within_noise"] else "more than seeds differ"
        few = "" if found["enough"] else "; with fewer than three seeds the interval says little"
        interval = f"[{found['low']:+.4f}, {found['high']:+.4f}]"
        lines.append(f"scores, ours less plain: {found['difference']:+.4f} {interval}: {words}{few}")
    return "\n".join(lines)


def scores(given: argparse.Namespace, begin: float) -> None:
    from metareview.errors import UnknownName
    from metareview.rerun.run import load_data
    from metareview.rerun.spec_files import read_specs
    from metareview.rerun.versus import compare
    from metareview.results.atomic import write_atomic

    root = Path(__file__).resolve().parents[1]
    review = given.review or root / ("data/studies/brain-em" if given.data else "examples/phantom")
    name = given.spec or ("isbi2012-unet2d" if given.data else "phantom-unet2d")
    specs = read_specs(review)
    if name not in specs:
        raise UnknownName("spec", name, specs)
    spec = specs[name].with_preset(given.preset)
    seeds = [int(seed) for seed in given.seeds.split(",")] if given.seeds else []

    def keep(result: dict[str, Any]) -> None:
        if given.output:
            write_atomic(given.output, json.dumps(result, indent=1) + "\n")

    left = None if given.seconds is None else given.seconds - (perf_counter() - begin)
    result = compare(
        spec, load_data(spec, given.data), fold=given.fold, seeds=seeds, device=given.device, seconds=left,
        say=lambda text: print(text, file=sys.stderr, flush=True), keep=keep,
    )  # fmt: skip
    print(outcomes(result))
    if result["left_out"]:
        print(f"left out, for the {given.seconds:g} seconds are up: seeds {', '.join(map(str, result['left_out']))}")


def main() -> None:
    begin = perf_counter()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="reduced width and patches")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1")
    parser.add_argument("--models", help="names, with commas; all when left out")
    parser.add_argument("--seconds", type=float, help="time for all of it, the start of the program included")
    parser.add_argument("--output", type=Path, help="also write the numbers as JSON, after each model or seed")
    whole = parser.add_argument_group("--scores")
    whole.add_argument("--scores", action="store_true", help="train a spec by both loops; compare seconds and scores")
    whole.add_argument("--data", type=Path, help="folder with one folder per data set; ISBI-2012 is compared")
    whole.add_argument("--review", type=Path, help="review whose spec it is; the phantom's, or with --data brain-em")
    whole.add_argument("--spec", help="id of the spec")
    whole.add_argument("--preset", default="as-written", help="preset of the spec")
    whole.add_argument("--fold", help="fold of the spec; its first")
    whole.add_argument("--seeds", help="with commas; those of the spec")
    given = parser.parse_args()
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError:
        print("skipped: torch is not installed; pip install 'metareview[rerun]' brings it")
        return
    from metareview.errors import MetareviewError

    try:
        (scores if given.scores else throughput)(given, begin)
    except MetareviewError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
