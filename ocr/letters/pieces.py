"""Which pieces of ink make one character: dots with their stems, bars, ticks, strokes side by side.

All lengths are in letter heights of the line that a piece stands in, so the size of the writing
does not matter. Only pieces near each other are compared (a k-d tree finds them), so the time grows
with their number and not with its square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.intp]  # (K, 2): numbers of two pieces


@dataclass(frozen=True)
class PiecesConfig:
    """When pieces belong together. Lengths are in letter heights.

    Mostly those of an older version, whose choice was not kept; held to the shapes in
    `tests/letters/test_find_letters.py`, to `tests/benchmarks/course_photos.py` and to the row
    "clean" of `tests/benchmarks/pages.py`. `tallest` was raised by hand for the j of a line of
    small letters, `mark_gap` for ?, ä, ö and ü.

    Attributes
    ----------
    reach : float
        Pieces whose middles are further apart are not compared.
    tallest, widest : float
        What is joined is no higher and no wider.
    small : float
        A dot, a comma, the end of a bar is lower.
    flat : float
        A bar is no higher.
    thin : float
        An upright stroke is no wider.
    dot_gap, mark_gap : float
        A dot stands at most this far above or below its stem, or a wider mark such as ?.
    dot_beside : float
        And its middle at most this far beside it.
    bar_gap : float
        A bar stands at most this far from the stroke that it belongs to.
    tick, tick_gap : float
        The halves of a quotation mark are no higher, and no further apart.
    nested : float
        Share of a piece that lies within the box of another to which it belongs.
    doubtful_gap : float
        Strokes this near each other may be one character: a reader must tell.
    sure_gap : float
        Strokes this near each other look like one.
    of_usual : tuple of float
        Shares of the usual gap between letters that these two gaps do not exceed.
    """

    reach: float = 1.3
    tallest: float = 2.0
    widest: float = 1.25
    small: float = 0.42
    flat: float = 0.33
    thin: float = 0.4
    dot_gap: float = 0.6
    mark_gap: float = 0.4
    dot_beside: float = 0.15
    bar_gap: float = 0.25
    tick: float = 0.75
    tick_gap: float = 0.35
    nested: float = 0.5
    doubtful_gap: float = 0.2
    sure_gap: float = 0.1
    of_usual: tuple[float, float] = (0.6, 0.3)


CONFIG = PiecesConfig()


@dataclass(frozen=True)
class ShapesConfig:
    """What the pieces of a character look like. Lengths are in letter heights.

    Those of an older version, whose choice was not kept; held to the same as `PiecesConfig`.

    Attributes
    ----------
    bar_height : float
        A bar across or above a stem is lower.
    bar_length : float
        And it is more than so many times as long as high.
    tick_width : float
        The halves of a quotation mark are narrower.
    tick_upright : float
        The larger half is more than so many times as high as wide.
    tick_alike : float
        The other is higher than this share of it.
    tick_beside : float
        And so much of its height lies beside it.
    stem : float
        A stem, which may have its dot to the side, is narrower.
    word : float
        Nothing below a piece this wide belongs to it.
    dot_over : float
        More of a dot's width than this share is above or below the larger piece.
    dot_overlap : float
        Less of its height than this share is beside it.
    dot_wider, dot_least : float
        It is at most so many times as wide as the larger piece; narrower ones count as `dot_least`.
    overlap : float
        Strokes of a letter overlap less from left to right.
    beside : float
        More of the lower one's height than this share is beside the other.
    stroke : float
        Both are higher, if one is an upright stroke.
    arm_length : float
        An arm of E or F is more than so many times as long as high.
    arm : (float, float)
        And its length is between these.
    arm_stem : float
        What it belongs to is higher.
    """

    bar_height: float = 0.5
    bar_length: float = 1.6
    tick_width: float = 0.25
    tick_upright: float = 1.3
    tick_alike: float = 0.6
    tick_beside: float = 0.6
    stem: float = 0.5
    word: float = 0.9
    dot_over: float = 0.5
    dot_overlap: float = 0.5
    dot_wider: float = 1.3
    dot_least: float = 0.7
    overlap: float = 0.3
    beside: float = 0.5
    stroke: float = 0.45
    arm_length: float = 1.5
    arm: tuple[float, float] = (0.2, 0.8)
    arm_stem: float = 0.6


SHAPES = ShapesConfig()


class Measures(NamedTuple):
    """(K,) measures of K pairs of boxes a and b, in letter heights.

    `rows` and `cols` are how far they overlap there; negative is a gap.
    """

    height_a: NDArray[np.float64]
    width_a: NDArray[np.float64]
    height_b: NDArray[np.float64]
    width_b: NDArray[np.float64]
    rows: NDArray[np.float64]
    cols: NDArray[np.float64]
    tall: NDArray[np.float64]  # height and width of both together
    wide: NDArray[np.float64]
    aside: NDArray[np.float64]  # how far the middle of b is beside a; 0 above or below it
    under: NDArray[np.bool_]  # whether b begins below the middle of a


def measured(boxes: NDArray[np.intp], sizes: NDArray[np.float64], pairs: Pairs) -> Measures:
    """Measures of some pairs of boxes; `sizes` (N,) are the letter heights there in pixels."""
    unit = sizes[pairs].max(axis=1)[:, None]
    (ay1, ax1, ay2, ax2), (by1, bx1, by2, bx2) = ((boxes[pairs[:, k]] / unit).T for k in (0, 1))
    middle = (bx1 + bx2) / 2
    return Measures(
        height_a=ay2 - ay1,
        width_a=ax2 - ax1,
        height_b=by2 - by1,
        width_b=bx2 - bx1,
        rows=np.minimum(ay2, by2) - np.maximum(ay1, by1),
        cols=np.minimum(ax2, bx2) - np.maximum(ax1, bx1),
        tall=np.maximum(ay2, by2) - np.minimum(ay1, by1),
        wide=np.maximum(ax2, bx2) - np.minimum(ax1, bx1),
        aside=np.maximum(np.maximum(ax1 - middle, middle - ax2), 0),
        under=by1 > (ay1 + ay2) / 2,
    )


def near(boxes: NDArray[np.intp], sizes: NDArray[np.float64], reach: float) -> Pairs:
    """All pairs of boxes whose middles are at most `reach` letter heights apart, each once."""
    from scipy.spatial import cKDTree

    if len(boxes) < 2:
        return np.empty((0, 2), dtype=np.intp)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    pairs = cKDTree(middles).query_pairs(reach * float(sizes.max()), output_type="ndarray")
    apart = np.hypot(*(middles[pairs[:, 0]] - middles[pairs[:, 1]]).T)
    return np.asarray(pairs[apart <= reach * sizes[pairs].max(axis=1)], dtype=np.intp)


def united(count: int, pairs: Pairs) -> NDArray[np.intp]:
    """Group numbers, 0 to N - 1, of `count` pieces of which `pairs` belong together."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs), dtype=bool)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.intp)


def join_pieces(
    boxes: NDArray[np.intp],
    sizes: NDArray[np.float64],
    hanging: NDArray[np.bool_],
) -> NDArray[np.intp]:
    """Which pieces surely form one character: i, j, !, ?, :, =, ", and bars that do not meet.

    Every piece joins the nearest larger one that it may be part of.

    Parameters
    ----------
    boxes : (N, 4) int array
        One box a connected component.
    sizes : (N,) float array
        Height in pixels of a letter where it stands.
    hanging : (N,) bool array
        Which end well above the feet of the letters, as the halves of a quotation mark do.

    Returns
    -------
    (N,) int array
        Number of the character each piece belongs to, 0 to M - 1.
    """
    pairs = near(boxes, sizes, CONFIG.reach)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    smaller_first = area[pairs[:, 0]] < area[pairs[:, 1]]
    pairs[smaller_first] = pairs[smaller_first][:, ::-1]  # the second is the smaller
    m = measured(boxes, sizes, pairs)
    ticks = _ticks(m) & hanging[pairs].all(axis=1)
    joined = _nested(m) | _bar_on_stem(m) | ticks | _dot(m)
    joined &= m.tall <= CONFIG.tallest
    pairs = pairs[joined]
    gap = np.hypot(np.maximum(-m.rows[joined], 0), np.maximum(-m.cols[joined], 0))
    order = np.lexsort((gap, pairs[:, 1]))
    first = np.unique(pairs[order, 1], return_index=True)[1]
    return united(len(boxes), pairs[order[first]])


def _nested(m: Measures) -> NDArray[np.bool_]:
    """A bar inside E, the eye of an opened A, the rings of %."""
    inside = np.maximum(m.rows, 0) * np.maximum(m.cols, 0) > CONFIG.nested * m.height_b * m.width_b
    return inside & (m.wide <= CONFIG.tallest)


def _bar_on_stem(m: Measures) -> NDArray[np.bool_]:
    """A bar across or above an upright stroke: T, F, J, 5, 7."""
    out = np.zeros(len(m.rows), dtype=bool)
    for bar, stem in (
        ((m.height_a, m.width_a), (m.height_b, m.width_b)),
        ((m.height_b, m.width_b), (m.height_a, m.width_a)),
    ):
        lying = (bar[0] < SHAPES.bar_height) & (bar[1] > SHAPES.bar_length * bar[0])
        lying &= bar[1] < CONFIG.widest
        out |= lying & (stem[1] < CONFIG.thin) & (stem[0] > CONFIG.thin)
    return out & (m.cols > 0) & (m.rows >= -CONFIG.bar_gap)


def _ticks(m: Measures) -> NDArray[np.bool_]:
    """Two ticks side by side: a quotation mark."""
    low = np.maximum(m.height_a, m.height_b) < CONFIG.tick
    thin = np.maximum(m.width_a, m.width_b) < SHAPES.tick_width
    high = m.height_a > SHAPES.tick_upright * m.width_a
    alike = m.height_b > SHAPES.tick_alike * m.height_a
    beside = (m.rows > SHAPES.tick_beside * m.height_b) & (m.cols > -CONFIG.tick_gap)
    return low & thin & high & alike & beside


def _dot(m: Measures) -> NDArray[np.bool_]:
    """One above the other: i, j, !, ?, :, ;, =."""
    flat = np.maximum(m.height_a, m.height_b) < CONFIG.flat
    small = (m.height_b < CONFIG.small) & (m.width_b < CONFIG.small)
    single = m.width_a < SHAPES.stem  # it may have its dot to the side
    over = m.cols > SHAPES.dot_over * m.width_b
    over |= single & (m.aside < CONFIG.dot_beside)
    near_by = -m.rows <= np.where(single | flat, CONFIG.dot_gap, CONFIG.mark_gap)
    not_below_a_word = ~m.under | (m.width_a < SHAPES.word)
    apart = m.rows < SHAPES.dot_overlap * m.height_b
    even = m.width_b <= SHAPES.dot_wider * np.maximum(m.width_a, SHAPES.dot_least)
    return (flat | small) & over & near_by & not_below_a_word & apart & even


def side_by_side(
    boxes: NDArray[np.intp],
    sizes: NDArray[np.float64],
    usual_gap: float,
) -> tuple[Pairs, NDArray[np.bool_]]:
    """Neighbors that may be strokes of one character: H, K, N, E, F whose strokes do not meet.

    Parameters
    ----------
    boxes : (N, 4) int array
    sizes : (N,) float array
    usual_gap : float
        Between letters, in letter heights.

    Returns
    -------
    pairs : (K, 2) int array
        The left one first.
    joined : (K,) bool array
        Whether they look like one character: much nearer to each other than letters usually are.
    """
    pairs = near(boxes, sizes, CONFIG.reach)
    right_first = boxes[pairs[:, 0], 1] > boxes[pairs[:, 1], 1]
    pairs[right_first] = pairs[right_first][:, ::-1]
    m = measured(boxes, sizes, pairs)
    lower = np.minimum(m.height_a, m.height_b)
    doubtful = min(CONFIG.doubtful_gap, CONFIG.of_usual[0] * usual_gap)
    beside = (m.cols >= -doubtful) & (m.cols < SHAPES.overlap)
    beside &= (m.rows > SHAPES.beside * lower) & (m.wide <= CONFIG.widest)
    thinnest = np.minimum(m.width_a, m.width_b)
    stroke = (thinnest < CONFIG.thin) & (lower > SHAPES.stroke)
    shortest, longest = SHAPES.arm
    lying = (m.width_b > shortest) & (m.width_b < longest) & (m.height_b < CONFIG.flat)
    arm = lying & (m.width_b > SHAPES.arm_length * m.height_b) & (m.height_a > SHAPES.arm_stem)
    chosen = beside & (stroke | arm)
    sure = min(CONFIG.sure_gap, CONFIG.of_usual[1] * usual_gap)
    joined = (m.cols >= -sure) & (arm | (thinnest < CONFIG.flat))
    return pairs[chosen], joined[chosen]
