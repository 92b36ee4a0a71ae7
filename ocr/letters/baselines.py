"""Where text lines run: strips of ink, smooth curves through them, baselines and outlines.

A strip is one letter height's width of a character's ink, so a joined word counts like as many
letters. Its level is half-way between the median row of the ink, which hardly moves with ascenders
and descenders, and its middle, which does not mind that a T has most of its ink at the top. Its
lowest row is the foot.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.letters.find_letters import Segmentation

Boxes = NDArray[np.intp]
Floats = NDArray[np.float64]
Points = tuple[tuple[float, float], ...]  # (row, col)

SIGN_HEIGHT = 0.42  # letter heights: lower than this is a sign, which makes no line
TALL = 1.8  # letter heights: higher ink may belong to two lines, and tells little about either
BAND = (20, 80)  # percentiles of a line's ink between which its small letters are
SAMPLES = 14  # rows a letter height on which ink is looked at
SCALE = 0.15  # letter heights: strips further off than this pull at a curve with less force
ROUNDS = 12  # of reweighting at most,
SETTLED = 5e-3  # letter heights that a round moves the curve by when it is enough
STEEPEST = 0.5  # rows a column
# Letter heights from which on a line may slope, bow, and wave; it needs strips enough as well.
DEGREES = (2.0, 14.0, 24.0)
STRIPS = (2, 8, 14)
SURE = 6.0  # letter heights: a shorter line does not tell its own direction
KNOT = 3.0  # letter heights between the points of a baseline that is not straight
STRAIGHT = 0.03  # letter heights that a straight one may bow


class Strips(NamedTuple):
    """(M,) arrays: middle column, level and lowest row of the ink in pixels, and its character."""

    col: Floats
    row: Floats
    foot: Floats
    owner: NDArray[np.intp]

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Strips:
        return Strips(self.col[chosen], self.row[chosen], self.foot[chosen], self.owner[chosen])


class Course(NamedTuple):
    """A smooth curve: coefficients, as of `numpy.polyval`, from its first to its last column."""

    coefficients: Floats
    first: float
    last: float

    def at(
        self, cols: NDArray[np.floating] | NDArray[np.intp], steepest: float = STEEPEST
    ) -> Floats:
        """Rows at `cols`; it goes straight on beyond its ends, no steeper than `steepest`."""
        coefficients: list[float] = self.coefficients.tolist()
        before, after = (
            min(max(_slope(coefficients, end), -steepest), steepest)
            for end in (self.first, self.last)
        )
        inside = np.minimum(np.maximum(cols, self.first), self.last)
        rows: Floats = np.full(inside.shape, coefficients[0])
        for coefficient in coefficients[1:]:  # Horner's rule; `polyval` takes longer to start
            rows = rows * inside + coefficient
        outside = cols - inside
        return rows + before * np.minimum(outside, 0) + after * np.maximum(outside, 0)


def _slope(coefficients: list[float], col: float) -> float:
    """Slope of a polynomial, its coefficients as of `numpy.polyval`."""
    slope = 0.0
    for power, coefficient in zip(range(len(coefficients) - 1, 0, -1), coefficients, strict=False):
        slope = slope * col + power * coefficient
    return slope


def letter_height(boxes: Boxes) -> float:
    """Median height of the boxes that are not signs, in pixels."""
    heights = np.sort((boxes[:, 2] - boxes[:, 0]).astype(float))
    share = np.cumsum(heights) / heights.sum()
    typical = heights[np.searchsorted(share, 0.5)]  # each box counting by its height
    return float(np.median(heights[heights >= SIGN_HEIGHT * typical]))


def ink_points(found: Segmentation) -> NDArray[np.intp]:
    """A sample of a page's ink, some of every character: (M, 3) rows, columns and characters."""
    step = max(1, round(found.letter_height / SAMPLES))
    labels = np.ascontiguousarray(found.labels[::step, ::step])
    at = np.flatnonzero(labels)
    rows, cols = np.divmod(at, labels.shape[1])
    owner = found.owner[labels.ravel()[at] - 1]
    ink = np.stack([rows * step, cols * step, owner], axis=1)
    missed = np.flatnonzero(np.bincount(ink[:, 2], minlength=len(found.boxes)) == 0)
    rest = filled(found.boxes[missed])
    rest[:, 2] = missed[rest[:, 2]]
    return np.concatenate([ink, rest])


def filled(boxes: Boxes) -> NDArray[np.intp]:
    """`ink_points` of characters that fill their boxes, where nothing but these is known."""
    y1, x1, y2, x2 = boxes.T
    cols = np.linspace(x1, x2 - 1, SAMPLES).round().astype(np.intp)
    owner = np.broadcast_to(np.arange(len(boxes)), cols.shape)
    rows = np.stack([np.broadcast_to(side, cols.shape) for side in (y1, (y1 + y2) // 2, y2 - 1)])
    return np.stack([rows, *(np.stack([part] * 3) for part in (cols, owner))], axis=-1).reshape(
        -1, 3
    )


def strips(boxes: Boxes, ink: NDArray[np.intp], size: float) -> Strips:
    """Cut the characters of some lines into strips.

    Parameters
    ----------
    boxes : (N, 4) int array
    ink : (M, 3) int array
        As `ink_points` gives it.
    size : float
        Letter height in pixels.
    """
    rows, cols, owner = ink.T
    width = boxes[:, 3] - boxes[:, 1]
    count = np.maximum(1, np.round(width / size)).astype(np.intp)
    at = (cols - boxes[owner, 1]) * count[owner] // width[owner]
    key = (np.cumsum(count) - count)[owner] + np.clip(at, 0, count[owner] - 1)
    order = np.lexsort((rows, key))
    key, rows, cols, owner = key[order], rows[order], cols[order], owner[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    number = np.diff(first, append=len(key))
    middle = np.add.reduceat(cols, first) / number if len(first) else np.empty(0)
    lowest = rows[first + number - 1] + 1.0
    median = (rows[first + (number - 1) // 2] + rows[first + number // 2]) / 2
    level = (median + (rows[first] + lowest) / 2) / 2
    return Strips(middle, level, lowest, owner[first])


def fit_course(col: Floats, row: Floats, size: float, most: int = 3) -> Course:
    """The smooth curve that most strips lie on.

    Least absolute deviations by reweighting, so that descenders count little; the degree grows
    with the length of the line.

    Parameters
    ----------
    col, row : (M,) arrays
    size : float
        Letter height in pixels.
    most : int
        Highest degree.
    """
    long = np.ptp(col) / size
    kinds = zip(DEGREES, STRIPS, strict=True)
    allowed = [bool(long > least and len(col) > few) for least, few in kinds]
    degree = min(sum(allowed), most)
    middle, half = (col.max() + col.min()) / 2, max(np.ptp(col) / 2, 1.0)
    basis = np.vander((col - middle) / half, degree + 1)
    weight = np.ones(len(col))
    answer: Floats = np.zeros(degree + 1)
    answer[-1] = np.median(row)
    for _ in range(ROUNDS if degree else 0):
        before = answer
        answer = weighted_fit(basis, row, weight)
        if np.abs(answer - before).max() < SETTLED * size:
            break
        weight = 1 / np.maximum(np.abs(row - basis @ answer), SCALE * size)
    return Course(in_pixels(answer, middle, half), float(col.min()), float(col.max()))


def in_pixels(coefficients: Floats, middle: float, half: float) -> Floats:
    """A polynomial of ``(col - middle) / half`` as one of `col`; both as of `numpy.polyval`."""
    out: Floats = np.zeros(1)
    for coefficient in coefficients:  # Horner's rule
        out = np.convolve(out, np.array([1 / half, -middle / half])).astype(np.float64)
        out[-1] += coefficient
    return out[1:]


def weighted_fit(basis: Floats, values: Floats, weight: Floats) -> Floats:
    """Least squares by the normal equations: enough for a few smooth columns, and quick."""
    weighted = basis.T * weight
    normal = weighted @ basis
    diagonal = normal.reshape(-1)[:: len(normal) + 1]
    diagonal += 1e-9 * diagonal.sum()  # columns may be alike
    return np.asarray(np.linalg.solve(normal, weighted @ values), dtype=np.float64)


def baselines(found: Segmentation, rows: list[NDArray[np.intp]]) -> list[Points]:
    """The curves that the letters of each text line stand on; straight for all but long lines.

    Lines too short to tell their own direction have that of the page.

    Parameters
    ----------
    found : Segmentation
    rows : list of int arrays
        Its characters in lines, none of them empty.

    Returns
    -------
    list of tuples of (row, col) points
        From the left to the right end of each line, in pixels; two points if it is straight.
    """
    ink = ink_points(found)
    line = np.full(len(found.boxes), -1)
    for k, row in enumerate(rows):
        line[row] = k
    sizes = [letter_height(found.boxes[row]) for row in rows]
    feet = []
    for k, (row, size) in enumerate(zip(rows, sizes, strict=True)):
        part = strips(found.boxes, ink[line[ink[:, 2]] == k], size)
        heights = found.boxes[row, 2] - found.boxes[row, 0]
        letters = row[heights >= SIGN_HEIGHT * size]
        feet.append(part.of(np.isin(part.owner, letters)))
    courses = [
        fit_course(part.col, part.foot, size) for part, size in zip(feet, sizes, strict=True)
    ]
    slope = _usual_slope(courses)
    out = []
    for row, part, course, size in zip(rows, feet, courses, sizes, strict=True):
        ends = (found.boxes[row, 1].min(), found.boxes[row, 3].max())
        if np.ptp(ends) < SURE * size:
            level = float(np.median(part.foot - slope * part.col))
            course = course._replace(coefficients=np.array([slope, level]))
        cols = np.linspace(*ends, max(round(np.ptp(ends) / (KNOT * size)), 1) + 1)
        levels = course.at(cols)
        if np.abs(levels - np.interp(cols, ends, levels[[0, -1]])).max() < STRAIGHT * size:
            cols, levels = cols[[0, -1]], levels[[0, -1]]
        points = zip(levels.tolist(), cols.tolist(), strict=True)
        out.append(tuple((round(y, 1), round(x, 1)) for y, x in points))
    return out


def _usual_slope(courses: list[Course]) -> float:
    """Median slope from end to end, lines counting by the square of their length."""
    widths = np.array([max(course.last - course.first, 1e-3) for course in courses])
    falls = [np.diff(course.at(np.array([course.first, course.last])))[0] for course in courses]
    slopes = np.array(falls) / widths
    order = np.argsort(slopes)
    share = np.cumsum(widths[order] ** 2)
    return float(slopes[order][np.searchsorted(share, share[-1] / 2)])


def outline(boxes: Boxes, base: Points) -> Points:
    """The band along `base` that holds all of a line's boxes: (row, col) points, clockwise."""
    rows, cols = np.array(base).T
    corners = boxes[:, [1, 3]]
    at = np.interp(corners, cols, rows)
    over = float((boxes[:, [0]] - at).min())
    under = float((boxes[:, [2]] - at).max())
    return tuple(
        (round(y + shift, 1), x)
        for points, shift in ((base, over), (base[::-1], under))
        for y, x in points
    )
