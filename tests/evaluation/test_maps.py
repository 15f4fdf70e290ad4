"""Probability maps: the best score over thresholds, and the readings of pixel error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from metareview.errors import InputError, NotEstimable
from metareview.evaluation import contingency_table, overlap, score_volumes
from metareview.evaluation.maps import best_over_thresholds, score_map, squared_pixel_error


@pytest.fixture
def membranes() -> tuple[np.ndarray, np.ndarray]:
    """Cells with membranes between them, and a map that is right at one threshold only."""
    truth = np.ones((2, 40, 40), np.uint8)
    truth[:, ::10], truth[:, :, ::8] = 0, 0
    chance = np.where(truth > 0, 0.75, 0.35)
    chance[0, 5, truth[0, 5] > 0] = 0.65  # a false membrane below .7
    chance[1, 10, 3:6] = 0.45  # a gap above .4
    return chance, truth


def test_best_threshold(membranes: tuple[np.ndarray, np.ndarray]) -> None:
    chance, truth = membranes
    result = score_map(chance, truth)
    fixed = {
        t: score_volumes((chance > t).astype(np.uint8), truth, ["vrand:thin", "vinfo:thin"]) for t in (0.4, 0.5, 0.7)
    }
    for metric in ("vrand", "vinfo"):
        best = max(r.value(metric, "thin") or 0.0 for r in fixed.values())
        assert result.value(metric, "thin.best") == pytest.approx(best)
    assert result.value("vrand", "thin.best") == pytest.approx(1.0)
    assert max(fixed[t].value("vrand", "thin") or 0.0 for t in (0.4, 0.7)) < 0.99
    row = next(row for row in result.rows if row.name == "vrand:thin.best")
    assert row.meaning.endswith("best of 10 thresholds, chosen with the truth: 0.5")


def test_three_readings_of_pixel_error(membranes: tuple[np.ndarray, np.ndarray]) -> None:
    chance, truth = membranes
    result = score_map(chance, truth)
    masks = [overlap.confusion(contingency_table((chance > t).astype(np.uint8), truth)) for t in np.arange(10) / 10]
    assert result.value("pixel_error", "max-f") == pytest.approx(1 - max(overlap.dice(c) for c in masks))
    assert result.value("pixel_error", "squared") == pytest.approx(np.mean((chance - truth) ** 2))


def test_one_minus_f_is_not_one_minus_accuracy() -> None:
    chance, truth = np.full((1, 10, 10), 0.2), np.zeros((1, 10, 10), np.uint8)
    chance[0, :3], truth[0, :4] = 0.8, 1
    result = score_map(chance, truth)
    assert result.value("pixel_error", "max-f") == pytest.approx(1 - 60 / 70)
    assert result.value("pixel_error", "max-f") > 0.1 == pytest.approx((40 - 30) / 100)


def test_a_mask_is_a_map() -> None:
    rng = np.random.default_rng(1)
    prediction, truth = (rng.random((30, 30)) < 0.5 for _ in range(2))
    c = overlap.confusion(contingency_table(prediction, truth))
    assert squared_pixel_error(prediction, truth) == pytest.approx(overlap.pixel_error(c))


def test_thresholds_without_a_value_are_passed_over() -> None:
    assert best_over_thresholds([None, 0.5, 0.9, 0.9], [0.1, 0.2, 0.3, 0.4]) == (0.9, 0.3)
    with pytest.raises(NotEstimable, match="no threshold gives a value"):
        best_over_thresholds([None], [0.1])
    empty = score_map(np.zeros((1, 4, 4)), np.zeros((1, 4, 4), int))
    assert empty.value("vrand", "thin.best") is None
    assert any("vrand:thin.best does not exist for this pair: no threshold" in text for text in empty.warnings)


@pytest.mark.parametrize(
    ("chance", "thresholds", "message"),
    [
        (np.full((2, 2), np.nan), (0.5,), "the map holds NaN or infinity; a map has a probability in every voxel"),
        (np.full((2, 2), 255), (0.5,), "the map goes from 255 to 255; .*divide an 8-bit map by 255"),
        (np.zeros((2, 2)), (), r"thresholds lie in \[0, 1\)"),
        (np.zeros((2, 3)), (0.5,), r"the map has shape \(2, 3\) and truth \(2, 2\)"),
    ],
)
def test_messages(chance: np.ndarray, thresholds: tuple[float, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        score_map(chance, np.ones((2, 2), int), thresholds)


def test_from_the_shell(membranes: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    import typer
    from typer.testing import CliRunner

    from metareview.cli.score import score

    app = typer.Typer()
    app.command("score")(score)
    for name, array in zip(("map", "truth"), membranes, strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    done = CliRunner().invoke(app, [str(tmp_path / "map.npy"), str(tmp_path / "truth.npy"), "--thresholds", "0.4,0.5"])
    assert done.exit_code == 0, done.output
    assert "vrand:thin.best" in done.stdout
    assert "sha256" in done.stdout
