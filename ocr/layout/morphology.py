"""Grey and binary morphology by squares.

`scipy.ndimage` and Pillow's rank filters give the same; the one takes long to import and the
others are slow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def opened(pixels: NDArray[Any], size: int) -> NDArray[Any]:
    """A picture without what is light, or true, and narrower than a square; see `closed`."""
    return _along(np.maximum, eroded(pixels, size), size)


def opened_across(pixels: NDArray[Any], size: int) -> NDArray[Any]:
    """The rows of a picture without what is light, or true, and narrower than some pixels."""
    return _slid(np.maximum, _slid(np.minimum, pixels, size, 1), size, 1)


def closed(pixels: NDArray[Any], size: int) -> NDArray[Any]:
    """A picture without what is dark, or false, and narrower than a square.

    Parameters
    ----------
    pixels : (H, W) or (H, W, C) array
        Of uint8 or bool. What lies beyond an edge is as the edge.
    size : int
        Side of the square in pixels, an odd number.

    Examples
    --------
    >>> closed(np.array([[9, 9, 1, 9, 9, 1, 1, 1]], dtype=np.uint8), 3).tolist()
    [[9, 9, 9, 9, 9, 1, 1, 1]]
    """
    return _along(np.minimum, _along(np.maximum, pixels, size), size)


def eroded(pixels: NDArray[Any], size: int) -> NDArray[Any]:
    """The least of the square about each pixel of a picture; see `closed`."""
    return _along(np.minimum, pixels, size)


def _along(extreme: np.ufunc, pixels: NDArray[Any], size: int) -> NDArray[Any]:
    """The extreme of the square about each pixel."""
    for axis in (0, 1):
        pixels = _slid(extreme, pixels, size, axis)
    return pixels


def _slid(extreme: np.ufunc, pixels: NDArray[Any], size: int, axis: int) -> NDArray[Any]:
    """The extreme of the `size` pixels of a picture about each one, along rows or columns."""
    count, half = pixels.shape[axis], size // 2
    margins = [(half, half) if k == axis else (0, 0) for k in range(pixels.ndim)]
    out, reach = np.pad(pixels, margins, mode="edge"), 1

    def part(start: int, stop: int | None) -> NDArray[Any]:
        return out[(slice(None),) * axis + (slice(start, stop),)]

    while 2 * reach <= size:
        out, reach = extreme(part(0, -reach), part(reach, None)), 2 * reach
    return extreme(part(0, count), part(size - reach, size - reach + count))
