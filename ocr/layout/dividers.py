"""Ruling lines that part text lines from others, as those around the fields of forms do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.rows import places_of
from ocr.layout.strips import TextLine


@dataclass(frozen=True)
class DividerConfig:
    """When a ruling line parts text lines. Lengths are in x-heights.

    Set by hand on composed forms.

    Attributes
    ----------
    over : float
        Above the baseline, from where one below is looked for: letters stand on it at times.
    deep : float
        Below the baseline up to which it is looked for, if no other line is nearer.
    wide, beyond : float
        It is as wide as the text, or as `wide`, and goes on to the right by `beyond`.
    high : float
        Above the baseline to which one between two lines reaches; below, it reaches as far as
        `over` is above.
    lead : float
        Below the baseline to which one that leads on is looked for.
    near, end : float
        Before the next line, share of the pieces of one that leads on that are dark, at least.
    part : float
        Length of the pieces that it is made of, in each of which it is straight.
    inked : float
        Darkness of those, at least.
    share, leads : float
        Of the pieces, those that are dark, at least; of one that leads on.
    """

    over: float = 0.2
    deep: float = 12.0
    wide: float = 4.0
    beyond: float = 2.0
    high: float = 1.5
    lead: float = 0.9
    near: float = 4.0
    end: float = 0.25
    part: float = 0.5
    inked: float = 0.1
    share: float = 0.9
    leads: float = 0.6


CONFIG = DividerConfig()


@dataclass(frozen=True)
class Dividers:
    """What parts the text lines of a page: (N,) bool arrays.

    Attributes
    ----------
    below : bool array
        Whether a ruling line runs between each and the next line below it.
    beside : bool array
        Whether one stands between each and the next line at its right, or the one below it ends
        before that.
    through : bool array
        Whether the one below each goes on to the next line at its right.
    leads : bool array
        Whether a line to write on or a row of dots leads from each to the next at its right, and
        does not go on below that.
    """

    below: NDArray[np.bool_]
    beside: NDArray[np.bool_]
    through: NDArray[np.bool_]
    leads: NDArray[np.bool_]

    @classmethod
    def none(cls, count: int) -> Dividers:
        """Of a page without ruling lines."""
        return cls(*np.zeros((4, count), dtype=bool))


def dividers(darkness: NDArray[np.float32], lines: Sequence[TextLine]) -> Dividers:
    """What parts the lines of a page. Where none stands beside another, nothing is looked for.

    Parameters
    ----------
    darkness : (H, W) float32 array
        The page, as `ocr.layout.darkness.ink_darkness` gives it.
    lines : sequence of TextLine
        In its pixels.
    """
    found = Dividers.none(len(lines))
    if len(lines) < 2:
        return found
    places, every = places_of(lines), np.arange(len(lines))
    left, right = places.left, places.right
    white = left - right[:, None]  # from each line to each at its right
    white[(white < 0) | ~places.level(every, every)] = np.inf
    if not np.isfinite(white).any():
        return found
    shared = np.minimum(right[:, None], right) > np.maximum(left[:, None], left)
    under = np.where(shared, places.top - places.bottom[:, None], np.inf)
    for k, line in enumerate(lines):
        size, way = line.x_height, line.baseline
        over = -CONFIG.over * size
        deep = min(CONFIG.deep * size, float(under[k][under[k] > 0].min(initial=np.inf)))
        wide = max(right[k] - left[k], CONFIG.wide * size) + CONFIG.beyond * size
        part = _around(darkness, way, over, deep, left[k] + wide)
        found.below[k] = _share(part, size) >= CONFIG.share
        if np.isfinite(white[k].min()):
            next_ = lines[int(white[k].argmin())].baseline[0]
            gap = np.stack([way[-1], next_])
            part = _around(darkness, gap, over, deep, next_[1])
            found.through[k] = found.below[k] and _share(part, size) >= CONFIG.share
            wall = _around(darkness, gap, -CONFIG.high * size, -over, next_[1]).T
            walled = _share(wall, size) >= CONFIG.share
            found.beside[k] = walled or (found.below[k] and not found.through[k])
            part = _around(darkness, gap, over, CONFIG.lead * size, next_[1])
            found.leads[k] = not walled and _leads(part, size)
    found.leads[:] &= ~(found.below & found.below[white.argmin(axis=1)])  # but on ruled paper
    return found


def _around(
    darkness: NDArray[np.float32],
    way: NDArray[np.float64],
    first: float,
    last: float,
    end: float,
) -> NDArray[np.float32]:
    """The page along a way, from its first column to another: rows of pixels below it.

    `first` and `last` tell from how far below to how far; above it they are less than 0.
    """
    height, width = darkness.shape
    cols = np.arange(int(way[0, 1]), min(int(end), width))
    rows = np.interp(cols, way[:, 1], way[:, 0]).astype(int)
    rows = rows + np.arange(first, last).astype(int)[:, None]
    return darkness[rows.clip(0, height - 1), cols.clip(0)]


def _share(part: NDArray[np.float32], x_height: float, dotted: bool = False) -> float:
    """Share of the pieces of a ruling line along a part of a page that are dark.

    The line may slope. If it may be `dotted`, some dark pixels will do for a piece.
    """
    width = max(1, round(CONFIG.part * x_height))
    count = part.shape[1] // width
    if not part.size or not count:
        return 0.0
    part = part[:, : count * width]
    near = np.maximum(part, np.maximum(np.roll(part, 1, axis=0), np.roll(part, -1, axis=0)))
    pieces = near.reshape(len(part), count, width)
    dark = (pieces.max(axis=2) if dotted else pieces.min(axis=2)) > CONFIG.inked
    if dark.any(axis=0).sum() < CONFIG.end * count:  # fewer than are ever asked
        return 0.0
    best = np.zeros(len(dark) + 2, dtype=int)  # pieces of the line that leads to each row
    for piece in dark.T:
        best[1:-1] = np.maximum(np.maximum(best[:-2], best[1:-1]), best[2:]) + piece
    return float(best.max()) / count


def _leads(part: NDArray[np.float32], x_height: float) -> bool:
    """Whether a ruling line or a row of dots runs along most of a part and near to its end."""
    end = part[:, -round(CONFIG.near * x_height) :]
    return bool(
        _share(end, x_height, dotted=True) >= CONFIG.end
        and _share(part, x_height, dotted=True) >= CONFIG.leads
    )
