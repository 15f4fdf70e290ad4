"""Counts: sums, partitions, percentages, citation lists, enumerations."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import ceil, floor

from metareview.audit.figures import Convention, Figure, decimal_text
from metareview.audit.inputs import Inputs
from metareview.audit.intervals import Interval
from metareview.audit.verdicts import Finding, Verdict, judge
from metareview.audit.words import counted, enumerated
from metareview.errors import InputError

__all__ = ["denominators", "numerators"]

#: Largest denominator of the reverse search when the claim lists none.
SEARCH_TO = 100


def numerators(share: Interval, n: int) -> range:
    """Return every k for which k/n lies in the interval.

    >>> list(numerators(Interval(Fraction(485, 1000), Fraction(495, 1000)), 41))
    [20]
    """
    low, high = max(ceil(share.low * n), 0), min(floor(share.high * n), n)
    if share.low_open and Fraction(low, n) == share.low:
        low += 1
    if share.high_open and Fraction(high, n) == share.high:
        high -= 1
    return range(low, high + 1)


def denominators(share: Interval, candidates: Iterable[int]) -> dict[int, range]:
    """Return the candidates that have such a share, each with the counts that make it."""
    found = ((n, numerators(share, n)) for n in candidates)
    return {n: counts for n, counts in found if counts}


def _total(figures: Iterable[Figure], convention: Convention) -> Interval:
    total = Interval.point(0)
    for figure in figures:
        total = total + figure.span(convention, counts_exact=True)
    return total


def check_sum(inputs: Inputs) -> Finding:
    """Total = sum of the parts - sum of what is taken away."""
    total, parts = inputs.figure("total"), inputs.figures("parts")
    minus = inputs.figures("minus") if "minus" in inputs else ()
    plain = sum((part.value for part in parts), Fraction(0)) - sum((part.value for part in minus), Fraction(0))
    shown = " + ".join(part.text for part in parts) + "".join(f" - {part.text}" for part in minus)
    return judge(
        inputs,
        lambda c: total.span(c, counts_exact=True).meets(_total(parts, c) - _total(minus, c)),
        computed=f"{shown} = {decimal_text(plain)}",
        agree=f"The parts give {decimal_text(plain)}{_as_printed(total)}.",
        differ=f"The parts give {decimal_text(plain)}; {total.text} is printed, a difference of "
        f"{decimal_text(total.value - plain)}.",
    )


def _as_printed(figure: Figure) -> str:
    return ", as printed" if figure.relation == "=" else f", which is {figure.text}"


def check_partition(inputs: Inputs) -> Finding:
    """Categories that exclude each other add up to the whole; labels that overlap add up to at least the whole."""
    total, parts = inputs.figure("total"), inputs.figures("parts")
    multi = inputs.flag("multi") is True
    plain = sum((part.value for part in parts), Fraction(0))
    largest = max(parts, key=lambda part: part.value)

    def holds(convention: Convention) -> bool:
        whole, found = total.span(convention, counts_exact=True), _total(parts, convention)
        if not multi:
            return whole.meets(found)
        return found.high >= whole.low and largest.span(convention, counts_exact=True).low <= whole.high

    relation = "more than" if plain > total.value else "less than"
    text = f"The categories add up to {decimal_text(plain)}, {relation} {total.text}"
    if plain == total.value:
        text = f"The categories add up to {total.text}, as stated"
    rule = "labels may overlap, so at least the whole is expected" if multi else "each item has one category"
    return judge(
        inputs,
        holds,
        computed=f"{' + '.join(part.text for part in parts)} = {decimal_text(plain)}",
        agree=f"{text} ({rule}).",
        differ=f"{text} ({rule}).",
    )


def check_percent(inputs: Inputs) -> Finding:
    """k/n rounds to the percentage; without k some whole number does; without n, which denominators allow it."""
    share = inputs.share("value")
    listed = inputs.conventions()
    searched = inputs.wholes("denominators") if "denominators" in inputs else tuple(range(1, SEARCH_TO + 1))
    fits = denominators(share.span(listed[0]), searched)
    reverse = _denominator_text(fits, limited="denominators" not in inputs)
    if "n" not in inputs:
        if "denominators" not in inputs or "k" in inputs:
            raise InputError("check percent needs n, or denominators to search; add `n=…`")
        verdict: Verdict = "consistent" if fits else "contradicted"
        tail = f"is a share of {', '.join(map(str, fits))}" if fits else "is a share of none of them"
        return Finding(
            verdict, reverse, f"Among the denominators {', '.join(map(str, searched))}, {share.text} {tail}."
        )
    n = inputs.whole("n")
    if "k" in inputs:
        return _percent_of_count(inputs, share, inputs.whole("k", least=0), n, reverse)
    if share.relation != "=":
        text = f"{share.text} is a bound; without k some whole number of {n} is nearly always on its side"
        return Finding("underpowered", reverse, f"{text}.")
    if share.unit * n >= 1 and not share.about:
        counts = ", ".join(map(str, numerators(share.span("half-either"), n)))
        text = f"With n = {n} every figure of this precision is possible, so its passing says nothing"
        return Finding("underpowered", f"k in {{{counts}}} of {n}", f"{text} (1/{n} is finer than its last digit).")
    return _percent_exists(inputs, share, n, reverse)


def _percent_of_count(inputs: Inputs, share: Figure, k: int, n: int, reverse: str) -> Finding:
    if k > n:
        raise InputError(f"k = {k} is more than n = {n}; a share has its part in its whole")
    value = Fraction(k, n)
    shown = f"{k}/{n} = {decimal_text(value * 100, max(share.decimals, 0) + 2)}%"
    bound = share.relation != "="
    return judge(
        inputs,
        lambda convention: value in share.span(convention),
        computed=shown,
        agree=f"{shown}, which {'is' if bound else 'rounds to'} {share.text}.",
        differ=f"{shown}, which is not {share.text}."
        if bound
        else f"{shown}, which does not round to {share.text}. {share.text} is possible for {reverse}.",
    )


def _percent_exists(inputs: Inputs, share: Figure, n: int, reverse: str) -> Finding:
    near = round(share.value * n)
    around = ", ".join(f"{k}/{n} = {decimal_text(Fraction(100 * k, n), 2)}%" for k in (near - 1, near, near + 1))
    found = numerators(share.span("half-either"), n)
    counts = " or ".join(f"{k}/{n}" for k in found)
    return judge(
        inputs,
        lambda convention: bool(numerators(share.span(convention), n)),
        computed=counts or around,
        agree=f"{share.text} of {n} is {counts}.",
        differ=f"No whole number of {n} is {share.text} ({around}). {share.text} is possible for {reverse}.",
    )


def _denominator_text(fits: dict[int, range], *, limited: bool) -> str:
    shown = [f"{counts[0]}/{n}" for n, counts in fits.items()]
    text = enumerated(shown)
    return (text or "no denominator") + (f" (denominators up to {SEARCH_TO})" if limited else "")


def check_count_list(inputs: Inputs) -> Finding:
    """A count and the list beside it name the same number, unless the list is a selection."""
    count, listed = inputs.whole("count", least=0), inputs.citations("list")
    complete = inputs.flag("complete")
    found = len(listed)
    named = counted(found, "reference")
    computed = f"{named}: {', '.join(map(str, listed))}"
    if found == count:
        return Finding("consistent", computed, f"The list names {named}, as stated.")
    if found > count:
        text = f"The list names {named}, more than the {count} stated."
        if inputs.figure("count").about:
            return Finding("contradicted", computed, text).assuming("the approximate count is meant as printed")
        return Finding("contradicted", computed, text)
    text = f"The list names {named}, fewer than the {count} stated"
    if complete is False:
        return Finding("not_checkable", computed, f"{text}; it is a selection, so the count cannot be checked here.")
    finding = Finding("contradicted", computed, f"{text}.")
    return finding if complete else finding.assuming("the list is complete")


def check_lists(inputs: Inputs) -> Finding:
    """Two lists are equal, one inside the other, or disjoint."""
    a, b = set(inputs.citations("a")), set(inputs.citations("b"))
    names = ("equal", "subset", "superset", "disjoint")
    relation = inputs.choice("relation", names, "equal")
    computed = f"in both: {_named(a & b)}; only in the first: {_named(a - b)}; only in the second: {_named(b - a)}"
    if "universe" in inputs and len(a | b) > inputs.whole("universe"):
        whole = inputs.whole("universe")
        return Finding("contradicted", computed, f"Together they name {len(a | b)} references, more than {whole}.")
    wrong, fine, text = {
        "equal": (a ^ b, "The lists name the same references.", f"The lists differ: {_differences(a, b)}."),
        "subset": (a - b, "The second list has every reference of the first.", _absent(a, b, "second")),
        "superset": (b - a, "The first list has every reference of the second.", _absent(b, a, "first")),
        "disjoint": (
            a & b, "No reference stands in both lists.",
            f"{_named(a & b)} {'stands' if len(a & b) == 1 else 'stand'} in both lists, which should share none.",
        ),
    }[relation]  # fmt: skip
    return Finding("contradicted", computed, text) if wrong else Finding("consistent", computed, fine)


def _named(items: set[int]) -> str:
    return ", ".join(f"[{item}]" for item in sorted(items)) or "none"


def _differences(a: set[int], b: set[int]) -> str:
    parts = [(a - b, "first"), (b - a, "second")]
    return "; ".join(f"{_named(items)} only in the {place}" for items, place in parts if items)


def _absent(items: set[int], others: set[int], place: str) -> str:
    gone = items - others
    if len(items) == 1:
        return f"{_named(gone)} is not in the {place} list."
    verb = "is" if len(gone) == 1 else "are"
    return f"{len(gone)} of {len(items)} {verb} not in the {place} list: {_named(gone)}."


def check_enumeration(inputs: Inputs) -> Finding:
    """As many items as announced; one whole number alone is how many there are, ``none`` is 0."""
    count = inputs.whole("count", least=0)
    items = inputs.strings("items")
    alone = items[0].lower() if len(items) == 1 else ""
    found = 0 if alone == "none" else int(alone) if alone.isdigit() else len(items)
    given = f"{counted(found, 'item')} {'is' if found == 1 else 'are'} given"
    computed = counted(found, "item")
    if found == count:
        return Finding("consistent", computed, f"{given}, as announced.")
    return Finding("contradicted", computed, f"{given}; {inputs.text('count')} announced.")


def check_nothing(inputs: Inputs) -> Finding:
    """Say why nothing printed decides it."""
    return Finding("not_checkable", "", f"Not checked: {inputs.text('reason')}.")
