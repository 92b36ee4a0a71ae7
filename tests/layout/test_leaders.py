"""Rows of dots on strips drawn by hand."""

import numpy as np
import pytest

from ocr.layout.leaders import leaders, without_leaders
from ocr.layout.strips import BASELINE_ROW, STRIP_HEIGHT, Strip

WIDTH = 300


def drawn(*boxes, width=WIDTH):
    """A strip with ink in boxes: (top, left, bottom, right), rows from the baseline."""
    image = np.ones((STRIP_HEIGHT, width), np.float32)
    for top, left, bottom, right in boxes:
        image[BASELINE_ROW + top : BASELINE_ROW + bottom, left:right] = 0.1
    return image


def word(left, right):
    return [(-13, col, 0, col + 3) for col in range(left, right, 6)]


def dots(left, right, step=6, size=2, row=0, wide=None):
    return [(row - size, col, row, col + (wide or size)) for col in range(left, right, step)]


def strip(image):
    cols = np.arange(image.shape[1], dtype=float)
    return Strip(image, np.full(len(cols), 100.0), cols, np.tile([1.0, 0.0], (len(cols), 1)))


@pytest.mark.parametrize("size, step", [(2, 6), (3, 6), (4, 9), (4, 13)])
def test_dots_between_an_entry_and_its_number(size, step):
    cut = leaders(drawn(*word(10, 60), *dots(72, 240, step, size), *word(256, 290)))
    assert not cut[:72].any() and not cut[245:].any()
    assert cut[84:236].mean() > 0.9


def test_some_paper_is_kept_of_them():
    image = drawn(*word(10, 60), *dots(60, 240), *word(240, 290))
    kept = without_leaders(strip(image)).image
    assert (kept[:, 56:72].min(axis=0) == 1).sum() >= 8


def test_short_dashes():
    assert leaders(drawn(*word(10, 60), *dots(72, 240, 14, 2, wide=8))).sum() > 140


def test_dots_below_a_word_stay():
    cut = leaders(drawn(*dots(10, 100, row=5), *word(100, 180), *dots(180, 280, row=5)))
    assert cut[10:96].sum() > 60 and cut[186:276].sum() > 60
    assert not cut[100:180:6].any()


def test_an_ellipsis_stays():
    assert not leaders(drawn(*word(10, 60), *dots(72, 100, 6))).any()


def test_dots_far_from_each_other_or_uneven_stay():
    assert not leaders(drawn(*dots(10, 280, 34))).any()
    uneven = [
        one
        for k in range(5)
        for one in (
            *dots(10 + 45 * k, 12 + 45 * k),
            *dots(15 + 45 * k, 17 + 45 * k),
            *dots(27 + 45 * k, 28 + 45 * k),
        )
    ]
    assert not leaders(drawn(*uneven)).any()


def test_a_ruling_line_and_letters_stay():
    assert not leaders(drawn((2, 0, 4, WIDTH), *word(10, 290))).any()


def test_nothing_but_dots_is_blank():
    image = drawn(*dots(0, 118), width=118)
    blank = without_leaders(strip(image)).image
    assert (blank == 1).all() and blank.shape[1] > 0


def test_a_strip_without_dots_is_the_same():
    one = strip(drawn(*word(10, 290)))
    assert without_leaders(one) is one


def test_a_narrow_strip():
    assert not leaders(drawn(width=1)).any()
