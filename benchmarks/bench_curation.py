"""Workbooks: speed, beside pandera and frictionless, and a study of planted errors.

Run: python benchmarks/bench_curation.py [speed|planted|all] [--rows N] [--repeats N]

`speed` prints CPU seconds (the best of a few runs, so that a busy machine does not matter) for a sheet of results of
50,000 rows and 12 columns: reading and checking it as XLSX (aim: 4 s), the annotated copy (10 s), and the template
(2 s); then ten rules of columns and one across columns on the same cells by pandera and frictionless, where they are
installed. `planted` puts slips of 18 kinds at random into a clean review, one per copy, and prints how many are found
at their row by kind (aim: 95 %), and how many alarms the clean review raises (aim: none); once with the figures as
printed beside the values, as the workbook asks for, and once without.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from metareview.curation.annotate import annotate
from metareview.curation.checks import FURTHER
from metareview.curation.template import make_template
from metareview.ingest import CheckReport, check_review

COLUMNS = (
    "experiment_id", "metric", "level", "unit", "value", "sd", "ci_low", "ci_high", "n", "scale", "source_id",
    "locator",
)  # fmt: skip
METRICS = ("dice", "jaccard", "accuracy", "f1", "precision", "recall", "arand", "specificity")
SPEC = "id: speed\ntitle: Speed\nquestion: How fast?\n"


def write(folder: Path, table: str, header: tuple[str, ...], rows: list[list[str]]) -> None:
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_frame(folder: Path, experiments: list[str]) -> None:
    """Write the tables that results refer to."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "review.yaml").write_text(SPEC, encoding="utf-8")
    studies = sorted({name.partition(".")[0] for name in experiments})
    write(folder, "sources", ("source_id", "title"), [["paper", "A paper"]])
    write(folder, "studies", ("study_id", "status"), [[name, "included"] for name in studies])
    write(folder, "datasets", ("dataset_id", "name"), [["roads", "Roads"]])
    header = ("experiment_id", "study_id", "method", "dataset_id", "source_id", "locator")
    write(folder, "experiments", header,
          [[n, n.partition(".")[0], n.partition(".")[2], "roads", "paper", "p. 3"] for n in experiments])  # fmt: skip


def large_rows(number: int, faulty: float, rng: random.Random) -> list[list[str]]:
    rows = []
    for index in range(number):
        value, sd = rng.uniform(0.55, 0.9), rng.uniform(0.04, 0.06)
        cell = f"{value:.5f}"
        if rng.random() < faulty:
            cell = rng.choice(["0,85 ± 0,02", "high", "948.7", ""])
        rows.append([
            f"study-{index // 400}.m{index // 8 % 50}", METRICS[index % 8], "cell", f"image:{index // 400}", cell,
            f"{sd:.5f}", f"{value - 0.05:.5f}", f"{value + 0.05:.5f}", str(20 + index % 30), "proportion", "paper",
            f"p. {1 + index % 40}; Table 3",
        ])  # fmt: skip
    return rows


def large_review(folder: Path, number: int, faulty: float) -> Path:
    rows = large_rows(number, faulty, random.Random(1))
    write_frame(folder, sorted({row[0] for row in rows}))
    write(folder, "results", COLUMNS, rows)
    return folder


def plain_workbook(folder: Path, path: Path) -> Path:
    """Write the CSV files as the sheets of a workbook, as anyone would: 12 columns, numbers as numbers."""
    from xlsxwriter import Workbook

    with Workbook(path, {"strings_to_numbers": True, "strings_to_formulas": False}) as book:
        for file in sorted(folder.glob("*.csv")):
            page = book.add_worksheet(file.stem)
            with file.open(encoding="utf-8", newline="") as stream:
                for number, row in enumerate(csv.reader(stream)):
                    page.write_row(number, 0, row)
    return path


def seconds(call: Callable[[], Any], repeats: int) -> float:
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def measure_speed(number: int, repeats: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = large_review(folder / "small", 200, 0)
        print(f"template of a small review: {seconds(lambda: make_template(small), repeats):.2f} s (aim 2 s)")
        for faulty in (0.0, 0.01):
            review = large_review(folder / f"r{faulty}", number, faulty)
            (folder / "carry").mkdir(exist_ok=True)
            book = plain_workbook(review, folder / "carry" / "x.xlsx")
            (folder / "carry" / "review.yaml").write_text(SPEC, encoding="utf-8")
            rules = seconds(lambda book=book: check_review(book), repeats)  # type: ignore[misc]
            doubts = seconds(lambda book=book: check_review(book, further=FURTHER), repeats)  # type: ignore[misc]
            report = check_review(book, further=FURTHER)
            copy = seconds(lambda book=book, report=report: annotate(book, report), repeats)  # type: ignore[misc]
            print(
                f"{number:,} x {len(COLUMNS)} XLSX, {faulty:.0%} faulty: read and checked {rules:.2f} s, with doubts "
                f"{doubts:.2f} s (aim 4 s), annotated copy {copy:.2f} s (aim 10 s); {report.errors:,} errors, "
                f"{report.warnings:,} warnings"
            )
        print(f"template with these rows: {seconds(lambda: make_template(review), repeats):.2f} s")
        measure_peers(folder / "r0.01", number, repeats)


def measure_peers(review: Path, number: int, repeats: int) -> None:
    """The same rules by others, on the same CSV file: ten of columns, one across two."""
    path = review / "results.csv"
    ours = seconds(lambda: check_review(review), repeats)
    print(f"\n{number:,} rows of CSV, 1% faulty\n{'metareview (every rule)':28} {ours:6.2f} s  "
          f"{check_review(review).errors:,} faults")  # fmt: skip
    for name, run in (("pandera", run_pandera), ("frictionless", run_frictionless)):
        try:
            faults = run(path)
        except ImportError:
            print(f"{name:28} is not installed")
            continue
        print(f"{name:28} {seconds(lambda run=run: run(path), 1):6.2f} s  {faults:,} faults")  # type: ignore[misc]


def run_pandera(path: Path) -> int:
    import pandas as pd
    import pandera.pandas as pa

    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in ("value", "sd", "ci_low", "ci_high"):
        frame[column] = pd.to_numeric(frame[column], errors="coerce")
    number = pa.Check.in_range(0, 1)
    schema = pa.DataFrameSchema(
        {
            "experiment_id": pa.Column(str, pa.Check.str_matches(r"^[a-z0-9]+(?:[-_.][a-z0-9]+)*$")),
            "metric": pa.Column(str, pa.Check.isin(METRICS)), "level": pa.Column(str, pa.Check.isin(["cell"])),
            "unit": pa.Column(str, pa.Check.str_matches(r"^[a-z]+:\S+$")), "value": pa.Column(float, number),
            "sd": pa.Column(float, pa.Check.ge(0), nullable=True), "ci_low": pa.Column(float, number, nullable=True),
            "ci_high": pa.Column(float, nullable=True), "n": pa.Column(int, pa.Check.gt(0), coerce=True),
            "scale": pa.Column(str, pa.Check.isin(["proportion", "percent", "native"])),
        },
        checks=pa.Check(lambda f: ~(f["ci_low"] > f["ci_high"])), strict=False,
    )  # fmt: skip
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        return len(error.failure_cases)
    return 0


def run_frictionless(path: Path) -> int:
    from frictionless import Checklist, Resource, Schema, checks, fields

    schema = Schema(fields=[
        fields.StringField(name="experiment_id", constraints={"pattern": r"[a-z0-9]+(?:[-_.][a-z0-9]+)*"}),
        fields.StringField(name="metric", constraints={"enum": list(METRICS)}),
        fields.StringField(name="level", constraints={"enum": ["cell"]}),
        fields.StringField(name="unit", constraints={"pattern": r"[a-z]+:\S+"}),
        fields.NumberField(name="value", constraints={"required": True, "minimum": 0, "maximum": 1}),
        fields.NumberField(name="sd", constraints={"minimum": 0}), fields.NumberField(name="ci_low"),
        fields.NumberField(name="ci_high"), fields.IntegerField(name="n", constraints={"minimum": 1}),
        fields.StringField(name="scale", constraints={"enum": ["proportion", "percent", "native"]}),
        fields.StringField(name="source_id"), fields.StringField(name="locator"),
    ])  # fmt: skip
    resource = Resource(path=path.name, basepath=str(path.parent), schema=schema)
    rule = checks.row_constraint(formula="not (ci_low > ci_high)")
    report = resource.validate(Checklist(checks=[rule]), limit_errors=10**6)
    return sum(len(task.errors) for task in report.tasks)


# --- planted errors -----------------------------------------------------------------------------------------------

Row = dict[str, str]
FIELDS = (
    "experiment_id", "metric", "convention", "level", "unit", "value", "sd", "se", "ci_low", "ci_high", "n", "n_of",
    "scale", "source_id", "locator", "printed",
)  # fmt: skip
METHODS = 12
IMAGES = 20


def clean_rows(rng: random.Random, *, printed: bool) -> list[Row]:
    """Return results of twelve methods on one data set: overlap in percent, partition scores on their own scale."""
    rows = []
    for method in range(METHODS):
        dice = rng.uniform(0.78, 0.92)
        gap = rng.uniform(0.004, 0.05)
        precision, recall = dice + gap, dice * (dice + gap) / (dice + 2 * gap)
        arand = rng.uniform(0.06, 0.20)
        split, merge = (round(rng.uniform(0.3, 0.9), 4) for _ in range(2))
        scores = {
            "dice": (dice, 100), "jaccard": (dice / (2 - dice), 100), "precision": (precision, 1),
            "recall": (recall, 1), "f1": (dice, 1), "arand": (arand, 1), "voi_split": (split, 1),
            "voi_merge": (merge, 1), "voi": (split + merge, 1),
        }  # fmt: skip
        for metric, (value, factor) in scores.items():
            places = 2 if factor == 100 else 4
            sd = rng.uniform(0.035, 0.055) * (0.5 if metric == "arand" else 1)
            half = 1.96 * sd / IMAGES**0.5
            shown = [f"{number * factor:.{places}f}" for number in (value, sd, value - half, value + half)]
            scale = "percent" if factor == 100 else "native" if metric.startswith("voi") else "proportion"
            rows.append({
                "experiment_id": f"study-{method // 3}.net{method}", "metric": metric, "convention": "fg",
                "level": "cell", "value": shown[0], "sd": shown[1], "ci_low": shown[2], "ci_high": shown[3],
                "n": str(IMAGES), "n_of": "images", "scale": scale, "source_id": "paper",
                "locator": f"p. 7; Table 2; row Net{method}",
                "printed": f"{shown[0]} ± {shown[1]}" if printed else "",
            })  # fmt: skip
    return rows


def pick(rows: list[Row], rng: random.Random, *metrics: str) -> int:
    return rng.choice([place for place, row in enumerate(rows) if not metrics or row["metric"] in metrics])


def scaled(text: str, factor: float) -> str:
    return f"{float(text) * factor:.{len(text.partition('.')[2])}f}"


def partner(rows: list[Row], place: int, metric: str) -> int:
    name = rows[place]["experiment_id"]
    return next(i for i, row in enumerate(rows) if row["experiment_id"] == name and row["metric"] == metric)


def exchange_digits(rows: list[Row], rng: random.Random) -> list[int]:
    while True:
        place = pick(rows, rng)
        digits = list(rows[place]["value"])
        spots = [i for i in range(len(digits) - 1) if digits[i].isdigit() and digits[i + 1].isdigit()]
        spot = rng.choice(spots)
        digits[spot], digits[spot + 1] = digits[spot + 1], digits[spot]
        if "".join(digits) != rows[place]["value"]:
            rows[place]["value"] = "".join(digits)
            return [place]


def shift_point(rows: list[Row], rng: random.Random) -> list[int]:
    place = pick(rows, rng)
    rows[place]["value"] = f"{float(rows[place]['value']) * rng.choice([0.1, 10]):.4f}"
    return [place]


def percent_as_proportion(rows: list[Row], rng: random.Random) -> list[int]:
    place = pick(rows, rng, "precision", "recall", "f1", "arand")
    rows[place]["value"] = f"{float(rows[place]['value']) * 100:.2f}"
    return [place]


def proportion_as_percent(rows: list[Row], rng: random.Random) -> list[int]:
    place = pick(rows, rng, "dice", "jaccard")
    rows[place]["value"] = f"{float(rows[place]['value']) / 100:.4f}"
    return [place]


def sd_as_proportion(rows: list[Row], rng: random.Random) -> list[int]:
    place = pick(rows, rng, "dice", "jaccard")
    rows[place]["sd"] = f"{float(rows[place]['sd']) / 100:.4f}"
    return [place]


def se_as_sd(rows: list[Row], rng: random.Random) -> list[int]:
    place = pick(rows, rng)
    rows[place]["sd"] = scaled(rows[place]["sd"], IMAGES**-0.5)
    if rows[place]["printed"]:  # the paper prints the standard error
        rows[place]["printed"] = f"{rows[place]['value']} ± {rows[place]['sd']}"
    return [place]


def exchange(rows: list[Row], place: int, first: str, second: str) -> list[int]:
    row = rows[place]
    row[first], row[second] = row[second], row[first]
    return [place]


def exchange_metrics(rows: list[Row], rng: random.Random, one: str, two: str) -> list[int]:
    """Two columns of the paper are read for each other: values, spreads and figures as printed."""
    first = pick(rows, rng, one)
    second = partner(rows, first, two)
    for name in ("value", "sd", "ci_low", "ci_high", "printed", "scale"):
        rows[first][name], rows[second][name] = rows[second][name], rows[first][name]
    return [first, second]


def lose_digits(rows: list[Row], rng: random.Random) -> list[int]:
    place = pick(rows, rng)
    text = rows[place]["value"]
    rows[place]["value"] = text[:-2].rstrip(".")
    return [place]


def neighbour(rows: list[Row], rng: random.Random) -> list[int]:
    """The value of the row below in the paper's table."""
    place = pick(rows, rng, "f1", "voi", "jaccard")
    rows[place]["value"] = rows[(place + len(rows) // METHODS) % len(rows)]["value"]
    return [place]


def copied_block(rows: list[Row], rng: random.Random) -> list[int]:
    """The rows of one method copied for the next, and not filled in."""
    width = len(rows) // METHODS
    start = rng.randrange(METHODS - 1) * width
    for offset in range(width):
        source, target = rows[start + offset], rows[start + width + offset]
        for name in ("value", "sd", "ci_low", "ci_high", "printed"):
            target[name] = source[name]
    return list(range(start, start + 2 * width))


def overwrite(column: str, *texts: str) -> Callable[[list[Row], random.Random], list[int]]:
    def plant(rows: list[Row], rng: random.Random) -> list[int]:
        place = pick(rows, rng)
        rows[place][column] = rng.choice(texts)
        return [place]

    return plant


def misspell(column: str) -> Callable[[list[Row], random.Random], list[int]]:
    def plant(rows: list[Row], rng: random.Random) -> list[int]:
        place = pick(rows, rng)
        text = rows[place][column]
        spot = rng.randrange(1, len(text))
        rows[place][column] = text[:spot] + text[spot] * 2 + text[spot + 1 :]
        return [place]

    return plant


KINDS: dict[str, Callable[[list[Row], random.Random], list[int]]] = {
    "two digits exchanged": exchange_digits,
    "decimal point shifted": shift_point,
    "percentage as proportion": percent_as_proportion,
    "proportion as percentage": proportion_as_percent,
    "sd on another scale": sd_as_proportion,
    "SE typed as SD": se_as_sd,
    "value and sd exchanged": lambda rows, rng: exchange(rows, pick(rows, rng), "value", "sd"),
    "interval limits exchanged": lambda rows, rng: exchange(rows, pick(rows, rng), "ci_low", "ci_high"),
    "Dice and Jaccard exchanged": lambda rows, rng: exchange_metrics(rows, rng, "dice", "jaccard"),
    "VOI and ARAND exchanged": lambda rows, rng: exchange_metrics(rows, rng, "voi", "arand"),
    "last digits lost": lose_digits,
    "value of the row below": neighbour,
    "rows copied, not filled in": copied_block,
    "id mistyped": misspell("experiment_id"),
    "metric mistyped": misspell("metric"),
    "date made of a place": overwrite("locator", "2024-03-04 00:00:00", "10-Dec"),
    "text in a number": overwrite("value", "0.85 ± 0.02", "85,4 (1,2)", "n.a.", "0.8-0.9"),
    "required cell empty": overwrite("source_id", ""),
}


def check_rows(folder: Path, rows: list[Row]) -> CheckReport:
    with (folder / "results.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
    return check_review(folder, further=FURTHER)


def found_at(report: CheckReport, places: list[int]) -> bool:
    """Return whether a problem stands at one of these rows (the first row of data is line 2)."""
    return any(problem.file == "results.csv" and (problem.row or 0) - 2 in places for problem in report.problems)


def planted_study(repeats: int, seed: int = 20250104) -> dict[str, tuple[float, float]]:
    """Return recall by kind, with and without figures as printed; the key ``clean`` has alarms per clean review."""
    table: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_frame(folder, [f"study-{method // 3}.net{method}" for method in range(METHODS)])
        alarms = [
            sum(
                len(check_rows(folder, clean_rows(random.Random(seed + n), printed=p)).problems) for n in range(repeats)
            )
            for p in (True, False)
        ]
        table["clean"] = (alarms[0] / repeats, alarms[1] / repeats)
        for number, (kind, plant) in enumerate(KINDS.items()):
            hits = [0, 0]
            for column, printed in enumerate((True, False)):
                for trial in range(repeats):
                    rng = random.Random(seed + 1000 * number + trial)
                    rows = clean_rows(rng, printed=printed)
                    places = plant(rows, rng)
                    hits[column] += found_at(check_rows(folder, rows), places)
            table[kind] = (hits[0] / repeats, hits[1] / repeats)
    return table


def print_planted(repeats: int) -> None:
    table = planted_study(repeats)
    clean = table.pop("clean")
    print(f"\nPlanted errors, {repeats} of each kind in a review of {METHODS * 9} results\n")
    print("| slip | found, with figures as printed | without |\n|---|---|---|")
    for kind, (with_printed, without) in table.items():
        print(f"| {kind} | {with_printed:.0%} | {without:.0%} |")
    mean = [sum(column) / len(table) for column in zip(*table.values(), strict=True)]
    print(f"| **all** | {mean[0]:.1%} | {mean[1]:.1%} |")
    print(f"| false alarms per clean review | {clean[0]:g} | {clean[1]:g} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="?", choices=("speed", "planted", "all"), default="all")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=3, help="runs per timing")
    parser.add_argument("--trials", type=int, default=20, help="slips of each kind")
    arguments = parser.parse_args()
    if arguments.what in ("speed", "all"):
        measure_speed(arguments.rows, arguments.repeats)
    if arguments.what in ("planted", "all"):
        print_planted(arguments.trials)


if __name__ == "__main__":
    main()
