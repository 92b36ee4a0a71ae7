"""Which text lines of a page stand in one row, on a page that may be turned by a few degrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.layout.ground import Ground, ground_along, straight
from ocr.layout.strips import TextLine

Lines = NDArray[np.intp]  # numbers of some of a page's lines


@dataclass(frozen=True)
class RowConfig:
    """When lines stand in one row. Lengths are in x-heights.

    `level` was chosen on the valid split of `$OCR_DATA/pages` by
    `tests/benchmarks/line_finding.py`, the others set by hand.

    Attributes
    ----------
    end : float
        Of a baseline, that tells on which row it begins or ends.
    corridor : float
        Least width of the white between two columns.
    level, level_step : float
        Most that two lines of a row lie apart where one leads to the other; also in shares of the
        way from either to the nearest line above or below it, if that is more.
    fits : int
        Times that the slope of the page is told by the rows that the slope before it gives.
    """

    end: float = 3.0
    corridor: float = 1.6
    level: float = 1.0
    level_step: float = 0.2
    fits: int = 3


CONFIG = RowConfig()


@dataclass(frozen=True)
class Places:
    """Where the text lines of a page stand, as if it were level: (N,) arrays, in pixels.

    Attributes
    ----------
    top, left, bottom, right : float array
        Their boxes.
    begins, ends : float array
        Rows on which their baselines begin and end.
    sizes : float array
        Their x-heights.
    reach : float array
        How far off its level each may lead to another one.
    """

    top: NDArray[np.float64]
    left: NDArray[np.float64]
    bottom: NDArray[np.float64]
    right: NDArray[np.float64]
    begins: NDArray[np.float64]
    ends: NDArray[np.float64]
    sizes: NDArray[np.float64]
    reach: NDArray[np.float64]

    def width(self, members: Lines) -> float:
        """How wide some of the lines are, in x-heights."""
        widths = self.right[members] - self.left[members]
        return float(np.median(widths / self.sizes[members]))

    def size(self, members: Lines) -> float:
        """The x-height of some of the lines."""
        return float(np.median(self.sizes[members]))

    def downward(self, members: Lines) -> Lines:
        """Some of the lines, from top to bottom."""
        return members[np.argsort(self.bottom[members], kind="stable")]

    def across(self, members: Lines) -> tuple[Lines, NDArray[np.float64]]:
        """Some of the lines, from left to right, and how wide the white before each is.

        That runs from top to bottom; there is none before the first, and less than 0 where one
        reaches over it.
        """
        order = members[np.argsort(self.left[members], kind="stable")]
        return order, self.left[order[1:]] - np.maximum.accumulate(self.right[order])[:-1]

    def level(self, left: Lines, right: Lines) -> NDArray[np.bool_]:
        """Whether each line of some at the left leads to each one of some at the right."""
        apart = np.abs(self.ends[left][:, None] - self.begins[right])
        near: NDArray[np.bool_] = apart < np.minimum(self.reach[left][:, None], self.reach[right])
        return near

    def rows(self, members: Lines) -> list[list[int]]:
        """Lines from top to bottom; those at one level from left to right in one row."""
        rows: list[list[int]] = []
        for k in self.downward(members).tolist():
            if rows and self._stands_in(k, rows[-1]):
                rows[-1].append(k)
            else:
                rows.append([k])
        left = self._lists.left
        return [sorted(row, key=left.__getitem__) for row in rows]

    def _stands_in(self, k: int, row: list[int]) -> bool:
        """Whether a line does not overlap a row and is level with the line nearest to it."""
        at = self._lists
        white = [max(at.left[k] - at.right[i], at.left[i] - at.right[k]) for i in row]
        nearest = min(white)
        if nearest < -min(at.sizes[k], *(at.sizes[i] for i in row)):
            return False
        near = row[white.index(nearest)]
        left, right = (k, near) if at.left[k] <= at.left[near] else (near, k)
        return abs(at.ends[left] - at.begins[right]) < min(at.reach[k], at.reach[near])

    @cached_property
    def _lists(self) -> _Lists:
        """What `rows` asks for one line at a time, of which lists give it ten times as fast."""
        return _Lists(*(getattr(self, field).tolist() for field in _Lists._fields))


class _Lists(NamedTuple):
    left: list[float]
    right: list[float]
    begins: list[float]
    ends: list[float]
    sizes: list[float]
    reach: list[float]


def places_of(lines: Sequence[TextLine]) -> Places:
    """Where one or more lines stand, as if their page were turned level about its left edge."""
    boxes = np.array([_box(line) for line in lines], dtype=np.float64)
    sizes = np.array([line.x_height for line in lines], dtype=np.float64)
    slope = _row_slope(boxes, sizes, page_slope(lines))
    return _leveled(
        boxes,
        sizes,
        ground_along([(line.baseline[:, 1], line.baseline[:, 0]) for line in lines], slope),
    )


def page_slope(lines: Sequence[TextLine]) -> float:
    """Rows a column that the lines of a page fall: the least-squares fit to them, end to end."""
    high, wide = np.array([line.baseline[-1] - line.baseline[0] for line in lines]).T
    length = wide @ wide
    return float(high @ wide / length) if length > 0 else 0.0


def _row_slope(boxes: NDArray[np.float64], sizes: NDArray[np.float64], slope: float) -> float:
    """The slope of a page, told by its lines and by the ways from each to the next in its row.

    Short words are found more level than they are: those of a table alone tell too little.
    """
    wide, middle = boxes[:, 3] - boxes[:, 1], boxes[:, [1, 3]].mean(axis=1)
    high, every = slope * float(wide @ wide), np.arange(len(boxes))
    for _ in range(CONFIG.fits):
        gap = boxes[:, 1] - boxes[:, 3][:, None]
        ground = straight(slope, boxes[:, 3].max())
        gap[(gap <= 0) | ~_leveled(boxes, sizes, ground).level(every, every)] = np.inf
        i = np.flatnonzero(np.isfinite(gap.min(axis=1)))
        j = gap[i].argmin(axis=1)
        mutual = gap[:, j].argmin(axis=0) == i
        i, j = i[mutual], j[mutual]
        across, down = middle[j] - middle[i], boxes[j, 2] - boxes[i, 2]
        slope = float((high + across @ down) / (wide @ wide + across @ across))
    return slope


def _box(line: TextLine) -> tuple[float, ...]:
    """Top, left, bottom, right; row and column of where its baseline begins, and where it ends."""
    cols, reach = line.baseline[:, 1], CONFIG.end * line.x_height
    left, right = line.box[1], line.box[3]
    first, last = line.baseline[cols <= left + reach], line.baseline[cols >= right - reach]
    return *line.box, *np.median(first, axis=0).tolist(), *np.median(last, axis=0).tolist()


def _leveled(boxes: NDArray[np.float64], sizes: NDArray[np.float64], ground: Ground) -> Places:
    """Places of lines whose boxes are as `_box` gives them, on a page written along a ground."""
    top, left, bottom, right, begins, first, ends, last = boxes.T
    at_left, at_middle, at_right, at_first, at_last = (
        ground.at(cols) for cols in (left, (left + right) / 2, right, first, last)
    )
    middle = (at_left + 2 * at_middle + at_right) / 4
    bottom = bottom - middle
    reach = _reach(left, bottom, right, sizes)
    return Places(
        top - middle, left, bottom, right, begins - at_first, ends - at_last, sizes, reach
    )


def _reach(
    left: NDArray[np.float64],
    bottom: NDArray[np.float64],
    right: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> NDArray[np.float64]:
    """How far off its level each line may lead to another one: (N,)."""
    shared = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    away = np.abs(bottom[:, None] - bottom)
    aside = shared <= -CONFIG.corridor * np.minimum(sizes[:, None], sizes)
    away[aside | np.eye(len(sizes), dtype=bool)] = np.inf
    step = away.min(axis=1)
    step[np.isinf(step)] = 0.0
    return np.maximum(CONFIG.level * sizes, CONFIG.level_step * step)


def joined(lines: Sequence[TextLine]) -> TextLine:
    """The lines of one row as one line, from left to right."""
    if len(lines) == 1:
        return lines[0]
    widths = np.array([np.ptp(line.baseline[:, 1]) + line.x_height for line in lines])
    logs = np.log([line.x_height for line in lines])
    return TextLine(
        np.concatenate([line.baseline for line in lines]),
        float(np.exp((logs * widths).sum() / widths.sum())),
        float((np.array([line.score for line in lines]) * widths).sum() / widths.sum()),
    )


def in_rows(
    lines: Sequence[TextLine], order: Sequence[Sequence[Sequence[int]]]
) -> list[tuple[TextLine, int]]:
    """A page's lines in an order as `ocr.layout.reading_order` gives it, those of one row as one.

    Beside each stands the number of its block, from 1.
    """
    return [
        (joined([lines[k] for k in row]), number)
        for number, block in enumerate(order, start=1)
        for row in block
    ]
