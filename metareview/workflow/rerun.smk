# Re-runs of reference models: one job per spec, fold and seed, then the rows of the review. A workflow of its own:
# the build of reports never trains. `metareview rerun run REVIEW --profile DIR` starts it; by hand:
#   snakemake --snakefile metareview/workflow/rerun.smk --profile profiles/slurm --rerun-triggers mtime \
#     --config review=data/studies/brain-em preset=small data=em_data
# and with --forceall --keep-incomplete and force=True among the configuration, what is done is run again.
import os
import sys
from pathlib import Path

from snakemake.utils import min_version, validate

from metareview.rerun.plan import plan_jobs
from metareview.rerun.record import record_path
from metareview.rerun.spec_files import read_specs
from metareview.workflow.plan import rule_name

min_version("9.18")
validate(config, os.path.join(workflow.current_basedir, "schemas", "rerun.schema.yaml"))

REVIEW = str(config["review"])
RUNS = [name for name in str(config.get("runs") or "").split(",") if name]
# the name of a run begins with that of its spec
SPECS = {
    name: spec
    for name, spec in read_specs(REVIEW).items()
    if not RUNS or any(run.startswith(f"{name}.") for run in RUNS)
}
JOBS = [
    job
    for job in plan_jobs(REVIEW, SPECS, preset=config.get("preset"))
    if not RUNS or job.run_id in RUNS
]
# what every run is told beside its fold and seed
GIVEN = {
    option: str(config[key])
    for option, key in (("--data", "data"), ("--work", "work"))
    if config.get(key)
}
DEVICE = str(config.get("device") or "auto")
AGAIN = ["--force"] if config.get("force") else []
RECORDS = {job.run_id: record_path(REVIEW, job.run_id) for job in JOBS}
# the interpreter that runs Snakemake runs the runs, activated environment or not; that of --sdm conda goes before it
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()])
)


localrules:
    records,


rule records:
    """Every record asked for."""
    default_target: True
    input:
        [str(path) for path in RECORDS.values()],


for JOB in JOBS:

    rule:
        # no inputs: a record is data; the digest in its name changes with whatever decides its numbers
        name:
            rule_name("run", JOB.run_id)
        output:
            # one that is there is marked as one to update: Snakemake deletes other outputs before their job begins
            update(str(RECORDS[JOB.run_id]))
            if RECORDS[JOB.run_id].is_file()
            else str(RECORDS[JOB.run_id]),
        log:
            str(
                Path(config.get("work") or Path(REVIEW) / "reruns" / ".work")
                / "logs"
                / f"{JOB.run_id}.log"
            ),
        conda:
            "envs/rerun.yaml"
        threads: JOB.resources.threads
        resources:
            mem_mb=JOB.resources.mem_mb,
            runtime=JOB.resources.runtime,
            # a run that is told to stay on the processor waits for no card, and asks a cluster for none
            gpu=0 if config.get("device") == "cpu" else JOB.resources.gpu,
        params:
            review=REVIEW,
            spec=JOB.spec,
            preset=JOB.preset,
            fold=JOB.fold,
            seed=JOB.seed,
            given=[*(part for pair in GIVEN.items() for part in pair), *AGAIN],
            # a run that asked for no card takes none it may find: nobody counts how many would share it
            device="cpu" if DEVICE == "auto" and not JOB.resources.gpu else DEVICE,
        shell:
            "python -m metareview rerun run {params.review:q} {params.spec} --preset {params.preset} "
            "--fold {params.fold:q} --seed {params.seed} --device {params.device:q} --no-rows {params.given:q} > {log:q} 2>&1"
