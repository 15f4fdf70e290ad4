"""How fast two extractions are compared: 2 x 50,000 result rows with every column, one row in twenty different.

Run: python benchmarks/bench_compare.py [--rows N]

Prints CPU seconds (the best of three, so that a busy machine does not matter) for reading both versions, for comparing
them, for writing the conflicts workbook and for merging with every conflict decided, beside pandas' own cell-by-cell
`DataFrame.compare` of the joined texts, which knows neither scales nor digits. The aim is 3 s for reading and
comparing.
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

import pandas as pd
from bench_check import write_review

from metareview.curation.compare import compare
from metareview.curation.conflict_book import conflict_book
from metareview.curation.extraction import read_extraction
from metareview.curation.keys import shown_key
from metareview.curation.merge import merge
from metareview.curation.resolutions import Resolution

REPEATS = 3
SHARE = 20


def second(folder: Path, seed: int) -> None:
    """Let one row in twenty differ, shuffle the rows, and leave one in a thousand out."""
    rng = random.Random(seed)
    path = folder / "results.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = list(csv.reader(stream))
    value = header.index("value")
    for row in rows:
        if rng.randrange(SHARE) == 0:
            row[value] = f"{float(row[value]) * 0.9:.4f}"
    rows = [row for row in rows if rng.randrange(1000)]
    rng.shuffle(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])


def best(call: Callable[[], Any]) -> tuple[float, Any]:
    times, found = [], None
    for _ in range(REPEATS):
        start = time.process_time()
        found = call()
        times.append(time.process_time() - start)
    return min(times), found


def by_pandas(a: Path, b: Path) -> int:
    key = ["experiment_id", "metric", "convention", "level", "unit", "source_id"]
    one, other = (pd.read_csv(path / "results.csv", dtype=str, keep_default_na=False).set_index(key) for path in (a, b))
    shared = one.index.intersection(other.index)
    return len(one.loc[shared].compare(other.loc[shared]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=50_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        a, b = Path(name) / "anna", Path(name) / "ben"
        for folder in (a, b):
            folder.mkdir()
            write_review(folder, arguments.rows, 0)
        second(b, 1)
        reading, versions = best(lambda: (read_extraction(a), read_extraction(b)))
        comparing, found = best(lambda: compare(*versions))
        writing, data = best(lambda: conflict_book(found))
        decisions = [
            Resolution(id=c.id, table=c.table, key=shown_key(c.key), field=c.field, a=c.a.text, b=c.b.text, choice="A")
            for c in found.conflicts
        ]
        merging, _ = best(lambda: merge(*versions, decisions, allow_unresolved=True))
        pandas, differing = best(lambda: by_pandas(a, b))
    print(f"2 x {arguments.rows:,} rows: {len(found.conflicts):,} conflicts, {len(found.lone):,} rows in one only")
    print(f"reading {reading:.2f} s, comparing {comparing:.2f} s (aim: 3 s together)")
    print(f"conflicts workbook {writing:.2f} s ({len(data) / 2**20:.1f} MiB), merging {merging:.2f} s")
    print(f"pandas, reading and comparing texts: {pandas:.2f} s, {differing:,} rows")


if __name__ == "__main__":
    main()
