"""The sheet in the photo: its corners are found, and the photo is rectified to it.

A sheet on a desk shows as a bright quadrangle with straight, sharp sides; sides may lie outside the
photo. A scan, a crop, or paper on something as bright has no such sides and stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ocr.layout.light import light_on_dark
from ocr.layout.pixels import dilated, median_of_nine
from ocr.page import Page, map_page

if TYPE_CHECKING:
    from ocr.input.photo import Photo

SIDE = 240  # px, longer side of the copy on which the sheet is looked for
STEEPEST = 0.36  # slope of a side against the picture's: 20 degrees
SLOPES = 37  # that are tried
BLOCK = 3  # px along a line that are counted together: even the steepest rises by one only
FAINTEST = 0.03  # of white: a step from desk to paper counts from here on
CLEAR = 0.09  # of white: and counts fully from here on
CANDIDATES = 4  # lines that are tried for each side
PARALLEL = 0.1  # sine of the angle below which two lines do not cross
APART = 5  # px of that copy between two of them
NEAR = 5  # px of that copy to both sides within which a side is laid exactly
SUPPORT = 0.62  # share of a side along which there must be a step
SIDES = 2  # a sheet shows at least so many: a shadow has one
LEAST_AREA = 0.15  # of the photo
BEYOND = 0.25  # of the photo's longer side: its corners lie no further outside
DESK = 0.01  # of the photo: so much is not the sheet, or it is a photo of the sheet alone
DARKER = 0.88  # of the paper's brightness: the desk is darker than this
CANVAS = 6  # grey levels of 255: a canvas is of one color but for so much (JPEG)
EDGE = 16  # grey levels: at its edge a picture differs from the canvas by more
FILLED = 0.9  # of the pixels at its edge differ from the canvas, or it is no picture's edge
MARGIN = 0.006  # of the sheet's sides: its very edge, which is left out

Line = tuple[float, float]  # row in the middle of the picture, and slope
Corners = NDArray[np.float64]  # (4, 2) rows and columns: top left, top right, bottom right, left
UNIT = np.array([[0, 0], [0, 1], [1, 1], [1, 0]], dtype=float)


def find_corners(rgb: NDArray[np.uint8]) -> Corners | None:
    """Where the corners of the sheet are, or None where the whole picture is paper.

    A canvas around the picture is left out first (`uncovered`). Looked at is the darkest of the
    three colors, in which paper stands out from wood, cloth and colored desks. Along lines of
    every slope the steps from dark outside to bright inside are added up, and of the best lines
    for each side, or none, those are taken that make the quadrangle with the most support.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 array
        The picture, reduced to about `SIDE`.

    Returns
    -------
    (4, 2) float array or None
        Row and column in parts of the height and the width: top left, top right, bottom right,
        bottom left. They may lie outside [0, 1].
    """
    y1, x1, y2, x2 = box = _on_canvas(rgb)
    corners = _sheet_corners(rgb[y1:y2, x1:x2])
    whole = np.array(rgb.shape[:2])
    if box != (0, 0, *rgb.shape[:2]):
        corners = UNIT if corners is None else corners
        corners = (corners * (y2 - y1, x2 - x1) + (y1, x1)) / whole
    return corners


def uncovered(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture without the canvas around it: bars or a frame of one color, as of a screenshot.

    The canvas ends at a straight edge on which next to nothing has its color; so the blank
    margins of a scan are none.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 array
    """
    y1, x1, y2, x2 = _on_canvas(rgb)
    return rgb[y1:y2, x1:x2]


def _on_canvas(rgb: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The box of the picture that lies on a canvas; the whole if there is none."""
    height, width = rgb.shape[:2]
    whole = (0, 0, height, width)
    for corner in (rgb[0, 0], rgb[-1, -1]):  # bars may lie on one side alone
        border = (rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1])
        if all((_apart(side, corner) > CANVAS).any() for side in border):
            continue  # it has no side in one color
        off = _apart(rgb, corner)
        other = off > CANVAS
        rows, cols = np.flatnonzero(other.any(axis=1)), np.flatnonzero(other.any(axis=0))
        if not len(rows):
            return whole
        # the pixels at the edge itself are mixed
        y1, x1, y2, x2 = (
            0 if rows[0] == 0 else int(rows[0]) + 1,
            0 if cols[0] == 0 else int(cols[0]) + 1,
            height if rows[-1] == height - 1 else int(rows[-1]),
            width if cols[-1] == width - 1 else int(cols[-1]),
        )
        inner = off[y1:y2, x1:x2] > EDGE
        if (y1, x1, y2, x2) == whole or inner.size < LEAST_AREA * height * width:
            continue
        edges = (
            (y1, inner[0]),
            (x1, inner[:, 0]),
            (height - y2, inner[-1]),
            (width - x2, inner[:, -1]),
        )
        if all(edge.mean() > FILLED for margin, edge in edges if margin):
            return y1, x1, y2, x2
    return whole


def _apart(rgb: NDArray[np.uint8], color: NDArray[np.uint8]) -> NDArray[np.int16]:
    """How much the colors (..., 3) differ from one (3,), in the channel where they do most."""
    off = np.abs(rgb.astype(np.int16) - color)
    return np.maximum(np.maximum(off[..., 0], off[..., 1]), off[..., 2])


def _sheet_corners(rgb: NDArray[np.uint8]) -> Corners | None:
    """As `find_corners`, of a picture without canvas."""
    darkest = np.minimum(np.minimum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])
    values = darkest.astype(np.float32) / 255
    if min(values.shape) < 24:
        return None
    plain = ndimage.grey_closing(median_of_nine(values), size=(7, 7))
    # Steps towards the inside, for each side of the sheet with the sheet turned to its top: top,
    # right, bottom, left. Then the same as the picture lies.
    turned = [_steps(np.rot90(plain, turns)) for turns in range(4)]
    lines = [_lines(step) for step in turned]
    steps = [np.rot90(step, -turns) for turns, step in enumerate(turned)]
    corners, real = _quadrangles(lines, plain.shape)
    sides = [_support(steps[k], corners[:, k], corners[:, (k + 1) % 4]) for k in range(4)]
    support, length = np.array(sides).transpose(1, 2, 0)
    score = np.where(real, (support - SUPPORT / 2) * length, 0.0).sum(axis=1)
    score *= ((support >= SUPPORT) | ~real).all(axis=1)
    if not (score > 0).any():
        return None
    best = int(score.argmax())
    if not _is_sheet(plain, corners[best]):
        return None
    return _refined(plain, corners[best], real[best]) / plain.shape


def _steps(plain: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much brighter it gets downwards, 0 to 1, over three pixels."""
    step = np.zeros_like(plain)
    step[2:-2] = plain[4:] - plain[:-4]
    step = np.clip((step - FAINTEST) / (CLEAR - FAINTEST), 0, 1)
    return ndimage.maximum_filter1d(step, 3, axis=0)


def _lines(step: NDArray[np.float32]) -> list[Line]:
    """The best lines from left to right."""
    height, width = step.shape
    slopes = np.linspace(-STEEPEST, STEEPEST, SLOPES)
    starts = np.arange(0, width, BLOCK)
    across = (starts + np.minimum(starts + BLOCK, width) - width) / 2
    rise = np.round(slopes[:, None] * across).astype(int)
    most = int(np.abs(rise).max())
    blocks = np.pad(np.add.reduceat(step.T, starts), ((0, 0), (most, most)))
    shifted = np.lib.stride_tricks.sliding_window_view(blocks, height, axis=1)
    score = np.stack([shifted[np.arange(len(starts)), most + one].sum(axis=0) for one in rise])
    rows = np.arange(height)
    found = []
    for _ in range(CANDIDATES):
        k, row = np.unravel_index(int(np.argmax(score)), score.shape)
        if score[k, row] < 0.2 * width:
            break
        found.append((float(row), float(slopes[k])))
        ends = row + np.array([-1, 1]) * slopes[k] * width / 2
        other = rows + slopes[:, None, None] * np.array([-1, 1])[:, None] * width / 2
        near = (np.abs(other - ends[:, None]) < APART).all(axis=1)  # (slopes, rows)
        score[near] = 0
    return found


def _quadrangles(
    lines: list[list[Line]], shape: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The quadrangles that lines for each side make, not all of them within the picture.

    A side without a line lies outside the picture: parallel to the one across from it, or else
    square to the others, through the picture's farthest corner.

    Returns
    -------
    corners : (C, 4, 2) float array
    real : (C, 4) bool array
        Whether a side, from that corner to the next, was found.
    """
    chosen = np.array(list(product(*([*range(len(one)), -1] for one in lines))))
    chosen = chosen[(chosen >= 0).sum(axis=1) >= SIDES]
    real = chosen >= 0
    points, known = np.zeros((2, *chosen.shape, 2))
    for k, one in enumerate(lines):
        high, wide = shape if k % 2 == 0 else shape[::-1]
        middle = (wide - 1) / 2
        at = [_turned_back(row, middle, k, high, wide) for row, _ in one]
        points[:, k] = np.array([*at, (0.0, 0.0)])[chosen[:, k]]
        known[:, k] = np.array([*(_direction(slope, k) for _, slope in one), (0, 0)])[chosen[:, k]]
    along = known.copy()
    border = np.array([(0, 0), (0, shape[1]), shape, (shape[0], 0)], dtype=float)
    for k in range(4):
        before, after = known[:, k - 1], known[:, (k + 1) % 4]
        square = before[:, ::-1] * (-1, 1) + after[:, ::-1] * (1, -1)
        square /= np.maximum(real[:, k - 1].astype(int) + real[:, (k + 1) % 4], 1)[:, None]
        direction = np.where(real[:, k - 2, None], -known[:, k - 2], square)
        outwards = direction[:, ::-1] * (-1, 1)
        missing = ~real[:, k]
        along[missing, k] = direction[missing]
        points[missing, k] = border[(outwards @ border.T).argmax(axis=1)][missing]
    corners = _crossings(points, along)
    edges = np.roll(corners, -1, axis=1) - corners
    y, x = corners[..., 0], corners[..., 1]
    area = 0.5 * np.abs((y * np.roll(x, -1, axis=1) - x * np.roll(y, -1, axis=1)).sum(axis=1))
    beyond = BEYOND * max(shape)
    # Comparisons with what is not finite are false: lines that do not cross make nothing.
    good = (_cross(np.roll(edges, -1, axis=1), edges) > 0).all(axis=1)
    good &= ((corners >= -beyond) & (corners <= np.array(shape) + beyond)).all(axis=(1, 2))
    good &= area > LEAST_AREA * shape[0] * shape[1]
    return corners[good], real[good]


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cross products of (..., 2) vectors."""
    product: NDArray[np.float64] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product


def _crossings(points: NDArray[np.float64], along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where each of four lines crosses the one before it.

    Parameters
    ----------
    points, along : (..., 4, 2) float array
        A point and the unit direction of each line.

    Returns
    -------
    (..., 4, 2) float array
        Not a number where two lines are next to parallel.
    """
    before, ahead = np.roll(points, 1, axis=-2), np.roll(along, 1, axis=-2)
    area = _cross(ahead, along)
    area = np.where(np.abs(area) < PARALLEL, np.nan, area)
    crossings: NDArray[np.float64] = (
        before + ahead * (_cross(points - before, along) / area)[..., None]
    )
    return crossings


def _refined(plain: NDArray[np.float32], corners: Corners, real: NDArray[np.bool_]) -> Corners:
    """The corners, each real side laid through the steepest steps near it (least squares)."""
    offsets = np.arange(-NEAR, NEAR + 0.5, 0.5)
    points, along = [], []
    for k in range(4):
        start, stop = corners[k], corners[(k + 1) % 4]
        vector = (stop - start) / np.hypot(*(stop - start))
        inwards = np.array([vector[1], -vector[0]])
        points.append(start)
        along.append(vector)
        places = np.linspace(0.04, 0.96, 64)
        at = start + (stop - start) * places[:, None]
        inside = ((at >= NEAR) & (at <= np.array(plain.shape) - 1 - NEAR)).all(axis=1)
        if not real[k] or inside.sum() < 16:
            continue
        sampled = at[inside][:, None] + inwards * offsets[:, None]
        values = ndimage.map_coordinates(plain, sampled.transpose(2, 0, 1), order=1)
        steps = values[:, 2:] - values[:, :-2]
        off, place = offsets[1 + steps.argmax(axis=1)], places[inside]
        good = steps.max(axis=1) > FAINTEST
        for _ in range(4):
            if good.sum() < 8:
                break
            slope, shift = np.polyfit(place[good], off[good], 1)
            misfit = np.abs(shift + slope * place - off)
            good &= misfit <= max(0.75, 2 * float(np.median(misfit[good])))
        if good.sum() < 8:
            continue
        ends = start + inwards * shift, stop + inwards * (shift + slope)
        points[k], along[k] = ends[0], (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
    refined = _crossings(np.array(points), np.array(along))
    return refined if np.isfinite(refined).all() else corners


def _direction(slope: float, turns: int) -> NDArray[np.float64]:
    """Unit vector along a side, clockwise around the sheet."""
    vector = np.array([slope, 1.0]) / np.hypot(slope, 1.0)
    for _ in range(turns):
        vector = np.array([vector[1], -vector[0]])
    return vector


def _turned_back(row: float, col: float, turns: int, high: int, wide: int) -> NDArray[np.float64]:
    """A point of the picture turned by `numpy.rot90`, of size (high, wide), in the picture."""
    for _ in range(turns):
        row, col, high, wide = col, high - 1 - row, wide, high
    return np.array([row, col])


def _support(
    step: NDArray[np.float32], start: NDArray[np.float64], stop: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of each side, as far as it lies inside the picture, that has a step; and its length.

    `start` and `stop` are (C, 2), the results (C,); both are 0 for what lies mostly outside.
    """
    at = start[:, None] + (stop - start)[:, None] * np.linspace(0.02, 0.98, 64)[:, None]
    limit = np.array(step.shape) - 1
    inside = ((at >= 0) & (at <= limit)).all(axis=2)
    rows, cols = np.clip(np.round(at), 0, limit).astype(int).transpose(2, 0, 1)
    seen = inside.sum(axis=1)
    support = (step[rows, cols] * inside).sum(axis=1) / np.maximum(seen, 1)
    length = np.hypot(*(stop - start).T) * seen / at.shape[1]
    return np.where(seen >= 16, support, 0.0), np.where(seen >= 16, length, 0.0)


def _is_sheet(plain: NDArray[np.float32], corners: Corners) -> bool:
    """Whether the picture is darker just around the quadrangle than within."""
    rows, cols = np.mgrid[0 : plain.shape[0], 0 : plain.shape[1]]
    inside = np.ones(plain.shape, dtype=bool)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        inside &= (b[1] - a[1]) * (rows - a[0]) - (b[0] - a[0]) * (cols - a[1]) > 0
    outside = ~dilated(inside, 3)
    if not inside.any() or outside.mean() < DESK:
        return False
    return float(np.median(plain[outside])) < DARKER * float(np.median(plain[inside]))


class Picture(Protocol):
    """What can be rectified: `ocr.input.photo.Photo` is one."""

    @property
    def name(self) -> str: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    def grey(self, long_side: int) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Negative:
    """The negative of a photo; the same interface as `Photo`."""

    photo: Picture

    @property
    def name(self) -> str:
        return self.photo.name

    @property
    def height(self) -> int:
        return self.photo.height

    @property
    def width(self) -> int:
        return self.photo.width

    def grey(self, long_side: int) -> NDArray[np.float32]:
        return np.float32(1) - self.photo.grey(long_side)


@dataclass(frozen=True)
class Rectified:
    """A photo rectified to the sheet in it; the same interface as `Photo`.

    Attributes
    ----------
    photo : Photo or another picture
    corners : (4, 2) float array
        Of the sheet, as `find_corners` returns them.
    """

    photo: Picture
    corners: Corners

    @property
    def name(self) -> str:
        return self.photo.name

    @property
    def _sides(self) -> tuple[float, float]:
        """Height and width of the sheet in pixels of the photo: its longer sides."""
        corners = self.corners * (self.photo.height, self.photo.width)
        top, right, bottom, left = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
        return max(left, right), max(top, bottom)

    @property
    def height(self) -> int:
        return max(1, round(self._sides[0]))

    @property
    def width(self) -> int:
        return max(1, round(self._sides[1]))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(3, 3) homography from `(row, col, 1)` of the rectified picture to the photo's."""
        target = self.corners * (self.photo.height, self.photo.width)
        return homography(UNIT, target) @ np.diag([1 / self.height, 1 / self.width, 1.0])

    def grey(self, long_side: int) -> NDArray[np.float32]:
        scale = min(1.0, long_side / max(self.height, self.width))
        size = (max(1, round(self.height * scale)), max(1, round(self.width * scale)))
        photo = self.photo.grey(max(1, round(max(self.photo.height, self.photo.width) * scale)))
        there = _scaling((self.photo.height, self.photo.width), photo.shape)
        here = _scaling(size, (self.height, self.width))
        matrix = there @ self.matrix @ here
        paper = float(np.median(photo[::8, ::8]))
        return _warped(photo, matrix, size, Image.Resampling.BICUBIC, paper)

    def laid_back(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """A picture of the sheet, of any size, as it lies in the photo; white around it."""
        size = (self.photo.height, self.photo.width)
        matrix = _scaling((self.height, self.width), picture.shape) @ np.linalg.inv(self.matrix)
        return _warped(picture, matrix, size, Image.Resampling.NEAREST, 1.0)

    def page_of_photo(self, page: Page) -> Page:
        """A page read from the rectified picture, in coordinates of the photo itself."""
        return map_page(page, self.matrix.tolist(), self.photo.height, self.photo.width)


def find_page(picture: Picture, rgb: NDArray[np.uint8]) -> Picture:
    """The page in a photo: dark on light, and the sheet alone if one is seen.

    Parameters
    ----------
    picture : Photo or another picture
    rgb : (H, W, 3) uint8 array
        The same in color, reduced to about `SIDE`.

    Returns
    -------
    Picture
        `picture` itself, its `Negative`, or either `Rectified`.
    """
    if light_on_dark(uncovered(rgb)):
        picture, rgb = Negative(picture), 255 - rgb
    corners = find_corners(rgb)
    return picture if corners is None else Rectified(picture, shrunk(corners))


def dark_on_light(photo: Photo) -> Picture:
    """A photo, or its negative where its writing is lighter than its ground."""
    return Negative(photo) if light_on_dark(uncovered(photo.rgb(SIDE))) else photo


def homography(source: Corners, target: Corners) -> NDArray[np.float64]:
    """The (3, 3) homography that takes four points (4, 2) to four others; its last entry is 1."""
    rows = []
    for (y, x), (v, u) in zip(source, target, strict=True):
        rows.append([y, x, 1, 0, 0, 0, -v * y, -v * x])
        rows.append([0, 0, 0, y, x, 1, -u * y, -u * x])
    solved = np.linalg.solve(np.array(rows, dtype=float), np.asarray(target, float).ravel())
    return np.append(solved, 1.0).reshape(3, 3)


def _scaling(source: tuple[int, ...], target: tuple[int, ...]) -> NDArray[np.float64]:
    """The matrix that takes places in a picture to those in the same picture of another size."""
    return np.diag([target[0] / source[0], target[1] / source[1], 1.0])


def _warped(
    picture: NDArray[np.float32],
    matrix: NDArray[np.float64],
    size: tuple[int, int],
    method: Image.Resampling,
    around: float,
) -> NDArray[np.float32]:
    """`picture` seen through a homography from places in the result to places in it."""
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1.0]])  # Pillow's points are (x, y)
    swapped = swap @ matrix @ swap
    swapped /= swapped[2, 2]
    out = Image.fromarray(picture).transform(
        size[::-1],
        Image.Transform.PERSPECTIVE,
        tuple(swapped.ravel()[:8]),
        method,
        fillcolor=around,
    )
    return np.clip(np.asarray(out, dtype=np.float32), 0.0, 1.0)


def shrunk(corners: Corners) -> Corners:
    """The corners, moved inwards by `MARGIN` of the sides."""
    matrix = homography(UNIT, corners)
    inner = np.column_stack([UNIT * (1 - 2 * MARGIN) + MARGIN, np.ones(4)]) @ matrix.T
    return inner[:, :2] / inner[:, 2:]
