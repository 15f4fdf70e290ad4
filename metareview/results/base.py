"""The frozen base of every result object.

A result answers; it does not remember how it was asked. It carries everything a view needs (numbers, names of the
methods used, what was dropped and why, warnings), so that a table or figure can be drawn from its JSON without
fitting anything again. Numbers that do not exist are None with a warning that says why, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Self

from metareview.errors import InputError
from metareview.schema.source import SourceRef

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dropped", "Result"]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row that was left out, and why."""

    what: str
    reason: str
    ref: SourceRef | None = None

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Result:
    """Base of every result.

    Attributes
    ----------
    methods : names of the statistical methods used, each with its source.
    k_in, k_used : rows offered and rows used; ``k_in == k_used + len(dropped)`` always.
    dropped : the rows left out, with reasons.
    warnings : what a reader must know before using the numbers.

    Raises
    ------
    InputError
        If the counts do not add up: a row would have disappeared.
    """

    schema_version: ClassVar[int] = 1

    methods: tuple[str, ...] = ()
    k_in: int = 0
    k_used: int = 0
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.k_in != self.k_used + len(self.dropped):
            raise InputError(
                f"{type(self).__name__}: {self.k_in} rows came in, {self.k_used} were used and "
                f"{len(self.dropped)} dropped; every row must be one or the other"
            )

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers as a tidy DataFrame, one row per answer."""
        raise TypeError(f"{type(self).__name__} has no table form")

    def summary(self) -> str:
        """Return a short text: the table, then what was dropped, then the warnings."""
        parts = [type(self).__name__, self.to_frame().to_string(index=False)]
        parts.append(f"k = {self.k_used} of {self.k_in}")
        parts += [f"dropped: {row}" for row in self.dropped]
        parts += [f"warning: {text}" for text in self.warnings]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        notes = [
            f"k = {self.k_used} of {self.k_in}",
            *(f"dropped: {row}" for row in self.dropped),
            *self.warnings,
        ]
        footer = "".join(f"<li>{escape(note)}</li>" for note in notes)
        return f"{self.to_frame().to_html(index=False, escape=True)}<ul>{footer}</ul>"

    def to_json(self) -> str:
        """Return the result as JSON; `from_json` gives an equal result back."""
        from pydantic import TypeAdapter

        body = TypeAdapter[Any](type(self)).dump_python(self, mode="json")
        return _dumps({"kind": type(self).__name__, "schema_version": self.schema_version, **body})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        InputError
            If the JSON is of another kind of result or of another schema version.
        """
        import json

        from pydantic import TypeAdapter

        body = json.loads(text)
        kind, version = body.pop("kind", None), body.pop("schema_version", None)
        if kind != cls.__name__ or version != cls.schema_version:
            raise InputError(
                f"expected a {cls.__name__} of schema version {cls.schema_version}, found {kind} of version "
                f"{version}; run the step that wrote it again"
            )
        result: Self = TypeAdapter(cls).validate_python(body)
        return result

    def __reduce__(self) -> tuple[Any, ...]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return _rebuild, (type(self), values)


def _rebuild(cls: type[Result], values: dict[str, Any]) -> Result:
    return cls(**values)


def _dumps(body: dict[str, Any]) -> str:
    import json

    return json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
