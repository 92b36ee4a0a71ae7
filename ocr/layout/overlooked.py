"""Rows of letters that a look at a page passed over, such as small print below large writing.

A page is looked at so that most of its letters have the size that the network knows best. Words far
smaller than these, or squeezed in between two lines, it hardly sees then. What stands side by side
like the letters of a word, and is in no line, is worth a look of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.loose_signs import grouped, pieces_beside


@dataclass(frozen=True)
class OverlookedConfig:
    """What may be a row of letters that was passed over. Lengths are in x-heights of the page.

    Set by hand on composed notices with small print and on words inserted above lines.

    Attributes
    ----------
    speck, high, wide : float
        Pieces of ink that count are larger than a speck, and no higher and wider than that.
    pieces, most : int
        Most pieces away from lines, and most rows of them: more are a texture or a drawing.
    down, across : float
        Pieces that are nearer to each other are of one row.
    letters : int
        Pieces that a row has at least.
    lowest, highest : float
        Its height at least and at most.
    long, slender : float
        Its length at least, also in times its height.
    letter : float
        Share of its height that is taken for its x-height.
    beside : float
        Of its height, what is looked at around it.
    looked : float
        Pixels of its x-height at which it is looked at.
    word : float
        x-heights of its own that a line is long at least.
    """

    speck: float = 0.15
    high: float = 2.0
    wide: float = 6.0
    pieces: int = 300
    most: int = 12
    down: float = 0.15
    across: float = 0.8
    letters: int = 2
    lowest: float = 0.3
    highest: float = 2.5
    long: float = 2.0
    slender: float = 1.5
    letter: float = 0.55
    beside: float = 1.0
    looked: float = 11.0
    word: float = 2.5


CONFIG = OverlookedConfig()


def overlooked_boxes(
    boxes: NDArray[np.intp], bands: NDArray[np.bool_], x_height: float
) -> list[list[int]]:
    """Boxes ``[y1, x1, y2, x2]`` around what may be rows of letters in none of a page's lines.

    Parameters
    ----------
    boxes : (N, 4) int array
        Around each connected piece of ink.
    bands : (H, W) bool array
        Where the letters of lines are or may be.
    x_height : float
        Of the page's lines, in pixels.
    """
    most = (CONFIG.high * x_height, CONFIG.wide * x_height)
    free = pieces_beside(boxes, bands, CONFIG.speck * x_height, most)
    if not CONFIG.letters <= len(free) <= CONFIG.pieces:
        return []
    near = (CONFIG.down * x_height, CONFIG.across * x_height)
    found = []
    for box, count in grouped(free, near):
        high, long = (box[2] - box[0]) / x_height, (box[3] - box[1]) / x_height
        if (
            CONFIG.lowest <= high <= CONFIG.highest
            and long >= max(CONFIG.long, CONFIG.slender * high)
            and count >= CONFIG.letters
        ):
            found.append(box)
    return found if len(found) <= CONFIG.most else []
