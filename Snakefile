# Builds the report of every review in config/config.yaml; the rules ship with the package.
#   snakemake --profile profiles/local
#   snakemake --profile profiles/local --config review=data/studies/my-review
configfile: "config/config.yaml"


include: "metareview/workflow/rules.smk"


rule all:
    """Every file of every report."""
    input:
        REPORTS,
