"""A letter or a short number that is all that a picture shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.connected import connected
from ocr.layout.strips import TextLine
from ocr.layout.strokes import stroke_width


@dataclass(frozen=True)
class ByItselfConfig:
    """When all the ink of a picture is taken for one line.

    Set by hand on pictures of one letter or of up to three digits by UNIPEN pens of the valid
    split, by a script that was not kept, and held to `tests/benchmarks/blanks.py`.

    Attributes
    ----------
    pieces : int
        Most pieces of ink: three digits and a sign, or a letter with its dots.
    speck : float
        Share of the largest piece's pixels up to which a piece is a speck.
    share : float
        Of the ink, that the others hold, none of which may touch the edge of the picture.
    high : float
        Share of the picture's longer side that the ink is high at least.
    thick : float
        Mean width of its strokes, in shares of its height: a blot or a silhouette is thicker.
    round, even : float
        How wide a piece is for its length, by its moments, from which it is a circle and no 0 if
        its ink is all about as far from its middle: how much that varies at most. Drawn rings of a
        cup are at 0.97 to 1 and 0.04 to 0.11, zeros that are as wide vary more.
    x_height : float
        Share of the ink's height: capitals and digits are higher than small letters.
    raised, beside : float
        How far the baseline is above the lowest ink, in shares of the height, and how far it
        reaches beyond the ink, in x-heights, so that it is not cut.
    score : float
        How surely it is taken to be writing, see `TextLine`: what it says must tell it.
    """

    pieces: int = 4
    speck: float = 0.02
    share: float = 0.9
    high: float = 1 / 16
    thick: float = 0.25
    round: float = 0.97
    even: float = 0.12
    x_height: float = 1 / 1.6
    raised: float = 0.02
    beside: float = 0.3
    score: float = 0.5


CONFIG = ByItselfConfig()


def by_itself(ink: NDArray[np.bool_]) -> TextLine | None:
    """All the ink of a picture as one line, or None if it is not that of a sign or a few.

    Parameters
    ----------
    ink : (H, W) bool array

    Returns
    -------
    TextLine or None
        In pixels of `ink`.
    """
    labels, boxes = connected(ink)
    sizes = np.bincount(labels.ravel(), minlength=len(boxes) + 1)[1:]
    large = sizes > CONFIG.speck * sizes.max(initial=0)
    if not 0 < large.sum() <= CONFIG.pieces or sizes[large].sum() < CONFIG.share * sizes.sum():
        return None
    (top, left), (bottom, right) = boxes[large, :2].min(axis=0), boxes[large, 2:].max(axis=0)
    inside = top > 0 and left > 0 and bottom < ink.shape[0] and right < ink.shape[1]
    height = float(bottom - top)
    if not inside or height < CONFIG.high * max(ink.shape):
        return None
    if stroke_width(ink[top - 1 : bottom + 1, left - 1 : right + 1]) > CONFIG.thick * height:
        return None
    if large.sum() == 1 and _is_circle(labels == 1 + np.flatnonzero(large)[0]):
        return None
    x_height = CONFIG.x_height * height
    row, beyond = bottom - CONFIG.raised * height, CONFIG.beside * x_height
    baseline = np.array([[row, left - beyond], [row, right + beyond]], dtype=np.float64)
    return TextLine(baseline, x_height, CONFIG.score)


def _is_circle(piece: NDArray[np.bool_]) -> bool:
    """Whether a piece of ink, (H, W), is a ring as round as no hand draws it."""
    points = np.argwhere(piece)
    away = points - points.mean(axis=0)
    radii = np.hypot(*away.T)
    shorter, longer = np.sqrt(np.linalg.eigvalsh(np.cov(away.T)))
    return bool(shorter >= CONFIG.round * longer and radii.std() <= CONFIG.even * radii.mean())
