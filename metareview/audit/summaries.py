"""Summary rows: SD against range and mean, the sharp interval of a whole row, SD with SE and confidence interval."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from metareview.audit.figures import Convention, Figure, decimal_text
from metareview.audit.inputs import Inputs
from metareview.audit.intervals import Interval, sqrt_bounds
from metareview.audit.sd_range import bhatia_davis, range_bounds, sd_range
from metareview.audit.verdicts import Finding, judge
from metareview.errors import InputError, NotEstimable

__all__ = ["check_mean_se_ci", "check_sd_bounds", "check_summary_row", "t_quantile"]


def _sd_of(inputs: Inputs, name: str = "sd") -> Figure:
    figure = inputs.figure(name)
    if figure.value < 0:
        raise InputError(f"input {name} is {figure.text!r}; it is not negative")
    return figure


def _size(inputs: Inputs) -> int:
    n = inputs.whole("n")
    if n < 2:
        raise NotEstimable("a sample SD needs two values or more")
    return n


def _shown(span: Interval) -> str:
    return f"[{decimal_text(span.low)}, {decimal_text(span.high)}]"


def check_sd_bounds(inputs: Inputs) -> Finding:
    """The SD lies between the bounds that range and, where given, mean allow."""
    sd, n = _sd_of(inputs), _size(inputs)
    low, high = inputs.figure("min"), inputs.figure("max")
    mean = inputs.maybe("mean")
    if low.value > high.value:
        raise InputError(f"min is {low.text}, above max, {high.text}")

    def bounds(convention: Convention) -> Interval:
        a, b = low.interval(convention), high.interval(convention)
        least, most = range_bounds(b - a, n)
        if mean:
            most = min(most, bhatia_davis(mean.interval(convention), a, b, n))
        return Interval(sqrt_bounds(least)[0], sqrt_bounds(most)[1])

    allowed = bounds(inputs.conventions(("half-either",))[0])
    return judge(
        inputs, lambda c: sd.interval(c).meets(bounds(c)),
        computed=f"SD in {_shown(allowed)}",
        agree=f"{n} values in this range can have the SD {sd.text}.",
        differ=f"{n} values in this range have an SD in {_shown(allowed)}, not {sd.text}.", statistics=True,
    )  # fmt: skip


def check_summary_row(inputs: Inputs) -> Finding:
    """Order of the figures, then the sharp interval of the SD given all the others."""
    sd, n, mean = _sd_of(inputs), _size(inputs), inputs.figure("mean")
    ends = [inputs.figure("min"), inputs.figure("max")]
    median = inputs.maybe("median")
    disorder = _disorder(inputs)
    if disorder:
        return Finding("contradicted", disorder, f"The figures are out of order: {disorder}.")

    def found(convention: Convention) -> Interval | None:
        centre, low, high = (figure.interval(convention).closed() for figure in (mean, *ends))
        return sd_range(n, centre, low, high, median.interval(convention).closed() if median else None)

    allowed = found(inputs.conventions(("half-either",))[0])
    if allowed is None:
        text = f"No {n} values have this minimum, maximum, mean and median together."
        return Finding("contradicted", "no such values", text)
    population = allowed * Interval(*sqrt_bounds(Fraction(n - 1, n)))

    def holds(convention: Convention) -> bool:
        span, own = found(convention), sd.interval(convention)
        return span is not None and own.meets(span)

    finding = judge(
        inputs, holds, computed=f"SD in {_shown(allowed)} given the other figures",
        agree=f"{n} values with these figures exist; their SD lies in {_shown(allowed)}.",
        differ=f"{n} values with the other figures have an SD in {_shown(allowed)}, not {sd.text}.", statistics=True,
    )  # fmt: skip
    if finding.verdict == "contradicted" and sd.interval("half-either").meets(population):
        text = f"{finding.explanation} As the SD of a population (divisor n) it is possible."
        return Finding("contradicted_if", finding.computed, text, "SD has the divisor n - 1")
    return finding


def _disorder(inputs: Inputs) -> str:
    """Say which figures of a row are out of order; members outside the range included."""
    row = [(name, inputs.maybe(name)) for name in ("min", "q1", "median", "q3", "max")]
    chain = [(name, figure) for name, figure in row if figure is not None]
    mean = ("mean", inputs.figure("mean"))
    pairs = [*pairwise(chain), (chain[0], mean), (mean, chain[-1])]
    if "members" in inputs:
        for figure in inputs.figures("members"):
            pairs += [(chain[0], ("member", figure)), (("member", figure), chain[-1])]
    for (small_name, small), (large_name, large) in pairs:
        if small.interval("half-either").low > large.interval("half-either").high:
            return f"{small_name} {small.text} is above {large_name} {large.text}"
    return ""


def t_quantile(df: int, level: float = 0.95) -> float:
    """Return the two-sided quantile of Student's t: 2.262 for 9 degrees of freedom at 95 %."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + level / 2))


def check_mean_se_ci(inputs: Inputs) -> Finding:
    """SE = SD / sqrt(n); the interval is mean ± t SE, or ± 1.96 SE; every figure given is compared."""
    n = _size(inputs)
    sd, se, mean = inputs.maybe("sd"), inputs.maybe("se"), inputs.maybe("mean")
    low, high = inputs.maybe("ci_low"), inputs.maybe("ci_high")
    if sd is None and se is None:
        raise InputError("check mean-se-ci needs sd or se")
    root = Interval(*sqrt_bounds(Fraction(n)))
    quantiles = [Interval.point(Fraction(q)) for q in (t_quantile(n - 1), 1.959963984540054)]

    def half_width(convention: Convention) -> Interval:
        return sd.interval(convention) / root if sd else se.interval(convention)  # type: ignore[union-attr]

    def failures(convention: Convention) -> list[str]:
        own, wrong = half_width(convention), []
        if sd and se and not own.meets(se.interval(convention)):
            wrong.append(f"SD {sd.text} of n = {n} gives SE {_shown(own)}, not {se.text}")
        for end, sign in ((low, -1), (high, 1)):
            if end is None or mean is None:
                continue
            spans = [mean.interval(convention) + own * q * Interval.point(sign) for q in quantiles]
            if not any(end.interval(convention).meets(span) for span in spans):
                wrong.append(f"the limit {end.text} is not mean ± t SE, {_shown(spans[0])}")
        if low and high and mean is None:
            widths = [own * q * Interval.point(2) for q in quantiles]
            own_width = high.interval(convention) - low.interval(convention)
            if not any(own_width.meets(width) for width in widths):
                wrong.append(f"the interval is not 2 t SE wide, {_shown(widths[0])}")
        return wrong

    if se is None and (low is None or high is None) and (mean is None or (low is None and high is None)):
        raise InputError("check mean-se-ci needs two of sd, se and a confidence interval to compare")
    texts = "; ".join(failures("half-either"))
    return judge(
        inputs, lambda c: not failures(c), computed=f"SE {_shown(half_width('half-either'))}",
        agree="The figures belong together.", differ=f"The figures do not belong together: {texts}.", statistics=True,
    )  # fmt: skip
