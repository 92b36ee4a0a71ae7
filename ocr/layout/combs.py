"""Rows of boxes for one letter each, as forms have them for names, dates and numbers.

Their walls would be read as letters, and their empty boxes too. Of such a row the letters alone
are kept, as near to each other as in print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.layout.checkboxes import without_columns
from ocr.layout.strips import (
    BASELINE_ROW,
    STRIP_HEIGHT,
    X_HEIGHT,
    Strip,
    cut_again,
    joined_strip,
    without_rules,
)
from ocr.layout.strips import CONFIG as STRIPS

Columns = NDArray[np.intp]
Walls = tuple[tuple[int, int], tuple[int, int]]  # of a box: first column, and the one behind, each


@dataclass(frozen=True)
class CombConfig:
    """What counts as a row of boxes. Lengths are in x-heights, if not said otherwise.

    Set by hand on composed forms.

    Attributes
    ----------
    inked : float
        Darkness, with half of that of the pixels beside it, from which a pixel may be of a line.
    letter : float
        Darkness, beyond what a row has all along, from which a pixel is of a letter.
    tall, wide : float
        Height of a wall at least, and its width at most; straight letters are 1.5 high.
    lean : int
        Columns by which a wall may lean over the height of a strip.
    edge : int
        Rows at the edges of a strip that a wall does not reach: lines of squared paper and the
        columns of tables go on there.
    least, most : float
        From wall to wall.
    off : float
        By how much, in shares of their usual width, boxes of a row may be wider or narrower.
    fewest : int
        Boxes that make a row.
    near : int
        Rows around the ends of walls in which lines join them.
    joined : float
        Share of the columns between two walls in which they do, at least.
    part : float
        Share of a wall's height from which a column beside it is part of it, and from which a
        stroke in the place of a wall is one.
    next : float
        From box to box, in widths of a box, at most, that the next one is told by.
    border : float
        Rows below the upper and above the lower ends of walls where a line may join them.
    between, several : float
        Columns of paper that part two letters, and the share of the boxes which hold two or more,
        up to which it is letters that boxes hold: a table has words and numbers in its cells.
    within : float
        Share of the ink that stands inside of boxes at least; words beside boxes to tick do not.
    reaching : float
        Ink in the first and the last row inside of boxes, in shares of the row that has most, from
        which it is not letters in boxes.
    apart : float
        Paper between letters, in widths of a box, that is a space, as an empty box is.
    row : float
        Ink of a row in which letters stand, in shares of the row that has most.
    capital : float
        Height at which the letters are read, that of a capital.
    smallest : float
        Share of that at least from which they are brought to it.
    beside : float
        Paper that is kept on either side of a letter.
    empty : float
        Paper that is kept of the empty boxes between two letters.
    """

    inked: float = 0.15
    letter: float = 0.25
    tall: float = 1.6
    wide: float = 0.6
    lean: int = 6
    edge: int = 1
    least: float = 1.1
    most: float = 4.5
    off: float = 0.25
    fewest: int = 3
    near: int = 3
    joined: float = 0.95
    part: float = 0.7
    next: float = 1.6
    border: float = 0.3
    between: float = 2.0
    several: float = 0.3
    within: float = 0.7
    reaching: float = 0.5
    apart: float = 2.0
    row: float = 0.1
    capital: float = 1.5
    smallest: float = 0.3
    beside: float = 0.05
    empty: float = 0.8


CONFIG = CombConfig()


@dataclass(frozen=True)
class Comb:
    """A row of boxes on a strip.

    Attributes
    ----------
    begin, end : int
        The first column of the first wall, and the one behind the last.
    kept : (end - begin,) bool array
        Which columns hold letters, or stand for the empty boxes between them.
    top, bottom : int
        The rows from which and up to which letters stand.
    inside : (STRIP_HEIGHT, end - begin) bool array
        What lies between the lines above and below the boxes.
    words : tuple of (float, float)
        Columns of the page from the first to the last letter of boxes none of which is empty.
    """

    begin: int
    end: int
    kept: NDArray[np.bool_]
    top: int
    bottom: int
    inside: NDArray[np.bool_]
    words: tuple[tuple[float, float], ...]

    def in_words(self, strip: Strip) -> NDArray[np.bool_]:
        """Which columns of a strip of its line stand inside of its words, where no space can be."""
        inside = np.zeros(len(strip.cols), dtype=bool)
        for x1, x2 in self.words:
            inside |= (strip.cols > x1) & (strip.cols < x2)
        return inside

    @property
    def cuts(self) -> list[slice]:
        """The columns that are not kept."""
        edges = np.flatnonzero(np.diff(self.kept, prepend=True, append=True)) + self.begin
        return [slice(first, last) for first, last in edges.reshape(-1, 2).tolist()]


def without_comb(darkness: NDArray[np.float32], strip: Strip, comb: Comb) -> Strip:
    """A strip whose row of boxes is cut again, its letters as high as capitals, without the boxes.

    `darkness` is the page that the strip was cut from, (H, W) float32.
    """
    if not comb.words:
        return without_columns(strip, [slice(comb.begin, comb.end)])
    before, part, behind = (
        strip.columns(slice(*ends))
        for ends in pairwise((0, comb.begin, comb.end, strip.image.shape[1]))
    )
    share = (comb.bottom - comb.top) / (CONFIG.capital * X_HEIGHT)
    share = min(max(share, CONFIG.smallest), 1 / CONFIG.smallest)
    again = cut_again(darkness, part, share, lower=comb.bottom - BASELINE_ROW)
    places = np.arange(again.image.shape[1]) * len(comb.kept) // again.image.shape[1]
    rows = np.round(comb.bottom + share * (np.arange(STRIP_HEIGHT) - BASELINE_ROW)).astype(np.intp)
    inside = comb.inside[np.clip(rows, 0, STRIP_HEIGHT - 1)][:, places]
    again = replace(again, image=np.where(inside, again.image, np.float32(1)))
    return joined_strip([before, again.columns(comb.kept[places]), behind], strip.contrast)


def find_comb(strip: Strip) -> Comb | None:
    """The row of boxes on a strip, if there is one."""
    darkness = without_rules(1 - strip.image)
    lines = _is_line(darkness.T).T
    if not _Strokes.of(lines, CONFIG.tall).boxes(1 - strip.image):
        return None
    strokes = _Strokes.of(lines, CONFIG.part * CONFIG.tall)
    boxes = strokes.boxes(1 - strip.image)
    begin, end = boxes[0][0][0], boxes[-1][1][1]
    width = strip.image.shape[1]
    if width - end < boxes[-1][1][0] - boxes[-1][0][1]:  # the end of the strip cuts a box
        end = width
    walls = [slice(first - begin, last - begin) for first, last in chain(*boxes)]
    inner = np.array([(left[1], right[0]) for left, right in boxes]) - begin
    inside = strokes.inside(boxes, begin, end)
    ink = inside & (darkness[:, begin:end] > CONFIG.letter)
    for wall in walls:
        ink[:, wall] = False
    columns = np.flatnonzero(ink.sum(axis=0) > 1)
    box = np.abs(columns[:, None] - inner.mean(axis=1)).argmin(axis=1)
    if not _are_letters(columns, box, inner) or _reach_over(ink, inside):
        return None
    apart = (np.diff(box) > 1) | (np.diff(columns) > CONFIG.apart * np.median(np.diff(inner)))
    words = np.split(columns, np.flatnonzero(apart) + 1) if len(columns) else []
    kept = _kept(columns, words, end - begin)
    if end == width:
        kept[-round(STRIPS.end_margin * X_HEIGHT) :] = True
    for wall in walls:
        kept[wall] = False
    profile = ink.sum(axis=1)
    high = np.flatnonzero(profile > CONFIG.row * profile.max())
    top, bottom = (int(high[0]), int(high[-1]) + 1) if len(high) else (0, 0)
    ends = [strip.cols[begin + word[[0, -1]]].tolist() for word in words]
    return Comb(begin, end, kept, top, bottom, inside, tuple((x1, x2) for x1, x2 in ends))


def _are_letters(columns: Columns, box: Columns, inner: Columns) -> bool:
    """Whether most of what stands there is a letter in each box, and not beside boxes to tick.

    Given are the inked columns, the box next to each, and the columns between which boxes are.
    """
    within = (inner[box, 0] <= columns) & (columns < inner[box, 1])
    if len(columns) and within.mean() < CONFIG.within:
        return False
    gaps = np.flatnonzero((np.diff(columns) > CONFIG.between) & (np.diff(box) == 0))
    return len(np.unique(box[gaps])) <= CONFIG.several * len(np.unique(box))


def _reach_over(ink: NDArray[np.bool_], inside: NDArray[np.bool_]) -> bool:
    """Whether ink reaches up and down to the ends of boxes, as strokes that look like boxes do."""
    most = CONFIG.reaching * ink.sum(axis=1).max()
    ends = (inside & ~np.roll(inside, way, axis=0) for way in (1, -1))
    return all((ink & end).sum() > most for end in ends)


def _kept(columns: Columns, words: Sequence[Columns], width: int) -> NDArray[np.bool_]:
    """Which of so many columns are near inked ones, or stand for a space between words."""
    kept = np.zeros(width, dtype=bool)
    beside, half = round(CONFIG.beside * X_HEIGHT), round(CONFIG.empty * X_HEIGHT / 2)
    for column in columns.tolist():
        kept[max(0, column - beside) : column + beside + 1] = True
    for one, other in pairwise(words):
        middle = (one[-1] + other[0]) // 2
        kept[middle - half : middle + half] = True
    return kept


def _is_line(darkness: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where thin lines along the rows may run, also between two rows."""
    spread = darkness.copy()
    spread[1:] += darkness[:-1] / 2
    spread[:-1] += darkness[1:] / 2
    return spread > CONFIG.inked


def _medians(values: NDArray[np.intp]) -> NDArray[np.float64]:
    """Of each value the median of the five around it, or of as many as there are."""
    around = np.pad(values.astype(np.float64), 2, constant_values=np.nan)
    every = np.arange(len(values))
    five = np.sort([around[every + k] for k in range(5)], axis=0)  # what there is not comes last
    last = 4 - np.isnan(five).sum(axis=0)
    medians: NDArray[np.float64] = (five[last // 2, every] + five[(last + 1) // 2, every]) / 2
    return medians


def _have_runs(ink: NDArray[np.bool_], long: int) -> NDArray[np.bool_]:
    """Which columns have so many pixels of ink one below the other."""
    so_far = 1  # of the pixels from each on that are known to be ink
    while so_far < long:
        step = min(so_far, long - so_far)
        ink = ink[:-step] & ink[step:]
        so_far += step
    return np.asarray(ink.any(axis=0))


@dataclass(frozen=True)
class _Strokes:
    """The longest upright stroke through each column of a strip: (W,) int arrays.

    How many rows it has, the first of them, and how many columns it leans over a strip's height.
    """

    length: NDArray[np.intp]
    top: NDArray[np.intp]
    lean: NDArray[np.intp]

    @classmethod
    def of(cls, ink: NDArray[np.bool_], shortest: float) -> _Strokes:
        """Those of a strip's ink, `(STRIP_HEIGHT, W)`, as long as so many x-heights or longer."""
        closed = ink.copy()  # a missing pixel ends no stroke
        closed[1:-1] |= ink[:-2] & ink[2:]
        height, width = closed.shape
        strokes = cls(*np.zeros((3, width), dtype=np.intp))
        rows = np.arange(height)[:, None]
        reach = np.round(CONFIG.lean * np.abs(rows / height - 0.5))
        near = closed.copy()  # all that a stroke that leans may pass through
        for aside in range(1, int(reach.max()) + 1):
            passed = closed & (reach >= aside)
            near[:, aside:] |= passed[:, :-aside]
            near[:, :-aside] |= passed[:, aside:]
        columns = np.flatnonzero(_have_runs(near, int(np.ceil(shortest * X_HEIGHT))))
        every = np.arange(len(columns))
        for lean in range(-CONFIG.lean, CONFIG.lean + 1) if len(columns) else ():
            offset = np.round(lean * (rows / height - 0.5)).astype(np.intp)
            along = closed[rows, np.clip(columns + offset, 0, width - 1)]
            begun = np.maximum.accumulate(np.where(along, 0, rows + 1), axis=0)
            runs = np.where(along, rows + 1 - begun, 0)
            last = runs.argmax(axis=0)
            longest = runs[last, every]
            longer = longest > strokes.length[columns]
            at = columns[longer]
            strokes.length[at] = longest[longer]
            strokes.top[at] = (last + 1 - longest)[longer]
            strokes.lean[at] = lean
        return strokes

    def boxes(self, darkness: NDArray[np.float32]) -> list[Walls]:
        """The boxes on a strip, about as wide as each other.

        `darkness` is that of the strip, with what runs along it.
        """
        walls = self._walls().tolist()
        if len(walls) <= CONFIG.fewest:
            return []
        ink = _is_line(darkness)
        found = [pair for pair in pairwise(walls) if self._are_joined(*pair, ink)]
        if not found:
            return []
        usual = float(np.median([right - left for left, right in found]))
        single = [pair for pair in found if abs(pair[1] - pair[0] - usual) <= CONFIG.off * usual]
        if len(single) < CONFIG.fewest:
            return []
        return [(self._span(left), self._span(right)) for left, right in self._completed(single)]

    def _completed(self, boxes: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Boxes with those that were missed between them and at the ends of their row."""
        lefts, rights = np.array(boxes).T
        width, steps = float(np.median(rights - lefts)), np.diff(lefts)
        near = steps[steps < CONFIG.next * width]
        if not len(near):
            return boxes
        pitch, high = float(np.median(near)), CONFIG.part * float(np.median(self.length[lefts]))
        off = round(CONFIG.off * width)

        def wall(place: float) -> tuple[int, bool]:
            """The column of the wall about a place, and whether there is one."""
            first = max(0, round(place) - off)
            around = self.length[first : max(0, round(place) + off + 1)]
            if not around.size or around.max() < high:
                return round(place), False
            return first + int(around.argmax()), True

        def box(left: float) -> tuple[tuple[int, int], bool]:
            (one, seen), (other, also) = wall(left), wall(left + width)
            return (one, other), seen and also

        found = []
        for (left, right), after in zip(boxes, [*lefts[1:].tolist(), None], strict=True):
            found.append((left, right))
            missed = 0 if after is None else round((after - left) / pitch) - 1
            if missed > 0 and abs(after - left - (missed + 1) * pitch) <= CONFIG.off * pitch:
                step = (after - left) / (missed + 1)
                found += [box(left + k * step)[0] for k in range(1, missed + 1)]
        for step, end in ((-pitch, 0), (pitch, -1)):
            more, seen = box(found[end][0] + step)
            while seen:
                found.insert(0 if end == 0 else len(found), more)
                more, seen = box(found[end][0] + step)
        return found

    def _walls(self) -> Columns:
        """The columns of strokes that are high and thin and end within the strip."""
        tall = self.length >= CONFIG.tall * X_HEIGHT
        edges = np.flatnonzero(np.diff(tall, prepend=False, append=False))
        thin = [
            left + int(self.length[left:right].argmax())
            for left, right in edges.reshape(-1, 2).tolist()
            if right - left <= CONFIG.wide * X_HEIGHT
        ]
        found = np.array(thin, dtype=np.intp)
        top, bottom = self.top[found], self.top[found] + self.length[found]
        kept = (top > CONFIG.edge) & (bottom < STRIP_HEIGHT - CONFIG.edge)
        kept &= bottom > BASELINE_ROW - X_HEIGHT / 2
        for ends in (top, bottom):  # a letter as high as the boxes reaches not as far as they do
            kept &= np.abs(ends - _medians(ends)) <= CONFIG.near
        return found[kept]

    def _are_joined(self, left: int, right: int, ink: NDArray[np.bool_]) -> bool:
        """Whether lines join the upper and the lower ends of two walls that are a box apart."""
        if not CONFIG.least * X_HEIGHT <= right - left <= CONFIG.most * X_HEIGHT:
            return False
        walls, columns = np.array([left, right]), np.arange(left, right + 1)
        near = np.arange(-CONFIG.near, CONFIG.near + 1)[:, None]
        for ends in (self.top[walls], self.top[walls] + self.length[walls] - 1):
            rows = np.round(np.interp(columns, walls, ends)).astype(np.intp) + near
            joined = ink[np.clip(rows, 0, len(ink) - 1), columns].any(axis=0)
            if joined.mean() < CONFIG.joined:
                return False
        return True

    def _span(self, wall: int) -> tuple[int, int]:
        """The first column that a wall takes, and the one behind the last."""
        reach, high = round(CONFIG.wide * X_HEIGHT / 2), CONFIG.part * float(self.length[wall])
        first = max(0, wall - reach)
        low = np.flatnonzero(self.length[first : wall + reach + 1] < high) + first
        left = int(low[low < wall].max(initial=first - 1)) + 1
        right = int(low[low > wall].min(initial=wall + reach + 1))
        leaning = abs(int(self.lean[wall])) // 3 + 1
        return max(0, left - leaning), min(len(self.length), right + leaning)

    def inside(self, boxes: Sequence[Walls], begin: int, end: int) -> NDArray[np.bool_]:
        """What of some columns lies between what runs above and below boxes, with a border."""
        walls = np.array([(first + last) // 2 for first, last in chain(*boxes)])
        border = round(CONFIG.border * X_HEIGHT)
        columns = np.arange(begin, end)
        top = np.interp(columns, walls, _medians(self.top[walls])) + border
        bottom = np.interp(columns, walls, _medians((self.top + self.length)[walls])) - border
        rows = np.arange(STRIP_HEIGHT)[:, None]
        return (rows >= top) & (rows < bottom)
