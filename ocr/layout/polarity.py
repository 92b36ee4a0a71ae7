"""Whether writing is darker or lighter than its ground: pages are looked at dark on light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ocr.layout.picture import SMALL, Negative, Picture, brightness, squares
from ocr.layout.reverse_type import without_bands

if TYPE_CHECKING:
    from ocr.input.photo import Photo


@dataclass(frozen=True)
class NegativeConfig:
    """When a picture is a negative, and what around it is a canvas. Brightness: shares of white.

    How they were chosen was not kept; held to the rows "negative" and "board" of
    `tests/benchmarks/pages.py` and to `tests/layout/test_polarity.py`.

    Attributes
    ----------
    tile : int
        Pixels of a tile's side.
    step : float
        The ground of neighboring tiles differs by less, or there is an edge of something.
    mark : float
        What differs less from its ground is not writing.
    clearly : float
        A negative has so many times as much light on dark as dark on light, another picture so many
        times as much dark on light; what lies between is taken as it is. Only the second is beyond
        doubt: white labels on grey, or a page on a desk, may look like a negative.
    canvas, edge : int
        Levels of 255: a canvas is of one color but for so much, and the picture on it differs from
        it by more at its edge.
    filled : float
        Share of the pixels of a picture's edge that do.
    least_area : float
        Share of the whole that the picture on a canvas takes up.
    """

    tile: int = 12
    step: float = 0.1
    mark: float = 0.03
    clearly: float = 2.0
    canvas: int = 6
    edge: int = 16
    filled: float = 0.9
    least_area: float = 0.15


CONFIG = NegativeConfig()


def dark_on_light(photo: Photo) -> Picture:
    """A photo, or its negative where its writing seems lighter than its ground."""
    return grounds(photo)[0]


def grounds(photo: Photo) -> tuple[Picture, Picture | None]:
    """A photo or its negative, whichever seems dark on light, and the other if that is in doubt.

    The grain of a desk, the shine of a table or white labels on grey can make a page look like a
    negative, and faint writing leaves little to tell by: how surely either reads tells then.
    """
    small = photo.rgb(SMALL)
    picture = without_bands(photo, small)
    if picture is not photo:
        small = picture.rgb(SMALL)
    light, dark = light_and_dark(uncovered(small))
    if light <= dark / CONFIG.clearly:
        return picture, None
    if light <= dark * CONFIG.clearly:
        return picture, Negative(photo)
    return Negative(photo), picture


def light_and_dark(rgb: NDArray[np.uint8]) -> tuple[float, float]:
    """How much in a picture is lighter than its ground, and how much darker; both 0 if blank.

    Writing that is lighter than its ground is chalk, or a negative. The picture is cut into tiles,
    and in each the deviations from its median are added up by sign: most of a tile is ground, and
    writing deviates to one side. Tiles that differ much from their neighbors hold the edge of
    something and do not count.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 array
        The picture, reduced to some hundred pixels.
    """
    grey = brightness(rgb)
    tile = min(CONFIG.tile, *grey.shape)
    tiles = squares(grey, tile)
    ground = np.median(tiles, axis=2)
    step = np.ptp(sliding_window_view(np.pad(ground, 1, mode="edge"), (3, 3)), axis=(2, 3))
    off = tiles - ground[..., np.newaxis]
    off = off[step < CONFIG.step] if (step < CONFIG.step).any() else off
    above = float(np.maximum(off - CONFIG.mark, 0).sum())
    below = float(np.maximum(-off - CONFIG.mark, 0).sum())
    return above, below


def uncovered(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture without the canvas around it: bars or a frame of one color, as of a screenshot.

    The canvas ends at a straight edge on which next to nothing has its color; so the blank
    margins of a scan are none.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 array
    """
    height, width = rgb.shape[:2]
    for corner in (rgb[0, 0], rgb[-1, -1]):  # bars may lie on one side alone
        border = (rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1])
        if all((_apart(side, corner) > CONFIG.canvas).any() for side in border):
            continue  # it has no side in one color
        off = _apart(rgb, corner)
        other = off > CONFIG.canvas
        rows, cols = np.flatnonzero(other.any(axis=1)), np.flatnonzero(other.any(axis=0))
        if not len(rows):
            return rgb
        # the pixels at the edge itself are mixed
        y1, x1, y2, x2 = (
            0 if rows[0] == 0 else int(rows[0]) + 1,
            0 if cols[0] == 0 else int(cols[0]) + 1,
            height if rows[-1] == height - 1 else int(rows[-1]),
            width if cols[-1] == width - 1 else int(cols[-1]),
        )
        inner = off[y1:y2, x1:x2] > CONFIG.edge
        if inner.size == height * width or inner.size < CONFIG.least_area * height * width:
            continue
        edges = (
            (y1, inner[0]),
            (x1, inner[:, 0]),
            (height - y2, inner[-1]),
            (width - x2, inner[:, -1]),
        )
        if all(edge.mean() > CONFIG.filled for margin, edge in edges if margin):
            return rgb[y1:y2, x1:x2]
    return rgb


def _apart(rgb: NDArray[np.uint8], color: NDArray[np.uint8]) -> NDArray[np.int16]:
    """How much the colors (..., 3) differ from one (3,), in the channel where they do most."""
    off = np.abs(rgb.astype(np.int16) - color)
    return np.maximum(np.maximum(off[..., 0], off[..., 1]), off[..., 2])
