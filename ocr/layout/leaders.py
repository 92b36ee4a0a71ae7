"""Rows of dots or short dashes, which forms have to write on and lists before their numbers.

No character stands for them, and read as points they drown the text. Of a strip the columns are
left out in which nothing but such dots stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.connected import connected
from ocr.layout.morphology import opened_across
from ocr.layout.strips import BASELINE_ROW, X_HEIGHT, Strip


@dataclass(frozen=True)
class LeaderConfig:
    """What counts as a row of dots. Lengths are in x-heights. Set by hand on composed forms.

    Attributes
    ----------
    inked : float
        Darkness, beyond that of what is as dark for longer, from which a pixel is of a dot.
    over, under : float
        How far above and below the baseline dots stand at most.
    high, wide : float
        Height and width of a dot or dash, at most.
    step : float
        From one to the next, at most.
    level : float
        Most that one stands higher or lower than the one before.
    fewest : int
        Dots that make a row, one behind the other.
    off, even : float
        By how much, in shares of their usual step, dots of a row may be nearer or further, and the
        share of them of which that is so.
    free : float
        Darkness of the rest of a column, under which nothing but a dot stands there.
    long : float
        Stretch without text, from which its dots are left out.
    paper : float
        What is kept of each such stretch, its lightest columns.
    """

    inked: float = 0.2
    over: float = 0.8
    under: float = 0.9
    high: float = 0.6
    wide: float = 0.9
    step: float = 2.2
    level: float = 0.16
    fewest: int = 7
    off: float = 0.35
    even: float = 0.7
    free: float = 0.3
    long: float = 1.0
    paper: float = 1.0


CONFIG = LeaderConfig()
EDGE = 2  # pixels around a dot that its blur may reach


def without_leaders(strip: Strip) -> Strip:
    """A strip without the columns of rows of dots; blank if it holds nothing else."""
    return strip.without(leaders(strip.image))


def leaders(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which columns of a strip are those of rows of dots: (W,) bool.

    Parameters
    ----------
    image : (STRIP_HEIGHT, W) float32 array
        1 paper, 0 full ink.
    """
    darkness, cut = 1 - image, np.zeros(image.shape[1], dtype=bool)
    for row in _rows(_dots(darkness)):
        cut[row[0, 1] : row[-1, 3]] |= _cut(darkness, row)
    return cut


def _cut(darkness: NDArray[np.float32], row: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which columns are left out, of those from the first dot of a row to the last."""
    first, last = int(row[0, 1]), int(row[-1, 3])
    rest = darkness[:, first:last].copy()
    for (top, left, bottom, _), behind in zip(row.tolist(), [*row[1:, 1], last], strict=True):
        rows = slice(max(top - EDGE, 0), bottom + EDGE)
        rest[rows, max(left - EDGE - first, 0) : behind - first + EDGE] = 0
    free = rest.max(axis=0) < CONFIG.free
    lightest = np.argsort(darkness[:, first:last].max(axis=0), kind="stable")
    for run in np.split(np.arange(len(free)), np.flatnonzero(np.diff(free)) + 1):
        of_run = lightest[(lightest >= run[0]) & (lightest <= run[-1])]
        kept = CONFIG.paper if len(run) >= CONFIG.long * X_HEIGHT else len(run)
        free[of_run[: round(kept * X_HEIGHT)]] = False
    return free


def _dots(darkness: NDArray[np.float32]) -> NDArray[np.intp]:
    """Boxes of what may be a dot or a dash, from left to right: (N, 4)."""
    high, wide = (round(part * X_HEIGHT) for part in (CONFIG.high, CONFIG.wide))
    first = BASELINE_ROW - round(CONFIG.over * X_HEIGHT) - high
    near = darkness[first : BASELINE_ROW + round(CONFIG.under * X_HEIGHT) + high]
    ink = near - opened_across(near, 2 * (wide // 2) + 1) > CONFIG.inked
    if (ink[:, 1:] & ~ink[:, :-1]).sum(axis=1).max(initial=0) < CONFIG.fewest:
        return np.zeros((0, 4), dtype=np.intp)
    boxes = connected(ink)[1]
    y1, x1, y2, x2 = boxes.T
    boxes = boxes[(y1 > 0) & (y2 < len(ink)) & (y2 - y1 <= high) & (x2 - x1 <= wide)]
    return boxes[np.argsort(boxes[:, 1], kind="stable")] + [first, 0, first, 0]


def _rows(dots: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Those of dots that stand in rows, one behind the other and as far from each other."""
    rows: list[list[NDArray[np.intp]]] = []
    for dot in dots:
        for row in rows:
            if _goes_on(row[-1], dot):
                row.append(dot)
                break
        else:
            rows.append([dot])
    return [np.array(row) for row in rows if len(row) >= CONFIG.fewest and _is_even(row)]


def _goes_on(last: NDArray[np.intp], dot: NDArray[np.intp]) -> bool:
    """Whether a dot stands close behind another, about as high."""
    step = (dot[1] + dot[3] - last[1] - last[3]) / 2
    level = abs(dot[0] + dot[2] - last[0] - last[2]) / 2
    return bool(0 < step <= CONFIG.step * X_HEIGHT and level <= CONFIG.level * X_HEIGHT)


def _is_even(row: list[NDArray[np.intp]]) -> bool:
    """Whether most dots of a row are as far from each other."""
    steps = np.diff([dot[1] + dot[3] for dot in row])
    usual = np.median(steps)
    return bool((np.abs(steps - usual) <= CONFIG.off * usual).mean() >= CONFIG.even)
