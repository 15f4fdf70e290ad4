"""Spec files of a review -> specs: every problem of every file at once, with key, rule and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from metareview.errors import InputError, ProblemsFound, UnknownName, did_you_mean
from metareview.rerun.spec import LOSSES, RerunSpec, score_name

__all__ = ["SPECS", "SpecProblem", "parse_spec", "read_specs", "spec_files"]

#: Folder of the specs in a review.
SPECS = "reruns/specs"


@dataclass(frozen=True, slots=True)
class SpecProblem:
    """One thing that is wrong in a spec: file, key, what was found, the rule, what to do."""

    file: str
    key: str
    found: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}, key {self.key}" if self.key else self.file
        return f"{where}: {'; '.join(part for part in (self.found, self.rule, self.remedy) if part)}"


def spec_files(review: Path | str) -> list[Path]:
    """Return the spec files of a review, by name."""
    return sorted((Path(review) / SPECS).glob("*.yaml"))


def read_specs(review: Path | str, names: Sequence[str] = ()) -> dict[str, RerunSpec]:
    """Read the specs of a review, all or those named, by id.

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
    specs: dict[str, RerunSpec] = {}
    problems: list[SpecProblem] = []
    for name in names or files:
        found, wrong = parse_spec(files[name].read_text(encoding="utf-8"), files[name].name)
        problems += wrong
        if found is not None and found.id != name:
            problems.append(SpecProblem(files[name].name, "id", f"{found.id!r}", "the id is the name of the file",
                                        f"write id: {name}"))  # fmt: skip
        elif found is not None:
            specs[name] = found
    if problems:
        raise ProblemsFound(f"{len(problems)} problems in {SPECS}", problems)
    return specs


def parse_spec(text: str, file: str = "spec.yaml") -> tuple[RerunSpec | None, list[SpecProblem]]:
    """Parse one spec, its presets included; None with the problems where there are any."""
    import yaml

    try:
        body = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return None, [SpecProblem(file, "", " ".join(str(error).split())[:200], "a spec is YAML", "correct it")]
    if not isinstance(body, dict):
        return None, [SpecProblem(file, "", "no keys", "a spec is a mapping of keys to values", "write key: value")]
    try:
        spec = RerunSpec.model_validate(body)
    except (ValidationError, InputError) as error:
        return None, list(_explained(error, file, ""))
    problems = list(_unknown_names(spec, file, ""))
    for name in spec.presets:
        try:
            problems += _unknown_names(spec.with_preset(name), file, f"presets.{name}.")
        except (ValidationError, InputError) as error:
            problems += _explained(error, file, f"presets.{name}.")
    problems = list(dict.fromkeys(problems))
    return (None, problems) if problems else (spec, [])


def _explained(error: ValidationError | InputError, file: str, prefix: str) -> Iterator[SpecProblem]:
    if isinstance(error, InputError):
        yield SpecProblem(file, prefix.rstrip("."), str(error), "the keys fit together", "correct one of them")
        return
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
        if info is not None:
            model = info.annotation
    if is_dataclass(model):
        return [field.name for field in fields(model)]
    return list(getattr(model, "model_fields", {}))


def _unknown_names(spec: RerunSpec, file: str, prefix: str) -> Iterator[SpecProblem]:
    """Report names that stand in no registry: model, data set, loss, segmentation, scores."""
    from metareview.evaluation.pair import all_rules
    from metareview.rerun.data import DATASETS
    from metareview.rerun.models import MODELS
    from metareview.rerun.segment import SEGMENTERS

    asked: list[tuple[str, str, Sequence[str] | Mapping[str, Any]]] = [
        ("train.model", spec.train.model, MODELS), ("data.name", spec.data.name, DATASETS),
        ("train.loss", spec.train.loss, LOSSES), ("segment.method", spec.segment.method, SEGMENTERS),
    ]  # fmt: skip
    rules = all_rules()
    asked += [("scores", score_name(name), rules) for name in spec.scores]
    asked += [("segment.choose_by", score_name(spec.segment.choose_by), rules)]
    for key, name, known in asked:
        if name not in known:
            hint = did_you_mean(name, known) or f"known: {', '.join(known)}"[:300]
            yield SpecProblem(file, prefix + key, f"found {name!r}", "the name is not known", hint)
