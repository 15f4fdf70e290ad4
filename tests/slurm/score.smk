# One blockwise scoring job, as a user runs it on a cluster: metareview score on two zarr stores.
import sys
from pathlib import Path

shell.prefix(f'export PATH="{Path(sys.executable).parent}:$PATH"; ')


rule all:
    """The scores."""
    input:
        config["scores"],


rule score:
    """Scores of a segmentation, block by block; a checkpoint lets a killed job go on."""
    output:
        config["scores"],
    log:
        config["scores"] + ".log",
    conda:
        "../../metareview/workflow/envs/metareview.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        prediction=config["prediction"],
        truth=config["truth"],
        blocks=lambda wc, output: output[0] + ".blocks",
    shell:
        "python -m metareview score {params.prediction:q} {params.truth:q} --metrics arand,voi,vrand:snemi "
        "--checkpoint {params.blocks:q} --json -o {output:q} > {log:q} 2>&1"
