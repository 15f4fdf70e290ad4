"""Label pairs that the tests of this room share."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

Pair = tuple[np.ndarray, np.ndarray]


def cells(rng: np.random.Generator, shape: tuple[int, ...], number: int) -> np.ndarray:
    """Voronoi cells of random points, with background between some of them."""
    from scipy.spatial import cKDTree

    points = rng.random((number, len(shape))) * shape
    grid = np.stack(np.meshgrid(*(np.arange(size) for size in shape), indexing="ij"), axis=-1).reshape(-1, len(shape))
    distance, nearest = cKDTree(points).query(grid, k=2)
    labels = nearest[:, 0] + 1
    labels[distance[:, 1] - distance[:, 0] < 0.8] = 0
    return labels.reshape(shape)


@pytest.fixture(scope="session")
def blob() -> Pair:
    """Prediction and truth, 48^3: two sets of Voronoi cells with about a tenth background each."""
    rng = np.random.default_rng(20261120)
    truth = cells(rng, (48, 48, 48), 60)
    prediction = cells(rng, (48, 48, 48), 55)
    prediction[:24] = np.where(truth[:24] > 0, truth[:24] + 100, 0)  # half of it is right, the other independent
    return prediction.astype(np.uint32), truth.astype(np.uint16)


@pytest.fixture(scope="session")
def em_data() -> Path:
    """Folder of the electron microscopy labels; only for tests marked needs_em_data."""
    return Path(os.environ["METAREVIEW_EM_DATA"])


@pytest.fixture(scope="session")
def fib25(em_data: Path) -> Pair:
    """Published FFN result and truth of FIB-25 training_sample2, 250^3."""
    tifffile = pytest.importorskip("tifffile")
    folder = em_data / "fib25_training_sample2"
    return tifffile.imread(folder / "ffn_sample_seg_250.tif"), tifffile.imread(folder / "gt_bodies_250.tif")


@pytest.fixture(scope="session")
def lucchi(em_data: Path) -> Pair:
    """U-Net label map and truth of the Lucchi test volume."""
    h5py = pytest.importorskip("h5py")
    folder = em_data / "lucchi_test_labels"
    with (
        h5py.File(folder / "lucchi_pred_UNet_label_test.h5") as prediction,
        h5py.File(folder / "lucchi_gt_test.h5") as truth,
    ):
        return prediction["main"][:], truth["main"][:]
