"""The command line: one thin file per verb; parse, call one function, write.

Every verb imports what it needs when it runs, so that ``--help`` is immediate. Exit codes: 0 done, 1 problems in the
data or a failed step, 2 a wrong call.
"""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    # The matrices here are small: threads of the linear algebra that wait for a core cost up to six times what they
    # save (benchmarks/README.md, Multiverse). It must be said before numpy loads; who has set it is not overruled.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from metareview.cli.app import app
    from metareview.errors import MetareviewError

    try:
        app(prog_name="metareview")
    except MetareviewError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was finished is kept\n")
        sys.exit(130)
