# The rules of a build. `config` names the reviews; metareview.workflow.plan knows what each step reads.
import os
import re
import shlex
import sys
from pathlib import Path

from snakemake.utils import min_version, validate

from metareview.audit.result_numbers import NUMBER_RESULTS
from metareview.workflow.plan import code_digest, plans, rule_name

min_version("9.18")


include: "common.smk"


validate(
    config, os.path.join(workflow.current_basedir, "schemas", "config.schema.yaml")
)

PLANS = plans(config)
CODE = code_digest()
# what the Snakefile that includes these rules asks for (an included rule cannot be the default target)
REPORTS = [path for plan in PLANS.values() for path in plan.published]
# the interpreter that runs Snakemake runs the steps, activated environment or not; that of --sdm conda goes before it
# (a prefix of every command would come after the activation, and hide the environment)
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()])
)


wildcard_constraints:
    out="|".join(re.escape(out) for out in PLANS),


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


rule page:
    """The self-contained HTML report."""
    input:
        sheets=lambda wc: PLANS[wc.out].sheets(("sources",)),
        check="{out}/.work/check.json",
        views=lambda wc: PLANS[wc.out].view_files(),
        # what it shows and what it links to
        tables=lambda wc: PLANS[wc.out].table_files(),
        figures=lambda wc: PLANS[wc.out].figure_files(),
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


rule explorer:
    """The page in which a reader chooses what is compared, and sees the ranks move."""
    input:
        sheets=lambda wc: PLANS[wc.out].explorer_sheets,
        audit="{out}/.work/results/audit.json",
    output:
        report("{out}/.work/explorer.html", category="Report"),
    log:
        "{out}/.work/logs/explorer.log",
    conda:
        "envs/metareview.yaml"
    params:
        review=lambda wc: str(PLANS[wc.out].folder),
        work=lambda wc, output: os.path.dirname(output[0]),
        code=CODE,
    shell:
        "python -m metareview step explorer {params.review:q} {input.audit:q} {params.work:q} > {log:q} 2>&1"


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


# What rests on the same spreadsheets is made by one process: whatever makes one of them stale makes all of them stale,
# and a process takes longer to start than most of them take to make.
for OUT, PLAN in PLANS.items():
    for FAMILY, NAMES in PLAN.analysis_families.items():

        rule:
            name:
                rule_name("statistics", OUT, FAMILY)
            input:
                sheets=PLAN.analysis_inputs(FAMILY),
                review=str(PLAN.folder / "review.yaml"),
            output:
                PLAN.result_files(NAMES),
            log:
                str(PLAN.work / "logs" / "results" / f"{FAMILY}.log"),
            conda:
                "envs/metareview.yaml"
            params:
                review=lambda wc, input: os.path.dirname(input.review) or ".",
                work=lambda wc, output: os.path.dirname(os.path.dirname(output[0])),
                names=NAMES,
                code=CODE,
            shell:
                "python -m metareview step statistics {params.review:q} {params.names} --work {params.work:q} > {log:q} 2>&1"

    for NAME, FAMILY in PLAN.families.items():

        rule:
            name:
                rule_name("views", OUT, NAME)
            input:
                sheets=PLAN.family_sheets(FAMILY),
                made=PLAN.family_inputs(FAMILY),
                review=str(PLAN.folder / "review.yaml"),
            output:
                views=PLAN.view_files(FAMILY.views),
                tables=in_report(PLAN.table_files(FAMILY.views), ".html", "Tables"),
                figures=in_report(PLAN.figure_files(FAMILY.figures), ".svg", "Figures"),
            log:
                str(PLAN.work / "logs" / "views" / f"{NAME}.log"),
            conda:
                "envs/metareview.yaml"
            params:
                review=lambda wc, input: os.path.dirname(input.review) or ".",
                work=lambda wc, output: os.path.dirname(os.path.dirname(output[0])),
                views=FAMILY.views,
                figures=[f"--figure={name}" for name in FAMILY.figures],
                code=CODE,
            shell:
                "python -m metareview step views {params.review:q} {params.views} {params.figures} --work {params.work:q} > {log:q} 2>&1"


for OUT, PLAN in PLANS.items():

    rule:
        name:
            rule_name("publish", OUT)
        input:
            # few: for each output, Snakemake reads every input to write down its hash
            PLAN.number_files,
            check=str(PLAN.work / "check.json"),
            explorer=str(PLAN.work / "explorer.html"),
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
