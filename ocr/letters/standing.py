"""Where marks stand in the text lines that the page network saw."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.layout.medians import weighted_median
from ocr.layout.strips import TextLine

STEP = 0.5  # x-heights between the points at which a line is sampled
LENGTHWISE = 0.5  # what a way along the lines counts for, of one across; set by hand


class Standing(NamedTuple):
    """Of N marks: the text line next to each, and how far below its middle, in its x-heights.

    The middle of a line is half an x-height above its baseline: letters end at 0.5.
    """

    line: NDArray[np.intp]
    below: NDArray[np.float64]  # the middle of the mark
    foot: NDArray[np.float64]  # its lower end


def standing(boxes: NDArray[np.intp], lines: Sequence[TextLine]) -> Standing:
    """The text line that each mark stands in: the one that runs nearest to its middle.

    Parameters
    ----------
    boxes : (N, 4) int array
    lines : sequence of TextLine
        At least one, in the pixels of `boxes`.
    """
    from scipy.spatial import cKDTree

    points, owners = [], []
    for number, line in enumerate(lines):
        base = line.baseline
        first, last = float(base[0, 1]), float(base[-1, 1])
        cols = np.linspace(first, last, 2 + int((last - first) / (STEP * line.x_height)))
        rows = np.interp(cols, base[:, 1], base[:, 0]) - line.x_height / 2
        points.append(np.stack([rows, cols], axis=1))
        owners.append(np.full(len(cols), number))
    samples, owner = np.concatenate(points), np.concatenate(owners)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    nearest = cKDTree(samples * (1, LENGTHWISE)).query(middles * (1, LENGTHWISE))[1]
    line_of = owner[nearest]
    x_height = np.array([line.x_height for line in lines])[line_of]
    row = samples[nearest, 0]
    return Standing(line_of, (middles[:, 0] - row) / x_height, (boxes[:, 2] - row) / x_height)


def letter_heights(
    boxes: NDArray[np.intp], line: NDArray[np.intp], lines: Sequence[TextLine]
) -> NDArray[np.float64]:
    """How high a letter is where each mark stands: the usual height of the marks of its line.

    Each mark counts by its height, so that dots do not pull it down; the answer lies between one
    and two x-heights.
    """
    heights = (boxes[:, 2] - boxes[:, 0]).astype(float)
    out = np.empty(len(lines))
    order = np.argsort(line)
    starts = np.searchsorted(line[order], np.arange(len(lines) + 1))
    for number, (start, stop) in enumerate(pairwise(starts.tolist())):
        own = heights[order[start:stop]]
        x_height = lines[number].x_height
        usual = weighted_median(own, own) if len(own) else x_height
        out[number] = np.clip(usual, x_height, 2 * x_height)
    return out[line]
