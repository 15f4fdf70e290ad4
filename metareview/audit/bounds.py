"""What stated members leave for the rest: means, coefficients of variation, and the largest possible change."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from metareview.audit.figures import Convention, decimal_text
from metareview.audit.inputs import Inputs
from metareview.audit.intervals import Interval, sqrt_bounds
from metareview.audit.verdicts import Finding, judge
from metareview.errors import InputError, NotEstimable

__all__ = ["least_variance", "rest_mean"]

#: Largest number of values tried where the number behind a mean is not stated.
MOST = 50


def _shown(span: Interval) -> str:
    return f"[{decimal_text(span.low)}, {decimal_text(span.high)}]"


def _sum(items: Sequence[Interval]) -> Interval:
    total = Interval.point(0)
    for item in items:
        total = total + item
    return total


def rest_mean(mean: Interval, members: Sequence[Interval], k: int) -> Interval:
    """Return the mean of the other values: (k m - Σ members) / (k - number of members)."""
    if k <= len(members):
        raise NotEstimable(f"{len(members)} members leave no other value among {k}")
    return (mean * Interval.point(k) - _sum(members)) * Interval.point(Fraction(1, k - len(members)))


def check_aggregate(inputs: Inputs) -> Finding:
    """The values that are not stated can have the mean that is left for them."""
    mean, members = inputs.figure("mean"), inputs.figures("members")
    low, high = inputs.maybe("min"), inputs.maybe("max")
    if low is None and high is None:
        raise InputError("check aggregate-bound needs min or max, the possible range of the other values")
    sizes = [inputs.whole("k")] if "k" in inputs else list(range(len(members) + 1, MOST + 1))

    def possible(convention: Convention) -> list[int]:
        spans = [member.interval(convention) for member in members]
        found = []
        for k in sizes:
            rest = rest_mean(mean.interval(convention), spans, k)
            above = low is None or rest.high >= low.interval(convention, counts_exact=True).low
            below = high is None or rest.low <= high.interval(convention, counts_exact=True).high
            if above and below:
                found.append(k)
        return found

    own = rest_mean(mean.interval("half-up"), [m.interval("half-up") for m in members], sizes[0])
    limit = " to ".join(figure.text for figure in (low, high) if figure)
    fits = possible("half-up")
    count = f"k = {sizes[0]}" if len(sizes) == 1 else f"k from {sizes[0]} to {MOST}"
    finding = judge(
        inputs, lambda c: bool(possible(c)), computed=f"others' mean in {_shown(own)} for k = {sizes[0]}",
        agree=f"The other values can have the mean left for them with k = {_few(fits)}.",
        differ=f"With {', '.join(m.text for m in members)} among them, the other values would need a mean in "
        f"{_shown(own)} ({count}), beyond {limit}.",
    )  # fmt: skip
    if finding.verdict == "consistent" and len(sizes) > 1 and len(fits) == len(sizes):
        return Finding("underpowered", finding.computed, "Every number of values is possible; the check cannot fail.")
    return finding


def _few(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:6]))
    return shown + (f" … {numbers[-1]}" if len(numbers) > 6 else "")


def least_variance(
    mean: Interval, members: Sequence[Interval], k: int, low: Fraction, high: Fraction
) -> Fraction | None:
    """Return the smallest variance (divisor k) of k values with that mean and these members, the rest equal.

    The rest lie in ``low..high``; None where they cannot have the mean left for them.
    """
    rest = rest_mean(mean, members, k).meet(Interval(low, high))
    if rest is None:
        return None
    # each member may be anywhere in its interval: the distance to the mean is taken at its smallest
    gaps = [abs(member - mean) for member in members] + [abs(rest - mean)] * (k - len(members))
    return sum((max(gap.low, Fraction(0)) ** 2 for gap in gaps), Fraction(0)) / k


def check_cv(inputs: Inputs) -> Finding:
    """The smallest CV that the stated members allow is not above the printed one."""
    cv, k = inputs.figure("cv"), inputs.whole("k")
    if k == 1:
        return Finding(
            "not_applicable", "", "One data set has no coefficient of variation; there is nothing to compare."
        )
    members = inputs.figures("members") if "members" in inputs else ()
    if not members or "mean" not in inputs:
        text = "No value that enters the coefficient of variation is stated; any size is possible."
        return Finding("underpowered", "", text)
    mean = inputs.figure("mean")
    if mean.value <= 0:
        raise NotEstimable("the coefficient of variation of a mean that is not positive")

    def holds(convention: Convention) -> bool:
        smallest = _least_cv(inputs, convention)
        return smallest is not None and smallest <= cv.bounded(convention, 0, 10**6).high

    smallest = _least_cv(inputs, "half-either")
    if smallest is None:
        stated = ", ".join(member.text for member in members)
        text = f"With {stated} among them, no {k} values in this range have the mean {mean.text}."
        return Finding("contradicted", "no such values", text)
    if smallest == 0:
        text = "The stated members leave every coefficient of variation possible."
        return Finding("underpowered", "CV at least 0", text)
    computed = f"CV at least {decimal_text(smallest)} (members and mean as printed, the rest equal, divisor n)"
    return judge(
        inputs, holds, computed=computed, agree=f"{computed}; {cv.text} is possible.",
        differ=f"{computed}; {cv.text} is stated.",
    )  # fmt: skip


def _least_cv(inputs: Inputs, convention: Convention) -> Fraction | None:
    """Return the smallest CV of k values with the printed mean and members, None where there are none."""
    low, high = inputs.maybe("min"), inputs.maybe("max")
    bounds = (
        low.interval(convention).low if low else Fraction(-(10**9)),
        high.interval(convention).high if high else Fraction(10**9),
    )
    mean = inputs.figure("mean").interval(convention)
    members = [member.interval(convention) for member in inputs.figures("members")]
    found = least_variance(mean, members, inputs.whole("k"), *bounds)
    return None if found is None else sqrt_bounds(found)[0] / mean.high


def _changes(inputs: Inputs, convention: Convention) -> dict[str, Interval]:
    """Return the change by kind, from group values or as the largest possible inside a range."""
    kinds = {"relative": ("relative",), "points": ("points",), "any": ("relative", "points")}
    wanted = kinds[inputs.choice("kind", tuple(kinds), "any")]
    if "a" in inputs and "b" in inputs:
        a, b = (
            _sum(spans) * Interval.point(Fraction(1, len(spans)))
            for spans in ([f.interval(convention) for f in inputs.figures(name)] for name in ("a", "b"))
        )
        found = {"relative": a / b - Interval.point(1), "points": a - b}
    elif "min" in inputs and "max" in inputs:
        low, high = (inputs.figure(name).interval(convention) for name in ("min", "max"))
        most, relative = high - low, high / low - Interval.point(1)
        fall = Interval.point(1) - low / high  # from the largest value to the smallest
        found = {
            "relative": Interval(-fall.high, relative.high, fall.high_open, relative.high_open),
            "points": Interval(-most.high, most.high, most.high_open, most.high_open),
        }
    else:
        raise InputError("check change needs a and b (values of the two groups), or min and max (their range)")
    return {kind: found[kind] for kind in wanted}


def _claimed(inputs: Inputs, convention: Convention) -> Interval:
    if "value" in inputs:
        return inputs.figure("value").span(convention)
    low, high = (inputs.figure(name).interval(convention) for name in ("low", "high"))
    if low.low > high.high:
        raise InputError("low is above high")
    return Interval(low.low, high.high, low.low_open, high.high_open)


def check_change(inputs: Inputs) -> Finding:
    """The change between two groups, relative or in points, is the one claimed or lies in the range claimed."""
    if "value" not in inputs and not ("low" in inputs and "high" in inputs):
        raise InputError("check change needs value, or low and high")

    def fits(convention: Convention) -> list[str]:
        claimed = _claimed(inputs, convention)
        return [kind for kind, span in _changes(inputs, convention).items() if claimed.meets(span)]

    found = _changes(inputs, "half-either")
    bounded = "a" not in inputs
    falls = "value" in inputs and inputs.figure("value").value < 0
    computed = "; ".join(
        (_most(span, falls) if bounded else _percent(span)) + ("%" if kind == "relative" else " points")
        for kind, span in found.items()
    )
    claim = inputs.text("value", "") or f"{inputs.text('low')} to {inputs.text('high')}"
    kinds = " or ".join(fits("half-up"))
    return judge(
        inputs, lambda c: bool(fits(c)), computed=computed,
        agree=f"The change claimed, {claim}, is possible as {kinds} change ({computed}).",
        differ=f"The change {'can be' if bounded else 'is'} {computed}; {claim} is claimed.",
    )  # fmt: skip


def _most(span: Interval, falls: bool) -> str:
    """Return the largest change in the direction claimed."""
    return f"at most {decimal_text(100 * (span.low if falls else span.high), 1)}"


def _percent(span: Interval) -> str:
    return f"{decimal_text(100 * span.low, 1)} to {decimal_text(100 * span.high, 1)}"
