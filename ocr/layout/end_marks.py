"""Small marks that begin or end a text line at some distance: the dash of a list, a colon.

The page network sees letters; a dash that stands alone before them it mostly leaves out, so a list
would lose its dashes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr.layout.connected import connected
from ocr.layout.strips import TextLine


@dataclass(frozen=True)
class EndMarkConfig:
    """What counts as a mark of a line. Lengths are in x-heights.

    Set by hand for dashes, points and colons as they are written, and tried on pages of the
    generator by a script that was not kept. With a dash before each line, 76 of 100 lines began
    behind it before, 40 with these marks. `reach`, `flat` and `thin` were chosen later, on 858 such
    lines in harder rules and grids: 464 began behind their dash before and 371 after. The lines
    that changed had 672 characters wrong before and 492 after; those of 100 pages of anything 526
    and 522. What does not look like a mark, or seems to go on, as pieces of a rule do, is left
    alone.

    Attributes
    ----------
    reach : float
        From the end of a line to a mark, at most.
    beyond : float
        How much farther is looked for what would show that the mark is a piece of something longer.
    over, under : float
        How far above and below the baseline is looked.
    inner : float
        Of the line's own end that is looked at, to tell its letters from marks.
    ink_reach : float
        Of a line's end that tells how dark its ink is.
    inked : float
        Share of that darkness from which a pixel is ink.
    speck, thin : float
        What is smaller, or thinner, does not count: dust, and what is left of rules and grids.
    least_dash, most_dash : float
        Width of a dash.
    flat : float
        Height over width of a dash at most.
    least_dot, most_dot : float
        Width and height of a point or a bullet.
    highest : float
        Above the baseline, for the middle of a mark, and no more than half way to the line above:
        where capitals are large, a dash is set at half their height.
    beside : float
        Above a line's baseline, from which another one is above it and not beside it.
    half : float
        Above the middle between the baselines, where a mark stands half way between two lines.
    rule : float
        Above the baseline, up to which flat pieces are taken for a rule's.
    most_marks : int
        Pieces of ink beyond an end, of which more are no marks but a texture.
    """

    reach: float = 4.4
    beyond: float = 1.5
    over: float = 2.6
    under: float = 0.5
    inner: float = 0.3
    ink_reach: float = 6.0
    inked: float = 0.5
    speck: float = 0.13
    thin: float = 0.1
    least_dash: float = 0.35
    most_dash: float = 1.8
    flat: float = 0.65
    least_dot: float = 0.13
    most_dot: float = 0.6
    highest: float = 2.1
    beside: float = 0.8
    half: float = 0.6
    rule: float = 0.2
    most_marks: int = 5


CONFIG = EndMarkConfig()


def with_end_marks(darkness: NDArray[np.float32], lines: list[TextLine]) -> list[TextLine]:
    """Lines led on to the marks that stand by themselves before or behind them.

    Parameters
    ----------
    darkness : (H, W) float32 array
        The page with its light evened out.
    lines : list of TextLine
        In pixels of `darkness`.
    """
    led = lines
    for right in (True, False):
        led = [_led_on(darkness, line, right, lines) for line in led]
    return led


def _led_on(
    darkness: NDArray[np.float32],
    line: TextLine,
    right: bool,
    lines: list[TextLine],
) -> TextLine:
    """A line with its marks at one end."""
    x_height = line.x_height
    base = line.baseline if right else line.baseline[::-1]
    (y, x), sign = base[-1], 1 if right else -1
    inner = x - sign * min(CONFIG.ink_reach * x_height, float(np.ptp(base[:, 1])))
    row = np.interp(inner, line.baseline[:, 1], line.baseline[:, 0])
    slope = float((y - row) / (x - inner)) if abs(x - inner) > x_height else 0.0
    far = x + sign * (CONFIG.reach + CONFIG.beyond) * x_height
    window = _window(darkness, y, x - sign * CONFIG.inner * x_height, far, x_height)
    own = _window(darkness, y, x - sign * CONFIG.ink_reach * x_height, x, x_height)
    if window is None or own is None:
        return line
    part, top, left = window
    full = float(np.percentile(own[0][::2, ::2], 97))
    inked = part > CONFIG.inked * full
    outer = round((CONFIG.inner + CONFIG.speck) * x_height)
    if not (inked[:, outer:] if right else inked[:, : max(0, inked.shape[1] - outer)]).any():
        return line
    _, boxes = connected(inked)
    places = _Places.of(boxes + np.array([top, left, top, left]), (y, x, slope), x_height, sign)
    frame = (top, left, top + part.shape[0], left + part.shape[1])
    end = _last_mark(places, frame, _highest(line, (y, x), lines), right)
    if end is None:
        return line
    end = x + sign * end * x_height
    point = np.array([[y + slope * (end - x), end]])
    parts = [line.baseline, point] if right else [point, line.baseline]
    return replace(line, baseline=np.concatenate(parts))


def _highest(line: TextLine, end: tuple[float, float], lines: list[TextLine]) -> float:
    """How high over a line's baseline, in x-heights, a mark beside its end may stand."""
    y, x = end
    reach = CONFIG.reach * line.x_height
    highest = CONFIG.highest
    for other in lines:
        (first, last) = other.baseline[[0, -1], 1]
        if first - reach < x < last + reach:
            above = (y - np.interp(x, other.baseline[:, 1], other.baseline[:, 0])) / line.x_height
            if above > CONFIG.beside:
                highest = min(highest, above / 2 + CONFIG.half)
    return highest


def _window(
    darkness: NDArray[np.float32],
    y: float,
    start: float,
    end: float,
    x_height: float,
) -> tuple[NDArray[np.float32], int, int] | None:
    """The page about a baseline from one column to another, and its first row and column."""
    left, right = sorted((start, end))
    rows = max(0, round(y - CONFIG.over * x_height)), round(y + CONFIG.under * x_height) + 1
    cols = max(0, round(left)), round(right) + 1
    part = darkness[rows[0] : max(rows), cols[0] : max(cols)]
    return (part, rows[0], cols[0]) if part.shape[0] > 1 and part.shape[1] > 1 else None


@dataclass(frozen=True)
class _Places:
    """Where pieces of ink lie beside a line's end, in x-heights.

    Attributes
    ----------
    near, far : (N,) float arrays
        Distance of their nearer and their farther side from the end, outward.
    over : (N,) float array
        Height of their middles above the baseline.
    high, wide : (N,) float arrays
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` on the page.
    """

    near: NDArray[np.float64]
    far: NDArray[np.float64]
    over: NDArray[np.float64]
    high: NDArray[np.float64]
    wide: NDArray[np.float64]
    boxes: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        boxes: NDArray[np.intp],
        end: tuple[float, float, float],
        x_height: float,
        sign: int,
    ) -> _Places:
        """`end` is the row, column and slope of the baseline there; `sign` is 1 at the right."""
        y, x, slope = end
        y1, x1, y2, x2 = boxes.T
        near, far = np.sort([sign * (x1 - x), sign * (x2 - x)], axis=0) / x_height
        over = (y + slope * ((x1 + x2) / 2 - x) - (y1 + y2) / 2) / x_height
        return cls(near, far, over, (y2 - y1) / x_height, (x2 - x1) / x_height, boxes)


def _last_mark(
    places: _Places,
    frame: tuple[int, int, int, int],
    highest: float,
    dots: bool,
) -> float | None:
    """How far beyond a line's end, in x-heights, its marks reach; None if there are none.

    Points are marks if `dots`: before a line they are bullets, for which there is no character.
    """
    high, wide, over = places.high, places.wide, places.over
    y1, x1, y2, x2 = places.boxes.T
    cut = (y1 <= frame[0]) | (x1 <= frame[1]) | (y2 >= frame[2]) | (x2 >= frame[3])
    flat = high <= CONFIG.flat * wide
    dash = flat & (wide >= CONFIG.least_dash) & (wide <= CONFIG.most_dash)
    dot = np.minimum(high, wide) >= CONFIG.least_dot
    dot &= np.maximum(high, wide) <= CONFIG.most_dot
    other = (over + high / 2 <= 0) | (over - high / 2 >= highest)  # another line's
    other |= flat & (over < CONFIG.rule)
    other |= (np.maximum(high, wide) < CONFIG.speck) | (np.minimum(high, wide) < CONFIG.thin)
    counts = ((places.near + places.far) / 2 > 0) & ~other  # the rest are its own letters
    if counts.sum() > CONFIG.most_marks:
        return None
    mark = (dash | dot & dots) & ~cut & (over <= highest) & (places.near <= CONFIG.reach)
    if not mark[counts].all():
        return None  # letters, a rule or a texture: what looks like a mark may be a piece of it
    return float(places.far[counts].max()) if counts.any() else None
