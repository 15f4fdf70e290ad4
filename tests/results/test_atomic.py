"""Atomic writing: the old file or the new one, never a part."""

from __future__ import annotations

import os
import stat

import pytest

from metareview.errors import InputError
from metareview.results.atomic import write_atomic


def test_writes_bytes_and_text_and_makes_the_folder(tmp_path):
    path = write_atomic(tmp_path / "deep" / "er" / "a.csv", "ä\r\n")
    assert path.read_bytes() == "ä\r\n".encode()
    assert write_atomic(path, b"\x00").read_bytes() == b"\x00"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.csv"]


def test_file_mode_is_that_of_an_ordinary_file(tmp_path):
    (tmp_path / "plain").write_text("x")
    written = write_atomic(tmp_path / "atomic", "x")
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    path = write_atomic(tmp_path / "a.csv", "old")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


def test_full_disk_is_an_error_with_a_remedy(tmp_path, monkeypatch):
    path = write_atomic(tmp_path / "a.csv", "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"cannot be written: No space left on device; the old file is untouched"):
        write_atomic(path, "new")
    assert path.read_text() == "old"


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"file cannot be written to: .*; choose another folder"):
        write_atomic(tmp_path / "file" / "a.csv", "x")
