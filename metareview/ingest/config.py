"""``review.yaml`` -> `ReviewSpec`: every problem with its line, none of YAML's surprises.

Two keys of the same name, an anchor or an alias, and a document that nests without end are problems here; YAML itself
would take the last, copy, or recurse.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from metareview.errors import InputError, did_you_mean
from metareview.ingest.fields import PATTERNS
from metareview.ingest.problems import Problem, Problems, raise_if_errors
from metareview.schema.review import ReviewSpec

__all__ = ["SPEC_FILE", "TOOLS", "Loader", "line_of", "load_spec", "parse_spec", "parse_yaml", "read_spec"]

SPEC_FILE = "review.yaml"
#: Folder of a review with appraisal tools of its own.
TOOLS = "tools"
_MAX_BYTES = 1_000_000
#: What Python has for the values of YAML, in its words.
_KINDS: dict[type, str] = {tuple: "a list", dict: "keys and values", type(None): "nothing"}
_RULE = "review.yaml is a YAML file in UTF-8"
_Place = tuple[str | int, ...]


class Loader(yaml.SafeLoader):
    """A safe loader without aliases and repeated keys; lists are tuples, as in the models."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, "an alias (*name) is not used here; write the value out", mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that stands twice."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue
            if key_node.value in seen:
                problem = f"the key {key_node.value!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def read_spec(folder: Path | str) -> ReviewSpec:
    """Read ``review.yaml``.

    Raises
    ------
    InputError
        If the folder is not there.
    ProblemsFound
        With everything that is wrong in the file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; give the folder of a review")
    problems = Problems()
    spec = load_spec(folder, problems)
    raise_if_errors(SPEC_FILE, problems.sorted())
    if spec is None:
        raise InputError(f"{folder / SPEC_FILE} could not be read")
    return spec


def load_spec(folder: Path, problems: Problems) -> ReviewSpec | None:
    """Read ``review.yaml``; None with problems where it cannot be used."""
    text = _text(folder / SPEC_FILE, problems)
    spec = None if text is None else parse_spec(text, problems)
    if spec is None or not (folder / TOOLS).is_dir():
        return spec
    from metareview.ingest.toolfiles import load_tools

    return spec.model_copy(update={"tools": (*spec.tools, *load_tools(folder, spec, problems))})


def parse_spec(text: str, problems: Problems) -> ReviewSpec | None:
    """Read the text of a ``review.yaml``; None with problems where it cannot be used."""
    document = parse_yaml(text, SPEC_FILE, _RULE, "review.yaml has id, title, question …", problems)
    return None if document is None else _validated(_tupled(document[0]), document[1], problems)


def parse_yaml(
    text: str, file: str, rule: str, keys: str, problems: Problems, loader_of: type[Loader] = Loader
) -> tuple[dict[Any, Any], Any] | None:
    """Read a YAML mapping and its nodes; None with problems where it is none.

    Parameters
    ----------
    file, rule, keys : name of the file, what it is, and what keys it has, for messages.
    loader_of : the loader.
    """
    try:
        loader = loader_of(text)
        try:
            node = loader.get_single_node()
            body = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (character {mark.column + 1})" if mark else ""
        found = f"{error.problem or 'the YAML cannot be read'}{place}"
        row = mark.line + 1 if mark else None
        problems.add(Problem.of_file(file, found, rule, "correct the line", row=row))
        return None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        found = "it nests too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())[:200]
        problems.add(Problem.of_file(file, found, rule, "correct it"))
        return None
    if not isinstance(body, dict):
        found = "the file holds no keys" if body is None else "the file is not a mapping of keys to values"
        problems.add(Problem.of_file(file, found, keys, "write key: value"))
        return None
    return body, node


def _text(path: Path, problems: Problems) -> str | None:
    def refuse(found: str, remedy: str) -> None:
        problems.add(Problem.of_file(SPEC_FILE, found, _RULE, remedy))

    try:
        if path.stat().st_size > _MAX_BYTES:
            refuse(f"the file has {path.stat().st_size:,} bytes", "keep it below a megabyte")
            return None
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        refuse("the file is not there", "write one with at least id, title and question")
    except UnicodeDecodeError as error:
        refuse(f"byte {error.start + 1} is not UTF-8", "save it as UTF-8")
    except OSError as error:
        refuse(f"the file cannot be read ({error.strerror})", "check what it is and its permissions")
    return None


def _tupled(value: Any) -> Any:
    """YAML has lists where the models have tuples."""
    if isinstance(value, list):
        return tuple(_tupled(item) for item in value)
    if isinstance(value, dict):
        return {key: _tupled(item) for key, item in value.items()}
    return value


def _validated(body: dict[Any, Any], node: Any, problems: Problems) -> ReviewSpec | None:
    if not all(isinstance(key, str) for key in body):
        found = f"the key {next(key for key in body if not isinstance(key, str))!r} is not text"
        problems.add(Problem.of_file(SPEC_FILE, found, "keys are words", "put it in quotes"))
        return None
    try:
        return ReviewSpec.model_validate(body)
    except ValidationError as error:
        for entry in error.errors(include_url=False):
            problems.add(_problem(entry, node))
    except InputError as error:
        problems.add(Problem.of_file(SPEC_FILE, str(error), "one name means one metric", "change metrics"))
    return None


def _problem(entry: Any, node: Any) -> Problem:
    """Turn an error of pydantic into a problem at the line of its key."""
    place: _Place = entry["loc"]
    key = ".".join(str(part) for part in place) or None
    row = line_of(node, place)
    found = entry["input"]
    shown = found if isinstance(found, str) else ("" if isinstance(found, dict | tuple) else str(found))
    match entry["type"]:
        case "extra_forbidden":
            known = _known_keys(place[:-1])
            hint = did_you_mean(str(place[-1]), known) or f"known: {', '.join(known)}"
            return Problem(SPEC_FILE, row, key, None, str(place[-1]), "there is no such key", hint)
        case "missing":
            return Problem.of_file(SPEC_FILE, f"there is no key {key}", f"review.yaml has {key}", "add it", row=row)
        case "value_error":
            said = str(entry["ctx"]["error"])
            return Problem.of_file(SPEC_FILE, said, "the keys fit together", "correct one of them", row=row)
        case "string_type":
            return Problem(SPEC_FILE, row, key, None, shown, "text is expected", "put the value in quotes")
        case "model_type":
            rule, remedy = "a mapping of keys to values is expected here", "write its keys"
            if place[0] == "metrics":
                remedy = "define the metric with its keys; one of the vocabulary is listed under metrics_in_use"
            return Problem(SPEC_FILE, row, key, None, shown, rule, remedy)
        case "string_pattern_mismatch" if entry["ctx"]["pattern"] in PATTERNS:
            rule = PATTERNS[entry["ctx"]["pattern"]][0]
            return Problem(SPEC_FILE, row, key, None, shown, rule, "correct it")
        case "too_short":
            least = entry["ctx"]["min_length"]
            rule = f"a list of at least {least} entr{'y' if least == 1 else 'ies'} is expected"
            remedy = "list what is meant, or leave the key out"
            held = f"a list of {len(found)}" if len(found) else "an empty list"
            return Problem.of_file(SPEC_FILE, f"{key} is {held}", rule, remedy, row=row)
        case _:
            rule = str(entry["msg"]).replace("Input should", "the value should").replace("tuple", "list")
            shown = shown or _KINDS.get(type(found), type(found).__name__)
            return Problem(SPEC_FILE, row, key, None, shown, rule, "correct it")


def line_of(node: Any, place: tuple[str | int, ...]) -> int | None:
    """Return the line of the deepest key of a place that the document has."""
    line = None
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == part), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _known_keys(place: _Place) -> list[str]:
    """Return the keys that a place of the file may have."""
    model: Any = ReviewSpec
    for part in place:
        if isinstance(part, int) or not _is_model(model):
            continue
        info = model.model_fields.get(part)
        model = next((arm for arm in _models(info.annotation)), None) if info else None
    return list(model.model_fields) if _is_model(model) else []


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _models(annotation: Any) -> list[type[BaseModel]]:
    from typing import get_args

    if _is_model(annotation):
        return [annotation]
    return [model for arm in get_args(annotation) for model in _models(arm)]
