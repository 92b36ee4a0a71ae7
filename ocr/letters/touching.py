"""Cut characters apart where they may touch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class CutConfig:
    """Where a shape may be cut. Lengths are in letter heights, or strokes where it says so.

    Mostly those of an older version, whose choice was not kept; `wide` was raised until no W of
    `tests/benchmarks/course_photos.py` came apart. Held to that and to the row "clean" of
    `tests/benchmarks/pages.py`.

    Attributes
    ----------
    least_width, least_height : float
        Smaller shapes are one character.
    narrowest : float
        No character is narrower, and what is cut off is at least as high as half a letter.
    wide : float
        From this width on a shape looks like several characters, where its links are thin.
    thin, thinnest : float
        Strokes: links that may be cut are no thicker; those that look like a touch are thinner.
    """

    least_width: float = 0.75
    least_height: float = 0.5
    narrowest: float = 0.3
    wide: float = 1.6
    thin: float = 1.9
    thinnest: float = 1.35


CONFIG = CutConfig()


def cut_touching(
    labels: NDArray[np.int32],
    boxes: NDArray[np.intp],
    sizes: NDArray[np.float64],
    stroke: float,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Cut characters where they may touch, in place.

    Parameters
    ----------
    labels : (H, W) int32 array
        One label a character so far, 1 to M; afterwards one a part, 1 to P.
    boxes : (M, 4) int array
    sizes : (M,) float array
        Height in pixels of a letter where each stands.
    stroke : float
        Width of the strokes in pixels.

    Returns
    -------
    origin : (P,) int array
        The character that each part was cut from; part k < M is the left end of character k.
    links : (K, 2) int array
        Parts side by side that were one, the left one first.
    joined : (K,) bool array
        Whether they look like one character: not much wider than a letter, or linked by more than
        a thin stroke.
    """
    origin = list(range(len(boxes)))
    links: list[tuple[int, int]] = []
    joined: list[bool] = []
    heights, widths = (boxes[:, 2:] - boxes[:, :2]).T / sizes
    large = (widths >= CONFIG.least_width) & (heights >= CONFIG.least_height)
    for index in np.flatnonzero(large).tolist():
        y1, x1, y2, x2 = boxes[index].tolist()
        here = labels[y1:y2, x1:x2]
        own = here == index + 1
        size = float(sizes[index])
        cuts = cut_columns(own, size, CONFIG.thin * stroke + 1, CONFIG.narrowest)
        if not cuts:
            continue
        sure: list[int] = []
        if widths[index] >= CONFIG.wide:
            sure = cut_columns(own, size, CONFIG.thinnest * stroke + 1, CONFIG.narrowest)
        left = index
        for start, stop in pairwise([*cuts, x2 - x1]):
            part = len(origin)
            origin.append(index)
            here[:, start:stop][own[:, start:stop]] = part + 1
            links.append((left, part))
            joined.append(not any(abs(start - column) <= stroke for column in sure))
            left = part
    return (
        np.array(origin, dtype=np.intp),
        np.array(links, dtype=np.intp).reshape(-1, 2),
        np.array(joined, dtype=bool),
    )


def cut_columns(
    own: NDArray[np.bool_], letter_height: float, thickest: float, narrowest: float = 0.3
) -> list[int]:
    """Columns at which one shape may be cut, in order.

    There the ink is a single run no thicker than `thickest` pixels, with a letter's worth of ink
    on both sides: at least `narrowest` letter heights wide and half of one high.
    """
    height, width = own.shape
    least = narrowest * letter_height
    inner = slice(math.ceil(least), max(0, math.floor(width - least) + 1))
    extent = own.sum(axis=0)  # of the ink, where it is a single run
    thin = (extent > 0) & (extent <= thickest)
    if not thin[inner].any():
        return []
    thin &= own[0] + (own[1:] > own[:-1]).sum(axis=0) == 1
    if not thin[inner].any():
        return []
    top = np.where(extent > 0, own.argmax(axis=0), height)
    below = np.where(extent > 0, own[::-1].argmax(axis=0), height)
    edges = np.flatnonzero(np.diff(thin, prepend=False, append=False)).tolist()
    highest = np.minimum.accumulate(top[::-1])[::-1]  # of the ink from a column on
    lowest = np.minimum.accumulate(below[::-1])[::-1]
    cuts: list[int] = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        start = cuts[-1] if cuts else 0
        thinnest = np.flatnonzero(extent[first:last] <= extent[first:last].min() + 1)
        middle = first + int(thinnest[len(thinnest) // 2])
        if min(middle - start, width - middle) < least:
            continue
        left = height - int(below[start:middle].min()) - int(top[start:middle].min())
        right = height - int(lowest[middle]) - int(highest[middle])
        if min(left, right) > 0.5 * letter_height:
            cuts.append(middle)
    return cuts
