"""Pair two sequences in order, each element at most once, by the worth of the pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pairs_in_order(worth: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The monotone alignment of rows and columns with the greatest sum of worth.

    Parameters
    ----------
    worth : (N, M) float array
        Worth of each pair; a pair of less than 0 is never made.

    Examples
    --------
    >>> pairs_in_order(np.array([[0.9, 0.1], [-1.0, -1.0], [0.2, 0.8]]))
    [(0, 0), (2, 1)]
    """
    count, others = worth.shape
    best = np.zeros((count + 1, others + 1))
    for i in range(count):
        for j in range(others):
            best[i + 1, j + 1] = max(best[i, j] + worth[i, j], best[i, j + 1], best[i + 1, j])
    pairs = []
    i, j = count, others
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]
