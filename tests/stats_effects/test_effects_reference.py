"""Every measure against metafor (version in the file), every kind of variance, with and without correction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metareview.stats.effects import MEASURES, compute_effects

ROOT = Path(__file__).parents[2]
REFERENCE = json.loads((ROOT / "validation" / "effects.json").read_text(encoding="utf-8"))


def name(case: dict[str, Any]) -> str:
    return f"{case['measure']}-{case['vtype']}-{'corrected' if case['correct'] else 'raw'}"


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=name)
def test_agrees_with_metafor(case: dict[str, Any]) -> None:
    needed = MEASURES[case["measure"]].inputs
    inputs = {key: values for key, values in case["inputs"].items() if key in needed}
    found = compute_effects(case["measure"], vtype=case["vtype"], correct=case["correct"], **inputs)
    for column in ("yi", "vi"):
        expected = np.array([np.nan if v is None else v for v in case[column]])
        # metafor blanks yi and vi separately; a row without either cannot be used, so both are blank here
        both = np.isfinite([np.nan if v is None else v for v in case["yi"]]) & np.isfinite(
            [np.nan if v is None else v for v in case["vi"]]
        )
        np.testing.assert_allclose(found[column], np.where(both, expected, np.nan), rtol=1e-12, atol=1e-15)


def test_every_measure_is_covered() -> None:
    assert {case["measure"] for case in REFERENCE["cases"]} | {"GEN"} == set(MEASURES)
