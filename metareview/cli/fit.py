"""``metareview fit``: a meta-analytic model of a table of effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from metareview.cli.effects import DataFile, located, read_csv
from metareview.cli.options import JsonFlag, OutFile, emit, variance_column

if TYPE_CHECKING:
    import pandas as pd

    from metareview.stats.synthesis.result import ModelFit

__all__ = ["fit"]


def fit(
    data: DataFile,
    yi: Annotated[str, typer.Option(metavar="COLUMN", help="Effects.")] = "yi",
    vi: Annotated[str | None, typer.Option(metavar="COLUMN", help="Sampling variances; `vi` by default.")] = None,
    sei: Annotated[str | None, typer.Option(metavar="COLUMN", help="Standard errors, in place of variances.")] = None,
    method: Annotated[str, typer.Option(help="EE, FE, DL, HE, HS, HSk, SJ, EB, PM, PMM, ML or REML.")] = "REML",
    mods: Annotated[str | None, typer.Option(metavar="FORMULA", help="Moderators, such as '~ year + C(lab)'.")] = None,
    test: Annotated[
        str | None, typer.Option(help="z, t, knha, adhoc or contain; adhoc by default, t with --random.")
    ] = None,
    level: Annotated[float, typer.Option(help="Level of confidence.")] = 0.95,
    random: Annotated[
        list[str] | None, typer.Option(metavar="TERM", help="Random effects, '~ 1 | study/result'; repeat if crossed.")
    ] = None,
    rho: Annotated[
        float | None, typer.Option(help="Correlation of sampling errors within --rho-by (working model).")
    ] = None,
    rho_by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Groups for --rho; the cluster by default.")
    ] = None,
    cluster: Annotated[str | None, typer.Option(metavar="COLUMN", help="Clusters for robust inference.")] = None,
    vcov: Annotated[str | None, typer.Option(help="CR0, CR1, CR1p, CR2 (default with --cluster) or CR3.")] = None,
    tau2_ci: Annotated[str, typer.Option(help="Interval for tau2: QP, PL or Wald.")] = "QP",
    labels: Annotated[str | None, typer.Option(metavar="COLUMN", help="Names of the rows.")] = None,
    script: Annotated[
        str | None, typer.Option(metavar="LANGUAGE", help="Print a stand-alone script that repeats the fit: r, python.")
    ] = None,
    table: Annotated[
        str | None, typer.Option("--table", metavar="FORMAT", help="Print a table with methods: md, tex, html or csv.")
    ] = None,
    output: OutFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Fit a meta-analytic model: equal or random effects, moderators, dependent effects, robust inference.

    Prints the coefficients and the heterogeneity, or with --json everything at full precision (docs/synthesis.md
    lists the keys). What cannot be computed is null there, with the reason under warnings.

    With --random, --test knha and adhoc become t, and contain takes the levels of the random effect that has fewest;
    with --cluster tests are robust (Satterthwaite), whatever --test says. A warning says what was put in its place.

    Examples:

      metareview fit effects.csv --method REML --test knha

      metareview fit effects.csv --mods "~ ablat + C(alloc)" --json -o fit.json

      metareview fit effects.csv --script python -o repeat.py

      metareview fit effects.csv --table tex -o model.tex

      metareview fit effects.csv --random "~ 1 | study/esid" --rho 0.6 --cluster study

      metareview fit effects.csv --test knha --mods "~ ablat" --random "~ 1 | study/esid" --cluster study --vcov CR2
    """
    from metareview.errors import InputError
    from metareview.stats.synthesis import fit as fit_model

    if sum((as_json, script is not None, table is not None)) > 1:
        raise InputError("--json, --script and --table are different outputs; give one of them")
    rows = read_csv(data)
    variances = variance_column(rows, vi, sei)
    with located(data):
        model = fit_model(
            yi, variances, sei=sei, method=method, mods=mods, data=rows, test=test, level=level,
            cluster=cluster, vcov=vcov, V=_known(rows, variances, sei, rho, rho_by or cluster), random=random or None,
            labels=labels, tau2_ci=tau2_ci,
        )  # fmt: skip
    if script is not None:
        emit(_script(model, script), output)
        return
    if table is not None:
        emit(_table(model, table), output)
        return
    emit(model.to_json() if as_json else _text(model), output)


def _known(table: pd.DataFrame, vi: str | None, sei: str | None, rho: float | None, by: str | None) -> Any:
    """The working covariance that --rho asks for."""
    from metareview.errors import InputError
    from metareview.stats.synthesis.covariance import block_covariance
    from metareview.stats.synthesis.inputs import read_column

    if rho is None:
        return None
    if by is None:
        raise InputError("--rho needs groups: name their column with --rho-by, or give --cluster")
    values = read_column("sei", sei, table) ** 2 if sei else read_column("vi", vi, table)
    return block_covariance(values, read_column("rho-by", by, table, text=True), rho)


def _script(model: ModelFit, language: str) -> str:
    """The fit as a program for another engine; numbers only."""
    from metareview.errors import UnknownName
    from metareview.stats.synthesis.python_script import python_script
    from metareview.stats.synthesis.script import r_script

    writers = {"r": r_script, "python": python_script}
    if language.lower() not in writers:
        raise UnknownName("language of the script", language, writers)
    return writers[language.lower()](model)


def _table(model: ModelFit, kind: str) -> str:
    """The model as a table of a paper or a page, on its own scale, with a methods paragraph below."""
    from metareview.report.tables import render
    from metareview.report.views.diagnostics import Reading
    from metareview.report.views.fits import fit as view_of

    return render(view_of(model, Reading("", "", "the effects", model.level, float)), kind)


def _text(model: ModelFit) -> str:
    """The model as text, numbers to six digits."""
    body = model.contract()
    head = f"{body['method']}, test {body['test']}, k = {body['k']}"
    lines = [head if body["vcov"] == "model" else f"{head}, {body['vcov']} over {body['clusters']} clusters", ""]
    lines.append(model.to_frame().to_string(index=False, float_format=lambda x: f"{x:.6g}"))
    lines.append("")
    for part in body["variance_components"]:
        low, high = (_number(part[key]) for key in ("ci_low", "ci_high"))
        lines.append(f"{part['name']}: {_number(part['value'])} [{low}, {high}]")
    for label, key in (("I2 (from tau2)", "i2"), ("I2 (from Q)", "i2_q"), ("R2", "r2")):
        if body[key] is not None:
            lines.append(f"{label}: {100 * body[key]:.4g} %")
    lines.append(f"Q({body['q_df']}) = {_number(body['q'])}, p = {_number(body['q_pvalue'])}")
    if body["pi_low"] is not None:
        lines.append(f"prediction interval: [{_number(body['pi_low'])}, {_number(body['pi_high'])}]")
    lines += [f"dropped {row['what']}: {row['reason']}" for row in body["dropped"]]
    bounds = ("tau2_ci:", "variance_components,") if body["variance_components"] else ()
    lines += [f"warning: {text}" for text in body["warnings"] if text in model.warnings or text.startswith(bounds)]
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
