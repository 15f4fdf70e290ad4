"""The rules of the house, measured: budgets, a light front door, no strange paths, pinned public names."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import metareview

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "metareview"
MODULES = sorted(PACKAGE.rglob("*.py"))
FILE_BUDGET, FUNCTION_BUDGET = 400, 40
#: name -> why it may exceed its budget
EXCEPTIONS: dict[str, str] = {}


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without signature and docstring."""
    body = node.body
    if (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    ):
        body = body[1:]
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_budgets(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    over = [f"{path.name}: {text.count(chr(10))} lines"] if text.count("\n") > FILE_BUDGET else []
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    over += [f"{path.name}:{f.lineno} {f.name}" for f in functions if code_lines(f) > FUNCTION_BUDGET]
    assert [entry for entry in over if entry.split(":")[0] not in EXCEPTIONS] == []


def test_no_stubs() -> None:
    marks = re.compile(r"raise NotImplementedError|\bTODO\b|\bFIXME\b|\bXXX\b")
    assert [path.name for path in MODULES if marks.search(path.read_text(encoding="utf-8"))] == []


def test_exported_names() -> None:
    assert metareview.__all__ == ["Review", "__version__", "load"]
    assert all(hasattr(metareview, name) for name in metareview.__all__)


def test_unknown_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        _ = metareview.lode


HEAVY = ("numpy", "pandas", "scipy", "matplotlib", "plotly", "pingouin", "statsmodels", "seaborn", "snakemake", "torch")


@pytest.mark.parametrize("code", ["import metareview", "import metareview.cli.app", "import metareview.errors"])
def test_front_door_is_light(code: str) -> None:
    probe = f"{code}; import sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_schema_has_no_arrays() -> None:
    probe = "import metareview.schema, sys; print([name for name in ('numpy', 'pandas') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_path_of_a_machine() -> None:
    """Nothing in the project names a folder of the machine it was written on."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    strange = re.compile(r"/(?:home|Users|root|work|tmp)/[\w.-]+/")
    allowed = {"tests/test_house.py"}
    found = []
    for name in listed.stdout.split():
        path = ROOT / name
        if name in allowed or path.suffix in {".png", ".xlsx", ".csv"} or not path.is_file():
            continue
        if strange.search(path.read_text(encoding="utf-8", errors="replace")):
            found.append(name)
    assert found == []


def test_import_directions() -> None:
    """The import contracts hold (the same check as `make lint`)."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
