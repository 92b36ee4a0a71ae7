"""Which ink of a text line is which of the letters read from it.

The line recognizer tells only about where along the line a letter stands. Borders between letters
are therefore laid where they part the ink best and each letter still comes to lie where it was
read: the cheapest row of cuts, found by dynamic programming (Casey and Lecolinet, "A survey of
methods and strategies in character segmentation", IEEE PAMI 18(7), 1996, section 2.2).
Ink that hangs together is cut only where the reading asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.connected import connected
from ocr.layout.strips import BASELINE_ROW, X_HEIGHT, Strip
from ocr.layout.strips import CONFIG as STRIP

LETTER_HEIGHT = 1.5 * X_HEIGHT  # pixels of a strip, height of a capital


@dataclass(frozen=True)
class BorderConfig:
    """What is a line's own ink, and where the borders between its letters go.

    Lengths are fractions of a capital's height, if not said otherwise; costs are halves of a
    squared standard deviation. Chosen on generated pages whose letters' boxes are known
    (`tests/benchmarks/pages.py`, share of boxes found), which `beyond` hardly changes (0.7 to 2).

    Attributes
    ----------
    lag : float
        How far left of its ink a letter is read: the recognizer speaks before it has seen all.
    spread : float
        Standard deviation of a letter's middle about its span's, the lag taken off.
    reach : float
        How far beyond the middles of two neighbors the border between them may lie.
    places : int
        Of a border that are tried, or a few more.
    widest : float
        A piece of ink up to this width is believed to be one letter.
    through_part : float
        Cost of a border through the middle of a piece, falling to 0 at its ends; twice that for a
        piece that is believed to be one letter.
    through_ink : float
        Cost of a border through ink as thick as a letter is high.
    far : float
        The most that a letter off its place costs.
    no_ink : float
        Cost of a letter without any ink.
    whole : float
        Share of a piece's ink between two borders from which it is not cut.
    sliver : float
        Share of a piece's ink that is too little to be a part of a letter.
    rule_width, rule_height, rule_share : float
        X-heights: a piece of ink at least so wide, with less ink than this in this share of its
        columns, is a ruling line.
    under_width : float
        The same for a piece that lies under the baseline, as a line drawn under words does.
    beyond : float
        Ink of a letter that lies farther than this from where it was read is left out of its box.
    edge : float
        X-heights: ink that begins within this of the upper or lower edge of the strip ...
    neighbor : float
        ... and stays so many x-heights above or below the letters' rows is a neighbor's.
    """

    lag: float = 0.13
    spread: float = 0.15
    reach: float = 0.35
    places: int = 50
    widest: float = 1.2
    through_part: float = 4.0
    through_ink: float = 8.0
    far: float = 25.0
    no_ink: float = 30.0
    whole: float = 0.8
    sliver: float = 0.1
    rule_width: float = 6.0
    rule_height: float = 0.45
    rule_share: float = 0.9
    under_width: float = 2.0
    edge: float = 0.25
    neighbor: float = 0.6
    beyond: float = 1.0


CONFIG = BorderConfig()


def letter_boxes(strip: Strip, spans: NDArray[np.float64]) -> NDArray[np.int64]:
    """Boxes around the ink of each letter of a line.

    Parameters
    ----------
    strip : Strip
    spans : (n, 2) float array
        Columns of the strip in which each letter was read, ascending.

    Returns
    -------
    (n, 4) int array
        ``[y1, x1, y2, x2]`` in pixels of the page; of a letter without ink of its own, around the
        height of the small letters in its span.
    """
    if not len(spans):
        return np.zeros((0, 4), dtype=np.int64)
    own = own_ink(1 - strip.image)
    written = np.flatnonzero(own.any(axis=0))
    if len(written):  # the spans of the first and the last letter reach to the strip's ends
        spans = np.clip(spans, written[0], written[-1] + 1)
    owners = assign_ink(own, spans, LETTER_HEIGHT)
    boxes = np.empty((len(spans), 4), dtype=np.int64)
    rows, cols = np.nonzero(owners >= 0)
    letters = owners[rows, cols]
    left, right = (spans + LETTER_HEIGHT * CONFIG.beyond * np.array([-1, 1])).T
    near = (left[letters] <= cols) & (cols <= right[letters])  # a line through a word is no letter
    rows, cols, letters = rows[near], cols[near], letters[near]
    order = np.argsort(letters, kind="stable")
    inked, starts = np.unique(letters[order], return_index=True)
    if len(inked):
        # the four corners of each pixel: what lies on the page between them
        y, x = strip.places(rows[order], cols[order])
        step = np.abs(strip.down[cols[order]]).max(axis=1) / 2
        boxes[inked, 0] = np.floor(np.minimum.reduceat(y - step, starts))
        boxes[inked, 1] = np.floor(np.minimum.reduceat(x - step, starts))
        boxes[inked, 2] = np.ceil(np.maximum.reduceat(y + step, starts))
        boxes[inked, 3] = np.ceil(np.maximum.reduceat(x + step, starts))
    for letter in np.setdiff1d(np.arange(len(spans)), inked):
        left, right = _unbroken(strip, *spans[letter])
        corner_rows = np.array(
            [BASELINE_ROW - X_HEIGHT, BASELINE_ROW - X_HEIGHT, BASELINE_ROW, BASELINE_ROW]
        )
        y, x = strip.places(corner_rows, np.array([left, right, left, right]))
        boxes[letter] = (
            np.floor(y.min()), np.floor(x.min()), np.ceil(y.max()), np.ceil(x.max()),
        )  # fmt: skip
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    return boxes


def _unbroken(strip: Strip, left: float, right: float) -> tuple[float, float]:
    """A span of a strip up to where a part of the page is left out, on the side of its middle."""
    ways = np.hypot(np.diff(strip.rows), np.diff(strip.cols))
    breaks = np.flatnonzero(ways > 2 * np.hypot(*strip.down[1:].T))
    before = breaks[breaks + 0.5 < (left + right) / 2]
    behind = breaks[breaks + 0.5 >= (left + right) / 2]
    return max(left, before.max(initial=-1) + 1), min(right, behind.min(initial=len(ways)))


def own_ink(image: NDArray[np.float32]) -> NDArray[np.int32]:
    """The connected pieces of a strip's ink that may be its letters', numbered from 1.

    `image` is (STRIP_HEIGHT, W) float32, 0 paper, 1 ink. Rules and what reaches in from the lines
    above and below are left out.
    """
    labels, boxes = connected(image > STRIP.inked)
    y1, x1, y2, x2 = boxes.T
    top = BASELINE_ROW - X_HEIGHT * (1 + CONFIG.neighbor)
    bottom = BASELINE_ROW + X_HEIGHT * CONFIG.neighbor
    edge = CONFIG.edge * X_HEIGHT
    wide, flat = CONFIG.rule_width * X_HEIGHT, CONFIG.rule_height * X_HEIGHT
    rule = (x2 - x1 > wide) | ((x2 - x1 > CONFIG.under_width * X_HEIGHT) & (y1 > BASELINE_ROW))
    for k in np.flatnonzero(rule).tolist():  # it may slant or bend
        columns = (labels[y1[k] : y2[k], x1[k] : x2[k]] == k + 1).sum(axis=0)
        rule[k] = np.quantile(columns, CONFIG.rule_share) < flat
    above = (y1 <= edge) & (y2 < top)
    below = (y2 >= len(image) - edge) & (y1 > bottom)
    own = np.append(False, ~(rule | above | below))
    return np.where(own, np.cumsum(own, dtype=np.int32), np.int32(0))[labels]


def assign_ink(
    parts: NDArray[np.int32], spans: NDArray[np.float64], letter_height: float
) -> NDArray[np.intp]:
    """Number of the letter that each pixel belongs to.

    Parameters
    ----------
    parts : (H, W) int32 array
        k where the ink of piece k is, 0 elsewhere.
    spans : (n, 2) float array
        Columns in which each letter was read, ascending.
    letter_height : float
        Pixels.

    Returns
    -------
    (H, W) int array
        0 to n - 1, -1 where there is no ink.
    """
    owners = np.full(parts.shape, -1, dtype=np.intp)
    rows, cols = np.nonzero(parts)
    if not len(rows) or not len(spans):
        return owners
    width, count = parts.shape[1], len(spans)
    inked = parts[rows, cols]
    number = np.cumsum(np.bincount(inked) > 0) - 1
    pieces = number[inked]
    borders = lay_borders(pieces, cols, width, spans, letter_height)
    letters = np.searchsorted(borders[1:-1], np.arange(width), side="right")[cols]
    sizes = np.bincount(pieces)
    ink = np.bincount(pieces * count + letters, minlength=len(sizes) * count)
    shares = ink.reshape(len(sizes), count) / sizes[:, None]
    most = shares.max(axis=1)
    table = np.repeat(shares.argmax(axis=1)[:, None], count, axis=1)
    every = np.arange(count)
    for piece in np.flatnonzero(most < CONFIG.whole):  # slivers go to the part beside them
        kept = np.flatnonzero(shares[piece] >= min(CONFIG.sliver, most[piece]))
        table[piece] = kept[np.abs(every[:, None] - kept).argmin(axis=1)]
    owners[rows, cols] = table[pieces, letters]
    return owners


def lay_borders(
    pieces: NDArray[np.intp],
    cols: NDArray[np.intp],
    width: int,
    spans: NDArray[np.float64],
    letter_height: float,
) -> NDArray[np.intp]:
    """Columns that part the letters of a line.

    Parameters
    ----------
    pieces, cols : (N,) int arrays
        Of each pixel of ink the piece that it belongs to, from 0 on, and its column.
    width : int
        Columns of the line.
    spans : (n, 2) float array
    letter_height : float

    Returns
    -------
    (n + 1,) int array
        Letter i has the columns from border i to border i + 1; the first is 0, the last `width`.
    """
    ink = np.bincount(cols, minlength=width)
    thickness = np.minimum(np.append(ink, 0), np.append(0, ink)) / letter_height
    price = CONFIG.through_ink * thickness
    price += CONFIG.through_part * _cuts(pieces, cols, width, CONFIG.widest * letter_height)

    inked = np.flatnonzero(ink)
    at = np.searchsorted(inked, np.arange(width + 1))
    first = np.append(inked, width)[at]  # ink from a column on begins
    last = np.append(0, inked + 1)[at]  # ink before a column ends
    middles = spans.mean(axis=1) + CONFIG.lag * letter_height
    lows = np.clip(middles[:-1] - CONFIG.reach * letter_height, 0, width).astype(int)
    highs = np.clip(middles[1:] + CONFIG.reach * letter_height, lows, width).astype(int)
    lows, highs = np.concatenate([[0], lows, [width]]), np.concatenate([[0], highs, [width]])
    steps = 1 + (highs - lows) // CONFIG.places
    most = int(((highs - lows) // steps).max()) + 1
    places = lows[:, None] + steps[:, None] * np.arange(most)  # (n + 1, P), some too far
    tried = places <= highs[:, None]
    places = np.minimum(places, width)

    # what letter i costs between two places of its borders: (n, P, P)
    begins, ends = first[places[:-1]][:, :, None], last[places[1:]][:, None, :]
    costs = (begins + (ends - 2 * middles[:, None, None])) / (2 * CONFIG.spread * letter_height)
    costs *= costs
    np.minimum(costs, CONFIG.far, out=costs)
    costs[ends <= begins] = CONFIG.no_ink
    costs[(places[:-1, :, None] > places[1:, None, :]) | ~tried[:-1, :, None]] = np.inf
    prices, every = price[places], np.arange(most)
    total = np.zeros(most)
    back = []
    for cost, after in zip(costs, prices[1:], strict=True):
        cost += total[:, None]
        choice = cost.argmin(axis=0)
        back.append(choice)
        total = cost[choice, every] + after
    borders = [width]
    k = 0
    for choice, start in zip(back[::-1], places[-2::-1], strict=True):
        k = int(choice[k])
        borders.append(int(start[k]))
    return np.array(borders[::-1], dtype=np.intp)


def _cuts(
    pieces: NDArray[np.intp], cols: NDArray[np.intp], width: int, widest: float
) -> NDArray[np.float64]:
    """What of the pieces a border at each column, or behind the last, would cut off: (width + 1,).

    Of each piece its share on the side that has less of it; twice that of one no wider than
    `widest`.
    """
    count = int(pieces.max()) + 1
    left = np.full(count, width)
    np.minimum.at(left, pieces, cols)
    wide = np.zeros(count, dtype=np.intp)
    np.maximum.at(wide, pieces, cols - left[pieces] + 1)
    starts = np.cumsum(wide) - wide  # the columns of each piece, one piece behind the other
    ink = np.bincount(starts[pieces] + cols - left[pieces], minlength=int(wide.sum()))
    owner = np.repeat(np.arange(count), wide)
    sums = np.cumsum(ink)
    shares = (sums - (sums[starts] - ink[starts])[owner]) / np.bincount(pieces)[owner]
    cut = np.minimum(shares, 1 - shares) * np.where(wide <= widest, 2, 1)[owner]
    column = left[owner] + np.arange(len(owner)) - starts[owner]
    return np.bincount(column + 1, cut, minlength=width + 1).astype(np.float64)
