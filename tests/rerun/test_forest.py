"""Pixel features by hand and by their laws, and the forest on stripes and on ISBI-2012."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from metareview.errors import InputError, MissingExtra
from metareview.rerun.forest import PixelForest, feature_names, pixel_features


def named(section: np.ndarray, scales: tuple[float, ...] = (2.0,)) -> dict[str, np.ndarray]:
    """Features of a section by name."""
    return dict(zip(feature_names(scales), np.moveaxis(pixel_features(section, scales), -1, 0), strict=True))


def test_features_of_a_ramp_and_a_bowl() -> None:
    """A slope of 3 per pixel: gradient 2 x 3. A bowl y^2 + 3 x^2: eigenvalues 4 x 6 and 4 x 2, and 4 more by blur."""
    y, x = np.mgrid[:81, :81].astype(float) - 40
    ramp = named(3.0 * x)
    assert ramp["smooth 2"][40, 40] == pytest.approx(0.0, abs=1e-4)
    assert ramp["gradient 2"][40, 40] == pytest.approx(6.0, rel=1e-3)
    assert ramp["ridge 2"][40, 40] == pytest.approx(0.0, abs=1e-3)
    bowl = named(y**2 + 3.0 * x**2)
    assert bowl["ridge 2"][40, 40] == pytest.approx(24.0, rel=1e-2)
    assert bowl["valley 2"][40, 40] == pytest.approx(8.0, rel=1e-2)
    assert bowl["smooth 2"][40, 40] == pytest.approx(4.0 + 3 * 4.0, rel=1e-2)


def test_features_turn_with_the_image() -> None:
    image = np.random.default_rng(0).normal(size=(20, 24)).astype(np.float32)
    turned = pixel_features(np.rot90(image))
    assert np.allclose(np.rot90(pixel_features(image)), turned, atol=1e-4)
    assert turned.shape == (24, 20, len(feature_names()))


def stripes(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three noisy sections of dark lines on light ground, uint8, and where the lines are."""
    rng = np.random.default_rng(seed)
    lines = np.broadcast_to(np.mgrid[:48, :48].sum(0) % 12 < 3, (3, 48, 48))
    return np.clip(170 - 80 * lines + rng.normal(0, 25, lines.shape), 0, 255).astype(np.uint8), lines


def test_forest_learns_stripes() -> None:
    pytest.importorskip("sklearn", reason="needs the extra rerun")
    image, lines = stripes(1)
    forest = PixelForest(trees=20, pixels=3000).fit(image, lines[None].astype(np.float32))
    other, _ = stripes(2)
    found = forest.predict(other)
    assert found.shape == (1, 3, 48, 48)
    assert found.dtype == np.float32
    assert np.mean((found[0] > 0.5) == lines) > 0.95
    assert forest.predict(other[0]).shape == (1, 48, 48)
    assert sum(forest.importances().values()) == pytest.approx(1.0)


def test_forest_is_the_same_on_any_number_of_workers() -> None:
    pytest.importorskip("sklearn", reason="needs the extra rerun")
    image, lines = stripes(1)
    one, two = (PixelForest(trees=12, pixels=1000, workers=workers, seed=4).fit(image, lines) for workers in (1, 2))
    assert np.array_equal(one.predict(image), two.predict(image))
    assert not np.array_equal(one.predict(image), PixelForest(trees=12, pixels=1000).fit(image, lines).predict(image))


def test_forest_draws_inside_the_mask_only() -> None:
    """Wrong targets outside the mask change nothing."""
    pytest.importorskip("sklearn", reason="needs the extra rerun")
    image, lines = stripes(1)
    mask = np.zeros(lines.shape, bool)
    mask[:2] = True
    fits = [PixelForest(trees=5, pixels=800).fit(image, target, mask) for target in (lines, lines ^ ~mask)]
    assert np.array_equal(fits[0].predict(image), fits[1].predict(image))


def test_wrong_input() -> None:
    image, lines = stripes(1)
    with pytest.raises(InputError, match="this forest was not fitted; call fit first"):
        PixelForest().predict(image)
    with pytest.raises(InputError, match="needs scales above 0"):
        PixelForest(scales=())
    pytest.importorskip("sklearn", reason="needs the extra rerun")
    with pytest.raises(InputError, match=r"the target has the shape \(2, 48, 48\), the image \(3, 48, 48\)"):
        PixelForest().fit(image, lines[:2])
    with pytest.raises(InputError, match="all 100 drawn pixels are of one class"):
        PixelForest(pixels=100).fit(image, np.zeros_like(lines))


def test_missing_library_says_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtra, match=r"scikit-learn is not installed; pip install 'metareview\[rerun\]'"):
        PixelForest().fit(*stripes(1))


@pytest.mark.needs_em_data
def test_forest_on_isbi_2012() -> None:
    """Two held-out sections; measured apart with 48,000 pixels and scikit-image's features: pixel accuracy 0.8955."""
    pytest.importorskip("sklearn", reason="needs the extra rerun")
    tifffile = pytest.importorskip("tifffile", reason="needs the extra volumes")
    folder = Path(os.environ["METAREVIEW_EM_DATA"]) / "isbi2012"
    image = tifffile.imread(folder / "train-volume.tif")
    membrane = tifffile.imread(folder / "train-labels.tif") == 0
    forest = PixelForest(trees=30, pixels=10_000, workers=2).fit(image[:24:6], membrane[:24:6])
    found = forest.predict(image[[24, 27]])[0] > 0.5
    assert np.mean(found == membrane[[24, 27]]) == pytest.approx(0.89, abs=0.01)
