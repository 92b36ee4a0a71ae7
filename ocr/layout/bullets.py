"""The bullet before an entry of a list, which no character stands for and which is not read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.connected import connected
from ocr.layout.leaders import without_leaders
from ocr.layout.pen_marks import without_pen_marks
from ocr.layout.strips import (
    BASELINE_ROW,
    X_HEIGHT,
    Strip,
    TextLine,
    fitted_strip,
    with_short_gaps,
    without_rules,
)


@dataclass(frozen=True)
class BulletConfig:
    """What counts as a bullet. Lengths are in x-heights.

    Set by hand: rounder than a dash, higher than a point, lower than a quote or an asterisk,
    smaller than a letter, and by itself. On generated pages with bullets (by a script that was not
    kept) they were found before 217 of 550 lines, half of which have one on their strip, and those
    lines had 546 characters wrong before and 279 after. On 454 lines of other generated pages 3
    were found, for 5 more wrong characters, and on 492 valid lines of Copiste, Poilus and UNIPEN
    none.

    Attributes
    ----------
    inked : float
        Darkness, beyond what a row has all along, from which a pixel is ink.
    over, under : float
        How far above and below the baseline ink counts.
    speck : float
        What is smaller does not count.
    least, most : float
        Width and height of a bullet.
    filled : float
        Share of its box that is ink, its middle with it; of a disk it is 0.79, and no letter's. A
        ring may be what is seen of a faint letter, and stays.
    round : float
        Longer over shorter side, at most.
    lowest, highest : float
        Above the baseline, for its middle.
    large, large_lowest : float
        Width and height from which it is no point, and how low its middle may be then.
    gap : float
        From it to what stands behind it, at least.
    """

    inked: float = 0.35
    over: float = 1.3
    under: float = 0.2
    speck: float = 0.12
    least: float = 0.16
    most: float = 0.95
    filled: float = 0.65
    round: float = 1.6
    lowest: float = 0.25
    highest: float = 0.85
    large: float = 0.36
    large_lowest: float = 0.1
    gap: float = 0.3


CONFIG = BulletConfig()


def line_strip(darkness: NDArray[np.float32], line: TextLine) -> Strip:
    """The strip of a line as it is read.

    Fitted to its letters, without ticks, the ring around its number, its bullet and rows of dots,
    its wide gaps shortened.
    Parameters are those of `ocr.layout.strips.fitted_strip`.
    """
    strip = without_bullet(without_pen_marks(fitted_strip(darkness, line)))
    return with_short_gaps(without_leaders(strip))


def without_bullet(strip: Strip) -> Strip:
    """A strip that begins behind the bullet before its text, if there is one."""
    return strip.columns(slice(bullet_end(strip.image), None))


def bullet_end(image: NDArray[np.float32]) -> int:
    """The column amid the white behind the bullet that a strip begins with; 0 if it has none.

    Parameters
    ----------
    image : (STRIP_HEIGHT, W) float32 array
        1 paper, 0 full ink.
    """
    found = first_piece(image)
    if found is None:
        return 0
    ink, (top, left, bottom, right), behind = found
    high, wide = (bottom - top) / X_HEIGHT, (right - left) / X_HEIGHT
    middle = (BASELINE_ROW - (top + bottom) / 2) / X_HEIGHT
    filled = ink[top:bottom, left:right].mean() >= CONFIG.filled
    filled = filled and bool(ink[(top + bottom) // 2, (left + right) // 2])
    sized = CONFIG.least <= min(high, wide) and max(high, wide) <= CONFIG.most
    rounded = max(high, wide) <= CONFIG.round * min(high, wide)
    apart = behind - right >= CONFIG.gap * X_HEIGHT
    lowest = CONFIG.large_lowest if min(high, wide) >= CONFIG.large else CONFIG.lowest
    placed = left > 0 and lowest <= middle <= CONFIG.highest
    return (right + behind) // 2 if filled and sized and rounded and apart and placed else 0


def first_piece(image: NDArray[np.float32]) -> tuple[NDArray[np.bool_], list[int], int] | None:
    """The piece of ink that a strip begins with.

    Returns
    -------
    (STRIP_HEIGHT, W) bool array, [y1, x1, y2, x2], int; or None
        Which pixels are ink, where it stands, and the column where the next begins; None if a strip
        has less than two pieces.
    """
    ink, boxes = pieces(image)
    return (ink, boxes[0].tolist(), int(boxes[1:, 1].min())) if len(boxes) > 1 else None


def pieces(image: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """The pieces of ink of a strip's line, from left to right.

    Returns
    -------
    (STRIP_HEIGHT, W) bool array, (N, 4) int array
        Which pixels are ink, and where the pieces stand: [y1, x1, y2, x2].
    """
    ink = without_rules(1 - image) > CONFIG.inked
    boxes = connected(ink)[1]
    y1, x1, y2, x2 = boxes.T
    over, under = (BASELINE_ROW - y2) / X_HEIGHT, (y1 - BASELINE_ROW) / X_HEIGHT
    longer = np.maximum(y2 - y1, x2 - x1) / X_HEIGHT
    boxes = boxes[(over < CONFIG.over) & (under < CONFIG.under) & (longer >= CONFIG.speck)]
    return ink, boxes[np.argsort(boxes[:, 1], kind="stable")]
