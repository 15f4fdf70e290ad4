"""Losses: laws (zero at the truth, finite at extremes, masks), numbers by hand, equality with torch and MONAI."""

from __future__ import annotations

import pytest

from metareview.errors import InputError

torch = pytest.importorskip("torch", reason="needs the extra rerun")

from metareview.rerun.losses import LOSSES, bce, bce_dice, dice, focal, weighted_bce  # noqa: E402

NAMES = sorted(LOSSES)
SHAPE = (2, 3, 5, 7)


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(3)
    return torch.randn(SHAPE, generator=rng), (torch.rand(SHAPE, generator=rng) > 0.7).float()


@pytest.mark.parametrize("name", NAMES)
def test_perfect_prediction_is_zero(name: str, pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    target = pair[1]
    assert float(LOSSES[name](200.0 * (target - 0.5), target)) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [0.0, 1e2, 1e4])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_value_and_gradient_are_finite(name: str, size: float, share: float) -> None:
    """At right and wrong logits of any size, also where a class is absent."""
    rng = torch.Generator().manual_seed(5)
    logits = (size * torch.randn(SHAPE, generator=rng)).requires_grad_()
    target = (torch.rand(SHAPE, generator=rng) < share).float()
    loss = LOSSES[name](logits, target)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_step_downhill_lowers_it(name: str, pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, target = pair
    logits = logits.clone().requires_grad_()
    before = LOSSES[name](logits, target)
    (slope,) = torch.autograd.grad(before, logits)
    with torch.no_grad():
        after = LOSSES[name](logits - 0.1 * slope / slope.norm(), target)
    assert after < before


@pytest.mark.parametrize("name", NAMES)
def test_masked_voxels_do_not_matter(name: str, pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    """A weight of 0 is a crop; a constant weight changes nothing; everything masked is 0, not NaN."""
    logits, target = pair
    mask = torch.zeros(1, 1, *SHAPE[2:])
    mask[..., :4] = 1.0
    cropped = LOSSES[name](logits[..., :4], target[..., :4])
    assert torch.allclose(LOSSES[name](logits, target, mask), cropped, atol=1e-5)
    assert torch.allclose(
        LOSSES[name](logits, target, 7.0 * torch.ones(SHAPE)), LOSSES[name](logits, target), atol=1e-5
    )
    nothing = LOSSES[name](logits.clone().requires_grad_(), target, torch.zeros(1, 1, *SHAPE[2:]))
    assert float(nothing.detach()) == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_is_computed_in_single(name: str, pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, target = pair
    found = LOSSES[name](logits.bfloat16(), target.bfloat16())
    assert found.dtype == torch.float32
    assert torch.allclose(found, LOSSES[name](logits.bfloat16().float(), target))


def test_bce_is_that_of_torch(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, target = pair
    weight = torch.rand(SHAPE)
    reference = torch.nn.functional.binary_cross_entropy_with_logits
    assert torch.allclose(bce(logits, target), reference(logits, target))
    summed = reference(logits, target, weight=weight, reduction="sum")
    assert torch.allclose(bce(logits, target, weight), summed / weight.sum())


def test_dice_by_hand() -> None:
    """Two voxels at p = 1/2, one of them true: 1 - 2 (1/2) / (1 + 1) = 1/2. Empty and predicted empty: 0."""
    assert float(dice(torch.zeros(1, 1, 2), torch.tensor([[[1.0, 0.0]]]))) == pytest.approx(0.5, abs=1e-5)
    assert float(dice(torch.full((1, 1, 4), -100.0), torch.zeros(1, 1, 4))) == pytest.approx(0.0, abs=1e-6)
    assert float(dice(torch.full((1, 1, 4), 100.0), torch.zeros(1, 1, 4))) == pytest.approx(1.0, abs=1e-4)


def test_weighted_bce_by_hand() -> None:
    """log 2 everywhere stays log 2; else half the positive mean plus half the negative one."""
    target = torch.tensor([[[1.0, 0.0, 0.0, 0.0]]])
    logits = torch.tensor([[[0.5, -1.0, 2.0, 0.0]]])
    assert float(weighted_bce(torch.zeros(1, 1, 4), target)) == pytest.approx(0.6931472, abs=1e-6)
    one = torch.nn.functional.softplus(-logits[0, 0, 0])
    others = torch.nn.functional.softplus(logits[0, 0, 1:]).mean()
    assert torch.allclose(weighted_bce(logits, target), 0.5 * one + 0.5 * others)


def test_focal_without_focus_is_bce(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, target = pair
    assert torch.allclose(focal(logits, target, gamma=0.0, alpha=0.5), 0.5 * bce(logits, target))


def test_focal_by_hand() -> None:
    """p = 1/2, gamma 2: a quarter of log 2, times alpha or 1 - alpha (Lin et al. 2017, eq. 5)."""
    found = focal(torch.zeros(1, 1, 2), torch.tensor([[[1.0, 0.0]]]))
    assert float(found) == pytest.approx(0.5 * 0.25 * 0.6931472 * (0.25 + 0.75), abs=1e-6)


def test_bce_dice_is_the_sum(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    assert torch.equal(bce_dice(*pair), bce(*pair) + dice(*pair))


def test_dice_and_focal_are_those_of_monai(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    losses = pytest.importorskip("monai.losses", reason="needs the extra affinities")
    logits, target = pair
    reference = losses.DiceLoss(sigmoid=True, batch=True, smooth_nr=1e-5, smooth_dr=1e-5)(logits, target)
    assert torch.allclose(dice(logits, target), reference, atol=1e-6)
    reference = losses.FocalLoss(gamma=2.0, alpha=0.25)(logits, target)
    assert torch.allclose(focal(logits, target), reference, atol=1e-6)


def test_shapes_must_agree() -> None:
    with pytest.raises(InputError, match=r"logits have the shape \(1, 1, 2\), the target \(1, 1, 3\); they must agree"):
        bce(torch.zeros(1, 1, 2), torch.zeros(1, 1, 3))
