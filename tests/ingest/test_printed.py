from __future__ import annotations

import hashlib
import os
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metareview.errors import InputError
from metareview.ingest.printed import stands_at

if TYPE_CHECKING:
    from conftest import Folder

TEXT = "A study of reading.\nThe Dice was 0.85 on\nthe test set, with a seg-\nmentation of 0.9\n"
SCRIPT = Path(__file__).resolve().parents[2] / "validation" / "verify_printed.py"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    path = tmp_path / "texts"
    path.mkdir()
    (path / "paper.txt").write_text(TEXT, encoding="utf-8")
    return path


def cite(folder: Folder, locator: str, printed: str, digest: str = "") -> None:
    folder.write("sources.csv", f"source_id,title,sha256\npaper,A paper,{digest}\n")
    folder.write(
        "results.csv",
        f'experiment_id,metric,value,source_id,locator,printed\nsmith-r01.unet,dice,0.85,paper,{locator},"{printed}"\n',
    )


@pytest.mark.parametrize(
    ("lines", "printed"),
    [
        (["Dice was 0.85 on"], "0.85"),
        (["Dice was", "0.85 on"], "was 0.85"),
        (["  Dice was  ", "", "  0.85 on"], "was 0.85"),
        (["a seg-", "mentation"], "segmentation"),
        (["a self-", "supervised"], "self-supervised"),
        (["a b", "c"], "b"),
    ],
)
def test_where_a_printed_figure_stands(lines: list[str], printed: str) -> None:
    assert stands_at(printed, lines)


@pytest.mark.parametrize(("lines", "printed"), [(["0.8", "5"], "0.85"), ([], "x"), (["Dice"], "dice"), (["12"], "1 2")])
def test_where_it_does_not(lines: list[str], printed: str) -> None:
    assert not stands_at(printed, lines)


@pytest.mark.parametrize(
    ("locator", "printed"),
    [("L2", "0.85"), ("L2; Table 3", "Dice was 0.85"), ("L3-4", "segmentation of 0.9"), ("L1-4", "on the test set")],
)
def test_figures_at_their_place(folder: Folder, sources: Path, locator: str, printed: str) -> None:
    cite(folder, locator, printed, hashlib.sha256(TEXT.encode()).hexdigest())
    report = folder.check(sources)
    assert report.problems == ()
    assert report.verified == 1


PLACE = "results.csv line 2, column"


@pytest.mark.parametrize(
    ("locator", "printed", "message"),
    [
        ("L1", "0.85", f"{PLACE} printed (results!F2): found '0.85'; a printed figure stands at its locator in the "
         "source; correct the line or the figure; paper L1 reads 'A study of reading.'; it stands at L2"),
        ("L2", "0.86", f"{PLACE} printed (results!F2): found '0.86'; a printed figure stands at its locator in the "
         "source; correct the line or the figure; paper L2 reads 'The Dice was 0.85 on'"),
        ("L2-9", "0.85", f"{PLACE} locator (results!E2): found 'L2-9'; a locator names lines that the source has; "
         "paper has 5 lines"),
        ("Table 3", "0.85", f"{PLACE} locator (results!E2): found 'Table 3'; a printed figure of a text source has "
         "the line where it stands; start it with the line, such as L1715"),
    ],
)  # fmt: skip
def test_figures_that_are_not_there(folder: Folder, sources: Path, locator: str, printed: str, message: str) -> None:
    cite(folder, locator, printed)
    report = folder.check(sources)
    assert [str(problem) for problem in report.problems] == [message]
    assert report.verified == 0


def test_another_file_than_the_one_that_was_read(folder: Folder, sources: Path) -> None:
    cite(folder, "L2", "0.85", "0" * 64)
    found = hashlib.sha256(TEXT.encode()).hexdigest()
    assert folder.messages(sources) == [
        f"sources.csv line 2, column sha256 (sources!C2): found '{'0' * 64}'; the digest is that of paper.txt; the "
        f"file has {found}: take the file that was read"
    ]


def test_a_text_that_is_not_in_the_folder(folder: Folder, sources: Path) -> None:
    cite(folder, "L2", "0.85", "0" * 64)
    folder.write(
        "experiments.csv", "experiment_id,study_id,method,source_id,locator\nsmith-r01.unet,smith-r01,U,paper,L1\n"
    )
    (sources / "paper.txt").unlink()
    assert folder.messages(sources) == [
        "sources.csv line 2, column source_id (sources!A2): warning: found 'paper'; the text of a source that is cited "
        "by line can be looked up; put paper.txt there"
    ]


def test_the_folder_of_sources_must_be_there(folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give the folder with the texts of the sources"):
        folder.check(tmp_path / "nothing")


def test_the_script(
    folder: Folder, sources: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cite(folder, "L2", "0.85")
    monkeypatch.setenv("METAREVIEW_SOURCES", str(sources))
    monkeypatch.setattr(sys, "argv", ["verify_printed.py", str(folder.path)])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert caught.value.code == 0
    assert capsys.readouterr().out == "small: no problems\nprinted figures found at their place: 1\n"


@pytest.mark.needs_sources
def test_every_printed_figure_of_the_founding_review() -> None:
    from metareview.ingest import check_review

    texts = os.environ.get("METAREVIEW_SOURCES")
    if not texts:
        pytest.skip("METAREVIEW_SOURCES does not name the folder of the source texts")
    review = SCRIPT.parents[1] / "data" / "studies" / "brain-em"
    report = check_review(review, sources=texts)
    assert report.ok, "\n".join(map(str, report.problems[:20]))
    assert report.verified
    assert report.verified > 1000
