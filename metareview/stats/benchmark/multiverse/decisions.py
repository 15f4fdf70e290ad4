"""The decisions behind a ranking, and which combinations of them are specifications of their own.

A combination is no specification of its own where an option changes nothing by construction: leaving out a data set
that the chosen metrics are not of, a transform under a rule that only looks at order, a weighting under a rule that
weighs by itself, a missing policy in a table without gaps, any rule on a single column. Such combinations are left
out, so that no choice is counted twice; what differs by construction but agrees in its order is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from metareview.stats.benchmark.identities import redundancy_groups
from metareview.stats.benchmark.multiverse.collapse import partly_reported
from metareview.stats.benchmark.multiverse.result import Decision
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.rules import RULES

__all__ = [
    "ALL",
    "LIMIT",
    "Options",
    "Setting",
    "canonical",
    "combinations_of",
    "decisions_of",
    "default_options",
    "variant",
]

ALL = "all"
#: Most combinations that are crossed in full; beyond it data sets are left out one at a time.
LIMIT = 20_000

Options = dict[str, str]

_WEIGHTINGS = {
    "cell": "every cell alike",
    "metric": "every metric alike",
    "dataset": "every data set alike",
    "experiment": "every experiment of a method alike",
}
_MISSING = {
    "available": "the cells that are there",
    "complete": "the largest block without gaps",
    "worst": "a gap counts as the worst value of its column",
}
_TRANSFORMS = {"identity": "values as they are", "range": "place in the range of the metric", "logit": "log odds"}
#: Rules that weigh columns by themselves.
_OWN_WEIGHTS = ("borda",)


@dataclass(frozen=True)
class Setting:
    """What the decisions are read from: the cube, the cubes without one data set each, and what is common."""

    cube: Cube
    without: Mapping[str, Cube]
    common: tuple[str, ...]
    partial: tuple[str, ...]
    redundant: bool
    mixed: bool
    bounded: bool
    by_experiment: bool

    @classmethod
    def of(cls, cube: Cube, without: Mapping[str, Cube] | None = None) -> Setting:
        """Read the setting of a cube; by default data sets are left out by leaving out their columns."""
        common, partial = partly_reported(cube)
        names = list(dict.fromkeys(column.dataset for column in cube.columns if column.dataset))
        if without is None:
            without = {} if len(names) < 2 else {
                name: cube.restrict(columns=[j for j, c in enumerate(cube.columns) if c.dataset != name])
                for name in names
            }  # fmt: skip
        scales = {(column.direction, column.low, column.high) for column in cube.columns}
        experiments = not names and any(entry.experiments for entry in cube.entries)
        return cls(cube, without, tuple(common), tuple(partial), bool(redundancy_groups(cube.columns)),
                   len(scales) > 1, all(None not in scale for scale in scales), experiments)  # fmt: skip


def decisions_of(setting: Setting, rules: Sequence[str] | None = None) -> tuple[Decision, ...]:
    """Return the decisions that there are for a cube; one with a single option is none."""
    cube = setting.cube
    metrics = list(dict.fromkeys(column.metric for column in cube.columns))
    several = len({column.dataset for column in cube.columns}) > 1
    made = [
        _decision("datasets", "Data sets in", {ALL: "all data sets", **{
            f"without {name}": f"without {name}" for name in setting.without}}),
        _decision("metrics", "Metrics in", _metrics(metrics, setting)),
        _decision("redundancy", "Metrics that are one metric", {"counted apart": "each counted",
            "collapsed": "counted once"} if setting.redundant else {"counted apart": "each counted"}),
        _decision("missing", "Missing cells", _MISSING if not cube.mask.all() else {"available": "none missing"}),
        _decision("rule", "Rule", _rules(setting, rules)),
        _decision("transform", "Scale", _transforms(setting)),
        _decision("weighting", "Weights", {name: title for name, title in _WEIGHTINGS.items()
            if name == "cell" or (name == "metric" and several and len(metrics) > 1)
            or (name == "dataset" and several) or (name == "experiment" and setting.by_experiment)}),
    ]  # fmt: skip
    return tuple(decision for decision in made if len(decision.options) > 1)


def _decision(name: str, title: str, options: Mapping[str, str]) -> Decision:
    return Decision(name, title, tuple(options), tuple(options.values()))


def _metrics(metrics: Sequence[str], setting: Setting) -> dict[str, str]:
    options = {ALL: "all metrics"}
    if setting.partial and setting.common and len(setting.common) > 1:
        options["common"] = f"without {', '.join(setting.partial)}, which only some methods report"
    if len(metrics) > 1:
        options |= {f"only {name}": f"only {name}" for name in metrics}
    return options


def default_options(decisions: Sequence[Decision]) -> Options:
    """Return the first option of every decision, with the settings of those that leave no choice."""
    whole = {"datasets": ALL, "metrics": ALL, "redundancy": "counted apart", "missing": "available",
             "rule": "mean", "transform": "identity", "weighting": "cell"}  # fmt: skip
    return whole | {decision.name: decision.options[0] for decision in decisions}


def _transforms(setting: Setting) -> dict[str, str]:
    """Return the scales; where metrics differ in range or direction their place in the range comes first."""
    if not setting.mixed:
        return {name: title for name, title in _TRANSFORMS.items() if name != "range"}
    order = ("range", "identity", "logit") if setting.bounded else ("identity", "range", "logit")
    return {name: _TRANSFORMS[name] for name in order}


def _rules(setting: Setting, rules: Sequence[str] | None) -> dict[str, str]:
    """Return the rules; the mean comes first where it can be computed, two-level Borda where it cannot."""
    first = "mean" if setting.bounded or not setting.mixed else "borda"
    order = [first, *(name for name in RULES if name != first)]
    return {name: RULES[name].title for name in order if rules is None or name in rules}


def combinations_of(decisions: Sequence[Decision]) -> tuple[Iterator[Options], bool]:
    """Return the combinations to be tried, the default first, and whether all decisions are crossed in full.

    Where crossing everything passes `LIMIT`, data sets are left out one at a time with everything but the rule at its
    default.
    """
    full = prod(len(decision.options) for decision in decisions) <= LIMIT
    return _combinations(decisions, default_options(decisions), full), full


def _combinations(decisions: Sequence[Decision], default: Options, full: bool) -> Iterator[Options]:
    names = [decision.name for decision in decisions]
    for chosen in product(*(decision.options for decision in decisions)):
        options = default | dict(zip(names, chosen, strict=True))
        changed = {name for name in names if options[name] != default[name]}
        if full or options["datasets"] == ALL or changed <= {"datasets", "rule"}:
            yield options


def canonical(options: Options, default: Options, single: bool, full: bool, trivial: bool) -> Options:
    """Return the options under which a combination is counted: those that change nothing are at their simplest.

    Parameters
    ----------
    options, default : the combination, and the default one.
    single, full : whether its table has one column only, and whether it has no gaps.
    trivial : whether the weights of its weighting are those of single cells.
    """
    if single:  # every rule puts the values of one column in their order
        return options | {"missing": "available", "rule": default["rule"], "transform": "identity", "weighting": "cell"}
    rule, one = options["rule"], dict(options)
    if not RULES[rule].metric_scale:
        one["transform"] = "identity"
    if rule in _OWN_WEIGHTS or trivial:
        one["weighting"] = "cell"
    if full:
        one["missing"] = "available"
    return one


def variant(setting: Setting, options: Options, collapsed: Callable[[str, Cube], Cube]) -> Cube:
    """Return the cube under the options of data sets, redundancy and metrics; it may have no columns.

    Parameters
    ----------
    collapsed : the cube of a choice of data sets -> the same with redundant metrics counted once.
    """
    cube = setting.cube if options["datasets"] == ALL else setting.without[options["datasets"].removeprefix("without ")]
    if options["redundancy"] == "collapsed":
        cube = collapsed(options["datasets"], cube)
    metrics = options["metrics"]
    if metrics == ALL:
        return cube
    wanted = set(setting.common) if metrics == "common" else {metrics.removeprefix("only ")}
    return cube.restrict(columns=[j for j, column in enumerate(cube.columns) if column.metric in wanted])
