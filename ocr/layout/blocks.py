"""Blocks of text in reading order: columns side by side are read one after the other.

A recursive cut of the page along white space, as XY-cut does it (Nagy and Seth 1984), with the
white corridors of Breuel (2002): columns may begin and end anywhere, under a heading that goes
over both. Only corridors that are surely between columns cut: tables, lists with their numbers at
the left and widely set words stay whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.intp]
Floats = NDArray[np.float64]

# Shares of the letter height.
CELL = 0.5  # of the raster on which white space is looked for
CORRIDOR = 1.4  # columns stand at least this far apart
LINE = 0.5  # lines whose middles are further apart than this are two
NARROWEST = 2.5  # median width of a column's lines: numbers and bullets are less
SIGN = 0.42  # what is lower makes no line
MARGIN = 0.3  # a letter may reach this far into the rows of the corridor without being in them

WORD_GAPS = (0.6, 4.0)  # what may be a gap between words, in letter heights
WIDER = 1.6  # times the usual word gap: columns stand at least this far apart
FEWEST = 3  # lines on each side: fewer are no columns
MOST = 0.5  # of the lines are beside the corridor, or the gap is a chance
MANY = 6  # lines: so many are no chance whatever the share
SAME_LEVEL = 0.3  # letter heights: lines left and right at one level may be rows of a table
TABLE = 0.9  # of the lines on either side having their like on the other make rows


def find_blocks(boxes: Boxes, slope: float, letter_height: float) -> list[NDArray[np.intp]]:
    """Divide the characters of a page into blocks.

    Parameters
    ----------
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` a character.
    slope : float
        Rows that the text lines fall for each column to the right.
    letter_height : float
        Pixels.

    Returns
    -------
    list of int arrays
        Indices into `boxes`, each once; the blocks in reading order.

    Examples
    --------
    >>> rows = [[y + x // 12, x, y + x // 12 + 10, x + 60] for x in (0, 100) for y in (0, 20, 40)]
    >>> [block.tolist() for block in find_blocks(np.array(rows), 0.0, 10.0)]
    [[0, 1, 2], [3, 4, 5]]
    """
    y1, x1, y2, x2 = boxes.astype(float).T / letter_height
    rows, cols = (y1 + y2) / 2, (x1 + x2) / 2
    level = np.stack([y1 - slope * cols, x1 + slope * rows, y2 - slope * cols, x2 + slope * rows])
    return _divided(level.T, np.arange(len(boxes)))


def _divided(boxes: Floats, members: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Blocks among `members` of boxes in letter heights, the tilt taken out."""
    corridor = _corridor(boxes[members])
    if corridor is None:
        return [members]
    top, bottom, left, right = corridor
    row, col = boxes[members][:, ::2].mean(axis=1), boxes[members][:, 1::2].mean(axis=1)
    above, below = row < top + MARGIN, row > bottom - MARGIN
    beside = ~above & ~below
    before = col < (left + right) / 2
    parts = (above, beside & before, beside & ~before, below)
    return [block for part in parts if part.any() for block in _divided(boxes, members[part])]


def _corridor(boxes: Floats) -> tuple[float, float, float, float] | None:
    """The tallest white rectangle between two columns: top, bottom, left, right, or None."""
    if len(boxes) < 2 * FEWEST:
        return None
    least = max(CORRIDOR, WIDER * _word_gap(boxes))
    top, left = boxes[:, 0].min(), boxes[:, 1].min()
    cells = (boxes - [top, left, top, left]) / CELL
    low, high = np.floor(cells[:, :2]).astype(int), np.ceil(cells[:, 2:]).astype(int)
    inked = np.zeros(high.max(axis=0) + 1, dtype=bool)
    for (y1, x1), (y2, x2) in zip(low, high, strict=True):
        inked[y1:y2, x1:x2] = True
    width = max(1, int(np.floor(least / CELL)))
    total = np.cumsum(np.pad(inked, ((0, 0), (1, 0))), axis=1)
    white = total[:, width:] == total[:, :-width]
    edges = np.diff(np.pad(white, ((1, 1), (0, 0))).astype(np.int8), axis=0)
    cols, starts = np.nonzero(edges.T == 1)
    heights = np.nonzero(edges.T == -1)[1] - starts
    order = np.lexsort((cols, -heights))
    runs = np.stack([heights, starts, cols], axis=1)[order]
    row, col = boxes[:, ::2].mean(axis=1), boxes[:, 1::2].mean(axis=1)
    tried = set()  # many white rectangles have the same letters beside them
    for height, y, x in runs.tolist():
        if height * CELL < FEWEST * LINE:
            break
        y1, y2 = top + CELL * y, top + CELL * (y + height)
        x1, x2 = left + CELL * x, left + CELL * (x + width)
        beside = (row > y1 + MARGIN) & (row < y2 - MARGIN)
        before, after = beside & (col < x1), beside & (col > x2)
        if min(before.sum(), after.sum()) < FEWEST:
            continue
        divided = before.tobytes() + after.tobytes()
        if divided not in tried and _are_columns(boxes, before, after):
            return y1, y2, x1, x2
        tried.add(divided)
    return None


def _are_columns(boxes: Floats, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> bool:
    """Whether the letters left and right of a white rectangle make columns of text."""
    sides = [_lines(boxes[before]), _lines(boxes[after])]
    if any(len(lines) < FEWEST for lines in sides):
        return False
    if any(np.median([_width(line) for line in lines]) < NARROWEST for lines in sides):
        return False
    most = max(len(lines) for lines in sides)
    if most < min(MANY, MOST * len(_lines(boxes))):
        return False
    return not _is_table(*sides)


def _is_table(left: list[Floats], right: list[Floats]) -> bool:
    """Whether two columns are cells of one table: rows at the same levels, single words."""
    levels = [np.array([_level(line) for line in lines]) for lines in (left, right)]
    near = np.abs(levels[0][:, None] - levels[1]) < SAME_LEVEL
    rows = min(near.any(axis=side).mean() for side in (0, 1))
    words = min(np.median([_words(line) for line in lines]) for lines in (left, right))
    return bool(rows > TABLE and words < 2)


def _lines(boxes: Floats) -> list[Floats]:
    """The letters among some boxes, those at one level together."""
    boxes = boxes[boxes[:, 2] - boxes[:, 0] > SIGN]
    if not len(boxes):
        return []
    boxes = boxes[np.argsort(boxes[:, ::2].mean(axis=1))]
    steps = np.diff(boxes[:, ::2].mean(axis=1))
    return np.split(boxes, np.flatnonzero(steps > LINE) + 1)


def _level(line: Floats) -> float:
    return float(np.median(line[:, ::2].mean(axis=1)))


def _width(line: Floats) -> float:
    return float(line[:, 3].max() - line[:, 1].min())


def _words(line: Floats) -> int:
    line = line[np.argsort(line[:, 1])]
    gaps = line[1:, 1] - np.maximum.accumulate(line[:, 3])[:-1]
    return 1 + int((gaps > WORD_GAPS[0]).sum())


def _word_gap(boxes: Floats) -> float:
    """Median gap between words, in letter heights; 0 if there are next to none."""
    y1, x1, y2, x2 = boxes.T
    shared = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    beside = shared > 0.3 * np.minimum((y2 - y1)[:, None], y2 - y1)
    after = np.where(beside & (x1 > x1[:, None]), x1 - x2[:, None], np.inf)
    gaps = after.min(axis=1, initial=np.inf)
    gaps = gaps[(gaps > WORD_GAPS[0]) & (gaps < WORD_GAPS[1])]
    return float(np.median(gaps)) if len(gaps) >= FEWEST else 0.0
