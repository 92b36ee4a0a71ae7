"""The order in which the text lines of a page are read: columns, rows, then down the page.

The page is cut along white corridors (Nagy and Seth 1984, "Hierarchical representation of optically
scanned documents"): across where a gap parts all lines, down where a corridor parts columns. The
cells of a form are read one by one, see `ocr.layout.cells`. Else lines side by side whose baselines
go on in each other, or between which a line or dots lead, are rows of a list or table and are read
across. A heading that stands above both columns is read before them, whichever it is in line with.
What is known to be a label is read with what stands beside it, and so are lines beside a column
that has gaps or larger letters, as that of the answers of a form. Where it is known how well the
lines go on in each other, and that speaks clearly for columns or for rows, it is followed. Where a
picture shows several sheets, see `ocr.layout.sheets`, each is read for itself: row by row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr.layout.cells import cells
from ocr.layout.columns import CONFIG as COLUMNS
from ocr.layout.columns import Columns
from ocr.layout.dividers import Dividers
from ocr.layout.rows import CONFIG as ROWS
from ocr.layout.rows import Lines, Places, places_of
from ocr.layout.said import Said
from ocr.layout.strips import TextLine

PARAGRAPH = 1.6
"""Times the usual step between lines: a wider one parts paragraphs, and a heading from the column
that it is in line with. Set by hand."""
APART = 3.0
"""A line level with the first one of the left column, and so many of its steps above the next at
the right, such as a date, is in one row with it. Set by hand."""

Blocks = list[list[list[int]]]  # of rows of numbers of lines


def reading_order(
    lines: Sequence[TextLine],
    sheets: NDArray[np.int64] | None = None,
    said: Said | None = None,
    parted: Dividers | None = None,
) -> Blocks:
    """Blocks of rows of lines.

    Parameters
    ----------
    lines : sequence of TextLine
    sheets : (N,) int64 array, optional
        The sheet that each stands on; all on one, if left out.
    said : Said, optional
        What is known of the lines if they were read.
    parted : Dividers, optional
        What parts the lines from others; nothing, if left out.

    Returns
    -------
    list of list of list of int
        Blocks in reading order; each a list of rows from top to bottom; each row the numbers of its
        lines from left to right.
    """
    if not lines:
        return []
    places, members = places_of(lines), np.arange(len(lines))
    parted = parted or Dividers.none(len(lines))
    columns = Columns(places, said or Said(), parted)
    parts = [members] if sheets is None else _in_order(sheets, places)
    return [block for part in parts for block in _blocks(part, places, columns, parted)]


def _in_order(sheets: NDArray[np.int64], places: Places) -> list[Lines]:
    """The lines of each sheet, the sheets in the order in which they are read.

    The rows of a sheet around as many others, such as a board, are read where they stand among
    these.
    """

    def ordered(parts: list[Lines]) -> list[Lines]:
        first = np.array([[places.top[part].min(), places.left[part].min()] for part in parts])
        last = np.array([[places.bottom[part].max(), places.right[part].max()] for part in parts])
        for axis in (0, 1):  # rows of sheets, then those of a row
            order = np.argsort(first[:, axis], kind="stable")
            reach = np.maximum.accumulate(last[order, axis])
            cuts = np.flatnonzero(first[order[1:], axis] > reach[:-1]) + 1
            if len(cuts):
                groups = [[parts[k] for k in group] for group in np.split(order, cuts)]
                return [part for group in groups for part in ordered(group)]
        middles = (first + last) / 2
        for k, part in enumerate(parts):
            others = np.delete(middles, k, axis=0)
            rows = places.rows(part)
            inside = ((first[k] < others) & (others < last[k])).all(axis=1).sum()
            if 1 < len(rows) <= inside:
                return ordered([*parts[:k], *map(np.array, rows), *parts[k + 1 :]])
        return [parts[k] for k in np.argsort(first[:, 0], kind="stable")]

    return ordered([np.flatnonzero(sheets == number) for number in np.unique(sheets)])


def _blocks(members: Lines, places: Places, columns: Columns, parted: Dividers) -> Blocks:
    """A part of the page, cut into blocks, in order."""
    rows = places.rows(members)
    parts = cells(rows, places, parted, columns.said)
    if not parts:
        found = columns.of(members) if len(members) > 1 else None
        parts = (
            _headed(*found, places, columns.said)
            if found is not None
            else _bands(members, places, columns)
        )
    if len(parts) == 1:
        return [rows]
    return [block for part in parts for block in _blocks(part, places, columns, parted)]


def _headed(left: Lines, right: Lines, places: Places, said: Said) -> list[Lines]:
    """Two columns, or a heading in line with the right one and the rest below it.

    Such a heading or date stands above all of the left column. A wide step parts it from the right
    one, or it begins left of it. A date in a row with the first line of the left column stands
    above the rest as well. A column of one line is a note, and heads nothing.
    """
    if min(len(left), len(right)) < 2:
        return [left, right]
    sections = _sections(left, right, places)
    if sections:
        return sections
    heading = said.heading(left, right, places)
    if len(heading):
        return [heading, np.setdiff1d(np.concatenate([left, right]), heading)]
    left, right = places.downward(left), places.downward(right)
    own, steps = (np.diff(places.bottom[column]) for column in (left, right))
    wide = PARAGRAPH * np.median([*own, *steps])
    level = ROWS.level * min(places.sizes[left[0]], places.sizes[right[0]])
    beside = len(left) > 2 and abs(places.ends[left[0]] - places.begins[right[0]]) < level
    own = own[own > level]
    if beside and len(own) and steps[0] > APART * max(float(np.median(own)), own[0]):
        first = np.isin(left, places.rows(left)[0])
        row = np.concatenate([left[first], right[:1]])
        return [row, np.concatenate([left[~first], right[1:]])]
    top = places.bottom[left[0]] - ROWS.level * places.sizes[left[0]]
    for count in range(int((places.bottom[right] < top).sum()), 0, -1):
        heading, text = right[:count], right[count:]
        if not len(text):
            return [heading, left]
        edge = np.median(places.left[text]) - ROWS.corridor * places.sizes[heading]
        if steps[count - 1] > wide or (places.left[heading] < edge).all():
            return [heading, np.concatenate([left, text])]
    return [left, right]


def _sections(left: Lines, right: Lines, places: Places) -> list[Lines]:
    """Paragraphs, each with the label of a few short lines that begins beside it; or none.

    As in a diary, whose dates stand beside the entries. There are two or more of them, and nothing
    else; where each label is one line they are rows before it comes to this.
    """
    if places.width(left) >= COLUMNS.amount or places.width(right) <= COLUMNS.cell:
        return []
    rows = np.sort(places.bottom[right])
    breaks = np.flatnonzero(_part_paragraphs(rows)) + 1
    if not len(breaks):
        return []
    cuts = (rows[breaks - 1] + rows[breaks]) / 2
    parts = [np.searchsorted(cuts, places.bottom[part]) for part in (left, right)]
    for number in range(len(cuts) + 1):
        label = places.bottom[left[parts[0] == number]]
        text = places.bottom[right[parts[1] == number]]
        if not len(label) or abs(label.min() - text.min()) > np.median(np.diff(rows)):
            return []
    return [
        np.concatenate([left[parts[0] == number], right[parts[1] == number]])
        for number in range(len(cuts) + 1)
    ]


def _bands(members: Lines, places: Places, columns: Columns) -> list[Lines]:
    """Parts one below the other such that one of them then falls into columns, or one part.

    For the white left of each line the longest band is tried through which it runs, then parts
    above and below each gap; of those that fall into columns the one of most lines is taken.
    """
    order = places.downward(members)
    top, left, right = places.top[order], places.left[order], places.right[order]
    reach = np.maximum.accumulate(places.bottom[order])
    cuts = np.array([0, *(np.flatnonzero(top[1:] > reach[:-1]) + 1), len(order)])
    group = np.searchsorted(cuts, np.arange(len(order)), side="right") - 1
    bands = set()
    for k in range(len(order)):
        edge = left[k] - ROWS.corridor * places.sizes[order[k]]
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
        found = columns.of(order[start:stop], band=True)
        if found is not None:
            first, last = _paragraphs_beside(*(np.sort(places.bottom[part]) for part in found))
            inside = (places.bottom[order] >= first) & (places.bottom[order] <= last)
            start, stop = int(np.argmax(inside)), len(order) - int(np.argmax(inside[::-1]))
            parts = (order[:start], order[start:stop], order[stop:])
            return [part for part in parts if len(part)]
    return [members]


def _paragraphs_beside(*columns: NDArray[np.float64]) -> tuple[float, float]:
    """The first and last baseline row of columns that are read one after the other.

    Each is given by its baseline rows from top to bottom. Where one is longer, it goes on to the
    end of the paragraph that the other one is beside.
    """
    top, bottom = max(rows[0] for rows in columns), min(rows[-1] for rows in columns)
    ends = []
    for rows in columns:
        parted = _part_paragraphs(rows)
        above = rows[1:][parted & (rows[1:] <= top)]
        below = rows[:-1][parted & (rows[:-1] >= bottom)]
        ends.append((above[-1] if len(above) else rows[0], below[0] if len(below) else rows[-1]))
    return float(min(end[0] for end in ends)), float(max(end[1] for end in ends))


def _part_paragraphs(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which steps between baseline rows, from top to bottom, part paragraphs."""
    steps = np.diff(rows)
    parted: NDArray[np.bool_] = steps > PARAGRAPH * np.median(steps) if len(steps) else steps > 0
    return parted
