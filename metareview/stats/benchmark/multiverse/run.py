"""Running every specification of a multiverse.

Sources of the idea: Steegen, Tuerlinckx, Gelman & Vanpaemel, Perspect Psychol Sci 2016;11:702-712 (multiverse);
Simonsohn, Simmons & Nelson, Nat Hum Behav 2020;4:1208-1214 (specification curve).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.stats.benchmark.multiverse.collapse import collapse
from metareview.stats.benchmark.multiverse.decisions import (
    Options,
    Setting,
    canonical,
    combinations_of,
    decisions_of,
    default_options,
    variant,
)
from metareview.stats.benchmark.multiverse.result import Decision, Multiverse, Specification
from metareview.stats.benchmark.multiverse.summarise import summarised
from metareview.stats.benchmark.multiverse.tables import OWN_ROW, Weights, Work
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.places import places, tidy
from metareview.stats.benchmark.ranking.rules import RULES

__all__ = ["run_multiverse"]

Array = NDArray[np.float64]

_METHODS = (
    "multiverse: every combination of the decisions is one specification (Steegen et al. 2016; Simonsohn et al. 2020)",
    "tied methods share their mean rank; the order of categories is that of the mean rank of their methods",
    "variance of ranks by decision: Shapley value of R² over indicators of the options (Lindeman, Merenda and Gold "
    "1980), over the specifications that rank every method",
)


def run_multiverse(
    cube: Cube,
    *,
    without: Mapping[str, Cube] | None = None,
    strict: Cube | None = None,
    rules: Sequence[str] | None = None,
    title: str = "",
) -> Multiverse:
    """Rank the methods of a cube under every combination of decisions.

    Parameters
    ----------
    cube : the table.
    without : data set -> the cube without it, where leaving out its columns is not enough (a table as printed has no
        columns per data set). By default columns are left out.
    strict : the same values in columns of one data set, target and rule each, where `cube` does not keep them apart;
        what two methods have in common is counted there.
    rules : names of the rules; all by default.
    title : what is ranked, for print.

    Raises
    ------
    UnknownName
        If there is no such rule.
    InputError
        If there are fewer than two methods, or no values.

    Notes
    -----
    A combination that gives no order (a disconnected table, a mean over metrics of different range, no complete
    column) is a specification with a reason; nothing is left out silently.
    """
    for name in rules or ():
        if name not in RULES:
            raise UnknownName("rule", name, RULES)
    if len(cube.methods_compared) < 2 or not cube.entries:
        raise InputError(f"{len(cube.methods_compared)} methods with {len(cube.entries)} values: nothing to rank; a "
                         "multiverse needs two methods and a column that both have")  # fmt: skip
    setting = Setting.of(cube, without)
    decisions = decisions_of(setting, rules)
    combinations, full = combinations_of(decisions)
    runner = _Runner(setting, default_options(decisions))
    specifications: dict[tuple[str, ...], Specification] = {}
    for options in combinations:
        one = runner.canonical(options)
        key = tuple(one.values())
        if key not in specifications:
            specifications[key] = runner.run(len(specifications), one)
    said = [*cube.warnings, *([] if full else [_PARTLY_CROSSED])]
    result = Multiverse(
        title=title, methods_compared=cube.methods_compared, categories=cube.categories,
        decisions=_used(decisions, tuple(specifications.values())), specifications=tuple(specifications.values()),
        derived=collapse(cube)[1], methods=(*cube.methods, *_METHODS), k_in=cube.k_in, k_used=cube.k_used,
        dropped=cube.dropped, warnings=tuple(said),
    )  # fmt: skip
    return summarised(result, strict or cube)


_PARTLY_CROSSED = (
    "too many combinations to cross everything: data sets are left out one at a time under each rule, with the other "
    "decisions at their defaults"
)


def _used(decisions: Sequence[Decision], specifications: Sequence[Specification]) -> tuple[Decision, ...]:
    """Return the decisions with the options that some specification has; a decision that never changes is none."""
    used = []
    for decision in decisions:
        there = {one.options[decision.name] for one in specifications}
        pairs = [(o, t) for o, t in zip(decision.options, decision.titles, strict=True) if o in there]
        if len(pairs) > 1:
            used.append(Decision(decision.name, decision.title, *map(tuple, zip(*pairs, strict=True))))
    return tuple(used)


#: The decisions that make the table.
_TABLE = ("datasets", "redundancy", "metrics")


class _Runner:
    """Runs specifications; tables and scores that several of them share are made once."""

    def __init__(self, setting: Setting, default: Options) -> None:
        self.setting, self._default = setting, default
        self._seen: dict[tuple[tuple[str, str, float], ...], tuple[str, ...]] = {}
        self._shapes: dict[tuple[str, ...], tuple[bool, bool]] = {}
        self._alike: dict[tuple[str, ...], bool] = {}
        self._same: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._collapsed: dict[str, Cube] = {}
        self._cubes: dict[tuple[str, ...], Cube] = {}
        self._work: dict[tuple[str, ...], Work | str] = {}
        self._weights: dict[tuple[str, ...], Weights] = {}

    def canonical(self, options: Options) -> Options:
        """Return the options under which a combination counts."""
        same = options | dict(zip(_TABLE, self._first_of(options), strict=True))
        return canonical(same, self._default, *self._shape(same), self._trivial(same))

    def _shape(self, options: Options) -> tuple[bool, bool]:
        """Whether the table has a single column, and whether it has no gaps."""
        key = tuple(options[name] for name in _TABLE)
        if key not in self._shapes:
            filled = self._cube(options).mask
            single = int(filled.any(axis=0).sum()) < 2
            self._shapes[key] = single, bool(filled[filled.any(axis=1)].all())
        return self._shapes[key]

    def _trivial(self, options: Options) -> bool:
        """Whether the rule would weigh all cells alike."""
        own = options["rule"] in OWN_ROW
        key = (*(options[name] for name in (*_TABLE, "weighting")), str(own))
        if key not in self._alike:
            self._alike[key] = self._weights_of(options).trivial(self._cube(options).mask, own)
        return self._alike[key]

    def _first_of(self, options: Options) -> tuple[str, ...]:
        """Return the first options that made the same table: what leaves the table as it is, is no choice."""
        key = tuple(options[name] for name in _TABLE)
        if key not in self._same:
            cube = self._cube(options)
            cells = tuple((cube.methods_compared[e.method], cube.columns[e.column].key, e.value) for e in cube.entries)
            self._same[key] = self._seen.setdefault(cells, key)
        return self._same[key]

    def run(self, number: int, options: Options) -> Specification:
        """Return one specification."""
        scores = self._scores(options)
        if isinstance(scores, str):
            return Specification(id=number, options=options, reason=scores)
        ranks = places(tidy(scores), ties="mean")
        names = self.setting.cube.methods_compared
        there = [i for i in range(len(names)) if np.isfinite(ranks[i])]
        order = sorted(there, key=lambda i: (ranks[i], names[i]))
        return Specification(
            id=number, options=options, order=tuple(names[i] for i in order),
            ranks=tuple(None if i not in there else float(ranks[i]) for i in range(len(names))),
            scores=tuple(None if i not in there else float(scores[i]) for i in range(len(names))),
        )  # fmt: skip

    def _cube(self, options: Options) -> Cube:
        key = tuple(options[name] for name in _TABLE)
        if key not in self._cubes:
            self._cubes[key] = variant(self.setting, options, self._once)
        return self._cubes[key]

    def _once(self, datasets: str, cube: Cube) -> Cube:
        """Return a cube with redundant metrics collapsed; once for each choice of data sets."""
        if datasets not in self._collapsed:
            self._collapsed[datasets] = collapse(cube)[0]
        return self._collapsed[datasets]

    def _table(self, options: Options) -> Work | str:
        key = tuple(options[name] for name in (*_TABLE, "missing"))
        if key not in self._work:
            try:
                self._work[key] = Work.of(self._cube(options), options["missing"], RULES[options["rule"]])
            except (InputError, NotEstimable) as error:
                self._work[key] = str(error)
        return self._work[key]

    def _weights_of(self, options: Options) -> Weights:
        key = tuple(options[name] for name in (*_TABLE, "weighting"))
        if key not in self._weights:
            self._weights[key] = Weights.of(self._cube(options), options["weighting"])
        return self._weights[key]

    def _scores(self, options: Options) -> Array | str:
        """Return the scores of all methods of the setting, or why there are none."""
        table, rule = self._table(options), RULES[options["rule"]]
        if isinstance(table, str):
            return table
        try:
            found = table.scores(rule, options["transform"], self._weights_of(options))
        except (InputError, NotEstimable) as error:
            return str(error)
        if np.isfinite(found).sum() < 2:
            return "fewer than two methods can be scored: no column has values of two"
        names = self.setting.cube.methods_compared
        out = np.full(len(names), np.nan)
        out[[names.index(name) for name in table.cube.methods_compared]] = found
        return out
