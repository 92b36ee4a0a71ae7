"""A text line as it was read, and what it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ocr.page import Line

NO_GLYPHS: NDArray[np.float32] = np.empty((0, 32, 32), dtype=np.float32)  # of a line read whole


@dataclass(frozen=True)
class ReadLine:
    """A text line with what it was read from, in the page as it was turned for reading.

    Attributes
    ----------
    line : Line
    image : (H, W) float32 array
        The straightened line: 0 ink, 1 paper.
    glyphs : (n, 32, 32) float32 array
        Its characters, normalized, if it was read by letters.
    confidence : float
        Of a line that was read whole, the mean probability of its characters by the ink alone.
    """

    line: Line
    image: NDArray[np.float32]
    glyphs: NDArray[np.float32] = field(default_factory=lambda: NO_GLYPHS)
    confidence: float = 0.0
