"""What a check says, in words that take neither side.

``consistent``: the figures can all be right. ``contradicted``: they cannot, under any listed convention.
``contradicted_if``: they cannot if the assumption named is true. ``not_applicable``: the check does not fit such data.
``underpowered``: the check could not have failed, so its passing says nothing. ``not_checkable``: nothing printed
decides it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from metareview.audit.figures import Convention
from metareview.audit.inputs import ARITHMETIC, STATISTICS, Inputs

__all__ = ["VERDICTS", "Finding", "Verdict", "judge"]

Verdict = Literal["consistent", "contradicted", "contradicted_if", "not_applicable", "underpowered", "not_checkable"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

CUT_OFF = "the figures are rounded to the nearest digit, not cut off"
MIXED_TIES = "figures that fall exactly between two digits are all rounded by one rule"
ABOUT = "‘about’ means within one unit of the last digit"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check.

    Attributes
    ----------
    verdict : one of `VERDICTS`.
    computed : what the computation gave, as text with its interval.
    explanation : why the verdict is what it is, in a sentence or two.
    assumption : what must be true for a contradiction to count; empty where nothing must.
    """

    verdict: Verdict
    computed: str
    explanation: str
    assumption: str = ""

    def assuming(self, assumption: str) -> Finding:
        """Return the finding with an assumption added: a contradiction then counts only under it."""
        if self.verdict not in ("contradicted", "contradicted_if") or not assumption:
            return self
        both = "; ".join(part for part in (self.assumption, assumption) if part)
        return replace(self, verdict="contradicted_if", assumption=both)


def judge(
    inputs: Inputs,
    holds: Callable[[Convention], bool],
    *,
    computed: str,
    agree: str,
    differ: str,
    statistics: bool = False,
) -> Finding:
    """Decide between consistent and contradicted under the rounding conventions.

    Parameters
    ----------
    inputs : the inputs, for the conventions that the claim lists and for figures called approximate.
    holds : whether the figures can all be right under one convention.
    computed, agree, differ : what was computed, and the sentence for either outcome.
    statistics : figures come from software, so a tie may have gone either way; otherwise, where the claim lists no
        convention, cutting off and mixed ties are tried too, and a figure that only they explain is contradicted
        under the assumption that they were not used.
    """
    listed = inputs.conventions(STATISTICS if statistics else ARITHMETIC)
    if any(holds(convention) for convention in listed):
        return Finding("consistent", computed, agree)
    finding = Finding("contradicted", computed, f"{differ} Conventions tried: {', '.join(listed)}.")
    if inputs.declared or statistics:
        return finding
    if holds("truncation"):
        return Finding("contradicted_if", computed, f"{differ} Cutting the digits off would explain it.", CUT_OFF)
    if holds("half-either"):
        about = inputs.about()
        text = "A looser ‘about’ would explain it." if about else "Only ties rounded both ways would explain it."
        return Finding("contradicted_if", computed, f"{differ} {text}", ABOUT if about else MIXED_TIES)
    return finding
