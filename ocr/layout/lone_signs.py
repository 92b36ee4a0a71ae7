"""Signs that stand by themselves in a row, such as the digit in a cell of a table.

On the maps such a sign is all end, so that its baseline is too weak to be traced; what is seen of
its body tells that it is there, and other lines on its level that it is writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.connected import connected
from ocr.layout.strips import TextLine


@dataclass(frozen=True)
class LoneSignConfig:
    """What is a sign by itself. Lengths are in x-heights unless said otherwise. Set by hand.

    Attributes
    ----------
    body : float
        Probability of small letters from which a place is in one.
    base : float
        Probability of a baseline that stands under it, at least.
    over, under, beyond : float
        What lies so near above, below or beyond the end of a line is that line's own.
    lowest, highest, widest : float
        Height at least, height and width at most.
    foot : float
        How far below it its baseline may be.
    level : float
        How far from the level of another line's end it may stand, and the more by `slope` for each
        pixel between them.
    slope : float
    alike : float
        Most that its x-height and that of this line differ, as a ratio.
    """

    body: float = 0.5
    base: float = 0.32
    over: float = 1.6
    under: float = 0.9
    beyond: float = 0.6
    lowest: float = 0.6
    highest: float = 3.0
    widest: float = 3.0
    foot: float = 0.6
    level: float = 0.6
    slope: float = 0.03
    alike: float = 1.7


CONFIG = LoneSignConfig()


def lone_signs(
    base: NDArray[np.float32],
    body: NDArray[np.float32],
    height: NDArray[np.float32],
    lines: Sequence[TextLine],
) -> list[TextLine]:
    """The signs by themselves that none of the lines has taken.

    Parameters
    ----------
    base, body : (H, W) float32 arrays
        Probabilities of baselines and of small letters.
    height : (H, W) float32 array
        X-heights in pixels of the maps.
    lines : sequence of TextLine
        In these pixels, as the signs that are given.
    """
    labels, boxes = connected(body > CONFIG.body)
    taken = _taken(labels, lines)
    signs = []
    for number, (top, left, bottom, right) in enumerate(boxes.tolist(), start=1):
        if taken[number]:
            continue
        own = labels[top:bottom, left:right] == number
        x_height = float(np.median(height[top:bottom, left:right][own]))
        sized = CONFIG.lowest * x_height <= bottom - top <= CONFIG.highest * x_height
        under = base[top : bottom + round(CONFIG.foot * x_height), left:right]
        if not sized or right - left > CONFIG.widest * x_height or under.max() < CONFIG.base:
            continue
        row = top + int(np.unravel_index(under.argmax(), under.shape)[0]) + 0.5
        middle, half = (left + right) / 2, max(right - left, x_height) / 2
        points = np.array([[row, middle - half], [row, middle + half]])
        score = float(np.sqrt(body[top:bottom, left:right][own].mean() * under.max()))
        signs.append(TextLine(points, x_height, score))
    return [sign for sign in signs if any(_level(sign, one) for one in (*lines, *signs))]


def _taken(labels: NDArray[np.int32], lines: Sequence[TextLine]) -> NDArray[np.bool_]:
    """Which of some labels a line runs along, by their number."""
    taken = np.zeros(int(labels.max()) + 1, dtype=bool)
    for line in lines:
        (_, left), (_, right) = line.baseline[0], line.baseline[-1]
        beyond = CONFIG.beyond * line.x_height
        cols = np.arange(int(left - beyond), int(right + beyond) + 1)
        rows = np.interp(cols, line.baseline[:, 1], line.baseline[:, 0]).astype(np.intp)
        over, under = (round(reach * line.x_height) for reach in (CONFIG.over, CONFIG.under))
        off = np.arange(-over, under + 1)
        rows = np.clip(rows + off[:, None], 0, labels.shape[0] - 1)
        taken[labels[rows, np.clip(cols, 0, labels.shape[1] - 1)]] = True
    return taken


def _level(sign: TextLine, other: TextLine) -> bool:
    """Whether a sign stands in a row with another line, beside it."""
    row, col = sign.baseline.mean(axis=0)
    first, last = other.baseline[0], other.baseline[-1]
    end = first if col < first[1] else last
    if first[1] <= col <= last[1]:
        return False
    off = CONFIG.level * sign.x_height + CONFIG.slope * abs(col - end[1])
    ratio = other.x_height / sign.x_height
    return bool(abs(row - end[0]) < off) and 1 / CONFIG.alike < ratio < CONFIG.alike
