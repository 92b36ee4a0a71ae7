"""Cut lines where a wall stands between their words, as between the cells of a table.

The network follows a line from one cell into the next, more so where the writing comes near to the
wall. What stands upright far beyond the letters, alone beside white, is a wall and no letter.
Pieces of a line that a fold or a margin rule cuts are one row again in reading order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.layout.strips import TextLine


@dataclass(frozen=True)
class WallConfig:
    """What a wall is. Lengths are in x-heights. Set by hand on composed tables.

    Attributes
    ----------
    over, under : float
        How far above and below the baseline it stands at least.
    foot : float
        How far below the baseline the ink of letters counts that it stands beside.
    reach : float
        How far above and below the baseline it is followed.
    long : float
        Its length at least.
    part : float
        Length of the pieces that it is made of.
    inked, share : float
        Darkness from which a pixel is ink, and share of those of each piece that are.
    slant : float
        How far to either side it may lean in all.
    thick : float
        Its thickness at most.
    white : float
        White that is beside it, on one side at least.
    specks : float
        Share of the columns of that which ink may touch.
    least : float
        Length of what is cut off at least.
    cell, squares : float, int
        Width of a cell at least; what stands nearer to each other, more often than so many times on
        a page, is squared paper.
    """

    over: float = 1.5
    under: float = 0.5
    foot: float = 0.3
    reach: float = 6.0
    long: float = 5.5
    part: float = 0.5
    inked: float = 0.12
    share: float = 0.85
    slant: float = 0.25
    thick: float = 1.0
    white: float = 0.4
    specks: float = 0.2
    least: float = 1.0
    cell: float = 5.0
    squares: int = 2


CONFIG = WallConfig()


def cut_at_walls(darkness: NDArray[np.float32], lines: Sequence[TextLine]) -> list[TextLine]:
    """Lines, those that run through a wall in pieces.

    Parameters
    ----------
    darkness : (H, W) float32 array
        The page, as `ocr.layout.darkness.ink_darkness` gives it.
    lines : sequence of TextLine
        In its pixels.
    """
    standing = [_standing(darkness, line) for line in lines]
    near = sum(
        later - first < CONFIG.cell * line.x_height
        for line, found in zip(lines, standing, strict=True)
        for (first, _), (later, _) in pairwise(found)
    )
    if near > CONFIG.squares:
        return list(lines)
    pieces = []
    for line, found in zip(lines, standing, strict=True):
        walls = _walls(darkness, line, found) if found else []
        if not walls:
            pieces.append(line)
            continue
        rows, cols = line.baseline.T
        edges = [cols[0], *(col for wall in walls for col in wall), cols[-1]]
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            ways = np.array([first, *cols[(cols > first) & (cols < last)], last])
            points = np.stack([np.interp(ways, cols, rows), ways], axis=1)
            pieces.append(replace(line, baseline=points))
    return pieces


def _standing(darkness: NDArray[np.float32], line: TextLine) -> list[tuple[int, int]]:
    """Where something stands upright through a line, from its first column to behind the last."""
    size = line.x_height
    near = max(1, round(CONFIG.slant * size))
    count = round(CONFIG.reach / CONFIG.part)  # of pieces above the baseline, and below it
    over, under, long = (
        round(length / CONFIG.part) for length in (CONFIG.over, CONFIG.under, CONFIG.long)
    )
    cols, first = _around(darkness, line, 0, CONFIG.under)
    if len(cols) < (CONFIG.white + 2 * CONFIG.least) * size or not len(first):
        return []
    dark = np.pad(first > CONFIG.inked, ((0, 0), (near, near)))
    wide = np.array([dark[:, k : k + len(cols)] for k in range(2 * near + 1)]).any(axis=0)
    at = np.flatnonzero(np.mean(wide, axis=0) >= CONFIG.share)  # few letters reach below the line
    if not len(at):
        return []
    beside = np.clip(at + np.arange(-near, near + 1)[:, None], 0, len(cols) - 1)
    _, around = _around(darkness, line, -CONFIG.reach, CONFIG.reach, beside.ravel())
    inked = (around > CONFIG.inked).reshape(len(around), *beside.shape).any(axis=1)
    pieces = np.array_split(np.asarray(inked), 2 * count)
    parts = np.array([piece.mean(axis=0) for piece in pieces]) >= CONFIG.share
    up = np.minimum.accumulate(parts[:count][::-1]).sum(axis=0)
    down = np.minimum.accumulate(parts[count:]).sum(axis=0)
    standing = np.zeros(len(cols) + 2, dtype=np.int8)
    standing[at + 1] = (up >= over) & (down >= under) & (up + down >= long)
    edges = np.flatnonzero(np.diff(standing)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _walls(
    darkness: NDArray[np.float32], line: TextLine, standing: list[tuple[int, int]]
) -> list[tuple[float, float]]:
    """Columns of the ink before and behind each wall that a line runs through, in their order.

    `standing` is what stands upright there.
    """
    size = line.x_height
    near = max(1, round(CONFIG.slant * size))
    cols, letters = _around(darkness, line, -CONFIG.over, CONFIG.foot)
    inked = np.asarray((letters > CONFIG.inked).any(axis=0))
    white, least = max(1, round(CONFIG.white * size)), CONFIG.least * size
    found = []
    start, stop = 0, len(inked) - least  # of what may be cut off
    for first, last in standing:
        beside = inked[max(0, first - white) : first], inked[last : last + white]
        if (
            last - first > CONFIG.thick * size + 2 * near
            or min(len(part) for part in beside) == 0
            or min(part.mean() for part in beside) > CONFIG.specks
        ):
            continue
        before, behind = np.flatnonzero(inked[:first]), last + np.flatnonzero(inked[last:])
        if len(before) and len(behind) and start + least <= before[-1] and behind[0] <= stop:
            found.append((float(cols[before[-1]]), float(cols[behind[0]])))
            start = int(behind[0])
    return found


def _around(
    darkness: NDArray[np.float32],
    line: TextLine,
    first: float,
    last: float,
    at: NDArray[np.intp] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Columns of a line, and the page along it, from so far below it to so far; above is less.

    `at` tells which of the columns, by number; all of them, if left out.
    """
    height, width = darkness.shape
    rows, ways = line.baseline.T
    cols: NDArray[np.intp] = np.arange(max(0, int(ways[0])), min(int(ways[-1]) + 1, width))
    if at is not None:
        cols = cols[at]
    below = np.arange(int(first * line.x_height), int(last * line.x_height))
    places = np.interp(cols, ways, rows).astype(int) + below[:, None]
    inside = (places >= 0) & (places < height)
    return cols, np.where(inside, darkness[places.clip(0, height - 1), cols], np.float32(0))
