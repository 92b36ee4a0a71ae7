"""Which ink of a strip belongs to which of the letters read from it, and where that is on the page.

The recognizer tells only about where along the line a letter stands. Borders between letters are
laid where they part the ink best and each letter still comes to lie where it was read: the cheapest
row of cuts, found by dynamic programming (Casey and Lecolinet, "A survey of methods and strategies
in character segmentation", IEEE PAMI 18(7), 1996, section 2.2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ocr.layout.strips import BASELINE_ROW, X_HEIGHT, Strip
from ocr.line_letters import assign_ink

INKED = 0.38  # darkness of a strip from which a pixel is ink
LETTER_HEIGHT = 1.5 * X_HEIGHT  # pixels, of a capital
RULE_WIDTH = 6.0  # x-heights: a flat piece of ink at least so wide is a rule
RULE_HEIGHT = 0.45  # x-heights, the most that a rule is high
EDGE = 0.25  # x-heights: ink that begins within this of the upper or lower edge and stays
NEIGHBOR = 0.6  # beyond this many x-heights above or below the letters' rows is a neighbor's


def strip_letter_boxes(strip: Strip, spans: NDArray[np.float64]) -> NDArray[np.int64]:
    """Boxes around the ink of each letter of a line.

    Parameters
    ----------
    strip : Strip
    spans : (n, 2) float array
        Columns of the strip in which each letter was read, ascending.

    Returns
    -------
    (n, 4) int array
        ``[y1, x1, y2, x2]`` in pixels of the page; of a letter without ink of its own, around the
        height of the small letters in its span.
    """
    if not len(spans):
        return np.zeros((0, 4), dtype=np.int64)
    parts, count = own_ink(strip.image)
    owners = assign_ink(parts, np.arange(count), spans, LETTER_HEIGHT)
    boxes = np.empty((len(spans), 4), dtype=np.int64)
    rows, cols = np.nonzero(owners >= 0)
    letters = owners[rows, cols]
    order = np.argsort(letters, kind="stable")
    inked, starts = np.unique(letters[order], return_index=True)
    if len(inked):
        # the four corners of each pixel: what lies on the page between them
        y, x = strip.places(rows[order], cols[order])
        step = np.abs(strip.down[cols[order]]).max(axis=1) / 2
        boxes[inked, 0] = np.floor(np.minimum.reduceat(y - step, starts))
        boxes[inked, 1] = np.floor(np.minimum.reduceat(x - step, starts))
        boxes[inked, 2] = np.ceil(np.maximum.reduceat(y + step, starts))
        boxes[inked, 3] = np.ceil(np.maximum.reduceat(x + step, starts))
    for letter in np.setdiff1d(np.arange(len(spans)), inked):
        left, right = spans[letter]
        corner_rows = np.array([BASELINE_ROW - X_HEIGHT, BASELINE_ROW - X_HEIGHT, BASELINE_ROW, BASELINE_ROW])
        y, x = strip.places(corner_rows, np.array([left, right, left, right]))
        boxes[letter] = (
            np.floor(y.min()), np.floor(x.min()), np.ceil(y.max()), np.ceil(x.max()),
        )  # fmt: skip
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    return boxes


def own_ink(image: NDArray[np.float32]) -> tuple[NDArray[np.int32], int]:
    """The connected pieces of a strip's ink that may be its letters', numbered from 1.

    Rules and what reaches in from the lines above and below are left out.
    """
    labels, count = ndimage.label(image > INKED, np.ones((3, 3)))
    keep = np.zeros(count + 1, dtype=np.int32)
    number = 0
    top = BASELINE_ROW - X_HEIGHT * (1 + NEIGHBOR)
    bottom = BASELINE_ROW + X_HEIGHT * NEIGHBOR
    for label, place in enumerate(ndimage.find_objects(labels), start=1):
        high, wide = place[0].stop - place[0].start, place[1].stop - place[1].start
        rule = wide > RULE_WIDTH * X_HEIGHT and high < RULE_HEIGHT * X_HEIGHT
        above = place[0].start <= EDGE * X_HEIGHT and place[0].stop < top
        below = place[0].stop >= len(image) - EDGE * X_HEIGHT and place[0].start > bottom
        if not (rule or above or below):
            number += 1
            keep[label] = number
    return keep[labels], number
