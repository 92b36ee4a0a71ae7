"""From the page network's maps to text lines: trace the baselines, link their pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.layout.connected import connected
from ocr.layout.lone_signs import lone_signs
from ocr.layout.medians import weighted_median
from ocr.layout.strips import TextLine

MAP_STRIDE = 4  # pixels of the page a pixel of a map
X_HEIGHT_UNIT = 8.0  # pixels: the height map holds log2(x-height / this)
MOST_POINTS = 60  # about so many of a baseline are kept


@dataclass(frozen=True)
class TracingConfig:
    """How maps become lines. Lengths are in x-heights unless said otherwise.

    Down to `reach` chosen on the valid split of `$OCR_DATA/pages` by
    `tests/benchmarks/line_finding.py`; the rest were set by hand and not measured alone.
    `double` and `doubted` take three lines from the pages of the valid split and 120 of the train
    split.

    Attributes
    ----------
    threshold : float
        Probability from which a pixel is on a baseline.
    at_ends : float
        How much the end map takes off that probability, so that neighbors in a row come apart.
    shortest : float
        Shorter lines are left out.
    least_body : float
        Mean probability of small letters over a line from which it is writing.
    gap, end_gap : float
        Widest gap between two pieces of one line; the same where the map says that both end.
    off : float
        Most that a piece may lie above or below where another leads.
    reach : float
        How far a traced line is led on where the end map had cut it short.
    smoothing : int
        Columns of the map over which the rows of a piece are averaged.
    seen : float
        Probability of small letters from which their height counts.
    slope_reach : float
        How much of a piece, at least `slope_columns` columns of the map, tells its slope at an end.
    slope_columns : int
    slope_prior : float
        Weight of the page's slope in that of a piece: a piece about four x-heights long counts as
        much.
    steepest : float
        Rows a column that no slope exceeds.
    alike : float
        Most that the x-heights of two pieces of one line differ, as a ratio.
    off_cost : float
        How much more a piece that lies off counts against a link than one that lies farther away.
    double, doubted : float
        A line that lies no farther off a longer one, and whose score is less than that one's times
        `doubted`, is made of the feet or heads of its letters, and is left out.
    """

    threshold: float = 0.32
    at_ends: float = 0.7
    shortest: float = 0.9
    least_body: float = 0.3
    gap: float = 4.0
    end_gap: float = 1.2
    off: float = 0.6
    reach: float = 1.0
    smoothing: int = 5
    seen: float = 0.3
    slope_reach: float = 6.0
    slope_columns: int = 6
    slope_prior: float = 6.0
    steepest: float = 0.5
    alike: float = 1.8
    off_cost: float = 3.0
    double: float = 1.42
    doubted: float = 0.9


CONFIG = TracingConfig()


@dataclass
class _Piece:
    """A traced piece: columns and rows of the map, its x-height and how surely it is writing."""

    cols: NDArray[np.float64]
    rows: NDArray[np.float64]
    x_height: float
    body: float

    def slope(self, right: bool, usual: float = 0.0) -> float:
        """Rows a column at one of its ends; the shorter it is, the more as is usual on the page."""
        n = max(CONFIG.slope_columns, round(CONFIG.slope_reach * self.x_height))
        part = slice(-n, None) if right else slice(None, n)
        x, y = self.cols[part], self.rows[part]
        x = x - x.mean()
        weight = (x * x).sum()
        prior = CONFIG.slope_prior * (self.x_height**3)
        slope = ((x * y).sum() + prior * usual) / (weight + prior)
        return float(np.clip(slope, -CONFIG.steepest, CONFIG.steepest))


def trace(maps: NDArray[np.float32]) -> list[TextLine]:
    """Text lines of a page from its maps.

    Parameters
    ----------
    maps : (4, H, W) float32 array
        Probabilities of baseline, ends and body, and log2 of the x-height in units of
        `X_HEIGHT_UNIT` pixels, at a quarter of the page's sides.

    Returns
    -------
    list of TextLine
        In pixels of the page that the network saw, in no order.
    """
    pieces = _pieces(maps)
    pieces = _linked(pieces, maps)
    lines = []
    for piece in pieces:
        if piece.body < CONFIG.least_body:
            continue
        piece = _led_on(piece, maps[0])
        if np.ptp(piece.cols) < CONFIG.shortest * piece.x_height:
            continue
        points = np.stack([piece.rows + 0.5, piece.cols + 0.5], axis=1)
        score = float(np.sqrt(piece.body * _mean_along(piece, maps[0])))
        lines.append(TextLine(_thinned(points), piece.x_height, score))
    lines = [line for line in lines if not any(_doubles(line, other) for other in lines)]
    base, _, body, height = maps
    lines += lone_signs(base, body, X_HEIGHT_UNIT / MAP_STRIDE * 2.0**height, lines)
    return [line.scaled(MAP_STRIDE) for line in lines]


def _pieces(maps: NDArray[np.float32]) -> list[_Piece]:
    """The connected stretches of baseline, a row for each of their columns."""
    base, ends, body, height = maps
    score = base * (1 - CONFIG.at_ends * ends)
    labels, boxes = connected(score > CONFIG.threshold)
    mean = np.full(CONFIG.smoothing, 1 / CONFIG.smoothing)
    pieces = []
    for number, (top, left, bottom, right) in enumerate(boxes.tolist(), start=1):
        if right - left < 2:
            continue
        place = (slice(top, bottom), slice(left, right))
        for cols, rows in _tracks(np.where(labels[place] == number, score[place], 0.0)):
            padded = np.pad(rows, CONFIG.smoothing // 2, mode="edge")
            smooth = np.convolve(padded, mean, mode="valid") + top
            pieces.append(_measured(cols + left, smooth, body, height))
    return pieces


def _tracks(
    weight: NDArray[np.float32],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """The lines that a connected stretch holds: one, or several that touch somewhere.

    Parameters
    ----------
    weight : (H, W) float32 array
        Zero outside the stretch.

    Yields
    ------
    (cols, rows)
        Columns in order and the row in each, at least two of them.
    """
    height, width = weight.shape
    inside = np.pad(weight > 0, ((1, 1), (0, 0)))
    # Where the runs of each column begin and end, column by column.
    cols, begins = np.nonzero((inside[1:] & ~inside[:-1]).T)
    ends = np.nonzero((inside[:-1] & ~inside[1:]).T)[1]
    total = np.concatenate([np.zeros((1, width)), np.cumsum(weight, axis=0)])
    moment = weight * np.arange(height)[:, None]
    moments = np.concatenate([np.zeros((1, width)), np.cumsum(moment, axis=0)])
    mass = total[ends, cols] - total[begins, cols]
    rows = (moments[ends, cols] - moments[begins, cols]) / mass
    if len(cols) == width:
        yield cols, rows
        return
    going: list[list[int]] = []  # runs of the tracks that reach the column before
    done = []
    firsts = np.searchsorted(cols, np.arange(width + 1)).tolist()
    for start, stop in pairwise(firsts):
        here = range(start, stop)  # the runs of a column
        pairs = sorted(
            (abs(rows[track[-1]] - rows[run]), k, run)
            for k, track in enumerate(going)
            for run in here
            if begins[run] <= ends[track[-1]] and begins[track[-1]] <= ends[run]
        )
        led: dict[int, int] = {}
        for _, k, run in pairs:
            if k not in led and run not in led.values():
                led[k] = run
        done += [track for k, track in enumerate(going) if k not in led]
        going = [[*going[k], run] for k, run in led.items()] + [
            [run] for run in here if run not in led.values()
        ]
    for track in done + going:
        if len(track) > 1:
            yield cols[track], rows[track]


def _measured(
    cols: NDArray[np.intp],
    rows: NDArray[np.float64],
    body: NDArray[np.float32],
    height: NDArray[np.float32],
) -> _Piece:
    """A piece with its x-height, the median along it, and the mean of the body above it."""
    low = np.clip(np.round(rows).astype(int), 0, len(body) - 1)
    guess = float(np.median(height[low, cols]))
    x_height = X_HEIGHT_UNIT / MAP_STRIDE * 2.0**guess
    over = np.clip(np.round(rows - x_height / 2).astype(int), 0, len(body) - 1)
    inside = body[over, cols]
    if inside.max() > CONFIG.seen:
        guess = float(np.median(height[over, cols][inside > CONFIG.seen]))
        x_height = X_HEIGHT_UNIT / MAP_STRIDE * 2.0**guess
    return _Piece(cols.astype(np.float64), rows, x_height, float(inside.mean()))


def _linked(pieces: list[_Piece], maps: NDArray[np.float32]) -> list[_Piece]:
    """Pieces of one line put together, the nearest first.

    Rows join lines as well (`ocr.layout.reading_order`), but pieces such as a dash are too short to
    be a line, and would be left out before.
    """
    usual = _page_slope(pieces)
    starts = np.array([piece.cols[0] for piece in pieces])
    links = []
    for i, left in enumerate(pieces):
        limit = CONFIG.gap * left.x_height
        near = np.flatnonzero((starts >= left.cols[-1] - 2) & (starts <= left.cols[-1] + limit))
        for j in near.tolist():
            if i != j:
                cost = _cost(left, pieces[j], usual, maps)
                if cost is not None:
                    links.append((cost, i, j))
    links.sort()
    after: dict[int, int] = {}
    before: dict[int, int] = {}
    for _, i, j in links:
        if i not in after and j not in before:
            after[i], before[j] = j, i
    out = []
    for i in range(len(pieces)):
        if i in before:
            continue
        chain = [i]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        out.append(_joined([pieces[k] for k in chain]))
    return out


def _page_slope(pieces: list[_Piece]) -> float:
    """Rows a column that half of a page's lines, by their length, do not exceed."""
    if not pieces:
        return 0.0
    wide = np.array([np.ptp(piece.cols) for piece in pieces])
    rise = np.array([piece.rows[-1] - piece.rows[0] for piece in pieces])
    slopes = rise / np.maximum(wide, 1)
    middle = weighted_median(slopes, wide**2)
    return float(np.clip(middle, -CONFIG.steepest, CONFIG.steepest))


def _cost(
    left: _Piece,
    right: _Piece,
    usual: float,
    maps: NDArray[np.float32],
) -> float | None:
    """How little it looks as if a piece goes on as another; None where it does not."""
    size = float(np.sqrt(left.x_height * right.x_height))
    lower, higher = sorted((left.x_height, right.x_height))
    if higher > CONFIG.alike * lower:
        return None
    gap = right.cols[0] - left.cols[-1]
    here = left.rows[-1] + left.slope(True, usual) * gap / 2
    there = right.rows[0] - right.slope(False, usual) * gap / 2
    off = abs(here - there)
    if off > CONFIG.off * size:
        return None
    closed = min(_end_near(maps[1], left.rows[-1], left.cols[-1]), _end_near(
        maps[1], right.rows[0], right.cols[0]))  # fmt: skip
    limit = CONFIG.gap + (CONFIG.end_gap - CONFIG.gap) * closed
    if gap > limit * size:
        return None
    return float((gap + CONFIG.off_cost * off) / size)


def _end_near(ends: NDArray[np.float32], row: float, col: float) -> float:
    """How surely a line ends at a place."""
    y, x = round(row), round(col)
    part = ends[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3]
    return float(part.max()) if part.size else 0.0


def _joined(chain: list[_Piece]) -> _Piece:
    if len(chain) == 1:
        return chain[0]
    weight = np.array([len(piece.cols) for piece in chain], dtype=np.float64)
    cols = np.concatenate([piece.cols for piece in chain])
    rows = np.concatenate([piece.rows for piece in chain])
    order = np.argsort(cols, kind="stable")
    heights = np.array([piece.x_height for piece in chain])
    bodies = np.array([piece.body for piece in chain])
    return _Piece(
        cols[order],
        rows[order],
        float(np.exp((np.log(heights) * weight).sum() / weight.sum())),
        float((bodies * weight).sum() / weight.sum()),
    )


def _led_on(piece: _Piece, base: NDArray[np.float32]) -> _Piece:
    """A piece led on over the baseline that the end map had hidden."""
    limit = round(CONFIG.reach * piece.x_height)
    height, width = base.shape
    cols, rows = list(piece.cols), list(piece.rows)
    for right in (True, False):
        slope = piece.slope(right) * (1 if right else -1)
        step = 1 if right else -1
        x, y = piece.cols[-1 if right else 0], piece.rows[-1 if right else 0]
        for _ in range(limit):
            x, y = x + step, y + slope
            row, col = round(y), round(x)
            if not (0 <= col < width and 1 <= row < height - 1):
                break
            if base[row - 1 : row + 2, col].max() < CONFIG.threshold:
                break
            if right:
                cols.append(x)
                rows.append(y)
            else:
                cols.insert(0, x)
                rows.insert(0, y)
    return _Piece(np.array(cols), np.array(rows), piece.x_height, piece.body)


def _doubles(line: TextLine, other: TextLine) -> bool:
    """Whether a line is no more than the feet or heads of a longer one's letters."""
    (start, end), (first, last) = (one.baseline[[0, -1], 1] for one in (line, other))
    if end - start >= last - first or line.score >= CONFIG.doubted * other.score:
        return False
    left, right = max(start, first), min(end, last)
    if right - left < (end - start) / 2:
        return False
    rows = [
        np.interp((left + right) / 2, one.baseline[:, 1], one.baseline[:, 0])
        for one in (line, other)
    ]
    return bool(abs(rows[0] - rows[1]) < CONFIG.double * min(line.x_height, other.x_height))


def _mean_along(piece: _Piece, base: NDArray[np.float32]) -> float:
    """Mean probability of the baseline along a piece."""
    rows = np.clip(np.round(piece.rows).astype(int), 0, base.shape[0] - 1)
    cols = np.clip(np.round(piece.cols).astype(int), 0, base.shape[1] - 1)
    return float(base[rows, cols].mean())


def _thinned(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every few points of a curve, its ends among them."""
    step = max(1, len(points) // MOST_POINTS)
    kept = points[::step]
    return kept if (kept[-1] == points[-1]).all() else np.concatenate([kept, points[-1:]])
