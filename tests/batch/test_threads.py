"""ocr.batch.threads: one thread, before NumPy is there, and the user's word counts."""

import os
import sys

from ocr.batch import threads
from ocr.batch.threads import VARIABLES, one_thread


def test_one_thread_unless_told_otherwise(monkeypatch):
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    for name in VARIABLES:
        monkeypatch.setenv(name, "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    one_thread()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_nothing_once_numpy_is_imported(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", sys)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    one_thread()
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_threads_that_wait_sleep(monkeypatch):
    for name in threads.WAITING:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOMP_SPINCOUNT", "9")
    threads.wait_passively()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    assert os.environ["GOMP_SPINCOUNT"] == "9"
    for name in threads.WAITING:
        monkeypatch.setenv(name, os.environ[name])  # and away with them
