"""Cut lines where a wall stands between their words, as between the cells of a table.

The network follows a line from one cell into the next, more so where the writing comes near to the
wall. What stands upright far beyond the letters, alone beside white, is a wall and no letter.
Pieces of a line that a fold or a margin rule cuts are one row again in reading order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

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
    most : float
        Share of the lines that it runs through between whose words a wall stands, at least.
    apart, aside, lean : float
        How far up or down it goes on from one line to another at most, and how far aside; for each
        pixel up or down so much more.
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
    most: float = 0.75
    apart: float = 20.0
    aside: float = 0.6
    lean: float = 0.06
    cell: float = 5.0
    squares: int = 2


CONFIG = WallConfig()


class _Stroke(NamedTuple):
    """What stands upright through a line.

    `line` is its number, `row` and `col` where it crosses the baseline, `size` the x-height; if it
    stands between words, `white` is where the ink before it ends and that behind it begins.
    """

    line: int
    row: float
    col: float
    size: float
    white: tuple[float, float] | None


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
    strokes = [
        stroke
        for number, (line, found) in enumerate(zip(lines, standing, strict=True))
        for stroke in (_strokes(darkness, number, line, found) if found else ())
    ]
    walls: dict[int, list[float]] = defaultdict(list)
    for stroke, wall in zip(strokes, _are_walls(strokes), strict=True):
        if wall and stroke.white is not None:
            walls[stroke.line].extend(stroke.white)
    pieces = []
    for number, line in enumerate(lines):
        if number not in walls:
            pieces.append(line)
            continue
        rows, cols = line.baseline.T
        edges = [cols[0], *walls[number], cols[-1]]
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            ways = np.array([first, *cols[(cols > first) & (cols < last)], last])
            points = np.stack([np.interp(ways, cols, rows), ways], axis=1)
            pieces.append(replace(line, baseline=points))
    return pieces


def _are_walls(strokes: Sequence[_Stroke]) -> NDArray[np.bool_]:
    """Which of some strokes are of walls: these stand between words in nearly all lines.

    What crosses out a text, or lies across it, stands in gaps of some and in words of others.
    """
    rows, cols, sizes = np.array([one[1:4] for one in strokes]).reshape(-1, 3).T
    away = np.abs(rows - rows[:, None])
    aside = np.abs(cols - cols[:, None])
    goes_on = (away < CONFIG.apart * sizes) & (aside < CONFIG.aside * sizes + CONFIG.lean * away)
    goes_on |= goes_on.T
    labels, before = np.arange(len(strokes)), None
    while before is None or (labels != before).any():
        before = labels
        labels = np.where(goes_on, labels, len(labels)).min(axis=1, initial=len(labels))
    between = np.array([one.white is not None for one in strokes], dtype=bool)
    shares = np.array([between[labels == label].mean() for label in labels])
    return shares >= CONFIG.most


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


def _strokes(
    darkness: NDArray[np.float32], number: int, line: TextLine, standing: list[tuple[int, int]]
) -> Iterator[_Stroke]:
    """What stands upright through a line, of that number, but for what stands at its ends."""
    size = line.x_height
    near = max(1, round(CONFIG.slant * size))
    cols, letters = _around(darkness, line, -CONFIG.over, CONFIG.foot)
    inked = np.asarray((letters > CONFIG.inked).any(axis=0))
    white, least = max(1, round(CONFIG.white * size)), CONFIG.least * size
    start, stop = 0, len(inked) - least  # of what may be cut off
    for first, last in standing:
        if first < least or last > stop:
            continue
        beside = inked[first - white : first], inked[last : last + white]
        before, behind = np.flatnonzero(inked[:first]), last + np.flatnonzero(inked[last:])
        parts = (
            last - first <= CONFIG.thick * size + 2 * near
            and min(part.mean() for part in beside) <= CONFIG.specks
            and len(before)
            and len(behind)
            and start + least <= before[-1]
            and behind[0] <= stop
        )
        if parts:
            start = int(behind[0])
        col = float(cols[(first + last) // 2])
        row = float(np.interp(col, line.baseline[:, 1], line.baseline[:, 0]))
        ends = (float(cols[before[-1]]), float(cols[behind[0]])) if parts else None
        yield _Stroke(number, row, col, size, ends)


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
