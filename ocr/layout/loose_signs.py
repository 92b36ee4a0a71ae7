"""Signs that stand by themselves on a page, away from its lines, such as the number of a page.

The network hardly sees a single letter or digit that is alone on its line, a 1 or a 7 least of all.
So what is as large and as dark as a letter and stands by itself may be one; what it says must tell
whether it is, see `ocr.lines.engine.LinesEngine.find`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.medians import weighted_median
from ocr.layout.strips import TextLine
from ocr.layout.strokes import stroke_width


@dataclass(frozen=True)
class LooseSignConfig:
    """What may be a sign by itself. Lengths are in x-heights of the page. Set by hand.

    Attributes
    ----------
    speck : float
        Pieces of ink neither as high nor as wide do not count, nor do those too large for a sign,
        as the edge of a sheet.
    pieces, most : int
        Most pieces away from lines, and most signs of them: more are a texture or a drawing.
    joined : float
        Pieces nearer to each other are one sign, as a mark of interrogation and its dot.
    lowest, highest, widest : float
    thin, thick : float
        How wide its strokes are, in widths of those of the lines.
    dark : float
        How dark it is, in shares of the ink of the lines.
    rise : float
        Most that a sign is high above its baseline; one that is higher has larger small letters.
    beside : float
        How far its baseline reaches beyond its ink, so that it is not cut.
    score : float
        How surely it is taken to be writing, see `TextLine`.
    """

    speck: float = 0.2
    pieces: int = 60
    most: int = 4
    joined: float = 0.5
    lowest: float = 0.9
    highest: float = 3.0
    widest: float = 2.5
    thin: float = 0.5
    thick: float = 2.0
    dark: float = 0.75
    rise: float = 2.2
    beside: float = 0.25
    score: float = 0.5


CONFIG = LooseSignConfig()


def loose_signs(
    darkness: NDArray[np.float32],
    ink: NDArray[np.bool_],
    boxes: NDArray[np.intp],
    bands: NDArray[np.bool_],
    lines: Sequence[TextLine],
) -> list[TextLine]:
    """What may be signs by themselves.

    Parameters
    ----------
    darkness : (H, W) float32 array
    ink : (H, W) bool array
        What of it is ink.
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` around each of its connected pieces.
    bands : (H, W) bool array
        Where the letters of lines are or may be.
    lines : sequence of TextLine
        In these pixels.
    """
    if not lines:
        return []
    widths = np.array([np.ptp(line.baseline[:, 1]) for line in lines])
    x_height = weighted_median(np.array([line.x_height for line in lines]), widths)
    most = (CONFIG.highest * x_height, CONFIG.widest * x_height)
    free = pieces_beside(boxes, bands, CONFIG.speck * x_height, most)
    if not 0 < len(free) <= CONFIG.pieces:
        return []
    usual = ink & bands
    stroke, dark = stroke_width(usual), float(darkness[usual].mean()) if usual.any() else np.inf
    signs = []
    near = (CONFIG.joined * x_height,) * 2
    for y1, x1, y2, x2 in joined(free.tolist(), near):
        high, wide = (y2 - y1) / x_height, (x2 - x1) / x_height
        inside = y1 > 1 and x1 > 1 and y2 < ink.shape[0] - 1 and x2 < ink.shape[1] - 1
        sized = CONFIG.lowest <= high <= CONFIG.highest and wide <= CONFIG.widest
        if not inside or not sized or bands[y1:y2, x1:x2].any():
            continue
        part = ink[y1 - 1 : y2 + 1, x1 - 1 : x2 + 1]
        if not CONFIG.thin * stroke <= stroke_width(part) <= CONFIG.thick * stroke:
            continue
        if darkness[y1 - 1 : y2 + 1, x1 - 1 : x2 + 1][part].mean() < CONFIG.dark * dark:
            continue
        own = x_height * max(1.0, high / CONFIG.rise)
        middle, half = (x1 + x2) / 2, max(x2 - x1, own) / 2 + CONFIG.beside * own
        points = np.array([[y2 - 1, middle - half], [y2 - 1, middle + half]], dtype=np.float64)
        signs.append(TextLine(points, own, CONFIG.score))
    return signs if len(signs) <= CONFIG.most else []


def pieces_beside(
    boxes: NDArray[np.intp],
    bands: NDArray[np.bool_],
    speck: float,
    most: tuple[float, float],
) -> NDArray[np.intp]:
    """The boxes (N, 4) that are larger than a speck, no higher and wider than `most`, in no band.

    `bands` is (H, W), where the letters of lines are or may be.
    """
    sizes = boxes[:, 2:] - boxes[:, :2]
    middles = (boxes[:, :2] + boxes[:, 2:]) // 2
    free = (sizes >= speck).any(axis=1) & (sizes <= most).all(axis=1)
    return boxes[free & ~bands[middles[:, 0], middles[:, 1]]]


def grouped(pieces: NDArray[np.intp], near: tuple[float, float]) -> list[tuple[list[int], int]]:
    """Boxes (N, 4), those near each other as one, see `joined`, with how many lie in each."""
    middles = (pieces[:, :2] + pieces[:, 2:]) // 2
    return [
        (box, int(((middles >= box[:2]) & (middles < box[2:])).all(axis=1).sum()))
        for box in joined(pieces.tolist(), near)
    ]


def joined(boxes: list[list[int]], near: tuple[float, float]) -> list[list[int]]:
    """Boxes, those that are as near each other as that, down and across, as one."""
    done: list[list[int]] = []
    for box in boxes:
        apart = []
        for other in done:
            gaps = (max(box[k], other[k]) - min(box[k + 2], other[k + 2]) for k in (0, 1))
            if any(gap > most for gap, most in zip(gaps, near, strict=True)):
                apart.append(other)
            else:
                box = [*map(min, box[:2], other[:2]), *map(max, box[2:], other[2:])]
        done = [*apart, box]
    return done
