"""The Snakemake rules, shipped with the package."""
