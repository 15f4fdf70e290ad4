"""A network that is compiled at its first step, and runs as it is where that fails."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Compiled"]


class Compiled:
    """What a training step calls: the compiled network where that is wanted and works, the network itself otherwise.

    Compilers fail in many ways (no C compiler, no Triton, an operation they do not know), and only when the first
    step calls them, forward or backward. Running statistics of that step are put back, so it is done once. `wanted` may
    name a mode of ``torch.compile``.
    """

    def __init__(self, model: nn.Module, wanted: bool | str) -> None:
        self.model, self.call, self.wanted = model, model, wanted
        self._before: list[Tensor] | None = None

    def start(self) -> nn.Module:
        """Return what to call, compiled at the first time."""
        if self.wanted and self.call is self.model:
            self._before = [buffer.clone() for buffer in self.model.buffers()]
            mode = self.wanted if isinstance(self.wanted, str) else None
            # static shapes: every patch and batch has one size
            self.call = torch.compile(self.model, dynamic=False, mode=mode)  # type: ignore[assignment]
        return self.call

    def proven(self) -> None:
        """Take note that a step went through: what fails from here on is no matter of compiling."""
        self._before = None

    def gives_up(self, error: Exception) -> str:
        """Go on without compiling where the first step failed, and return what to say; empty where it is not that."""
        if self._before is None:
            return ""
        for buffer, value in zip(self.model.buffers(), self._before, strict=True):
            buffer.copy_(value)
        self.call, self.wanted, self._before = self.model, False, None
        reason = " ".join(str(error).split())[:200]
        return f"torch.compile failed ({type(error).__name__}: {reason}); the network runs uncompiled, which is slower"
