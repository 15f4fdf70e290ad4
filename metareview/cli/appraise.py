"""``metareview appraise``: tools for appraising studies, the sheet to fill in, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metareview.cli.options import JsonFlag, OutFile, ReviewFolder, emit

if TYPE_CHECKING:
    from metareview.ingest import ReviewTables
    from metareview.schema.tool import Item, ToolSpec

__all__ = ["appraise_app"]

appraise_app = typer.Typer(
    help="""Appraise the studies: risk of bias, applicability, quality, leakage.

    Examples:

      metareview appraise tools                              what there is

      metareview appraise show rob-2                         items, answers, rules

      metareview appraise template my-review --tool rob-2 --rater ana --rater ben -o my-review/appraisal.csv

      metareview appraise check my-review

      metareview appraise summary my-review --json

      metareview appraise robvis my-review --tool rob-2 -o robvis.csv
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)
Review = Annotated[
    Path | None, typer.Option("--review", metavar="REVIEW", help="Review folder, for tools of its own (tools/*.yaml).")
]
ToolName = Annotated[str, typer.Option("--tool", metavar="TOOL", help="Id of the tool; `tools` lists them.")]


def _tools(review: Path | None) -> dict[str, ToolSpec]:
    from metareview.schema.toolbox import shipped_tools, tools_of

    if review is None:
        return dict(shipped_tools())
    from metareview.ingest import read_spec

    return tools_of(read_spec(review))


def _find(name: str, tools: dict[str, ToolSpec]) -> ToolSpec:
    from metareview.errors import UnknownName

    if name not in tools:
        raise UnknownName("tool", name, tools)
    return tools[name]


@appraise_app.command()
def tools(review: Review = None, as_json: JsonFlag = False, output: OutFile = None) -> None:
    """List the appraisal tools: those that ship with the package, and those of a review.

    Examples:

      metareview appraise tools

      metareview appraise tools --review my-review --json
    """
    import json

    found = _tools(review)
    if as_json:
        rows = [{"id": t.id, "title": t.title, "version": t.version, "sources": t.sources} for t in found.values()]
        emit(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", output)
        return
    width = max(len(name) for name in found)
    emit("".join(f"{t.id:<{width}}  {t.title}; {t.version}\n" for t in found.values()), output)


@appraise_app.command()
def show(
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="Id of the tool.")], review: Review = None,
    as_json: JsonFlag = False, output: OutFile = None,
) -> None:  # fmt: skip
    """Show a tool: its items with ids, the judgements they take, its rules and where it is published.

    Examples:

      metareview appraise show quadas-2

      metareview appraise show rob-2 --json
    """
    found = _find(tool, _tools(review))
    emit(found.model_dump_json(indent=1, exclude_defaults=True) + "\n" if as_json else _text(found), output)


def _text(tool: ToolSpec) -> str:
    lines = [f"{tool.title} ({tool.id}), {tool.version}", "", tool.about, ""]
    lines += [line for item in tool.items for line in _item(tool, item)]
    lines += ["", *(f"note: {note}" for note in tool.notes), *(f"source: {source}" for source in tool.sources)]
    return "\n".join(lines) + "\n"


def _item(tool: ToolSpec, item: Item) -> list[str]:
    scale = tool.scale_of(item)
    if scale is None:
        return ["", item.text.upper()]
    indent = "    " if item.kind == "question" else ""
    head = [] if item.kind == "question" else [""] * (item.kind in ("domain", "overall"))
    rule = []
    if item.algorithm:
        rule.append(f"{indent}  proposed by the published algorithm from the answers below")
    if item.overall is not None:
        how = f"the worst of {', '.join(item.overall.of)}" if item.overall.rule == "worst" else "no rule"
        rule.append(f"{indent}  {how}; {item.overall.reason}")
    if item.asked is not None:
        asked = [f"{name} is {'/'.join(answers)}" for name, answers in item.asked.asked.items()]
        rule.append(f"{indent}  asked if {(' or ' if item.asked.any else ' and ').join(asked)}")
    return [*head, f"{indent}{item.id}  {item.text} [{' | '.join(scale.ids)}]", *rule]


@appraise_app.command()
def template(
    review: ReviewFolder,
    tool: ToolName,
    rater: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Who judges; repeat. Two raters, a and b, by default.")
    ] = None,
    study: Annotated[
        list[str] | None, typer.Option(metavar="STUDY", help="Only this study; repeat. All included ones by default.")
    ] = None,
    output: OutFile = None,
) -> None:
    """Write an appraisal.csv to fill in: one row per study, item and rater; rows that are there already stay.

    The note of each row holds the item and the judgements it takes. Where two raters differ, add a row with rater
    consensus. `metareview template` makes a workbook of all tables, with this one as a sheet.

    Example:

      metareview appraise template my-review --tool quadas-2 --rater ana --rater ben -o my-review/appraisal.csv
    """
    from metareview.appraisal.template import appraisal_template

    tables, found = _read(review, tool)
    emit(
        appraisal_template(tables.tables, found, raters=tuple(rater or ("a", "b")), studies=tuple(study or ())), output
    )


def _read(review: Path, tool: str) -> tuple[ReviewTables, ToolSpec]:
    from metareview.ingest import read_review
    from metareview.schema.toolbox import tools_of

    tables = read_review(review)
    return tables, _find(tool, tools_of(tables.spec))


@appraise_app.command()
def check(review: ReviewFolder, as_json: JsonFlag = False, output: OutFile = None) -> None:
    """Check appraisal.csv: tools, items and judgements, and overall judgements against the rules; say what is open.

    Exit codes: 0 in order (open items are no fault), 1 there are problems, 2 the call is wrong.

    Example:

      metareview appraise check my-review
    """
    import json

    from metareview.ingest import check_review, render_problems

    report = check_review(review)
    concerned = [p for p in report.problems if p.file.startswith(("appraisal.", "tools/", "review.yaml"))
                 or (p.address or "").startswith("appraisal!")]  # fmt: skip
    open_ = _open(report.tables) if report.tables else {}
    if as_json:
        body = {"review": report.review, "ok": report.ok, "problems": [p.to_dict() for p in concerned], "open": open_}
        emit(json.dumps(body, ensure_ascii=False, indent=1) + "\n", output)
    else:
        lines = [render_problems(f"{report.review}, appraisal", concerned)]
        lines += [f"{title}: {said}" for title, said in open_.items()]
        if not report.ok and not concerned:
            lines.append("the review has problems in other tables; metareview check lists them")
        emit("\n".join(lines) + "\n", output)
    raise typer.Exit(0 if report.ok else 1)


def _open(tables: ReviewTables) -> dict[str, str]:
    """Return, for each tool, how much is judged, and how much raters differ on without a consensus."""
    from metareview.appraisal.lights import compute_appraisal

    rows = compute_appraisal(tables.tables, tables.spec).rows
    out = {}
    for title in dict.fromkeys(row.tool_title for row in rows):
        own = [row for row in rows if row.tool_title == title]
        studies = len({row.study_id for row in own})
        judged = sum(row.judgement is not None for row in own)
        differ = sum(row.reason.startswith("raters differ") for row in own)
        out[title] = f"{studies} studies, {judged} of {len(own)} items judged, {differ} without the consensus they need"
    return out


@appraise_app.command()
def summary(review: ReviewFolder, as_json: JsonFlag = False, output: OutFile = None) -> None:
    """Print the judgements per study, their shares per item, and the agreement of raters.

    Shares are over the included studies, and by the weights of each synthesis that review.yaml declares.

    Examples:

      metareview appraise summary my-review

      metareview appraise summary my-review --json -o appraisal.json
    """
    import json

    import metareview
    from metareview.report.tables import render

    loaded = metareview.load(review)
    names = ("appraisal_coverage", "appraisal", "appraisal_summary", "appraisal_agreement")
    if as_json:
        emit(json.dumps({name: json.loads(loaded.statistic(name).to_json()) for name in names}, ensure_ascii=False,
                        indent=1) + "\n", output)  # fmt: skip
        return
    views = ("appraisal-coverage", "appraisal", "appraisal-summary", "appraisal-agreement", "appraisal-differences")
    emit("\n".join(render(loaded.table(name), "md") for name in views), output)


@appraise_app.command()
def robvis(
    review: ReviewFolder,
    tool: ToolName,
    template: Annotated[
        str | None, typer.Option(help="ROB2, QUADAS-2 or Generic; that of the tool by default.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(metavar="SYNTHESIS", help="Weigh studies as this synthesis does; 1 each by default.")
    ] = None,
    output: OutFile = None,
) -> None:
    """Write the judgements of a tool in the columns that robvis reads: Study, domains, Overall, Weight.

    Examples:

      metareview appraise robvis my-review --tool rob-2 -o robvis.csv

      metareview appraise robvis my-review --tool quadas-2 --template Generic      applicability has columns, too
    """
    from metareview.appraisal.lights import compute_appraisal
    from metareview.appraisal.robvis import robvis_csv, robvis_table
    from metareview.appraisal.summary import synthesis_weights
    from metareview.report.views.common import Names

    tables, found = _read(review, tool)
    names = Names.of(tables.tables, tables.spec).studies
    given = synthesis_weights(tables.tables, tables.spec, weights) if weights else None
    table = robvis_table(
        compute_appraisal(tables.tables, tables.spec), found, names, weights=given, template=template
    )  # fmt: skip
    emit(robvis_csv(table), output)
    for note in (f"for the robvis template {table.template}", *table.notes):
        typer.echo(note, err=True)
