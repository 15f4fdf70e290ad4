"""The phantom: the same bytes for a seed, labels that are what they claim, a picture in which membranes are dark."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label

from metareview.errors import InputError
from metareview.rerun.data import array_hash
from metareview.rerun.phantom import phantom

SHAPE = (6, 96, 96)


def test_same_seed_same_bytes() -> None:
    one, two, other = phantom(SHAPE, seed=3), phantom(SHAPE, seed=3), phantom(SHAPE, seed=4)
    assert one.sha256 == two.sha256
    assert one.sha256["image"] == array_hash(two.image)
    assert one.sha256["image"] != other.sha256["image"]


def test_labels() -> None:
    volume = phantom((8, 160, 160), seed=1)
    labels, mitochondria = volume.labels, volume.extra["mitochondria"]
    assert labels is not None
    assert labels.dtype == np.uint64
    assert volume.image.dtype == np.uint8
    assert 0.05 < (labels == 0).mean() < 0.25
    assert 0.005 < (mitochondria > 0).mean() < 0.15
    ids = np.unique(labels)
    assert ids.tolist() == list(range(len(ids)))
    assert len(ids) > 10
    assert all(label(labels == number)[1] == 1 for number in ids[1:])  # every object is one piece
    inside = labels[mitochondria > 0]
    assert (inside > 0).all()  # a mitochondrion never lies on a membrane


def test_picture_follows_labels() -> None:
    volume = phantom((4, 160, 160), seed=2, dim=0.0)
    assert volume.labels is not None
    membrane = volume.image[volume.labels == 0].mean()
    cell = volume.image[(volume.labels > 0) & (volume.extra["mitochondria"] == 0)].mean()
    mitochondrion = volume.image[volume.extra["mitochondria"] > 0].mean()
    assert membrane < mitochondrion < cell
    shifted = np.roll(volume.labels, 8, axis=2)
    assert membrane - cell < volume.image[shifted == 0].mean() - volume.image[shifted > 0].mean() - 30


def test_bad_sections() -> None:
    volume = phantom((10, 48, 48), seed=5, missing=1.0)
    assert (volume.image == 0).all()
    dark, usual = phantom((10, 48, 48), seed=5, dim=1.0), phantom((10, 48, 48), seed=5, dim=0.0)
    assert dark.image.std() < 0.85 * usual.image.std()
    assert (phantom((10, 48, 48), seed=5, shift_nm=60.0).labels != usual.labels).any()


def test_mitochondria_as_labels() -> None:
    volume = phantom(SHAPE, seed=1, structure="mitochondria")
    assert volume.labels is not None
    assert (volume.labels == volume.extra["mitochondria"]).all()
    assert volume.structure == "mitochondria"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"noisy": 3.0}, "unknown noisy; known are cell_nm"),
        ({"noise": -1.0}, "noise and shift at least 0"),
        ({"membrane_nm": 300.0}, "membranes of 300 nm fill cells of 420 nm"),
        ({"structure": "nuclei"}, "labels of neurons and mitochondria, not nuclei"),
    ],
)
def test_bad_options(options: dict[str, float], text: str) -> None:
    with pytest.raises(InputError, match=text):
        phantom(SHAPE, **options)  # type: ignore[arg-type]
