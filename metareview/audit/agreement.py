"""One quantity in several places, comparisons, ranges, ranks and superlatives."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, pairwise

from metareview.audit.expressions import evaluate
from metareview.audit.figures import Convention, Figure, decimal_text, parse_range
from metareview.audit.inputs import Inputs
from metareview.audit.intervals import Interval
from metareview.audit.verdicts import Finding, Verdict, judge
from metareview.audit.words import counted
from metareview.errors import InputError

__all__ = ["check_class", "check_compare", "check_order", "check_range", "check_rank", "check_repeat"]

_OPERATORS = {
    "=": "equal to", "!=": "other than", "<": "less than", "<=": "at most", ">": "more than", ">=": "at least",
}  # fmt: skip
_CLASSES = {
    "fnd": "foundation", "hyb": "hybrid", "trn": "transformer", "trans": "transformer", "sup": "supervised",
    "unsup": "unsupervised", "ins": "instance", "sem": "semantic",
}  # fmt: skip


def check_repeat(inputs: Inputs) -> Finding:
    """Figures of one quantity agree within their digits; the opposite is turned into whole - figure."""
    ranges = [parse_range(part) for part in inputs.strings("values")]
    if any(ranges):
        return _repeated_ranges(inputs, ranges)
    figures = inputs.figures("values")
    if len(figures) < 2:
        raise InputError("check repeat compares two or more values; write `values=a|b`")
    signs = inputs.strings("polarity") if "polarity" in inputs else ("+",) * len(figures)
    if len(signs) != len(figures) or set(signs) - {"+", "-"}:
        raise InputError(f"input polarity has one + or - for each of the {len(figures)} values; it is {signs}")
    _one_unit(figures)
    whole = inputs.figure("whole").value if "whole" in inputs else Fraction(1)
    signed = list(zip(figures, signs, strict=True))

    def spans(convention: Convention) -> list[Interval]:
        own = [(figure.span(convention, counts_exact=True), sign) for figure, sign in signed]
        return [Interval.point(whole) - span if sign == "-" else span for span, sign in own]

    computed = ", ".join(
        f"{figure.text}" + (f" (so {decimal_text((whole - figure.value) * 100, 2)}% of the opposite)" * (sign == "-"))
        for figure, sign in signed
    )
    reason = "One place states the quantity, another states the same figure of its opposite." if "-" in signs else ""
    return judge(
        inputs,
        lambda c: _common(spans(c)),
        computed=computed,
        agree=f"All {len(figures)} places agree.",
        differ=f"The places do not agree: {computed}. {reason}".strip(),
    )


def _one_unit(figures: Sequence[Figure]) -> None:
    if len({figure.percent for figure in figures}) > 1 and any(figure.value > 1 for figure in figures):
        raise InputError("values mix a percentage with a figure above 1; compare counts and shares in separate claims")


def _common(spans: Sequence[Interval]) -> bool:
    """Whether all have a number in common: intervals on a line do exactly when each two have."""
    return all(a.meets(b) for a, b in combinations(spans, 2))


def _repeated_ranges(inputs: Inputs, ranges: Sequence[tuple[Figure, Figure] | None]) -> Finding:
    """Ranges of one quantity have the same ends."""
    ends = [found for found in ranges if found is not None]
    if len(ends) < len(ranges) or len(ends) < 2:
        raise InputError("values mix ranges with single figures, or name one only; write two or more of one kind")
    if "polarity" in inputs or "whole" in inputs:
        raise InputError("polarity and whole are for single figures; compare the opposite of a range end by end")
    sides = {"lower": [low for low, _ in ends], "upper": [high for _, high in ends]}
    for figures in sides.values():
        _one_unit(figures)

    def apart(convention: Convention) -> list[str]:
        return [
            name
            for name, figures in sides.items()
            if not _common([figure.span(convention, counts_exact=True) for figure in figures])
        ]

    differing = apart(inputs.conventions()[0])
    shown = ", ".join(inputs.strings("values"))
    found = "; ".join(f"{name} ends {', '.join(figure.text for figure in sides[name])}" for name in differing)
    return judge(
        inputs,
        lambda c: not apart(c),
        computed=shown,
        agree=f"All {len(ends)} places give the same range.",
        differ=f"The places do not give the same range: {found}.",
    )


def check_class(inputs: Inputs) -> Finding:
    """One item has one class wherever it is named."""
    labels = inputs.strings("labels")
    if len(labels) < 2:
        raise InputError("check class compares two or more labels; write `labels=a|b`")
    exclusive = inputs.choice("exclusive", ("yes", "no", "stated"), "yes")

    def spelled(label: str) -> str:
        short = label.strip().rstrip(".")
        return _CLASSES.get(short.lower(), short)

    names = {spelled(label).lower(): spelled(label) for label in reversed(labels)}
    computed = "; ".join(f"‘{name}’" for _, name in sorted(names.items()))
    if len(names) == 1:
        return Finding("consistent", computed, f"Every place says {computed}.")
    if exclusive == "no":
        return Finding("consistent", computed, f"The places say {computed}, which do not exclude each other.")
    finding = Finding("contradicted", computed, f"The places do not say the same: {computed}.")
    return finding if exclusive == "stated" else finding.assuming("only one of these can be meant")


def _compare(left: Interval, op: str, right: Interval) -> bool:
    """Whether some numbers of the two stand in the relation."""
    if op in ("=", "!="):
        same_point = left.low == left.high == right.low == right.high
        return left.meets(right) if op == "=" else not same_point
    if op in (">", ">="):
        left, right = right, left
    if left.low != right.high:
        return left.low < right.high
    return op in ("<=", ">=") and not (left.low_open or right.high_open)


def check_compare(inputs: Inputs) -> Finding:
    """An equation or inequality between expressions of printed figures."""
    left, op, right = inputs.text("left"), inputs.text("op"), inputs.text("right")
    op = {"==": "=", "≤": "<=", "≥": ">=", "≠": "!="}.get(op, op)
    if op not in _OPERATORS:
        raise InputError(f"input op is {op!r}; it is one of {' '.join(_OPERATORS)}")
    a, b = evaluate(left, "half-either"), evaluate(right, "half-either")
    sides = [f"{text} is {_span(span)}" for text, span in ((left, a), (right, b)) if text != _span(span)]
    first, second = _side(left, a, inputs.text("left_is", "")), _side(right, b, inputs.text("right_is", ""))
    verb = "is" if a.width == 0 and b.width == 0 else "can be"
    return judge(
        inputs,
        lambda c: _compare(evaluate(left, c), op, evaluate(right, c)),
        computed="; ".join(sides) or f"{left} and {right}",
        agree=f"{first} {verb} {_OPERATORS[op]} {second}.",
        differ=f"{first} is not {_OPERATORS[op]} {second}.",
    )


def _side(text: str, span: Interval, name: str) -> str:
    """Return one side of a comparison in words: what it is, how it is computed, what it gives."""
    shown = text if text == _span(span) else f"{text} = {_span(span)}"
    return f"{name} ({shown})" if name else shown


def _span(interval: Interval) -> str:
    if interval.width == 0:
        return decimal_text(interval.low)
    return f"[{decimal_text(interval.low, 5)}, {decimal_text(interval.high, 5)}]"


def check_range(inputs: Inputs) -> Finding:
    """Every value lies inside; where the range is attained, its ends are among the values."""
    low, high, values = inputs.figure("low"), inputs.figure("high"), inputs.figures("values")
    if low.value > high.value:
        text = f"The lower end, {low.text}, is above the upper end, {high.text}."
        return Finding("contradicted", f"{low.text} > {high.text}", text)

    def outside(convention: Convention) -> list[str]:
        floor = low.span(convention, counts_exact=True)
        ceiling = high.span(convention, counts_exact=True)
        spans = [(value, value.span(convention, counts_exact=True)) for value in values]
        return [v.text for v, s in spans if not (_compare(floor, "<=", s) and _compare(s, "<=", ceiling))]

    def missing(convention: Convention) -> list[str]:
        spans = [value.span(convention, counts_exact=True) for value in values]
        ends = [(end, end.span(convention, counts_exact=True)) for end in (low, high)]
        return [end.text for end, own in ends if not any(own.meets(span) for span in spans)]

    attained = inputs.flag("attained") is True
    first = inputs.conventions()[0]
    beyond, absent = outside(first), missing(first) if attained else []
    texts = [f"{', '.join(beyond)} lie{'s' * (len(beyond) == 1)} outside {low.text} to {high.text}."] if beyond else []
    texts += [f"{' and '.join(absent)} is not among the values."] if absent else []
    return judge(
        inputs,
        lambda c: not outside(c) and not (attained and missing(c)),
        computed=f"values from {_extreme(values, 'min').text} to {_extreme(values, 'max').text}",
        agree=f"{_all(values)} in {low.text} to {high.text}.",
        differ=" ".join(texts),
    )


def _all(values: Sequence[Figure]) -> str:
    return f"All {len(values)} values lie" if len(values) > 1 else "The value lies"


def _member(value: Figure, values: Sequence[Figure]) -> None:
    """Raise where the value is not one of the values, which a claim about its place needs."""
    own = value.span("half-either", counts_exact=True)
    if not any(own.meets(other.span("half-either", counts_exact=True)) for other in values):
        raise InputError(f"input value, {value.text!r}, is not among values; list all of them, itself included")


def _extreme(values: Sequence[Figure], direction: str) -> Figure:
    pick = max if direction == "max" else min
    return pick(values, key=lambda figure: figure.value)


def check_superlative(inputs: Inputs) -> Finding:
    """No other value is beyond this one."""
    value, values = inputs.figure("value"), inputs.figures("values")
    _member(value, values)
    direction = inputs.choice("direction", ("max", "min"), "max")
    best = _extreme(values, direction)
    op = ">=" if direction == "max" else "<="

    def holds(convention: Convention) -> bool:
        own = value.span(convention, counts_exact=True)
        return all(_compare(own, op, other.span(convention, counts_exact=True)) for other in values)

    word = "largest" if direction == "max" else "smallest"
    ties = sum(other.value == value.value for other in values) - 1
    tie = f" It shares the place with {counted(ties, 'other')}." if ties > 0 else ""
    return judge(
        inputs,
        holds,
        computed=f"{word} of {counted(len(values), 'value')}: {best.text}",
        agree=f"{value.text} is the {word} of {counted(len(values), 'value')}.{tie}",
        differ=f"{value.text} is not the {word} of {counted(len(values), 'value')}; {best.text} is.",
    )


def check_order(inputs: Inputs) -> Finding:
    """The values are printed in order; ties are allowed."""
    values = inputs.figures("values")
    direction = inputs.choice("direction", ("descending", "ascending"), "descending")
    op = ">=" if direction == "descending" else "<="

    def breaks(convention: Convention) -> list[str]:
        spans = [(value.text, value.span(convention, counts_exact=True)) for value in values]
        return [f"{a} before {b}" for (a, left), (b, right) in pairwise(spans) if not _compare(left, op, right)]

    broken = "; ".join(breaks(inputs.conventions()[0]))
    return judge(
        inputs,
        lambda c: not breaks(c),
        computed=broken or f"{len(values)} values, {direction}",
        agree=f"The {len(values)} values are in {direction} order.",
        differ=f"The values are not in {direction} order: {broken}.",
    )


def check_rank(inputs: Inputs) -> Finding:
    """The value has its place among the values; ties share the places they cover."""
    value, values, rank = inputs.figure("value"), inputs.figures("values"), inputs.whole("rank")
    _member(value, values)
    direction = inputs.choice("direction", ("descending", "ascending"), "descending")
    beyond = sum(v.value > value.value if direction == "descending" else v.value < value.value for v in values)
    ties = max(sum(v.value == value.value for v in values), 1)
    computed = f"rank {beyond + 1}" + (f" to {beyond + ties}" if ties > 1 else "")
    verdict: Verdict = "consistent" if beyond < rank <= beyond + ties else "contradicted"
    among = counted(len(values), "value")
    return Finding(verdict, computed, f"{value.text} has {computed} among {among}; rank {rank} is stated.")
