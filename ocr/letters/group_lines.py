"""From character boxes to text lines and words.

The core is the course's: mean shift on the vertical positions, one block of text at a time
(`ocr.layout.blocks`). Around it, the page's tilt is taken out first, lines that drift are followed
by their own curve, and small signs join the line they belong to. Word gaps come from the
distribution of the gaps, not from a fixed number.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr.layout.blocks import find_blocks
from ocr.letters.baselines import (
    BAND,
    SIGN_HEIGHT,
    TALL,
    Boxes,
    Course,
    Floats,
    filled,
    fit_course,
    in_pixels,
    ink_points,
    letter_height,
    strips,
    weighted_fit,
)
from ocr.letters.crossings import split_crossings
from ocr.letters.find_letters import Segmentation

Values = Floats | NDArray[np.intp]

# Shares of the letter height.
BANDWIDTH = 0.6  # of the mean shift
SMALL = 0.75  # one or two letters below this are no line but signs, if near one
SIGN_REACH = 1.5  # a sign is this near to a letter
SAME_BAND = 0.6  # of the lower of two bands that are one line
COVERED = 0.3  # of the narrower of two letters' width: one stands above the other
TURNS = 0.35  # of a line's letters may so, or it is a line of its own
APART_AT_MOST = 5.0  # two pieces of one line are this near
FEW = 3  # characters: a line of as few that touch the border is no line
SLOPING = 6.0  # a shorter line runs as the page does
STICKY = 0.15  # another line must be nearer by this much to take a strip over
MAX_TILT = 15.0  # degrees

MOST_SHIFTS = 300
SETTLED = 1e-3  # of the bandwidth: means that move less have arrived

STEEPEST = 0.2  # rows a column that a line may run off from the page's direction
MORE_INK = 0.15  # of a character's ink that another line's band must hold more to take it over
# Neighboring strips of one line, by whose steps the bend of a sheet is measured.
NEAR = (0.3, 3.5)  # letter heights apart
LEVEL = 0.7  # letter heights that one may lie higher, at most
BENT = (8.0, 12.0, 20.0)  # letter heights of a block from which a bend of degree 2, 3, 4 shows
LEAST_BEND = 0.25  # letter heights: less is left alone
WITHIN = (2, 98)  # percentiles of the columns where it is measured
MOST_STRIPS = 700  # strips that tell the bend


def find_lines(found: Segmentation) -> tuple[Segmentation, list[NDArray[np.intp]]]:
    """The text lines of a segmented page, its ink divided where it crosses from line to line.

    Returns
    -------
    Segmentation
        As `found`, but for characters that were of two lines, and with its `blocks`.
    list of int arrays
        Its characters, as `group_lines` returns them.
    """
    rows, blocks = _grouped(found.boxes, ink_points(found))
    divided = split_crossings(found, rows)
    if divided is not found:
        rows, blocks = _grouped(divided.boxes, ink_points(divided))
    if blocks.any():
        divided = replace(divided, blocks=blocks)
    return divided, _without_border(divided, rows)


def _without_border(found: Segmentation, rows: list[NDArray[np.intp]]) -> list[NDArray[np.intp]]:
    """Leave out lines of a few marks that all touch the border of a page with longer lines.

    They are what is seen of the surroundings: the desk, the edge of another sheet.
    """
    if max((len(row) for row in rows), default=0) <= FEW:
        return rows
    height, width = found.labels.shape
    edge = np.array([1, 1, height - 1, width - 1])
    touch = (found.boxes[:, :2] < edge[:2]) | (found.boxes[:, 2:] > edge[2:])
    return [row for row in rows if len(row) > FEW or not touch[row].any(axis=1).all()]


def group_lines(boxes: Boxes, ink: NDArray[np.intp] | None = None) -> list[NDArray[np.intp]]:
    """Group the characters of a page into text lines.

    Parameters
    ----------
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` a character, in any order.
    ink : (M, 3) int array, optional
        Rows, columns and characters of a sample of the ink (`ocr.letters.baselines.ink_points`);
        joined writing needs it, because the boxes of words with long letters lie higher or lower.

    Returns
    -------
    list of int arrays
        One array a line, in reading order: top to bottom, columns one after the other. Each
        holds indices into `boxes`, left to right.

    Examples
    --------
    >>> rows = [[0, 0, 10, 8], [31, 12, 41, 20], [30, 0, 40, 8], [1, 12, 11, 20]]
    >>> [line.tolist() for line in group_lines(np.array(rows))]
    [[0, 3], [2, 1]]
    """
    return _grouped(boxes, ink)[0]


def _grouped(
    boxes: Boxes, ink: NDArray[np.intp] | None
) -> tuple[list[NDArray[np.intp]], NDArray[np.intp]]:
    """As `group_lines`, and the block that each character is in."""
    boxes = np.asarray(boxes, dtype=np.intp).reshape(-1, 4)
    blocks = np.zeros(len(boxes), dtype=np.intp)
    if not len(boxes):
        return [], blocks
    if ink is None:
        ink = filled(boxes)
    size = letter_height(boxes)
    slope = float(np.tan(np.radians(page_tilt(boxes))))
    rows = []
    for k, block in enumerate(find_blocks(boxes, slope, size)):
        blocks[block] = k
        number = np.full(len(boxes), -1)
        number[block] = np.arange(len(block))
        own = ink[number[ink[:, 2]] >= 0]
        own = np.stack([own[:, 0], own[:, 1], number[own[:, 2]]], axis=1)
        rows += [block[row] for row in _lines_of_block(boxes[block], own, slope, size)]
    return rows, blocks


def _lines_of_block(
    boxes: Boxes, ink: NDArray[np.intp], slope: float, size: float
) -> list[NDArray[np.intp]]:
    """As `group_lines`, for a block of one column; `size` is the letter height of the page."""
    heights = boxes[:, 2] - boxes[:, 0]
    letter = heights >= SIGN_HEIGHT * size
    if not letter.any():
        letter[:] = True
    letters = np.flatnonzero(letter)
    ink = ink[letter[ink[:, 2]]]
    found = strips(boxes, ink, size)
    usual = (heights < TALL * size)[found.owner]
    if usual.mean() < 0.5:
        usual[:] = True
    guide = found.of(usual)
    bend = _bend(guide.col, guide.row - slope * guide.col, size)

    def level(row: Values, col: Values) -> Floats:
        return row - slope * col - bend.at(col, STEEPEST)

    line = mean_shift(level(guide.row, guide.col), BANDWIDTH * size)
    line, courses = _follow(guide.col, level(guide.row, guide.col), line, size)
    off = np.abs(_at(courses, found.col) - level(found.row, found.col))
    votes = np.zeros((len(boxes), len(courses)))
    np.add.at(votes, (found.owner, off.argmin(axis=0)), 1)
    middle_y, middle_x = (boxes[:, :2] + boxes[:, 2:]).T / 2
    own = np.where(letter, votes.argmax(axis=1), -1)
    flat = boxes - (middle_y - level(middle_y, middle_x))[:, None] * [1, 0, 1, 0]
    own[letters] = _rejoin(flat[letters], own[letters], size)
    own[letters] = _by_bands(ink, level(ink[:, 0], ink[:, 1]), own, courses)[letters]
    own = _without_signs(boxes, own, size)
    letters = np.flatnonzero(own >= 0)
    for sign in np.flatnonzero(own < 0):
        own[sign] = own[_nearest_letter(boxes[sign], boxes[letters], letters)]
    height = level(middle_y, middle_x)
    order = sorted(set(own.tolist()), key=lambda k: float(height[own == k].mean()))
    rows = [np.flatnonzero(own == k) for k in order]
    return [row[np.lexsort((row, middle_x[row]))] for row in rows]


def page_tilt(boxes: Boxes) -> float:
    """Angle of the text lines in degrees, positive when they fall to the right.

    The slopes from each letter's foot to those of its neighbors on the right, within reach, vote;
    the answer is the weighted median around the peak. 0 when there are too few letters.
    """
    heights = (boxes[:, 2] - boxes[:, 0]).astype(float)
    size = letter_height(boxes)
    rows = boxes[heights >= SIGN_HEIGHT * size].astype(float)
    if len(rows) < 4:
        return 0.0
    foot, middle = rows[:, 2], (rows[:, 1] + rows[:, 3]) / 2
    across = middle - middle[:, None]
    down = foot - foot[:, None]
    pairs = (across > 2 * size) & (across < 14 * size)
    angles = np.degrees(np.arctan2(down[pairs], across[pairs]))
    weight = across[pairs]
    usual = np.abs(angles) <= MAX_TILT
    angles, weight = angles[usual], weight[usual]
    if len(angles) < 3:
        return 0.0
    grid = np.arange(-MAX_TILT, MAX_TILT + 0.25, 0.25)
    votes = np.histogram(angles, bins=np.append(grid, MAX_TILT + 0.5) - 0.125, weights=weight)[0]
    kernel = np.exp(-0.5 * (np.arange(-8, 9) / 3.0) ** 2)
    votes = np.convolve(votes, kernel, mode="same")
    peak = grid[int(np.argmax(votes - 1e-3 * votes.max() * np.abs(grid)))]
    close = np.abs(angles - peak) <= 1.5
    if not close.any():
        return float(peak)
    order = np.argsort(angles[close], kind="stable")
    share = np.cumsum(weight[close][order])
    return float(angles[close][order][np.searchsorted(share, share[-1] / 2)])


def mean_shift(levels: Floats, bandwidth: float) -> NDArray[np.intp]:
    """Cluster positions on a line by mean shift with a flat kernel.

    Comaniciu and Meer 2002, doi:10.1109/34.1000236. Every mean climbs to where the points are
    densest; of those that end within a bandwidth of each other the one with the most points stays,
    and each point belongs to the nearest. On a line the points around a mean are a slice of the
    sorted ones, so all means move at once.

    Parameters
    ----------
    levels : (M,) float array
        At least one.
    bandwidth : float
        Radius of the kernel, above 0.

    Returns
    -------
    (M,) int array
        Clusters, 0 to K - 1.

    Examples
    --------
    >>> mean_shift(np.array([0.0, 1.0, 20.0, 0.5, 21.0]), 2.0).tolist()
    [0, 0, 1, 0, 1]
    """
    points = np.sort(levels)
    sums = np.concatenate([[0.0], np.cumsum(points)])
    steps = np.arange(points[0], points[-1] + bandwidth / 2, bandwidth / 2)
    away = np.abs(levels - steps[:, None]).min(axis=1)
    means = steps[away <= bandwidth / 2]
    count = np.zeros(len(means), dtype=np.intp)
    for _ in range(MOST_SHIFTS):
        first = np.searchsorted(points, means - bandwidth, side="left")
        count = np.searchsorted(points, means + bandwidth, side="right") - first
        shifted = (sums[first + count] - sums[first]) / count
        settled = np.abs(shifted - means).max() <= SETTLED * bandwidth
        means = shifted
        if settled:
            break
    peaks: list[float] = []
    for mean in means[np.lexsort((means, count))[::-1]]:
        if all(abs(mean - peak) > bandwidth for peak in peaks):
            peaks.append(float(mean))
    return np.abs(levels[:, None] - peaks).argmin(axis=1)


def _bend(col: Floats, row: Floats, size: float) -> Course:
    """The common bend of all lines: a curled sheet.

    A polynomial whose steps between neighboring strips are those of the strips; 0 where it would
    be next to straight or the block is narrow.
    """
    straight = Course(np.zeros(1), 0.0, 0.0)
    degree = 1 + sum(bool(np.ptp(col) > least * size) for least in BENT) if len(col) else 1
    if degree == 1 or len(col) < 4 * degree:
        return straight
    if len(col) > MOST_STRIPS:
        chosen = np.argsort(col)[np.linspace(0, len(col) - 1, MOST_STRIPS).astype(int)]
        col, row = col[chosen], row[chosen]
    across = (col - col[:, None]) / size
    first, second = np.nonzero((across > NEAR[0]) & (across < NEAR[1]))
    middle, half = (col.max() + col.min()) / 2, np.ptp(col) / 2
    basis = np.vander((col - middle) / half, degree + 1)[:, :-1]
    step, down = basis[second] - basis[first], row[second] - row[first]
    answer: Floats = np.zeros(degree)
    for _ in range(4):
        off = np.abs(down - step @ answer) / size
        near = off < LEVEL
        if near.sum() < 8 * degree:
            return straight
        answer = weighted_fit(step[near], down[near], 1 / np.maximum(off[near], 0.1))
    curve = in_pixels(np.append(answer, 0.0), middle, half)
    if np.ptp(np.polyval(curve, col)) < LEAST_BEND * size:
        return straight
    ends = np.percentile(col[first[near]], WITHIN)  # a lone mark far away tells nothing
    return Course(curve, float(ends[0]), float(ends[1]))


def _follow(
    col: Floats, level: Floats, line: NDArray[np.intp], size: float
) -> tuple[NDArray[np.intp], list[Course]]:
    """Give each strip to the line whose own course passes nearest.

    Returns
    -------
    line : (M,) int array
        0 to K - 1.
    courses : list of K courses
    """
    for _ in range(4):
        names, line = np.unique(line, return_inverse=True)
        courses = []
        for name in range(len(names)):
            own = line == name
            most = 2 if np.ptp(col[own]) > SLOPING * size else 0
            courses.append(fit_course(col[own], level[own], size, most))
        away = np.abs(_at(courses, col) - level)
        nearer = away.min(axis=0) < away[line, np.arange(len(col))] - STICKY * size
        if not nearer.any():
            break
        line = np.where(nearer, away.argmin(axis=0), line)
    return line, courses


def _at(courses: list[Course], col: Values) -> Floats:
    """(K, M) levels of K courses at M columns."""
    return np.array([course.at(col, STEEPEST) for course in courses])


def _by_bands(
    ink: NDArray[np.intp],
    level: Floats,
    own: NDArray[np.intp],
    courses: list[Course],
) -> NDArray[np.intp]:
    """Give each letter to the line whose band of small letters holds most of its ink."""
    off = level - _at(courses, ink[:, 1])
    mine = off[own[ink[:, 2]], np.arange(len(ink))]
    low, high = np.percentile(mine, BAND)
    inside = (off >= low) & (off <= high)
    share = np.zeros((len(courses), len(own)))
    for k, within in enumerate(inside):
        share[k] = np.bincount(ink[within, 2], minlength=len(own))
    share /= np.maximum(np.bincount(ink[:, 2], minlength=len(own)), 1)
    more = share.max(axis=0) > share[own, np.arange(len(own))] + MORE_INK
    return np.where(more, share.argmax(axis=0), own)


def _rejoin(boxes: Floats, line: NDArray[np.intp], size: float) -> NDArray[np.intp]:
    """Put lines together whose letters take turns in one band; the boxes are straightened.

    A letter with a long tail has its ink below its line's; a line of its own it is not.
    """
    out = line.copy()
    while True:
        names, counts = np.unique(out, return_counts=True)
        bands = np.array([np.median(boxes[out == k], axis=0) for k in names])[:, [0, 2]]
        for low in np.argsort(counts):  # the shortest first
            shared = _shared(bands, low)
            shared[low] = 0.0
            for other in np.argsort(-shared)[: (shared > SAME_BAND).sum()]:
                mine, theirs = boxes[out == names[low]], boxes[out == names[other]]
                if _take_turns(mine, theirs, size):
                    out[out == names[low]] = names[other]
                    break
            else:
                continue
            break
        else:
            return out


def _take_turns(few: Floats, many: Floats, size: float) -> bool:
    """Whether letters stand beside others, not above or below, and not far away."""
    over = np.minimum(few[:, None, 3], many[:, 3]) - np.maximum(few[:, None, 1], many[:, 1])
    if over.max() < -APART_AT_MOST * size:
        return False
    width = np.minimum(few[:, None, 3] - few[:, None, 1], many[:, 3] - many[:, 1])
    crossed = (over > COVERED * width).any(axis=1)
    return len(few) <= 2 or bool(crossed.mean() < TURNS)


def _shared(spans: Floats, one: int) -> Floats:
    """Overlap of (K, 2) spans with one of them, as a share of the shorter."""
    over = np.minimum(spans[:, 1], spans[one, 1]) - np.maximum(spans[:, 0], spans[one, 0])
    lengths = spans[:, 1] - spans[:, 0]
    return over / np.maximum(np.minimum(lengths, lengths[one]), 1.0)


def _without_signs(boxes: Boxes, own: NDArray[np.intp], size: float) -> NDArray[np.intp]:
    """-1 in place of lines that are a quotation mark or two, or a dash, beside a letter."""
    out = own.copy()
    names, counts = np.unique(own[own >= 0], return_counts=True)
    heights = boxes[:, 2] - boxes[:, 0]
    for name in names[counts <= 2]:
        members = np.flatnonzero(own == name)
        others = boxes[(own >= 0) & (own != name)]
        if heights[members].max() < SMALL * size and len(others):
            rows, cols = _gaps_to(boxes[members[0]], others)
            if np.hypot(rows, cols).min() < SIGN_REACH * size:
                out[members] = -1
    return out


def _gaps_to(box: Boxes, others: Boxes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns between a box and each of others; 0 where they overlap."""
    rows = np.maximum(np.maximum(others[:, 0] - box[2], box[0] - others[:, 2]), 0)
    cols = np.maximum(np.maximum(others[:, 1] - box[3], box[1] - others[:, 3]), 0)
    return rows, cols


def _nearest_letter(sign: Boxes, letters: Boxes, indices: NDArray[np.intp]) -> int:
    """Index of the letter whose box is nearest to a sign's, rows counting double."""
    rows, cols = _gaps_to(sign, letters)
    return int(indices[np.argmin(np.hypot(2.0 * rows, cols))])


# Gaps are measured in letter heights of their line.
WIDEST_GAP = 4.0  # wider gaps count as this: a far column must not hide the words
ALONE = 0.75  # where letters usually stand this far apart, each stands for itself
FEW_WORDS = 0.35  # of the gaps that are not columns' part words; more must be letters' gaps
LEAST_GAP = 0.5  # words stand at least this far apart, on average, on a page with columns
SPREAD = 0.2  # how far, in log units, a line's own threshold may leave the page's


def word_starts(boxes: Boxes, lines: list[NDArray[np.intp]]) -> list[NDArray[np.bool_]]:
    """Where words begin, from the distribution of the gaps between letters.

    The page's gaps are split into two classes by least variance (Otsu's criterion); then each line
    looks for the widest jump between its own sorted gaps, near the page's threshold.

    Parameters
    ----------
    boxes : (N, 4) int array
        The characters of a page.
    lines : list of int arrays
        As `group_lines` returns them.

    Returns
    -------
    list of bool arrays
        For each line, True at the letters that begin a word (always at the first).
    """
    gaps = [_gaps(boxes[line]) for line in lines]
    pooled = np.sort(np.concatenate([np.empty(0), *gaps]))
    page = _page_threshold(pooled)
    return [np.concatenate([[True], row > _line_threshold(row, page)]) for row in gaps]


def _gaps(boxes: Boxes) -> NDArray[np.float64]:
    """Gaps before the second and later letters of a line, in letter heights."""
    size = letter_height(boxes)
    before = np.maximum.accumulate(boxes[:-1, 3]) if len(boxes) > 1 else boxes[:0, 3]
    return np.clip((boxes[1:, 1] - before) / size, -0.5, WIDEST_GAP)


def _page_threshold(pooled: NDArray[np.float64]) -> float:
    """Gap from which on a word ends, in letter heights, for a page with sorted gaps `pooled`."""
    if len(pooled) == 0:
        return 1.0
    wide = _two_classes(pooled)
    if wide is None:
        usual = float(np.median(pooled))
        return -1.0 if usual > ALONE else max(0.6, 2.2 * usual)
    # columns stand further apart than words: look once more among the narrower gaps
    within = pooled[pooled < wide]
    narrow = _two_classes(within)
    if narrow is None:
        return wide
    words = within[within > narrow]
    few = len(words) < FEW_WORDS * len(within)  # or else they are letters, loosely set
    return narrow if few and float(words.mean()) > LEAST_GAP else wide


def _two_classes(gaps: NDArray[np.float64]) -> float | None:
    """Threshold between two classes of sorted gaps, or None if they are all of one kind."""
    if len(gaps) < 3:
        return None
    count = np.arange(1, len(gaps))
    low = np.cumsum(gaps)[:-1] / count
    high = (gaps.sum() - np.cumsum(gaps)[:-1]) / (len(gaps) - count)
    k = int(np.argmax(count * (len(gaps) - count) * (high - low) ** 2))
    if high[k] <= 2.0 * max(low[k], 0.0) + 0.2:
        return None
    return float((gaps[k] + gaps[k + 1]) / 2)


def _line_threshold(gaps: NDArray[np.float64], page: float) -> float:
    """The page's threshold, moved to the widest jump between this line's gaps."""
    if page <= 0 or not len(gaps):
        return page
    steps = np.sort(np.concatenate([np.clip(gaps, 0.0, None), [0.0, 2.0 * page]]))
    middle = (steps[1:] + steps[:-1]) / 2
    off = np.log(np.maximum(middle, 1e-6) / page)
    return float(middle[np.argmax(np.diff(steps) * np.exp(-0.5 * (off / SPREAD) ** 2))])
