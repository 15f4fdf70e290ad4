"""What can be computed: every metric and convention, for ``metareview score --list``."""

from __future__ import annotations

import json
from collections.abc import Sequence

from metareview.evaluation.catalogue import Rule
from metareview.evaluation.pair import all_rules
from metareview.evaluation.scoring import NOT_RECOMPUTABLE, resolve_metrics

__all__ = ["listing_json", "listing_text"]


def _chosen(metrics: Sequence[str] | None) -> list[Rule]:
    rules = all_rules()
    names = {name.partition(":")[0] for name in resolve_metrics(metrics, (rule.metric for rule in rules.values()))}
    return [rule for rule in rules.values() if rule.metric in names]


def listing_json(metrics: Sequence[str] | None = None) -> str:
    """Return metric, convention, unit, needs and meaning of every rule, and what cannot be recomputed, as JSON."""
    rows = [
        {
            "metric": rule.metric,
            "convention": rule.convention,
            "unit": rule.unit,
            "needs": list(rule.needs),
            "meaning": rule.meaning,
        }
        for rule in _chosen(metrics)
    ]
    body = {"conventions": rows, "not_recomputable": NOT_RECOMPUTABLE}
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def listing_text(metrics: Sequence[str] | None = None) -> str:
    """Return one line per rule: its name as printed, what it means, and what it needs besides the table.

    >>> print(listing_text(["rq"]).splitlines()[0])
    rq:iou50  objects with id > 0, all sizes, matched one to one with IoU > 0.5
    """
    rules = _chosen(metrics)
    width = max(len(rule.name) for rule in rules)
    lines = [
        f"{rule.name:<{width}}  {rule.meaning}" + (f" (needs {', '.join(rule.needs)})" if rule.needs else "")
        for rule in rules
    ]
    lines.append("\nIn the id of a call stand its resolution, tolerance, border distance and confidence score.")
    if metrics is None:
        lines += [f"not recomputable: {why}" for why in NOT_RECOMPUTABLE.values()]
    return "\n".join(lines) + "\n"
