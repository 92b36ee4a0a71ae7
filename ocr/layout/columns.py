"""Whether lines that stand side by side on a page are columns or the cells of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.layout.dividers import Dividers
from ocr.layout.rows import CONFIG as ROWS
from ocr.layout.rows import Lines, Places
from ocr.layout.said import Said


@dataclass(frozen=True)
class ColumnConfig:
    """When lines stand side by side. Lengths are in x-heights.

    `number` and `rows_share` were chosen on the valid split of `$OCR_DATA/pages` by
    `tests/benchmarks/line_finding.py`, the others set by hand and held to the row of columns of
    `tests/benchmarks/pages.py`, to which `amount` everywhere in place of `number` does harm. The
    cells of lists are 5 to 15 wide and most often 15 to 33 apart; columns of running text are 28
    wide and more, narrower ones 6 to 11 apart.

    Attributes
    ----------
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
    turn_far : float
        So far apart they are such a text, however wide the steps.
    turn_apart, turn_lines : float, int
        Times the usual step of a column, its steps at least where lines of the other, so many or
        more, come between.
    labels : float
        Share of lines flush with each other, and of those of a column, of which more than that are
        known to be labels where all are taken for labels.
    joined : float
        Share of the lines of a column, of those that have one beside them, of which more than that,
        and two at least, are led or ruled to it where they are rows.
    gapped : int
        Lines of a column that are level with others, at least, to tell that it has gaps.
    larger : float
        Times the size of the letters of a column, those of the next one, that tell answers by hand
        beside print.
    """

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
    turn_far: float = 5.0
    turn_apart: float = 1.3
    turn_lines: int = 3
    labels: float = 0.5
    joined: float = 0.5
    gapped: int = 3
    larger: float = 1.2


CONFIG = ColumnConfig()


class Columns:
    """Tells the columns of parts of a page.

    Which lines are labels of what stands at their right grows as columns of labels are found.

    Parameters
    ----------
    places : Places
    said : Said
    parted : Dividers
        What parts the lines.
    """

    def __init__(self, places: Places, said: Said, parted: Dividers) -> None:
        self.places, self.said = places, said
        self._leads, self._ruled = parted.leads, parted.through & parted.beside
        flush = np.abs(places.left[:, None] - places.left) < places.sizes[:, None]
        known = np.isin(np.arange(len(flush)), list(said.labels))
        self._labels = (flush & known).sum(axis=1) > CONFIG.labels * flush.sum(axis=1)

    def of(self, members: Lines, band: bool = False) -> tuple[Lines, Lines] | None:
        """Parts side by side that a white corridor from top to bottom keeps apart, or None.

        A `band` is of lines that do not fall into columns as a whole. What is found to be a column
        of labels, or of rows that run through, stays one, so that no band of it is cut.
        """
        places = self.places
        order, gaps = places.across(members)
        for k in np.argsort(-gaps, kind="stable"):
            if gaps[k] < ROWS.corridor * places.size(members):
                return None
            left, right = order[: k + 1], order[k + 1 :]
            if self.said.are_notes(left, right, places):
                return left, right
            if min(len(left), len(right)) < 2 or self._take_turns(left, right):
                continue
            if self._are_joined(left, right):
                self._labels[left] = True
                continue
            told = self.said.are_columns(left, right, places)
            if told or not self._are_rows(left, right, told is False, band):
                return left, right
        return None

    def _are_rows(self, left: Lines, right: Lines, told: bool, band: bool) -> bool:
        """Whether what stands at the left belongs to what stands at the right, row by row.

        `told` is whether it says so.
        """
        near = self.places.level(left, right)
        if self._have_gaps(left, near) or self._are_larger(left, right, near):
            self._labels[left] = True
        if self._are_labels(left):
            return True
        rows = told or self._are_cells(left, right, near, band)
        if rows and not band and self._run_through(right, near):
            self._labels[left] = True
        return rows

    def _take_turns(self, left: Lines, right: Lines) -> bool:
        """Whether two columns are one text: no line of the one stands beside one of the other.

        Where those of the one come between two of the other, these are further apart.
        """
        rows = [np.sort(self.places.bottom[part]) for part in (left, right)]
        if max(row[0] for row in rows) > min(row[-1] for row in rows):
            return False
        if _go_on(*rows) or _go_on(*rows[::-1]):
            return False
        every = np.concatenate([left, right])
        step = float(np.median(np.diff(np.sort(self.places.bottom[every]))))
        size = self.places.size(every)
        least = np.clip(CONFIG.turn_step * step, CONFIG.turn * size, CONFIG.turn_far * size)
        return bool(np.abs(rows[0][:, None] - rows[1][None]).min() >= least)

    def _are_joined(self, left: Lines, right: Lines) -> bool:
        """Whether most lines at the left are led, or in a ruled table, to what is beside them.

        Running text beside a wall on ruled paper is none.
        """
        beside = left[self.places.level(left, right).any(axis=1)]
        widest = max(map(self.places.width, (left, right)))
        joins = self._leads | (self._ruled & (widest <= CONFIG.wide_cell))
        return bool(joins[beside].sum() > max(1, CONFIG.joined * len(beside)))

    def _have_gaps(self, left: Lines, near: NDArray[np.bool_]) -> bool:
        """Whether a column is that of answers of a form, some of which are empty.

        Each of its lines is level with one at the left, but lines in between have none; two texts
        on ruled paper go on without such a gap.
        """
        level = np.flatnonzero(near[np.argsort(self.places.bottom[left])].any(axis=1))
        gaps = len(level) >= CONFIG.gapped and len(level) <= np.ptp(level)
        return bool(gaps and near.any(axis=0).all() and self.places.width(left) <= CONFIG.wide_cell)

    def _are_larger(self, left: Lines, right: Lines, near: NDArray[np.bool_]) -> bool:
        """Whether a column is that of answers in a larger hand, each beside what was asked."""
        larger = self.places.size(right) >= CONFIG.larger * self.places.size(left)
        return larger and min(_shares(near)) >= CONFIG.table_share

    def _are_labels(self, members: Lines) -> bool:
        """Whether most lines of a part that have none of it to their right are labels."""
        places = self.places
        behind = places.right[members][:, None] <= places.left[members]
        ends = ~(behind & places.level(members, members)).any(axis=1)
        return float(self._labels[members][ends].mean()) > CONFIG.labels

    def _are_cells(self, left: Lines, right: Lines, near: NDArray[np.bool_], band: bool) -> bool:
        """Whether two columns are the cells of rows: level with each other and no running text.

        A heading above the first line of the other column does not count; where much white lies
        between them, nothing that stands above it does, nor, in a table, below the last. In a
        `band` less is asked, as few lines tell little: of two and two it is enough that some are
        level.
        """
        places, columns = self.places, (left, right)
        widths = [places.width(part) for part in columns]
        size = places.size(np.concatenate(columns))
        white = float(np.median(places.left[right]) - np.median(places.right[left]))
        spaced = white > CONFIG.space * size
        cell = CONFIG.band * CONFIG.cell if band else CONFIG.cell
        if min(widths) > (CONFIG.wide_cell if spaced else cell):
            return False
        bottoms = [places.bottom[part] for part in columns]
        first = max(float(bottom.min()) for bottom in bottoms) - ROWS.level * size
        last = np.inf
        pieces = max(len(part) / len(places.rows(part)) for part in columns)
        if spaced and pieces >= CONFIG.pieces:
            last = min(float(bottom.max()) for bottom in bottoms) + ROWS.level * size
        within = [(bottom >= first) & (bottom <= last) for bottom in bottoms]
        if not spaced:
            within = [
                inside | near.any(axis=axis) for inside, axis in zip(within, (1, 0), strict=True)
            ]
        if spaced or all((~inside).sum() <= 1 for inside in within):
            near = near[within[0]][:, within[1]]
        if not near.any():
            return False
        if band and len(left) == len(right) == 2:
            return True
        shares = _shares(near)
        amounts = spaced and (band or self._is_flush_right(right))
        if min(widths) < (CONFIG.amount if amounts else CONFIG.number):
            return max(shares) >= CONFIG.rows_share
        narrow = int(np.argmin(widths))
        label, text = _step(bottoms[narrow]), _step(bottoms[1 - narrow])
        share = shares[narrow] if label >= CONFIG.sparse * text else min(shares)
        return share >= CONFIG.table_share

    def _run_through(self, right: Lines, near: NDArray[np.bool_]) -> bool:
        """Whether rows are so from top to bottom: each cell, or each number, stands beside one."""
        asked = max if self.places.width(right) < CONFIG.amount else min
        return asked(_shares(near)) >= CONFIG.table_share

    def _is_flush_right(self, members: Lines) -> bool:
        """Whether the lines of a column end below each other, rather than begin so."""
        return bool(self.places.right[members].std() <= self.places.left[members].std())


def _go_on(rows: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Whether rows are no further apart where others, as close as they, come between two of them.

    Remarks of a line each may stand anywhere beside a text.
    """
    steps, between = np.diff(rows), np.diff(np.searchsorted(others, rows)) > 0
    if between.all() or not between.any() or len(others) < CONFIG.turn_lines:
        return False
    most = CONFIG.turn_apart * np.median(steps[~between])
    return bool(max(np.median(steps[between]), np.median(np.diff(others))) < most)


def _shares(near: NDArray[np.bool_]) -> list[float]:
    """Shares of the lines at the left and at the right that are level with one of the others."""
    return [float(near.any(axis=axis).mean()) for axis in (1, 0)]


def _step(rows: NDArray[np.float64]) -> float:
    """Mean distance of neighboring ones of two or more rows."""
    return float(np.ptp(rows)) / (len(rows) - 1)
