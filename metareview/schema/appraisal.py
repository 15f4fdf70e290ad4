"""Judgements of quality and risk of bias."""

from __future__ import annotations

from metareview.schema.base import Locator, Model, Slug, Text

__all__ = ["Appraisal"]


class Appraisal(Model):
    """One rater's judgement of one item for one study (one row of ``appraisal.csv``)."""

    study_id: Slug
    """The study."""
    tool: Slug
    """The appraisal tool."""
    item: Slug
    """The item of the tool."""
    rater: Slug
    """Who judged; ``consensus`` for the agreed judgement."""
    judgement: Text
    """The judgement, in the words of the tool."""
    support: Text | None = None
    """What supports it."""
    source_id: Slug | None = None
    """The document."""
    locator: Locator | None = None
    """The place in it."""
    note: Text | None = None
    """Remark of the rater."""
