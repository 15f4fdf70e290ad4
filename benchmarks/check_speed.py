"""How fast a review is checked: 100,000 result rows with every column and every rule, clean and with faults.

Run: python benchmarks/check_speed.py [--rows N] [--xlsx]

Prints CPU seconds (the best of three, so that a busy machine does not matter) for reading (bytes to text) and for
checking (text to typed, validated tables and all rules across rows), and by how much the peak memory of the process
grew beside the size of the file. The aim is 1.5 s of checking for 100,000 rows; the line ``pydantic`` is the same
validation done row by row with the models, without reading and without rules across rows.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from metareview.ingest import check_review
from metareview.ingest.files import find_tables, read_raw
from metareview.ingest.problems import Problems
from metareview.schema import Result

#: The best of so many runs is printed.
REPEATS = 3
METRICS = ("dice", "jaccard", "accuracy", "voi", "arand", "f1", "precision", "recall")


def result_rows(number: int, faulty: float, rng: random.Random) -> list[list[str]]:
    """Return rows for results.csv; the share `faulty` of them has one fault each."""
    rows = []
    for index in range(number):
        metric = METRICS[index % len(METRICS)]
        native = metric == "voi"
        value = rng.uniform(0.3, 0.9)
        percent = not native and index % 3 == 0
        factor = 100 if percent else 1
        cells = [value, 0.04, 0.01, value - 0.05, value + 0.05]
        value_text, sd, se, low, high = (f"{cell * factor:.4f}" for cell in cells)
        if rng.random() < faulty:
            value_text = rng.choice(["0,85 ± 0,02", "1,234", "high", "948.7", ""])
        rows.append([
            f"study-{index // 400}.method.data-{index // 8 % 50}", metric, "unstated", "cell",
            f"image:{index // len(METRICS)}", value_text, sd, "1", se, low, high, str(20 + index % 30), "images",
            "native" if native else ("percent" if percent else "proportion"), "paper", f"L{1 + index % 5000}; Table 3",
            f"{value:.4f}", "", "", "yes" if index % 97 == 0 else "", "read from the table" if index % 5 == 0 else "",
        ])  # fmt: skip
    return rows


def write(folder: Path, name: str, header: list[str], rows: list[list[str]]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_review(folder: Path, number: int, faulty: float) -> None:
    rng = random.Random(1)
    rows = result_rows(number, faulty, rng)
    experiments = sorted({row[0] for row in rows})
    studies = sorted({name.partition(".")[0] for name in experiments})
    (folder / "review.yaml").write_text("id: speed\ntitle: Speed\nquestion: How fast?\n", encoding="utf-8")
    write(folder, "sources", ["source_id", "title"], [["paper", "A paper"]])
    write(folder, "studies", ["study_id", "status"], [[name, "included"] for name in studies])
    header = ["experiment_id", "study_id", "method", "source_id", "locator"]
    write(folder, "experiments", header, [[n, n.partition(".")[0], "method", "paper", "L1"] for n in experiments])
    write(folder, "results", list(Result.model_fields), rows)


def write_xlsx(folder: Path) -> None:
    """Turn results.csv into results.xlsx."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("results")
    with (folder / "results.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            sheet.append(row)
    book.save(folder / "results.xlsx")
    (folder / "results.csv").unlink()


def read_all(folder: Path) -> None:
    problems = Problems()
    for table, place in find_tables(folder, problems)[0].items():
        read_raw(table, place, problems)


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def measure(number: int, faulty: float, xlsx: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_review(folder, number, faulty)
        if xlsx:
            write_xlsx(folder)
        size = sum(path.stat().st_size for path in folder.iterdir())
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        report = check_review(folder)
        reading = min(seconds(lambda: read_all(folder)) for _ in range(REPEATS))
        checking = min(seconds(lambda: check_review(folder)) for _ in range(REPEATS)) - reading
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(
            f"{number:>9,} rows{' xlsx' if xlsx else ' csv '} {faulty:4.0%} faulty: reading {reading:5.2f} s, "
            f"checking {checking:5.2f} s, {report.errors:,} errors, file {size / 2**20:.0f} MiB, "
            f"memory +{grown:.0f} MiB"
        )


def measure_models(number: int) -> None:
    """Validate typed rows one by one with the model, as a yardstick."""
    rng = random.Random(1)
    names = list(Result.model_fields)
    numbers = {"value", "sd", "se", "ci_low", "ci_high"}
    typed = []
    for row in result_rows(number, 0, rng):
        cells = {name: cell for name, cell in zip(names, row, strict=True) if cell}
        typed.append({
            name: float(cell) if name in numbers else int(cell) if name in {"n", "sd_ddof"} else cell == "yes"
            if name == "uncertain" else cell
            for name, cell in cells.items()
        })  # fmt: skip
    start = time.process_time()
    for cells_typed in typed:
        Result.model_validate(cells_typed)
    print(f"{number:>9,} rows pydantic, row by row: {time.process_time() - start:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--xlsx", action="store_true", help="read the results from a workbook, too")
    arguments = parser.parse_args()
    for faulty in (0.0, 0.01, 0.2):
        measure(arguments.rows, faulty, xlsx=False)
    if arguments.xlsx:
        measure(arguments.rows, 0.0, xlsx=True)
    measure_models(arguments.rows)


if __name__ == "__main__":
    main()
