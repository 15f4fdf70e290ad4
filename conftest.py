"""Set before anything loads numpy; doctests of modules that import torch run where torch is installed (extra rerun)."""

import os
from importlib.util import find_spec

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does: small matrices, one thread

collect_ignore_glob = [] if find_spec("torch") else ["metareview/rerun/*"]
