"""The order in which the text lines of a page are read: columns, rows, then down the page.

The page is cut along white corridors (Nagy and Seth 1984, "Hierarchical representation of optically
scanned documents"): across where a gap parts all lines, down where a corridor parts columns. Lines
side by side whose baselines go on in each other are rows of a list or table and are read across. A
heading that stands above both columns is read before them, whichever it is in line with. What is
known to be a label is read with what stands beside it, and so are lines beside a column that has
gaps or larger letters, as that of the answers of a form. Where it is known how well the lines go on
in each other, and that speaks clearly for columns or for rows, it is followed. Where a picture
shows several sheets, see `ocr.layout.sheets`, each is read for itself: row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.layout.strips import TextLine


@dataclass(frozen=True)
class OrderConfig:
    """When lines stand side by side. Lengths are in x-heights.

    `level`, `number` and `rows_share` were chosen on the valid split of `$OCR_DATA/pages` by
    `tests/benchmarks/line_finding.py`, the others set by hand and held to the row of columns of
    `tests/benchmarks/pages.py`, to which `amount` everywhere in place of `number` does harm. The
    cells of lists are 5 to 15 wide and most often 15 to 33 apart; columns of running text are 28
    wide and more, narrower ones 6 to 11 apart.

    Attributes
    ----------
    end : float
        Of a baseline, that tells on which row it begins or ends.
    corridor : float
        Least width of the white between two columns.
    level, level_step : float
        Most that two lines of a row lie apart where one leads to the other; also in shares of the
        way from either to the nearest line above or below it, if that is more.
    paragraph : float
        Times the usual step between lines: a wider one parts paragraphs, and a heading from the
        column that it is in line with.
    number, rows_share : float
        A column whose lines are narrower than this is one of numbers, bullets or prices, and with
        the column beside it makes rows where this share of the lines of the shorter one lie level
        with one of the other.
    cell, table_share : float
        The same for columns of single words: rows only where this share of the lines of either
        lie level with one of the other. Wider ones are running text, and no rows.
    space, amount, wide_cell : float
        With more white than `space` between the lines of the one and the other, columns are rows as
        well where the narrower has a few words a line and is up to `wide_cell` wide; and where the
        right one is flush at the right, or in a `band`, a column narrower than `amount` is one of
        numbers.
    sparse : float
        A column so narrow whose lines are this many times as far apart as those of the column
        beside it is one of labels: rows where that share of the labels lie level with a line.
    pieces : float
        Lines a row, from which a side is several columns of a table: what stands below the last
        line of the other side, such as a sum, does not count then.
    band : float
        Times as wide as `cell` they may be in a band of lines that do not fall into columns as a
        whole.
    turn, turn_step : float
        Nearest that two lines of columns come, and in usual steps between the lines of both, where
        they are one text that stands at the left and at the right by turns.
    apart : float
        A line level with the first one of the left column, and so many of its steps above the next
        at the right, such as a date, is in one row with it.
    labels : float
        Share of lines flush with each other, and of those of a column, of which more than that are
        known to be labels where all are taken for labels.
    gapped : int
        Lines of a column that are level with others, at least, to tell that it has gaps.
    larger : float
        Times the size of the letters of a column, those of the next one, that tell answers by hand
        beside print.
    fewest : int
        Lines of each column, at least, of which must be known how they go on.
    sense : float
        Standard errors by which lines must go on better down the columns than along the rows, or
        along the rows than down the columns, for that to decide. Of lists, whose entries may stand
        in any order, both are as likely: one in 700 is beyond this, on either side.
    fits : int
        Times that the slope of the page is told by the rows that the slope before it gives.
    """

    end: float = 3.0
    corridor: float = 1.6
    level: float = 1.0
    level_step: float = 0.2
    paragraph: float = 1.6
    number: float = 5.0
    rows_share: float = 0.6
    cell: float = 9.0
    table_share: float = 0.9
    space: float = 12.0
    amount: float = 7.0
    wide_cell: float = 16.0
    sparse: float = 1.5
    pieces: float = 1.5
    band: float = 1.25
    turn: float = 2.2
    turn_step: float = 0.7
    apart: float = 3.0
    labels: float = 0.5
    gapped: int = 3
    larger: float = 1.2
    fewest: int = 4
    sense: float = 3.0
    fits: int = 3


CONFIG = OrderConfig()
NAMED = 7  # column of the boxes: whether a line is read with what stands at its right, as labels


def reading_order(
    lines: Sequence[TextLine],
    sheets: NDArray[np.int64] | None = None,
    labels: Collection[int] = (),
    follows: NDArray[np.floating] | None = None,
) -> list[list[list[int]]]:
    """Blocks of rows of lines.

    Parameters
    ----------
    lines : sequence of TextLine
    sheets : (N,) int64 array, optional
        The sheet that each stands on; all on one, if left out.
    labels : collection of int
        Numbers of lines that end as labels do of what stands to the right of them. They are labels
        where most lines that begin below each other are, and then these are as well.
    follows : (N, N) float array, optional
        How well the line of a column goes on where that of a row ends, as the logarithm of a
        probability; NaN where that is not known.

    Returns
    -------
    list of list of list of int
        Blocks in reading order; each a list of rows from top to bottom; each row the numbers of its
        lines from left to right.
    """
    if not lines:
        return []
    members = np.arange(len(lines))
    boxes = np.array([_box(line, CONFIG.end) for line in lines])
    sizes = np.array([line.x_height for line in lines])
    boxes = _leveled(boxes, _row_slope(boxes, sizes, page_slope(lines)))
    flush = np.abs(boxes[:, 1, None] - boxes[:, 1]) < sizes[:, None]
    named = (flush & np.isin(members, list(labels))).sum(axis=1) > CONFIG.labels * flush.sum(axis=1)
    boxes = np.column_stack([boxes, _reach(boxes, sizes), named])
    out: list[list[list[int]]] = []
    for sheet in [members] if sheets is None else _in_order(sheets, boxes):
        _cut(sheet, boxes, sizes, follows, out)
    return out


def _in_order(sheets: NDArray[np.int64], boxes: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """The lines of each sheet, the sheets in the order in which they are read."""
    parts = [np.flatnonzero(sheets == number) for number in np.unique(sheets)]
    outer = np.array([[*boxes[part, :2].min(axis=0), *boxes[part, 2:4].max(axis=0)]
                      for part in parts])  # fmt: skip

    def ordered(members: NDArray[np.intp]) -> list[int]:
        for axis in (0, 1):  # rows of sheets, then those of a row
            order = members[np.argsort(outer[members, axis], kind="stable")]
            reach = np.maximum.accumulate(outer[order, axis + 2])
            cuts = np.flatnonzero(outer[order[1:], axis] > reach[:-1]) + 1
            if len(cuts):
                return [k for part in np.split(order, cuts) for k in ordered(part)]
        return list(members[np.argsort(outer[members, 0], kind="stable")])

    return [parts[k] for k in ordered(np.arange(len(parts)))]


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
        level = _leveled(boxes, slope)
        level = np.column_stack([level, _reach(level, sizes)])
        gap = boxes[:, 1] - boxes[:, 3][:, None]
        gap[(gap <= 0) | ~_level(every, every, level)] = np.inf
        i = np.flatnonzero(np.isfinite(gap.min(axis=1)))
        j = gap[i].argmin(axis=1)
        mutual = gap[:, j].argmin(axis=0) == i
        i, j = i[mutual], j[mutual]
        across, down = middle[j] - middle[i], boxes[j, 2] - boxes[i, 2]
        slope = float((high + across @ down) / (wide @ wide + across @ across))
    return slope


def _box(line: TextLine, end: float) -> tuple[float, ...]:
    """Top, left, bottom, right, and the rows on which its baseline begins and ends."""
    rows, cols = line.baseline.T
    top, left, bottom, right = line.box
    reach = end * line.x_height
    first, last = np.median(rows[cols <= left + reach]), np.median(rows[cols >= right - reach])
    return top, left, bottom, right, float(first), float(last)


def _leveled(boxes: NDArray[np.float64], slope: float) -> NDArray[np.float64]:
    """Boxes moved as if the page were turned level about its left edge."""
    left, right = slope * boxes[:, 1], slope * boxes[:, 3]
    middle, still = (left + right) / 2, 0 * left
    return boxes - np.stack([middle, still, middle, still, left, right], axis=1)


def _reach(boxes: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far off its level each line may lead to another one: (N,), as `_box` orders the lines."""
    _, left, bottom, right = boxes[:, :4].T
    shared = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    away = np.abs(bottom[:, None] - bottom)
    aside = shared <= -CONFIG.corridor * np.minimum(sizes[:, None], sizes)
    away[aside | np.eye(len(boxes), dtype=bool)] = np.inf
    step = away.min(axis=1)
    step[np.isinf(step)] = 0.0
    return np.maximum(CONFIG.level * sizes, CONFIG.level_step * step)


def _cut(
    members: NDArray[np.intp],
    boxes: NDArray[np.float64],
    sizes: NDArray[np.float64],
    follows: NDArray[np.floating] | None,
    out: list[list[list[int]]],
) -> None:
    """Cut a part of the page into blocks, in order, appended to `out`."""
    if len(members) > 1:
        columns = _columns(members, boxes, sizes, follows)
        if columns is None:
            parts = _bands(members, boxes, sizes, follows)
        else:
            parts = _headed(columns, boxes, sizes)
        if parts is not None:
            for part in parts:
                _cut(part, boxes, sizes, follows, out)
            return
    out.append(_rows(members, boxes, sizes))


def _columns(
    members: NDArray[np.intp],
    boxes: NDArray[np.float64],
    sizes: NDArray[np.float64],
    follows: NDArray[np.floating] | None,
    band: bool = False,
) -> list[NDArray[np.intp]] | None:
    """Parts side by side that a white corridor from top to bottom keeps apart, or None.

    `band` is as `_are_rows` takes it. What is found to be a column of labels, or of rows that run
    through, stays one, so that no band of it is cut.
    """
    size = float(np.median(sizes[members]))
    order = members[np.argsort(boxes[members, 1], kind="stable")]
    reach = np.maximum.accumulate(boxes[order, 3])
    gaps = boxes[order[1:], 1] - reach[:-1]
    for k in np.argsort(-gaps, kind="stable"):
        if gaps[k] < CONFIG.corridor * size:
            return None
        left, right = order[: k + 1], order[k + 1 :]
        if min(len(left), len(right)) < 2 or _take_turns(left, right, boxes, sizes):
            continue
        near = _level(left, right, boxes)
        sense = 0.0 if follows is None else _sense(left, right, boxes, sizes, follows)
        if sense > CONFIG.sense:
            return [left, right]
        if _have_gaps(left, near, boxes, sizes) or _are_larger(left, right, near, sizes):
            boxes[left, NAMED] = True
        if _are_labels(left, boxes):
            continue
        if sense < -CONFIG.sense or _are_rows(left, right, near, boxes, sizes, band):
            if not band and _run_through(right, near, boxes, sizes):
                boxes[left, NAMED] = True
            continue
        return [left, right]
    return None


def _level(
    left: NDArray[np.intp], right: NDArray[np.intp], boxes: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether each line at the left leads to each one at the right."""
    apart = np.abs(boxes[left, 5][:, None] - boxes[right, 4])
    near: NDArray[np.bool_] = apart < np.minimum(boxes[left, 6][:, None], boxes[right, 6])
    return near


def _shares(near: NDArray[np.bool_]) -> list[float]:
    """Shares of the lines at the left and at the right that are level with one of the others."""
    return [float(near.any(axis=axis).mean()) for axis in (1, 0)]


def _width(
    members: NDArray[np.intp], boxes: NDArray[np.float64], sizes: NDArray[np.float64]
) -> float:
    """How wide the lines of a part are, in x-heights."""
    return float(np.median((boxes[members, 3] - boxes[members, 1]) / sizes[members]))


def _sense(
    left: NDArray[np.intp],
    right: NDArray[np.intp],
    boxes: NDArray[np.float64],
    sizes: NDArray[np.float64],
    follows: NDArray[np.floating],
) -> float:
    """By how many standard errors lines go on better down two columns than along their rows.

    It is told by how much better the pairs of either order go on than others of the same columns
    do: of prices all begin like any other. Below 0 the rows go on better; where too little is known
    of them it is 0.
    """
    known = ~np.isnan(np.diag(follows))
    if min(known[left].sum(), known[right].sum()) < CONFIG.fewest:
        return 0.0
    members = np.concatenate([left, right])
    at_left = np.arange(len(members)) < len(left)
    surplus = np.where(np.eye(len(members), dtype=bool), np.nan, follows[np.ix_(members, members)])
    for one in (at_left, ~at_left):
        for other in (at_left, ~at_left):
            surplus[np.ix_(one, other)] = _surplus(surplus[np.ix_(one, other)])
    place = {number: k for k, number in enumerate(members.tolist())}
    steps = [
        {
            (place[one], place[next_])
            for part in parts
            for one, next_ in pairwise(chain.from_iterable(_rows(part, boxes, sizes)))
        }
        for parts in ((left, right), (members,))
    ]
    down, across = steps[0] - steps[1], steps[1] - steps[0]
    gains = [np.array([surplus[pair] for pair in pairs]) for pairs in (down, across)]
    count = np.isfinite(np.concatenate(gains)).sum()
    error = np.sqrt(count * np.nanmean(surplus**2))
    return float((np.nansum(gains[0]) - np.nansum(gains[1])) / max(1.0, error))


def _surplus(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """What values exceed those by that the means of their rows and columns make likely."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    rows = filled.sum(axis=1, keepdims=True) / np.maximum(1, known.sum(axis=1, keepdims=True))
    columns = filled.sum(axis=0) / np.maximum(1, known.sum(axis=0))
    return values - (rows + columns - filled.sum() / max(1, known.sum()))


def _have_gaps(
    left: NDArray[np.intp],
    near: NDArray[np.bool_],
    boxes: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> bool:
    """Whether a column is that of answers of a form, some of which are empty.

    Each of its lines is level with one at the left, but lines in between have none; two texts on
    ruled paper go on without such a gap.
    """
    level = np.flatnonzero(near[np.argsort(boxes[left, 2])].any(axis=1))
    gaps = len(level) >= CONFIG.gapped and len(level) <= np.ptp(level)
    return bool(gaps and near.any(axis=0).all() and _width(left, boxes, sizes) <= CONFIG.wide_cell)


def _are_larger(
    left: NDArray[np.intp],
    right: NDArray[np.intp],
    near: NDArray[np.bool_],
    sizes: NDArray[np.float64],
) -> bool:
    """Whether a column is that of answers in a larger hand, each beside what was asked."""
    answers, asked = (float(np.median(sizes[part])) for part in (right, left))
    return answers >= CONFIG.larger * asked and min(_shares(near)) >= CONFIG.table_share


def _are_labels(members: NDArray[np.intp], boxes: NDArray[np.float64]) -> bool:
    """Whether most lines of a part that have none of it to their right are labels."""
    _, left, _, right, begins, ends, reach, named = boxes[members].T
    beside = (right[:, None] <= left) & (np.abs(ends[:, None] - begins) < reach[:, None])
    return float(named[~beside.any(axis=1)].mean()) > CONFIG.labels


def _headed(
    columns: list[NDArray[np.intp]],
    boxes: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> list[NDArray[np.intp]]:
    """The columns, or a heading in line with the right one and the rest below it.

    Such a heading or date stands above all of the left column. A wide step parts it from the right
    one, or it begins left of it. A date in a row with the first line of the left column stands
    above the rest as well.
    """
    left, right = (column[np.argsort(boxes[column, 2], kind="stable")] for column in columns)
    own, steps = (np.diff(boxes[column, 2]) for column in (left, right))
    wide = CONFIG.paragraph * np.median([*own, *steps])
    level = CONFIG.level * min(sizes[left[0]], sizes[right[0]])
    beside = len(left) > 2 and abs(boxes[left[0], 5] - boxes[right[0], 4]) < level
    own = own[own > level]
    if beside and len(own) and steps[0] > CONFIG.apart * max(float(np.median(own)), own[0]):
        first = np.isin(left, _rows(left, boxes, sizes)[0])
        row = np.concatenate([left[first], right[:1]])
        return [row, np.concatenate([left[~first], right[1:]])]
    top = boxes[left[0], 2] - CONFIG.level * sizes[left[0]]
    for count in range(int((boxes[right, 2] < top).sum()), 0, -1):
        heading, text = right[:count], right[count:]
        if not len(text):
            return [heading, left]
        out = boxes[heading, 1] < np.median(boxes[text, 1]) - CONFIG.corridor * sizes[heading]
        if steps[count - 1] > wide or out.all():
            return [heading, np.concatenate([left, text])]
    return columns


def _are_rows(
    left: NDArray[np.intp],
    right: NDArray[np.intp],
    near: NDArray[np.bool_],
    boxes: NDArray[np.float64],
    sizes: NDArray[np.float64],
    band: bool,
) -> bool:
    """Whether two columns are the cells of rows: level with each other and no running text.

    A heading above the first line of the other column does not count; where much white lies between
    them, nothing that stands above it does, nor, in a table, below the last. In a `band` of lines
    that do not fall into columns as a whole less is asked, as few lines tell little: of two and two
    it is enough that some are level.
    """
    columns = left, right
    widths = [_width(part, boxes, sizes) for part in columns]
    size = float(np.median(sizes[np.concatenate(columns)]))
    white = float(np.median(boxes[right, 1]) - np.median(boxes[left, 3]))
    spaced = white > CONFIG.space * size
    cell = CONFIG.band * CONFIG.cell if band else CONFIG.cell
    if min(widths) > (CONFIG.wide_cell if spaced else cell):
        return False
    first = max(float(boxes[part, 2].min()) for part in columns) - CONFIG.level * size
    last = np.inf
    pieces = max(len(part) / len(_rows(part, boxes, sizes)) for part in columns)
    if spaced and pieces >= CONFIG.pieces:
        last = min(float(boxes[part, 2].max()) for part in columns) + CONFIG.level * size
    within = [(boxes[part, 2] >= first) & (boxes[part, 2] <= last) for part in columns]
    if not spaced:
        within = [inside | near.any(axis=axis) for inside, axis in zip(within, (1, 0), strict=True)]
    if spaced or all((~inside).sum() <= 1 for inside in within):
        near = near[within[0]][:, within[1]]
    if not near.any():
        return False
    if band and len(left) == len(right) == 2:
        return True
    shares = _shares(near)
    amounts = spaced and (band or _is_flush_right(boxes[right]))
    if min(widths) < (CONFIG.amount if amounts else CONFIG.number):
        return max(shares) >= CONFIG.rows_share
    narrow = int(np.argmin(widths))
    label, text = (_step(boxes[part, 2]) for part in (columns[narrow], columns[1 - narrow]))
    return (shares[narrow] if label >= CONFIG.sparse * text else min(shares)) >= CONFIG.table_share


def _run_through(
    right: NDArray[np.intp],
    near: NDArray[np.bool_],
    boxes: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> bool:
    """Whether rows are so from top to bottom: each cell, or each number, stands beside one."""
    asked = max if _width(right, boxes, sizes) < CONFIG.amount else min
    return asked(_shares(near)) >= CONFIG.table_share


def _is_flush_right(boxes: NDArray[np.float64]) -> bool:
    """Whether the lines of a column end below each other, rather than begin so."""
    begin, end = boxes[:, [1, 3]].std(axis=0)
    return bool(end <= begin)


def _take_turns(
    left: NDArray[np.intp],
    right: NDArray[np.intp],
    boxes: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> bool:
    """Whether two columns are one text, as no line of the one stands beside one of the other."""
    rows = [boxes[part, 2] for part in (left, right)]
    if max(row.min() for row in rows) > min(row.max() for row in rows):
        return False
    every = np.concatenate([left, right])
    step = float(np.median(np.diff(np.sort(boxes[every, 2]))))
    least = max(CONFIG.turn * float(np.median(sizes[every])), CONFIG.turn_step * step)
    return bool(np.abs(rows[0][:, None] - rows[1][None]).min() >= least)


def _step(rows: NDArray[np.float64]) -> float:
    """Mean distance of neighboring ones of two or more rows."""
    return float(np.ptp(rows)) / (len(rows) - 1)


def _bands(
    members: NDArray[np.intp],
    boxes: NDArray[np.float64],
    sizes: NDArray[np.float64],
    follows: NDArray[np.floating] | None,
) -> list[NDArray[np.intp]] | None:
    """Parts one below the other such that one of them then falls into columns, or None.

    For the white left of each line the longest band is tried through which it runs, then parts
    above and below each gap; of those that fall into columns the one of most lines is taken.
    """
    order = members[np.argsort(boxes[members, 2], kind="stable")]
    top, left, bottom, right = boxes[order, :4].T
    reach = np.maximum.accumulate(bottom)
    cuts = np.array([0, *(np.flatnonzero(top[1:] > reach[:-1]) + 1), len(order)])
    group = np.searchsorted(cuts, np.arange(len(order)), side="right") - 1
    bands = set()
    for k in range(len(order)):
        edge = left[k] - CONFIG.corridor * sizes[order[k]]
        if not (right < edge).any():
            continue
        crossed = group[(left < left[k]) & (right > edge)]
        above, below = crossed[crossed < group[k]], crossed[crossed > group[k]]
        if not (crossed == group[k]).any():
            start = int(above.max()) + 1 if len(above) else 0
            stop = int(below.min()) if len(below) else len(cuts) - 1
            bands.add((int(cuts[start]), int(cuts[stop])))
    for cut in cuts[1:-1].tolist():  # where a corridor runs on, but its lines are rows there
        bands |= {(0, cut), (cut, len(order))}
    for start, stop in sorted(bands, key=lambda band: (band[0] - band[1], band)):
        if stop - start == len(order):
            continue
        columns = _columns(order[start:stop], boxes, sizes, follows, band=True)
        if columns is not None:
            first, last = _paragraphs_beside(columns, boxes)
            inside = (boxes[order, 2] >= first) & (boxes[order, 2] <= last)
            start, stop = int(np.argmax(inside)), len(order) - int(np.argmax(inside[::-1]))
            parts = (order[:start], order[start:stop], order[stop:])
            return [part for part in parts if len(part)]
    return None


def _paragraphs_beside(
    columns: list[NDArray[np.intp]], boxes: NDArray[np.float64]
) -> tuple[float, float]:
    """The first and last baseline row of columns that are read one after the other.

    Where one is longer, it goes on to the end of the paragraph that the other one is beside.
    """
    rows = [np.sort(boxes[column, 2]) for column in columns]
    top, bottom = max(row[0] for row in rows), min(row[-1] for row in rows)
    ends = []
    for row in rows:
        steps = np.diff(row)
        wide = CONFIG.paragraph * np.median(steps)
        above = row[1:][(steps > wide) & (row[1:] <= top)]
        below = row[:-1][(steps > wide) & (row[:-1] >= bottom)]
        ends.append((above[-1] if len(above) else row[0], below[0] if len(below) else row[-1]))
    return float(min(end[0] for end in ends)), float(max(end[1] for end in ends))


def _rows(
    members: NDArray[np.intp],
    boxes: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> list[list[int]]:
    """Lines from top to bottom; those at one level from left to right in one row."""
    rows: list[list[int]] = []
    for k in members[np.argsort(boxes[members, 2], kind="stable")].tolist():
        if rows:
            last = rows[-1]
            size = min(sizes[k], *(sizes[i] for i in last))
            white = [max(boxes[k, 1] - boxes[i, 3], boxes[i, 1] - boxes[k, 3]) for i in last]
            near = last[int(np.argmin(white))]
            apart = _apart(boxes[k], boxes[near])
            if min(white) >= -size and apart < min(boxes[k, 6], boxes[near, 6]):
                last.append(k)
                continue
        rows.append([k])
    return [sorted(row, key=lambda i: boxes[i, 1]) for row in rows]


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Rows between two baselines at the ends that face each other."""
    left, right = (one, other) if one[1] <= other[1] else (other, one)
    return float(abs(left[5] - right[4]))


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
    """A page's lines in an order as `reading_order` gives it, those of one row as one.

    Beside each stands the number of its block, from 1.
    """
    return [
        (joined([lines[k] for k in row]), number)
        for number, block in enumerate(order, start=1)
        for row in block
    ]
