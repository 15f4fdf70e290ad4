"""The data sets of R's metadat, exported from where R is installed; they are not part of this project."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest

VALIDATION = Path(__file__).parents[1] / "validation"

Sets = dict[str, dict[str, np.ndarray]]


@cache
def metadat_sets() -> Sets:
    """Effects and variances by data set; skips the test where R cannot export them."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "sets.json"
        command = ["Rscript", str(VALIDATION / "export.R"), str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"R cannot export metadat's data: {done.stderr.strip().splitlines()[-1:]}")
        found = json.loads(out.read_text(encoding="utf-8"))
    return {name: {key: np.array(values) for key, values in body.items()} for name, body in found.items()}


@cache
def metadat_table(name: str) -> pd.DataFrame:
    """One table of metadat, such as ``dat.konstantopoulos2011``; skips the test where R cannot export it."""
    with TemporaryDirectory() as folder:
        command = ["Rscript", str(VALIDATION / "export_tables.R"), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        path = Path(folder) / f"{name}.csv"
        if done.returncode or not path.is_file():
            pytest.skip(f"R cannot export {name} from metadat: {done.stderr.strip().splitlines()[-1:]}")
        return pd.read_csv(path)
