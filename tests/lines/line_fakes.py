"""Small outputs of a line network, written by hand."""

import itertools

import numpy as np

SYMBOLS = np.array([0, 0, 1, 2])  # classes: nothing, a, b, space
NO_BONUS = (0.0, 0.0, 0.0, 0.0)


def logs_of(*rows):
    """Logarithms of rows of probabilities."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(np.array(rows, dtype=np.float32)), -50).astype(np.float32)


def sharp(path, classes=4):
    """A sure output: class path[t] at frame t."""
    rows = np.full((len(path), classes), 0.01)
    rows[np.arange(len(path)), path] = 1 - 0.01 * (classes - 1)
    return logs_of(*rows)


def spelled(path):
    kept = [k for k, _ in itertools.groupby(path)]
    return tuple(k for k in kept if k)
