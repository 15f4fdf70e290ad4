"""Small views for the tests of figures and pages; the numbers of the flow are those printed in the founding review."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from typing import Any

from metareview.report.views.base import Cell, Column, View
from metareview.schema.source import SourceRef

REF = SourceRef("results.csv", 7, "shah2025_review", "L1715; Table 3", "0.955")
EVIL = '<script>alert(1)</script> & "q" $x^2$ \x00 \\input{a}'


def make(name: str, columns: str, rows: list[tuple[Any, ...]], **options: Any) -> View:
    """Return a view; a column is ``key`` or ``key:kind``, a value may be a `Cell`."""
    heads = [part.split(":") for part in columns.split()]
    cells = tuple(tuple(value if isinstance(value, Cell) else Cell(value, (REF,)) for value in row) for row in rows)
    defaults = {"title": name.capitalize(), "caption": f"Caption of {name}.", "alt": f"What {name} shows."}
    return View(
        name=name,
        columns=tuple(Column(h[0], h[0].capitalize(), h[1] if len(h) > 1 else "text") for h in heads),  # type: ignore[arg-type]
        rows=cells,
        **(defaults | options),
    )


def prisma() -> View:
    check = (
        "records screened = records identified - records removed before screening: printed 1,546, the printed terms "
        "give 1,646 (difference -100)"
    )
    late = "reports included = reports assessed - reports excluded, both arms: printed 60, the printed terms give 61"
    rows = [
        ("database_results", "identification", "main", "Records identified from databases", 2330, ""),
        ("database_specific_results", "identification", "main", "PubMed", 621, ""),
        ("database_specific_results", "identification", "main", "Web of Science", 859, ""),
        ("database_specific_results", "identification", "main", "IEEE Xplore", 496, ""),
        ("database_specific_results", "identification", "main", "arXiv", 154, ""),
        ("database_specific_results", "identification", "main", "Google Scholar", 200, ""),
        ("duplicates", "identification", "removed", "Duplicate records removed", 684, check),
        ("records_screened", "screening", "main", "Records screened (titles and abstracts)", 1546, check),
        ("records_excluded", "screening", "removed", "Records excluded", 1392, ""),
        ("records_excluded_reasons", "screening", "removed", "Non-brain reconstruction or connectomics", 884, ""),
        ("records_excluded_reasons", "screening", "removed", "No deep learning", 372, ""),
        ("records_excluded_reasons", "screening", "removed", "Review, survey, overview", 111, ""),
        ("records_excluded_reasons", "screening", "removed", "Neither deep learning nor brain", 20, ""),
        ("records_excluded_reasons", "screening", "removed", "Wrong publication type or language", 5, ""),
        ("dbr_assessed", "screening", "main", "Reports assessed for eligibility", 154, ""),
        ("dbr_excluded", "screening", "removed", "Reports excluded", 102, ""),
        ("dbr_excluded", "screening", "removed", "Non-brain reconstruction or connectomics", 42, ""),
        ("dbr_excluded", "screening", "removed", "No segmentation", 37, ""),
        ("dbr_excluded", "screening", "removed", "No electron microscopy", 23, ""),
        ("other_assessed", "screening", "other", "Added from arXiv", 8, ""),
        ("new_studies", "included", "main", "Studies included in review", 60, late),
    ]
    return make("prisma", "data stage side label n:count check", rows)


def exclusions() -> View:
    rows = [("Title and abstract", "not about brains", 884), ("Full text", "another modality", 23)]
    return make("exclusions", "stage reason n:count", rows)


def sankey_nodes() -> View:
    rows = [
        (0, "dimension", "3D", 37, 30), (0, "dimension", "2D", 23, 14), (0, "dimension", "not stated", None, 16),
        (1, "task", "instance", 40, 28), (1, "task", "semantic", 13, 12), (1, "task", "both", 7, 4),
        (1, "task", "not stated", None, 16),
        (2, "supervision", "supervised", 50, 40), (2, "supervision", "self-supervised", 6, 5),
        (2, "supervision", "weakly-supervised", 3, 1), (2, "supervision", "unsupervised", 1, None),
        (2, "supervision", "not stated", None, 14),
        (3, "category", "CNN", 44, 38), (3, "category", "Hybrid", 7, 7), (3, "category", "Transformer", 5, 5),
        (3, "category", "Foundation", 4, 4), (3, "category", "not stated", None, 6),
        (4, "targets", "Neuron structures", 45, 30), (4, "targets", "Synaptic structures", 15, 9),
        (4, "targets", "Cell components", 14, 10), (4, "targets", "Organelles", 11, 12),
        (4, "targets", "Other categories", 17, 1), (4, "targets", "not stated", None, 5),
    ]  # fmt: skip
    return make("sankey-nodes", "level:count attribute value published:count recorded:count", rows)


def sankey_links() -> View:
    rows = [
        ("dimension", "3D", "task", "instance", 20), ("dimension", "3D", "task", "not stated", 6),
        ("dimension", "3D", "task", "semantic", 4), ("dimension", "2D", "task", "semantic", 6),
        ("dimension", "2D", "task", "both", 4), ("dimension", "2D", "task", "instance", 4),
        ("dimension", "not stated", "task", "instance", 4), ("dimension", "not stated", "task", "semantic", 2),
        ("dimension", "not stated", "task", "not stated", 10),
        ("task", "instance", "supervision", "supervised", 24), ("task", "instance", "supervision", "not stated", 4),
        ("task", "semantic", "supervision", "supervised", 8), ("task", "semantic", "supervision", "self-supervised", 4),
        ("task", "both", "supervision", "supervised", 3), ("task", "both", "supervision", "weakly-supervised", 1),
        ("task", "not stated", "supervision", "supervised", 5), ("task", "not stated", "supervision", "not stated", 10),
        ("task", "not stated", "supervision", "self-supervised", 1),
        ("supervision", "supervised", "category", "CNN", 30), ("supervision", "supervised", "category", "Hybrid", 6),
        ("supervision", "supervised", "category", "Transformer", 4),
        ("supervision", "self-supervised", "category", "Foundation", 3),
        ("supervision", "self-supervised", "category", "CNN", 2),
        ("supervision", "weakly-supervised", "category", "CNN", 1),
        ("supervision", "not stated", "category", "CNN", 5), ("supervision", "not stated", "category", "Hybrid", 1),
        ("supervision", "not stated", "category", "Transformer", 1),
        ("supervision", "not stated", "category", "Foundation", 1),
        ("supervision", "not stated", "category", "not stated", 6),
        ("category", "CNN", "targets", "Neuron structures", 24), ("category", "CNN", "targets", "Organelles", 8),
        ("category", "CNN", "targets", "Synaptic structures", 9), ("category", "CNN", "targets", "Cell components", 7),
        ("category", "Hybrid", "targets", "Organelles", 4), ("category", "Hybrid", "targets", "Neuron structures", 3),
        ("category", "Transformer", "targets", "Neuron structures", 2),
        ("category", "Transformer", "targets", "Cell components", 3),
        ("category", "Foundation", "targets", "Neuron structures", 1),
        ("category", "Foundation", "targets", "Other categories", 1),
        ("category", "Foundation", "targets", "not stated", 2),
        ("category", "not stated", "targets", "not stated", 3), ("category", "CNN", "targets", "not stated", 1),
    ]  # fmt: skip
    return make("sankey-links", "source_attribute source_value target_attribute target_value n:count", rows)


def modalities() -> View:
    rows = [
        ("3D", "ssEM/ssTEM", 26, 21), ("3D", "FIB-SEM", 11, 10), ("3D", "ATUM-SEM", 6, 7),
        ("3D", "SBEM/SBF-SEM", 5, 8), ("3D", "fMOST", 4, 3), ("3D", "Light-sheet microscopy", 2, None),
        ("2D", "Light/optical microscopy", 8, 3), ("2D", "Multi-beam SEM", 8, 7), ("2D", "Other SEM variants", 9, 1),
        ("2D", "General EM", 4, 0), ("2D", "TEM", 2, 2),
    ]  # fmt: skip
    return make("modalities", "dimension value published:count recorded:count", rows)


def by_category() -> View:
    groups = {
        ("Dice", "CNN"): [0.95, 0.901, 0.938, 0.88, 0.962, 0.91, 0.91, 0.912],
        ("Dice", "Foundation"): [0.955, 0.924],
        ("Dice", "Hybrid"): [0.948, 0.962, 0.95],
        ("Dice", "Transformer"): [0.938],
        ("Jaccard", "CNN"): [0.947, 0.893, 0.91],
        ("Jaccard", "Hybrid"): [0.913, 0.902, 0.905],
        ("VOI", "CNN"): [1.72, 2.9, 0.43, 0.6],
        ("VOI", "Foundation"): [0.31],
        ("AP", "CNN"): [0.61, 0.72],
        ("AP", "Foundation"): [0.951],
    }
    rows = [
        (metric, category, f"{category} method {n}", f"study-{n}", "cremi", value, fmean(values), len(values))
        for (metric, category), values in groups.items()
        for n, value in enumerate(values)
    ]
    return make(
        "metrics-by-category", "metric category method study dataset value:score group_mean:score group_k:count", rows
    )


def correlations() -> View:
    values = {
        ("Dice", "Jaccard"): (0.94, 0.71, 0.99, 12), ("Dice", "AP"): (0.41, -0.35, 0.85, 8),
        ("Dice", "VOI"): (-0.62, -0.93, 0.1, 7), ("Jaccard", "AP"): (0.55, -0.4, 0.93, 6),
        ("Jaccard", "VOI"): (None, None, None, 2), ("AP", "VOI"): (None, None, None, 0),
    }  # fmt: skip
    rows = [(a, b, Cell(r, (REF,), low, high), n) for (a, b), (r, low, high, n) in values.items()]
    return make("correlations", "metric_a metric_b r:score n:count", rows)


def performance() -> View:
    rows = [
        ("CREMI", "Dice", "U-Net+FFN [33]", "CNN", 0.95), ("CREMI", "Dice", "SAM2 [21]", "Foundation", 0.924),
        ("CREMI", "VOI", "SegNeuron", "CNN", 0.77), ("SNEMI3D", "VOI", "SegNeuron", "CNN", 1.02),
        ("SNEMI3D", "Dice", "FragViT [15]", "Transformer", 0.95),
        ("MitoEM-R", "Dice", "ATFormer [43]", "Hybrid", 0.948),
        ("MitoEM-R", "Jaccard", "ATFormer [43]", "Hybrid", 0.902),
        ("Lucchi", "Jaccard", "Mod. U-Net [22]", "CNN", 0.893),
        ("Cerebellar EGL, serial section SEM (mouse)", "Dice", "UTR [56]", "CNN", 0.901),
    ]  # fmt: skip
    return make("dataset-performance", "dataset metric method category value:score", rows)


def heatmap() -> View:
    methods = ["SegNeuron", "MALA", "Superhuman U-Net", "PEA", "Local shape descriptors (LSD), auto-context"]
    datasets = ["CREMI", "SNEMI3D", "AC3/AC4", "Harris", "Zebra finch j0126"]
    rows: list[tuple[Any, ...]] = []
    for metric in ("VOI", "ARAND"):
        for i, method in enumerate(methods):
            for j, dataset in enumerate(datasets):
                missing = (i * 3 + j * 2) % 4 == 0 or (metric == "ARAND" and j > 3)
                value = None if missing else round(0.1 * (i + 1) + 0.07 * (j + 1) * (2 if metric == "VOI" else 1), 3)
                rows.append((method, dataset, metric, value))
    return make("heatmap", "method dataset metric value:score", rows)


def benchmark() -> View:
    methods = [
        ("3D Trans.+U-Net [38]", "Foundation", 0.955, None, 0.951, 0.954, 0.953, 2, 5, False),
        ("DDeep3M+ [2]", "CNN", None, 0.947, None, 0.947, 0.947, 1, 1, True),
        ("Hyb. enc-dec [45]", "Hybrid", 0.962, 0.913, None, 0.938, 0.9375, 2, 2, True),
        ("U-Net+FFN [33]", "CNN", 0.95, 0.91, None, 0.93, 0.93, 2, 1, True),
        ("Dual-br. attn Mai et al. [44]", "Transformer", 0.938, 0.884, None, 0.911, 0.911, 2, 2, False),
        ("UTR [56]", "CNN", 0.901, None, None, 0.901, 0.901, 1, 1, False),
        ("Mod. U-Net [22]", "CNN", None, 0.893, None, 0.893, 0.893, 1, 2, True),
        ("SAM2 [21]", "Foundation", 0.924, 0.861, None, 0.893, 0.8925, 2, 1, True),
        ("ATFormer [43]", "Hybrid", 0.948, 0.902, 0.782, 0.854, 0.877, 3, 3, False),
        ("FragViT [15]", "Transformer", 0.95, 0.905, 0.769, 0.848, None, 3, 3, False),
    ]
    rows = [
        (rank, name, f"study-{rank}", category, dice, jaccard, ap, Cell(comp, (REF,)),
         Cell(again, (REF,), again and again - 0.02, again and again + 0.01, "derived"),
         k, n, "CREMI; SNEMI3D", "yes" if code else "no")
        for rank, (name, category, dice, jaccard, ap, comp, again, k, n, code) in enumerate(methods, 1)
    ]  # fmt: skip
    return make(
        "benchmark",
        "rank:count method study category dice:score jaccard:score ap:score composite:score "
        "composite_recomputed:score k:count n_datasets:count datasets code",
        rows,
    )


def audit_summary() -> View:
    columns = (
        "type n:count contradicted:count contradicted_if:count not_checkable:count underpowered:count "
        "not_applicable:count consistent:count"
    )
    rows = [("count", 40, 12, 6, 10, 0, 0, 12), ("share", 9, 3, 1, 0, 1, 0, 4), ("all", 49, 15, 7, 10, 1, 0, 16)]
    return make("audit-summary", columns, rows)


def reconstruction() -> View:
    values = [
        ("CNN", 0.536, 0.536, 0.536), ("CNN", 0.670, 0.664, 0.676), ("Transformer", 0.769, 0.769, 0.769),
        ("Hybrid", 0.782, 0.782, 0.782), ("Foundation", 0.908, 0.906, 0.910), ("Foundation", 0.954, 0.942, 0.966),
    ]  # fmt: skip
    rows = [(1, f"value {place}", *value) for place, value in enumerate(values, 1)]
    return make("reconstruction", "solution:count value group middle:score low:score high:score", rows)


def multiverse_specifications() -> View:
    methods = ["DDeep3M+", "Hyb. enc-dec", "3D Trans.+U-Net", "Dual-br. attn of Mai et al."]
    orders = [(2, 3, 1, 4), (1, 2, 3, 4), (1, 3, 2, 4), (2, 1, 4, 3), (1.5, 1.5, 3, 4), (1, 2, 3, 4)]
    rows = []
    for number in range(36):
        missing = ("the cells that are there", "the largest block without gaps", "a gap counts as the worst")[
            number // 12
        ]
        rule = ("mean", "two-level Borda", "dominance")[number % 3]
        rows.append((number, missing, "all metrics" if number % 12 < 6 else "without AP, which only some report",
                     rule, *orders[(number // 3) % 6]))  # fmt: skip
    view = make("multiverse-specifications",
                "id:count option.missing option.metrics option.rule " + " ".join(f"rank.{i}:number" for i in range(4)),
                rows)  # fmt: skip
    labels = {"option.missing": "Missing cells", "option.metrics": "Metrics in", "option.rule": "Rule"}
    labels |= {f"rank.{at}": method for at, method in enumerate(methods)}
    return replace(view, columns=tuple(replace(c, label=labels.get(c.key, c.label)) for c in view.columns))


def multiverse_decisions() -> View:
    rows = [
        ("Missing cells", 0.25, 0.26, "the cells that are there", 30), ("Missing cells", None, None, "worst", 30),
        ("Metrics that are one metric", 0.12, 0.18, "each counted", 30), ("Rule", 0.01, 0.0, "mean", 20),
        ("Interaction of decisions", 0.62, None, None, None),
    ]  # fmt: skip
    return make("multiverse-decisions", "decision share:percent alone:percent option n:count", rows)


def multiverse_pairs() -> View:
    names = ["DDeep3M+", "Hyb. enc-dec", "3D Trans.+U-Net", "Dual-br. attn of Mai et al.", "UTR"]
    rows = [
        (a, b, None if (i, j) == (3, 4) else 0.5 + (j - i) / 10, 90, (i + j) % 2)
        for i, a in enumerate(names) for j, b in enumerate(names) if i < j
    ]  # fmt: skip
    return make("multiverse-pairs", "above below share:percent n:count columns:count", rows)


def replication() -> View:
    columns = "dataset method metric n:count rerun:score expected:interval reported:score verdict runs"
    rows = [
        ("ISBI 2012", "U-Net", "V_Rand:thin", 3, Cell(0.971, low=0.965, high=0.977), Cell(low=0.95, high=0.992), 0.975,
         "replicates", "0.968; 0.971; 0.974"),
        ("ISBI 2012", EVIL, "V_Rand:thin", 3, Cell(0.902, low=0.899, high=0.905), Cell(low=0.2, high=1.6), 0.9878,
         "not comparable", "0.9; 0.902; 0.904"),
        ("ISBI 2012", "once", "Dice", 1, Cell(0.9), Cell(), Cell(), "nothing published", "0.9"),
        ("FIB-25", "affinities", "ARAND:snemi", 3, Cell(0.08, low=0.07, high=0.09), Cell(low=0.06, high=0.1), 0.05,
         "higher", "0.076; 0.084"),
    ]  # fmt: skip
    return make("replication", columns, rows, group="dataset")


def appraisal_lights() -> View:
    roles = {
        "low risk": "good",
        "some concerns": "some",
        "high risk": "bad",
        "unclear": "unknown",
        "does not apply": "none",
    }
    labels = [*roles, ""]
    items = (("D1 Randomisation", "domain"), ("D2 Deviations", "domain"), ("Overall", "overall"))
    rows = [
        ("RoB 2", f"s{n}", f"Study {n}", item, kind, labels[(n + at) % 6] or None, roles.get(labels[(n + at) % 6]))
        for n in range(1, 9)
        for at, (item, kind) in enumerate(items)
    ]
    rows += [("Leakage sheet", f"s{n}", f"Study {n}", "Code", "item", "low risk", "good") for n in (1, 2)]
    return make("appraisal-lights", "tool study_id study item kind judgement role", rows)


def appraisal_summary() -> View:
    parts = (("low risk", "good", 4, 0.4), ("some concerns", "some", 3, 0.3), ("high risk", "bad", 2, 0.2),
             ("not judged", None, 1, 0.1))  # fmt: skip
    rows = [
        (f"RoB 2, {weights}", "RoB 2", weights, item, label, role, n, 10, share)
        for weights in ("each study counts once", "weights of: All trials")
        for item in ("D1 Randomisation", "Overall")
        for label, role, n, share in parts
    ]
    columns = "panel tool weights item judgement role n:count of:count share:percent"
    return make("appraisal-summary", columns, rows)


def samples() -> dict[str, View]:
    """Return one view for every name that figures read."""
    made = (
        prisma(), exclusions(), sankey_nodes(), sankey_links(), modalities(), by_category(), correlations(),
        performance(), heatmap(), benchmark(), audit_summary(), reconstruction(), multiverse_specifications(),
        multiverse_decisions(), multiverse_pairs(), replication(), appraisal_lights(), appraisal_summary(),
    )  # fmt: skip
    return {view.name: view for view in made}
