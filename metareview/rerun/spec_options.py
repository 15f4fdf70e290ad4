"""Options of a spec, held against what takes them: before anything is trained, and without torch.

What a segmentation and a forest take is asked of themselves. A network is asked by its source: its module needs torch
when it is imported, but not when it is read.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from metareview.errors import InputError, did_you_mean
from metareview.rerun.models import MODELS, ModelSpec
from metareview.rerun.segment import SEGMENTERS
from metareview.rerun.spec import RerunSpec
from metareview.rerun.targets import NEAREST_OFFSETS, channel_names

__all__ = ["factory_options", "option_problems"]

#: Key, what was found, rule, remedy.
Told = tuple[str, str, str, str]
#: Names that stand for a hint in the sources of models; what is not here is not compared.
PLAIN: Mapping[str, Any] = {"int": int, "float": float, "str": str, "bool": bool}
WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
#: Segmentation -> the channels it can use, by name; those of affinities only as the nearest neighbours come first.
USES: Mapping[str, tuple[str, ...]] = {
    "components": ("membrane", "boundary", "foreground", "body", "contour", "distance"),
    "watershed": ("membrane", "boundary", "contour"),
    "multicut": ("membrane", "boundary"),
}
OF_AFFINITIES = ("waterz", "mutex")


def option_problems(spec: RerunSpec) -> Iterator[Told]:
    """Yield key, what was found, rule and remedy of options that nothing takes, and of parts that do not fit together.

    Names that stand in no registry are passed over: they are reported as such.
    """
    if spec.given is not None:
        return
    known = MODELS.get(spec.train.model)
    if known is not None and known.kind == "forest":
        yield from _of_forest(spec)
    elif known is not None:
        yield from _of_model(known, spec.train.options)
    if spec.predict.copies == "all" and spec.train.target == "affinities":
        yield "predict.tta", "found 'all'", "affinities have no channel for an exchange of y and x", "write flips"
    if spec.predict.copies == "all" and spec.predict.tile and spec.predict.tile[1] != spec.predict.tile[2]:
        yield ("predict.tile", f"found {list(spec.predict.tile)}", "tta all exchanges y and x and needs square tiles",
               "make it square, or write tta: flips")  # fmt: skip
    if spec.segment.method in SEGMENTERS:
        method = SEGMENTERS[spec.segment.method]
        wrong = list(_compared("segment.options", spec.segment.options, _hints(method), spec.segment.method))
        yield from wrong or _of_target(spec)


def factory_options(model: ModelSpec) -> dict[str, Any]:
    """Return the options of a model, name -> kind of value, from the source of its factory.

    >>> factory_options(MODELS["casser-unet"])
    {'dropout': <class 'float'>}
    """
    hints = dict(_source_hints(model.factory))
    for other in MODELS.values():  # what tells two models of one factory apart is chosen by their name
        for name in other.options if other.factory == model.factory else ():
            hints.pop(name, None)
    return hints


def _of_model(model: ModelSpec, options: Mapping[str, Any]) -> Iterator[Told]:
    return _compared("train.options", options, factory_options(model), f"the model {model.name}")


def _of_forest(spec: RerunSpec) -> Iterator[Told]:
    from metareview.rerun.forest import PixelForest

    if spec.predict.tta:
        yield ("predict.tta", f"found {spec.predict.tta!r} with a forest", "a forest looks once: its filters turn",
               "leave it out")  # fmt: skip
    if spec.train.grow_boundary:
        yield ("train.grow_boundary", f"found {spec.train.grow_boundary} with a forest", "a forest takes labels as "
               "they are", "leave it out")  # fmt: skip
    if spec.train.target not in ("membrane", "foreground"):
        yield ("train.target", f"found {spec.train.target!r} with a forest", "a forest learns membrane or foreground",
               "write one of them, or another model")  # fmt: skip
    hints = {name: hint for name, hint in _hints(PixelForest.__init__).items() if name != "seed"}  # of the run
    wrong = list(_compared("train.options", spec.train.options, hints, "a forest"))
    yield from wrong
    if not wrong:
        try:
            PixelForest(**spec.train.options)
        except InputError as error:
            yield "train.options", f"found {dict(spec.train.options)}", str(error), "correct it"


def _of_target(spec: RerunSpec) -> Iterator[Told]:
    """Yield what is wrong where the options are right by themselves, but not for what is predicted."""
    method, options, target = spec.segment.method, spec.segment.options, spec.train.target
    of_affinities = method in OF_AFFINITIES or (method, options.get("boundary", "affinities")) == (
        "multicut", "affinities",
    )  # fmt: skip
    misfit = f"found {method!r} with the target {target}"
    if method == "multicut" and options.get("weighting") == "xyz" and options.get("dims", 3) == 3:
        yield ("segment.options.weighting", "found 'xyz' with dims 3",
               "it tells edges across sections from those within", "add dims: 2, or write all or none")  # fmt: skip
    if of_affinities:
        if target != "affinities":
            yield "segment.method", misfit, f"{method} cuts affinities", _instead(target)
        else:
            yield from _of_offsets(spec)
    elif method == "marker-watershed":
        if target not in ("bc", "bcd"):
            yield "segment.method", misfit, "it cuts body and contour: the targets bc and bcd", _instead(target)
    else:
        names, channel = channel_names(target, spec.train.offsets or None), int(options.get("channel", 0))
        if not -len(names) <= channel < len(names):
            yield ("segment.options.channel", f"found {channel}", f"the target {target} has {len(names)} channels, "
                   "counted from 0", "correct it")  # fmt: skip
        elif names[channel] not in USES[method]:
            said = f"{method} cuts one channel of {', '.join(USES[method])}, not {names[channel]}"
            yield "segment.method", misfit, said, _instead(target)


def _of_offsets(spec: RerunSpec) -> Iterator[Told]:
    given, method = spec.segment.options.get("offsets"), spec.segment.method
    if given is not None and tuple(map(tuple, given)) != spec.train.offsets:
        yield ("segment.options.offsets", f"found {given}", "they are those of train.offsets, in their order",
               "write those")  # fmt: skip
    elif (given is None or method == "waterz") and spec.train.offsets[:3] != NEAREST_OFFSETS:
        yield ("train.offsets", f"found {[list(offset) for offset in spec.train.offsets[:3]]} first",
               f"{method} reads the first three as the nearest neighbours in z, y and x",
               f"begin with {[list(offset) for offset in NEAREST_OFFSETS]}")  # fmt: skip


def _instead(target: str) -> str:
    names = channel_names(target)
    fits = [name for name, uses in USES.items() if any(channel in uses for channel in names)]
    fits += ["marker-watershed"] if target in ("bc", "bcd") else []
    fits += [*OF_AFFINITIES, "multicut"] if target == "affinities" else []
    return f"take {' or '.join(fits)}, or another target"


def _compared(key: str, options: Mapping[str, Any], hints: Mapping[str, Any], who: str) -> Iterator[Told]:
    """Yield options that are not there, and values that are not of their kind."""
    for name, value in options.items():
        if name not in hints:
            remedy = did_you_mean(name, hints) or (f"it takes {', '.join(hints)}" if hints else "it takes none")
            yield f"{key}.{name}", f"found {name!r}", f"{who} has no such option", remedy
        elif not _fits(value, hints[name]):
            remedy = did_you_mean(value, [text for text in _literals(hints[name]) if isinstance(text, str)]) if (
                isinstance(value, str)
            ) else ""  # fmt: skip
            yield f"{key}.{name}", f"found {value!r}", f"{name} is {_words(hints[name])}", remedy or "correct it"


def _hints(method: Callable[..., Any]) -> dict[str, Any]:
    """Return the options of a function: its keyword-only parameters, name -> kind of value."""
    hints = get_type_hints(method)
    parameters = inspect.signature(method).parameters.values()
    return {entry.name: hints[entry.name] for entry in parameters if entry.kind is entry.KEYWORD_ONLY}


@cache
def _source_hints(factory: str) -> tuple[tuple[str, Any], ...]:
    """Return the keyword-only parameters of ``module:callable`` but the width, read and not imported."""
    module, _, name = factory.partition(":")
    place = find_spec(module)
    assert place is not None
    assert place.origin is not None
    nodes: Sequence[ast.stmt] = ast.parse(Path(place.origin).read_text(encoding="utf-8")).body
    for wanted in (name, "__init__"):
        node = next(node for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == wanted)
        if isinstance(node, ast.FunctionDef):
            break
        nodes = node.body
    assert isinstance(node, ast.FunctionDef)
    return tuple((entry.arg, _hint(entry.annotation)) for entry in node.args.kwonlyargs if entry.arg != "width")


def _hint(node: ast.expr | None) -> Any:
    """Return the kind of value that an annotation names; Any where it is not one of those compared here."""
    match node:
        case ast.Name(id=name) if name in PLAIN:
            return PLAIN[name]
        case ast.Constant(value=None):
            return None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return Union[_hint(left), _hint(right)]  # noqa: UP007 - of what is found, not of types
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            values = ast.literal_eval(inner)
            return Literal[values]
        case ast.Subscript(value=ast.Name(id="Sequence" | "tuple" | "list"), slice=inner):
            first = inner.elts[0] if isinstance(inner, ast.Tuple) else inner
            return Sequence[_hint(first)]  # type: ignore[misc]
    return Any


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a value of YAML is of a kind; arrays cannot be written there."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in get_args(hint))
    if origin is Literal:
        return any(type(value) is type(known) and value == known for known in get_args(hint))
    if hint is Any:
        return True
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return isinstance(value, list | tuple) and all(_fits(part, get_args(hint)[0]) for part in value)
    return value is None if hint in (None, type(None)) else isinstance(value, origin or hint)


def _literals(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(value for part in get_args(hint) for value in _literals(part))


def _words(hint: Any) -> str:
    """Return a kind of value in words."""
    origin = get_origin(hint)
    if origin is Literal:
        return " or ".join(map(str, get_args(hint)))
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(text for part in get_args(hint) if (text := _words(part))))
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"a list, of {_words(get_args(hint)[0])} each"
    return "nothing" if hint in (None, type(None)) else WORDS.get(hint, "")
