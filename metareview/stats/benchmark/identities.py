"""Metrics that are one metric in other words: identities, conversions with bounds for means, redundancy groups.

Dice, Jaccard, F1 over pixels and the conformity coefficient are functions of each other on one item, so a mean over
them counts one thing several times. An identity holds per item. Of a *mean* over items only bounds follow (Jensen
1906): with f convex, ``f(mean) <= mean of f <= chord``; for Dice and Jaccard ``D/(2-D) <= J <= D``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from metareview.errors import InputError, UnknownName

__all__ = [
    "FAMILIES", "Converted", "Family", "Member", "Named", "RedundancyGroup", "convert", "family_of", "mean_jaccard",
    "redundancy_groups",
]  # fmt: skip

_TAHA = "Taha & Hanbury 2015, BMC Medical Imaging 15:29, equations 7 to 10"
_CHANG = "Chang et al. 2009, NeuroImage 47:122-135, equation 6"


class Named(Protocol):
    """What redundancy is decided from: a column of a benchmark cube."""

    @property
    def dataset(self) -> str:
        """Data set."""

    @property
    def target(self) -> str | None:
        """What is segmented."""

    @property
    def metric(self) -> str:
        """Key of the metric."""

    @property
    def convention(self) -> str | None:
        """Rule of the metric."""

    @property
    def split(self) -> str | None:
        """Part of the data."""

    @property
    def evaluation(self) -> str | None:
        """Kind of evaluation."""

    @property
    def key(self) -> str:
        """Name of the column."""


@dataclass(frozen=True, slots=True)
class Member:
    """One metric of a family, as a function of the family's base metric and back.

    Attributes
    ----------
    metric : key of the metric.
    formula : the function of the base, in words of the base's letter.
    source : where the identity is stated.
    from_base, to_base : the functions on one item; both increase or both decrease.
    low, high : range of the metric; None where unbounded.
    prefix : convention under which the metric belongs here (``pixel`` of F1), with what the base calls it.
    affine : whether the function is a straight line, so that means convert exactly.
    """

    metric: str
    formula: str
    source: str
    from_base: Callable[[float], float]
    to_base: Callable[[float], float]
    low: float | None = 0.0
    high: float | None = 1.0
    prefix: tuple[str, str] | None = None
    affine: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that are functions of one base metric."""

    base: str
    members: tuple[Member, ...]

    def member(self, metric: str) -> Member | None:
        """Return the member of that metric, or None."""
        return next((member for member in self.members if member.metric == metric), None)


def _same(x: float) -> float:
    return x


def _one_minus(x: float) -> float:
    return 1 - x


def _dice_of_jaccard(j: float) -> float:
    return 2 * j / (1 + j)


def _jaccard_of_dice(d: float) -> float:
    return d / (2 - d)


def _dice_of_conformity(k: float) -> float:
    return 2 / (3 - k)


def _conformity_of_dice(d: float) -> float:
    return (3 * d - 2) / d if d > 0 else float("-inf")


#: Every family, its base metric first among its members.
FAMILIES: tuple[Family, ...] = (
    Family(
        "dice",
        (
            Member("dice", "D", _TAHA, _same, _same, affine=True),
            Member("jaccard", "D / (2 - D)", _TAHA, _jaccard_of_dice, _dice_of_jaccard),
            Member("f1", "D, over pixels", _TAHA, _same, _same, prefix=("pixel", "fg"), affine=True),
            Member("conformity", "(3 D - 2) / D", _CHANG, _conformity_of_dice, _dice_of_conformity, low=None),
        ),
    ),
    Family(
        "rand_index",
        (
            Member("rand_index", "R", "definition", _same, _same, affine=True),
            Member("rand_error", "1 - R", "definition", _one_minus, _one_minus, affine=True),
        ),
    ),
    Family(
        "vrand",
        (
            Member("vrand", "V", "definition", _same, _same, affine=True),
            Member("arand", "1 - V", "Arganda-Carreras et al. 2015, Frontiers in Neuroanatomy 9:142",
                   _one_minus, _one_minus, affine=True),
        ),
    ),
    Family(
        "rq",
        (
            Member("rq", "Q", "Kirillov et al. 2019, CVPR, equation 2", _same, _same, affine=True),
            Member("sa50", "Q / (2 - Q)", "TP / (TP + FP + FN) of the same matches", _jaccard_of_dice,
                   _dice_of_jaccard),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Converted:
    """A value in the words of another metric; it is always derived, never printed in a source.

    Attributes
    ----------
    value : the function of the value; `low` and `high` bound the true mean where the value is a mean over items (None
        where nothing bounds it).
    exact : whether value, low and high are one number.
    note : the identity used and what it assumes.
    """

    value: float
    low: float | None
    high: float | None
    exact: bool
    note: str


def family_of(metric: str, convention: str | None = None) -> tuple[Family, Member, str] | None:
    """Return the family of a metric, its member, and the convention in the words of the base; None without a family.

    F1 belongs to Dice only where its convention says pixels: over objects or pairs it is another number.

    >>> [found and found[0].base for found in (family_of("jaccard", "fg"), family_of("f1", "object.iou50"))]
    ['dice', None]
    """
    rule = convention or "unstated"
    for family in FAMILIES:
        member = family.member(metric)
        if member is None:
            continue
        if member.prefix is None:
            return family, member, rule
        own, base = member.prefix
        if rule == own or rule.startswith(f"{own}."):
            return family, member, base + rule[len(own) :]
    return None


def convert(
    value: float, metric: str, to: str, *, convention: str | None = None, mean: bool = True, most: int = 12
) -> Converted:
    """Return a value of one metric as another one of its family, with Jensen's bounds where it is a mean.

    For an increasing or decreasing function g that is convex or concave on the metric's range [a, b]::

        g(x) and the chord g(a) + (x - a) (g(b) - g(a)) / (b - a)

    are the two bounds of the mean of g over any items whose mean is x. Where the range is open below, the chord is
    the value at its other end.

    Parameters
    ----------
    value : on the scale of the vocabulary (proportions).
    metric, to : keys of two metrics of one family.
    convention : of the value; it decides whether F1 is over pixels.
    mean : whether the value is a mean over items; a single item, or pooled counts, convert exactly.
    most : digits kept, so that 1 - 0.3 reads 0.7.

    Raises
    ------
    UnknownName
        If the metrics are of no common family.
    InputError
        If the value is outside the range of its metric.

    >>> found = convert(0.9, "dice", "jaccard")
    >>> round(found.low, 3), found.high
    (0.818, 0.9)
    """
    family, source, _ = _find(metric, convention)
    target = family.member(to)
    if target is None:
        raise UnknownName(f"metric of the family of {metric}", to, (member.metric for member in family.members))
    if (source.low is not None and value < source.low) or (source.high is not None and value > source.high):
        raise InputError(f"{metric} = {value} is outside its range [{source.low}, {source.high}]; nothing converts it")

    def through(x: float) -> float:
        return target.from_base(source.to_base(x))

    point = through(value)
    told = f"{to} from {metric} by {family.base} = {_letter(family)}: {to} = {target.formula}"
    if metric == to or not mean or (source.affine and target.affine):
        return Converted(round(point, most), round(point, most), round(point, most), True, told)
    other = _chord(through, value, source)
    if other is None:
        told += f"; of a mean over items it is at most {point:.4g} (Jensen)"
        return Converted(round(point, most), None, round(point, most), False, told)
    ends = sorted((round(point, most), round(other, most)))
    told += f"; of a mean over items it lies in [{ends[0]:.4g}, {ends[1]:.4g}] (Jensen)"
    return Converted(round(point, most), ends[0], ends[1], ends[0] == ends[1], told)


def _find(metric: str, convention: str | None) -> tuple[Family, Member, str]:
    found = family_of(metric, convention)
    if found is None:
        known = [member.metric for family in FAMILIES for member in family.members]
        raise UnknownName("metric with identities", metric, known)
    return found


def _letter(family: Family) -> str:
    return family.members[0].formula


def _chord(g: Callable[[float], float], x: float, member: Member) -> float | None:
    """The straight line between the ends of the metric's range, at x; None where g falls without bound."""
    high = 1.0 if member.high is None else member.high
    if member.low is None or x == high:
        return g(high)
    if g(member.low) == float("-inf"):
        return None
    return g(member.low) + (x - member.low) * (g(high) - g(member.low)) / (high - member.low)


def mean_jaccard(dice: float, sd: float) -> float:
    """Approximate the mean Jaccard index from mean and standard deviation of Dice over the same items.

    Second-order expansion ``f(D) + f''(D) var / 2`` with ``f = D/(2-D)``, so ``f''/2 = 2 / (2-D)³``.

    >>> round(mean_jaccard(0.9, 0.0), 4)
    0.8182
    """
    return _jaccard_of_dice(dice) + 2 * sd * sd / (2 - dice) ** 3


@dataclass(frozen=True, slots=True)
class RedundancyGroup:
    """Columns of one place whose metrics are functions of one metric.

    Attributes
    ----------
    base : the metric they are functions of.
    columns : positions of the columns; keys : their keys.
    note : the identity in words, and what is assumed.
    """

    base: str
    columns: tuple[int, ...]
    keys: tuple[str, ...]
    note: str


def redundancy_groups(columns: Sequence[Named]) -> tuple[RedundancyGroup, ...]:
    """Return groups of two and more columns that count one thing several times.

    Columns belong together where data set, target, split, evaluation and convention agree (that of F1 in the words of
    Dice) and their metrics are of one family. Where the convention is unstated the group rests on the assumption that
    both follow one rule, and its note says so.
    """
    found: dict[tuple[str, ...], list[int]] = {}
    for at, column in enumerate(columns):
        known = family_of(column.metric, column.convention)
        if known is not None:
            place = (column.dataset, column.target or "", column.split or "", column.evaluation or "")
            found.setdefault((known[0].base, *place, known[2]), []).append(at)
    return tuple(
        RedundancyGroup(
            key[0], tuple(members), tuple(columns[at].key for at in members), _note(key, [columns[m] for m in members])
        )
        for key, members in found.items()
        if len({columns[at].metric for at in members}) > 1
    )


def _note(key: tuple[str, ...], columns: Sequence[Named]) -> str:
    family = next(family for family in FAMILIES if family.base == key[0])
    metrics = list(dict.fromkeys(column.metric for column in columns))
    formulas = [f"{name} = {m.formula}" for name in metrics if name != family.base and (m := family.member(name))]
    assumed = "; their rules are unstated and taken to be one" if key[-1] == "unstated" else ""
    where = f" on {key[1]}" if key[1] else ""
    identity = f"{family.base} = {_letter(family)}; {'; '.join(formulas)}"
    return f"{', '.join(metrics)}{where} are one metric ({identity}){assumed}"
