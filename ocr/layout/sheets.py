"""Which lines of a picture stand on one sheet: notes on a wall, labels, the pages of a book.

Two lines stand on one sheet if the paper goes on from the one to the other, at least by way of
lines between. Where something else lies between them, a wall, a desk or the shade of a fold, the
color departs from the paper of both. At the edge of a shadow it goes from the one to the other, and
between two shadows the paper is lighter and of one hue with both.
Where notes of two colors touch it goes from one hue to another, at once, and unlike the color of a
highlighter that of a note reaches well beyond its lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.layout.morphology import closed
from ocr.layout.picture import Picture
from ocr.layout.strips import TextLine


@dataclass(frozen=True)
class SheetConfig:
    """When something lies between two lines. Set by hand on composed pictures of notes.

    Attributes
    ----------
    x_height : float
        Height in pixels of the small letters in the copy of the picture that is looked at.
    least, most : int
        Shortest and longest of its longer side.
    stroke : float
        x-heights; what is dark and thinner is ink or a rule and no edge of a sheet.
    departs : float
        Share of the paper's brightness by which what lies between differs from either line's paper.
    hue : float
        By which the primary colors of two papers differ in how much darker the one is, in shares of
        the lighter, up to which it may be one paper in light and shadow.
    ways : tuple of float
        Where the ways between two lines begin, as shares of the length at which they face each
        other: a shadow that falls across one of them lies beside another.
    wide : float
        x-heights that it is wide at least.
    tried : int
        From a line, so many ways to the nearest lines of other sheets are tried.
    large : float
        Times the usual that the letters of a line are large at most for it to be parted.
    beyond : float
        x-heights above and below the small letters of a line to which the color of a note reaches.
    near : float
        x-heights before and after a place amid a line that tell the color of the paper there.
    clean : float
        Share of the paper's brightness by which a place without ink is darker than without strokes,
        at most.
    """

    x_height: float = 6.0
    least: int = 160
    most: int = 800
    stroke: float = 0.9
    departs: float = 0.15
    hue: float = 0.1
    ways: tuple[float, ...] = (0.5, 0.1, 0.9)
    wide: float = 0.5
    tried: int = 8
    large: float = 1.5
    beyond: float = 1.2
    near: float = 3.0
    clean: float = 0.15


CONFIG = SheetConfig()


def sheets_of(picture: Picture, lines: Sequence[TextLine]) -> NDArray[np.int64]:
    """The sheet of each line: (N,) int64, numbers from 0.

    Parameters
    ----------
    picture : Picture
    lines : sequence of TextLine
        In its pixels.
    """
    if len(lines) < 2:
        return np.zeros(len(lines), dtype=np.int64)
    _, paper, scale, size = _look(picture, lines)
    boxes = np.array([line.scaled(scale).box for line in lines])
    colors = np.array([_color(paper, box) for box in boxes])
    reach = [_reaches(paper, *pair) for pair in zip(boxes, colors, strict=True)]
    wide = CONFIG.wide * size
    sheets, failed = np.arange(len(lines)), np.zeros(len(lines), dtype=int)
    pairs = np.triu_indices(len(lines), 1)
    for k in np.argsort(_distances(boxes)[pairs], kind="stable").tolist():
        i, j = int(pairs[0][k]), int(pairs[1][k])
        if sheets[i] == sheets[j] or max(failed[i], failed[j]) >= CONFIG.tried:
            continue
        if _goes_on(paper, boxes[[i, j]], colors[[i, j]], wide, reach[i] and reach[j]):
            sheets[sheets == sheets[j]] = sheets[i]
        else:
            failed[[i, j]] += 1
    return np.unique(sheets, return_inverse=True)[1]


def parted_by_sheets(
    picture: Picture, lines: Sequence[TextLine]
) -> tuple[list[TextLine], list[TextLine]]:
    """Lines that go on from one sheet to another, over what lies between, in parts of one each.

    Parameters
    ----------
    picture : Picture
    lines : sequence of TextLine
        In its pixels.

    Returns
    -------
    lines, between : lists of TextLine
        The parts, whole lines among them, and what lies between the parts of one.
    """
    if not lines:
        return [], []
    parts: list[TextLine] = []
    between: list[TextLine] = []
    look = _look(picture, lines)
    for line in lines:
        gaps = _gaps(*look, line)
        if not gaps:
            parts.append(line)
            continue
        ends = (line.baseline[0, 1], *chain(*gaps), line.baseline[-1, 1])
        pieces = [_part(line, *pair) for pair in pairwise(ends)]
        parts += pieces[::2]
        between += pieces[1::2]
    return parts, between


def _gaps(
    rgb: NDArray[np.uint8],
    paper: NDArray[np.float32],
    scale: float,
    size: float,
    line: TextLine,
) -> list[tuple[float, float]]:
    """The columns of the picture from and to which a line leaves its paper; see `_look`.

    The strokes of far larger letters than the usual are not cleared from the paper.
    """
    if line.x_height * scale > CONFIG.large * size:
        return []
    rows, cols = line.baseline.T * scale
    count = int(cols[-1] - cols[0])
    across = np.linspace(cols[0], cols[-1], max(count, 2))
    height, wide, near = line.x_height * scale, CONFIG.wide * size, round(CONFIG.near * size)
    y = np.interp(across, cols, rows)[None] - height * np.array([[1.0], [0.5], [0.0]])
    y = y.round().astype(int).clip(0, rgb.shape[0] - 1)
    x = across.round().astype(int).clip(0, rgb.shape[1] - 1)
    under = paper[y, x]
    light = np.median(under.max(axis=2))  # of the paper: a dark wall has grain
    inked = (under - rgb[y, x] > CONFIG.clean * light).any(axis=(0, 2))
    under = np.median(under, axis=0)

    def reaches(first: int, last: int, color: NDArray[np.float32]) -> bool:
        rows = y[[0, -1], first : last + 1]
        return _reaches(paper, np.array([rows[0].min(), x[first], rows[1].max(), x[last]]), color)

    gaps = []
    start = 0
    for stop, again in pairwise(np.flatnonzero(np.append(inked, True)).tolist()):
        if again - stop > wide and again < len(inked) and stop > start:
            before = under[max(start, stop - near) : stop + 1]
            after = under[again : again + near]
            colors = np.stack([np.median(side, axis=0) for side in (before, after)])
            way = under[stop + 1 : again]
            if _is_wall(way, colors, wide) or (
                _changes(way, colors, wide)
                and reaches(start, stop, colors[0])
                and reaches(again, min(again + near, len(x) - 1), colors[1])
            ):
                gaps.append((across[stop + 1] / scale, across[again] / scale))
                start = again
    return gaps


def _part(line: TextLine, left: float, right: float) -> TextLine:
    """A line from one column to another."""
    rows, cols = line.baseline.T
    inner = cols[(cols > left) & (cols < right)]
    at = np.array([left, *inner, right])
    return replace(line, baseline=np.stack([np.interp(at, cols, rows), at], axis=1))


def _look(
    picture: Picture, lines: Sequence[TextLine]
) -> tuple[NDArray[np.uint8], NDArray[np.float32], float, float]:
    """A small copy of a picture and the same without its ink, (H, W, 3).

    And its scale, and the height of small letters on it in pixels.
    """
    longer = max(picture.height, picture.width)
    usual = float(np.median([line.x_height for line in lines]))
    side = int(np.clip(longer * CONFIG.x_height / usual, CONFIG.least, CONFIG.most))
    rgb = picture.rgb(min(side, longer))
    scale = max(rgb.shape) / longer
    size = max(usual * scale, CONFIG.x_height)  # or blurred ink of small writing is paper
    return rgb, _paper(rgb, size), scale, size


def _paper(rgb: NDArray[np.uint8], x_height: float) -> NDArray[np.float32]:
    """A picture without its ink: what is dark and thin is filled by what is around it."""
    size = 2 * round(CONFIG.stroke * x_height / 2) + 1
    return closed(rgb, size).astype(np.float32)


def _color(paper: NDArray[np.float32], box: NDArray[np.float64]) -> NDArray[np.float32]:
    """The usual color of the paper in a box."""
    y1, x1, y2, x2 = np.round(box).astype(int)
    height, width = paper.shape[:2]
    y1, x1 = (int(np.clip(v, 0, s - 1)) for v, s in ((y1, height), (x1, width)))
    part = paper[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
    return np.median(part.reshape(-1, 3), axis=0)


def _distances(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Between the nearest points of any two boxes: (N, N)."""
    y1, x1, y2, x2 = boxes.T
    down = np.maximum(0, np.maximum(y1[:, None] - y2[None], y1[None] - y2[:, None]))
    across = np.maximum(0, np.maximum(x1[:, None] - x2[None], x1[None] - x2[:, None]))
    return np.hypot(down, across)


def _goes_on(
    paper: NDArray[np.float32],
    boxes: NDArray[np.float64],
    colors: NDArray[np.float32],
    wide: float,
    reach: bool,
) -> bool:
    """Whether the paper goes on from one of two boxes to the other, by one of the shortest ways.

    `reach` is whether the colors of both reach beyond their lines.
    """
    (y1, x1, y2, x2), (v1, u1, v2, u2) = boxes
    for share in CONFIG.ways:
        rows = _nearest(y1, y2, v1, v2, share)
        cols = _nearest(x1, x2, u1, u2, share)
        count = int(np.hypot(rows[1] - rows[0], cols[1] - cols[0])) + 2
        y = np.linspace(*rows, count).round().astype(int).clip(0, paper.shape[0] - 1)
        x = np.linspace(*cols, count).round().astype(int).clip(0, paper.shape[1] - 1)
        seen = paper[y, x]
        if not (_is_wall(seen, colors, wide) or (reach and _changes(seen, colors, wide))):
            return True
    return False


def _is_wall(seen: NDArray[np.float32], colors: NDArray[np.float32], wide: float) -> bool:
    """Whether what is seen on the way between two papers, (N, 3), is neither, for so many pixels.

    `colors` are those of the papers, (2, 3).
    """
    off = np.abs(seen[:, None] - colors[None]).max(axis=2)
    other = (off > CONFIG.departs * colors.max(axis=1)).all(axis=1)
    low, high = colors[np.argsort(colors.sum(axis=1))]
    if np.ptp(low / np.maximum(high, 1)) <= CONFIG.hue:
        other &= ~((low <= seen) & (seen <= high)).all(axis=1)
        lighter = seen / np.maximum(high, 1)
        one_hue = np.ptp(lighter, axis=1) <= CONFIG.hue * lighter.max(axis=1)
        other &= ~((lighter >= 1).all(axis=1) & one_hue)
    width = max(1, round(wide))
    return bool((np.convolve(other, np.ones(width)) >= width).any())


def _changes(seen: NDArray[np.float32], colors: NDArray[np.float32], wide: float) -> bool:
    """Whether the way between two papers, (N, 3), goes from one hue to another at once.

    `colors` are those of the papers, (2, 3).
    """
    step = max(1, round(wide))
    pairs = np.stack([seen[:-step], seen[step:]]) if len(seen) > step else colors[:, None]
    return bool((_differ(*colors) & _differ(*pairs)).any())


def _differ(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether colors, (..., 3), are of two hues, whatever the light: (...) bool."""
    far = np.abs(one - other).max(axis=-1) > CONFIG.departs * np.maximum(one, other).max(axis=-1)
    ratio = one / np.maximum(other, 1)
    span = ratio.max(axis=-1) - ratio.min(axis=-1)
    return far & (span > CONFIG.hue * np.maximum(1, ratio.max(axis=-1)))


def _reaches(
    paper: NDArray[np.float32], box: NDArray[np.float64], color: NDArray[np.float32]
) -> bool:
    """Whether the color of the paper in a box reaches well above and below it."""
    y1, x1, y2, x2 = box
    beyond = CONFIG.beyond * (y2 - y1)
    rows = (y1 - beyond, y2 + beyond)
    if rows[0] < 0 or rows[1] >= len(paper):
        return False
    seen = np.array([_color(paper, np.array([row, x1, row + 1, x2])) for row in rows])
    return bool((np.abs(seen - color).max(axis=1) <= CONFIG.departs * color.max()).all())


def _nearest(a1: float, a2: float, b1: float, b2: float, share: float) -> tuple[float, float]:
    """The points of two intervals that face each other.

    If they overlap, it is one point: that share of the way along what they have in common.
    """
    if a2 < b1:
        return a2, b1
    if b2 < a1:
        return a1, b2
    first, last = max(a1, b1), min(a2, b2)
    point = first + share * (last - first)
    return point, point
