# What the rules call that only exists inside a Snakefile.
def in_report(paths, kind, category):
    """Flag the files of one kind for the report of Snakemake."""
    flag = report  # at the start of a line the name would be a directive
    return [
        flag(path, category=category) if path.endswith(kind) else path for path in paths
    ]
