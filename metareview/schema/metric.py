"""The metric vocabulary: what each score is called, which way it points, and where its definition stands.

The built-in vocabulary is data (``metrics.csv`` beside this module); a review adds its own in ``review.yaml``. One
alias names one metric, whatever the case and the punctuation it is typed with.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import model_validator

from metareview.errors import InputError, UnknownName
from metareview.schema.base import MetricKey, Model, Text

__all__ = ["Metric", "Vocabulary", "default_vocabulary"]

_SEPARATORS = re.compile(r"[\s_\-–—/()]+")


class Metric(Model):
    """One metric of the vocabulary."""

    key: MetricKey
    """Key in use."""
    name: Text
    """Name in print."""
    aliases: tuple[Text, ...] = ()
    """Other names and abbreviations."""
    direction: Literal["higher", "lower", "none"]
    """Which way is better."""
    low: float | None = None
    """Smallest possible value; empty where unbounded."""
    high: float | None = None
    """Largest possible value; empty where unbounded."""
    family: Text
    """overlap, instance, partition, topology, boundary, image, detection, cost, other."""
    unit: Text | None = None
    """Unit of measurement, where it has one."""
    default_scale: Literal["proportion", "native"] = "proportion"
    """proportion where a percentage of it makes sense, native otherwise."""
    definition: Text
    """What it is, with the variant meant."""
    source: Text
    """The document that defines it."""
    note: Text | None = None
    """Remark."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"metric {self.key}: low ({self.low}) is not below high ({self.high})")
        return self

    @property
    def arrow(self) -> str:
        """↑ where higher is better, ↓ where lower is better, empty where neither is."""
        return {"higher": "↑", "lower": "↓", "none": ""}[self.direction]


def _fold(name: str) -> str:
    return _SEPARATORS.sub("", name.strip().lower())


class Vocabulary:
    """An immutable set of metrics that knows their aliases.

    >>> default_vocabulary().resolve("DSC").key
    'dice'
    """

    __slots__ = ("_by_alias", "_by_key")

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._by_key: dict[str, Metric] = {}
        self._by_alias: dict[str, str] = {}
        for metric in metrics:
            if metric.key in self._by_key:
                raise InputError(f"metric {metric.key!r} is defined twice; give the second one a key of its own")
            self._by_key[metric.key] = metric
            for alias in (metric.key, metric.name, *metric.aliases):
                owner = self._by_alias.setdefault(_fold(alias), metric.key)
                if owner != metric.key:
                    raise InputError(
                        f"{alias!r} would name two metrics, {owner!r} and {metric.key!r}; drop it from one of them"
                    )

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __getitem__(self, key: str) -> Metric:
        try:
            return self._by_key[key]
        except KeyError:
            raise UnknownName("metric", key, self._by_key) from None

    def find(self, name: str) -> Metric | None:
        """Return the metric that a key, name or alias means, or None."""
        key = self._by_alias.get(_fold(name))
        return None if key is None else self._by_key[key]

    def resolve(self, name: str) -> Metric:
        """Return the metric that a key, name or alias means.

        Raises
        ------
        UnknownName
            If no metric is called so; the message has the nearest names.
        """
        metric = self.find(name)
        if metric is None:
            names = [alias for entry in self for alias in (entry.key, *entry.aliases)]
            raise UnknownName("metric", name, names)
        return metric

    def extended(self, metrics: Iterable[Metric]) -> Vocabulary:
        """Return a vocabulary with `metrics` added; a key that exists is replaced by the review's own definition."""
        own = {metric.key: metric for metric in metrics}
        kept = (own.pop(metric.key, metric) for metric in self)
        return Vocabulary([*kept, *own.values()])


@cache
def default_vocabulary() -> Vocabulary:
    """Return the built-in vocabulary."""
    text = files("metareview.schema").joinpath("metrics.csv").read_text(encoding="utf-8")

    def number(cell: str) -> float | None:
        return float(cell) if cell else None

    return Vocabulary(
        Metric.model_validate(
            {
                **{name: cell or None for name, cell in row.items()},
                "aliases": tuple(part.strip() for part in row["aliases"].split(";") if part.strip()),
                "low": number(row["low"]),
                "high": number(row["high"]),
            }
        )
        for row in csv.DictReader(text.splitlines())
    )
