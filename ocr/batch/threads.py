"""How many threads the libraries below start: one, for a page is small work."""

from __future__ import annotations

import os
import sys

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def one_thread() -> None:
    """Let array libraries work in this process alone, and not start threads that wait for work.

    Starting and waiting costs a cold read a sixth of its CPU time, and worker processes would
    fight over the cores. What the environment says already stays. Without effect once NumPy is
    imported, which reads these variables then.
    """
    if "numpy" not in sys.modules:
        for name in VARIABLES:
            os.environ.setdefault(name, "1")
