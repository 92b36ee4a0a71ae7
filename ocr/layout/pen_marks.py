"""Ticks before and behind what is written, and rings around the number of an entry.

No character stands for them: a tick would be read as a letter, a number in a ring with brackets or
as another sign.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr.layout.connected import connected
from ocr.layout.morphology import eroded
from ocr.layout.strips import X_HEIGHT, Strip, without_rules

Ink = NDArray[np.bool_]


@dataclass(frozen=True)
class PenMarkConfig:
    """What counts as a tick or a ring. Lengths are in x-heights, if not said otherwise.

    Set by hand. Of 5,793 single characters of UNIPEN's valid writers, by a script that was not
    kept, five are taken for a tick (two v, a V, an r and a u) and none for a ring. What is gained:
    the rows "ticks" and "ringed numbers" of `tests/benchmarks/arrangements.py`.

    Attributes
    ----------
    inked : float
        Darkness, beyond what a row has all along, from which a pixel is ink.
    looked : float
        Length of either end of a strip that is looked at.
    gap : float
        Paper between a mark and what is written, at least.
    speck : float
        What is smaller does not count.
    tick_least, tick_most : float
        Width and height of a tick.
    left_least, left_most : float
        Height of a tick's left arm, in shares of its right one.
    corner_least, corner_most : float
        Where its corner is, in shares of its width.
    steepest : float
        Share of its height that a column of its right arm has ink in, at most.
    rising : float
        Share of the steps along its arms that go up to their ends.
    ring_least, ring_most : float
        Width and height of a ring.
    round : float
        Its longer over its shorter side, at most.
    thin : float
        Share of what it encloses that it fills itself, at most.
    full : float
        Share of its box that it encloses, at least; of an ellipse it is 0.79.
    inner : float
        Height of what stands in it, in shares of its own, at least.
    """

    inked: float = 0.35
    looked: float = 9.0
    gap: float = 0.35
    speck: float = 0.3
    tick_least: float = 0.6
    tick_most: float = 3.0
    left_least: float = 0.08
    left_most: float = 0.52
    corner_least: float = 0.08
    corner_most: float = 0.55
    steepest: float = 0.5
    rising: float = 0.85
    ring_least: float = 1.4
    ring_most: float = 3.6
    round: float = 1.5
    thin: float = 0.5
    full: float = 0.6
    inner: float = 0.35


CONFIG = PenMarkConfig()


def without_pen_marks(strip: Strip) -> Strip:
    """A strip without a tick at either end, and without the ring around what it begins with."""
    width = strip.image.shape[1]
    looked = min(width, round(CONFIG.looked * X_HEIGHT))
    behind = _first_part(strip.image[:, width - looked :][:, ::-1])
    if behind is not None and is_tick(behind[0][:, ::-1]):
        strip = strip.columns(slice(0, width - behind[1]))
    before = _first_part(strip.image[:, :looked])
    if before is None:
        return strip
    part, cut = before
    if is_tick(part):
        return strip.columns(slice(cut, None))
    ring = ring_around(part)
    if ring is None:
        return strip
    image = strip.image.copy()
    image[:, : ring.shape[1]][ring] = 1
    return replace(strip, image=image)


def _first_part(image: NDArray[np.float32]) -> tuple[Ink, int] | None:
    """The ink that a picture begins with, and the column amid the gap behind it.

    None if no gap is behind it, or nothing behind the gap.
    """
    ink = without_rules(1 - image) > CONFIG.inked
    inked = np.flatnonzero(ink.any(axis=0))
    gaps = np.flatnonzero(np.diff(inked) > CONFIG.gap * X_HEIGHT)
    if not len(gaps):
        return None
    last, following = inked[gaps[0]] + 1, inked[gaps[0] + 1]
    return ink[:, :last], int(last + following) // 2


def is_tick(ink: Ink) -> bool:
    """Whether ink, (H, W), is one stroke shortly down and then far up to the right."""
    labels, boxes = connected(ink)
    sizes = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    pieces = np.flatnonzero(sizes >= CONFIG.speck * X_HEIGHT)
    if len(pieces) != 1:
        return False
    y1, x1, y2, x2 = boxes[pieces[0]].tolist()
    least, most = CONFIG.tick_least * X_HEIGHT, CONFIG.tick_most * X_HEIGHT
    high, wide = y2 - y1, x2 - x1
    if not (least <= high <= most and least <= wide <= most):
        return False
    own = labels[y1:y2, x1:x2] == pieces[0] + 1
    top, bottom = own.argmax(axis=0), high - own[::-1].argmax(axis=0)
    if ((bottom - top) != own.sum(axis=0)).any():  # more than one stroke in a column
        return False
    middle = (top + bottom) / 2
    lowest = np.flatnonzero(bottom == bottom.max())
    corner = int(lowest[0] + lowest[-1] + 1) // 2
    if not CONFIG.corner_least * wide <= corner <= CONFIG.corner_most * wide:
        return False
    left, right = middle[corner] - middle[0], middle[corner] - middle[-1]
    if not CONFIG.left_least * right <= left <= CONFIG.left_most * right:
        return False
    if (bottom - top)[corner + wide // 8 :].max(initial=0) > CONFIG.steepest * high:
        return False
    ways = np.concatenate([np.diff(middle[: corner + 1]), -np.diff(middle[corner:])])
    return bool((ways >= 0).mean() >= CONFIG.rising)


def ring_around(ink: Ink) -> Ink | None:
    """The ring in ink, (H, W), around something else, with its blurred edge; None if there is none.

    It touches nothing inside of it.
    """
    labels, boxes = connected(ink)
    if len(boxes) < 2:
        return None
    sides = boxes[:, 2:] - boxes[:, :2]
    outer = int(sides.min(axis=1).argmax())
    y1, x1, y2, x2 = boxes[outer].tolist()
    high, wide = y2 - y1, x2 - x1
    least, most = CONFIG.ring_least * X_HEIGHT, CONFIG.ring_most * X_HEIGHT
    shorter, longer = min(high, wide), max(high, wide)
    if not least <= shorter <= longer <= min(most, CONFIG.round * shorter):
        return None
    own = labels == outer + 1
    ring = own[y1:y2, x1:x2]
    around = connected(np.pad(~ring, 1, constant_values=True), diagonal=False)[0] == 1
    enclosed = int((~around).sum())
    if enclosed < CONFIG.full * high * wide or ring.sum() > CONFIG.thin * enclosed:
        return None
    within = (boxes[:, :2] > [y1, x1]).all(axis=1) & (boxes[:, 2:] < [y2, x2]).all(axis=1)
    if sides[within, 0].max(initial=0) < CONFIG.inner * high:
        return None
    found: Ink = ~eroded(~own, 3) & eroded(~(ink & ~own), 3)
    return found
