"""Scores that need more than the contingency table: the voxels, their size, or skeletons.

Each is a `Rule` like those of the table; its id says the border distance, tolerance and resolution it was computed
with. The volumes are held in memory for these, so `score_volumes` leaves them out of "all conventions" above
`WHOLE_VOLUME` voxels and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from metareview.errors import NotEstimable
from metareview.evaluation import overlap, partition, runs, skeleton, surface
from metareview.evaluation.background import pieces
from metareview.evaluation.border import border_mask
from metareview.evaluation.catalogue import Rule, Workspace, voi
from metareview.evaluation.counting import count_arrays
from metareview.evaluation.runs import RunLengths, Skeletons, run_lengths, sample_segments
from metareview.evaluation.table import ContingencyTable
from metareview.evaluation.thinning import fill_nearest, section_components, thin_sections
from metareview.evaluation.volumes import Volume

__all__ = ["Settings", "VoxelWorkspace", "voxel_rules"]

RAND: Mapping[str, Callable[..., float]] = {
    "arand": partition.adapted_rand_error,
    "vrand": partition.rand_score,
    "vrand_split": partition.rand_split,
    "vrand_merge": partition.rand_merge,
}
VOI: Mapping[str, Callable[..., float]] = {
    "voi": voi,
    "voi_split": partition.voi_split,
    "voi_merge": partition.voi_merge,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the rules below take from the caller.

    Attributes
    ----------
    resolution : size of a voxel in nanometres, axes as in the volume.
    border : distance in nanometres within which voxels beside a label border of the truth do not count (CREMI).
    tolerances : nodes of a second skeleton that a segment may hold before it counts as a merger.
    skeletons : ground-truth skeletons, for run lengths.
    """

    resolution: tuple[float, ...] | None = None
    border: float = 25.0
    tolerances: tuple[int, ...] = (0, 50)
    skeletons: Skeletons | None = None

    @property
    def size(self) -> str:
        """The resolution as it stands in an id, such as ``8x8x8nm``; ``voxels`` where none is given."""
        if self.resolution is None:
            return "voxels"
        return "x".join(f"{size:g}" for size in self.resolution) + "nm"


class VoxelWorkspace(Workspace):
    """A table together with its volumes; what several scores share is computed once, and only when asked for."""

    def __init__(self, table: ContingencyTable, prediction: Volume, truth: Volume, settings: Settings) -> None:
        super().__init__(table)
        self._volumes = (prediction, truth)
        self.settings = settings
        self._runs: dict[int, RunLengths] = {}

    @cached_property
    def prediction(self) -> np.ndarray:
        """The predicted labels."""
        return self._volumes[0].read()

    @cached_property
    def truth(self) -> np.ndarray:
        """The true labels."""
        return self._volumes[1].read()

    @cached_property
    def filled(self) -> ContingencyTable:
        """The table with unassigned voxels given to the nearest predicted segment."""
        return count_arrays(fill_nearest(self.prediction), self.truth)

    @cached_property
    def bordered(self) -> ContingencyTable:
        """The table without voxels beside a label border of the truth in their section."""
        size = (self.settings.resolution or (1.0,))[-1]
        return count_arrays(self.prediction, self.truth, ~border_mask(self.truth, self.settings.border / size))

    @cached_property
    def thinned(self) -> tuple[ContingencyTable, ...]:
        """One table per section: regions of the truth against regions of the prediction with a line between them."""
        truth = section_components(self.truth)
        thin = thin_sections(section_components(self.prediction))
        if truth.ndim == 2:
            truth, thin = truth[np.newaxis], thin[np.newaxis]
        return tuple(count_arrays(thin[place], truth[place]) for place in range(len(truth)))

    @cached_property
    def sections(self) -> tuple[ContingencyTable, ...]:
        """One table per section along the first axis."""
        if self.truth.ndim < 3:
            return (self.table,)
        return tuple(count_arrays(self.prediction[z], self.truth[z]) for z in range(len(self.truth)))

    @cached_property
    def distances(self) -> tuple[np.ndarray, np.ndarray]:
        """Distances from each surface to the other, both foregrounds taken as one mask."""
        size = self.settings.resolution or (1.0,) * self.truth.ndim
        return surface.surface_distances(
            surface.surface_points(self.prediction, size), surface.surface_points(self.truth, size)
        )

    def runs(self, tolerance: int) -> RunLengths:
        """Return the run lengths of the skeletons under a merge tolerance."""
        skeletons, resolution = self.settings.skeletons, self.settings.resolution
        if skeletons is None or resolution is None:
            raise NotEstimable("run lengths need skeletons and a resolution")
        if tolerance not in self._runs:
            segment = sample_segments(self._volumes[0], skeletons.nodes, resolution)
            self._runs[tolerance] = run_lengths(skeletons, segment, tolerance=tolerance)
        return self._runs[tolerance]


def of_filled(w: VoxelWorkspace, formula: Callable[..., float], **options: Any) -> float:
    """Apply a formula with unassigned voxels filled."""
    return formula(pieces(w.filled, "gt0"), **options)


def of_bordered(w: VoxelWorkspace, formula: Callable[..., float], rule: str, **options: Any) -> float:
    """Apply a formula without the voxels beside a border."""
    return formula(pieces(w.bordered, rule), **options)


def of_bordered_cremi(w: VoxelWorkspace) -> float:
    """Return the CREMI score without the voxels beside a border."""
    return partition.cremi_score(pieces(w.bordered, "cremi"), pieces(w.bordered, "all"))


def of_thinned(w: VoxelWorkspace, formula: Callable[..., float], mean: bool) -> float:
    """Apply a formula after thinning: to all sections as one, or the mean over the sections that have a value."""
    if not mean:
        return formula(pieces(pooled(w.thinned), "snemi"))
    return mean_of_sections([partial(formula, pieces(table, "snemi")) for table in w.thinned])


def pooled(tables: tuple[ContingencyTable, ...]) -> ContingencyTable:
    """Add up the tables of sections whose labels differ from section to section."""
    return tables[0].merge(*tables[1:])


def mean_of_sections(values: list[Callable[[], float]]) -> float:
    """Return the mean of those sections for which the score exists."""
    found = []
    for value in values:
        try:
            found.append(value())
        except NotEstimable:
            continue
    if not found:
        raise NotEstimable("no section has a value")
    return float(np.mean(found))


def of_sections(w: VoxelWorkspace, formula: Callable[[overlap.Confusion], float]) -> float:
    """Return the mean of a formula over sections; sections in which both masks are empty are left out."""
    return mean_of_sections([partial(formula, overlap.confusion(table)) for table in w.sections])


def of_centrelines(w: VoxelWorkspace) -> float:
    """Return clDice of the foregrounds."""
    return skeleton.centreline_dice(w.prediction, w.truth)


def of_surfaces(w: VoxelWorkspace, formula: Callable[..., float], **options: Any) -> float:
    """Apply a formula to the distances between the surfaces of the foregrounds."""
    return formula(*w.distances, **options)


def of_runs(
    w: VoxelWorkspace, formula: Callable[..., float], tolerance: int, scale: float = 1.0, **options: Any
) -> float:
    """Apply a formula to the run lengths."""
    return formula(w.runs(tolerance), **options) * scale


def _partition_rules(settings: Settings) -> Iterator[Rule]:
    filled = "truth 0 dropped; prediction 0 given to the nearest segment (3D, distance in voxels)"
    thin = "ISBI-2012: 4-connected regions per section, background of the prediction thinned by a watershed, then snemi"
    scores: Mapping[str, Callable[..., float]] = {**RAND, "vinfo": partition.information_score}
    for metric, formula in scores.items():
        yield Rule(metric, "filled", filled, partial(of_filled, formula=formula), "", ("voxels",))
        pool, mean = (partial(of_thinned, formula=formula, mean=each) for each in (False, True))
        yield Rule(metric, "thin", f"{thin}; pairs of all sections pooled", pool, "", ("voxels",))
        yield Rule(metric, "thin.slice-mean", f"{thin}; mean over sections", mean, "", ("voxels",))
    for metric, formula in VOI.items():
        compute = partial(of_filled, formula=formula, base="bits")
        yield Rule(metric, "bits.filled", f"logarithm to base 2; {filled}", compute, "bits", ("voxels",))
    needs = ("voxels", "resolution", "square pixels")
    distance = f"border{settings.border:g}nm"
    mask = f"voxels within {settings.border:g} nm of a truth border in their section dropped, truth 0 a segment (CREMI)"
    for metric, formula in RAND.items():
        compute = partial(of_bordered, formula=formula, rule="cremi")
        yield Rule(metric, f"cremi.{distance}", f"{mask}; prediction 0 single voxels", compute, "", needs)
    for metric, formula in VOI.items():
        compute = partial(of_bordered, formula=formula, rule="all", base="bits")
        yield Rule(metric, f"bits.cremi.{distance}", f"{mask}; prediction 0 a segment", compute, "bits", needs)
    yield Rule("cremi_score", f"bits.cremi.{distance}", mask, of_bordered_cremi, "", needs)


def _mask_rules(settings: Settings) -> Iterator[Rule]:
    words = "mean over sections of the first axis; sections with two empty masks left out"
    for metric, formula in (("dice", overlap.dice), ("jaccard", overlap.jaccard)):
        compute = partial(of_sections, formula=formula)
        yield Rule(metric, "fg.slice-mean", f"foreground; {words}", compute, "", ("voxels",))
    yield Rule(
        "cldice", "lee94", "foreground; directional thinning, voxel size ignored", of_centrelines, "", ("voxels",)
    )
    size, unit = settings.size, "voxels" if settings.resolution is None else "nm"
    surfaces = "surfaces of the foregrounds"
    for name, percentile in (("max", 100.0), ("p95", 95.0)):
        compute = partial(of_surfaces, formula=surface.hausdorff_distance, percentile=percentile)
        words = f"{surfaces}; larger of both directed {percentile:g}th percentiles"
        yield Rule("hausdorff", f"{name}.{size}", words, compute, unit, ("voxels",))
    for name, together in (("pooled", True), ("mean-of-means", False)):
        compute = partial(of_surfaces, formula=surface.average_surface_distance, pooled=together)
        yield Rule("assd", f"{name}.{size}", f"{surfaces}; {name}", compute, unit, ("voxels",))


def _run_rules(settings: Settings) -> Iterator[Rule]:
    needs = ("skeletons", "resolution")
    for tolerance in settings.tolerances:
        rule = f"tol{tolerance}.{settings.size}"
        words = f"a segment merges with {max(tolerance, 1)} or more nodes of each of two skeletons; frozen skeletons"
        erl = partial(of_runs, formula=runs.expected_run_length, tolerance=tolerance, scale=1e-3)
        yield Rule("erl", rule, words, erl, "um", needs)
        for name, weighted in (("length-weighted", True), ("ratio-of-sums", False)):
            nerl = partial(of_runs, formula=runs.normalised_run_length, tolerance=tolerance, weighted=weighted)
            yield Rule("nerl", f"{name}.{rule}", f"{words}; {name}", nerl, "", needs)


def voxel_rules(settings: Settings | None = None) -> dict[str, Rule]:
    """Return the rules that need voxels, resolution or skeletons, by ``metric:convention``."""
    use = settings or Settings()
    return {rule.name: rule for rule in (*_partition_rules(use), *_mask_rules(use), *_run_rules(use))}
