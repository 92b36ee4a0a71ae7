"""The usual one of some values that do not all count the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def weighted_median(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    """The least of some values that, with those below it, has half of the weight.

    Parameters
    ----------
    values, weights : (N,) float arrays
        At least one; no weight is negative.

    Examples
    --------
    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([5.0, 1.0, 1.0]))
    3.0
    """
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(total, total[-1] / 2)]])
