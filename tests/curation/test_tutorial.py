"""The tutorial says what the program does: its table of doubts, and its commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metareview.cli.app import app
from metareview.curation.plausibility import DOUBTS


def test_the_table_of_doubts(root: Path) -> None:
    text = (root / "docs" / "tutorial-curation.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \| (.*) \|$", text, re.MULTILINE)
    assert rows == [(doubt.name, doubt.about, doubt.source) for doubt in DOUBTS]


def test_the_commands_run_as_written(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (root / "docs" / "tutorial-curation.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    metareview (.*)$", text, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["template", "check", "csv"]
    runner = CliRunner(env={"METAREVIEW_SOURCES": ""})
    monkeypatch.chdir(tmp_path)
    codes = [runner.invoke(app, shlex.split(command), catch_exceptions=False).exit_code for command in commands]
    assert codes == [0, 0, 0]
    assert Path("checked.xlsx").is_file()


def test_pictures_are_small(root: Path) -> None:
    pictures = list((root / "docs" / "images").glob("curation-*.png"))
    assert len(pictures) == 4
    assert sum(path.stat().st_size for path in pictures) < 300_000
