"""The boxes to tick beside the entries of a list or answers of a form, and rings before: no text.

The line network takes them for letters: I, 1, 0. One line alone does not always tell a ring from
an O or a ticked box from a letter, but the others that stand below each other do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.layout.bullets import pieces
from ocr.layout.connected import connected
from ocr.layout.strips import BASELINE_ROW, X_HEIGHT, Strip


@dataclass(frozen=True)
class CheckboxConfig:
    """What counts as a box beside text, or as a ring before it. Lengths are in x-heights.

    Set by hand, between boxes drawn by pen and printed ones, and the letters B, D, O and the
    digits 0 and 8, which stand as first signs of a line.

    Attributes
    ----------
    least, most : float
        Width and height.
    lowest, highest : float
        Above the baseline, for its middle.
    gap : float
        From it to text, at least.
    open : int
        Most pixels of a strip by which its strokes are led on, so that they meet; a ring without a
        corner may meet by less, which leaves more of the inside of a small one.
    hole : float
        Share of its width times its height that its inside takes up then, at least.
    corner : float
        Distance from a corner of what surrounds it to its ink, in shares of its sides, up to which
        it has a corner there; of a ring it is 0.2.
    square, round : float
        Longer over shorter side of a box and of a ring, at most.
    aside, drift : float
        How far two of them may stand from being below each other, and the more for each x-height
        between their lines where these begin with them.
    boxes, rings : int
        Boxes or rings below each other, from which rings are no letters and other marks among them
        are ticked ones; so many boxes on a page, from which those amid lines are none either.
    """

    least: float = 0.7
    most: float = 3.0
    lowest: float = 0.1
    highest: float = 1.4
    gap: float = 0.45
    open: int = 2
    hole: float = 0.25
    corner: float = 0.17
    square: float = 1.6
    round: float = 1.2
    aside: float = 0.75
    drift: float = 0.1
    boxes: int = 2
    rings: int = 3


CONFIG = CheckboxConfig()


class _Mark(NamedTuple):
    """A piece of ink that may be one: where it stands on the page, and what it is.

    `first` and `last` tell whether its line begins or ends with it, `start` and `stop` are columns
    of the strip amid the white around it, or its ends.
    """

    y: float
    x: float
    x_height: float
    box: bool
    ring: bool
    first: bool
    last: bool
    start: int
    stop: int


def checkboxes(strips: Sequence[Strip]) -> list[list[slice]]:
    """The columns of each of a page's strips in which boxes and rings stand beside its text.

    Rings count before text alone: behind it they may be zeros.
    """
    marks = [_marks(strip) for strip in strips]
    boxes = [mark for some in marks for mark in some if mark.box]
    rings = [mark for some in marks for mark in some if mark.ring and mark.first]

    def counts(mark: _Mark) -> bool:
        if mark.box and (mark.first or mark.last or len(boxes) >= CONFIG.boxes):
            return True
        drift = CONFIG.drift if mark.first else 0.0  # elsewhere letters stand beside the boxes
        among_rings = mark.first and _below(mark, rings, drift) >= CONFIG.rings
        return among_rings or _below(mark, boxes, drift) >= CONFIG.boxes

    return [[slice(mark.start, mark.stop) for mark in some if counts(mark)] for some in marks]


def without_columns(strip: Strip, cuts: Sequence[slice]) -> Strip:
    """A strip without some of its columns; see `Strip.without`."""
    cut = np.zeros(strip.image.shape[1], dtype=bool)
    for part in cuts:
        cut[part] = True
    return strip.without(cut)


def _below(mark: _Mark, others: Sequence[_Mark], drift: float) -> int:
    """How many marks stand below or above one, itself with them."""
    return sum(
        abs(one.x - mark.x) <= CONFIG.aside * mark.x_height + drift * abs(one.y - mark.y)
        for one in others
    )


def _marks(strip: Strip) -> list[_Mark]:
    """What stands by itself on a strip beside something else, as large as a box to tick."""
    ink, boxes = pieces(strip.image)
    ends = np.maximum.accumulate(boxes[:, 3])
    marks = []
    for k, (top, left, bottom, right) in enumerate(boxes.tolist() if len(boxes) > 1 else []):
        first, last = k == 0, k == len(boxes) - 1
        before = 0 if first else int(ends[k - 1])
        behind = strip.image.shape[1] if last else int(boxes[k + 1, 1])
        apart = (first or left - before >= CONFIG.gap * X_HEIGHT) and (
            last or behind - right >= CONFIG.gap * X_HEIGHT
        )
        high, wide = (bottom - top) / X_HEIGHT, (right - left) / X_HEIGHT
        middle = (BASELINE_ROW - (top + bottom) / 2) / X_HEIGHT
        sized = CONFIG.least <= min(high, wide) and max(high, wide) <= CONFIG.most
        if not apart or not sized or not CONFIG.lowest <= middle <= CONFIG.highest:
            continue
        box, ring = _kind(ink[top:bottom, left:right])
        y, x = strip.places(np.array([BASELINE_ROW]), np.array([(left + right) / 2]))
        x_height = X_HEIGHT * float(np.hypot(*strip.down[(left + right) // 2]))
        start = 0 if first else (before + left) // 2
        stop = behind if last else (right + behind) // 2
        marks.append(_Mark(float(y[0]), float(x[0]), x_height, box, ring, first, last, start, stop))
    return marks


def _kind(piece: NDArray[np.bool_]) -> tuple[bool, bool]:
    """Whether a piece of ink is a box, and whether it is a ring."""
    ratio = max(piece.shape) / min(piece.shape)
    corners = sum(_corner(piece[::y, ::x]) <= CONFIG.corner for y in (1, -1) for x in (1, -1))
    box = corners >= 3 and ratio <= CONFIG.square and _is_hollow(piece, CONFIG.open)
    reaches = [CONFIG.open] if corners else range(CONFIG.open + 1)
    ring = not box and ratio <= CONFIG.round and any(_is_hollow(piece, one) for one in reaches)
    return box, ring


def _is_hollow(piece: NDArray[np.bool_], reach: int) -> bool:
    """Whether the largest part of its paper that its ink, wider by `reach`, surrounds is large."""
    steps = range(2 * reach + 1)
    wide = np.pad(piece, 2 * reach + 1)
    height, width = (side - 2 * reach for side in wide.shape)
    ink = np.any([wide[y : y + height, x : x + width] for y in steps for x in steps], axis=0)
    labels, _ = connected(~ink, diagonal=False)
    sizes = np.bincount(labels.ravel())
    sizes[[0, labels[0, 0]]] = 0
    return bool(sizes.max() >= CONFIG.hole * piece.size)


def _corner(piece: NDArray[np.bool_]) -> float:
    """Distance from the upper left corner of a piece to its ink, in shares of its sides."""
    rows, cols = np.nonzero(piece)
    return float(np.hypot(rows / piece.shape[0], cols / piece.shape[1]).min())
