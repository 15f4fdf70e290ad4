"""The documentation page of conventions: its ids exist, its numbers are those of the committed table."""

from __future__ import annotations

import csv
import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metareview.evaluation.maps import score_map
from metareview.evaluation.pair import all_rules
from metareview.evaluation.voxels import Settings
from metareview.schema.metric import default_vocabulary


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "conventions.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def table(root: Path) -> list[dict[str, str]]:
    with (root / "docs" / "figures" / "convention_spread.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def known_ids() -> set[str]:
    ids = {rule.convention for rule in all_rules(Settings(resolution=(8.0, 8.0, 8.0))).values()}
    maps = score_map(np.eye(3)[np.newaxis], np.eye(3)[np.newaxis].astype(int))
    return ids | {row.convention for row in maps.rows} | {"unstated"}


def test_ids_on_the_page_exist(page: str) -> None:
    ids, metrics = known_ids(), {metric.key for metric in default_vocabulary()}
    heads = {convention.partition(".")[0] for convention in ids}
    said = re.findall(r"`([a-z0-9_:.\-]+)`", page)
    found = 0
    for word in said:
        metric, colon, convention = word.rpartition(":")
        if colon:
            assert metric in metrics, word
        if convention in metrics or convention.partition(".")[0] not in heads:
            continue
        assert convention in ids, word
        found += 1
    assert found > 40


def test_every_background_rule_is_explained(page: str) -> None:
    for rule in ("gt0", "snemi", "fg", "all", "cremi", "filled", "thin", "cremi.border25nm"):
        assert f"| `{rule}` |" in page


def test_numbers_of_the_background_table(page: str, table: list[dict[str, str]]) -> None:
    scores = {
        row["convention"]: float(row["value"]) for row in table if row["metric"] == "arand" and "FIB" in row["pair"]
    }
    for rule, value in re.findall(r"^\| `([a-z0-9.]+)` \|.*\| (0\.\d{3}) \|$", page, flags=re.MULTILINE):
        assert f"{scores.pop(rule):.3f}" == value
    assert set(scores) == {"thin.slice-mean"}


def spread(root: Path) -> Any:
    spec = importlib.util.spec_from_file_location("convention_spread", root / "docs" / "convention_spread.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_figure_is_drawn_from_the_table(root: Path, table: list[dict[str, str]], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    spread(root).draw(table, tmp_path / "figure.svg")
    text = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert text.count("<path") > 50
    spread(root).draw(table, tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_bytes() == (tmp_path / "figure.svg").read_bytes()


@pytest.mark.needs_em_data
@pytest.mark.slow
def test_the_table_is_what_the_data_give(root: Path, table: list[dict[str, str]], em_data: Path) -> None:
    pytest.importorskip("tifffile")
    pytest.importorskip("h5py")
    again = [
        dict(zip(("pair", "metric", "convention", "value", "unit"), row, strict=True))
        for row in spread(root).scored(em_data)
    ]
    assert [{**row, "value": ""} for row in again] == [{**row, "value": ""} for row in table]
    for mine, theirs in zip(again, table, strict=True):
        assert float(mine["value"]) == pytest.approx(float(theirs["value"]), abs=2e-6)
