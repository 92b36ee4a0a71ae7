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
    part : float
        Length of the pieces that it is made of, in each of which it is straight.
    inked : float
        Darkness of those, at least.
    share : float
        Of the pieces, those that are dark, at least.
    """

    over: float = 0.2
    deep: float = 8.0
    wide: float = 4.0
    beyond: float = 2.0
    high: float = 1.5
    part: float = 0.5
    inked: float = 0.1
    share: float = 0.9


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
    """

    below: NDArray[np.bool_]
    beside: NDArray[np.bool_]
    through: NDArray[np.bool_]

    @classmethod
    def none(cls, count: int) -> Dividers:
        """Of a page without ruling lines."""
        return cls(*np.zeros((3, count), dtype=bool))


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
        size = line.x_height
        y, x = line.baseline.T
        deep = min(CONFIG.deep * size, float(under[k][under[k] > 0].min(initial=np.inf)))
        rows = np.arange(-CONFIG.over * size, deep).astype(int)
        wide = max(right[k] - left[k], CONFIG.wide * size)
        below = _runs(darkness, rows, x[0], x[0] + wide + CONFIG.beyond * size, y, x, size)
        found.below[k] = below
        if np.isfinite(gap := white[k].min()):
            found.through[k] = below and _runs(darkness, rows, right[k], right[k] + gap, y, x, size)
            high = np.arange(-CONFIG.high * size, CONFIG.over * size)
            at = y[-1] + high, np.arange(right[k], right[k] + gap)
            part = _part(darkness, *(values.astype(int) for values in np.meshgrid(*at)))
            found.beside[k] = _is_line(part, size) or (below and not found.through[k])
    return found


def _runs(
    darkness: NDArray[np.float32],
    rows: NDArray[np.intp],
    begin: float,
    end: float,
    y: NDArray[np.float64],
    x: NDArray[np.float64],
    size: float,
) -> bool:
    """Whether a ruling line runs within rows below a baseline, from one column to another."""
    cols = np.arange(int(begin), min(int(end), darkness.shape[1]))
    at = np.interp(cols, x, y).astype(int)
    return _is_line(_part(darkness, at + rows[:, None], cols), size)


def _part(
    darkness: NDArray[np.float32], rows: NDArray[np.intp], cols: NDArray[np.intp]
) -> NDArray[np.float32]:
    height, width = darkness.shape
    return darkness[rows.clip(0, height - 1), cols.clip(0, width - 1)]


def _is_line(part: NDArray[np.float32], x_height: float) -> bool:
    """Whether a ruling line runs along a part of a page, from its first column to its last."""
    width = max(1, round(CONFIG.part * x_height))
    count = part.shape[1] // width
    if not part.size or not count:
        return False
    part = part[:, : count * width]
    near = np.maximum(part, np.maximum(np.roll(part, 1, axis=0), np.roll(part, -1, axis=0)))
    dark = near.reshape(len(part), count, width).min(axis=2) > CONFIG.inked
    if dark.any(axis=0).sum() < CONFIG.share * count:
        return False
    best = np.zeros(len(dark) + 2, dtype=int)  # pieces of the line that leads to each row
    for piece in dark.T:
        best[1:-1] = np.maximum(np.maximum(best[:-2], best[1:-1]), best[2:]) + piece
    return bool(best.max() >= CONFIG.share * count)
