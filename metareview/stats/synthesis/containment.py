"""Degrees of freedom by containment for a pooled effect under random effects with few levels."""

from __future__ import annotations

from dataclasses import replace

from metareview.errors import NotEstimable
from metareview.stats.synthesis.multilevel import MultilevelFit

__all__ = ["contained"]


def contained(model: MultilevelFit) -> MultilevelFit:
    """Return the fit with t tests on the levels of the random effect that has fewest, less one.

    A pooled effect is known as well as its scarcest level allows: 13 networks on 4 images are 4 images. With k - p
    degrees of freedom, the default, such an interval is far too narrow. This is the containment rule of mixed-model
    programs for an intercept (Pinheiro & Bates 2000, section 2.4.2).

    Raises
    ------
    NotEstimable
        For models with moderators or without random effects.
    """
    if model.p != 1 or not model.has_intercept or not model.levels:
        raise NotEstimable("containment is offered for a pooled effect with random effects and no moderators")
    df = float(min(model.levels) - 1)
    name = model.components[model.levels.index(min(model.levels))]
    said = (model.methods[0], f"contain: t quantiles, {df:g} degrees of freedom from the levels of {name}")
    return replace(model, test="contain", df=(df,), methods=said)
