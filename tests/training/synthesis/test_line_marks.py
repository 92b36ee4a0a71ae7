"""Marks on lines, on white pages whose lines are written down."""

import numpy as np
import pytest

from ocr.layout.strips import TextLine
from training.synthesis.line_marks import Comb, comb, random_comb, ring


def white():
    return np.ones((120, 300), np.float32)


def line(left, right, row=70.0, x_height=12.0):
    return TextLine(np.array([[row, left], [row, right]]), x_height)


def test_cells_are_drawn_around_their_letters_and_behind_them():
    page = white()
    comb(page, line(50.0, 130.0), 4, 2, Comb(0.5, 2.0, 1.0, 0.0, 1.0))
    rows = np.flatnonzero(page.min(axis=1) < 1)
    assert (rows[0], rows[-1]) == (70 + 6 - 24, 70 + 6)
    borders = np.flatnonzero(page[60] < 1)
    assert borders.tolist() == [50, 70, 90, 110, 130, 150, 170]


def test_ticks_leave_the_cells_open():
    page = white()
    comb(page, line(50.0, 130.0), 4, 0, Comb(0.5, 2.0, 0.25, 0.0, 1.0))
    assert (page[:70] == 1).all() and (page[76, 50:131] < 1).all()


@pytest.mark.parametrize("seed", range(5))
def test_combs_differ_but_hold_a_letter(seed):
    style = random_comb(np.random.default_rng(seed))
    assert style.high - style.down > 1.0 and 0 < style.ticks <= 1 and 0 < style.strength < 1


def test_a_ring_runs_around_what_it_rings():
    ringed = 0
    for seed in range(20):
        page = white()
        ring(np.random.default_rng(seed), page, [line(100.0, 160.0)], 1.0)
        drawn = page < 1
        if drawn.any():  # not every line of a page is ringed
            ringed += 1
            rows, cols = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
            assert rows[0] < 70 - 12 and rows[-1] > 70 and cols[-1] > 160
            assert not drawn[60:68, 150:155].any()
    assert 0 < ringed < 20
