"""``metareview plot``: a picture of a meta-analysis, from a table of effects."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metareview.cli.effects import DataFile, located, read_csv
from metareview.cli.options import variance_column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from metareview.report.views.base import View
    from metareview.report.views.diagnostics import Reading
    from metareview.stats.synthesis.result import ModelFit

__all__ = ["KINDS", "plot"]

#: Kinds of pictures, and what each shows.
KINDS = {
    "forest": "effects with intervals, the pooled effect, where a new one is expected",
    "funnel": "effects against standard errors",
    "trim-fill": "the funnel with the effects that trim and fill puts in",
    "leave-one-out": "the pooled effect without each effect (or cluster) in turn",
    "cumulative": "the pooled effect as effects are added (--order)",
    "influence": "what changes without each effect, diagnostic by diagnostic",
    "baujat": "which effects make the heterogeneity, and which move the result",
    "gosh": "pooled effect and I2 of all subsets of the effects",
    "profile": "how the likelihood falls around each variance",
    "bubble": "effects against the moderator of --mods",
}
#: What the views of the fit are called after.
_KEY = "plot"
_TRANSFORMS = ("none", "exp", "expit", "tanh")


def plot(
    data: DataFile,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="SVG or PNG file.")],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")] = "forest",
    yi: Annotated[str, typer.Option(metavar="COLUMN", help="Effects.")] = "yi",
    vi: Annotated[str | None, typer.Option(metavar="COLUMN", help="Sampling variances; `vi` by default.")] = None,
    sei: Annotated[str | None, typer.Option(metavar="COLUMN", help="Standard errors, in place of variances.")] = None,
    method: Annotated[str, typer.Option(help="Estimator of the heterogeneity, as in `metareview fit`.")] = "REML",
    test: Annotated[str | None, typer.Option(help="z, t, knha or adhoc; adhoc by default.")] = None,
    level: Annotated[float, typer.Option(help="Level of confidence.")] = 0.95,
    mods: Annotated[str | None, typer.Option(metavar="FORMULA", help="A numeric moderator, for a bubble plot.")] = None,
    random: Annotated[
        list[str] | None, typer.Option(metavar="TERM", help="Random effects, '~ 1 | study/result'; repeat if crossed.")
    ] = None,
    cluster: Annotated[str | None, typer.Option(metavar="COLUMN", help="What is left out in turn.")] = None,
    order: Annotated[str | None, typer.Option(metavar="COLUMN", help="What effects are added by.")] = None,
    group: Annotated[str | None, typer.Option(metavar="COLUMN", help="Subgroups of the forest plot.")] = None,
    labels: Annotated[str | None, typer.Option(metavar="COLUMN", help="Names of the rows.")] = None,
    measure: Annotated[str, typer.Option(help="What the effects are, under the axis.")] = "effect",
    transform: Annotated[
        str, typer.Option(help="How effects are read: none, exp (ratios), expit (proportions), tanh (correlations).")
    ] = "none",
    reference: Annotated[
        float | None,
        typer.Option(
            help="Value of no difference, on the scale read; 1 with --transform exp. Funnels need one for contours."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the subsets of --kind gosh, where not all are fitted.")] = 1,
) -> None:
    """Draw a meta-analysis: forest, funnel, influence and other plots of a table of effects.

    Examples:

      metareview plot effects.csv -o forest.svg --transform exp --reference 1 --labels trial --measure "risk ratio"

      metareview plot effects.csv -o cumulative.png --kind cumulative --order year --labels trial

      metareview plot effects.csv -o bubble.svg --kind bubble --mods "~ ablat" --transform exp
    """
    from metareview.errors import InputError, UnknownName
    from metareview.results.atomic import write_atomic
    from metareview.stats.synthesis import fit

    if kind not in KINDS:
        raise UnknownName("kind of plot", kind, KINDS)
    if transform not in _TRANSFORMS:
        raise UnknownName("transform", transform, _TRANSFORMS)
    if output.suffix not in (".svg", ".png"):
        raise InputError(f"{output.name}: a picture is written as .svg or .png; name the file so")
    reading = _reading(measure, level, transform, 1.0 if reference is None and transform == "exp" else reference)
    table = read_csv(data)
    with located(data):
        model = fit(yi, variance_column(table, vi, sei), sei=sei, method=method, mods=mods, data=table, test=test,
                    level=level, random=random or None)  # fmt: skip
    rows = [int(label.removeprefix("row ")) for label in model.labels]
    used = table.iloc[[row - 1 for row in rows]].reset_index(drop=True)
    named = _column(used, labels) or [str(row) for row in rows]
    columns = {"cluster": _column(used, cluster), "order": _column(used, order), "group": _column(used, group)}
    views = _views(
        kind, replace(model, labels=tuple(named)), reading, columns,
        {"cluster": cluster or "effect", "order": order or ""}, seed,
    )  # fmt: skip
    write_atomic(output, _drawn(kind, views, output.suffix[1:]))
    contours = kind in ("funnel", "trim-fill") and reading.reference is not None
    shown = f"{KINDS[kind]}, with contours of significance" if contours else KINDS[kind]
    typer.echo(f"{output}: {shown}; k = {model.k} of {model.k_in}")


def _reading(measure: str, level: float, transform: str, reference: float | None) -> Reading:
    from scipy.special import expit

    from metareview.report.views.diagnostics import Reading

    _check_reference(transform, reference)
    read = {"none": float, "exp": math.exp, "expit": lambda y: float(expit(y)), "tanh": math.tanh}[transform]
    to: dict[str, Callable[[float], float]] = {
        "none": float,
        "exp": math.log,
        "expit": lambda p: math.log(p / (1 - p)),
        "tanh": math.atanh,
    }
    null = 0.0 if reference is None else to[transform](reference)
    return Reading(_KEY, "", measure, level, read, transform == "exp", reference, null)


def _check_reference(transform: str, reference: float | None) -> None:
    """Refuse a value that no effect is read as."""
    from metareview.errors import InputError

    rules = {"exp": (0, math.inf, "positive"), "expit": (0, 1, "between 0 and 1"), "tanh": (-1, 1, "between -1 and 1")}
    low, high, rule = rules.get(transform, (-math.inf, math.inf, "finite"))
    if reference is not None and not low < reference < high:
        raise InputError(
            f"--reference {reference:g}: with --transform {transform} the value of no difference is {rule}"
        )


def _views(
    kind: str,
    model: ModelFit,
    reading: Reading,
    columns: Mapping[str, list[str] | None],
    names: Mapping[str, str],
    seed: int,
) -> dict[str, View]:
    """The views that the picture is drawn from, in the order that it takes them."""
    from metareview.report.views import diagnostics, fits
    from metareview.stats.synthesis.diagnostics import diagnose

    if kind == "forest":
        made = [fits.effects(model, reading, columns["group"]), fits.fit(model, reading)]
    elif kind == "funnel":
        made = [fits.funnel(model, reading)]
    else:
        by = columns["order"]
        found = diagnose(model, cluster=columns["cluster"], left_out=names["cluster"],
                         order=None if by is None else _ranks(by), order_name=names["order"], seed=seed)  # fmt: skip
        filled = kind == "trim-fill"
        made = [fits.funnel(model, reading, found) if filled else diagnostics.BUILDERS[kind](found, reading)]
    return {view.name: view for view in made}


def _column(table: pd.DataFrame, name: str | None) -> list[str] | None:
    from metareview.errors import UnknownName

    if name is None:
        return None
    if name not in table.columns:
        raise UnknownName("column", name, list(table.columns))
    return [str(value) for value in table[name]]


def _ranks(values: list[str]) -> list[float]:
    """Numbers as they are; other values by their sorted place."""
    try:
        return [float(value) for value in values]
    except ValueError:
        places = {value: float(at) for at, value in enumerate(sorted(set(values)))}
        return [places[value] for value in values]


def _drawn(kind: str, views: dict[str, View], suffix: str) -> bytes:
    from metareview.errors import NotEstimable
    from metareview.report.figures.registry import figure_bytes

    first = next(iter(views.values()))
    if not first.rows:
        raise NotEstimable(f"{kind}: {first.notes[0] if first.notes else 'there is nothing to draw'}")
    return figure_bytes(f"{'funnel' if kind == 'trim-fill' else kind}-{_KEY}", views, suffix)
