"""Appraisal tools of a review's own, ``tools/*.yaml``: read as text only, checked against `ToolSpec`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from metareview.errors import InputError
from metareview.ingest.config import TOOLS, Loader, line_of, parse_yaml
from metareview.ingest.problems import Problem, Problems, quote
from metareview.schema.review import ReviewSpec
from metareview.schema.tool import ToolSpec
from metareview.schema.toolbox import SHIPPED, tool_from

__all__ = ["load_tools", "tool_files"]

_MAX_BYTES = 1_000_000
_RULE = "an appraisal tool is a YAML file in UTF-8"
_KEYS = "a tool has id, title, version, about, sources, scales and items"


class _TextLoader(Loader):
    """Every value is text: ``no`` is the word no, and ``2.10`` keeps its nought."""

    yaml_implicit_resolvers: dict[str, Any] = {}


def tool_files(folder: Path) -> list[Path]:
    """Return the files of a review's own tools, by name."""
    return sorted((folder / TOOLS).glob("*.yaml"))


def load_tools(folder: Path, spec: ReviewSpec, problems: Problems) -> tuple[ToolSpec, ...]:
    """Read a review's own tools; one that cannot be used is left out with its problems.

    Parameters
    ----------
    folder, spec : the review folder and its configuration, whose tools may not be given again.
    problems : where to report.
    """
    found: list[ToolSpec] = []
    for path in tool_files(folder):
        name = f"{TOOLS}/{path.name}"
        tool = _load(path, name, problems)
        if tool is None:
            continue
        if tool.id in SHIPPED or tool.id in {other.id for other in (*spec.tools, *found)}:
            remedy = "give yours another id; extends: takes over the items of a shipped tool"
            problems.add(Problem(name, None, "id", None, tool.id, "the id of a tool is used once", remedy))
            continue
        found.append(tool)
    return tuple(found)


def _load(path: Path, name: str, problems: Problems) -> ToolSpec | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"the file has {path.stat().st_size:,} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:  # a UnicodeDecodeError is a ValueError
        problems.add(Problem.of_file(name, str(error), _RULE, "save it as UTF-8, below a megabyte"))
        return None
    document = parse_yaml(text, name, _RULE, _KEYS, problems, _TextLoader)
    if document is None:
        return None
    body, node = document
    try:
        return tool_from(body)
    except ValidationError as error:
        for problem in _problems(error, name, node):
            problems.add(problem)
    except (InputError, TypeError, KeyError) as error:
        problems.add(Problem.of_file(name, str(error), _KEYS, "correct it"))
    return None


def _problems(error: ValidationError, name: str, node: Any) -> Iterator[Problem]:
    for entry in error.errors(include_url=False):
        place = entry["loc"]
        key, row = ".".join(str(part) for part in place), line_of(node, place)
        if entry["type"] == "value_error":
            yield Problem.of_file(name, str(entry["ctx"]["error"]), "the keys fit together", "correct one", row=row)
        elif entry["type"] == "missing":
            yield Problem.of_file(name, f"there is no key {key}", _KEYS, "add it", row=row)
        else:
            found = entry["input"]
            shown = found if isinstance(found, str) else quote(type(found).__name__)
            rule = str(entry["msg"]).replace("Input should", "the value should")
            yield Problem(name, row, key or None, None, shown, rule, "correct it")
