"""A second extractor of the founding review: every planted slip is found, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from metareview.curation.compare import compare
from metareview.curation.extraction import read_extraction
from metareview.curation.merge import merge
from metareview.curation.resolutions import Resolution
from metareview.curation.simulate import SLIPS, found_slips, second_extractor
from metareview.errors import InputError


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("review", ["brain-em", "em-public"])
def test_every_slip_is_found(root: Path, tmp_path: Path, review: str, seed: int) -> None:
    folder = root / "data" / "studies" / review
    planted = second_extractor(folder, tmp_path / "second", seed=seed, each=4)
    first, second = read_extraction(folder, "first"), read_extraction(tmp_path / "second", "second")
    found = compare(first, second)
    assert {slip.kind for slip in planted} == set(SLIPS)
    missed = [slip for slip, seen in found_slips(planted, found).items() if not seen]
    assert missed == []
    mistyped = sum(slip.kind == "id mistyped" for slip in planted)
    scales = sum(slip.kind == "scale" for slip in planted)  # each is a conflict of scale, and one of value
    shown = len(found.conflicts) + len(found.rounded) + len(found.lone)
    assert shown == len(planted) + mistyped + scales  # a mistyped id is a row of either side
    assert sum(bool(row.near) for row in found.lone if row.only_in == "A") >= mistyped


def test_merging_undoes_the_slips(root: Path, tmp_path: Path) -> None:
    folder = root / "data" / "studies" / "brain-em"
    second_extractor(folder, tmp_path / "second", seed=5)
    first, second = read_extraction(folder, "first"), read_extraction(tmp_path / "second", "second")
    found = compare(first, second)
    decisions = [
        Resolution(id=c.id, table=c.table, key=c.key, field=c.field, a=c.a.text, b=c.b.text, choice="A")
        for c in found.conflicts
    ] + [
        Resolution(id=row.id, table=row.table, key=row.key, field="", a="yes" if row.only_in == "A" else "",
                   b="yes" if row.only_in == "B" else "", choice="keep" if row.only_in == "A" else "leave out")
        for row in found.lone
    ]  # fmt: skip
    done = merge(first, second, decisions)
    for name in first.tables:
        assert done.files[f"{name}.csv"] == (folder / f"{name}.csv").read_text(encoding="utf-8"), name


def test_the_same_seed_plants_the_same(root: Path, tmp_path: Path) -> None:
    folder = root / "data" / "studies" / "em-public"
    once = second_extractor(folder, tmp_path / "a", seed=1)
    again = second_extractor(folder, tmp_path / "b", seed=1)
    assert once == again
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    with pytest.raises(InputError, match="not an empty folder"):
        second_extractor(folder, tmp_path / "a", seed=1)
