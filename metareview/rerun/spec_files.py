"""Spec files of a review -> specs: every problem of every file at once, with key, rule and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from metareview.errors import InputError, ProblemsFound, UnknownName, did_you_mean
from metareview.rerun.spec import Misfits, RerunSpec, preset_over
from metareview.rerun.spec_checks import ReviewIds, SpecProblem, data_problems, fit_problems, name_problems

__all__ = ["SPECS", "SpecProblem", "check_specs", "parse_spec", "read_specs", "spec_files"]

#: Folder of the specs in a review.
SPECS = "reruns/specs"


def spec_files(review: Path | str) -> list[Path]:
    """Return the spec files of a review, by name."""
    return sorted((Path(review) / SPECS).glob("*.yaml"))


def read_specs(review: Path | str, names: Sequence[str] = (), ids: ReviewIds | None = None) -> dict[str, RerunSpec]:
    """Read the specs of a review, all or those named, by id.

    Parameters
    ----------
    review : the review folder.
    names : only these; all where empty.
    ids : what of the review a spec may name, by key; not compared where left out.

    Raises
    ------
    InputError
        If the review has no specs.
    UnknownName
        If a name is none of them.
    ProblemsFound
        With everything that is wrong in any of the files.
    """
    files = {path.stem: path for path in spec_files(review)}
    if not files:
        raise InputError(f"{Path(review) / SPECS} holds no spec; docs/rerun.md shows one")
    for name in names:
        if name not in files:
            raise UnknownName("spec", name, files)
    specs, problems = check_specs([files[name] for name in names or files], ids)
    if problems:
        count = len(problems)
        raise ProblemsFound(f"{count} problem{'' if count == 1 else 's'} in {SPECS}", problems)
    return specs


def check_specs(files: Sequence[Path], ids: ReviewIds | None = None) -> tuple[dict[str, RerunSpec], list[SpecProblem]]:
    """Return the specs of files that are in order, by id, and everything that is wrong in the others."""
    specs: dict[str, RerunSpec] = {}
    problems: list[SpecProblem] = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(SpecProblem(path.name, "", str(error), "a spec is a text file in UTF-8", "correct it"))
            continue
        found, wrong = parse_spec(text, path.name, ids)
        problems += wrong
        if found is not None and found.id != path.stem:
            problems.append(SpecProblem(path.name, "id", f"{found.id!r}", "the id is the name of the file",
                                        f"write id: {path.stem}"))  # fmt: skip
        elif found is not None:
            specs[found.id] = found
    return specs, problems


def parse_spec(
    text: str, file: str = "spec.yaml", ids: ReviewIds | None = None
) -> tuple[RerunSpec | None, list[SpecProblem]]:
    """Parse one spec, its presets included; None with the problems where there are any."""
    import yaml

    try:
        body = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return None, [SpecProblem(file, "", " ".join(str(error).split())[:200], "a spec is YAML", "correct it")]
    if not isinstance(body, dict):
        return None, [SpecProblem(file, "", "no keys", "a spec is a mapping of keys to values", "write key: value")]
    problems: list[SpecProblem] = []
    versions: list[tuple[str, Any, Any]] = [("", body, body)]
    if isinstance(presets := body.get("presets"), dict):
        written = {key: value for key, value in body.items() if key != "presets"}
        versions += [(f"presets.{name}.", changes, preset_over(written, changes))
                     for name, changes in presets.items() if isinstance(changes, dict)]  # fmt: skip
    for prefix, given, whole in versions:  # of a preset only what it adds to the spec as written
        told = {(entry.key, entry.found) for entry in problems}
        found, spec = _misshapen(whole, file, prefix)
        if spec is not None and not any(entry.key.startswith(f"{prefix}split") for entry in found):
            found += data_problems(spec, file, prefix)
        found += fit_problems(spec, file, prefix) if spec is not None else ()
        problems += name_problems(given, file, prefix, ids or {})
        problems += [entry for entry in found if (entry.key.removeprefix(prefix), entry.found) not in told]
    return (None, list(dict.fromkeys(problems))) if problems else (RerunSpec.model_validate(body), [])


#: What takes the place of a key that is needed and wrong, so that the others can still be compared.
_STANDS_IN: dict[tuple[int | str, ...], Any] = {
    ("id",): "x", ("title",): "x", ("method",): "x", ("data",): {"name": "x"}, ("data", "name"): "x", ("train",): {},
    ("given",): {"file": "x"}, ("given", "file"): "x", ("scores",): ["x:x"],
}  # fmt: skip


def _misshapen(body: Mapping[str, Any], file: str, prefix: str) -> tuple[list[SpecProblem], RerunSpec | None]:
    """Return keys that are not there, unknown, of a wrong kind or do not fit together; and the spec without them.

    Whether keys fit together is looked at only where each is right by itself, so what is wrong is set aside and the
    rest looked at again. There is no spec where it does not fit together as a whole.
    """
    rest, problems = deepcopy(dict(body)), list[SpecProblem]()
    for _ in range(4):  # inside out: a value, its mapping, the spec
        try:
            return problems, RerunSpec.model_validate(rest)
        except ValidationError as error:
            problems += _explained(error, file, prefix)
            aside = [_set_aside(rest, entry["loc"]) for entry in error.errors(include_url=False)]
            if not all(aside):
                break
        except InputError as error:  # of the split, which checks itself
            problems.append(SpecProblem(file, f"{prefix}split", str(error), "the keys fit together", "correct one"))
            if not _set_aside(rest, ("split",)):
                break
    return problems, None


def _set_aside(body: dict[str, Any], place: tuple[int | str, ...]) -> bool:
    """Take a wrong key out of a spec, or put something harmless there; False where it is the spec as a whole."""
    if not place:
        return False
    place = place[:2] if place[0] in ("train", "data", "given") else place[:1]
    inner, key = body if len(place) == 1 else body[str(place[0])], str(place[-1])
    if not isinstance(inner, dict) or (place not in _STANDS_IN and key not in inner):
        return False
    inner.pop(key, None)
    if place in _STANDS_IN:
        inner[key] = deepcopy(_STANDS_IN[place])
    return True


def _explained(error: ValidationError, file: str, prefix: str) -> Iterator[SpecProblem]:
    for entry in error.errors(include_url=False):
        key = prefix + ".".join(str(part) for part in entry["loc"])
        found = repr(entry["input"])[:60]
        match entry["type"]:
            case "extra_forbidden" | "unexpected_keyword_argument":
                known = _keys_beside(entry["loc"])
                hint = did_you_mean(str(entry["loc"][-1]), known) or f"known: {', '.join(known)}"
                yield SpecProblem(file, key, f"found {str(entry['loc'][-1])!r}", "there is no such key", hint)
            case "missing":
                yield SpecProblem(file, key, "", "this key is needed", "add it")
            case "value_error" if isinstance(misfits := entry["ctx"]["error"], Misfits):
                for name, text, rule, remedy in misfits.each:
                    yield SpecProblem(file, prefix + name, text, rule, remedy)
            case "value_error":
                yield SpecProblem(file, key, str(entry["ctx"]["error"]), "the keys fit together", "correct one of them")
            case _:
                yield SpecProblem(file, key, f"found {found}", str(entry["msg"]).replace("Input should", "should"),
                                  "correct it")  # fmt: skip


def _keys_beside(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that may stand where an unknown one does."""
    from dataclasses import fields, is_dataclass

    model: Any = RerunSpec
    for part in place[:-1]:
        info = getattr(model, "model_fields", {}).get(part)
        model = _model_of(info.annotation) if info is not None else model
    if is_dataclass(model):
        return [field.name for field in fields(model)]
    return list(getattr(model, "model_fields", {}))


def _model_of(annotation: Any) -> Any:
    """Return the model in an annotation such as ``Given | None`` or ``tuple[PublishedTarget, ...]``."""
    inner = [part for part in get_args(annotation) if hasattr(part, "model_fields")]
    return inner[0] if inner else annotation
