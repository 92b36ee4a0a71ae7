"""A text line as it was read, and what it was read from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.page import Line

if TYPE_CHECKING:
    from ocr.layout.strips import Strip

NO_GLYPHS: NDArray[np.float32] = np.empty((0, 32, 32), dtype=np.float32)  # of a line read whole


@dataclass(frozen=True)
class ReadLine:
    """A text line with what it was read from, in the page as it was turned for reading.

    Attributes
    ----------
    line : Line
    cut : callable
        Gives its strip: the letters way cuts none that nobody asks for.
    image : (H, W) float32 array
        The straightened line: 0 ink, 1 paper.
    glyphs : (n, 32, 32) float32 array
        Its characters, normalized, if it was read by letters.
    confidence : float
        Of a line that was read whole, the mean probability of its characters by the ink alone.
    """

    line: Line
    cut: Callable[[], Strip]
    glyphs: NDArray[np.float32] = field(default_factory=lambda: NO_GLYPHS)
    confidence: float = 0.0

    @cached_property
    def image(self) -> NDArray[np.float32]:
        return self.cut().image


def letter_count(read: Sequence[ReadLine]) -> int:
    """How many letters some lines hold."""
    return sum(len(one.line.letters) for one in read)
