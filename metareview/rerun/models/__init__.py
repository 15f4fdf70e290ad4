"""Reference models: one file each, and the registry that names them.

::

    MODELS   name -> ModelSpec: what the model is, its source, parameter count, and which input sizes it takes
    build    name -> torch.nn.Module; returns logits, never probabilities
    flops    forward floating point operations of a model for one input

Looking at the registry needs no torch; building does. ``docs/rerun-add-a-model.md`` says how to add one.
"""

from metareview.rerun.models.counting import count_parameters, flops
from metareview.rerun.models.registry import MODELS, build
from metareview.rerun.models.spec import ModelSpec

__all__ = ["MODELS", "ModelSpec", "build", "count_parameters", "flops"]
