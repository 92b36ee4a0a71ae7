"""How wide the strokes of ink are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stroke_width(ink: NDArray[np.bool_]) -> float:
    """Mean width of the strokes in pixels: twice the area over the length of the outline.

    Parameters
    ----------
    ink : (H, W) bool array
        What is cut off by its edge has no outline there.
    """
    around = np.pad(ink, 1, constant_values=True)
    inner = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    return 2.0 * int(ink.sum()) / max(int((ink & ~inner).sum()), 1)
