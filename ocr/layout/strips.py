"""Cut a text line out of a page as a strip: straight, level, and of one size of letters.

A strip is what the line recognizer reads: the page's own pixels along the baseline, with rules,
grid and the neighbors' strokes left in. Its scale is set by the height of the small letters, so
ascenders and descenders are whole and letters are the same size whatever the line holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.layout.connected import connected

STRIP_HEIGHT = 48  # pixels
X_HEIGHT = 13.0  # pixels of a strip, height of the small letters
BASELINE_ROW = 33  # row of a strip on which the letters stand


@dataclass(frozen=True)
class StripConfig:
    """How lines are cut, how their contrast is stretched, and which are cut again.

    How they were chosen is not known any more. The line network was trained on strips that were cut
    with those above `inked`, so another one asks for new weights.

    Attributes
    ----------
    end_margin : float
        X-heights of the page before the start and behind the end of a baseline.
    smoothing, step : float
        X-heights: standard deviation of the smoothing of a baseline, and between the points at
        which it is sampled.
    fewest : int
        Points of a baseline, of which fewer are not smoothed.
    averaged : float
        Pixels of the page a pixel of the strip, above which they are averaged first.
    paper : float
        Percentile of a strip's darkness that is its paper.
    darkest, blank : float
        Percentile of the darkness around the small letters that is the darkest; below `blank`, the
        strip holds no ink.
    core : float
        X-heights above the baseline up to which the darkness counts for these.
    dark, full : float
        Share of the darkest from which a pixel is dark, and the percentile of those that is full
        ink.
    inked : float
        Darkness of a strip from which a pixel is ink.
    least_rise : float
        X-heights that ink reaches over the baseline at least: capitals reach 1.5, ascenders 1.6 to
        2.2. In a line that does not, capitals were taken for small letters.
    capital_share : float
        Of the x-height of such a line that is taken instead.
    highest : float
        Share of a line's ink, its highest, that does not count for `least_rise`.
    led_on : int
        Times at most that a strip is led on by an x-height since it cut a letter in two.
    cut_height : float
        X-heights of the ink of a letter that was cut, at least.
    free : float
        Darkness, beyond what a row has all along, under which a column is free of ink.
    widest : float
        X-heights that are left of a longer stretch of free columns. With 5 rows of letters set far
        apart are read worse, by half a point of CER on strings without sense.
    """

    end_margin: float = 1.0
    smoothing: float = 1.5
    step: float = 0.5
    fewest: int = 5
    averaged: float = 1.2
    paper: float = 40
    darkest: float = 99.7
    blank: float = 0.03
    core: float = 1.6
    dark: float = 0.35
    full: float = 92
    inked: float = 0.3
    least_rise: float = 1.32
    capital_share: float = 0.8
    highest: float = 0.015
    led_on: int = 3
    cut_height: float = 0.5
    free: float = 0.2
    widest: float = 9.0


CONFIG = StripConfig()


@dataclass(frozen=True)
class TextLine:
    """A text line as it lies on a page.

    Attributes
    ----------
    baseline : (K, 2) float array
        Points (row, col) from left to right, K at least 2, on which the letters stand.
    x_height : float
        Height of the small letters, in pixels.
    score : float
        How clearly it was seen to be writing, in [0, 1].
    """

    baseline: NDArray[np.float64]
    x_height: float
    score: float = 1.0

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Top, left, bottom and right of its small letters, as if it were level."""
        rows, cols = self.baseline.T
        middle = float(np.median(rows))
        return middle - self.x_height, float(cols.min()), middle, float(cols.max())

    def scaled(self, factor: float) -> TextLine:
        """The same line on a page whose pixels are `factor` times as many along each side."""
        return TextLine(self.baseline * factor, self.x_height * factor, self.score)


@dataclass(frozen=True)
class Strip:
    """A straightened text line and where its pixels come from.

    Attributes
    ----------
    image : (STRIP_HEIGHT, W) float32 array
        Grey: 1 paper, 0 full ink.
    rows, cols : (W,) float arrays
        Where each column meets the baseline, in pixels of the page.
    down : (W, 2) float array
        Step (row, col) on the page for one row of the strip downwards.
    contrast : float
        Darkness on the page, beyond the paper's, of what is full ink in the strip.
    """

    image: NDArray[np.float32]
    rows: NDArray[np.float64]
    cols: NDArray[np.float64]
    down: NDArray[np.float64]
    contrast: float = 1.0

    def columns(self, kept: slice | NDArray[np.bool_]) -> Strip:
        """Some columns of it."""
        parts = self.image[:, kept], self.rows[kept], self.cols[kept], self.down[kept]
        return Strip(*parts, self.contrast)

    def without(self, cut: NDArray[np.bool_]) -> Strip:
        """Without some of its columns, blank if they are all; itself if there are none."""
        if not cut.any():
            return self
        if cut.all():
            return replace(self, image=np.ones_like(self.image))
        return self.columns(~cut)

    def places(
        self,
        rows: NDArray[np.floating] | NDArray[np.integer],
        cols: NDArray[np.floating] | NDArray[np.integer],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rows and columns of the page at rows and columns of the strip."""
        at = np.arange(len(self.rows))
        under = np.asarray(rows) - BASELINE_ROW
        y = np.interp(cols, at, self.rows) + under * np.interp(cols, at, self.down[:, 0])
        x = np.interp(cols, at, self.cols) + under * np.interp(cols, at, self.down[:, 1])
        return y, x


def joined_strip(pieces: Sequence[Strip], contrast: float) -> Strip:
    """Pieces of strips of one line, one behind the other, as a strip of a contrast."""
    return Strip(
        np.concatenate([piece.image for piece in pieces], axis=1),
        np.concatenate([piece.rows for piece in pieces]),
        np.concatenate([piece.cols for piece in pieces]),
        np.concatenate([piece.down for piece in pieces]),
        contrast,
    )


def smooth_baseline(
    baseline: NDArray[np.floating], x_height: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A baseline resampled evenly along its length and smoothed: rows and columns."""
    points = np.asarray(baseline, dtype=np.float64)
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    count = max(2, int(np.ceil(lengths[-1] / (CONFIG.step * x_height))) + 1)
    at = np.linspace(0, lengths[-1], count)
    rows, cols = (np.interp(at, lengths, points[:, axis]) for axis in (0, 1))
    sigma = CONFIG.smoothing / CONFIG.step
    if count >= CONFIG.fewest:
        rows = _smooth(rows, sigma)
        cols = _smooth(cols, sigma)
    return rows, cols


def _smooth(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Gaussian smoothing that keeps straight lines: mirrored through the end points."""
    pad = min(len(values) - 1, int(3 * sigma) + 1)  # what lies farther has no weight to speak of
    before = 2 * values[0] - values[pad:0:-1]
    after = 2 * values[-1] - values[-2 : -pad - 2 : -1]
    padded = np.concatenate([before, values, after])
    reach = round(4 * sigma)  # as far as it has any weight
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    padded = np.pad(padded, reach, mode="symmetric")
    smooth = np.convolve(padded, weights / weights.sum(), mode="valid")
    return smooth[pad : pad + len(values)]


def cut_strip(darkness: NDArray[np.float32], line: TextLine) -> Strip:
    """Cut one text line from a page.

    Parameters
    ----------
    darkness : (H, W) float32 array
        The page with its light evened out, as `ocr.layout.darkness.ink_darkness` gives it.
    line : TextLine
        In pixels of `darkness`.

    Returns
    -------
    Strip
    """
    scale = line.x_height / X_HEIGHT  # pixels of the page a pixel of the strip
    rows, cols = smooth_baseline(line.baseline, line.x_height)
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(rows), np.diff(cols)))])
    margin = CONFIG.end_margin * line.x_height
    width = max(1, int(np.ceil((lengths[-1] + 2 * margin) / scale)))
    along = -margin + scale * (np.arange(width) + 0.5)
    y, x, slope_y, slope_x = _follow(rows, cols, lengths, along)
    down = np.stack([slope_x, -slope_y], axis=1) * scale
    image = _sample(darkness, y, x, down, scale)
    image -= np.float32(np.percentile(image, CONFIG.paper))
    full = full_ink(image)
    return Strip(1 - stretch_contrast(image, full), y, x, down, full)


def cut_again(
    darkness: NDArray[np.float32], piece: Strip, share: float, lower: float = 0.0
) -> Strip:
    """A piece of a strip cut again, its letters of another size as large as x-heights are.

    Parameters
    ----------
    darkness : (H, W) float32 array
        The page that the strip was cut from.
    piece : Strip
    share : float
        The size of its letters, in that of the strip's.
    lower : float
        Rows of the piece by which their baseline is lower.
    """
    x_height = float(np.median(np.hypot(*piece.down.T))) * X_HEIGHT * share
    points = np.stack([piece.rows, piece.cols], axis=1) + lower * piece.down
    again = cut_strip(darkness, TextLine(points, x_height))
    margin = round(CONFIG.end_margin * X_HEIGHT)
    return again.columns(slice(margin, again.image.shape[1] - margin))


def fitted_strip(darkness: NDArray[np.float32], line: TextLine) -> Strip:
    """The strip of a line, cut again with larger letters if they prove to be capitals.

    Of a line of capitals or digits the whole letter is taken for its x-height at times.
    """
    strip = whole_strip(darkness, line)
    if rise(strip) >= CONFIG.least_rise:
        return strip
    return whole_strip(darkness, replace(line, x_height=line.x_height * CONFIG.capital_share))


def whole_strip(darkness: NDArray[np.float32], line: TextLine) -> Strip:
    """The strip of a line, led on where a letter at its end was cut in two."""
    strip = cut_strip(darkness, line)
    for _ in range(CONFIG.led_on):
        left, right = (cuts_letter(side) for side in (strip.image[:, ::-1], strip.image))
        if not (left or right):
            break
        line = _led_on(line, left, right)
        strip = cut_strip(darkness, line)
    return strip


def cuts_letter(image: NDArray[np.float32]) -> bool:
    """Whether the right edge of a strip cuts a letter that begins over the baseline's end.

    What begins behind it is a neighbor's; rows that are dark all along are a rule's.
    """
    ink = 1 - image[:BASELINE_ROW]
    if not (ink[:, -1] > CONFIG.inked).any():
        return False
    y1, x1, y2, x2 = connected(without_rules(ink) > CONFIG.inked)[1].T
    width = image.shape[1]
    begun = x1 < width - round(CONFIG.end_margin * X_HEIGHT)
    high = y2 - y1 - 1 > CONFIG.cut_height * X_HEIGHT
    return bool(((x2 == width) & begun & high).any())


def without_rules(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """A strip's darkness beyond what each of its rows has all along, as those of a rule do."""
    beyond: NDArray[np.float32] = ink - np.median(ink, axis=1, keepdims=True)
    return beyond


def _led_on(line: TextLine, left: bool, right: bool) -> TextLine:
    """A line led straight on by an x-height at one end or both."""
    points = [line.baseline]
    for wanted, place, end, inner in ((left, 0, 0, 1), (right, 2, -1, -2)):
        if wanted:
            way = line.baseline[end] - line.baseline[inner]
            step = line.x_height / max(1e-6, float(np.hypot(*way)))
            points.insert(place, line.baseline[[end]] + step * way)
    return replace(line, baseline=np.concatenate(points))


def with_short_gaps(strip: Strip) -> Strip:
    """A strip without the middles of its wide gaps, such as those between the cells of a table.

    The network reads a line as a whole, and has seen few gaps so wide: it takes the digits behind
    one for words apart.
    """
    inked = without_rules(1 - strip.image).max(axis=0) > CONFIG.free
    edges = np.flatnonzero(np.diff(inked.astype(np.int8)))  # the last before each change
    cut = np.zeros(len(inked), dtype=bool)
    most = round(CONFIG.widest * X_HEIGHT)
    for first, last in pairwise(edges.tolist()):
        if not inked[last] and last - first > most:
            cut[first + 1 + most // 2 : last + 1 - (most - most // 2)] = True
    return strip.without(cut)


def rise(strip: Strip) -> float:
    """How high a line's ink, but for the highest of it, reaches over its baseline, in x-heights."""
    ink = (1 - strip.image[:BASELINE_ROW]).clip(0, 1)
    profile = np.where(ink > CONFIG.inked, ink, 0).sum(axis=1)
    total = float(profile.sum())
    if not total:
        return np.inf
    first = int(np.searchsorted(np.cumsum(profile), CONFIG.highest * total))
    return (BASELINE_ROW - first) / X_HEIGHT


def _follow(
    rows: NDArray[np.float64],
    cols: NDArray[np.float64],
    lengths: NDArray[np.float64],
    along: NDArray[np.floating],
) -> tuple[NDArray[np.float64], ...]:
    """Points and unit directions at lengths along a curve, straight on beyond its ends."""
    steps = np.maximum(np.diff(lengths), 1e-6)
    direction_y, direction_x = np.diff(rows) / steps, np.diff(cols) / steps
    middles = (lengths[1:] + lengths[:-1]) / 2
    slope_y = np.interp(along, middles, direction_y)
    slope_x = np.interp(along, middles, direction_x)
    norm = np.maximum(np.hypot(slope_y, slope_x), 1e-6)
    slope_y, slope_x = slope_y / norm, slope_x / norm
    beyond = along - np.clip(along, 0, lengths[-1])
    y = np.interp(along, lengths, rows) + beyond * slope_y
    x = np.interp(along, lengths, cols) + beyond * slope_x
    return y, x, slope_y, slope_x


def _sample(
    darkness: NDArray[np.float32],
    y: NDArray[np.float64],
    x: NDArray[np.float64],
    down: NDArray[np.float64],
    scale: float,
) -> NDArray[np.float32]:
    """The page at the points of a strip; paper outside. Smaller pages are averaged first."""
    under = np.arange(STRIP_HEIGHT)[:, None] - BASELINE_ROW + 0.5
    reach = STRIP_HEIGHT * scale
    top, left = (int(np.floor(v.min() - reach)) for v in (y, x))
    bottom, right = (int(np.ceil(v.max() + reach)) + 1 for v in (y, x))
    top, left = max(top, 0), max(left, 0)
    part = darkness[top : max(bottom, top), left : max(right, left)]
    if not part.size:
        return np.zeros((STRIP_HEIGHT, len(y)), np.float32)
    shrink = 1.0
    if scale > CONFIG.averaged:  # averaging instead of picking single pixels
        shrink = 1 / scale
        size = (max(1, round(part.shape[1] * shrink)), max(1, round(part.shape[0] * shrink)))
        picture = Image.fromarray(np.ascontiguousarray(part))
        part = np.asarray(picture.resize(size, Image.Resampling.BOX), dtype=np.float32)
    at_y = (y - top + under * down[:, 0]) * shrink - 0.5
    at_x = (x - left + under * down[:, 1]) * shrink - 0.5
    return _between(part, at_y, at_x)


def _between(
    image: NDArray[np.float32], rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.float32]:
    """What an image shows between its pixels, by bilinear interpolation; 0 outside it."""
    height, width = image.shape
    inside = (rows >= 0) & (rows <= height - 1) & (cols >= 0) & (cols <= width - 1)
    y, x = np.where(inside, rows, 0.0), np.where(inside, cols, 0.0)
    top, left = y.astype(np.intp), x.astype(np.intp)
    y, x = (y - top).astype(np.float32), (x - left).astype(np.float32)
    at, values = top * width + left, image.ravel()
    # the last pixel has none behind it, and none is needed
    right, down = left < width - 1, width * (top < height - 1)
    upper, lower = values.take(at), values.take(at + down)
    at += right
    upper += x * (values.take(at) - upper)
    lower += x * (values.take(at + down) - lower)
    upper += y * (lower - upper)
    return np.where(inside, upper, np.float32(0))


def full_ink(image: NDArray[np.float32]) -> float:
    """Darkness of the full ink of a strip whose paper is 0; 0 if it holds none.

    It is a percentile of what is dark in the rows of the small letters.
    """
    core = image[BASELINE_ROW - int(CONFIG.core * X_HEIGHT) : BASELINE_ROW + 2]
    darkest = float(np.percentile(core, CONFIG.darkest)) if core.size else 0.0
    if darkest < CONFIG.blank:
        return 0.0
    return float(np.percentile(core[core > CONFIG.dark * darkest], CONFIG.full))


def stretch_contrast(image: NDArray[np.float32], full: float) -> NDArray[np.float32]:
    """Scale a strip's darkness, whose paper is 0, so that its full ink is 1.

    A strip without ink stays dark nowhere.
    """
    if not full:
        return np.zeros_like(image)
    return np.clip(image / np.float32(full), 0, 1).astype(np.float32)
