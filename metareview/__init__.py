"""metareview: systematic reviews and meta-analysis of methods.

Data flows one way. A row comes in by one door, gets a type, becomes numbers with uncertainty, is arranged for
looking, is drawn::

    data/studies/<review>/*.csv
        │  ingest    files -> schema; every problem collected, then reported at once
        ▼
      schema        what a review is: frozen models, the metric vocabulary, PRISMA counts
        │  stats     numbers -> frozen results (results.Result): composite, groups, variability …
        ▼
      results       what was found, as JSON that needs no refitting
        │  report    views -> tables, figures, pages
        ▼
    reports/<review>/

`api` is the front for notebooks (``review = metareview.load(folder)``), `cli` the one for the shell, `workflow` the
Snakemake rules that both ``make paper`` and ``metareview build`` run.

Importing this package imports nothing heavy: the public names below are resolved on first use (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metareview.api import Review as Review
    from metareview.api import load as load

__version__ = "0.1.0"
__all__ = ["Review", "__version__", "load"]

_LAZY = {"load": "metareview.api", "Review": "metareview.api"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'metareview' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
