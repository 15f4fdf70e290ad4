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
    """The places in it: the statement first, then the others that the check needs."""
    check: Text | None = None
    """Name of the check (`metareview audit --list` names them)."""
    inputs: Text | None = None
    """What the check needs: ``name=value; name=value``, values as printed, lists separated by ``|``."""
    scope: Text | None = None
    """Unit and population it is about."""
    related: tuple[Slug, ...] = ()
    """Claims that bear on it."""
    assumption: Text | None = None
    """What must be assumed for a contradiction to count; empty where nothing must."""
    note: Text | None = None
    """Remark of the curator."""
