"""What was *found*: the frozen base that every result object builds on."""

from metareview.results.base import Dropped, Result

__all__ = ["Dropped", "Result"]
