"""Light writing on dark bands of a page whose other writing is dark: headings of printed forms.

Typesetters call it reverse type. Such bands are turned into dark writing on paper before anything
looks at the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.connected import connected
from ocr.layout.morphology import opened
from ocr.layout.picture import Picture

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


@dataclass(frozen=True)
class ReverseTypeConfig:
    """What counts as a band. Brightness: shares of white.

    Set by hand on composed forms, labels and notes. Of 1,440 composed pictures of other kinds 15
    hold something that is taken for a band, mostly dark photos glued onto a page, and are read as
    well as before; of the photos that serve measuring none does.

    Attributes
    ----------
    tile : int
        Pixels of a tile's side, in a copy whose longer side is `side`; its median tells its ground.
    side, closer : int
        Longer side of that copy, and of the one on which a band's outline and letters are seen.
    paper : float
        Percentile of the tiles' brightness that is taken for paper.
    dark : float
        Share of the paper's brightness under which a tile may be of a band.
    long : int
        Tiles that a band is long at least.
    contrast : float
        By which a band is darker than the paper, at least.
    thin : int
        Pixels of the closer copy, an odd number: what is no thicker is a line, and of no band.
    straight : float
        Share of a band's outline, without what is hollow in it, that it fills at least: words by a
        thick pen do not.
    letters, speck : int
        Light pieces on a band at least, and how many pixels one has.
    letter : float
        Share of the band that the largest of them takes up, at most.
    most : float
        Share of the picture that a band takes up, at most.
    """

    tile: int = 4
    side: int = 240
    closer: int = 960
    paper: float = 80
    dark: float = 0.62
    contrast: float = 0.3
    long: int = 4
    thin: int = 5
    straight: float = 0.95
    letters: int = 3
    speck: int = 4
    letter: float = 0.15
    most: float = 0.35


CONFIG = ReverseTypeConfig()


@dataclass(frozen=True)
class Band:
    """A dark area of a picture with light writing on it.

    Attributes
    ----------
    y1, x1, y2, x2 : float
        The box around it, in shares of the picture's height and width.
    inside : (H, W) bool array
        What of the box it is.
    ground, paper : float
        Brightness of its ground, and of the paper around it.
    """

    y1: float
    x1: float
    y2: float
    x2: float
    inside: NDArray[np.bool_]
    ground: float
    paper: float

    def turn(self, grey: NDArray[np.float32]) -> None:
        """Make its ground as bright as the paper and its writing dark, in place.

        `grey` is the picture at any size.
        """
        height, width = grey.shape
        part = grey[
            round(self.y1 * height) : round(self.y2 * height),
            round(self.x1 * width) : round(self.x2 * width),
        ]
        rows, cols = (
            np.arange(count) * seen // max(count, 1)
            for count, seen in zip(part.shape, self.inside.shape, strict=True)
        )
        inside = self.inside[np.ix_(rows, cols)]
        written = (part[inside] - self.ground) / (1 - self.ground)
        part[inside] = self.paper * (1 - np.clip(written, 0, 1))


@dataclass(frozen=True)
class WithoutBands:
    """A picture whose bands are turned into dark writing on paper."""

    photo: Picture
    bands: tuple[Band, ...]

    @property
    def height(self) -> int:
        return self.photo.height

    @property
    def width(self) -> int:
        return self.photo.width

    def grey(self, long_side: int) -> NDArray[np.float32]:
        grey = self.photo.grey(long_side)
        for band in self.bands:
            band.turn(grey)
        return grey

    def rgb(self, long_side: int) -> NDArray[np.uint8]:
        rgb = self.photo.rgb(long_side)
        before = grey_of(rgb)
        after = before.copy()
        for band in self.bands:
            band.turn(after)
        turned = after != before
        rgb[turned] = np.round(255 * after[turned])[:, None].astype(np.uint8)
        return rgb


def grey_of(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Brightness of a picture in color, (H, W) in [0, 1]."""
    return np.clip((rgb.astype(np.float32) / np.float32(255)) @ LUMA, 0.0, 1.0)


def without_bands(picture: Picture) -> Picture:
    """A picture without bands; itself if it has none."""
    grey, tile = grey_of(picture.rgb(CONFIG.side)), CONFIG.tile
    rows, cols = (side // tile for side in grey.shape)
    if min(rows, cols) < 2:
        return picture
    tiles = grey[: rows * tile, : cols * tile].reshape(rows, tile, cols, tile)
    grounds = np.median(tiles, axis=(1, 3))
    paper = float(np.percentile(grounds, CONFIG.paper))
    labels, boxes = connected(grounds < min(CONFIG.dark * paper, paper - CONFIG.contrast))
    long = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) >= CONFIG.long
    small = np.bincount(labels.ravel(), minlength=len(boxes) + 1)[1:] <= CONFIG.most * labels.size
    areas = np.flatnonzero(long & small)
    if not len(areas):
        return picture
    closer = picture.grey(CONFIG.closer)
    scale = tile * np.array(closer.shape * 2) / np.array(grey.shape * 2)
    bands: list[Band] = []
    for area in areas.tolist():
        around = (boxes[area] + [-1, -1, 1, 1]) * scale
        y1, x1, y2, x2 = np.maximum(around, 0).astype(int).tolist()
        ground = float(np.median(grounds[labels == area + 1]))
        bands += _bands(closer, (slice(y1, y2 + 1), slice(x1, x2 + 1)), ground, paper)
    return WithoutBands(picture, tuple(bands)) if bands else picture


def _bands(
    grey: NDArray[np.float32], area: tuple[slice, slice], ground: float, paper: float
) -> Iterator[Band]:
    """The bands in a part of a picture, which may stand close to each other."""
    dark = grey[area] < (ground + paper) / 2
    labels, boxes = connected(opened(dark, CONFIG.thin))
    high, wide = grey.shape
    long = CONFIG.long * CONFIG.tile * max(grey.shape) / CONFIG.side
    for number, (y1, x1, y2, x2) in enumerate(boxes.tolist(), start=1):
        if max(y2 - y1, x2 - x1) < long:
            continue
        piece = labels[y1:y2, x1:x2] == number
        around, _ = connected(~np.pad(piece, 1), diagonal=False)
        whole = (around != around[0, 0])[1:-1, 1:-1]
        inside = _filled(whole) | _filled(whole.T).T
        letters = np.bincount(connected(inside & ~dark[y1:y2, x1:x2])[0].ravel())[1:]
        letters = letters[letters >= CONFIG.speck]
        if (
            inside.sum() <= CONFIG.most * grey.size
            and whole.sum() >= CONFIG.straight * inside.sum()
            and len(letters) >= CONFIG.letters
            and letters.max() <= CONFIG.letter * inside.sum()
        ):
            top, left = y1 + area[0].start, x1 + area[1].start
            bottom, right = y2 + area[0].start, x2 + area[1].start
            shares = (top / high, left / wide, bottom / high, right / wide)
            yield Band(*shares, inside, ground, paper)


def _filled(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is inside, and what lies between it in each row."""
    before = np.logical_or.accumulate(inside, axis=1)
    behind = np.logical_or.accumulate(inside[:, ::-1], axis=1)[:, ::-1]
    return before & behind
