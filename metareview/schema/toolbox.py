"""The appraisal tools there are: those that ship with the package, and a reviewer's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from metareview.errors import InputError, UnknownName
from metareview.schema.tool import ToolSpec

if TYPE_CHECKING:
    from metareview.schema.review import ReviewSpec

__all__ = ["SHIPPED", "find_tool", "shipped_tools", "tool_from", "tools_of"]

#: Ids of the tools that ship with the package, in the order they are listed.
SHIPPED = ("rob-2", "rob-2-adhering", "quadas-2", "probast-ai", "computational-imaging", "ml-leakage")


def tool_from(body: Mapping[str, Any]) -> ToolSpec:
    """Return a tool from the keys of its file; ``extends`` takes all else from a shipped tool.

    The items of a file that extends another replace those with the same id, and the questions of every domain that it
    gives again.

    Raises
    ------
    UnknownName
        If it extends a tool that does not ship with the package.
    pydantic.ValidationError
        If the keys make no tool.
    """
    base = body.get("extends")
    if base is None:
        return ToolSpec.model_validate(dict(body))
    if base not in SHIPPED or base == body.get("id"):
        raise UnknownName("tool", str(base), [name for name in SHIPPED if name != body.get("id")])
    start = shipped_body(str(base))
    own = [item for item in body.get("items", ()) if isinstance(item, dict)]
    merged = {**start, **{key: value for key, value in body.items() if key not in ("extends", "items")}}
    merged["scales"] = {**start["scales"], **body.get("scales", {})}
    merged["items"] = _replaced(start["items"], own)
    return ToolSpec.model_validate(merged)


def _replaced(base: list[dict[str, Any]], own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the items of a tool with some given again: each in its old place, new ones after their domain."""
    given = {item.get("id") for item in own}
    again = {item.get("id") for item in own if item.get("kind") == "domain"}
    kept = [item for item in base if item["id"] not in given and item.get("domain") not in again]
    out: list[dict[str, Any]] = []
    left = list(own)
    for item in base:
        if item["id"] in again:
            mine = [new for new in left if new.get("id") == item["id"] or new.get("domain") == item["id"]]
            out += mine
            left = [new for new in left if new not in mine]
        elif item in kept:
            out.append(item)
        else:
            same = [new for new in left if new.get("id") == item["id"]]
            out += same
            left = [new for new in left if new not in same]
    return [*out, *left]


@cache
def shipped_body(name: str) -> dict[str, Any]:
    """Return the file of a shipped tool as keys and text; `name` is one of `SHIPPED`."""
    import yaml

    text = (files("metareview.schema") / "tools" / f"{name}.yaml").read_text(encoding="utf-8")
    body: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # every value is text: safe, and no is the word no
    return body


@cache
def shipped_tools() -> Mapping[str, ToolSpec]:
    """Return the tools that ship with the package by id."""
    return {name: tool_from(shipped_body(name)) for name in SHIPPED}


def tools_of(spec: ReviewSpec) -> dict[str, ToolSpec]:
    """Return the tools that a review can use by id: the shipped ones and its own.

    Raises
    ------
    InputError
        If one of its own has the id of another tool.
    """
    found = dict(shipped_tools())
    for tool in spec.tools:
        if tool.id in found:
            raise InputError(f"tool {tool.id!r} stands twice, or ships with the package; give yours another id")
        found[tool.id] = tool
    return found


def find_tool(name: str, spec: ReviewSpec | None = None) -> ToolSpec:
    """Return a tool by id.

    Raises
    ------
    UnknownName
        If there is none.
    """
    found = tools_of(spec) if spec is not None else dict(shipped_tools())
    if name not in found:
        raise UnknownName("tool", name, found)
    return found[name]
