"""p values from test statistics, with the rounding of both, one-tailed tests, decision errors and missing df.

The statistic stands for an interval, so p does too; the two agree where the intervals meet. Rules and the meaning of
``<``, ``>``, p = 0 and decision errors as in statcheck: Nuijten, Hartgerink, van Assen, Epskamp and Wicherts, Behav
Res Methods 2016;48:1205-1226.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from metareview.audit.figures import Figure
from metareview.audit.inputs import Inputs
from metareview.audit.verdicts import Finding
from metareview.errors import InputError

__all__ = ["PRange", "check_p_value", "p_range", "p_value"]

TESTS = ("t", "f", "chi2", "r", "z", "q")
#: A range of p wider than this holds nearly every p; passing says nothing.
WIDE = 0.5


@dataclass(frozen=True, slots=True)
class PRange:
    """The p values that a printed statistic allows, with its degrees of freedom."""

    low: float
    high: float
    df: tuple[int, ...] = ()

    def __str__(self) -> str:
        df = f"df ({', '.join(map(str, self.df))}): " if self.df else ""
        return f"{df}p in [{_short(self.low)}, {_short(self.high)}]"


def _short(p: float) -> str:
    return f"{p:.4g}"


def p_value(test: str, statistic: float, df: tuple[int, ...]) -> float:
    """Return the p value of a statistic: two-tailed for t, r and z, upper tail for F, chi-squared and Q.

    Parameters
    ----------
    test : t, f, chi2, r, z or q.
    statistic : its value; for r the correlation, turned into t = r / sqrt((1 - r²) / df).
    df : degrees of freedom: (df1, df2) for F, (df,) for t, r, chi2 and Q, () for z.

    >>> round(p_value("t", 2.20, (28,)), 4)
    0.0362
    """
    from scipy.special import chdtrc, fdtrc, ndtr, stdtr

    if test == "f":
        p = fdtrc(df[0], df[1], max(statistic, 0.0))
    elif test in ("chi2", "q"):
        p = chdtrc(df[0], max(statistic, 0.0))
    elif test == "z":
        p = 2 * ndtr(-abs(statistic))
    else:
        t = abs(statistic)
        if test == "r":
            t = float("inf") if t >= 1 else t / sqrt((1 - t * t) / df[0])
        p = 2 * stdtr(df[0], -t)
    return float(p)


def p_range(test: str, statistic: Figure, df: tuple[int, ...], *, tails: int = 2) -> PRange:
    """Return the p values that the statistic's digits allow; the larger statistic has the smaller p."""
    span = abs(statistic.interval("half-either"))
    factor = 0.5 if tails == 1 and test in ("t", "r", "z") else 1.0
    low, high = (factor * p_value(test, float(end), df) for end in (span.high, span.low))
    return PRange(low, high, df)


def agrees(p: Figure, found: PRange) -> bool:
    """Whether a printed p value, or bound, can belong to the range."""
    value = float(p.value)
    if p.value <= 0 and p.relation != ">":
        return False
    if p.relation in ("<", "<="):
        return found.low <= value
    if p.relation in (">", ">="):
        return found.high >= value
    span = p.interval("half-either")
    return found.low <= float(span.high) and float(span.low) <= found.high


def _printed_significant(p: Figure, alpha: Fraction) -> bool | None:
    """Whether the printed p is significant (p = alpha is), None where its bound does not say."""
    if p.relation in (">", ">="):
        return False if p.value >= alpha else None
    if p.relation in ("<", "<="):
        return True if p.value <= alpha else None
    return p.value <= alpha


def decision_error(p: Figure, found: PRange, alpha: Fraction) -> bool:
    """Whether printed and recomputed p lie on different sides of alpha."""
    printed = _printed_significant(p, alpha)
    if printed is None:
        return False
    return found.low > float(alpha) if printed else found.high <= float(alpha)


def _degrees(inputs: Inputs, test: str) -> list[tuple[int, ...]]:
    """Return the degrees of freedom given, or every pair that N allows."""
    if test == "z":
        return [()]
    if test == "f" and "df1" in inputs and "df2" in inputs:
        return [(inputs.whole("df1"), inputs.whole("df2"))]
    if test != "f" and ("df" in inputs or "df1" in inputs):
        return [(inputs.whole("df" if "df" in inputs else "df1"),)]
    if "n" not in inputs:
        raise InputError("degrees of freedom are missing; add df (F: df1 and df2), or n to try all that fit")
    n = inputs.whole("n", least=3)
    if test == "f":
        return [(k - 1, n - k) for k in range(2, n)]
    if test in ("chi2", "q"):
        raise InputError(f"{test} needs df; it does not follow from n")
    return [(n - 2,), (n - 1,)] if test == "t" else [(n - 2,)]


def _p_figure(inputs: Inputs) -> Figure:
    from metareview.audit.figures import parse_figure

    if inputs.text("p").lower() in ("ns", "n.s."):
        return parse_figure(f">{inputs.text('alpha', '0.05')}")
    p = inputs.figure("p")
    if not 0 <= p.value <= 1:
        raise InputError(f"input p is {p.text!r}; a p value lies between 0 and 1")
    return p


def check_p_value(inputs: Inputs) -> Finding:
    """Compare the printed p with the range that statistic and df allow; list the df that fit where none are given."""
    test = inputs.choice("test", TESTS, "t")
    statistic, p = inputs.figure("statistic"), _p_figure(inputs)
    alpha = inputs.share("alpha").value if "alpha" in inputs else Fraction(1, 20)
    tails = 1 if inputs.text("tails", "2") == "1" else 2
    ranges = [p_range(test, statistic, df, tails=tails) for df in _degrees(inputs, test)]
    fitting = [found for found in ranges if agrees(p, found)]
    computed = "; ".join(map(str, fitting if fitting and len(ranges) > 1 else ranges[:8]))
    if p.value <= 0 and p.relation != ">":
        return Finding("contradicted", computed, f"A p value of {p.text} cannot occur; it is never zero.")
    if fitting:
        widest = max(found.high - found.low for found in fitting)
        if widest > WIDE:
            return Finding("underpowered", computed, "The digits of the statistic allow nearly every p value.")
        one = f"; of the {len(ranges)} degrees of freedom possible, {len(fitting)} do" if len(ranges) > 1 else ""
        return Finding("consistent", computed, f"The statistic gives a p value that is printed as {p.text}{one}.")
    if inputs.flag("one_tailed") and test in ("t", "r", "z") and tails == 2:
        halves = [PRange(found.low / 2, found.high / 2, found.df) for found in ranges]
        if any(agrees(p, found) for found in halves):
            return Finding("consistent", "; ".join(map(str, halves)), "The p value is that of the one-tailed test.")
    error = any(decision_error(p, found, alpha) for found in ranges)
    decided = f" The printed and the recomputed p lie on different sides of {float(alpha):g}." if error else ""
    text = f"The statistic does not give p {p.text if p.relation != '=' else '= ' + p.text}: {computed}.{decided}"
    return Finding("contradicted", computed, text)
