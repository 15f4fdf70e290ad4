"""The page on adding a model: its example is a model of the registry, by the registry's own rules."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from metareview.rerun.models import ModelSpec, count_parameters

torch = pytest.importorskip("torch", reason="needs the extra rerun")


def test_example_of_the_page(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (root / "docs" / "rerun-add-a-model.md").read_text(encoding="utf-8")
    code, entry = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    module = ModuleType("metareview.rerun.models.three_layers")
    exec(compile(code, "three_layers.py", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    spec = eval(entry, {"ModelSpec": ModelSpec})
    model = spec.build()
    assert count_parameters(model) == spec.parameters
    assert f"Parameters: {spec.parameters:,}, counted here" in code
    assert tuple(model(torch.zeros(1, 1, 5, 7)).shape[2:]) == spec.output_shape((5, 7)) == (5, 7)


def test_page_names_what_exists(root: Path) -> None:
    page = (root / "docs" / "rerun-add-a-model.md").read_text(encoding="utf-8")
    files = re.findall(r"(?:metareview|tests)/[\w/]+\.py", page)
    assert len(files) > 4
    assert [name for name in files if not (root / name).is_file()] == []
