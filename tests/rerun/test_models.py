"""Every reference model: its parameter count, its size rule by running it, and that it can learn."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from metareview.errors import InputError, UnknownName
from metareview.rerun.models import MODELS, ModelSpec, build, count_parameters, flops

torch = pytest.importorskip("torch", reason="needs the extra rerun")

NETWORKS = [pytest.param(spec, id=spec.name) for spec in MODELS.values() if spec.kind == "network"]
#: what a model needs besides torch
LIBRARIES = {"dynunet": "monai"}


def small(spec: ModelSpec, width: float = 0.125, **options: Any) -> torch.nn.Module:
    """A narrow copy of the model, for speed."""
    if spec.name in LIBRARIES:
        pytest.importorskip(LIBRARIES[spec.name], reason="needs the extra affinities")
    torch.manual_seed(0)
    return spec.build(width=width, **options)


@pytest.mark.parametrize("spec", NETWORKS)
def test_parameters_at_full_width(spec: ModelSpec) -> None:
    assert count_parameters(small(spec, 1.0)) == spec.parameters


@pytest.mark.parametrize("spec", NETWORKS)
def test_size_rule(spec: ModelSpec) -> None:
    model = small(spec, 0.05).to("meta").eval()
    for wanted in (spec.smallest, tuple(size + 1 for size in spec.smallest)):
        shape = spec.next_input(wanted)
        given = model(torch.empty(1, 1, *shape, device="meta"))
        assert tuple(given.shape) == (1, spec.default_out, *spec.output_shape(shape))


@pytest.mark.parametrize("spec", NETWORKS)
def test_size_rule_is_as_tight_as_it_can_be(spec: ModelSpec) -> None:
    model = small(spec, 0.05).to("meta").eval()
    for axis in range(spec.dims):
        fewer = [
            size - step * (i == axis) for i, (size, step) in enumerate(zip(spec.smallest, spec.multiple, strict=True))
        ]
        odd = [size + (i == axis) for i, size in enumerate(spec.smallest)]
        for shape in (fewer, odd):
            if spec.multiple[axis] == 1 and shape is odd:
                continue
            with pytest.raises(InputError, match=f"model {spec.name} takes no input of"):
                spec.output_shape(shape)
            if min(shape) < 1:
                continue
            try:
                given = tuple(model(torch.empty(1, 1, *shape, device="meta")).shape[2:])
            except RuntimeError:
                continue  # the network itself refuses
            regular = tuple(size - 2 * margin for size, margin in zip(shape, spec.margin, strict=True))
            assert given != regular or min(given) < 1


def test_published_output_sizes() -> None:
    """Figure 1 of Ronneberger et al. 2015 and Figure 2 of Cicek et al. 2016."""
    assert MODELS["unet2d"].output_shape((572, 572)) == (388, 388)
    assert MODELS["unet3d"].output_shape((116, 132, 132)) == (28, 44, 44)
    assert MODELS["unet3d"].input_for((28, 44, 44)) == (116, 132, 132)


def test_count_of_cicek_2016() -> None:
    """The paper says 19,069,955, with three input channels and three classes."""
    model = build("unet3d", in_channels=3, out_channels=3)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm3d)]
    assert count_parameters(model) - sum(count_parameters(norm) for norm in norms) == 19_069_955


def test_flops() -> None:
    """One convolution by hand; the 2D U-Net costs 920 thousand operations per input pixel (measured apart)."""
    convolution = torch.nn.Conv2d(3, 5, 3)
    assert flops(convolution, (2, 3, 10, 12)) == 2 * 2 * 5 * 3 * 9 * 8 * 10
    assert flops(build("unet2d"), (1, 1, 572, 572)) / 572**2 == pytest.approx(920e3, rel=1e-3)


def test_wrong_names_and_channels() -> None:
    with pytest.raises(UnknownName, match="did you mean 'unet2d'"):
        build("unet2")
    with pytest.raises(InputError, match="the width is above 0"):
        build("unet2d", width=0)
    with pytest.raises(InputError, match="is 2D, the shape 8 x 8 x 8 has 3 axes"):
        MODELS["unet2d"].next_input((8, 8, 8))


def test_registry_needs_no_torch() -> None:
    probe = "import metareview.rerun.models as m, sys; len(m.MODELS); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
