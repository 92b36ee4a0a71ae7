"""Where writing may run up or down beside the lines of a page, as a note in its margin does.

The network sees lines that run across the page. What it leaves of pieces of ink as large as letters
that stand above each other may be such a line: what it says, read from either side, must tell
whether it is, see `ocr.lines.sideways`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.loose_signs import grouped, pieces_beside


@dataclass(frozen=True)
class SidewaysConfig:
    """What may be a line that runs up or down. Lengths are in x-heights of the page. Set by hand.

    Attributes
    ----------
    speck, high, wide : float
        Pieces of ink that count are larger than a speck, and no higher and wider than that.
    pieces, most : int
        Most pieces away from lines, and most lines of them: more are a texture or a drawing.
    down, across : float
        Pieces that are nearer to each other are of one line.
    letters : int
        Pieces that a line has at least.
    long, thin, thick : float
        Its length at least, and its thickness at least and at most.
    slender : float
        Times its thickness that it is long at least.
    """

    speck: float = 0.35
    high: float = 12.0
    wide: float = 3.0
    pieces: int = 300
    most: int = 4
    down: float = 1.6
    across: float = 0.1
    letters: int = 3
    long: float = 5.0
    thin: float = 0.8
    thick: float = 4.0
    slender: float = 2.0


CONFIG = SidewaysConfig()


def sideways_boxes(
    boxes: NDArray[np.intp], bands: NDArray[np.bool_], x_height: float
) -> list[list[int]]:
    """Boxes ``[y1, x1, y2, x2]`` around what may be lines that run up or down, the longest first.

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
        long, thick = (box[2] - box[0]) / x_height, (box[3] - box[1]) / x_height
        whole = min(box[:2]) > 1 and box[2] < bands.shape[0] - 1 and box[3] < bands.shape[1] - 1
        slender = long >= max(CONFIG.long, CONFIG.slender * thick)
        if whole and slender and CONFIG.thin <= thick <= CONFIG.thick and count >= CONFIG.letters:
            found.append(box)
    found.sort(key=lambda box: box[0] - box[2])
    return found if len(found) <= CONFIG.most else []
