"""Where the text lies in a picture of a single line, such as transcribers cut from pages."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.layout.strips import TextLine

SLOPES = np.linspace(-0.06, 0.06, 13)  # rows a column that are tried
COLUMNS = 400  # parts of the width that tell the slope
INKED = 0.25  # darkness from which a pixel is ink
BODIES = np.linspace(0.22, 0.62, 17)  # heights of the small letters that are tried, of the ink's
ABOVE, BELOW = 0.8, 0.6  # x-heights over and under the small letters that are compared with them
FULL, FULLEST = 80, 1.6
"""A row counts for at most `FULLEST` times what the `FULL`th percentile of the inked rows holds: a
dotted rule is fuller of strokes than any letters. Chosen by the greedy error of 546 lines, valid of
`copiste`, `unipen`, `poilus`, `peraire` and train of `copiste`, cut with each of five pairs; the
script was not kept."""
FAINTEST = 0.03  # of the fullest row's ink: rows with less hold none


def find_line(darkness: NDArray[np.float32]) -> TextLine:
    """The baseline and x-height of a picture of one line.

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
    ink = darkness > INKED
    begins = ink & ~np.pad(ink, ((0, 0), (1, 0)))[:, :-1]
    step = max(1, width // COLUMNS)
    summed = np.add.reduceat(begins.astype(np.float32), np.arange(0, width, step), axis=1)
    slope = _slope(summed, step)
    profile = _sheared(summed, slope * step).sum(axis=1)
    inked = np.flatnonzero(profile > FAINTEST * profile.max())
    cols = np.flatnonzero(ink.any(axis=0))
    first, last = (int(cols[0]), int(cols[-1]) + 1) if len(cols) else (0, width)
    base, x_height = 0.7 * height, 0.3 * height
    if len(inked) >= 6:
        base, x_height = _body(profile, int(inked[0]), int(inked[-1]) + 1)
    ends = np.array([first, max(last, first + 1)], dtype=np.float64)
    rows = base + slope * (ends - width / 2)
    return TextLine(np.stack([rows, ends], axis=1), x_height)


def _slope(small: NDArray[np.float32], step: int) -> float:
    sharpness = [float((_sheared(small, slope * step).sum(axis=1) ** 2).sum()) for slope in SLOPES]
    level = len(SLOPES) // 2
    best = int(np.argmax(sharpness))
    return float(SLOPES[best]) if sharpness[best] > sharpness[level] * 1.001 else 0.0


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
    profile = np.minimum(profile, FULLEST * np.percentile(profile[top:bottom], FULL))
    total = np.concatenate([[0.0], np.cumsum(profile)])
    best = (-np.inf, 0.0, 0.0)
    for x_height in BODIES * (bottom - top):
        n = max(3, round(x_height))
        base = np.arange(top + n, bottom + 1)
        if not len(base):
            continue
        over = np.maximum(0, base - n - int(ABOVE * n))
        under = np.minimum(height, base + int(BELOW * n) + 1)
        inside = (total[base] - total[base - n]) / n
        above = (total[base - n] - total[over]) / max(1, int(ABOVE * n))
        below = (total[under] - total[base]) / max(1, int(BELOW * n))
        contrast = inside - 0.5 * above - 0.5 * below
        k = int(np.argmax(contrast))
        if contrast[k] > best[0]:
            best = (float(contrast[k]), float(base[k]), float(n))
    return best[1], best[2]
