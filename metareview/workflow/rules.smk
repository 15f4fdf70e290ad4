# The rules of a build. `config` names the reviews; metareview.workflow.plan knows what each step reads.
import os
import re
import shlex
import sys
from pathlib import Path

from snakemake.utils import min_version, validate

from metareview.audit.result_numbers import NUMBER_RESULTS
from metareview.workflow.plan import code_digest, plans

min_version("9.18")
validate(
    config, os.path.join(workflow.current_basedir, "schemas", "config.schema.yaml")
)

PLANS = plans(config)
CODE = code_digest()
# what the Snakefile that includes these rules asks for (an included rule cannot be the default target)
TABLES = sorted({name for plan in PLANS.values() for name in plan.tables})
FIGURE_ROWS = sorted(
    {name for plan in PLANS.values() for name in plan.views} - set(TABLES)
)
REPORTS = [path for plan in PLANS.values() for path in plan.published]
# the interpreter that runs Snakemake runs the steps, activated environment or not
shell.prefix(f'export PATH="{Path(sys.executable).parent}:$PATH"; ')


wildcard_constraints:
    out="|".join(re.escape(out) for out in PLANS),
    name="[a-z0-9_-]+",


onstart:
    # Before any rule: a handler and not an input of every rule, because then each edited cell would rebuild everything;
    # as an ancient() input, Snakemake 9 overlooks the other reasons that the rules below a changed step have to run.
    for plan in PLANS.values():
        shell(f"python -m metareview check {shlex.quote(str(plan.folder))} >&2")


rule check:
    """Validate every spreadsheet of the review; no report is published without it."""
    input:
        lambda wc: PLANS[wc.out].sheets(),
    output:
        "{out}/.work/check.json",
    log:
        "{out}/.work/logs/check.log",
    priority: 100
    conda:
        "envs/metareview.yaml"
    params:
        review=lambda wc: str(PLANS[wc.out].folder),
        code=CODE,
    shell:
        "python -m metareview step check {params.review:q} -o {output:q} > {log:q} 2>&1"


rule analysis:
    """One statistic: spreadsheets -> result as JSON."""
    input:
        sheets=lambda wc: PLANS[wc.out].analysis_inputs(wc.name),
    output:
        "{out}/.work/results/{name}.json",
    log:
        "{out}/.work/logs/results/{name}.log",
    conda:
        "envs/metareview.yaml"
    params:
        review=lambda wc: str(PLANS[wc.out].folder),
        code=CODE,
    shell:
        "python -m metareview step analysis {params.review:q} {wildcards.name} -o {output:q} > {log:q} 2>&1"


rule table:
    """One table: spreadsheets and results -> ordered, labelled rows as JSON, and these in every format."""
    input:
        sheets=lambda wc: PLANS[wc.out].view_sheets(wc.name),
        results=lambda wc: PLANS[wc.out].view_results(wc.name),
    output:
        report(
            "{out}/.work/tables/{name}.html",
            category="Tables",
            labels={"table": "{name}"},
        ),
        multiext("{out}/.work/tables/{name}", ".csv", ".md", ".tex", ".xlsx"),
        view="{out}/.work/views/{name}.json",
    log:
        "{out}/.work/logs/tables/{name}.log",
    wildcard_constraints:
        name="|".join(TABLES),
    conda:
        "envs/metareview.yaml"
    params:
        review=lambda wc: str(PLANS[wc.out].folder),
        code=CODE,
    shell:
        "python -m metareview step table {params.review:q} {wildcards.name} -o {output.view:q} {input.results:q}"
        " > {log:q} 2>&1"


rule view:
    """The rows behind a figure that is no table of its own."""
    input:
        sheets=lambda wc: PLANS[wc.out].view_sheets(wc.name),
        results=lambda wc: PLANS[wc.out].view_results(wc.name),
    output:
        view="{out}/.work/views/{name}.json",
    log:
        "{out}/.work/logs/views/{name}.log",
    wildcard_constraints:
        name="|".join(FIGURE_ROWS),
    conda:
        "envs/metareview.yaml"
    params:
        review=lambda wc: str(PLANS[wc.out].folder),
        code=CODE,
    shell:
        "python -m metareview step view {params.review:q} {wildcards.name} -o {output.view:q} {input.results:q}"
        " > {log:q} 2>&1"


rule figure:
    """One figure, drawn from its views."""
    input:
        lambda wc: PLANS[wc.out].figure_views(wc.name),
    output:
        report(
            "{out}/.work/figures/{name}.svg",
            category="Figures",
            labels={"figure": "{name}"},
        ),
        "{out}/.work/figures/{name}.png",
    log:
        "{out}/.work/logs/figures/{name}.log",
    conda:
        "envs/metareview.yaml"
    params:
        code=CODE,
    shell:
        "python -m metareview step figure {wildcards.name} {input:q} > {log:q} 2>&1"


rule interactive:
    """The interactive twin of a figure."""
    input:
        lambda wc: PLANS[wc.out].figure_views(wc.name),
    output:
        "{out}/.work/figures/{name}.html",
    log:
        "{out}/.work/logs/figures/{name}-interactive.log",
    conda:
        "envs/metareview.yaml"
    params:
        code=CODE,
    shell:
        "python -m metareview step interactive {wildcards.name} {input:q} > {log:q} 2>&1"


rule page:
    """The self-contained HTML report."""
    input:
        sheets=lambda wc: PLANS[wc.out].sheets(("sources",)),
        check="{out}/.work/check.json",
        views=lambda wc: PLANS[wc.out].view_files,
        figures=lambda wc: PLANS[wc.out].figure_files,
    output:
        report("{out}/.work/report.html", category="Report"),
    log:
        "{out}/.work/logs/page.log",
    conda:
        "envs/metareview.yaml"
    params:
        review=lambda wc: str(PLANS[wc.out].folder),
        work=lambda wc, input: os.path.dirname(input.check),
        code=CODE,
    shell:
        "python -m metareview step page {params.review:q} {params.work:q} > {log:q} 2>&1"


rule numbers:
    """The numbers of the report by name, for prose that cannot go stale."""
    input:
        sheets=lambda wc: PLANS[wc.out].number_sheets,
        results=expand("{{out}}/.work/results/{name}.json", name=NUMBER_RESULTS),
    output:
        multiext("{out}/.work/numbers", ".json", ".tex"),
    log:
        "{out}/.work/logs/numbers.log",
    conda:
        "envs/metareview.yaml"
    params:
        review=lambda wc: str(PLANS[wc.out].folder),
        results=lambda wc, input: os.path.dirname(input.results[0]),
        work=lambda wc, output: os.path.dirname(output[0]),
        code=CODE,
    shell:
        "python -m metareview step numbers {params.review:q} {params.results:q} {params.work:q} > {log:q} 2>&1"


for OUT, PLAN in PLANS.items():

    rule:
        name:
            f"publish_{re.sub('[^A-Za-z0-9]', '_', OUT)}"
        input:
            PLAN.table_files,
            PLAN.figure_files,
            PLAN.twin_files,
            PLAN.number_files,
            check=str(PLAN.work / "check.json"),
            page=str(PLAN.work / "report.html"),
        output:
            # `update`: the last good report stays until the new one replaces it
            [update(path) for path in PLAN.published],
        log:
            str(PLAN.work / "logs" / "publish.log"),
        conda:
            "envs/metareview.yaml"
        params:
            work=lambda wc, input: os.path.dirname(input.page),
            out=lambda wc, input: os.path.dirname(os.path.dirname(input.page)),
            code=CODE,
        shell:
            "python -m metareview step publish {params.work:q} {params.out:q} > {log:q} 2>&1"
