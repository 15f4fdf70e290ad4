"""The page on adding a model: its example is a model of the registry, by the registry's own rules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
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


def test_the_page_is_all_there_is_to_do(root: Path, tmp_path: Path) -> None:
    """The file and the entry, in a copy of the program: its tests of models and of throughput pass with them."""
    page = (root / "docs" / "rerun-add-a-model.md").read_text(encoding="utf-8")
    code, entry = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    shutil.copytree(root / "metareview", tmp_path / "metareview", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests/rerun/test_models.py", "tests/rerun/test_throughput.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    models = tmp_path / "metareview" / "rerun" / "models"
    (models / "three_layers.py").write_text(code, encoding="utf-8")
    registry = (models / "registry.py").read_text(encoding="utf-8")
    inside = "".join(f"    {line}\n" for line in entry.rstrip().splitlines()).rstrip() + ",\n"
    (models / "registry.py").write_text(registry.replace("SPECS = (\n", f"SPECS = (\n{inside}", 1), encoding="utf-8")
    files = ["tests/rerun/test_models.py", "tests/rerun/test_throughput.py"]
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", *files]
    done = subprocess.run(
        [*words, "-k", "three-layers or cases_are"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 8


def test_page_names_what_exists(root: Path) -> None:
    page = (root / "docs" / "rerun-add-a-model.md").read_text(encoding="utf-8")
    files = re.findall(r"(?:metareview|tests)/[\w/]+\.py", page)
    assert len(files) > 4
    assert [name for name in files if not (root / name).is_file()] == []
