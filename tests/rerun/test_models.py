"""Every reference model: its parameter count, its size rule by running it, and that it can learn."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from metareview.errors import InputError, MissingExtra, UnknownName
from metareview.rerun.models import MODELS, ModelSpec, build, count_parameters, flops

torch = pytest.importorskip("torch", reason="needs the extra rerun")

from metareview.rerun.models.blocks import enlarge3d, max_pool3d  # noqa: E402

WIDE = (64, 128, 256, 512, 1024)
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
    """Smaller or odd sizes are refused here, and by the network or with another margin there."""
    if spec.name == "dynunet":
        pytest.skip("its rule is about the volume: two voxels at the lowest level, wherever they are")
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


def crop(spec: ModelSpec, shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """A noisy image of stripes, and for each output channel the stripes or what is between them."""
    axes = torch.meshgrid(*(torch.arange(size) for size in shape), indexing="ij")
    stripes = ((axes[-1] + axes[-2]) // 4 % 2).float()
    image = stripes + 0.1 * torch.randn(shape, generator=torch.Generator().manual_seed(1))
    inside = tuple(slice(m, size - m) for m, size in zip(spec.margin, shape, strict=True))
    target = torch.stack([stripes[inside] if c % 2 == 0 else 1 - stripes[inside] for c in range(spec.default_out)])
    return image[None, None], target[None]


def train_shape(spec: ModelSpec) -> tuple[int, ...]:
    """A small input that leaves several voxels at the lowest level, which normalisation needs in training."""
    return {"unet2d": (204, 204), "dynunet": (32, 64, 64)}.get(spec.name) or spec.next_input((4, 32, 32)[-spec.dims :])


@pytest.mark.parametrize("spec", NETWORKS)
def test_overfits_a_tiny_crop(spec: ModelSpec) -> None:
    """A narrow copy learns one crop by heart."""
    # three of the five reductions, since the whole network takes a minute here
    options = {"strides": [2, 2, 2]} if spec.name == "dynunet" else {}
    model = small(spec, 0.0625 if spec.name in ("unet3d", "dynunet") else 0.125, **options)
    for module in model.modules():
        module.train(not isinstance(module, torch.nn.Dropout))
    image, target = crop(spec, (16, 32, 32) if spec.name == "dynunet" else train_shape(spec))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03 if spec.name == "unet3d" else 0.01)
    losses, right = [], 0.0
    while len(losses) < 100 and (right < 1.0 or losses[-1] > 0.25):
        optimizer.zero_grad()
        logits = model(image)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        right = float(((logits > 0) == (target > 0.5)).float().mean())
    assert losses[0] > 0.5 > 0.25 >= losses[-1]
    assert right == 1.0


@pytest.mark.parametrize("spec", NETWORKS)
def test_channels_last_gives_the_same(spec: ModelSpec) -> None:
    """The layout of memory changes no number beyond rounding; in 2D it stays as it is (in 3D the CPU may choose).

    In double precision: normalisation over a level of few voxels enlarges rounding a hundred times and more.
    """
    model = small(spec, 0.0625).double().train()
    for module in model.modules():
        module.train(not isinstance(module, torch.nn.Dropout))
    image, _ = crop(spec, train_shape(spec))
    layout = torch.channels_last if spec.dims == 2 else torch.channels_last_3d
    with torch.no_grad():
        plain = model(image.double())
        last = model.to(memory_format=layout)(image.double().to(memory_format=layout))
    assert spec.dims == 3 or last.is_contiguous(memory_format=layout)
    assert torch.allclose(plain, last, atol=1e-7)


@pytest.mark.parametrize("spec", NETWORKS)
def test_start_is_reproducible_and_sane(spec: ModelSpec) -> None:
    """One seed, one network; and the untrained logits of a standardised image are of moderate size."""
    one, two = (small(spec, 0.125) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    image = torch.randn((2, 1, *train_shape(spec)))
    with torch.no_grad():
        spread = float(one.train()(image).std())
    assert 1e-3 < spread < 30


@pytest.mark.parametrize("step", [(1, 2, 2), (2, 2, 2), (2, 1, 1)])
def test_deterministic_forms_are_the_same(step: tuple[int, int, int]) -> None:
    """What replaces 3D pooling and interpolation where torch has no deterministic backward pass."""
    x = torch.randn(2, 3, 4, 6, 8, dtype=torch.float64, requires_grad=True)
    for function in (max_pool3d, enlarge3d):
        found = [function(x, step, exact=exact) for exact in (True, False)]
        assert torch.allclose(*found)
        slopes = [torch.autograd.grad(value.square().sum(), x)[0] for value in found]
        assert torch.allclose(*slopes)


@pytest.mark.parametrize("spec", NETWORKS)
def test_runs_in_bfloat16(spec: ModelSpec) -> None:
    """Under autocast every layer has a half precision form, and gradients are finite."""
    model = small(spec, 0.0625)
    image, target = crop(spec, train_shape(spec))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(image)
    assert logits.dtype == torch.bfloat16
    torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), target).backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


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


def test_counts_of_public_code() -> None:
    """What the docstrings say of other people's code, by the formula of its layers."""
    model = build("u3d-bc")
    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.Conv3d)]
    biases = sum(m.out_channels for m in convolutions)  # there in front of every normalisation
    unused = sum(c * (c + 1) + 2 * c for c in (28, 36, 48, 64, 64, 48, 36, 28))  # projections no pass goes through
    assert (biases, unused) == (1_582, 18_016)
    assert count_parameters(model) + biases + unused == 1_428_910
    # FusionNet in Keras: two convolutions in the residual block, one before each transposed convolution
    down = sum(9 * (a * b + 3 * b * b) + 8 * b for a, b in zip((1, *WIDE[:-1]), WIDE, strict=True))
    up = sum(9 * 6 * c * c + 9 * c for c in WIDE[:-1])
    assert down + up + 64 + 1 == 62_804_545
    # the release of the U-Net: 128 features out of the last up-convolution
    assert count_parameters(build("unet2d", out_channels=2)) + 4 * 128 * 64 + 64 + 9 * 64 * 64 == 31_100_354


def test_u3d_bc_is_the_network_of_2020() -> None:
    """Within the section: the reductions and the top level; edges repeated, orthogonal kernels, no bias."""
    model = build("u3d-bc", width=0.25)
    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.Conv3d)]
    assert {m.padding_mode for m in convolutions} == {"replicate"}
    assert all(m.bias is None for m in convolutions)
    flat = model.down[0].residual[0][0], model.down[1].residual[0][0]
    assert [m.kernel_size for m in flat] == [(1, 3, 3), (3, 3, 3)]
    rows = model.down[2].residual[0][0].weight.flatten(1)
    assert torch.allclose(rows @ rows.T, torch.eye(len(rows)), atol=1e-5)
    assert isinstance(model.head[-1], torch.nn.BatchNorm3d)
    # as a constant image has no edge, it stays constant
    flat_image = model.eval()(torch.full((1, 1, 1, 16, 16), 0.7))
    assert torch.allclose(flat_image, flat_image[..., :1, :1].expand_as(flat_image), atol=1e-5)


def test_fusionnet_normalises_after_the_unit_and_drops() -> None:
    model = build("fusionnet", width=0.0625)
    assert [type(m).__name__ for m in model.down[0].enter] == ["Conv2d", "ReLU", "BatchNorm2d"]
    assert len(model.down[0].residual) == 3
    image = torch.randn(1, 1, 32, 32)
    assert not torch.equal(model(image), model(image))
    whole = build("fusionnet", width=0.0625, dropout=0.0)
    assert torch.equal(whole(image), whole(image))


def test_kernels_of_dynunet() -> None:
    """Strides and kernels for thick sections, as the page of the model says."""
    pytest.importorskip("monai", reason="needs the extra affinities")
    model = build("dynunet", width=0.125, strides=[(1, 2, 2), 2], kernels=[(1, 3, 3), 3, 3])
    assert model.input_block.conv1.conv.kernel_size == (1, 3, 3)
    assert tuple(model.eval()(torch.zeros(1, 1, 4, 16, 16)).shape) == (1, 1, 4, 16, 16)
    with pytest.raises(InputError, match="2 kernels, 5 strides; a kernel per level, one more"):
        build("dynunet", kernels=[3, 3])


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


def test_forest_is_no_network() -> None:
    with pytest.raises(InputError, match=r"is no network; use metareview\.rerun\.forest\.PixelForest"):
        build("forest")


def test_missing_library_says_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "monai"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "monai", None)
    with pytest.raises(MissingExtra, match=r"MONAI is not installed; pip install 'metareview\[affinities\]'"):
        build("dynunet")


def test_missing_torch_says_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"torch is not installed; pip install 'metareview\[rerun\]'"):
        build("unet2d")


def test_registry_needs_no_torch() -> None:
    probe = "import metareview.rerun.models as m, sys; len(m.MODELS); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
