"""Views of what is looked at to judge a fit: refits, influence, Baujat plot, subsets, profiles, bubbles.

They are made from a `FitDiagnostics` and a `Reading` (what the effects are and how people read them), so that a
declared synthesis of a review and a table of effects from the command line give the same pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import floor, log10

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import arrange
from metareview.report.views.format import interval_decimals, most_decimals, readable_decimals
from metareview.stats.synthesis.diagnostics_result import FitDiagnostics, Refit

__all__ = ["BUILDERS", "Reading", "baujat", "bubble", "cumulative", "gosh", "influence", "leave_one_out", "profile"]


#: Columns of ids in words.
_WORDS = {"study_id": "study", "dataset_id": "data set", "experiment_id": "experiment", "source_id": "document"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the effects of a fit are, and how people read them.

    Attributes
    ----------
    key, title : id of the fit (the end of the names of its views), and its heading; empty for the only one there is.
    measure : what an effect is, for captions and axes.
    level : level of confidence.
    read : an effect of the model on the scale people read.
    log : whether that scale is a ratio, drawn on a logarithmic axis.
    reference : the value of no difference on it; None for scores themselves.
    null : the value of no difference on the scale of the model, where contours of a funnel stand.
    scale : name of the scale of the model, where people read another one.
    """

    key: str
    title: str
    measure: str
    level: float
    read: Callable[[float], float]
    log: bool = False
    reference: float | None = None
    null: float = 0.0
    scale: str = ""

    def name(self, kind: str) -> str:
        """Return the name of a view."""
        return f"{kind}-{self.key}" if self.key else kind

    def heading(self, kind: str) -> str:
        """Return the heading of a view."""
        return f"{kind}: {self.title}" if self.title else kind

    def meta(self) -> dict[str, str]:
        """Return what figures need to know."""
        about = {"about": self.title} if self.title else {}
        axis = {"axis": "log"} if self.log else {}
        none = {} if self.reference is None else {"reference": f"{self.reference:g}"}
        return {**about, "measure": self.measure, "level": f"{self.level:.0%}", **axis, **none}

    @property
    def scale_notes(self) -> list[str]:
        """What a table says that shows a pooled value as people read it, and its SE as the model has it."""
        return [f"SE and τ² are on the {self.scale} scale of the model; pooled values are turned back."] * bool(
            self.scale
        )

    def cell(self, estimate: float, low: float | None, high: float | None) -> Cell:
        """Return an estimate with its interval as people read it."""
        ends = [None if end is None else self.read(end) for end in (low, high)]
        value, decimals = self.read(estimate), interval_decimals(ends[0], ends[1])
        if self.log and decimals is not None and value > 0:  # a ratio of 0.2 between 0 and 22 is not 0
            decimals = most_decimals(max(decimals, 1 - floor(log10(value))))
        size = max(abs(end) for end in (value, *ends) if end is not None)
        if not self.log and (((decimals or 0) >= 6 and size < 1e-4) or size >= 1e15):
            decimals = None  # significant digits, with a power of ten
        return Cell(value, low=ends[0], high=ends[1], mark="derived", decimals=decimals)


def _view(
    found: FitDiagnostics | None, reading: Reading, kind: str, heading: str, caption: str, columns: Sequence[Column],
    body: Sequence[Sequence[Cell]], *, part: str, alt: str = "", notes: Sequence[str] = (), warn: bool = False,
) -> View:  # fmt: skip
    nothing = "no model could be fitted" if found is None else found.reasons.get(part, "there is nothing of this kind")
    view = arrange(
        reading.name(kind), reading.heading(heading), caption, columns, body, notes=notes if body else (),
        warnings=found.warnings if found and warn else (), nothing=nothing, keep=[column.key for column in columns],
        alt=alt if body else "",
    )  # fmt: skip
    return replace(view, meta={**view.meta, **reading.meta()})


def _columns(rows: Sequence[Refit]) -> tuple[Column, ...]:
    return (
        Column("label", "Refit"), Column("k", "k", "count"),
        Column("estimate", "Pooled", "number", help="with interval"),
        Column("se", "SE", "number", readable_decimals([row.se for row in rows], 3), help="on the scale of the model"),
        Column("tau2", "τ²", "number"), Column("i2", "I² (from τ²)", "percent"),
    )  # fmt: skip


def _refits(rows: Sequence[Refit], reading: Reading) -> list[list[Cell]]:
    return [
        [Cell(row.label), Cell(row.k), reading.cell(row.estimate, row.low, row.high), Cell(row.se, mark="derived"),
         Cell(row.tau2, mark="derived"), Cell(row.i2, mark="derived")]
        for row in rows
    ]  # fmt: skip


def leave_one_out(found: FitDiagnostics | None, reading: Reading) -> View:
    """Return the pooled effect without each effect, or each cluster, in turn."""
    rows = found.leave_one_out if found else ()
    what = _WORDS.get(found.left_out, found.left_out) if found else "effect"
    body = _refits(rows, reading)
    if found and rows and found.estimate is not None:
        body.append([Cell("nothing left out"), Cell(found.k_used), reading.cell(found.estimate, found.low, found.high),
                     Cell(), Cell(), Cell(found.i2, mark="derived")])  # fmt: skip
    caption = f"{_upper(reading.measure)}, pooled again without one {what} at a time."
    return _view(
        found, reading, "leave-one-out", "Leave-one-out", caption, _columns(rows), body, part="leave_one_out",
        notes=reading.scale_notes, alt=_extremes(rows, reading, f"without one {what}"),
    )  # fmt: skip


def cumulative(found: FitDiagnostics | None, reading: Reading) -> View:
    """Return the pooled effect as effects are added in order."""
    rows = found.cumulative if found else ()
    by = found.order if found else ""
    return _view(
        found, reading, "cumulative", "Cumulative synthesis",
        f"{_upper(reading.measure)}, pooled again with each effect added{f' by {by}' if by else ''}.", _columns(rows),
        _refits(rows, reading), part="cumulative", notes=reading.scale_notes,
        alt=_extremes(rows, reading, "as effects are added"),
    )  # fmt: skip


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _extremes(rows: Sequence[Refit], reading: Reading, when: str) -> str:
    if not rows:
        return ""
    low, high = (reading.read(pick(row.estimate for row in rows)) for pick in (min, max))
    return f"The pooled effect {when}: between {low:.4g} and {high:.4g}."


_CASES = (
    Column("label", "Effect"), Column("rstudent", "Residual", "number", 2, help="externally standardised"),
    Column("dffits", "DFFITS", "number", 2), Column("cook_d", "Cook's distance", "number", 2),
    Column("cov_r", "Covariance ratio", "number", 2), Column("tau2_del", "τ² without it", "number"),
    Column("qe_del", "Q without it", "number", 2), Column("hat", "Leverage", "number", 3),
    Column("weight", "Weight", "percent"), Column("influential", "Influential", "flag"),
)  # fmt: skip


def influence(found: FitDiagnostics | None, reading: Reading) -> View:
    """Return the case-deletion diagnostics of each effect."""
    rows = found.influence if found else ()
    body = [
        [Cell(row.label), *(Cell(value, mark="derived") for value in (
            row.rstudent, row.dffits, row.cook_d, row.cov_r, row.tau2_del, row.qe_del, row.hat, row.weight)),
         Cell(row.influential, mark="warning" if row.influential else "")]
        for row in rows
    ]  # fmt: skip
    marked = [row.label for row in rows if row.influential]
    return _view(
        found, reading, "influence", "Influence", f"{_upper(reading.measure)}: what changes without each effect.",
        _CASES, body, part="influence", warn=True,
        alt=f"Influence of {len(rows)} effects; influential: {', '.join(marked) or 'none'}.",
        notes=["Influential by the rules of Viechtbauer & Cheung 2010: |DFFITS| above 3√(p/(k − p)), the lower tail of "
               "Cook's distance above one half, leverage above 3p/k, or any |DFBETAS| above 1."],
    )  # fmt: skip


def baujat(found: FitDiagnostics | None, reading: Reading) -> View:
    """Return the points of a Baujat plot."""
    rows = found.baujat if found else ()
    columns = (
        Column("label", "Effect"),
        Column("x", "Part in heterogeneity", "number", 3, help="squared Pearson residual"),
        Column("y", "Influence on the pooled effect", "number", 3),
    )
    far = max(rows, key=lambda row: row.x * row.y, default=None)
    return _view(
        found,
        reading,
        "baujat",
        "Baujat plot",
        "Which effects make the heterogeneity, and which of them move the result.",
        columns,
        [[Cell(row.label), Cell(row.x), Cell(row.y)] for row in rows],
        part="baujat",
        warn=True,
        alt=f"Baujat plot of {len(rows)} effects; farthest out: {far.label if far else ''}.",
    )


def gosh(found: FitDiagnostics | None, reading: Reading) -> View:
    """Return how often subsets of the effects have which pooled effect and heterogeneity."""
    rows = found.gosh if found else ()
    columns = (
        Column("x", "Pooled effect", "number"),
        Column("y", "I²", "percent"),
        Column("count", "Subsets", "count"),
    )
    body = [
        [Cell((row.x_low + row.x_high) / 2, low=row.x_low, high=row.x_high),
         Cell((row.y_low + row.y_high) / 2, low=row.y_low, high=row.y_high), Cell(row.count)]
        for row in rows
    ]  # fmt: skip
    several = f"all {found.subsets}" if found and found.all_subsets else f"{found.subsets if found else 0} random"
    return _view(
        found,
        reading,
        "gosh",
        "Subsets of the effects",
        f"Pooled effect (scale of the model) and I² of {several} subsets of "
        "two effects or more: separate clouds tell of effects that belong apart.",
        columns,
        body,
        part="gosh",
        warn=True,
        alt=f"Picture of {several} subsets by pooled effect and I².",
    )


def profile(found: FitDiagnostics | None, reading: Reading) -> View:
    """Return the profile log-likelihood of each variance component, with estimate, interval and cut."""
    columns = (Column("component", "Component"), Column("kind", "Kind"), Column("value", "Variance", "number"),
               Column("drop", "Log-likelihood below its maximum", "number"))  # fmt: skip
    body: list[list[Cell]] = []
    for part in found.profiles if found else ():
        name = Cell("τ²" if part.component == "tau2" else part.component)
        body += [[name, Cell("curve"), Cell(x), Cell(y)] for x, y in zip(part.values, part.drops, strict=True)]
        body.append([name, Cell("estimate"), Cell(part.estimate, low=part.low, high=part.high), Cell(part.cut)])
    told = [f"{part.component}: {part.estimate:.3g}" for part in (found.profiles if found else ())]
    return _view(
        found,
        reading,
        "profile",
        "Profile likelihood",
        "How the likelihood falls on both sides of each estimated variance; a flat curve tells that the data "
        "hardly know it.",
        columns,
        body,
        part="profiles",
        alt=f"Profile of {'; '.join(told)}.",
        notes=[f"Dashed: the cut whose crossings are the {reading.level:.0%} profile-likelihood interval."],
    )


def bubble(found: FitDiagnostics | None, reading: Reading) -> View:
    """Return effects against the one numeric moderator of a model, with the fitted line and its band."""
    columns = (Column("kind", "Kind"), Column("label", "Effect"), Column("x", "Moderator", "number"),
               Column("y", "Effect", "number"), Column("weight", "Weight", "percent"))  # fmt: skip
    body = [
        [Cell("point"), Cell(point.label), Cell(point.x), Cell(reading.read(point.y)), Cell(point.weight)]
        for point in (found.bubbles if found else ())
    ]
    for at in found.line if found else ():
        band = replace(reading.cell(at.y, at.low, at.high), decimals=None)
        body.append([Cell("line"), Cell(), Cell(at.x), band, Cell()])
    name = found.moderator if found else ""
    view = _view(
        found, reading, "bubble", "Bubble plot", f"Effects against {name}; larger with more weight.", columns, body,
        part="bubble", alt=f"Bubble plot of {len(found.bubbles) if found else 0} effects against {name}.",
    )  # fmt: skip
    return replace(view, meta={**view.meta, "moderator": name})


#: Views by the beginning of their names; `registry.DIAGNOSTICS` has their headings.
BUILDERS: dict[str, Callable[[FitDiagnostics | None, Reading], View]] = {
    "leave-one-out": leave_one_out, "cumulative": cumulative, "influence": influence, "baujat": baujat, "gosh": gosh,
    "profile": profile, "bubble": bubble,
}  # fmt: skip
