"""A random forest that classifies pixels by filters at several scales: the baseline that needs no GPU and no torch.

Source: Breiman 2001, Mach Learn 45:5-32, doi:10.1023/A:1010933404324; with such features Kaynig et al. 2010 and
Sommer et al. 2011 (ilastik), ISBI.

The filters are our own, in SciPy: intensity, and at each scale the smoothed intensity, its gradient and the two
eigenvalues of its Hessian, within the section. scikit-image's `multiscale_basic_features` would do nearly the same;
ours are computed in one order whatever the number of threads, a section at a time (features of a whole stack would be
70 times its size), never mix sections 50 nm apart, and leave scikit-learn as the only library a forest needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError
from metareview.rerun.needs import require

__all__ = ["SCALES", "PixelForest", "feature_names", "pixel_features"]

SCALES = (1.0, 2.0, 4.0, 8.0)
Image = NDArray[Any]
Floats = NDArray[np.float32]


def feature_names(scales: Sequence[float] = SCALES) -> tuple[str, ...]:
    """Return the names of the features, in order.

    >>> feature_names((2.0,))
    ('intensity', 'smooth 2', 'gradient 2', 'ridge 2', 'valley 2')
    """
    kinds = ("smooth", "gradient", "ridge", "valley")
    return ("intensity", *(f"{kind} {scale:g}" for scale in scales for kind in kinds))


def pixel_features(section: Image, scales: Sequence[float] = SCALES) -> Floats:
    """Return the features of one section (y, x), float32 of shape (y, x, 1 + 4 scales).

    At scale s, with G the section convolved with a Gaussian of s pixels (mirrored at the edge): G, s |grad G|, and the
    larger and the smaller eigenvalue of s^2 times its Hessian, which see dark and bright lines.

    Source: scale-normalised derivatives, Lindeberg 1998, Int J Comput Vis 30:79-116.
    """
    from scipy import ndimage

    image = np.asarray(section, np.float32)
    if image.ndim != 2:
        raise InputError(f"features are of one section (y, x); the image has {image.ndim} axes")
    found: list[NDArray[Any]] = [image]
    for scale in scales:
        smooth = ndimage.gaussian_filter(image, scale, mode="reflect")
        dy, dx = (ndimage.gaussian_filter(image, scale, order=order, mode="reflect") for order in ((1, 0), (0, 1)))
        orders = ((2, 0), (1, 1), (0, 2))
        yy, yx, xx = (ndimage.gaussian_filter(image, scale, order=order, mode="reflect") for order in orders)
        middle, half = (yy + xx) / 2.0, np.hypot((yy - xx) / 2.0, yx)
        found += [smooth, scale * np.hypot(dy, dx), scale**2 * (middle + half), scale**2 * (middle - half)]
    return np.stack(found, axis=-1).astype(np.float32)


class PixelForest:
    """Random forest on `pixel_features`: fit on an image and a target, predict probabilities.

    Parameters
    ----------
    scales : of the filters, in pixels.
    trees : number of trees.
    pixels : at most so many pixels are drawn for training, over all sections alike.
    smallest_leaf : pixels in a leaf; larger ones make smoother probabilities and smaller forests.
    seed : of the drawn pixels and of the forest: the same forest on any number of workers.
    workers : threads; trees are grown and sections predicted side by side.
    """

    def __init__(
        self,
        *,
        scales: Sequence[float] = SCALES,
        trees: int = 100,
        pixels: int = 50_000,
        smallest_leaf: int = 5,
        seed: int = 0,
        workers: int = 1,
    ) -> None:
        if not scales or min(scales) <= 0.0 or trees < 1 or pixels < 2 or smallest_leaf < 1:
            raise InputError("a forest needs scales above 0, a tree, two pixels and a leaf of one pixel at least")
        self.scales = tuple(float(scale) for scale in scales)
        self.trees, self.pixels, self.smallest_leaf = trees, pixels, smallest_leaf
        self.seed, self.workers = seed, workers
        self._forest: Any = None

    def fit(self, image: Image, target: NDArray[Any], mask: NDArray[Any] | None = None) -> PixelForest:
        """Draw pixels and grow the trees.

        Parameters
        ----------
        image : (z, y, x) or (y, x), at the intensities that `predict` will see.
        target : 1 or 0 of the same shape, or (1, *shape) as `make_target` gives it.
        mask : where pixels may be drawn; everywhere when left out.

        Raises
        ------
        InputError
            If shapes disagree, or the drawn pixels are all of one class.
        MissingExtra
            If scikit-learn is not installed.
        """
        ensemble = require("sklearn.ensemble")
        stack = _stack(image)
        truth = _like(stack, target, "target") > 0.5
        allowed = np.ones(stack.shape, bool) if mask is None else _like(stack, mask, "mask") > 0
        rng = np.random.default_rng(self.seed)
        candidates = np.flatnonzero(allowed)
        drawn = np.sort(rng.choice(candidates, min(self.pixels, candidates.size), replace=False))
        classes = truth.ravel()[drawn]
        if not classes.any() or classes.all():
            raise InputError(f"all {drawn.size} drawn pixels are of one class, so there is nothing to tell apart")
        size = stack[0].size
        rows = [
            pixel_features(section, self.scales).reshape(size, -1)[own - number * size]
            for number, section in enumerate(stack)
            if (own := drawn[drawn // size == number]).size
        ]
        forest = ensemble.RandomForestClassifier(
            self.trees, min_samples_leaf=self.smallest_leaf, random_state=self.seed, n_jobs=self.workers
        )
        self._forest = forest.fit(np.concatenate(rows), classes)
        # sections are predicted side by side instead: trees side by side would be summed in the order they finish
        self._forest.n_jobs = 1
        return self

    def predict(self, image: Image) -> Floats:
        """Return the probability of the target, float32 of shape (1, *image.shape)."""
        if self._forest is None:
            raise InputError("this forest was not fitted; call fit first")
        with ThreadPoolExecutor(self.workers) as pool:
            sections = list(pool.map(self._predict_section, _stack(image)))
        return np.stack(sections).reshape((1, *np.shape(image)))

    def _predict_section(self, section: Image) -> Floats:
        features = pixel_features(section, self.scales).reshape(section.size, -1)
        found: Floats = self._forest.predict_proba(features)[:, 1].reshape(section.shape).astype(np.float32)
        return found

    def importances(self) -> dict[str, float]:
        """Return how much each feature lowered the impurity, summing to 1."""
        if self._forest is None:
            raise InputError("this forest was not fitted; call fit first")
        shares = self._forest.feature_importances_
        return {name: float(share) for name, share in zip(feature_names(self.scales), shares, strict=True)}


def _stack(image: Image) -> Image:
    array = np.asarray(image)
    if array.ndim not in (2, 3) or not array.size:
        raise InputError(f"an image is (z, y, x) or (y, x); this one has the shape {array.shape}")
    return array if array.ndim == 3 else array[None]


def _like(stack: Image, array: NDArray[Any], role: Literal["target", "mask"]) -> NDArray[Any]:
    found = np.asarray(array)
    found = found[0] if found.ndim == stack.ndim + 1 and found.shape[0] == 1 else found
    found = found if found.ndim == 3 else found[None]
    if found.shape != stack.shape:
        raise InputError(f"the {role} has the shape {np.shape(array)}, the image {stack.shape}; they must agree")
    return found
