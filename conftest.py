"""Doctests of modules that import torch run where torch is installed (extra rerun)."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["metareview/rerun/*"]
