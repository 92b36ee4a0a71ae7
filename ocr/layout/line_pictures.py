"""Where the text lies in a picture of a single line, such as transcribers cut from pages.

The page network sees it as on a page; where it sees nothing, the profile of the ink over the rows
tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.page_network import GreyArray, PageFinder
from ocr.layout.rows import joined
from ocr.layout.strips import TextLine


@dataclass(frozen=True)
class LinePictureConfig:
    """How a single line is found on its picture.

    `margin`, `row` and `found` were set by hand. Of those for the profile, `full` and `fullest`
    were chosen by the greedy error of 546 lines, valid of `copiste`, `unipen`, `poilus`, `peraire`
    and train of `copiste`, cut with each of five pairs; the script was not kept. How the others
    were chosen is not known any more. Training cuts its scanned lines by the profile, so others ask
    for new weights of the line network.

    Attributes
    ----------
    margin : float
        Heights of the picture that paper is added around it for the page network.
    row : float
        X-heights off the longest line, within which another one goes on with it.
    found : float
        Share of the ink's width that the line must run along.
    steepest : float
        Rows a column: slopes up to this are tried.
    slopes : int
        Slopes that are tried, level among them.
    sharper : float
        Times as sharp as level must be what the line is taken to slope by.
    columns : int
        Parts of the width that tell the slope.
    inked : float
        Darkness from which a pixel is ink.
    faintest : float
        Of the fullest row's ink: rows with less hold none.
    least_rows : int
        Rows with ink, of which fewer tell no letters.
    base, x_height : float
        Share of the picture's height at which the letters of such a line are taken to stand, and
        that they are high.
    lowest, highest : float
        Heights of the small letters that are tried, shares of the ink's, of `least_height` pixels
        at least.
    least_height : int
    heights : int
        How many of them.
    above, below : float
        X-heights over and under the small letters that are compared with them.
    full, fullest : float
        A row counts for at most `fullest` times what the `full`th percentile of the inked rows
        holds: a dotted rule is fuller of strokes than any letters.
    """

    margin: float = 0.6
    row: float = 0.8
    found: float = 0.6
    steepest: float = 0.06
    slopes: int = 13
    sharper: float = 1.001
    columns: int = 400
    inked: float = 0.25
    faintest: float = 0.03
    least_rows: int = 6
    base: float = 0.7
    x_height: float = 0.3
    lowest: float = 0.22
    highest: float = 0.62
    least_height: int = 3
    heights: int = 17
    above: float = 0.8
    below: float = 0.6
    full: float = 80
    fullest: float = 1.6


CONFIG = LinePictureConfig()


def find_line(darkness: NDArray[np.float32], finder: PageFinder) -> TextLine:
    """The baseline and x-height of a picture of one line.

    It is the longest line that the page network sees, with those that go on with it, led on to the
    first and last column with ink; or that of `profile_line`.

    Parameters
    ----------
    darkness : (H, W) float32 array
        0 paper, 1 ink.
    finder : PageFinder

    Returns
    -------
    TextLine
        A guess where there is no ink.
    """
    cols = np.flatnonzero((darkness > CONFIG.inked).any(axis=0))
    margin = max(1, round(CONFIG.margin * darkness.shape[0]))
    framed = GreyArray(np.pad(1 - darkness, margin, constant_values=1))
    lines = finder.find(framed).lines if len(cols) else ()
    if not lines:
        return profile_line(darkness)
    main = max(lines, key=lambda line: np.ptp(line.baseline[:, 1]))
    row = [line for line in lines if line is main or _goes_on(line, main)]
    line = joined(sorted(row, key=lambda line: line.baseline[0, 1]))
    base = line.baseline - margin
    if np.ptp(base[:, 1]) < CONFIG.found * np.ptp(cols):
        return profile_line(darkness)
    before, after = base[:1].copy(), base[-1:].copy()
    before[:, 1], after[:, 1] = cols[0], cols[-1] + 1
    parts = [before] * bool(cols[0] < base[0, 1]) + [base] + [after] * bool(cols[-1] > base[-1, 1])
    return TextLine(np.concatenate(parts), line.x_height)


def _goes_on(line: TextLine, main: TextLine) -> bool:
    """Whether a line stands before or behind another one, on the same row."""
    (start, end), (first, last) = line.baseline[[0, -1], 1], main.baseline[[0, -1], 1]
    rows = np.interp(line.baseline[:, 1].mean(), main.baseline[:, 1], main.baseline[:, 0])
    level = abs(rows - line.baseline[:, 0].mean()) < CONFIG.row * main.x_height
    return bool(level and (start >= last - main.x_height or end <= first + main.x_height))


def profile_line(darkness: NDArray[np.float32]) -> TextLine:
    """The baseline and x-height of a picture of one line, by the profile of its ink.

    The slope is the one at which the strokes' profile over the rows is sharpest; the small letters
    are the band that is most fuller of strokes than the bands above and below it.

    Parameters
    ----------
    darkness : (H, W) float32 array
        0 paper, 1 ink.

    Returns
    -------
    TextLine
        From the first to the last column with ink; a guess where there is none.
    """
    height, width = darkness.shape
    # Where strokes begin, from left to right: letters have many in a row of pixels, a rule has one.
    ink = darkness > CONFIG.inked
    begins = ink & ~np.pad(ink, ((0, 0), (1, 0)))[:, :-1]
    step = max(1, width // CONFIG.columns)
    summed = np.add.reduceat(begins.astype(np.float32), np.arange(0, width, step), axis=1)
    slope = _slope(summed, step)
    profile = _sheared(summed, slope * step).sum(axis=1)
    inked = np.flatnonzero(profile > CONFIG.faintest * profile.max())
    cols = np.flatnonzero(ink.any(axis=0))
    first, last = (int(cols[0]), int(cols[-1]) + 1) if len(cols) else (0, width)
    base, x_height = CONFIG.base * height, CONFIG.x_height * height
    if len(inked) >= CONFIG.least_rows:
        base, x_height = _body(profile, int(inked[0]), int(inked[-1]) + 1)
    ends = np.array([first, max(last, first + 1)], dtype=np.float64)
    rows = base + slope * (ends - width / 2)
    return TextLine(np.stack([rows, ends], axis=1), x_height)


def _slope(small: NDArray[np.float32], step: int) -> float:
    slopes = np.linspace(-CONFIG.steepest, CONFIG.steepest, CONFIG.slopes)
    sharpness = [float((_sheared(small, slope * step).sum(axis=1) ** 2).sum()) for slope in slopes]
    best = int(np.argmax(sharpness))
    level = sharpness[CONFIG.slopes // 2]
    return float(slopes[best]) if sharpness[best] > CONFIG.sharper * level else 0.0


def _sheared(small: NDArray[np.float32], slope: float) -> NDArray[np.float32]:
    """Columns moved up by `slope` rows each, about the middle one."""
    height, width = small.shape
    if not slope:
        return small
    cols = np.arange(width)
    rows = np.arange(height)[:, None] + slope * (cols - (width - 1) / 2)
    at = np.round(rows).astype(int)
    inside = (at >= 0) & (at < height)
    return np.where(inside, small[np.clip(at, 0, height - 1), cols], 0)


def _body(profile: NDArray[np.floating], top: int, bottom: int) -> tuple[float, float]:
    """Baseline and height of the band of small letters in the ink's profile over the rows."""
    height = len(profile)
    profile = np.minimum(profile, CONFIG.fullest * np.percentile(profile[top:bottom], CONFIG.full))
    total = np.concatenate([[0.0], np.cumsum(profile)])
    best = (-np.inf, 0.0, 0.0)
    heights = np.linspace(CONFIG.lowest, CONFIG.highest, CONFIG.heights)
    for x_height in heights * (bottom - top):
        n = max(CONFIG.least_height, round(x_height))
        base = np.arange(top + n, bottom + 1)
        if not len(base):
            continue
        over = np.maximum(0, base - n - int(CONFIG.above * n))
        under = np.minimum(height, base + int(CONFIG.below * n) + 1)
        inside = (total[base] - total[base - n]) / n
        above = (total[base - n] - total[over]) / max(1, int(CONFIG.above * n))
        below = (total[under] - total[base]) / max(1, int(CONFIG.below * n))
        contrast = inside - 0.5 * above - 0.5 * below
        k = int(np.argmax(contrast))
        if contrast[k] > best[0]:
            best = (float(contrast[k]), float(base[k]), float(n))
    return best[1], best[2]
