"""Tiny networks with every size rule, for tests of tiling: what they compute matters less than where."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from metareview.rerun.models import ModelSpec

#: these nets are so small that a second thread only costs
torch.set_num_threads(1)


class Tiny(nn.Module):
    """Convolution, pooling by 2, convolution, upsampling, convolution; padded or not."""

    def __init__(self, dims: int, padded: bool, pool: bool = True, channels: int = 2) -> None:
        super().__init__()
        conv = nn.Conv2d if dims == 2 else nn.Conv3d
        self.pool = (nn.MaxPool2d if dims == 2 else nn.MaxPool3d)(2) if pool else nn.Identity()
        self.up = nn.Upsample(scale_factor=2, mode="nearest") if pool else nn.Identity()
        edge = 1 if padded else 0
        self.first, self.second, self.third = (conv(a, b, 3, padding=edge) for a, b in ((1, 3), (3, 3), (3, channels)))

    def forward(self, image: Tensor) -> Tensor:
        inner: Tensor = torch.relu(self.second(self.pool(torch.relu(self.first(image)))))
        result: Tensor = self.third(self.up(inner))
        return result


def tiny(dims: int, padded: bool, pool: bool = True) -> tuple[ModelSpec, Tiny]:
    """Return the network and its size rule; unpadded with pooling: 8 -> 6 -> 3 -> 1 -> 2 -> 0, so 10 -> 2 is first."""
    torch.manual_seed(dims + 10 * padded)
    model = Tiny(dims, padded, pool)
    loss = 0 if padded else (4 if pool else 3)
    spec = ModelSpec(
        name=f"tiny{dims}d", title="tiny", dims=2 if dims == 2 else 3, source="test", parameters=None, published="",
        multiple=((2 if pool else 1),) * dims, smallest=((10 if pool else 7) if not padded else 2,) * dims,
        margin=(loss,) * dims, factory="none:none",
    )  # fmt: skip
    return spec, model.eval()
