"""The optimiser, its learning rate, and the seed of each step."""

from __future__ import annotations

import math

import torch
from torch import nn

from metareview.rerun.config import TrainConfig

__all__ = ["learning_rate", "make_optimizer", "step_seed"]


def learning_rate(config: TrainConfig, step: int) -> float:
    """Return the learning rate of a step (from 0): linear warm-up, then poly (1 - t)^0.9, half a cosine, or constant.

    Source of poly: Chen et al. 2018, DeepLab, section 4.1.1, with nnU-Net's exponent 0.9.
    """
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    t = (step - config.warmup) / (config.steps - config.warmup)
    shape: float = {"poly": (1 - t) ** 0.9, "cosine": 0.5 * (1 + math.cos(math.pi * t)), "constant": 1.0}[
        config.schedule
    ]
    return config.learning_rate * shape


def make_optimizer(config: TrainConfig, model: nn.Module, device: torch.device) -> torch.optim.Optimizer:
    """Return the optimiser; on CUDA its step is one fused kernel."""
    weights, decay, fused = model.parameters(), config.weight_decay, device.type == "cuda"
    rate = config.learning_rate
    if config.optimizer == "sgd":
        return torch.optim.SGD(
            weights, rate, momentum=config.momentum, nesterov=config.momentum > 0, weight_decay=decay, fused=fused
        )
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind(weights, rate, weight_decay=decay, fused=fused)


def step_seed(seed: int, step: int, stream: int = 0) -> int:
    """Return the seed of a step: different for every triple, spread over 63 bits (constants of SplitMix64 and of
    Steele & Vigna 2022). Patches are drawn from stream 0, drop-out from stream 1: one stream for both would tie them.
    """
    mixed = seed * 0x9E3779B97F4A7C15 + (step + 1) * 0xBF58476D1CE4E5B9 + stream * 0xD1342543DE82EF95
    return (mixed + 0x94D049BB133111EB) % (1 << 63)
