"""Identities and inequalities among segmentation scores.

Per item J = D/(2 - D); because this is convex, means over the same items obey D/(2 - D) <= J <= D (Jensen). F1 =
2PR/(P + R) is concave, so the mean F1 is at most the F1 of the means. PQ = SQ RQ (Kirillov et al., CVPR 2019);
VOI = split + merge <= log K1 + log K2 (Meila, J Multivar Anal 2007;98:873-895); CREMI score = sqrt(VOI ARAND).
"""

from __future__ import annotations

from fractions import Fraction
from math import e, log

from metareview.audit.figures import Convention, Figure, decimal_text
from metareview.audit.inputs import Inputs
from metareview.audit.intervals import Interval
from metareview.audit.verdicts import Finding, judge
from metareview.errors import InputError
from metareview.schema.metric import default_vocabulary

__all__ = ["f1_of", "jaccard_of_dice"]

LEVELS = ("item", "mean")


def jaccard_of_dice(dice: Fraction) -> Fraction:
    """Return J = D/(2 - D).

    >>> jaccard_of_dice(Fraction(9, 10))
    Fraction(9, 11)
    """
    return dice / (2 - dice)


def f1_of(precision: Fraction, recall: Fraction) -> Fraction:
    """Return F1 = 2PR/(P + R), 0 where both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall else Fraction(0)


def _shown(span: Interval) -> str:
    return f"[{decimal_text(span.low)}, {decimal_text(span.high)}]"


def _proportion(inputs: Inputs, name: str) -> Figure:
    figure = inputs.figure(name)
    if not 0 <= figure.value <= 1:
        hint = "; write the % sign" if 1 < figure.value <= 100 else ""
        raise InputError(f"input {name} is {figure.text!r}; it lies between 0 and 1{hint}")
    return figure


def _unit(figure: Figure, convention: Convention) -> Interval:
    span = figure.interval(convention)
    return Interval(max(span.low, Fraction(0)), min(span.high, Fraction(1)), span.low_open, span.high_open)


def check_domain(inputs: Inputs) -> Finding:
    """The score is in the range of its metric."""
    metric = default_vocabulary().resolve(inputs.text("metric"))
    figure = inputs.figure("value")
    low, high = metric.low, metric.high
    bounds = f"{'-∞' if low is None else decimal_text(low)} to {'∞' if high is None else decimal_text(high)}"
    inside = (low is None or figure.value >= Fraction(low)) and (high is None or figure.value <= Fraction(high))
    computed = f"{metric.name} lies in {bounds}"
    if inside:
        return Finding("consistent", computed, f"{figure.text} is a possible {metric.name}.")
    finding = Finding("contradicted", computed, f"{figure.text} is no possible {metric.name}.")
    fits = high == 1 and low is not None and Fraction(low) <= figure.value / 100 <= 1 and not figure.percent
    return finding.assuming("the figure is a proportion, not a percentage") if fits else finding


def check_dice_jaccard(inputs: Inputs) -> Finding:
    """Dice and Jaccard of one item, or their means over the same items."""
    dice, jaccard = _proportion(inputs, "dice"), _proportion(inputs, "jaccard")
    item = inputs.choice("level", LEVELS, "mean") == "item"

    def allowed(convention: Convention) -> Interval:
        span = _unit(dice, convention)
        low, high = jaccard_of_dice(span.low), jaccard_of_dice(span.high) if item else span.high
        return Interval(low, high, span.low_open, span.high_open)

    span = allowed("half-up")
    gap = jaccard.value - jaccard_of_dice(dice.value)
    computed = f"Jaccard in {_shown(span)}"
    if not item and gap > 0:  # J - f(D) is about 2 var(D) / (2 - D)³
        sd = float(gap * (2 - dice.value) ** 3 / 2) ** 0.5
        computed += f"; implied SD of Dice between items about {decimal_text(sd, 3)}"
    what = "one item" if item else "the same items"
    return judge(
        inputs, lambda c: _unit(jaccard, c).meets(allowed(c)), computed=computed,
        agree=f"Dice {dice.text} and Jaccard {jaccard.text} of {what} can occur together.",
        differ=f"Dice {dice.text} of {what} puts Jaccard in {_shown(span)}; {jaccard.text} is printed. The two may "
        "come from different items.",
    )  # fmt: skip


def check_f1(inputs: Inputs) -> Finding:
    """F1 with precision and recall, of one item or as means."""
    f1, precision, recall = (_proportion(inputs, name) for name in ("f1", "precision", "recall"))
    item = inputs.choice("level", LEVELS, "item") == "item"

    def allowed(convention: Convention) -> Interval:
        p, r = _unit(precision, convention), _unit(recall, convention)
        low = f1_of(p.low, r.low) if item else Fraction(0)
        return Interval(low, f1_of(p.high, r.high), item and (p.low_open or r.low_open), p.high_open or r.high_open)

    span = allowed("half-up")
    finding = judge(
        inputs, lambda c: _unit(f1, c).meets(allowed(c)), computed=f"F1 in {_shown(span)}",
        agree=f"F1 {f1.text} can occur with precision {precision.text} and recall {recall.text}.",
        differ=f"Precision {precision.text} and recall {recall.text} put F1 in {_shown(span)}; {f1.text} is printed.",
    )  # fmt: skip
    if finding.verdict == "consistent" and not item and f1.value < 2 * f1_of(precision.value, recall.value) / 3:
        return Finding("underpowered", finding.computed, "Means of F1 have no useful lower bound here.")
    return finding


def check_pq(inputs: Inputs) -> Finding:
    """PQ = SQ RQ for one class; as means over classes only PQ <= min(SQ, RQ)."""
    pq, sq, rq = (_proportion(inputs, name) for name in ("pq", "sq", "rq"))
    item = inputs.choice("level", LEVELS, "item") == "item"

    def allowed(convention: Convention) -> Interval:
        a, b = _unit(sq, convention), _unit(rq, convention)
        return a * b if item else Interval(Fraction(0), min(a.high, b.high))

    span = allowed("half-up")
    return judge(
        inputs, lambda c: _unit(pq, c).meets(allowed(c)), computed=f"PQ in {_shown(span)}",
        agree=f"PQ {pq.text} can occur with SQ {sq.text} and RQ {rq.text}.",
        differ=f"SQ {sq.text} and RQ {rq.text} put PQ in {_shown(span)}; {pq.text} is printed.",
    )  # fmt: skip


def check_ap_order(inputs: Inputs) -> Finding:
    """AP75 <= AP50, and AP, the mean over thresholds from 0.5 on, is at most AP50."""
    names = [name for name in ("ap", "ap50", "ap75") if name in inputs]
    if len(names) < 2 or "ap50" not in names:
        raise InputError("check ap-order needs ap50, and ap or ap75")
    scores = {name: _proportion(inputs, name) for name in names}
    top = scores.pop("ap50")

    def broken(convention: Convention) -> list[str]:
        ceiling = _unit(top, convention).high
        return [name for name, figure in scores.items() if _unit(figure, convention).low > ceiling]

    names_text = " and ".join(name.upper() for name in broken("half-up"))
    return judge(
        inputs, lambda c: not broken(c), computed=f"AP50 {top.text} bounds {' and '.join(scores)}",
        agree="The scores fall as the threshold rises.",
        differ=f"{names_text} is above AP50, {top.text}, of the same results.",
    )  # fmt: skip


def check_arand(inputs: Inputs) -> Finding:
    """Adapted Rand error = 1 - Rand F."""
    error, score = _proportion(inputs, "arand"), _proportion(inputs, "rand_f")
    computed = f"1 - {score.text} = {decimal_text(1 - score.value)}"
    return judge(
        inputs, lambda c: _unit(error, c).meets(Interval.point(1) - _unit(score, c)), computed=computed,
        agree="The two are complementary.", differ=f"{computed}, not {error.text}.",
    )  # fmt: skip


def check_voi(inputs: Inputs) -> Finding:
    """VOI = split + merge, and VOI <= log K1 + log K2."""
    voi = inputs.figure("voi")
    if voi.value < 0:
        raise InputError(f"input voi is {voi.text!r}; it is not negative")
    base = {"2": 2.0, "e": e}[inputs.choice("base", ("2", "e"), "2")]
    parts = [inputs.figure(name) for name in ("split", "merge") if name in inputs]
    sizes = [inputs.whole(name) for name in ("segments_1", "segments_2") if name in inputs]
    if len(parts) != 2 and len(sizes) != 2:
        raise InputError("check voi needs split and merge, or segments_1 and segments_2")
    bound = Fraction(sum(log(size, base) for size in sizes)) if len(sizes) == 2 else None

    def holds(convention: Convention) -> bool:
        own = voi.interval(convention)
        fits = len(parts) != 2 or own.meets(parts[0].interval(convention) + parts[1].interval(convention))
        return fits and (bound is None or own.low <= bound)

    texts = [f"split + merge = {decimal_text(parts[0].value + parts[1].value)}"] if len(parts) == 2 else []
    texts += [f"at most {decimal_text(bound)}"] if bound is not None else []
    return judge(
        inputs, holds, computed="; ".join(texts), agree=f"VOI {voi.text} is possible.",
        differ=f"VOI {voi.text} is not possible: {'; '.join(texts)}.",
    )  # fmt: skip


def check_cremi(inputs: Inputs) -> Finding:
    """CREMI score = sqrt(VOI ARAND) of one volume."""
    score, voi, arand = inputs.figure("score"), inputs.figure("voi"), _proportion(inputs, "arand")

    def allowed(convention: Convention) -> Interval:
        return (voi.interval(convention) * _unit(arand, convention)).sqrt()

    span = allowed("half-either")
    return judge(
        inputs, lambda c: score.interval(c).meets(allowed(c)), computed=f"sqrt(VOI ARAND) in {_shown(span)}",
        agree=f"The score {score.text} follows.", differ=f"The score is in {_shown(span)}; {score.text} is printed.",
    )  # fmt: skip
