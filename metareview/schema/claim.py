"""Published statements, written so that a machine can check them."""

from __future__ import annotations

from metareview.schema.base import Locator, Model, Printed, Slug, Text

__all__ = ["Claim"]


class Claim(Model):
    """A published statement in our own words (one row of ``claims.csv``)."""

    claim_id: Slug
    """Id of the claim."""
    statement: Text
    """The statement, in our words."""
    type: Slug
    """Kind of statement (count, share, sum, statistic, rank, repeat …)."""
    printed: tuple[Printed, ...] = ()
    """The figures as printed."""
    source_id: Slug
    """The document."""
    locator: Locator
    """The place in it."""
    check: Text | None = None
    """How to check it."""
    scope: Text | None = None
    """Unit and population it is about."""
    related: tuple[Slug, ...] = ()
    """Claims that bear on it."""
    assumption: Text | None = None
    """What must be assumed to check it."""
    note: Text | None = None
    """Remark of the curator."""
