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


# A thread of OpenMP that waits for work burns a core meanwhile, as long as these do not say
# otherwise: with two threads on a busy machine three times the work that is done.
WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}


def wait_passively() -> None:
    """Let threads that wait for work sleep; before torch or NumPy is imported. What the environment
    says already stays."""
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)


def one_thread() -> None:
    """Let array libraries work in this process alone, and not start threads that wait for work.

    Starting and waiting costs a cold read a sixth of its CPU time, and worker processes would
    fight over the cores. What the environment says already stays. Without effect once NumPy is
    imported, which reads these variables then.
    """
    if "numpy" not in sys.modules:
        for name in VARIABLES:
            os.environ.setdefault(name, "1")
