"""Mask scores against numbers worked out by hand, their identities, and scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metareview.errors import NotEstimable
from metareview.evaluation import contingency_table, overlap
from metareview.evaluation.overlap import Confusion

COUNTS = st.builds(Confusion, *(st.integers(0, 10**12) for _ in range(4)))


def test_counts() -> None:
    table = contingency_table(np.array([5, 6, 0, 0, 7, 0]), np.array([1, 1, 2, 0, 0, 0]))
    assert overlap.confusion(table) == Confusion(tp=2, fp=1, fn=1, tn=2)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (overlap.accuracy, 88 / 100), (overlap.pixel_error, 12 / 100), (overlap.precision, 12 / 16),
        (overlap.recall, 12 / 20), (overlap.specificity, 76 / 80), (overlap.negative_predictive_value, 76 / 84),
        (overlap.dice, 24 / 36), (overlap.jaccard, 12 / 24), (overlap.conformity, 0.0),
        (overlap.matthews, (12 * 76 - 4 * 8) / (16 * 20 * 80 * 84) ** 0.5),
    ],
)  # fmt: skip
def test_by_hand(formula: Callable[[Confusion], float], value: float) -> None:
    assert formula(Confusion(tp=12, fp=4, fn=8, tn=76)) == pytest.approx(value)


@given(c=COUNTS)
@settings(deadline=None)
def test_identities(c: Confusion) -> None:
    try:
        d, j = overlap.dice(c), overlap.jaccard(c)
    except NotEstimable:
        assert c.tp == c.fp == c.fn == 0
        return
    assert 0.0 <= j <= d <= 1.0
    assert j == pytest.approx(d / (2 - d))
    if c.tp:
        assert overlap.conformity(c) == pytest.approx((3 * d - 2) / d, rel=1e-6, abs=1e-6)
        p, r = overlap.precision(c), overlap.recall(c)
        assert d == pytest.approx(2 * p * r / (p + r))
    assert overlap.accuracy(c) + overlap.pixel_error(c) == pytest.approx(1.0)
    assert overlap.accuracy(c.swapped()) == overlap.accuracy(c)


@given(c=st.builds(Confusion, *(st.integers(1, 40) for _ in range(4))))
@settings(deadline=None)
def test_scikit_learn(c: Confusion) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth = np.repeat([1, 0, 1, 0], c)
    prediction = np.repeat([1, 1, 0, 0], c)
    assert overlap.matthews(c) == pytest.approx(metrics.matthews_corrcoef(truth, prediction))
    assert overlap.dice(c) == pytest.approx(metrics.f1_score(truth, prediction))
    assert overlap.jaccard(c) == pytest.approx(metrics.jaccard_score(truth, prediction))


@pytest.mark.parametrize(
    ("formula", "c", "message"),
    [
        (overlap.dice, Confusion(0, 0, 0, 9), "both masks are empty, so Dice is 0/0"),
        (overlap.conformity, Confusion(0, 1, 1, 9), "no voxel is right"),
        (overlap.precision, Confusion(0, 0, 1, 9), "nothing was predicted"),
        (overlap.recall, Confusion(0, 1, 0, 9), "the truth has no foreground"),
        (overlap.specificity, Confusion(3, 0, 0, 0), "the truth has no background"),
        (overlap.matthews, Confusion(3, 0, 0, 0), "a single class"),
        (overlap.accuracy, Confusion(0, 0, 0, 0), "there are no voxels"),
    ],
)
def test_what_does_not_exist(formula: Callable[[Confusion], float], c: Confusion, message: str) -> None:
    with pytest.raises(NotEstimable, match=message):
        formula(c)
