"""A line of writing as ink, before it is set on a page, and what may be done to it there.

A line comes with the row on which its letters stand and the height of its small letters, so that it
can be set on a page at any size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ocr.layout.line_pictures import profile_line

INKED = 0.25  # darkness from which a pixel is ink
SURELY = 1.3  # times the widest gap that is none, that the narrowest space must be
WIDEST_SPREAD = 4.0  # x-heights that the room between words is wider, at most
LEVELED = 4  # characters that a line has at least whose baseline is told by its ink's profile
CELL_ROOM = (0.25, 1.0)  # x-heights that a cell is wider than the widest letter
LONGEST_NUMBER = 3  # characters of a word that may be the number or the sign of an entry


@dataclass(frozen=True)
class LineInk:
    """A line of writing before it is set on a page.

    Attributes
    ----------
    darkness : (H, W) float32 array
        0 paper, 1 ink.
    baseline : float
        Row on which the letters stand.
    x_height : float
        Height of the small letters in pixels.
    text : str
    cells : int
        Of equal width, that it is written into letter by letter; 0 where it is not.
    """

    darkness: NDArray[np.float32]
    baseline: float
    x_height: float
    text: str
    cells: int = 0


Hand = Callable[[np.random.Generator, float], LineInk | None]
"""Writes a line for a room of so many x-heights, which it may not fill or may overrun; None if it
cannot write what it was about to."""

NARROWEST = 0.78  # of its width, to which a line may be squeezed into its room; set by hand


def overruns(width: float, room: float) -> bool:
    """Whether a line so many x-heights wide is too wide for a room, even squeezed."""
    return width > room / NARROWEST


def level_line(darkness: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, float]:
    """A picture of one line made level, its baseline's row, and its x-height."""
    line = profile_line(darkness)
    (y1, x1), (y2, x2) = line.baseline
    slope = (y2 - y1) / max(1.0, x2 - x1)
    if abs(slope) > 1e-3:
        picture = Image.fromarray(np.ascontiguousarray(darkness))
        matrix = (1, 0, 0, slope, 1, -slope * (x1 + x2) / 2)
        moved = picture.transform(
            picture.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
        )
        darkness = np.asarray(moved)
    return darkness, float(y1 + y2) / 2, line.x_height


def shear(picture: Image.Image, slant: float, base: float, widen: float) -> Image.Image:
    """Slanted about the baseline and stretched along it."""
    if abs(slant) < 1e-3 and abs(widen - 1) < 1e-3:
        return picture
    room = abs(slant) * picture.height
    size = (int(picture.width * widen + 2 * room), picture.height)
    matrix = (1 / widen, slant / widen, -slant * base / widen - room / widen, 0, 1, 0)
    return picture.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def spread(rng: np.random.Generator, line: LineInk) -> LineInk:
    """A line with wider room between its words, as in a row of letters or of a table.

    The line is left as it is where its white does not tell which gaps are the spaces.
    """
    return _widened(rng, line, spaces_of(line))


def set_apart(rng: np.random.Generator, line: LineInk) -> LineInk:
    """A line whose first word stands apart, as the number or the dash of an entry in a list does.

    The line is left as it is where that word is long, or where its end is not sure.
    """
    short = 0 < line.text.find(" ") <= LONGEST_NUMBER
    return _widened(rng, line, spaces_of(line)[:1]) if short else line


def in_cells(rng: np.random.Generator, line: LineInk) -> LineInk:
    """A line with a letter amid each of a row of cells, as forms have them, and spaces empty.

    The line is left as it is where white does not part all of its letters. The cells are not drawn.
    """
    starts, stops = _runs(np.any(line.darkness > INKED, axis=0))
    if len(starts) != len(line.text.replace(" ", "")):
        return line
    pitch = float((stops - starts).max()) + rng.uniform(*CELL_ROOM) * line.x_height
    darkness = np.zeros((len(line.darkness), round(pitch * len(line.text))), np.float32)
    letters = zip(starts.tolist(), stops.tolist(), strict=True)
    for number, sign in enumerate(line.text):
        if sign != " ":
            start, stop = next(letters)
            left = (number + 0.5) * pitch - (stop - start) / 2
            left += rng.normal(0, 0.05) * (pitch - (stop - start))
            left = int(np.clip(left, 0, darkness.shape[1] - (stop - start)))
            darkness[:, left : left + stop - start] = line.darkness[:, start:stop]
    return LineInk(darkness, line.baseline, line.x_height, line.text, len(line.text))


def _runs(inside: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the runs of True start, and where each has stopped."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2]


def spaces_of(line: LineInk) -> list[int]:
    """Columns amid the spaces of a line; none where its white does not tell them."""
    spaces = line.text.count(" ")
    starts, stops = _runs(np.logical_not((line.darkness > INKED).any(axis=0)))
    inner = (starts > 0) & (stops < line.darkness.shape[1])
    starts, stops = starts[inner], stops[inner]
    if not 0 < spaces <= len(starts):
        return []
    widest = np.argsort(starts - stops, kind="stable")
    sizes = (stops - starts)[widest]
    if spaces < len(sizes) and sizes[spaces - 1] < SURELY * sizes[spaces]:
        return []
    return sorted(int(starts[k] + stops[k]) // 2 for k in widest[:spaces])


def _widened(rng: np.random.Generator, line: LineInk, columns: list[int]) -> LineInk:
    """A line with more room at some of its columns."""
    most = rng.uniform(0.5, WIDEST_SPREAD) * line.x_height
    parts, before = [], 0
    for column in columns:
        room = np.zeros((len(line.darkness), round(most * rng.uniform(0.5, 1.0))), np.float32)
        parts += [line.darkness[:, before:column], room]
        before = column
    darkness = np.concatenate([*parts, line.darkness[:, before:]], axis=1)
    return LineInk(darkness, line.baseline, line.x_height, line.text)


def trimmed(line: LineInk) -> LineInk:
    """A line without the empty columns and rows around its ink."""
    dark = line.darkness > INKED
    cols, rows = np.flatnonzero(dark.any(axis=0)), np.flatnonzero(dark.any(axis=1))
    if not len(cols):
        return line
    top, bottom = max(0, rows[0] - 2), rows[-1] + 3
    left, right = max(0, cols[0] - 2), cols[-1] + 3
    return LineInk(
        line.darkness[top:bottom, left:right], line.baseline - top, line.x_height, line.text
    )


def smear(rng: np.random.Generator, darkness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Ink that does not flow evenly: fainter and darker stretches along the line."""
    knots = rng.uniform(0.55, 1.0, max(2, darkness.shape[1] // 50))
    along = np.interp(
        np.arange(darkness.shape[1]), np.linspace(0, darkness.shape[1], len(knots)), knots
    )
    return (darkness * ndimage.gaussian_filter1d(along, 6)).astype(np.float32)
