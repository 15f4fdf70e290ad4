"""Standardised differences, F and eta squared: formulas, and checks of one against the other.

Formulas: Hedges, J Educ Stat 1981;6:107-128 (d, g and the factor J); Larson, Am Stat 1992;46:151-152 (F from group
summaries); Cohen, Educ Psychol Meas 1973;33:107-112 (eta squared from F).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import exp, fsum, lgamma, sqrt

from metareview.audit.figures import Convention, decimal_text
from metareview.audit.inputs import Inputs
from metareview.audit.intervals import Interval
from metareview.audit.verdicts import Finding, judge
from metareview.errors import InputError, NotEstimable

__all__ = [
    "anova_f",
    "cohen_d",
    "d_to_t",
    "eta_squared",
    "hedges_factor",
    "least_f",
    "pooled_sd",
    "size_pairs",
]


def pooled_sd(sd1: float, n1: int, sd2: float, n2: int) -> float:
    """Return s_p = sqrt(((n1-1) s1² + (n2-1) s2²) / (n1+n2-2))."""
    return sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))


def cohen_d(mean1: float, sd1: float, n1: int, mean2: float, sd2: float, n2: int) -> float:
    """Return d = (m1 - m2) / s_p.

    >>> round(cohen_d(10.3, 3.1, 50, 8.7, 2.8, 48), 4)
    0.5411
    """
    return (mean1 - mean2) / pooled_sd(sd1, n1, sd2, n2)


def d_to_t(d: float, n1: int, n2: int) -> float:
    """Return t = d / sqrt(1/n1 + 1/n2); F = t² for two groups."""
    return d / sqrt(1 / n1 + 1 / n2)


def hedges_factor(df: int) -> float:
    """Return J = Γ(v/2) / (sqrt(v/2) Γ((v-1)/2)), by which d overstates the effect; g = J d.

    >>> round(hedges_factor(4), 3)
    0.798
    """
    if df < 2:
        raise NotEstimable("the small-sample factor needs two degrees of freedom or more")
    return exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)


def anova_f(means: Sequence[float], sds: Sequence[float], ns: Sequence[int]) -> float:
    """Return F = [Σ n (m - M)² / (k-1)] / [Σ (n-1) s² / (N-k)] of a one-way analysis of variance."""
    total = sum(ns)
    grand = fsum(n * m for n, m in zip(ns, means, strict=True)) / total
    between = fsum(n * (m - grand) ** 2 for n, m in zip(ns, means, strict=True)) / (len(ns) - 1)
    within = fsum((n - 1) * s**2 for n, s in zip(ns, sds, strict=True)) / (total - len(ns))
    return between / within


def eta_squared(f: float, df1: int, df2: int) -> float:
    """Return eta² = F df1 / (F df1 + df2)."""
    return f * df1 / (f * df1 + df2)


def least_f(d: float, n1: int, n2: int, groups: int) -> float:
    """Return the smallest F of an analysis of variance with a pair of groups that lie d pooled SDs apart.

    The sum of squares between all groups is at least that between two of them, so
    F >= n1 n2 / (n1 + n2) d² / (k - 1), where d has the pooled SD of the analysis.
    """
    return n1 * n2 / (n1 + n2) * d * d / (groups - 1)


def size_pairs(n: int, groups: int) -> list[tuple[int, int]]:
    """Return the sizes n1 <= n2 that two of `groups` groups can have among n values."""
    most = n - (groups - 2)
    return [(a, b) for a in range(1, most) for b in range(a, most - a + 1)]


def _definitions(inputs: Inputs, convention: Convention) -> dict[str, Interval]:
    """Return d under every definition that the inputs allow, as intervals."""
    n1, n2 = inputs.whole("n1"), inputs.whole("n2")
    if n1 + n2 < 3:
        raise NotEstimable("a standardised difference needs three values or more")
    scale = Interval.point(Fraction(n1 + n2, n1 * n2)).sqrt()
    found: dict[str, Interval] = {}
    if "t" in inputs:
        found["t sqrt(1/n1 + 1/n2)"] = inputs.figure("t").interval(convention) * scale
    if "f" in inputs:
        found["sqrt(F (1/n1 + 1/n2))"] = inputs.figure("f").interval(convention).sqrt() * scale
    if all(name in inputs for name in ("m1", "sd1", "m2", "sd2")):
        gap = inputs.figure("m1").interval(convention) - inputs.figure("m2").interval(convention)
        s1, s2 = (inputs.figure(name).interval(convention).square() for name in ("sd1", "sd2"))
        pooled = (s1 * Interval.point(n1 - 1) + s2 * Interval.point(n2 - 1)) / Interval.point(n1 + n2 - 2)
        found["pooled SD"] = gap / pooled.sqrt()
        found["root mean square of the SDs"] = gap / ((s1 + s2) / Interval.point(2)).sqrt()
        found["SD of group 1"], found["SD of group 2"] = gap / s1.sqrt(), gap / s2.sqrt()
    if not found:
        raise InputError("check effect-size needs m1, sd1, m2, sd2, or t, or f")
    return found


def check_effect_size(inputs: Inputs) -> Finding:
    """The printed d (or g) is that of means and SDs, t or F, under some listed definition; the sign is left open."""
    if ("d" in inputs) == ("g" in inputs):
        raise InputError("check effect-size needs either d or g")
    corrected = "g" in inputs
    printed = inputs.figure("g" if corrected else "d")
    factor = Interval.point(1)
    if corrected:
        factor = Interval.point(Fraction(hedges_factor(inputs.whole("n1") + inputs.whole("n2") - 2)))

    def fitting(convention: Convention) -> list[str]:
        own = abs(printed.interval(convention))
        return [name for name, span in _definitions(inputs, convention).items() if own.meets(abs(span * factor))]

    spans = {name: span * factor for name, span in _definitions(inputs, "half-either").items()}
    computed = "; ".join(f"{name}: [{decimal_text(s.low)}, {decimal_text(s.high)}]" for name, s in spans.items())
    names = ", ".join(fitting("half-either"))
    return judge(
        inputs, lambda c: bool(fitting(c)), computed=computed,
        agree=f"The effect follows with {names}.",
        differ=f"{printed.text} does not follow under any listed definition ({computed}).", statistics=True,
    )  # fmt: skip


def check_d_versus_f(inputs: Inputs) -> Finding:
    """Some group sizes allow this d beside this F; their smallest F is compared for every pair of sizes."""
    d, f, n = inputs.figure("d"), inputs.figure("f"), inputs.whole("n", least=3)
    groups = [inputs.whole("groups", least=2)] if "groups" in inputs else list(range(2, n))
    if groups[0] >= n:
        raise InputError(f"groups = {groups[0]} among n = {n} values leave no degrees of freedom within groups")
    ceiling = float(f.interval("half-either").high)
    smallest = float(abs(d.interval("half-either")).low)
    allowed: list[str] = []
    least = float("inf")
    for k in groups:
        pairs = size_pairs(n, k)
        if "n1" in inputs and "n2" in inputs:
            given = tuple(sorted((inputs.whole("n1"), inputs.whole("n2"))))
            pairs = [pair for pair in pairs if pair == given]
        for n1, n2 in pairs:
            bound = least_f(smallest, n1, n2, k)
            least = min(least, bound)
            if bound <= ceiling:
                allowed.append(f"{n1} and {n2} of {k} groups (F at least {bound:.2f})")
    if not allowed and least == float("inf"):
        raise InputError("n1 and n2 leave no value for the other groups; check n, groups, n1 and n2")
    if allowed:
        tail = "" if len(allowed) <= 8 else f"; and {len(allowed) - 8} more"
        text = f"{len(allowed)} pairs of group sizes allow d = {d.text} beside F = {f.text}."
        return Finding("consistent", "; ".join(allowed[:8]) + tail, text)
    text = f"A difference of {d.text} pooled SDs makes F at least {least:.2f}; {f.text} is printed."
    return Finding("contradicted", f"F at least {least:.2f}", text).assuming("d has the pooled SD of the analysis")


def check_anova(inputs: Inputs) -> Finding:
    """F, and eta squared where given, follow from means, SDs and sizes of the groups."""
    ns, f = inputs.wholes("ns", least=2), inputs.figure("f")
    means, sds = inputs.figures("means"), inputs.figures("sds")
    if not len(ns) == len(means) == len(sds) >= 2:
        raise InputError(f"means, sds and ns have {len(means)}, {len(sds)} and {len(ns)} parts; give one per group")
    total = sum(ns)

    def statistic(convention: Convention) -> Interval:
        spans = [mean.interval(convention) for mean in means]
        between, within = Interval.point(0), Interval.point(0)
        for i, a in enumerate(spans):  # Σ n (m - M)² = Σ_{i<j} n_i n_j (m_i - m_j)² / N
            for j in range(i):
                between = between + (a - spans[j]).square() * Interval.point(Fraction(ns[i] * ns[j], total))
        for sd, n in zip(sds, ns, strict=True):
            within = within + sd.interval(convention).square() * Interval.point(n - 1)
        ratio = between / within
        return ratio * Interval.point(Fraction(total - len(ns), len(ns) - 1))

    span = statistic("half-either")
    computed = f"F({len(ns) - 1}, {total - len(ns)}) in [{decimal_text(span.low)}, {decimal_text(span.high)}]"
    finding = judge(
        inputs, lambda c: f.interval(c).meets(statistic(c)), computed=computed,
        agree=f"The group summaries give {computed}.",
        differ=f"The group summaries give {computed}, not {f.text}.", statistics=True,
    )  # fmt: skip
    if finding.verdict == "consistent" and "eta2" in inputs:
        return _eta(inputs, len(ns) - 1, total - len(ns))
    return finding


def check_eta2(inputs: Inputs) -> Finding:
    """Eta squared follows from F and its degrees of freedom."""
    return _eta(inputs, inputs.whole("df1"), inputs.whole("df2"))


def _eta(inputs: Inputs, df1: int, df2: int) -> Finding:
    eta, f = inputs.share("eta2"), inputs.figure("f")

    def value(convention: Convention) -> Interval:
        span = f.interval(convention)
        ends = [Fraction(end * df1) / (end * df1 + df2) for end in (max(span.low, Fraction(0)), span.high)]
        return Interval(ends[0], ends[1])

    span = value("half-either")
    computed = f"eta² in [{decimal_text(span.low)}, {decimal_text(span.high)}]"
    return judge(
        inputs, lambda c: eta.interval(c).meets(value(c)), computed=computed,
        agree=f"F gives {computed}.", differ=f"F gives {computed}, not {eta.text}.", statistics=True,
    )  # fmt: skip
