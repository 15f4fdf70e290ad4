"""The committed tables are what the code builds from the data, byte for byte."""

from __future__ import annotations

import csv
import re
import subprocess
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


@pytest.mark.needs_tex
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_committed_table_compiles(folder: Path, tmp_path: Path) -> None:
    """One document with all tables of a review, by a real LaTeX with the packages that the tables name."""
    tables = sorted((ROOT / "reports" / folder.name / "tables").glob("*.tex"))
    assert tables
    body = "\n\\clearpage\n".join(path.read_text(encoding="utf-8") for path in tables)
    packages = "\\usepackage[margin=15mm,a4paper,landscape]{geometry}\\usepackage{booktabs,longtable,siunitx}"
    head = f"\\documentclass{{article}}{packages}"
    (tmp_path / "all.tex").write_text(f"{head}\\begin{{document}}\n{body}\n\\end{{document}}\n", encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "all.tex"],
        cwd=tmp_path, capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode("latin-1")[-2000:]


def test_the_readme_counts_what_the_files_hold() -> None:
    said = re.search(r"`em-public` \| ([\d,]+) results", (ROOT / "README.md").read_text())
    with (ROOT / "data" / "studies" / "em-public" / "results.csv").open(encoding="utf-8", newline="") as rows:
        assert said
        assert int(said[1].replace(",", "")) == sum(1 for _ in csv.DictReader(rows))
