"""Shadows that are finer than the light that is evened out for every page: of blinds, of leaves.

`ocr.layout.darkness` takes the brightest nearby for the paper, within a twelfth of the page, so
that bold letters are no paper. Stripes of shadow narrower than that look like ink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ocr.layout.darkness import ink_darkness
from ocr.layout.morphology import closed
from ocr.layout.page_network import line_bands
from ocr.layout.picture import Picture, Redrawn
from ocr.layout.strips import TextLine


@dataclass(frozen=True)
class FineShadowConfig:
    """When a picture has fine shadows, and how they are taken out. Set by hand.

    Attributes
    ----------
    side : int
        Longer side in pixels of the copy on which they are seen.
    blur, smooth : float
        Standard deviation in its pixels of the blur before and after writing is filled.
    stroke : int
        Its pixels, an odd number: what is dark and thinner is writing.
    dark : float
        How much darker than the paper around it a place in the shadow is.
    share : float
        Of its lines that must lie in such shadow.
    darkest : float
        Brightness that paper has at least, as a share of white.
    """

    side: int = 480
    blur: float = 1.0
    stroke: int = 9
    smooth: float = 2.0
    dark: float = 0.15
    share: float = 0.16
    darkest: float = 0.08


CONFIG = FineShadowConfig()


@dataclass(frozen=True)
class EvenlyLit(Redrawn):
    """A picture whose paper is white wherever it is, but for writing.

    Attributes
    ----------
    paper : (h, w) float32 array
        Brightness of the paper on a small copy.
    """

    paper: NDArray[np.float32]

    def grey(self, long_side: int) -> NDArray[np.float32]:
        grey = self.photo.grey(long_side)
        return np.minimum(grey / self._paper(grey.shape), np.float32(1))

    def rgb(self, long_side: int) -> NDArray[np.uint8]:
        rgb = self.photo.rgb(long_side)
        lit = rgb / self._paper(rgb.shape)[..., None]
        return np.minimum(np.round(lit), 255).astype(np.uint8)

    def _paper(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        size = (shape[1], shape[0])
        return np.asarray(Image.fromarray(self.paper).resize(size, Image.Resampling.BILINEAR))


def evenly_lit(picture: Picture) -> EvenlyLit:
    """A picture without its fine shadows."""
    return EvenlyLit(picture, _paper(picture))


def in_fine_shadow(picture: Picture, lines: Sequence[TextLine]) -> bool:
    """Whether fine shadows fall on the lines of a picture, given in its pixels."""
    shadow = ink_darkness(_paper(picture)) > CONFIG.dark
    scale = max(shadow.shape) / max(picture.height, picture.width)
    bands = line_bands(shadow.shape, [line.scaled(scale) for line in lines])
    return bool(bands.any() and shadow[bands].mean() >= CONFIG.share)


def _paper(picture: Picture) -> NDArray[np.float32]:
    """Brightness of the paper of a picture on a small copy."""
    grey = picture.grey(CONFIG.side)
    small = Image.fromarray(np.round(255 * np.clip(grey, 0, 1)).astype(np.uint8))
    blurred = np.asarray(small.filter(ImageFilter.GaussianBlur(CONFIG.blur)))
    filled = Image.fromarray(closed(blurred, CONFIG.stroke))
    small = filled.filter(ImageFilter.GaussianBlur(CONFIG.smooth))
    return np.maximum(np.asarray(small, np.float32) / 255, CONFIG.darkest)
