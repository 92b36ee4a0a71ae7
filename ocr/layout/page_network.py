"""Find the text lines of a page with the page network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.classifiers.onnx import open_session
from ocr.errors import ModelError
from ocr.layout.darkness import ink_darkness
from ocr.layout.strips import TextLine
from ocr.layout.tracing import MAP_STRIDE, trace
from ocr.weights import find_weights, read_metadata, verify

DEFAULT_PAGE = "page.onnx"
NORMALIZATION = "darkness-64"  # recorded in weight files; change it when the method changes
MULTIPLE = 32  # the network wants sides that are multiples of this


@dataclass(frozen=True)
class ScaleConfig:
    """At what size a page is looked at.

    Chosen on the valid split of `$OCR_DATA/pages` by `../shared/tools/line_finding.py`.

    Attributes
    ----------
    first : int
        Longer side in pixels of the first look.
    others : tuple of int
        Longer sides that are tried where the first look shows nothing.
    x_height : float
        Height of the small letters in pixels at which the page is looked at again.
    near : float
        Log of the ratio up to which the first look will do.
    least, most : int
        Shortest and longest side of the second look.
    """

    first: int = 768
    others: tuple[int, ...] = (320, 1600)
    x_height: float = 8.5
    near: float = 0.25
    least: int = 256
    most: int = 2000


@dataclass(frozen=True)
class Layout:
    """The text lines that were found on a page.

    Attributes
    ----------
    lines : tuple of TextLine
        In pixels of the page as it was given, in no order.
    maps : (4, H, W) float32 array
        What the network saw: probabilities of baseline, ends and body, log2 of the x-height.
    map_scale : float
        Pixels of the page for one of the maps.
    """

    lines: tuple[TextLine, ...]
    maps: NDArray[np.float32]
    map_scale: float


class PageFinder:
    """Finds text lines by a network in ONNX Runtime.

    Parameters
    ----------
    name : str or path
        Weight file, or the name of an installed one.

    Raises
    ------
    ModelError
        The file is missing, damaged, foreign, newer than this version, or no page network.
    """

    def __init__(self, name: str | Path = DEFAULT_PAGE, config: ScaleConfig | None = None) -> None:
        path = find_weights(str(name))
        self.metadata = read_metadata(path)
        if self.metadata.kind != "page" or self.metadata.normalisation != NORMALIZATION:
            raise ModelError(f"{path}: not a page network that this version understands.")
        verify(path)
        self.config = config or ScaleConfig()
        self._session = open_session(path)

    def maps(self, darkness: NDArray[np.float32]) -> NDArray[np.float32]:
        """The maps of a page: (4, ceil(H / 4), ceil(W / 4)) float32.

        Parameters
        ----------
        darkness : (H, W) float32 array
            As `ocr.layout.darkness.ink_darkness` gives it.
        """
        height, width = darkness.shape
        padded = np.pad(darkness, ((0, -height % MULTIPLE), (0, -width % MULTIPLE)))
        maps = self._session.run(None, {"darkness": padded[None, None]})[0][0]
        return maps[:, : -(-height // MAP_STRIDE), : -(-width // MAP_STRIDE)]

    def find(self, grey: NDArray[np.float32]) -> Layout:
        """The text lines of a page.

        Parameters
        ----------
        grey : (H, W) float32 array
            0 black, 1 white, dark writing on lighter paper, any size.
        """
        config = self.config
        found = self._look(grey, config.first)
        for side in config.others:
            if found.lines:
                break
            found = self._look(grey, side)
        if not found.lines:
            return found
        seen = typical_height(found.lines) / found.map_scale * MAP_STRIDE
        side = max(grey.shape) / found.map_scale * MAP_STRIDE * config.x_height / seen
        side = float(np.clip(side, config.least, config.most))
        now = max(grey.shape) / found.map_scale * MAP_STRIDE
        if abs(np.log(side / now)) > config.near:
            again = self._look(grey, round(side))
            if again.lines:
                return again
        return found

    def _look(self, grey: NDArray[np.float32], side: int) -> Layout:
        """The lines of a page whose longer side is brought to a number of pixels."""
        scale = side / max(grey.shape)
        darkness = ink_darkness(resized(grey, scale))
        maps = self.maps(darkness)
        lines = tuple(line.scaled(1 / scale) for line in trace(maps))
        return Layout(lines, maps, MAP_STRIDE / scale)


def typical_height(lines: tuple[TextLine, ...]) -> float:
    """The x-height that half of the writing, by its length, does not exceed."""
    heights = np.array([line.x_height for line in lines])
    widths = np.array([np.ptp(line.baseline[:, 1]) for line in lines])
    order = np.argsort(heights)
    total = np.cumsum(widths[order])
    return float(heights[order][np.searchsorted(total, total[-1] / 2)])


def resized(grey: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """A page enlarged or made smaller, averaged where it gets smaller."""
    height, width = grey.shape
    size = (max(MULTIPLE, round(width * scale)), max(MULTIPLE, round(height * scale)))
    if size == (width, height):
        return grey
    picture = Image.fromarray(np.ascontiguousarray(grey, dtype=np.float32))
    resample = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    return np.asarray(picture.resize(size, resample), dtype=np.float32)
