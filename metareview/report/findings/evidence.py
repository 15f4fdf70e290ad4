"""Findings about the evidence: pooled effects, models run again, public code, and what could be appraised."""

from __future__ import annotations

from metareview.report.findings.base import Finding, Line, Part, Views, among, counted, finding, joined, lines, titled
from metareview.report.views.common import short_name
from metareview.schema.review import ReviewSpec

__all__ = ["appraisal", "code", "reruns", "syntheses"]

#: Data sets whose best mean of a re-run is named.
_NAMED = 2


def syntheses(views: Views, spec: ReviewSpec) -> tuple[Finding, ...]:
    """Return each declared synthesis: estimate with interval, where a new effect lies, heterogeneity, how much data."""
    models = {declared.title: f"fit-{declared.id}" for declared in spec.syntheses}
    found = []
    for line in lines(views, "syntheses"):
        if not line.has("estimate"):
            continue
        told: list[Part | str] = [line.part("estimate"), " from ", *line.count("k", "effect", "effects")]
        told += [" of ", *line.count("studies", "study", "studies")] if line.has("studies") else []
        told += ["; a new true effect is expected in ", line.part("prediction")] if line.has("prediction") else []
        told += ["; I² ", line.part("i2")] if line.has("i2") else []
        imputed = line.cell("imputed").mark == "warning"
        told += ["; ", line.part("imputed"), " of the weight rests on imputed variances"] if imputed else []
        title = line.text("synthesis")
        model = views.get(models.get(title, ""))
        about = line.name("synthesis") if model is None else titled(model, title)
        found.append(
            finding(
                "syntheses", "Pooled", about, ", pooled ", line.name("measure"), ": ", told, ".",
                tables=("syntheses", *([model.name] if model else [])), mark="warning" if imputed else "",
            )
        )  # fmt: skip
    return tuple(found)


def reruns(views: Views, spec: ReviewSpec) -> tuple[Finding, ...]:
    """Return how many scores were made again, with their verdicts, and the best mean of each data set."""
    table = list(lines(views, "replication"))
    if not table:
        return ()
    verdicts = {line.text("verdict") for line in table}
    told: list[Part | str | list[Part | str]] = []
    for verdict in sorted(verdicts):
        alike = [line for line in table if line.text("verdict") == verdict]
        told.append([among(table[0].view, alike), f" {verdict}"])
    fixed = [line for line in table if _is_fixed(line)]
    of: list[Part | str] = [" of models run again here"]
    if len(fixed) == len(table):
        of = [" of published segmentations that were scored here"]
    elif fixed:
        of = [
            " (",
            among(table[0].view, fixed),
            " of published segmentations that were scored here, the others",
            *of,
            ")",
        ]
    best = _best_of_each(table, spec)
    differ = any(line.cell("verdict").mark == "warning" for line in table)
    return (
        finding(
            "reruns", "Re-runs", counted(table), " score" if len(table) == 1 else " scores", of, ": ",
            joined(told, last=", "), ["; ", *joined(best, last="; ")] if best else [], ".",
            tables=("replication",), mark="warning" if differ else "",
        ),
    )  # fmt: skip


def _is_fixed(line: Line) -> bool:
    """Whether a row is of a published segmentation that was scored here: nothing was run."""
    return line.cell("n").note == "segmentation"


def _best_of_each(table: list[Line], spec: ReviewSpec) -> list[list[Part | str]]:
    """Return the best mean of each data set, by the first metric that is also reported, where two models were run."""
    directions = {short_name(metric): metric.direction for metric in spec.vocabulary()}
    told: list[list[Part | str]] = []
    for dataset in dict.fromkeys(line.text("dataset") for line in table):
        own = [line for line in table if line.text("dataset") == dataset and not _is_fixed(line)]
        if not own:
            continue
        metric = next((line.text("metric") for line in own if line.has("reported")), own[0].text("metric"))
        rivals = [line for line in own if line.text("metric") == metric and line.size("rerun") is not None]
        direction = directions.get(metric.partition(":")[0], "")
        if direction not in ("higher", "lower") or len({line.text("method") for line in rivals}) < 2:
            continue
        sign, most = (1, "highest") if direction == "higher" else (-1, "lowest")
        line = max(rivals, key=lambda rival: sign * (rival.size("rerun") or 0.0))
        published = [
            fixed for fixed in table
            if _is_fixed(fixed) and (fixed.text("dataset"), fixed.text("metric")) == (dataset, metric)
        ]  # fmt: skip
        told.append([f"{most} mean ", line.name("metric"), " on ", line.name("dataset"), ": ", line.name("method"), " ",
                     line.part("rerun"), *_beside(line), *_scored_here(published)])  # fmt: skip
    return told[:_NAMED]


def _scored_here(published: list[Line]) -> list[Part | str]:
    """Return the scores of published segmentations by the same rule on the same data: they may be better."""
    if not published:
        return []
    each: list[list[Part | str]] = [[line.name("method"), " ", line.part("rerun")] for line in published]
    return [" (scored here beside it: ", *joined(each), ")"]


def _beside(line: Line) -> list[Part | str]:
    """Return what is reported beside a re-run, and whose it is where it is another method's."""
    if not line.has("reported"):
        return []
    if line.text("relation") == "same data":
        return [" (of another method, ", line.name("by"), ", ", line.part("reported"), " is printed)"]
    return [" (reported ", line.part("reported"), ": ", line.name("verdict"), ")"]


def code(views: Views, spec: ReviewSpec) -> tuple[Finding, ...]:
    """Return the share of studies with public code as recorded, and as printed."""
    table = [line for line in lines(views, "availability") if line.text("category") == "all"]
    own = next((line for line in table if line.text("source") == "recorded here" and line.has("share")), None)
    if own is None:
        return ()
    printed = [line for line in table if line.text("source").startswith("printed") and line.has("share")]
    clash = any(line.cell("share").mark == "contradicted" for line in printed)
    unsaid: list[Part | str] = []
    if own.size("not_stated"):
        verb = " does" if own.size("not_stated") == 1 else " do"
        unsaid = ["; ", own.part("not_stated"), f"{verb} not state it"]
    prints: list[Part | str] = []
    if printed:
        prints = ["; printed as ", *joined(line.part("share") for line in printed)]
        prints += [", which contradict each other"] if clash and len(printed) > 1 else []
    return (
        finding(
            "code", "Public code", "Code is public for ", own.part("with_code"), " of ",
            own.count("n", "study", "studies"), " (", own.name("corpus"), "), ", own.part("share"), unsaid, prints, ".",
            mark="contradicted" if clash else "",
        ),
    )  # fmt: skip


def appraisal(views: Views, spec: ReviewSpec) -> tuple[Finding, ...]:
    """Return how many items of the appraisal the documents at hand allow a judgement for."""
    table = list(lines(views, "appraisal-coverage"))
    judged = [line for line in table if line.size("n")]
    if not table:
        return ()
    most = max(table, key=lambda line: line.size("n") or 0.0)
    widest: list[Part | str] = []
    if judged:
        widest = ["; the item judged most, ", most.name("item"), ", for ", most.part("n"), " of ",
                  *most.count("of", "study", "studies")]  # fmt: skip
    return (
        finding(
            "appraisal", "Appraisal", among(table[0].view, judged), " of ", counted(table),
            " items of the appraisal could be judged for at least one study", widest, ".",
            mark="warning" if len(judged) < len(table) else "",
        ),
    )  # fmt: skip
