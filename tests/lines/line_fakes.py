"""Small outputs of a line network, written by hand, and n-grams by their symbols."""

import itertools

import numpy as np

from ocr.lines.folding import SYMBOL_BITS

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


def key(symbols):
    """An n-gram as `ocr.lines.ngrams` packs it."""
    packed = 0
    for symbol in symbols:
        packed = (packed << SYMBOL_BITS) | symbol
    return packed
