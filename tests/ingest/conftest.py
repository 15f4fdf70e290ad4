"""A small review from another field, to be broken in one place per test."""

from __future__ import annotations

from pathlib import Path

import pytest

from metareview.ingest import CheckReport, check_review

BASE = {
    "review.yaml": "id: small\ntitle: Reading tests\nquestion: Which test reads best?\n",
    "sources.csv": "source_id,title\npaper,A paper\n",
    "studies.csv": "study_id,status\nsmith-r01,included\n",
    "experiments.csv": "experiment_id,study_id,method,source_id,locator\nsmith-r01.unet,smith-r01,U-Net,paper,p. 3\n",
    "results.csv": "experiment_id,metric,value,source_id,locator\nsmith-r01.unet,dice,0.85,paper,p. 3\n",
}
RESULT_HEADER = "experiment_id,metric,convention,level,unit,value,sd,se,ci_low,ci_high,n,scale,source_id,locator\n"


class Folder:
    """A review folder that checks clean until a test writes something else into it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name, text in BASE.items():
            self.write(name, text)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def result(self, **cells: str) -> None:
        """Write results.csv with one row; `cells` replace those of a good one."""
        self.results(cells)

    def results(self, *rows: dict[str, str]) -> None:
        names = RESULT_HEADER.strip().split(",")
        good = {
            "experiment_id": "smith-r01.unet",
            "metric": "dice",
            "value": "0.85",
            "source_id": "paper",
            "locator": "p. 3",
        }
        lines = []
        for row in rows:
            cells = {**good, **row}
            lines.append(",".join(f'"{cells.get(name, "")}"' for name in names))
        self.write("results.csv", RESULT_HEADER + "\n".join(lines) + "\n")

    def check(self, sources: Path | None = None) -> CheckReport:
        return check_review(self.path, sources=sources)

    def messages(self, sources: Path | None = None) -> list[str]:
        return [str(problem) for problem in self.check(sources).problems]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    path = tmp_path / "small"
    path.mkdir()
    return Folder(path)
