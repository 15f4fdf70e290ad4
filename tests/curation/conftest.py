"""Two versions of a small review that agree until a test edits one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.curation.two_extractors import Version


@pytest.fixture
def versions(tmp_path: Path) -> tuple[Version, Version]:
    return Version(tmp_path / "anna"), Version(tmp_path / "ben")
