"""The light on a page: light on dark, even light, what shows through, dark surroundings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ocr.layout.pixels import (
    FloatImage,
    Mask,
    around_any,
    components,
    dilated,
    edge_steps,
    median_of_nine,
    opened,
    reduced,
    resize,
    to_grey,
)

SHEET_SIDE = 160  # px, longer side of the copy on which paper and light are estimated
TILE = 12  # px of a small copy on which it is told whether writing is dark or light
STEP = 0.1  # of white: the ground of neighboring tiles differs by less, or there is an edge
LEAST_MARK = 0.03  # of white: less than this off its ground nothing is writing there
CLEARLY = 2.0  # times as much light on dark as dark on light, or nothing is turned
SHADE = 0.06  # of white: what is darker than paper by this much may show through
DEEP = 0.3  # of white: nothing that shows through is darker than paper by more
STEEP = 0.155  # of white over four pixels: edges of ink are as steep
BLURRED = 0.0025  # of the page: less that is dark and blurred is left alone
IN_FOCUS = 0.63  # of the ink's darkness: its edges are as steep, or the photo is blurred
SURROUNDINGS = 1 / 50  # of the longer side: dark areas thicker than this are not writing


def light_on_dark(rgb: NDArray[np.uint8]) -> bool:
    """Whether a picture's writing is lighter than its ground: chalk, a negative.

    The picture is cut into tiles, and in each the deviations from its median are added up by
    sign: most of a tile is ground, and writing deviates to one side. Tiles that differ much from
    their neighbors hold the edge of something and do not count.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 array
        The picture, reduced to some hundred pixels.
    """
    grey = to_grey(rgb)
    tile = min(TILE, *grey.shape)
    rows, cols = (side // tile for side in grey.shape)
    cut = grey[: rows * tile, : cols * tile].reshape(rows, tile, cols, tile)
    tiles = cut.swapaxes(1, 2).reshape(rows, cols, -1)
    ground = np.median(tiles, axis=2)
    step = ndimage.maximum_filter(ground, 3) - ndimage.minimum_filter(ground, 3)
    off = tiles - ground[..., np.newaxis]
    off = off[step < STEP] if (step < STEP).any() else off
    above = float(np.maximum(off - LEAST_MARK, 0).sum())
    below = float(np.maximum(-off - LEAST_MARK, 0).sum())
    return above > CLEARLY * below and above > 0


def even_light(grey: FloatImage) -> FloatImage:
    """Divide by the paper's own brightness, estimated around each pixel.

    The paper is what remains when everything dark and narrower than a twelfth of the picture (a
    fourth of a narrow strip's height) is closed: a grey closing of a reduced copy, smoothed.
    Result in [0, 1], paper 1.
    """
    small = reduced(grey, SHEET_SIDE / max(grey.shape))
    window = max(3, round(min(max(small.shape) / 12, min(small.shape) / 4)))
    paper = ndimage.grey_closing(median_of_nine(small), size=(window, window))
    paper = ndimage.gaussian_filter(paper, window / 3, mode="nearest")
    even = grey / resize(np.maximum(paper, np.float32(0.02)), grey.shape)
    return np.minimum(even, np.float32(1), out=even)


def without_show_through(even: FloatImage) -> FloatImage:
    """The page without what is dark, faint and blurred: the other side's ink, smudges, shadows.

    Paper scatters what shines through it, so that its edges are soft where those of ink are sharp
    or at least steep. Where more than `BLURRED` of a page is darker than paper and away from
    steep edges, that is taken for the paper's own brightness, filled in below the ink from around
    it, and divided out; but not where the darkest ink is out of focus as well. Measured at half
    the size.

    Parameters
    ----------
    even : (H, W) float32 array
        Grey with even light, letters about `ocr.letters.find_letters.LETTER_HEIGHT` high or less.

    Returns
    -------
    (H, W) float32 array
        `even` itself where there is no such thing.
    """
    small = np.ascontiguousarray(even[::2, ::2])
    paper = np.float32(np.median(small[::4, ::4]))
    steps = edge_steps(small)
    deep = small < paper - DEEP
    ground = ~around_any(np.pad((steps > STEEP) | deep, 2), 5)
    if np.mean(ground & (small < paper - SHADE)) < BLURRED:
        return even
    if deep.mean() > BLURRED / 10:
        full = paper - float(np.percentile(small[deep], 10))
        if np.percentile(steps[dilated(deep, 3)], 90) < IN_FOCUS * full:
            return even
    near, weight = _mean_over(small, ground, 1.5)
    far, _ = _mean_over(small[::4, ::4], ground[::4, ::4], 1.5)
    shade = np.where(weight > 0.02, near, resize(far, small.shape))
    shade = resize(np.clip(shade, paper - DEEP, paper), even.shape)
    return np.clip(even * (paper / shade), 0.0, 1.0)


def _mean_over(values: FloatImage, where: Mask, sigma: float) -> tuple[FloatImage, FloatImage]:
    """Gaussian mean of the values around each pixel that count, and the weight of these."""
    weight = ndimage.gaussian_filter(where.astype(np.float32), sigma, truncate=3)
    total = ndimage.gaussian_filter(np.where(where, values, np.float32(0)), sigma, truncate=3)
    return np.where(weight > 0, total / np.maximum(weight, 1e-6), 1).astype(np.float32), weight


def surroundings(dark: Mask) -> Mask:
    """What is dark because it is not the page: the desk, a frame, a shadowed margin.

    Dark areas that are connected with the border of the picture, as far as they are thicker than
    `SURROUNDINGS` of its longer side, which no pen is.
    """
    thick = max(3, round(SURROUNDINGS * max(dark.shape)))
    step = max(1, thick // 6)
    coarse = dark[::step, ::step]
    size = max(2, thick // step)
    if not any(side.any() for side in (coarse[0], coarse[-1], coarse[:, 0], coarse[:, -1])):
        return np.zeros_like(dark)
    core = opened(coarse, size)
    if not core.any():
        return np.zeros_like(dark)
    marks = components(coarse)
    outer = np.zeros(int(marks.max()) + 1, dtype=bool)
    for side in (marks[0], marks[-1], marks[:, 0], marks[:, -1]):
        outer[side] = True
    outer[0] = False
    core &= outer[marks]
    grown = dilated(core, size + 1)  # what touches it from afar is writing
    height, width = dark.shape
    return np.repeat(np.repeat(grown, step, axis=0), step, axis=1)[:height, :width] & dark
