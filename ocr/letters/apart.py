"""Whether the letters of a page stand far apart, as in the boxes of a form or an alphabet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ocr.layout.read_line import ReadLine, letter_count


@dataclass(frozen=True)
class ApartConfig:
    """Which pages are read letter by letter: whole lines would take gaps so wide for none.

    How they were chosen is not known any more.

    Attributes
    ----------
    gap : float
        Heights of a line's usual letter, from which a gap is wide.
    share : float
        Of the gaps of a page, that must be wide.
    fewest : int
        Letters that a page must hold.
    sure : float
        Mean confidence of its letters, one by one, from which they are taken.
    """

    gap: float = 0.7
    share: float = 0.8
    fewest: int = 5
    sure: float = 0.95


CONFIG = ApartConfig()


def stand_apart(read: Sequence[ReadLine]) -> bool:
    """Whether most letters of a page, as its lines were read, stand far apart."""
    gaps = []
    for one in read:
        boxes = [letter.box for letter in one.line.letters]
        high = sorted(box.height for box in boxes)[len(boxes) // 2] if boxes else 1
        gaps += [(after.x1 - before.x2) / high for before, after in pairwise(boxes)]
    wide = sum(gap > CONFIG.gap for gap in gaps)
    return letter_count(read) >= CONFIG.fewest and bool(gaps) and wide >= CONFIG.share * len(gaps)
