"""Which pairs differ: published outputs of SAS, SPSS and R."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from metareview.errors import NotEstimable
from metareview.stats.benchmark.omnibus import anova
from metareview.stats.benchmark.posthoc import games_howell, tukey_hsd, welch_holm


def arrays(*rows: tuple[float, ...]) -> list[np.ndarray]:
    return [np.array(row, dtype=float) for row in rows]


#: Relief times of three brands, the example of scipy's documentation, where SAS's output is printed.
BRANDS = arrays((24.5, 23.5, 26.4, 27.1, 29.9), (28.4, 34.2, 29.5, 32.2, 30.1), (26.1, 28.3, 24.3, 26.2, 27.8))
#: Unequal variances and sizes; SPSS (ONEWAY /POSTHOC=GH) output as printed in scipy's tests.
UNEQUAL = arrays((30, 23, 51), (-81, 71, -27, 63), (42, 11, 29, 19, 50), (23, 22, 20, 18, 9))
SPSS = """
0 1  28.16666667  -141.985416377670   198.318749711003  0.8727542747886180
0 2  4.466666667  -37.2830676783904   46.2164010117237  0.9752628408671710
0 3  16.26666667  -35.0933112382470   67.6266445715803  0.4262506151302880
1 2 -23.70000000  -195.315617201249   147.915617201249  0.9148950609000590
1 3 -11.90000000  -188.105478728519   164.305478728519  0.9861432250093960
2 3  11.80000000  -16.2894857524254   39.8894857524254  0.4755344436335670
"""


def test_tukey_as_sas_prints_it() -> None:
    found = [(o.difference, o.ci_low, o.ci_high, o.p) for o in tukey_hsd(BRANDS)]
    assert_allclose(
        found,
        [(-4.600, -8.249, -0.951, 0.014), (-0.260, -3.909, 3.389, 0.980), (4.340, 0.691, 7.989, 0.020)],
        atol=5.1e-4,
    )


def test_tukey_of_two_groups_is_the_t_test() -> None:
    (pair,) = tukey_hsd(BRANDS[:2])
    assert_allclose(pair.p, anova(BRANDS[:2]).p, rtol=1e-6)
    assert_allclose(pair.statistic**2 / 2, anova(BRANDS[:2]).statistic, rtol=1e-9)


def test_tukey_admits_single_values() -> None:
    """With a group of one value the pooled variance exists; the general formula agrees with scipy's elsewhere."""
    found = tukey_hsd([*BRANDS, np.array([40.0])])
    assert len(found) == 6
    assert all(0 <= outcome.p <= 1 and outcome.ci_low < outcome.difference < outcome.ci_high for outcome in found)
    from metareview.stats.benchmark.omnibus import sums_of_squares
    from metareview.stats.benchmark.posthoc import _tukey_with_single_values

    squares = sums_of_squares(BRANDS)
    own = _tukey_with_single_values(BRANDS, squares.within / squares.df_within, squares.df_within, 0.95)
    for mine, library in zip(own, tukey_hsd(BRANDS), strict=True):
        assert_allclose(
            [mine.p, mine.ci_low, mine.statistic], [library.p, library.ci_low, library.statistic], rtol=1e-5
        )


def test_games_howell_as_spss_prints_it() -> None:
    expected = np.array(SPSS.split(), dtype=float).reshape(-1, 6)
    found = [(o.i, o.j, o.difference, o.ci_low, o.ci_high, o.p) for o in games_howell(UNEQUAL)]
    assert_allclose(np.array(found)[:, :3], expected[:, :3], atol=1e-7)
    assert_allclose(np.array(found)[:, 3:], expected[:, 3:], rtol=1e-6, atol=1e-5)


def test_welch_t_as_r_documents_it_and_holm_adjusts() -> None:
    """R: t.test(extra ~ group, sleep) gives t = -1.8608, df = 17.776, p = 0.07939, interval -3.3655 to 0.2055."""
    sleep = arrays(
        (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0), (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)
    )
    (pair,) = welch_holm(sleep)
    assert_allclose([pair.statistic, pair.df, pair.p], [-1.8608, 17.776, 0.07939], rtol=2e-4)
    assert_allclose([pair.ci_low, pair.ci_high], [-3.3654832, 0.2054832], atol=1e-6)
    assert pair.p == pair.p_raw, "one pair needs no adjustment"
    outcomes = welch_holm(BRANDS)
    raw = sorted(outcome.p_raw or 0 for outcome in outcomes)
    stepped = [min(1, raw[0] * 3), min(1, max(raw[0] * 3, raw[1] * 2)), min(1, max(raw[0] * 3, raw[1] * 2, raw[2]))]
    assert_allclose(sorted(outcome.p for outcome in outcomes), stepped)


@pytest.mark.parametrize("procedure", [tukey_hsd, games_howell, welch_holm])
def test_every_pair_once_and_signs_turn(procedure: object) -> None:
    run = {f.__name__: f for f in (tukey_hsd, games_howell, welch_holm)}[procedure.__name__]  # type: ignore[attr-defined]
    outcomes = run(BRANDS)
    assert [(o.i, o.j) for o in outcomes] == list(combinations(range(3), 2))
    turned = run(BRANDS[::-1])
    assert_allclose(sorted(o.difference for o in outcomes), sorted(-o.difference for o in turned))
    assert_allclose(sorted(o.p for o in outcomes), sorted(o.p for o in turned), rtol=1e-6)


def test_reasons() -> None:
    for procedure in (games_howell, welch_holm):
        with pytest.raises(NotEstimable, match="one value, so it has no variance"):
            procedure(arrays((1, 2), (3,)))
        with pytest.raises(NotEstimable, match="all equal"):
            procedure(arrays((1, 2), (3, 3)))
    with pytest.raises(NotEstimable, match="do not vary within"):
        tukey_hsd(arrays((1, 1), (3, 3)))
