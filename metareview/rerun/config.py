"""Everything that decides what a training run computes; saved, resolved, beside its result. No torch."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from metareview.schema.base import Model

__all__ = ["AugmentConfig", "Config", "TrainConfig"]

Share = float
TARGETS = ("membrane", "boundary", "bc", "bcd", "affinities", "foreground")


class Config(Model):
    """A frozen, closed model that also takes what YAML gives: lists for tuples, whole numbers for fractions."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True, strict=False
    )


class AugmentConfig(Config):
    """Random changes of a training patch; probabilities are per patch, 0 turns a change off."""

    flips: bool = True
    """Mirror each axis, and exchange y and x where the patch is square in plane: the symmetries of a section stack."""

    elastic: float = Field(default=0.5, ge=0, le=1)
    """Probability of a smooth in-plane deformation."""

    elastic_spacing: int = Field(default=32, ge=2)
    """Pixels between the control points of the deformation."""

    elastic_sigma: float = Field(default=4.0, ge=0)
    """Standard deviation of their displacement, in pixels."""

    intensity: float = Field(default=0.5, ge=0, le=1)
    """Probability of a change of contrast, brightness and gamma."""

    contrast: float = Field(default=0.2, ge=0, le=1)
    """Contrast is multiplied by 1 ± this, brightness shifted by ± this many standard deviations."""

    gamma: float = Field(default=0.2, ge=0, le=1)
    """The exponent is 2 to the power of ± this."""

    noise: float = Field(default=0.1, ge=0)
    """Largest standard deviation of added noise, in standard deviations of the image."""

    missing: float = Field(default=0.0, ge=0, le=1)
    """Probability, per section, that it is lost: filled with one grey level. Labels stay."""

    dim: float = Field(default=0.0, ge=0, le=1)
    """Probability, per section, of a loss of contrast. Labels stay."""

    misalign: float = Field(default=0.0, ge=0, le=1)
    """Probability that the sections from a random one on are shifted in plane; labels move along (Lee et al. 2017)."""

    misalign_pixels: int = Field(default=8, ge=0)
    """Largest shift."""


class TrainConfig(Config):
    """One training run. Seed and device are arguments of `train`, not part of it."""

    model: str = "unet2d-same"
    """A name of `metareview.rerun.models.MODELS`."""

    width: float = Field(default=1.0, gt=0)
    """Factor on the channels of every layer."""

    options: dict[str, Any] = {}
    """Further options of the model."""

    target: Literal["membrane", "boundary", "bc", "bcd", "affinities", "foreground"] = "membrane"
    """What the model predicts, a kind of `metareview.rerun.targets.make_target`."""

    offsets: tuple[tuple[int, int, int], ...] = ()
    """Offsets (z, y, x) of affinities, in the order of the channels."""

    grow_boundary: int = Field(default=0, ge=0)
    """Voxels that every segment loses at its surface before the target is made from it; scores use the whole labels.

    For labels that leave no room for a membrane: a boundary without width is taught at places of chance.
    """

    loss: str = "bce"
    """A name of `metareview.rerun.losses.LOSSES`."""

    border_w0: float = Field(default=0.0, ge=0)
    """Height of the weight at narrow borders (Ronneberger et al. 2015, eq. 2); 0 for no weights."""

    border_sigma: float = Field(default=5.0, gt=0)
    """Width of that weight, in pixels."""

    patch: tuple[int, int, int] = (1, 256, 256)
    """Voxels (z, y, x) of an input patch; raised to the next size the model takes. For 2D models z is more batch."""

    batch: int = Field(default=4, ge=1)
    """Patches per step."""

    steps: int = Field(default=1000, ge=1)
    """Steps of the optimiser."""

    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    """SGD has Nesterov momentum."""

    learning_rate: float = Field(default=1e-3, gt=0)
    """Highest learning rate."""

    momentum: float = Field(default=0.99, ge=0, lt=1)
    """Of SGD; Adam's decay rates stay at 0.9 and 0.999."""

    weight_decay: float = Field(default=0.0, ge=0)
    """L2 for Adam and SGD, decoupled for AdamW."""

    schedule: Literal["poly", "cosine", "constant"] = "poly"
    """Decay of the learning rate: (1 - step / steps) ^ 0.9, half a cosine, none."""

    warmup: int = Field(default=0, ge=0)
    """Steps over which the learning rate first rises linearly."""

    clip: float | None = Field(default=None, gt=0)
    """Largest norm of the gradient."""

    augment: AugmentConfig = AugmentConfig()
    """Random changes of the patches."""

    precision: Literal["auto", "bf16", "float32"] = "auto"
    """Of the forward pass (autocast); weights and optimiser are float32. auto: bf16 on CUDA, float32 on CPU."""

    channels_last: bool = True
    """Memory layout; the numbers are the same up to rounding."""

    compile: bool | Literal["reduce-overhead", "max-autotune"] | None = None
    """torch.compile, or its mode (both record CUDA graphs); None: on CUDA only, and eager where it fails there."""

    deterministic: bool = False
    """Only deterministic kernels: slower, the same bits from run to run on one machine. CPU runs are so anyway."""

    validate_every: int = Field(default=0, ge=0)
    """Steps between two looks at the validation regions; 0: only at the end."""

    checkpoint_every: int = Field(default=200, ge=1)
    """Steps between two checkpoints; where steps are slow, they are written about every ten seconds besides, and where
    writing takes long on CUDA, less often.
    """

    keep: Literal["last", "best"] = "last"
    """Which weights are the result: the last ones, or those with the lowest validation loss."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.target == "affinities") != bool(self.offsets):
            raise ValueError("offsets belong to the target affinities, which needs them: one (z, y, x) per channel")
        if min(self.patch) < 1:
            raise ValueError(f"patch {self.patch} has an empty axis")
        if self.warmup >= self.steps:
            raise ValueError(f"warmup of {self.warmup} steps leaves none of {self.steps}")
        return self
