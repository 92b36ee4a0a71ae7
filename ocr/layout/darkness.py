"""Even out the light of a page: how much darker each pixel is than the paper around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


@dataclass(frozen=True)
class LightConfig:
    """How the brightness of the paper is estimated.

    How they were chosen is not known any more. Both networks were trained on pages whose light was
    evened out with these numbers, so another one asks for new weights.

    Attributes
    ----------
    blocks : int
        Along the longer side; their means tell the paper.
    window : int
        Blocks across which the brightest one is taken for paper.
    blur : float
        Blocks, standard deviation of the smoothing of the paper.
    darkest_paper : float
        Darker paper is taken to be this bright.
    """

    blocks: int = 64
    window: int = 5
    blur: float = 2.5
    darkest_paper: float = 20.0 / 255


CONFIG = LightConfig()

BAND = 1 << 17  # pixels that are worked on at a time


def ink_darkness(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Darkness of a page relative to its paper.

    The paper's brightness is the maximum of block means over a window of blocks, smoothed and
    interpolated: writing never fills a window, and light changes slowly.

    Parameters
    ----------
    grey : (H, W) float32 array
        0 black, 1 white, dark writing on lighter paper.

    Returns
    -------
    (H, W) float32 array
        0 where the page is as bright as its paper, 1 where it is black.
    """
    height, width = grey.shape
    paper = np.asarray(_paper(grey).resize((width, height), Image.Resampling.BILINEAR))
    darkness = np.empty(grey.shape, dtype=np.float32)
    for rows in _bands(grey.shape):
        bright = darkness[rows]
        bright[:] = paper[rows]
        bright /= 255
        np.maximum(bright, np.float32(CONFIG.darkest_paper), out=bright)
        np.divide(grey[rows], bright, out=bright)
        np.subtract(1, bright, out=bright)
        np.clip(bright, 0, 1, out=bright)
    return darkness


def _paper(grey: NDArray[np.float32]) -> Image.Image:
    """Brightness of the paper, a pixel for each block of a page."""
    height, width = grey.shape
    block = max(1.0, max(height, width) / CONFIG.blocks)
    size = (max(2, round(width / block)), max(2, round(height / block)))
    bright = np.empty(grey.shape, dtype=np.uint8)
    for rows in _bands(grey.shape):
        bright[rows] = np.clip(grey[rows], 0, 1) * np.float32(255) + np.float32(0.5)
    small = Image.fromarray(bright).resize(size, Image.Resampling.BOX)
    small = small.filter(ImageFilter.MaxFilter(CONFIG.window))
    return small.filter(ImageFilter.GaussianBlur(CONFIG.blur))


def _bands(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows of a page that are worked on at a time: getting much memory costs more than the sums."""
    height, width = shape
    step = max(1, BAND // width)
    for start in range(0, height, step):
        yield slice(start, min(start + step, height))
