"""From character boxes to text lines and words.

The core is the course's: MeanShift on the vertical positions, one block of text at a time
(`ocr.blocks`). Around it, the page's tilt is taken out first, lines that drift are followed by
their own curve, and small signs join the line they belong to. Word gaps come from the
distribution of the gaps, not from a fixed number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.blocks import find_blocks

Boxes = NDArray[np.intp]

# Shares of the letter height.
SIGN_HEIGHT = 0.42  # lower than this is a sign: it joins a line, it does not make one
BANDWIDTH = 0.6  # of MeanShift, of the mean letter height
REACH = 3.0  # a letter's neighbour on the line begins within this distance
SAME_BAND = 0.6  # of a line's band: a stray letter that covers this much belongs to the line
MAX_TILT = 15.0  # degrees


def group_lines(boxes: Boxes) -> list[NDArray[np.intp]]:
    """Group the characters of a page into text lines.

    Parameters
    ----------
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` a character, in any order.

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
    boxes = np.asarray(boxes, dtype=np.intp).reshape(-1, 4)
    if not len(boxes):
        return []
    size = letter_height(boxes)
    slope = float(np.tan(np.radians(page_tilt(boxes))))
    return [
        block[row]
        for block in find_blocks(boxes, slope, size)
        for row in _lines_of_block(boxes[block], slope, size)
    ]


def _lines_of_block(boxes: Boxes, slope: float, size: float) -> list[NDArray[np.intp]]:
    """As `group_lines`, for a block of one column; `size` is the letter height of the page."""
    heights = (boxes[:, 2] - boxes[:, 0]).astype(float)
    letters = np.flatnonzero(heights >= SIGN_HEIGHT * size)
    if not len(letters):
        letters = np.arange(len(boxes))
    middle_x = (boxes[:, 1] + boxes[:, 3]) / 2
    middle_y = (boxes[:, 0] + boxes[:, 2]) / 2
    level = middle_y - slope * middle_x
    line = np.full(len(boxes), -1)
    line[letters] = _mean_shift(level[letters], BANDWIDTH * float(heights[letters].mean()))
    line[letters] = _follow(middle_x[letters], level[letters], line[letters], size)
    line[letters] = _rejoin(boxes[letters], slope, line[letters])
    for sign in np.flatnonzero(line < 0):
        line[sign] = line[_nearest_letter(boxes[sign], boxes[letters], letters)]
    order = sorted(set(line.tolist()), key=lambda k: float(level[line == k].mean()))
    rows = [np.flatnonzero(line == k) for k in order]
    return [row[np.lexsort((row, middle_x[row]))] for row in rows]


def letter_height(boxes: Boxes) -> float:
    """Median height of the boxes that are not signs, in pixels."""
    heights = np.sort((boxes[:, 2] - boxes[:, 0]).astype(float))
    share = np.cumsum(heights) / heights.sum()
    typical = heights[np.searchsorted(share, 0.5)]  # each box counting by its height
    return float(np.median(heights[heights >= SIGN_HEIGHT * typical]))


def page_tilt(boxes: Boxes) -> float:
    """Angle of the text lines in degrees, positive when they fall to the right.

    The slopes from each letter's foot to those of its neighbours on the right, within reach, vote;
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


def _mean_shift(levels: NDArray[np.float64], bandwidth: float) -> NDArray[np.intp]:
    """Cluster numbers of one-dimensional positions."""
    from sklearn.cluster import MeanShift  # late: the slowest import of reading

    steps = np.arange(levels.min(), levels.max() + bandwidth / 2, bandwidth / 2)
    away = np.abs(levels - steps[:, None]).min(axis=1)
    seeds = steps[away <= bandwidth / 2][:, None]
    labels: NDArray[np.intp] = MeanShift(bandwidth=bandwidth, seeds=seeds).fit_predict(
        levels[:, None]
    )
    return labels


def _follow(
    x: NDArray[np.float64], y: NDArray[np.float64], line: NDArray[np.intp], size: float
) -> NDArray[np.intp]:
    """Give each letter to the line whose own course, a straight fit, passes nearest."""
    for _ in range(3):
        names = np.unique(line)
        courses = []
        for name in names:
            own = line == name
            wide = np.ptp(x[own]) if own.sum() > 2 else 0.0
            slope, offset = (
                np.polyfit(x[own], y[own], 1) if wide > 6 * size else (0.0, float(y[own].mean()))
            )
            courses.append(offset + np.clip(slope, -0.2, 0.2) * x)
        away = np.abs(np.array(courses) - y)
        nearest = names[np.argmin(away, axis=0)]
        moved = np.where(
            away.min(axis=0) < away[np.searchsorted(names, line), np.arange(len(x))] - 0.15 * size,
            nearest,
            line,
        )
        if (moved == line).all():
            break
        line = moved
    return line


def _rejoin(boxes: Boxes, slope: float, line: NDArray[np.intp]) -> NDArray[np.intp]:
    """Give lines of one or two letters to the line whose band those letters stand in.

    A letter with a long tail has its middle below its line's; a line of its own it is not.
    """
    down = slope * (boxes[:, 1] + boxes[:, 3]) / 2
    top, bottom = boxes[:, 0] - down, boxes[:, 2] - down
    names, counts = np.unique(line, return_counts=True)
    bands = [(np.median(top[line == k]), np.median(bottom[line == k])) for k in names]
    out = line.copy()
    for name in names[counts <= 2]:
        for letter in np.flatnonzero(line == name):
            shares = [
                (min(bottom[letter], low) - max(top[letter], high)) / (low - high)
                if counts[k] > 2
                else 0.0
                for k, (high, low) in enumerate(bands)
            ]
            if max(shares) > SAME_BAND:
                out[letter] = names[int(np.argmax(shares))]
    return out


def _nearest_letter(sign: Boxes, letters: Boxes, indices: NDArray[np.intp]) -> int:
    """Index of the letter whose box is nearest to a sign's, rows counting double."""
    rows = np.maximum(np.maximum(letters[:, 0] - sign[2], sign[0] - letters[:, 2]), 0)
    cols = np.maximum(np.maximum(letters[:, 1] - sign[3], sign[1] - letters[:, 3]), 0)
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
    if page < 0 or not len(gaps):
        return page
    steps = np.sort(np.concatenate([np.clip(gaps, 0.0, None), [0.0, 2.0 * page]]))
    middle = (steps[1:] + steps[:-1]) / 2
    off = np.log(np.maximum(middle, 1e-6) / page)
    return float(middle[np.argmax(np.diff(steps) * np.exp(-0.5 * (off / SPREAD) ** 2))])


Points = tuple[tuple[float, float], ...]


def baseline(boxes: Boxes) -> Points:
    """The straight line that the letters of one text line stand on.

    Median slope between feet at least two letter heights apart (Theil 1950), through the median
    foot; descenders and signs that hang hardly move it.

    Parameters
    ----------
    boxes : (n, 4) int array
        The characters of a line, at least one.

    Returns
    -------
    tuple of two (row, col) points
        Its left and right end, in pixels.
    """
    size = letter_height(boxes)
    letters = boxes[(boxes[:, 2] - boxes[:, 0]) >= SIGN_HEIGHT * size]
    foot, middle = letters[:, 2].astype(float), (letters[:, 1] + letters[:, 3]) / 2
    across = middle - middle[:, None]
    far = across > 2 * size
    slope = float(np.median((foot - foot[:, None])[far] / across[far])) if far.any() else 0.0
    slope = float(np.clip(slope, -0.5, 0.5))
    level = float(np.median(foot - slope * middle))
    ends = (int(boxes[:, 1].min()), int(boxes[:, 3].max()))
    return tuple((round(level + slope * x, 1), float(x)) for x in ends)


def outline(boxes: Boxes, base: Points) -> Points:
    """The parallelogram along `base` that holds all of a line's boxes: four (row, col) points."""
    (left_y, left_x), (right_y, right_x) = base
    slope = (right_y - left_y) / max(right_x - left_x, 1.0)
    corners = boxes[:, [1, 3]]
    over = (boxes[:, [0]] - slope * (corners - left_x)).min() - left_y
    under = (boxes[:, [2]] - slope * (corners - left_x)).max() - left_y
    return tuple(
        (round(float(y), 1), x)
        for y, x in (
            (left_y + over, left_x),
            (right_y + over, right_x),
            (right_y + under, right_x),
            (left_y + under, left_x),
        )
    )
