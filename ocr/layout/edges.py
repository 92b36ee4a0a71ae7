"""Lines that the edge of a picture cuts through, as beside one that was cropped out of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.strips import TextLine


@dataclass(frozen=True)
class EdgeConfig:
    """When a line is cut by the upper or lower edge. In x-heights.

    Set by 75 lines cropped out of valid pages, by a script that was not kept: of the lines that
    were wanted none stood nearer than 2.5 to the upper edge or than 1.1 to the lower one, of pieces
    of others most stood nearer than these. Of 120 lines of train pages 69 were read with others
    before, 19 with these (`tests/benchmarks/crops.py`).

    Attributes
    ----------
    seen : float
        From the upper edge to the baseline: a line nearer has lost a good part of its letters.
    whole : float
        The same, of a line that may have lost some of them.
    foot : float
        From the baseline to the lower edge; a line nearer may be cut where its letters go on.
    """

    seen: float = 0.8
    whole: float = 1.0
    foot: float = 0.2


CONFIG = EdgeConfig()


def cut_by_edges(
    lines: Sequence[TextLine], height: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which lines an edge of the picture cuts through, and which it may cut: two (N,) arrays.

    `height` is that of the picture. What stands by itself is not told to be cut: a picture may be
    cropped to its letters.
    """
    over = np.array([np.median(line.baseline[:, 0]) / line.x_height for line in lines])
    high = np.array([height / line.x_height for line in lines])
    may = (over < CONFIG.whole) | (high - over < CONFIG.foot)
    if may.all():
        return np.zeros(len(lines), dtype=bool), np.zeros(len(lines), dtype=bool)
    return over < CONFIG.seen, may
