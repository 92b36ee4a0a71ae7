"""From the boxes of characters to text lines: mean shift over their vertical positions.

The page's tilt and bend are taken out first, along the baselines that the page network saw, and
columns are grouped one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.medians import weighted_median
from ocr.layout.reading_order import reading_order
from ocr.layout.rows import page_slope
from ocr.layout.strips import TextLine
from ocr.letters.standing import Standing, standing


@dataclass(frozen=True)
class GroupConfig:
    """How characters make lines. Lengths are in letter heights.

    Those of an older version, whose choice was not kept; held to
    `tests/benchmarks/course_photos.py` and the row "clean" of `tests/benchmarks/pages.py`.

    Attributes
    ----------
    bandwidth : float
        Radius of the mean shift's kernel.
    sign : float
        What is lower, such as a comma or a quotation mark, joins a line but makes none; where it
        is known how the lines run, that is what does not reach over the middle of its line.
    """

    bandwidth: float = 0.6
    sign: float = 0.42


CONFIG = GroupConfig()


def group_lines(
    boxes: NDArray[np.intp],
    lines: Sequence[TextLine] = (),
) -> list[NDArray[np.intp]]:
    """Group the characters of a page into text lines.

    Parameters
    ----------
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` a character, in any order.
    lines : sequence of TextLine, optional
        What the page network saw, in the same pixels; without it the page is taken to be straight
        and of one column.

    Returns
    -------
    list of int arrays
        One array a line, in reading order: top to bottom, columns one after the other. Each
        holds indices into `boxes`, left to right.

    Examples
    --------
    >>> rows = [[0, 0, 10, 8], [31, 12, 41, 20], [30, 0, 40, 8], [1, 12, 11, 20]]
    >>> [line.tolist() for line in group_lines(np.array(rows))]
    [[0, 3], [2, 1]]
    """
    boxes = np.asarray(boxes, dtype=np.intp).reshape(-1, 4)
    if not len(boxes):
        return []
    size = letter_height(boxes)
    letter = boxes[:, 2] - boxes[:, 0] >= CONFIG.sign * size
    level = (boxes[:, 0] + boxes[:, 2]) / 2
    block: NDArray[np.intp] = np.zeros(len(boxes), dtype=np.intp)
    if lines:
        stand = standing(boxes, lines)
        letter = (stand.foot > 0) & (2 * stand.below - stand.foot < 0)
        level, block = straightened(stand, lines)
    middle = boxes[:, 1] + boxes[:, 3]
    out = []
    for number in np.unique(block):
        members = np.flatnonzero(block == number)
        letters = letter[members] if letter[members].any() else np.ones(len(members), dtype=bool)
        line = mean_shift(level[members], letters, CONFIG.bandwidth * size)
        rows = [members[line == k] for k in np.unique(line)]
        rows.sort(key=lambda row: float(level[row].mean()))
        out += [row[np.argsort(middle[row], kind="stable")] for row in rows]
    return out


def mean_shift(
    level: NDArray[np.float64], letters: NDArray[np.bool_], bandwidth: float
) -> NDArray[np.intp]:
    """Clusters of levels, found among the letters; signs join the nearest.

    Parameters
    ----------
    level : (N,) float array
    letters : (N,) bool array
        At least one.
    bandwidth : float
        Above 0.

    Returns
    -------
    (N,) int array
        Numbers of clusters.
    """
    from sklearn.cluster import MeanShift  # late: it takes a while, and only this way needs it

    column = level[:, None]
    seeds = bandwidth * np.unique(np.round(level[letters] / bandwidth))[:, None]
    shift = MeanShift(bandwidth=bandwidth, seeds=seeds).fit(column[letters])
    return np.asarray(shift.predict(column), dtype=np.intp)


def straightened(
    stand: Standing, lines: Sequence[TextLine]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Vertical positions of characters on a page made straight, and their blocks of text.

    A row of text lines lies at one level, that of its middle; a character lies as far off it as it
    does from its own line, in the usual x-heights of the page.

    Parameters
    ----------
    stand : Standing
        Of the N characters in `lines`.
    lines : sequence of TextLine

    Returns
    -------
    level : (N,) float array
        Pixels.
    block : (N,) int array
        From 0 in reading order.
    """
    slope = page_slope(lines)
    row_level, block = np.empty(len(lines)), np.empty(len(lines), dtype=np.intp)
    for number, rows in enumerate(reading_order(lines)):
        for row in rows:
            points = [lines[k].baseline - (lines[k].x_height / 2, 0) for k in row]
            row_level[row] = np.mean([np.mean(p[:, 0] - slope * p[:, 1]) for p in points])
            block[row] = number
    usual = float(np.median([line.x_height for line in lines]))
    return row_level[stand.line] + usual * stand.below, block[stand.line]


def letter_height(boxes: NDArray[np.intp]) -> float:
    """Median height of the boxes that are not signs, in pixels."""
    heights = (boxes[:, 2] - boxes[:, 0]).astype(float)
    typical = weighted_median(heights, heights)
    return float(np.median(heights[heights >= CONFIG.sign * typical]))
