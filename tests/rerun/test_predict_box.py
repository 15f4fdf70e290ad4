"""A region is seen with the image around it, within the volume and within its published part."""

from __future__ import annotations

import numpy as np
import pytest

from metareview.rerun.data import Volume
from metareview.rerun.predictors import predict_box

IMAGE = np.random.default_rng(0).integers(0, 256, (20, 6, 7), dtype=np.uint8)


@pytest.mark.parametrize(
    ("z", "context", "seen"),
    [
        ((8, 12), (0, 0, 0), (4, 6, 7)),
        ((8, 12), (3, 2, 2), (10, 6, 7)),  # y and x end at the volume
        ((0, 5), (3, 0, 0), (8, 6, 7)),
        ((16, 20), (9, 0, 0), (13, 6, 7)),
    ],
)
def test_context_is_seen_and_cut_off(
    z: tuple[int, int], context: tuple[int, int, int], seen: tuple[int, int, int]
) -> None:
    shapes: list[tuple[int, ...]] = []

    def predict(image: np.ndarray) -> np.ndarray:
        shapes.append(image.shape)
        return np.stack([image, 255 - image]).astype(np.float32)

    found = predict_box(predict, Volume("v", IMAGE, None, (1.0, 1.0, 1.0), "neurons"), (z, (0, 6), (0, 7)), context)
    assert shapes == [seen]
    assert (found[0] == IMAGE[slice(*z)]).all()
    assert (found[1] == 255 - IMAGE[slice(*z)]).all()


def test_context_ends_at_a_seam() -> None:
    """Training and test volume are stacked: what lies on the other side of the seam is no neighbour."""
    parts = {"train": ((0, 10), (0, 6), (0, 7)), "test": ((10, 20), (0, 5), (0, 7))}
    volume = Volume("v", IMAGE, None, (1.0, 1.0, 1.0), "neurons", parts=parts)
    seen: list[np.ndarray] = []

    def predict(image: np.ndarray) -> np.ndarray:
        seen.append(image)
        return image[None].astype(np.float32)

    found = predict_box(predict, volume, ((12, 15), (0, 5), (2, 6)), (4, 4, 4))
    assert (seen[0] == IMAGE[10:19, :5]).all()
    assert (found[0] == IMAGE[12:15, :5, 2:6]).all()
