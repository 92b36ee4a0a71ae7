"""Even out the light of a page: how much darker each pixel is than the paper around it."""

from __future__ import annotations

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
    # in place: a page is large, and getting memory costs as much as the sums
    darkness = paper_brightness(grey)
    np.maximum(darkness, np.float32(CONFIG.darkest_paper), out=darkness)
    np.divide(grey, darkness, out=darkness)
    np.subtract(1, darkness, out=darkness)
    return np.clip(darkness, 0, 1, out=darkness)


def paper_brightness(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Brightness of the paper under each pixel of a page: (H, W) float32 in [0, 1]."""
    height, width = grey.shape
    block = max(1.0, max(height, width) / CONFIG.blocks)
    size = (max(2, round(width / block)), max(2, round(height / block)))
    bright = np.clip(grey, 0, 1, dtype=np.float32)
    bright *= 255
    bright += 0.5
    picture = Image.fromarray(bright.astype(np.uint8))
    small = picture.resize(size, Image.Resampling.BOX)
    small = small.filter(ImageFilter.MaxFilter(CONFIG.window))
    small = small.filter(ImageFilter.GaussianBlur(CONFIG.blur))
    paper = np.array(small.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)
    paper /= 255
    return paper
