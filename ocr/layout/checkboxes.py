"""The boxes to tick before or behind the entries of a list, and rings before them: no text.

The line network takes them for letters: I, 1, 0. One line alone does not always tell a ring from
an O or a ticked box from a letter, but the others that stand below each other do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.layout.bullets import first_piece
from ocr.layout.connected import connected
from ocr.layout.strips import BASELINE_ROW, X_HEIGHT, Strip


@dataclass(frozen=True)
class CheckboxConfig:
    """What counts as a box or ring before an entry, or a box behind it. Lengths are in x-heights.

    Set by hand, between boxes drawn by pen and printed ones, and the letters B, D, O and the
    digits 0 and 8, which stand as first signs of a line.

    Attributes
    ----------
    least, most : float
        Width and height.
    lowest, highest : float
        Above the baseline, for its middle.
    gap : float
        From it to the entry, at least.
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
        between their lines.
    boxes, rings : int
        Boxes or rings below each other, from which rings are no letters and other marks among them
        are ticked ones.
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
    """What a strip begins with: where it stands on the page, what it is, and where it ends.

    `end` is the column of the strip amid the white behind it. Of a strip turned about, it is what
    the line ends with.
    """

    y: float
    x: float
    x_height: float
    box: bool
    ring: bool
    end: int


def without_checkboxes(strips: Sequence[Strip]) -> list[Strip]:
    """The strips of a page, each begun behind the box or ring before its text, if there is one."""
    return [
        strip.columns(slice(end, None)) if end else strip
        for strip, end in zip(strips, _ends(strips, CONFIG.rings), strict=True)
    ]


def without_boxes_behind(strips: Sequence[Strip]) -> list[Strip]:
    """The strips of a page, each ended before the box behind its text, if there is one.

    Rings stay: a column of them may be one of zeros.
    """
    ends = _ends([strip.columns(slice(None, None, -1)) for strip in strips], np.inf)
    return [
        strip.columns(slice(None, -end)) if end else strip
        for strip, end in zip(strips, ends, strict=True)
    ]


def _ends(strips: Sequence[Strip], fewest: float) -> list[int]:
    """Where the box or ring ends that a strip begins with; 0 if it begins with none.

    `fewest` rings below each other are no letters.
    """
    marks = [_mark(strip) for strip in strips]
    found = [mark for mark in marks if mark is not None]
    boxes, rings = ([one for one in found if one.box], [one for one in found if one.ring])
    ends = []
    for mark in marks:
        begins = mark is not None and (
            mark.box or _below(mark, boxes) >= CONFIG.boxes or _below(mark, rings) >= fewest
        )
        ends.append(mark.end if mark is not None and begins else 0)
    return ends


def _below(mark: _Mark, others: Sequence[_Mark]) -> int:
    """How many marks stand below or above one, itself with them."""
    return sum(
        abs(one.x - mark.x) <= CONFIG.aside * mark.x_height + CONFIG.drift * abs(one.y - mark.y)
        for one in others
    )


def _mark(strip: Strip) -> _Mark | None:
    """What stands by itself at the beginning of a strip, as large as a box to tick."""
    found = first_piece(strip.image)
    if found is None:
        return None
    ink, (top, left, bottom, right), behind = found
    high, wide = (bottom - top) / X_HEIGHT, (right - left) / X_HEIGHT
    middle = (BASELINE_ROW - (top + bottom) / 2) / X_HEIGHT
    sized = CONFIG.least <= min(high, wide) and max(high, wide) <= CONFIG.most
    placed = CONFIG.lowest <= middle <= CONFIG.highest
    if not sized or not placed or behind - right < CONFIG.gap * X_HEIGHT:
        return None
    piece = ink[top:bottom, left:right]
    ratio = max(high, wide) / min(high, wide)
    corners = sum(_corner(piece[::y, ::x]) <= CONFIG.corner for y in (1, -1) for x in (1, -1))
    box = _is_hollow(piece, CONFIG.open) and corners >= 3 and ratio <= CONFIG.square
    reaches = [CONFIG.open] if corners else range(CONFIG.open + 1)
    ring = not box and ratio <= CONFIG.round and any(_is_hollow(piece, one) for one in reaches)
    y, x = strip.places(np.array([BASELINE_ROW]), np.array([(left + right) / 2]))
    x_height = X_HEIGHT * float(np.hypot(*strip.down[(left + right) // 2]))
    return _Mark(float(y[0]), float(x[0]), x_height, box, ring, (right + behind) // 2)


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
