"""Random bytes at the door: problems, never anything else."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from metareview.errors import InputError
from metareview.ingest import check_review, read_review
from metareview.ingest.problems import Problems
from metareview.ingest.spreadsheets import parse_csv
from metareview.ingest.tables import parse_table
from metareview.schema import TABLES, default_vocabulary

FUZZ = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PIECES = [",", ";", "\t", '"', "\n", "\r\n", "\0", "\ufeff", "1,234", "±", "%", "−", "=1", "not reported", " ", "é"]


def workbook_bytes() -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "results"
    sheet.append(["experiment_id", "metric", "value", "source_id", "locator"])
    sheet.append(["a", "dice", 0.5, "paper", "=1+1"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


XLSX = workbook_bytes()


def check(path: Path) -> None:
    """Whatever the file holds, a check ends with a report, and reading with an InputError."""
    report = check_review(path)
    assert not report.ok
    assert report.to_json()
    with pytest.raises(InputError):
        read_review(path)


@FUZZ
@given(st.binary(max_size=300))
def test_random_bytes_as_csv(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "results.csv").write_bytes(data)
    check(tmp_path)


@FUZZ
@given(st.sampled_from(sorted(TABLES)), st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=40))
def test_random_cells_under_a_right_header(table: str, pieces: list[str]) -> None:
    body = "".join(pieces).encode("utf-8", errors="replace")
    problems = Problems()
    raw = parse_csv(",".join(TABLES[table].columns).encode() + b"\n" + body, table, problems, file="x.csv")
    if raw is not None:
        parsed = parse_table(raw, default_vocabulary(), problems)
        assert len(parsed.frame) == len(raw)
    assert all(str(problem) for problem in problems)


@FUZZ
@given(st.binary(max_size=300))
def test_random_bytes_as_xlsx(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "results.xlsx").write_bytes(data)
    check(tmp_path)


@FUZZ
@given(st.integers(0, len(XLSX) - 1), st.binary(min_size=1, max_size=4))
def test_a_workbook_with_bytes_changed(tmp_path: Path, position: int, data: bytes) -> None:
    (tmp_path / "results.xlsx").write_bytes(XLSX[:position] + data + XLSX[position + len(data) :])
    check(tmp_path)


@FUZZ
@given(st.sampled_from(zipfile.ZipFile(io.BytesIO(XLSX)).namelist()), st.data())
def test_a_workbook_with_xml_changed(tmp_path: Path, member: str, data: st.DataObject) -> None:
    with zipfile.ZipFile(io.BytesIO(XLSX)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    body = members[member]
    position = data.draw(st.integers(0, len(body)))
    insert = data.draw(
        st.one_of(st.binary(max_size=6), st.sampled_from([b"<", b'"', b"<c r='ZZZ9999999'/>", b"</row>"]))
    )
    members[member] = body[:position] + insert + body[position + data.draw(st.integers(0, 8)) :]
    with zipfile.ZipFile(tmp_path / "results.xlsx", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    check(tmp_path)


@FUZZ
@given(st.one_of(st.binary(max_size=200), st.text("{}[]&*!|>-:? \n\t'\"#%@`,ab1", max_size=60).map(str.encode)))
def test_random_bytes_as_configuration(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "review.yaml").write_bytes(data)
    check(tmp_path)
