"""Make agreement.json: what other programs say of the same ratings.

python validation/agreement.py validation/agreement.json

Needs krippendorff, irrCAC, scikit-learn, pingouin and statsmodels. Ratings, results and versions are all in the file.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
#: Krippendorff 2011, section C: four observers, twelve units.
OBSERVERS = [
    [1, 1, None, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [None, 5, 5, 5], [None, None, 1, 1], [None, None, 3, None],
]  # fmt: skip
#: Shrout & Fleiss 1979, table 2: six targets, four judges.
JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def made_up(seed: int, n: int, r: int, q: int, missing: float) -> list[list[int | None]]:
    """Return ratings around a common truth, some of them missing."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, q + 1, n)
    given = np.where(rng.random((n, r)) < 0.6, truth[:, None], rng.integers(1, q + 1, (n, r)))
    gone = rng.random((n, r)) < missing
    return [[None if gone[i, j] else int(given[i, j]) for j in range(r)] for i in range(n)]


CASES: dict[str, list[list[int | None]]] = {
    "krippendorff2011": OBSERVERS,
    "shrout1979": JUDGES,
    "two raters": made_up(1, 60, 2, 4, 0.0),
    "two raters, missing": made_up(2, 60, 2, 3, 0.2),
    "five raters": made_up(3, 40, 5, 4, 0.0),
    "five raters, missing": made_up(4, 50, 5, 5, 0.3),
    "two categories": made_up(5, 80, 3, 2, 0.1),
}


def irrcac(frame: pd.DataFrame, categories: list[int], weights: str) -> dict[str, list[float]]:
    """Return value, standard error and limits of each coefficient."""
    from irrCAC.raw import CAC

    found = CAC(frame, weights=weights, categories=categories, digits=15)
    out = {}
    for name in ("krippendorff", "fleiss", "gwet", "bp"):
        part = getattr(found, name)()["est"]
        low, high = part["confidence_interval"]
        out[name] = [float(part["coefficient_value"]), float(part["se"]), float(low), float(high)]
    return out


def icc(rows: list[list[int]]) -> dict[str, list[float]]:
    """Return value and limits of each form."""
    import pingouin

    long = pd.DataFrame(
        [(i, j, float(v)) for i, row in enumerate(rows) for j, v in enumerate(row)], columns=list("urv")
    )
    found = pingouin.intraclass_corr(long, "u", "r", "v")
    names = ["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"]
    limits = next(c for c in found.columns if c.startswith("CI95"))
    return {
        name: [float(row["ICC"]), float(row[limits][0]), float(row[limits][1])]
        for name, (_, row) in zip(names, found.iterrows(), strict=True)
    }


def kappas(rows: list[list[Any]], categories: list[int]) -> dict[str, list[float]]:
    """Return kappa of scikit-learn and its standard error of statsmodels."""
    from sklearn.metrics import cohen_kappa_score, confusion_matrix
    from statsmodels.stats.inter_rater import cohens_kappa

    a, b = (list(column) for column in zip(*rows, strict=True))
    table = confusion_matrix(a, b, labels=categories)
    out = {}
    for name, wt in (("none", None), ("linear", "linear"), ("quadratic", "quadratic")):
        se = float(cohens_kappa(table, wt=wt).std_kappa)
        out[name] = [float(cohen_kappa_score(a, b, labels=categories, weights=wt)), se]
    return out


def main(target: str) -> None:
    """Write the file."""
    import krippendorff

    cases = {}
    for name, rows in CASES.items():
        categories = sorted({v for row in rows for v in row if v is not None})
        matrix = np.array([[np.nan if v is None else v for v in row] for row in rows], dtype=float)
        body: dict[str, Any] = {"ratings": rows, "categories": categories}
        body["alpha"] = {
            scale: float(krippendorff.alpha(matrix.T, level_of_measurement=scale, value_domain=categories))
            for scale in ("nominal", "ordinal", "interval", "ratio")
        }
        frame = pd.DataFrame(matrix)
        body["irrCAC"] = {w: irrcac(frame, categories, w) for w in ("identity", "linear", "quadratic", "ratio")}
        if not np.isnan(matrix).any():
            body["icc"] = icc(rows)  # type: ignore[arg-type]
        if matrix.shape[1] == 2:
            body["kappa"] = kappas([row for row in rows if None not in row], categories)
        cases[name] = body
    packages = ("krippendorff", "irrCAC", "scikit-learn", "pingouin", "statsmodels", "numpy")
    out = {"versions": {package: version(package) for package in packages}, "cases": cases}
    Path(target).write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
