"""What is known about a reference model before it is built: its source, its size, and the input sizes it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from metareview.errors import InputError
from metareview.rerun.needs import require

if TYPE_CHECKING:
    from torch import nn

__all__ = ["ModelSpec"]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One reference model.

    Sizes are per axis, in array order: (y, x) of a 2D model, (z, y, x) of a 3D one. A model takes, on each axis, the
    sizes smallest, smallest + multiple, smallest + 2 multiple … and gives back the input less `margin` on both sides.

    Attributes
    ----------
    name, title : the registry name; the name in print.
    kind : ``network`` (torch, trained by `metareview.rerun.train`) or ``forest`` (scikit-learn, fitted at once).
    dims : 2 (sees single slices) or 3.
    source : the paper, with its identifier.
    parameters : trainable parameters of ``build(name)`` at its defaults; None for a forest.
    published : what the paper says of the count and how ours compares, or that it is counted here.
    valid : True where the output is smaller than the input (convolutions without padding).
    multiple, smallest, margin : the size rule, one number per axis.
    default_out : output channels when none are asked for.
    target : what those channels predict by default, a kind of `metareview.rerun.targets.make_target`.
    factory : ``module:callable`` that builds it, imported on use.
    options : options of the factory that make this variant.
    """

    name: str
    title: str
    dims: Literal[2, 3]
    source: str
    parameters: int | None
    published: str
    multiple: tuple[int, ...]
    smallest: tuple[int, ...]
    margin: tuple[int, ...]
    factory: str
    kind: Literal["network", "forest"] = "network"
    default_out: int = 1
    target: str = "membrane"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def valid(self) -> bool:
        """Whether the output is smaller than the input."""
        return any(self.margin)

    def build(
        self, *, in_channels: int = 1, out_channels: int | None = None, width: float = 1.0, **options: Any
    ) -> nn.Module:
        """Return the untrained model; see `metareview.rerun.models.build`."""
        if self.kind != "network":
            raise InputError(f"model {self.name} is no network; use metareview.rerun.forest.PixelForest")
        if not width > 0 or in_channels < 1 or (out_channels is not None and out_channels < 1):
            raise InputError(
                f"model {self.name}: in_channels {in_channels}, out_channels {out_channels}, width {width}; "
                "channels are whole numbers from 1 on, the width is above 0"
            )
        require("torch")
        module, _, name = self.factory.partition(":")
        factory = getattr(import_module(module), name)
        channels = self.default_out if out_channels is None else out_channels
        model: nn.Module = factory(in_channels, channels, width=width, **{**self.options, **options})
        return model

    def output_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the spatial output shape for a spatial input shape.

        Raises
        ------
        InputError
            If the model does not take that shape; the message has the next one it takes.
        """
        if tuple(shape) != self.next_input(shape):
            raise InputError(
                f"model {self.name} takes no input of {_by(shape)}: sizes are {_by(self.smallest)} or larger in "
                f"steps of {_by(self.multiple)}; the next is {_by(self.next_input(shape))}"
            )
        return tuple(size - 2 * margin for size, margin in zip(shape, self.margin, strict=True))

    def next_input(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the smallest input shape the model takes that is at least `shape` on every axis.

        >>> from metareview.rerun.models import MODELS
        >>> MODELS["unet2d"].next_input((512, 512))
        (524, 524)
        """
        self._check_dims(shape)
        rule = zip(shape, self.smallest, self.multiple, strict=True)
        return tuple(low + max(0, -(-(size - low) // step)) * step for size, low, step in rule)

    def input_for(self, output: Sequence[int]) -> tuple[int, ...]:
        """Return the smallest input shape whose output covers `output`.

        >>> from metareview.rerun.models import MODELS
        >>> MODELS["unet2d"].input_for((388, 388))
        (572, 572)
        """
        self._check_dims(output)
        return self.next_input([size + 2 * margin for size, margin in zip(output, self.margin, strict=True)])

    def _check_dims(self, shape: Sequence[int]) -> None:
        if len(shape) != self.dims:
            raise InputError(f"model {self.name} is {self.dims}D, the shape {_by(shape)} has {len(shape)} axes")


def _by(shape: Sequence[int]) -> str:
    return " x ".join(str(size) for size in shape)
