"""How fast a report is built: from nothing, with nothing to do, and after one edited cell.

Run: python benchmarks/bench_build.py [--review data/studies/brain-em] [--cores N]

The review is copied to a temporary folder. Wall seconds of the whole command are printed, and the ratio to rendering
the same report in one process without the workflow (``metareview report``), which is what the separate steps cost and
what the workflow saves when little has changed.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "metareview", *command], check=True, capture_output=True)
    return time.perf_counter() - start


def edit_a_cell(folder: Path) -> None:
    """Change the title of the first document."""
    sheet = folder / "sources.csv"
    with sheet.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    rows[0]["title"] += " (edited)"
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--review", type=Path, default=ROOT / "data" / "studies" / "brain-em")
    parser.add_argument("--cores", default=str(os.cpu_count()))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / options.review.name
        shutil.copytree(options.review, folder)
        build = ("build", str(folder), "--cores", options.cores)
        whole = seconds(*build)
        nothing = seconds(*build)
        edit_a_cell(folder)
        cell = seconds(*build)
        page = seconds("report", str(folder), "-o", str(Path(home) / "page.html"))
    print(f"{options.review.name}, {options.cores} cores")
    for label, value in (
        ("from nothing", whole), ("nothing to do", nothing), ("one cell of sources", cell),
        ("the page in one process", page),
    ):  # fmt: skip
        print(f"  {label:<24}{value:7.1f} s  {value / page:5.2f} x the page")


if __name__ == "__main__":
    main()
