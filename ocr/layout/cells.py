"""The cells of forms: a label and what is written below it, side by side with others.

Rows of such cells look like rows of a table twice as long. What parts them, a ruling line or a
wider step, parts the rows of lines in groups that are alike; those of each group belong together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.layout.dividers import Dividers
from ocr.layout.rows import CONFIG as ROWS
from ocr.layout.rows import Lines, Places
from ocr.layout.said import Said

Group = list[Lines]  # the columns of some rows, from left to right, each from top to bottom


@dataclass(frozen=True)
class CellConfig:
    """When rows are those of cells. Set by hand on composed forms.

    Attributes
    ----------
    apart : float
        Times the step beside it, a step between rows that parts groups of them.
    ruled, unruled : int
        Groups of two columns of two rows, at least, where ruling lines part their cells, and where
        only their digits tell them.
    most : float
        Share from which something is so for most.
    inner : float
        Share of the lines of cells, but the last of each, that a ruling line is below, at most.
    even : float
        Share of the cells, from which they are even, that have as many rows as each other.
    unlike, alike : float
        Share of the lines below each other of which one alone has digits, at least; of those beside
        each other at most this share of that.
    """

    apart: float = 1.6
    ruled: int = 2
    unruled: int = 3
    most: float = 0.5
    inner: float = 0.2
    even: float = 0.6
    unlike: float = 0.4
    alike: float = 0.5


CONFIG = CellConfig()


def cells(
    rows: Sequence[Sequence[int]], places: Places, parted: Dividers, said: Said
) -> list[Lines]:
    """Lines in the order of cells, each a part, and what stands between rows of cells; or none.

    Parameters
    ----------
    rows : sequence of sequence of int
        The lines, as `Places.rows` gives them.
    places : Places
        Of the page.
    parted : Dividers
        What parts the lines of the page.
    said : Said
        What is known of the lines.
    """
    if all(len(row) == 1 for row in rows):
        return []
    lines = [np.array(row, dtype=np.intp) for row in rows]
    ruled = _groups(lines, _rules(lines, parted.below, places), places, parted.beside)
    whole = _whole(ruled, places)
    if _are_fields(whole, parted.beside) and _are_open(whole, parted.below):
        return _parts(ruled, places)
    spaced = _groups(lines, _wide_steps(lines, places), places, parted.beside)
    whole = _whole(spaced, places)
    fields = _are_fields(whole, parted.beside) and _are_open(whole, parted.through)
    if _are_even(whole, places) and (fields or _say_so(whole, places, said, parted.below)):
        return _parts(spaced, places)
    return []


def _groups(
    rows: list[Lines], ends: NDArray[np.bool_], places: Places, beside: NDArray[np.bool_]
) -> list[Group]:
    """Rows in groups, each cut into columns; `ends` tells behind which rows, but the last.

    What runs over columns below or above it is a group of its own.
    """
    cuts = np.flatnonzero(ends) + 1
    groups = []
    for start, stop in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        part = _columns(rows[start:stop], places, beside)
        for cut in (start + 1, stop - 1):
            edges = [(a, b) for a, b in ((start, cut), (cut, stop)) if a < b]
            parts = [_columns(rows[a:b], places, beside) for a, b in edges]
            if max(map(len, parts)) > len(part):
                groups += parts
                break
        else:
            groups.append(part)
    return groups


def _columns(rows: list[Lines], places: Places, beside: NDArray[np.bool_]) -> Group:
    """Rows cut along white corridors, and where a wall stands beside all that come near to one."""
    order, gaps = places.across(np.concatenate(rows))
    corridor = ROWS.corridor * places.size(order)
    cuts = [k for k in range(1, len(order)) if gaps[k - 1] >= corridor or (
        gaps[k - 1] > 0 and _walled(order[:k], corridor, places, beside))]  # fmt: skip
    return [places.downward(column) for column in np.split(order, cuts)]


def _walled(left: Lines, near: float, places: Places, beside: NDArray[np.bool_]) -> bool:
    """Whether all of some lines that end about where the last of them does end at a wall."""
    ends = places.right[left]
    return bool(beside[left[ends > ends.max() - near]].all())


def _rules(rows: list[Lines], below: NDArray[np.bool_], places: Places) -> NDArray[np.bool_]:
    """Which rows, but the last, have a ruling line below most of their lines.

    And not below the next row: the lines of that may stand in some of the cells alone, under those
    that have none below.
    """

    def goes_on(row: Lines, under: Lines) -> bool:
        first = np.maximum(places.left[row], places.left[under][:, None])
        over = first < np.minimum(places.right[row], places.right[under][:, None])
        return bool((over & ~below[row]).any(axis=1).all())

    return np.array([
        below[row].mean() > CONFIG.most and not goes_on(row, under)
        for row, under in pairwise(rows)
    ], dtype=bool)  # fmt: skip


def _wide_steps(rows: list[Lines], places: Places) -> NDArray[np.bool_]:
    """Which steps from row to row are wider than one beside them."""
    steps = np.diff([places.bottom[row].mean() for row in rows])
    beside = np.pad(steps, 1, constant_values=np.inf)
    wide: NDArray[np.bool_] = steps >= CONFIG.apart * np.minimum(beside[:-2], beside[2:])
    return wide


def _whole(groups: list[Group], places: Places) -> list[Group]:
    """The groups of two columns of two rows at least, if most of two columns are; or none.

    Where neither the first nor the last is, the lines may well be those below labels.
    """
    beside = [group for group in groups if len(group) > 1]
    whole = [bool(sum(len(places.rows(part)) > 1 for part in group) > 1) for group in beside]
    if not whole or sum(whole) < CONFIG.most * len(whole) or not (whole[0] or whole[-1]):
        return []
    return [*compress(beside, whole)]


def _are_fields(whole: list[Group], beside: NDArray[np.bool_]) -> bool:
    """Whether ruling lines part most cells from the next one in their row."""
    parted = [bool(beside[column].any()) for group in whole for column in group[:-1]]
    return len(whole) >= CONFIG.ruled and sum(parted) > CONFIG.most * len(parted)


def _are_open(whole: list[Group], ruled: NDArray[np.bool_]) -> bool:
    """Whether the lines of each cell, but for its last one, have no ruling line below them."""
    inner = np.concatenate([column[:-1] for group in whole for column in group])
    return bool(ruled[inner].mean() <= CONFIG.inner)


def _are_even(whole: list[Group], places: Places) -> bool:
    """Whether most cells of groups have as many rows as each other."""
    counts = [len(places.rows(column)) for group in whole for column in group]
    return max(Counter(counts).values(), default=0) > CONFIG.even * len(counts)


def _say_so(whole: list[Group], places: Places, said: Said, below: NDArray[np.bool_]) -> bool:
    """Whether lines with digits stand beside each other, and others above or below them.

    If the groups go on down their columns, those are the numbers of entries. What a ruling line
    parts, as the days of a calendar, is none.
    """
    if len(whole) < CONFIG.unruled or not said.texts or not _are_open(whole, below):
        return False
    first, second = (np.concatenate([group[k] for group in whole]) for k in (0, 1))
    if said.are_columns(first, second, places):
        return False
    digits = [[_have_digits(column, said.texts) for column in group] for group in whole]
    down = [one != two for group in digits for column in group for one, two in pairwise(column)]
    along = [
        one != two
        for group in digits
        for pair in pairwise(group)
        for one, two in zip(*pair, strict=False)
    ]
    unlike = sum(down) / len(down)
    return unlike >= CONFIG.unlike and sum(along) <= CONFIG.alike * unlike * len(along)


def _have_digits(column: Lines, texts: Sequence[str]) -> list[bool]:
    return [any(map(str.isdigit, texts[k])) for k in column]


def _parts(groups: list[Group], places: Places) -> list[Lines]:
    """The cells of groups, one after the other, and what stands between groups of cells."""
    parts: list[Lines] = []
    between: list[Lines] = []
    for group in groups:
        if len(group) > 1 and max(len(places.rows(column)) for column in group) > 1:
            if between:
                parts.append(np.concatenate(between))
            parts += group
            between = []
        else:
            between += group
    return [*parts, np.concatenate(between)] if between else parts
