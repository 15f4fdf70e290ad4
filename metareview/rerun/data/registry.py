"""The data sets by name. A data set is one loader and one entry here; no data ships with the package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from metareview.errors import InputError, UnknownName
from metareview.rerun.data import loaders
from metareview.rerun.data.spec import DatasetSpec
from metareview.rerun.data.volume import Volume

__all__ = ["DATASETS", "load"]

REGION = {"region": "part that is read, such as 0:50,:,0:512"}
CASSER = "Casser et al. 2020, MIDL, arXiv:1812.06024"
#: the fields of `metareview.rerun.phantom.PhantomConfig`, and `structure`
PHANTOM = {
    "shape": "voxels, z y x", "voxel_nm": "voxel size", "cell_nm": "width of a cell", "seed": "of everything drawn",
    "membrane_nm": "thickness of a membrane", "warp_nm": "curvature", "mitochondria": "their frequency",
    "noise": "grey levels", "missing": "share of sections", "dim": "share of sections", "shift_nm": "misalignment",
    "structure": "neurons or mitochondria",
}  # fmt: skip

SPECS = (
    DatasetSpec(
        name="isbi2012", title="ISBI-2012", dataset_id="isbi-2012", structure="membranes", voxel_nm=(50, 4, 4),
        shape=(30, 512, 512), source="Arganda-Carreras et al. 2015, doi:10.3389/fnana.2015.00142",
        licence="challenge data, non-commercial segmentation research with citation (from memory; page not retrieved)",
        layout="train-volume.tif and train-labels.tif, or numbered sections in train/image and train/label",
        read=loaders.isbi2012, options=REGION,
        known={
            "image": "a153e03c56b27b85c9116cebb9bde546bcc01a41a3d846085d0b77805bb88166",
            "labels": "6c92c857033dc1a8a3f2566f7b16662807d083cb7f88598effb6b88a012e9f01",
        },
    ),
    DatasetSpec(
        name="cremi", title="CREMI", dataset_id="cremi", structure="neurons", voxel_nm=(40, 4, 4),
        shape=(125, 1250, 1250), source="Funke et al. 2016, cremi.org", licence="not retrieved; see cremi.org",
        layout="sample_A_20160501.hdf (B, C): volumes/raw, volumes/labels/neuron_ids; padded files too",
        read=loaders.cremi, options={"sample": "A, B or C", **REGION},
    ),
    DatasetSpec(
        name="snemi3d", title="SNEMI3D", dataset_id="snemi3d", structure="neurons", voxel_nm=(30, 6, 6),
        shape=(100, 1024, 1024), source="Kasthuri et al. 2015, doi:10.1016/j.cell.2015.06.054",
        licence="not retrieved; see the challenge page", layout="train-input.tif and train-labels.tif",
        read=loaders.snemi3d, options=REGION,
    ),
    DatasetSpec(
        name="lucchi", title="Lucchi (EPFL hippocampus)", dataset_id="lucchi", structure="mitochondria",
        voxel_nm=(5, 5, 5), shape=(330, 768, 1024), source="Lucchi et al. 2013, doi:10.1109/CVPR.2013.134",
        licence="not retrieved; see the EPFL page",
        layout="training.tif, training_groundtruth.tif, testing.tif, testing_groundtruth.tif",
        read=loaders.published_parts,
    ),
    DatasetSpec(
        name="lucchi-pp", title="Lucchi++", dataset_id="lucchi-pp", structure="mitochondria", voxel_nm=(5, 5, 5),
        shape=(330, 768, 1024), source=CASSER, licence="not retrieved; see casser.io/connectomics",
        layout="folders Train_In, Train_Out, Test_In, Test_Out of numbered PNG sections", read=loaders.published_parts,
    ),
    DatasetSpec(
        name="kasthuri", title="Kasthuri++", dataset_id="kasthuri-pp", structure="mitochondria", voxel_nm=(30, 3, 3),
        shape=None, source=CASSER, licence="not retrieved; see casser.io/connectomics",
        layout="folders Train_In, Train_Out, Test_In, Test_Out of numbered PNG sections", read=loaders.published_parts,
    ),
    DatasetSpec(
        name="mitoem", title="MitoEM", dataset_id="mitoem", structure="mitochondria", voxel_nm=(30, 8, 8),
        shape=(500, 4096, 4096), source="Wei et al. 2020, doi:10.1007/978-3-030-59722-1_7",
        licence="not retrieved; see the challenge page",
        layout="im/im0000.png …, mito-train-v2/seg0000.tif …, mito-val-v2/seg0400.tif … (one specimen per folder)",
        read=loaders.mitoem, options={"sample": "R (rat) or H (human)", **REGION},
    ),
    DatasetSpec(
        name="nucmm", title="NucMM", dataset_id="nucmm", structure="nuclei", voxel_nm=(480, 510, 510), shape=None,
        source="Lin et al. 2021, doi:10.1007/978-3-030-87193-2_16", licence="not retrieved; see the challenge page",
        layout="Image/train/*.h5, Label/train/*.h5 and the same under val, data set main",
        read=loaders.nucmm, options={"sample": "Z (zebrafish, EM) or M (mouse, X-ray)"},
    ),
    DatasetSpec(
        name="fib25", title="FIB-25, training_sample2", dataset_id="fib-25", structure="neurons", voxel_nm=(8, 8, 8),
        shape=(250, 250, 250), source="Takemura et al. 2015, doi:10.1073/pnas.1509820112",
        licence="CC BY-SA text in the repository it comes from",
        layout="raw_250.tif and gt_bodies_250.tif, or grayscale_maps/iso.02600.png … and groundtruth.h5 (unpacked)",
        read=loaders.fib25, options=REGION,
        known={"image": "e8053e76195ea69d3791ff6c333765d7ae4ed3093649fc8453641d05e965f3f3"},
    ),
    DatasetSpec(
        name="pair", title="Image and labels", structure="neurons", voxel_nm=(1, 1, 1), shape=None,
        source="yours", licence="yours",
        layout="any .tif, .h5:dataset, .zarr:array, .npy, or folders of numbered sections",
        read=loaders.pair,
        options={
            "image": "file in the folder", "labels": "file in the folder", "mask": "voxels that count",
            "voxel_nm": "voxel size, z y x", "structure": "neurons, membranes, mitochondria or nuclei",
            "name": "what to call it", "licence": "its terms", **REGION,
        },
    ),
    DatasetSpec(
        name="phantom", title="Procedural phantom", structure="neurons", voxel_nm=(40, 8, 8), shape=None,
        source="metareview.rerun.phantom", licence="generated, no rights reserved", layout="nothing is read",
        read=loaders.phantom, options=PHANTOM, folder=False, sized=loaders.phantom_shape,
    ),
)  # fmt: skip

#: name -> data set
DATASETS: Mapping[str, DatasetSpec] = MappingProxyType({spec.name: spec for spec in SPECS})


def load(name: str, folder: str | Path | None = None, /, *, verify: bool = True, **options: Any) -> Volume:
    """Return a data set from the folder that holds it.

    Parameters
    ----------
    name : one of `DATASETS`.
    folder : where its files are; not needed for ``phantom``.
    verify : refuse data whose hash or shape is not the published one; False turns that into a note of the volume.
    options : of the data set, such as ``sample="B"`` or ``region="0:50,:,:"``.

    Raises
    ------
    InputError
        If the folder or a file is missing, an option is unknown, or the data is not what is documented.

    Examples
    --------
    >>> load("phantom", shape=(4, 32, 32), seed=3).shape
    (4, 32, 32)
    """
    if name not in DATASETS:
        raise UnknownName("data set", name, DATASETS)
    spec = DATASETS[name]
    if folder is None and spec.folder:
        raise InputError(f"data set {name} is read from a folder; name the one that holds {spec.layout}")
    return spec.read(spec.request(Path(folder or "."), verify, options))
