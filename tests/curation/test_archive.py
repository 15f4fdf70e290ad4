"""An archive for deposit: the same bytes, verified anywhere, and nothing strange ever unpacked."""

from __future__ import annotations

import csv
import io
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metareview.cli.app import app
from metareview.curation.archive import build_archive, check_archive
from metareview.curation.dictionary import dictionary_csv, dictionary_markdown
from metareview.errors import InputError, ProblemsFound, UnknownName
from metareview.schema.tables import TABLES
from tests.curation.two_extractors import Version

runner = CliRunner()


@pytest.fixture
def review(tmp_path: Path) -> Version:
    return Version(tmp_path / "small")


@pytest.fixture
def archive(review: Version, tmp_path: Path) -> Path:
    path = tmp_path / "small.zip"
    path.write_bytes(build_archive(review.path, "CC-BY-4.0"))
    return path


def rewritten(path: Path, change: dict[str, bytes | None], *, name: str = "changed.zip") -> Path:
    """Write the archive again with entries replaced, added, or (None) left out."""
    target = path.parent / name
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            if entry not in change:
                new.writestr(entry, old.read(entry))
        for entry, data in change.items():
            if data is not None:
                new.writestr(entry, data)
    return target


def test_what_is_in_it(archive: Path, review: Version) -> None:
    with zipfile.ZipFile(archive) as found:
        assert found.namelist() == [
            "small/LICENSE.txt", "small/README.md", "small/SHA256SUMS", "small/data_dictionary.csv",
            "small/data_dictionary.md", "small/review/experiments.csv", "small/review/results.csv",
            "small/review/review.yaml", "small/review/sources.csv", "small/review/studies.csv",
        ]  # fmt: skip
        assert found.read("small/review/results.csv") == (review.path / "results.csv").read_bytes()
        assert b"creativecommons.org/licenses/by/4.0" in found.read("small/LICENSE.txt")
        assert {info.date_time for info in found.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert build_archive(review.path, "CC-BY-4.0") == archive.read_bytes()
    assert check_archive(archive).ok


def test_verified_without_this_program(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as found:
        found.extractall(tmp_path / "out")
    done = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "out" / "small", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_tampered(archive: Path) -> None:
    report = check_archive(rewritten(archive, {"small/review/results.csv": b"experiment_id\n"}))
    assert [problem.found for problem in report.problems] == [
        "review/results.csv is not the file that was archived: its SHA-256 differs"
    ]
    missing = check_archive(rewritten(archive, {"small/review/studies.csv": None}))
    assert [problem.found for problem in missing.problems] == ["review/studies.csv is missing"]
    more = check_archive(rewritten(archive, {"small/review/claims.csv": b"x"}))
    assert [problem.found for problem in more.problems] == ["review/claims.csv is not listed"]
    assert not more.ok


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../evil.csv", "may lead out of it"),
        ("small/../../evil.csv", "may lead out of it"),
        ("/etc/evil.csv", "may lead out of it"),
        ("small\\..\\evil.csv", "may lead out of it"),
        ("C:/evil.csv", "may lead out of it"),
        ("small/review/deep/evil.csv", "may lead out of it"),
        ("small/other/evil.csv", "only review/ is a folder"),
        ("big/README.md", "two entries"),
    ],
)
def test_strange_names(archive: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_archive(rewritten(archive, {name: b"x"}))


def test_links_and_bombs(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "link.zip"
    path.write_bytes(archive.read_bytes())
    with zipfile.ZipFile(path, "a") as found:
        entry = zipfile.ZipInfo("small/review/claims.csv")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        found.writestr(entry, "/etc/passwd")
    with pytest.raises(InputError, match="not unpacked"):
        check_archive(path)
    bomb = rewritten(archive, {"small/review/claims.csv": bytes(65 * 1024**2)}, name="bomb.zip")
    with pytest.raises(InputError, match="would unpack to"):
        check_archive(bomb)
    monkeypatch.setattr("metareview.curation.archive.MAX_ENTRIES", 3)
    with pytest.raises(InputError, match="at most 3"):
        check_archive(archive)


def test_no_archive(tmp_path: Path, archive: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 no")
    with pytest.raises(InputError, match="damaged or no zip file"):
        check_archive(tmp_path / "x.zip")
    with pytest.raises(InputError, match="is not there"):
        check_archive(tmp_path / "y.zip")
    with pytest.raises(InputError, match="has no SHA256SUMS"):
        check_archive(rewritten(archive, {"small/SHA256SUMS": None}))
    cut = archive.read_bytes()
    (tmp_path / "cut.zip").write_bytes(cut[: len(cut) // 2])
    with pytest.raises(InputError, match="damaged"):
        check_archive(tmp_path / "cut.zip")


def test_a_review_with_problems(review: Version, tmp_path: Path, archive: Path) -> None:
    review.edit("results", 0, value="high")
    with pytest.raises(ProblemsFound):
        build_archive(review.path, "CC-BY-4.0")


def test_the_verbs(review: Version, tmp_path: Path) -> None:
    target, terms = tmp_path / "a.zip", tmp_path / "terms.txt"
    done = runner.invoke(app, ["archive", str(review.path), "-o", str(target)], catch_exceptions=False)
    assert (done.exit_code, "sha256 " in done.output) == (0, True)
    done = runner.invoke(app, ["check", str(target)])
    assert done.exit_code == 0
    assert "a.zip: no problems" in done.output
    changed = rewritten(target, {"small/README.md": b"x"})
    assert runner.invoke(app, ["check", str(changed)]).exit_code == 1
    terms.write_text("Ask first.", encoding="utf-8")
    runner.invoke(
        app, ["archive", str(review.path), "-o", str(target), "--licence", str(terms)], catch_exceptions=False
    )
    with zipfile.ZipFile(target) as found:
        assert found.read("small/LICENSE.txt") == b"Ask first.\n"
    with pytest.raises(UnknownName, match=r"licence 'CC-BY-4' is not known; known: CC-BY-4\.0"):
        runner.invoke(
            app, ["archive", str(review.path), "-o", str(target), "--licence", "CC-BY-4"], catch_exceptions=False
        )
    assert runner.invoke(app, ["archive", str(review.path), "-o", str(tmp_path / "a.tar")]).exit_code == 2


def test_the_dictionary_has_every_column() -> None:
    rows = list(csv.DictReader(io.StringIO(dictionary_csv())))
    assert [(row["table"], row["column"]) for row in rows] == [
        (name, column) for name, spec in TABLES.items() for column in spec.columns
    ]
    assert all(row["description"] for row in rows)
    value = next(row for row in rows if (row["table"], row["column"]) == ("results", "sd"))
    assert (value["type"], value["allowed"], value["codes"]) == (
        "number", "at least 0", "not reported; not applicable; unclear"
    )  # fmt: skip
    text = dictionary_markdown(["results"])
    assert "## results" in text
    assert "## studies" not in text


def test_the_founding_review(root: Path) -> None:
    review = root / "data" / "studies" / "brain-em"
    data = build_archive(review, "CC-BY-4.0")
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        rows = list(csv.DictReader(io.StringIO(found.read("brain-em/review/experiments.csv").decode())))
        inside = {name.removeprefix("brain-em/review/") for name in found.namelist()}
    assert len(rows) == 119
    records = {path.relative_to(review).as_posix() for path in (review / "reruns" / "runs").glob("*.json")}
    assert {"reruns/experiments.csv", "reruns/results.csv", *records} <= inside


def test_folders_inside(review: Version, tmp_path: Path) -> None:
    """Tools and re-runs stand in folders of the review; both come out again."""
    tools, runs = review.path / "tools", review.path / "reruns" / "runs"
    tools.mkdir()
    runs.mkdir(parents=True)
    (tools / "ours.yaml").write_text("extends: quadas-2\nid: ours\ntitle: Ours\n", encoding="utf-8")
    (runs / "a.json").write_text('{"run_id": "a"}', encoding="utf-8")
    path = tmp_path / "deep.zip"
    path.write_bytes(build_archive(review.path, "CC0-1.0"))
    with zipfile.ZipFile(path) as found:
        assert {"small/review/tools/ours.yaml", "small/review/reruns/runs/a.json"} <= set(found.namelist())
    assert check_archive(path).ok


def test_the_finished_archive_is_read_back(review: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that would be refused where it arrives is not handed out."""
    monkeypatch.setattr("metareview.curation.archive.MAX_ENTRIES", 3)
    with pytest.raises(InputError, match="at most 3"):
        build_archive(review.path, "CC0-1.0")
