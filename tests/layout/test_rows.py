"""Which lines stand in one row."""

import numpy as np
import pytest
from places_fakes import line, order, pairs

from ocr.layout.reading_order import reading_order
from ocr.layout.rows import in_rows, joined, page_slope, places_of
from ocr.layout.strips import TextLine


def test_cells_of_rows_far_apart_are_level_though_they_are_somewhat_off():
    offs = (-3, 12, 4, 12, 13)
    one = [line(100 + 80 * k, 10, 50) for k in range(5)]
    two = [line(100 + 80 * k + off, 200, 240) for k, off in enumerate(offs)]
    assert order(one + two) == [k for pair in pairs(5) for k in pair]


def test_rows_that_stand_far_apart_need_not_be_as_level():
    names = [line(40 + 80 * k, 10, 60) for k in range(4)]
    amounts = [line(26 + 80 * k, 200, 230) for k in range(4)]
    assert reading_order(names + amounts) == [[[k, k + 4] for k in range(4)]]


def test_what_stands_close_below_one_of_a_row_is_not_in_it():
    days = [line(40, x, x + 60) for x in range(100, 700, 100)]
    numbers = [line(58, x, x + 18) for x in range(80, 680, 100)]
    entries = [line(row, x, x + 60) for row in (140, 260) for x in range(80, 680, 100)]
    rows = reading_order(days + numbers + entries)[0]
    assert rows == [list(range(6 * r, 6 * r + 6)) for r in range(4)]


def test_a_sloping_page_is_read_like_a_level_one():
    left = [line(40 + 30 * k, 10, 100, slope=0.1) for k in range(4)]
    right = [line(40 + 30 * k + 24, 250, 290, slope=0.1) for k in range(4)]
    assert abs(page_slope(left) - 0.1) < 1e-9
    assert reading_order(left + right) == [[[0, 4], [1, 5], [2, 6], [3, 7]]]


def test_the_rows_of_a_table_tell_how_the_page_slopes_though_its_words_look_level():
    cells = [line(40 + 60 * r + 0.07 * x, x, x + 40) for r in range(4) for x in (0, 150, 300, 450)]
    assert reading_order(cells) == [[list(range(4 * r, 4 * r + 4)) for r in range(4)]]


def test_short_lines_hardly_tilt_a_page():
    level = [line(40 + 30 * k, 10, 210) for k in range(2)]
    steep = [line(100 + 30 * k, 10, 30, slope=0.5) for k in range(4)]
    assert page_slope(level + steep) == pytest.approx(0.5 * 4 * 20**2 / (2 * 200**2 + 4 * 20**2))


def test_the_pieces_of_the_lines_of_a_curled_sheet_are_joined():
    cols = np.linspace(0, 600, 121)

    def bent(row, first, last):
        part = cols[(cols >= first) & (cols <= last)]
        rows = row + 40 * np.sin(part / 90)
        return TextLine(np.stack([rows, part], axis=1), 10.0, 1.0)

    whole = [bent(40 + 30 * k, 0, 600) for k in range(6)]
    torn = [bent(220, 0, 240), bent(220, 300, 600)]
    assert reading_order(whole + torn) == [[[0], [1], [2], [3], [4], [5], [6, 7]]]


def test_cells_are_level_where_they_face_each_other():
    numbers = [line(40 + 30 * k, 10, 30) for k in range(4)]
    # Written downhill: ten rows lower in their middle, level with the number where they begin.
    texts = [line(41 + 30 * k, 60, 360, slope=0.06) for k in range(4)]
    level = [line(200 + 30 * k, 60, 600, slope=-0.02) for k in range(4)]
    assert reading_order(numbers + texts + level)[0][:4] == [[0, 4], [1, 5], [2, 6], [3, 7]]


def test_a_joined_row_runs_over_all_of_it():
    row = joined([line(40, 10, 100, 10), line(42, 250, 290, 12)])
    assert row.baseline[0].tolist() == [40, 10] and row.baseline[-1].tolist() == [42, 290]
    assert 10 < row.x_height < 12


def test_lines_of_a_row_are_one_and_blocks_are_numbered():
    parts = [TextLine(np.array([[50.0, x], [50.0, x + 100]]), 10.0) for x in (130, 20)]
    below = TextLine(np.array([[80.0, 20.0], [80.0, 230.0]]), 10.0)
    lines = [*parts, below]
    rows = in_rows(lines, reading_order(lines))
    assert [line.baseline[0].tolist() for line, _ in rows] == [[50, 20], [80, 20]]
    assert rows[0][0].baseline[-1].tolist() == [50, 230]
    assert [block for _, block in rows] == [1, 1]


def test_the_white_before_each_line_runs_from_top_to_bottom():
    places = places_of([line(100, 300, 400), line(100, 10, 90), line(150, 10, 250)])
    order, white = places.across(np.arange(3))
    assert order.tolist() == [1, 2, 0]
    assert white.tolist() == [-80, 50]
