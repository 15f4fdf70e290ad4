"""Inputs of a check: ``name=value; name=value``, read by name, type by type, with errors that say which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metareview.audit.citations import expand_citations
from metareview.audit.figures import Convention, Figure, parse_convention, parse_figure
from metareview.errors import InputError, did_you_mean

__all__ = ["Inputs", "parse_inputs"]

ARITHMETIC: tuple[Convention, ...] = ("half-up", "half-even")
STATISTICS: tuple[Convention, ...] = ("half-either",)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of one check by name, as text.

    Raises
    ------
    InputError
        From every getter, where the value is missing or of another type.
    """

    values: Mapping[str, str]

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def text(self, name: str, default: str | None = None) -> str:
        """Return the text of an input."""
        value = self.values.get(name, "")
        if value:
            return value
        if default is None:
            raise InputError(f"input {name} is missing; add `{name}=…` with the figure as printed")
        return default

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        """Return one of a few words."""
        value = self.text(name, default).lower()
        if value not in allowed:
            raise InputError(f"input {name} is {value!r}; it is one of {', '.join(allowed)}")
        return value

    def flag(self, name: str) -> bool | None:
        """Return yes or no, None where it is not given."""
        value = self.text(name, "unstated").lower()
        known = {"yes": True, "true": True, "no": False, "false": False, "unstated": None}
        if value not in known:
            raise InputError(f"input {name} is {value!r}; it is yes or no")
        return known[value]

    def figure(self, name: str) -> Figure:
        """Return a printed figure."""
        return self._figure(name, self.text(name))

    def maybe(self, name: str) -> Figure | None:
        """Return a printed figure, or None where it is not given."""
        return self.figure(name) if self.values.get(name) else None

    def strings(self, name: str) -> tuple[str, ...]:
        """Return the parts of a list."""
        parts = tuple(part.strip() for part in self.text(name).split("|"))
        if any(not part for part in parts):
            raise InputError(f"input {name} has an empty part; write `{name}=a|b|c`")
        return parts

    def figures(self, name: str) -> tuple[Figure, ...]:
        """Return a list of printed figures."""
        return tuple(self._figure(name, part) for part in self.strings(name))

    def whole(self, name: str, *, least: int = 1) -> int:
        """Return a whole number of at least `least`."""
        return self._whole(name, self.figure(name), least)

    def wholes(self, name: str, *, least: int = 1) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        return tuple(self._whole(name, figure, least) for figure in self.figures(name))

    def citations(self, name: str) -> tuple[int, ...]:
        """Return an expanded citation list."""
        found = expand_citations(self.text(name))
        if not found:
            raise InputError(f"input {name} names no reference")
        return found

    def share(self, name: str) -> Figure:
        """Return a percentage or proportion between 0 and 1."""
        figure = self.figure(name)
        if not 0 <= figure.value <= 1:
            raise InputError(f"input {name} is {figure.text!r}; a share lies between 0 % and 100 %; write the % sign")
        return figure

    @property
    def declared(self) -> bool:
        """Whether the claim lists its rounding conventions."""
        return bool(self.values.get("rounding"))

    def conventions(self, default: Sequence[Convention] = ARITHMETIC) -> tuple[Convention, ...]:
        """Return the rounding conventions to try."""
        if not self.declared:
            return tuple(default)
        return tuple(parse_convention(part) for part in self.strings("rounding"))

    def about(self) -> bool:
        """Whether any figure is called approximate."""
        return any(part.strip().lower().startswith(("~", "≈", "about", "approx", "ca")) for part in self._parts())

    def _parts(self) -> list[str]:
        return [part for value in self.values.values() for part in value.split("|")]

    def _figure(self, name: str, text: str) -> Figure:
        try:
            return parse_figure(text)
        except InputError as error:
            raise InputError(f"input {name}: {error}") from None

    def _whole(self, name: str, figure: Figure, least: int) -> int:
        if figure.relation != "=":
            raise InputError(f"input {name} is {figure.text!r}; no bound can stand here, write a whole number")
        if figure.value.denominator != 1 or figure.percent:
            raise InputError(f"input {name} is {figure.text!r}; it is a whole number")
        if figure.value < least:
            raise InputError(f"input {name} is {figure.text!r}; it is at least {least}")
        return int(figure.value)


def parse_inputs(text: str, required: Sequence[str], optional: Sequence[str], *, check: str) -> Inputs:
    """Read ``name=value; name=value``.

    Raises
    ------
    InputError
        If a part has no ``=``, a name is given twice, is unknown to the check, or is missing.

    >>> parse_inputs("value=54%; n=60", ("value",), ("n",), check="percent").text("n")
    '60'
    """
    values: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, value = part.partition("=")
        name = name.strip().lower().replace("-", "_")
        if not equals or not name:
            raise InputError(
                f"check {check}: {part!r} is not `name=value`; a value takes no semicolon, which ends it: write a comma"
            )
        if name in values:
            raise InputError(f"check {check}: input {name} is given twice; write a list as `{name}=a|b`")
        values[name] = value.strip()
    return as_inputs(values, required, optional, check=check)


def as_inputs(values: Mapping[str, str], required: Sequence[str], optional: Sequence[str], *, check: str) -> Inputs:
    """Return inputs whose names the check knows and which are complete.

    Raises
    ------
    InputError
        If a name is unknown or missing.
    """
    known = (*required, *optional, "rounding")
    for name in values:
        if name not in known:
            hint = did_you_mean(name, known) or f"it takes {', '.join(known)}"
            raise InputError(f"check {check} has no input {name!r}; {hint}")
    missing = [name for name in required if not values.get(name)]
    if missing:
        raise InputError(f"check {check} needs {', '.join(missing)}; add `{missing[0]}=…` to its inputs")
    return Inputs(dict(values))
