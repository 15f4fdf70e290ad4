"""Judgements of quality and risk of bias."""

from __future__ import annotations

from metareview.schema.base import Locator, Model, Printed, Slug, Text

__all__ = ["Appraisal"]


class Appraisal(Model):
    """One rater's judgement of one item for one study (one row of ``appraisal.csv``)."""

    study_id: Slug
    """The study."""
    tool: Slug
    """The appraisal tool: one that ships with the package, or one of the review's own (``tools/*.yaml``)."""
    item: Slug
    """The item of the tool: a question, a domain, an applicability concern, an overall judgement."""
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
    printed: Printed | None = None
    """The words there that it rests on, at most 40 characters."""
    note: Text | None = None
    """Remark of the rater."""
