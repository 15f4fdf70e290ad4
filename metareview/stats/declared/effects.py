"""Scores or pairs of scores -> effects with variances, on the declared scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtri

from metareview.results import Dropped
from metareview.schema.synthesis import SynthesisSpec
from metareview.stats.benchmark.scores import Score
from metareview.stats.declared.result import EffectRow, Estimate
from metareview.stats.declared.scales import SCALES, Scale
from metareview.stats.declared.select import Candidates, factor
from metareview.stats.declared.variances import LAYOUT, Variances, layout_variance, printed_variances

__all__ = ["Effects", "effects", "read"]


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects, the scores behind each (the first arm first), what was dropped, how, and what must be said."""

    rows: tuple[EffectRow, ...]
    arms: tuple[tuple[Score, ...], ...]
    dropped: tuple[Dropped, ...]
    methods: tuple[str, ...]
    warnings: tuple[str, ...]


def effects(found: Candidates, declared: SynthesisSpec) -> Effects:
    """Return the effects of a declared synthesis.

    A single score x gives g(x) with variance g'(x)^2 v; a contrast the difference of two of them, whose variances add
    up: they come from different trainings, and what both share (the test set) does not enter v.

    Parameters
    ----------
    found : scores and pairs, from `candidates`.
    declared : the synthesis.
    """
    scale = SCALES[declared.scale]
    flat = [score for arms in found.arms for score in arms]
    said, warnings = _methods(flat, declared, scale)
    if declared.values == "units":
        known, text, doubt = _from_layout(flat, scale)
        said.append(text)
        warnings += doubt
    else:
        known = printed_variances(flat, declared)
    rows, kept, dropped, at = [], [], [*found.dropped], 0
    for arms in found.arms:
        span = range(at, at + len(arms))
        at += len(arms)
        reasons = [known.reason[i] for i in span if known.reason[i]]
        if reasons:
            why = [known.reason[i] or "its counterpart has no variance" for i in span]
            dropped += [Dropped(_name(score), text, score.ref) for score, text in zip(arms, why, strict=True)]
            continue
        rows.append(_row(arms, known, span, declared, scale))
        kept.append(arms)
    return Effects(tuple(rows), tuple(kept), tuple(dropped), tuple(said), tuple(warnings))


def _methods(scores: Sequence[Score], declared: SynthesisSpec, scale: Scale) -> tuple[list[str], list[str]]:
    delta = scale.name != "raw" and declared.values == "printed"
    said = [f"effects on the scale {scale.name}" + (", variances by the delta method" if delta else "")]
    printed = declared.values == "printed"
    if printed and "reported-ci" in declared.variance and any(s.ci_low is not None for s in scores):
        said.append(f"printed 95% intervals divided by the {declared.interval} quantile")
    if any(s.sd is not None and s.sd_ddof == 0 for s in scores) and printed:
        said.append("population SDs (divisor n) corrected to n - 1")
    doubt = sum(score.uncertain for score in scores)
    text = f"{doubt} of {len(scores)} figures behind the effects are inferred readings; their notes say why"
    return said, [text] if doubt else []


def _from_layout(scores: Sequence[Score], scale: Scale) -> tuple[Variances, str, list[str]]:
    """One variance for all values: what is left when the experiment and the unit are known."""
    none = Variances((), (), (), ())
    if not scores:
        return none, "no values", []
    found, df = layout_variance(
        [scale.to(s.value) for s in scores], [s.experiment_id for s in scores], [s.unit for s in scores]
    )
    k = len(scores)
    fine = math.isfinite(found) and found > 0
    reason = "" if fine else "the layout of experiments by units leaves no residual to estimate a variance from"
    vi = found if fine else math.nan
    text = f"sampling variance of a value: residual mean square of experiments by units, {found:.4g} on {df} df"
    doubt = ["no value has a variance of its own: one is estimated for all from the layout of experiments by units, "
             "and holds their interaction too"]  # fmt: skip
    return Variances((vi,) * k, (LAYOUT,) * k, (True,) * k, (reason,) * k), text, doubt if fine else []


def _row(
    arms: tuple[Score, ...], known: Variances, span: Sequence[int], declared: SynthesisSpec, scale: Scale
) -> EffectRow:
    first = arms[0]
    values = [scale.to(score.value) for score in arms]
    layout = declared.values == "units"
    slopes = [1.0 if layout else scale.slope(score.value) for score in arms]  # the layout is on the scale already
    vi = math.fsum(slope**2 * known.vi[i] for slope, i in zip(slopes, span, strict=True))
    yi = values[0] - math.fsum(values[1:])
    half = float(ndtri((1 + declared.level) / 2)) * math.sqrt(vi)
    parts = [f"{factor(first, name)}" for name in declared.label]
    return EffectRow(
        label=", ".join(part for part in parts if part) or first.experiment_id,
        group=factor(first, declared.group) if declared.group else "",
        study_id=first.study_id, method=" − ".join(score.method for score in arms), dataset_id=first.dataset_id,
        setting=first.setting, unit=first.unit, first=first.value, second=arms[1].value if len(arms) > 1 else None,
        effect=read(Estimate("effect", yi, math.sqrt(vi), yi - half, yi + half), declared), vi=vi,
        vi_source="; ".join(dict.fromkeys(known.source[i] for i in span)), imputed=any(known.imputed[i] for i in span),
        uncertain=any(score.uncertain for score in arms), refs=tuple(score.ref for score in arms),
        note="; ".join(dict.fromkeys(score.note for score in arms if score.note)),
    )  # fmt: skip


def read(estimate: Estimate, declared: SynthesisSpec) -> Estimate:
    """Return an estimate with its value and interval on the scale people read; limits in order there, too."""
    from dataclasses import replace

    scale, contrast = SCALES[declared.scale], declared.contrast is not None
    value = scale.read(estimate.value, contrast=contrast)
    ends = [scale.read(end, contrast=contrast) for end in (estimate.low, estimate.high)]
    if None not in ends and ends[0] > ends[1]:  # type: ignore[operator]
        ends.reverse()
    return replace(estimate, read=value, read_low=ends[0], read_high=ends[1])


def _name(score: Score) -> str:
    return f"{score.experiment_id}, {score.metric}" + (f", {score.unit}" if score.unit else "")
