"""The check on top of the joint reconstruction."""

from __future__ import annotations

from metareview.audit.figures import parse_figure
from metareview.audit.inputs import Inputs
from metareview.audit.reconstruction import Member, Printed, Reconstruction, reconstruct
from metareview.audit.verdicts import Finding

__all__ = ["check_reconstruct", "printed_of"]

ONE_ANALYSIS = "the figures belong to one analysis, with the members given"


def _members(inputs: Inputs, name: str) -> tuple[Member, ...]:
    if name not in inputs:
        return ()
    parts = (part.partition("@") for part in inputs.strings(name))
    return tuple(Member(parse_figure(value), group.strip()) for value, _, group in parts)


def printed_of(inputs: Inputs) -> Printed:
    """Return the printed figures that the inputs name."""
    return Printed(
        inputs.whole("n", least=3), inputs.figure("mean"), inputs.figure("sd"), inputs.figure("min"),
        inputs.figure("max"), inputs.maybe("median"), inputs.maybe("f"), inputs.maybe("p"),
        inputs.whole("groups", least=2) if "groups" in inputs else None, inputs.maybe("d"),
        inputs.text("group1", "group 1"), inputs.text("group2", "group 2"),
        _members(inputs, "members"), _members(inputs, "means"),
    )  # fmt: skip


def check_reconstruct(inputs: Inputs) -> Finding:
    """Some values in some groups have all the figures; the computation names them."""
    found = reconstruct(printed_of(inputs))
    if not found.group_counts:
        text = "No number of groups gives this p value for this F."
        return Finding("contradicted", "no degrees of freedom", text).assuming(ONE_ANALYSIS)
    if not found.complete and not found.solutions:
        return Finding("not_checkable", "", "The search stopped before its end; give printed members to narrow it.")
    if not found.solutions:
        text = "No values in any groups have all these figures."
        return Finding("contradicted", "no solution", text).assuming(ONE_ANALYSIS)
    if "least" in inputs and found.complete:
        return _enough(inputs, found)
    return Finding("consistent", _computed(found), _explained(found))


def _enough(inputs: Inputs, found: Reconstruction) -> Finding:
    """Both groups of the effect have so many values in some solution."""
    least, names = inputs.whole("least"), (inputs.text("group1"), inputs.text("group2"))
    sizes = [dict(solution.sizes) for solution in found.solutions]
    if any(min(size.get(name, 0) for name in names) >= least for size in sizes):
        return Finding("consistent", _computed(found), _explained(found))
    shown = " or ".join(
        dict.fromkeys(" against ".join(f"{size.get(name, 0)} ({name})" for name in names) for size in sizes)
    )
    text = f"The effect compares {shown} values; {least} on each side are asked for. {_explained(found)}"
    return Finding("contradicted", _computed(found), text).assuming(ONE_ANALYSIS)


def _computed(found: Reconstruction) -> str:
    parts = []
    for solution in found.solutions[:3]:
        values = ", ".join(
            f"{(low + high) / 2:.3f}" if high - low < 0.0015 else f"{low:.3f} to {high:.3f}"
            for low, high in zip(solution.low, solution.high, strict=True)
        )
        sizes = ", ".join(f"{name} {size}" for name, size in solution.sizes)
        parts.append(f"{sizes}: {values}")
    more = f" | and {len(found.solutions) - 3} more" if len(found.solutions) > 3 else ""
    return " | ".join(parts) + more


def _explained(found: Reconstruction) -> str:
    count = len(found.solutions)
    if not found.complete:
        how = f"{count} arrangements were found before the search stopped"
    else:
        how = "One arrangement of the groups is left" if count == 1 else f"{count} arrangements of the groups are left"
    musts = "; ".join(found.musts[:5])
    effect = ""
    if found.effects:
        g = found.effects[1]
        effect = f" The small-sample effect is g = {g.estimate:.2f}, 95% interval {g.low:.2f} to {g.high:.2f}."
    return f"{how} (inference: it holds if {ONE_ANALYSIS}). In every one: {musts or 'see the solutions'}.{effect}"
