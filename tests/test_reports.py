"""The committed tables are what the code builds from the data, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import metareview

ROOT = Path(__file__).parent.parent
FOLDERS = [Path(folder) for folder in yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["reviews"]]
TEXT = ("csv", "md", "tex")


def test_the_founding_review_comes_first() -> None:
    assert [folder.name for folder in FOLDERS] == ["brain-em", "em-public"]


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_committed_tables(folder: Path) -> None:
    from metareview.report.registry import views_for
    from metareview.report.tables import render

    review = metareview.load(ROOT / folder)
    tables = [name for name, view in views_for(review.spec).items() if view.formats]
    built = {f"{name}.{kind}": render(review.table(name), kind) for name in tables for kind in TEXT}
    home = ROOT / "reports" / folder.name / "tables"
    kept = {path.name: path.read_text(encoding="utf-8") for kind in TEXT for path in home.glob(f"*.{kind}")}
    assert sorted(kept) == sorted(built)
    stale = [name for name in sorted(built) if kept[name] != built[name]]
    assert stale == [], "run `make paper` and commit reports/*/tables"
