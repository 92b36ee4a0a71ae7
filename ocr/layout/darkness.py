"""Even out the light of a page: how much darker each pixel is than the paper around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

BLOCKS = 64  # blocks along the longer side whose means tell the paper
PAPER_WINDOW = 5  # blocks across which the brightest one is taken for paper
PAPER_BLUR = 2.5  # blocks, standard deviation of the smoothing of the paper
DARKEST_PAPER = 20.0 / 255  # darker paper is taken to be this bright


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
    paper = paper_brightness(grey)
    return np.clip(1 - grey / np.maximum(paper, DARKEST_PAPER), 0, 1).astype(np.float32)


def paper_brightness(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Brightness of the paper under each pixel of a page: (H, W) float32 in [0, 1]."""
    height, width = grey.shape
    block = max(1.0, max(height, width) / BLOCKS)
    size = (max(2, round(width / block)), max(2, round(height / block)))
    picture = Image.fromarray(np.uint8(np.clip(grey, 0, 1) * 255 + 0.5))
    small = picture.resize(size, Image.Resampling.BOX)
    small = small.filter(ImageFilter.MaxFilter(PAPER_WINDOW))
    small = small.filter(ImageFilter.GaussianBlur(PAPER_BLUR))
    paper = small.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(paper, dtype=np.float32) / np.float32(255)
