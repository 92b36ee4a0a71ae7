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
from ocr.layout.morphology import eroded, opened
from ocr.layout.picture import SMALL, Picture, Redrawn, brightness, squares


@dataclass(frozen=True)
class ReverseTypeConfig:
    """What counts as a band. Brightness: shares of white.

    Set by hand on composed forms, labels and notes. Of 2,157 composed pictures, by a script that
    was not kept, 62 hold something that is taken for a band, most of them of kinds that have such;
    of the photos that serve measuring none does. What is gained: the row "white on dark"
    of `tests/benchmarks/arrangements.py`.

    Attributes
    ----------
    tile : int
        Pixels of a tile's side in a copy whose longer side is `SMALL`; its median tells its ground.
    closer : int
        Longer side of the copy on which a band's outline and letters are seen.
    paper : float
        Percentile of the tiles' brightness that is taken for paper.
    dark : float
        Share of the paper's brightness under which a tile may be of a band.
    long : int
        Tiles that a band is long at least.
    contrast : float
        By which a band is darker than the paper, at least.
    step : float
        Within a tile, but for a fifth at either end, and from tile to tile less is still one
        ground, in the primary color that changes most.
    thin : int
        Pixels of the closer copy, an odd number: what is no thicker is a line, and of no band.
    beside : int
        The same beside something dark of another color: what is left of that in a band's tiles.
    open : float
        Share of a band's outline that is light, at most; of words by a thick pen it is more.
    letters, speck : int
        Light pieces on a band at least, and how many pixels one has.
    bar : float
        Times its height a band is long, or the other way round, on which one such piece will do.
    letter : float
        Share of the band that the largest of them takes up, at most.
    panel : float
        Share of the picture from which something light is no letter but paper that a band frames,
        as on a name badge; what lies between strokes by a thick pen is smaller.
    apart : float
        Of the way from the ground at its darkest to the letters, what lies between the ground at
        its lightest and the letters: a scribble and the shade of a fold have no such ground.
    darker : float
        By which something is darker than the ground to be writing in a shadow, as a share of the
        contrast between the ground and the letters.
    shadow : float
        Of what is light in a dark area, so much that is darker makes it a shadow on a page.
    most : float
        Share of the picture that a band takes up, at most.
    """

    tile: int = 4
    closer: int = 960
    paper: float = 80
    dark: float = 0.62
    contrast: float = 0.3
    step: float = 0.15
    long: int = 4
    thin: int = 5
    beside: int = 17
    open: float = 0.1
    letters: int = 3
    speck: int = 4
    bar: float = 4.0
    letter: float = 0.15
    panel: float = 0.03
    apart: float = 0.6
    darker: float = 0.25
    shadow: float = 0.4
    most: float = 0.45


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
class WithoutBands(Redrawn):
    """A picture whose bands are turned into dark writing on paper."""

    bands: tuple[Band, ...]

    def grey(self, long_side: int) -> NDArray[np.float32]:
        grey = self.photo.grey(long_side)
        for band in self.bands:
            band.turn(grey)
        return grey

    def rgb(self, long_side: int) -> NDArray[np.uint8]:
        rgb = self.photo.rgb(long_side)
        before = brightness(rgb)
        after = before.copy()
        for band in self.bands:
            band.turn(after)
        turned = after != before
        rgb[turned] = np.round(255 * after[turned])[:, None].astype(np.uint8)
        return rgb


def without_bands(picture: Picture, small: NDArray[np.uint8] | None = None) -> Picture:
    """A picture without bands; itself if it has none.

    `small` is its copy in color whose longer side is `SMALL`, if it is there already.
    """
    rgb = picture.rgb(SMALL) if small is None else small
    grey = brightness(rgb)
    tiles = squares(grey, CONFIG.tile)
    if min(tiles.shape[:2]) < 2:
        return picture
    grounds = np.median(tiles, axis=2)
    paper = float(np.percentile(grounds, CONFIG.paper))
    dark = grounds < min(CONFIG.dark * paper, paper - CONFIG.contrast)
    labels, boxes = connected(dark)
    if not _are_long(boxes).any():
        return picture
    bands = _bands_among(picture, grey.shape, grounds, paper, CONFIG.thin, labels, boxes)
    if not bands:  # one may end at the edge of its sheet, on something dark
        pieces = _of_one_color(rgb, dark)
        bands = _bands_among(picture, grey.shape, grounds, paper, CONFIG.beside, *pieces)
    return WithoutBands(picture, tuple(bands)) if bands else picture


def _bands_among(
    picture: Picture,
    size: tuple[int, ...],
    grounds: NDArray[np.float32],
    paper: float,
    thin: int,
    labels: NDArray[np.int32],
    boxes: NDArray[np.intp],
) -> list[Band]:
    """The bands among pieces of dark tiles of a small copy of a picture.

    `size` is that of the copy, `grounds` the brightness of each tile. What is no thicker than
    `thin` on the closer one is of no band.
    """
    fits = np.bincount(labels.ravel(), minlength=len(boxes) + 1)[1:] <= CONFIG.most * labels.size
    areas = np.flatnonzero(_are_long(boxes) & fits)
    bands: list[Band] = []
    if not len(areas):
        return bands
    closer = picture.grey(CONFIG.closer)
    scale = CONFIG.tile * np.array(closer.shape * 2) / np.array(size * 2)
    for area in areas.tolist():
        around = (boxes[area] + [-1, -1, 1, 1]) * scale
        y1, x1, y2, x2 = np.maximum(around, 0).astype(int).tolist()
        place = (slice(y1, y2 + 1), slice(x1, x2 + 1))
        near = _at(~eroded(labels != area + 1, 3), place, scale, closer.shape)
        ground = float(np.median(grounds[labels == area + 1]))
        bands += _bands(closer, place, near, ground, paper, thin)
    return bands


def _are_long(boxes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which pieces of tiles are as long as a band, by the boxes around them: (N, 4)."""
    long: NDArray[np.bool_] = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) >= CONFIG.long
    return long


def _of_one_color(
    rgb: NDArray[np.uint8], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Pieces of tiles of one color, which goes on from one to the next, as of `connected`.

    Those at the edge of the picture are what its sheet lies on: their boxes are empty.
    """
    channels = [squares(rgb[..., k].astype(np.float32), CONFIG.tile) for k in range(3)]
    low, colors, high = np.percentile(np.array(channels) / 255, (20, 50, 80), axis=3)
    inside = inside & ((high - low).max(axis=0) < CONFIG.step)
    grid = np.zeros([2 * side - 1 for side in inside.shape], dtype=bool)  # tiles, and steps between
    grid[::2, ::2] = inside
    across, along = (np.abs(np.diff(colors, axis=axis)).max(axis=0) for axis in (1, 2))
    grid[1::2, ::2] = inside[1:] & inside[:-1] & (across < CONFIG.step)
    grid[::2, 1::2] = inside[:, 1:] & inside[:, :-1] & (along < CONFIG.step)
    labels, boxes = connected(grid, diagonal=False)
    boxes[(boxes[:, :2] == 0).any(axis=1) | (boxes[:, 2:] == grid.shape).any(axis=1)] = 0
    return labels[::2, ::2], (boxes + 1) // 2


def _at(
    tiles: NDArray[np.bool_],
    place: tuple[slice, slice],
    scale: NDArray[np.float64],
    shape: tuple[int, ...],
) -> NDArray[np.bool_]:
    """What is told of tiles, for each pixel of a place in a larger picture of that shape."""
    rows, cols = (
        np.minimum(np.arange(side)[part] / step, count - 1).astype(int)
        for side, part, step, count in zip(shape, place, scale[:2], tiles.shape, strict=True)
    )
    return tiles[np.ix_(rows, cols)]


def _bands(
    grey: NDArray[np.float32],
    place: tuple[slice, slice],
    near: NDArray[np.bool_],
    ground: float,
    paper: float,
    thin: int,
) -> Iterator[Band]:
    """The bands in a part of a picture, `near` dark tiles; they may stand close to each other."""
    light = grey[place] >= (ground + paper) / 2
    labels, boxes = connected(opened(~light & near, thin))
    high, wide = grey.shape
    long = CONFIG.long * CONFIG.tile * max(grey.shape) / SMALL
    for number, (y1, x1, y2, x2) in enumerate(boxes.tolist(), start=1):
        if max(y2 - y1, x2 - x1) < long:
            continue
        piece, written = labels[y1:y2, x1:x2] == number, light[y1:y2, x1:x2]
        inside = _filled(piece)
        inside &= ~_panels(inside & written, CONFIG.panel * grey.size)
        if inside.sum() > CONFIG.most * grey.size:
            continue
        top, left = y1 + place[0].start, x1 + place[1].start
        bottom, right = y2 + place[0].start, x2 + place[1].start
        if _is_band(grey[top:bottom, left:right], inside, written):
            shares = (top / high, left / wide, bottom / high, right / wide)
            yield Band(*shares, inside, ground, paper)


def _is_band(
    grey: NDArray[np.float32], inside: NDArray[np.bool_], light: NDArray[np.bool_]
) -> bool:
    """Whether a dark area has an outline and letters: (H, W) arrays of the box around it."""
    core = eroded(np.pad(inside, 1), CONFIG.thin)[1:-1, 1:-1]
    outline = inside & ~eroded(np.pad(inside, 1), 3)[1:-1, 1:-1]
    if light[outline].mean() > CONFIG.open:
        return False
    letters = _sizes(core & light)
    bar = max(inside.shape) >= CONFIG.bar * min(inside.shape)
    if len(letters) < (1 if bar else CONFIG.letters) or letters.max() > CONFIG.letter * core.sum():
        return False
    low, ground, high = np.percentile(grey[core & ~light], [10, 50, 90])
    written = float(np.median(grey[core & light]))
    if written - high < CONFIG.apart * (written - low):
        return False
    ink = _sizes(core & (grey < ground - CONFIG.darker * (written - ground)))
    return bool(ink.sum() <= CONFIG.shadow * letters.sum())


def _sizes(pieces: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Pixels of each connected piece that is no speck."""
    sizes = np.bincount(connected(pieces)[0].ravel())[1:]
    return sizes[sizes >= CONFIG.speck]


def _panels(light: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """What is light and as large as `least` pixels, with what is dark on it: paper in a frame."""
    labels, _ = connected(light)
    sizes = np.bincount(labels.ravel())
    panels = np.zeros(light.shape, dtype=bool)
    for number in (np.flatnonzero(sizes[1:] >= least) + 1).tolist():
        panels |= _filled(labels == number)
    return panels


def _filled(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is inside, and what lies between it in each row or column."""
    return _between(inside) | _between(inside.T).T


def _between(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is inside, and what lies between it in each row."""
    before = np.logical_or.accumulate(inside, axis=1)
    behind = np.logical_or.accumulate(inside[:, ::-1], axis=1)[:, ::-1]
    return before & behind
