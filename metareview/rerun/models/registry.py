"""The models by name. A model is one file and one entry here; nothing is imported before it is built."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from metareview.errors import UnknownName
from metareview.rerun.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn

__all__ = ["MODELS", "build"]

HERE = "metareview.rerun.models"
RONNEBERGER = "Ronneberger, Fischer & Brox 2015, MICCAI, LNCS 9351:234-241, arXiv:1505.04597"

SPECS = (
    ModelSpec(
        name="unet2d",
        title="U-Net",
        dims=2,
        source=RONNEBERGER,
        parameters=31_030_593,
        published="the paper gives none; counted",
        multiple=(16, 16),
        smallest=(188, 188),
        margin=(92, 92),
        factory=f"{HERE}.unet2d:UNet2D",
    ),
    ModelSpec(
        name="unet2d-same",
        title="U-Net, same padding",
        dims=2,
        source=RONNEBERGER,
        parameters=31_030_593,
        published="the paper gives none; counted, equal to the unpadded network",
        multiple=(16, 16),
        smallest=(16, 16),
        margin=(0, 0),
        factory=f"{HERE}.unet2d:UNet2D",
        options={"padding": "same"},
    ),
    ModelSpec(
        name="unet3d",
        title="3D U-Net",
        dims=3,
        source="Cicek et al. 2016, MICCAI, LNCS 9901:424-432, arXiv:1606.06650",
        parameters=19_072_769,
        published=(
            "19,069,955 in the paper (section 2), reproduced exactly with its 3 input channels and 3 classes, "
            "less the scale and shift of batch normalisation"
        ),
        multiple=(8, 8, 8),
        smallest=(92, 92, 92),
        margin=(44, 44, 44),
        factory=f"{HERE}.unet3d:UNet3D",
    ),
    ModelSpec(
        name="rsunet",
        title="Residual symmetric U-Net",
        dims=3,
        source="Lee et al. 2017, arXiv:1706.00120",
        parameters=1_421_472,
        published="the paper gives none; counted",
        multiple=(1, 16, 16),
        smallest=(1, 16, 16),
        margin=(0, 0, 0),
        factory=f"{HERE}.rsunet:RSUNet",
        default_out=12,
        target="affinities",
    ),
    ModelSpec(
        name="rsunet-isotropic",
        title="Residual symmetric U-Net for cubic voxels",
        dims=3,
        source="after Lee et al. 2017, arXiv:1706.00120",
        parameters=1_477_920,
        published="a variant of this program, published nowhere; counted",
        multiple=(16, 16, 16),
        smallest=(16, 16, 16),
        margin=(0, 0, 0),
        factory=f"{HERE}.rsunet:RSUNet",
        default_out=12,
        target="affinities",
        options={"isotropic": True},
    ),
    ModelSpec(
        name="casser-unet",
        title="Modified U-Net of Casser et al.",
        dims=2,
        source="Casser et al. 2020, MIDL, arXiv:1812.06024",
        parameters=1_958_533,
        published="counted",
        multiple=(16, 16),
        smallest=(16, 16),
        margin=(0, 0),
        factory=f"{HERE}.casser_unet:CasserUNet",
        target="foreground",
    ),
    ModelSpec(
        name="fusionnet",
        title="FusionNet",
        dims=2,
        source="Quan, Hildebrand & Jeong 2021, Front Comput Sci 3:613981, arXiv:1612.05360",
        parameters=78_529_217,
        published="counted (62,804,545 in its first author's code, another network)",
        multiple=(16, 16),
        smallest=(16, 16),
        margin=(0, 0),
        factory=f"{HERE}.fusionnet:FusionNet",
    ),
    ModelSpec(
        name="u3d-bc",
        title="U3D-BC",
        dims=3,
        source="Wei et al. 2020, MICCAI, LNCS 12265:66-76; Lin et al. 2021, MICCAI, LNCS 12901:164-174",
        parameters=1_409_312,
        published="counted; 1,428,910 in the public code less what it never uses",
        multiple=(1, 16, 16),
        smallest=(1, 16, 16),
        margin=(0, 0, 0),
        factory=f"{HERE}.u3d_bc:U3DBC",
        default_out=2,
        target="bc",
    ),
    ModelSpec(
        name="dynunet",
        title="nnU-Net plan (MONAI DynUNet)",
        dims=3,
        source="Isensee et al. 2021, Nat Methods 18:203-211",
        parameters=31_189_377,
        published="31.19 M in MONAI and in dynamic-network-architectures; counted",
        multiple=(32, 32, 32),
        smallest=(32, 64, 64),
        margin=(0, 0, 0),
        factory=f"{HERE}.dynunet:dynunet",
    ),
    ModelSpec(
        name="forest",
        title="Random forest on pixel features",
        dims=2,
        source="Breiman 2001, Mach Learn 45:5-32; pixel features: metareview.rerun.forest",
        parameters=None,
        published="a forest has trees, not trained weights",
        multiple=(1, 1),
        smallest=(1, 1),
        margin=(0, 0),
        factory="metareview.rerun.forest:PixelForest",
        kind="forest",
    ),
)

MODELS: Mapping[str, ModelSpec] = MappingProxyType({spec.name: spec for spec in SPECS})


def build(
    name: str, *, in_channels: int = 1, out_channels: int | None = None, width: float = 1.0, **options: Any
) -> nn.Module:
    """Return an untrained model that maps (n, in_channels, *space) to logits (n, out_channels, *space).

    Parameters
    ----------
    name : a key of `MODELS`.
    out_channels : the model's `default_out` when left out.
    width : factor on every channel count; 1 is the published network, 1/8 one that trains on a laptop.
    options : of the model itself, such as ``dropout``.

    Raises
    ------
    UnknownName
        If there is no such model.
    InputError
        If the channel counts or the width make no network, or the model is a forest.
    MissingExtra
        If torch, or a library this model is an adapter to, is not installed.

    Notes
    -----
    Weights are drawn from torch's global generator: call ``torch.manual_seed`` first.
    """
    if name not in MODELS:
        raise UnknownName("model", name, MODELS)
    return MODELS[name].build(in_channels=in_channels, out_channels=out_channels, width=width, **options)
