"""Every reasonable way to rank, at once: how much of an order is the data and how much the choices.

- `decisions` says what is chosen, `tables` prepares the arrays, `run` runs every specification
- `collapse` counts redundant metrics once; `variance` divides the variance of ranks among the decisions
- `summarise` and `verdict` say what all specifications say together; `penalty` ranks without partly reported metrics
"""

from metareview.stats.benchmark.multiverse.result import Multiverse
from metareview.stats.benchmark.multiverse.run import run_multiverse

__all__ = ["Multiverse", "run_multiverse"]
