"""Let the classifier decide where the shape alone cannot tell one character from two.

`ocr.letters.find_letters` leaves such places open: an upright stroke close to a letter may be its
missing side or an I, and a wide shape may be an M or two letters that touch. Each way of dividing
the parts is classified, and the one whose characters are recognized most surely wins
(over-segmentation with recognition, as in LeCun et al. 1998, doi:10.1109/5.726791, section VI).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ocr.letters.classifiers.base import Classifier
from ocr.letters.context import shapes
from ocr.letters.glyphs import glyph_stack
from ocr.letters.segmentation import Segmentation

WIDEST = 1.8  # letter heights: no character is wider
LEAST_WEIGHT = 0.3  # letter heights: a stroke counts as much as a part this wide
SHAPE_BONUS = 0.4  # nats times letter heights in favor of what the shape suggests, a boundary


def settle(found: Segmentation, classifier: Classifier) -> Segmentation:
    """Decide the doubts of a segmentation.

    Every row of doubtful parts is divided into characters so that the sum over its characters of
    width times log confidence is highest; confidence is that of the likeliest shape, look-alikes
    and cases counted together.

    Parameters
    ----------
    found : Segmentation
    classifier : Classifier

    Returns
    -------
    Segmentation
        The same parts, without doubts.
    """
    runs = [
        (row, i, j)
        for row in found.doubts
        for i in range(len(row))
        for j in range(i + 1, len(row) + 1)
        if j == i + 1 or _width(found, row[i:j]) <= WIDEST
    ]
    if not runs:
        return found
    glyphs = glyph_stack([found.glyph_of_parts(row[i:j]) for row, i, j in runs])
    proba = classifier.predict_proba(glyphs) @ shapes(classifier.charset)
    sure = np.log(np.maximum(proba.max(axis=1), 1e-4))
    worth = {(row, i, j): float(value) for (row, i, j), value in zip(runs, sure, strict=True)}
    owner = found.owner.copy()
    following = int(owner.max()) + 1
    for row in found.doubts:
        for i, j in _divided(found, row, worth):
            owner[list(row[i:j])] = following
            following += 1
    return found.regrouped(owner)


def _divided(
    found: Segmentation,
    row: tuple[int, ...],
    worth: dict[tuple[tuple[int, ...], int, int], float],
) -> list[tuple[int, int]]:
    """The best division of a row of parts into runs ``row[i:j]``, by dynamic programming."""
    weight = [max(_width(found, (part,)), LEAST_WEIGHT) for part in row]
    joined = [found.owner[a] == found.owner[b] for a, b in pairwise(row)]
    best: list[tuple[float, list[tuple[int, int]]]] = [(0.0, [])]
    for j in range(1, len(row) + 1):
        options = []
        for i in range(j):
            if (row, i, j) not in worth:
                continue
            score = best[i][0] + sum(weight[i:j]) * worth[row, i, j]
            score += SHAPE_BONUS * sum(joined[i : j - 1])
            score += SHAPE_BONUS * (i > 0 and not joined[i - 1])
            options.append((score, [*best[i][1], (i, j)]))
        best.append(max(options, key=lambda option: option[0]))
    return best[-1][1]


def _width(found: Segmentation, parts: tuple[int, ...]) -> float:
    """Width of some parts together, in letter heights."""
    boxes = found.part_boxes[list(parts)]
    return float(boxes[:, 3].max() - boxes[:, 1].min()) / float(found.sizes[list(parts)].max())
