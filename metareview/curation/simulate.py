"""A second extractor who makes mistakes: a copy of a review with slips planted at random, and the list of them.

The kinds are those that studies of data extraction report. The same seed plants the same slips, so that a tutorial can
show how many of them a comparison finds, and a test can demand that it finds all.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from metareview.curation.comparison import Comparison, conflict_id
from metareview.curation.extraction import Extraction, read_extraction
from metareview.curation.keys import join_columns, key_texts
from metareview.errors import InputError
from metareview.ingest.files import table_files
from metareview.results.atomic import write_atomic
from metareview.schema.tables import CURATED

__all__ = ["SLIPS", "Planted", "found_slips", "second_extractor"]

Row = dict[str, str]
#: Longest number that a person types.
_TYPED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One slip: its kind, where it is, and what it did; `field` is blank for a row."""

    kind: str
    table: str
    key: str
    field: str
    before: str
    after: str


def _digits_swapped(text: str) -> str | None:
    for at in range(len(text) - 2, 0, -1):
        a, b = text[at], text[at + 1]
        if a.isdigit() and b.isdigit() and a != b:
            return f"{text[:at]}{b}{a}{text[at + 2 :]}"
    return None


def _last_digit_lost(text: str) -> str | None:
    whole, point, decimals = text.partition(".")
    return f"{whole}{point}{decimals[:-1]}" if len(decimals) > 2 and decimals[-1] > "5" else None


def _rounded(text: str) -> str | None:
    decimals = text.partition(".")[2]
    return f"{round(Decimal(text), len(decimals) - 1):f}" if len(decimals) > 2 and decimals[-1] not in "05" else None


def _point_moved(text: str) -> str | None:
    return f"{Decimal(text).scaleb(-1):f}" if Decimal(text) else None


def _percent(text: str) -> str | None:
    return f"{Decimal(text).scaleb(2):f}" if 0 < Decimal(text) < 1 else None


def _sign(text: str) -> str | None:
    return f"-{text}" if Decimal(text) > 0 else None


#: Kind of a slip in a value -> what it makes of the text, None where it cannot happen to it.
VALUE_SLIPS: dict[str, Callable[[str], str | None]] = {
    "digits swapped": _digits_swapped, "last digit lost": _last_digit_lost, "rounded": _rounded,
    "decimal point moved": _point_moved, "percent for proportion": _percent, "sign": _sign,
}  # fmt: skip
#: Every kind of slip.
SLIPS: tuple[str, ...] = (*VALUE_SLIPS, "scale", "category", "blank for not reported", "id mistyped", "row missed")


def second_extractor(
    folder: Path | str, target: Path | str, *, seed: int, each: int = 2, kinds: tuple[str, ...] = SLIPS
) -> tuple[Planted, ...]:
    """Write a copy of a review with slips, its rows in another order, and return the slips.

    Parameters
    ----------
    folder : a review folder of CSV files.
    target : the folder to write; it must not exist or be empty.
    seed : seed of everything random.
    each : slips of each kind, as far as there are rows that they can happen to.
    kinds : the kinds, of `SLIPS`.

    Raises
    ------
    InputError
        If the review is not in CSV files, or the target is not empty.
    """
    target = Path(target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} exists and is not an empty folder; name a new folder")
    files = {name: path for name, path in table_files(folder).items() if name in CURATED}
    if any(path.suffix.lower() != ".csv" for path in files.values()):
        raise InputError(f"{folder} keeps tables in workbooks; the simulation needs CSV files")
    first = read_extraction(folder)
    rng = random.Random(seed)
    tables = {name: _read(path) for name, path in files.items()}
    planted = _plant(first, tables, rng, each, kinds)
    for name, (header, rows) in tables.items():
        kept = [row for row in rows if row]
        rng.shuffle(kept)
        write_atomic(target / f"{name}.csv", _csv(header, kept))
    if first.spec_text:
        write_atomic(target / "review.yaml", first.spec_text)
    return tuple(planted)


def found_slips(planted: tuple[Planted, ...], found: Comparison) -> Mapping[Planted, bool]:
    """Return for each slip whether the comparison shows it: as a conflict, as a rounding, or as a row of one only."""
    cells = {conflict.id for conflict in (*found.conflicts, *found.rounded)}
    rows = {row.id for row in found.lone}
    return {slip: conflict_id(slip.table, slip.key, slip.field) in (cells if slip.field else rows) for slip in planted}


def _plant(
    first: Extraction, tables: dict[str, tuple[list[str], list[Row]]], rng: random.Random, each: int,
    kinds: tuple[str, ...],
) -> list[Planted]:  # fmt: skip
    """Change the rows in place, no row twice; a row that is missed becomes empty."""
    names = [name for name in ("results", "studies") if name in tables]
    keys: dict[str, list[str]] = {name: key_texts(first.tables[name], join_columns(name)) for name in names}
    free: dict[str, list[int]] = {
        name: [at for at, key in enumerate(found) if found.count(key) == 1] for name, found in keys.items()
    }
    for places in free.values():
        rng.shuffle(places)
    planted: list[Planted] = []
    for kind in kinds:
        table = "studies" if kind == "category" else "results"
        done = 0
        for at in list(free.get(table, [])):
            slip = _slip(kind, tables[table][1][at], rng) if done < each else None
            if slip is not None:
                field, before, after = slip
                free[table].remove(at)
                planted.append(
                    Planted(kind=kind, table=table, key=keys[table][at], field=field, before=before, after=after)
                )
                done += 1
    return planted


def _slip(kind: str, row: Row, rng: random.Random) -> tuple[str, str, str] | None:
    """Make one slip in a row; return the field, what stood there and what stands there now."""
    if kind in VALUE_SLIPS:
        typed = row["value"] if len(row["value"]) <= _TYPED else ""  # longer ones are copied by a program
        return _change(row, "value", VALUE_SLIPS[kind](typed) if typed else None)
    if kind == "scale":
        return _change(row, "scale", "percent" if row["scale"] == "proportion" else None)
    if kind == "category":
        others = sorted({"CNN", "Transformer", "Hybrid"} - {row["category"]})
        return _change(row, "category", rng.choice(others) if row["category"] else None)
    if kind == "blank for not reported":
        return _change(row, "sd", "" if row["sd"] else "not reported")
    if kind == "id mistyped":
        name = row["experiment_id"]
        at = rng.randrange(1, len(name) - 1)
        row["experiment_id"] = f"{name[:at]}{name[at + 1 :]}"
        return "", name, row["experiment_id"]
    said = "; ".join(f"{key} {text}" for key, text in row.items() if text)
    row.clear()
    return "", said, ""


def _change(row: Row, field: str, after: str | None) -> tuple[str, str, str] | None:
    if after is None or row[field] == after:
        return None
    before, row[field] = row[field], after
    return field, before, after


def _read(path: Path) -> tuple[list[str], list[Row]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    return list(reader.fieldnames or ()), rows


def _csv(header: list[str], rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
