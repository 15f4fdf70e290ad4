"""Documents that report a study (PRISMA's "reports")."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from metareview.schema.base import Doi, Locator, Model, Slug, Text

__all__ = ["Publication"]


class Publication(Model):
    """A document about a study (one row of ``publications.csv``); a study may have several."""

    publication_id: Slug
    """Id of the publication."""
    study_id: Slug
    """The study it reports."""
    kind: Text | None = None
    """article, preprint, abstract, poster, thesis, repository …"""
    authors: Text | None = None
    """Authors as cited."""
    year: Annotated[int, Field(ge=1600, le=2200)] | None = None
    """Year of publication."""
    title: Text | None = None
    """Title."""
    venue: Text | None = None
    """Journal, conference or repository."""
    doi: Doi | None = None
    """DOI without resolver address."""
    address: Text | None = None
    """Where it can be had."""
    source_id: Slug | None = None
    """The document that names it."""
    locator: Locator | None = None
    """The place in it."""
    note: Text | None = None
    """Remark of the curator."""
