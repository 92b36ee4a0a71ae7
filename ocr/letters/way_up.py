"""Which way up a page is, decided by its letters, for the whole page at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.layout.pixels import components
from ocr.letters.classifiers.base import Classifier
from ocr.letters.context import shapes
from ocr.letters.find_letters import SMALL, Segmentation, label_boxes
from ocr.letters.glyphs import glyph_stack

SAMPLE = 48  # letters that vote; a page's first ones would all be of one line
FEWEST = 12  # letters: fewer do not turn a page
WIDEST = 1.8  # of the usual longer side: larger ink is joined writing and cannot vote
SURELY_UPRIGHT = -0.06  # mean log confidence from which the other ways are not tried
LEGIBLE = -0.2  # mean log confidence below which no way up reads well: joined writing cannot tell
EVIDENCE = 0.075  # nats a letter by which another way up must read better
FIRST = 3  # one in so many letters of the sample is tried first in the other ways,
SLACK = 0.15  # nats: all in the likeliest one, but only if these come as near to the evidence


def quarter_turns(found: Segmentation, classifier: Classifier) -> int:
    """How often a page must be turned to the left, as `numpy.rot90` turns, to stand upright.

    A sample of its letters is classified, some of it in all four ways; upright letters are
    recognized more surely than lying ones, look-alikes counted together. Without clear evidence
    the answer is 0. The letters are connected ink here, because how pieces are joined supposes an
    upright page.

    Parameters
    ----------
    found : Segmentation
        Of the page as it is.
    classifier : Classifier

    Returns
    -------
    int
        0, 1, 2 or 3.
    """
    labels = components(found.labels > 0)
    boxes = label_boxes(labels)
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    usual = np.median(sides[sides > SMALL * found.letter_height])
    letters = np.flatnonzero((sides > SMALL * usual) & (sides < WIDEST * usual))
    if len(letters) < FEWEST:
        return 0
    if len(letters) > SAMPLE:
        letters = letters[np.linspace(0, len(letters) - 1, SAMPLE).astype(int)]
    crops = []
    for k in letters:
        y1, x1, y2, x2 = boxes[k]
        own = labels[y1:y2, x1:x2] == k + 1
        crops.append(np.where(own, found.grey[y1:y2, x1:x2], np.float32(1)))
    glyphs = glyph_stack(crops)
    alike = shapes(classifier.charset)

    def confidence(glyphs: NDArray[np.float32], turns: int) -> NDArray[np.float64]:
        turned = np.ascontiguousarray(np.rot90(glyphs, turns, axes=(1, 2)))
        best = (classifier.predict_proba(turned) @ alike).max(axis=1)
        return np.log(np.maximum(best.astype(np.float64), 1e-3))

    each = confidence(glyphs, 0)
    upright = float(each.mean())
    if upright > SURELY_UPRIGHT:
        return 0
    some = glyphs[::FIRST]
    others = [float(confidence(some, turns).mean()) for turns in (1, 2, 3)]
    likeliest = int(np.argmax(others)) + 1
    if max(others) < max(float(each[::FIRST].mean()) + EVIDENCE, LEGIBLE) - SLACK:
        return 0
    other = float(confidence(glyphs, likeliest).mean())
    return likeliest if other > max(upright + EVIDENCE, LEGIBLE) else 0
