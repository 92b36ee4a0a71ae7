"""Which way up a page is, decided by its letters, for the whole page at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.binarize import components
from ocr.classifiers import Classifier
from ocr.context import shapes
from ocr.find_letters import SMALL, Segmentation, label_boxes
from ocr.glyphs import glyph_stack
from ocr.page import Page, map_page

if TYPE_CHECKING:
    from ocr.sheet import Picture

SAMPLE = 48  # letters that vote; a page's first ones would all be of one line
FEWEST = 12  # letters: fewer do not turn a page
WIDEST = 1.8  # of the usual longer side: larger ink is joined writing and cannot vote
SURELY_UPRIGHT = -0.06  # mean log confidence from which the other ways are not tried
LEGIBLE = -0.2  # mean log confidence below which no way up reads well: joined writing cannot tell
EVIDENCE = 0.075  # nats a letter by which another way up must read better
FIRST = 3  # every so manieth letter of the sample is tried first in the other ways,
SLACK = 0.15  # nats: all in the likeliest one, but only if these come as near to the evidence


def quarter_turns(found: Segmentation, classifier: Classifier) -> int:
    """How often a page must be turned to the left, as `numpy.rot90` turns, to stand upright.

    A sample of its letters is classified, some of it in all four ways; upright letters are
    recognised more surely than lying ones, look-alikes counted together. Without clear evidence
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

    def sureness(glyphs: NDArray[np.float32], turns: int) -> NDArray[np.float64]:
        turned = np.ascontiguousarray(np.rot90(glyphs, turns, axes=(1, 2)))
        best = (classifier.predict_proba(turned) @ alike).max(axis=1)
        return np.log(np.maximum(best.astype(np.float64), 1e-3))

    each = sureness(glyphs, 0)
    upright = float(each.mean())
    if upright > SURELY_UPRIGHT:
        return 0
    some = glyphs[::FIRST]
    others = [float(sureness(some, turns).mean()) for turns in (1, 2, 3)]
    likeliest = int(np.argmax(others)) + 1
    if max(others) < max(float(each[::FIRST].mean()) + EVIDENCE, LEGIBLE) - SLACK:
        return 0
    other = float(sureness(glyphs, likeliest).mean())
    return likeliest if other > max(upright + EVIDENCE, LEGIBLE) else 0


class Turned:
    """A photo turned to the left by some quarter turns; the same interface as `Photo`."""

    def __init__(self, photo: Picture, turns: int) -> None:
        self.photo, self.turns = photo, turns
        self.name = photo.name
        sides = (photo.height, photo.width)
        self.height, self.width = sides if turns % 2 == 0 else sides[::-1]

    def grey(self, long_side: int) -> NDArray[np.float32]:
        return np.ascontiguousarray(np.rot90(self.photo.grey(long_side), self.turns))


def turn_back(page: Page, turns: int, height: int, width: int) -> Page:
    """A page read from a photo turned by `turns`, in coordinates of the photo itself.

    Parameters
    ----------
    page : Page
        In coordinates of the turned photo.
    turns : int
        Quarter turns to the left that the photo was given.
    height, width : int
        Pixels of the photo before.

    Returns
    -------
    Page
        Its `transform` leads from the photo to the page as read.
    """
    # (row, col, 1) of the turned photo to those of the photo, edges of pixels and not centres
    back = {
        0: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        1: ((0, 1, 0), (-1, 0, width), (0, 0, 1)),
        2: ((-1, 0, height), (0, -1, width), (0, 0, 1)),
        3: ((0, -1, height), (1, 0, 0), (0, 0, 1)),
    }[turns % 4]
    return map_page(page, back, height, width)
