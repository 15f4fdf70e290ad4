"""The explorer's ranks and rank bounds, worked out in the browser, equal those of Python on the same choices."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser

from metareview import load
from metareview.errors import InputError, NotEstimable
from metareview.stats.benchmark.ranking.cube import Column, Cube, Entry, make_cube
from metareview.stats.benchmark.ranking.cube_tables import cube_from_tables, method_label
from metareview.stats.benchmark.ranking.rank import rank

pytestmark = pytest.mark.needs_chromium

RULES = ("mean", "win-rate", "mean-rank", "z-score", "borda", "dominance")
POLICIES = ("available", "complete")
NAMINGS = {"method": ("method",), "setting": ("method", "setting"), "study": ("method", "setting", "study_id")}
#: Random tables, and random choices of each review.
TABLES, CHOICES = 120, 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("explorer")


@pytest.fixture(scope="module")
def browser(chromium: str, root: Path, folder: Path) -> Iterator[Browser]:
    for review in ("brain-em", "em-public"):
        page = load(root / "data" / "studies" / review).explorer()
        (folder / f"{review}.html").write_text(page, encoding="utf-8")
    with Browser(chromium) as opened:
        opened.open(folder / "brain-em.html")
        yield opened


def expected(cube: Cube, rule: str, missing: str, transform: str | None) -> dict[str, Any] | None:
    """What Python says by method: rank, shared rank, score, bounds; None where it refuses."""
    try:
        found = rank(cube, rule, missing, transform=transform, unit="none")
    except (InputError, NotEstimable):
        return None
    return {e.method: (e.rank, e.mid_rank, e.score, e.rank_low, e.rank_high) for e in found.ranked}


def agree(ours: dict[str, Any] | None, theirs: dict[str, Any] | None, told: object) -> None:
    """Ranks and bounds are equal, scores to the last digits."""
    assert (ours is None) == (theirs is None), told
    if ours is None or theirs is None:
        return
    assert ours.keys() == theirs.keys(), told
    for name, (first, middle, score, low, high) in theirs.items():
        assert ours[name][:2] == [first, middle], (told, name)
        assert ours[name][3:] == [low, high], (told, name)
        assert (score is None) == (ours[name][2] is None), (told, name)
        if score is not None:
            assert ours[name][2] == pytest.approx(score, rel=1e-12, abs=1e-12), (told, name)


def random_cube(rng: random.Random) -> Cube:
    """A table with gaps and ties, of metrics of all kinds, methods or columns sometimes alone."""
    m, c, fill = rng.randint(2, 9), rng.randint(1, 8), rng.choice([0.3, 0.6, 0.85, 1.0])
    kinds: list[tuple[str, int, float | None, float | None]] = [
        ("dice", 1, 0.0, 1.0), ("f1", 1, 0.0, 1.0), ("error", -1, 0.0, 1.0), ("voi", -1, 0.0, None),
        ("gain", 1, None, None),
    ]  # fmt: skip
    kinds = rng.sample(kinds, rng.randint(1, len(kinds)))
    steps = rng.choice([3, 10, 1000])
    cells: list[tuple[str, str | None, Column, Entry]] = []
    for j in range(c):
        name, direction, low, high = rng.choice(kinds)
        rule = rng.choice([None, None, "gt0"])
        column = Column(f"set{rng.randint(0, 3)}", None, name, rule, f"s{j}", None, direction, low, high)
        for i in range(m):
            if rng.random() < fill:
                value = rng.randint(0, steps) / steps * (1 if high else 5)
                cells.append((f"m{i}", None, column, Entry(0, 0, value)))
    return make_cube(cells)


def in_browser(browser: Browser, cube: Cube, rule: str, missing: str, transform: str | None) -> dict[str, Any] | None:
    table = {
        "methods": list(cube.methods_compared),
        "columns": [
            {"dataset": c.dataset, "convention": c.convention or "unstated", "label": c.key, "direction": c.direction,
             "metric": {"key": c.metric, "low": c.low, "high": c.high}} for c in cube.columns
        ],
        "values": [[None if v != v else v for v in row] for row in cube.values.tolist()],
    }  # fmt: skip
    choice = {"rule": rule, "missing": missing, "transform": transform or ""}
    answer = browser.run(
        f"""(table => {{
          table.values = table.values.map(row => row.map(value => value === null ? NaN : value));
          const found = explorer.rankMethods(table, {json.dumps(choice)});
          return found.refused ? null : found.methods.map(p => p && [p.first, p.rank, p.score, p.low, p.high]);
        }})({json.dumps(table)})"""
    )
    if answer is None:
        return None
    return {name: place for name, place in zip(cube.methods_compared, answer, strict=True) if place is not None}


@pytest.mark.parametrize("rule", RULES)
def test_random_tables(browser: Browser, rule: str) -> None:
    rng = random.Random(f"tables {rule}")
    ranked = gaps = ties = 0
    for _ in range(TABLES):
        cube = random_cube(rng)
        if not cube.columns:
            continue
        missing = rng.choice(POLICIES)
        transform = rng.choice([None, None, "range", "logit"]) if rule == "mean" else None
        theirs = expected(cube, rule, missing, transform)
        agree(in_browser(browser, cube, rule, missing, transform), theirs, (cube.to_frame(), rule, missing, transform))
        ranked += theirs is not None
        gaps += not cube.mask.all()
        ties += theirs is not None and any(first != middle for first, middle, *_ in theirs.values())
    assert min(ranked, gaps, ties) > TABLES / 20, (ranked, gaps, ties)


@pytest.mark.parametrize("review", ["brain-em", "em-public"])
def test_random_choices_of_a_review(browser: Browser, root: Path, folder: Path, review: str) -> None:
    """Data sets, metrics, naming, rule and policy set by the address; what the board shows is what `rank` returns."""
    loaded = load(root / "data" / "studies" / review)
    cubes = {name: cube_from_tables(loaded.frames, loaded.spec, name=method_label(*parts))
             for name, parts in NAMINGS.items()}  # fmt: skip
    browser.open(folder / f"{review}.html")
    keys = browser.run("explorer.columns.filter(column => !column.unranked).map(column => column.key).sort()")
    assert keys == sorted(column.key for column in cubes["method"].columns)
    rng = random.Random(f"choices {review}")
    compared = 0
    for _ in range(CHOICES):
        by, rule, missing = rng.choice(list(NAMINGS)), rng.choice(RULES), rng.choice(POLICIES)
        cube = cubes[by]
        rows = sorted({column.rule for column in cube.columns})
        chosen = set(rng.sample(rows, rng.randint(1, min(6, len(rows)))))
        sets = {column.dataset for column in cube.columns if column.rule in chosen}
        sets = set(rng.sample(sorted(sets), rng.randint(1, len(sets))))
        part = cube.restrict(columns=[j for j, c in enumerate(cube.columns) if c.rule in chosen and c.dataset in sets])
        part = part.restrict([part.methods_compared[e.method] for e in part.entries])
        address = "&".join([f"by={by}", f"rule={rule}", f"missing={missing}", *(f"metric={name}" for name in chosen),
                            *(f"dataset={name.replace('+', '%2B')}" for name in sets)])  # fmt: skip
        shown = browser.run(
            f"""(() => {{ explorer.go({json.dumps("#" + address)}); const board = explorer.board();
              const place = p => p && [p.first, p.rank, p.score, p.low, p.high];
              return [board.ranking.refused || null, board.competing.map(column => column.key),
                board.methods.map(row => [row.label, place(row.place)])]; }})()"""
        )
        assert sorted(shown[1]) == sorted(column.key for column in part.columns), address
        assert [name for name, _ in shown[2]] == list(part.methods_compared), address
        ours = None if shown[0] else {name: place for name, place in shown[2] if place is not None}
        theirs = expected(part, rule, missing, None)
        agree(ours, theirs, address)
        compared += theirs is not None
    assert compared > CHOICES / 4
    assert browser.problems == []
